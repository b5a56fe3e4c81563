//! From mute times to bytes: which blocks of sound become silence. Must not touch samples.

use super::asked::asked;
use super::edits::{Change, Edits, Ramp};
use super::fill;
use super::hashing::BLOCK_BYTES;
use super::linear::Linear;
use super::sample;
use crate::base::{Result, TimeSpan};
use crate::model::{Channels, MuteStyle, MutedSpan, RecordingInfo};
use std::ops::Range;

/// What to mute in one recording: sorted, disjoint, not touching, inside the recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cuts {
    /// The stretches in time, clipped at the end of the recording.
    pub(super) muted: Vec<MutedSpan>,
    /// The blocks that they touch, as bytes from the first frame.
    bytes: Vec<(Range<u64>, Channels)>,
    /// Frames that become the fill, of all stretches together.
    pub(super) frames: u64,
    /// Those bytes, and what lies beside them where it is ramped.
    edits: Edits,
    info: RecordingInfo,
    /// The fill, which begins again after so many bytes: enough to take [`BLOCK_BYTES`] from, starting anywhere.
    fill: Vec<u8>,
    fill_bytes: u64,
}

/// Part of a window of sound: bytes from the window's start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// To be kept bit by bit.
    Kept(Range<usize>),
    /// To be these bytes, which are the fill.
    Muted(Range<usize>, &'a [u8]),
    /// Whole frames to be something else that is made of them.
    Made(Range<usize>, Made<'a>),
}

/// Frames of which some channels are to be something else; the first is `first`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Made<'a> {
    info: &'a RecordingInfo,
    first: u64,
    channels: Channels,
    how: How<'a>,
}

/// What becomes of those channels.
#[derive(Clone, Debug, PartialEq, Eq)]
enum How<'a> {
    /// They fade.
    Faded(Ramp),
    /// They are those channels of these frames, which are the fill.
    Muted(&'a [u8]),
}

impl Made<'_> {
    /// What becomes of these frames.
    pub(super) fn of(&self, frames: &[u8]) -> Vec<u8> {
        let codec = self.info.codec;
        let sample_bytes =
            usize::from(codec.sample_bytes().expect("only samples that stand for themselves are changed"));
        let samples = frames.chunks_exact(sample_bytes).zip((0..self.info.channels).cycle());
        let mut made = Vec::with_capacity(frames.len());
        let mut frame = self.first;
        for (sample, channel) in samples {
            match self.how {
                _ if !self.channels.have(channel) => made.extend_from_slice(sample),
                How::Faded(ramp) => sample::put(codec, sample::get(codec, sample) * ramp.gain(frame), &mut made),
                How::Muted(fill) => made.extend_from_slice(&fill[made.len()..][..sample_bytes]),
            }
            frame += u64::from(channel + 1 == self.info.channels);
        }
        made
    }
}

impl Cuts {
    /// Plans these mutes, in any order, overlapping or not; those of one channel only where blocks are frames.
    ///
    /// A mute covers every block that it touches (its start is rounded down, its end up) and the codec's guard.
    ///
    /// # Errors
    /// Those of [`asked`].
    pub(super) fn plan(info: &RecordingInfo, sound: &Linear, muted: &[MutedSpan], style: MuteStyle) -> Result<Self> {
        let (blocks, block_bytes) = (&sound.blocks, sound.blocks.bytes());
        let end_ms = u32::try_from(info.duration_ms()).unwrap_or(u32::MAX);
        let (mut stretches, mut bytes): (Vec<MutedSpan>, Vec<(Range<u64>, Channels)>) = Default::default();
        for (MutedSpan { span, channels }, frames) in asked(info, muted.iter().copied())? {
            let touched = frames.start / blocks.frames..frames.end.div_ceil(blocks.frames) + blocks.guard;
            let touched = touched.start * block_bytes..sound.len().min(touched.end * block_bytes);
            let span = TimeSpan::new(span.start_ms(), span.end_ms().min(end_ms))?;
            match (stretches.last_mut(), bytes.last_mut()) {
                // The two meet.
                (Some(stretch), Some((last, of))) if touched.start <= last.end => {
                    *of = of.join(channels);
                    *stretch = MutedSpan { span: stretch.span.cover(span), channels: *of };
                    last.end = last.end.max(touched.end);
                }
                _ => {
                    stretches.push(MutedSpan { span, channels });
                    bytes.push((touched, channels));
                }
            }
        }
        let frame_at = |byte: u64| info.frames.min(byte.div_ceil(block_bytes) * blocks.frames);
        let frames = bytes.iter().map(|(r, _)| frame_at(r.end) - frame_at(r.start)).sum();
        let edits = Edits::new(&bytes, sound.len(), block_bytes, info.frames_in(style.ramp_ms));
        let table = fill::table(info, blocks, style.fill);
        let fill = table.repeat(BLOCK_BYTES / table.len() + 2);
        Ok(Self { muted: stretches, bytes, frames, edits, info: info.clone(), fill, fill_bytes: table.len() as u64 })
    }

    /// The window (bytes from the first frame, at most [`BLOCK_BYTES`], cutting no frame that something is made of) as alternating
    /// pieces, in order and without a gap.
    pub(super) fn pieces(&self, window: Range<u64>) -> impl Iterator<Item = Piece<'_>> + Clone {
        let start = window.start;
        self.edits.parts(window).map(move |(bytes, change)| {
            let range = (bytes.start - start) as usize..(bytes.end - start) as usize;
            let made = |channels, how| {
                let first = bytes.start / u64::from(self.info.frame_bytes().unwrap_or(1));
                Piece::Made(range.clone(), Made { info: &self.info, first, channels, how })
            };
            let fill = || self.fill(bytes.start, range.len());
            match change {
                Change::Kept => Piece::Kept(range),
                Change::Muted(Channels::All) => Piece::Muted(range.clone(), fill()),
                Change::Muted(channels) => made(channels, How::Muted(fill())),
                Change::Ramped(ramp, channels) => made(channels, How::Faded(ramp)),
            }
        })
    }

    /// The fill at this byte from the first frame.
    fn fill(&self, at: u64, len: usize) -> &[u8] {
        let phase = (at % self.fill_bytes) as usize;
        &self.fill[phase..phase + len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::blocks::Blocks;
    use crate::base::HoldReason;
    use crate::model::Codec;
    use proptest::prelude::*;

    fn info(codec: Codec, rate_hz: u32, channels: u16, frames: u64) -> RecordingInfo {
        RecordingInfo { container: "wav".to_owned(), codec, rate_hz, channels, frames }
    }

    fn sound(info: &RecordingInfo) -> Linear {
        let blocks = Blocks::of_frames(info.codec, info.channels).unwrap();
        Linear { source: 0..info.frames * blocks.bytes(), blocks, header: Vec::new(), trailer: Vec::new() }
    }

    fn plan(info: &RecordingInfo, spans: &[TimeSpan]) -> Result<Cuts> {
        Cuts::plan(info, &sound(info), &all(spans), MuteStyle::default())
    }

    fn all(spans: &[TimeSpan]) -> Vec<MutedSpan> {
        spans.iter().copied().map(MutedSpan::from).collect()
    }

    fn ranges(cuts: &Cuts) -> Vec<Range<u64>> {
        cuts.bytes.iter().map(|(range, _)| range.clone()).collect()
    }

    fn span(start_ms: u32, end_ms: u32) -> TimeSpan {
        TimeSpan::new(start_ms, end_ms).unwrap()
    }

    #[test]
    fn every_touched_frame_of_every_channel_is_covered() {
        // At 11,025 Hz a millisecond is 11.025 frames: 10 ms start in frame 110, 20 ms end in frame 220.
        let cuts = plan(&info(Codec::PcmS16, 11_025, 2, 11_025), &[span(10, 20)]).unwrap();
        assert_eq!(ranges(&cuts), std::slice::from_ref(&(110 * 4..221 * 4)));
        assert_eq!(cuts.frames, 111);
    }

    #[test]
    fn spans_that_meet_are_joined_and_the_last_is_clipped() {
        let cuts = plan(&info(Codec::MuLaw, 8000, 1, 804), &[span(50, 70), span(10, 20), span(70, 400)]).unwrap();
        assert_eq!(cuts.muted, all(&[span(10, 20), span(50, 101)]));
        assert_eq!(ranges(&cuts), [80..160, 400..804]);
    }

    #[test]
    fn every_touched_block_is_covered_and_the_guard_behind_it() {
        // 25 blocks of 40 ms and one of 10 ms.
        let info = info(Codec::Gsm610, 8000, 1, 25 * 320 + 80);
        let sound = Linear { source: 0..26 * 65, blocks: Blocks::of_gsm(), header: Vec::new(), trailer: Vec::new() };
        let spans = [span(100, 120), span(210, 211), span(500, 521), span(970, 980)];
        let cuts = Cuts::plan(&info, &sound, &all(&spans), MuteStyle::default()).unwrap();
        assert_eq!(ranges(&cuts), [2 * 65..4 * 65, 5 * 65..7 * 65, 12 * 65..15 * 65, 24 * 65..26 * 65]);
        assert_eq!(cuts.frames, (2 + 2 + 3) * 320 + 320 + 80);
        assert_eq!(cuts.muted, all(&spans));
        let again = Cuts::plan(&info, &sound, &cuts.muted, MuteStyle::default()).unwrap();
        assert!(again == cuts);
    }

    #[test]
    fn a_window_that_starts_inside_a_block_goes_on_with_that_blocks_silence() {
        let info = info(Codec::MsAdpcm, 8000, 1, 4000);
        let blocks = Blocks::of_ms_adpcm(16, 1, 20);
        let sound = Linear { source: 0..200 * 16, blocks, header: Vec::new(), trailer: Vec::new() };
        let cuts = Cuts::plan(&info, &sound, &all(&[span(0, 500)]), MuteStyle::default()).unwrap();
        let want = [0u8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0].as_slice();
        assert_eq!(cuts.pieces(3..20).collect::<Vec<_>>(), [Piece::Muted(0..17, want)]);
    }

    #[test]
    fn a_mute_of_one_channel_leaves_the_other_and_fades_alone() {
        let info = info(Codec::ALaw, 1000, 2, 10);
        let style = MuteStyle { ramp_ms: 2, ..MuteStyle::default() };
        let muted = [MutedSpan { span: span(4, 6), channels: Channels::One(1) }];
        let cuts = Cuts::plan(&info, &sound(&info), &muted, style).unwrap();
        let loud = [0x2A; 20];
        let copy: Vec<u8> = cuts
            .pieces(0..20)
            .flat_map(|piece| match piece {
                Piece::Kept(range) => loud[range].to_vec(),
                Piece::Made(range, made) => made.of(&loud[range]),
                Piece::Muted(..) => unreachable!("no mute is of all channels"),
            })
            .collect();
        assert!(copy.chunks(2).all(|frame| frame[0] == 0x2A), "{copy:x?}");
        let other: Vec<u8> = copy.chunks(2).map(|frame| frame[1]).collect();
        assert_eq!((&other[..2], &other[4..6], &other[8..]), (&loud[..2], &[0xD5; 2][..], &loud[..2]));
        assert!(other[2..4].iter().chain(&other[6..8]).all(|&sample| sample != 0x2A && sample != 0xD5), "{other:x?}");
    }

    #[test]
    fn mutes_of_different_channels_that_meet_are_of_all() {
        let one = |from, to, channel| MutedSpan { span: span(from, to), channels: Channels::One(channel) };
        let info = info(Codec::PcmS16, 8000, 2, 8000);
        let muted = [one(10, 20, 0), one(20, 30, 1), one(50, 60, 1), one(55, 70, 1)];
        let cuts = Cuts::plan(&info, &sound(&info), &muted, MuteStyle::default()).unwrap();
        assert_eq!(cuts.muted, [span(10, 30).into(), one(50, 70, 1)]);
    }

    #[test]
    fn a_mute_that_would_change_nothing_holds_the_call() {
        let info = info(Codec::PcmU8, 8000, 1, 800);
        for bad in [span(100, 120), span(u32::MAX, u32::MAX), span(5, 5)] {
            let error = plan(&info, &[span(1, 2), bad]).unwrap_err();
            assert_eq!(error.hold_reason(), Some(HoldReason::UnusableTimes));
        }
        assert!(plan(&info, &[span(99, 5000)]).is_ok());
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
            let cuts = plan(&info, &spans).unwrap();
            let len = info.frames * 3;
            let window = window.0.min(len)..(window.0 + window.1).min(len);

            let mut got = Vec::new();
            for piece in cuts.pieces(window.clone()) {
                let (range, muted) = match piece {
                    Piece::Kept(range) => (range, false),
                    Piece::Muted(range, silence) => {
                        prop_assert!(silence.len() == range.len() && silence.iter().all(|&b| b == 0));
                        (range, true)
                    },
                    Piece::Made(..) => unreachable!("edges are hard, and mutes of all channels"),
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
