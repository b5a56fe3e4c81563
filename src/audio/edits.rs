//! What happens to which stretch of a recording: it is kept, muted, or kept and faded towards a mute. Must not know what
//! sound is made of: positions may be frames, or bytes.

use crate::model::Channels;
use std::ops::Range;

/// What happens to a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It stays bit by bit.
    Kept,
    /// Something else stands in its place on these channels.
    Muted(Channels),
    /// It is kept, and fades towards the mute beside it, which is of these channels.
    Ramped(Ramp, Channels),
}

/// Kept frames beside a mute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ramp {
    first: u64,
    frames: u64,
    slope: Slope,
}

/// Which way a ramp goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slope {
    /// Towards a mute behind it.
    Falling,
    /// Away from a mute before it.
    Rising,
}

impl Ramp {
    /// What is left of a sample of this frame, 0 to 1.
    pub(super) fn gain(&self, frame: u64) -> f64 {
        let way = (frame.saturating_sub(self.first) as f64 + 0.5) / self.frames as f64;
        match self.slope {
            Slope::Falling => 1.0 - way,
            Slope::Rising => way,
        }
    }
}

/// The stretches of a recording that do not just stay as they are: sorted, disjoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Edits(Vec<(Range<u64>, Change)>);

impl Edits {
    /// These stretches muted, which are sorted, disjoint and within `len`, with ramps of so many frames beside them.
    /// A frame is `frame` positions. What is kept between two mutes is shared by their ramps.
    pub(super) fn new(muted: &[(Range<u64>, Channels)], len: u64, frame: u64, ramp_frames: u64) -> Self {
        let mut edits = Vec::new();
        let mut kept_from = 0;
        let ends = muted.iter().map(|(mute, _)| mute.start).chain([len]);
        for (n, kept_to) in ends.enumerate() {
            let (before, behind) = (n.checked_sub(1).map(|n| &muted[n]), muted.get(n));
            let sides = u64::from(before.is_some()) + u64::from(behind.is_some());
            let frames = ramp_frames.min((kept_to - kept_from) / frame / sides.max(1));
            let mut ramp = |start: u64, slope, channels| {
                let ramp = Ramp { first: start / frame, frames, slope };
                if frames > 0 {
                    edits.push((start..start + frames * frame, Change::Ramped(ramp, channels)));
                }
            };
            if let Some((_, channels)) = before {
                ramp(kept_from, Slope::Rising, *channels);
            }
            if let Some((mute, channels)) = behind {
                ramp(kept_to - frames * frame, Slope::Falling, *channels);
                edits.push((mute.clone(), Change::Muted(*channels)));
                kept_from = mute.end;
            }
        }
        Self(edits)
    }

    /// The window cut where something else happens: in order, without a gap, no part empty.
    pub(super) fn parts(&self, window: Range<u64>) -> impl Iterator<Item = (Range<u64>, Change)> + Clone {
        let mut at = window.start;
        let mut next = self.0.partition_point(|(edit, _)| edit.end <= window.start);
        std::iter::from_fn(move || {
            if at >= window.end {
                return None;
            }
            let from = at;
            let (end, change) = match self.0.get(next) {
                Some((edit, change)) if edit.start <= from => {
                    next += 1;
                    (edit.end, *change)
                }
                Some((edit, _)) => (edit.start, Change::Kept),
                None => (window.end, Change::Kept),
            };
            at = end.min(window.end);
            Some((from..at, change))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn gains(muted: &[Range<u64>], len: u64, ramp_frames: u64) -> Vec<Option<f64>> {
        let muted: Vec<_> = muted.iter().map(|mute| (mute.clone(), Channels::All)).collect();
        let edits = Edits::new(&muted, len, 1, ramp_frames);
        let gain = |(range, change): (Range<u64>, Change)| {
            range.map(move |frame| match change {
                Change::Kept => Some(1.0),
                Change::Muted(_) => None,
                Change::Ramped(ramp, _) => Some(ramp.gain(frame)),
            })
        };
        edits.parts(0..len).flat_map(gain).collect()
    }

    #[test]
    fn what_is_kept_falls_to_a_mute_and_rises_behind_it() {
        let (on, off) = (Some(1.0), None);
        let got = gains(std::slice::from_ref(&(4..6)), 10, 2);
        assert_eq!(got, [on, on, Some(0.75), Some(0.25), off, off, Some(0.25), Some(0.75), on, on]);
    }

    #[test]
    fn ramps_share_what_is_between_two_mutes_and_ends_have_none() {
        let (on, half, off) = (Some(1.0), Some(0.5), None);
        assert_eq!(gains(&[0..1, 4..6, 8..9], 9, 9), [off, half, on, half, off, off, half, half, off]);
    }

    proptest! {
        #[test]
        fn parts_of_any_window_agree_with_the_whole(
            mutes in prop::collection::vec((0u64..300, 1u64..40), 0..6),
            ramp in 0u64..50,
            window in (0u64..400, 0u64..400),
        ) {
            let mut taken = [false; 400];
            mutes.iter().for_each(|&(at, len)| taken[at as usize..(at + len) as usize].fill(true));
            let mut muted: Vec<(Range<u64>, Channels)> = Vec::new();
            for at in (0..400).filter(|&at| taken[at as usize]) {
                match muted.last_mut().filter(|last| last.0.end == at) {
                    Some(last) => last.0.end += 1,
                    None => muted.push((at..at + 1, Channels::One(at as u16))),
                }
            }
            let edits = Edits::new(&muted, 400, 1, ramp);
            let changes = |window: Range<u64>| -> Vec<Change> {
                edits.parts(window).flat_map(|(range, change)| range.map(move |_| change)).collect()
            };
            let whole = changes(0..400);
            prop_assert!(whole.len() == 400);
            for (frame, change) in (0..).zip(&whole) {
                prop_assert_eq!(matches!(change, Change::Muted(_)), taken[frame as usize]);
                if let Change::Ramped(ramp, channels) = change {
                    prop_assert!(muted.iter().any(|(_, of)| of == channels));
                    let gain = ramp.gain(frame);
                    prop_assert!(gain > 0.0 && gain < 1.0);
                }
            }
            let window = window.0..window.0.max(window.1);
            prop_assert_eq!(changes(window.clone()), &whole[window.start as usize..window.end as usize]);
        }
    }
}
