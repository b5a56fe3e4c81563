//! The boxes before the sound of a copy, all rebuilt: no names, dates, languages or bitrates.

use super::boxes::make;
use super::track::Track;
use crate::audio::packets::aac::{RATES_HZ, SAMPLES, adts};

/// Blocks in each chunk of a copy but the last.
const CHUNK_BLOCKS: usize = 16;
/// No scaling, turning or moving.
const MATRIX: [u32; 9] = [1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30];

/// `ftyp` with a brand that says no more than that this is MP4.
pub(super) fn file_type(brand: [u8; 4]) -> Vec<u8> {
    let known = [b"M4A ", b"M4B ", b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42"];
    let brand = known.into_iter().find(|known| **known == brand).unwrap_or(b"isom");
    make(b"ftyp", &[brand, &[0; 4], brand, b"mp42isom"])
}

/// Everything between `ftyp` of so many bytes and the sound, whose blocks have these sizes.
pub(super) fn movie(track: &Track, sizes: &[u32], file_type_bytes: usize) -> Vec<u8> {
    let sound: u64 = sizes.iter().map(|&size| u64::from(size)).sum();
    // Room for the boxes before: their size does not depend on where the sound starts.
    let is_wide = sound + 64 * sizes.len() as u64 + (1 << 20) > u64::from(u32::MAX);
    let header = match is_wide {
        true => [&1u32.to_be_bytes()[..], b"mdat", &(sound + 16).to_be_bytes()].concat(),
        false => [&(sound as u32 + 8).to_be_bytes()[..], b"mdat"].concat(),
    };
    let before = file_type_bytes + moov(track, sizes, 0, is_wide).len() + header.len();
    [moov(track, sizes, before as u64, is_wide), header].concat()
}

fn moov(track: &Track, sizes: &[u32], sound_at: u64, is_wide: bool) -> Vec<u8> {
    let rate_hz = RATES_HZ[usize::from(track.rate)];
    let length = track.length();
    let edit = track.edit.as_ref().map(|edit| edit.start as u64..length.min(edit.end as u64));
    let shown = edit.as_ref().map_or(length, |edit| edit.end - edit.start);
    let clock = |length: u64| [&[0; 16][..], &rate_hz.to_be_bytes(), &length.to_be_bytes()].concat();
    let matrix: Vec<u8> = MATRIX.iter().flat_map(|n| n.to_be_bytes()).collect();
    let tail = 2u32.to_be_bytes();
    let mvhd = make(b"mvhd", &[&[1, 0, 0, 0], &clock(shown), &[0, 1, 0, 0, 1, 0], &[0; 10], &matrix, &[0; 24], &tail]);
    let number = [0, 0, 0, 1, 0, 0, 0, 0];
    let volume = [1, 0, 0, 0];
    let tkhd =
        make(b"tkhd", &[&[1, 0, 0, 3], &[0; 16], &number, &shown.to_be_bytes(), &[0; 12], &volume, &matrix, &[0; 8]]);
    let edts = edit.map(|edit| {
        let entry = [&shown.to_be_bytes()[..], &edit.start.to_be_bytes(), &[0, 1, 0, 0]].concat();
        make(b"edts", &[&make(b"elst", &[&[1, 0, 0, 0, 0, 0, 0, 1], &entry])])
    });
    let mdhd = make(b"mdhd", &[&[1, 0, 0, 0], &clock(length), &[0x55, 0xC4, 0, 0]]);
    let hdlr = make(b"hdlr", &[&[0; 8], b"soun", &[0; 13]]);
    let dref = make(b"dref", &[&[0, 0, 0, 0, 0, 0, 0, 1], &make(b"url ", &[&[0, 0, 0, 1]])]);
    let minf =
        make(b"minf", &[&make(b"smhd", &[&[0; 8]]), &make(b"dinf", &[&dref]), &stbl(track, sizes, sound_at, is_wide)]);
    let mdia = make(b"mdia", &[&mdhd, &hdlr, &minf]);
    let udta = track.note.map(|note| make(b"udta", &[&note.boxes(track.length())]));
    let trak = make(b"trak", &[&tkhd, edts.as_deref().unwrap_or_default(), &mdia]);
    make(b"moov", &[&mvhd, &trak, udta.as_deref().unwrap_or_default()])
}

fn stbl(track: &Track, sizes: &[u32], sound_at: u64, is_wide: bool) -> Vec<u8> {
    let list = |kind: &[u8; 4], head: &[u8], entries: &[u8], count: usize| {
        make(kind, &[&[0; 4], head, &(count as u32).to_be_bytes(), entries])
    };
    let stsd = list(b"stsd", &[], &description(track), 1);
    let numbers = |numbers: &[u32]| numbers.iter().flat_map(|n| n.to_be_bytes()).collect::<Vec<u8>>();
    let (all, last) = (sizes.len() as u32, track.last);
    let stts = match i64::from(last) == SAMPLES {
        true => list(b"stts", &[], &numbers(&[all, last]), 1),
        false if all == 1 => list(b"stts", &[], &numbers(&[1, last]), 1),
        false => list(b"stts", &[], &numbers(&[all - 1, SAMPLES as u32, 1, last]), 2),
    };
    let (whole, rest) = (sizes.len() / CHUNK_BLOCKS, (sizes.len() % CHUNK_BLOCKS) as u32);
    let full = [1, CHUNK_BLOCKS as u32, 1];
    let partial = [whole as u32 + 1, rest, 1];
    let stsc = match (whole, rest) {
        (_, 0) => list(b"stsc", &[], &numbers(&full), 1),
        (0, _) => list(b"stsc", &[], &numbers(&partial), 1),
        _ => list(b"stsc", &[], &numbers(&[full, partial].concat()), 2),
    };
    let stsz = list(b"stsz", &[0; 4], &numbers(sizes), sizes.len());
    let mut at = sound_at;
    let mut offsets = Vec::new();
    for chunk in sizes.chunks(CHUNK_BLOCKS) {
        let bytes = at.to_be_bytes();
        offsets.extend_from_slice(if is_wide { &bytes } else { &bytes[4..] });
        at += chunk.iter().map(|&size| u64::from(size)).sum::<u64>();
    }
    let stco = list(if is_wide { b"co64" } else { b"stco" }, &[], &offsets, sizes.len().div_ceil(CHUNK_BLOCKS));
    make(b"stbl", &[&stsd, &stts, &stsc, &stsz, &stco])
}

/// The `mp4a` entry with its decoder's configuration.
fn description(track: &Track) -> Vec<u8> {
    let descriptor = |tag: u8, body: &[&[u8]]| {
        let body = body.concat();
        [&[tag, body.len() as u8], &body[..]].concat()
    };
    let specific = descriptor(5, &[&adts::config(track.rate, track.channels)]);
    let decoder = descriptor(4, &[&[0x40, 0x15], &[0; 11], &specific]);
    let stream = descriptor(3, &[&[0, 0, 0], &decoder, &descriptor(6, &[&[2]])]);
    let esds = make(b"esds", &[&[0; 4], &stream]);
    let rate_hz = RATES_HZ[usize::from(track.rate)];
    let rate = if rate_hz > u32::from(u16::MAX) { 0 } else { rate_hz << 16 };
    let head = [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, track.channels, 0, 16, 0, 0, 0, 0];
    make(b"mp4a", &[&head, &rate.to_be_bytes(), &esds])
}
