//! The one track of a recording: what stands before the sound, in and out.

use super::super::opus::{self, Head};
use super::super::unsupported;
use super::ebml::{children, number, only, push};
use crate::audio::damaged;
use crate::base::Result;

pub(super) const EBML: u32 = 0x1A45_DFA3;
pub(super) const SEGMENT: u32 = 0x1853_8067;
pub(super) const INFO: u32 = 0x1549_A966;
pub(super) const TRACKS: u32 = 0x1654_AE6B;
const DOC_TYPE: u32 = 0x4282;
const TIMESTAMP_SCALE: u32 = 0x2A_D7B1;
const DURATION: u32 = 0x4489;
const MUXING_APP: u32 = 0x4D80;
const WRITING_APP: u32 = 0x5741;
const TRACK_ENTRY: u32 = 0xAE;
const TRACK_NUMBER: u32 = 0xD7;
const TRACK_UID: u32 = 0x73C5;
const TRACK_TYPE: u32 = 0x83;
const CODEC_ID: u32 = 0x86;
const CODEC_PRIVATE: u32 = 0x63A2;
const CODEC_DELAY: u32 = 0x56AA;
const SEEK_PRE_ROLL: u32 = 0x56BB;
const CONTENT_ENCODINGS: u32 = 0x6D80;
const AUDIO: u32 = 0xE1;
const SAMPLING_FREQUENCY: u32 = 0xB5;
const CHANNELS: u32 = 0x9F;

/// `TrackType` of sound.
const SOUND: u64 = 2;
/// `TimestampScale` where none is said: a millisecond.
const SCALE_NS: u64 = 1_000_000;
/// What decoders should be given before the place that is sought: 80 ms (RFC 7845).
const SEEK_PRE_ROLL_NS: u32 = 80_000_000;
/// Who wrote a copy.
const APP: &[u8] = b"sordino";

/// Names of the two formats, which differ in what they allow.
const DOC_TYPES: [&str; 2] = ["webm", "matroska"];

/// The document's type.
///
/// # Errors
/// Holds the call for any that is neither WebM nor Matroska.
pub(super) fn doc_type(ebml: &[u8]) -> Result<&'static str> {
    let said = only(&children(ebml)?, DOC_TYPE)?.ok_or_else(|| damaged("an EBML file that does not say its type"))?;
    let said = said.iter().position(|&b| b == 0).map_or(said, |end| &said[..end]);
    let known = DOC_TYPES.into_iter().find(|known| known.as_bytes() == said);
    known.ok_or_else(|| unsupported("an EBML file that is neither WebM nor Matroska"))
}

/// What `Info` says of time.
pub(super) struct Clock {
    /// Length of a tick, nanoseconds.
    pub(super) scale_ns: u64,
    /// The duration, a float in ticks, as it stands.
    duration: Vec<u8>,
}

impl Clock {
    /// # Errors
    /// Holds the call when a tick lasts nothing or more than a second.
    pub(super) fn parse(info: &[u8]) -> Result<Self> {
        let info = children(info)?;
        let scale_ns = only(&info, TIMESTAMP_SCALE)?.map_or(Ok(SCALE_NS), number)?;
        if !(1..=1_000_000_000).contains(&scale_ns) {
            return Err(damaged("a clock of Matroska that no recording has"));
        }
        let duration = only(&info, DURATION)?.filter(|float| matches!(float.len(), 4 | 8)).unwrap_or_default().to_vec();
        Ok(Self { scale_ns, duration })
    }
}

/// A track of Opus.
pub(super) struct Track {
    number: u64,
    pub(super) head: Head,
    /// `CodecDelay`: what players leave out at the start, nanoseconds.
    delay_ns: u64,
}

impl Track {
    /// Reads `Tracks`.
    ///
    /// # Errors
    /// Holds the call when there is other than one track, it is not Opus, or it is compressed or encrypted.
    pub(super) fn parse(tracks: &[u8]) -> Result<Self> {
        let tracks = children(tracks)?;
        let mut entries = tracks.iter().filter(|child| child.0 == TRACK_ENTRY);
        let (Some((_, entry)), None) = (entries.next(), entries.next()) else {
            return Err(unsupported("Matroska with other than one track"));
        };
        let entry = children(entry)?;
        let number_of = |id| only(&entry, id)?.map_or(Ok(0), number);
        if number_of(TRACK_TYPE)? != SOUND {
            return Err(unsupported("Matroska whose track is not sound"));
        }
        // Some writers end it as C ends a string.
        let codec = only(&entry, CODEC_ID)?.map(|id| id.split(|b| *b == 0).next().unwrap_or(id));
        if codec != Some(b"A_OPUS") {
            return Err(unsupported("Matroska that is not Opus"));
        }
        if only(&entry, CONTENT_ENCODINGS)?.is_some() {
            return Err(unsupported("Matroska whose track is compressed or encrypted"));
        }
        let private = only(&entry, CODEC_PRIVATE)?.filter(|private| private.starts_with(b"OpusHead"));
        let head = Head::parse(private.ok_or_else(|| damaged("Opus in Matroska without its header"))?)?;
        let delay_ns = number_of(CODEC_DELAY)?;
        if delay_ns > 1_000_000_000 {
            return Err(damaged("a delay of Opus of more than a second"));
        }
        Ok(Self { number: number_of(TRACK_NUMBER)?, head, delay_ns })
    }

    /// Whether a block with this number is of the track.
    pub(super) const fn has_number(&self, number: u64) -> bool {
        self.number == number
    }

    /// Samples that players leave out at the start, by the header and by the container.
    pub(super) fn skips(&self) -> [i64; 2] {
        [self.head.pre_skip.into(), (self.delay_ns * u64::from(opus::RATE_HZ) / 1_000_000_000) as i64]
    }
}

/// Everything before the sound of a copy. The segment's size is not said, so that a copy can be written front to back.
pub(super) fn header(doc_type: &str, clock: &Clock, track: &Track) -> Vec<u8> {
    let mut ebml = Vec::new();
    // Version of EBML and the least to read it; longest identifier and size; the type, its version, the least to read it.
    for (id, value) in [(0x4286, 1), (0x42F7, 1), (0x42F2, 4), (0x42F3, 8)] {
        push(&mut ebml, id, &[&[value]]);
    }
    push(&mut ebml, DOC_TYPE, &[doc_type.as_bytes()]);
    for (id, value) in [(0x4287, 4), (0x4285, 2)] {
        push(&mut ebml, id, &[&[value]]);
    }
    let mut info = Vec::new();
    push(&mut info, TIMESTAMP_SCALE, &[&clock.scale_ns.to_be_bytes()]);
    if !clock.duration.is_empty() {
        push(&mut info, DURATION, &[&clock.duration]);
    }
    push(&mut info, MUXING_APP, &[APP]);
    push(&mut info, WRITING_APP, &[APP]);
    let mut audio = Vec::new();
    push(&mut audio, SAMPLING_FREQUENCY, &[&f64::from(opus::RATE_HZ).to_be_bytes()]);
    push(&mut audio, CHANNELS, &[&[track.head.channels]]);
    let mut entry = Vec::new();
    for (id, value) in [(TRACK_NUMBER, 1), (TRACK_UID, 1), (TRACK_TYPE, SOUND as u8)] {
        push(&mut entry, id, &[&[value]]);
    }
    push(&mut entry, CODEC_ID, &[b"A_OPUS"]);
    push(&mut entry, CODEC_PRIVATE, &[&track.head.to_bytes()]);
    push(&mut entry, CODEC_DELAY, &[&track.delay_ns.to_be_bytes()]);
    push(&mut entry, SEEK_PRE_ROLL, &[&SEEK_PRE_ROLL_NS.to_be_bytes()]);
    push(&mut entry, AUDIO, &[&audio]);
    let mut tracks = Vec::new();
    push(&mut tracks, TRACK_ENTRY, &[&entry]);
    let mut header = Vec::new();
    push(&mut header, EBML, &[&ebml]);
    header.extend(SEGMENT.to_be_bytes());
    header.extend([0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
    push(&mut header, INFO, &[&info]);
    push(&mut header, TRACKS, &[&tracks]);
    header
}
