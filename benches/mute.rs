//! Muting against a plain copy of the same file, both from and to the page cache: one hour, 8 kHz, stereo, 16 bits.

use divan::Bencher;
use divan::counter::BytesCount;
use sordino::audio;
use sordino::base::TimeSpan;
use sordino::model::Mute;
use std::fs::File;
use std::io::Write;
use tempfile::TempDir;

const FRAMES: u32 = 3600 * 8000;
const SPANS: u32 = 40;

fn main() {
    divan::main();
}

#[divan::bench]
fn copy(bencher: Bencher) {
    let folder = hour_of_sound();
    let [from, to] = ["source", "dest"].map(|name| folder.path().join(name));
    bencher.counter(BytesCount::new(FRAMES * 4)).bench_local(|| std::fs::copy(&from, &to).unwrap());
}

#[divan::bench]
fn mute_and_verify(bencher: Bencher) {
    let folder = hour_of_sound();
    let mutes: Vec<Mute> = (0..SPANS)
        .map(|i| Mute { span: TimeSpan::new(i * 90_000, i * 90_000 + 2500).unwrap(), categories: Vec::new() })
        .collect();
    bencher.counter(BytesCount::new(FRAMES * 4)).bench_local(|| {
        let mut source = File::open(folder.path().join("source")).unwrap();
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
