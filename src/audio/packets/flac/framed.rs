//! FLAC whose frames something else has cut out already, as Ogg does.

use super::super::Mutes;
use super::crc::crc16;
use super::frame::{FOOTER_BYTES, Header};
use super::stream::{INFO_AT, Stream};
use super::{check_place, edit};
use crate::audio::damaged;
use crate::base::Result;

/// A stream, as far as its frames have been looked at.
pub(in crate::audio::packets) struct Framed {
    stream: Stream,
    /// What stands before the frames of a file of FLAC.
    head: Vec<u8>,
    frames: u64,
    last: Option<Header>,
}

/// A frame.
pub(in crate::audio::packets) struct Frame(Header);

impl Framed {
    /// # Errors
    /// Holds the call when this is no body of STREAMINFO, or beyond a limit.
    pub(in crate::audio::packets) fn new(stream_info: &[u8]) -> Result<Self> {
        let stream = Stream::parse(stream_info)?;
        Ok(Self { head: stream.header(), stream, frames: 0, last: None })
    }

    /// Rate and channels.
    pub(in crate::audio::packets) const fn shape(&self) -> (u32, u16) {
        (self.stream.rate_hz, self.stream.channels)
    }

    /// `fLaC` and STREAMINFO of a copy, which says that it is the last block of metadata.
    pub(in crate::audio::packets) fn head(&self) -> &[u8] {
        &self.head
    }

    /// The body of STREAMINFO.
    pub(in crate::audio::packets) fn stream_info(&self) -> &[u8] {
        &self.head[INFO_AT..]
    }

    /// Looks at the next frame.
    ///
    /// # Errors
    /// Holds the call when it is damaged, of another stream, or not where its number says.
    pub(in crate::audio::packets) fn look(&mut self, packet: &[u8]) -> Result<Frame> {
        let bad = || damaged("a frame of FLAC is damaged").at("frame", self.frames);
        let header = Header::parse(packet, &self.stream).ok_or_else(bad)?;
        let footer = packet.len().checked_sub(FOOTER_BYTES).filter(|&at| at >= header.bytes.len()).ok_or_else(bad)?;
        if crc16(0, &packet[..footer]).to_be_bytes() != packet[footer..] {
            return Err(bad());
        }
        check_place(&header, self.frames, self.last.as_ref(), &self.stream)?;
        self.frames += u64::from(header.block);
        self.last = Some(header.clone());
        Ok(Frame(header))
    }

    /// What stands in place of a frame that starts at this frame of the recording; `None` where it stays as it is.
    ///
    /// # Errors
    /// Holds the call when a frame that is cut cannot be decoded.
    pub(in crate::audio::packets) fn edit(
        &self,
        packet: &[u8],
        frame: &Frame,
        at: u64,
        mutes: &mut Mutes,
    ) -> Result<Option<Vec<u8>>> {
        edit(packet, &frame.0, &self.stream, at, mutes)
    }

    /// Checks that all frames came that the head announces.
    ///
    /// # Errors
    /// Holds the call when others did.
    pub(in crate::audio::packets) fn check_end(&self) -> Result<()> {
        match [0, self.frames].contains(&self.stream.frames) {
            true => Ok(()),
            false => Err(damaged("the header counts other frames than there are").at("frames", self.frames)),
        }
    }
}

impl Frame {
    /// Samples of each channel.
    pub(in crate::audio::packets) const fn samples(&self) -> u32 {
        self.0.block
    }
}
