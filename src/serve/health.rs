//! Answers to whoever runs the server: whether it lives, whether it can work, and its numbers.

use super::answer::{Answer, Problem, with};
use super::app::App;
use super::asked::Asked;
use super::proxy::Through;
use axum::http::StatusCode;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// It answers.
pub(super) fn alive(_: &App, _: &Asked) -> Answer {
    Ok(with(StatusCode::OK, TEXT, "alive\n"))
}

/// It can let somebody in: people can be read, and so can the store beside them.
pub(super) fn ready(app: &App, _: &Asked) -> Answer {
    Ok(match app.people() {
        Ok(_) => with(StatusCode::OK, TEXT, "ready\n"),
        Err(_) => with(StatusCode::SERVICE_UNAVAILABLE, TEXT, "store down\n"),
    })
}

/// Its numbers, to whoever comes directly: this machine, or around the proxies; not to users.
pub(super) fn metrics(app: &App, asked: &Asked) -> Answer {
    let is_near = match asked.through {
        None => asked.from.is_loopback(),
        Some(Through::Around | Through::Itself) => true,
        Some(Through::Proxy(_) | Through::Open) => false,
    };
    if !is_near {
        return Err(Problem::NotFound);
    }
    Ok(with(StatusCode::OK, OPEN_METRICS, (app.parts.metrics)()))
}
