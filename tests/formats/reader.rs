//! Redacted recordings as a reader of their own sees them: a few lines for each container, strict about what `redact`
//! writes, and sharing nothing with it.

use sordino::base::TimeSpan;
use sordino::model::{Codec, RecordingInfo};

/// What stands in a redacted recording.
pub struct Parts<'a> {
    /// Ids of the chunks, in order.
    pub ids: Vec<String>,
    /// The sound.
    pub sound: &'a [u8],
    /// A silent block.
    pub silent: Vec<u8>,
    /// Frames in a block.
    pub frames: u64,
    /// Silent blocks behind a mute.
    pub guard: u64,
}

/// Two frames of GSM: a flat filter and the lowest pulses, alternating.
const GSM: &str = "204817d6840280e3388ee3880280e3388ee3880280e3388ee3880280e3388ee308\
    8274614d2800388ee3388e2800388ee3388e2800388ee3388e2800388ee3388e";

/// Reads a redacted recording. Panics where anything is not as it must be.
pub fn parts<'a>(copy: &'a [u8], info: &RecordingInfo) -> Parts<'a> {
    let chunks = match &copy[..4] {
        b".snd" => au(copy),
        b"FORM" => aiff(copy),
        b"caff" => caf(copy),
        b"riff" => w64(copy),
        _ => wav(copy),
    };
    let body = |id: &str| chunks.iter().find(|c| c.0 == id).map(|c| c.1);
    let u16_at = |at: usize| body("fmt ").map(|fmt| u16::from_le_bytes([fmt[at], fmt[at + 1]])).unwrap();
    let (silent, frames) = match info.codec {
        Codec::ImaAdpcm => (vec![0; u16_at(12).into()], u16_at(18).into()),
        Codec::MsAdpcm => (ms_adpcm(info.channels, u16_at(12).into()), u16_at(18).into()),
        Codec::Gsm610 => (gsm(), 320),
        codec => (vec![silence(codec); info.frame_bytes().unwrap() as usize], 1),
    };
    let ids = chunks.iter().map(|c| c.0.clone()).collect();
    let sound = chunks.last().unwrap().1;
    Parts { ids, sound, silent, frames, guard: u64::from(info.codec == Codec::Gsm610) }
}

impl Parts<'_> {
    /// What the sound must be: computed block by block, from times alone.
    pub fn silenced(&self, source: &[u8], info: &RecordingInfo, spans: &[TimeSpan]) -> Vec<u8> {
        let rate = u64::from(info.rate_hz);
        let mut sound = source.to_vec();
        let mut guarded = 0;
        for (block, bytes) in sound.chunks_mut(self.silent.len()).enumerate() {
            let first = block as u64 * self.frames;
            let last = info.frames.min(first + self.frames);
            let touched = |s: &TimeSpan| {
                first * 1000 < u64::from(s.end_ms()) * rate && last * 1000 > u64::from(s.start_ms()) * rate
            };
            let is_muted = spans.iter().any(touched);
            guarded = if is_muted { self.guard + 1 } else { guarded };
            if guarded > 0 {
                bytes.copy_from_slice(&self.silent[..bytes.len()]);
                guarded -= 1;
            }
        }
        sound
    }
}

fn silence(codec: Codec) -> u8 {
    match codec {
        Codec::PcmU8 => 0x80,
        Codec::MuLaw => 0xFF,
        Codec::ALaw => 0xD5,
        _ => 0,
    }
}

fn ms_adpcm(channels: u16, block_bytes: usize) -> Vec<u8> {
    let mut block = if channels == 1 { vec![0, 16] } else { vec![0, 0, 16, 0, 16] };
    block.resize(block_bytes, 0);
    block
}

fn gsm() -> Vec<u8> {
    (0..GSM.len()).step_by(2).map(|at| u8::from_str_radix(&GSM[at..at + 2], 16).unwrap()).collect()
}

type Chunks<'a> = Vec<(String, &'a [u8])>;

/// An AU file: six numbers, four zero bytes, and samples to the end.
fn au(au: &[u8]) -> Chunks<'_> {
    let u32_at = |at: usize| u32::from_be_bytes(au[at..at + 4].try_into().unwrap()) as usize;
    assert!(u32_at(4) == 28 && au[24..28] == [0; 4] && u32_at(8) + 28 == au.len());
    vec![(".snd".to_owned(), &au[28..])]
}

/// The two chunks of a Core Audio file, the second without what stands before its samples.
fn caf(caf: &[u8]) -> Chunks<'_> {
    let size = |at: usize| u64::from_be_bytes(caf[at..at + 8].try_into().unwrap()) as usize;
    assert!(caf[..12] == *b"caff\0\x01\0\0desc" && size(12) == 32 && caf[52..56] == *b"data");
    assert!(size(56) + 64 == caf.len() && caf[64..68] == [0; 4]);
    vec![("desc".to_owned(), &caf[20..52]), ("data".to_owned(), &caf[68..])]
}

/// The chunks of a Wave64 file: sizes count their headers, and zeros fill up to eight bytes.
fn w64(w64: &[u8]) -> Chunks<'_> {
    let size = |at: usize| u64::from_le_bytes(w64[at..at + 8].try_into().unwrap()) as usize;
    assert!(w64[24..28] == *b"wave" && size(16) == w64.len());
    let (mut at, mut chunks) = (40, Vec::new());
    while at < w64.len() {
        let end = at + size(at + 16);
        chunks.push((String::from_utf8(w64[at..at + 4].to_vec()).unwrap(), &w64[at + 24..end]));
        at = end.next_multiple_of(8);
        assert!(w64[end..at].iter().all(|&b| b == 0));
    }
    chunks
}

/// The chunks of an AIFF file, the last one without what stands before its samples; no name of a codec.
fn aiff(aiff: &[u8]) -> Chunks<'_> {
    let size = |at: usize| u32::from_be_bytes(aiff[at..at + 4].try_into().unwrap()) as usize;
    assert!(size(4) + 8 == aiff.len());
    let mut chunks = chunks(aiff, size);
    let (id, sound) = chunks.pop().unwrap();
    assert!(id == "SSND" && sound[..8] == [0; 8]);
    let (id, comm) = chunks.last().unwrap();
    assert!(id == "COMM" && (&aiff[8..12] == b"AIFF" && comm.len() == 18 || comm.len() == 24 && comm[22..] == [0, 0]));
    chunks.push(("SSND".to_owned(), &sound[8..]));
    chunks
}

/// The chunks of a WAV file.
fn wav(wav: &[u8]) -> Chunks<'_> {
    let (is_wide, is_big) = (matches!(&wav[..4], b"RF64" | b"BW64"), &wav[..4] == b"RIFX");
    let u32_at = |at: usize| {
        let bytes = wav[at..at + 4].try_into().unwrap();
        if is_big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    };
    let u64_at = |at: usize| u64::from_le_bytes(wav[at..at + 8].try_into().unwrap()) as usize;
    let size = |at: usize, wide_at: usize| match u32_at(at) {
        u32::MAX if is_wide => u64_at(wide_at),
        size => size as usize,
    };
    assert!(is_wide || is_big || &wav[..4] == b"RIFF");
    assert!(&wav[8..12] == b"WAVE" && size(4, 20) + 8 == wav.len());
    chunks(wav, |at| size(at, 28))
}

/// Chunks that must be perfect: sizes right, zero pad bytes, nothing behind.
fn chunks(file: &[u8], size: impl Fn(usize) -> usize) -> Chunks<'_> {
    let (mut at, mut chunks) = (12, Vec::new());
    while at < file.len() {
        let body = &file[at + 8..at + 8 + size(at + 4)];
        chunks.push((String::from_utf8(file[at..at + 4].to_vec()).unwrap(), body));
        at += 8 + body.len();
        if body.len() % 2 == 1 {
            assert!(file[at] == 0);
            at += 1;
        }
    }
    chunks
}
