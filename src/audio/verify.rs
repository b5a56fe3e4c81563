//! Proof that a redacted recording is what it should be: silent where it must be, the same elsewhere, and
//! nothing besides. Must not write.

use super::claim::Claim;
use super::cuts::{Cuts, Piece};
use super::fill::Signal;
use super::hashing::BLOCK_BYTES;
use super::linear::Linear;
use super::packets::{Input, Mirror, Mutes, Packets, Same, count};
use super::{Opened, Sound, Source, open, read_at};
use crate::base::{Error, HoldReason, Result, Sha256Hex, Stage, TimeSpan};
use crate::model::{Fill, MuteStyle, MutedSpan, RecordingInfo};
use sha2::{Digest, Sha256};
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::Range;

/// A redacted recording that was found to be what its manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Container, codec and shape.
    pub info: RecordingInfo,
    /// Size of the file, bytes.
    pub bytes: u64,
    /// Digest of the file.
    pub sha256: Sha256Hex,
    /// Frames that were found silent, on all channels or on the one that is said.
    pub muted_frames: u64,
}

/// Checks a redacted recording against what its manifest says of it: what is muted, and what stands there instead.
///
/// # Errors
/// Holds the call when a sample or packet in an interval is not the fill, an interval does not fit, or the file holds
/// anything but its format and its sound. Fails when it cannot be read.
pub fn verify_redacted<D: Read + Seek>(dest: &mut D, claim: &Claim<'_>) -> Result<Verified> {
    let opened = open(dest, claim.raw)?;
    // What lies beside mutes is judged by the source, not by the copy.
    let (intervals, style) = claim.within();
    if opened.style(style) != style {
        return Err(failed("the codec cannot have this fill"));
    }
    if intervals.iter().any(|muted| opened.at_least(*muted) != *muted) {
        return Err(failed("the recording cannot have a mute of that channel alone"));
    }
    let (sha256, muted_frames) = match &opened.sound {
        Sound::Linear(sound) => {
            let cuts = cuts(&opened.info, sound, intervals, style)?;
            (check_linear(&opened, sound, dest, &cuts)?, cuts.frames)
        }
        Sound::Packets(packets) => {
            let mut hasher = Sha256::new();
            let mut seen = |block: &[u8]| hasher.update(block);
            let spans = spans(intervals);
            check_packets(*packets, dest, opened.source_bytes, (&opened.info, &spans, style.fill), &mut seen)?;
            (Sha256Hex::finish(hasher), count(&opened.info, &spans))
        }
    };
    Ok(Verified { bytes: opened.source_bytes, sha256, muted_frames, info: opened.info })
}

/// Decodes a redacted recording in packets (of Opus, each mute and the second before it) and checks that nothing but their
/// fill is heard in its mutes: a proof that does not rest on what a silent packet is taken for. Of sound that is not in
/// packets the bytes are proof enough.
///
/// # Errors
/// Holds the call when something is heard, or the recording cannot be decoded. Fails when it cannot be read.
pub fn verify_silent<D: Read + Seek>(dest: &mut D, claim: &Claim<'_>) -> Result<()> {
    let opened = open(dest, claim.raw)?;
    let Sound::Packets(packets) = opened.sound else { return Ok(()) };
    let rate = u64::from(opened.info.rate_hz);
    let signal = Signal::new(claim.fill(), opened.info.rate_hz);
    let loudest = if signal.is_silence() { SILENCE_PEAK } else { FILL_ERROR };
    let frames =
        |span: TimeSpan| (u64::from(span.start_ms()) * rate).div_ceil(1000)..u64::from(span.end_ms()) * rate / 1000;
    let mutes: Vec<Range<u64>> = TimeSpan::union(spans(claim.muted)).into_iter().map(frames).collect();
    opened.decode_around(packets, dest, &mutes, &mut |block| {
        let (first, end) = (block.first_frame(), block.first_frame() + block.frames() as u64);
        let within = |mute: &Range<u64>| {
            (mute.start.clamp(first, end) - first) as usize..(mute.end.clamp(first, end) - first) as usize
        };
        for range in mutes.iter().map(within).filter(|range| !range.is_empty()) {
            let frames = first + range.start as u64..;
            let is_heard = |plane: &Vec<f32>| {
                let mut samples = frames.clone().zip(&plane[range.clone()]);
                samples.any(|(frame, sample)| (sample - signal.at(frame) as f32).abs() > loudest)
            };
            if block.planes().into_exposed().iter().any(is_heard) {
                return Err(failed("something is heard in a mute").at("frame", first + range.start as u64));
            }
        }
        Ok(())
    })
}

/// Loudest that silence may decode to: a step of 16 bits, since decoders round.
const SILENCE_PEAK: f32 = 1.0 / 32_768.0;
/// Farthest that another fill may decode from what it is: half a step of 8 bits, the least that FLAC has in use.
const FILL_ERROR: f32 = 1.0 / 256.0;

/// Checks that a redacted recording equals its source outside of the muted intervals, but for ramps, which are made again
/// from the source: sample by sample, or packet by packet.
///
/// # Errors
/// Holds the call when a kept sample or packet differs, or shape or length do. Fails when one of the two cannot be
/// read.
pub fn verify_kept<S, D>(source: &mut S, dest: &mut D, claim: &Claim<'_>) -> Result<()>
where
    S: Read + Seek,
    D: Read + Seek,
{
    let (from, to) = (open(source, claim.raw)?, open(dest, claim.raw)?);
    let (intervals, style) = (claim.muted, claim.style);
    if from.info != to.info {
        return Err(failed("source and copy differ in shape or length"));
    }
    match (&from.sound, &to.sound) {
        (Sound::Linear(was), Sound::Linear(is)) => {
            compare_linear((source, was), (dest, is), &cuts(&from.info, was, intervals, style)?)
        }
        (Sound::Packets(was), Sound::Packets(is)) if was == is => {
            let mut mutes = mutes(&from.info, &spans(intervals), style)?;
            dest.rewind().map_err(unreadable)?;
            let mut copy = BufReader::with_capacity(BLOCK_BYTES, dest);
            let mut same = Same::new(&mut copy);
            was.remux(&mut Input::new(source, from.source_bytes, None)?, &mut mutes, &mut same)?;
            same.finish()
        }
        _ => Err(failed("source and copy store sound in different ways")),
    }
}

/// Checks a copy of `bytes` bytes in packets, of this shape and with these mutes: muting it where it is silent already
/// changes nothing. `seen` is told of all of it.
pub(super) fn check_packets<D: Read + Seek>(
    packets: Packets,
    dest: &mut D,
    bytes: u64,
    (info, intervals, fill): (&RecordingInfo, &[TimeSpan], Fill),
    seen: &mut dyn FnMut(&[u8]),
) -> Result<()> {
    let mut mutes = mutes(info, intervals, MuteStyle { fill, ramp_ms: 0 })?;
    let mirror = Mirror::default();
    let mut tap = |block: &[u8]| {
        seen(block);
        mirror.show(block)
    };
    let found = packets.remux(&mut Input::new(dest, bytes, Some(&mut tap))?, &mut mutes, &mut &mirror)?;
    if found != *info || mutes.done() != intervals {
        return Err(failed("the copy is not silent where it should be, or has another shape"));
    }
    mirror.finish()
}

/// Checks linear sound and what stands around it; returns the digest of the file.
fn check_linear(opened: &Opened, sound: &Linear, dest: &mut dyn Source, cuts: &Cuts) -> Result<Sha256Hex> {
    check_frame(opened, sound, dest)?;
    let mut hasher = Sha256::new_with_prefix(&sound.header);
    let mut block = Vec::new();
    let mut at = 0;
    dest.seek(SeekFrom::Start(sound.source.start)).map_err(unreadable)?;
    while at < sound.len() {
        let end = sound.len().min(at + sound.window_bytes());
        read_block(dest, &mut block, end - at)?;
        compare(&block, &block, cuts.pieces(at..end))?;
        hasher.update(&block);
        at = end;
    }
    hasher.update(&sound.trailer);
    Ok(Sha256Hex::finish(hasher))
}

/// Compares the sound of two files of the same shape.
fn compare_linear(
    (source, from): (&mut dyn Source, &Linear),
    (dest, to): (&mut dyn Source, &Linear),
    cuts: &Cuts,
) -> Result<()> {
    source.seek(SeekFrom::Start(from.source.start)).map_err(unreadable)?;
    dest.seek(SeekFrom::Start(to.source.start)).map_err(unreadable)?;
    let (mut block, mut copied) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < from.len() {
        let end = from.len().min(at + from.window_bytes());
        read_block(source, &mut block, end - at)?;
        read_block(dest, &mut copied, end - at)?;
        compare(&block, &copied, cuts.pieces(at..end))?;
        at = end;
    }
    Ok(())
}

/// Checks a window of the copy: kept pieces equal the source, or what their ramp makes of it; muted pieces are the fill.
pub(super) fn compare<'p>(source: &[u8], copy: &[u8], pieces: impl Iterator<Item = Piece<'p>>) -> Result<()> {
    for piece in pieces {
        match piece {
            Piece::Kept(range) if source[range.clone()] != copy[range.clone()] => {
                return Err(failed("kept samples differ from the source").at("byte of the block", range.start as u64));
            }
            Piece::Muted(range, silence) if copy[range.clone()] != *silence => {
                return Err(failed("muted samples are not the fill").at("byte of the block", range.start as u64));
            }
            Piece::Made(range, made) if copy[range.clone()] != made.of(&source[range.clone()]) => {
                return Err(failed("samples are not what ramps and the fill make of the source's")
                    .at("byte of the block", range.start as u64));
            }
            Piece::Kept(_) | Piece::Muted(..) | Piece::Made(..) => {}
        }
    }
    Ok(())
}

/// Checks that around the samples the file has what `redact` writes and nothing else.
fn check_frame(opened: &Opened, sound: &Linear, dest: &mut dyn Source) -> Result<()> {
    let header_bytes = sound.header.len() as u64;
    if opened.source_bytes != sound.copy_bytes()
        || sound.source.start != header_bytes
        || read_at(dest, 0, header_bytes)? != sound.header
        || read_at(dest, sound.source.end, sound.trailer.len() as u64)? != sound.trailer
    {
        return Err(failed("the copy holds more than format and samples"));
    }
    Ok(())
}

fn cuts(info: &RecordingInfo, sound: &Linear, intervals: &[MutedSpan], style: MuteStyle) -> Result<Cuts> {
    Cuts::plan(info, sound, intervals, style).map_err(|_| failed("the muted intervals do not fit the recording"))
}

/// When something is muted, where that is on all channels.
/// The times of muted spans.
pub(super) fn spans(intervals: &[MutedSpan]) -> Vec<TimeSpan> {
    intervals.iter().map(|muted| muted.span).collect()
}

fn mutes(info: &RecordingInfo, intervals: &[TimeSpan], style: MuteStyle) -> Result<Mutes> {
    Mutes::plan(info, intervals, style).map_err(|_| failed("the muted intervals do not fit the recording"))
}

fn read_block(from: &mut dyn Source, block: &mut Vec<u8>, len: u64) -> Result<()> {
    block.resize(len as usize, 0);
    from.read_exact(block).map_err(unreadable)
}

fn failed(message: &'static str) -> Error {
    Error::held(Stage::Verify, HoldReason::VerifyFailed, message)
}

fn unreadable(error: std::io::Error) -> Error {
    Error::io(Stage::Verify, "a recording cannot be read", error)
}
