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
mod container;
mod cuts;
mod decode;
mod hashing;
mod linear;
mod order;
mod packets;
mod redact;
mod verify;
mod wav;

pub use activity::{Activity, FRAME_MS, listen};
pub use decode::{Block, PacketCodec, PacketDecoder};
pub use redact::{Outcome, redact};
pub use verify::{Verified, verify_kept, verify_redacted, verify_silent};

use crate::base::{Error, HoldReason, Result, Stage};
use crate::model::RecordingInfo;
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
}

/// What containers are opened from.
trait Source: Read + Seek {}
impl<T: Read + Seek + ?Sized> Source for T {}

/// Walks the headers of a recording; the samples are not read.
///
/// # Errors
/// Holds the call when the container is not known, the codec cannot be muted with proof, or the
/// headers are damaged, ambiguous or beyond a limit. Fails when the source cannot be read.
pub fn open<S: Read + Seek>(source: &mut S) -> Result<Opened> {
    let source_bytes = source.seek(SeekFrom::End(0)).map_err(unreadable)?;
    let head = read_at(source, 0, container::HEAD_BYTES.min(source_bytes))?;
    container::recognise(&head).open(source, source_bytes)
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
