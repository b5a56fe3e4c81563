//! Finds PHI in a transcript. Pure: the same words and patterns give the same findings.

mod cue;
mod feature;
mod spoken;
mod tagger;
mod token;
#[cfg(feature = "train")]
pub mod train;

use crate::base::{Phi, WordSpan};
use crate::model::{Category, Finding, RuleId, Transcript};
use crate::patterns::PatternSet;

/// What detection hands on.
pub struct Detection {
    /// Sorted by first word, disjoint, alternates' words included.
    pub findings: Vec<Finding>,
    /// Values that must not appear in any byte of the output, in the forms in which they were found.
    pub known: Vec<KnownValue>,
    /// Chance that something was missed, 0 to 1.
    pub risk: f32,
}

/// A value that was found, normalised: lower-case letters and digits, no spaces or punctuation for
/// digits, single spaces between words for text.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct KnownValue {
    /// What it is.
    pub category: Category,
    /// The normalised value.
    pub value: Phi<String>,
}

/// Below this chance of "may stay" a word is hidden. A leak costs more than a word hidden in vain.
const STAY_MIN: f32 = 0.6;

/// Finds PHI in all turns, alternates included. `known` are values the caller already has (side-car).
#[must_use]
pub fn detect(patterns: &PatternSet, transcript: &Transcript, _known: &[KnownValue]) -> Detection {
    let tokens = token::tokens(transcript);
    let spoken = spoken::spoken(transcript, &tokens);
    let context = cue::context(transcript, &tokens, patterns.cues());
    let ruled = vec![0; tokens.list().len()];
    let scene = feature::Scene { transcript, tokens: &tokens, spoken: &spoken, context: &context, ruled: &ruled };
    let marginals = tagger::tag(&scene, patterns.model());
    let mut findings = Vec::new();
    for turn in transcript.turns() {
        let mut open: Option<(usize, Category, f32)> = None;
        for i in turn.words.range() {
            let row = &marginals.rows[i];
            let best = (row[0] < STAY_MIN)
                .then(|| (1..row.len()).max_by(|a, b| row[*a].total_cmp(&row[*b])))
                .flatten()
                .and_then(tagger::category_of);
            let here = best.map(|c| (c, 1.0 - row[0]));
            if let Some((start, category, score)) = open {
                if here.map(|h| h.0) == Some(category) {
                    open = Some((start, category, score.max(1.0 - row[0])));
                    continue;
                }
                findings.push(finding(start, i, category, score));
            }
            open = here.map(|(c, s)| (i, c, s));
        }
        if let Some((start, category, score)) = open {
            findings.push(finding(start, turn.words.end as usize, category, score));
        }
    }
    Detection { findings, known: Vec::new(), risk: 0.0 }
}

fn finding(start: usize, end: usize, category: Category, score: f32) -> Finding {
    let words = WordSpan::new(start as u32, end as u32);
    Finding { rule: RuleId::new("tagger"), category, words, score, evidence: Vec::new() }
}
