//! What only some policies ask for: weekdays, years, ages, organisations. Found last, among the words that are
//! still seen, so that everything else is found as under any other policy.

use super::organisation::organisations;
use super::rule::findings;
use super::settle::{Decision, Origin, is_mask};
use super::spoken::Spoken;
use super::token::Tokens;
use super::view::{spoken_view, written};
use crate::model::{Extra, Finding, Transcript};
use crate::patterns::PatternSet;
use crate::patterns::rules::{Rule, View};

/// Hides what the policy asks for, and appends what was found to the findings of the rules.
pub(super) fn hide(
    patterns: &PatternSet,
    transcript: &Transcript,
    tokens: &Tokens,
    spoken: &Spoken,
    ruled: &mut Vec<Finding>,
    out: &mut [Option<Decision>],
) {
    let is_asked = |rule: &&Rule| rule.only.is_some_and(|extra| patterns.asks_for(extra));
    let asked: Vec<&Rule> = patterns.asked_rules().iter().filter(is_asked).collect();
    let mut found = Vec::new();
    if !asked.is_empty() {
        let views = [(View::Written, written(tokens)), (View::Spoken, spoken_view(transcript, tokens, spoken))];
        for (name, view) in views {
            for rule in asked.iter().filter(|r| r.view == name) {
                found.extend(findings(rule, &view));
            }
        }
    }
    if patterns.asks_for(Extra::Organisations) {
        found.extend(organisations(patterns.organisations(), transcript, tokens));
    }
    for finding in found {
        let origin = Origin::Rule(ruled.len() as u32);
        let decision = Decision { category: finding.category, score: finding.score, origin };
        for w in finding.words.range().filter(|w| !is_mask(tokens, *w)) {
            out[w].get_or_insert(decision);
        }
        ruled.push(finding);
    }
}
