//! Which container a recording is in, by its first bytes alone: never by its name, never by trying decoders
//! (a decoder's probe takes RF64 for MPEG audio). Adding a container is one line here and one file.

use super::packets::{self, Kind};
use super::{Opened, Source, aiff, au, caf, damaged, wav};
use crate::base::{Error, HoldReason, Result, Stage};

/// Bytes from the start of a file that tell its container.
pub(super) const HEAD_BYTES: u64 = 16;

/// What is done with a container.
#[derive(Clone, Copy)]
pub(super) enum Container {
    /// It is opened and can be redacted.
    Read(fn(&mut dyn Source, u64) -> Result<Opened>),
    /// It starts as a frame of MPEG audio does, which sound without a container may do too.
    Frames,
    /// Nothing that is known.
    Unknown,
    /// The call is held.
    Hold(HoldReason, &'static str),
}

impl Container {
    /// Opens the source of `source_bytes` bytes, or holds the call.
    pub(super) fn open(self, source: &mut dyn Source, source_bytes: u64) -> Result<Opened> {
        match self {
            Self::Read(open) => open(source, source_bytes),
            Self::Frames => packets::open(Kind::Mpeg, source, source_bytes),
            Self::Unknown => Self::Hold(CONTAINER, "no known container starts like this").open(source, source_bytes),
            Self::Hold(HoldReason::DamagedRecording, message) => Err(damaged(message)),
            Self::Hold(reason, message) => Err(Error::held(Stage::OpenRecording, reason, message)),
        }
    }

    /// Whether it may be sound without any container.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub(super) fn may_be_none(self, source: &mut dyn Source, source_bytes: u64) -> Result<bool> {
        match self {
            Self::Unknown => Ok(true),
            Self::Frames => Ok(!packets::begins_as_mpeg(source, source_bytes)?),
            Self::Read(_) | Self::Hold(..) => Ok(false),
        }
    }
}

/// A container that holds linear sound would be fine as WAV; a codec of its own needs decoding first.
const CONTAINER: HoldReason = HoldReason::UnknownContainer;
const CODEC: HoldReason = HoldReason::UnsupportedCodec;

/// Offsets and the bytes that stand there, all of them.
type Magic = &'static [(usize, &'static [u8])];

/// The first line that fits wins.
const KNOWN: &[(Magic, Container)] = &[
    (&[(0, b"RIFF"), (8, b"WAVE")], Container::Read(wav::open)),
    (&[(0, b"RIFF")], Container::Hold(CONTAINER, "this is a RIFF file that is not WAVE")),
    (&[(0, b"RIFX"), (8, b"WAVE")], Container::Read(wav::open_rifx)),
    (&[(0, b"RF64"), (8, b"WAVE")], Container::Read(wav::open_rf64)),
    (&[(0, b"BW64"), (8, b"WAVE")], Container::Read(wav::open_bw64)),
    (&[(0, b"riff\x2e\x91\xcf\x11")], Container::Read(wav::open_w64)),
    (&[(0, b"FORM"), (8, b"AIFF")], Container::Read(aiff::open)),
    (&[(0, b"FORM"), (8, b"AIFC")], Container::Read(aiff::open)),
    (&[(0, b".snd")], Container::Read(au::open)),
    (&[(0, b"caff")], Container::Read(caf::open)),
    (&[(0, b"OggS")], Container::Read(|source, bytes| packets::open(Kind::Ogg, source, bytes))),
    (&[(0, b"fLaC")], Container::Read(|source, bytes| packets::open(Kind::Flac, source, bytes))),
    (&[(0, b"\x1aE\xdf\xa3")], Container::Read(|source, bytes| packets::open(Kind::Matroska, source, bytes))),
    (&[(4, b"ftyp")], Container::Read(|source, bytes| packets::open(Kind::Mp4, source, bytes))),
    (&[(0, b"#!AMR")], Container::Hold(CODEC, "this is AMR")),
    (&[(0, b"#!SILK")], Container::Hold(CODEC, "this is SILK")),
    (&[(0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11")], Container::Hold(CODEC, "this is Windows Media")),
    (&[(0, b"wvpk")], Container::Hold(CODEC, "this is WavPack")),
    (&[(0, b"ID3")], Container::Read(|source, bytes| packets::open(Kind::Mpeg, source, bytes))),
];

/// The container that starts with these bytes.
pub(super) fn recognise(head: &[u8]) -> Container {
    let at = |&(offset, magic): &(usize, &[u8])| head.get(offset..).is_some_and(|rest| rest.starts_with(magic));
    if let Some((_, container)) = KNOWN.iter().find(|(magic, _)| magic.iter().all(at)) {
        return *container;
    }
    match head {
        [] => Container::Hold(HoldReason::DamagedRecording, "the recording is empty"),
        _ if is_mpeg_audio(head) => Container::Frames,
        _ => Container::Unknown,
    }
}

/// A frame header of MPEG audio, any layer, or of AAC in ADTS (whose layer bits are zero).
fn is_mpeg_audio(head: &[u8]) -> bool {
    let [0xFF, b, c, ..] = *head else { return false };
    let (sync, version, bitrate, rate) = (b >> 5 == 7, (b >> 3) & 3, c >> 4, (c >> 2) & 3);
    let adts = b & 0xF6 == 0xF0;
    sync && version != 1 && (adts || (bitrate != 15 && rate != 3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(head: &[u8], want: Option<HoldReason>) {
        let got = match recognise(head) {
            Container::Read(_) | Container::Frames => None,
            Container::Unknown => Some(HoldReason::UnknownContainer),
            Container::Hold(reason, _) => Some(reason),
        };
        assert_eq!(got, want);
    }

    #[test]
    fn a_container_is_told_by_all_of_its_magic() {
        check(b"RIFF\0\0\0\0WAVEfmt ", None);
        check(b"RF64\xFF\xFF\xFF\xFFWAVEds64", None);
        check(b"FORM\0\0\0\0AIFCFVER", None);
        check(b".snd\0\0\0\x18", None);
        check(b"RIFF\0\0\0\0AVI LIST", Some(HoldReason::UnknownContainer));
        check(b"FORM\0\0\0\x008SVXVHDR", Some(HoldReason::UnknownContainer));
        check(b"\0\0\0\x20ftypM4A ", None);
    }

    #[test]
    fn mpeg_audio_is_told_from_silence_in_raw_mu_law() {
        check(&[0xFF, 0xFB, 0x90, 0x64], None);
        check(&[0xFF, 0xF3, 0x00, 0xC0], None); // free format
        check(&[0xFF, 0xF1, 0x50, 0x80], None); // ADTS
        check(&[0xFF; 16], Some(HoldReason::UnknownContainer));
    }

    #[test]
    fn nothing_and_next_to_nothing_are_held() {
        check(b"", Some(HoldReason::DamagedRecording));
        check(b"R", Some(HoldReason::UnknownContainer));
        check(b"RIFF", Some(HoldReason::UnknownContainer));
    }
}
