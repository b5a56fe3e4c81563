//! Sun AU, also called SND: PCM, float and G.711 behind a header of six numbers and free text.
//!
//! A redacted copy has the header and four zero bytes in place of the text. Layout and encodings: Sun, `audio_filehdr.h`.

use super::chunks::{ends_in_tag, is_tag};
use super::linear::{Linear, Shape, too_long};
use super::order::Order;
use super::{Opened, Sound, Source, damaged, read_at};
use crate::base::{Error, HoldReason, Result, Stage, limits};
use crate::model::Codec;
use std::ops::Range;

/// Magic, where the samples start, their size, encoding, rate, channels.
const HEADER_BYTES: u64 = 24;
/// The shortest text behind it.
const TEXT_BYTES: u32 = 4;
/// The size that a writer leaves who cannot go back.
const SIZE_UNKNOWN: u32 = u32::MAX;

/// Opens a file of `source_bytes` bytes that starts with `.snd`.
pub(super) fn open(source: &mut dyn Source, source_bytes: u64) -> Result<Opened> {
    if source_bytes < HEADER_BYTES {
        return Err(damaged("the header is cut"));
    }
    let header = read_at(source, 0, HEADER_BYTES)?;
    let [start, size, encoding, rate_hz, channels] = [4, 8, 12, 16, 20].map(|at| Order::Big.u32(&header, at));
    let codec = codec(encoding)?;
    // More channels than 16 bits count are more than any limit.
    let channels = u16::try_from(channels).unwrap_or(u16::MAX);
    let data = data(source, source_bytes, start, size)?;
    let shape = Shape { container: "au", codec, channels, rate_hz };
    let (info, blocks) = shape.of_frames(data.end - data.start)?;
    let header = canonical(&header, data.end - data.start)?;
    let sound = Linear { source: data, blocks, header, trailer: Vec::new() };
    Ok(Opened { info, source_bytes, sound: Sound::Linear(sound) })
}

/// Where the samples are; what follows them is dropped where it is surely no sound.
fn data(source: &mut dyn Source, source_bytes: u64, start: u32, size: u32) -> Result<Range<u64>> {
    let start = u64::from(start);
    if start < HEADER_BYTES || start > source_bytes {
        return Err(damaged("the samples start inside the header or behind the end"));
    }
    if size == SIZE_UNKNOWN {
        let tail_bytes = (source_bytes - start).min(limits::TAIL_BYTES_MAX);
        return match ends_in_tag(&read_at(source, source_bytes - tail_bytes, tail_bytes)?, Order::Big) {
            true => Err(damaged("samples of unknown size that end in a tag")),
            false => Ok(start..source_bytes),
        };
    }
    let end = start + u64::from(size);
    let Some(tail_bytes) = source_bytes.checked_sub(end) else {
        return Err(damaged("the file is shorter than its header says").at("bytes missing", end - source_bytes));
    };
    if tail_bytes > 0
        && (tail_bytes > limits::TAIL_BYTES_MAX || !is_tag(&read_at(source, end, tail_bytes)?, Order::Big))
    {
        return Err(damaged("unknown bytes behind the end").at("bytes", tail_bytes));
    }
    Ok(start..end)
}

fn codec(encoding: u32) -> Result<Codec> {
    match encoding {
        1 => Ok(Codec::MuLaw),
        2 => Ok(Codec::PcmS8),
        3 => Ok(Codec::PcmS16Be),
        4 => Ok(Codec::PcmS24Be),
        5 => Ok(Codec::PcmS32Be),
        6 => Ok(Codec::F32Be),
        7 => Ok(Codec::F64Be),
        27 => Ok(Codec::ALaw),
        _ => {
            let message = "the codec of the AU file is not PCM, float or G.711";
            Err(Error::held(Stage::OpenRecording, HoldReason::UnsupportedCodec, message)
                .at("encoding", encoding.into()))
        }
    }
}

/// The source's header with its sizes set right, and text of zeros.
fn canonical(header: &[u8], data_bytes: u64) -> Result<Vec<u8>> {
    let size = u32::try_from(data_bytes).ok().filter(|&size| size != SIZE_UNKNOWN).ok_or_else(too_long)?;
    let start = HEADER_BYTES as u32 + TEXT_BYTES;
    Ok([b".snd", &Order::Big.put32(start)[..], &Order::Big.put32(size), &header[12..], &[0; TEXT_BYTES as usize]]
        .concat())
}
