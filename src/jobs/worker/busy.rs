//! One event of a call at a time: the second waits and then finds the work done.

use crate::base::CallId;
use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, PoisonError};

/// Calls that are worked on.
#[derive(Default)]
pub(super) struct Busy {
    calls: Mutex<BTreeSet<CallId>>,
    freed: Condvar,
}

/// A call that is worked on; another event may have it when this is dropped.
pub(super) struct Turn<'a>(&'a Busy, CallId);

impl Busy {
    /// Waits until nobody works on the call.
    pub fn wait(&self, call: &CallId) -> Turn<'_> {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let free = self.freed.wait_while(calls, |calls| calls.contains(call));
        free.unwrap_or_else(PoisonError::into_inner).insert(call.clone());
        Turn(self, call.clone())
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.calls.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
        self.0.freed.notify_all();
    }
}
