//! `redact`: what is published, what is reported, what is refused.

use super::support::{Bench, PLANTED_TEXT};
use std::fs;

#[test]
fn a_folder_of_calls_is_redacted_and_reported_line_by_line() {
    let bench = Bench::new();
    bench.call("in/212-867-0001", 1);
    bench.chat("in/sub/chat.txt", 2);
    let ran = bench.run(&["redact", "in", "out", "--json"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let (lines, summary) = ran.json();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["source"], "212-867-0001.json");
    assert_eq!(lines[1]["source"], "sub/chat.txt");
    assert!(lines.iter().all(|l| l["status"] == "redacted" && l["spans"].as_u64() > Some(0)));
    assert!(lines[0]["muted_ms"].as_u64() >= Some(500));
    assert_eq!((&summary["calls"], &summary["redacted"]), (&2.into(), &2.into()));
    assert!(!bench.leaks("out"));
    for (line, files) in lines.iter().zip([&["recording.wav", "transcript.json"][..], &["transcript.txt"]]) {
        let folder = bench.path("out").join(line["call"].as_str().unwrap());
        assert!(folder.join("manifest.json").is_file());
        assert!(files.iter().all(|f| folder.join(f).is_file()));
        assert_eq!(fs::read_dir(folder).unwrap().count(), files.len() + 1);
    }
}

#[test]
fn a_second_run_changes_nothing_and_says_so() {
    let bench = Bench::new();
    bench.call("in/a", 1);
    bench.chat("in/b.txt", 2);
    let first = bench.run(&["redact", "in", "out", "--json"]);
    let before = bench.tree("out");
    let second = bench.run(&["redact", "in", "out", "--json"]);
    assert_eq!(second.code, Some(0));
    assert!(before == bench.tree("out"));
    let ((first, _), (second, sum)) = (first.json(), second.json());
    assert!(second.iter().all(|l| l["status"] == "unchanged"));
    assert_eq!(sum["unchanged"], 2);
    for (a, b) in first.iter().zip(&second) {
        assert_eq!((&a["call"], &a["spans"], &a["muted_ms"]), (&b["call"], &b["spans"], &b["muted_ms"]));
    }
}

#[test]
fn a_changed_source_or_policy_is_done_again() {
    let bench = Bench::new();
    bench.chat("in/a.txt", 1);
    let status =
        |args: &[&str]| bench.run(&[&["redact", "in", "out", "--json"], args].concat()).json().0[0]["status"].clone();
    assert_eq!(status(&[]), "redacted");
    bench.chat("in/a.txt", 2);
    assert_eq!(status(&[]), "redacted");
    assert_eq!(status(&["--policy", "strict"]), "redacted");
    assert_eq!(status(&["--policy", "strict"]), "unchanged");
    assert_eq!(
        fs::read_dir(bench.path("out"))
            .unwrap()
            .filter(|e| !e.as_ref().unwrap().file_name().as_encoded_bytes().starts_with(b"."))
            .count(),
        1
    );
}

#[test]
fn a_call_keeps_its_id_from_any_mount_point_and_as_a_single_file() {
    let bench = Bench::new();
    bench.chat("in/a.txt", 1);
    let id = |source: &str| bench.run(&["redact", source, "out", "--json", "--dry-run"]).json().0[0]["call"].clone();
    let here = id("in");
    assert_eq!(here, id("in/a.txt"));
    fs::rename(bench.path("in"), bench.path("elsewhere")).unwrap();
    assert_eq!(here, id("elsewhere"));
}

#[test]
fn what_cannot_be_redacted_is_held_and_the_rest_goes_on() {
    let bench = Bench::new();
    bench.chat("in/good.txt", 1);
    bench.call("in/alone", 2);
    fs::remove_file(bench.path("in/alone.json")).unwrap();
    bench.chat("in/two.txt", 3);
    bench.write("in/two.json", "{}");
    bench.call("in/cut", 4);
    bench.cut("in/cut.json", 100);
    bench.write("in/README.md", "x");
    let ran = bench.run(&["redact", "in", "out", "--json"]);
    assert_eq!(ran.code, Some(3), "{}{}", ran.stdout, ran.stderr);
    let (lines, summary) = ran.json();
    let reason = |source: &str| lines.iter().find(|l| l["source"] == source).unwrap()["reason"].clone();
    assert_eq!(reason("alone.wav"), "no-transcript");
    assert_eq!(reason("two.json"), "ambiguous-pair");
    assert_eq!(reason("cut.json"), "damaged-transcript");
    assert_eq!((&summary["held"], &summary["redacted"], &summary["ignored_files"]), (&3.into(), &1.into(), &1.into()));
    for line in lines.iter().filter(|l| l["status"] == "held") {
        let record = bench.path("out/.held").join(format!("{}.json", line["call"].as_str().unwrap()));
        let record: serde_json::Value = serde_json::from_slice(&fs::read(record).unwrap()).unwrap();
        assert_eq!(record["reason"], line["reason"]);
    }
    assert!(!bench.leaks("out"));
}

#[test]
fn a_held_call_that_is_put_right_loses_its_record() {
    let bench = Bench::new();
    bench.write("in/a.json", "{");
    assert_eq!(bench.run(&["redact", "in", "out"]).code, Some(3));
    assert_eq!(bench.tree("out/.held").len(), 1);
    fs::remove_file(bench.path("in/a.json")).unwrap();
    bench.chat("in/a.txt", 1);
    assert_eq!(bench.run(&["redact", "in", "out"]).code, Some(0));
    assert!(bench.tree("out/.held").is_empty());
}

#[test]
fn a_dry_run_writes_nothing_and_reports_the_same() {
    let bench = Bench::new();
    bench.call("in/a", 1);
    bench.write("in/b.json", "{");
    let dry = bench.run(&["redact", "in", "out", "--json", "--dry-run"]);
    assert_eq!(dry.code, Some(3));
    assert!(!bench.path("out").exists());
    let wet = bench.run(&["redact", "in", "out", "--json"]);
    assert_eq!(dry.json().0, wet.json().0);
    assert_eq!(dry.json().1["dry_run"], true);
}

#[test]
fn the_number_of_jobs_changes_neither_bytes_nor_order() {
    let bench = Bench::new();
    for n in 0..20 {
        bench.call(&format!("in/{n:02}"), n);
    }
    let one = bench.run(&["redact", "in", "one", "--json", "--jobs", "1"]);
    let many = bench.run(&["redact", "in", "many", "--json", "--jobs", "8"]);
    assert_eq!(one.stdout, many.stdout);
    assert!(bench.tree("one").values().eq(bench.tree("many").values()));
}

#[test]
fn a_destination_that_is_not_apart_from_the_source_is_refused() {
    let bench = Bench::new();
    bench.chat("in/a.txt", 1);
    for dest in ["in", "in/out", ".", "in/../in", "s3://bucket/x"] {
        let ran = bench.run(&["redact", "in", dest]);
        assert_eq!(ran.code, Some(2), "{dest}");
        assert!(ran.stderr.contains("hint: "), "{}", ran.stderr);
    }
    assert_eq!(bench.tree("in").len(), 1);
}

#[test]
fn nothing_but_the_source_field_holds_a_name() {
    let bench = Bench::new();
    bench.call("in/212-867-0001", 1);
    bench.call("in/212-867-0002", 2);
    bench.cut("in/212-867-0002.json", 100);
    let ran = bench.run(&["redact", "in", "out"]);
    assert!(!ran.stdout.contains(PLANTED_TEXT) && !ran.stderr.contains(PLANTED_TEXT), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("1 redacted") && ran.stdout.contains("damaged-transcript"), "{}", ran.stdout);
    assert!(!bench.leaks("out"));
}

#[test]
fn an_empty_folder_is_done() {
    let bench = Bench::new();
    let ran = bench.run(&["redact", "in", "out", "--json"]);
    assert_eq!(ran.code, Some(0));
    assert_eq!(ran.json().1["calls"], 0);
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_ends_the_run_quietly() {
    use std::io::Read;
    let bench = Bench::new();
    bench.chat("in/a.txt", 1);
    let mut command = bench.command(&["redact", "in", "out", "--json"]);
    let mut child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    child.wait().unwrap();
    assert!(!stderr.contains("failed"), "{stderr}");
}

#[test]
fn the_said_format_decides_and_is_written_down() {
    let bench = Bench::new();
    bench.write("in/a.txt", "WEBVTT\n\n00:00.500 --> 00:02.000\nmy number is 212-867-0001\n");
    assert_eq!(bench.run(&["redact", "in", "out", "--json"]).json().1["redacted"], 1);
    let ran = bench.run(&["redact", "in", "out", "--json", "--format", "text"]);
    assert_eq!(ran.json().1["redacted"], 1, "another format is another way to read it");
    let (lines, _) = ran.json();
    let manifest = bench.text(&format!("out/{}/manifest.json", lines[0]["call"].as_str().unwrap()));
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["read_as"], serde_json::json!({"format": "text"}));
    assert_eq!(manifest["artifacts"][0]["format"], "text");
    assert_eq!(bench.run(&["redact", "in", "out", "--json", "--format", "text"]).json().1["unchanged"], 1);
    assert_eq!(bench.run(&["verify", "out"]).code, Some(0));
    let ran = bench.run(&["redact", "in", "out", "--json", "--format", "deepgram"]);
    assert_eq!(ran.json().0[0]["reason"], "damaged-transcript");
    assert_eq!(bench.run(&["redact", "in", "out", "--format", "mapped"]).code, Some(2), "there is no mapping");
}

#[test]
fn a_shape_of_ones_own_is_read_by_its_mapping() {
    let bench = Bench::new();
    bench.write("in/a.json", r#"{"lines":[{"party":"Ana Brooks","said":"my number is 212-867-0001","n":7}]}"#);
    let mapping = "version = 1\n[turns]\nat = \"lines[]\"\ntext = \"said\"\nspeaker = \"party\"\n";
    bench.write("shape.toml", mapping);
    let redact = |more: &[&str]| {
        let ran = bench.run(&[&["redact", "in", "out", "--json"], more].concat());
        let (lines, summary) = ran.json();
        (lines[0].clone(), summary)
    };
    assert_eq!(redact(&[]).0["reason"], "unknown-transcript-format");
    let (line, summary) = redact(&["--mapping", "shape.toml"]);
    assert_eq!(summary["redacted"], 1, "{line}");
    let folder = format!("out/{}", line["call"].as_str().unwrap());
    let copy = bench.text(&format!("{folder}/transcript.json"));
    assert_eq!(copy, r#"{"lines":[{"party":"Speaker 1","said":"my number is [PHONE]","n":7}]}"#);
    assert_eq!(redact(&["--mapping", "shape.toml"]).1["unchanged"], 1);
    assert_eq!(bench.run(&["verify", "out", "--mapping", "shape.toml"]).code, Some(0));
    let unread = bench.run(&["verify", "out"]);
    assert_eq!((unread.code, unread.stdout.contains("--mapping")), (Some(1), true));
    bench.write("shape.toml", format!("{mapping}keep = \"n\"\n"));
    assert_eq!(redact(&["--mapping", "shape.toml"]).1["redacted"], 1, "another mapping is another way to read it");
    bench.write("shape.toml", format!("{mapping}kept = \"n\"\n"));
    let refused = bench.run(&["redact", "in", "out", "--mapping", "shape.toml"]);
    assert!(refused.code == Some(2) && refused.stderr.contains("line 6"), "{}", refused.stderr);
}
