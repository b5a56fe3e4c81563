//! What is said of the sound of recordings, from the command line to the manifest and its proof.

use super::support::{Bench, Ran};
use std::fs;

fn manifest(bench: &Bench, ran: &Ran) -> (String, serde_json::Value) {
    let path = format!("out/{}/manifest.json", ran.json().0[0]["call"].as_str().unwrap());
    let manifest = serde_json::from_str(&bench.text(&path)).unwrap();
    (path, manifest)
}

#[test]
fn a_policys_fill_and_ramps_are_made_told_and_proven() {
    let bench = Bench::new();
    bench.call("in/a", 1);
    let policy = |mute: &str| {
        let text = format!("name = \"own\"\nversion = 1\nextends = \"safe-harbor\"\n[mute]\n{mute}\n");
        bench.write("own.toml", text);
    };
    policy("fill = \"tone\"\nramp-ms = 5\nround-up-ms = 1000");
    let redact = || bench.run(&["redact", "in", "out", "--policy", "own.toml", "--json"]);
    let ran = redact();
    let (path, told) = manifest(&bench, &ran);
    let recording = &told["artifacts"][1];
    assert_eq!((recording["fill"].as_str(), recording["ramp_ms"].as_u64()), (Some("tone"), Some(5)), "{recording}");
    let length = |mute: &serde_json::Value| mute["end_ms"].as_u64().unwrap() - mute["start_ms"].as_u64().unwrap();
    assert!(recording["muted"].as_array().unwrap().iter().all(|mute| length(mute) % 1000 == 0), "{recording}");
    let verify = || bench.run(&["verify", "out", "--policy", "own.toml", "--source", "in"]);
    assert_eq!(verify().code, Some(0), "{}", verify().stdout);
    // What is told of it must be so.
    for (from, to, what) in [
        ("\"tone\"", "\"noise\"", "sound"),
        ("\"ramp_ms\": 5", "\"ramp_ms\": 4", "kept"),
        ("\"fill\": \"tone\",", "", "sound"),
    ] {
        let right = bench.text(&path);
        let wrong = right.replace(from, to);
        assert!(wrong != right, "{from}");
        fs::write(bench.path(&path), wrong).unwrap();
        assert!(verify().stdout.contains(what), "{from}: {}", verify().stdout);
        fs::write(bench.path(&path), right).unwrap();
    }
    // Another fill is another policy.
    policy("fill = \"silence\"");
    let ran = redact();
    assert_eq!(ran.json().0[0]["status"], "redacted");
    let recording = &manifest(&bench, &ran).1["artifacts"][1];
    assert!(recording.get("fill").is_none() && recording.get("ramp_ms").is_none(), "{recording}");
    policy("ramp-ms = 51");
    assert!(redact().code == Some(2) && redact().stderr.contains("mute.ramp-ms = 51: at most 50"));
}

#[test]
fn samples_without_a_header_are_redacted_as_what_they_are_said_to_be() {
    let bench = Bench::new();
    bench.call("in/a", 1);
    let wav = fs::read(bench.path("in/a.wav")).unwrap();
    fs::remove_file(bench.path("in/a.wav")).unwrap();
    bench.write("in/a.raw", &wav[44..]);
    let rate_hz = u32::from_le_bytes(wav[24..28].try_into().unwrap());
    let redact = |raw: &[&str]| bench.run(&[&["redact", "in", "out", "--json"], raw].concat());
    assert_eq!(redact(&[]).json().0[0]["reason"], "unknown-container");
    let raw = format!("s16le,{rate_hz},1");
    let ran = redact(&["--raw", &raw]);
    assert_eq!(ran.json().0[0]["status"], "redacted", "{}", ran.stderr);
    assert_eq!(redact(&["--raw", &raw]).json().0[0]["status"], "unchanged");
    let (path, told) = manifest(&bench, &ran);
    assert_eq!(told["read_as"]["raw"]["rate_hz"], rate_hz);
    let copy = fs::read(bench.path(&path.replace("manifest.json", "recording.raw"))).unwrap();
    assert_eq!(copy.len(), wav.len() - 44);
    assert!(!bench.leaks("out"));
    let verify = bench.run(&["verify", "out", "--source", "in"]);
    assert_eq!(verify.code, Some(0), "{}", verify.stdout);
    // Half the rate makes it twice as long as its transcript.
    let wrong = redact(&["--raw", &format!("s16le,{},1", rate_hz / 4)]);
    assert_eq!(wrong.json().0[0]["status"], "held", "{}", wrong.stdout);
    assert_eq!(redact(&["--raw", "mp3,8000,1"]).code, Some(2));
    bench.write("sordino.toml", "raw = \"s16le,8000\"\n");
    assert!(redact(&[]).code == Some(2) && redact(&[]).stderr.contains("three parts"), "{}", redact(&[]).stderr);
}

/// A spoken call of two channels, with so much of each in the other, and the least noise that samples can have.
fn spoken(bench: &Bench, bleed: f64) {
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/calls");
    fs::copy(fixtures.join("new-patient.json"), bench.path("in/a.json")).unwrap();
    let mut wav = hound::WavReader::open(fixtures.join("new-patient.wav")).unwrap();
    let mut copy = hound::WavWriter::create(bench.path("in/a.wav"), wav.spec()).unwrap();
    let samples: Vec<i16> = wav.samples().map(Result::unwrap).collect();
    for (at, frame) in samples.chunks_exact(2).enumerate() {
        for (own, other, noise) in [(frame[0], frame[1], at * at % 7), (frame[1], frame[0], at * at % 11)] {
            let noise = noise as f64 / 2.0 - 2.0;
            copy.write_sample((f64::from(own) + bleed * f64::from(other) + noise) as i16).unwrap();
        }
    }
    copy.finalize().unwrap();
}

#[test]
fn words_are_muted_on_their_channel_alone_where_the_policy_asks_and_nothing_bleeds() {
    let bench = Bench::new();
    let policy = |channels: &str| {
        let text =
            format!("name = \"own\"\nversion = 1\nextends = \"safe-harbor\"\n[mute]\nchannels = \"{channels}\"\n");
        bench.write("own.toml", text);
    };
    let redact = || bench.run(&["redact", "in", "out", "--policy", "own.toml", "--json"]);
    let channels = |told: &serde_json::Value| -> Vec<Option<u64>> {
        let muted = told["artifacts"][1]["muted"].as_array().unwrap();
        muted.iter().map(|mute| mute.get("channel").map(|channel| channel.as_u64().unwrap())).collect()
    };
    spoken(&bench, 0.0);
    policy("speaker");
    let (path, told) = manifest(&bench, &redact());
    let alone = channels(&told);
    assert!(alone.contains(&Some(1)), "the caller's address is said while nobody else speaks: {alone:?}");
    let verify = || bench.run(&["verify", "out", "--policy", "own.toml", "--source", "in"]);
    assert_eq!(verify().code, Some(0), "{}", verify().stdout);
    // The channel that is said is silent, the other one is the source's.
    let wav =
        |path: &str| hound::WavReader::open(bench.path(path)).unwrap().samples::<i16>().map(Result::unwrap).collect();
    let (before, after): (Vec<i16>, Vec<i16>) = (wav("in/a.wav"), wav(&path.replace("manifest.json", "recording.wav")));
    for mute in told["artifacts"][1]["muted"].as_array().unwrap() {
        let [from, to] = ["start_ms", "end_ms"].map(|end| mute[end].as_u64().unwrap() as usize * 8);
        for (was, is) in before.chunks_exact(2).zip(after.chunks_exact(2)).take(to).skip(from) {
            let silent = mute.get("channel").map(|channel| channel.as_u64().unwrap() as usize);
            assert!((0..2).all(|at| is[at] == if silent.is_none_or(|silent| silent == at) { 0 } else { was[at] }));
        }
    }
    // None of it passes for another channel, or for all.
    for (to, what) in [("\"channel\": 0", "sound"), ("\"channel\": 2", "sound"), ("\"channel\": null", "sound")] {
        let right = bench.text(&path);
        let wrong = right.replacen("\"channel\": 1", to, 1);
        assert!(wrong != right);
        fs::write(bench.path(&path), wrong).unwrap();
        assert!(verify().code != Some(0) && verify().stdout.contains(what), "{to}: {}", verify().stdout);
        fs::write(bench.path(&path), right).unwrap();
    }
    // Bleed of −30 dB, or no such policy: all channels.
    spoken(&bench, 0.0316);
    assert!(channels(&manifest(&bench, &redact()).1).iter().all(Option::is_none));
    spoken(&bench, 0.0);
    policy("all");
    assert!(channels(&manifest(&bench, &redact()).1).iter().all(Option::is_none));
}
