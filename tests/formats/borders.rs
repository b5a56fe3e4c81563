//! What is left behind a mute of the speech under it: two calls that differ only there are encoded, muted and decoded by
//! ffmpeg. Encoders remember what they heard; `docs/recordings.md` has the figures for longer calls.

use super::decoders::{encode, ffmpeg};
use sordino::audio::{Outcome, open, redact};
use sordino::base::TimeSpan;
use sordino::model::{Channels, Mute, MuteStyle};
use std::io::Cursor;
use std::path::Path;

const RATE_HZ: u32 = 16_000;
const MUTED_MS: [u32; 2] = [1200, 1700];
/// Silent blocks and packets around a mute, delays that players leave out or not, and the windows of kept neighbours.
const GUARD_MS: u32 = 200;
/// How long the filters of GSM ring on from what was kept before a mute.
const RINGS_MS: u32 = 20;

/// How far below the sound behind the guard the difference of two copies is at least, decibels; before the mute there is
/// none.
struct Case {
    extension: &'static str,
    encoder: &'static [&'static str],
    behind_db: f64,
}

/// What silence decodes to at most: GSM cannot say less, and rings on from what was kept.
const LOUDEST: u16 = 16;
/// Not a sample.
const NOTHING: f64 = 90.0;

const CASES: &[Case] = &[
    Case { extension: "wav", encoder: &["-c:a", "pcm_mulaw"], behind_db: NOTHING },
    Case { extension: "wav", encoder: &["-c:a", "adpcm_ima_wav"], behind_db: NOTHING },
    Case { extension: "wav", encoder: &["-c:a", "adpcm_ms"], behind_db: NOTHING },
    Case { extension: "flac", encoder: &["-c:a", "flac"], behind_db: NOTHING },
    Case { extension: "ogg", encoder: &["-c:a", "libvorbis", "-q:a", "2"], behind_db: NOTHING },
    Case { extension: "wav", encoder: &["-c:a", "libgsm_ms", "-ar", "8000"], behind_db: 15.0 },
    // Encoders of these spend bits by what they spent before.
    Case { extension: "opus", encoder: &["-c:a", "libopus", "-b:a", "16k"], behind_db: 18.0 },
    Case { extension: "webm", encoder: &["-c:a", "libopus", "-b:a", "24k"], behind_db: 18.0 },
    Case { extension: "mp3", encoder: &["-c:a", "libmp3lame", "-b:a", "32k"], behind_db: 30.0 },
    Case { extension: "wav", encoder: &["-c:a", "libmp3lame", "-b:a", "32k"], behind_db: 30.0 },
    Case { extension: "m4a", encoder: &["-c:a", "aac", "-b:a", "48k"], behind_db: 30.0 },
    Case { extension: "aac", encoder: &["-c:a", "aac", "-b:a", "48k"], behind_db: 30.0 },
    Case {
        extension: "mp4",
        encoder: &["-c:a", "aac", "-b:a", "48k", "-movflags", "frag_keyframe+empty_moov", "-frag_duration", "500000"],
        behind_db: 30.0,
    },
];

#[test]
fn two_calls_that_differ_only_under_a_mute_sound_the_same_beside_it() {
    let calls = calls();
    for case in CASES {
        let name = format!("{} in {}", case.encoder[1], case.extension);
        let copies = calls.each_ref().map(|call| muted(&encode(call, RATE_HZ, case.encoder, case.extension)));
        // Vorbis has longer and shorter packets, by what it encodes.
        let [one, other] = copies.each_ref().map(|(outcome, _)| outcome.muted[0].span);
        let span = one.cover(other);
        // Opus is decoded at a rate of its own.
        let rate_hz = copies[0].0.info.rate_hz;
        let files = copies.map(|(_, copy)| (copy, case.extension.to_owned()));
        let [a, b]: [Vec<i16>; 2] = ffmpeg(&files).try_into().unwrap();
        let at = |ms: u32| (ms * rate_hz / 1000) as usize;
        assert!(
            a[at(MUTED_MS[0] + RINGS_MS)..at(MUTED_MS[1])].iter().all(|x| x.unsigned_abs() <= LOUDEST),
            "{name}: the mute is silent"
        );
        let before = 0..at(span.start_ms() - GUARD_MS);
        let behind = at(span.end_ms() + GUARD_MS)..a.len().min(b.len());
        for (what, range, want_db) in [("before", before, NOTHING), ("behind", behind, case.behind_db)] {
            let below_db = level_db(a[range.clone()].iter().map(|x| f64::from(*x)))
                - level_db(a[range.clone()].iter().zip(&b[range]).map(|(a, b)| f64::from(*a) - f64::from(*b)));
            assert!(
                below_db >= want_db,
                "{name}: {what} the mute the copies differ by {below_db:.1} dB less than they sound"
            );
        }
    }
}

/// Four seconds of speech, and the same with what is under the mute the other way round.
fn calls() -> [Vec<i16>; 2] {
    let speech = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/packets/vorbis.ogg")).unwrap();
    let [call]: [Vec<i16>; 1] = ffmpeg(&[(speech, "ogg".to_owned())]).try_into().unwrap();
    let mut other = call.clone();
    let [from, to] = MUTED_MS.map(|ms| (ms * RATE_HZ / 1000) as usize);
    other[from..to].reverse();
    assert!(level_db(call[from..to].iter().map(|x| f64::from(*x))) > 50.0, "somebody speaks under the mute");
    [call, other]
}

fn muted(source: &[u8]) -> (Outcome, Vec<u8>) {
    let mut source = Cursor::new(source);
    let opened = open(&mut source, None).unwrap();
    let mut dest = Cursor::new(Vec::new());
    let span = TimeSpan::new(MUTED_MS[0], MUTED_MS[1]).unwrap();
    let mutes = [Mute { span, channels: Channels::All, categories: Vec::new() }];
    let outcome = redact(&opened, &mut source, &mutes, MuteStyle::default(), &mut dest).unwrap();
    (outcome, dest.into_inner())
}

/// Decibels above one step of 16 bits; silence is -60.
fn level_db(samples: impl ExactSizeIterator<Item = f64>) -> f64 {
    let len = samples.len() as f64;
    10.0 * (samples.map(|x| x * x).sum::<f64>() / len).max(1e-6).log10()
}
