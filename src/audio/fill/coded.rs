//! Fills in blocks of ADPCM and GSM. A block of ADPCM says its own start, so that one fill follows another whatever was
//! there before; encoding tries what each code would decode to.

use super::super::blocks::{self, Blocks};
use super::super::decode::adpcm::{CODES, Ima, Ms};
use super::super::sample::rounded;
use crate::model::Fill;

/// A step of IMA near what a fill changes by from sample to sample at 8 kHz, where the first block starts.
const IMA_STEP: u8 = 40;
/// The predictor of Microsoft's that goes on as the last two samples did, and the step with which each block starts.
const MS_PREDICTOR: u8 = 1;
const MS_STEP: i16 = 256;

/// Blocks of IMA: head of first sample and step for each channel, then eight samples of each in turn.
pub(super) fn ima(samples: impl Iterator<Item = f64>, blocks: &Blocks, channels: usize) -> Vec<u8> {
    let samples: Vec<i32> = samples.map(of_16_bits).collect();
    let mut bytes = Vec::new();
    let mut step = IMA_STEP;
    for block in samples.chunks(blocks.frames as usize) {
        let mut coder = Ima::new(block[0], step);
        let [low, high] = (block[0] as i16).to_le_bytes();
        bytes.extend([low, high, step, 0].repeat(channels));
        let codes: Vec<u8> = block[1..].iter().map(|&sample| coder.encode(sample)).collect();
        let packed: Vec<u8> = codes.chunks_exact(2).map(|pair| pair[0] | pair[1] << 4).collect();
        packed.chunks_exact(4).for_each(|group| bytes.extend(group.repeat(channels)));
        step = coder.step();
    }
    bytes
}

/// Blocks of Microsoft's: predictors, steps, second and first samples of all channels, then a sample of each in turn.
pub(super) fn ms(samples: impl Iterator<Item = f64>, blocks: &Blocks, channels: usize) -> Vec<u8> {
    let samples: Vec<i32> = samples.map(of_16_bits).collect();
    let mut bytes = Vec::new();
    for block in samples.chunks(blocks.frames as usize) {
        let mut coder = Ms::new(MS_PREDICTOR, MS_STEP.into(), [block[1], block[0]]);
        bytes.extend([MS_PREDICTOR].repeat(channels));
        for number in [MS_STEP, block[1] as i16, block[0] as i16] {
            bytes.extend(number.to_le_bytes().repeat(channels));
        }
        let codes: Vec<u8> =
            block[2..].iter().map(|&sample| coder.encode(sample)).flat_map(|code| [code].repeat(channels)).collect();
        // A block has whole bytes, and what does not fill one is no sample.
        bytes.extend(codes.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).unwrap_or(&0)));
        let whole = bytes.len().next_multiple_of(blocks.silent.len());
        bytes.resize(whole, 0);
    }
    bytes
}

fn of_16_bits(value: f64) -> i32 {
    rounded(value, 16) as i32
}

impl Ima {
    /// The code that comes nearest to this sample, with which the coder goes on.
    fn encode(&mut self, sample: i32) -> u8 {
        let code = nearest(sample, |code| self.clone().decode(code));
        self.decode(code);
        code
    }
}

impl Ms {
    /// The code that comes nearest to this sample, with which the coder goes on.
    fn encode(&mut self, sample: i32) -> u8 {
        let code = nearest(sample, |code| self.clone().decode(code));
        self.decode(code);
        code
    }
}

fn nearest(sample: i32, decoded: impl Fn(u8) -> i32) -> u8 {
    (0..CODES).min_by_key(|&code| (decoded(code) - sample).abs()).expect("there are 16 codes")
}

/// Two dozen blocks of GSM, which are whole waves of its tone.
const GSM_BLOCKS: usize = 24;
/// Codes of the height of pulses, by the table of GSM 06.10: some 1500 and 1200 of 32768, so that what the filters make
/// of them is as loud as other fills.
const GSM_TONE_HEIGHT: u32 = 27;
const GSM_NOISE_HEIGHT: u32 = 24;

/// Blocks of GSM: pulses every three samples, which are the tone (of 1333 Hz) where they alternate.
pub(super) fn gsm(fill: Fill) -> Vec<u8> {
    let mut subframe = 0;
    let mut next = || {
        let start = 40 * subframe;
        let grid = (3 - start % 3) % 3;
        subframe += 1;
        match fill {
            Fill::Tone => {
                let first = (start + grid) / 3;
                blocks::Subframe {
                    grid,
                    height: GSM_TONE_HEIGHT,
                    pulses: std::array::from_fn(|n| 7 * ((first + n as u32) % 2)),
                }
            }
            _ => blocks::Subframe {
                grid,
                height: GSM_NOISE_HEIGHT,
                pulses: std::array::from_fn(|n| ((super::noise((start + n as u32).into()) + 1.0) * 4.0) as u32),
            },
        }
    };
    (0..GSM_BLOCKS).flat_map(|_| blocks::gsm(&mut next)).collect()
}
