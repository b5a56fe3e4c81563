//! Pattern files compiled into one set: rules, cues, lexicon. Must not look at a transcript.

pub mod cues;
pub mod gate;
pub mod hash;
pub mod known;
mod layout;
pub mod lexicon;
pub mod memo;
pub mod model;
pub mod organisations;
pub mod risk;
pub mod roles;
pub mod rules;
pub mod slips;
pub mod steps;
mod validate;
pub mod weights;

pub use layout::Packed;

use crate::base::{Error, Result, Sha256Hex};
use crate::model::policy::Lists;
use crate::model::{Category, Extra, Policy};
use cues::Cues;
use known::Known;
use model::Model;
use organisations::Organisations;
use risk::RiskModel;
use roles::Roles;
use rules::Rule;
use sha2::{Digest, Sha256};
use std::borrow::Cow;

const RULE_FILES: [(&str, &str); 4] = [
    ("asked.toml", include_str!("../../patterns/rules/asked.toml")),
    ("contact.toml", include_str!("../../patterns/rules/contact.toml")),
    ("numbers.toml", include_str!("../../patterns/rules/numbers.toml")),
    ("people.toml", include_str!("../../patterns/rules/people.toml")),
];
const ORGANISATION_FILE: &str = include_str!("../../patterns/organisations.toml");
const CUE_FILE: &str = include_str!("../../patterns/cues.toml");
const RISK_FILE: &str = include_str!("../../patterns/model/risk.toml");
const ROLES_FILE: &[u8] = include_bytes!("../../patterns/model/roles.bin");
const ROLES_DIGEST: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/roles.sha256"));

/// Most rules of a set.
const RULES_MAX: usize = 1_000;

/// Raised by hand when the code of detection changes what is found.
const DETECTION_VERSION: &str = "10";

/// All patterns of a run, compiled.
pub struct PatternSet {
    digest: Sha256Hex,
    cues: Cues,
    model: Model,
    roles: Roles,
    risk: RiskModel,
    rules: Vec<Rule>,
    asked: Vec<Rule>,
    organisations: Organisations,
    ruling: Ruling,
}

/// What a policy adds to the patterns.
#[derive(Default)]
struct Ruling {
    also_hide: Vec<Extra>,
    lists: Lists,
    allowed: Known,
    denied: Known,
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
    /// The file that it stands in.
    pub file: String,
    /// The line of its id, from 1.
    pub line: usize,
    /// What a policy has to ask for so that the rule is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<Extra>,
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
        let texts = RULE_FILES.map(|(_, text)| text).into_iter().chain([ORGANISATION_FILE, CUE_FILE, RISK_FILE]);
        let parts = texts.map(str::as_bytes).chain([weights_digest, ROLES_DIGEST, lexicon::DIGEST]);
        for part in parts {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        let rules: Result<Vec<Vec<Rule>>> =
            RULE_FILES.into_iter().map(|(file, text)| rules::read(file, text)).collect();
        let (asked, rules) = rules?.into_iter().flatten().partition(|rule| rule.only.is_some());
        Ok(Self {
            digest: Sha256Hex::finish(hasher),
            cues: Cues::compile(CUE_FILE)?,
            model: Model::read(weights)?,
            roles: Roles::read(ROLES_FILE)?,
            risk: RiskModel::read(RISK_FILE)?,
            rules,
            asked,
            organisations: Organisations::compile(ORGANISATION_FILE)?,
            ruling: Ruling::default(),
        })
    }

    /// These patterns and the rules of other files: name and text of each. The digest covers the texts. Their
    /// examples are for the caller to run.
    ///
    /// # Errors
    /// Those of [`rules::compile`], and when there are too many rules or two have the same id.
    pub fn with_files(mut self, files: &[(String, String)]) -> Result<Self> {
        if files.is_empty() {
            return Ok(self);
        }
        let mut hasher = Sha256::new_with_prefix(self.digest.as_str());
        for (file, text) in files {
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text);
            for rule in rules::compile(file, text)? {
                let twin = self.every_rule().find(|r| r.id == rule.id);
                if let Some(twin) = twin {
                    let places = format!("{file}, line {}: rule {}: {} has the same id", rule.line, rule.id, twin.file);
                    return Err(Error::usage(places));
                }
                let list = if rule.only.is_some() { &mut self.asked } else { &mut self.rules };
                list.push(rule);
            }
            if self.rules.len() + self.asked.len() > RULES_MAX {
                return Err(Error::usage(format!("{file}: more than {RULES_MAX} rules")));
            }
        }
        self.digest = Sha256Hex::finish(hasher);
        Ok(self)
    }

    /// The same patterns with what the policy asks for besides, and its lists. Redaction under a policy needs the
    /// set that was made for it.
    #[must_use]
    pub fn under(mut self, policy: &Policy) -> Self {
        let Policy { also_hide, lists, .. } = policy;
        self.ruling = Ruling {
            also_hide: also_hide.clone(),
            lists: lists.clone(),
            allowed: Known::of(&lists.allow),
            denied: Known::of(&lists.deny),
        };
        self
    }

    /// Whether this is the set for a policy.
    #[must_use]
    pub fn is_under(&self, policy: &Policy) -> bool {
        (&self.ruling.also_hide, &self.ruling.lists) == (&policy.also_hide, &policy.lists)
    }

    /// Every rule, whether the policy asks for it or not.
    pub fn every_rule(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().chain(&self.asked)
    }

    /// The compiled rules that every policy uses.
    #[must_use]
    pub fn all_rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The compiled rules that only some policies ask for.
    #[must_use]
    pub fn asked_rules(&self) -> &[Rule] {
        &self.asked
    }

    /// Whether the policy asks for this.
    #[must_use]
    pub fn asks_for(&self, extra: Extra) -> bool {
        self.ruling.also_hide.contains(&extra)
    }

    /// Words of names of organisations.
    #[must_use]
    pub const fn organisations(&self) -> &Organisations {
        &self.organisations
    }

    /// What the policy lets stay.
    #[must_use]
    pub const fn allowed(&self) -> &Known {
        &self.ruling.allowed
    }

    /// What the policy always hides.
    #[must_use]
    pub const fn denied(&self) -> &Known {
        &self.ruling.denied
    }

    /// The sequence model.
    #[must_use]
    pub const fn model(&self) -> &Model {
        &self.model
    }

    /// The weights that tell what identifiers are.
    #[must_use]
    pub const fn roles(&self) -> &Roles {
        &self.roles
    }

    /// The weights of the residual risk.
    #[must_use]
    pub const fn risk(&self) -> &RiskModel {
        &self.risk
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
            file: r.file.clone(),
            line: r.line,
            only: r.only,
            examples: r.must_match.len() + r.must_not_match.len() + r.generated().len(),
        };
        let mut list: Vec<_> = self.every_rule().map(info).collect();
        list.sort_by(|a, b| a.id.cmp(&b.id));
        list
    }
}
