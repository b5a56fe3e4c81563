//! Samples to frames of 10 ms and their levels.

/// Level of nothing, and of all that is below −100 dBFS.
pub(super) const SILENT: u8 = 0;
/// Steps of a level in a decibel.
pub(super) const STEPS_PER_DB: u8 = 2;

/// A level from decibels of full scale.
pub(super) const fn from_dbfs(dbfs: i8) -> u8 {
    (dbfs as i16 + 100) as u8 * STEPS_PER_DB
}

/// The power of a level; that of the least one is 1.
pub(super) fn power(level: u8) -> f64 {
    10f64.powf(f64::from(level) / (10.0 * f64::from(STEPS_PER_DB)))
}

/// How loud a frame is.
#[derive(Clone, Copy)]
pub(super) struct Loudness {
    /// Half decibels above −100 dBFS, apart from a constant offset of the samples.
    pub(super) level: u8,
    /// The sum of all samples' squares.
    pub(super) energy: f32,
}

/// Cuts the samples of one channel into frames.
pub(super) struct Frames {
    rate_hz: u64,
    /// Frames that are complete.
    frames: u64,
    /// Samples of the frame that is not.
    begun: Vec<f32>,
}

impl Frames {
    pub(super) fn new(rate_hz: u32) -> Self {
        Self { rate_hz: rate_hz.into(), frames: 0, begun: Vec::new() }
    }

    /// Goes on with these samples and says of every frame that they complete what is in it and how loud it is. What
    /// remains at the end of a recording is less than a frame, and is not told.
    pub(super) fn push(&mut self, mut samples: &[f32], told: &mut dyn FnMut(&[f32], Loudness)) {
        loop {
            // At rates like 11,025 Hz frames differ by one sample.
            let len = ((self.frames + 1) * self.rate_hz / 100 - self.frames * self.rate_hz / 100) as usize;
            let missing = len - self.begun.len();
            if samples.len() < missing {
                self.begun.extend_from_slice(samples);
                return;
            }
            let (now, later) = samples.split_at(missing);
            if self.begun.is_empty() {
                told(now, loudness(now));
            } else {
                self.begun.extend_from_slice(now);
                told(&self.begun, loudness(&self.begun));
                self.begun.clear();
            }
            self.frames += 1;
            samples = later;
        }
    }
}

fn loudness(samples: &[f32]) -> Loudness {
    /// Sums that are kept side by side, so that the compiler adds many samples at once.
    const LANES: usize = 8;
    if samples.is_empty() {
        return Loudness { level: SILENT, energy: 0.0 };
    }
    let (lanes, rest) = samples.as_chunks::<LANES>();
    let (mut sums, mut squares) = ([0.0f32; LANES], [0.0f32; LANES]);
    for samples in lanes {
        for ((sum, square), sample) in sums.iter_mut().zip(&mut squares).zip(samples) {
            *sum += sample;
            *square += sample * sample;
        }
    }
    let sum = sums.iter().chain(rest).sum::<f32>();
    let energy = squares.iter().sum::<f32>() + rest.iter().map(|s| s * s).sum::<f32>();
    let count = samples.len() as f32;
    let power = (energy - sum * sum / count) / count;
    let steps = (10.0 * power.log10() + 100.0) * f32::from(STEPS_PER_DB);
    // The logarithm of nothing is below any level, and that of rounding errors is no number.
    let level = if steps > 0.0 { steps.min(f32::from(u8::MAX)) as u8 } else { SILENT };
    Loudness { level, energy }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(rate_hz: u32, samples: &[f32], block: usize) -> Vec<(usize, u8)> {
        let (mut frames, mut told) = (Frames::new(rate_hz), Vec::new());
        for block in samples.chunks(block) {
            frames.push(block, &mut |frame, loudness| told.push((frame.len(), loudness.level)));
        }
        told
    }

    #[test]
    fn a_full_sine_is_3_db_below_full_scale_and_an_offset_is_nothing() {
        let sine: Vec<f32> = (0..800).map(|i| (i as f32 * 0.2 * std::f32::consts::PI).sin()).collect();
        let quiet: Vec<f32> = sine.iter().map(|s| s * 0.001 + 0.5).collect();
        assert!(levels(8000, &sine, 800).iter().all(|&(len, level)| len == 80 && level == from_dbfs(-4) + 1));
        assert!(levels(8000, &quiet, 800).iter().all(|&(_, level)| level.abs_diff(from_dbfs(-63)) <= 1));
        assert!(levels(8000, &[0.25; 800], 800).iter().all(|&(_, level)| level < from_dbfs(-90)));
    }

    #[test]
    fn frames_are_the_same_whatever_the_blocks_and_fit_every_rate() {
        let samples: Vec<f32> = (0..11_025).map(|i| ((i * i) % 97) as f32 / 97.0).collect();
        let whole = levels(11_025, &samples, 11_025);
        assert_eq!(whole.len(), 100);
        assert_eq!(whole.iter().map(|(len, _)| len).sum::<usize>(), 11_025);
        for block in [1, 7, 110, 111, 5000] {
            assert_eq!(levels(11_025, &samples, block), whole);
        }
    }
}
