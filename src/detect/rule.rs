//! Applies the rules to both views, and tests their examples.

use super::spoken::{Spoken, spoken};
use super::token::{Tokens, tokens};
use super::view::{TextView, spoken_view, written};
use crate::base::{Phi, WordSpan};
use crate::model::{Finding, Speaker, TimeSource, Transcript, TranscriptBuilder, TurnKind};
use crate::patterns::PatternSet;
use crate::patterns::rules::{Need, Rule, View};
use std::ops::Range;

/// Findings of all rules, rule by rule; they may overlap, and lie within turns.
pub(super) fn ruled(patterns: &PatternSet, transcript: &Transcript, tokens: &Tokens, spoken: &Spoken) -> Vec<Finding> {
    let views = [written(tokens), spoken_view(transcript, tokens, spoken)];
    // Most turns have no digit, and most rules need one.
    let turns = |need: Need| views.each_ref().map(|view| view.only(|turn| need.is_met(turn)));
    let (with_digit, with_at) = (turns(Need::Digit), turns(Need::At));
    let search = |rule: &Rule| {
        let views = match rule.need {
            Need::Nothing => &views,
            Need::Digit => &with_digit,
            Need::At => &with_at,
        };
        one(rule, &views[rule.view as usize])
    };
    patterns.all_rules().iter().flat_map(search).collect()
}

fn one(rule: &Rule, view: &TextView<'_>) -> Vec<Finding> {
    let finding = |words| Finding {
        rule: rule.id.clone(),
        category: rule.category,
        words,
        score: rule.score,
        evidence: Vec::new(),
    };
    let found = rule.find_in(view.text()).into_iter();
    let in_turn = |bytes: &Range<usize>| !view.text()[bytes.clone()].contains('\n');
    found.filter(in_turn).filter_map(|bytes| view.words(bytes)).map(finding).collect()
}

/// An example that does not hold.
#[derive(Clone, Debug, serde::Serialize)]
pub struct BrokenExample {
    /// The rule.
    pub rule: String,
    /// The example; everyone in it is invented.
    pub example: String,
    /// What is wrong.
    pub wrong: &'static str,
}

/// Runs every rule on its own examples; returns how many were run, and those that do not hold.
#[must_use]
pub fn test_examples(patterns: &PatternSet) -> (usize, Vec<BrokenExample>) {
    let mut broken = Vec::new();
    let mut run = 0;
    for rule in patterns.all_rules() {
        let mut wrong = |example: &str, wrong| {
            broken.push(BrokenExample { rule: rule.id.to_string(), example: example.to_owned(), wrong });
        };
        for example in &rule.must_match {
            run += 1;
            match (expected(example), hits(rule, &example.replace(['{', '}'], " "))) {
                (None, _) => wrong(example, "the example has no braces"),
                (Some(want), got) if got != [want] => {
                    wrong(example, "the rule does not find exactly the words in braces")
                }
                _ => {}
            }
        }
        for counter in &rule.must_not_match {
            run += 1;
            if !hits(rule, &counter.text).is_empty() {
                wrong(&counter.text, "the rule finds something");
            }
        }
        for value in rule.generated() {
            run += 1;
            if hits(rule, &format!("it is {value} yes")).is_empty() {
                wrong(&value, "the rule misses a generated value");
            }
        }
    }
    (run, broken)
}

/// The words in braces.
fn expected(example: &str) -> Option<WordSpan> {
    let (before, rest) = example.split_once('{')?;
    let (inside, _) = rest.split_once('}')?;
    let start = before.split_whitespace().count() as u32;
    Some(WordSpan::new(start, start + inside.split_whitespace().count() as u32))
}

fn hits(rule: &Rule, said: &str) -> Vec<WordSpan> {
    let mut b = TranscriptBuilder::new(TimeSource::None);
    b.turn(TurnKind::Spoken, Speaker::Caller, None);
    b.say(Phi::new(said));
    let transcript = b.build();
    let tokens = tokens(&transcript);
    let spoken = spoken(&transcript, &tokens);
    let view = match rule.view {
        View::Written => written(&tokens),
        View::Spoken => spoken_view(&transcript, &tokens, &spoken),
    };
    one(rule, &view.only(|turn| rule.need.is_met(turn))).into_iter().map(|f| f.words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_of_every_rule_holds() {
        let (run, broken) = test_examples(&PatternSet::builtin().unwrap());
        assert!(run > 200, "{run} examples");
        assert!(broken.is_empty(), "{broken:#?}");
    }
}
