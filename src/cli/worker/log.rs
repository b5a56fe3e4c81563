//! What happens, as one JSON object a line on standard error. Calls appear by their pseudonyms; keys, which hold names
//! and numbers of people, do not appear at all.
//!
//! Only what this program says of itself is let through, whatever level is asked for: libraries log requests, and
//! those have keys in them.

use crate::base::Error;
use crate::config::LogLevel;
use crate::jobs::{Ended, Notice, Report, Status, Took};
use std::io::stderr;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;
use tracing::{debug, error, info, warn};
use tracing_subscriber::EnvFilter;

/// Logs from now on.
pub(in super::super) fn start(level: LogLevel) {
    let level = match level {
        LogLevel::Error => "sordino=error",
        LogLevel::Warn => "sordino=warn",
        LogLevel::Info => "sordino=info",
        LogLevel::Debug => "sordino=debug",
    };
    let log = tracing_subscriber::fmt().json().flatten_event(true).with_writer(stderr).with_target(false);
    // Another subscriber there can be in tests alone.
    let _ = log.with_env_filter(EnvFilter::new(level)).try_init();
}

/// The worker is ready to receive.
pub(super) fn started(jobs: NonZeroUsize) {
    info!(jobs = jobs.get(), "started");
}

/// Health checks are answered.
pub(super) fn listening(address: SocketAddr) {
    info!(%address, "listening");
}

/// The worker has stopped.
pub(super) fn ended(ended: Ended) {
    info!(not_begun = ended.not_begun, unfinished = ended.unfinished, "ended");
}

/// Logs what a worker tells.
pub(in super::super) fn tell(notice: &Notice<'_>) {
    match notice {
        Notice::Received { messages: 0, .. } => debug!("received nothing"),
        Notice::Received { messages, oldest } => {
            debug!(messages, oldest_ms = oldest.map(|age| ms(&age)), "received");
        }
        Notice::Call { report, bytes, took } => call(report, *bytes, took),
        Notice::Idle(why) => debug!(why = why.code(), "event without work"),
        Notice::Awaiting { delay } => debug!(delay_ms = ms(delay), "transcript waits for its recording"),
        Notice::Retry { error, delay } => warn!(error = %shown(error), delay_ms = ms(delay), "tried again later"),
        Notice::Buried { reason, deliveries } => error!(reason = %reason.code(), deliveries, "dead letter"),
        Notice::Extended { leases, lost: 0 } => debug!(leases, "leases extended"),
        Notice::Extended { leases, lost } => warn!(leases, lost, "leases lost"),
        Notice::Unended { error } => warn!(error = %shown(error), "message comes again"),
        Notice::QueueDown { error, pause } => error!(error = %shown(error), pause_ms = ms(pause), "queue down"),
        Notice::StoreDown { pause } => error!(pause_ms = ms(pause), "store down, nothing is received"),
        Notice::StoreUp => info!("store up"),
        Notice::Stopping => info!("stopping"),
    }
}

fn call(report: &Report, bytes: u64, took: &Took) {
    let (call, status) = (&report.call, report.status.word());
    let (wait_ms, find_ms, call_ms) = (ms(&took.wait), ms(&took.find), ms(&took.call));
    match (report.status, &report.error) {
        (Status::Held(reason), Some(error)) => {
            warn!(%call, status, %reason, error = %shown(error), bytes, wait_ms, find_ms, call_ms, "call");
        }
        (_, Some(error)) => warn!(%call, status, error = %shown(error), bytes, wait_ms, find_ms, call_ms, "call"),
        (_, None) => {
            let spans: u64 = report.hidden.spans.values().sum();
            let (audio_ms, muted_ms) = (report.hidden.audio_ms, report.hidden.muted_ms);
            info!(%call, status, spans, audio_ms, muted_ms, bytes, wait_ms, find_ms, call_ms, "call");
        }
    }
}

/// An error without its causes, which are other people's words.
fn shown(error: &Error) -> String {
    match &error.hint {
        Some(hint) => format!("{error} ({hint})"),
        None => error.to_string(),
    }
}

fn ms(time: &Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
