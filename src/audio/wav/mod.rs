//! RIFF WAVE and its kin: big-endian RIFX, and RF64 and BW64, whose sizes have 64 bits.
//!
//! A redacted copy has `ds64` where the source has it, `fmt `, `fact` where the codec is not PCM, and `data`; no other
//! chunk survives, since any of them can hold names or the envelope of what was muted.

mod adpcm;
mod format;
mod w64;

pub(super) use w64::open as open_w64;

use super::chunks::{Dialect, Sizes, walk};
use super::linear::{Linear, check_length, too_long};
use super::order::Order;
use super::{Opened, Sound, Source, damaged, packets, read_at};
use crate::base::Result;
use crate::model::RecordingInfo;
use format::Format;
use std::ops::Range;

/// A kind of WAVE file.
struct Kind {
    container: &'static str,
    magic: &'static [u8; 4],
    order: Order,
    sizes: Sizes,
}

const RIFF: Kind = Kind { container: "wav", magic: b"RIFF", order: Order::Little, sizes: Sizes::Narrow };
const RIFX: Kind = Kind { container: "rifx", magic: b"RIFX", order: Order::Big, sizes: Sizes::Narrow };
const RF64: Kind = Kind { container: "rf64", magic: b"RF64", order: Order::Little, sizes: Sizes::Ds64 };
const BW64: Kind = Kind { container: "bw64", magic: b"BW64", order: Order::Little, sizes: Sizes::Ds64 };

/// Opens a file of `source_bytes` bytes that starts with `RIFF` and `WAVE`.
pub(super) fn open(source: &mut dyn Source, source_bytes: u64) -> Result<Opened> {
    open_kind(source, source_bytes, &RIFF)
}

/// Opens a file of `source_bytes` bytes that starts with `RIFX` and `WAVE`.
pub(super) fn open_rifx(source: &mut dyn Source, source_bytes: u64) -> Result<Opened> {
    open_kind(source, source_bytes, &RIFX)
}

/// Opens a file of `source_bytes` bytes that starts with `RF64` and `WAVE`.
pub(super) fn open_rf64(source: &mut dyn Source, source_bytes: u64) -> Result<Opened> {
    open_kind(source, source_bytes, &RF64)
}

/// Opens a file of `source_bytes` bytes that starts with `BW64` and `WAVE`.
pub(super) fn open_bw64(source: &mut dyn Source, source_bytes: u64) -> Result<Opened> {
    open_kind(source, source_bytes, &BW64)
}

/// The format tag of MP3, whose sound is in packets.
const TAG_MP3: [u8; 2] = [0x55, 0];

fn open_kind(source: &mut dyn Source, source_bytes: u64, kind: &Kind) -> Result<Opened> {
    let dialect = Dialect { order: kind.order, sizes: kind.sizes, format: *b"fmt ", sound: *b"data" };
    let found = walk(source, source_bytes, &dialect)?;
    let fmt_bytes = (found.format.end - found.format.start).min(Format::BYTES_MAX);
    let fmt = read_at(source, found.format.start, fmt_bytes)?;
    if kind.magic == b"RIFF" && fmt.starts_with(&TAG_MP3) {
        return packets::open(packets::Kind::Riff, source, source_bytes);
    }
    let format = Format::parse(&fmt, kind.order)?;
    let data = format.whole_sound(found.sound);
    let frames = count_frames(&format, data.end - data.start, read_fact(source, found.fact, kind.order)?)?;
    let sound = Linear {
        header: header(kind, &format, data.end - data.start, frames)?,
        trailer: vec![0; usize::from((data.end - data.start) % 2 == 1)],
        source: data,
        blocks: format.blocks,
    };
    let container = kind.container.to_owned();
    let info =
        RecordingInfo { container, codec: format.codec, rate_hz: format.rate_hz, channels: format.channels, frames };
    Ok(Opened { info, source_bytes, sound: Sound::Linear(sound) })
}

/// The number of frames that a `fact` chunk states.
fn read_fact(source: &mut dyn Source, fact: Option<Range<u64>>, order: Order) -> Result<Option<u32>> {
    match fact {
        Some(body) if body.end - body.start >= 4 => Ok(Some(order.u32(&read_at(source, body.start, 4)?, 0))),
        _ => Ok(None),
    }
}

/// The number of frames; a part of a frame is a sign of damage.
///
/// Where frames come in blocks, `fact` says how many of the last block count. What else it says is often wrong, and
/// players follow the blocks.
fn count_frames(format: &Format, data_bytes: u64, fact: Option<u32>) -> Result<u64> {
    if data_bytes == 0 {
        return Err(damaged("the recording has no samples"));
    }
    let (whole, rest) = (data_bytes / format.blocks.bytes(), data_bytes % format.blocks.bytes());
    let rest_frames = if rest == 0 { Some(0) } else { format.frames_in(rest) };
    let rest_frames = rest_frames.ok_or_else(|| damaged("the samples end inside a frame").at("bytes", data_bytes))?;
    let frames = whole * format.blocks.frames + rest_frames;
    let before_last = frames.saturating_sub(format.blocks.frames);
    let frames = fact.map(u64::from).filter(|fact| (before_last + 1..=frames).contains(fact)).unwrap_or(frames);
    check_length(frames, format.rate_hz)?;
    Ok(frames)
}

/// The canonical bytes before the samples.
fn header(kind: &Kind, format: &Format, data_bytes: u64, frames: u64) -> Result<Vec<u8>> {
    const ELSEWHERE: u32 = u32::MAX;
    let size = |n: u64| match kind.sizes {
        Sizes::Narrow => u32::try_from(n).map_err(|_| too_long()),
        Sizes::Ds64 => Ok(ELSEWHERE),
    };
    let mut chunks = Vec::with_capacity(160);
    push_chunk(&mut chunks, kind.order, b"fmt ", &format.canonical);
    if !format.codec.is_pcm() {
        let frames = u32::try_from(frames).or_else(|_| size(frames))?;
        push_chunk(&mut chunks, kind.order, b"fact", &kind.order.put32(frames));
    }
    chunks.extend_from_slice(b"data");
    chunks.extend_from_slice(&kind.order.put32(size(data_bytes)?));

    let wide = matches!(kind.sizes, Sizes::Ds64);
    let ds64_bytes = if wide { DS64_CHUNK_BYTES } else { 0 };
    let file_bytes = 4 + ds64_bytes + chunks.len() as u64 + data_bytes + data_bytes % 2;
    let mut header = kind.magic.to_vec();
    header.extend_from_slice(&kind.order.put32(size(file_bytes)?));
    header.extend_from_slice(b"WAVE");
    if wide {
        push_chunk(&mut header, kind.order, b"ds64", &ds64(file_bytes, data_bytes, frames));
    }
    header.append(&mut chunks);
    Ok(header)
}

/// Header and body of the `ds64` chunk.
const DS64_CHUNK_BYTES: u64 = 8 + 28;

/// The body of a `ds64` chunk, with an empty table: no other chunk is large.
fn ds64(file_bytes: u64, data_bytes: u64, frames: u64) -> Vec<u8> {
    let mut body: Vec<u8> = [file_bytes, data_bytes, frames].iter().flat_map(|n| n.to_le_bytes()).collect();
    body.extend([0; 4]);
    body
}

/// Appends a chunk of even size.
fn push_chunk(chunks: &mut Vec<u8>, order: Order, id: &[u8; 4], body: &[u8]) {
    chunks.extend_from_slice(id);
    chunks.extend_from_slice(&order.put32(body.len() as u32));
    chunks.extend_from_slice(body);
}
