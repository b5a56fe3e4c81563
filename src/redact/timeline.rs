//! Where the files of a call lie on its clock: parts follow each other, channels lie beside each other. Decides nothing
//! about what is hidden.

use crate::audio::{Activity, FRAME_MS};
use crate::base::{Error, HoldReason, Result, Stage, TimeSpan, limits};
use crate::model::{Codec, Mute, Piece, RecordingInfo};
use crate::transcript::{Document, Place};
use std::collections::BTreeSet;

/// How far words of a part may begin in front of the last words of the part before it, milliseconds.
const OVERLAP_MS_MAX: u32 = 5_000;

/// A recording on the call's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// When it is heard.
    pub(super) span: TimeSpan,
    /// The channel of the call that its first one is.
    pub(super) first_channel: usize,
    /// By how much it may begin earlier or later, milliseconds.
    pub(super) unsure_ms: u32,
}

/// Samples of a recording in packets that some players add and others leave out: the delays of encoder and decoder, what
/// is behind the end, and the frame of MP3's tag (1105 and twice 1152; of AAC 2112 and 1024).
const UNSURE_SAMPLES: u64 = 3 * 1152;

/// By how much a recording may be heard longer or shorter than it says, milliseconds.
fn unsure_ms(info: &RecordingInfo) -> u32 {
    match info.codec {
        Codec::Mp3 | Codec::Aac => (UNSURE_SAMPLES * 1000).div_ceil(info.rate_hz.into()).try_into().unwrap_or(u32::MAX),
        _ => 0,
    }
}

/// When each recording is heard: those of one part at once, each part behind the one before. Where no transcript is of a
/// part, their clock is that of somebody who has played all parts, as long as the player took them to be.
///
/// # Errors
/// Holds the call when the recordings together are longer than any may be.
pub(super) fn stretches(transcripts: &[Piece], recordings: &[(Piece, &RecordingInfo)]) -> Result<Vec<Stretch>> {
    let parts: BTreeSet<_> = recordings.iter().map(|(piece, _)| piece.part).collect();
    let first_channel = first_channel(recordings.iter().map(|(piece, _)| *piece));
    let mut all = vec![None; recordings.len()];
    let is_one_clock = transcripts.iter().all(|piece| piece.part.is_none());
    let (mut start_ms, mut unsure) = (0_u64, 0_u32);
    for part in parts {
        let of_part = || recordings.iter().enumerate().filter(|(_, (piece, _))| piece.part == part);
        let length_ms = of_part().map(|(_, (_, info))| info.duration_ms()).max().unwrap_or(0);
        for (at, (piece, info)) in of_part() {
            let end_ms = start_ms.saturating_add(info.duration_ms());
            let span = span(start_ms, end_ms).ok_or_else(too_long)?;
            let first_channel = piece.channel.map_or(0, |channel| usize::from(channel.saturating_sub(first_channel)));
            all[at] = Some(Stretch { span, first_channel, unsure_ms: if is_one_clock { unsure } else { 0 } });
        }
        unsure = unsure.saturating_add(of_part().map(|(_, (_, info))| unsure_ms(info)).max().unwrap_or(0));
        start_ms = start_ms.saturating_add(length_ms);
    }
    Ok(all.into_iter().flatten().collect())
}

fn span(start_ms: u64, end_ms: u64) -> Option<TimeSpan> {
    // One recording may be as long as it is; only what is put together is bounded here.
    let fits = start_ms == 0 || end_ms <= limits::RECORDING_MS_MAX;
    let ms = |ms: u64| u32::try_from(ms).unwrap_or(u32::MAX);
    fits.then(|| TimeSpan::new(ms(start_ms), ms(end_ms)).ok()).flatten()
}

/// The number of the first channel: names count from 0 or from 1.
fn first_channel(pieces: impl Iterator<Item = Piece>) -> u16 {
    u16::from(pieces.filter_map(|piece| piece.channel).min().is_some_and(|least| least > 0))
}

/// Where each transcript belongs. Those of parts count from the start of their part's recording, or, where the parts of
/// the transcript have one recording or none, from the start of the call.
///
/// # Errors
/// Holds the call when a channel that is heard has no transcript, or none has the recording of a part.
pub(super) fn places(
    transcripts: &[Piece],
    recordings: &[(Piece, &RecordingInfo)],
    stretches: &[Stretch],
) -> Result<Vec<Place>> {
    let first_channel = first_channel(transcripts.iter().copied());
    let places = transcripts.iter().map(|piece| {
        let own = recordings.iter().zip(stretches).find(|((of, _), _)| of.part.is_some() && of.part == piece.part);
        let start_ms = own.map_or(0, |(_, stretch)| stretch.span.start_ms());
        Place { start_ms, channel: piece.channel.map(|channel| channel.saturating_sub(first_channel)) }
    });
    let places: Vec<Place> = places.collect();
    for part in transcripts.iter().map(|piece| piece.part).collect::<BTreeSet<_>>() {
        let of_part = || transcripts.iter().zip(&places).filter(|(piece, _)| piece.part == part);
        let told: BTreeSet<_> = of_part().filter_map(|(_, place)| place.channel).map(usize::from).collect();
        let heard = recordings.iter().zip(stretches).filter(|((piece, _), _)| part.is_none() || piece.part == part);
        let heard = heard
            .flat_map(|((_, info), stretch)| stretch.first_channel..stretch.first_channel + usize::from(info.channels));
        let heard: BTreeSet<usize> = heard.collect();
        if !told.is_empty() && !heard.is_subset(&told) {
            return Err(missing("a channel of the recording has no transcript"));
        }
    }
    Ok(places)
}

/// Checks that parts of a transcript that have one clock are in order on it.
///
/// # Errors
/// Holds the call when one begins before the end of the one before: then each has a clock of its own, and nobody knows
/// where it starts.
pub(super) fn in_order(files: &[(Document, Place)], pieces: &[Piece]) -> Result<()> {
    let mut end_ms = 0_u32;
    let mut part_before = None;
    for ((document, place), piece) in files.iter().zip(pieces) {
        let times = || document.transcript().words().iter().filter_map(|word| word.time);
        let first_ms = times().map(TimeSpan::start_ms).min();
        let begins_ms = first_ms.map(|ms| ms.saturating_add(place.start_ms).saturating_add(OVERLAP_MS_MAX));
        if part_before.is_some_and(|part| part < piece.part) && begins_ms.is_some_and(|ms| ms < end_ms) {
            let message = "the parts of the transcript have clocks of their own, and the recording has one";
            return Err(Error::held(Stage::ParseTranscript, HoldReason::UnusableTimes, message));
        }
        part_before = part_before.max(Some(piece.part));
        end_ms = end_ms.max(times().map(TimeSpan::end_ms).max().unwrap_or(0).saturating_add(place.start_ms));
    }
    Ok(())
}

/// What of the call's mutes is in one recording, on its own clock.
pub(super) fn mutes_of(stretch: Stretch, mutes: &[Mute]) -> Vec<Mute> {
    let (start_ms, end_ms) = (stretch.span.start_ms(), stretch.span.end_ms());
    let own = |mute: &Mute| {
        let from = mute.span.start_ms().saturating_sub(stretch.unsure_ms).max(start_ms);
        let to = mute.span.end_ms().saturating_add(stretch.unsure_ms).min(end_ms);
        let span = TimeSpan::new(from.checked_sub(start_ms)?, to.checked_sub(start_ms)?).ok();
        span.filter(|span| span.len_ms() > 0).map(|span| Mute { span, ..mute.clone() })
    };
    mutes.iter().filter_map(own).collect()
}

/// What is heard in all recordings, on the call's clock.
pub(super) fn heard(mut each: Vec<(Stretch, Activity)>) -> Activity {
    if let [(stretch, _)] = each.as_slice()
        && (stretch.span.start_ms(), stretch.first_channel) == (0, 0)
        && let Some((_, activity)) = each.pop()
    {
        return activity;
    }
    let (mut voice, mut levels, mut keyed): (Vec<Vec<TimeSpan>>, Vec<Vec<u8>>, Vec<TimeSpan>) = Default::default();
    for (stretch, activity) in each {
        let start_ms = stretch.span.start_ms();
        let later = |span: &TimeSpan| {
            TimeSpan::new(span.start_ms().saturating_add(start_ms), span.end_ms().saturating_add(start_ms)).ok()
        };
        keyed.extend(activity.keyed().iter().filter_map(later));
        for (channel, (spoken, loud)) in activity.voice().iter().zip(activity.levels()).enumerate() {
            let channel = channel + stretch.first_channel;
            voice.resize(voice.len().max(channel + 1), Vec::new());
            levels.resize(levels.len().max(channel + 1), Vec::new());
            voice[channel].extend(spoken.iter().filter_map(later));
            levels[channel].resize((start_ms / FRAME_MS) as usize, 0);
            levels[channel].extend(loud);
        }
    }
    let voice = voice.into_iter().map(TimeSpan::union).collect();
    Activity::new(voice, TimeSpan::union(keyed), levels)
}

fn missing(message: &'static str) -> Error {
    Error::held(Stage::Pair, HoldReason::MissingPiece, message)
}

fn too_long() -> Error {
    Error::held(Stage::OpenRecording, HoldReason::LimitReached, "the recordings together are too long")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Channels;
    use crate::redact::testing::recording;

    fn piece(part: Option<u16>, channel: Option<u16>) -> Piece {
        Piece { part, channel }
    }

    fn of(ms: u64, channels: u16) -> RecordingInfo {
        RecordingInfo { channels, ..recording(ms) }
    }

    fn span(from: u32, to: u32) -> TimeSpan {
        TimeSpan::new(from, to).unwrap()
    }

    #[test]
    fn parts_follow_each_other_and_channels_lie_beside_each_other() {
        let (long, short) = (of(10_000, 1), of(9_000, 1));
        let recordings =
            [(piece(Some(1), Some(1)), &long), (piece(Some(1), Some(2)), &short), (piece(Some(2), Some(1)), &short)];
        let stretches = stretches(&[], &recordings).unwrap();
        let got: Vec<_> = stretches.iter().map(|s| (s.span, s.first_channel)).collect();
        assert_eq!(got, [(span(0, 10_000), 0), (span(0, 9_000), 1), (span(10_000, 19_000), 0)]);
        let told = [piece(Some(1), None), piece(Some(2), None)];
        let starts: Vec<_> = places(&told, &recordings, &stretches).unwrap().iter().map(|p| p.start_ms).collect();
        assert_eq!(starts, [0, 10_000]);
    }

    #[test]
    fn a_channel_that_no_transcript_tells_of_holds_the_call() {
        let check = |channels: u16, told: &[u16], want: bool| {
            let info = of(1_000, channels);
            let recordings = [(Piece::default(), &info)];
            let told: Vec<_> = told.iter().map(|&channel| piece(None, Some(channel))).collect();
            let got = places(&told, &recordings, &stretches(&told, &recordings).unwrap());
            assert_eq!(got.as_ref().err().and_then(Error::hold_reason), (!want).then_some(HoldReason::MissingPiece));
        };
        check(2, &[0, 1], true);
        check(2, &[1, 2], true);
        check(1, &[0], true);
        check(2, &[0], false);
        check(2, &[1], false);
        check(3, &[0, 1], false);
    }

    #[test]
    fn a_mute_over_the_border_of_two_parts_is_in_both() {
        let mutes = [Mute { span: span(9_000, 11_000), channels: Channels::All, categories: Vec::new() }];
        let own = |from, to| {
            let stretch = Stretch { span: span(from, to), first_channel: 0, unsure_ms: 0 };
            mutes_of(stretch, &mutes).iter().map(|m| (m.span.start_ms(), m.span.end_ms())).collect::<Vec<_>>()
        };
        assert_eq!(own(0, 10_000), [(9_000, 10_000)]);
        assert_eq!(own(10_000, 20_000), [(0, 1_000)]);
        assert_eq!(own(11_000, 20_000), []);
    }

    #[test]
    fn a_part_behind_others_in_packets_is_muted_on_both_sides_of_what_nobody_can_tell() {
        let info = RecordingInfo { codec: Codec::Mp3, ..of(3_000, 1) };
        let parts = [1, 2, 3].map(|part| (piece(Some(part), None), &info));
        let unsure = |told: &[Piece]| stretches(told, &parts).unwrap().iter().map(|s| s.unsure_ms).collect::<Vec<_>>();
        assert_eq!(unsure(&[Piece::default()]), [0, 432, 864], "three frames of 8 kHz for each part before");
        assert_eq!(unsure(&[1, 2, 3].map(|part| piece(Some(part), None))), [0, 0, 0], "each part has its own clock");
        let mutes = [Mute { span: span(5_800, 5_900), channels: Channels::All, categories: Vec::new() }];
        let own: Vec<Vec<_>> =
            stretches(&[Piece::default()], &parts).unwrap().into_iter().map(|s| mutes_of(s, &mutes)).collect();
        let own: Vec<Vec<TimeSpan>> =
            own.into_iter().map(|mutes| mutes.into_iter().map(|m| m.span).collect()).collect();
        assert_eq!(own, [vec![], vec![span(2_368, 3_000)], vec![span(0, 764)]]);
    }

    #[test]
    fn what_is_heard_is_put_on_the_calls_clock() {
        let activity = || Activity::new(vec![vec![span(100, 200)]], vec![span(0, 50)], vec![vec![7; 100]]);
        let at = |from, first_channel| Stretch { span: span(from, from + 1_000), first_channel, unsure_ms: 0 };
        let all = heard(vec![(at(0, 0), activity()), (at(0, 1), activity()), (at(1_000, 0), activity())]);
        assert_eq!(all.voice(), [vec![span(100, 200), span(1_100, 1_200)], vec![span(100, 200)]]);
        assert_eq!(all.keyed(), [span(0, 50), span(1_000, 1_050)]);
        assert_eq!(all.levels().iter().map(Vec::len).collect::<Vec<_>>(), [200, 100]);
    }
}
