//! Which sessions have had which calls written down, so that a player which asks for a recording piece by piece makes one
//! entry. Bounded; what is forgotten is written down once more.

use crate::access::audit::Action;
use crate::base::{CallId, Sha256Hex, Timestamp};
use std::collections::HashMap;

/// An entry holds for so long, seconds: the longest session.
const HOLDS_S: u64 = 8 * 3_600;
/// Most that are remembered.
const REMEMBERED_MAX: usize = 100_000;

/// What was written down.
#[derive(Default)]
pub(super) struct Once(HashMap<(Action, Sha256Hex, CallId), Timestamp>);

impl Once {
    /// Whether it was written down that this session did this to this call.
    pub(super) fn has(&self, what: Action, session: &Sha256Hex, call: &CallId, now: Timestamp) -> bool {
        self.0.get(&(what, session.clone(), call.clone())).is_some_and(|then| now.unix_s() < then.unix_s() + HOLDS_S)
    }

    /// It is written down.
    pub(super) fn add(&mut self, what: Action, session: &Sha256Hex, call: &CallId, now: Timestamp) {
        if self.0.len() >= REMEMBERED_MAX {
            self.0.retain(|_, then| now.unix_s() < then.unix_s() + HOLDS_S);
        }
        if self.0.len() >= REMEMBERED_MAX {
            self.0.clear();
        }
        self.0.insert((what, session.clone(), call.clone()), now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_remembered_for_its_call_and_time() {
        let (one, other) = (Sha256Hex::of(b"one"), Sha256Hex::of(b"other"));
        let call = CallId::from_mac(&[1; 32]);
        let at = Timestamp::from_unix_s;
        let mut once = Once::default();
        assert!(!once.has(Action::Play, &one, &call, at(100)));
        once.add(Action::Play, &one, &call, at(100));
        assert!(
            once.has(Action::Play, &one, &call, at(100 + HOLDS_S - 1))
                && !once.has(Action::Play, &one, &call, at(100 + HOLDS_S))
        );
        assert!(!once.has(Action::View, &one, &call, at(100)));
        assert!(
            !once.has(Action::Play, &other, &call, at(100))
                && !once.has(Action::Play, &one, &CallId::from_mac(&[2; 32]), at(100))
        );
    }
}
