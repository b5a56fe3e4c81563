//! Where events come from: messages that are leased, worked on, and deleted when the work is done. Must not know what
//! a call is.
//!
//! Every queue delivers at least once and in any order. A message that was received is hidden from others until its
//! lease ends; whoever still works on it extends the lease, and whoever dies gives it back by doing nothing.

pub mod event;
#[cfg_attr(not(feature = "cloud"), path = "no_sqs.rs")]
mod sqs;
#[cfg(test)]
mod suite;
mod watch;

pub use event::{Change, Refusal};
pub use sqs::Sqs;
pub use watch::{Watch, WatchTimes};

use crate::base::{Phi, Result, Stage};
use std::borrow::Cow;
use std::time::Duration;

/// Most messages that are received, deleted or extended in one request.
pub const BATCH_MAX: usize = 10;

/// How long a queue's messages wait for what.
#[derive(Clone, Copy)]
pub struct SqsTimes {
    /// A message that is neither extended nor ended comes again after this; whole seconds.
    pub lease: Duration,
    /// How long a receive waits for the first message; whole seconds, 20 at most.
    pub wait: Duration,
    /// Time since 1970.
    pub now: fn() -> Duration,
}

/// What a leased message is called.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Receipt(String);

/// A message that is leased to this process.
pub struct Message {
    /// What it is called while it is leased.
    pub receipt: Receipt,
    /// The objects that it says were written, or why it asks for nothing that can be done.
    pub changes: Result<Vec<Change>, Refusal>,
    /// How long ago it was sent.
    pub age: Duration,
    /// How often it was handed out, this time included.
    pub deliveries: u32,
    /// The message as it was sent, which a dead letter carries on.
    body: Phi<String>,
}

/// Why a message is taken off the queue undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeadReason {
    /// It is no event that can be read.
    Refused(Refusal),
    /// It is about an object of the destination, whose redaction would be redacted for ever.
    InDestination,
    /// It is about an object outside the folder below which calls are named.
    OutsideRoot,
    /// It was handed out too often without an end: whoever works on it dies.
    NoEnd,
    /// The work failed too often, last at this stage, while that of other messages went well.
    Failed(Stage),
}

impl DeadReason {
    /// The words for logs, metrics and dead letters.
    #[must_use]
    pub fn code(self) -> Cow<'static, str> {
        match self {
            Self::Refused(refusal) => refusal.code().into(),
            Self::InDestination => "in-destination".into(),
            Self::OutsideRoot => "outside-root".into(),
            Self::NoEnd => "no-end".into(),
            Self::Failed(stage) => format!("failed-to-{}", stage.code()).into(),
        }
    }
}

/// A queue of events.
///
/// Errors are [`Kind::Io`](crate::base::Kind::Io); none loses a message.
pub trait Queue: Send + Sync {
    /// Leases at most `most` messages (no more than [`BATCH_MAX`]), waiting a while for the first; none is no error.
    ///
    /// # Errors
    /// When the queue cannot be read.
    fn receive(&self, most: usize) -> Result<Vec<Message>>;

    /// Ends the waiting of [`Queue::receive`], now and for good.
    fn interrupt(&self);

    /// Lets leases begin anew; those that had ended already are handed back.
    ///
    /// # Errors
    /// When the queue cannot be reached; leases then run on as they were.
    fn extend(&self, receipts: &[Receipt]) -> Result<Vec<Receipt>>;

    /// Gives a message back, to be handed out again after `delay`.
    ///
    /// # Errors
    /// When the queue cannot be reached; the lease then ends by itself.
    fn give_back(&self, receipt: &Receipt, delay: Duration) -> Result<()>;

    /// Takes messages whose work is done off the queue.
    ///
    /// # Errors
    /// When some of them are still there; they are handed out again.
    fn delete(&self, receipts: &[Receipt]) -> Result<()>;

    /// Takes a message off the queue that cannot be done, and keeps it with the reason where a person looks.
    ///
    /// # Errors
    /// When it could not be kept; it stays on the queue.
    fn bury(&self, message: &Message, reason: DeadReason) -> Result<()>;
}
