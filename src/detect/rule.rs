//! Applies the rules to both views, and tests their examples.

use super::spoken::{Spoken, spoken};
use super::token::{Tokens, tokens};
use super::view::{TextView, spoken_view, written};
use crate::base::{Phi, WordSpan};
use crate::model::{Finding, Speaker, TimeSource, Transcript, TranscriptBuilder, TurnKind};
use crate::patterns::PatternSet;
use crate::patterns::rules::{Rule, View};

/// Findings of all rules, in no particular order; they may overlap, and lie within turns.
pub(super) fn ruled(patterns: &PatternSet, transcript: &Transcript, tokens: &Tokens, spoken: &Spoken) -> Vec<Finding> {
    let views = (written(tokens), spoken_view(transcript, tokens, spoken));
    patterns.all_rules().iter().flat_map(|rule| one(rule, &views)).collect()
}

fn one(rule: &Rule, views: &(TextView, TextView)) -> Vec<Finding> {
    let view = match rule.view {
        View::Written => &views.0,
        View::Spoken => &views.1,
    };
    let finding = |words| Finding {
        rule: rule.id.clone(),
        category: rule.category,
        words,
        score: rule.score,
        evidence: Vec::new(),
    };
    rule.find_in(view.text())
        .into_iter()
        .filter(|bytes| !view.text()[bytes.clone()].contains('\n'))
        .filter_map(|bytes| view.words(bytes))
        .map(finding)
        .collect()
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
    let views = (written(&tokens), spoken_view(&transcript, &tokens, &spoken));
    one(rule, &views).into_iter().map(|f| f.words).collect()
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
