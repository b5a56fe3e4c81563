//! Linear sound to samples: PCM, float and G.711 as they lie in the file, ADPCM and GSM block by block.

use super::gsm::Gsm;
use super::{Block, adpcm, g711};
use crate::audio::damaged;
use crate::audio::linear::Linear;
use crate::base::{Error, Result, Stage};
use crate::model::{Codec, RecordingInfo};
use std::io::{ErrorKind, Read, Seek, SeekFrom};

/// Bytes that are read at a time, about: enough to make calls cheap, little enough to stay in the core's own cache.
const BLOCK_BYTES: u64 = 64 << 10;

/// Reads the frames in order. A source that has got shorter holds the call.
pub(super) fn decode(
    info: &RecordingInfo,
    sound: &Linear,
    source: &mut (impl Read + Seek),
    heard: &mut dyn FnMut(&Block) -> Result<()>,
) -> Result<()> {
    source.seek(SeekFrom::Start(sound.source.start)).map_err(unreadable)?;
    let (mut bytes, mut block, mut gsm) = (Vec::new(), Block::default(), Gsm::new());
    let (unit, mut first_frame, mut left) = (&sound.blocks, 0, sound.len());
    while left > 0 && first_frame < info.frames {
        let units = (BLOCK_BYTES / unit.bytes()).max(1);
        bytes.resize(left.min(units * unit.bytes()) as usize, 0);
        source.read_exact(&mut bytes).map_err(unreadable)?;
        left -= bytes.len() as u64;
        let planes = block.refill(first_frame, info.channels);
        match info.codec {
            Codec::ImaAdpcm => bytes.chunks(unit.silent.len()).try_for_each(|unit| adpcm::ima(unit, planes))?,
            Codec::MsAdpcm => bytes.chunks(unit.silent.len()).try_for_each(|unit| adpcm::ms(unit, planes))?,
            Codec::Gsm610 => bytes.chunks(unit.silent.len()).for_each(|unit| gsm.block(unit, &mut planes[0])),
            codec => fill(codec, &bytes, planes),
        }
        // The last block may have more frames than count.
        planes.iter_mut().for_each(|plane| plane.truncate((info.frames - first_frame) as usize));
        heard(&block)?;
        first_frame += units * unit.frames;
    }
    Ok(())
}

/// Takes whole frames apart into samples of each channel.
fn fill(codec: Codec, bytes: &[u8], planes: &mut [Vec<f32>]) {
    match codec {
        Codec::PcmU8 => split(bytes, planes, |[b]: [u8; 1]| (f32::from(b) - 128.0) / 128.0),
        Codec::PcmS8 => split(bytes, planes, |b| f32::from(i8::from_le_bytes(b)) / 128.0),
        Codec::PcmS16 => split(bytes, planes, |b| f32::from(i16::from_le_bytes(b)) / 32_768.0),
        Codec::PcmS16Be => split(bytes, planes, |b| f32::from(i16::from_be_bytes(b)) / 32_768.0),
        Codec::PcmS24 => split(bytes, planes, |[a, b, c]| full_scale(i32::from_le_bytes([0, a, b, c]))),
        Codec::PcmS24Be => split(bytes, planes, |[a, b, c]| full_scale(i32::from_be_bytes([a, b, c, 0]))),
        Codec::PcmS32Be => split(bytes, planes, |b| full_scale(i32::from_be_bytes(b))),
        Codec::PcmS32 => split(bytes, planes, |b| full_scale(i32::from_le_bytes(b))),
        Codec::F32 => split(bytes, planes, |b| finite(f32::from_le_bytes(b))),
        Codec::F64 => split(bytes, planes, |b| finite(f64::from_le_bytes(b) as f32)),
        Codec::F32Be => split(bytes, planes, |b| finite(f32::from_be_bytes(b))),
        Codec::F64Be => split(bytes, planes, |b| finite(f64::from_be_bytes(b) as f32)),
        Codec::ALaw => split(bytes, planes, |[b]: [u8; 1]| g711::A_LAW[usize::from(b)]),
        Codec::MuLaw => split(bytes, planes, |[b]: [u8; 1]| g711::MU_LAW[usize::from(b)]),
        // Blocks are seen to above, and packets elsewhere.
        _ => unreachable!("codecs in blocks or packets have decoders of their own"),
    }
}

/// Takes whole frames of one channel after another: with their number known, the compiler reads many samples at once.
fn split<const N: usize>(bytes: &[u8], planes: &mut [Vec<f32>], sample: impl Fn([u8; N]) -> f32) {
    let (samples, _) = bytes.as_chunks::<N>();
    match planes {
        [mono] => mono.extend(samples.iter().map(|&bytes| sample(bytes))),
        [left, right] => {
            let (frames, _) = samples.as_chunks::<2>();
            left.extend(frames.iter().map(|&[bytes, _]| sample(bytes)));
            right.extend(frames.iter().map(|&[_, bytes]| sample(bytes)));
        }
        planes => {
            let channels = planes.len();
            for (channel, plane) in planes.iter_mut().enumerate() {
                plane.extend(samples.iter().skip(channel).step_by(channels).map(|&bytes| sample(bytes)));
            }
        }
    }
}

fn full_scale(sample: i32) -> f32 {
    sample as f32 / 2_147_483_648.0
}

/// What is no number is as loud as can be: it must not pass for silence.
fn finite(sample: f32) -> f32 {
    if sample.is_finite() { sample } else { 1.0 }
}

fn unreadable(error: std::io::Error) -> Error {
    if error.kind() == ErrorKind::UnexpectedEof {
        return damaged("the recording ends before its sound does");
    }
    Error::io(Stage::OpenRecording, "the recording cannot be read", error)
}
