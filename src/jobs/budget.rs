//! How many bytes of sources are in hand at once. Whoever asks first is served first, so that a large call is not
//! passed by small ones for ever.

use std::sync::{Condvar, Mutex, PoisonError};

/// A number of bytes that calls take while they are in hand.
pub struct Budget {
    bytes: u64,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    free: u64,
    /// The next number that is given out, and the one whose turn it is.
    next: u64,
    serving: u64,
}

/// Bytes that are taken; they are free again when this is dropped.
pub struct Share<'a> {
    budget: &'a Budget,
    bytes: u64,
}

impl Budget {
    /// So many bytes, all free.
    #[must_use]
    pub const fn new(bytes: u64) -> Self {
        Self { bytes, state: Mutex::new(State { free: bytes, next: 0, serving: 0 }), changed: Condvar::new() }
    }

    /// Waits until so many bytes are free. More than there are at all wait for all of them: a call that is larger than
    /// the budget is done alone.
    pub fn take(&self, bytes: u64) -> Share<'_> {
        let bytes = bytes.min(self.bytes);
        // Numbers are never half-changed, whoever panicked.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = state.next;
        state.next += 1;
        let waits = |state: &mut State| state.serving != turn || state.free < bytes;
        let mut state = self.changed.wait_while(state, waits).unwrap_or_else(PoisonError::into_inner);
        state.serving += 1;
        state.free -= bytes;
        drop(state);
        self.changed.notify_all();
        Share { budget: self, bytes }
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.budget.state.lock().unwrap_or_else(PoisonError::into_inner).free += self.bytes;
        self.budget.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn no_more_is_taken_than_there_is_and_what_is_larger_goes_alone() {
        let budget = Budget::new(10);
        let (taken, most) = (AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for bytes in [1, 4, 10, 7, 50, 3, 0, 9, 2, 11] {
                let (budget, taken, most) = (&budget, &taken, &most);
                scope.spawn(move || {
                    let _share = budget.take(bytes);
                    most.fetch_max(taken.fetch_add(bytes.min(10), Ordering::SeqCst) + bytes.min(10), Ordering::SeqCst);
                    std::thread::yield_now();
                    taken.fetch_sub(bytes.min(10), Ordering::SeqCst);
                });
            }
        });
        assert!(most.into_inner() <= 10);
        drop(budget.take(10));
    }

    #[test]
    fn a_large_call_is_not_passed_by_small_ones() {
        let budget = Budget::new(10);
        let order = Mutex::new(Vec::new());
        let first = budget.take(5);
        std::thread::scope(|scope| {
            for (turn, bytes) in [(1, 10), (2, 1)] {
                let (budget, order) = (&budget, &order);
                scope.spawn(move || {
                    let _share = budget.take(bytes);
                    order.lock().unwrap().push(bytes);
                });
                while budget.state.lock().unwrap().next <= turn {
                    std::thread::yield_now();
                }
            }
            drop(first);
        });
        assert_eq!(order.into_inner().unwrap(), [10, 1]);
    }
}
