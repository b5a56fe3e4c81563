//! MP4 and M4A: one track of AAC, with its tables before or behind the sound, or in fragments.
//!
//! A copy has its tables first, rebuilt, and then the blocks in order with nothing between. Edits stay, and blocks
//! that they hide are silent whatever was asked for. Mutes hold for players that follow edits and for those that
//! do not.

mod boxes;
mod fragments;
mod note;
mod track;
mod write;

use super::aac::{Blocks, RATES_HZ, SAMPLES, adts, support};
use super::{Input, Mutes, Output, Packet};
use crate::audio::damaged;
use crate::audio::decode::PacketCodec;
use crate::base::{Error, HoldReason, Result, Stage, limits};
use crate::model::{Codec, RecordingInfo};
use boxes::only;
use fragments::{Defaults, Fragments};
use std::ops::Range;
use track::Track;

/// Copies the track.
pub(super) fn remux(input: &mut Input<'_>, mutes: &mut Mutes, out: &mut dyn Output) -> Result<RecordingInfo> {
    let file = File::walk(input)?;
    let track = file.track(input)?;
    let heard = track.heard()?;
    let mut blocks = Blocks::new(track.channels)?;
    let silence = blocks.silence();
    let is_muted: Vec<bool> = (0..track.sizes.len() as i64).map(|n| track.is_muted(n, &heard, mutes)).collect();
    let size = |(&size, &is_muted): (&u32, &bool)| if is_muted { silence.len() as u32 } else { size };
    let sizes: Vec<u32> = track.sizes.iter().zip(&is_muted).map(size).collect();
    let file_type = write::file_type(file.brand);
    out.put(&file_type)?;
    out.put(&write::movie(&track, &sizes, file_type.len()))?;

    let config = adts::config(track.rate, track.channels);
    let mut chunks = track.chunks.iter().peekable();
    for (number, &size) in (0..).zip(&track.sizes) {
        if let Some(&(_, at)) = chunks.next_if(|chunk| i64::from(chunk.0) == number) {
            input.skip(at.checked_sub(input.at()).ok_or_else(|| damaged("MP4 sound is not in order"))?)?;
        }
        let bytes = file.sound(input.at(), size)?;
        let block = input.take(bytes)?;
        blocks.look(block);
        let codec = PacketCodec::Aac { config: &config };
        let at = number * SAMPLES - heard.start;
        let heard = 0..heard.end - heard.start;
        out.packet(&Packet { codec, is_first: number == 0, bytes: block, at, heard })?;
        out.put(if is_muted[number as usize] { silence } else { block })?;
    }
    input.skip(input.left())?;
    blocks.finish()?;
    track.info()
}

/// What the tables say.
pub(super) fn announced(input: &mut Input<'_>) -> Result<RecordingInfo> {
    let file = File::walk(input)?;
    file.track(input)?.info()
}

impl Track {
    fn info(&self) -> Result<RecordingInfo> {
        let heard = self.heard()?;
        Ok(RecordingInfo {
            container: "mp4".to_owned(),
            codec: Codec::Aac,
            rate_hz: RATES_HZ[usize::from(self.rate)],
            channels: self.channels.into(),
            frames: (heard.end - heard.start) as u64,
        })
    }

    /// Samples of all blocks together.
    fn length(&self) -> u64 {
        (self.sizes.len() as u64 - 1) * SAMPLES as u64 + u64::from(self.last)
    }

    /// The samples that are presented.
    fn heard(&self) -> Result<Range<i64>> {
        let length = self.length() as i64;
        let heard = self.edit.as_ref().map_or(0..length, |edit| edit.start..edit.end.min(length));
        if heard.is_empty() { Err(damaged("MP4 presents no sound")) } else { Ok(heard) }
    }

    /// Whether a block is to be silent: by a mute, or because its sound is not presented.
    fn is_muted(&self, number: i64, heard: &Range<i64>, mutes: &mut Mutes) -> bool {
        let is_hidden = (number + 2) * SAMPLES <= heard.start || number * SAMPLES >= heard.end;
        let noted = self.note.map_or(0, |note| i64::from(note.delay));
        is_hidden || mutes.is_muted(&support(number, heard.start + noted))
    }
}

/// Where things lie in a file.
struct File {
    brand: [u8; 4],
    moov: Range<u64>,
    /// Where each `moof` starts, and its body.
    moofs: Vec<(u64, Range<u64>)>,
    mdats: Vec<Range<u64>>,
}

impl File {
    /// Walks the outermost boxes to the end of the file.
    fn walk(input: &mut Input<'_>) -> Result<Self> {
        let (mut brand, mut moov, mut moofs, mut mdats) = ([0; 4], None, Vec::new(), Vec::new());
        let mut at = 0;
        for _ in 0..limits::MP4_BOXES_MAX {
            if at == input.left() {
                let moov = moov.ok_or_else(|| damaged("MP4 without its tables"))?;
                return Ok(Self { brand, moov, moofs, mdats });
            }
            let (kind, body) = header(input, at)?;
            let start = std::mem::replace(&mut at, body.end);
            match &kind {
                b"ftyp" if body.end - body.start >= 4 => brand.copy_from_slice(&input.look_at(body.start, 4)?),
                b"moov" if moov.is_some() => return Err(damaged("MP4 with two tables")),
                b"moov" if body.end - body.start > limits::MP4_TABLES_BYTES_MAX => return Err(too_large()),
                b"moov" => moov = Some(body),
                b"mdat" => mdats.push(body),
                b"moof" if body.end - body.start > limits::TAIL_BYTES_MAX => return Err(too_large()),
                b"moof" => moofs.push((start, body)),
                _ => {}
            }
        }
        Err(too_large())
    }

    /// The track, as the tables of the file have it.
    fn track(&self, input: &mut Input<'_>) -> Result<Track> {
        let file_bytes = input.at() + input.left();
        let mut look_at = |range: &Range<u64>| input.look_at(range.start, range.end - range.start);
        let moov = look_at(&self.moov)?;
        let Some(mvex) = only(&moov, b"mvex")? else {
            return match self.moofs.is_empty() {
                true => Track::parse(&moov, None),
                false => Err(damaged("MP4 with fragments that its tables do not announce")),
            };
        };
        let defaults = Defaults::parse(mvex)?;
        let mut fragments = Fragments::new(file_bytes);
        for (start, body) in &self.moofs {
            fragments.push(&look_at(body)?, *start, &defaults)?;
        }
        Track::parse(&moov, Some(fragments))
    }

    /// The size of a block at this place, which must lie in a box for sound.
    fn sound(&self, at: u64, size: u32) -> Result<usize> {
        let end = at + u64::from(size);
        let before = self.mdats.partition_point(|mdat| mdat.end <= at);
        let is_inside = self.mdats.get(before).is_some_and(|mdat| mdat.start <= at && end <= mdat.end);
        if is_inside && size < BLOCK_BYTES_MAX { Ok(size as usize) } else { Err(damaged("MP4 sound lies elsewhere")) }
    }
}

/// Largest block of two channels: 6144 bits each; with room for what stands beside.
const BLOCK_BYTES_MAX: u32 = 1 << 16;

/// Kind and body of the box at this place.
fn header(input: &mut Input<'_>, at: u64) -> Result<([u8; 4], Range<u64>)> {
    let bad = || damaged("an MP4 box does not fit into the file").at("byte", at);
    let end = input.left();
    let head = input.look_at(at, (end - at).min(16))?;
    let (Some(&[a, b, c, d]), Some(&kind)) = (head.first_chunk(), head[4.min(head.len())..].first_chunk()) else {
        return Err(bad());
    };
    let (head_bytes, size) = match (u32::from_be_bytes([a, b, c, d]), head.get(8..16)) {
        (0, _) => (8, end - at),
        (1, Some(wide)) => (16, wide.iter().fold(0, |size, &b| size << 8 | u64::from(b))),
        (size, _) => (8, size.into()),
    };
    let end = at.checked_add(size).filter(|&after| size >= head_bytes && after <= end).ok_or_else(bad)?;
    Ok((kind, at + head_bytes..end))
}

fn too_large() -> Error {
    Error::held(Stage::OpenRecording, HoldReason::LimitReached, "the tables of MP4 are too large")
}
