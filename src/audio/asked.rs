//! Which frames of a recording spans of time ask for, and which spans cannot be meant. Must not know any container.

use crate::base::{Error, HoldReason, Result, Stage, TimeSpan};
use crate::model::{MutedSpan, RecordingInfo};
use std::ops::Range;

/// The stretches in order of time, each with the frames that it asks for.
///
/// # Errors
/// Holds the call when a span is empty or starts behind the last frame: silence that was asked for and cannot be made
/// means that times and recording do not belong together.
pub(super) fn asked(
    info: &RecordingInfo,
    muted: impl IntoIterator<Item = MutedSpan>,
) -> Result<Vec<(MutedSpan, Range<u64>)>> {
    let mut muted: Vec<MutedSpan> = muted.into_iter().collect();
    muted.sort_unstable();
    let asked = muted.into_iter().enumerate().map(|(i, muted)| {
        let span = muted.span;
        let unusable = |message| Error::held(Stage::Mute, HoldReason::UnusableTimes, message).at("span", i as u64 + 1);
        let frames = frames(info, span);
        if span.len_ms() == 0 {
            return Err(unusable("a mute of no length"));
        }
        if frames.start >= info.frames {
            return Err(unusable("a mute behind the end of the recording"));
        }
        Ok((muted, frames))
    });
    asked.collect()
}

/// The frames that a span touches, clipped at the end of the recording.
pub(super) fn frames(info: &RecordingInfo, span: TimeSpan) -> Range<u64> {
    let rate = u64::from(info.rate_hz);
    let start = u64::from(span.start_ms()) * rate / 1000;
    let end = (u64::from(span.end_ms()) * rate).div_ceil(1000);
    start.min(info.frames)..end.min(info.frames)
}
