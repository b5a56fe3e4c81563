//! Blocks of IMA and Microsoft ADPCM to samples. Each block starts anew.

use crate::audio::damaged;
use crate::base::Result;

/// Step sizes of IMA ADPCM.
const IMA_STEPS: [i32; 89] = [
    7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107,
    118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963,
    1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894,
    6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794,
    32767,
];
/// How far a code moves the step on.
const IMA_MOVES: [i32; 8] = [-1, -1, -1, -1, 2, 4, 6, 8];
/// The predictors of Microsoft ADPCM, of 256.
const MS_PREDICTORS: [[i32; 2]; 7] = [[256, 0], [512, -256], [0, 0], [192, 64], [240, 0], [460, -208], [392, -232]];
/// What a code makes of the step, of 256.
const MS_STEPS: [i32; 16] = [230, 230, 230, 230, 307, 409, 512, 614, 768, 614, 512, 409, 307, 230, 230, 230];
/// The smallest step of Microsoft ADPCM.
const MS_STEP_MIN: i32 = 16;
/// No file needs more; without a bound a damaged one makes it overflow.
const MS_STEP_MAX: i32 = 1 << 20;

/// Codes of a sample: four bits.
pub(in crate::audio) const CODES: u8 = 16;

/// Where a decoder of IMA ADPCM stands with one channel.
#[derive(Clone)]
pub(in crate::audio) struct Ima {
    sample: i32,
    step: usize,
}

impl Ima {
    /// Whether a block's head may say that this step comes next. Players leave out a block with another one.
    pub(super) const fn is_step(step: u8) -> bool {
        (step as usize) < IMA_STEPS.len()
    }

    /// Behind the head of a block: its first sample, and which step comes next.
    pub(in crate::audio) fn new(sample: i32, step: u8) -> Self {
        Self { sample, step: usize::from(step).min(IMA_STEPS.len() - 1) }
    }

    /// The next sample.
    pub(in crate::audio) fn decode(&mut self, code: u8) -> i32 {
        let step = IMA_STEPS[self.step];
        let bit = |n: u8, part: i32| if code >> n & 1 == 1 { part } else { 0 };
        let change = (step >> 3) + bit(2, step) + bit(1, step >> 1) + bit(0, step >> 2);
        self.sample = clip(self.sample + if code & 8 == 0 { change } else { -change });
        self.step = self.step.saturating_add_signed(IMA_MOVES[usize::from(code & 7)] as isize).min(IMA_STEPS.len() - 1);
        self.sample
    }

    /// Which step comes next.
    pub(in crate::audio) const fn step(&self) -> u8 {
        self.step as u8
    }
}

/// Where a decoder of Microsoft ADPCM stands with one channel.
#[derive(Clone)]
pub(in crate::audio) struct Ms {
    predictor: [i32; 2],
    step: i32,
    /// The sample before, and the one before that.
    last: [i32; 2],
}

impl Ms {
    /// Whether a block's head may name this predictor. Players leave out a block with another one.
    pub(super) const fn is_predictor(predictor: u8) -> bool {
        (predictor as usize) < MS_PREDICTORS.len()
    }

    /// Behind the head of a block, with the last two samples in it, the nearer one first.
    pub(in crate::audio) fn new(predictor: u8, step: i32, last: [i32; 2]) -> Self {
        Self { predictor: MS_PREDICTORS[usize::from(predictor).min(MS_PREDICTORS.len() - 1)], step, last }
    }

    /// The next sample.
    pub(in crate::audio) fn decode(&mut self, code: u8) -> i32 {
        let [near, far] = self.predictor;
        let [last, before] = self.last;
        let signed = i32::from(code) - if code & 8 == 0 { 0 } else { 16 };
        let sample = clip(((near * last + far * before) >> 8) + signed * self.step);
        self.last = [sample, last];
        self.step = ((MS_STEPS[usize::from(code)] * self.step) >> 8).clamp(MS_STEP_MIN, MS_STEP_MAX);
        sample
    }
}

/// Decodes a block of IMA ADPCM, which may end early: a head for each channel, then eight samples of each in turn.
///
/// # Errors
/// Holds the call when a head is none.
pub(super) fn ima(block: &[u8], planes: &mut [Vec<f32>]) -> Result<()> {
    let (heads, groups) = block.split_at(block.len().min(4 * planes.len()));
    let (heads, _) = heads.as_chunks::<4>();
    let channels = planes.len();
    for (channel, (plane, &[low, high, step, _])) in planes.iter_mut().zip(heads).enumerate() {
        if !Ima::is_step(step) {
            return Err(damaged("a block of ADPCM has a step that there is not"));
        }
        let first = i32::from(i16::from_le_bytes([low, high]));
        let mut decoder = Ima::new(first, step);
        plane.push(full_scale(first));
        for group in groups.chunks_exact(4).skip(channel).step_by(channels) {
            let codes = group.iter().flat_map(|byte| [byte & 15, byte >> 4]);
            plane.extend(codes.map(|code| full_scale(decoder.decode(code))));
        }
    }
    trim(planes);
    Ok(())
}

/// Decodes a block of Microsoft ADPCM, which may end early: predictors, steps, second and first samples of all channels,
/// then a sample of each channel in turn.
///
/// # Errors
/// Holds the call when a head is none.
pub(super) fn ms(block: &[u8], planes: &mut [Vec<f32>]) -> Result<()> {
    let channels = planes.len();
    let Some((head, codes)) = block.split_at_checked(7 * channels) else { return Ok(()) };
    if !head[..channels].iter().all(|predictor| Ms::is_predictor(*predictor)) {
        return Err(damaged("a block of ADPCM has a predictor that there is not"));
    }
    let i16_at = |at: usize| i32::from(i16::from_le_bytes([head[at], head[at + 1]]));
    let mut codes_of: Vec<Vec<u8>> = vec![Vec::new(); channels];
    for (n, code) in codes.iter().flat_map(|byte| [byte >> 4, byte & 15]).enumerate() {
        codes_of[n % channels].push(code);
    }
    for (channel, (plane, codes)) in planes.iter_mut().zip(codes_of).enumerate() {
        let step = i16_at(channels + 2 * channel);
        let (last, before) = (i16_at(3 * channels + 2 * channel), i16_at(5 * channels + 2 * channel));
        let mut decoder = Ms::new(head[channel], step, [last, before]);
        plane.extend([full_scale(before), full_scale(last)]);
        plane.extend(codes.into_iter().map(|code| full_scale(decoder.decode(code))));
    }
    trim(planes);
    Ok(())
}

/// Cuts all channels to the length of the shortest one.
fn trim(planes: &mut [Vec<f32>]) {
    let len = planes.iter().map(Vec::len).min().unwrap_or(0);
    planes.iter_mut().for_each(|plane| plane.truncate(len));
}

fn clip(sample: i32) -> i32 {
    sample.clamp(i16::MIN.into(), i16::MAX.into())
}

fn full_scale(sample: i32) -> f32 {
    sample as f32 / 32_768.0
}
