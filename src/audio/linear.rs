//! Sound in one stretch of equal blocks, as PCM, float, G.711, ADPCM and GSM have in every container.

use super::blocks::Blocks;
use super::damaged;
use super::hashing::BLOCK_BYTES;
use crate::base::{Error, HoldReason, Result, Stage, limits};
use crate::model::{Codec, RecordingInfo};
use std::ops::Range;

/// Where the sound lies in its source, how it is cut, and what stands around it in a redacted copy.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Linear {
    /// The blocks, as bytes of the source; the last one may be shorter.
    pub(super) source: Range<u64>,
    /// What the blocks are.
    pub(super) blocks: Blocks,
    /// Everything before the blocks in a redacted copy, rebuilt from understood fields only.
    pub(super) header: Vec<u8>,
    /// Everything after the blocks in a redacted copy.
    pub(super) trailer: Vec<u8>,
}

impl Linear {
    /// Size of the blocks, bytes.
    pub(super) const fn len(&self) -> u64 {
        self.source.end - self.source.start
    }

    /// Bytes that are looked at in one go: whole blocks, at most [`BLOCK_BYTES`].
    pub(super) const fn window_bytes(&self) -> u64 {
        BLOCK_BYTES as u64 - BLOCK_BYTES as u64 % self.blocks.bytes()
    }

    /// Size of a redacted copy, bytes.
    pub(super) const fn copy_bytes(&self) -> u64 {
        self.header.len() as u64 + self.len() + self.trailer.len() as u64
    }
}

/// What a header says of samples that stand for themselves.
pub(super) struct Shape {
    pub(super) container: &'static str,
    pub(super) codec: Codec,
    pub(super) channels: u16,
    pub(super) rate_hz: u32,
}

impl Shape {
    /// A recording of so many bytes of samples.
    ///
    /// # Errors
    /// Holds the call when these are no whole frames, none, or beyond a limit.
    pub(super) fn of_frames(self, data_bytes: u64) -> Result<(RecordingInfo, Blocks)> {
        let Self { container, codec, channels, rate_hz } = self;
        check_limits(channels, rate_hz)?;
        let blocks = Blocks::of_frames(codec, channels).expect("the caller's codecs store samples one by one");
        if data_bytes == 0 {
            return Err(damaged("the recording has no samples"));
        }
        if !data_bytes.is_multiple_of(blocks.bytes()) {
            return Err(damaged("the samples end inside a frame").at("bytes", data_bytes));
        }
        let frames = data_bytes / blocks.bytes();
        check_length(frames, rate_hz)?;
        Ok((RecordingInfo { container: container.to_owned(), codec, rate_hz, channels, frames }, blocks))
    }
}

/// Checks that there are channels and a rate, and not too many or too high.
pub(super) fn check_limits(channels: u16, rate_hz: u32) -> Result<()> {
    if channels == 0 || rate_hz == 0 {
        return Err(damaged("the recording has no channels or no sampling rate"));
    }
    if channels > limits::CHANNELS_MAX || rate_hz > limits::RATE_HZ_MAX {
        let message = "too many channels, or too high a rate";
        return Err(Error::held(Stage::OpenRecording, HoldReason::LimitReached, message)
            .at("channels", channels.into())
            .at("rate", rate_hz.into()));
    }
    Ok(())
}

/// Checks that a recording is not too long; the rate is not zero.
pub(super) fn check_length(frames: u64, rate_hz: u32) -> Result<()> {
    if frames.saturating_mul(1000) / u64::from(rate_hz) > limits::RECORDING_MS_MAX {
        let message = "the recording is longer than the limit";
        return Err(Error::held(Stage::OpenRecording, HoldReason::LimitReached, message));
    }
    Ok(())
}

/// Sizes in the header of the copy cannot say so much.
pub(super) fn too_long() -> Error {
    let message = "the recording does not fit into its container";
    Error::held(Stage::OpenRecording, HoldReason::LimitReached, message)
}
