//! Mutes that are a tone or noise, and ramps beside them: every fixture that is redacted, judged by ffmpeg and by
//! decoding.

use super::decoders::ffmpeg;
use sordino::audio::{Claim, Outcome, open, redact, verify_kept, verify_redacted, verify_silent};
use sordino::base::TimeSpan;
use sordino::model::{Channels, Codec, Fill, Mute, MuteStyle};
use std::io::Cursor;
use std::path::Path;

/// Asked of each fixture: a mute inside of it.
struct Case {
    name: String,
    source: Vec<u8>,
    codec: Codec,
    mute: TimeSpan,
    /// Inside of that, whatever packets and blocks there are.
    inside: TimeSpan,
}

/// Every fixture that is redacted and long enough for its mute.
fn cases() -> Vec<Case> {
    let span = |start_ms, end_ms| TimeSpan::new(start_ms, end_ms).unwrap();
    let folders = [("recordings", span(30, 70), span(45, 65)), ("packets", span(1200, 1700), span(1300, 1600))];
    let mut cases = Vec::new();
    for (folder, mute, inside) in folders {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder);
        for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap()) {
            let (name, source) = (file.file_name().into_string().unwrap(), std::fs::read(file.path()).unwrap());
            if let Ok((Outcome { info, .. }, _)) = run(&source, mute, MuteStyle::default()) {
                cases.push(Case { name, source, codec: info.codec, mute, inside });
            }
        }
    }
    assert!(cases.len() > 100);
    cases
}

fn run(source: &[u8], mute: TimeSpan, style: MuteStyle) -> sordino::base::Result<(Outcome, Vec<u8>)> {
    let mut source = Cursor::new(source);
    let opened = open(&mut source, None)?;
    let mut dest = Cursor::new(Vec::new());
    let mutes = [Mute { span: mute, channels: Channels::All, categories: Vec::new() }];
    let outcome = redact(&opened, &mut source, &mutes, style, &mut dest)?;
    Ok((outcome, dest.into_inner()))
}

/// What of a style each codec has.
fn expected(codec: Codec, asked: MuteStyle) -> MuteStyle {
    match codec {
        Codec::Opus | Codec::Vorbis | Codec::Mp3 | Codec::Aac => MuteStyle::default(),
        Codec::ImaAdpcm | Codec::MsAdpcm | Codec::Gsm610 => MuteStyle { ramp_ms: 0, ..asked },
        _ => asked,
    }
}

const STYLES: [MuteStyle; 4] = [
    MuteStyle { fill: Fill::Tone, ramp_ms: 0 },
    MuteStyle { fill: Fill::Noise, ramp_ms: 0 },
    MuteStyle { fill: Fill::Tone, ramp_ms: 5 },
    MuteStyle { fill: Fill::Silence, ramp_ms: 20 },
];

/// Whether mutes of this codec can be anything but silence.
fn has_fills(codec: Codec) -> bool {
    expected(codec, STYLES[0]) == STYLES[0]
}

#[test]
fn every_copy_has_what_its_codec_can_have_and_proves_it() {
    for Case { name, source, codec, mute, .. } in cases() {
        for style in STYLES.into_iter().take(if has_fills(codec) { STYLES.len() } else { 1 }) {
            let (outcome, copy) = run(&source, mute, style).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(outcome.style, expected(outcome.info.codec, style), "{name}");
            let style = outcome.style;
            let claim = |style| Claim { style, ..Claim::silent(&outcome.muted) };
            let (mut source, mut copy) = (Cursor::new(&source), Cursor::new(&copy));
            let verified = verify_redacted(&mut copy, &claim(style)).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(verified.sha256, outcome.output_sha256, "{name}");
            verify_silent(&mut copy, &claim(style)).unwrap_or_else(|e| panic!("{name}: {e}"));
            verify_kept(&mut source, &mut copy, &claim(style)).unwrap_or_else(|e| panic!("{name}: {e}"));
            // None of it passes for something else.
            for fill in [Fill::Silence, Fill::Tone, Fill::Noise].into_iter().filter(|other| *other != style.fill) {
                assert!(verify_redacted(&mut copy, &claim(MuteStyle { fill, ..style })).is_err(), "{name}");
            }
            let harder = MuteStyle { ramp_ms: style.ramp_ms / 2, ..style };
            assert!(harder == style || verify_kept(&mut source, &mut copy, &claim(harder)).is_err(), "{name}");
        }
    }
}

#[test]
fn nothing_of_a_fill_comes_from_what_was_muted() {
    for Case { name, source, mute, inside, .. } in cases().into_iter().filter(|case| has_fills(case.codec)) {
        let (_, other) = run(&source, inside, MuteStyle::default()).unwrap();
        for style in STYLES {
            let (outcome, copy) = run(&source, mute, style).unwrap();
            let (of_other, same) = run(&other, mute, style).unwrap();
            assert!(same == copy && of_other.muted == outcome.muted, "{name}");
        }
    }
}

#[test]
fn ffmpeg_hears_the_fill_in_the_mute_and_the_source_beside_it() {
    // ffmpeg reads no RIFX, and takes 24 valid bits of 32 for samples of 24 bits.
    let cases: Vec<Case> = cases()
        .into_iter()
        .filter(|case| has_fills(case.codec) && !case.name.starts_with("rifx") && !case.name.contains("24-valid-bits"))
        .collect();
    let styles = &STYLES[..3];
    let mut files = Vec::new();
    let mut outcomes = Vec::new();
    for Case { name, source, mute, .. } in &cases {
        let extension = name.rsplit_once('.').unwrap().1;
        let plain = run(source, *mute, MuteStyle::default()).unwrap().1;
        files.push((plain, extension.to_owned()));
        for style in styles {
            let (outcome, copy) = run(source, *mute, *style).unwrap();
            files.push((copy, extension.to_owned()));
            outcomes.push(outcome);
        }
    }
    let decoded = ffmpeg(&files);
    let each = decoded.chunks_exact(1 + styles.len()).zip(outcomes.chunks_exact(styles.len()));
    for (case, (sounds, outcomes)) in cases.iter().zip(each) {
        for (sound, outcome) in sounds[1..].iter().zip(outcomes) {
            check_sound(case, outcome, &sounds[0], sound);
        }
    }
}

fn check_sound(case: &Case, outcome: &Outcome, plain: &[i16], sound: &[i16]) {
    let Case { name, inside, .. } = case;
    let (info, MuteStyle { fill, ramp_ms }) = (&outcome.info, outcome.style);
    let at = |ms: u32| (ms * info.rate_hz / 1000) as usize * usize::from(info.channels);
    let within = &sound[at(inside.start_ms())..at(inside.end_ms())];
    let rms = (within.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / within.len() as f64).sqrt();
    let level_db = 20.0 * (rms.max(0.1) / 32_768.0).log10();
    // A peak of -24 dB is -27 dB for a sine, -29 dB for even noise. GSM only comes near to either.
    let (want, error) = match (fill, info.codec) {
        (Fill::Silence, _) => (-100.0, 30.0),
        (_, Codec::Gsm610) => (-28.0, 4.0),
        (Fill::Tone, _) => (-27.1, 1.0),
        (Fill::Noise, _) => (-28.9, 1.5),
    };
    assert!((level_db - want).abs() <= error, "{name}: {fill:?} at {level_db:.1} dB");
    // Blocks reach farther than their mute.
    let edge_ms = if info.codec.sample_bytes().is_some() || info.codec == Codec::Flac { ramp_ms + 1 } else { 10 };
    let is_beside = |ms: u32| {
        let span = TimeSpan::new(ms, ms + 1).unwrap();
        !outcome.muted.iter().any(|muted| muted.span.widened(edge_ms).overlaps(span))
    };
    let frame_ms = |n: usize| (n as u64 / u64::from(info.channels) * 1000 / u64::from(info.rate_hz)) as u32;
    let settles = info.codec == Codec::Gsm610;
    for (n, (was, is)) in plain.iter().zip(sound).enumerate().filter(|(n, _)| is_beside(frame_ms(*n))) {
        assert!(was == is || settles, "{name}: {was} is {is} at {} ms", frame_ms(n));
    }
}
