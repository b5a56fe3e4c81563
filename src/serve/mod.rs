//! The QA page and its API over redacted calls: who signs in, what they may, what they get, and that it is written down first.
//! Redacted copies only: nothing here can name a source. `docs/serve.md` is the guide.
//!
//! A request goes one way: `listen` (connections, time-outs) → `door` (route, sign-in, forgery, rights, audit log) → a
//! handler of `routes`. Handlers are synchronous, as stores are, and run on threads that may wait. Must not read the clock or
//! print; what happens is told as [`Notice`].

mod answer;
mod api;
mod app;
mod asked;
mod assets;
mod call;
mod dashboard;
mod door;
mod example;
mod fresh;
mod health;
mod listen;
mod media;
mod notes;
mod notice;
pub mod oidc;
mod once;
mod pages;
mod password_gate;
mod path;
mod peers;
mod proxy;
mod range;
mod report;
mod retention;
mod routes;
mod sign_in;
mod spans;
mod stall;
mod stream;
mod tls;
mod users;
mod wave;
mod words;
mod zip;

pub mod index;

pub use app::{Front, Parts, Release};
pub use listen::{Listening, Rules};
pub use notes::Finder;
pub use notice::Notice;
pub use proxy::{Network, Proxies};
pub use routes::{Logs, Method, Needs, ROUTES, Route};
pub use sign_in::{Password, Ways};
pub use spans::examples_of;
pub use tls::{Identity, read_identity};

use crate::base::{Error, Result, Stage};
use std::net::SocketAddr;
use std::sync::Arc;

/// Listens at an address and answers from now on.
///
/// # Errors
/// A usage error when the address cannot be had, or is one that others reach and the connection would be in the open.
pub fn listen(
    runtime: &tokio::runtime::Handle,
    address: SocketAddr,
    front: Front,
    parts: Parts,
    rules: Rules,
) -> Result<Listening> {
    front.allows(address)?;
    let app = Arc::new(app::App::new(parts, &front));
    let failed = |error| Error::io(Stage::Configure, "threads cannot be started", error);
    fresh::keep(Arc::downgrade(&app)).map_err(failed)?;
    let front = Arc::new(front);
    if let Front::Tls(_) = &*front {
        tls::keep(Arc::downgrade(&app), Arc::downgrade(&front)).map_err(failed)?;
    }
    listen::start(runtime, address, front, app, rules)
}
