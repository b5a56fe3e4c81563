//! Packets: sound in pieces that each say a few milliseconds to a decoder, as Opus, MP3 and AAC have it. Nothing
//! is decoded here: a packet is kept bit by bit, or another one that says silence stands in its place.
//!
//! Each container is one [`Kind`] and one function, a *remux*: it reads the source front to back and puts out the
//! same container, rebuilt from understood fields, with packets silent where [`Mutes`] says so. Everything is that
//! function with another end: nowhere (opening, where the head does not say all), the copy (redacting), what lies in the copy already (verifying).
//! A copy is right when remuxing it under its own silence gives it again, and remuxing its source does too.

mod aac;
mod flac;
mod input;
mod matroska;
mod mp4;
mod mpeg;
mod mutes;
mod ogg;
mod opus;
mod output;
mod tags;
mod vorbis;

pub(super) use input::Input;
pub(super) use mutes::{Mutes, count};
pub(super) use output::{Blocks, Mirror, Output, Packet, Same};

use super::{Opened, Sound, Source};
use crate::base::{Error, HoldReason, Result, Stage, limits};
use crate::model::RecordingInfo;
use output::Nowhere;

/// Sound in packets, and how they are laid out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Packets {
    kind: Kind,
}

/// A container of packets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Ogg: Opus, Vorbis.
    Ogg,
    /// Frames of FLAC behind their metadata.
    Flac,
    /// WebM and Matroska: Opus.
    Matroska,
    /// MP4 and M4A: AAC.
    Mp4,
    /// WAV: MP3.
    Riff,
    /// Frames of MPEG audio without a container: MP3, AAC in ADTS.
    Mpeg,
}

impl Packets {
    /// Reads all of `input` and puts out its copy, silent where `mutes` says so; returns what the recording is.
    ///
    /// # Errors
    /// Holds the call when the recording is damaged, can be understood in two ways, or has sound that cannot be
    /// silenced. Fails when reading or putting out fails.
    pub(super) fn remux(self, input: &mut Input<'_>, mutes: &mut Mutes, out: &mut dyn Output) -> Result<RecordingInfo> {
        let info = match self.kind {
            Kind::Ogg => ogg::remux(input, mutes, out),
            Kind::Flac => flac::remux(input, mutes, out),
            Kind::Matroska => matroska::remux(input, mutes, out),
            Kind::Mp4 => mp4::remux(input, mutes, out),
            Kind::Riff => mpeg::riff::remux(input, mutes, out),
            Kind::Mpeg => mpeg::remux(input, mutes, out),
        }?;
        checked(info)
    }

    /// What the recording says of itself without a look at all of its sound, where it does. Remuxing checks that.
    fn announced(self, input: &mut Input<'_>) -> Result<Option<RecordingInfo>> {
        match self.kind {
            Kind::Flac => flac::announced(input),
            Kind::Mp4 => mp4::announced(input).map(Some),
            Kind::Ogg => ogg::announced(input),
            Kind::Matroska | Kind::Riff | Kind::Mpeg => Ok(None),
        }
    }
}

fn checked(info: RecordingInfo) -> Result<RecordingInfo> {
    if info.duration_ms() > limits::RECORDING_MS_MAX {
        let message = "the recording is longer than the limit";
        return Err(Error::held(Stage::OpenRecording, HoldReason::LimitReached, message));
    }
    Ok(info)
}

/// Opens a source of this kind: by its head, or by walking over all of its packets.
pub(super) fn open(kind: Kind, source: &mut dyn Source, source_bytes: u64) -> Result<Opened> {
    let packets = Packets { kind };
    let info = match packets.announced(&mut Input::new(source, source_bytes, None)?)? {
        Some(info) => checked(info)?,
        None => packets.remux(&mut Input::new(source, source_bytes, None)?, &mut Mutes::none(), &mut Nowhere)?,
    };
    Ok(Opened { info, source_bytes, sound: Sound::Packets(packets) })
}

/// Whether a source that begins like a frame of MPEG audio goes on like one. Sound without a container does not.
pub(super) fn begins_as_mpeg(source: &mut dyn Source, source_bytes: u64) -> Result<bool> {
    mpeg::begins(&mut Input::new(source, source_bytes, None)?)
}

fn unsupported(message: &'static str) -> Error {
    Error::held(Stage::OpenRecording, HoldReason::UnsupportedCodec, message)
}
