//! What a server tells whoever runs it, to be logged and counted. Calls, paths and names of users are not in it, but for a
//! user who was locked out: somebody must look.

use super::routes::Method;
use crate::access::UserName;
use crate::base::Error;
use std::time::Duration;

/// Something that happened.
pub enum Notice<'a> {
    /// A request was answered; streams go on after that.
    Answered {
        /// How it was asked.
        method: Method,
        /// The route as the table has it; nothing where there is none.
        route: Option<&'static str>,
        /// HTTP status.
        status: u16,
        /// Until the answer began.
        took: Duration,
    },
    /// Somebody was let in.
    SignedIn,
    /// Somebody was not let in, for this reason.
    SignInRefused {
        /// A word of a fixed vocabulary.
        why: &'static str,
    },
    /// Failures have locked a user out: an alert.
    LockedOut {
        /// Whom.
        user: &'a UserName,
    },
    /// Something was refused to somebody who is signed in.
    Refused {
        /// A word of a fixed vocabulary.
        why: &'static str,
    },
    /// An access was refused because it could not be written down: an alert.
    LogDown {
        /// Why.
        error: &'a Error,
    },
    /// A request failed.
    Failed {
        /// Why.
        error: &'a Error,
    },
    /// Renewed certificates cannot be taken up; those of before go on: an alert.
    NotRenewed {
        /// Why.
        error: &'a Error,
    },
    /// Connections are turned away: there are too many.
    Full,
}
