//! What a stream of Ogg is coded in: its headers, and what each packet says of itself.

use super::super::opus;
use super::super::unsupported;
use super::super::vorbis::{self, Identification};
use crate::audio::damaged;
use crate::audio::decode::PacketCodec;
use crate::base::Result;
use crate::model::Codec;
use std::borrow::Cow;

/// The coding of a stream, as far as its headers have been read.
pub(super) enum Coding {
    Opus { head: opus::Head, is_tagged: bool },
    Vorbis { head: Identification, is_tagged: bool, stream: Option<vorbis::Stream> },
}

/// A packet of sound.
pub(super) enum Sound {
    Opus { samples: u32 },
    Vorbis(vorbis::Packet),
}

impl Coding {
    /// Reads the first packet of a stream.
    ///
    /// # Errors
    /// Holds the call when it is damaged, or of a coding that is not muted.
    pub(super) fn parse(first: &[u8]) -> Result<Self> {
        if first.starts_with(b"OpusHead") {
            return Ok(Self::Opus { head: opus::Head::parse(first)?, is_tagged: false });
        }
        if first.starts_with(vorbis::IDENTIFICATION) {
            return Ok(Self::Vorbis { head: Identification::parse(first)?, is_tagged: false, stream: None });
        }
        Err(unsupported("an Ogg stream that is neither Opus nor Vorbis"))
    }

    /// The first packet of a copy.
    pub(super) fn first(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Opus { head, .. } => Cow::Owned(head.to_bytes()),
            Self::Vorbis { head, .. } => Cow::Borrowed(head.bytes()),
        }
    }

    /// Codec, rate and channels.
    pub(super) fn shape(&self) -> (Codec, u32, u16) {
        match self {
            Self::Opus { head, .. } => (Codec::Opus, opus::RATE_HZ, head.channels.into()),
            Self::Vorbis { head, .. } => (Codec::Vorbis, head.rate_hz, head.channels.into()),
        }
    }

    /// Samples at the start that are decoded and not heard.
    pub(super) fn skip(&self) -> i64 {
        match self {
            Self::Opus { head, .. } => head.pre_skip.into(),
            Self::Vorbis { .. } => 0,
        }
    }

    /// How the header that comes next starts; nothing when all have been read.
    pub(super) const fn next_header(&self) -> Option<&'static [u8]> {
        match self {
            Self::Opus { is_tagged: true, .. } | Self::Vorbis { stream: Some(_), .. } => None,
            Self::Opus { .. } => Some(b"OpusTags"),
            Self::Vorbis { is_tagged: false, .. } => Some(vorbis::COMMENTS),
            Self::Vorbis { .. } => Some(vorbis::SETUP),
        }
    }

    /// Whether more of the header that comes next matters than how it starts.
    pub(super) const fn reads_header(&self) -> bool {
        matches!(self, Self::Vorbis { is_tagged: true, .. })
    }

    /// Takes the header that comes next; returns it as a copy has it.
    ///
    /// # Errors
    /// Holds the call when it is damaged.
    pub(super) fn header(&mut self, packet: Vec<u8>) -> Result<Cow<'static, [u8]>> {
        match self {
            Self::Opus { is_tagged, .. } => {
                *is_tagged = true;
                Ok(Cow::Borrowed(opus::TAGS))
            }
            Self::Vorbis { is_tagged: is_tagged @ false, .. } => {
                *is_tagged = true;
                Ok(Cow::Borrowed(vorbis::NO_COMMENTS))
            }
            Self::Vorbis { head, stream, .. } => {
                *stream = Some(vorbis::Stream::new(head, &packet)?);
                Ok(Cow::Owned(packet))
            }
        }
    }

    /// How packets are decoded.
    pub(super) fn decoding(&self) -> PacketCodec<'_> {
        match self {
            Self::Opus { head, .. } => PacketCodec::Opus { channels: head.channels.into() },
            Self::Vorbis { stream, .. } => {
                PacketCodec::Vorbis { headers: stream.as_ref().map(|s| &s.headers[..]).unwrap_or_default() }
            }
        }
    }

    /// Looks at the next packet of sound.
    ///
    /// # Errors
    /// Holds the call when it is damaged.
    pub(super) fn look(&mut self, packet: &[u8]) -> Result<Sound> {
        match self {
            Self::Opus { .. } => Ok(Sound::Opus { samples: opus::samples(packet)? }),
            Self::Vorbis { stream, .. } => {
                let stream = stream.as_mut().ok_or_else(|| damaged("sound before the setup of Vorbis"))?;
                stream.look(packet).map(Sound::Vorbis)
            }
        }
    }

    /// What stands for a silent packet.
    pub(super) fn silence(&self, sound: Sound) -> Vec<u8> {
        match sound {
            Sound::Opus { samples } => opus::silence(samples, self.shape().2 as u8),
            Sound::Vorbis(packet) => packet.silence,
        }
    }

    /// A packet that is kept, without what does not belong to its sound.
    ///
    /// # Errors
    /// Holds the call when it is damaged.
    pub(super) fn kept<'a>(&self, packet: &'a [u8]) -> Result<Cow<'a, [u8]>> {
        match self {
            Self::Opus { .. } => Ok(opus::without_padding(packet)?.map_or(Cow::Borrowed(packet), Cow::Owned)),
            Self::Vorbis { .. } => Ok(Cow::Borrowed(packet)),
        }
    }
}

impl Sound {
    /// Samples that are whole with this packet.
    pub(super) const fn samples(&self) -> u32 {
        match self {
            Self::Opus { samples } => *samples,
            Self::Vorbis(packet) => packet.samples,
        }
    }
}
