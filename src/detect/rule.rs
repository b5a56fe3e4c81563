//! Applies the rules to both views, and tests their examples.

use super::organisation;
use super::spoken::{Spoken, spoken};
use super::token::{Tokens, tokens};
use super::view::{TextView, spoken_view, written};
use crate::base::{Phi, WordSpan};
use crate::model::{Finding, Speaker, TimeSource, Transcript, TranscriptBuilder, TurnKind};
use crate::patterns::PatternSet;
use crate::patterns::rules::{Example, Need, Rule, View};
use std::ops::Range;

/// Findings of all rules, rule by rule; they may overlap, and lie within turns.
pub(super) fn ruled(patterns: &PatternSet, transcript: &Transcript, tokens: &Tokens, spoken: &Spoken) -> Vec<Finding> {
    let mut turns = Turns { views: [written(tokens), spoken_view(transcript, tokens, spoken)], made: Vec::new() };
    patterns.all_rules().iter().flat_map(|rule| one(rule, turns.that_meet(rule.need(), rule.view))).collect()
}

/// The turns that rules search. Most turns have no digit, and most rules need some.
struct Turns<'a> {
    /// All turns, by view.
    views: [TextView<'a>; 2],
    /// Turns that meet a need, made when a rule first asks for them.
    made: Vec<(View, Need, TextView<'static>)>,
}

impl<'a> Turns<'a> {
    fn that_meet(&mut self, need: Need, view: View) -> &TextView<'a> {
        if need == Need::Nothing {
            return &self.views[view as usize];
        }
        let is_made = |made: &(View, Need, _)| (made.0, made.1) == (view, need);
        let at = self.made.iter().position(is_made).unwrap_or_else(|| {
            // Turns with many digits are sought among those that have one.
            let met = self.that_meet(need.least(), view).only(|turn| need.is_met(turn));
            self.made.push((view, need, met));
            self.made.len() - 1
        });
        &self.made[at].2
    }
}

/// What one rule finds in a view.
pub(super) fn findings(rule: &Rule, view: &TextView<'_>) -> Vec<Finding> {
    one(rule, view)
}

fn one(rule: &Rule, view: &TextView<'_>) -> Vec<Finding> {
    let finding = |words| Finding { rule: rule.id.clone(), category: rule.category, words, score: rule.score };
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
    /// The file that it stands in.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong.
    pub wrong: &'static str,
}

/// Runs the examples of all rules and of the lists of organisations; returns how many were run, and those that do
/// not hold.
#[must_use]
pub fn test_patterns(patterns: &PatternSet) -> (usize, Vec<BrokenExample>) {
    let (run, mut broken) = test_examples(patterns.every_rule());
    let (more, broken_too) = organisation::test_examples(patterns.organisations());
    broken.extend(broken_too);
    (run + more, broken)
}

/// Runs rules on their own examples; returns how many were run, and those that do not hold.
#[must_use]
pub fn test_examples<'r>(rules: impl Iterator<Item = &'r Rule>) -> (usize, Vec<BrokenExample>) {
    let (mut broken, mut run) = (Vec::new(), 0);
    for rule in rules {
        let mut wrong = |example: &str, line, wrong| {
            let (rule, file) = (rule.id.to_string(), rule.file.clone());
            broken.push(BrokenExample { rule, example: example.to_owned(), file, line, wrong });
        };
        for Example { text, line } in &rule.must_match {
            run += 1;
            match (expected(text), hits(rule, &text.replace(['{', '}'], " "))) {
                (None, _) => wrong(text, *line, "the example has no braces"),
                (Some(want), got) if got != [want] => {
                    wrong(text, *line, "the rule does not find exactly the words in braces")
                }
                _ => {}
            }
        }
        for Example { text, line } in &rule.must_not_match {
            run += 1;
            if !hits(rule, text).is_empty() {
                wrong(text, *line, "the rule finds something");
            }
        }
        for value in rule.generated() {
            run += 1;
            if hits(rule, &format!("it is {value} yes")).is_empty() {
                wrong(&value, rule.line, "the rule misses a generated value");
            }
        }
    }
    (run, broken)
}

/// The words in braces.
pub(super) fn expected(example: &str) -> Option<WordSpan> {
    let (before, rest) = example.split_once('{')?;
    let (inside, _) = rest.split_once('}')?;
    let start = before.split_whitespace().count() as u32;
    Some(WordSpan::new(start, start + inside.split_whitespace().count() as u32))
}

/// A call of this one turn.
pub(super) fn one_turn(said: &str) -> Transcript {
    let mut b = TranscriptBuilder::new(TimeSource::None);
    b.turn(TurnKind::Spoken, Speaker::Caller, None);
    b.say(Phi::new(said));
    b.build()
}

fn hits(rule: &Rule, said: &str) -> Vec<WordSpan> {
    let transcript = one_turn(said);
    let tokens = tokens(&transcript);
    let spoken = spoken(&transcript, &tokens);
    let view = match rule.view {
        View::Written => written(&tokens),
        View::Spoken => spoken_view(&transcript, &tokens, &spoken),
    };
    one(rule, &view.only(|turn| rule.need().is_met(turn))).into_iter().map(|f| f.words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_of_every_rule_holds() {
        let (run, broken) = test_patterns(&PatternSet::builtin().unwrap());
        assert!(run > 200, "{run} examples");
        assert!(broken.is_empty(), "{broken:#?}");
    }
}
