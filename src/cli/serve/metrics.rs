//! Numbers of the server for Prometheus. Labels are words of fixed vocabularies; none is a call, a user or a path.

use crate::serve::Notice;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::borrow::Cow;

type Words<const N: usize> = [(&'static str, Cow<'static, str>); N];

/// Upper bounds of the time to the first byte, seconds.
const BOUNDS_S: [f64; 9] = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 2.0];

/// Everything that is counted.
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<Words<3>, Counter>,
    first_byte: Family<Words<1>, Histogram>,
    sign_ins: Counter,
    failed_sign_ins: Family<Words<1>, Counter>,
    lockouts: Counter,
    refused: Family<Words<1>, Counter>,
    log_down: Counter,
    failed: Counter,
    turned_away: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let first_byte = Family::new_with_constructor((|| Histogram::new(BOUNDS_S)) as fn() -> Histogram);
        let mut metrics = Self {
            registry: Registry::with_prefix("sordino_serve"),
            requests: Family::default(),
            first_byte,
            sign_ins: Counter::default(),
            failed_sign_ins: Family::default(),
            lockouts: Counter::default(),
            refused: Family::default(),
            log_down: Counter::default(),
            failed: Counter::default(),
            turned_away: Counter::default(),
        };
        let registry = &mut metrics.registry;
        registry.register("requests", "Requests, by route and status", metrics.requests.clone());
        let time = "Until an answer began, by route";
        registry.register_with_unit("first_byte", time, Unit::Seconds, metrics.first_byte.clone());
        registry.register("sign_ins", "Users who were let in", metrics.sign_ins.clone());
        registry.register("sign_ins_refused", "Sign-ins that were refused, by why", metrics.failed_sign_ins.clone());
        registry.register("lockouts", "Users whom failures have locked out", metrics.lockouts.clone());
        registry.register("refused", "Requests of users that were refused, by why", metrics.refused.clone());
        registry.register("unlogged", "Accesses refused because the audit log failed", metrics.log_down.clone());
        registry.register("failures", "Requests that failed", metrics.failed.clone());
        registry.register("connections_refused", "Connections turned away", metrics.turned_away.clone());
        metrics
    }
}

impl Metrics {
    /// Counts what a server tells.
    pub fn tell(&self, notice: &Notice<'_>) {
        match notice {
            Notice::Answered { method, route, status, took } => {
                let route = Cow::from(route.unwrap_or("none"));
                let labels =
                    [("method", method.word().into()), ("route", route.clone()), ("status", status.to_string().into())];
                self.requests.get_or_create(&labels).inc();
                self.first_byte.get_or_create(&[("route", route)]).observe(took.as_secs_f64());
            }
            Notice::SignedIn => drop(self.sign_ins.inc()),
            Notice::SignInRefused { why } => drop(self.failed_sign_ins.get_or_create(&[("why", (*why).into())]).inc()),
            Notice::LockedOut { .. } => drop(self.lockouts.inc()),
            Notice::Refused { why } => drop(self.refused.get_or_create(&[("why", (*why).into())]).inc()),
            Notice::LogDown { .. } => drop(self.log_down.inc()),
            Notice::Failed { .. } | Notice::NotRenewed { .. } => drop(self.failed.inc()),
            Notice::Full => drop(self.turned_away.inc()),
        }
    }

    /// All of it as `OpenMetrics` text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to memory does not fail");
        text
    }
}
