//! Calls that come in pieces: transcripts by channel, parts one after the other. What is found in one piece is hidden in
//! all, and nothing is published while a piece is missing.

use super::support::{Bench, whisper};
use serde_json::Value;
use std::path::PathBuf;

const RATE_HZ: u32 = 8_000;

/// A second of tone for each of `seconds`, on each of `channels`.
fn wav(bench: &Bench, below: &str, seconds: u32, channels: u16) {
    let spec =
        hound::WavSpec { channels, sample_rate: RATE_HZ, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut out = hound::WavWriter::create(bench.path(below), spec).unwrap();
    for frame in 0..seconds * RATE_HZ {
        for channel in 0..channels {
            out.write_sample(((frame * 37) % 200) as i16 + 1_000 + channel as i16).unwrap();
        }
    }
    out.finalize().unwrap();
}

/// Whether all channels of a recording are silent between these milliseconds.
fn is_silent(path: PathBuf, from_ms: u32, to_ms: u32) -> bool {
    let mut reader = hound::WavReader::open(path).unwrap();
    let channels = u32::from(reader.spec().channels);
    let frames = from_ms * RATE_HZ / 1000..to_ms * RATE_HZ / 1000;
    let samples: Vec<i16> = reader.samples().map(Result::unwrap).collect();
    let inside = frames.start * channels..frames.end * channels;
    samples[inside.start as usize..inside.end as usize].iter().all(|sample| *sample == 0)
}

/// One call whose transcripts are those of its channels: the agent asks, the caller answers.
fn by_channel(bench: &Bench) {
    bench.write("in/a.ch0.json", whisper(&["may", "I", "have", "your", "phone", "number", "please"]));
    let silence = ["", "", "", "", "", "", ""];
    let said = [&silence[..], &["it", "is", "212-867-0001", "thank", "you", "very", "much"]].concat();
    bench.write("in/a.ch1.json", whisper(&said));
    wav(bench, "in/a.wav", 7, 2);
}

fn only_call(bench: &Bench, more: &[&str]) -> (Value, Value) {
    let ran = bench.run(&[&["redact", "in", "out", "--json"], more].concat());
    let (mut lines, summary) = ran.json();
    assert_eq!(lines.len(), 1, "{}{}", ran.stdout, ran.stderr);
    (lines.remove(0), summary)
}

fn manifest(bench: &Bench, line: &Value) -> (String, Value) {
    let folder = format!("out/{}", line["call"].as_str().unwrap());
    let manifest = serde_json::from_str(&bench.text(&format!("{folder}/manifest.json"))).unwrap();
    (folder, manifest)
}

fn names(manifest: &Value) -> Vec<&str> {
    manifest["artifacts"].as_array().unwrap().iter().map(|a| a["name"].as_str().unwrap()).collect()
}

#[test]
fn transcripts_of_channels_make_one_call_with_their_recording() {
    let bench = Bench::new();
    by_channel(&bench);
    let (line, summary) = only_call(&bench, &[]);
    assert_eq!(summary["redacted"], 1, "{line}");
    let (folder, manifest) = manifest(&bench, &line);
    assert_eq!(names(&manifest), ["transcript-ch0.json", "transcript-ch1.json", "recording.wav"]);
    assert_eq!(manifest["sources"].as_array().unwrap().len(), 3);
    let answer = bench.text(&format!("{folder}/transcript-ch1.json"));
    assert!(answer.contains("[PHONE]") && !answer.contains("867"), "{answer}");
    assert!(!bench.text(&format!("{folder}/transcript-ch0.json")).contains("[PHONE"));
    // The ninth word, of half a second each, on both channels.
    assert!(is_silent(bench.path(&format!("{folder}/recording.wav")), 4_500, 5_000));
    assert_eq!(only_call(&bench, &[]).1["unchanged"], 1);
    let verified = bench.run(&["verify", "out", "--source", "in"]);
    assert!(verified.code == Some(0) && verified.stdout.contains("1 recording"), "{}", verified.stdout);
    bench.write(
        "in/a.ch1.json",
        whisper(&["other", "words", "than", "there", "were", "in", "the", "call", "", "", "", ""]),
    );
    assert_eq!(only_call(&bench, &[]).1["redacted"], 1, "one piece has changed");
}

#[test]
fn a_call_that_lacks_a_channel_or_part_is_held() {
    let bench = Bench::new();
    by_channel(&bench);
    std::fs::remove_file(bench.path("in/a.ch0.json")).unwrap();
    assert_eq!(only_call(&bench, &[]).0["reason"], "missing-piece");
    by_channel(&bench);
    assert_eq!(only_call(&bench, &[]).1["redacted"], 1);
    bench.write("in/a.json", whisper(&["hello"]));
    assert_eq!(only_call(&bench, &[]).0["reason"], "ambiguous-pair", "two unrelated transcripts");
    for name in ["a.json", "a.ch0.json", "a.ch1.json", "a.wav"] {
        std::fs::remove_file(bench.path(&format!("in/{name}"))).unwrap();
    }
    for part in ["part1", "part3"] {
        bench.write(&format!("in/a.{part}.json"), whisper(&["hello", "again"]));
        wav(&bench, &format!("in/a.{part}.wav"), 1, 1);
    }
    assert_eq!(only_call(&bench, &[]).0["reason"], "missing-piece");
}

#[test]
fn what_is_said_in_one_part_is_hidden_in_all_on_each_parts_own_clock() {
    let bench = Bench::new();
    let first = ["my", "name", "is", "Marisela", "Okonkwo", "and", "I", "need", "a", "refill"];
    let second = ["thank", "you", "for", "holding", "okonkwo", "is", "it", "right", "yes", "bye"];
    bench.write("in/a.part1.json", whisper(&first));
    bench.write("in/a.part2.json", whisper(&second));
    wav(&bench, "in/a.part1.wav", 5, 1);
    wav(&bench, "in/a.part2.wav", 5, 1);
    let (line, summary) = only_call(&bench, &[]);
    assert_eq!(summary["redacted"], 1, "{line}");
    let (folder, manifest) = manifest(&bench, &line);
    let wanted = ["transcript-part1.json", "transcript-part2.json", "recording-part1.wav", "recording-part2.wav"];
    assert_eq!(names(&manifest), wanted);
    let muted = manifest["artifacts"].as_array().unwrap().iter().filter_map(|a| a["muted_ms"].as_u64()).sum::<u64>();
    assert_eq!((&summary["audio_ms"], &line["muted_ms"]), (&10_000.into(), &muted.into()), "all parts count");
    for part in ["part1", "part2"] {
        let copy = bench.text(&format!("{folder}/transcript-{part}.json")).to_lowercase();
        assert!(copy.contains("[name]") && !copy.contains("okonkwo"), "{copy}");
        let recording = bench.path(&format!("{folder}/recording-{part}.wav"));
        assert!(is_silent(recording, 2_000, 2_500), "the fifth word of {part}");
    }
    assert_eq!(only_call(&bench, &[]).1["unchanged"], 1);
    assert_eq!(bench.run(&["verify", "out", "--source", "in"]).code, Some(0));
    // The same of one transcript over both.
    std::fs::remove_file(bench.path("in/a.part1.json")).unwrap();
    std::fs::remove_file(bench.path("in/a.part2.json")).unwrap();
    bench.write("in/a.json", whisper(&[first, second].concat()));
    let (line, summary) = only_call(&bench, &[]);
    assert_eq!(summary["redacted"], 1, "{line}");
    assert!(is_silent(bench.path(&format!("{folder}/recording-part2.wav")), 2_000, 2_500));
}

#[test]
fn parts_may_be_named_by_a_template() {
    let bench = Bench::new();
    for (part, words) in [("1", ["it", "is", "212-867-0001", "yes"]), ("2", ["fine", "then", "good", "bye"])] {
        bench.write(&format!("in/a-part{part}.json"), whisper(&words));
        wav(&bench, &format!("in/a-part{part}.wav"), 2, 1);
    }
    let (line, _) = only_call(&bench, &["--pairing", "{id}-part{part}.*"]);
    let (_, manifest) = manifest(&bench, &line);
    assert_eq!(names(&manifest).len(), 4, "{line}");
}
