//! Which cues are one turn: captions end where a line is full, people do not.

use super::super::link::Piece;
use super::super::times;
use super::super::turns::{VOICES_MAX, too_many_voices};
use crate::base::{Result, TimeSpan};
use crate::model::Speaker;

/// A cue of nobody in particular that goes on within this time, in a sentence that has not ended, continues its turn,
/// milliseconds.
const CONTINUES_MS_MAX: u32 = 150;
/// A pause up to this does not end the turn of somebody whom nobody else has followed, milliseconds.
const PAUSE_MS_MAX: u32 = 5_000;

/// What one person says in one cue.
pub(super) struct Said {
    pub(super) speaker: Speaker,
    pub(super) time: TimeSpan,
    /// A sign says that somebody else begins.
    pub(super) starts: bool,
    /// Its sentence has not ended.
    pub(super) goes_on: bool,
    pub(super) pieces: Vec<Piece>,
}

/// A speaker's latest turn.
struct Open {
    turn: usize,
    last: usize,
    end_ms: u32,
    /// Somebody else has spoken since, and longer.
    is_over: bool,
}

/// Puts what is said into turns, each a list of indexes of one speaker; turns are in order of their start.
///
/// # Errors
/// Holds the call when somebody's cues run backwards, or there are more voices than a call can have.
pub(super) fn turns(said: &[Said]) -> Result<Vec<Vec<usize>>> {
    let mut turns: Vec<Vec<usize>> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    for (at, one) in said.iter().enumerate() {
        let own = open.iter().position(|o| said[o.last].speaker == one.speaker);
        if let Some(own) = own {
            times::in_order(Some(said[open[own].last].time), one.time)?;
        }
        let turn = own.map(|own| &open[own]).filter(|o| goes_on(&said[o.last], one, o)).map(|o| o.turn);
        let turn = turn.unwrap_or(turns.len());
        if turn == turns.len() {
            turns.push(Vec::new());
        }
        turns[turn].push(at);
        let end_ms = one.time.end_ms();
        for other in &mut open {
            other.is_over |= end_ms > other.end_ms || said[other.last].speaker == Speaker::Unknown;
        }
        let now = Open { turn, last: at, end_ms, is_over: false };
        match own {
            Some(own) => open[own] = now,
            None if open.len() == VOICES_MAX => return Err(too_many_voices()),
            None => open.push(now),
        }
    }
    turns.sort_by_key(|turn| said[turn[0]].time.start_ms());
    Ok(turns)
}

fn goes_on(before: &Said, one: &Said, open: &Open) -> bool {
    let pause_ms = one.time.start_ms().checked_sub(open.end_ms);
    match one.speaker {
        Speaker::Unknown => {
            let follows = pause_ms.is_some_and(|ms| ms <= CONTINUES_MS_MAX);
            !open.is_over && !one.starts && before.goes_on && follows
        }
        _ => !open.is_over && pause_ms.is_none_or(|ms| ms <= PAUSE_MS_MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Speaker = Speaker::Agent;
    const C: Speaker = Speaker::Caller;
    const U: Speaker = Speaker::Unknown;

    fn check(said: &[(Speaker, u32, u32, bool)], want: &[&[usize]]) {
        let said: Vec<Said> = said
            .iter()
            .map(|&(speaker, start, end, goes_on)| {
                let time = TimeSpan::new(start, end).unwrap();
                Said { speaker, time, starts: false, goes_on, pieces: Vec::new() }
            })
            .collect();
        assert_eq!(turns(&said).unwrap(), want);
    }

    #[test]
    fn a_turn_goes_on_through_pauses_and_over_a_yeah_but_not_past_an_answer() {
        check(&[(A, 0, 900, true), (A, 4000, 5000, false), (A, 11_000, 12_000, false)], &[&[0, 1], &[2]]);
        check(&[(A, 0, 2000, true), (C, 500, 700, false), (A, 2100, 3000, false)], &[&[0, 2], &[1]]);
        check(&[(A, 0, 2000, false), (C, 1900, 2700, false), (A, 2800, 3000, false)], &[&[0], &[1], &[2]]);
    }

    #[test]
    fn without_speakers_a_turn_goes_on_with_its_sentence() {
        check(&[(U, 0, 900, true), (U, 1000, 2000, false), (U, 2000, 3000, true)], &[&[0, 1], &[2]]);
        check(&[(U, 0, 900, true), (U, 2000, 2500, true)], &[&[0], &[1]]);
        check(&[(U, 0, 900, true), (A, 100, 500, true), (U, 900, 2500, true)], &[&[0], &[1], &[2]]);
    }

    #[test]
    fn cues_of_one_speaker_that_run_backwards_hold_the_call() {
        let said = |start| Said {
            speaker: A,
            time: TimeSpan::new(start, start + 10).unwrap(),
            starts: false,
            goes_on: false,
            pieces: Vec::new(),
        };
        assert!(turns(&[said(5000), said(3000)]).is_err() && turns(&[said(5000), said(4500)]).is_ok());
    }
}
