//! MP3 in WAV (format tag 0x55): frames from the first to the last byte of `data`, under the rules of frames alone.
//!
//! A copy has `fmt `, `fact` where the source has it, and `data`.

use super::super::{Input, Mutes, Output};
use super::{DELAY_SAMPLES, Time, frames, next};
use crate::audio::chunks::{Dialect, Sizes, walk};
use crate::audio::damaged;
use crate::audio::order::Order;
use crate::base::Result;
use crate::model::RecordingInfo;

/// `MPEGLAYER3WAVEFORMAT` (Microsoft, `mmreg.h`): what all formats have, and twelve bytes of its own.
const PLAIN_BYTES: usize = 16;
const FORMAT_BYTES: usize = 30;
/// Longest delay that is believed, samples.
const DELAY_SAMPLES_MAX: i64 = 4096;

/// Copies all frames.
pub(in crate::audio::packets) fn remux(
    input: &mut Input<'_>,
    mutes: &mut Mutes,
    out: &mut dyn Output,
) -> Result<RecordingInfo> {
    let bytes = input.left();
    let dialect = Dialect { order: Order::Little, sizes: Sizes::Narrow, format: *b"fmt ", sound: *b"data" };
    let found = input.with_source(|source| walk(source, bytes, &dialect))?;
    let format_bytes = (found.format.end - found.format.start).min(FORMAT_BYTES as u64);
    let mut format = input.look_at(found.format.start, format_bytes)?;
    if format.len() < FORMAT_BYTES {
        format.truncate(PLAIN_BYTES);
    }
    if format.len() < PLAIN_BYTES {
        return Err(damaged("the fmt chunk is too short"));
    }
    let fact = match found.fact {
        Some(fact) if fact.end - fact.start >= 4 => input.look_at(fact.start, 4)?,
        _ => Vec::new(),
    };
    let delay = if format.len() == FORMAT_BYTES { i64::from(Order::Little.u16(&format, 28)) } else { 0 };
    out.put(&header(&format, &fact, found.sound.end - found.sound.start))?;

    input.skip(found.sound.start)?;
    let first = next(input)?.ok_or_else(|| damaged("no MPEG frame where sound should begin"))?;
    if (u32::from(first.channels), first.rate_hz)
        != (Order::Little.u16(&format, 2).into(), Order::Little.u32(&format, 4))
    {
        return Err(damaged("MPEG frames of another shape than the fmt chunk says"));
    }
    let time = Time { delay: DELAY_SAMPLES.max(delay.min(DELAY_SAMPLES_MAX)), early: 0 };
    let info = frames("wav", first, found.sound.end, &time, input, mutes, out)?;
    if input.at() != found.sound.end {
        return Err(damaged("bytes that are no MPEG frame").at("byte", input.at()));
    }
    if (found.sound.end - found.sound.start) % 2 == 1 {
        out.put(&[0])?;
    }
    input.skip(input.left())?;
    Ok(info)
}

/// Everything before the frames of a copy, which are as long as those of the source.
fn header(format: &[u8], fact: &[u8], sound_bytes: u64) -> Vec<u8> {
    let mut chunks = b"WAVE".to_vec();
    let mut push = |id: &[u8; 4], size: u32, body: &[u8]| {
        chunks.extend_from_slice(id);
        chunks.extend_from_slice(&size.to_le_bytes());
        chunks.extend_from_slice(body);
    };
    push(b"fmt ", format.len() as u32, format);
    if !fact.is_empty() {
        push(b"fact", fact.len() as u32, fact);
    }
    // It came in 32 bits, or runs to the end of a file whose writer did not know.
    push(b"data", u32::try_from(sound_bytes).unwrap_or(u32::MAX), &[]);
    let size = chunks.len() as u64 + sound_bytes + sound_bytes % 2;
    [b"RIFF", &u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes()[..], &chunks].concat()
}
