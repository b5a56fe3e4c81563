//! Samples without any header. Nothing in such a file says what it is: somebody has to.

use super::blocks::Blocks;
use super::linear::{Linear, Shape};
use super::{Opened, Sound};
use crate::base::Result;
use crate::model::RawShape;

/// Takes all `source_bytes` bytes of a source for samples.
///
/// # Errors
/// Holds the call when these are no whole frames, none, or beyond a limit.
pub(super) fn open(raw: RawShape, source_bytes: u64) -> Result<Opened> {
    let shape =
        Shape { container: RawShape::CONTAINER, codec: raw.codec, channels: raw.channels, rate_hz: raw.rate_hz };
    let (info, blocks): (_, Blocks) = shape.of_frames(source_bytes)?;
    let linear = Linear { source: 0..source_bytes, blocks, header: Vec::new(), trailer: Vec::new() };
    Ok(Opened { info, source_bytes, sound: Sound::Linear(linear) })
}
