//! Which of the words that a recogniser claims to hear are evidence that something is left. Recognisers fill silence with
//! words that nobody said, and read a word that may be shown as one that may not. Must not look at the sound itself: that
//! mutes are silent has been proven by decoding.

use crate::base::{Phi, TimeSpan};
use crate::model::{Finding, Transcript};
use std::collections::HashMap;

/// How far the times of two recognisers may lie apart for the same word, milliseconds.
const APART_MS_MAX: u32 = 1_500;

/// What the words of a recogniser are held against.
#[derive(Default)]
pub(super) struct Known {
    /// Where the recording is proven to be silent; sorted, disjoint.
    silent: Vec<TimeSpan>,
    /// Words that the redacted transcripts show, and when they are said.
    shown: HashMap<Phi<String>, Vec<TimeSpan>>,
}

impl Known {
    /// A recording that is silent then.
    pub(super) fn silent(spans: Vec<TimeSpan>) -> Self {
        Self { silent: spans, shown: HashMap::new() }
    }

    /// Adds the words of a redacted transcript on the recording's clock.
    pub(super) fn show(&mut self, copy: &Transcript) {
        for (index, word) in copy.words().iter().enumerate() {
            if let Some(time) = word.time {
                self.shown.entry(folded(copy.word_text(index))).or_default().push(time);
            }
        }
    }

    /// Whether a finding in what a recogniser says has a word that is neither heard where nothing is to be heard, nor
    /// shown at that time.
    pub(super) fn is_evidence(&self, finding: &Finding, heard: &Transcript) -> bool {
        finding.words.range().any(|index| match heard.words()[index].time {
            Some(time) => !self.is_silent(time) && !self.is_shown(heard.word_text(index), time),
            None => true,
        })
    }

    fn is_silent(&self, time: TimeSpan) -> bool {
        let at = self.silent.partition_point(|span| span.end_ms() < time.end_ms());
        self.silent.get(at).is_some_and(|span| span.start_ms() <= time.start_ms())
    }

    fn is_shown(&self, word: Phi<&str>, time: TimeSpan) -> bool {
        let times = self.shown.get(&folded(word));
        times.is_some_and(|times| times.iter().any(|shown| shown.widened(APART_MS_MAX).overlaps(time)))
    }
}

fn folded(word: Phi<&str>) -> Phi<String> {
    Phi::new(word.expose().chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Category, TimeSource, TurnKind};
    use crate::redact::testing::{finding, timed};

    #[test]
    fn words_in_silence_and_words_that_are_shown_are_no_evidence() {
        let span = |from, to| TimeSpan::new(from, to).unwrap();
        let mut known = Known::silent(vec![span(1_000, 2_000), span(5_000, 9_000)]);
        known.show(&timed(TimeSource::Recogniser, &[(TurnKind::Spoken, &[("May,", Some((3_000, 3_300)))])]));
        let check = |words: &[(&str, Option<(u32, u32)>)], want: bool| {
            let heard = timed(TimeSource::Coarse, &[(TurnKind::Spoken, words)]);
            let finding = finding(Category::Name, 0, words.len() as u32, 1.0);
            assert_eq!(known.is_evidence(&finding, &heard), want, "{words:?}");
        };
        check(&[("ana", Some((1_000, 2_000)))], false);
        check(&[("ana", Some((5_100, 5_200))), ("brooks", Some((5_200, 8_999)))], false);
        check(&[("ana", Some((900, 1_500)))], true);
        check(&[("ana", Some((1_500, 2_001)))], true);
        check(&[("ana", Some((1_500, 1_900))), ("brooks", Some((2_000, 2_500)))], true);
        check(&[("may", Some((4_000, 4_300)))], false);
        check(&[("may", Some((9_500, 9_900)))], true);
        check(&[("june", Some((3_000, 3_300)))], true);
        check(&[("may", None)], true);
    }
}
