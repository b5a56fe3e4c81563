//! `serve` as browsers, scripts and attackers meet it: the real program, over the network.

mod attacks;
mod media;
mod oidc;
mod proxy;
mod rights;
mod site;
mod users;
