//! The program as its users meet it: arguments, files, exit codes, output.

mod batch;
mod detect;
mod exposure;
mod kill;
mod known;
#[cfg(feature = "cloud")]
mod lambda;
mod orders;
mod patterns;
mod pieces;
mod policy;
mod redact;
mod retention;
#[cfg(feature = "cloud")]
mod runtime_api;
mod scan;
mod serve;
mod settings;
mod signing;
mod sound;
mod support;
mod users;
mod verify;
mod worker;
