//! The strict walk over a RIFF file's chunks: where the format and the samples are, or why that is unclear.
//!
//! Players guess: one reads the first of two `data` chunks, another the last. Here whatever can be read in
//! two ways holds the call, since the way not taken may be speech that nobody mutes.

use super::tail;
use crate::audio::{Source, damaged, read_at};
use crate::base::{Error, HoldReason, Result, Stage, limits};
use std::ops::Range;

/// Where the two chunks that matter lie, bodies only, as bytes of the file.
pub(super) struct Found {
    pub(super) fmt: Range<u64>,
    pub(super) data: Range<u64>,
}

/// `RIFF`, its size, `WAVE`.
const RIFF_HEADER_BYTES: u64 = 12;
/// A chunk's id and size.
const CHUNK_HEADER_BYTES: u64 = 8;

/// Sizes written by those who cannot go back to fill them in: several recorders, sox, ffmpeg.
const SIZES_UNKNOWN: [u32; 3] = [0, SIZE_UNKNOWN_SOX, u32::MAX];
const SIZE_UNKNOWN_SOX: u32 = 0x7FFF_F000;

/// Id, size and place of one chunk.
struct Chunk {
    id: [u8; 4],
    size: u32,
    body: u64,
}

struct Walk<'s> {
    source: &'s mut dyn Source,
    source_bytes: u64,
    /// Where the chunks end.
    end: u64,
    /// The RIFF header leaves open where that is.
    open_ended: bool,
}

/// Walks all chunks of a file of `source_bytes` bytes that starts with `RIFF` and `WAVE`.
pub(super) fn walk(source: &mut dyn Source, source_bytes: u64) -> Result<Found> {
    let mut walk = Walk::start(source, source_bytes)?;
    let (mut fmt, mut data) = (None, None);
    let mut at = RIFF_HEADER_BYTES;
    for _ in 0..limits::CHUNKS_MAX {
        let Some(chunk) = walk.chunk(at)? else {
            walk.check_tail()?;
            let fmt = fmt.ok_or_else(|| damaged("no fmt chunk"))?;
            return Ok(Found { fmt, data: data.ok_or_else(|| damaged("no data chunk"))? });
        };
        let body = walk.body(&chunk)?;
        at = walk.after(&body)?;
        let slot = match &chunk.id {
            b"fmt " => &mut fmt,
            b"data" => &mut data,
            _ => continue,
        };
        if slot.replace(body).is_some() {
            return Err(damaged("two fmt or two data chunks"));
        }
    }
    Err(Error::held(Stage::OpenRecording, HoldReason::LimitReached, "too many chunks"))
}

impl<'s> Walk<'s> {
    fn start(source: &'s mut dyn Source, source_bytes: u64) -> Result<Self> {
        let riff = Chunk::parse(&read_at(source, 0, CHUNK_HEADER_BYTES)?, 0)?;
        let declared = CHUNK_HEADER_BYTES + u64::from(riff.size);
        // A streaming writer adds its header to the size that it does not know, so this one may be a little larger.
        let open_ended = riff.size == 0 || (riff.size >= SIZE_UNKNOWN_SOX && declared > source_bytes);
        if !open_ended && declared > source_bytes {
            return Err(
                damaged("the file is shorter than its header says").at("bytes missing", declared - source_bytes)
            );
        }
        let end = if open_ended { source_bytes } else { declared };
        if end < RIFF_HEADER_BYTES {
            return Err(damaged("the RIFF size is too small"));
        }
        Ok(Self { source, source_bytes, end, open_ended })
    }

    /// The chunk that starts here, or `None` at the end.
    fn chunk(&mut self, at: u64) -> Result<Option<Chunk>> {
        let left = self.end - at;
        if left >= CHUNK_HEADER_BYTES {
            return Chunk::parse(&read_at(self.source, at, CHUNK_HEADER_BYTES)?, at).map(Some);
        }
        match read_at(self.source, at, left)?.iter().all(|&b| b == 0) {
            true => Ok(None),
            false => Err(damaged("bytes that are no chunk").at("byte", at)),
        }
    }

    /// The chunk's body. A `data` chunk of unknown size runs to the end of the file.
    fn body(&mut self, chunk: &Chunk) -> Result<Range<u64>> {
        if self.is_streamed(chunk) {
            return self.streamed_body(chunk.body..self.end);
        }
        if !self.fits(chunk) {
            return Err(damaged("a chunk is larger than the file").at("byte", chunk.body));
        }
        Ok(chunk.body..chunk.body + u64::from(chunk.size))
    }

    fn streamed_body(&mut self, body: Range<u64>) -> Result<Range<u64>> {
        if self.end < self.source_bytes {
            return Err(damaged("a data chunk of unknown size with more behind it"));
        }
        let tail_bytes = (body.end - body.start).min(limits::TAIL_BYTES_MAX);
        if tail::ends_in_tag(&read_at(self.source, body.end - tail_bytes, tail_bytes)?) {
            return Err(damaged("a data chunk of unknown size that ends in a tag"));
        }
        Ok(body)
    }

    fn fits(&self, chunk: &Chunk) -> bool {
        chunk.body + u64::from(chunk.size) <= self.end
    }

    /// Whether this is a `data` chunk whose writer did not know its size. Zero says so only where the RIFF
    /// header does not know either, the other two only where so many bytes are not there.
    fn is_streamed(&self, chunk: &Chunk) -> bool {
        let open = if chunk.size == 0 { self.open_ended } else { !self.fits(chunk) };
        chunk.id == *b"data" && SIZES_UNKNOWN.contains(&chunk.size) && open
    }

    /// Where the next chunk starts. Odd chunks are followed by a pad byte, which some writers forget.
    fn after(&mut self, body: &Range<u64>) -> Result<u64> {
        let (unpadded, padded) = (body.end, body.end + 1);
        if (body.end - body.start).is_multiple_of(2) || unpadded == self.end {
            return Ok(unpadded);
        }
        match (self.may_start(unpadded)?, self.may_start(padded)?) {
            (false, true) => Ok(padded),
            (true, false) => Ok(unpadded),
            _ => Err(damaged("unclear where the chunk after an odd one starts").at("byte", unpadded)),
        }
    }

    fn may_start(&mut self, at: u64) -> Result<bool> {
        if at == self.end || self.end - at < CHUNK_HEADER_BYTES {
            return Ok(at == self.end);
        }
        let header = read_at(self.source, at, CHUNK_HEADER_BYTES)?;
        Ok(Chunk::parse(&header, at).is_ok_and(|chunk| self.fits(&chunk) || self.is_streamed(&chunk)))
    }

    /// What follows the RIFF end is dropped where it is surely no sound.
    fn check_tail(&mut self) -> Result<()> {
        let tail_bytes = self.source_bytes - self.end;
        if tail_bytes == 0 {
            return Ok(());
        }
        if tail_bytes > limits::TAIL_BYTES_MAX || !tail::is_tag(&read_at(self.source, self.end, tail_bytes)?) {
            return Err(damaged("unknown bytes behind the end").at("bytes", tail_bytes));
        }
        Ok(())
    }
}

impl Chunk {
    /// Reads the eight bytes at `at`.
    fn parse(header: &[u8], at: u64) -> Result<Self> {
        match *header {
            [a, b, c, d, e, f, g, h] if tail::is_id([a, b, c, d]) => {
                Ok(Self { id: [a, b, c, d], size: u32::from_le_bytes([e, f, g, h]), body: at + CHUNK_HEADER_BYTES })
            }
            _ => Err(damaged("bytes that are no chunk").at("byte", at)),
        }
    }
}
