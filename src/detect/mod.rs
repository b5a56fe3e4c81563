//! Finds PHI in a transcript. Pure: the same words and patterns give the same findings.

mod chain;
mod cue;
mod feature;
mod gather;
mod given;
mod look;
mod near;
mod propagate;
#[cfg(test)]
mod properties;
mod rule;
mod said;
mod settle;
mod spoken;
pub mod stages;
mod tagger;
mod token;
#[cfg(feature = "train")]
pub mod train;
mod values;
mod view;

pub use rule::{BrokenExample, test_examples};

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
    /// Chance that something was missed, 0 to 1.
    pub risk: f32,
}

/// Finds PHI in all turns, alternates included. `known` are values the caller already has (side-car).
#[must_use]
pub fn detect(patterns: &PatternSet, transcript: &Transcript, known: &[KnownValue]) -> Detection {
    let ground = Ground::of(patterns, transcript);
    let scene = ground.scene(patterns, transcript);
    let marginals = tagger::tag(&scene, patterns.model());
    let mut decisions = settle::settle(&scene, &marginals, &ground.ruled);
    settle::labels(transcript, &ground.tokens, &mut decisions);
    let known = Known::of(known);
    let Ground { tokens, spoken, context, .. } = &ground;
    let call = given::Call { transcript, tokens, spoken, marginals: &marginals, context };
    given::hide(&call, &known, Origin::Given, &mut decisions);
    let known = propagate::propagate(&scene, &marginals, &known, &mut decisions);
    settle::net(&ground.spoken, &ground.tokens, &mut decisions);
    let risk = marginals.risk(&decisions);
    Detection { findings: findings(transcript, &decisions, &ground.ruled, &scene), known, risk }
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
        Scene { transcript, tokens, spoken, context, cues: patterns.cues(), ruled: by_rule, phrases }
    }
}

/// Words of one category that stand together in a turn are one finding.
fn findings(
    transcript: &Transcript,
    decisions: &[Option<Decision>],
    ruled: &[Finding],
    scene: &Scene<'_>,
) -> Vec<Finding> {
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
                    evidence: Vec::new(),
                }),
            }
            open = true;
        }
    }
    add_evidence(&mut out, ruled, scene);
    out
}

/// Adds the rules that agree with a finding and the cues around it. `findings` are in order.
fn add_evidence(findings: &mut [Finding], ruled: &[Finding], scene: &Scene<'_>) {
    for rule in ruled {
        let from = findings.partition_point(|f| f.words.end <= rule.words.start);
        for finding in findings[from..].iter_mut().take_while(|f| f.words.start < rule.words.end) {
            finding.evidence.push(rule.rule.clone());
        }
    }
    for finding in findings {
        let word = finding.words.start as usize;
        let cues = [scene.context.before[word], scene.context.asked_at(scene.transcript, word).last];
        let agree = cues.iter().filter(|c| c.kind == finding.category as u8 + 1);
        finding.evidence.extend(agree.map(|c| scene.cues.cue(c.cue).0.clone()));
        finding.evidence.retain(|id| *id != finding.rule);
        finding.evidence.sort();
        finding.evidence.dedup();
    }
}
