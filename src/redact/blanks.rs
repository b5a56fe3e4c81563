//! Blanks: words that read as masks. Where they came so, by the recogniser or by a tool before, somebody found PHI and took
//! it out of the text; in the recording it is still said. In a published call nothing is heard where any stands.

use super::heard::overlap_ms;
use super::mutes::has_word_times;
use super::timeline;
use crate::base::{Result, TimeSpan, WordSpan};
use crate::model::{Category, Channels, MutedSpan, Piece, RecordingInfo, Transcript, TurnKind, mask};
use std::collections::BTreeMap;

/// Stretches of masked words within turns that are spoken, and what the first of each says that it was.
pub(super) fn blanks(transcript: &Transcript) -> Vec<(WordSpan, Category)> {
    let mut blanks: Vec<(WordSpan, Category)> = Vec::new();
    for turn in transcript.turns().iter().filter(|turn| turn.kind != TurnKind::Unspoken) {
        let mut follows = false;
        for word in turn.words.range() {
            let category = masked(transcript, word);
            if let Some(category) = category {
                match blanks.last_mut().filter(|_| follows) {
                    Some((words, _)) => words.end = word as u32 + 1,
                    None => blanks.push((WordSpan::new(word as u32, word as u32 + 1), category)),
                }
            }
            follows = category.is_some();
        }
    }
    blanks
}

/// What a word was masked as.
pub(super) fn masked(transcript: &Transcript, word: usize) -> Option<Category> {
    mask::masked(transcript.word_text(word).expose())
}

/// A published recording, and where it is silent.
pub struct Silenced {
    /// Which piece of the call it is.
    pub piece: Piece,
    /// Its shape.
    pub info: RecordingInfo,
    /// On its own clock.
    pub muted: Vec<MutedSpan>,
}

/// When a word is said that published transcripts show as a mask and a recording lets hear, milliseconds from the start of
/// the call: the first. Only words that have times of their own are looked at.
///
/// # Errors
/// Where transcripts and recordings are no pieces of one call.
pub fn unmuted(transcripts: &[(Piece, &Transcript)], recordings: &[Silenced]) -> Result<Option<u32>> {
    let told: Vec<Piece> = transcripts.iter().map(|(piece, _)| *piece).collect();
    let heard: Vec<_> = recordings.iter().map(|of| (of.piece, &of.info)).collect();
    let stretches = timeline::stretches(&told, &heard)?;
    let places = timeline::places(&told, &heard, &stretches)?;
    let mut silent: BTreeMap<(usize, Option<u16>), Vec<TimeSpan>> = BTreeMap::new();
    for ((_, transcript), place) in transcripts.iter().zip(places).filter(|((_, t), _)| has_word_times(t)) {
        for turn in transcript.turns().iter().filter(|turn| turn.kind == TurnKind::Spoken) {
            let channel = place.channel.or(turn.channel);
            let masks = turn.words.range().filter(|word| masked(transcript, *word).is_some());
            for said in masks.filter_map(|word| transcript.words()[word].time) {
                let said = [said.start_ms(), said.end_ms()].map(|ms| ms.saturating_add(place.start_ms));
                for (at, (recording, stretch)) in recordings.iter().zip(&stretches).enumerate() {
                    let silent = silent.entry((at, channel)).or_insert_with(|| recording.silent(channel.into()));
                    let (start_ms, end_ms) = (stretch.span.start_ms(), stretch.span.end_ms());
                    let [from, to] = said.map(|ms| ms.clamp(start_ms, end_ms) - start_ms);
                    if overlap_ms(silent, TimeSpan::new(from, to)?) < to - from {
                        return Ok(Some(said[0]));
                    }
                }
            }
        }
    }
    Ok(None)
}

impl Silenced {
    /// When nothing is heard on these channels.
    fn silent(&self, channels: Channels) -> Vec<TimeSpan> {
        TimeSpan::union(self.muted.iter().filter(|m| m.channels.cover(channels)).map(|m| m.span).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TimeSource;
    use crate::redact::testing::{recording, timed, turns};

    #[test]
    fn nothing_is_heard_where_a_mask_stands() {
        let said = [
            ("i'm", Some((1000, 1400))),
            ("[NAME],", Some((1500, 1900))),
            ("[NAME]", None),
            ("yes", Some((2500, 2900))),
        ];
        let transcript = timed(TimeSource::Recogniser, &[(TurnKind::Spoken, &said)]);
        let piece = |part| Piece { part: Some(part), channel: None };
        let silenced = |piece: Piece, muted: &[(u32, u32, Channels)]| {
            let of =
                |&(a, b, channels): &(u32, u32, Channels)| MutedSpan { span: TimeSpan::new(a, b).unwrap(), channels };
            Silenced { piece, info: recording(10_000), muted: muted.iter().map(of).collect() }
        };
        let whole = |muted| unmuted(&[(Piece::default(), &transcript)], &[silenced(Piece::default(), muted)]).unwrap();
        assert_eq!(whole(&[(1400, 2000, Channels::All)]), None);
        assert_eq!(whole(&[(1400, 1700, Channels::All), (1700, 1900, Channels::All)]), None);
        assert_eq!(whole(&[(1400, 1880, Channels::All)]), Some(1500));
        // Its turn names no channel.
        assert_eq!(whole(&[(1400, 2000, Channels::One(0))]), Some(1500));
        assert_eq!(whole(&[]), Some(1500));
        // The second part begins when the first one ends.
        let muted = [(1400, 2000, Channels::All)];
        let parts = [silenced(piece(1), &[]), silenced(piece(2), &muted)];
        assert_eq!(unmuted(&[(piece(2), &transcript)], &parts).unwrap(), None);
        assert_eq!(unmuted(&[(piece(1), &transcript)], &parts).unwrap(), Some(1500));
        // Words of captions may lie anywhere in their segments.
        let captions = timed(TimeSource::Segment, &[(TurnKind::Spoken, &said)]);
        assert_eq!(unmuted(&[(Piece::default(), &captions)], &[silenced(Piece::default(), &[])]).unwrap(), None);
    }

    #[test]
    fn masked_words_that_stand_together_are_one_blank() {
        let transcript = turns(&["i am [NAME] [NAME], at [PII]", "#### yes [MUSIC]", "**** ok"]);
        let got: Vec<_> = blanks(&transcript).into_iter().map(|(w, c)| (w.start, w.end, c)).collect();
        assert_eq!(
            got,
            [(2, 4, Category::Name), (5, 6, Category::Other), (6, 7, Category::Other), (9, 10, Category::Other)]
        );
    }
}
