//! From mute times to bytes: which stretches of linear sound become silence. Must not touch samples.

use crate::base::{Error, HoldReason, Result, Stage, TimeSpan};
use crate::model::RecordingInfo;
use std::ops::Range;

/// What to silence in one recording: sorted, disjoint, not touching, inside the recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cuts {
    /// The stretches in time, clipped at the end of the recording.
    pub(super) spans: Vec<TimeSpan>,
    /// The same stretches as bytes from the first frame.
    bytes: Vec<Range<u64>>,
    frame_bytes: u64,
}

/// Part of a window of sound: bytes from the window's start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// To be kept bit by bit.
    Kept(Range<usize>),
    /// To be silent.
    Muted(Range<usize>),
}

impl Cuts {
    /// Plans the silence for these spans, in any order, overlapping or not.
    ///
    /// A span covers every frame that it touches: its start is rounded down, its end up.
    ///
    /// # Errors
    /// Holds the call when a span is empty or starts behind the last frame: silence that was asked for and
    /// cannot be made means that times and recording do not belong together.
    pub(super) fn plan(info: &RecordingInfo, spans: &[TimeSpan]) -> Result<Self> {
        let frame_bytes = u64::from(info.frame_bytes());
        let end_ms = u32::try_from(info.duration_ms()).unwrap_or(u32::MAX);
        let mut spans = spans.to_vec();
        spans.sort_unstable();
        let mut cuts = Self { spans: Vec::new(), bytes: Vec::new(), frame_bytes };
        for (i, span) in spans.iter().enumerate() {
            let unusable =
                |message| Error::held(Stage::Mute, HoldReason::UnusableTimes, message).at("span", i as u64 + 1);
            let frames = frames(info, *span);
            if span.len_ms() == 0 {
                return Err(unusable("a mute of no length"));
            }
            if frames.start >= info.frames {
                return Err(unusable("a mute behind the end of the recording"));
            }
            let clipped = TimeSpan::new(span.start_ms(), span.end_ms().min(end_ms))?;
            cuts.push(clipped, frames.start * frame_bytes..frames.end * frame_bytes);
        }
        Ok(cuts)
    }

    /// Appends a stretch that starts no earlier than the last one, joining the two where they meet.
    fn push(&mut self, span: TimeSpan, bytes: Range<u64>) {
        match (self.spans.last_mut(), self.bytes.last_mut()) {
            (Some(last_span), Some(last)) if bytes.start <= last.end => {
                *last_span = last_span.cover(span);
                last.end = last.end.max(bytes.end);
            }
            _ => {
                self.spans.push(span);
                self.bytes.push(bytes);
            }
        }
    }

    /// Frames that become silent, of all stretches together.
    pub(super) fn frames(&self) -> u64 {
        self.bytes.iter().map(|r| r.end - r.start).sum::<u64>() / self.frame_bytes
    }

    /// Milliseconds that become silent, of all stretches together.
    pub(super) fn total_ms(&self) -> u64 {
        self.spans.iter().map(|s| u64::from(s.len_ms())).sum()
    }

    /// The window (bytes from the first frame) as alternating pieces, in order and without a gap.
    pub(super) fn pieces(&self, window: Range<u64>) -> impl Iterator<Item = Piece> + Clone + '_ {
        let mut at = window.start;
        let mut next = self.bytes.partition_point(|cut| cut.end <= window.start);
        std::iter::from_fn(move || {
            let from = at;
            let cut = self.bytes.get(next).filter(|cut| cut.start < window.end);
            let muted = cut.is_some_and(|cut| cut.start <= from);
            at = match cut {
                _ if from >= window.end => return None,
                Some(cut) if muted => cut.end.min(window.end),
                Some(cut) => cut.start,
                None => window.end,
            };
            next += usize::from(muted);
            let range = (from - window.start) as usize..(at - window.start) as usize;
            Some(if muted { Piece::Muted(range) } else { Piece::Kept(range) })
        })
    }
}

/// The frames that a span touches, clipped at the end of the recording.
fn frames(info: &RecordingInfo, span: TimeSpan) -> Range<u64> {
    let rate = u64::from(info.rate_hz);
    let start = u64::from(span.start_ms()) * rate / 1000;
    let end = (u64::from(span.end_ms()) * rate).div_ceil(1000);
    start.min(info.frames)..end.min(info.frames)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Codec;
    use proptest::prelude::*;

    fn info(codec: Codec, rate_hz: u32, channels: u16, frames: u64) -> RecordingInfo {
        RecordingInfo { container: "wav".to_owned(), codec, rate_hz, channels, frames }
    }

    fn span(start_ms: u32, end_ms: u32) -> TimeSpan {
        TimeSpan::new(start_ms, end_ms).unwrap()
    }

    #[test]
    fn every_touched_frame_of_every_channel_is_covered() {
        // At 11,025 Hz a millisecond is 11.025 frames: 10 ms start in frame 110, 20 ms end in frame 220.
        let cuts = Cuts::plan(&info(Codec::PcmS16, 11_025, 2, 11_025), &[span(10, 20)]).unwrap();
        assert_eq!((cuts.bytes.len(), &cuts.bytes[0]), (1, &(110 * 4..221 * 4)));
        assert_eq!((cuts.frames(), cuts.total_ms()), (111, 10));
    }

    #[test]
    fn spans_that_meet_are_joined_and_the_last_is_clipped() {
        let cuts = Cuts::plan(&info(Codec::MuLaw, 8000, 1, 804), &[span(50, 70), span(10, 20), span(70, 400)]).unwrap();
        assert_eq!(cuts.spans, [span(10, 20), span(50, 101)]);
        assert_eq!(cuts.bytes, [80..160, 400..804]);
    }

    #[test]
    fn a_mute_that_would_change_nothing_holds_the_call() {
        let info = info(Codec::PcmU8, 8000, 1, 800);
        for bad in [span(100, 120), span(u32::MAX, u32::MAX), span(5, 5)] {
            let error = Cuts::plan(&info, &[span(1, 2), bad]).unwrap_err();
            assert_eq!(error.hold_reason(), Some(HoldReason::UnusableTimes));
        }
        assert!(Cuts::plan(&info, &[span(99, 5000)]).is_ok());
    }

    proptest! {
        #[test]
        fn pieces_agree_with_asking_every_byte(
            times in prop::collection::vec((0u32..90, 1u32..30), 0..8),
            rate_hz in prop::sample::select(vec![1000u32, 8000, 11_025, 44_100]),
            window in (0u64..3000, 0u64..3000),
        ) {
            let spans: Vec<_> = times.iter().map(|&(at, len)| span(at, at + len)).collect();
            let info = info(Codec::PcmS24, rate_hz, 1, u64::from(rate_hz) / 10);
            let cuts = Cuts::plan(&info, &spans).unwrap();
            let len = info.frames * 3;
            let window = window.0.min(len)..(window.0 + window.1).min(len);

            let mut got = Vec::new();
            for piece in cuts.pieces(window.clone()) {
                let (range, muted) = match piece {
                    Piece::Kept(range) => (range, false),
                    Piece::Muted(range) => (range, true),
                };
                prop_assert!(range.start == got.len() && !range.is_empty());
                got.extend(range.map(|_| muted));
            }
            let want: Vec<bool> = window
                .map(|byte| {
                    let frame = byte / 3;
                    // A frame lasts from frame/rate to (frame + 1)/rate seconds.
                    spans.iter().any(|s| {
                        frame * 1000 < u64::from(s.end_ms()) * u64::from(rate_hz)
                            && (frame + 1) * 1000 > u64::from(s.start_ms()) * u64::from(rate_hz)
                    })
                })
                .collect();
            prop_assert_eq!(got, want);
        }
    }
}
