//! Numbers for Prometheus. Labels are words of fixed vocabularies; none is a call, a key or a bucket.

use crate::jobs::{Notice, Report, Status, Took};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::borrow::Cow;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// One label.
type Label = [(&'static str, Cow<'static, str>); 1];
type Seconds = Counter<f64, AtomicU64>;

/// Upper bounds of the stages' times, seconds: from a short chat to an hour's recording on a slow disk.
const STAGE_BOUNDS_S: [f64; 11] = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 600.0];

/// Everything that is counted.
pub(super) struct Metrics {
    registry: Registry,
    calls: Family<Label, Counter>,
    held: Family<Label, Counter>,
    audio: Seconds,
    muted: Seconds,
    bytes: Counter,
    stages: Family<Label, Histogram>,
    messages: Counter,
    oldest: Gauge<f64, AtomicU64>,
    idle: Family<Label, Counter>,
    awaiting: Counter,
    retries: Family<Label, Counter>,
    dead: Family<Label, Counter>,
    extended: Counter,
    lost: Counter,
    queue_failures: Counter,
    store_down: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("sordino");
        let stages = Family::new_with_constructor((|| Histogram::new(STAGE_BOUNDS_S)) as fn() -> Histogram);
        let mut metrics = Self {
            calls: Family::default(),
            held: Family::default(),
            audio: Seconds::default(),
            muted: Seconds::default(),
            bytes: Counter::default(),
            stages,
            messages: Counter::default(),
            oldest: Gauge::default(),
            idle: Family::default(),
            awaiting: Counter::default(),
            retries: Family::default(),
            dead: Family::default(),
            extended: Counter::default(),
            lost: Counter::default(),
            queue_failures: Counter::default(),
            store_down: Gauge::default(),
            registry: Registry::default(),
        };
        metrics.register(&mut registry);
        metrics.registry = registry;
        metrics
    }
}

impl Metrics {
    fn register(&self, registry: &mut Registry) {
        registry.register("calls", "Calls done, by status", self.calls.clone());
        registry.register("calls_held", "Calls held, by reason", self.held.clone());
        registry.register_with_unit("audio", "Length of redacted recordings", Unit::Seconds, self.audio.clone());
        registry.register_with_unit("muted", "Muted time in them", Unit::Seconds, self.muted.clone());
        registry.register_with_unit("source", "Size of the sources of calls", Unit::Bytes, self.bytes.clone());
        let stages = "Time that parts of a call's work took: wait, find, call";
        registry.register_with_unit("stage", stages, Unit::Seconds, self.stages.clone());
        registry.register("messages_received", "Messages received", self.messages.clone());
        let oldest = "Age of the oldest message of the last receive";
        registry.register_with_unit("oldest_message_age", oldest, Unit::Seconds, self.oldest.clone());
        registry.register("events_idle", "Events that asked for no work, by why", self.idle.clone());
        registry.register("transcripts_awaiting", "Transcripts put off for their recordings", self.awaiting.clone());
        registry.register("retries", "Work that failed and is tried again, by stage", self.retries.clone());
        registry.register("dead_letters", "Messages taken off the queue undone, by reason", self.dead.clone());
        registry.register("lease_extensions", "Leases extended", self.extended.clone());
        registry.register("leases_lost", "Leases that had ended before they were extended", self.lost.clone());
        registry.register("queue_failures", "Requests to the queue that failed", self.queue_failures.clone());
        registry.register("store_down", "1 while nothing is received because calls fail", self.store_down.clone());
    }

    /// Counts what a worker tells.
    pub fn tell(&self, notice: &Notice<'_>) {
        match notice {
            Notice::Received { messages, oldest } => {
                self.messages.inc_by(*messages as u64);
                self.oldest.set(oldest.unwrap_or_default().as_secs_f64());
            }
            Notice::Call { report, bytes, took } => self.call(report, *bytes, took),
            Notice::Idle(why) => drop(self.idle.get_or_create(&[("why", why.code().into())]).inc()),
            Notice::Awaiting { .. } => drop(self.awaiting.inc()),
            Notice::Retry { error, .. } => {
                self.retries.get_or_create(&[("stage", error.stage.code().into())]).inc();
            }
            Notice::Buried { reason, .. } => drop(self.dead.get_or_create(&[("reason", reason.code())]).inc()),
            Notice::Extended { leases, lost } => {
                self.extended.inc_by(*leases as u64);
                self.lost.inc_by(*lost as u64);
            }
            Notice::Unended { .. } | Notice::QueueDown { .. } => drop(self.queue_failures.inc()),
            Notice::StoreDown { .. } => drop(self.store_down.set(1)),
            Notice::StoreUp => drop(self.store_down.set(0)),
            Notice::Stopping => {}
        }
    }

    fn call(&self, report: &Report, bytes: u64, took: &Took) {
        self.calls.get_or_create(&[("status", report.status.word().into())]).inc();
        if let Status::Held(reason) = report.status {
            self.held.get_or_create(&[("reason", reason.code().into())]).inc();
        }
        if report.status == Status::Redacted {
            self.audio.inc_by(report.hidden.audio_ms as f64 / 1e3);
            self.muted.inc_by(report.hidden.muted_ms as f64 / 1e3);
        }
        self.bytes.inc_by(bytes);
        let stage = |stage: &'static str, time: Duration| {
            self.stages.get_or_create(&[("stage", stage.into())]).observe(time.as_secs_f64());
        };
        stage("wait", took.wait);
        stage("find", took.find);
        stage("call", took.call);
    }

    /// All of it as `OpenMetrics` text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to memory does not fail");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{CallId, HoldReason, Phi};
    use crate::jobs::Hidden;

    fn notice_call(metrics: &Metrics, status: Status) {
        let hidden = Hidden { audio_ms: 90_000, muted_ms: 1_500, ..Hidden::default() };
        let call = CallId::from_mac(&[0; 32]);
        let report =
            Report { source: Phi::new("Ana Brooks.wav".into()), call, status, missing: None, hidden, error: None };
        metrics.tell(&Notice::Call { report: &report, bytes: 100, took: Took::default() });
    }

    #[test]
    fn calls_are_counted_by_status_and_reason_and_by_no_name() {
        let metrics = Metrics::default();
        notice_call(&metrics, Status::Redacted);
        notice_call(&metrics, Status::Held(HoldReason::UncoveredText));
        let text = metrics.text();
        for line in [
            "sordino_calls_total{status=\"redacted\"} 1",
            "sordino_calls_total{status=\"held\"} 1",
            "sordino_calls_held_total{reason=\"uncovered-text\"} 1",
            "sordino_audio_seconds_total 90.0",
            "sordino_muted_seconds_total 1.5",
            "sordino_source_bytes_total 200",
            "sordino_stage_seconds_count{stage=\"find\"} 2",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is missing in\n{text}");
        }
        assert!(!text.contains("Brooks"));
    }

    #[test]
    fn the_queue_and_its_leases_are_counted() {
        let metrics = Metrics::default();
        metrics.tell(&Notice::Received { messages: 3, oldest: Some(Duration::from_millis(2_500)) });
        metrics.tell(&Notice::Extended { leases: 3, lost: 1 });
        metrics.tell(&Notice::StoreDown { pause: Duration::ZERO });
        let text = metrics.text();
        for line in [
            "sordino_messages_received_total 3",
            "sordino_oldest_message_age_seconds 2.5",
            "sordino_lease_extensions_total 3",
            "sordino_leases_lost_total 1",
            "sordino_store_down 1",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is missing in\n{text}");
        }
    }
}
