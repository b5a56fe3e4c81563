//! Muting against a plain copy of the same file, both from and to the page cache: an hour of 8 kHz with 40 mutes, 12
//! hours, and half an hour of codecs in packets. What of it is hashing: `hash`, on one thread; muting does it twice, on
//! two. `floor` is what cannot be done without: the copy, and the two digests beside it.

use divan::Bencher;
use divan::counter::BytesCount;
use sha2::{Digest, Sha256};
use sordino::audio;
use sordino::base::TimeSpan;
use sordino::model::{Channels, Mute, MuteStyle};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const RATE_HZ: u32 = 8000;
/// Seconds of an hour; of two minutes where tests run this once, unoptimised.
const HOUR: u32 = if cfg!(debug_assertions) { 120 } else { 3600 };
const SPANS: u32 = 40;
const SPAN_MS: u32 = 2500;

fn main() {
    divan::main();
}

/// What is muted.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// An hour of 16 bits, stereo.
    Pcm,
    /// An hour of µ-law, mono.
    MuLaw,
    /// 12 hours of 16 bits, stereo.
    Pcm12Hours,
    /// An hour of 16 bits, stereo.
    Flac,
    /// Half an hour of 64 kbit/s, 16 kHz, mono.
    Mp3,
    /// The same, of 24 kbit/s.
    Opus,
    /// The same in stereo, of 48 kbit/s.
    OpusStereo,
    /// The same, of 32 kbit/s.
    M4a,
    /// The same without a container.
    Adts,
}

const KINDS: [Kind; 9] = [
    Kind::Pcm,
    Kind::MuLaw,
    Kind::Pcm12Hours,
    Kind::Flac,
    Kind::Mp3,
    Kind::Opus,
    Kind::OpusStereo,
    Kind::M4a,
    Kind::Adts,
];

#[divan::bench(args = KINDS)]
fn copy(bencher: Bencher, kind: Kind) {
    let (folder, bytes) = sound(kind);
    let [from, to] = files(&folder);
    bencher.counter(BytesCount::new(bytes)).bench_local(|| std::fs::copy(&from, &to).unwrap());
}

#[divan::bench(args = KINDS)]
fn mute_and_verify(bencher: Bencher, kind: Kind) {
    let (folder, bytes) = sound(kind);
    let [from, to] = files(&folder);
    let duration_ms = audio::open(&mut File::open(&from).unwrap(), None).unwrap().info().duration_ms() as u32;
    let mute = |i| TimeSpan::new(duration_ms / SPANS * i, duration_ms / SPANS * i + SPAN_MS).unwrap();
    let mutes: Vec<Mute> =
        (0..SPANS).map(|i| Mute { span: mute(i), channels: Channels::All, categories: Vec::new() }).collect();
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        let mut source = File::open(&from).unwrap();
        let mut dest = File::options().read(true).write(true).create(true).truncate(true).open(&to).unwrap();
        let opened = audio::open(&mut source, None).unwrap();
        audio::redact(&opened, &mut source, &mutes, MuteStyle::default(), &mut dest).unwrap()
    });
}

#[divan::bench(args = [Kind::Pcm, Kind::MuLaw, Kind::Flac, Kind::Mp3])]
fn hash(bencher: Bencher, kind: Kind) {
    let (folder, bytes) = sound(kind);
    let content = std::fs::read(&files(&folder)[0]).unwrap();
    bencher.counter(BytesCount::new(bytes)).bench_local(|| Sha256::digest(&content));
}

/// A plain copy beside the digests of source and copy, of bytes that are there already.
#[divan::bench(args = KINDS)]
fn floor(bencher: Bencher, kind: Kind) {
    let (folder, bytes) = sound(kind);
    let [from, to] = files(&folder);
    let content = &std::fs::read(&from).unwrap();
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        std::thread::scope(|scope| {
            let digests = [(); 2].map(|()| scope.spawn(|| Sha256::digest(content)));
            std::fs::copy(&from, &to).unwrap();
            digests.map(|digest| digest.join().unwrap())
        })
    });
}

/// Verification by decoding: what a recording in packets says in samples.
#[divan::bench(args = [Kind::Flac, Kind::Mp3, Kind::Opus, Kind::OpusStereo, Kind::M4a])]
fn decode(bencher: Bencher, kind: Kind) {
    let (folder, bytes) = sound(kind);
    let [from, _] = files(&folder);
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        let mut source = File::open(&from).unwrap();
        let opened = audio::open(&mut source, None).unwrap();
        opened.decode(&mut source, &mut |_| Ok(())).unwrap();
    });
}

fn files(folder: &TempDir) -> [PathBuf; 2] {
    ["source", "dest"].map(|name| folder.path().join(name))
}

/// The sound and its size, bytes.
fn sound(kind: Kind) -> (TempDir, u64) {
    let folder = tempfile::tempdir().unwrap();
    let [source, _] = files(&folder);
    match kind {
        Kind::Pcm => write_wav(&source, HOUR, (1, 2, 16)),
        Kind::MuLaw => write_wav(&source, HOUR, (7, 1, 8)),
        Kind::Pcm12Hours => write_wav(&source, 12 * HOUR, (1, 2, 16)),
        Kind::Flac => encode(&source, HOUR, &["-f", "flac"]),
        Kind::Mp3 => encode(&source, HOUR / 2, &["-ac", "1", "-ar", "16000", "-b:a", "64k", "-f", "mp3"]),
        Kind::Opus => encode(&source, HOUR / 2, &["-ac", "1", "-c:a", "libopus", "-b:a", "24k", "-f", "ogg"]),
        Kind::OpusStereo => encode(&source, HOUR / 2, &["-c:a", "libopus", "-b:a", "48k", "-f", "ogg"]),
        Kind::M4a => encode(&source, HOUR / 2, &["-ac", "1", "-ar", "16000", "-b:a", "32k", "-f", "mp4"]),
        Kind::Adts => encode(&source, HOUR / 2, &["-ac", "1", "-ar", "16000", "-b:a", "32k", "-f", "adts"]),
    }
    let bytes = std::fs::metadata(&source).unwrap().len();
    (folder, bytes)
}

/// Quiet noise as ffmpeg encodes it.
fn encode(path: &Path, seconds: u32, how: &[&str]) {
    let wav = path.with_file_name("wav");
    write_wav(&wav, seconds, (1, 2, 16));
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-i"]).arg(&wav).args(how).arg(path);
    assert!(ffmpeg.status().expect("ffmpeg runs; scripts/test installs it").success());
}

/// Quiet noise: format tag, channels, bits a sample.
fn write_wav(path: &Path, seconds: u32, (tag, channels, bits): (u16, u16, u16)) {
    let frame_bytes = u32::from(channels * bits / 8);
    let data_bytes = seconds * RATE_HZ * frame_bytes;
    let mut file = BufWriter::new(File::create(path).unwrap());
    file.write_all(b"RIFF").unwrap();
    file.write_all(&(36 + data_bytes).to_le_bytes()).unwrap();
    file.write_all(b"WAVEfmt \x10\0\0\0").unwrap();
    for number in [tag, channels] {
        file.write_all(&number.to_le_bytes()).unwrap();
    }
    file.write_all(&RATE_HZ.to_le_bytes()).unwrap();
    file.write_all(&(RATE_HZ * frame_bytes).to_le_bytes()).unwrap();
    for number in [frame_bytes as u16, bits] {
        file.write_all(&number.to_le_bytes()).unwrap();
    }
    file.write_all(b"data").unwrap();
    file.write_all(&data_bytes.to_le_bytes()).unwrap();
    let mut noise = std::iter::successors(Some(1u32), |x| Some(x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223)));
    let second: Vec<u8> = match bits {
        8 => noise.by_ref().take((RATE_HZ * frame_bytes) as usize).map(|x| (x >> 24) as u8).collect(),
        _ => noise.by_ref().take(16_000).flat_map(|x| ((x.cast_signed() >> 20) as i16).to_le_bytes()).collect(),
    };
    for _ in 0..seconds {
        file.write_all(&second).unwrap();
    }
}
