//! The `fmt ` chunk: read strictly, written back from understood fields only.
//!
//! Field layout and GUIDs: Microsoft, `mmreg.h` (`WAVEFORMATEX`, `WAVEFORMATEXTENSIBLE`).

use super::adpcm::{self, Shape, Understood};
use crate::audio::blocks::Blocks;
use crate::audio::damaged;
use crate::audio::linear::check_limits;
use crate::audio::order::Order;
use crate::base::{Error, HoldReason, Result, Stage};
use crate::model::Codec;
use std::ops::Range;

const TAG_PCM: u16 = 1;
const TAG_MS_ADPCM: u16 = 2;
const TAG_FLOAT: u16 = 3;
const TAG_A_LAW: u16 = 6;
const TAG_MU_LAW: u16 = 7;
const TAG_IMA_ADPCM: u16 = 0x11;
const TAG_GSM: u16 = 0x31;
const TAG_EXTENSIBLE: u16 = 0xFFFE;

/// Bytes 2 to 16 of a sub-format GUID that stands for a format tag (which is bytes 0 and 1).
const GUID_TAIL: [u8; 14] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];

/// Sizes of the forms: `WAVEFORMAT` with bits, `WAVEFORMATEX`, `WAVEFORMATEXTENSIBLE`, `ADPCMWAVEFORMAT`.
const PLAIN_BYTES: usize = 16;
const EX_BYTES: usize = 18;
const EXTENSIBLE_BYTES: usize = 40;
const MS_ADPCM_BYTES: usize = 50;

/// An understood `fmt ` chunk.
pub(super) struct Format {
    pub(super) codec: Codec,
    pub(super) channels: u16,
    pub(super) rate_hz: u32,
    pub(super) blocks: Blocks,
    /// The chunk's body for a redacted copy: the source's form, with nothing in it that was not understood.
    pub(super) canonical: Vec<u8>,
}

impl Format {
    /// Bytes of the chunk that are looked at; what follows is dropped.
    pub(super) const BYTES_MAX: u64 = MS_ADPCM_BYTES as u64;

    /// Reads the chunk's body, cut at [`Self::BYTES_MAX`].
    pub(super) fn parse(body: &[u8], order: Order) -> Result<Self> {
        if body.len() < PLAIN_BYTES {
            return Err(damaged("the fmt chunk is too short").at("bytes", body.len() as u64));
        }
        let (tag, bits) = (order.u16(body, 0), order.u16(body, 14));
        let codec_tag = if tag == TAG_EXTENSIBLE { extensible_tag(body, order)? } else { tag };
        let codec = codec(codec_tag, bits, order)?;
        let (channels, rate_hz) = (order.u16(body, 2), order.u32(body, 4));
        check_limits(channels, rate_hz)?;
        let shape = Shape { channels, block_bytes: order.u16(body, 12) };
        let (blocks, canonical) = match (Blocks::of_frames(codec, channels), codec) {
            (Some(blocks), _) => {
                check_frames(&shape, order.u32(body, 8), rate_hz, &blocks)?;
                (blocks, canonical(body, order))
            }
            (None, Codec::ImaAdpcm) => in_blocks(body, adpcm::ima(body, &shape, order)?),
            (None, Codec::MsAdpcm) => in_blocks(body, adpcm::ms(body, &shape, order)?),
            (None, _) => in_blocks(body, adpcm::gsm(body, &shape, order)?),
        };
        Ok(Self { codec, channels, rate_hz, blocks, canonical })
    }

    /// The sound without a pad byte that its writer took for sound, as sox does behind blocks of GSM.
    pub(super) fn whole_sound(&self, data: Range<u64>) -> Range<u64> {
        let is_padded = self.codec == Codec::Gsm610 && (data.end - data.start) % self.blocks.bytes() == 1;
        data.start..data.end - u64::from(is_padded)
    }

    /// Frames in a last block of this size, which is shorter than the others; `None` where that is no block.
    pub(super) fn frames_in(&self, bytes: u64) -> Option<u64> {
        match self.codec {
            Codec::ImaAdpcm => adpcm::ima_frames(bytes, self.channels),
            Codec::MsAdpcm => adpcm::ms_frames(bytes, self.channels),
            _ => None,
        }
    }
}

fn check_frames(shape: &Shape, bytes_per_second: u32, rate_hz: u32, blocks: &Blocks) -> Result<()> {
    let frame_bytes = blocks.bytes();
    if u64::from(shape.block_bytes) != frame_bytes || u64::from(bytes_per_second) != u64::from(rate_hz) * frame_bytes {
        return Err(damaged("the fmt chunk contradicts itself")
            .at("block", shape.block_bytes.into())
            .at("bytes a second", bytes_per_second.into()));
    }
    Ok(())
}

/// The form of the source for codecs whose samples stand for themselves, without what an extension holds.
fn canonical(body: &[u8], order: Order) -> Vec<u8> {
    if order.u16(body, 0) == TAG_EXTENSIBLE {
        let mut canonical = body[..EXTENSIBLE_BYTES].to_vec();
        canonical[16..EX_BYTES].copy_from_slice(&order.put16((EXTENSIBLE_BYTES - EX_BYTES) as u16));
        return canonical;
    }
    let extension: &[u8] = if body.len() < EX_BYTES { &[] } else { &[0, 0] };
    [&body[..PLAIN_BYTES], extension].concat()
}

/// The form for codecs in blocks, whose extension is written anew.
fn in_blocks(body: &[u8], (blocks, extension): Understood) -> (Blocks, Vec<u8>) {
    (blocks, [&body[..PLAIN_BYTES], &extension].concat())
}

/// The format tag that an extensible format stands for.
fn extensible_tag(body: &[u8], order: Order) -> Result<u16> {
    if body.len() < EXTENSIBLE_BYTES || usize::from(order.u16(body, 16)) < EXTENSIBLE_BYTES - EX_BYTES {
        return Err(damaged("the extensible fmt chunk is too short"));
    }
    if order.u16(body, 18) > order.u16(body, 14) {
        return Err(damaged("more valid bits than bits"));
    }
    if body[26..EXTENSIBLE_BYTES] != GUID_TAIL {
        return Err(unsupported(TAG_EXTENSIBLE));
    }
    Ok(order.u16(body, 24))
}

fn codec(tag: u16, bits: u16, order: Order) -> Result<Codec> {
    match (tag, bits, order) {
        (TAG_PCM, 8, _) => Ok(Codec::PcmU8),
        (TAG_PCM, 16, Order::Little) => Ok(Codec::PcmS16),
        (TAG_PCM, 24, Order::Little) => Ok(Codec::PcmS24),
        (TAG_PCM, 32, Order::Little) => Ok(Codec::PcmS32),
        (TAG_FLOAT, 32, Order::Little) => Ok(Codec::F32),
        (TAG_FLOAT, 64, Order::Little) => Ok(Codec::F64),
        (TAG_PCM, 16, Order::Big) => Ok(Codec::PcmS16Be),
        (TAG_PCM, 24, Order::Big) => Ok(Codec::PcmS24Be),
        (TAG_PCM, 32, Order::Big) => Ok(Codec::PcmS32Be),
        (TAG_FLOAT, 32, Order::Big) => Ok(Codec::F32Be),
        (TAG_FLOAT, 64, Order::Big) => Ok(Codec::F64Be),
        (TAG_A_LAW, 8, _) => Ok(Codec::ALaw),
        (TAG_MU_LAW, 8, _) => Ok(Codec::MuLaw),
        (TAG_A_LAW | TAG_MU_LAW, ..) => Err(damaged("G.711 has 8 bits a sample").at("bits", bits.into())),
        (TAG_IMA_ADPCM, 4, Order::Little) => Ok(Codec::ImaAdpcm),
        (TAG_MS_ADPCM, 4, Order::Little) => Ok(Codec::MsAdpcm),
        (TAG_GSM, _, Order::Little) => Ok(Codec::Gsm610),
        _ => Err(unsupported(tag).at("bits", bits.into())),
    }
}

fn unsupported(tag: u16) -> Error {
    let message = "the codec is not PCM, float, G.711, ADPCM or GSM";
    Error::held(Stage::OpenRecording, HoldReason::UnsupportedCodec, message).at("format tag", tag.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fmt(tag: u16, channels: u16, bits: u16, extension: &[u8]) -> Vec<u8> {
        let block = channels * (bits / 8);
        let mut body = Vec::new();
        body.extend(tag.to_le_bytes());
        body.extend(channels.to_le_bytes());
        body.extend(8000u32.to_le_bytes());
        body.extend((8000 * u32::from(block)).to_le_bytes());
        body.extend(block.to_le_bytes());
        body.extend(bits.to_le_bytes());
        body.extend(extension);
        body
    }

    fn extension(valid_bits: u16, tag: u16) -> Vec<u8> {
        let mut bytes = vec![22, 0];
        bytes.extend(valid_bits.to_le_bytes());
        bytes.extend(3u32.to_le_bytes());
        bytes.extend(tag.to_le_bytes());
        bytes.extend(GUID_TAIL);
        bytes
    }

    #[track_caller]
    fn check(body: &[u8], want: Result<Codec, HoldReason>) {
        let got = Format::parse(body, Order::Little).map(|f| f.codec).map_err(|e| e.hold_reason().unwrap());
        assert_eq!(got, want);
    }

    #[test]
    fn mu_law_is_read_in_all_three_forms() {
        check(&fmt(7, 1, 8, &[]), Ok(Codec::MuLaw));
        check(&fmt(7, 1, 8, &[0, 0]), Ok(Codec::MuLaw));
        check(&fmt(0xFFFE, 2, 8, &extension(8, 7)), Ok(Codec::MuLaw));
    }

    #[test]
    fn fewer_valid_bits_than_bits_are_fine_and_more_are_not() {
        check(&fmt(0xFFFE, 2, 32, &extension(24, 1)), Ok(Codec::PcmS32));
        check(&fmt(0xFFFE, 2, 16, &extension(24, 1)), Err(HoldReason::DamagedRecording));
    }

    #[test]
    fn unknown_codecs_are_told_from_damage() {
        check(&fmt(0x55, 1, 16, &[]), Err(HoldReason::UnsupportedCodec));
        check(&fmt(1, 1, 40, &[]), Err(HoldReason::UnsupportedCodec));
        check(&fmt(7, 1, 16, &[]), Err(HoldReason::DamagedRecording));
        check(&fmt(0xFFFE, 1, 16, &[]), Err(HoldReason::DamagedRecording));
        check(&fmt(1, 1, 16, &[])[..15], Err(HoldReason::DamagedRecording));
    }

    #[test]
    fn a_format_with_too_many_channels_is_held_before_anything_is_multiplied() {
        let mut body = fmt(1, 1, 16, &[]);
        body[2..4].copy_from_slice(&u16::MAX.to_le_bytes());
        check(&body, Err(HoldReason::LimitReached));
    }

    #[test]
    fn extension_bytes_that_were_not_understood_are_not_copied() {
        let body = fmt(1, 1, 16, b"\x04\0John");
        assert!(Format::parse(&body, Order::Little).is_ok_and(|f| f.canonical == fmt(1, 1, 16, &[0, 0])));
        let mut long = fmt(0xFFFE, 1, 16, &extension(16, 1));
        long[16] = 30;
        assert!(
            Format::parse(&long, Order::Little).is_ok_and(|f| f.canonical == fmt(0xFFFE, 1, 16, &extension(16, 1)))
        );
    }
}
