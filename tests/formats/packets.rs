//! Recordings in packets end to end: every file of `fixtures/packets`, and what must hold for any file at all.
//! Outputs are judged by ffmpeg, and by decoders in Rust that share nothing with it.

use super::decoders::ffmpeg;
use proptest::prelude::*;
use sordino::audio::{Claim, Outcome, open, redact, verify_kept, verify_redacted, verify_silent};
use sordino::base::{HoldReason, Kind, Sha256Hex, TimeSpan};
use sordino::model::{Channels, Codec, Mute, MuteStyle, RecordingInfo};
use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// One line of `cases.toml`.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Want {
    Redacted(RecordingInfo),
    Held(HoldReason),
}

/// Opus predicts from what it decoded before, so what is kept settles behind a mute: to -50 dB.
const OPUS_SETTLED: i32 = 104;
/// Where sound may differ around a mute: packets that are silent because some player hears them in it, and half of
/// those next to them.
const BORDER_MS: u32 = 450;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/packets")
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn span(start_ms: u32, end_ms: u32) -> TimeSpan {
    TimeSpan::new(start_ms, end_ms).unwrap()
}

fn spans() -> [TimeSpan; 2] {
    [span(1200, 1700), span(2600, 2803)]
}

fn run(source: &[u8], spans: &[TimeSpan]) -> sordino::base::Result<(Outcome, Vec<u8>)> {
    let mutes: Vec<Mute> =
        spans.iter().map(|&span| Mute { span, channels: Channels::All, categories: Vec::new() }).collect();
    let mut source = Cursor::new(source);
    let opened = open(&mut source, None)?;
    let mut dest = Cursor::new(Vec::new());
    let outcome = redact(&opened, &mut source, &mutes, MuteStyle::default(), &mut dest)?;
    Ok((outcome, dest.into_inner()))
}

/// A fixture that is redacted, and its copy.
struct Case {
    name: String,
    source: Vec<u8>,
    outcome: Outcome,
    copy: Vec<u8>,
}

static REDACTED: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let cases = String::from_utf8(fixture("cases.toml")).unwrap();
    let cases: BTreeMap<String, Want> = toml::from_str(&cases).unwrap();
    assert_eq!(
        std::fs::read_dir(folder()).unwrap().count(),
        cases.len() + 1,
        "each file has a case and each case a file"
    );
    let mut redacted = Vec::new();
    for (name, want) in cases {
        let source = fixture(&name);
        match (run(&source, &spans()), want) {
            (Ok((outcome, copy)), Want::Redacted(info)) => {
                assert_eq!(outcome.info, info, "{name}");
                redacted.push(Case { name, source, outcome, copy });
            }
            (Err(error), Want::Held(reason)) => assert_eq!(error.kind, Kind::Held(reason), "{name}: {error}"),
            (Ok(_), Want::Held(reason)) => panic!("{name}: redacted instead of held as {reason}"),
            (Err(error), Want::Redacted(_)) => panic!("{name}: {error}"),
        }
    }
    redacted
});

#[test]
fn every_fixture_is_redacted_or_held_as_its_case_says() {
    for Case { name, source, outcome, copy } in &*REDACTED {
        assert_eq!(outcome.source_sha256, Sha256Hex::of(source), "{name}");
        assert_eq!(outcome.output_sha256, Sha256Hex::of(copy), "{name}");
        for (asked, done) in spans().iter().zip(outcome.muted.iter().map(|muted| muted.span)) {
            assert!(done.start_ms() <= asked.start_ms() && asked.end_ms() <= done.end_ms(), "{name}");
            // A second is hidden, and muted wherever either reading of the edit has a mute.
            let more_ms = if name.contains("hides") { 1350 } else { 350 };
            assert!(done.len_ms() < asked.len_ms() + more_ms, "{name}: {} ms for {}", done.len_ms(), asked.len_ms());
        }
        assert_eq!(outcome.muted.len(), if name.contains("hides") { 1 } else { 2 }, "{name}");
        let verified = verify_redacted(&mut Cursor::new(copy), &Claim::silent(&outcome.muted)).unwrap();
        assert_eq!((&verified.sha256, verified.muted_frames), (&outcome.output_sha256, outcome.muted_frames), "{name}");
        verify_kept(&mut Cursor::new(source), &mut Cursor::new(copy), &Claim::silent(&outcome.muted)).unwrap();
    }
}

#[test]
fn no_tag_is_left() {
    let has = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).any(|w| w == what);
    let mut tagged = 0;
    for Case { name, source, copy, .. } in &*REDACTED {
        tagged += u32::from(has(source, b"John"));
        let lists: &[&[u8]] = if name.contains("note") { &[] } else { &[b"udta", b"meta"] };
        for tag in [&b"John"[..], b"Smith", b"ID3", b"libopus"].iter().chain(lists) {
            assert!(!has(copy, tag), "{name}");
        }
    }
    assert!(tagged >= 6);
}

#[test]
fn ffmpeg_hears_nothing_in_a_mute_and_elsewhere_what_it_heard_before() {
    let extension = |name: &str| name.rsplit_once('.').unwrap().1.to_owned();
    let files = REDACTED.iter().flat_map(|case| [&case.source, &case.copy].map(|f| (f.clone(), extension(&case.name))));
    let decoded = ffmpeg(&files.collect::<Vec<_>>());
    for (case, pair) in REDACTED.iter().zip(decoded.chunks(2)) {
        check_sound(case, &pair[0], &pair[1]);
    }
}

#[test]
fn other_decoders_hear_nothing_in_a_mute_and_elsewhere_what_they_heard_before() {
    for case in &*REDACTED {
        check_sound(case, &decode(&case.source), &decode(&case.copy));
    }
}

/// All samples as our own walk and the decoders in Rust give them.
fn decode(recording: &[u8]) -> Vec<i16> {
    let mut source = Cursor::new(recording);
    let opened = open(&mut source, None).unwrap();
    let mut samples = Vec::new();
    let heard = opened.decode(&mut source, &mut |block| {
        let planes = block.planes().into_exposed();
        let frames = (0..block.frames()).flat_map(|n| planes.iter().map(move |plane| plane[n]));
        samples.extend(frames.map(|sample| (sample * 32_768.0) as i16));
        Ok(())
    });
    heard.unwrap();
    samples
}

#[test]
fn verification_by_decoding_hears_what_is_not_silent() {
    for Case { name, source, outcome, copy } in &*REDACTED {
        verify_silent(&mut Cursor::new(copy), &Claim::silent(&outcome.muted)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let error = verify_silent(&mut Cursor::new(source), &Claim::silent(&outcome.muted)).unwrap_err();
        assert_eq!(error.hold_reason(), Some(HoldReason::VerifyFailed), "{name}");
    }
}

fn check_sound(case: &Case, before: &[i16], after: &[i16]) {
    let Case { name, outcome, .. } = case;
    assert_eq!(before.len(), after.len(), "{name}: lengths");
    let info = &outcome.info;
    let settled = if info.codec == Codec::Opus { OPUS_SETTLED } else { 0 };
    let (mut heard, mut kept) = (0, 0);
    for (n, (&was, &is)) in before.iter().zip(after).enumerate() {
        let ms = n as u64 * 1000 / (u64::from(info.rate_hz) * u64::from(info.channels));
        let moment = span(ms as u32, ms as u32 + 1);
        if outcome.muted.iter().any(|m| m.span.overlaps(moment)) {
            heard = heard.max(was.unsigned_abs());
            assert!(is.unsigned_abs() <= 1, "{name}: {is} at {ms} ms");
        } else if !outcome.muted.iter().any(|m| m.span.widened(BORDER_MS).overlaps(moment)) && !name.contains("hides") {
            let differs = (i32::from(was) - i32::from(is)).abs();
            assert!(differs <= settled, "{name}: differs by {differs} at {ms} ms");
            kept = kept.max(is.unsigned_abs());
        }
    }
    assert!(heard > 1000 && (kept > 1000 || name.contains("hides")), "{name}: speech, {heard} inside, {kept} outside");
}

#[test]
fn what_differs_only_inside_a_mute_gives_the_same_copy() {
    for Case { name, source, outcome, copy } in &*REDACTED {
        // Silence inside the mutes makes another call that differs nowhere else.
        let (_, other) = run(source, &[span(1400, 1500), span(2700, 2701)]).unwrap();
        assert!(other != *source && other != *copy, "{name}");
        let (again, same) = run(&other, &spans()).unwrap();
        assert!(same == *copy && again.muted == outcome.muted, "{name}");
    }
}

#[test]
fn verification_sees_every_byte() {
    for Case { name, source, outcome, copy } in &*REDACTED {
        for at in (0..copy.len()).step_by(97) {
            let mut bad = copy.clone();
            bad[at] ^= 0x10;
            let redacted = verify_redacted(&mut Cursor::new(&bad), &Claim::silent(&outcome.muted));
            let kept = verify_kept(&mut Cursor::new(source), &mut Cursor::new(&bad), &Claim::silent(&outcome.muted));
            assert!(redacted.is_err() || kept.is_err(), "{name}: byte {at}");
        }
        let longer = [copy.as_slice(), b"TAGJohn"].concat();
        assert!(verify_redacted(&mut Cursor::new(longer), &Claim::silent(&outcome.muted)).is_err(), "{name}");
        assert!(verify_redacted(&mut Cursor::new(source), &Claim::silent(&outcome.muted)).is_err(), "{name}");
    }
}

#[test]
fn without_mutes_every_packet_is_kept() {
    for Case { name, source, .. } in &*REDACTED {
        let (outcome, copy) = run(source, &[]).unwrap();
        assert_eq!((outcome.muted_ms, outcome.muted_frames), (0, 0), "{name}");
        verify_kept(&mut Cursor::new(source), &mut Cursor::new(&copy), &Claim::silent(&[])).unwrap();
        assert!(!name.contains("hides") || decode(&copy).len() == decode(source).len(), "{name}");
    }
}

#[test]
fn a_mute_of_all_leaves_nothing() {
    for Case { name, source, .. } in &*REDACTED {
        let (_, copy) = run(source, &[span(0, 60_000)]).unwrap();
        assert!(decode(&copy).iter().all(|&sample| sample.unsigned_abs() <= 1), "{name}");
    }
}

/// Whatever comes in: no panic, and what is let through is proven.
fn check_any(source: &[u8]) {
    match run(source, &spans()) {
        Ok((outcome, copy)) => {
            verify_redacted(&mut Cursor::new(&copy), &Claim::silent(&outcome.muted)).unwrap();
            verify_kept(&mut Cursor::new(source), &mut Cursor::new(&copy), &Claim::silent(&outcome.muted)).unwrap();
        }
        Err(error) => assert!(matches!(error.kind, Kind::Held(_)), "{error}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn damaged_recordings_are_redacted_with_proof_or_held(
        case in any::<prop::sample::Index>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 0..6),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
        again in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let mut source = case.get(&REDACTED).source.clone();
        for (at, value, is_early) in flips {
            // Half of them in the headers.
            let at = at.index(if is_early { 1000 } else { source.len() });
            source[at] = value;
        }
        if let Some(at) = again {
            let tail = source[at.index(source.len())..].to_vec();
            source.extend(tail);
        }
        source.truncate(cut.map_or(source.len(), |at| at.index(source.len())));
        check_any(&source);
    }
}
