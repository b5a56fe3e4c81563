//! What stands before the frames: STREAMINFO, and metadata that a copy does not get.

use super::super::Input;
use crate::audio::{damaged, linear::check_limits, order::Order};
use crate::base::{Error, HoldReason, Result, Stage, limits};

const MAGIC: &[u8; 4] = b"fLaC";
const BLOCK_HEADER_BYTES: usize = 4;
const STREAMINFO_BYTES: usize = 34;
/// Where the body of STREAMINFO starts.
pub(super) const INFO_AT: usize = MAGIC.len() + BLOCK_HEADER_BYTES;
/// In the first byte of a block's header: no other block follows.
const LAST: u8 = 0x80;
/// Bytes of metadata that are passed over at once.
const SKIP_BYTES: usize = 64 << 10;

/// What STREAMINFO says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stream {
    block_min: u16,
    /// Most samples of each channel in a frame.
    pub(super) block_max: u16,
    pub(super) rate_hz: u32,
    pub(super) channels: u16,
    /// Bits of a sample.
    pub(super) bits: u8,
    /// Samples of each channel in all; 0 where the writer did not know.
    pub(super) frames: u64,
}

impl Stream {
    /// Reads all that stands before the first frame.
    ///
    /// # Errors
    /// Holds the call when there is no STREAMINFO or it is beyond a limit. Fails when reading fails.
    pub(super) fn read(input: &mut Input<'_>) -> Result<Self> {
        if input.take(MAGIC.len())? != MAGIC {
            return Err(damaged("this is no FLAC stream"));
        }
        let (mut is_last, kind, len) = block_header(input)?;
        if (kind, len) != (0, STREAMINFO_BYTES) {
            return Err(damaged("the first block is not STREAMINFO"));
        }
        let stream = Self::parse(input.take(STREAMINFO_BYTES)?)?;
        for _ in 0..limits::CHUNKS_MAX {
            if is_last {
                return Ok(stream);
            }
            let len;
            (is_last, _, len) = block_header(input)?;
            for start in (0..len).step_by(SKIP_BYTES) {
                input.take(SKIP_BYTES.min(len - start))?;
            }
        }
        Err(Error::held(Stage::OpenRecording, HoldReason::LimitReached, "too many blocks of metadata"))
    }

    /// Reads the body of STREAMINFO.
    ///
    /// # Errors
    /// Holds the call when no stream can have it, or it is beyond a limit.
    pub(super) fn parse(info: &[u8]) -> Result<Self> {
        if info.len() != STREAMINFO_BYTES {
            return Err(damaged("STREAMINFO that no stream can have"));
        }
        let (block_min, block_max) = (Order::Big.u16(info, 0), Order::Big.u16(info, 2));
        // 20 bits of rate, 3 of channels less 1, 5 of bits less 1, 36 of frames.
        let packed = Order::Big.u64(info, 10);
        let stream = Self {
            block_min,
            block_max,
            rate_hz: (packed >> 44) as u32,
            channels: (packed >> 41 & 7) as u16 + 1,
            bits: (packed >> 36 & 31) as u8 + 1,
            frames: packed & ((1 << 36) - 1),
        };
        check_limits(stream.channels, stream.rate_hz)?;
        if block_min > block_max || block_max < 16 || stream.bits < 4 {
            return Err(damaged("STREAMINFO that no stream can have"));
        }
        Ok(stream)
    }

    /// What stands before the frames in a copy: STREAMINFO, without sizes of frames and without the digest of the
    /// samples, against which guesses of what was muted could be checked.
    pub(super) fn header(&self) -> Vec<u8> {
        let packed = u64::from(self.rate_hz) << 44
            | u64::from(self.channels - 1) << 41
            | u64::from(self.bits - 1) << 36
            | self.frames;
        let mut bytes = MAGIC.to_vec();
        bytes.extend([LAST, 0, 0, STREAMINFO_BYTES as u8]);
        bytes.extend(self.block_min.to_be_bytes());
        bytes.extend(self.block_max.to_be_bytes());
        bytes.extend([0; 6]);
        bytes.extend(packed.to_be_bytes());
        bytes.extend([0; 16]);
        bytes
    }

    /// More bytes than a frame of so many samples has: twice what samples take as they are, a bit more for a
    /// difference. Who stores more does so to no end.
    pub(super) fn frame_bytes_max(&self, block: u32) -> usize {
        let sample_bits = usize::from(self.bits) + 1;
        64 + 2 * usize::from(self.channels) * (8 + (block as usize * sample_bits).div_ceil(8))
    }

    #[cfg(test)]
    pub(super) fn of_test(rate_hz: u32, channels: u16, bits: u8, block: u16) -> Self {
        Self { block_min: block, block_max: block, rate_hz, channels, bits, frames: 0 }
    }
}

/// Whether the block that starts here is the last one, its kind, and its length.
fn block_header(input: &mut Input<'_>) -> Result<(bool, u8, usize)> {
    let header = input.take(BLOCK_HEADER_BYTES)?;
    let len = Order::Big.u32(&[0, header[1], header[2], header[3]], 0) as usize;
    Ok((header[0] & LAST != 0, header[0] & !LAST, len))
}
