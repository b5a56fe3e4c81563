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
