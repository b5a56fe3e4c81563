//! The strict walk over a file of chunks, RIFF or IFF: where the format and the samples are, or why that is unclear.
//!
//! Players guess: one reads the first of two `data` chunks, another the last. Here whatever can be read in
//! two ways holds the call, since the way not taken may be speech that nobody mutes.

mod tail;

pub(super) use tail::{ends_in_tag, is_tag};

use super::order::Order;
use super::{Source, damaged, read_at};
use crate::base::{Error, HoldReason, Result, Stage, limits};
use std::ops::Range;

/// What differs between files of chunks.
pub(super) struct Dialect {
    /// Of sizes.
    pub(super) order: Order,
    /// Where sizes of more than 32 bits stand.
    pub(super) sizes: Sizes,
    /// The chunk that says what the samples are.
    pub(super) format: [u8; 4],
    /// The chunk of the samples.
    pub(super) sound: [u8; 4],
}

/// Where the sizes of the file and of its sound stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sizes {
    /// In the 32 bits of each chunk.
    Narrow,
    /// In a first chunk `ds64`, where the 32 bits say so (EBU Tech 3306).
    Ds64,
}

/// Where the chunks that matter lie, bodies only, as bytes of the file.
pub(super) struct Found {
    pub(super) format: Range<u64>,
    pub(super) sound: Range<u64>,
    /// A `fact` chunk, the last one.
    pub(super) fact: Option<Range<u64>>,
}

/// The outer chunk's id, its size, and what is in it.
const FILE_HEADER_BYTES: u64 = 12;
/// A chunk's id and size.
const CHUNK_HEADER_BYTES: u64 = 8;
/// The part of a `ds64` chunk that is looked at: the sizes of file and sound.
const DS64_BYTES: u64 = 16;

/// Sizes written by those who cannot go back to fill them in: several recorders, GStreamer, sox, ffmpeg.
const SIZES_UNKNOWN: [u64; 5] = [0, SIZE_UNKNOWN_GSTREAMER, 0x7FFF_F000, SIZE_ELSEWHERE, u64::MAX];
/// The smallest of them but zero.
const SIZE_UNKNOWN_GSTREAMER: u64 = 0x7FFF_0000;
/// In a file with a `ds64` chunk: the size stands there.
const SIZE_ELSEWHERE: u64 = u32::MAX as u64;

/// Id, size and place of one chunk.
struct Chunk {
    id: [u8; 4],
    size: u64,
    body: u64,
}

struct Walk<'s> {
    source: &'s mut dyn Source,
    dialect: &'s Dialect,
    source_bytes: u64,
    /// Where the chunks end.
    end: u64,
    /// The outer header leaves open where that is.
    open_ended: bool,
    /// Size of the sound by `ds64`.
    wide_sound: Option<u64>,
}

/// Walks all chunks of a file of `source_bytes` bytes, at least 12.
pub(super) fn walk(source: &mut dyn Source, source_bytes: u64, dialect: &Dialect) -> Result<Found> {
    let mut walk = Walk::start(source, source_bytes, dialect)?;
    let (mut format, mut sound, mut fact) = (None, None, None);
    let mut at = FILE_HEADER_BYTES;
    for _ in 0..limits::CHUNKS_MAX {
        let Some(chunk) = walk.chunk(at)? else {
            walk.check_tail()?;
            let format = format.ok_or_else(|| damaged("no chunk says what the samples are"))?;
            return Ok(Found { format, sound: sound.ok_or_else(|| damaged("no chunk of samples"))?, fact });
        };
        let body = walk.body(&chunk)?;
        at = walk.after(&body)?;
        let slot = match chunk.id {
            id if id == dialect.format => &mut format,
            id if id == dialect.sound => &mut sound,
            id => {
                fact = if id == *b"fact" { Some(body) } else { fact };
                continue;
            }
        };
        if slot.replace(body).is_some() {
            return Err(damaged("two chunks of the format or of samples"));
        }
    }
    Err(Error::held(Stage::OpenRecording, HoldReason::LimitReached, "too many chunks"))
}

impl<'s> Walk<'s> {
    fn start(source: &'s mut dyn Source, source_bytes: u64, dialect: &'s Dialect) -> Result<Self> {
        let mut walk = Self { source, dialect, source_bytes, end: source_bytes, open_ended: false, wide_sound: None };
        let outer = walk.parse(0)?;
        let size = match dialect.sizes {
            Sizes::Narrow => outer.size,
            Sizes::Ds64 => walk.read_ds64(outer.size)?,
        };
        let declared = size.saturating_add(CHUNK_HEADER_BYTES);
        // A streaming writer adds its header to the size that it does not know, so this one may be a little larger.
        walk.open_ended = size == 0 || (size >= SIZE_UNKNOWN_GSTREAMER && declared > source_bytes);
        if !walk.open_ended && declared > source_bytes {
            return Err(
                damaged("the file is shorter than its header says").at("bytes missing", declared - source_bytes)
            );
        }
        walk.end = if walk.open_ended { source_bytes } else { declared };
        if walk.end < FILE_HEADER_BYTES {
            return Err(damaged("the size in the header is too small"));
        }
        Ok(walk)
    }

    /// Takes the size of the sound from the `ds64` chunk; gives that of the file.
    fn read_ds64(&mut self, file_size: u64) -> Result<u64> {
        let missing = || damaged("no ds64 chunk");
        if self.source_bytes < FILE_HEADER_BYTES + CHUNK_HEADER_BYTES + DS64_BYTES {
            return Err(missing());
        }
        let chunk = self.parse(FILE_HEADER_BYTES)?;
        if chunk.id != *b"ds64" || chunk.size < DS64_BYTES {
            return Err(missing());
        }
        let sizes = read_at(self.source, chunk.body, DS64_BYTES)?;
        self.wide_sound = Some(self.dialect.order.u64(&sizes, 8));
        Ok(if file_size == SIZE_ELSEWHERE { self.dialect.order.u64(&sizes, 0) } else { file_size })
    }

    /// The chunk that starts here, or `None` at the end.
    fn chunk(&mut self, at: u64) -> Result<Option<Chunk>> {
        let left = self.end - at;
        if left >= CHUNK_HEADER_BYTES {
            return self.parse(at).map(Some);
        }
        match read_at(self.source, at, left)?.iter().all(|&b| b == 0) {
            true => Ok(None),
            false => Err(damaged("bytes that are no chunk").at("byte", at)),
        }
    }

    /// The chunk's body. A chunk of samples of unknown size runs to the end of the file.
    fn body(&mut self, chunk: &Chunk) -> Result<Range<u64>> {
        if self.is_streamed(chunk) {
            return self.streamed_body(chunk.body..self.end);
        }
        if !self.fits(chunk) {
            return Err(damaged("a chunk is larger than the file").at("byte", chunk.body));
        }
        Ok(chunk.body..chunk.body + chunk.size)
    }

    fn streamed_body(&mut self, body: Range<u64>) -> Result<Range<u64>> {
        if self.end < self.source_bytes {
            return Err(damaged("samples of unknown size with more behind it"));
        }
        let tail_bytes = (body.end - body.start).min(limits::TAIL_BYTES_MAX);
        if ends_in_tag(&read_at(self.source, body.end - tail_bytes, tail_bytes)?, self.dialect.order) {
            return Err(damaged("samples of unknown size that ends in a tag"));
        }
        Ok(body)
    }

    fn fits(&self, chunk: &Chunk) -> bool {
        chunk.size <= self.end - chunk.body
    }

    /// Whether these are samples whose writer did not know how many. Zero says so only where the outer
    /// header does not know either, the other two only where so many bytes are not there.
    fn is_streamed(&self, chunk: &Chunk) -> bool {
        let open = if chunk.size == 0 { self.open_ended } else { !self.fits(chunk) };
        chunk.id == self.dialect.sound && SIZES_UNKNOWN.contains(&chunk.size) && open
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
        match self.parse(at) {
            Ok(chunk) => Ok(self.fits(&chunk) || self.is_streamed(&chunk)),
            Err(error) if error.hold_reason().is_some() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What follows the end is dropped where it is surely no sound.
    fn check_tail(&mut self) -> Result<()> {
        let tail_bytes = self.source_bytes - self.end;
        if tail_bytes == 0 {
            return Ok(());
        }
        if tail_bytes > limits::TAIL_BYTES_MAX
            || !is_tag(&read_at(self.source, self.end, tail_bytes)?, self.dialect.order)
        {
            return Err(damaged("unknown bytes behind the end").at("bytes", tail_bytes));
        }
        Ok(())
    }

    /// Reads the chunk's header at `at`; the caller has checked that it is there.
    fn parse(&mut self, at: u64) -> Result<Chunk> {
        let header = read_at(self.source, at, CHUNK_HEADER_BYTES)?;
        let id = [header[0], header[1], header[2], header[3]];
        if !tail::is_id(id) {
            return Err(damaged("bytes that are no chunk").at("byte", at));
        }
        let size = match (u64::from(self.dialect.order.u32(&header, 4)), self.wide_sound) {
            (SIZE_ELSEWHERE, Some(size)) if id == self.dialect.sound => size,
            (size, _) => size,
        };
        Ok(Chunk { id, size, body: at + CHUNK_HEADER_BYTES })
    }
}
