//! Pattern files compiled into one set: rules, cues, lexicon. Must not look at a transcript.

pub mod cues;
pub mod hash;
pub mod known;
mod layout;
pub mod lexicon;
pub mod memo;
pub mod model;
pub mod rules;
pub mod slips;
pub mod steps;
mod validate;

pub use layout::Packed;

use crate::base::{Result, Sha256Hex};
use crate::model::Category;
use cues::Cues;
use model::Model;
use rules::Rule;
use sha2::{Digest, Sha256};
use std::borrow::Cow;

const RULE_FILES: [&str; 3] = [
    include_str!("../../patterns/rules/contact.toml"),
    include_str!("../../patterns/rules/numbers.toml"),
    include_str!("../../patterns/rules/people.toml"),
];
const CUE_FILE: &str = include_str!("../../patterns/cues.toml");

/// Raised by hand when the code of detection changes what is found.
const DETECTION_VERSION: &str = "2";

/// All patterns of a run, compiled.
pub struct PatternSet {
    digest: Sha256Hex,
    cues: Cues,
    model: Model,
    rules: Vec<Rule>,
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
        let weights = &include_bytes!("../../patterns/model/tagger.bin")[..];
        Self::of(weights.into(), include_bytes!(concat!(env!("OUT_DIR"), "/tagger.sha256")))
    }

    /// The built-in set with other weights, as the trainer tries them.
    ///
    /// # Errors
    /// When the weights are damaged.
    pub fn with_model(weights: impl Into<Cow<'static, [u8]>>) -> Result<Self> {
        let weights = weights.into();
        let digest = Sha256::digest(&weights);
        Self::of(weights, &digest)
    }

    fn of(weights: Cow<'static, [u8]>, weights_digest: &[u8]) -> Result<Self> {
        let mut hasher = Sha256::new_with_prefix(DETECTION_VERSION);
        let parts =
            RULE_FILES.iter().map(|f| f.as_bytes()).chain([CUE_FILE.as_bytes(), weights_digest, lexicon::DIGEST]);
        for part in parts {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        let mut rules = Vec::new();
        for file in RULE_FILES {
            rules.extend(rules::compile(file)?);
        }
        Ok(Self {
            digest: Sha256Hex::finish(hasher),
            cues: Cues::compile(CUE_FILE)?,
            model: Model::read(weights)?,
            rules,
        })
    }

    /// The compiled rules.
    #[must_use]
    pub fn all_rules(&self) -> &[Rule] {
        &self.rules
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
        let info = |r: &Rule| RuleInfo {
            id: r.id.to_string(),
            category: r.category,
            about: r.about.clone(),
            examples: r.must_match.len() + r.must_not_match.len() + r.generated().len(),
        };
        let mut list: Vec<_> = self.rules.iter().map(info).collect();
        list.sort_by(|a, b| a.id.cmp(&b.id));
        list
    }
}
