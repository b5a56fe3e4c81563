//! Why a stretch was found, in ids and numbers: never a word of the call.

use super::gather::Scene;
use super::settle::Origin;
use super::tagger::{Marginals, label_of};
use super::values::{Index, Values};
use super::{Look, look};
use crate::base::WordSpan;
use crate::model::{Category, Finding, KnownValue, RuleId, Transcript};
use crate::patterns::PatternSet;
use serde::Serialize;
use std::fmt;

/// A finding and what spoke for it.
pub struct Explanation {
    /// What was found.
    pub finding: Finding,
    /// What spoke for it, the model first.
    pub evidence: Vec<Evidence>,
}

/// One thing that spoke for a finding.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Evidence {
    /// The sequence model, at the word where it is surest.
    Model {
        /// Natural logarithm of the chance of the category over that of "may stay".
        log_odds: f32,
    },
    /// A rule that found it or a part of it.
    Rule {
        /// The rule.
        rule: RuleId,
        /// The check that its match passed.
        #[serde(skip_serializing_if = "Option::is_none")]
        validator: Option<String>,
    },
    /// A cue before it in its turn.
    CueBefore {
        /// The cue.
        cue: RuleId,
        /// Words in between.
        words: u8,
    },
    /// A cue behind it in its turn.
    CueAfter {
        /// The cue.
        cue: RuleId,
        /// Words in between.
        words: u8,
    },
    /// A question that an earlier turn asked.
    Asked {
        /// The cue in it.
        cue: RuleId,
        /// How many turns before.
        turns: u8,
        /// Whether the other side asked.
        by_other_side: bool,
    },
    /// Lists that its words are on, by frequency from 0 (not at all) to 6; the highest of all words.
    Lists {
        /// Given names.
        given: u32,
        /// Surnames.
        surname: u32,
        /// Cities, 0 to 3.
        city: u32,
        /// Ordinary words, 0 to 7; the lowest of all words.
        ordinary: u32,
    },
    /// The same value was found elsewhere in the call.
    SaidElsewhere {
        /// That finding's place, from 0.
        finding: usize,
    },
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Model { log_odds } => write!(f, "model: log-odds {log_odds:+.1}"),
            Self::Rule { rule, validator: None } => write!(f, "rule {rule}"),
            Self::Rule { rule, validator: Some(check) } => write!(f, "rule {rule}, checked as {check}"),
            Self::CueBefore { cue, words } => write!(f, "{cue}, {words} words before"),
            Self::CueAfter { cue, words } => write!(f, "{cue}, {words} words behind"),
            Self::Asked { cue, turns, by_other_side } => {
                let side = if *by_other_side { "by the other side" } else { "by the same side" };
                write!(f, "{cue}, asked {turns} turns before {side}")
            }
            Self::Lists { given, surname, city, ordinary } => {
                write!(f, "lists: given name {given}, surname {surname}, city {city}, ordinary word {ordinary}")
            }
            Self::SaidElsewhere { finding } => write!(f, "said elsewhere: #{finding}"),
        }
    }
}

/// Detects as [`detect`] does, and says why each stretch was found.
///
/// [`detect`]: super::detect
#[must_use]
pub fn explain(patterns: &PatternSet, transcript: &Transcript, known: &[KnownValue]) -> Vec<Explanation> {
    let mut out = Vec::new();
    look(patterns, transcript, known, |seen, findings| {
        let why = Why { patterns, seen, findings };
        out = findings.iter().map(|f| Explanation { finding: f.clone(), evidence: why.evidence(f) }).collect();
    });
    out
}

struct Why<'a> {
    patterns: &'a PatternSet,
    seen: &'a Look<'a>,
    findings: &'a [Finding],
}

impl Why<'_> {
    fn evidence(&self, finding: &Finding) -> Vec<Evidence> {
        let Look { scene, marginals, .. } = self.seen;
        let mut out = vec![Evidence::Model { log_odds: log_odds(marginals, finding) }];
        out.extend(self.rules(finding));
        out.extend(self.cues(scene, finding));
        out.extend(lists(scene, finding));
        out.extend(self.elsewhere(finding).map(|finding| Evidence::SaidElsewhere { finding }));
        out
    }

    fn rules(&self, finding: &Finding) -> Vec<Evidence> {
        let rule = |found: &Finding| {
            let rule = self.patterns.every_rule().find(|r| r.id == found.rule);
            Evidence::Rule { rule: found.rule.clone(), validator: rule.and_then(|r| r.validator_name.clone()) }
        };
        let mut out: Vec<_> = self.seen.ruled.iter().filter(|f| f.words.overlaps(finding.words)).map(rule).collect();
        out.dedup();
        out
    }

    /// Cues of the finding's category around it.
    fn cues(&self, scene: &Scene<'_>, finding: &Finding) -> Vec<Evidence> {
        let (first, last) = (finding.words.start as usize, finding.words.end as usize - 1);
        let (before, after) = (scene.context.before[first], scene.context.after[last]);
        let asked = scene.context.asked_at(scene.transcript, first);
        let agrees = |kind: u8| kind == finding.category as u8 + 1;
        let id = |cue: u16| scene.cues.cue(cue).0.clone();
        let mut out = Vec::new();
        if agrees(before.kind) {
            out.push(Evidence::CueBefore { cue: id(before.cue), words: before.words });
        }
        if agrees(after.kind) {
            out.push(Evidence::CueAfter { cue: id(after.cue), words: after.words });
        }
        if let Some(near) = [asked.last, asked.first].into_iter().find(|n| agrees(n.kind)) {
            let (cue, turns, by_other_side) = (id(near.cue), near.words, asked.other);
            out.push(Evidence::Asked { cue, turns, by_other_side });
        }
        out
    }

    /// The first finding that was not itself found this way and has the same value, whole or in part.
    fn elsewhere(&self, finding: &Finding) -> Option<usize> {
        let is_spread = |w: usize| self.seen.decisions[w].is_some_and(|d| d.origin == Origin::Said);
        let spread = finding.words.range().find(|w| is_spread(*w))?;
        self.findings.iter().position(|other| {
            other.category == finding.category
                && !other.words.range().any(is_spread)
                && says(&self.seen.scene, other.words, spread)
        })
    }
}

/// Whether the words of a finding have the value that a word is, or is part of.
fn says(scene: &Scene<'_>, words: WordSpan, word: usize) -> bool {
    let mut values = Values::default();
    for w in words.range() {
        match scene.spoken.run_of(w) {
            Some(run) if run.digits > 0 => drop(values.numbers.insert(run.value(), Category::Other)),
            Some(run) => drop(values.spelled.insert(run.value())),
            None => drop(values.names.insert(scene.tokens.word(w))),
        }
    }
    let index = Index::of(&values);
    let (text, hash) = (scene.tokens.word(word), scene.tokens.list()[word].hash);
    match scene.spoken.run_of(word) {
        Some(run) if run.digits > 0 => index.number(&run.value()).is_some(),
        Some(run) => index.is_spelled_name(&run.value()),
        None => index.is_name(text, hash) || index.is_near_name(text, 5),
    }
}

fn log_odds(marginals: &Marginals, finding: &Finding) -> f32 {
    let rows = finding.words.range().map(|w| marginals.of(w));
    let odds = rows.map(|row| (row[label_of(finding.category)].max(f32::MIN_POSITIVE) / row[0].max(1e-9)).ln());
    odds.fold(f32::MIN, f32::max)
}

/// For names and places alone: lists say nothing of numbers.
fn lists(scene: &Scene<'_>, finding: &Finding) -> Option<Evidence> {
    let words = || finding.words.range().map(|w| scene.tokens.list()[w].lists);
    matches!(finding.category, Category::Name | Category::City | Category::Address).then(|| Evidence::Lists {
        given: words().map(|l| l.given).max().unwrap_or_default(),
        surname: words().map(|l| l.surname).max().unwrap_or_default(),
        city: words().map(|l| l.city).max().unwrap_or_default(),
        ordinary: words().map(|l| l.lower).min().unwrap_or_default(),
    })
}
