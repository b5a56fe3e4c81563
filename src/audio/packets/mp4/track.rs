//! The one track of a recording: its codec, where its blocks lie, and which of them are presented.

use super::boxes::{Numbers, boxes, one, only};
use super::fragments::Fragments;
use super::note::Note;
use crate::audio::damaged;
use crate::audio::packets::aac::{LOW_COMPLEXITY, RATES_HZ, SAMPLES};
use crate::audio::packets::unsupported;
use crate::base::Result;
use std::ops::Range;

/// Object type of AAC in a decoder's configuration.
const MPEG4_AUDIO: u64 = 0x40;

/// A track of AAC.
pub(super) struct Track {
    /// Index into [`RATES_HZ`].
    pub(super) rate: u8,
    pub(super) channels: u8,
    /// Size of each block.
    pub(super) sizes: Vec<u32>,
    /// First block of each chunk, and where the chunk lies in the file.
    pub(super) chunks: Vec<(u32, u64)>,
    /// Length of the last block in time, samples.
    pub(super) last: u32,
    /// The samples that are presented, where an edit says so; its end may be behind the last.
    pub(super) edit: Option<Range<i64>>,
    /// What some players leave out besides.
    pub(super) note: Option<Note>,
}

impl Track {
    /// Reads the body of `moov`, whose tables are empty where there are fragments.
    ///
    /// # Errors
    /// Holds the call when there is other than one track, it is not AAC of low complexity, its times are not regular,
    /// or its tables contradict each other.
    pub(super) fn parse(moov: &[u8], fragments: Option<Fragments>) -> Result<Self> {
        let movie = boxes(moov)?;
        let mut tracks = movie.iter().filter(|b| b.kind == *b"trak");
        let (Some(trak), None) = (tracks.next(), tracks.next()) else {
            return Err(unsupported("MP4 with other than one track"));
        };
        let mdia = one(trak.body, b"mdia")?;
        if one(mdia, b"hdlr")?.get(8..12) != Some(b"soun") {
            return Err(unsupported("MP4 whose track is not sound"));
        }
        let stbl = one(one(mdia, b"minf")?, b"stbl")?;
        let (rate, channels) = description(one(stbl, b"stsd")?)?;
        let rate_hz = RATES_HZ[usize::from(rate)];
        if timescale(one(mdia, b"mdhd")?)? != rate_hz {
            return Err(unsupported("MP4 whose clock is not its sampling rate"));
        }
        let (sizes, last, chunks) = match fragments {
            Some(fragments) => {
                if Numbers(one(stbl, b"stts")?).number(8)? != 0 {
                    return Err(unsupported("MP4 with sound in its tables and in fragments"));
                }
                let last = last_duration(fragments.durations, fragments.sizes.len())?;
                (fragments.sizes, last, fragments.chunks)
            }
            None => {
                let sizes = sizes(one(stbl, b"stsz")?)?;
                let last = last_duration(durations(one(stbl, b"stts")?)?, sizes.len())?;
                let chunks = chunks(stbl, sizes.len())?;
                (sizes, last, chunks)
            }
        };
        if sizes.is_empty() {
            return Err(damaged("the recording has no samples"));
        }
        let edit = match only(trak.body, b"edts")? {
            Some(edts) => edit(one(edts, b"elst")?, timescale(one(moov, b"mvhd")?)?, rate_hz)?,
            None => None,
        };
        Ok(Self { rate, channels, sizes, chunks, last, edit, note: Note::find(moov)? })
    }
}

/// The clock of `mvhd` or `mdhd`, units a second.
fn timescale(header: &[u8]) -> Result<u32> {
    let mut numbers = Numbers(header);
    let version = numbers.number(1)?;
    numbers.take(3 + if version == 1 { 16 } else { 8 })?;
    numbers.u32()
}

/// Rate and channels of the only entry of `stsd`.
fn description(stsd: &[u8]) -> Result<(u8, u8)> {
    let mut numbers = Numbers(stsd);
    numbers.take(4)?;
    let count = numbers.u32()?;
    let entries = boxes(numbers.0)?;
    let ([entry], 1) = (&entries[..], count) else { return Err(unsupported("MP4 with several codecs in a track")) };
    if entry.kind != *b"mp4a" {
        return Err(unsupported("MP4 that is not AAC"));
    }
    let mut entry = Numbers(entry.body);
    entry.take(8)?;
    if entry.number(2)? != 0 {
        return Err(unsupported("a sound description of QuickTime"));
    }
    entry.take(18)?;
    let mut esds = Numbers(one(entry.0, b"esds")?);
    esds.take(4)?;
    let mut stream = descriptor(&mut esds, 3)?;
    stream.take(2)?;
    if stream.number(1)? & 0xE0 != 0 {
        return Err(unsupported("an MPEG-4 stream that depends on another"));
    }
    let mut decoder = descriptor(&mut stream, 4)?;
    if decoder.number(1)? != MPEG4_AUDIO {
        return Err(unsupported("MP4 that is not AAC"));
    }
    decoder.take(12)?;
    config(descriptor(&mut decoder, 5)?.0)
}

/// The body of the next descriptor, which has this tag.
fn descriptor<'a>(from: &mut Numbers<'a>, tag: u64) -> Result<Numbers<'a>> {
    if from.number(1)? != tag {
        return Err(damaged("the description of an MPEG-4 stream is damaged"));
    }
    let mut size = 0;
    for _ in 0..4 {
        let byte = from.number(1)?;
        size = size << 7 | (byte & 0x7F) as usize;
        if byte & 0x80 == 0 {
            break;
        }
    }
    Ok(Numbers(from.take(size)?))
}

/// Rate and channels of an `AudioSpecificConfig`: low complexity and nothing besides.
fn config(bytes: &[u8]) -> Result<(u8, u8)> {
    let [a, b, rest @ ..] = bytes else { return Err(damaged("the AAC configuration is cut")) };
    let (kind, rate, channels) = (a >> 3, (a & 7) << 1 | b >> 7, b >> 3 & 15);
    if kind == 5 || kind == 29 {
        return Err(unsupported("AAC with SBR (HE-AAC)"));
    }
    if kind != LOW_COMPLEXITY || usize::from(rate) >= RATES_HZ.len() || b & 7 != 0 {
        return Err(unsupported("AAC of a kind other than low complexity"));
    }
    // A note behind it, 0x2B7 and the object type 5, that SBR follows or does not: one bit.
    if let [0x56, c, d, ..] = rest
        && c >> 5 == 7
        && (c & 0x1F, d >> 7) == (5, 1)
    {
        return Err(unsupported("AAC with SBR (HE-AAC)"));
    }
    Ok((rate, channels))
}

/// Size of each block.
fn sizes(stsz: &[u8]) -> Result<Vec<u32>> {
    let mut numbers = Numbers(stsz);
    numbers.take(4)?;
    let (all, count) = (numbers.u32()?, numbers.u32()? as usize);
    if all != 0 {
        return Err(unsupported("AAC of blocks of one size"));
    }
    let (each, _) = numbers.take(count.saturating_mul(4))?.as_chunks::<4>();
    Ok(each.iter().map(|&size| u32::from_be_bytes(size)).collect())
}

/// Lengths of blocks in time: how many in a row last so long.
fn durations(stts: &[u8]) -> Result<Vec<(u64, u32)>> {
    let mut numbers = Numbers(stts);
    numbers.take(4)?;
    let entries = numbers.u32()? as usize;
    let (entries, _) = numbers.take(entries.saturating_mul(8))?.as_chunks::<8>();
    let entry = |&[a, b, c, d, e, f, g, h]: &[u8; 8]| {
        (u64::from(u32::from_be_bytes([a, b, c, d])), u32::from_be_bytes([e, f, g, h]))
    };
    Ok(entries.iter().map(entry).collect())
}

/// Checks that all blocks but the last are as long as they decode to; returns the length of the last.
fn last_duration(durations: Vec<(u64, u32)>, count: usize) -> Result<u32> {
    let mut left = count as u64;
    let mut last = 0;
    for (blocks, each) in durations {
        let is_end = blocks == left && blocks == 1;
        if blocks > left || (i64::from(each) != SAMPLES && !(is_end && i64::from(each) < SAMPLES)) {
            return Err(unsupported("MP4 whose times are not regular"));
        }
        left -= blocks;
        last = each;
    }
    if left == 0 { Ok(last) } else { Err(damaged("MP4 tables contradict each other")) }
}

/// First block and place of each chunk.
fn chunks(stbl: &[u8], count: usize) -> Result<Vec<(u32, u64)>> {
    let bad = || damaged("MP4 tables contradict each other");
    let (offsets, width) = match only(stbl, b"stco")? {
        Some(stco) => (stco, 4),
        None => (one(stbl, b"co64")?, 8),
    };
    let mut numbers = Numbers(offsets);
    numbers.take(4)?;
    let total = numbers.u32()? as usize;
    let offsets = numbers.take(total.saturating_mul(width))?.chunks_exact(width);
    let mut runs = Numbers(one(stbl, b"stsc")?);
    runs.take(4)?;
    let run_count = runs.u32()? as usize;
    let (runs, _) = runs.take(run_count.saturating_mul(12))?.as_chunks::<4>();
    let runs: Vec<u32> = runs.iter().map(|&number| u32::from_be_bytes(number)).collect();
    // Runs of chunks with so many blocks each: first chunk, counted from 1; blocks; description.
    let mut runs = runs.chunks_exact(3).peekable();
    let (mut chunks, mut block, mut each) = (Vec::with_capacity(total), 0u64, 0);
    for (number, offset) in (1..).zip(offsets) {
        if let Some(run) = runs.next_if(|run| u64::from(run[0]) == number) {
            each = u64::from(run[1]);
        }
        let first = u32::try_from(block).map_err(|_| bad())?;
        chunks.push((first, offset.iter().fold(0, |at, &b| at << 8 | u64::from(b))));
        block += each;
        if each == 0 || block > count as u64 {
            return Err(bad());
        }
    }
    if block == count as u64 && runs.peek().is_none() { Ok(chunks) } else { Err(bad()) }
}

/// The samples that the only edit presents.
fn edit(elst: &[u8], movie_scale: u32, rate_hz: u32) -> Result<Option<Range<i64>>> {
    let mut numbers = Numbers(elst);
    let wide = if numbers.number(1)? == 1 { 8 } else { 4 };
    numbers.take(3)?;
    match numbers.u32()? {
        0 => return Ok(None),
        1 => {}
        _ => return Err(unsupported("MP4 with several edits")),
    }
    let (length, start) = (numbers.number(wide)?, numbers.number(wide)?);
    let rate = numbers.u32()?;
    let is_empty = start == if wide == 8 { u64::MAX } else { u64::from(u32::MAX) };
    if is_empty || rate != 1 << 16 || start > 1 << 40 || length > 1 << 50 || movie_scale == 0 {
        return Err(unsupported("MP4 with an edit that does not play sound as it is"));
    }
    // Up: the clock of the movie is coarser. No length is all of it.
    let length = (u128::from(length) * u128::from(rate_hz)).div_ceil(movie_scale.into()) as i64;
    let start = start as i64;
    Ok(Some(start..if length == 0 { i64::MAX } else { start + length }))
}
