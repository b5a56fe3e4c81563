//! What a worker tells as it goes on: for logs and metrics, so nothing here may hold text or a key.

use super::super::Report;
use crate::base::Error;
use crate::queue::DeadReason;
use std::time::Duration;

/// How long the parts of one event's work took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Took {
    /// Waiting for another event of the same call, and for bytes in flight.
    pub wait: Duration,
    /// Finding the call's files.
    pub find: Duration,
    /// The call itself, from reading its sources to its publication.
    pub call: Duration,
}

/// Why an event asked for no work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// By its name, the object is no part of a call.
    NoCall,
    /// The other half of its call is not there yet; its event does the work.
    Alone,
    /// None of the call's files is there any more.
    Gone,
}

impl Idle {
    /// The word for logs and metrics.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoCall => "no-call",
            Self::Alone => "alone",
            Self::Gone => "gone",
        }
    }
}

/// Something that happened.
pub enum Notice<'a> {
    /// Messages were received, perhaps none.
    Received {
        /// How many.
        messages: usize,
        /// How long ago the oldest of them was sent.
        oldest: Option<Duration>,
    },
    /// A call was done: redacted, found unchanged, held, or failed.
    Call {
        /// What became of it.
        report: &'a Report,
        /// Size of its sources.
        bytes: u64,
        /// How long that took.
        took: Took,
    },
    /// An event asked for no work.
    Idle(Idle),
    /// A transcript is alone and may still get its recording; it is looked at again.
    Awaiting {
        /// After this.
        delay: Duration,
    },
    /// Work failed and is tried again.
    Retry {
        /// Why.
        error: &'a Error,
        /// After this.
        delay: Duration,
    },
    /// A message was taken off the queue undone.
    Buried {
        /// Why.
        reason: DeadReason,
        /// How often it was handed out.
        deliveries: u32,
    },
    /// Leases were extended.
    Extended {
        /// How many.
        leases: usize,
        /// How many had ended before.
        lost: usize,
    },
    /// A message could not be extended, deleted, given back or buried; it comes again.
    Unended {
        /// Why.
        error: &'a Error,
    },
    /// The queue could not be read.
    QueueDown {
        /// Why.
        error: &'a Error,
        /// It is tried again after this.
        pause: Duration,
    },
    /// Calls fail in a row: nothing is received for now.
    StoreDown {
        /// The stores are tried again after this.
        pause: Duration,
    },
    /// The stores answer again.
    StoreUp,
    /// Nothing more is received; what is in hand is ended.
    Stopping,
}
