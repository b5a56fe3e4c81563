//! Recordings end to end: every file of `fixtures/recordings`, and what must hold for any file at all.
//! Outputs are judged by readers of their own (below, and hound), not by the code under test.

use crate::{decoders, reader};
use proptest::prelude::*;
use sordino::audio::{Claim, Outcome, open, redact, verify_kept, verify_redacted};
use sordino::base::{HoldReason, Kind, Sha256Hex, TimeSpan};
use sordino::model::{Category, Channels, Codec, Mute, MuteStyle, MutedSpan, RecordingInfo};
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// One line of `cases.toml`.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Want {
    Redacted {
        #[serde(default = "wav")]
        container: String,
        codec: Codec,
        channels: u16,
        rate_hz: u32,
        frames: u64,
    },
    Held(HoldReason),
}

fn wav() -> String {
    "wav".to_owned()
}

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/recordings").join(name);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn span(start_ms: u32, end_ms: u32) -> TimeSpan {
    TimeSpan::new(start_ms, end_ms).unwrap()
}

/// Two spans in a recording of 100 ms: one inside, one beyond the end.
fn spans() -> [TimeSpan; 2] {
    [span(20, 41), span(71, 400)]
}

fn mutes(spans: &[TimeSpan]) -> Vec<Mute> {
    spans.iter().map(|&span| Mute { span, channels: Channels::All, categories: vec![Category::Name] }).collect()
}

fn run(source: &[u8], spans: &[TimeSpan]) -> sordino::base::Result<(Outcome, Vec<u8>)> {
    run_with(source, &mutes(spans))
}

fn run_with(source: &[u8], mutes: &[Mute]) -> sordino::base::Result<(Outcome, Vec<u8>)> {
    let mut source = Cursor::new(source);
    let opened = open(&mut source, None)?;
    let mut dest = Cursor::new(Vec::new());
    let outcome = redact(&opened, &mut source, mutes, MuteStyle::default(), &mut dest)?;
    Ok((outcome, dest.into_inner()))
}

fn contains(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|w| w == what)
}

/// hound reads integer and 32-bit float samples.
fn check_with_hound(wav: &[u8], info: &RecordingInfo) {
    let mut reader = hound::WavReader::new(Cursor::new(wav)).unwrap();
    assert_eq!((reader.spec().channels, reader.spec().sample_rate), (info.channels, info.rate_hz));
    assert_eq!(u64::from(reader.duration()), info.frames);
    let samples: Vec<f32> = match info.codec {
        Codec::F32 => reader.samples().map(Result::unwrap).collect(),
        _ => reader.samples::<i32>().map(|s| s.unwrap() as f32).collect(),
    };
    let at = |ms: u32| (ms * info.rate_hz / 1000) as usize * usize::from(info.channels);
    assert!(samples[at(20)..at(41)].iter().all(|&s| s == 0.0));
    assert!(samples[at(5)..at(20)].iter().any(|&s| s != 0.0) && samples[at(42)..at(71)].iter().any(|&s| s != 0.0));
}

#[test]
fn every_fixture_is_redacted_or_held_as_its_case_says() {
    let cases = cases();
    let files = fixture_names();
    assert_eq!(files.len(), cases.len(), "each file has a case and each case a file");
    for (name, want) in cases {
        let file = files.iter().find(|file| file.rsplit_once('.').unwrap().0 == name);
        let file = file.unwrap_or_else(|| panic!("{name}: no file"));
        let source = fixture(file);
        match (run(&source, &spans()), want) {
            (Ok((outcome, copy)), Want::Redacted { container, codec, channels, rate_hz, frames }) => {
                let info = RecordingInfo { container, codec, channels, rate_hz, frames };
                assert_eq!(outcome.info, info, "{name}");
                check_copy(file, &source, &outcome, &copy);
            }
            (Err(error), Want::Held(reason)) => assert_eq!(error.kind, Kind::Held(reason), "{name}: {error}"),
            (Ok(_), Want::Held(reason)) => panic!("{name}: redacted instead of held as {reason}"),
            (Err(error), Want::Redacted { .. }) => panic!("{name}: {error}"),
        }
    }
}

fn cases() -> BTreeMap<String, Want> {
    toml::from_str(&String::from_utf8(fixture("cases.toml")).unwrap()).unwrap()
}

fn fixture_names() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/recordings");
    let names = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != "cases.toml").collect()
}

fn check_copy(name: &str, source: &[u8], outcome: &Outcome, copy: &[u8]) {
    let info = &outcome.info;
    if info.container == "flac" {
        check_flac(name, source, outcome, copy);
    } else {
        check_parts(name, source, info, copy);
    }
    check_outcome(name, source, outcome, copy);
}

fn check_parts(name: &str, source: &[u8], info: &RecordingInfo, copy: &[u8]) {
    let parts = reader::parts(copy, info);
    let samples = &source[sound_at(source)..][..parts.sound.len()];

    assert_eq!(parts.ids, chunk_ids(info), "{name}");
    assert!(parts.sound == parts.silenced(samples, info, &spans()), "{name}");
    let hound_reads = info.container == "wav" && (info.codec.is_pcm() || info.codec == Codec::F32);
    if hound_reads && info.frames.is_multiple_of(2) {
        check_with_hound(copy, info);
    }
}

/// Sample by sample, as another library decodes both.
fn check_flac(name: &str, source: &[u8], outcome: &Outcome, copy: &[u8]) {
    let info = &outcome.info;
    // STREAMINFO is the only block, and has neither sizes of frames nor a digest.
    assert!(copy[..8] == *b"fLaC\x80\0\0\x22" && copy[12..18] == [0; 6] && copy[26..42] == [0; 16], "{name}");
    let [was, is] = [source, copy].map(interleaved);
    assert_eq!((was.len(), is.len() as u64), (is.len(), info.frames * u64::from(info.channels)), "{name}");
    let rate = u64::from(info.rate_hz);
    for (i, (was, is)) in was.iter().zip(&is).enumerate() {
        let frame = (i / usize::from(info.channels)) as u64;
        let is_muted = spans().iter().any(|s| {
            frame * 1000 < u64::from(s.end_ms()) * rate && (frame + 1) * 1000 > u64::from(s.start_ms()) * rate
        });
        assert!(*is == if is_muted { 0.0 } else { *was }, "{name}: frame {frame}");
    }
}

fn check_outcome(name: &str, source: &[u8], outcome: &Outcome, copy: &[u8]) {
    let info = &outcome.info;
    assert!(!contains(copy, b"John") && !contains(copy, b"555"), "{name}");

    assert_eq!(outcome.source_sha256, Sha256Hex::of(source), "{name}");
    assert_eq!(outcome.output_sha256, Sha256Hex::of(copy), "{name}");
    assert_eq!((outcome.source_bytes, outcome.output_bytes), (source.len() as u64, copy.len() as u64), "{name}");
    let end_ms = 400.min(info.duration_ms() as u32);
    // The second mute starts in the block that guards the first one.
    let muted = if info.codec == Codec::Gsm610 { vec![span(20, end_ms)] } else { vec![span(20, 41), span(71, end_ms)] };
    assert_eq!(outcome.muted.iter().map(|m| m.span).collect::<Vec<_>>(), muted, "{name}");
    assert_eq!(outcome.muted_ms, muted.iter().map(|m| u64::from(m.len_ms())).sum::<u64>(), "{name}");

    let verified = verify_redacted(&mut Cursor::new(copy), &Claim::silent(&outcome.muted)).unwrap();
    assert_eq!(verified.sha256, outcome.output_sha256, "{name}");
    assert_eq!((verified.bytes, verified.muted_frames), (outcome.output_bytes, outcome.muted_frames), "{name}");
    verify_kept(&mut Cursor::new(source), &mut Cursor::new(copy), &Claim::silent(&outcome.muted)).unwrap();
}

/// Where the samples of a source start.
fn sound_at(source: &[u8]) -> usize {
    let after = |id: &[u8]| source.windows(4).position(|w| w == id).unwrap();
    match &source[..4] {
        b".snd" => u32::from_be_bytes(source[4..8].try_into().unwrap()) as usize,
        b"FORM" => after(b"SSND") + 16,
        b"riff" => after(b"data") + 24,
        b"caff" => after(b"data") + 16,
        _ => after(b"data") + 8,
    }
}

/// The chunks that a copy has, in order.
fn chunk_ids(info: &RecordingInfo) -> Vec<&'static str> {
    match (info.container.as_str(), info.codec.is_pcm()) {
        ("au", _) => vec![".snd"],
        ("caf", _) => vec!["desc", "data"],
        ("aiff", _) => vec!["COMM", "SSND"],
        ("aiff-c", _) => vec!["FVER", "COMM", "SSND"],
        ("rf64" | "bw64", true) => vec!["ds64", "fmt ", "data"],
        ("rf64" | "bw64", false) => vec!["ds64", "fmt ", "fact", "data"],
        (_, true) => vec!["fmt ", "data"],
        (_, false) => vec!["fmt ", "fact", "data"],
    }
}

/// ffmpeg reads all but RIFX, sox the rest. What they hear of a copy without mutes is what they hear of the source.
#[test]
fn other_decoders_hear_silence_in_the_mutes_and_the_source_elsewhere() {
    let mut shapes = [Vec::new(), Vec::new()];
    let mut recordings = [Vec::new(), Vec::new()];
    let cases = cases();
    for file in fixture_names() {
        let (name, extension) = file.rsplit_once('.').unwrap();
        if let Want::Redacted { container, .. } = &cases[name] {
            let by = usize::from(container == "rifx");
            for spans in [&[][..], &spans()] {
                let (outcome, copy) = run(&fixture(&file), spans).unwrap();
                recordings[by].push((copy, extension.to_owned()));
                shapes[by].push((name.to_owned(), outcome.info));
            }
        }
    }
    let [by_ffmpeg, by_sox] = recordings;
    let decoded = decoders::ffmpeg(&by_ffmpeg).into_iter().chain(decoders::sox(&by_sox)).collect::<Vec<_>>();
    for ((name, info), pair) in shapes.concat().iter().step_by(2).zip(decoded.chunks_exact(2)) {
        check_decoded(name, info, &pair[0], &pair[1]);
    }
}

/// Whatever the codec, what analysis hears is what other decoders hear, to the last bit of 16.
#[test]
fn what_is_decoded_for_analysis_is_what_other_decoders_hear() {
    let cases = cases();
    let mut recordings = [Vec::new(), Vec::new()];
    let mut heard = [Vec::new(), Vec::new()];
    // ffmpeg takes 24 valid bits of 32 for samples of 24 bits.
    for file in fixture_names().iter().filter(|file| !file.contains("24-valid-bits")) {
        let (name, extension) = file.rsplit_once('.').unwrap();
        if let Want::Redacted { container, .. } = &cases[name] {
            let by = usize::from(container == "rifx");
            let (outcome, copy) = run(&fixture(file), &[]).unwrap();
            heard[by].push((name.to_owned(), outcome.info.codec, interleaved(&copy)));
            recordings[by].push((copy, extension.to_owned()));
        }
    }
    let [by_ffmpeg, by_sox] = recordings;
    let decoded = decoders::ffmpeg(&by_ffmpeg).into_iter().chain(decoders::sox(&by_sox));
    for ((name, codec, ours), theirs) in heard.concat().iter().zip(decoded) {
        // ffmpeg takes a shortcut in IMA ADPCM, whose error adds up within a block, and rounds where we cut.
        let loosest = if *codec == Codec::ImaAdpcm { 250.0 } else { 1.0 };
        assert!(ours.len() <= theirs.len() && ours.len() > 700, "{name}");
        let furthest = ours.iter().zip(&theirs).map(|(a, b)| (a * 32_768.0 - f32::from(*b)).abs()).fold(0.0, f32::max);
        assert!(furthest <= loosest, "{name}: {furthest}");
    }
}

/// All samples, a frame after the other.
fn interleaved(recording: &[u8]) -> Vec<f32> {
    let mut source = Cursor::new(recording);
    let opened = open(&mut source, None).unwrap();
    let mut samples = Vec::new();
    let mut hear = |block: &sordino::audio::Block| {
        let planes = block.planes().into_exposed();
        samples.extend((0..block.frames()).flat_map(|frame| planes.iter().map(move |plane| plane[frame])));
        Ok(())
    };
    opened.decode(&mut source, &mut hear).unwrap();
    samples
}

fn check_decoded(name: &str, info: &RecordingInfo, source: &[i16], copy: &[i16]) {
    assert!(source.len() == copy.len() && source.len() >= (info.frames * u64::from(info.channels)) as usize, "{name}");
    // The codec's silence, and how far a block reaches.
    let (loudest, block_ms) = match info.codec {
        Codec::ALaw => (8, 0),
        Codec::Gsm610 => (8, 40),
        Codec::ImaAdpcm | Codec::MsAdpcm => (0, 9),
        _ => (0, 0),
    };
    let at = |ms: u32| (ms * info.rate_hz / 1000) as usize * usize::from(info.channels);
    let [from, to] = [at(20), at(41)];
    // The filters of GSM ring on from what was kept, for 20 ms at most.
    let rings = if info.codec == Codec::Gsm610 { at(20) } else { 0 };
    assert!(copy[from + rings..to].iter().all(|x| x.unsigned_abs() <= loudest), "{name}: the mute is silent");
    assert!(source[from..to].iter().any(|x| x.unsigned_abs() > 1000), "{name}: the source is not");
    for kept in [0..at(20_u32.saturating_sub(block_ms)), at(42 + block_ms)..at(70 - block_ms)] {
        assert!(kept.is_empty() || source[kept.clone()] == copy[kept], "{name}: the rest is kept");
    }
}

#[test]
fn flac_frames_that_no_mute_touches_stay_as_they_are() {
    let source = fixture("flac-stereo.flac");
    // The first frame and the last, of 24 and 4 ms, lie outside of 30 to 90 ms.
    let (_, copy) = run(&source, &[span(30, 90)]).unwrap();
    let kept = (42..source.len()).take_while(|&at| source[at] == copy[at]).count();
    let kept_behind = source.iter().rev().zip(copy.iter().rev()).take_while(|(a, b)| a == b).count();
    assert!(kept > 600 && kept_behind > 60 && copy.len() < source.len());
}

#[test]
fn what_differs_only_inside_a_mute_gives_the_same_flac_copy() {
    let a = fixture("flac-mono.flac");
    // Another way to store the same sound, and other sound inside of the mutes.
    let (_, b) = run(&a, &[span(22, 40), span(80, 90)]).unwrap();
    assert!(a != b && run(&a, &spans()).unwrap().1 == run(&b, &spans()).unwrap().1);
}

#[test]
fn what_differs_only_inside_a_mute_gives_the_same_copy() {
    let source = fixture("pcm-s16-stereo.wav");
    let mut other = source.clone();
    // 25 ms are 200 frames of 4 bytes.
    other[44 + 200 * 4..][..400].fill(0x5A);
    let (a, b) = (run(&source, &spans()).unwrap(), run(&other, &spans()).unwrap());
    assert!(a.1 == b.1 && a.0.output_sha256 == b.0.output_sha256 && a.0.source_sha256 != b.0.source_sha256);
}

#[test]
fn without_mutes_the_samples_are_copied_as_they_are() {
    let source = fixture("names-in-chunks.wav");
    let (outcome, copy) = run(&source, &[]).unwrap();
    assert!(copy == fixture("pcm-s16-mono.wav"));
    assert_eq!((outcome.muted_ms, outcome.muted_frames), (0, 0));
}

#[test]
fn a_recording_longer_than_many_blocks_is_muted_across_their_borders() {
    let frames = 700_001usize;
    let samples: Vec<u8> = (0..frames * 2).map(|i| (i * 31 % 251) as u8 + 1).collect();
    let mut source = fixture("pcm-s16-mono.wav")[..44].to_vec();
    source[4..8].copy_from_slice(&(36 + samples.len() as u32).to_le_bytes());
    source[40..44].copy_from_slice(&(samples.len() as u32).to_le_bytes());
    source.extend(&samples);
    let spans = [span(0, 1), span(16_000, 50_000), span(50_001, 50_002), span(87_000, 99_000)];
    let (outcome, copy) = run(&source, &spans).unwrap();
    let parts = reader::parts(&copy, &outcome.info);
    assert!(parts.sound == parts.silenced(&samples, &outcome.info, &spans));
    assert_eq!(outcome.output_sha256, Sha256Hex::of(&copy));
}

#[test]
fn a_channel_is_muted_alone_where_samples_stand_for_themselves_and_with_all_others_elsewhere() {
    let mut alone = 0;
    for name in fixture_names() {
        let source = fixture(&name);
        let Ok((all, whole)) = run(&source, &spans()) else { continue };
        let info = &all.info;
        let of = |channel| -> Vec<Mute> {
            mutes(&spans()).into_iter().map(|mute| Mute { channels: Channels::One(channel), ..mute }).collect()
        };
        assert!(
            run_with(&source, &of(info.channels)).unwrap() == (all.clone(), whole.clone()),
            "{name}: no such channel"
        );
        let last = info.channels - 1;
        let (outcome, copy) = run_with(&source, &of(last)).unwrap();
        let Some(sample_bytes) = info.codec.sample_bytes().filter(|_| last > 0) else {
            assert!(outcome == all && copy == whole, "{name}");
            continue;
        };
        alone += 1;
        let verify = |muted: &[MutedSpan]| verify_redacted(&mut Cursor::new(&copy), &Claim::silent(muted));
        assert_eq!(verify(&outcome.muted).unwrap().sha256, outcome.output_sha256, "{name}");
        verify_kept(&mut Cursor::new(&source), &mut Cursor::new(&copy), &Claim::silent(&outcome.muted)).unwrap();
        for channels in [Channels::All, Channels::One(0), Channels::One(info.channels)] {
            let wrong: Vec<_> = outcome.muted.iter().map(|muted| MutedSpan { channels, ..*muted }).collect();
            assert!(verify(&wrong).is_err(), "{name}: {channels:?}");
        }
        let (parts, whole) = (reader::parts(&copy, info), reader::parts(&whole, info));
        let before = &source[sound_at(&source)..];
        for (at, sample) in parts.sound.chunks(sample_bytes.into()).enumerate() {
            let like = if at % usize::from(info.channels) == usize::from(last) { whole.sound } else { before };
            assert!(*sample == like[at * usize::from(sample_bytes)..][..usize::from(sample_bytes)], "{name}: {at}");
        }
    }
    assert!(alone > 10, "{alone}");
}

#[test]
fn verification_sees_every_kind_of_difference() {
    let source = fixture("mu-law-stereo.wav");
    let (outcome, copy) = run(&source, &spans()).unwrap();
    let held = |copy: &[u8]| {
        let intervals = verify_redacted(&mut Cursor::new(copy), &Claim::silent(&outcome.muted)).err();
        let kept = verify_kept(&mut Cursor::new(&source), &mut Cursor::new(copy), &Claim::silent(&outcome.muted)).err();
        [intervals, kept].map(|e| e.and_then(|e| e.hold_reason()))
    };
    let failed = Some(HoldReason::VerifyFailed);
    assert_eq!(held(&copy), [None, None]);
    let at = |ms: usize| 58 + ms * 8 * 2;
    for (ms, want) in [(10, [None, failed]), (20, [failed, failed]), (40, [failed, failed]), (99, [failed, failed])] {
        let mut bad = copy.clone();
        bad[at(ms) + 1] ^= 1;
        assert_eq!(held(&bad), want, "{ms} ms");
    }
    assert_eq!(held(&[copy.as_slice(), b"TAGJohn"].concat()), [failed, None]);
    assert_eq!(held(&fixture("pcm-s16-stereo.wav")), [failed, failed]);
    let beyond = verify_redacted(&mut Cursor::new(&copy), &Claim::silent(&[span(200, 300).into()])).unwrap_err();
    assert_eq!(beyond.hold_reason(), failed);
}

/// A destination that stores one byte wrongly.
struct Faulty {
    inner: Cursor<Vec<u8>>,
    at: u64,
}

impl Write for Faulty {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let from = self.inner.position();
        let n = self.inner.write(bytes)?;
        if (from..from + n as u64).contains(&self.at) {
            self.inner.get_mut()[self.at as usize] ^= 4;
        }
        Ok(n)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Faulty {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.inner.read(bytes)
    }
}

impl Seek for Faulty {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

#[test]
fn a_byte_that_is_stored_wrongly_anywhere_holds_the_call() {
    let source = fixture("odd-data-with-pad.wav");
    let opened = open(&mut Cursor::new(&source), None).unwrap();
    for at in 0..source.len() as u64 {
        let mut dest = Faulty { inner: Cursor::new(Vec::new()), at };
        let error =
            redact(&opened, &mut Cursor::new(&source), &mutes(&spans()), MuteStyle::default(), &mut dest).unwrap_err();
        assert_eq!(error.hold_reason(), Some(HoldReason::VerifyFailed), "byte {at}");
    }
}

#[test]
fn a_destination_with_old_bytes_behind_the_copy_holds_the_call() {
    let source = fixture("pcm-s16-mono.wav");
    let opened = open(&mut Cursor::new(&source), None).unwrap();
    let mut dest = Cursor::new(vec![7; source.len() + 1]);
    let error = redact(&opened, &mut Cursor::new(&source), &[], MuteStyle::default(), &mut dest).unwrap_err();
    assert_eq!(error.hold_reason(), Some(HoldReason::VerifyFailed));
}

#[test]
fn a_source_that_changed_since_it_was_opened_holds_the_call() {
    let source = fixture("pcm-s16-mono.wav");
    let opened = open(&mut Cursor::new(&source), None).unwrap();
    let longer = [source.as_slice(), b"TAG"].concat();
    for other in [fixture("pcm-s16-stereo.wav"), longer] {
        let error = redact(&opened, &mut Cursor::new(other), &[], MuteStyle::default(), &mut Cursor::new(Vec::new()))
            .unwrap_err();
        assert_eq!(error.hold_reason(), Some(HoldReason::SourceChanged));
    }
}

/// Sidetone: who is heard on one channel is heard on the other too, quieter by so many decibels. What is muted on one is
/// gone from both, whatever the other side says meanwhile.
#[test]
fn what_bleeds_into_the_other_channel_is_silent_there_too() {
    let chirp = |frame: f32, pace: f32| (frame * frame * pace).sin();
    for decibels in [20, 30, 40] {
        let gain = 10f32.powf(-decibels as f32 / 20.0);
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: 8000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut source = Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut source, spec).unwrap();
        for frame in 0..8000u16 {
            let (caller, agent) = (chirp(frame.into(), 1e-4), 0.1 * chirp(frame.into(), 3e-5));
            writer.write_sample((caller * 20_000.0) as i16).unwrap();
            writer.write_sample(((gain * caller + agent) * 20_000.0) as i16).unwrap();
        }
        writer.finalize().unwrap();
        let source = source.into_inner();
        let (outcome, copy) = run(&source, &[span(300, 550)]).unwrap();
        let samples = |wav: &[u8]| -> Vec<i16> {
            hound::WavReader::new(wav).unwrap().samples::<i16>().map(|sample| sample.unwrap()).collect()
        };
        let (before, after) = (samples(&source), samples(&copy));
        let muted = 2 * 300 * 8..2 * 550 * 8;
        assert!(after[muted.clone()].iter().all(|&sample| sample == 0), "{decibels} dB");
        assert!(before[..muted.start] == after[..muted.start] && before[muted.end..] == after[muted.end..]);
        assert_eq!(outcome.muted_frames, 250 * 8);
    }
}

/// Whatever comes in: no panic, and what is let through is proven by the checks that do not trust `redact`.
fn check_any(source: &[u8]) {
    match run(source, &spans()) {
        Ok((outcome, copy)) => {
            if !matches!(outcome.info.container.as_str(), "flac" | "ogg" | "mp3") {
                let parts = reader::parts(&copy, &outcome.info);
                assert!(parts.sound == parts.silenced(parts.sound, &outcome.info, &spans()));
            }
            verify_redacted(&mut Cursor::new(&copy), &Claim::silent(&outcome.muted)).unwrap();
            verify_kept(&mut Cursor::new(source), &mut Cursor::new(&copy), &Claim::silent(&outcome.muted)).unwrap();
        }
        Err(error) => assert!(matches!(error.kind, Kind::Held(_)), "{error}"),
    }
}

fn chunk_soup() -> impl Strategy<Value = Vec<u8>> {
    let id = prop::sample::select(vec![*b"fmt ", *b"data", *b"fact", *b"LIST", *b"id3 ", *b"\0\x01ab"]);
    let fmt = fixture("pcm-s16-mono.wav")[20..36].to_vec();
    let body = prop_oneof![prop::collection::vec(any::<u8>(), 0..40), Just(fmt)];
    let size_error = prop_oneof![9 => Just(0i64), 1 => -3i64..4, 1 => Just(1 << 31)];
    prop::collection::vec((id, body, size_error, any::<bool>()), 0..6).prop_map(|chunks| {
        let mut out = b"RIFF\0\0\0\0WAVE".to_vec();
        for (id, body, size_error, pad) in chunks {
            out.extend(id);
            out.extend(((body.len() as i64 + size_error) as u32).to_le_bytes());
            out.extend(&body);
            out.extend(vec![0; usize::from(pad && body.len() % 2 == 1)]);
        }
        let size = out.len() as u32 - 8;
        out[4..8].copy_from_slice(&size.to_le_bytes());
        out
    })
}

proptest! {
    #[test]
    fn chunk_soup_is_redacted_with_proof_or_held(source in chunk_soup()) {
        check_any(&source);
    }

    #[test]
    fn damaged_recordings_are_redacted_with_proof_or_held(
        name in prop::sample::select(vec!["pcm-s24-stereo", "mu-law-extensible", "names-in-chunks", "sizes-ffffffff", "odd-chunk-with-pad", "ima-adpcm-stereo",
            "ms-adpcm-short-last-block", "gsm", "rf64-mu-law", "rifx-pcm-s16-stereo", "aiff-names-in-chunks", "aifc-ulaw",
            "au-mu-law-streamed", "flac-stereo", "flac-variable-block-size"]),
        flips in prop::collection::vec((0usize..120, any::<u8>()), 0..4),
        cut in prop::option::of(0usize..2000),
        extra in prop::collection::vec(any::<u8>(), 0..8),
    ) {
        let file = fixture_names().into_iter().find(|file| file.rsplit_once('.').unwrap().0 == name).unwrap();
        let mut source = fixture(&file);
        for (at, value) in flips {
            source[at] = value;
        }
        source.truncate(cut.unwrap_or(source.len()));
        source.extend(extra);
        check_any(&source);
    }
}
