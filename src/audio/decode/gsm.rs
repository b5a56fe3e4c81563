//! GSM 06.10 full rate to samples, bit by bit as the recommendation computes it (section 5.3 and tables 5.1 to 5.6).

use std::ops::Range;

/// Bits of each code of a filter.
const FILTER_BITS: [u32; 8] = [6, 6, 5, 5, 4, 4, 3, 3];
/// Tables 5.1 and 5.2: what codes of the filter mean.
const INVERSE_A: [i16; 8] = [13_107, 13_107, 13_107, 13_107, 19_223, 17_476, 31_454, 29_708];
const B: [i16; 8] = [0, 0, 2048, -2560, 94, -1792, -341, -1144];
const LOWEST: [i16; 8] = [-32, -32, -16, -16, -8, -8, -4, -4];
/// Table 5.3b: gains of the long-term predictor.
const GAINS: [i16; 4] = [3277, 11_469, 21_299, 32_767];
/// Table 5.6: mantissas of pulses.
const MANTISSAS: [i16; 8] = [18_431, 20_479, 22_527, 24_575, 26_623, 28_671, 30_719, 32_767];
/// What is taken of the last output of the filter that makes up for pre-emphasis.
const DE_EMPHASIS: i16 = 28_180;
/// Lags that the long-term predictor may have.
const LAGS: Range<usize> = 40..121;
const LAG_MAX: usize = LAGS.end - 1;
/// A frame is four parts of 40 samples, of 13 pulses each.
const PARTS: usize = 4;
const PART: usize = 40;
const PULSES: usize = 13;
/// Two frames in a block of 65 bytes, lowest bit first.
const FRAMES: usize = 2;

/// A decoder and what it remembers.
pub(super) struct Gsm {
    /// What excites the filter: the last samples, then the part that is being decoded.
    excitation: [i16; LAG_MAX + PART],
    lag: usize,
    /// Area ratios of the last frame.
    ratios: [i16; 8],
    filter: [i16; 9],
    last: i16,
}

impl Gsm {
    pub(super) const fn new() -> Self {
        Self { excitation: [0; LAG_MAX + PART], lag: PART, ratios: [0; 8], filter: [0; 9], last: 0 }
    }

    /// Decodes a block to 320 samples.
    pub(super) fn block(&mut self, block: &[u8], plane: &mut Vec<f32>) {
        let mut bits = Bits { bytes: block, at: 0 };
        for _ in 0..FRAMES {
            self.frame(&mut bits, plane);
        }
    }

    fn frame(&mut self, bits: &mut Bits<'_>, plane: &mut Vec<f32>) {
        let mut ratios = [0; 8];
        for (n, ratio) in ratios.iter_mut().enumerate() {
            let code = bits.take(FILTER_BITS[n]) + LOWEST[n];
            let scaled = mult(INVERSE_A[n], (code << 10).saturating_sub(B[n] << 1));
            *ratio = scaled.saturating_add(scaled);
        }
        let mut excitation = [0; PARTS * PART];
        for part in excitation.chunks_exact_mut(PART) {
            part.copy_from_slice(self.excite(bits));
        }
        let before = std::mem::replace(&mut self.ratios, ratios);
        for (step, range) in [0..13, 13..27, 27..40, 40..160].into_iter().enumerate() {
            let reflections = std::array::from_fn(|n| reflection(between(before[n], ratios[n], step)));
            for &sample in &excitation[range] {
                let filtered = self.synthesise(sample, &reflections);
                self.last = filtered.saturating_add(mult(self.last, DE_EMPHASIS));
                let output = self.last.saturating_add(self.last) & !7;
                plane.push(f32::from(output) / 32_768.0);
            }
        }
    }

    /// Sections 5.3.1 and 5.2.16 to 5.2.18: pulses, and what they repeat of the samples before.
    fn excite(&mut self, bits: &mut Bits<'_>) -> &[i16] {
        let (lag, gain, grid) = (bits.take(7) as usize, GAINS[bits.take(2) as usize], bits.take(2) as usize);
        let (exponent, mantissa) = height(bits.take(6));
        if LAGS.contains(&lag) {
            self.lag = lag;
        }
        let mut pulses = [0; PART];
        for n in 0..PULSES {
            let shift = 6 - exponent;
            let rounding = if shift > 0 { 1 << (shift - 1) } else { 0 };
            let level = mult(MANTISSAS[mantissa], ((bits.take(3) << 1) - 7) << 12);
            pulses[grid + 3 * n] = level.saturating_add(rounding) >> shift;
        }
        for (n, pulse) in pulses.into_iter().enumerate() {
            let repeated = mult(gain, self.excitation[LAG_MAX + n - self.lag]);
            self.excitation[LAG_MAX + n] = pulse.saturating_add(repeated);
        }
        self.excitation.copy_within(PART.., 0);
        &self.excitation[LAG_MAX - PART..LAG_MAX]
    }

    /// Section 5.3.4, for one sample.
    fn synthesise(&mut self, sample: i16, reflections: &[i16; 8]) -> i16 {
        let mut out = sample;
        for n in (0..8).rev() {
            out = out.saturating_sub(mult(reflections[n], self.filter[n]));
            self.filter[n + 1] = self.filter[n].saturating_add(mult(reflections[n], out));
        }
        self.filter[0] = out;
        out
    }
}

/// Exponent (-4 to 6) and mantissa of the height of pulses, section 5.2.15.
fn height(code: i16) -> (i16, usize) {
    let mut exponent = if code > 15 { (code >> 3) - 1 } else { 0 };
    let mut mantissa = code - (exponent << 3);
    if mantissa == 0 {
        return (-4, 7);
    }
    while mantissa <= 7 {
        mantissa = mantissa << 1 | 1;
        exponent -= 1;
    }
    (exponent, (mantissa - 8) as usize)
}

/// How far the filter has moved from the last frame's to this one's, section 5.2.9.1.
fn between(was: i16, is: i16, step: usize) -> i16 {
    match step {
        0 => (was >> 2).saturating_add(is >> 2).saturating_add(was >> 1),
        1 => (was >> 1).saturating_add(is >> 1),
        2 => (was >> 2).saturating_add(is >> 2).saturating_add(is >> 1),
        _ => is,
    }
}

/// From an area ratio to a reflection coefficient, section 5.2.9.2.
fn reflection(ratio: i16) -> i16 {
    let size = ratio.saturating_abs();
    let reflection = match size {
        ..11_059 => size << 1,
        11_059..20_070 => size + 11_059,
        _ => (size >> 2).saturating_add(26_112),
    };
    if ratio < 0 { -reflection } else { reflection }
}

/// The product of two fractions, rounded.
fn mult(a: i16, b: i16) -> i16 {
    let product = (i32::from(a) * i32::from(b) + 16_384) >> 15;
    product.min(i16::MAX.into()) as i16
}

/// Codes one behind the other, lowest bit first.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, width: u32) -> i16 {
        let code = (0..width).map(|n| {
            let at = self.at + n as usize;
            i16::from(self.bytes.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1)) << n
        });
        let code = code.sum();
        self.at += width as usize;
        code
    }
}
