//! Where a mute begins and ends beside the words that it is for. Only ever outward: every rule here makes a mute longer.

use super::heard::overlap_ms;
use crate::audio::{Activity, FRAME_MS};
use crate::base::TimeSpan;

/// What is known of the sound around a mute.
pub(super) struct Sound<'a> {
    activity: &'a Activity,
    voice: &'a [TimeSpan],
}

impl<'a> Sound<'a> {
    /// The sound of a recording in which somebody speaks then, on any channel (sorted, disjoint).
    pub(super) const fn new(activity: &'a Activity, voice: &'a [TimeSpan]) -> Self {
        Self { activity, voice }
    }

    /// The span with each end that cuts through speech moved outward to the quietest moment within `ms_max`: a sound
    /// that is cut there is cut where least of it is heard.
    pub(super) fn to_valleys(&self, span: TimeSpan, ms_max: u32) -> TimeSpan {
        let (first, last) = (span.start_ms() / FRAME_MS, span.end_ms().div_ceil(FRAME_MS));
        let reach = ms_max / FRAME_MS;
        let mut out = span;
        if self.is_speech(span.start_ms()) {
            let start = self.quietest((first.saturating_sub(reach)..first).rev());
            out = start.map_or(out, |frame| cover(out, frame));
        }
        if self.is_speech(span.end_ms()) {
            let end = self.quietest(last..last.saturating_add(reach));
            out = end.map_or(out, |frame| cover(out, frame));
        }
        out
    }

    fn is_speech(&self, at_ms: u32) -> bool {
        TimeSpan::new(at_ms, at_ms.saturating_add(1)).is_ok_and(|at| overlap_ms(self.voice, at) > 0)
    }

    /// The quietest of these frames; of equally quiet ones the first.
    fn quietest(&self, frames: impl Iterator<Item = u32>) -> Option<u32> {
        let loudest = |frame: &u32| {
            let levels = self.activity.levels().iter().map(|levels| levels.get(*frame as usize).copied());
            levels.flatten().max().unwrap_or_default()
        };
        frames.min_by_key(loudest)
    }
}

/// The span with a frame of the analysis.
fn cover(span: TimeSpan, frame: u32) -> TimeSpan {
    let start_ms = frame.saturating_mul(FRAME_MS);
    span.cover(TimeSpan::new(start_ms, start_ms.saturating_add(FRAME_MS)).expect("a frame ends after it starts"))
}

/// The span with its length rounded up to a multiple of `step_ms`, by as much on both sides as the recording has.
pub(super) fn rounded(span: TimeSpan, step_ms: u32, recording_ms: u32) -> TimeSpan {
    let Some(more) = span.len_ms().checked_next_multiple_of(step_ms).map(|len| len - span.len_ms()) else {
        return span;
    };
    let before = (more / 2).min(span.start_ms());
    let end_ms = span.end_ms().saturating_add(more - before).min(recording_ms.max(span.end_ms()));
    let behind = end_ms - span.end_ms();
    let start_ms = span.start_ms().saturating_sub(more - behind);
    TimeSpan::new(start_ms, end_ms).expect("it was only widened")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(a: u32, b: u32) -> TimeSpan {
        TimeSpan::new(a, b).unwrap()
    }

    #[test]
    fn an_end_in_speech_goes_on_to_the_quietest_frame_in_reach_and_one_in_silence_stays() {
        // Quiet at 450 ms on both channels; at 250 ms on one of them only.
        let levels = |quiet: &[u32]| (0..100).map(|f| if quiet.contains(&f) { 20 } else { 150 }).collect::<Vec<u8>>();
        let activity = Activity::new(vec![Vec::new(); 2], Vec::new(), vec![levels(&[25, 45]), levels(&[45, 99])]);
        let check = |voice: &[TimeSpan], ms_max, want| {
            assert_eq!(Sound::new(&activity, voice).to_valleys(span(500, 600), ms_max), want);
        };
        check(&[span(0, 1000)], 100, span(450, 610));
        check(&[span(0, 1000)], 40, span(490, 610));
        check(&[span(0, 1000)], 400, span(450, 610));
        check(&[span(0, 1000)], 0, span(500, 600));
        check(&[span(520, 1000)], 100, span(500, 610));
        check(&[], 100, span(500, 600));
    }

    #[test]
    fn lengths_are_rounded_up_on_both_sides_within_the_recording() {
        assert_eq!(rounded(span(1000, 1130), 100, 9000), span(965, 1165));
        assert_eq!(rounded(span(1000, 1200), 100, 9000), span(1000, 1200));
        assert_eq!(rounded(span(10, 130), 200, 9000), span(0, 200));
        assert_eq!(rounded(span(8900, 9000), 250, 9000), span(8750, 9000));
        assert_eq!(rounded(span(10, 130), 200, 150), span(0, 150));
        assert_eq!(rounded(span(10, 130), 0, 150), span(10, 130));
    }
}
