//! Findings to a plan: which words are masked, which time is muted. Decides, never edits.

use super::heard::Heard;
use super::mutes::{self, Muted};
use crate::base::{Error, Kind, Result, Stage, WordSpan};
use crate::model::{Edit, Finding, Policy, RedactionPlan, RuleId, Transcript};
use std::cmp::Ordering;

/// Decides what is hidden: every finding whose category the policy hides, as words and, where there
/// is a recording, as time.
///
/// # Errors
/// Holds the call when hidden words have no usable times. Fails as [`Kind::Internal`] on a finding
/// that is empty, outside the transcript or across a turn.
pub fn plan(
    findings: &[Finding],
    policy: &Policy,
    transcript: &Transcript,
    recording: Option<Heard<'_>>,
) -> Result<RedactionPlan> {
    let edits = edits(findings, policy, transcript)?;
    let Some(heard) = recording else { return Ok(RedactionPlan { edits, ..RedactionPlan::default() }) };
    let Muted { mutes, flags, beside } = mutes::mutes(&edits, policy, transcript, heard)?;
    Ok(RedactionPlan { edits, mutes, flags: flags.into_iter().collect(), beside })
}

/// Joins findings that share a word; nothing that was found is dropped.
///
/// A finding inside another one takes the outer one's category (of two on the same words the higher
/// score's). Where findings overlap in part, the category first in the order of [`Category`] wins.
///
/// [`Category`]: crate::model::Category
pub(super) fn edits(findings: &[Finding], policy: &Policy, transcript: &Transcript) -> Result<Vec<Edit>> {
    let mut hidden: Vec<&Finding> = findings.iter().filter(|f| policy.hides(f.category)).collect();
    hidden.sort_by(|a, b| outer_first(a, b));
    let mut edits: Vec<Edit> = Vec::new();
    for finding in hidden {
        check_bounds(finding.words, transcript)?;
        match edits.last_mut().filter(|e| e.words.overlaps(finding.words)) {
            Some(edit) => join(edit, finding),
            None => {
                edits.push(Edit { words: finding.words, category: finding.category, rules: vec![finding.rule.clone()] })
            }
        }
    }
    for edit in &mut edits {
        edit.rules.sort_unstable();
        edit.rules.dedup();
    }
    Ok(edits)
}

/// By first word; of findings that start together, the longer, then the surer, then the graver first.
fn outer_first(a: &Finding, b: &Finding) -> Ordering {
    let position = |f: &Finding| (f.words.start, std::cmp::Reverse(f.words.end));
    position(a)
        .cmp(&position(b))
        .then_with(|| b.score.total_cmp(&a.score))
        .then_with(|| (a.category, &a.rule).cmp(&(b.category, &b.rule)))
}

/// Takes `finding`, which starts no earlier than what was joined so far, into `edit`.
fn join(edit: &mut Edit, finding: &Finding) {
    // What set the edit's end starts no later, so a finding that ends within lies inside one finding.
    if finding.words.end > edit.words.end {
        edit.words.end = finding.words.end;
        edit.category = edit.category.min(finding.category);
    }
    edit.rules.push(RuleId::clone(&finding.rule));
}

fn check_bounds(words: WordSpan, transcript: &Transcript) -> Result<()> {
    let inside = !words.is_empty()
        && turn_of(transcript, words.start).is_some_and(|t| words.end <= transcript.turns()[t].words.end);
    if inside {
        return Ok(());
    }
    Err(Error::new(Stage::Plan, Kind::Internal, "finding lies outside its turn").at("word", words.start.into()))
}

/// The turn that holds a word.
pub(super) fn turn_of(transcript: &Transcript, word: u32) -> Option<usize> {
    let turns = transcript.turns();
    let at = turns.partition_point(|t| t.words.end <= word);
    (at < turns.len() && turns[at].words.start <= word).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Category;
    use crate::redact::testing::{finding, policy, turns};

    fn check(findings: &[(Category, u32, u32, f32)], want: &[(Category, u32, u32)]) {
        let transcript = turns(&["my name is john smith of 12 oak street", "oh thank you"]);
        let findings: Vec<Finding> = findings.iter().map(|&(c, a, b, score)| finding(c, a, b, score)).collect();
        let edits = edits(&findings, &policy(), &transcript).unwrap();
        let got: Vec<_> = edits.iter().map(|e| (e.category, e.words.start, e.words.end)).collect();
        assert_eq!(got, want);
    }

    #[test]
    fn overlapping_findings_are_joined_not_dropped() {
        // In part: the category first in precedence, over all words of both.
        check(&[(Category::Name, 3, 5, 0.9), (Category::Address, 4, 9, 0.5)], &[(Category::Address, 3, 9)]);
        check(&[(Category::Address, 3, 5, 0.9), (Category::Name, 4, 9, 0.5)], &[(Category::Address, 3, 9)]);
        // Inside: the outer one's category.
        check(&[(Category::Name, 3, 9, 0.1), (Category::Ssn, 4, 6, 0.9)], &[(Category::Name, 3, 9)]);
        check(&[(Category::Ssn, 3, 4, 0.9), (Category::Name, 3, 9, 0.1)], &[(Category::Name, 3, 9)]);
        // The same words: the higher score's, then precedence.
        check(&[(Category::Ssn, 3, 5, 0.4), (Category::Name, 3, 5, 0.8)], &[(Category::Name, 3, 5)]);
        check(&[(Category::Name, 3, 5, 0.8), (Category::Ssn, 3, 5, 0.8)], &[(Category::Ssn, 3, 5)]);
    }

    #[test]
    fn a_chain_of_overlaps_is_one_edit_with_every_rule() {
        let transcript = turns(&["a b c d e f g h"]);
        let chain = [
            finding(Category::Name, 0, 3, 0.5),
            finding(Category::City, 2, 5, 0.5),
            finding(Category::Phone, 4, 7, 0.5),
            finding(Category::Name, 0, 3, 0.5),
        ];
        let edits = edits(&chain, &policy(), &transcript).unwrap();
        assert_eq!(edits.len(), 1);
        assert_eq!((edits[0].words, edits[0].category), (WordSpan::new(0, 7), Category::Phone));
        assert_eq!(edits[0].rules.iter().map(RuleId::as_str).collect::<Vec<_>>(), ["city", "name", "phone"]);
    }

    #[test]
    fn neighbours_that_share_no_word_stay_apart() {
        check(
            &[(Category::City, 5, 6, 0.5), (Category::Name, 3, 5, 0.5)],
            &[(Category::Name, 3, 5), (Category::City, 5, 6)],
        );
    }

    #[test]
    fn a_category_that_the_policy_shows_is_left_and_other_is_hidden_always() {
        let transcript = turns(&["on may fifth 12345"]);
        let mut policy = policy();
        policy.hide = vec![Category::Name];
        let findings = [finding(Category::Date, 1, 4, 0.9), finding(Category::Other, 3, 4, 0.2)];
        let edits = edits(&findings, &policy, &transcript).unwrap();
        assert_eq!(edits.len(), 1);
        assert_eq!((edits[0].words, edits[0].category), (WordSpan::new(3, 4), Category::Other));
    }

    #[test]
    fn a_finding_outside_its_turn_is_refused() {
        let transcript = turns(&["one two", "three"]);
        for (a, b) in [(1, 3), (2, 4), (3, 4), (1, 1)] {
            let error = edits(&[finding(Category::Name, a, b, 1.0)], &policy(), &transcript).unwrap_err();
            assert_eq!(error.kind, Kind::Internal);
        }
    }

    #[test]
    fn a_call_without_a_recording_has_no_mutes_and_needs_no_times() {
        let transcript = turns(&["this is john"]);
        let plan = plan(&[finding(Category::Name, 2, 3, 1.0)], &policy(), &transcript, None).unwrap();
        assert_eq!((plan.edits.len(), plan.mutes.len()), (1, 0));
    }
}
