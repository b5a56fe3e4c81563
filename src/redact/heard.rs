//! What is heard in a recording against what its transcript says: speech that no word accounts for, and words that are
//! said where nobody speaks. Says where; what is done about it is the policy's.

use crate::audio::{Activity, Bleed, FRAME_MS};
use crate::base::{TimeSpan, WordSpan};
use crate::model::{Category, Transcript, Turn, TurnKind};

/// What is recorded of a call: its length, and what is heard in it where somebody has listened.
#[derive(Clone, Copy)]
pub struct Heard<'a> {
    /// How long it is, milliseconds.
    pub length_ms: u64,
    /// What is heard.
    pub activity: Option<&'a Activity>,
    /// Whether what is said on one channel is in the other, where that was measured.
    pub bleed: Option<&'a Bleed>,
    /// When it must be silent because people have said so.
    pub by_hand: &'a [(TimeSpan, Category)],
}

/// Another channel's speech is heard on this one by bleed, if it is quieter here by this, half decibels (12 dB).
const BLEED: u8 = 24;
/// A word may last this long whatever it is, milliseconds, ...
const WORD_MS: u32 = 700;
/// ... and longer for each letter, ...
const LETTER_MS: u32 = 90;
/// ... and for each digit, which is a word of its own when said, ...
const DIGIT_MS: u32 = 700;
/// ... and for each mark within, which may be said too ("dot", "dash", "at").
const MARK_MS: u32 = 300;
/// A digit takes as long to say as so many letters.
const LETTERS_A_DIGIT: u32 = 5;
/// The share of a transcript's words, in percent, that must be said where somebody speaks for its times to count.
const VOICED_PERCENT_MIN: usize = 80;

/// Speech of at least `ms_min` in one piece that no word of the transcript accounts for and that is not hidden anyway:
/// sorted, disjoint. `hidden` says when that is on a channel: sorted, disjoint.
///
/// Where the transcript says on which channel each word was said, only words of a channel account for its speech, and
/// other channels' words for their bleed. A word accounts for as much time as its letters take in this call, though its
/// own times may be shorter: recognisers often report the peak of a word and not its length.
pub(super) fn unaccounted(
    transcript: &Transcript,
    activity: &Activity,
    hidden: &dyn Fn(u16) -> Vec<TimeSpan>,
    ms_min: u32,
) -> Vec<TimeSpan> {
    let channels = activity.voice().len();
    let said = Said::new(transcript, activity);
    let mut pieces = Vec::new();
    for channel in 0..channels {
        let accounted = said.times(|on| on.is_none_or(|on| on == channel));
        let elsewhere = said.times(|on| on.is_some_and(|on| on != channel));
        let open = subtract(&subtract(&activity.voice()[channel], &accounted), &hidden(channel as u16));
        let bled = intersect(&open, &elsewhere).into_iter().filter(|piece| is_bleed(activity, channel, *piece));
        let left = subtract(&open, &bled.collect::<Vec<_>>());
        pieces.extend(left.into_iter().filter(|piece| piece.len_ms() >= ms_min));
    }
    TimeSpan::union(pieces)
}

/// Whether most words are said where somebody speaks, so that those which are not are out of place.
pub(super) fn is_in_time(transcript: &Transcript, activity: &Activity) -> bool {
    let voice = anywhere(activity);
    let spoken = transcript.turns().iter().filter(|t| t.kind == TurnKind::Spoken);
    are_in_time(spoken.flat_map(|t| &transcript.words()[t.words.range()]).filter_map(|w| w.time), &voice)
}

/// Whether most words of these times are said while somebody speaks; not where there are none.
pub(super) fn are_in_time(times: impl Iterator<Item = TimeSpan>, voice: &[TimeSpan]) -> bool {
    let (mut words, mut voiced) = (0, 0);
    for time in times.filter(|t| t.len_ms() > 0) {
        words += 1;
        voiced += usize::from(overlap_ms(voice, time) > 0);
    }
    words > 0 && voiced * 100 >= words * VOICED_PERCENT_MIN
}

/// When somebody speaks on any channel: sorted, disjoint.
pub(super) fn anywhere(activity: &Activity) -> Vec<TimeSpan> {
    TimeSpan::union(activity.voice().iter().flatten().copied().collect())
}

/// Milliseconds of a span that lie in sorted, disjoint spans.
pub(super) fn overlap_ms(spans: &[TimeSpan], span: TimeSpan) -> u32 {
    let from = spans.partition_point(|s| s.end_ms() <= span.start_ms());
    let within = spans[from..].iter().take_while(|s| s.start_ms() < span.end_ms());
    within.map(|s| s.end_ms().min(span.end_ms()) - s.start_ms().max(span.start_ms())).sum()
}

/// When words account for speech, and on which channel where that is known.
struct Said {
    accounts: Vec<(Option<usize>, TimeSpan)>,
}

impl Said {
    fn new(transcript: &Transcript, activity: &Activity) -> Self {
        let channels = activity.voice().len();
        let turns = || transcript.turns().iter().filter(|t| t.kind == TurnKind::Spoken);
        let place = |turn: &Turn| turn.channel.map(usize::from).filter(|on| *on < channels);
        let is_placed = channels > 1 && turns().all(|turn| place(turn).is_some());
        let voice = anywhere(activity);
        let timed: Vec<_> = turns()
            .flat_map(|turn| {
                let on = if is_placed { place(turn) } else { None };
                timed(transcript, turn.words).into_iter().map(move |words| (on, words))
            })
            .collect();
        let letter_ms = letter_ms(timed.iter().map(|(_, words)| words));
        let fits = |on: Option<usize>, words: &Timed| {
            overlap_ms(on.map_or(&voice, |on| &activity.voice()[on]), words.time) <= words.longest_ms
        };
        let fitting = timed.into_iter().filter(|(on, words)| fits(*on, words));
        Self { accounts: fitting.map(|(on, words)| (on, words.at_usual_length(letter_ms))).collect() }
    }

    /// When words are said on channels that pass, `None` being a channel that nobody knows.
    fn times(&self, passes: impl Fn(Option<usize>) -> bool) -> Vec<TimeSpan> {
        TimeSpan::union(self.accounts.iter().filter(|(on, _)| passes(*on)).map(|(_, time)| *time).collect())
    }
}

/// Words of one time: one word, or those of a segment that has no time for each.
struct Timed {
    time: TimeSpan,
    letters: u32,
    longest_ms: u32,
}

impl Timed {
    /// Their time, widened on both sides to what they usually take.
    fn at_usual_length(&self, letter_ms: u32) -> TimeSpan {
        let usual = self.letters.saturating_mul(letter_ms);
        self.time.widened(usual.saturating_sub(self.time.len_ms()) / 2)
    }
}

fn timed(transcript: &Transcript, words: WordSpan) -> Vec<Timed> {
    let mut timed: Vec<Timed> = Vec::new();
    for word in words.range() {
        let Some(time) = transcript.words()[word].time else { continue };
        let text = transcript.word_text(word).into_exposed();
        let (letters, longest_ms) = (letters(text), longest_ms(text));
        match timed.last_mut().filter(|last| last.time == time) {
            Some(last) => {
                last.letters = last.letters.saturating_add(letters);
                last.longest_ms = last.longest_ms.saturating_add(longest_ms);
            }
            None => timed.push(Timed { time, letters, longest_ms }),
        }
    }
    timed
}

/// How long a letter usually takes in a call, milliseconds.
fn letter_ms<'a>(timed: impl Iterator<Item = &'a Timed>) -> u32 {
    let mut each: Vec<u32> = timed.filter(|t| t.letters > 0).map(|t| t.time.len_ms() / t.letters).collect();
    let middle = each.len() / 2;
    if each.is_empty() { 0 } else { *each.select_nth_unstable(middle).1 }
}

/// How much there is to say in a word, in letters.
fn letters(text: &str) -> u32 {
    let each = |c: char| match c {
        _ if c.is_numeric() => LETTERS_A_DIGIT,
        _ => u32::from(c.is_alphabetic()),
    };
    text.chars().map(each).fold(0, u32::saturating_add)
}

/// How long a word can take to say, at most, milliseconds; what lasts longer has other speech in it.
pub(super) fn longest_ms(text: &str) -> u32 {
    let each = |c: char| match c {
        _ if c.is_numeric() => DIGIT_MS,
        _ if c.is_alphabetic() => LETTER_MS,
        _ => MARK_MS,
    };
    text.chars().map(each).fold(WORD_MS, u32::saturating_add)
}

/// Whether what is heard on a channel is quieter than on another by so much that it may be that one's bleed.
fn is_bleed(activity: &Activity, channel: usize, piece: TimeSpan) -> bool {
    let frames = (piece.start_ms() / FRAME_MS) as usize..(piece.end_ms() / FRAME_MS) as usize;
    let mean = |levels: &[u8]| {
        let levels = levels.get(frames.clone()).unwrap_or_default();
        levels.iter().map(|level| u64::from(*level)).sum::<u64>() / levels.len().max(1) as u64
    };
    let here = mean(&activity.levels()[channel]);
    activity.levels().iter().any(|there| mean(there) >= here + u64::from(BLEED))
}

/// What of `spans` is not in `holes`; both sorted and disjoint.
fn subtract(spans: &[TimeSpan], holes: &[TimeSpan]) -> Vec<TimeSpan> {
    let mut left = Vec::new();
    let mut hole = 0;
    for span in spans {
        let mut start = span.start_ms();
        while holes.get(hole).is_some_and(|h| h.end_ms() <= start) {
            hole += 1;
        }
        for h in holes[hole..].iter().take_while(|h| h.start_ms() < span.end_ms()) {
            left.extend(nonempty(start, h.start_ms()));
            start = start.max(h.end_ms());
        }
        left.extend(nonempty(start, span.end_ms()));
    }
    left
}

/// What of `spans` is in `others`; both sorted and disjoint.
fn intersect(spans: &[TimeSpan], others: &[TimeSpan]) -> Vec<TimeSpan> {
    subtract(spans, &subtract(spans, others))
}

fn nonempty(start_ms: u32, end_ms: u32) -> Option<TimeSpan> {
    TimeSpan::new(start_ms, end_ms).ok().filter(|span| span.len_ms() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Phi;
    use crate::model::{Speaker, TimeSource, TranscriptBuilder};
    use proptest::prelude::*;

    type Spoken<'a> = (Option<u16>, &'a [(&'a str, u32, u32)]);

    fn transcript(turns: &[Spoken<'_>]) -> Transcript {
        let mut builder = TranscriptBuilder::new(TimeSource::Recogniser);
        for (channel, words) in turns {
            builder.turn(TurnKind::Spoken, Speaker::Unknown, *channel);
            for &(text, from, to) in *words {
                builder.word(Phi::new(text), Some(TimeSpan::new(from, to).unwrap()), 1.0);
            }
        }
        builder.build()
    }

    fn spans(spans: &[(u32, u32)]) -> Vec<TimeSpan> {
        spans.iter().map(|&(a, b)| TimeSpan::new(a, b).unwrap()).collect()
    }

    /// Channels on which somebody speaks then, each at its level.
    fn activity(channels: &[(u8, &[(u32, u32)])]) -> Activity {
        let levels = |level: u8, voice: &[(u32, u32)]| {
            (0..1000)
                .map(|f| if voice.iter().any(|v| (v.0..v.1).contains(&(f * FRAME_MS))) { level } else { 0 })
                .collect()
        };
        Activity::new(
            channels.iter().map(|(_, voice)| spans(voice)).collect(),
            Vec::new(),
            channels.iter().map(|(level, voice)| levels(*level, voice)).collect(),
        )
    }

    #[track_caller]
    fn check(turns: &[Spoken<'_>], channels: &[(u8, &[(u32, u32)])], hidden: &[(u32, u32)], want: &[(u32, u32)]) {
        let got = unaccounted(&transcript(turns), &activity(channels), &|_| spans(hidden), 200);
        assert_eq!(got, spans(want));
    }

    #[test]
    fn speech_without_words_is_found_beside_and_between_words() {
        let said: &[Spoken<'_>] = &[(None, &[("hello", 1000, 1400), ("there", 2000, 2400)])];
        check(said, &[(150, &[(1000, 2400)])], &[], &[(1400, 2000)]);
        check(said, &[(150, &[(1000, 1400), (2000, 2400)])], &[], &[]);
        check(said, &[(150, &[(700, 1400), (2000, 2599)])], &[], &[(700, 1000)]);
        check(&[], &[(150, &[(0, 9000)])], &[], &[(0, 9000)]);
    }

    #[test]
    fn what_is_hidden_anyway_is_not_counted() {
        let said: &[Spoken<'_>] = &[(None, &[("hello", 1000, 1400)])];
        check(said, &[(150, &[(1000, 2400)])], &[(1300, 2300)], &[]);
        check(said, &[(150, &[(1000, 2400)])], &[(1500, 1700)], &[(1700, 2400)]);
    }

    #[test]
    fn words_account_for_their_own_channel_and_for_bleed_on_others() {
        let said: &[Spoken<'_>] = &[(Some(0), &[("hello", 1000, 1400)]), (Some(1), &[("yes", 3000, 3300)])];
        // Both speak: the second channel's speech has no words of its own.
        check(said, &[(150, &[(1000, 1400)]), (140, &[(1000, 1400), (3000, 3300)])], &[], &[(1000, 1400)]);
        // The same 20 dB quieter is the first channel's.
        check(said, &[(150, &[(1000, 1400)]), (110, &[(1000, 1400), (3000, 3300)])], &[], &[]);
        // But not where the first channel says nothing.
        check(said, &[(150, &[(1000, 1400)]), (110, &[(2000, 2400), (3000, 3300)])], &[], &[(2000, 2400)]);
    }

    #[test]
    fn a_transcript_that_does_not_place_all_turns_accounts_for_all_channels() {
        let said: &[Spoken<'_>] = &[(Some(0), &[("hello", 1000, 1400)]), (None, &[("yes", 3000, 3300)])];
        check(said, &[(150, &[(1000, 1400)]), (150, &[(1000, 1400), (3000, 3300)])], &[], &[]);
        let said: &[Spoken<'_>] = &[(Some(7), &[("hello", 1000, 1400)])];
        check(said, &[(150, &[(1000, 1400)]), (150, &[(1000, 1400)])], &[], &[]);
    }

    #[test]
    fn a_word_in_which_too_much_is_said_accounts_for_nothing() {
        let said = |to| [("is", 1000, to)];
        check(&[(None, &said(1800))], &[(150, &[(1000, 1800)])], &[], &[]);
        check(&[(None, &said(2600))], &[(150, &[(1000, 2600)])], &[], &[(1000, 2600)]);
        // A word whose time goes on into silence does.
        check(&[(None, &said(2600))], &[(150, &[(1000, 1800)])], &[], &[]);
        check(&[(None, &[("555-0134.", 1000, 4000)])], &[(150, &[(1000, 4000)])], &[], &[]);
        let segment = [("this", 1000, 4000), ("is", 1000, 4000), ("about", 1000, 4000), ("right", 1000, 4000)];
        check(&[(None, &segment)], &[(150, &[(1000, 4000)])], &[], &[]);
        check(&[(None, &segment[..2])], &[(150, &[(1000, 4000)])], &[], &[(1000, 4000)]);
    }

    #[test]
    fn a_word_whose_time_is_too_short_accounts_for_its_usual_length() {
        let said: &[Spoken<'_>] = &[(None, &[("hello", 1000, 1500), ("there", 1700, 1800), ("again", 2000, 2500)])];
        // 100 ms a letter: the word in the middle took from 1500 to 2000.
        check(said, &[(150, &[(1000, 2500)])], &[], &[]);
        let said: &[Spoken<'_>] = &[(None, &[("hello", 1000, 1500), ("a", 1750, 1800), ("again", 2000, 2500)])];
        check(said, &[(150, &[(1000, 2500)])], &[], &[(1500, 1725)]);
    }

    #[test]
    fn words_in_silence_are_out_of_place_unless_most_are() {
        let words: &[(&str, u32, u32)] = &[("a", 0, 100), ("b", 200, 300), ("c", 400, 500), ("d", 600, 700)];
        let heard = |voice: &[(u32, u32)]| is_in_time(&transcript(&[(None, words)]), &activity(&[(150, voice)]));
        assert!(heard(&[(0, 700)]));
        assert!(!heard(&[(0, 500)]));
        assert!(!heard(&[]));
        assert!(!is_in_time(&transcript(&[]), &activity(&[(150, &[(0, 700)])])));
    }

    proptest! {
        #[test]
        fn spans_are_subtracted_and_intersected_millisecond_by_millisecond(
            a in prop::collection::vec((0u32..60, 1u32..9), 0..8),
            b in prop::collection::vec((0u32..60, 1u32..9), 0..8),
        ) {
            let joined = |times: &[(u32, u32)]| {
                TimeSpan::union(times.iter().map(|&(at, len)| TimeSpan::new(at, at + len).unwrap()).collect())
            };
            let (a, b) = (joined(&a), joined(&b));
            let within = |spans: &[TimeSpan], ms: u32| spans.iter().any(|s| (s.start_ms()..s.end_ms()).contains(&ms));
            let (less, both) = (subtract(&a, &b), intersect(&a, &b));
            for ms in 0..80 {
                prop_assert_eq!(within(&less, ms), within(&a, ms) && !within(&b, ms));
                prop_assert_eq!(within(&both, ms), within(&a, ms) && within(&b, ms));
            }
            let window = TimeSpan::new(10, 50).unwrap();
            prop_assert_eq!(overlap_ms(&a, window) as usize, (10..50).filter(|&ms| within(&a, ms)).count());
        }
    }
}
