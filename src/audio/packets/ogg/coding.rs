//! What a stream of Ogg is coded in: its headers, and what each packet says of itself.

use super::super::Mutes;
use super::super::flac::{Frame, Framed};
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
    Flac { stream: Framed, is_tagged: bool },
}

/// How a stream of FLAC starts: version 1.0 of the mapping (RFC 9639, 10.1), and how many headers follow.
const FLAC: &[u8] = b"\x7FFLAC\x01\0";
const FLAC_COUNT_BYTES: usize = 2;
/// `fLaC` and the head of the block of STREAMINFO.
const FLAC_INFO_AT: usize = FLAC.len() + FLAC_COUNT_BYTES + 8;
/// In the first byte of a block of metadata: no other follows.
const LAST: u8 = 0x80;
/// A last block of comments that says nothing.
const NO_FLAC_COMMENTS: &[u8] = &[LAST | 4, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0];

/// A packet of sound. Those of Opus are many and small, so it is small too.
pub(super) enum Sound {
    Opus { samples: u32 },
    Vorbis(Box<vorbis::Packet>),
    Flac(Box<Frame>),
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
        if first.starts_with(FLAC) {
            let info = first.get(FLAC_INFO_AT..).ok_or_else(|| damaged("the header of FLAC in Ogg is cut"))?;
            return Ok(Self::Flac { stream: Framed::new(info)?, is_tagged: false });
        }
        Err(unsupported("an Ogg stream that is neither Opus nor Vorbis nor FLAC"))
    }

    /// The first packet of a copy.
    pub(super) fn first(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Opus { head, .. } => Cow::Owned(head.to_bytes()),
            Self::Vorbis { head, .. } => Cow::Borrowed(head.bytes()),
            Self::Flac { stream, .. } => {
                let mut first = [FLAC, &[0, 1], stream.head()].concat();
                first[FLAC_INFO_AT - 4] &= !LAST;
                Cow::Owned(first)
            }
        }
    }

    /// Codec, rate and channels.
    pub(super) fn shape(&self) -> (Codec, u32, u16) {
        match self {
            Self::Opus { head, .. } => (Codec::Opus, opus::RATE_HZ, head.channels.into()),
            Self::Vorbis { head, .. } => (Codec::Vorbis, head.rate_hz, head.channels.into()),
            Self::Flac { stream, .. } => (Codec::Flac, stream.shape().0, stream.shape().1),
        }
    }

    /// Samples at the start that are decoded and not heard.
    pub(super) fn skip(&self) -> i64 {
        match self {
            Self::Opus { head, .. } => head.pre_skip.into(),
            Self::Vorbis { .. } | Self::Flac { .. } => 0,
        }
    }

    /// How the header that comes next starts; nothing when all have been read.
    pub(super) const fn next_header(&self) -> Option<&'static [u8]> {
        match self {
            Self::Opus { is_tagged: true, .. } | Self::Flac { is_tagged: true, .. } => None,
            Self::Vorbis { stream: Some(_), .. } => None,
            Self::Opus { .. } => Some(b"OpusTags"),
            Self::Vorbis { is_tagged: false, .. } => Some(vorbis::COMMENTS),
            Self::Vorbis { .. } => Some(vorbis::SETUP),
            // Any block of metadata.
            Self::Flac { .. } => Some(b""),
        }
    }

    /// Whether more of the header that comes next matters than how it starts.
    pub(super) const fn reads_header(&self) -> bool {
        matches!(self, Self::Vorbis { is_tagged: true, .. } | Self::Flac { .. })
    }

    /// Takes the header that comes next; returns it as a copy has it, or nothing.
    ///
    /// # Errors
    /// Holds the call when it is damaged.
    pub(super) fn header(&mut self, packet: Vec<u8>) -> Result<Option<Cow<'static, [u8]>>> {
        match self {
            Self::Opus { is_tagged, .. } => {
                *is_tagged = true;
                Ok(Some(Cow::Borrowed(opus::TAGS)))
            }
            Self::Vorbis { is_tagged: is_tagged @ false, .. } => {
                *is_tagged = true;
                Ok(Some(Cow::Borrowed(vorbis::NO_COMMENTS)))
            }
            Self::Vorbis { head, stream, .. } => {
                *stream = Some(vorbis::Stream::new(head, &packet)?);
                Ok(Some(Cow::Owned(packet)))
            }
            Self::Flac { is_tagged, .. } => {
                let first = packet.first().ok_or_else(|| damaged("an empty block of metadata"))?;
                *is_tagged = first & LAST != 0;
                Ok(is_tagged.then_some(Cow::Borrowed(NO_FLAC_COMMENTS)))
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
            Self::Flac { stream, .. } => PacketCodec::Flac { stream_info: stream.stream_info() },
        }
    }

    /// Whether a packet of nothing at the end is no packet.
    pub(super) const fn may_end_in_nothing(&self) -> bool {
        matches!(self, Self::Flac { .. })
    }

    /// Looks at the next packet of sound.
    ///
    /// # Errors
    /// Holds the call when it is damaged.
    #[inline]
    pub(super) fn look(&mut self, packet: &[u8]) -> Result<Sound> {
        match self {
            Self::Opus { .. } => Ok(Sound::Opus { samples: opus::samples(packet)? }),
            Self::Vorbis { stream, .. } => {
                let stream = stream.as_mut().ok_or_else(|| damaged("sound before the setup of Vorbis"))?;
                stream.look(packet).map(|packet| Sound::Vorbis(Box::new(packet)))
            }
            Self::Flac { stream, .. } => stream.look(packet).map(|frame| Sound::Flac(Box::new(frame))),
        }
    }

    /// What stands for a frame of FLAC that starts at this frame of the recording.
    ///
    /// # Errors
    /// Holds the call when a frame that is cut cannot be decoded.
    pub(super) fn edit_frame<'a>(
        &self,
        packet: &'a [u8],
        frame: &Frame,
        at: u64,
        mutes: &mut Mutes,
    ) -> Result<Cow<'a, [u8]>> {
        let Self::Flac { stream, .. } = self else { return Ok(Cow::Borrowed(packet)) };
        Ok(stream.edit(packet, frame, at, mutes)?.map_or(Cow::Borrowed(packet), Cow::Owned))
    }

    /// What says silence in place of a packet.
    pub(super) fn silence(&self, sound: &Sound) -> Vec<u8> {
        match (self, sound) {
            (Self::Opus { head, .. }, sound) => opus::silence(sound.samples(), head.channels),
            (_, Sound::Vorbis(vorbis)) => vorbis.silence.clone(),
            _ => Vec::new(),
        }
    }

    /// A packet as a copy keeps it.
    ///
    /// # Errors
    /// Holds the call when it is damaged.
    #[inline]
    pub(super) fn kept<'a>(&self, packet: &'a [u8]) -> Result<Cow<'a, [u8]>> {
        let edited = if let Self::Opus { .. } = self { opus::without_padding(packet)? } else { None };
        Ok(edited.map_or(Cow::Borrowed(packet), Cow::Owned))
    }

    /// Checks what only the whole stream says.
    ///
    /// # Errors
    /// Holds the call when it is not as announced.
    pub(super) fn check_end(&self) -> Result<()> {
        if let Self::Flac { stream, .. } = self { stream.check_end() } else { Ok(()) }
    }
}

impl Sound {
    /// Samples that are whole with this packet.
    pub(super) fn samples(&self) -> u32 {
        match self {
            Self::Opus { samples } => *samples,
            Self::Vorbis(packet) => packet.samples,
            Self::Flac(frame) => frame.samples(),
        }
    }
}
