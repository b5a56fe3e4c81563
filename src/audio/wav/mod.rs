//! RIFF WAVE: PCM, float and G.711, plain or `WAVE_FORMAT_EXTENSIBLE`.
//!
//! A redacted copy has `fmt `, `fact` where the codec is not PCM, and `data`; no other chunk survives,
//! since any of them can hold names or the envelope of what was muted.

mod chunks;
mod format;
mod tail;

use super::{Linear, Opened, Source, damaged, read_at};
use crate::base::{Error, HoldReason, Result, Stage, limits};
use crate::model::RecordingInfo;
use format::Format;

/// Opens a file of `source_bytes` bytes that starts with `RIFF` and `WAVE`.
pub(super) fn open(source: &mut dyn Source, source_bytes: u64) -> Result<Opened> {
    let found = chunks::walk(source, source_bytes)?;
    let fmt_bytes = (found.fmt.end - found.fmt.start).min(Format::BYTES_MAX);
    let format = Format::parse(&read_at(source, found.fmt.start, fmt_bytes)?)?;
    let data_bytes = found.data.end - found.data.start;
    let frames = count_frames(&format, data_bytes)?;
    let sound = Linear {
        source: found.data,
        header: header(&format, data_bytes, frames)?,
        trailer: vec![0; usize::from(data_bytes % 2 == 1)],
    };
    let Format { codec, channels, rate_hz, .. } = format;
    let info = RecordingInfo { container: "wav".to_owned(), codec, rate_hz, channels, frames };
    Ok(Opened { info, source_bytes, sound })
}

/// The number of frames; a part of a frame is a sign of damage.
fn count_frames(format: &Format, data_bytes: u64) -> Result<u64> {
    if data_bytes == 0 {
        return Err(damaged("the recording has no samples"));
    }
    let frame_bytes = u64::from(format.codec.sample_bytes()) * u64::from(format.channels);
    if !data_bytes.is_multiple_of(frame_bytes) {
        return Err(damaged("the samples end inside a frame").at("bytes", data_bytes));
    }
    let frames = data_bytes / frame_bytes;
    if frames.saturating_mul(1000) / u64::from(format.rate_hz) > limits::RECORDING_MS_MAX {
        return Err(too_long("the recording is longer than the limit"));
    }
    Ok(frames)
}

/// The canonical bytes before the samples.
fn header(format: &Format, data_bytes: u64, frames: u64) -> Result<Vec<u8>> {
    let size = |n: u64| u32::try_from(n).map_err(|_| too_long("the recording does not fit into a WAV file"));
    let mut chunks = Vec::with_capacity(96);
    chunks.extend_from_slice(b"WAVE");
    push_chunk(&mut chunks, b"fmt ", &format.canonical);
    if !format.codec.is_pcm() {
        push_chunk(&mut chunks, b"fact", &size(frames)?.to_le_bytes());
    }
    chunks.extend_from_slice(b"data");
    chunks.extend_from_slice(&size(data_bytes)?.to_le_bytes());

    let riff_bytes = chunks.len() as u64 + data_bytes + data_bytes % 2;
    let mut header = b"RIFF".to_vec();
    header.extend_from_slice(&size(riff_bytes)?.to_le_bytes());
    header.append(&mut chunks);
    Ok(header)
}

/// Appends a chunk of even size.
fn push_chunk(chunks: &mut Vec<u8>, id: &[u8; 4], body: &[u8]) {
    chunks.extend_from_slice(id);
    chunks.extend_from_slice(&(body.len() as u32).to_le_bytes());
    chunks.extend_from_slice(body);
}

fn too_long(message: &'static str) -> Error {
    Error::held(Stage::OpenRecording, HoldReason::LimitReached, message)
}
