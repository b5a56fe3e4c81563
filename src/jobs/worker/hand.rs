//! The messages that a worker has in hand: received and not ended.

use super::Stop;
use crate::queue::{BATCH_MAX, Message, Receipt};
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often a wait for room looks whether it is to stop.
const LOOK: Duration = Duration::from_millis(100);

/// How long a message whose work is done waits for others to be deleted with.
const DELETE_PAUSE: Duration = Duration::from_millis(50);

/// What is in hand.
#[derive(Default)]
pub(super) struct Hand {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Not begun.
    inbox: VecDeque<Message>,
    /// All, begun or not, but for those whose lease was lost.
    leased: BTreeSet<Receipt>,
    working: usize,
    /// To be deleted.
    done: VecDeque<Receipt>,
    is_closed: bool,
}

impl Hand {
    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is whole by the time that anything could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until fewer than `most` messages are in hand; how many more there is room for, none once it is to stop.
    pub fn wait_for_room(&self, most: usize, stop: &Stop) -> usize {
        let mut state = self.state();
        while !stop.is_set() {
            let taken = state.inbox.len() + state.working;
            if taken < most {
                return most - taken;
            }
            state = self.changed.wait_timeout(state, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
        0
    }

    /// Takes messages up.
    pub fn take_up(&self, messages: Vec<Message>) {
        let mut state = self.state();
        state.leased.extend(messages.iter().map(|m| m.receipt.clone()));
        state.inbox.extend(messages);
        self.changed.notify_all();
    }

    /// Waits for a message to work on; none once the hand is closed.
    pub fn next(&self) -> Option<Message> {
        let mut state = self.state();
        while !state.is_closed && state.inbox.is_empty() {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let message = state.inbox.pop_front()?;
        state.working += 1;
        Some(message)
    }

    /// Puts down a message that was worked on.
    pub fn put_down(&self, receipt: &Receipt) {
        let mut state = self.state();
        state.leased.remove(receipt);
        state.working -= 1;
        self.changed.notify_all();
    }

    /// Puts down a message whose work is done.
    pub fn finish(&self, receipt: &Receipt) {
        self.state().done.push_back(receipt.clone());
        self.put_down(receipt);
    }

    /// Waits for messages whose work is done, and a little for more of them; none once it is over.
    pub fn take_done(&self, is_over: &Stop) -> Vec<Receipt> {
        let mut state = self.state();
        while state.done.is_empty() && !is_over.is_set() {
            state = self.changed.wait_timeout(state, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
        if !is_over.is_set() {
            let more = |state: &mut State| state.done.len() < BATCH_MAX;
            let waited = self.changed.wait_timeout_while(state, DELETE_PAUSE, more);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let count = state.done.len().min(BATCH_MAX);
        state.done.drain(..count).collect()
    }

    /// Leases that are held.
    pub fn receipts(&self) -> Vec<Receipt> {
        self.state().leased.iter().cloned().collect()
    }

    /// Leases that are held no longer.
    pub fn forget(&self, lost: &[Receipt]) {
        let mut state = self.state();
        for receipt in lost {
            state.leased.remove(receipt);
        }
    }

    /// Ends [`Hand::next`] for everyone; what has not been begun is handed back.
    pub fn close(&self) -> Vec<Receipt> {
        let mut state = self.state();
        state.is_closed = true;
        let inbox: Vec<_> = state.inbox.drain(..).map(|message| message.receipt).collect();
        for receipt in &inbox {
            state.leased.remove(receipt);
        }
        self.changed.notify_all();
        inbox
    }

    /// Waits until nothing is worked on, but no longer than `time`.
    pub fn wait_until_empty(&self, time: Duration) {
        drop(self.changed.wait_timeout_while(self.state(), time, |state| state.working > 0));
    }
}
