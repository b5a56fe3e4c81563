//! Levels to stretches of speech: what rises above the noise of its surroundings, unless it is a steady tone.

use super::level::{STEPS_PER_DB, from_dbfs};
use super::span;
use crate::base::TimeSpan;

/// Frames over which the noise is measured, together with as many before and after: 10 s. Speech has pauses in it.
const CHAPTER_FRAMES: usize = 1000;
/// One frame in so many is as quiet as the noise.
const NOISE_ONE_IN: usize = 20;
/// Speech rises by so much above the noise. Levels of noise alone keep within 3 dB of their least twentieth.
const RISE: u8 = 6 * STEPS_PER_DB;
/// What is below this is not heard beside speech at any usual level.
const QUIETEST: u8 = from_dbfs(-65);
/// Pauses up to this are part of speech: the closure of a stop lasts 100 ms at most.
const PAUSE_FRAMES: usize = 10;
/// What is shorter is a click.
const CLICK_FRAMES: usize = 3;
/// A sound that stays within [`TONE_RANGE`] for so long, from its beginning to its end, is a tone of the line.
const TONE_FRAMES: usize = 40;
const TONE_RANGE: u8 = 2 * STEPS_PER_DB;
/// Tones of two frequencies (ringing: 440 and 480 Hz) beat; over so many frames that evens out.
const BEAT_FRAMES: usize = 5;

/// Finds speech in the levels of one channel.
#[derive(Default)]
pub(super) struct Voice {
    /// Levels of up to two chapters: the one that is decided next, and the one that is filled.
    levels: Vec<u8>,
    /// Frames that are decided.
    decided: usize,
    /// The noise of the chapter before.
    noise_before: Option<u8>,
    /// Levels of the sound that has begun and may go on.
    begun: Vec<u8>,
    found: Vec<TimeSpan>,
}

impl Voice {
    /// Goes on with the next frame.
    pub(super) fn push(&mut self, level: u8) {
        self.levels.push(level);
        if self.levels.len() == 2 * CHAPTER_FRAMES {
            self.decide(CHAPTER_FRAMES);
        }
    }

    /// When somebody spoke.
    pub(super) fn finish(mut self) -> Vec<TimeSpan> {
        self.decide(self.levels.len().min(CHAPTER_FRAMES));
        self.decide(self.levels.len());
        self.end_sound(self.decided);
        self.found
    }

    /// Decides the first `frames` of the levels, by their own noise and that of the frames around them.
    fn decide(&mut self, frames: usize) {
        let later = self.levels.split_off(frames);
        let now = std::mem::replace(&mut self.levels, later);
        let noise = noise(&now);
        let around = [self.noise_before, noise, self::noise(&self.levels)].into_iter().flatten().min();
        let threshold = around.unwrap_or_default().saturating_add(RISE).max(QUIETEST);
        for level in now {
            self.hear(level, level >= threshold);
        }
        self.noise_before = noise.or(self.noise_before);
    }

    fn hear(&mut self, level: u8, is_loud: bool) {
        if is_loud || !self.begun.is_empty() {
            self.begun.push(if is_loud { level } else { 0 });
        }
        self.decided += 1;
        let pause = self.begun.iter().rev().take(PAUSE_FRAMES + 1).take_while(|level| **level == 0).count();
        if pause > PAUSE_FRAMES {
            self.end_sound(self.decided);
        }
    }

    /// Ends the sound that has begun; `end` is the frame behind its last level.
    fn end_sound(&mut self, end: usize) {
        let start = end - self.begun.len();
        let loud = self.begun.iter().rposition(|level| *level > 0).map_or(0, |last| last + 1);
        self.begun.truncate(loud);
        if loud >= CLICK_FRAMES && !is_tone(&self.begun) {
            self.found.push(span(start, start + loud));
        }
        self.begun.clear();
    }
}

/// The level of the noise in these frames.
fn noise(levels: &[u8]) -> Option<u8> {
    let mut sorted = levels.to_vec();
    let at = sorted.len() / NOISE_ONE_IN;
    (!sorted.is_empty()).then(|| *sorted.select_nth_unstable(at).1)
}

/// Whether a sound has one level from beginning to end. No word has.
fn is_tone(levels: &[u8]) -> bool {
    if levels.len() < TONE_FRAMES {
        return false;
    }
    // Without the frames in which it rises and falls.
    let inside = &levels[1..levels.len() - 1];
    let power = |level: &u8| 10f32.powf(f32::from(*level) / (10.0 * f32::from(STEPS_PER_DB)));
    let powers = inside.windows(BEAT_FRAMES).map(|window| window.iter().map(power).sum::<f32>());
    let (least, most) = powers.fold((f32::MAX, 0f32), |(least, most), power| (least.min(power), most.max(power)));
    10.0 * (most / least).log10() <= f32::from(TONE_RANGE / STEPS_PER_DB)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames and the level that they have; every other frame is half a decibel louder.
    fn voice(parts: &[(usize, i8)]) -> Vec<(u32, u32)> {
        let mut voice = Voice::default();
        for &(frames, dbfs) in parts {
            for frame in 0..frames {
                voice.push(from_dbfs(dbfs) + (frame % 2) as u8);
            }
        }
        voice.finish().iter().map(|s| (s.start_ms(), s.end_ms())).collect()
    }

    /// A word: it rises and falls.
    const WORD: [(usize, i8); 3] = [(10, -30), (10, -20), (10, -35)];

    fn with_words(around: i8, pauses: &[usize]) -> Vec<(usize, i8)> {
        pauses.iter().flat_map(|&pause| [(pause, around)].into_iter().chain(WORD)).chain([(100, around)]).collect()
    }

    #[test]
    fn words_are_found_in_silence_and_in_noise_across_chapters() {
        for around in [-100, -70, -45] {
            assert_eq!(voice(&with_words(around, &[100, 900])), [(1000, 1300), (10_300, 10_600)], "{around} dBFS");
            assert_eq!(voice(&with_words(around, &[5000])), [(50_000, 50_300)], "{around} dBFS");
        }
    }

    #[test]
    fn short_pauses_are_speech_and_longer_ones_are_not() {
        assert_eq!(voice(&with_words(-80, &[100, 10])), [(1000, 1700)]);
        assert_eq!(voice(&with_words(-80, &[100, 11])), [(1000, 1300), (1410, 1710)]);
    }

    #[test]
    fn noise_clicks_and_tones_are_not_speech_however_loud() {
        assert_eq!(voice(&[(3000, -20)]), []);
        assert_eq!(voice(&[(100, -80), (2, -10), (100, -80)]), []);
        assert_eq!(voice(&[(100, -80), (200, -20), (400, -80), (200, -20)]), []);
    }

    #[test]
    fn a_word_beside_louder_noise_elsewhere_is_found() {
        let calm_then_noise: Vec<_> = with_words(-80, &[300]).into_iter().chain([(1500, -25)]).collect();
        assert_eq!(voice(&calm_then_noise)[0], (3000, 3300));
    }

    #[test]
    fn nothing_is_found_in_nothing() {
        assert_eq!(voice(&[]), []);
        assert_eq!(voice(&[(1, -80)]), []);
    }
}
