//! Pattern files compiled into one set: rules, cues, lexicon. Must not look at a transcript.

use crate::base::{Result, Sha256Hex};
use crate::model::Category;

/// All patterns of a run, compiled.
pub struct PatternSet {
    digest: Sha256Hex,
}

/// One rule as `patterns list` shows it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct RuleInfo {
    /// The rule's id.
    pub id: String,
    /// What it finds.
    pub category: Category,
    /// One line for a person.
    pub about: String,
    /// Number of examples that `patterns test` runs.
    pub examples: usize,
}

impl PatternSet {
    /// The set compiled into the program.
    ///
    /// # Errors
    /// When a built-in pattern is broken (a build of the repository's own tests would have failed).
    pub fn builtin() -> Result<Self> {
        Ok(Self { digest: Sha256Hex::of(b"stub") })
    }

    /// Digest over everything that decides what is found: patterns, lexicon and detection version.
    #[must_use]
    pub const fn digest(&self) -> &Sha256Hex {
        &self.digest
    }

    /// Every rule, sorted by id.
    #[must_use]
    pub fn rules(&self) -> Vec<RuleInfo> {
        Vec::new()
    }
}
