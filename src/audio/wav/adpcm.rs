//! The shape of ADPCM and GSM blocks in WAV files, from their `fmt ` chunks.
//!
//! Each block starts from samples of its own, so one can be silent without the next one changing (GSM has a guard).
//! Layouts: Microsoft, "New Multimedia Data Types and Data Techniques" (1994).

use crate::audio::blocks::{Blocks, GSM_BYTES, GSM_FRAMES};
use crate::audio::{damaged, order::Order};
use crate::base::Result;

/// `WAVEFORMATEX` without its extension.
const EX_BYTES: usize = 18;
/// The predictors that every decoder of Microsoft ADPCM has, in pairs.
const MS_PREDICTORS: [i16; 14] = [256, 0, 512, -256, 0, 0, 192, 64, 240, 0, 460, -208, 392, -232];

/// Numbers of a `fmt ` chunk that shape its blocks.
pub(super) struct Shape {
    pub(super) channels: u16,
    pub(super) block_bytes: u16,
}

/// Blocks, and the extension of the `fmt ` chunk in a copy, its size included.
pub(super) type Understood = (Blocks, Vec<u8>);

/// IMA: four bytes a channel of first sample and step, then groups of eight samples in four bytes a channel.
pub(super) fn ima(body: &[u8], shape: &Shape, order: Order) -> Result<Understood> {
    let frames = ima_frames(u64::from(shape.block_bytes), shape.channels);
    let frames = frames.filter(|_| shape.block_bytes.is_multiple_of(4 * shape.channels)).ok_or_else(contradiction)?;
    check_block_frames(body, frames, order)?;
    Ok((Blocks::of_ima_adpcm(shape.block_bytes, frames), extension(order, frames, &[])))
}

/// Frames in a block of IMA of this size, or in the start of one.
pub(super) fn ima_frames(bytes: u64, channels: u16) -> Option<u64> {
    let group = 4 * u64::from(channels);
    Some(1 + bytes.checked_sub(group)? / group * 8)
}

/// Microsoft's: seven bytes a channel of predictor, step and two samples, then one sample in four bits.
pub(super) fn ms(body: &[u8], shape: &Shape, order: Order) -> Result<Understood> {
    let frames = ms_frames(u64::from(shape.block_bytes), shape.channels).ok_or_else(contradiction)?;
    check_block_frames(body, frames, order)?;
    let predictors: Vec<u8> =
        [7].into_iter().chain(MS_PREDICTORS).flat_map(|n| order.put16(n.cast_unsigned())).collect();
    if body.get(EX_BYTES + 2..).is_none_or(|rest| !rest.starts_with(&predictors)) {
        return Err(damaged("predictors of ADPCM that are not the usual ones"));
    }
    Ok((Blocks::of_ms_adpcm(shape.block_bytes, shape.channels, frames), extension(order, frames, &predictors)))
}

/// Frames in a block of Microsoft ADPCM of this size, or in the start of one.
pub(super) fn ms_frames(bytes: u64, channels: u16) -> Option<u64> {
    let channels = u64::from(channels);
    Some(2 + bytes.checked_sub(7 * channels)? * 2 / channels)
}

/// GSM 06.10 as WAV files have it: one channel, blocks of 65 bytes.
pub(super) fn gsm(body: &[u8], shape: &Shape, order: Order) -> Result<Understood> {
    if (shape.channels, usize::from(shape.block_bytes)) != (1, GSM_BYTES) {
        return Err(contradiction());
    }
    check_block_frames(body, GSM_FRAMES, order)?;
    Ok((Blocks::of_gsm(), extension(order, GSM_FRAMES, &[])))
}

/// Checks what the extension says of the frames in a block, where there is one.
fn check_block_frames(body: &[u8], frames: u64, order: Order) -> Result<()> {
    match body.len() >= EX_BYTES + 2 && u64::from(order.u16(body, EX_BYTES)) != frames {
        true => Err(contradiction()),
        false => Ok(()),
    }
}

/// The extension: its size, the frames in a block, and what else the codec has.
fn extension(order: Order, frames: u64, rest: &[u8]) -> Vec<u8> {
    // A block has at most 65,535 bytes, and 2 frames a byte and channel.
    let frames = u16::try_from(frames).unwrap_or(u16::MAX);
    [&order.put16(2 + rest.len() as u16), &order.put16(frames), rest].concat()
}

fn contradiction() -> crate::base::Error {
    damaged("the fmt chunk contradicts itself")
}
