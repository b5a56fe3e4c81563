//! At most so many calls redacted in a run, however many turn out to be done already.

use std::sync::{Condvar, Mutex, PoisonError};

/// A number of permits; one that is not used can be taken again.
pub(super) struct Quota {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    left: u64,
    /// Permits that are taken and may come back.
    out: u64,
}

/// The permission to redact one call.
pub(super) struct Permit<'a> {
    quota: &'a Quota,
    is_used: bool,
}

impl Quota {
    /// So many permits.
    pub const fn new(calls: u64) -> Self {
        Self { state: Mutex::new(State { left: calls, out: 0 }), changed: Condvar::new() }
    }

    /// Waits for a permit; nothing once all of them are used.
    pub fn take(&self) -> Option<Permit<'_>> {
        // Numbers are never half-changed, whoever panicked.
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = |state: &mut State| state.left == 0 && state.out > 0;
        let mut state = self.changed.wait_while(state, waits).unwrap_or_else(PoisonError::into_inner);
        if state.left == 0 {
            return None;
        }
        state.left -= 1;
        state.out += 1;
        Some(Permit { quota: self, is_used: false })
    }
}

impl Permit<'_> {
    /// Gives the permit back, unless it was used.
    pub fn close(mut self, is_used: bool) {
        self.is_used = is_used;
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = self.quota.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.out -= 1;
        state.left += u64::from(!self.is_used);
        drop(state);
        self.quota.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permits_that_are_not_used_go_to_others_and_used_ones_do_not() {
        let quota = Quota::new(5);
        let work = |n: u32| {
            let Some(permit) = quota.take() else { return 0 };
            std::thread::yield_now();
            permit.close(n.is_multiple_of(2));
            u32::from(n.is_multiple_of(2))
        };
        let used: u32 = std::thread::scope(|scope| {
            let work = &work;
            let threads: Vec<_> = (0..40).map(|n| scope.spawn(move || work(n))).collect();
            threads.into_iter().map(|t| t.join().unwrap()).sum()
        });
        assert_eq!(used, 5);
        assert!(quota.take().is_none());
    }
}
