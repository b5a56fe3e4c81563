//! Recordings that say nothing of themselves, as dialers and media servers write them.

use super::Codec;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// What the samples of a recording without a header are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawShape {
    /// How samples are stored: one whose samples stand for themselves.
    pub codec: Codec,
    /// Frames a second.
    pub rate_hz: u32,
    /// Samples a frame.
    pub channels: u16,
}

/// Codecs by the names that ffmpeg and sox have for them.
const NAMES: &[(&str, Codec)] = &[
    ("ulaw", Codec::MuLaw),
    ("alaw", Codec::ALaw),
    ("u8", Codec::PcmU8),
    ("s8", Codec::PcmS8),
    ("s16le", Codec::PcmS16),
    ("s16be", Codec::PcmS16Be),
    ("s24le", Codec::PcmS24),
    ("s24be", Codec::PcmS24Be),
    ("s32le", Codec::PcmS32),
    ("s32be", Codec::PcmS32Be),
    ("f32le", Codec::F32),
    ("f32be", Codec::F32Be),
    ("f64le", Codec::F64),
    ("f64be", Codec::F64Be),
];

impl RawShape {
    /// The container of recordings without one.
    pub const CONTAINER: &'static str = "raw";
}

impl FromStr for RawShape {
    type Err = String;

    /// Reads `ulaw,8000,1`: codec, frames a second, channels.
    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        let [codec, rate_hz, channels] = parts[..] else {
            return Err("three parts: codec, rate, channels (ulaw,8000,1)".into());
        };
        let named = NAMES.iter().find(|(name, _)| *name == codec).map(|(_, codec)| *codec);
        let names = || NAMES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        Ok(Self {
            codec: named.ok_or_else(|| format!("codec: one of {}", names()))?,
            rate_hz: rate_hz.parse().ok().filter(|hz| *hz > 0).ok_or("rate: frames a second")?,
            channels: channels.parse().ok().filter(|n| *n > 0).ok_or("channels: a number from 1")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_read_from_codec_rate_and_channels() {
        let shape = |text: &str| text.parse::<RawShape>();
        assert_eq!(shape("ulaw,8000,1"), Ok(RawShape { codec: Codec::MuLaw, rate_hz: 8000, channels: 1 }));
        assert_eq!(shape("s16le, 16000, 2"), Ok(RawShape { codec: Codec::PcmS16, rate_hz: 16_000, channels: 2 }));
        for bad in ["", "ulaw", "ulaw,8000", "ulaw,8000,1,1", "gsm,8000,1", "ulaw,0,1", "ulaw,8000,0", "ulaw,-1,1"] {
            assert!(shape(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_codec_that_has_a_name_stores_samples_one_by_one() {
        assert!(NAMES.iter().all(|(_, codec)| codec.sample_bytes().is_some()));
    }
}
