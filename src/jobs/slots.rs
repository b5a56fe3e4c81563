//! How many calls are worked on at once. A call that only waits for the disk needs no slot, so that others can be
//! worked on meanwhile, and the disk is given more than one to write.

use std::num::NonZeroUsize;
use std::sync::{Condvar, Mutex, PoisonError};

/// A number of slots.
pub struct Slots {
    free: Mutex<usize>,
    freed: Condvar,
}

/// A slot that is taken; it is free again when this is dropped.
pub(super) struct Slot<'a>(&'a Slots);

impl Slots {
    /// So many slots, all free.
    #[must_use]
    pub const fn new(slots: NonZeroUsize) -> Self {
        Self { free: Mutex::new(slots.get()), freed: Condvar::new() }
    }

    /// Waits until one is free.
    pub(super) fn take(&self) -> Slot<'_> {
        // A number is never half-changed, whoever panicked.
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self.freed.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        Slot(self)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn no_more_are_taken_than_there_are_and_a_panic_frees_its_own() {
        let slots = Slots::new(NonZeroUsize::new(2).unwrap());
        let (taken, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = |n: usize| {
            let _slot = slots.take();
            most.fetch_max(taken.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::yield_now();
            taken.fetch_sub(1, Ordering::SeqCst);
            assert!(!n.is_multiple_of(3), "every third one breaks");
        };
        let broken = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..30).map(|n| scope.spawn(move || work(n))).collect();
            threads.into_iter().map(|t| t.join().is_err()).filter(|broken| *broken).count()
        });
        assert_eq!(broken, 10);
        assert!((1..=2).contains(&most.into_inner()));
        drop((slots.take(), slots.take()));
    }
}
