//! What stands in place of muted sound: silence, or a tone or noise that is the same in every recording of the codec.
//! What frame of the recording it stands for is all that decides; so a copy proves itself, wherever it is looked at.
//!
//! Only basic arithmetic makes it, so that every machine makes the same bytes.

mod coded;

use super::blocks::Blocks;
use super::sample;
use crate::model::{Codec, Fill, RecordingInfo};

/// Loudest sample of a fill, of full scale: -24 dB.
const PEAK: f64 = 1.0 / 16.0;
/// The tone, where the rate can say it.
const TONE_HZ: u64 = 1000;
/// Largest table of a fill; one that a second would not fit into is shorter.
const TABLE_BYTES_MAX: u64 = 256 << 10;

/// A fill as samples, which repeats itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Signal {
    fill: Fill,
    /// Frames until it starts again.
    period: u64,
    /// Whole waves of the tone in them.
    waves: u64,
}

impl Signal {
    /// The fill as it is heard at this rate, the same every second.
    pub(super) fn new(fill: Fill, rate_hz: u32) -> Self {
        Self::repeating(fill, rate_hz, rate_hz.into())
    }

    /// The fill as it is heard at this rate, the same every `period` frames.
    fn repeating(fill: Fill, rate_hz: u32, period: u64) -> Self {
        // At least four samples a wave.
        let hz = TONE_HZ.min(u64::from(rate_hz) / 4);
        Self { fill, period, waves: (hz * period / u64::from(rate_hz)).max(1) }
    }

    /// Its sample of every channel at this frame, full scale -1 to 1.
    pub(super) fn at(&self, frame: u64) -> f64 {
        let frame = frame % self.period;
        match self.fill {
            Fill::Silence => 0.0,
            Fill::Tone => PEAK * wave((frame * self.waves % self.period) as f64 / self.period as f64),
            Fill::Noise => PEAK * noise(frame),
        }
    }

    /// Whether it is silence.
    pub(super) fn is_silence(&self) -> bool {
        self.fill.is_silence()
    }
}

/// A sine by Bhaskara's formula, at this part of a wave: right to 0.2 %, and made without a library's.
fn wave(part: f64) -> f64 {
    let (half, sign) = if part < 0.5 { (2.0 * part, 1.0) } else { (2.0 * part - 1.0, -1.0) };
    let hill = half * (1.0 - half);
    sign * 16.0 * hill / (5.0 - 4.0 * hill)
}

/// A number from -1 to 1 that looks random, by the frame (the finaliser of SplitMix64).
fn noise(frame: u64) -> f64 {
    let mut bits = (frame + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    let bits = (bits ^ bits >> 31) >> 32;
    bits as f64 / f64::from(1_u32 << 31) - 1.0
}

/// The fill of this recording as whole blocks, one after another, which begin again behind the last one.
pub(super) fn table(info: &RecordingInfo, blocks: &Blocks, fill: Fill) -> Vec<u8> {
    if fill.is_silence() {
        return blocks.silent.clone();
    }
    if info.codec == Codec::Gsm610 {
        return coded::gsm(fill);
    }
    let second = u64::from(info.rate_hz).div_ceil(blocks.frames);
    let count = second.min(TABLE_BYTES_MAX / blocks.bytes()).max(1);
    let signal = Signal::repeating(fill, info.rate_hz, count * blocks.frames);
    let samples = (0..signal.period).map(|frame| signal.at(frame));
    let channels = usize::from(info.channels);
    match info.codec {
        Codec::ImaAdpcm => coded::ima(samples, blocks, channels),
        Codec::MsAdpcm => coded::ms(samples, blocks, channels),
        codec => {
            let mut bytes = Vec::new();
            for value in samples {
                let start = bytes.len();
                sample::put(codec, value, &mut bytes);
                let end = bytes.len();
                (1..channels).for_each(|_| bytes.extend_from_within(start..end));
            }
            bytes
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tone_is_a_sine_of_its_frequency_at_its_level() {
        let signal = Signal::new(Fill::Tone, 8000);
        for frame in 0..16_000 {
            let want = PEAK * (std::f64::consts::TAU * 1000.0 * frame as f64 / 8000.0).sin();
            assert!((signal.at(frame) - want).abs() < PEAK * 0.002, "frame {frame}");
        }
        // A rate that cannot say a kilohertz gets what it can say.
        assert!((0..100).any(|frame| Signal::new(Fill::Tone, 1000).at(frame) > PEAK * 0.9));
    }

    #[test]
    fn noise_is_even_and_unlike_itself_shifted() {
        let signal = Signal::new(Fill::Noise, 8000);
        let samples: Vec<f64> = (0..8000).map(|frame| signal.at(frame) / PEAK).collect();
        let of = |shift: usize| {
            samples.iter().zip(samples.iter().cycle().skip(shift)).map(|(a, b)| a * b).sum::<f64>() / 8000.0
        };
        assert!((of(0) - 1.0 / 3.0).abs() < 0.01 && samples.iter().sum::<f64>().abs() / 8000.0 < 0.02);
        assert!((1..200).all(|shift| of(shift).abs() < 0.02));
        assert!(signal.at(7) == signal.at(8007));
    }
}
