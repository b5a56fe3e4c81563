//! Keys of a telephone that are pressed during a call (DTMF, ITU-T Q.23): the card number that somebody types in is
//! heard by whoever knows the tones, and no transcript shows it.

use super::level::from_dbfs;
use super::span;
use crate::base::TimeSpan;
use std::f32::consts::TAU;

/// A key sounds with one frequency of each half: rows, then columns.
const HZ: [f32; 8] = [697.0, 770.0, 852.0, 941.0, 1209.0, 1336.0, 1477.0, 1633.0];
const ROWS: usize = 4;
/// Frequencies up to the highest need twice its rate.
const RATE_HZ_MIN: u32 = 4_000;
/// Quieter tones are no keys: Q.24 has receivers ignore what is far below the usual level of speech.
const QUIETEST: u8 = from_dbfs(-50);
/// Share of the sound that the two frequencies have; in speech it is rarely above a half.
const SHARE_MIN: f32 = 0.75;
/// One frequency may be weaker than the other by this factor of power (10 dB; Q.24 has 4 to 8).
const TWIST_MAX: f32 = 10.0;
/// Windows of 20 ms in a row with the same key, 10 ms apart: a tone of 40 ms (the shortest that Q.24 wants heard) has
/// three at least.
const WINDOWS_MIN: usize = 3;

/// Finds pressed keys on one channel.
pub(super) struct Keyed {
    /// Twice the cosine of each frequency's angle a sample; nothing where the rate is too low.
    turns: Option<[f32; 8]>,
    /// The frame before, which is the first half of a window.
    before: Vec<f32>,
    frames: usize,
    /// The key that sounds, and in how many windows so far.
    sounding: Option<((usize, usize), usize)>,
    found: Vec<TimeSpan>,
}

impl Keyed {
    pub(super) fn new(rate_hz: u32) -> Self {
        let turns = (rate_hz >= RATE_HZ_MIN).then(|| HZ.map(|hz| 2.0 * (TAU * hz / rate_hz as f32).cos()));
        Self { turns, before: Vec::new(), frames: 0, sounding: None, found: Vec::new() }
    }

    /// Goes on with the next frame.
    pub(super) fn push(&mut self, frame: &[f32], level: u8) {
        let Some(turns) = &self.turns else { return };
        let key = if level < QUIETEST || self.before.is_empty() { None } else { key(turns, &self.before, frame) };
        self.before.clear();
        if level >= QUIETEST {
            self.before.extend_from_slice(frame);
        }
        self.frames += 1;
        match (key, &mut self.sounding) {
            (Some(key), Some((sounding, windows))) if key == *sounding => *windows += 1,
            (key, _) => {
                self.release(self.frames - 1);
                self.sounding = key.map(|key| (key, 1));
            }
        }
    }

    /// When keys were pressed.
    pub(super) fn finish(mut self) -> Vec<TimeSpan> {
        self.release(self.frames);
        self.found
    }

    /// Ends the key that sounds; `end` is the frame behind its last window.
    fn release(&mut self, end: usize) {
        if let Some((_, windows)) = self.sounding.take().filter(|(_, windows)| *windows >= WINDOWS_MIN) {
            // The frame before its first window and the one behind its last have its beginning and its end.
            self.found.push(span(end.saturating_sub(windows + 2), end + 1));
        }
    }
}

/// The key that sounds in these two frames.
fn key(turns: &[f32; 8], first: &[f32], second: &[f32]) -> Option<(usize, usize)> {
    // The algorithm of Goertzel, for all frequencies at once.
    let (mut one, mut two) = ([0.0f32; 8], [0.0f32; 8]);
    let mut total = 0.0;
    for &sample in first.iter().chain(second) {
        total += sample * sample;
        for ((turn, one), two) in turns.iter().zip(&mut one).zip(&mut two) {
            let next = sample + turn * *one - *two;
            *two = *one;
            *one = next;
        }
    }
    let count = (first.len() + second.len()) as f32;
    // A sine of one frequency alone has the power that the samples have together.
    let power: [f32; 8] =
        std::array::from_fn(|i| (one[i] * one[i] + two[i] * two[i] - turns[i] * one[i] * two[i]) * 2.0 / count);
    let loudest = |range: std::ops::Range<usize>| range.max_by(|&a, &b| power[a].total_cmp(&power[b]));
    let (row, column) = (loudest(0..ROWS)?, loudest(ROWS..HZ.len())?);
    let (row_power, column_power) = (power[row], power[column]);
    let is_pair = row_power + column_power >= SHARE_MIN * total
        && row_power <= TWIST_MAX * column_power
        && column_power <= TWIST_MAX * row_power;
    is_pair.then_some((row, column))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sine waves of these frequencies, for so many milliseconds.
    type Part<'a> = (&'a [f32], usize);

    fn keyed(rate_hz: u32, parts: &[Part<'_>]) -> Vec<(u32, u32)> {
        let mut keyed = Keyed::new(rate_hz);
        let per_ms = rate_hz as usize / 1000;
        let samples: Vec<f32> = parts
            .iter()
            .flat_map(|&(hz, ms)| {
                (0..ms * per_ms)
                    .map(move |i| hz.iter().map(|hz| 0.1 * (TAU * hz * i as f32 / rate_hz as f32).sin()).sum())
            })
            .collect();
        for frame in samples.chunks(per_ms * 10) {
            let is_loud = frame.iter().any(|s| s.abs() > 0.01);
            keyed.push(frame, if is_loud { from_dbfs(-20) } else { 0 });
        }
        keyed.finish().iter().map(|s| (s.start_ms(), s.end_ms())).collect()
    }

    #[test]
    fn every_key_is_heard_whole_at_every_usual_rate() {
        for rate_hz in [8000, 16_000, 44_000, 48_000] {
            for &row in &HZ[..ROWS] {
                for &column in &HZ[ROWS..] {
                    let found = keyed(rate_hz, &[(&[], 103), (&[row, column], 50), (&[], 100)]);
                    assert_eq!(found.len(), 1, "{rate_hz} Hz: {row} and {column} Hz");
                    assert!(found[0].0 <= 103 && (153..=190).contains(&found[0].1), "{found:?}");
                }
            }
        }
    }

    #[test]
    fn keys_in_quick_succession_are_all_covered() {
        let (four, two) = (&[770.0, 1209.0][..], &[697.0, 1336.0][..]);
        let found = keyed(8000, &[(&[], 50), (four, 50), (&[], 50), (two, 50), (&[], 50), (two, 50), (&[], 50)]);
        for at in [50, 150, 250] {
            assert!(found.iter().any(|&(from, to)| from <= at && at + 50 <= to), "{found:?}");
        }
    }

    #[test]
    fn ringing_single_tones_and_chords_are_no_keys() {
        for hz in [&[440.0, 480.0][..], &[350.0, 440.0], &[770.0], &[1209.0], &[523.0, 659.0, 784.0, 1046.0]] {
            assert_eq!(keyed(8000, &[(&[], 50), (hz, 500), (&[], 50)]), [], "{hz:?}");
        }
    }

    #[test]
    fn a_rate_that_cannot_carry_keys_is_passed_over() {
        assert_eq!(keyed(3000, &[(&[697.0, 1209.0], 200)]), []);
    }
}
