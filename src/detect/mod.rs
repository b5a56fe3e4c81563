//! Finds PHI in a transcript. Pure: the same words and patterns give the same findings.

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

/// Finds PHI in all turns, alternates included. `known` are values the caller already has (side-car).
#[must_use]
pub fn detect(_patterns: &PatternSet, transcript: &Transcript, _known: &[KnownValue]) -> Detection {
    let mut findings = Vec::new();
    for turn in transcript.turns() {
        for i in turn.words.range() {
            if transcript.word_text(i).expose().bytes().filter(u8::is_ascii_digit).count() >= 3 {
                findings.push(Finding {
                    rule: RuleId::new("stub-digits"),
                    category: Category::Other,
                    words: WordSpan::new(i as u32, i as u32 + 1),
                    score: 0.5,
                    evidence: Vec::new(),
                });
            }
        }
    }
    Detection { findings, known: Vec::new(), risk: 0.0 }
}
