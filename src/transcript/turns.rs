//! Turns where a format does not give them: who speaks, interrupted by the others and by pauses.

use crate::base::{Error, HoldReason, Result, Stage, TimeSpan};

/// A pause of this length ends a turn, milliseconds.
const PAUSE_MS: u32 = 1_200;
/// Words of two speakers may overlap by this and still be one after the other, milliseconds.
const OVERLAP_MS: u32 = 50;
/// Most voices (speakers on channels) of a call.
pub(super) const VOICES_MAX: usize = 64;

/// A word before it belongs to a turn.
#[derive(Clone, Copy)]
pub(super) struct Timed<V> {
    /// Its place in the list of words.
    pub(super) index: u32,
    /// Who says it.
    pub(super) voice: V,
    /// When; words without a time follow the word before them.
    pub(super) time: Option<TimeSpan>,
}

struct Open<V> {
    voice: V,
    turn: usize,
    end_ms: u32,
    /// The end of a word that another voice has said since.
    cut_ms: Option<u32>,
}

/// Puts words into turns, each a list of indexes of one voice; turns are in order of their start.
///
/// # Errors
/// Holds the call when there are more voices than a call can have.
pub(super) fn by_voice<V: Copy + PartialEq>(mut words: Vec<Timed<V>>) -> Result<Vec<(V, Vec<u32>)>> {
    let mut before = None;
    for word in &mut words {
        word.time = word.time.or(before);
        before = word.time;
    }
    words.sort_by_key(|w| w.time.map(TimeSpan::start_ms));
    let mut turns: Vec<(V, Vec<u32>)> = Vec::new();
    let mut open: Vec<Open<V>> = Vec::new();
    for word in &words {
        let (start_ms, end_ms) = word.time.map_or((0, 0), |t| (t.start_ms(), t.end_ms()));
        let found = open.iter_mut().find(|o| o.voice == word.voice);
        match found {
            Some(o) if !ended(o, start_ms) => {
                turns[o.turn].1.push(word.index);
                o.end_ms = o.end_ms.max(end_ms);
                o.cut_ms = None;
            }
            Some(o) => {
                *o = Open { voice: word.voice, turn: turns.len(), end_ms, cut_ms: None };
                turns.push((word.voice, vec![word.index]));
            }
            None => {
                if open.len() == VOICES_MAX {
                    return Err(too_many_voices());
                }
                open.push(Open { voice: word.voice, turn: turns.len(), end_ms, cut_ms: None });
                turns.push((word.voice, vec![word.index]));
            }
        }
        for o in open.iter_mut().filter(|o| o.voice != word.voice && start_ms + OVERLAP_MS >= o.end_ms) {
            o.cut_ms = Some(o.cut_ms.map_or(end_ms, |cut| cut.min(end_ms)));
        }
    }
    Ok(turns)
}

/// The call is held: so many people cannot be on one call.
pub(super) fn too_many_voices() -> Error {
    Error::held(Stage::ParseTranscript, HoldReason::LimitReached, "the transcript has too many speakers or channels")
}

/// Whether a turn had ended when its voice speaks again.
fn ended<V>(open: &Open<V>, start_ms: u32) -> bool {
    start_ms.saturating_sub(open.end_ms) > PAUSE_MS || open.cut_ms.is_some_and(|cut| cut <= start_ms + OVERLAP_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: &[(char, u32, u32)], want: &str) {
        let timed = words.iter().enumerate().map(|(i, &(voice, start, end))| Timed {
            index: i as u32,
            voice,
            time: (end > 0).then(|| TimeSpan::new(start, end).expect("it is in order")),
        });
        let turns = by_voice(timed.collect()).expect("there are few voices");
        let shown: Vec<String> = turns
            .iter()
            .map(|(v, ws)| format!("{v}{}", ws.iter().map(u32::to_string).collect::<Vec<_>>().join(",")))
            .collect();
        assert_eq!(shown.join(" "), want);
    }

    #[test]
    fn a_pause_ends_a_turn() {
        check(&[('a', 0, 500), ('a', 600, 900), ('a', 2_101, 2_300)], "a0,1 a2");
    }

    #[test]
    fn another_voice_in_a_gap_ends_a_turn_and_one_over_it_does_not() {
        check(&[('a', 0, 500), ('b', 510, 700), ('a', 720, 900)], "a0 b1 a2");
        check(&[('a', 0, 500), ('b', 300, 700), ('a', 510, 900)], "a0,2 b1");
    }

    #[test]
    fn turns_are_in_order_of_their_start_and_a_word_without_time_stays_where_it_was() {
        check(&[('b', 2_000, 2_500), ('b', 0, 0), ('a', 0, 500), ('a', 600, 900)], "a2,3 b0,1");
    }
}
