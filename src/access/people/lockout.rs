//! Lock-out after repeated failures: five in a row lock for fifteen minutes, each further one for twice as long, up to a
//! day. Pure; the time is handed in.

use crate::base::Timestamp;
use serde::{Deserialize, Serialize};

/// Failures before the first lock.
pub const FAILURES_MAX: u32 = 5;
const FIRST_LOCK_S: u64 = 15 * 60;
const LONGEST_LOCK_S: u64 = 24 * 3_600;
/// Failures that are older than this count no more.
const FORGET_AFTER_S: u64 = 24 * 3_600;

/// Failures of one user since the last success.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lockout {
    failures: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
}

impl Lockout {
    /// Whether nobody is let in now.
    #[must_use]
    pub fn is_locked(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    /// Counts a failure; whether it locks.
    pub fn fail(&mut self, now: Timestamp) -> bool {
        let is_old = self.last.is_none_or(|last| now.unix_s().saturating_sub(last.unix_s()) > FORGET_AFTER_S);
        self.failures = if is_old { 1 } else { self.failures.saturating_add(1) };
        self.last = Some(now);
        let Some(over) = self.failures.checked_sub(FAILURES_MAX) else { return false };
        let lock_s = FIRST_LOCK_S.saturating_mul(1 << over.min(10)).min(LONGEST_LOCK_S);
        self.until = Some(Timestamp::from_unix_s(now.unix_s() + lock_s));
        true
    }

    /// Forgets all failures.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_lock_and_each_further_one_for_longer() {
        let at = Timestamp::from_unix_s;
        let mut lockout = Lockout::default();
        assert!((0..4).all(|n| !lockout.fail(at(n))) && !lockout.is_locked(at(4)));
        assert!(lockout.fail(at(4)) && lockout.is_locked(at(4 + 899)) && !lockout.is_locked(at(4 + 900)));
        assert!(lockout.fail(at(1_000)) && lockout.is_locked(at(1_000 + 1_799)) && !lockout.is_locked(at(2_800)));
        for n in 0..20 {
            lockout.fail(at(3_000 + n));
        }
        assert!(!lockout.is_locked(at(3_019 + 86_400)), "a day is the longest");
        assert!(!lockout.fail(at(200_000)), "what is a day ago counts no more");
        lockout.clear();
        assert_eq!(lockout, Lockout::default());
    }
}
