//! Muting against a plain copy of the same file, both from and to the page cache: one hour of PCM (8 kHz, stereo, 16
//! bits), and about as much of MP3, Opus and AAC as half an hour at 64 kbit/s takes.

use divan::Bencher;
use divan::counter::BytesCount;
use sordino::audio;
use sordino::base::TimeSpan;
use sordino::model::Mute;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use tempfile::TempDir;

const FRAMES: u32 = 3600 * 8000;
const SPANS: u32 = 40;
/// Size of a recording in packets, bytes.
const PACKETS_BYTES: usize = 14 << 20;
/// Fixtures whose sound is repeated: frames follow frames, and one Ogg stream another.
const PACKETS: [&str; 3] = ["mp3-no-tag.mp3", "opus.opus", "aac.aac"];

fn main() {
    divan::main();
}

#[divan::bench]
fn copy_pcm(bencher: Bencher) {
    bench_copy(bencher, &hour_of_sound());
}

#[divan::bench]
fn mute_and_verify_pcm(bencher: Bencher) {
    bench_mute(bencher, &hour_of_sound());
}

#[divan::bench(args = PACKETS)]
fn copy_packets(bencher: Bencher, fixture: &str) {
    bench_copy(bencher, &repeated(fixture));
}

#[divan::bench(args = PACKETS)]
fn mute_and_verify_packets(bencher: Bencher, fixture: &str) {
    bench_mute(bencher, &repeated(fixture));
}

fn bench_copy(bencher: Bencher, folder: &TempDir) {
    let [from, to] = ["source", "dest"].map(|name| folder.path().join(name));
    let bytes = from.metadata().unwrap().len();
    bencher.counter(BytesCount::new(bytes)).bench_local(|| std::fs::copy(&from, &to).unwrap());
}

fn bench_mute(bencher: Bencher, folder: &TempDir) {
    let path = folder.path().join("source");
    let bytes = path.metadata().unwrap().len();
    let duration_ms = audio::open(&mut File::open(&path).unwrap()).unwrap().info().duration_ms() as u32;
    let every_ms = duration_ms / SPANS;
    let mutes: Vec<Mute> = (0..SPANS)
        .map(|i| Mute { span: TimeSpan::new(i * every_ms, i * every_ms + 2500).unwrap(), categories: Vec::new() })
        .collect();
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        let mut source = File::open(&path).unwrap();
        let mut dest = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(folder.path().join("dest"))
            .unwrap();
        let opened = audio::open(&mut source).unwrap();
        audio::redact(&opened, &mut source, &mutes, &mut dest).unwrap()
    });
}

fn repeated(fixture: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let once = std::fs::read(Path::new("fixtures/packets").join(fixture)).unwrap();
    std::fs::write(folder.path().join("source"), once.repeat(PACKETS_BYTES / once.len())).unwrap();
    folder
}

fn hour_of_sound() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut file = File::create(folder.path().join("source")).unwrap();
    let spec =
        hound::WavSpec { channels: 2, sample_rate: 8000, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut header = spec.into_header_for_infinite_file();
    header[4..8].copy_from_slice(&(FRAMES * 4 + 36).to_le_bytes());
    header[40..44].copy_from_slice(&(FRAMES * 4).to_le_bytes());
    file.write_all(&header).unwrap();
    let mut noise = std::iter::successors(Some(1u32), |x| Some(x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223)));
    let block: Vec<u8> = noise.by_ref().take(1 << 18).flat_map(u32::to_le_bytes).collect();
    let mut left = FRAMES as usize * 4;
    while left > 0 {
        let part = left.min(block.len());
        file.write_all(&block[..part]).unwrap();
        left -= part;
    }
    folder
}
