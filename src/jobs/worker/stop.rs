//! A flag that can be waited for.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Set once, for good.
#[derive(Default)]
pub struct Stop {
    is_set: Mutex<bool>,
    set: Condvar,
}

impl Stop {
    /// Sets it.
    pub fn set(&self) {
        *self.is_set.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.set.notify_all();
    }

    /// Whether it is set.
    #[must_use]
    pub fn is_set(&self) -> bool {
        *self.is_set.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it is set.
    pub fn wait_for_it(&self) {
        let is_set = self.is_set.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.set.wait_while(is_set, |is_set| !*is_set));
    }

    /// Waits until it is set, but no longer than `time`; whether it is set then.
    pub fn wait(&self, time: Duration) -> bool {
        let is_set = self.is_set.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.set.wait_timeout_while(is_set, time, |is_set| !*is_set);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}
