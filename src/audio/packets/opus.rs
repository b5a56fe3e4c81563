//! Packets of Opus (RFC 6716): how long one lasts, the one that says silence, and what a kept one may not carry.

use crate::audio::damaged;
use crate::audio::packets::unsupported;
use crate::base::{Error, Result};

/// Samples a second of every Opus decoder's clock.
pub(super) const RATE_HZ: u32 = 48_000;
/// Longest packet: 120 ms.
const SAMPLES_MAX: u32 = 5760;
/// How far a packet's sound reaches into the next: 2.5 ms of overlap, and 5 ms of transition where modes change.
/// Twice the transition, because a decoder resamples.
pub(super) const TAIL_SAMPLES: i64 = 480;

/// What the identification header says (RFC 7845, 5.1).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) channels: u8,
    /// Samples at the start that are decoded and not heard.
    pub(super) pre_skip: u16,
    input_rate_hz: u32,
    gain: i16,
}

impl Head {
    /// Reads the header's packet.
    ///
    /// # Errors
    /// Holds the call for other versions, and for more than two channels.
    pub(super) fn parse(packet: &[u8]) -> Result<Self> {
        let Some(&[version, channels, p, q, r, s, t, u, g, h, family]) = packet.get(8..19) else {
            return Err(damaged("the Opus header is cut"));
        };
        match (version, family, channels) {
            (0..=15, 0, 1 | 2) => {}
            (0..=15, 0, 0) => return Err(damaged("an Opus stream without channels")),
            (0..=15, ..) => return Err(unsupported("an Opus stream of more than two channels")),
            _ => return Err(unsupported("an Opus stream of an unknown version")),
        }
        Ok(Self {
            channels,
            pre_skip: u16::from_le_bytes([p, q]),
            input_rate_hz: u32::from_le_bytes([r, s, t, u]),
            gain: i16::from_le_bytes([g, h]),
        })
    }

    /// The header of a copy.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let mut packet = b"OpusHead\x01".to_vec();
        packet.push(self.channels);
        packet.extend(self.pre_skip.to_le_bytes());
        packet.extend(self.input_rate_hz.to_le_bytes());
        packet.extend(self.gain.to_le_bytes());
        packet.push(0);
        packet
    }
}

/// The comment header of a copy: nobody made it, and it says nothing.
pub(super) const TAGS: &[u8] = b"OpusTags\0\0\0\0\0\0\0\0";

/// Length of a packet, samples of [`RATE_HZ`].
///
/// # Errors
/// Holds the call when no packet starts so.
#[inline]
pub(super) fn samples(packet: &[u8]) -> Result<u32> {
    #[cold]
    fn bad() -> Error {
        damaged("an Opus packet is damaged")
    }
    let toc = *packet.first().ok_or_else(bad)?;
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(packet.get(1).ok_or_else(bad)? & 0x3F),
    };
    let samples = frames * frame_samples(toc);
    if samples == 0 || samples > SAMPLES_MAX { Err(bad()) } else { Ok(samples) }
}

/// Length of each frame of a packet, by its first byte (RFC 6716, 3.1).
const fn frame_samples(toc: u8) -> u32 {
    let config = (toc >> 3) as u32;
    match config {
        0..12 if config % 4 == 3 => 2880,
        0..12 => 480 << (config % 4),
        12..16 => 480 << (config % 2),
        _ => 120 << (config % 4),
    }
}

/// The packet that says silence for as long as one of `samples` does.
///
/// It depends on length and channels alone: CELT frames of the full band, as long as they can be, of which the first
/// bits say that the frame is silent. Fewer bytes would ask the decoder to go on with what it heard before.
pub(super) fn silence(samples: u32, channels: u8) -> Vec<u8> {
    let size = (0..4).rev().find(|size| samples.is_multiple_of(120 << size)).unwrap_or_default();
    let frames = (samples / (120 << size)) as u8;
    let toc = (28 + size) << 3 | u8::from(channels == 2) << 2;
    let mut packet = match frames {
        1 => vec![toc],
        _ => vec![toc | 3, frames],
    };
    packet.extend([0xFF, 0xFE].repeat(frames.into()));
    packet
}

/// The packet without its padding, which can carry a second copy of the last second of sound (DRED); nothing where
/// it has none.
///
/// # Errors
/// Holds the call when the padding is larger than the packet.
#[inline]
pub(super) fn without_padding(packet: &[u8]) -> Result<Option<Vec<u8>>> {
    match packet {
        [toc, count, rest @ ..] if toc & 3 == 3 && count & 0x40 != 0 => cut_padding(*toc, *count, rest).map(Some),
        _ => Ok(None),
    }
}

fn cut_padding(toc: u8, count: u8, rest: &[u8]) -> Result<Vec<u8>> {
    let bad = || damaged("the padding of an Opus packet is damaged");
    // A byte of 255 stands for 254 bytes and says that another follows.
    let more = rest.iter().take_while(|&&b| b == 255).count();
    let last = usize::from(*rest.get(more).ok_or_else(bad)?);
    let kept = &rest[more + 1..];
    let kept = kept.len().checked_sub(more * 254 + last).map(|len| &kept[..len]).ok_or_else(bad)?;
    Ok([&[toc, count & !0x40], kept].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_are_those_of_the_standard() {
        // Configuration, frames: milliseconds times 2.
        for (config, want) in [(0, 20), (1, 40), (2, 80), (3, 120), (11, 120), (12, 20), (15, 40), (16, 5), (31, 40)] {
            assert_eq!(samples(&[config << 3, 1]).unwrap(), want * 24, "{config}");
            assert_eq!(samples(&[config << 3 | 1, 1, 1]).unwrap(), want * 48, "{config}");
        }
        assert_eq!(samples(&[31 << 3 | 3, 6]).unwrap(), 5760);
        assert!(samples(&[31 << 3 | 3, 7]).is_err() && samples(&[31 << 3 | 3, 0]).is_err());
        assert!(samples(&[]).is_err() && samples(&[3]).is_err());
    }

    #[test]
    fn silence_lasts_as_long_as_what_it_stands_for() {
        assert_eq!(silence(960, 1), [0xF8, 0xFF, 0xFE]);
        assert_eq!(silence(2880, 2), [0xFF, 3, 0xFF, 0xFE, 0xFF, 0xFE, 0xFF, 0xFE]);
        for frame in [120u32, 240, 480, 960, 1920, 2880] {
            for length in (1..=48).map(|n| n * frame).take_while(|&n| n <= SAMPLES_MAX) {
                assert_eq!(samples(&silence(length, 2)).unwrap(), length);
            }
        }
    }

    #[test]
    fn padding_is_cut_off_and_nothing_else() {
        let padded = [&[0xFB, 0x42, 255, 3, 7, 7, 8, 8][..], &[9; 257]].concat();
        assert_eq!(without_padding(&padded).unwrap().unwrap(), [0xFB, 0x02, 7, 7, 8, 8]);
        assert_eq!(without_padding(&[0xFB, 0x02, 7, 7]).unwrap(), None);
        assert_eq!(without_padding(&[0xF8]).unwrap(), None);
        assert!(without_padding(&[0xFB, 0x42, 3, 7, 7]).is_err());
        assert!(without_padding(&[0xFB, 0x42, 255]).is_err());
    }

    #[test]
    fn a_header_is_read_as_it_is_written() {
        let head = Head { channels: 2, pre_skip: 312, input_rate_hz: 16_000, gain: -256 };
        assert!(Head::parse(&head.to_bytes()).unwrap() == head);
        for (at, value) in [(8, 16), (9, 0), (9, 3), (18, 1)] {
            let mut bytes = head.to_bytes();
            bytes[at] = value;
            assert!(Head::parse(&bytes).is_err());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_packet_or_are_not(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            if let (Ok(length), Ok(Some(kept))) = (samples(&bytes), without_padding(&bytes)) {
                prop_assert_eq!(samples(&kept).unwrap(), length);
                prop_assert!(without_padding(&kept).unwrap().is_none());
            }
        }
    }
}
