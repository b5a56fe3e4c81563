//! MP4 in fragments: tables in pieces, each before its sound. A copy has them all in one, before all sound.

use super::boxes::{Numbers, boxes, one};
use crate::audio::damaged;
use crate::audio::packets::unsupported;
use crate::base::Result;

/// Which fields `tfhd` has.
const BASE_OFFSET: u64 = 0x1;
const DESCRIPTION: u64 = 0x2;
const DEFAULT_DURATION: u64 = 0x8;
const DEFAULT_SIZE: u64 = 0x10;
const DEFAULT_FLAGS: u64 = 0x20;
/// Which fields `trun` has, and which each of its blocks has.
const DATA_OFFSET: u64 = 0x1;
const FIRST_FLAGS: u64 = 0x4;
const DURATION: u64 = 0x100;
const SIZE: u64 = 0x200;
const FLAGS: u64 = 0x400;
const TIME_OFFSET: u64 = 0x800;

/// Blocks as fragments list them.
#[derive(Default)]
pub(super) struct Fragments {
    /// Size of the file, in which all of them lie.
    file_bytes: u64,
    /// Size of each block.
    pub(super) sizes: Vec<u32>,
    /// First block of each run, and where the run lies in the file.
    pub(super) chunks: Vec<(u32, u64)>,
    /// Length of each block in time, samples: how many in a row last so long.
    pub(super) durations: Vec<(u64, u32)>,
    /// Length of all blocks so far.
    length: u64,
}

/// What `trex` says of blocks of which fragments say no more.
pub(super) struct Defaults {
    track: u32,
    duration: u32,
    size: u32,
}

impl Defaults {
    /// Reads the body of `mvex`.
    ///
    /// # Errors
    /// Holds the call when there is other than one track.
    pub(super) fn parse(mvex: &[u8]) -> Result<Self> {
        let mut trex = Numbers(one(mvex, b"trex")?);
        trex.take(4)?;
        let track = trex.u32()?;
        trex.take(4)?;
        Ok(Self { track, duration: trex.u32()?, size: trex.u32()? })
    }
}

impl Fragments {
    /// Those of a file of this size, none yet.
    pub(super) fn new(file_bytes: u64) -> Self {
        Self { file_bytes, ..Self::default() }
    }

    /// Adds the blocks of a fragment: the body of the `moof` that starts at this place in the file.
    ///
    /// # Errors
    /// Holds the call when it is of another track, its times do not follow those before, or where its sound lies is
    /// not clear.
    pub(super) fn push(&mut self, moof: &[u8], at: u64, defaults: &Defaults) -> Result<()> {
        let traf = one(moof, b"traf")?;
        let mut tfhd = Numbers(one(traf, b"tfhd")?);
        let flags = u64::from(tfhd.u32()?);
        if tfhd.u32()? != defaults.track {
            return Err(unsupported("MP4 with other than one track"));
        }
        let mut optional = |flag, len| if flags & flag != 0 { tfhd.number(len).map(Some) } else { Ok(None) };
        let base = optional(BASE_OFFSET, 8)?.unwrap_or(at);
        optional(DESCRIPTION, 4)?;
        let duration = optional(DEFAULT_DURATION, 4)?.map_or(defaults.duration, |duration| duration as u32);
        let size = optional(DEFAULT_SIZE, 4)?.map_or(defaults.size, |size| size as u32);
        optional(DEFAULT_FLAGS, 4)?;
        let mut next = None;
        for part in boxes(traf)? {
            match &part.kind {
                b"tfdt" => self.check_time(part.body)?,
                b"trun" => next = Some(self.run(part.body, base, next, (duration, size))?),
                _ => {}
            }
        }
        Ok(())
    }

    /// Checks that a fragment starts when the ones before are over.
    fn check_time(&self, tfdt: &[u8]) -> Result<()> {
        let mut tfdt = Numbers(tfdt);
        let wide = if tfdt.number(1)? == 1 { 8 } else { 4 };
        tfdt.take(3)?;
        if tfdt.number(wide)? == self.length { Ok(()) } else { Err(unsupported("MP4 whose times are not regular")) }
    }

    /// Adds a run, which lies behind the one before where it does not say where; returns where it ends.
    fn run(&mut self, trun: &[u8], base: u64, next: Option<u64>, (duration, size): (u32, u32)) -> Result<u64> {
        let bad = || damaged("MP4 tables contradict each other");
        let mut trun = Numbers(trun);
        let flags = u64::from(trun.u32()?);
        let count = trun.u32()? as usize;
        let mut at = match flags & DATA_OFFSET {
            0 => next.ok_or_else(|| unsupported("MP4 in fragments that do not say where their sound is"))?,
            _ => base.checked_add_signed((trun.u32()?.cast_signed()).into()).ok_or_else(bad)?,
        };
        if flags & FIRST_FLAGS != 0 {
            trun.take(4)?;
        }
        let fields = [DURATION, SIZE, FLAGS, TIME_OFFSET].iter().filter(|&flag| flags & flag != 0).count();
        // Of nothing there may be any number.
        if fields == 0 && count > 1 && size == 0 {
            return Err(bad());
        }
        self.chunks.push((u32::try_from(self.sizes.len()).map_err(|_| bad())?, at));
        for _ in 0..count {
            let duration = if flags & DURATION != 0 { trun.u32()? } else { duration };
            let size = if flags & SIZE != 0 { trun.u32()? } else { size };
            if flags & FLAGS != 0 {
                trun.take(4)?;
            }
            if flags & TIME_OFFSET != 0 && trun.u32()? != 0 {
                return Err(unsupported("MP4 whose times are not regular"));
            }
            at = at.checked_add(size.into()).filter(|end| *end <= self.file_bytes).ok_or_else(bad)?;
            self.sizes.push(size);
            self.length += u64::from(duration);
            match self.durations.last_mut() {
                Some((count, each)) if *each == duration => *count += 1,
                _ => self.durations.push((1, duration)),
            }
        }
        if count == 0 {
            self.chunks.pop();
        }
        Ok(at)
    }
}

#[cfg(test)]
mod tests {
    use super::super::boxes::make;
    use super::*;

    const DEFAULTS: Defaults = Defaults { track: 1, duration: 1024, size: 0 };

    fn number(number: u32) -> [u8; 4] {
        number.to_be_bytes()
    }

    fn moof(track: u32, time: u32, trun: &[&[u8]]) -> Vec<u8> {
        let tfhd = make(b"tfhd", &[&[0, 2, 0, 0], &number(track)]);
        let tfdt = make(b"tfdt", &[&[0; 4], &number(time)]);
        make(b"traf", &[&tfhd, &tfdt, &make(b"trun", trun)])
    }

    #[test]
    fn runs_follow_each_other_in_time_and_say_where_they_are() {
        let mut fragments = Fragments::new(6000);
        let first = moof(1, 0, &[&[0, 0, 2, 1], &number(2), &number(100), &number(7), &number(9)]);
        fragments.push(&first, 1000, &DEFAULTS).unwrap();
        let second = moof(1, 2048, &[&[0, 0, 3, 1], &number(1), &number(100), &number(500), &number(8)]);
        fragments.push(&second, 5000, &DEFAULTS).unwrap();
        assert_eq!(fragments.sizes, [7, 9, 8]);
        assert_eq!(fragments.chunks, [(0, 1100), (2, 5100)]);
        assert_eq!(fragments.durations, [(2, 1024), (1, 500)]);
    }

    #[test]
    fn what_is_not_clear_holds_the_call() {
        let run = [&[0, 0, 2, 1][..], &number(1), &number(100), &number(7)];
        let nowhere = [&[0, 0, 2, 0][..], &number(1), &number(7)];
        let endless = [&[0, 0, 0, 1][..], &number(u32::MAX), &number(100)];
        let behind_the_end = [&[0, 0, 2, 1][..], &number(1), &number(100), &number(101)];
        for bad in [
            moof(2, 0, &run),
            moof(1, 1, &run),
            moof(1, 0, &nowhere),
            moof(1, 0, &behind_the_end),
            moof(1, 0, &run[..3]),
        ] {
            assert!(Fragments::new(200).push(&bad, 0, &DEFAULTS).is_err());
        }
        for size in [0, 1] {
            let mut fragments = Fragments::new(200);
            assert!(fragments.push(&moof(1, 0, &endless), 0, &Defaults { size, ..DEFAULTS }).is_err());
            assert!(fragments.sizes.len() <= 100, "no more than lie in the file");
        }
    }
}
