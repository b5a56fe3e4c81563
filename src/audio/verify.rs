//! Proof that a redacted recording is what it should be: silent where it must be, the same elsewhere, and
//! nothing besides. Must not write.

use super::cuts::{Cuts, Piece};
use super::hashing::BLOCK_BYTES;
use super::{Opened, Source, open, read_at};
use crate::base::{Error, HoldReason, Result, Sha256Hex, Stage, TimeSpan};
use crate::model::RecordingInfo;
use sha2::{Digest, Sha256};
use std::io::{Read, Seek, SeekFrom};

/// A redacted recording that was found to be what its manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Container, codec and shape.
    pub info: RecordingInfo,
    /// Size of the file, bytes.
    pub bytes: u64,
    /// Digest of the file.
    pub sha256: Sha256Hex,
    /// Frames that were found silent on all channels.
    pub muted_frames: u64,
}

/// Checks a redacted recording against the intervals that its manifest calls muted.
///
/// # Errors
/// Holds the call when a sample in an interval is not silent, an interval does not fit, or the file holds
/// anything but its format and its samples. Fails when it cannot be read.
pub fn verify_redacted<D: Read + Seek>(dest: &mut D, intervals: &[TimeSpan]) -> Result<Verified> {
    let opened = open(dest)?;
    let cuts = cuts(&opened, intervals)?;
    let sound = &opened.sound;
    check_frame(&opened, dest)?;

    let mut hasher = Sha256::new_with_prefix(&sound.header);
    let mut block = Vec::new();
    let mut at = 0;
    dest.seek(SeekFrom::Start(sound.source.start)).map_err(unreadable)?;
    while at < sound.len() {
        let end = sound.len().min(at + BLOCK_BYTES as u64);
        read_block(dest, &mut block, end - at)?;
        compare(&block, &block, cuts.pieces(at..end))?;
        hasher.update(&block);
        at = end;
    }
    hasher.update(&sound.trailer);
    Ok(Verified {
        bytes: opened.source_bytes,
        sha256: Sha256Hex::finish(hasher),
        muted_frames: cuts.frames,
        info: opened.info,
    })
}

/// Checks that a redacted recording equals its source outside of the muted intervals, sample by sample.
///
/// # Errors
/// Holds the call when a kept sample differs, or shape or length do. Fails when one of the two cannot be read.
pub fn verify_kept<S, D>(source: &mut S, dest: &mut D, intervals: &[TimeSpan]) -> Result<()>
where
    S: Read + Seek,
    D: Read + Seek,
{
    let (from, to) = (open(source)?, open(dest)?);
    if from.info != to.info {
        return Err(failed("source and copy differ in shape or length"));
    }
    let cuts = cuts(&from, intervals)?;
    source.seek(SeekFrom::Start(from.sound.source.start)).map_err(unreadable)?;
    dest.seek(SeekFrom::Start(to.sound.source.start)).map_err(unreadable)?;
    let (mut block, mut copied) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < from.sound.len() {
        let end = from.sound.len().min(at + BLOCK_BYTES as u64);
        read_block(source, &mut block, end - at)?;
        read_block(dest, &mut copied, end - at)?;
        compare(&block, &copied, cuts.pieces(at..end))?;
        at = end;
    }
    Ok(())
}

/// Checks a window of the copy: kept pieces equal the source, muted pieces are silence.
pub(super) fn compare<'p>(source: &[u8], copy: &[u8], pieces: impl Iterator<Item = Piece<'p>>) -> Result<()> {
    for piece in pieces {
        match piece {
            Piece::Kept(range) if source[range.clone()] != copy[range.clone()] => {
                return Err(failed("kept samples differ from the source").at("byte of the block", range.start as u64));
            }
            Piece::Muted(range, silence) if copy[range.clone()] != *silence => {
                return Err(failed("muted samples are not silent").at("byte of the block", range.start as u64));
            }
            Piece::Kept(_) | Piece::Muted(..) => {}
        }
    }
    Ok(())
}

/// Checks that around the samples the file has what `redact` writes and nothing else.
fn check_frame(opened: &Opened, dest: &mut dyn Source) -> Result<()> {
    let sound = &opened.sound;
    let header_bytes = sound.header.len() as u64;
    if opened.source_bytes != sound.copy_bytes()
        || sound.source.start != header_bytes
        || read_at(dest, 0, header_bytes)? != sound.header
        || read_at(dest, sound.source.end, sound.trailer.len() as u64)? != sound.trailer
    {
        return Err(failed("the copy holds more than format and samples"));
    }
    Ok(())
}

fn cuts(opened: &Opened, intervals: &[TimeSpan]) -> Result<Cuts> {
    Cuts::plan(&opened.info, &opened.sound, intervals)
        .map_err(|_| failed("the muted intervals do not fit the recording"))
}

fn read_block(from: &mut impl Read, block: &mut Vec<u8>, len: u64) -> Result<()> {
    block.resize(len as usize, 0);
    from.read_exact(block).map_err(unreadable)
}

fn failed(message: &'static str) -> Error {
    Error::held(Stage::Verify, HoldReason::VerifyFailed, message)
}

fn unreadable(error: std::io::Error) -> Error {
    Error::io(Stage::Verify, "a recording cannot be read", error)
}
