//! Which entries somebody asks for.

use super::event::{Action, Outcome};
use super::segment::Entry;
use crate::access::word::{UserName, Word};
use crate::base::{CallId, Timestamp};

/// What an entry must agree with; what is not set agrees with all.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Who did it, or about whom it is.
    pub user: Option<UserName>,
    /// By which token, by its id.
    pub token: Option<Word>,
    /// To which call.
    pub call: Option<CallId>,
    /// What was done: any of these.
    pub what: Vec<Action>,
    /// What came of it.
    pub outcome: Option<Outcome>,
    /// From then on.
    pub from: Option<Timestamp>,
    /// Before then.
    pub until: Option<Timestamp>,
}

impl Query {
    /// Whether an entry is asked for.
    #[must_use]
    pub fn matches(&self, entry: &Entry) -> bool {
        let event = &entry.event;
        let is_about = |user: &UserName| event.user == *user || event.about.as_ref() == Some(user);
        self.user.as_ref().is_none_or(is_about)
            && self.token.as_ref().is_none_or(|token| event.token.as_ref() == Some(token))
            && self.call.as_ref().is_none_or(|call| event.call.as_ref() == Some(call))
            && (self.what.is_empty() || self.what.contains(&event.what))
            && self.outcome.is_none_or(|outcome| event.outcome == outcome)
            && self.from.is_none_or(|from| event.at >= from)
            && self.until.is_none_or(|until| event.at < until)
    }
}
