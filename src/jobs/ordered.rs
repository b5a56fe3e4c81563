//! What people have ordered of calls: that one is redacted under another policy than the run's, and spans that they have added.
//! Only policies that the run was given for this count; spans always do, since they only hide.

use crate::access::orders::Order;
use crate::access::spans;
use crate::base::{CallId, Result};
use crate::model::Policy;
use crate::model::by_hand::SpanByHand;
use crate::model::manifest::PolicyRef;
use crate::patterns::PatternSet;
use crate::store::Records;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How old a listing of the calls with spans may be.
const LISTED_AGE: Duration = Duration::from_secs(60);

/// A policy of orders, with what is looked for under it.
pub struct Instead {
    /// The policy.
    pub policy: Policy,
    /// The policy as manifests name it.
    pub policy_ref: PolicyRef,
    /// What is looked for.
    pub patterns: PatternSet,
}

/// Calls under orders.
#[derive(Default)]
pub struct Ordered {
    policies: Vec<Instead>,
    /// Which of them each call is redacted under.
    calls: BTreeMap<CallId, usize>,
    spans: Option<AddedSpans>,
}

/// Spans that people have added: read for those calls of which a listing has some.
pub struct AddedSpans {
    records: Arc<dyn Records>,
    clock: fn() -> Duration,
    listed: Mutex<Listed>,
}

struct Listed {
    at: Duration,
    calls: BTreeSet<CallId>,
}

impl AddedSpans {
    /// Lists them, now and again after a while.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub fn list(records: Arc<dyn Records>, clock: fn() -> Duration) -> Result<Self> {
        let listed = Listed { at: clock(), calls: spans::calls(&*records)? };
        Ok(Self { records, clock, listed: Mutex::new(listed) })
    }

    fn of(&self, call: &CallId) -> Result<Vec<SpanByHand>> {
        let has_some = {
            let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
            let now = (self.clock)();
            if now.saturating_sub(listed.at) >= LISTED_AGE {
                *listed = Listed { at: now, calls: spans::calls(&*self.records)? };
            }
            listed.calls.contains(call)
        };
        let agreed = has_some.then(|| spans::agreed(&*self.records, call)).transpose()?;
        Ok(agreed.map_or_else(Vec::new, |spans| spans.added.into_iter().map(|added| added.span).collect()))
    }
}

impl Ordered {
    /// Takes up orders that name one of these policies and are agreed on. The second value counts those that name another.
    #[must_use]
    pub fn of(orders: &[Order], policies: Vec<Instead>) -> (Self, usize) {
        let mut calls = BTreeMap::new();
        let approved: Vec<&Order> = orders.iter().filter(|order| order.approved.is_some()).collect();
        for order in &approved {
            let at = policies.iter().position(|instead| instead.policy.name == order.policy.as_str());
            calls.extend(at.map(|at| (order.call.clone(), at)));
        }
        let passed_over = approved.len() - calls.len();
        (Self { policies, calls, spans: None }, passed_over)
    }

    /// The same with spans that people have added.
    #[must_use]
    pub fn with_spans(self, spans: AddedSpans) -> Self {
        Self { spans: Some(spans), ..self }
    }

    /// What a call is redacted under instead.
    pub(super) fn instead(&self, call: &CallId) -> Option<&Instead> {
        self.calls.get(call).and_then(|at| self.policies.get(*at))
    }

    /// Spans that people have added to a call and agreed on.
    ///
    /// # Errors
    /// When they cannot be read or are damaged.
    pub(super) fn spans(&self, call: &CallId) -> Result<Vec<SpanByHand>> {
        self.spans.as_ref().map_or_else(|| Ok(Vec::new()), |spans| spans.of(call))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::orders::{Act, Eyes};
    use crate::access::spans::Added;
    use crate::base::{TimeSpan, Timestamp};
    use crate::model::Category;
    use crate::model::by_hand::Place;
    use crate::store::LocalRecords;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn spans_that_are_added_while_a_worker_runs_count_after_a_while() {
        static NOW_S: AtomicU64 = AtomicU64::new(0);
        let folder = tempfile::tempdir().unwrap();
        let records: Arc<dyn Records> = Arc::new(LocalRecords::open(folder.path()).unwrap());
        let clock = || Duration::from_secs(NOW_S.load(Ordering::Relaxed));
        let ordered = Ordered::default().with_spans(AddedSpans::list(Arc::clone(&records), clock).unwrap());
        let call = CallId::from_mac(&[1; 32]);
        let at = Place::Time(TimeSpan::new(5, 9).unwrap());
        let span = SpanByHand { at, category: Category::Name };
        let asked = Act { by: "eve".parse().unwrap(), at: Timestamp::from_unix_s(0) };
        let added = Added { span: span.clone(), asked, agreed: None, example: None };
        spans::ask(&*records, &call, vec![added], Eyes::Two).unwrap();
        assert_eq!(ordered.spans(&call).unwrap(), []);
        NOW_S.store(LISTED_AGE.as_secs(), Ordering::Relaxed);
        assert_eq!(ordered.spans(&call).unwrap(), [span]);
        assert_eq!(ordered.spans(&CallId::from_mac(&[2; 32])).unwrap(), []);
    }
}
