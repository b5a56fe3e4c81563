//! Calls that a privacy officer has ordered to be redacted under another policy than the run's. Only policies that the run was
//! given for this count.

use crate::access::orders::Order;
use crate::base::CallId;
use crate::model::Policy;
use crate::model::manifest::PolicyRef;
use crate::patterns::PatternSet;
use std::collections::BTreeMap;

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
        (Self { policies, calls }, passed_over)
    }

    /// What a call is redacted under instead.
    pub(super) fn instead(&self, call: &CallId) -> Option<&Instead> {
        self.calls.get(call).and_then(|at| self.policies.get(*at))
    }
}
