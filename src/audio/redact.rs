//! Mutes a recording while it is copied, and proves it: whatever was written is read back at once and compared
//! with what was read, or made of it. The source is read once, front to back, so all of it is what its digest says.

use super::cuts::{Cuts, Piece};
use super::hashing::{BLOCK_BYTES, Hashing, Pool};
use super::linear::Linear;
use super::packets::{Blocks, Input, Mutes, Packets, count};
use super::verify::{check_packets, compare, spans};
use super::{Opened, Sound, open};
use crate::base::{Error, HoldReason, Result, Sha256Hex, Stage};
use crate::model::{Mute, MuteStyle, MutedSpan, RecordingInfo};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::ops::Range;

/// What was done to a recording, proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Container, codec and shape, of the source and of the copy.
    pub info: RecordingInfo,
    /// Size of the source, bytes.
    pub source_bytes: u64,
    /// Digest of the source as it was read.
    pub source_sha256: Sha256Hex,
    /// Size of the copy, bytes.
    pub output_bytes: u64,
    /// Digest of the copy as it was read back.
    pub output_sha256: Sha256Hex,
    /// What is silent, as done: sorted, disjoint, clipped at the end of the recording. Where sound is in packets it
    /// is more than was asked for, and where channels cannot be muted one by one it is all of them.
    pub muted: Vec<MutedSpan>,
    /// Length of `muted` together, milliseconds.
    pub muted_ms: u64,
    /// How mutes were made: what was asked for, as far as the codec can have it.
    pub style: MuteStyle,
    /// Frames that are silent, on all channels or on one. Spans cover every block of frames that they touch, and the codec's guard.
    pub muted_frames: u64,
}

/// Copies `source` to the empty `dest` with `mutes` silent, and proves the copy.
///
/// In the copy muted samples are the codec's digital silence or another fill, all others but those of ramps are
/// bit-identical, and nothing of the source's other chunks is left; or muted packets are the codec's silent one, and all others decode as they did.
/// `mutes` may come in any order and overlap.
///
/// # Errors
/// Holds the call when a mute is empty or lies behind the end, when the source is no longer what was opened, or
/// when what is read back differs from what was to be written. Fails when reading or writing fails. `dest` must
/// then be thrown away.
pub fn redact<S, D>(opened: &Opened, source: &mut S, mutes: &[Mute], style: MuteStyle, dest: &mut D) -> Result<Outcome>
where
    S: Read + Seek,
    D: Read + Write + Seek,
{
    let muted: Vec<MutedSpan> = mutes.iter().map(|mute| opened.at_least(mute.muted())).collect();
    let style = opened.style(style);
    let (copied, muted, muted_frames) = match &opened.sound {
        Sound::Linear(sound) => {
            let cuts = Cuts::plan(&opened.info, sound, &muted, style)?;
            if open(source, opened.raw())? != *opened {
                return Err(changed());
            }
            (copy_linear(opened, sound, source, &cuts, dest)?, cuts.muted, cuts.frames)
        }
        Sound::Packets(packets) => {
            let mut mutes = Mutes::plan(&opened.info, &spans(&muted), style)?;
            let copied = copy_packets(opened, *packets, source, &mut mutes, dest)?;
            let muted = mutes.done();
            // Its digest is known: it was read back when it was written.
            check_packets(*packets, dest, copied.output_bytes, (&opened.info, &muted, style.fill), &mut |_| ())?;
            let frames = count(&opened.info, &muted);
            (copied, muted.into_iter().map(MutedSpan::from).collect(), frames)
        }
    };
    Ok(Outcome {
        info: opened.info.clone(),
        source_bytes: opened.source_bytes,
        source_sha256: copied.source_sha256,
        output_bytes: copied.output_bytes,
        output_sha256: copied.output_sha256,
        muted_ms: muted.iter().map(|muted| u64::from(muted.span.len_ms())).sum(),
        muted_frames,
        muted,
        style,
    })
}

/// A copy as it was read back.
struct Copied {
    source_sha256: Sha256Hex,
    output_bytes: u64,
    output_sha256: Sha256Hex,
}

/// Copies, mutes and compares here while two threads hash: the digests of source and copy.
fn copy_linear<S, D>(opened: &Opened, sound: &Linear, source: &mut S, cuts: &Cuts, dest: &mut D) -> Result<Copied>
where
    S: Read + Seek,
    D: Read + Write + Seek,
{
    source.rewind().map_err(unreadable)?;
    dest.rewind().map_err(unwritable)?;
    std::thread::scope(|scope| {
        let (hashing, mut pool) = (Hashing::spawn(scope), Pool::new());
        let mut copy = ProvenCopy { dest, hashing: Hashing::spawn(scope), pool: Pool::new() };
        copy.put_whole(&sound.header)?;
        let mut at = 0;
        while at < opened.source_bytes {
            // From the first frame on windows are whole blocks.
            let end = match sound.source.start.checked_sub(at).filter(|left| *left > 0) {
                Some(left) => at + left.min(BLOCK_BYTES as u64),
                None => opened.source_bytes.min(at + sound.window_bytes()),
            };
            let block = pool.fill((end - at) as usize, |bytes| source.read_exact(bytes).map_err(unreadable))?;
            hashing.update(block)?;
            if let Some(part) = overlap(&(at..end), &sound.source) {
                let bytes = &block.expose()[(part.start - at) as usize..(part.end - at) as usize];
                copy.put(bytes, cuts.pieces(part.start - sound.source.start..part.end - sound.source.start))?;
            }
            at = end;
        }
        copy.put_whole(&sound.trailer)?;
        if source.read(&mut [0]).map_err(unreadable)? != 0 {
            return Err(changed());
        }
        let (output_bytes, output_sha256) = copy.finish()?;
        Ok(Copied { source_sha256: hashing.finish()?, output_bytes, output_sha256 })
    })
}

/// Copies packets here while two threads hash: the digests of source and copy.
fn copy_packets<S, D>(
    opened: &Opened,
    packets: Packets,
    source: &mut S,
    mutes: &mut Mutes,
    dest: &mut D,
) -> Result<Copied>
where
    S: Read + Seek,
    D: Read + Write + Seek,
{
    dest.rewind().map_err(unwritable)?;
    std::thread::scope(|scope| {
        let (hashing, mut pool) = (Hashing::spawn(scope), Pool::new());
        let mut copy = ProvenCopy { dest, hashing: Hashing::spawn(scope), pool: Pool::new() };
        let mut tap = |bytes: &[u8]| {
            hashing.update(pool.fill(bytes.len(), |block| {
                block.copy_from_slice(bytes);
                Ok(())
            })?)
        };
        let mut blocks = Blocks::new(|block: &[u8]| copy.put_whole(block));
        let info = packets.remux(&mut Input::new(source, opened.source_bytes, Some(&mut tap))?, mutes, &mut blocks)?;
        blocks.finish()?;
        if info != opened.info || source.read(&mut [0]).map_err(unreadable)? != 0 {
            return Err(changed());
        }
        let (output_bytes, output_sha256) = copy.finish()?;
        Ok(Copied { source_sha256: hashing.finish()?, output_bytes, output_sha256 })
    })
}

/// A copy that is read back and compared as it grows.
struct ProvenCopy<'a, 'scope, D> {
    dest: &'a mut D,
    hashing: Hashing<'scope>,
    pool: Pool,
}

impl<'a, 'scope, D: Read + Write + Seek> ProvenCopy<'a, 'scope, D> {
    /// Appends these bytes (at most [`BLOCK_BYTES`]) as they are.
    fn put_whole(&mut self, bytes: &[u8]) -> Result<()> {
        self.put(bytes, std::iter::once(Piece::Kept(0..bytes.len())))
    }

    /// Appends these bytes (at most [`BLOCK_BYTES`]), changed where the pieces say so, and proves what was written.
    fn put<'p>(&mut self, bytes: &[u8], pieces: impl Iterator<Item = Piece<'p>> + Clone) -> Result<()> {
        for piece in pieces.clone() {
            let written = match piece {
                Piece::Kept(range) => &bytes[range],
                Piece::Muted(_, fill) => fill,
                Piece::Made(range, made) => &made.of(&bytes[range]),
            };
            self.dest.write_all(written).map_err(unwritable)?;
        }
        self.dest.seek_relative(-(bytes.len() as i64)).map_err(unwritable)?;
        let written = self.pool.fill(bytes.len(), |back| self.dest.read_exact(back).map_err(unwritable))?;
        compare(bytes, written.expose(), pieces)?;
        self.hashing.update(written)
    }

    /// Size and digest of the copy, which holds what was put and not a byte more.
    fn finish(self) -> Result<(u64, Sha256Hex)> {
        let bytes = self.dest.stream_position().map_err(unwritable)?;
        if self.dest.seek(SeekFrom::End(0)).map_err(unwritable)? != bytes {
            return Err(Error::held(
                Stage::Verify,
                HoldReason::VerifyFailed,
                "the copy has a different size than planned",
            ));
        }
        Ok((bytes, self.hashing.finish()?))
    }
}

fn overlap(a: &Range<u64>, b: &Range<u64>) -> Option<Range<u64>> {
    let both = a.start.max(b.start)..a.end.min(b.end);
    (!both.is_empty()).then_some(both)
}

fn changed() -> Error {
    Error::held(Stage::Mute, HoldReason::SourceChanged, "the recording is not the one that was opened")
}

fn unreadable(error: std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::UnexpectedEof => changed(),
        _ => Error::io(Stage::Mute, "the recording cannot be read", error),
    }
}

fn unwritable(error: std::io::Error) -> Error {
    Error::io(Stage::Mute, "the copy cannot be written or read back", error)
}
