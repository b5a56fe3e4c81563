//! Core Audio files: PCM and float of both byte orders, µ-law and A-law.
//!
//! A redacted copy has `desc` and `data`. Layout: Apple, "Core Audio Format Specification 1.0".

use super::linear::{Linear, Shape};
use super::order::Order;
use super::{Opened, Sound, Source, damaged, read_at};
use crate::base::{Error, HoldReason, Result, Stage, limits};
use crate::model::Codec;
use std::ops::Range;

/// Magic, version, flags.
const FILE_HEADER: [u8; 8] = *b"caff\0\x01\0\0";
/// A chunk's name and size.
const CHUNK_HEADER_BYTES: u64 = 12;
/// The body of `desc`.
const DESC_BYTES: u64 = 32;
/// What stands before the samples in `data`: how often it was edited.
const EDITS_BYTES: u64 = 4;
/// The size of samples that a writer leaves who cannot go back.
const SIZE_UNKNOWN: u64 = u64::MAX;
/// Flags of linear PCM.
const IS_FLOAT: u32 = 1;
const IS_LITTLE_ENDIAN: u32 = 2;

/// Opens a file of `source_bytes` bytes that starts with `caff`.
pub(super) fn open(source: &mut dyn Source, source_bytes: u64) -> Result<Opened> {
    let (desc, data) = walk(source, source_bytes)?;
    let desc = read_at(source, desc.start, DESC_BYTES)?;
    let [flags, packet_bytes, packet_frames, channels, bits] = [12, 16, 20, 24, 28].map(|at| Order::Big.u32(&desc, at));
    let codec = codec(&desc[8..12], flags, bits)?;
    // More channels than 16 bits count are more than any limit.
    let channels = u16::try_from(channels).unwrap_or(u16::MAX);
    let shape = Shape { container: "caf", codec, channels, rate_hz: rate(Order::Big.u64(&desc, 0))? };
    let data_bytes = data.end - data.start;
    let (info, blocks) = shape.of_frames(data_bytes)?;
    if (u64::from(packet_bytes), packet_frames) != (blocks.bytes(), 1) {
        return Err(damaged("the description contradicts itself").at("bytes", packet_bytes.into()));
    }
    let sound = Linear { source: data, blocks, header: header(&desc, data_bytes), trailer: Vec::new() };
    Ok(Opened { info, source_bytes, sound: Sound::Linear(sound) })
}

/// Where the description and the samples are.
fn walk(source: &mut dyn Source, source_bytes: u64) -> Result<(Range<u64>, Range<u64>)> {
    let start = FILE_HEADER.len() as u64;
    if source_bytes < start || read_at(source, 0, start)? != FILE_HEADER {
        return Err(damaged("a Core Audio file of an unknown version"));
    }
    let (mut desc, mut data) = (None, None);
    let mut at = start;
    for _ in 0..limits::CHUNKS_MAX {
        if at == source_bytes {
            let desc = desc.filter(|desc: &Range<u64>| desc.end - desc.start == DESC_BYTES);
            let desc = desc.ok_or_else(|| damaged("no chunk says what the samples are"))?;
            return Ok((desc, data.ok_or_else(|| damaged("no chunk of samples"))?));
        }
        let (name, body) = chunk(source, at, source_bytes)?;
        at = body.end;
        match &name {
            b"desc" if desc.is_none() => desc = Some(body),
            b"data" if data.is_none() => {
                let first = body.start.checked_add(EDITS_BYTES).filter(|&first| first <= body.end);
                data = Some(first.ok_or_else(|| damaged("the chunk of samples is too short"))?..body.end);
            }
            b"desc" | b"data" => return Err(damaged("two chunks of the format or of samples")),
            // Packets of one frame need no table; one that trims them makes some players start elsewhere.
            b"pakt" => return Err(unsupported("a Core Audio file with a table of packets")),
            _ => {}
        }
    }
    Err(Error::held(Stage::OpenRecording, HoldReason::LimitReached, "too many chunks"))
}

/// Name and body of the chunk that starts here. Samples of unknown size run to the end of the file.
fn chunk(source: &mut dyn Source, at: u64, source_bytes: u64) -> Result<([u8; 4], Range<u64>)> {
    let bad = || damaged("a chunk is larger than the file").at("byte", at);
    let body = at + CHUNK_HEADER_BYTES;
    if body > source_bytes {
        return Err(bad());
    }
    let header = read_at(source, at, CHUNK_HEADER_BYTES)?;
    let (name, size) = ([header[0], header[1], header[2], header[3]], Order::Big.u64(&header, 4));
    if name == *b"data" && size == SIZE_UNKNOWN {
        return Ok((name, body..source_bytes));
    }
    Ok((name, body..body.checked_add(size).filter(|&end| end <= source_bytes).ok_or_else(bad)?))
}

fn codec(format: &[u8], flags: u32, bits: u32) -> Result<Codec> {
    let is_little = flags & IS_LITTLE_ENDIAN != 0;
    match (format, flags & IS_FLOAT != 0, bits, is_little) {
        (b"lpcm", false, 8, _) => Ok(Codec::PcmS8),
        (b"lpcm", false, 16, true) => Ok(Codec::PcmS16),
        (b"lpcm", false, 16, false) => Ok(Codec::PcmS16Be),
        (b"lpcm", false, 24, true) => Ok(Codec::PcmS24),
        (b"lpcm", false, 24, false) => Ok(Codec::PcmS24Be),
        (b"lpcm", false, 32, true) => Ok(Codec::PcmS32),
        (b"lpcm", false, 32, false) => Ok(Codec::PcmS32Be),
        (b"lpcm", true, 32, true) => Ok(Codec::F32),
        (b"lpcm", true, 32, false) => Ok(Codec::F32Be),
        (b"lpcm", true, 64, true) => Ok(Codec::F64),
        (b"lpcm", true, 64, false) => Ok(Codec::F64Be),
        (b"ulaw", ..) => Ok(Codec::MuLaw),
        (b"alaw", ..) => Ok(Codec::ALaw),
        _ => Err(unsupported("the codec of the Core Audio file is not PCM, float or G.711").at("bits", bits.into())),
    }
}

/// The rate, a 64-bit float that must be a whole number.
fn rate(bits: u64) -> Result<u32> {
    let rate = f64::from_bits(bits);
    let is_whole = rate.fract() == 0.0 && (0.0..=f64::from(limits::RATE_HZ_MAX)).contains(&rate);
    if is_whole { Ok(rate as u32) } else { Err(damaged("the sampling rate is no whole number, or far too high")) }
}

/// The canonical bytes before the samples.
fn header(desc: &[u8], data_bytes: u64) -> Vec<u8> {
    let mut header = FILE_HEADER.to_vec();
    header.extend(b"desc");
    header.extend(DESC_BYTES.to_be_bytes());
    header.extend_from_slice(desc);
    header.extend(b"data");
    header.extend((EDITS_BYTES + data_bytes).to_be_bytes());
    header.extend([0; EDITS_BYTES as usize]);
    header
}

fn unsupported(message: &'static str) -> Error {
    Error::held(Stage::OpenRecording, HoldReason::UnsupportedCodec, message)
}
