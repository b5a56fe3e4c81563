//! What detection hands on: where and why, never the text.

use super::Category;
use crate::base::WordSpan;
use std::{fmt, sync::Arc};

/// The id of a rule in the pattern set, like `phone-written` or `name-after-cue`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleId(Arc<str>);

impl RuleId {
    /// An id from the pattern set (never made of call text).
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self(id.into())
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl serde::Serialize for RuleId {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

/// A stretch of words that must be hidden.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule that found it.
    pub rule: RuleId,
    /// What it is.
    pub category: Category,
    /// Which words, half-open; never empty, never across a turn.
    pub words: WordSpan,
    /// How sure the rule is, 0 to 1.
    pub score: f32,
}
