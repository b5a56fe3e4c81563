//! Edits to mutes: when the hidden words were said, with room for the recogniser's error.
//!
//! Every doubt widens. A word without a time reaches to its neighbours; a word whose time cannot be
//! true reaches past them; words that nothing places hold the call.

use super::apart::Apart;
use super::blanks::{blanks, masked};
use super::borders::{Sound, rounded};
use super::heard::{Heard, anywhere, is_in_time, longest_ms, overlap_ms, unaccounted};
use super::plan::turn_of;
use super::shares::Shares;
use crate::audio::Activity;
use crate::base::{Error, HoldReason, Result, Stage, TimeSpan, WordSpan};
use crate::model::policy::{MutePolicy, Policy, Unaccounted, UnaccountedPolicy};
use crate::model::{Beside, Category, Channels, Edit, Flag, Mute, Stretches, TimeSource, Transcript, Turn, TurnKind};
use std::collections::BTreeSet;

/// A word that lasts longer than this, and longer than it can take to say, is misplaced, or has other speech inside.
const WORD_MS_MAX: u32 = 3_000;
/// Nobody says more letters and digits a second; auctioneers reach about 30.
const CHARS_PER_S_MAX: u64 = 40;
/// How far a mute reaches past the neighbours of a misplaced word, on both sides.
const MISPLACED_MS: u32 = 500;

/// Sound that the transcript does not account for is muted this far beyond its ends.
const BESIDE_PAD_MS: u32 = 50;
/// Of a word that is where its times say, at least one part in so many is speech.
const VOICED_ONE_IN: u32 = 4;

/// What is muted, and why besides the words.
pub(super) struct Muted {
    /// Sorted, disjoint, not touching, within the recording.
    pub(super) mutes: Vec<Mute>,
    pub(super) flags: BTreeSet<Flag>,
    pub(super) beside: Option<Beside>,
}

/// A stretch that is to be muted, and why.
type Wanted = (TimeSpan, Category, Channels);

/// The time to mute.
///
/// # Errors
/// Holds the call where hidden words have no time in reach, or one past the recording's end, and where the recording
/// has sound that the transcript does not account for and the policy holds such calls.
pub(super) fn mutes(edits: &[Edit], policy: &Policy, transcript: &Transcript, heard: Heard<'_>) -> Result<Muted> {
    let recording_ms = u32::try_from(heard.length_ms).unwrap_or(u32::MAX);
    let voice = heard.activity.map(anywhere).unwrap_or_default();
    let in_time = heard.activity.filter(|activity| is_in_time(transcript, activity));
    let clock = Clock::new(transcript, recording_ms, in_time.map(|_| voice.as_slice()));
    let apart = Apart::of(&policy.mute, transcript, heard);
    let mut flags = BTreeSet::new();
    let mut placed = Vec::new();
    for edit in edits.iter().filter(|edit| clock.is_said(edit.words)) {
        placed.push((clock.edit(edit.words, &mut flags)?, edit.category));
    }
    for (words, category) in blanks(transcript) {
        placed.push((clock.edit(words, &mut flags)?, category));
        flags.insert(Flag::CameMasked);
    }
    for span in clock.overlong() {
        flags.insert(Flag::OverlongWords);
        placed.push((Placed { span, channel: None }, Category::Other));
    }
    let (pad_ms, valley_ms_max) = (pad_ms(transcript.time_source(), &policy.mute), policy.mute.valley_ms_max);
    let sound = heard.activity.map(|activity| Sound::new(activity, &voice));
    let mut spans: Vec<Wanted> = Vec::new();
    for (Placed { span: own, channel }, category) in placed {
        let span = own.widened(pad_ms);
        let span = clip(sound.as_ref().map_or(span, |sound| sound.to_valleys(span, valley_ms_max)), recording_ms)?;
        let channels = apart.as_ref().zip(channel).map(|(apart, channel)| apart.channels(channel, own, span));
        spans.push((span, category, channels.unwrap_or_default()));
    }
    for (span, category) in heard.by_hand {
        spans.push((clip(*span, recording_ms)?, *category, Channels::All));
    }
    let beside = match heard.activity {
        Some(activity) => Some(beside(&mut spans, &policy.unaccounted, transcript, activity, recording_ms)?),
        None => None,
    };
    if beside.is_some_and(|beside| beside.speech.stretches > 0) {
        flags.insert(Flag::UnaccountedSpeech);
    }
    if beside.is_some_and(|beside| beside.keys.stretches > 0) {
        flags.insert(Flag::KeyedDigits);
    }
    Ok(Muted { mutes: round_up(merge(spans, policy.mute.merge_gap_ms), &policy.mute, recording_ms), flags, beside })
}

/// Room for the error of word times, by where they come from.
const fn pad_ms(source: TimeSource, policy: &MutePolicy) -> u32 {
    match source {
        TimeSource::Aligned => policy.pad_aligned_ms,
        TimeSource::Recogniser => policy.pad_recogniser_ms,
        TimeSource::Coarse | TimeSource::Segment | TimeSource::None => policy.pad_coarse_ms,
    }
}

/// Adds what the recording has besides the transcript to `spans`, as far as it is not muted anyway, and counts it.
fn beside(
    spans: &mut Vec<Wanted>,
    policy: &UnaccountedPolicy,
    transcript: &Transcript,
    activity: &Activity,
    recording_ms: u32,
) -> Result<Beside> {
    let hidden = |channels: Channels| {
        let silent = spans.iter().filter(|(_, _, silent)| silent.cover(channels));
        TimeSpan::union(silent.map(|(span, ..)| *span).collect())
    };
    let everywhere = hidden(Channels::All);
    let is_hidden = |span: &TimeSpan| overlap_ms(&everywhere, *span) == span.len_ms();
    let speech = match policy.speech {
        Unaccounted::Keep => Vec::new(),
        Unaccounted::Mute | Unaccounted::Hold => {
            let hidden = |channel| hidden(Channels::One(channel));
            unaccounted(transcript, activity, &hidden, policy.speech_ms_min)
        }
    };
    let keys: Vec<TimeSpan> = match policy.keys {
        Unaccounted::Keep => Vec::new(),
        Unaccounted::Mute | Unaccounted::Hold => activity.keyed().iter().copied().filter(|s| !is_hidden(s)).collect(),
    };
    let kinds = [
        (policy.speech, &speech, "speech that no word of the transcript accounts for"),
        (policy.keys, &keys, "tones of pressed keys"),
    ];
    for (what, found, message) in kinds {
        let found_ms = found.iter().map(|s| u64::from(s.len_ms())).sum();
        if let (Unaccounted::Hold, Some(first)) = (what, found.first()) {
            return Err(Error::held(Stage::Plan, HoldReason::UnaccountedSpeech, message)
                .at("ms", found_ms)
                .at("first_ms", first.start_ms().into()));
        }
        for span in found {
            spans.push((clip(span.widened(BESIDE_PAD_MS), recording_ms)?, Category::Other, Channels::All));
        }
    }
    Ok(Beside { speech: Stretches::of(&speech), keys: Stretches::of(&keys) })
}

/// Rounds the lengths of mutes up until none that has grown meets another.
fn round_up(mut mutes: Vec<Mute>, policy: &MutePolicy, recording_ms: u32) -> Vec<Mute> {
    loop {
        let before = mutes.len();
        let rounded = mutes.into_iter().flat_map(|mute| {
            let span = rounded(mute.span, policy.round_up_ms, recording_ms);
            mute.categories.into_iter().map(move |category| (span, category, mute.channels))
        });
        mutes = merge(rounded.collect(), policy.merge_gap_ms);
        if mutes.len() == before {
            return mutes;
        }
    }
}

/// The part of a span that the recording has.
fn clip(span: TimeSpan, recording_ms: u32) -> Result<TimeSpan> {
    TimeSpan::new(span.start_ms().min(recording_ms), span.end_ms().min(recording_ms))
}

/// Joins stretches that overlap, touch, or are less than `gap_ms` apart; those of different channels are then of all.
fn merge(mut spans: Vec<Wanted>, gap_ms: u32) -> Vec<Mute> {
    spans.sort_unstable();
    let mut mutes: Vec<Mute> = Vec::new();
    for (span, category, channels) in spans.into_iter().filter(|(span, ..)| span.len_ms() > 0) {
        let near = |m: &&mut Mute| span.start_ms() < m.span.end_ms().saturating_add(gap_ms.max(1));
        match mutes.last_mut().filter(near) {
            Some(mute) => {
                mute.span = mute.span.cover(span);
                mute.channels = mute.channels.join(channels);
                mute.categories.push(category);
            }
            None => mutes.push(Mute { span, channels, categories: vec![category] }),
        }
    }
    for mute in &mut mutes {
        mute.categories.sort_unstable();
        mute.categories.dedup();
    }
    mutes
}

/// When hidden words were said, at the widest.
struct Placed {
    span: TimeSpan,
    /// The channel that their turn names, where their own times tell when that was.
    channel: Option<u16>,
}

/// The words of a call on the clock of its recording. What lies around a word or turn is found once for
/// all, so that hostile transcripts cost no more than their length.
struct Clock<'a> {
    transcript: &'a Transcript,
    recording_ms: u32,
    /// When somebody speaks, where words can be held to it.
    voice: Option<&'a [TimeSpan]>,
    /// For each turn: from the earliest start to the latest end of its words.
    turns: Vec<Option<TimeSpan>>,
    /// For each turn: the nearest spoken turn before it that has times.
    turn_before: Vec<Option<TimeSpan>>,
    /// For each turn: the nearest spoken turn after it that has times.
    turn_after: Vec<Option<TimeSpan>>,
    /// For each word: the nearest word before it in its turn that has a time.
    word_before: Vec<Option<TimeSpan>>,
    /// For each word: the nearest word after it in its turn that has a time.
    word_after: Vec<Option<TimeSpan>>,
    /// Where words have no time but their segment's.
    shares: Option<Shares<'a>>,
}

impl<'a> Clock<'a> {
    fn new(transcript: &'a Transcript, recording_ms: u32, voice: Option<&'a [TimeSpan]>) -> Self {
        let turns: Vec<_> = transcript.turns().iter().map(|t| cover(transcript, t.words)).collect();
        let spoken =
            || transcript.turns().iter().zip(&turns).map(|(t, time)| time.filter(|_| t.kind == TurnKind::Spoken));
        let words = |turn: &Turn| transcript.words()[turn.words.range()].iter().map(|w| w.time);
        let (turn_before, turn_after) = (last_seen(spoken()), next_seen(spoken()));
        let word_before = transcript.turns().iter().flat_map(|t| last_seen(words(t))).collect();
        let word_after = transcript.turns().iter().flat_map(|t| next_seen(words(t))).collect();
        let shares = (!has_word_times(transcript)).then(|| Shares::new(transcript));
        Self { transcript, recording_ms, voice, turns, turn_before, turn_after, word_before, word_after, shares }
    }

    /// Whether the words of an edit can be heard at all.
    fn is_said(&self, words: WordSpan) -> bool {
        let turn = turn_of(self.transcript, words.start);
        turn.is_none_or(|turn| self.transcript.turns()[turn].kind != TurnKind::Unspoken)
    }

    /// When the words of an edit were said, at the widest.
    fn edit(&self, words: WordSpan, flags: &mut BTreeSet<Flag>) -> Result<Placed> {
        let unplaced =
            |message| Error::held(Stage::Plan, HoldReason::UnusableTimes, message).at("word", words.start.into());
        let turn = turn_of(self.transcript, words.start).ok_or_else(|| unplaced("hidden words are in no turn"))?;
        let anchor = self.anchor(turn).ok_or_else(|| unplaced("hidden words have no times in their turn"))?;
        let own = match &self.shares {
            None => cover(self.transcript, words),
            Some(shares) => shares.within(words),
        };
        let around = self.between_neighbours(turn, words, anchor, own);
        let own = own.unwrap_or(around);
        let is_timed = |word| self.time(word).is_some();
        let start = if is_timed(words.start) { own.start_ms() } else { around.start_ms() };
        let end = if is_timed(words.end - 1) { own.end_ms() } else { around.end_ms() };
        let mut span = TimeSpan::new(start, end)?;
        let mut channel = self.transcript.turns()[turn].channel.filter(|_| self.shares.is_none());
        if !words.range().all(|w| is_timed(w as u32)) {
            flags.insert(Flag::UntimedWords);
            channel = None;
        }
        if self.is_misplaced(turn, words) {
            channel = None;
            flags.insert(Flag::MisplacedWords);
            span = around.widened(MISPLACED_MS);
        }
        if span.start_ms() >= self.recording_ms {
            return Err(unplaced("hidden words lie past the end of the recording"));
        }
        Ok(Placed { span, channel })
    }

    /// The time of the turn as far as its words tell, or of the turn that was said in its place.
    fn anchor(&self, turn: usize) -> Option<TimeSpan> {
        self.turns[turn].or_else(|| match self.transcript.turns()[turn].kind {
            TurnKind::Alternate { of } => self.spoken(of),
            TurnKind::Spoken | TurnKind::Unspoken => None,
        })
    }

    /// From the end of the nearest timed word before to the start of the nearest after, and never
    /// less than the words' own times.
    fn between_neighbours(&self, turn: usize, words: WordSpan, anchor: TimeSpan, own: Option<TimeSpan>) -> TimeSpan {
        let before = self.word_before[words.start as usize].map(TimeSpan::end_ms);
        let after = self.word_after[words.end as usize - 1].map(TimeSpan::start_ms);
        let start = before.unwrap_or_else(|| self.border_before(turn, anchor));
        let end = after.unwrap_or_else(|| self.border_after(turn, anchor));
        // Times that run backwards put the neighbours the wrong way round; both then lie inside.
        let span = TimeSpan::new(start.min(end), start.max(end)).expect("the lesser comes first");
        own.map_or(span, |own| own.cover(span))
    }

    /// The earliest moment at which a turn can have begun. Turns are in order of their start, so it is
    /// the end of the turn before, or its start where the two overlap.
    fn border_before(&self, turn: usize, anchor: TimeSpan) -> u32 {
        let border = match self.transcript.turns()[turn].kind {
            TurnKind::Spoken => self.turn_before[turn]
                .map(|before| if before.end_ms() <= anchor.start_ms() { before.end_ms() } else { before.start_ms() }),
            TurnKind::Alternate { of } => self.spoken(of).map(TimeSpan::start_ms),
            TurnKind::Unspoken => None,
        };
        border.unwrap_or(0).min(anchor.start_ms())
    }

    /// The latest moment at which a turn can have ended: the start of the next, or its end where the
    /// two overlap.
    fn border_after(&self, turn: usize, anchor: TimeSpan) -> u32 {
        let border = match self.transcript.turns()[turn].kind {
            TurnKind::Spoken => self.turn_after[turn]
                .map(|after| if after.start_ms() >= anchor.end_ms() { after.start_ms() } else { after.end_ms() }),
            TurnKind::Alternate { of } => self.spoken(of).map(TimeSpan::end_ms),
            TurnKind::Unspoken => None,
        };
        border.unwrap_or(self.recording_ms).max(anchor.end_ms())
    }

    /// Whether the words' times cannot be true: too long, too fast, running backwards, or where nobody speaks.
    fn is_misplaced(&self, turn: usize, words: WordSpan) -> bool {
        if !has_word_times(self.transcript) {
            return false;
        }
        let Some(own) = cover(self.transcript, words) else { return false };
        let chars: u64 = words.range().map(|w| if self.time(w as u32).is_some() { self.chars(w) } else { 0 }).sum();
        let rushed = chars * 1000 > CHARS_PER_S_MAX * u64::from(own.len_ms());
        let at = self.transcript.turns()[turn].words;
        let with_neighbours = words.start.saturating_sub(1).max(at.start)..(words.end + 1).min(at.end);
        let starts: Vec<u32> = with_neighbours.filter_map(|w| self.time(w)).map(TimeSpan::start_ms).collect();
        let is_silent = |voice| overlap_ms(voice, own) < own.len_ms() / VOICED_ONE_IN;
        // What came masked may have been muted as well by whoever did it.
        let is_blank = || words.range().all(|w| masked(self.transcript, w).is_some());
        let is_elsewhere = self.voice.is_some_and(is_silent) && !is_blank();
        rushed || !starts.is_sorted() || is_elsewhere || words.range().any(|w| self.is_overlong(w))
    }

    /// Spans of words, hidden or not, that last so long that a repeat may hide in them.
    fn overlong(&self) -> impl Iterator<Item = TimeSpan> {
        let spoken =
            self.transcript.turns().iter().filter(|t| t.kind == TurnKind::Spoken && has_word_times(self.transcript));
        let words = spoken.flat_map(|t| t.words.range()).filter(|&w| self.is_overlong(w));
        words.filter_map(|w| self.time(w as u32))
    }

    /// Whether a word lasts longer than it can; a mask may stand for many.
    fn is_overlong(&self, word: usize) -> bool {
        let longest_ms = || longest_ms(self.transcript.word_text(word).into_exposed());
        let is_long = |t: TimeSpan| t.len_ms() > WORD_MS_MAX && t.len_ms() > longest_ms();
        self.time(word as u32).is_some_and(is_long) && masked(self.transcript, word).is_none()
    }

    /// Letters and digits of a word; a mask may stand for one.
    fn chars(&self, word: usize) -> u64 {
        if masked(self.transcript, word).is_some() {
            return 1;
        }
        self.transcript.word_text(word).expose().chars().filter(|c| c.is_alphanumeric()).count() as u64
    }

    fn time(&self, word: u32) -> Option<TimeSpan> {
        self.transcript.words()[word as usize].time
    }

    /// The time of the spoken turn with this number, where there is one.
    fn spoken(&self, turn: Option<u32>) -> Option<TimeSpan> {
        let turn = turn? as usize;
        let kind = self.transcript.turns().get(turn)?.kind;
        self.turns[turn].filter(|_| kind == TurnKind::Spoken)
    }
}

/// Whether a word's time is its own, not that of its segment.
pub(super) fn has_word_times(transcript: &Transcript) -> bool {
    matches!(transcript.time_source(), TimeSource::Aligned | TimeSource::Recogniser | TimeSource::Coarse)
}

/// From the earliest start to the latest end of these words.
fn cover(transcript: &Transcript, words: WordSpan) -> Option<TimeSpan> {
    transcript.words()[words.range()].iter().filter_map(|w| w.time).reduce(TimeSpan::cover)
}

/// For each place the nearest time before it.
fn last_seen(times: impl Iterator<Item = Option<TimeSpan>>) -> Vec<Option<TimeSpan>> {
    times.scan(None, |seen, time| Some(std::mem::replace(seen, time.or(*seen)))).collect()
}

/// For each place the nearest time after it.
fn next_seen(times: impl DoubleEndedIterator<Item = Option<TimeSpan>>) -> Vec<Option<TimeSpan>> {
    let mut seen = last_seen(times.rev());
    seen.reverse();
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::testing::{Said, policy, timed};

    const SPOKEN: TurnKind = TurnKind::Spoken;

    fn mute_all(transcript: &Transcript, edits: &[(Category, u32, u32)], policy: &MutePolicy) -> Result<Vec<Mute>> {
        let edits: Vec<Edit> = edits
            .iter()
            .map(|&(category, a, b)| Edit { words: WordSpan::new(a, b), category, rules: Vec::new() })
            .collect();
        muted(&edits, policy, transcript).map(|muted| muted.mutes)
    }

    fn muted(edits: &[Edit], mute: &MutePolicy, transcript: &Transcript) -> Result<Muted> {
        let policy = Policy { mute: mute.clone(), ..policy() };
        mutes(edits, &policy, transcript, Heard { length_ms: 20_000, activity: None, bleed: None, by_hand: &[] })
    }

    fn flags(transcript: &Transcript, a: u32, b: u32) -> Vec<Flag> {
        let edit = Edit { words: WordSpan::new(a, b), category: Category::Name, rules: Vec::new() };
        muted(&[edit], &exact(), transcript).unwrap().flags.into_iter().collect()
    }

    /// No padding and no merging, so that the times themselves show.
    fn exact() -> MutePolicy {
        MutePolicy {
            pad_aligned_ms: 0,
            pad_recogniser_ms: 0,
            pad_coarse_ms: 0,
            merge_gap_ms: 0,
            valley_ms_max: 0,
            round_up_ms: 0,
            ..MutePolicy::default()
        }
    }

    fn check(turns: &[(TurnKind, &[Said<'_>])], words: (u32, u32), want: (u32, u32)) {
        let transcript = timed(TimeSource::Recogniser, turns);
        let got = mute_all(&transcript, &[(Category::Name, words.0, words.1)], &exact()).unwrap();
        let got: Vec<_> = got.iter().map(|m| (m.span.start_ms(), m.span.end_ms())).collect();
        assert_eq!(got, [want]);
    }

    const PLAIN: &[Said<'_>] = &[
        ("i", Some((1000, 1100))),
        ("am", Some((1200, 1400))),
        ("john", Some((1500, 1900))),
        ("ok", Some((2500, 2800))),
    ];

    #[test]
    fn what_was_never_said_is_not_muted() {
        let turns: &[(TurnKind, &[Said<'_>])] = &[(SPOKEN, PLAIN), (TurnKind::Unspoken, &[("john", None)])];
        let transcript = timed(TimeSource::Recogniser, turns);
        assert!(mute_all(&transcript, &[(Category::Name, 4, 5)], &exact()).unwrap().is_empty());
    }

    #[test]
    fn a_word_is_muted_for_its_own_time() {
        check(&[(SPOKEN, PLAIN)], (2, 3), (1500, 1900));
        check(&[(SPOKEN, PLAIN)], (1, 4), (1200, 2800));
    }

    #[test]
    fn padding_follows_the_source_of_the_times() {
        let policy = MutePolicy { pad_aligned_ms: 50, pad_recogniser_ms: 100, pad_coarse_ms: 300, ..exact() };
        for (source, want) in [
            (TimeSource::Aligned, (1450, 1950)),
            (TimeSource::Recogniser, (1400, 2000)),
            (TimeSource::Coarse, (1200, 2200)),
        ] {
            let got = mute_all(&timed(source, &[(SPOKEN, PLAIN)]), &[(Category::Name, 2, 3)], &policy).unwrap();
            assert_eq!((got[0].span.start_ms(), got[0].span.end_ms()), want);
        }
    }

    #[test]
    fn a_word_without_time_reaches_to_its_neighbours() {
        let words: &[Said<'_>] = &[("is", Some((1000, 1200))), ("5", None), ("5", None), ("ok", Some((3000, 3200)))];
        check(&[(SPOKEN, words)], (1, 2), (1200, 3000));
        check(&[(SPOKEN, words)], (1, 3), (1200, 3000));
        check(&[(SPOKEN, words)], (0, 2), (1000, 3000));
        assert_eq!(flags(&timed(TimeSource::Recogniser, &[(SPOKEN, words)]), 1, 2), [Flag::UntimedWords]);
    }

    #[test]
    fn a_word_without_time_between_hidden_timed_words_lies_inside_them() {
        let words: &[Said<'_>] = &[("four", Some((1000, 1200))), ("5", None), ("six", Some((3000, 3200)))];
        check(&[(SPOKEN, words)], (0, 3), (1000, 3200));
    }

    #[test]
    fn at_a_turns_border_a_word_without_time_reaches_to_the_next_turn() {
        let before: &[Said<'_>] = &[("hi", Some((100, 700)))];
        let words: &[Said<'_>] = &[("55", None), ("is", Some((2000, 2200))), ("77", None)];
        let after: &[Said<'_>] = &[("thanks", Some((4000, 4400)))];
        let turns = [(SPOKEN, before), (SPOKEN, words), (SPOKEN, after)];
        check(&turns, (1, 2), (700, 2000));
        check(&turns, (3, 4), (2200, 4000));
        check(&[(SPOKEN, words)], (0, 1), (0, 2000));
        check(&[(SPOKEN, words)], (2, 3), (2200, 20_000));
    }

    #[test]
    fn at_a_turns_border_an_overlapping_turn_is_muted_whole() {
        let before: &[Said<'_>] = &[("so", Some((500, 900))), ("then", Some((2100, 2500)))];
        let words: &[Said<'_>] = &[("55", None), ("is", Some((2000, 2200)))];
        check(&[(SPOKEN, before), (SPOKEN, words)], (2, 3), (500, 2000));
    }

    #[test]
    fn a_word_with_the_time_of_its_segment_is_muted_wherever_in_it_the_word_can_be() {
        let words: &[Said<'_>] = &[("i", Some((1000, 9000))), ("am", Some((1000, 9000))), ("john", Some((1000, 9000)))];
        let got = mute_all(&timed(TimeSource::Segment, &[(SPOKEN, words)]), &[(Category::Name, 2, 3)], &exact());
        let got = got.unwrap();
        assert_eq!((got[0].span.start_ms(), got[0].span.end_ms()), (1120, 9000));
    }

    #[test]
    fn a_turn_without_any_time_holds_the_call() {
        let lost: &[Said<'_>] = &[("john", None)];
        let transcript = timed(TimeSource::Recogniser, &[(SPOKEN, PLAIN), (SPOKEN, lost)]);
        let error = mute_all(&transcript, &[(Category::Name, 4, 5)], &exact()).unwrap_err();
        assert_eq!(error.hold_reason(), Some(HoldReason::UnusableTimes));
    }

    #[test]
    fn an_alternate_uses_its_own_times_or_those_of_the_turn_it_reads() {
        let own: &[Said<'_>] = &[("i'm", Some((1000, 1400))), ("joan", Some((1500, 1950)))];
        let none: &[Said<'_>] = &[("i'm", None), ("joan", None)];
        let of = |of| TurnKind::Alternate { of };
        check(&[(SPOKEN, PLAIN), (of(Some(0)), own)], (5, 6), (1500, 1950));
        check(&[(SPOKEN, PLAIN), (of(Some(0)), none)], (5, 6), (1000, 2800));
        let transcript = timed(TimeSource::Recogniser, &[(SPOKEN, PLAIN), (of(None), none)]);
        let error = mute_all(&transcript, &[(Category::Name, 5, 6)], &exact()).unwrap_err();
        assert_eq!(error.hold_reason(), Some(HoldReason::UnusableTimes));
        // A number that names no spoken turn places nothing.
        let transcript = timed(TimeSource::Recogniser, &[(SPOKEN, PLAIN), (of(Some(9)), none)]);
        assert!(mute_all(&transcript, &[(Category::Name, 5, 6)], &exact()).is_err());
    }

    #[test]
    fn words_with_impossible_times_reach_past_their_neighbours() {
        let long: &[Said<'_>] = &[("am", Some((1000, 1200))), ("john", Some((1500, 5000))), ("ok", Some((6000, 6200)))];
        check(&[(SPOKEN, long)], (1, 2), (700, 6500));
        assert_eq!(flags(&timed(TimeSource::Recogniser, &[(SPOKEN, long)]), 1, 2)[0], Flag::MisplacedWords);
        let rushed: &[Said<'_>] =
            &[("am", Some((1000, 1200))), ("bartholomew", Some((1500, 1600))), ("ok", Some((2000, 2200)))];
        check(&[(SPOKEN, rushed)], (1, 2), (700, 2500));
        let instant: &[Said<'_>] =
            &[("am", Some((1000, 1200))), ("john", Some((1500, 1500))), ("ok", Some((2000, 2200)))];
        check(&[(SPOKEN, instant)], (1, 2), (700, 2500));
    }

    #[test]
    fn words_whose_times_run_backwards_take_both_neighbours_in() {
        let words: &[Said<'_>] =
            &[("am", Some((5000, 5200))), ("john", Some((1500, 1900))), ("ok", Some((2000, 2200)))];
        check(&[(SPOKEN, words)], (1, 2), (1000, 5700));
    }

    #[test]
    fn what_came_masked_is_muted_where_it_stands_however_long_it_lasts() {
        let words: &[Said<'_>] = &[
            ("it's", Some((1000, 1200))),
            ("[PII]", Some((1500, 9000))),
            ("####", Some((9000, 9500))),
            ("okay", Some((12_000, 12_400))),
            ("[NAME]", Some((14_000, 14_010))),
            ("bye", Some((15_000, 15_400))),
        ];
        let transcript = timed(TimeSource::Recogniser, &[(SPOKEN, words)]);
        let Muted { mutes, flags, .. } = muted(&[], &exact(), &transcript).unwrap();
        let got: Vec<_> = mutes.iter().map(|m| (m.span.start_ms(), m.span.end_ms(), m.categories.as_slice())).collect();
        // Nobody says anything in ten milliseconds.
        assert_eq!(got, [(1500, 9500, &[Category::Other][..]), (11_900, 15_500, &[Category::Name][..])]);
        assert_eq!(flags.into_iter().collect::<Vec<_>>(), [Flag::MisplacedWords, Flag::CameMasked]);
        let lost: &[Said<'_>] = &[("[PII]", None)];
        let transcript = timed(TimeSource::None, &[(SPOKEN, lost)]);
        assert_eq!(muted(&[], &exact(), &transcript).err().unwrap().hold_reason(), Some(HoldReason::UnusableTimes));
    }

    #[test]
    fn a_short_word_that_lasts_too_long_is_muted_though_nothing_was_found_in_it() {
        let words: &[Said<'_>] = &[("so", Some((1000, 1200))), ("okay", Some((1500, 9000)))];
        let transcript = timed(TimeSource::Recogniser, &[(SPOKEN, words)]);
        let Muted { mutes, flags, .. } = muted(&[], &exact(), &transcript).unwrap();
        assert_eq!((mutes[0].span.start_ms(), mutes[0].span.end_ms()), (1500, 9000));
        assert_eq!(mutes[0].categories, [Category::Other]);
        assert!(flags.contains(&Flag::OverlongWords));
    }

    #[test]
    fn short_gaps_are_merged_and_categories_kept() {
        let words: &[Said<'_>] =
            &[("john", Some((1000, 1200))), ("of", Some((1250, 1450))), ("york", Some((1500, 1900)))];
        let transcript = timed(TimeSource::Recogniser, &[(SPOKEN, words)]);
        let edits = [(Category::Name, 0, 1), (Category::City, 2, 3)];
        for (gap, want) in [(300, 2), (301, 1)] {
            let policy = MutePolicy { merge_gap_ms: gap, ..exact() };
            assert_eq!(mute_all(&transcript, &edits, &policy).unwrap().len(), want);
        }
        let policy = MutePolicy { pad_recogniser_ms: 150, ..exact() };
        let got = mute_all(&transcript, &edits, &policy).unwrap();
        assert_eq!(got.len(), 1, "spans that touch are one");
        assert_eq!(got[0].categories, [Category::City, Category::Name]);
    }

    #[test]
    fn mutes_end_with_the_recording_and_a_word_past_it_holds_the_call() {
        let words: &[Said<'_>] = &[("i'm", Some((19_000, 19_500))), ("john", Some((19_600, 20_400)))];
        check(&[(SPOKEN, words)], (1, 2), (19_600, 20_000));
        let words: &[Said<'_>] = &[("i'm", Some((19_000, 19_500))), ("john", Some((20_000, 20_400)))];
        let transcript = timed(TimeSource::Recogniser, &[(SPOKEN, words)]);
        let error = mute_all(&transcript, &[(Category::Name, 1, 2)], &exact()).unwrap_err();
        assert_eq!(error.hold_reason(), Some(HoldReason::UnusableTimes));
    }

    /// Somebody speaks all the time but in these stretches, and keys are pressed then.
    fn heard(silent: &[(u32, u32)], keyed: &[(u32, u32)]) -> Activity {
        let span = |&(a, b): &(u32, u32)| TimeSpan::new(a, b).unwrap();
        let mut voice = vec![span(&(0, 20_000))];
        for hole in silent {
            let last = voice.pop().unwrap();
            voice.extend([span(&(last.start_ms(), hole.0)), span(&(hole.1, last.end_ms()))]);
        }
        Activity::new(vec![voice], keyed.iter().map(span).collect(), vec![vec![150; 2000]])
    }

    fn hear(transcript: &Transcript, words: &[(u32, u32)], policy: Policy, activity: &Activity) -> Result<Muted> {
        let edit =
            |&(a, b): &(u32, u32)| Edit { words: WordSpan::new(a, b), category: Category::Name, rules: Vec::new() };
        let edits: Vec<Edit> = words.iter().map(edit).collect();
        mutes(
            &edits,
            &policy,
            transcript,
            Heard { length_ms: 20_000, activity: Some(activity), bleed: None, by_hand: &[] },
        )
    }

    fn beside(speech: Unaccounted, keys: Unaccounted) -> Policy {
        Policy { mute: exact(), unaccounted: UnaccountedPolicy { speech, speech_ms_min: 200, keys }, ..policy() }
    }

    const SILENCE: &[(u32, u32)] = &[(0, 1000), (1100, 1200), (1400, 1500), (1900, 2500), (2800, 8000), (9000, 19_990)];

    #[test]
    fn what_the_transcript_lacks_is_muted_held_or_kept_as_the_policy_says() {
        use Unaccounted::{Hold, Keep, Mute};
        let transcript = timed(TimeSource::Recogniser, &[(SPOKEN, PLAIN)]);
        let activity = heard(SILENCE, &[(5000, 5100)]);
        let run = |speech, keys| hear(&transcript, &[], beside(speech, keys), &activity);
        let spans =
            |muted: &Muted| muted.mutes.iter().map(|m| (m.span.start_ms(), m.span.end_ms())).collect::<Vec<_>>();
        let both = run(Mute, Mute).unwrap();
        assert_eq!(spans(&both), [(4950, 5150), (7950, 9050)]);
        assert_eq!(both.beside.map(|b| (b.speech.ms, b.keys.ms)), Some((1000, 100)));
        assert_eq!(both.flags.into_iter().collect::<Vec<_>>(), [Flag::UnaccountedSpeech, Flag::KeyedDigits]);
        assert_eq!(spans(&run(Keep, Mute).unwrap()), [(4950, 5150)]);
        assert!(spans(&run(Keep, Keep).unwrap()).is_empty());
        for (speech, keys) in [(Hold, Mute), (Mute, Hold)] {
            let error = run(speech, keys).err().unwrap();
            assert_eq!(error.hold_reason(), Some(HoldReason::UnaccountedSpeech));
        }
    }

    #[test]
    fn what_is_hidden_by_its_words_is_not_held_for() {
        let transcript = timed(TimeSource::Recogniser, &[(SPOKEN, &[("john", Some((8000, 9000)))])]);
        let activity = heard(&[(0, 8000), (9000, 19_990)], &[(8500, 8600)]);
        let muted = hear(&transcript, &[(0, 1)], beside(Unaccounted::Hold, Unaccounted::Hold), &activity).unwrap();
        assert_eq!(muted.beside, Some(Beside::default()));
    }

    #[test]
    fn a_word_said_where_nobody_speaks_is_misplaced_where_the_others_are_in_time() {
        let transcript = timed(TimeSource::Recogniser, &[(SPOKEN, PLAIN)]);
        let keep = || beside(Unaccounted::Keep, Unaccounted::Keep);
        // "john", at 1500 to 1900, is not heard there; all others are.
        let silent = heard(&[(0, 1000), (1450, 2450), (3000, 19_000)], &[]);
        let muted = hear(&transcript, &[(2, 3)], keep(), &silent);
        // One of four is below the share that must be in time, so that nothing follows from it.
        assert_eq!(muted.unwrap().flags.len(), 0);
        let more: Vec<Said<'_>> =
            PLAIN.iter().copied().chain([("so", Some((2820, 2900))), ("on", Some((2910, 2990)))]).collect();
        let transcript = timed(TimeSource::Recogniser, &[(SPOKEN, &more)]);
        let muted = hear(&transcript, &[(2, 3)], keep(), &silent).unwrap();
        assert_eq!((muted.mutes[0].span.start_ms(), muted.mutes[0].span.end_ms()), (900, 3000));
        assert!(muted.flags.contains(&Flag::MisplacedWords));
    }

    #[test]
    fn lengths_are_rounded_up_and_mutes_that_then_meet_are_one() {
        let words: &[Said<'_>] =
            &[("john", Some((1000, 1200))), ("of", Some((1250, 1450))), ("york", Some((1500, 1900)))];
        let transcript = timed(TimeSource::Recogniser, &[(SPOKEN, words)]);
        let edits = [(Category::Name, 0, 1), (Category::City, 2, 3)];
        let spans = |round_up_ms| -> Vec<_> {
            let policy = MutePolicy { round_up_ms, ..exact() };
            let got = mute_all(&transcript, &edits, &policy).unwrap();
            got.iter().map(|m| (m.span.start_ms(), m.span.end_ms())).collect()
        };
        assert_eq!(spans(250), [(975, 1225), (1450, 1950)]);
        assert_eq!(spans(1000), [(400, 2400)]);
    }
}
