//! Sound as equal blocks, each of which can be silent without the others changing: a frame of PCM, float or G.711, a
//! block of ADPCM or GSM. Here is what a silent block of each codec is.

use crate::model::Codec;

/// The blocks of one recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Blocks {
    /// A silent block. A shorter last block is silent as the start of this one.
    pub(super) silent: Vec<u8>,
    /// Frames in a block, at least 1.
    pub(super) frames: u64,
    /// Blocks behind a mute that are silent too, since they still tell of what was muted.
    pub(super) guard: u64,
}

/// Step of Microsoft ADPCM at rest: the smallest.
const MS_ADPCM_STEP: [u8; 2] = [16, 0];

/// Frames in a block of GSM: two frames of 160 samples, which share 65 bytes.
pub(super) const GSM_FRAMES: u64 = 320;
/// Bytes of a block of GSM.
pub(super) const GSM_BYTES: usize = 65;
/// Behind a mute the decoder starts from silence where the encoder went on from what is muted now: what it decodes
/// of two calls that differ only inside the mute differs, measured on spoken calls, by +3 dB of the signal in the
/// first 20 ms, -4 dB in the next, and from 40 ms on as by the noise of coding.
const GSM_GUARD: u64 = 1;

impl Blocks {
    /// Frames of a codec whose samples stand for themselves; `None` for any other.
    pub(super) fn of_frames(codec: Codec, channels: u16) -> Option<Self> {
        // G.711 names its own silence: 0xD5 (A-law, decodes to +8) and 0xFF (µ-law).
        let silence = match codec {
            Codec::PcmU8 => 0x80,
            Codec::ALaw => 0xD5,
            Codec::MuLaw => 0xFF,
            _ => 0,
        };
        let frame_bytes = usize::from(codec.sample_bytes()?) * usize::from(channels);
        Some(Self { silent: vec![silence; frame_bytes], frames: 1, guard: 0 })
    }

    /// Blocks of IMA ADPCM. All bits zero is a first sample of zero, the smallest step, and no difference after it.
    pub(super) fn of_ima_adpcm(block_bytes: u16, frames: u64) -> Self {
        Self { silent: vec![0; usize::from(block_bytes)], frames, guard: 0 }
    }

    /// Blocks of Microsoft ADPCM: the first predictor, the smallest step, two samples of zero, no difference.
    pub(super) fn of_ms_adpcm(block_bytes: u16, channels: u16, frames: u64) -> Self {
        let channels = usize::from(channels);
        let mut silent = vec![0; channels];
        silent.extend(MS_ADPCM_STEP.repeat(channels));
        silent.resize(usize::from(block_bytes), 0);
        Self { silent, frames, guard: 0 }
    }

    /// Blocks of GSM 06.10.
    pub(super) fn of_gsm() -> Self {
        Self { silent: silent_gsm(), frames: GSM_FRAMES, guard: GSM_GUARD }
    }

    /// Bytes of a block.
    pub(super) const fn bytes(&self) -> u64 {
        self.silent.len() as u64
    }
}

/// Two frames that decode to no more than 8 of 32768, which is the least that GSM can say: pulses of the lowest height
/// alternate in sign.
fn silent_gsm() -> Vec<u8> {
    gsm(&mut || Subframe { grid: 0, height: 0, pulses: std::array::from_fn(|n| 4 - n as u32 % 2) })
}

/// What 5 ms of GSM add to what is there.
pub(super) struct Subframe {
    /// Of which three samples the first pulse is, and every third from there.
    pub(super) grid: u32,
    /// The code of the highest pulse, 0 to 63.
    pub(super) height: u32,
    /// Pulses, 0 (down) to 7 (up).
    pub(super) pulses: [u32; 13],
}

/// A block of two frames.
///
/// The filter is flat (each code is the one that decodes nearest to zero, GSM 06.10 section 5.2.8), and the gain of the
/// long-term predictor the lowest, so that frames hardly depend on those before.
pub(super) fn gsm(next: &mut dyn FnMut() -> Subframe) -> Vec<u8> {
    const FILTER: [(u32, u32); 8] = [(32, 6), (32, 6), (20, 5), (11, 5), (8, 4), (5, 4), (3, 3), (2, 3)];
    const LAG_GAIN: [(u32, u32); 2] = [(40, 7), (0, 2)];
    let mut bits = Bits::default();
    for _ in 0..2 {
        FILTER.iter().for_each(|&code| bits.push(code));
        for _ in 0..4 {
            let Subframe { grid, height, pulses } = next();
            LAG_GAIN.into_iter().chain([(grid, 2), (height, 6)]).for_each(|code| bits.push(code));
            pulses.into_iter().for_each(|pulse| bits.push((pulse, 3)));
        }
    }
    bits.bytes
}

/// Codes one behind the other, lowest bit first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    fn push(&mut self, (code, width): (u32, u32)) {
        for bit in 0..width {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().expect("a byte was pushed with its first bit") |=
                ((code >> bit & 1) as u8) << (self.used % 8);
            self.used += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_frame_is_the_codecs_own_silence() {
        let silent = |codec, channels| Blocks::of_frames(codec, channels).unwrap().silent;
        assert_eq!(silent(Codec::PcmU8, 2), [0x80; 2]);
        assert_eq!(silent(Codec::PcmS8, 1), [0]);
        assert_eq!(silent(Codec::PcmS24Be, 2), [0; 6]);
        assert_eq!(silent(Codec::ALaw, 1), [0xD5]);
        assert_eq!(silent(Codec::MuLaw, 3), [0xFF; 3]);
        assert!(Blocks::of_frames(Codec::Gsm610, 1).is_none());
    }

    #[test]
    fn a_silent_block_of_gsm_fills_its_bytes() {
        let blocks = Blocks::of_gsm();
        assert_eq!(blocks.silent.len(), GSM_BYTES);
        // 260 bits a frame: the second one starts in the middle of byte 32.
        assert_eq!((blocks.silent[0], blocks.silent[32] >> 4), (32, 0));
    }

    #[test]
    fn a_silent_block_of_ms_adpcm_starts_with_predictors_steps_and_samples() {
        assert_eq!(Blocks::of_ms_adpcm(16, 2, 4).silent, [0, 0, 16, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
}
