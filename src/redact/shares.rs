//! When words were said of which only the segment's time is known.
//!
//! People pause where they like, so a share of the segment by letters is a guess. What is certain is that the letters
//! in front of a word, and those after it, took some time: nobody speaks faster than [`LETTERS_PER_S_MAX`].

use super::blanks::masked;
use crate::base::{TimeSpan, WordSpan};
use crate::model::Transcript;

/// Letters and digits a second of the fastest talkers, 300 words a minute; a digit that is written as one sign takes
/// longer, which only widens.
const LETTERS_PER_S_MAX: u64 = 25;

/// Where in their segments the words of a transcript can lie. Found once for all words, so that hostile transcripts cost
/// no more than their length.
pub(super) struct Shares<'a> {
    transcript: &'a Transcript,
    /// For each word: the letters of its segment before it.
    before: Vec<u64>,
    /// For each word: the letters of its whole segment.
    whole: Vec<u64>,
}

impl<'a> Shares<'a> {
    /// Words of a turn that stand side by side and have one time are a segment.
    pub(super) fn new(transcript: &'a Transcript) -> Self {
        let words = transcript.words();
        let (mut before, mut whole) = (Vec::with_capacity(words.len()), Vec::with_capacity(words.len()));
        for turn in transcript.turns() {
            let turn = turn.words.range();
            let same = |w: &usize| turn.contains(&(w + 1)) && words[*w].time == words[w + 1].time;
            let mut at = turn.start;
            while at < turn.end {
                let end = (at..turn.end).find(|w| !same(w)).map_or(turn.end, |last| last + 1);
                let mut sum = 0;
                for word in at..end {
                    before.push(sum);
                    sum += letters(transcript, word);
                }
                whole.resize(before.len(), sum);
                at = end;
            }
        }
        Self { transcript, before, whole }
    }

    /// The time within which these words of one turn were said: from the earliest moment at which the first can have
    /// begun to the latest at which the last can have ended. Their segments whole, where the letters of one do not fit
    /// into its time; nothing where they have no time.
    pub(super) fn within(&self, words: WordSpan) -> Option<TimeSpan> {
        let first = words.range().find_map(|w| self.bounds(w))?;
        let last = words.range().rev().find_map(|w| self.bounds(w))?;
        TimeSpan::new(first.start_ms(), last.end_ms()).ok().or_else(|| Some(first.cover(last)))
    }

    /// From the earliest start to the latest end of a word.
    fn bounds(&self, word: usize) -> Option<TimeSpan> {
        let time = self.transcript.words()[word].time?;
        let least_ms = |letters: u64| u32::try_from(letters * 1000 / LETTERS_PER_S_MAX).unwrap_or(u32::MAX);
        if least_ms(self.whole[word]) > time.len_ms() {
            return Some(time);
        }
        let after = self.whole[word] - self.before[word] - letters(self.transcript, word);
        let start_ms = time.start_ms() + least_ms(self.before[word]);
        Some(TimeSpan::new(start_ms, time.end_ms() - least_ms(after)).unwrap_or(time))
    }
}

/// Letters and digits that were said at least; a mask may stand for none that are counted here.
fn letters(transcript: &Transcript, word: usize) -> u64 {
    if masked(transcript, word).is_some() {
        return 0;
    }
    transcript.word_text(word).expose().chars().filter(|c| c.is_alphanumeric()).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{TimeSource, TurnKind};
    use crate::redact::testing::{Said, timed};

    /// `words` of one turn of these segments; each is a text and its time.
    fn check(segments: &[(&'static str, Option<(u32, u32)>)], words: (u32, u32), want: Option<(u32, u32)>) {
        let said: Vec<Said<'_>> =
            segments.iter().flat_map(|(text, time)| text.split(' ').map(|w| (w, *time))).collect();
        let transcript = timed(TimeSource::Segment, &[(TurnKind::Spoken, &said)]);
        let got = Shares::new(&transcript).within(WordSpan::new(words.0, words.1));
        assert_eq!(got.map(|t| (t.start_ms(), t.end_ms())), want);
    }

    #[test]
    fn the_letters_around_a_word_take_time_and_pauses_may_stand_anywhere() {
        let segment = [("this is john smith thanks", Some((1_000, 9_000)))];
        check(&segment, (2, 4), Some((1_240, 8_760)));
        check(&segment, (0, 1), Some((1_000, 8_320)));
        check(&segment, (0, 5), Some((1_000, 9_000)));
        check(&[("this is [MEMBER_ID] [NAME] thanks", Some((1_000, 9_000)))], (2, 3), Some((1_240, 8_760)));
    }

    #[test]
    fn words_over_two_segments_begin_in_the_one_and_end_in_the_other() {
        let segments = [("my name is", Some((0, 2_000))), ("john smith thanks", Some((2_000, 4_000)))];
        check(&segments, (2, 4), Some((240, 3_560)));
        check(&[segments[0], ("john", None)], (2, 4), Some((240, 2_000)));
        check(&[("john", None)], (0, 1), None);
    }

    #[test]
    fn a_segment_that_says_too_much_for_its_time_is_taken_whole() {
        check(&[("this is john smith thanks", Some((1_000, 1_500)))], (2, 4), Some((1_000, 1_500)));
        check(&[("is john", Some((5_000, 5_000))), ("smith", Some((1_000, 2_000)))], (1, 3), Some((1_000, 5_000)));
    }
}
