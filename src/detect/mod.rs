//! Finds PHI in a transcript. Pure: the same words and patterns give the same findings.

mod answer;
mod apart;
mod asked;
mod beside;
mod chain;
mod codes;
mod cue;
mod ends;
mod explain;
mod feature;
mod gate;
mod gather;
mod given;
mod joined;
mod look;
mod named;
mod near;
mod net;
mod organisation;
mod plain;
mod propagate;
#[cfg(test)]
mod properties;
mod risk;
mod role;
mod rule;
mod said;
mod settle;
mod spoken;
pub mod stages;
mod stays;
mod tagger;
#[cfg(test)]
mod testing;
mod token;
#[cfg(feature = "train")]
pub mod train;
mod values;
mod view;
mod whole;

pub use explain::{Evidence, Explanation, explain};
pub use rule::{BrokenExample, test_examples, test_patterns};

use crate::base::WordSpan;
use crate::model::{Finding, KnownValue, RuleId, Transcript};
use crate::patterns::PatternSet;
use crate::patterns::known::Known;
use gather::Scene;
use settle::{Decision, Origin};

/// What detection hands on.
pub struct Detection {
    /// Sorted by first word, disjoint, alternates' words included.
    pub findings: Vec<Finding>,
    /// Values that must not appear in any byte of the output, normalised: lower-case words, digits.
    pub known: Vec<KnownValue>,
    /// Residual risk: the calibrated chance that a word which must be hidden is left in sight, 0 to 1.
    pub risk: f32,
}

/// Finds PHI in all turns, alternates included. `known` are values the caller already has (side-car).
#[must_use]
pub fn detect(patterns: &PatternSet, transcript: &Transcript, known: &[KnownValue]) -> Detection {
    look(patterns, transcript, known, |_, _| ())
}

/// What detection saw on its way.
struct Look<'a> {
    scene: Scene<'a>,
    marginals: &'a tagger::Marginals,
    ruled: &'a [Finding],
    decisions: &'a [Option<Decision>],
}

/// Detects, and shows `see` the findings with all that led to them.
fn look(
    patterns: &PatternSet,
    transcript: &Transcript,
    known: &[KnownValue],
    see: impl FnOnce(&Look<'_>, &[Finding]),
) -> Detection {
    let mut ground = Ground::of(patterns, transcript);
    let mut ruled = std::mem::take(&mut ground.ruled);
    let scene = ground.scene(patterns, transcript);
    let marginals = tagger::tag(&scene, patterns.model());
    let mut decisions = settle::settle(&scene, &marginals, &ruled);
    settle::labels(transcript, &ground.tokens, &mut decisions);
    let known = Known::of(known);
    let Ground { tokens, spoken, .. } = &ground;
    let call = given::Call { scene: &scene, marginals: &marginals };
    let mut allowed = given::allowed(&call, patterns.allowed());
    given::hide(&call, patterns.denied(), Origin::Denied, &mut allowed, &mut decisions);
    given::hide(&call, &known, Origin::Given, &mut allowed, &mut decisions);
    net::hide(&scene, &mut decisions);
    answer::hide(&scene, &mut decisions);
    plain::clear_echoes(&scene, &mut decisions);
    allowed.release(&mut decisions);
    let mut known = propagate::propagate(&scene, &marginals, &known, &mut decisions);
    asked::hide(patterns, transcript, tokens, spoken, &mut ruled, &mut decisions);
    allowed.release(&mut decisions);
    allowed.forget(tokens, &mut known);
    plain::clear_small(tokens, &mut decisions);
    plain::clear_times(transcript, tokens, &mut decisions);
    let findings = findings(transcript, &decisions, &ruled);
    let seen = Look { scene, marginals: &marginals, ruled: &ruled, decisions: &decisions };
    see(&seen, &findings);
    let risk = risk::risk(&seen, patterns.risk());
    Detection { findings, known, risk }
}

/// What is found before tagging.
struct Ground {
    tokens: token::Tokens,
    spoken: spoken::Spoken,
    context: cue::Context,
    /// What the rules find.
    ruled: Vec<Finding>,
    /// Per word, the category that the rules see plus one, 0 for none.
    by_rule: Vec<u8>,
    phrases: Vec<u8>,
}

impl Ground {
    fn of(patterns: &PatternSet, transcript: &Transcript) -> Self {
        let tokens = token::tokens(transcript);
        let spoken = spoken::spoken(transcript, &tokens);
        let context = cue::context(transcript, &tokens, patterns.cues());
        let ruled = rule::ruled(patterns, transcript, &tokens, &spoken);
        let mut by_rule = vec![0; tokens.list().len()];
        for finding in &ruled {
            by_rule[finding.words.range()].fill(finding.category as u8 + 1);
        }
        let phrases = near::city_phrases(transcript, &tokens);
        Self { tokens, spoken, context, ruled, by_rule, phrases }
    }

    fn scene<'a>(&'a self, patterns: &'a PatternSet, transcript: &'a Transcript) -> Scene<'a> {
        let Self { tokens, spoken, context, by_rule, phrases, .. } = self;
        let (cues, roles) = (patterns.cues(), patterns.roles());
        Scene { transcript, tokens, spoken, context, cues, roles, ruled: by_rule, phrases }
    }
}

/// Words of one category that stand together in a turn are one finding.
fn findings(transcript: &Transcript, decisions: &[Option<Decision>], ruled: &[Finding]) -> Vec<Finding> {
    let mut out: Vec<Finding> = Vec::new();
    for turn in transcript.turns() {
        let mut open = false;
        for i in turn.words.range() {
            let Some(decision) = decisions[i] else {
                open = false;
                continue;
            };
            let rule = match decision.origin {
                Origin::Tagger => RuleId::new("tagger"),
                Origin::Whole => RuleId::new("whole-value"),
                Origin::Rule(r) => ruled[r as usize].rule.clone(),
                Origin::Denied => RuleId::new("deny-list"),
                Origin::Given => RuleId::new("known-value"),
                Origin::Said => RuleId::new("said-elsewhere"),
                Origin::Net => RuleId::new("safety-net"),
            };
            match out.last_mut().filter(|f| open && f.category == decision.category) {
                Some(finding) => {
                    finding.words.end = i as u32 + 1;
                    if decision.score > finding.score {
                        finding.score = decision.score;
                        finding.rule = rule;
                    }
                }
                None => out.push(Finding {
                    rule,
                    category: decision.category,
                    words: WordSpan::new(i as u32, i as u32 + 1),
                    score: decision.score,
                }),
            }
            open = true;
        }
    }
    out
}
