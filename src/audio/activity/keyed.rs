//! Keys of a telephone that are pressed during a call (DTMF, ITU-T Q.23): the card number that somebody types in is
//! heard by whoever knows the tones, and no transcript shows it.

use super::level::{Loudness, from_dbfs};
use super::span;
use crate::base::TimeSpan;
use std::f64::consts::TAU;
use std::sync::Arc;

/// A key sounds with one frequency of each half: rows, then columns.
const HZ: [f64; TONES] = [697.0, 770.0, 852.0, 941.0, 1209.0, 1336.0, 1477.0, 1633.0];
const TONES: usize = 8;
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

/// The waves of the frequencies, for all channels of a rate; none where it is too low for keys.
#[derive(Clone)]
pub(super) struct Waves(Option<Arc<Tables>>);

struct Tables {
    /// Samples of the shorter frames; those of others have one more.
    frame: usize,
    /// The waves beside the middle of a frame of an even and of an odd number of samples, from there outward.
    beside: [Vec<Wave>; 2],
    /// The waves as far from their middle as that of a frame is from that of the one before: as many half samples as both
    /// have samples, of which there are twice [`Self::frame`], one more or two more.
    turns: [Wave; 3],
}

/// The waves at one place.
struct Wave {
    cos: [f32; TONES],
    sin: [f32; TONES],
}

impl Waves {
    /// Those of a rate.
    pub(super) fn new(rate_hz: u32) -> Self {
        if rate_hz < RATE_HZ_MIN {
            return Self(None);
        }
        let frame = rate_hz as usize / 100;
        let wave = |half_samples: usize| {
            let angles = HZ.map(|hz| TAU * hz * half_samples as f64 / 2.0 / f64::from(rate_hz));
            Wave { cos: angles.map(|a| a.cos() as f32), sin: angles.map(|a| a.sin() as f32) }
        };
        let beside = |first: usize| (0..=frame / 2).map(|k| wave(first + 2 * k)).collect();
        let turns = [0, 1, 2].map(|more| wave(2 * frame + more));
        Self(Some(Arc::new(Tables { frame, beside: [beside(1), beside(2)], turns })))
    }

    /// What a frame with this energy has of each frequency.
    fn of(&self, frame: &[f32], energy: f32) -> Option<Half> {
        let beside = &self.0.as_ref()?.beside[frame.len() % 2];
        let (left, right) = frame.split_at(frame.len() / 2);
        let (middle, right) = right.split_at(frame.len() % 2);
        // Sums of their own, which stay in registers.
        let (mut re, mut im) = ([middle.first().copied().unwrap_or_default(); TONES], [0.0; TONES]);
        // Seen from the middle, one wave is even and the other odd: samples as far to the left and to the right share them.
        for ((left, right), Wave { cos, sin }) in left.iter().rev().zip(right).zip(beside) {
            let (even, odd) = (right + left, right - left);
            re.iter_mut().zip(cos).for_each(|(re, cos)| *re += even * cos);
            im.iter_mut().zip(sin).for_each(|(im, sin)| *im += odd * sin);
        }
        Some(Half { samples: frame.len(), energy, re, im })
    }

    /// The key that sounds in two frames, one behind the other.
    fn key(&self, first: &Half, second: &Half) -> Option<(usize, usize)> {
        let samples = first.samples + second.samples;
        let tables = self.0.as_ref()?;
        let Wave { cos, sin } = tables.turns.get(samples.checked_sub(2 * tables.frame)?)?;
        // A sine of one frequency alone has the power that the samples have together. The second frame has the waves'
        // middle in its own, and is turned to that of the first.
        let power: [f32; TONES] = std::array::from_fn(|i| {
            let re = first.re[i] + second.re[i] * cos[i] - second.im[i] * sin[i];
            let im = first.im[i] + second.re[i] * sin[i] + second.im[i] * cos[i];
            (re * re + im * im) * 2.0 / samples as f32
        });
        let loudest = |range: std::ops::Range<usize>| range.max_by(|&a, &b| power[a].total_cmp(&power[b]));
        let (row, column) = (loudest(0..ROWS)?, loudest(ROWS..TONES)?);
        let (row_power, column_power) = (power[row], power[column]);
        let is_pair = row_power + column_power >= SHARE_MIN * (first.energy + second.energy)
            && row_power <= TWIST_MAX * column_power
            && column_power <= TWIST_MAX * row_power;
        is_pair.then_some((row, column))
    }
}

/// What one frame, half a window, has of each frequency: its Fourier transform there, from its middle.
struct Half {
    samples: usize,
    /// The sum of all samples' squares.
    energy: f32,
    re: [f32; TONES],
    im: [f32; TONES],
}

/// Finds pressed keys on one channel.
pub(super) struct Keyed {
    waves: Waves,
    /// The frame before, unless it was too quiet.
    before: Option<Half>,
    frames: usize,
    /// The key that sounds, and in how many windows so far.
    sounding: Option<((usize, usize), usize)>,
    found: Vec<TimeSpan>,
}

impl Keyed {
    pub(super) fn new(waves: Waves) -> Self {
        Self { waves, before: None, frames: 0, sounding: None, found: Vec::new() }
    }

    /// Goes on with the next frame.
    pub(super) fn push(&mut self, frame: &[f32], loudness: Loudness) {
        let is_loud = loudness.level >= QUIETEST;
        let half = is_loud.then(|| self.waves.of(frame, loudness.energy)).flatten();
        let key = self.before.as_ref().zip(half.as_ref()).and_then(|(first, second)| self.waves.key(first, second));
        self.before = half;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Sine waves of these frequencies, for so many milliseconds.
    type Part<'a> = (&'a [f64], usize);

    fn keyed(rate_hz: u32, parts: &[Part<'_>]) -> Vec<(u32, u32)> {
        let mut keyed = Keyed::new(Waves::new(rate_hz));
        let per_ms = rate_hz as usize / 1000;
        let samples: Vec<f32> = parts
            .iter()
            .flat_map(|&(hz, ms)| {
                (0..ms * per_ms).map(move |i| {
                    hz.iter().map(|hz| 0.1 * (TAU * hz * i as f64 / f64::from(rate_hz)).sin() as f32).sum()
                })
            })
            .collect();
        for frame in samples.chunks(per_ms * 10) {
            let is_loud = frame.iter().any(|s| s.abs() > 0.01);
            let level = if is_loud { from_dbfs(-20) } else { 0 };
            keyed.push(frame, Loudness { level, energy: frame.iter().map(|s| s * s).sum() });
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
