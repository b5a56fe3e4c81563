//! Answers to whoever runs the worker: whether it lives, whether it can work, and its numbers.

use super::metrics::Metrics;
use crate::base::{Error, Result, why};
use crate::jobs::Notice;
use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::net::TcpListener;
use tokio::runtime::Handle;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Whether the worker can work: its queue answers, its stores are up, it has not been told to stop.
#[derive(Default)]
pub(super) struct Health {
    queue_is_up: AtomicBool,
    store_is_down: AtomicBool,
    is_stopping: AtomicBool,
}

impl Health {
    /// Hears what a worker tells.
    pub fn tell(&self, notice: &Notice<'_>) {
        match notice {
            Notice::Received { .. } => self.queue_is_up.store(true, Ordering::Relaxed),
            Notice::QueueDown { .. } => self.queue_is_up.store(false, Ordering::Relaxed),
            Notice::StoreDown { .. } => self.store_is_down.store(true, Ordering::Relaxed),
            Notice::StoreUp => self.store_is_down.store(false, Ordering::Relaxed),
            Notice::Stopping => self.is_stopping.store(true, Ordering::Relaxed),
            _ => {}
        }
    }

    /// What is wrong, if something is.
    fn fault(&self) -> Option<&'static str> {
        let faults = [
            (self.is_stopping.load(Ordering::Relaxed), "stopping"),
            (self.store_is_down.load(Ordering::Relaxed), "store down"),
            (!self.queue_is_up.load(Ordering::Relaxed), "queue not reached"),
        ];
        faults.into_iter().find_map(|(is, fault)| is.then_some(fault))
    }
}

/// Answers `/healthz`, `/readyz` and `/metrics` at this address from now on; the address that it got.
///
/// # Errors
/// A usage error when the address cannot be had.
pub(super) fn serve(
    runtime: &Handle,
    address: SocketAddr,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
) -> Result<SocketAddr> {
    let failed = |e: std::io::Error| Error::usage(format!("--listen {address}: {}", why(&e)));
    let listener = runtime.block_on(TcpListener::bind(address)).map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    let ready = move || {
        let fault = health.fault();
        let status = if fault.is_none() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        std::future::ready((status, fault.unwrap_or("ready")))
    };
    let numbers = move || std::future::ready(([(CONTENT_TYPE, OPEN_METRICS)], metrics.text()));
    let routes = Router::new()
        .route("/healthz", get(|| std::future::ready("alive")))
        .route("/readyz", get(ready))
        .route("/metrics", get(numbers));
    runtime.spawn(async move { axum::serve(listener, routes).await });
    Ok(bound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn it_is_ready_once_the_queue_answers_and_while_the_stores_do() {
        let health = Health::default();
        assert_eq!(health.fault(), Some("queue not reached"));
        health.tell(&Notice::Received { messages: 0, oldest: None });
        assert_eq!(health.fault(), None);
        health.tell(&Notice::StoreDown { pause: Duration::ZERO });
        assert_eq!(health.fault(), Some("store down"));
        health.tell(&Notice::StoreUp);
        assert_eq!(health.fault(), None);
        health.tell(&Notice::Stopping);
        assert_eq!(health.fault(), Some("stopping"));
    }
}
