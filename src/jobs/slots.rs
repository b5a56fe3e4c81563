//! How many calls are computed at once. A call that waits for the disk or the network needs no slot, so that others
//! can be worked on meanwhile, and disk and network are given more than one to serve.

use crate::store::Object;
use std::io::{Read, Result, Seek, SeekFrom};
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
        self.acquire();
        Slot(self)
    }

    fn acquire(&self) {
        // A number is never half-changed, whoever panicked.
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        *self.freed.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner) -= 1;
    }

    fn release(&self) {
        *self.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.freed.notify_one();
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.0.release();
    }
}

/// An object that gives a slot back for as long as it waits for bytes.
pub(super) struct OffSlot<'a> {
    object: Box<dyn Object>,
    slot: &'a Slot<'a>,
}

impl<'a> OffSlot<'a> {
    /// The object; the slot must be the reader's.
    pub fn new(object: Box<dyn Object>, slot: &'a Slot<'a>) -> Self {
        Self { object, slot }
    }

    fn waiting<T>(&mut self, wait: impl FnOnce(&mut dyn Object) -> Result<T>) -> Result<T> {
        /// Takes the slot again, even when the wait breaks.
        struct Again<'a>(&'a Slots);
        impl Drop for Again<'_> {
            fn drop(&mut self) {
                self.0.acquire();
            }
        }
        self.slot.0.release();
        let _again = Again(self.slot.0);
        wait(&mut *self.object)
    }
}

impl Read for OffSlot<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.waiting(|object| object.read(buffer))
    }
}

impl Seek for OffSlot<'_> {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.object.seek(to)
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

    #[test]
    fn whoever_waits_for_bytes_lets_others_have_the_slot() {
        struct Waits(std::sync::Arc<Slots>);
        impl Read for Waits {
            fn read(&mut self, _: &mut [u8]) -> Result<usize> {
                drop(self.0.take());
                Ok(0)
            }
        }
        impl Seek for Waits {
            fn seek(&mut self, _: SeekFrom) -> Result<u64> {
                Ok(0)
            }
        }
        let slots = std::sync::Arc::new(Slots::new(NonZeroUsize::MIN));
        let slot = slots.take();
        let mut object = OffSlot::new(Box::new(Waits(slots.clone())), &slot);
        assert_eq!(object.read(&mut [0]).unwrap(), 0);
        assert_eq!(*slots.free.lock().unwrap(), 0, "it is taken again");
    }
}
