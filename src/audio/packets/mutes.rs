//! Which packets are to be silent, and which stretch of the recording is silent then. Must not know any codec.
//!
//! Each packet has a *support*: all frames of the recording that it has any part in, in whatever way a player may
//! read it. A packet is silent when its support meets a stretch that was asked for. What is silent for sure is then
//! the gap between the supports of kept packets around that stretch. A gap asks for the same packets as the stretch
//! that it grew from, because no kept packet's support meets it; so a copy can be checked by its gaps alone.

use crate::audio::asked::{asked, frames};
use crate::audio::edits::{Change, Edits};
use crate::audio::fill::Signal;
use crate::base::{Result, TimeSpan};
use crate::model::{Channels, Fill, MuteStyle, MutedSpan, RecordingInfo};
use std::ops::Range;

/// Stretches to be silent. Frames are signed: the first packet may begin before the recording does.
pub(in crate::audio) struct Mutes {
    /// What was asked for: sorted, disjoint, not touching, inside the recording.
    asked: Vec<Range<i64>>,
    /// For each of them how far the kept packets next to it leave room: from the end of the last one before to the
    /// start of the first one after.
    room: Vec<Range<i64>>,
    /// The first of `asked` that is not over when the packet starts that was asked about last.
    next: usize,
    /// Length of the recording.
    frames: i64,
    rate_hz: u32,
    /// Where single frames can be changed: what was asked for, and what is ramped beside it ...
    edits: Edits,
    /// ... and what stands in its place.
    fill: Signal,
}

impl Mutes {
    /// Everything is kept.
    pub(in crate::audio) fn none() -> Self {
        let (asked, room, next, edits) = Default::default();
        Self { asked, room, next, frames: 0, rate_hz: 1, edits, fill: Signal::new(Fill::Silence, 1) }
    }

    /// Plans silence for these spans, in any order, overlapping or not.
    ///
    /// # Errors
    /// Those of [`asked`].
    pub(in crate::audio) fn plan(info: &RecordingInfo, spans: &[TimeSpan], style: MuteStyle) -> Result<Self> {
        let fill = Signal::new(style.fill, info.rate_hz);
        let mut mutes = Self { frames: info.frames as i64, rate_hz: info.rate_hz, fill, ..Self::none() };
        for (_, frames) in asked(info, spans.iter().copied().map(MutedSpan::from))? {
            let frames = frames.start as i64..frames.end as i64;
            match mutes.asked.last_mut().filter(|last| frames.start <= last.end) {
                Some(last) => last.end = last.end.max(frames.end),
                None => mutes.asked.push(frames),
            }
        }
        let muted: Vec<_> =
            mutes.asked.iter().map(|asked| (asked.start as u64..asked.end as u64, Channels::All)).collect();
        mutes.edits = Edits::new(&muted, info.frames, 1, info.frames_in(style.ramp_ms));
        mutes.room = vec![0..mutes.frames; mutes.asked.len()];
        Ok(mutes)
    }

    /// Whether the packet with this support is to be silent; one that is not counts as kept from now on.
    pub(super) fn is_muted(&mut self, support: &Range<i64>) -> bool {
        let after = self.not_over_at(support.start);
        if self.asked.get(after).is_some_and(|asked| asked.start < support.end) {
            return true;
        }
        if let Some(room) = self.room.get_mut(after) {
            room.start = room.start.max(support.end);
        }
        if let Some(room) = after.checked_sub(1).and_then(|before| self.room.get_mut(before)) {
            room.end = room.end.min(support.start);
        }
        false
    }

    /// The first of `asked` that is not over at a frame.
    fn not_over_at(&mut self, frame: i64) -> usize {
        let is_over = |asked: &Range<i64>| asked.end <= frame;
        // Packets come in order, so that it mostly is the one that it was.
        let (over, others) = self.asked.split_at(self.next);
        if !over.last().is_none_or(is_over) || others.first().is_some_and(is_over) {
            self.next = self.asked.partition_point(is_over);
        }
        self.next
    }

    /// These frames (from 0 on) cut where something else happens, for sound that can be changed frame by frame.
    pub(super) fn parts(&mut self, frames: Range<u64>) -> Vec<(Range<u64>, Change)> {
        let parts: Vec<_> = self.edits.parts(frames).collect();
        for (frames, _) in &parts {
            self.is_muted(&(frames.start as i64..frames.end as i64));
        }
        parts
    }

    /// What stands in place of frames that are muted one by one.
    pub(super) const fn fill(&self) -> Signal {
        self.fill
    }

    /// What is silent now that all packets have been asked about: sorted, disjoint, milliseconds rounded inward.
    pub(in crate::audio) fn done(mut self) -> Vec<TimeSpan> {
        // Rooms that no kept packet divides are one.
        for i in 1..self.room.len() {
            self.room[i].start = self.room[i].start.max(self.room[i - 1].start);
        }
        for i in (1..self.room.len()).rev() {
            self.room[i - 1].end = self.room[i - 1].end.min(self.room[i].end);
        }
        self.room.dedup();
        let (rate, last) = (i64::from(self.rate_hz), self.frames);
        let ms = |ms: i64| u32::try_from(ms).unwrap_or(u32::MAX);
        let span = |room: &Range<i64>| {
            let start = (room.start * 1000 + rate - 1) / rate;
            let end = (room.end * 1000 + if room.end == last { rate - 1 } else { 0 }) / rate;
            TimeSpan::new(ms(start), ms(end)).expect("a room holds the whole milliseconds that were asked for")
        };
        self.room.iter().map(span).collect()
    }
}

/// Frames in these spans of a recording, all together.
pub(in crate::audio) fn count(info: &RecordingInfo, spans: &[TimeSpan]) -> u64 {
    spans.iter().map(|&span| frames(info, span)).map(|frames| frames.end - frames.start).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::HoldReason;
    use crate::model::Codec;
    use proptest::prelude::*;

    fn info(rate_hz: u32, frames: u64) -> RecordingInfo {
        RecordingInfo { container: "ogg".to_owned(), codec: Codec::Opus, rate_hz, channels: 1, frames }
    }

    fn plan(info: &RecordingInfo, spans: &[TimeSpan]) -> Result<Mutes> {
        Mutes::plan(info, spans, MuteStyle::default())
    }

    fn span(start_ms: u32, end_ms: u32) -> TimeSpan {
        TimeSpan::new(start_ms, end_ms).unwrap()
    }

    fn ask(mut mutes: Mutes, supports: &[Range<i64>]) -> (Vec<bool>, Vec<TimeSpan>) {
        let muted = supports.iter().map(|support| mutes.is_muted(support)).collect();
        (muted, mutes.done())
    }

    #[test]
    fn every_packet_with_a_part_in_a_mute_is_silent_and_the_gap_between_the_others_is_what_is_done() {
        // Packets of 20 ms that each reach 10 ms into the next.
        let supports: Vec<Range<i64>> = (0..10).map(|k| k * 160..k * 160 + 240).collect();
        let mutes = plan(&info(8000, 1600), &[span(55, 65), span(90, 95)]).unwrap();
        let (muted, done) = ask(mutes, &supports);
        assert_eq!(muted, [false, false, true, true, true, false, false, false, false, false].map(|m| m));
        assert_eq!(done, [span(50, 100)]);
    }

    #[test]
    fn frames_are_cut_where_silence_starts_and_ends_and_that_is_what_is_done() {
        let mut mutes = plan(&info(8000, 1600), &[span(10, 20), span(50, 121)]).unwrap();
        let parts: Vec<_> = [0..400, 400..800, 800..1600].into_iter().flat_map(|frames| mutes.parts(frames)).collect();
        let kept = |range| (range, Change::Kept);
        let muted = |range| (range, Change::Muted(Channels::All));
        let want = [kept(0..80), muted(80..160), kept(160..400), muted(400..800), muted(800..968), kept(968..1600)];
        assert_eq!(parts, want);
        assert_eq!(mutes.done(), [span(10, 20), span(50, 121)]);
    }

    #[test]
    fn a_mute_that_would_change_nothing_holds_the_call() {
        for bad in [span(200, 300), span(5, 5)] {
            let error = plan(&info(8000, 1600), &[span(1, 2), bad]).err().unwrap();
            assert_eq!(error.hold_reason(), Some(HoldReason::UnusableTimes));
        }
    }

    #[test]
    fn a_mute_to_the_end_is_done_to_the_end() {
        let mutes = plan(&info(44_100, 44_101), &[span(900, 5000)]).unwrap();
        assert_eq!(ask(mutes, &[0..1000, 500..1000]).1, [span(23, 1001)]);
    }

    proptest! {
        /// Whatever packets there are, in whatever order: what is done covers what was asked for, meets no kept
        /// packet, and asks for the same packets again.
        #[test]
        fn what_was_done_asks_for_the_same_packets_again(
            spans in prop::collection::vec((0u32..950, 1u32..80), 1..8),
            supports in prop::collection::vec((-3000i64..46_000, 1i64..4000), 0..60),
            rate_hz in prop::sample::select(vec![8000u32, 11_025, 16_000, 44_100, 48_000]),
        ) {
            let info = info(rate_hz, u64::from(rate_hz));
            let spans: Vec<_> = spans.iter().map(|&(at, len)| span(at, at + len)).collect();
            let supports: Vec<_> = supports.iter().map(|&(at, len)| at..at + len).collect();
            let (muted, done) = ask(plan(&info, &spans).unwrap(), &supports);
            let (again, done_again) = ask(plan(&info, &done).unwrap(), &supports);
            prop_assert_eq!(&muted, &again);
            prop_assert_eq!(&done, &done_again);
            for asked in &spans {
                prop_assert!(done.iter().any(|d| d.start_ms() <= asked.start_ms() && d.end_ms() >= asked.end_ms().min(1000)));
            }
            for (support, _) in supports.iter().zip(&muted).filter(|(_, muted)| !**muted) {
                for d in &done {
                    let meets = i64::from(d.start_ms()) * i64::from(rate_hz) < support.end * 1000
                        && support.start * 1000 < i64::from(d.end_ms().min(1000)) * i64::from(rate_hz);
                    prop_assert!(!meets);
                }
            }
        }
    }
}
