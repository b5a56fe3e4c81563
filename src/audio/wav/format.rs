//! The `fmt ` chunk: read strictly, written back from understood fields only.
//!
//! Field layout and GUIDs: Microsoft, `mmreg.h` (`WAVEFORMATEX`, `WAVEFORMATEXTENSIBLE`).

use crate::audio::damaged;
use crate::base::{Error, HoldReason, Result, Stage, limits};
use crate::model::Codec;

const TAG_PCM: u16 = 1;
const TAG_FLOAT: u16 = 3;
const TAG_A_LAW: u16 = 6;
const TAG_MU_LAW: u16 = 7;
const TAG_EXTENSIBLE: u16 = 0xFFFE;

/// Bytes 2 to 16 of a sub-format GUID that stands for a format tag (which is bytes 0 and 1).
const GUID_TAIL: [u8; 14] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];

/// Sizes of the three forms: `WAVEFORMAT` with bits, `WAVEFORMATEX`, `WAVEFORMATEXTENSIBLE`.
const PLAIN_BYTES: usize = 16;
const EX_BYTES: usize = 18;
const EXTENSIBLE_BYTES: usize = 40;

/// An understood `fmt ` chunk.
pub(super) struct Format {
    pub(super) codec: Codec,
    pub(super) channels: u16,
    pub(super) rate_hz: u32,
    /// The chunk's body for a redacted copy: the source's form, with nothing in it that was not understood.
    pub(super) canonical: Vec<u8>,
}

impl Format {
    /// Bytes of the chunk that are looked at; what follows is dropped.
    pub(super) const BYTES_MAX: u64 = EXTENSIBLE_BYTES as u64;

    /// Reads the chunk's body, cut at [`Self::BYTES_MAX`].
    pub(super) fn parse(body: &[u8]) -> Result<Self> {
        if body.len() < PLAIN_BYTES {
            return Err(damaged("the fmt chunk is too short").at("bytes", body.len() as u64));
        }
        let tag = u16_at(body, 0);
        let (codec_tag, canonical) = match tag {
            TAG_EXTENSIBLE => (extensible_tag(body)?, extensible(body)),
            _ if body.len() < EX_BYTES => (tag, body[..PLAIN_BYTES].to_vec()),
            _ => (tag, [&body[..PLAIN_BYTES], &[0, 0]].concat()),
        };
        let format = Self {
            codec: codec(codec_tag, u16_at(body, 14))?,
            channels: u16_at(body, 2),
            rate_hz: u32_at(body, 4),
            canonical,
        };
        format.check_shape(u32_at(body, 8), u16_at(body, 12))?;
        Ok(format)
    }

    fn check_shape(&self, bytes_per_second: u32, block_align: u16) -> Result<()> {
        if self.channels == 0 || self.rate_hz == 0 {
            return Err(damaged("the recording has no channels or no sampling rate"));
        }
        if self.channels > limits::CHANNELS_MAX || self.rate_hz > limits::RATE_HZ_MAX {
            return Err(Error::held(
                Stage::OpenRecording,
                HoldReason::LimitReached,
                "too many channels, or too high a rate",
            )
            .at("channels", self.channels.into())
            .at("rate", self.rate_hz.into()));
        }
        let frame_bytes = self.codec.sample_bytes() * self.channels;
        if block_align != frame_bytes || u64::from(bytes_per_second) != u64::from(self.rate_hz) * u64::from(frame_bytes)
        {
            return Err(damaged("the fmt chunk contradicts itself")
                .at("block", block_align.into())
                .at("bytes a second", bytes_per_second.into()));
        }
        Ok(())
    }
}

/// The format tag that an extensible format stands for.
fn extensible_tag(body: &[u8]) -> Result<u16> {
    if body.len() < EXTENSIBLE_BYTES || usize::from(u16_at(body, 16)) < EXTENSIBLE_BYTES - EX_BYTES {
        return Err(damaged("the extensible fmt chunk is too short"));
    }
    if u16_at(body, 18) > u16_at(body, 14) {
        return Err(damaged("more valid bits than bits"));
    }
    if body[26..EXTENSIBLE_BYTES] != GUID_TAIL {
        return Err(unsupported(TAG_EXTENSIBLE));
    }
    Ok(u16_at(body, 24))
}

/// The extensible form, without what a longer extension holds.
fn extensible(body: &[u8]) -> Vec<u8> {
    let mut canonical = body[..EXTENSIBLE_BYTES].to_vec();
    canonical[16..18].copy_from_slice(&((EXTENSIBLE_BYTES - EX_BYTES) as u16).to_le_bytes());
    canonical
}

fn codec(tag: u16, bits: u16) -> Result<Codec> {
    match (tag, bits) {
        (TAG_PCM, 8) => Ok(Codec::PcmU8),
        (TAG_PCM, 16) => Ok(Codec::PcmS16),
        (TAG_PCM, 24) => Ok(Codec::PcmS24),
        (TAG_PCM, 32) => Ok(Codec::PcmS32),
        (TAG_FLOAT, 32) => Ok(Codec::F32),
        (TAG_FLOAT, 64) => Ok(Codec::F64),
        (TAG_A_LAW, 8) => Ok(Codec::ALaw),
        (TAG_MU_LAW, 8) => Ok(Codec::MuLaw),
        (TAG_A_LAW | TAG_MU_LAW, _) => Err(damaged("G.711 has 8 bits a sample").at("bits", bits.into())),
        _ => Err(unsupported(tag).at("bits", bits.into())),
    }
}

fn unsupported(tag: u16) -> Error {
    let message = "the codec is not PCM, float or G.711";
    Error::held(Stage::OpenRecording, HoldReason::UnsupportedCodec, message).at("format tag", tag.into())
}

/// The caller has checked the length.
fn u16_at(body: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([body[at], body[at + 1]])
}

/// The caller has checked the length.
fn u32_at(body: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([body[at], body[at + 1], body[at + 2], body[at + 3]])
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
        let got = Format::parse(body).map(|f| f.codec).map_err(|e| e.hold_reason().unwrap());
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
        assert!(Format::parse(&body).is_ok_and(|f| f.canonical == fmt(1, 1, 16, &[0, 0])));
        let mut long = fmt(0xFFFE, 1, 16, &extension(16, 1));
        long[16] = 30;
        assert!(Format::parse(&long).is_ok_and(|f| f.canonical == fmt(0xFFFE, 1, 16, &extension(16, 1))));
    }
}
