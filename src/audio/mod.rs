//! Recordings, in and out: containers and codecs, muting, proof of silence.
//!
//! Everything streams through the `Read`, `Seek` and `Write` that it is handed: no files, clock or
//! environment here. A container is listed in `container`; what it holds is linear samples, overwritten in place,
//! or packets, replaced by others. Whatever cannot be muted with proof is held.

mod activity;
mod aiff;
mod asked;
mod au;
mod blocks;
mod caf;
mod chunks;
mod claim;
mod container;
mod cuts;
mod decode;
mod edits;
mod fill;
mod hashing;
mod linear;
mod order;
mod packets;
mod raw;
mod redact;
mod sample;
mod verify;
mod wav;

pub use activity::{Activity, Bleed, FRAME_MS, bleed, listen};
pub use claim::Claim;
pub use decode::{Block, PacketCodec, PacketDecoder};
pub use redact::{Outcome, redact};
pub use verify::{Verified, verify_kept, verify_redacted, verify_silent};

use crate::base::{Error, HoldReason, Result, Stage};
use crate::model::{Channels, Codec, Fill, MuteStyle, MutedSpan, RawShape, RecordingInfo};
use linear::Linear;
use packets::Packets;
use std::io::{Read, Seek, SeekFrom};

/// A recording whose headers were walked to the last byte and understood.
#[derive(Clone, PartialEq, Eq)]
pub struct Opened {
    info: RecordingInfo,
    /// Size of the whole source, bytes.
    source_bytes: u64,
    sound: Sound,
}

/// How the sound of a recording is stored.
#[derive(Clone, PartialEq, Eq)]
enum Sound {
    /// In equal blocks, one after another.
    Linear(Linear),
    /// In packets.
    Packets(Packets),
}

impl Opened {
    /// Container, codec and shape.
    #[must_use]
    pub const fn info(&self) -> &RecordingInfo {
        &self.info
    }

    /// What was said of its samples, where no header says it.
    fn raw(&self) -> Option<RawShape> {
        let RecordingInfo { codec, rate_hz, channels, .. } = self.info;
        (self.info.container == RawShape::CONTAINER).then_some(RawShape { codec, rate_hz, channels })
    }

    /// What of this style the codec can have: packets are muted by silent ones, and what is in blocks has hard edges.
    #[must_use]
    pub fn style(&self, asked: MuteStyle) -> MuteStyle {
        match (&self.sound, self.info.codec) {
            (_, Codec::Flac) => asked,
            (Sound::Linear(linear), _) if linear.blocks.frames == 1 => asked,
            (Sound::Linear(_), _) => MuteStyle { ramp_ms: 0, ..asked },
            (Sound::Packets(_), _) => MuteStyle { fill: Fill::Silence, ramp_ms: 0 },
        }
    }

    /// Whether a channel can be muted without the others: where its samples stand for themselves.
    #[must_use]
    pub fn has_channels_apart(&self) -> bool {
        self.info.channels > 1 && matches!(&self.sound, Sound::Linear(linear) if linear.blocks.frames == 1)
    }

    /// What is muted at least where this must be: all channels where they cannot be muted one by one, or it is none of them.
    fn at_least(&self, muted: MutedSpan) -> MutedSpan {
        let is_apart = match muted.channels {
            Channels::All => true,
            Channels::One(channel) => self.has_channels_apart() && channel < self.info.channels,
        };
        if is_apart { muted } else { muted.span.into() }
    }
}

/// What containers are opened from.
trait Source: Read + Seek {}
impl<T: Read + Seek + ?Sized> Source for T {}

/// Walks the headers of a recording; the samples are not read. One without any header is what `raw` says; where that says
/// nothing its call is held.
///
/// # Errors
/// Holds the call when the container is not known, the codec cannot be muted with proof, or the
/// headers are damaged, ambiguous or beyond a limit. Fails when the source cannot be read.
pub fn open<S: Read + Seek>(source: &mut S, raw: Option<RawShape>) -> Result<Opened> {
    let source_bytes = source.seek(SeekFrom::End(0)).map_err(unreadable)?;
    let head = read_at(source, 0, container::HEAD_BYTES.min(source_bytes))?;
    let container = container::recognise(&head);
    match raw {
        Some(raw) if container.may_be_none(source, source_bytes)? => raw::open(raw, source_bytes),
        _ => container.open(source, source_bytes),
    }
}

/// The bytes from `offset` on; the caller has bounded `len` and keeps within the source's size.
fn read_at(source: &mut dyn Source, offset: u64, len: u64) -> Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(len).expect("headers are bounded far below 4 GiB")];
    source.seek(SeekFrom::Start(offset)).map_err(unreadable)?;
    source.read_exact(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

fn unreadable(error: std::io::Error) -> Error {
    Error::io(Stage::OpenRecording, "the recording cannot be read", error)
}

fn damaged(message: &'static str) -> Error {
    Error::held(Stage::OpenRecording, HoldReason::DamagedRecording, message)
}
