//! Sony Wave64: the chunks of WAVE under identifiers of 16 bytes, with sizes of 64 bits that count their own headers.
//!
//! A redacted copy has `fmt `, `fact` where the codec is not PCM, and `data`. Layout: Sonic Foundry, "Wave64".

use super::format::Format;
use super::{count_frames, read_fact};
use crate::audio::linear::Linear;
use crate::audio::order::Order;
use crate::audio::{Opened, Sound, Source, damaged, read_at};
use crate::base::{Error, HoldReason, Result, Stage, limits};
use crate::model::RecordingInfo;
use std::ops::Range;

/// What follows the four letters of the outer identifier, and of all others.
const OUTER_TAIL: [u8; 12] = [0x2E, 0x91, 0xCF, 0x11, 0xA5, 0xD6, 0x28, 0xDB, 0x04, 0xC1, 0, 0];
const TAIL: [u8; 12] = [0xF3, 0xAC, 0xD3, 0x11, 0x8C, 0xD1, 0, 0xC0, 0x4F, 0x8E, 0xDB, 0x8A];
const ID_BYTES: u64 = 16;
/// Identifier and size.
const CHUNK_HEADER_BYTES: u64 = 24;
/// These of the file, and that it is WAVE.
const FILE_HEADER_BYTES: u64 = CHUNK_HEADER_BYTES + ID_BYTES;
/// Chunks start at multiples of this.
const ALIGNMENT: u64 = 8;

/// Opens a file of `source_bytes` bytes that starts with the outer identifier.
pub(in crate::audio) fn open(source: &mut dyn Source, source_bytes: u64) -> Result<Opened> {
    let chunks = Chunks::walk(source, source_bytes)?;
    let fmt_bytes = (chunks.format.end - chunks.format.start).min(Format::BYTES_MAX);
    let format = Format::parse(&read_at(source, chunks.format.start, fmt_bytes)?, Order::Little)?;
    let data = unpadded(source, &format, format.whole_sound(chunks.sound))?;
    let data_bytes = data.end - data.start;
    let frames = count_frames(&format, data_bytes, read_fact(source, chunks.fact, Order::Little)?)?;
    let sound = Linear {
        header: header(&format, data_bytes, frames),
        trailer: vec![0; (data_bytes.next_multiple_of(ALIGNMENT) - data_bytes) as usize],
        source: data,
        blocks: format.blocks,
    };
    let Format { codec, rate_hz, channels, .. } = format;
    let info = RecordingInfo { container: "w64".to_owned(), codec, rate_hz, channels, frames };
    Ok(Opened { info, source_bytes, sound: Sound::Linear(sound) })
}

/// The samples without the zeros behind them that some writers count to the chunk.
fn unpadded(source: &mut dyn Source, format: &Format, data: Range<u64>) -> Result<Range<u64>> {
    let (data_bytes, is_frame) = (data.end - data.start, format.blocks.frames == 1);
    let rest = data_bytes % format.blocks.bytes();
    let may_be = is_frame && rest > 0 && rest < ALIGNMENT && data_bytes.is_multiple_of(ALIGNMENT);
    if may_be && read_at(source, data.end - rest, rest)?.iter().all(|b| *b == 0) {
        return Ok(data.start..data.end - rest);
    }
    Ok(data)
}

/// Where the chunks that matter lie, bodies only.
struct Chunks {
    format: Range<u64>,
    sound: Range<u64>,
    fact: Option<Range<u64>>,
}

impl Chunks {
    /// Walks all chunks to the end of the file, which is where its header says.
    fn walk(source: &mut dyn Source, source_bytes: u64) -> Result<Self> {
        if source_bytes < FILE_HEADER_BYTES {
            return Err(damaged("the header is cut"));
        }
        let outer = read_at(source, 0, FILE_HEADER_BYTES)?;
        if outer[..16] != id(b"riff", OUTER_TAIL) || outer[24..] != id(b"wave", TAIL) {
            return Err(damaged("this is no Wave64"));
        }
        if Order::Little.u64(&outer, 16) != source_bytes {
            return Err(damaged("the size in the header is not that of the file"));
        }
        let (mut format, mut sound, mut fact) = (None, None, None);
        let mut at = FILE_HEADER_BYTES;
        for _ in 0..limits::CHUNKS_MAX {
            if at >= source_bytes {
                let format = format.ok_or_else(|| damaged("no chunk says what the samples are"))?;
                return Ok(Self { format, sound: sound.ok_or_else(|| damaged("no chunk of samples"))?, fact });
            }
            let (id, body) = chunk(source, at, source_bytes)?;
            at = body.end.next_multiple_of(ALIGNMENT);
            let slot = match &id {
                b"fmt " => &mut format,
                b"data" => &mut sound,
                b"fact" => &mut fact,
                _ => continue,
            };
            if slot.replace(body).is_some() {
                return Err(damaged("two chunks of the format or of samples"));
            }
        }
        Err(Error::held(Stage::OpenRecording, HoldReason::LimitReached, "too many chunks"))
    }
}

/// The four letters of the chunk that starts here (zeros where it is of no kind of WAVE's), and its body.
fn chunk(source: &mut dyn Source, at: u64, source_bytes: u64) -> Result<([u8; 4], Range<u64>)> {
    let bad = || damaged("a chunk is larger than the file").at("byte", at);
    if source_bytes - at < CHUNK_HEADER_BYTES {
        return Err(bad());
    }
    let header = read_at(source, at, CHUNK_HEADER_BYTES)?;
    let size = Order::Little.u64(&header, ID_BYTES as usize);
    let end = at.checked_add(size).filter(|&end| size >= CHUNK_HEADER_BYTES && end <= source_bytes).ok_or_else(bad)?;
    let letters = if header[4..16] == TAIL { [header[0], header[1], header[2], header[3]] } else { [0; 4] };
    Ok((letters, at + CHUNK_HEADER_BYTES..end))
}

/// The canonical bytes before the samples.
fn header(format: &Format, data_bytes: u64, frames: u64) -> Vec<u8> {
    let mut header = [id(b"riff", OUTER_TAIL), [0; 16]].concat();
    header.truncate(CHUNK_HEADER_BYTES as usize);
    header.extend(id(b"wave", TAIL));
    let mut push = |name, body: &[u8]| {
        header.extend(id(name, TAIL));
        header.extend((CHUNK_HEADER_BYTES + body.len() as u64).to_le_bytes());
        header.extend_from_slice(body);
        header.resize(header.len().next_multiple_of(ALIGNMENT as usize), 0);
    };
    push(b"fmt ", &format.canonical);
    if !format.codec.is_pcm() {
        push(b"fact", &u32::try_from(frames).unwrap_or(u32::MAX).to_le_bytes());
    }
    header.extend(id(b"data", TAIL));
    header.extend((CHUNK_HEADER_BYTES + data_bytes).to_le_bytes());
    let file_bytes = header.len() as u64 + data_bytes.next_multiple_of(ALIGNMENT);
    header[16..24].copy_from_slice(&file_bytes.to_le_bytes());
    header
}

/// A whole identifier.
fn id(letters: &[u8; 4], tail: [u8; 12]) -> [u8; 16] {
    let mut id = [0; 16];
    id[..4].copy_from_slice(letters);
    id[4..].copy_from_slice(&tail);
    id
}
