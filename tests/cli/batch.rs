//! Batches: which calls they are about, what a second run does, and what they report.

use super::support::{Bench, PLANTED_TEXT, Ran};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

/// A folder of chats.
fn chats(calls: usize) -> Bench {
    let bench = Bench::new();
    (0..calls).for_each(|n| bench.chat(&format!("in/{n:03}.txt"), n));
    bench
}

fn redact(bench: &Bench, args: &[&str]) -> Ran {
    bench.run(&[&["redact", "in", "out", "--json"], args].concat())
}

fn sources(ran: &Ran) -> BTreeSet<String> {
    ran.json().0.iter().map(|line| line["source"].as_str().unwrap().to_owned()).collect()
}

fn count(ran: &Ran, what: &str) -> u64 {
    ran.json().1[what].as_u64().unwrap()
}

/// Folders, templates and what becomes of the call in them.
const LAYOUTS: &[(&str, &str, &[&str], &[&str])] = &[
    ("in/a.wav", "in/a.json", &["in"], &[]),
    ("in/recordings/a.wav", "in/transcripts/a.json", &["in"], &[]),
    ("in/recordings/a.wav", "in/transcripts/a.json", &["in/transcripts", "in/recordings"], &[]),
    ("in/recordings/a.wav", "in/transcripts/a.json", &["in/recordings/a.wav", "in/transcripts"], &[]),
    ("in/v/a.wav", "in/t/w-a.json", &["in"], &["--pairing", "v/{id}.*", "--pairing", "t/w-{id}.*"]),
];

#[test]
fn halves_find_each_other_whatever_the_layout_and_the_call_keeps_its_id() {
    let mut ids = BTreeSet::new();
    for (recording, transcript, sources, args) in LAYOUTS {
        let bench = Bench::new();
        bench.call("call", 1);
        for (from, to) in [("call.wav", recording), ("call.json", transcript)] {
            bench.write(to, fs::read(bench.path(from)).unwrap());
        }
        let mut command = bench.command(&[&["redact"], *sources, &["out", "--json"], args].concat());
        let ran = Ran::of(&command.env("SORDINO_CALL_ID_KEY", "a key for these tests").output().unwrap());
        let (lines, _) = ran.json();
        assert_eq!((lines.len(), &lines[0]["status"]), (1, &"redacted".into()), "{recording}: {}", ran.stderr);
        assert!(lines[0]["muted_ms"].as_u64() > Some(0), "{recording}");
        ids.insert(lines[0]["call"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids.len(), 1);
}

#[test]
fn shards_together_do_every_call_once() {
    let bench = chats(40);
    let shards = ["0/3", "1/3", "2/3"].map(|shard| sources(&redact(&bench, &["--shard", shard])));
    assert!(shards.iter().all(|s| !s.is_empty()));
    assert_eq!(shards.iter().map(BTreeSet::len).sum::<usize>(), 40);
    assert_eq!(count(&redact(&bench, &[]), "unchanged"), 40);
    let wrong = redact(&bench, &["--shard", "3/3"]);
    assert!(wrong.code == Some(2) && wrong.stderr.contains("0/3 to 2/3"), "{}", wrong.stderr);
}

#[test]
fn only_what_was_changed_since_then_is_looked_at() {
    let bench = chats(3);
    bench.call("in/old", 7);
    let age = |name: &str, days: u64| {
        let file = fs::File::options().append(true).open(bench.path(name)).unwrap();
        let now = fs::metadata(bench.path("in/000.txt")).unwrap().modified().unwrap();
        file.set_modified(now - Duration::from_secs(days * 86_400)).unwrap();
    };
    age("in/001.txt", 10);
    age("in/old.json", 10);
    age("in/old.wav", 10);
    assert_eq!(sources(&redact(&bench, &["--since", "2d"])), ["000.txt", "002.txt"].map(String::from).into());
    assert_eq!(redact(&bench, &["--since", "2000-01-01"]).json().0.len(), 4);
    // One half that is new is enough.
    fs::File::options()
        .append(true)
        .open(bench.path("in/old.wav"))
        .unwrap()
        .set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000))
        .unwrap();
    assert!(sources(&redact(&bench, &["--since", "2090-01-01T00:00:00Z"])).contains("old.json"));
    assert_eq!(redact(&bench, &["--since", "yesterday"]).code, Some(2));
}

#[test]
fn a_run_that_may_redact_only_so_many_is_gone_on_with_by_the_next() {
    let bench = chats(10);
    bench.write("in/held.json", "{");
    for (redacted, unchanged_min, stopped) in [(4, 0, true), (4, 0, true), (2, 8, false), (0, 10, false)] {
        let ran = redact(&bench, &["--max-calls", "4"]);
        assert_eq!((count(&ran, "redacted"), ran.json().1["stopped"] == "calls-max"), (redacted, stopped));
        assert!(count(&ran, "unchanged") >= unchanged_min);
        assert!(matches!(ran.code, Some(0 | 3)), "{}", ran.stderr);
    }
}

#[test]
fn calls_of_an_older_pattern_set_are_counted_and_redone_on_request() {
    let bench = chats(3);
    redact(&bench, &[]);
    for (path, bytes) in bench.tree("out").iter().filter(|(path, _)| path.ends_with("manifest.json")) {
        let mut manifest: serde_json::Value = serde_json::from_slice(bytes).unwrap();
        manifest["tool"]["version"] = "0.0.1".into();
        manifest["patterns"] = "0".repeat(64).into();
        fs::write(path, serde_json::to_vec(&manifest).unwrap()).unwrap();
    }
    let kept = redact(&bench, &[]);
    assert_eq!((count(&kept, "unchanged"), count(&kept, "stale"), kept.code), (3, 3, Some(0)), "{}", kept.stderr);
    let redone = redact(&bench, &["--stale"]);
    assert_eq!((count(&redone, "redacted"), count(&redone, "stale")), (3, 0));
    assert_eq!(count(&redact(&bench, &["--stale"]), "unchanged"), 3);
}

#[test]
fn a_list_of_keys_selects_whole_calls() {
    let bench = chats(5);
    bench.call("in/recordings/x", 9);
    fs::create_dir(bench.path("in/transcripts")).unwrap();
    fs::rename(bench.path("in/recordings/x.json"), bench.path("in/transcripts/x.json")).unwrap();
    let mut child = bench
        .command(&["redact", "in", "out", "--json", "--keys", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"recordings/x.wav\n003.txt\r\nnone.txt\n").unwrap();
    let ran = Ran::of(&child.wait_with_output().unwrap());
    assert_eq!(sources(&ran), ["003.txt", "transcripts/x.json"].map(String::from).into(), "{}", ran.stderr);
    assert!(ran.json().0.iter().any(|line| line["muted_ms"].as_u64() > Some(0)));
    assert!(ran.stderr.contains("--keys: 1 of 3 keys are of no call below SOURCE"), "{}", ran.stderr);
}

#[test]
fn what_cannot_be_listed_is_counted_by_its_reason() {
    let bench = chats(1);
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(bench.path(to), bench.path(name)).unwrap();
    link("in", "in/round");
    link("in", "in/round-2");
    link("none", "in/nothing.txt");
    let ran = redact(&bench, &[]);
    assert_eq!((ran.code, count(&ran, "unlisted"), count(&ran, "redacted")), (Some(1), 3, 1));
    let want = "3 folders or entries below SOURCE cannot be read: a link leads to a folder or outside (2), \
                an entry of a folder cannot be read (1)";
    assert!(ran.stderr.contains(want), "{}", ran.stderr);
}

#[test]
fn labels_of_calls_that_are_not_there_are_told() {
    let bench = chats(1);
    redact(&bench, &[]);
    bench.write("labels.csv", "call,team\n000,north\nnone,north\n");
    let ran = bench.run(&["label", "labels.csv", "out"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "1 calls labelled\n"), "{}", ran.stderr);
    assert!(ran.stderr.contains("1 of 2 calls in the table are not redacted at out"), "{}", ran.stderr);
}

#[test]
fn a_destination_that_cannot_be_made_or_do_what_is_asked_is_named() {
    let bench = chats(1);
    bench.write("file", "");
    let ran = bench.run(&["redact", "in", "file/below"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("DEST file/below: "), "{}", ran.stderr);
    let policy = "name = \"own\"\nversion = 1\nextends = \"strict\"\n[retention]\nobject-lock = \"compliance\"\n";
    bench.write("own.toml", policy);
    let ran = redact(&bench, &["--policy", "own.toml"]);
    assert!(ran.code == Some(2) && ran.stderr.contains("a folder cannot lock files"), "{}", ran.stderr);
    assert!(!bench.path("out").exists());
}

#[test]
fn an_inventory_stands_for_the_listing() {
    let bench = chats(3);
    bench.call("in/b c", 9);
    let rows = ["000.txt", "b+c.json", "b+c.wav"].map(|key| format!("\"raw\",\"{key}\",\"1\"\n")).concat();
    bench.write("inventory/data/rows.csv", &rows);
    let manifest = |format: &str| {
        let files = [serde_json::json!({ "key": "x/data/rows.csv", "size": rows.len(), "MD5checksum": "" })];
        let manifest = serde_json::json!({ "fileFormat": format, "fileSchema": "Bucket, Key, Size", "files": files });
        bench.write("inventory/2026-11-21T01-00Z/manifest.json", manifest.to_string());
        redact(&bench, &["--inventory", "inventory/2026-11-21T01-00Z/manifest.json"])
    };
    let ran = manifest("CSV");
    assert_eq!(sources(&ran), ["000.txt", "b c.json"].map(String::from).into(), "{}", ran.stderr);
    let refused = manifest("Parquet");
    assert!(refused.code == Some(2) && refused.stderr.contains("hint: "), "{}", refused.stderr);
}

#[test]
fn reports_say_what_became_of_the_run_and_name_nobody() {
    let bench = Bench::new();
    bench.call("in/212-867-0001", 1);
    bench.call("in/212-867-0002", 2);
    fs::remove_file(bench.path("in/212-867-0002.json")).unwrap();
    let ran = redact(&bench, &["--report", "report.html", "--report", "report.json"]);
    let (lines, summary) = ran.json();
    let (page, json) = (bench.text("report.html"), bench.text("report.json"));
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&report["schema"], &report["summary"]), (&"sordino.report/v1".into(), &summary));
    assert_eq!(report["held"]["no-transcript"]["first"][0], lines[1]["call"]);
    assert_eq!(report["throughput"].as_array().unwrap().iter().map(|s| s["calls"].as_u64().unwrap()).sum::<u64>(), 2);
    assert!(!page.contains(PLANTED_TEXT) && !json.contains(PLANTED_TEXT));
    for part in ["no-transcript", "put the call", "<svg", "prefers-color-scheme", "width=device-width", "PHONE"] {
        assert!(page.contains(part), "{part}");
    }
    for request in ["http:", "https:", "src=", "href=", "url(", "@import", "<script"] {
        assert!(!page.contains(request), "{request}");
    }
    for refused in ["report.txt", "none/report.html"] {
        assert_eq!(redact(&bench, &["--report", refused]).code, Some(2), "{refused}");
    }
}

#[test]
fn every_published_call_is_told_with_its_risk() {
    let bench = chats(2);
    bench.write("in/held.json", "{");
    for _ in 0..2 {
        let (lines, summary) = redact(&bench, &[]).json();
        let risks: Vec<_> = lines.iter().filter_map(|line| line["risk"].as_f64()).collect();
        assert!(risks.len() == 2 && risks.iter().all(|risk| (0.0..=1.0).contains(risk)));
        assert!((summary["risk"].as_f64().unwrap() - risks.iter().sum::<f64>()).abs() < 1e-6);
    }
}

#[test]
fn halves_that_stay_alone_are_told_after_a_bound_and_newer_ones_are_passed_over() {
    let bench = Bench::new();
    let old = |name: &str| {
        let file = fs::File::options().append(true).open(bench.path(name)).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000)).unwrap();
    };
    for (n, stem) in ["in/new", "in/old", "in/whole"].into_iter().enumerate() {
        bench.call(stem, n);
    }
    fs::remove_file(bench.path("in/new.json")).unwrap();
    fs::remove_file(bench.path("in/old.json")).unwrap();
    bench.chat("in/transcripts/lost.txt", 4);
    bench.chat("in/chats/all.txt", 5);
    ["in/old.wav", "in/transcripts/lost.txt", "in/chats/all.txt"].into_iter().for_each(old);
    let args =
        ["--orphans", "2d", "--expects-recording", "transcripts/{id}.*", "--report", "r.json", "--report", "r.html"];
    let ran = redact(&bench, &args);
    let (lines, summary) = ran.json();
    let told = |source: &str| {
        let line = lines.iter().find(|line| line["source"] == source).unwrap_or_else(|| panic!("{source}"));
        (line["status"].as_str().unwrap().to_owned(), line["missing"].as_str().map(str::to_owned))
    };
    assert_eq!(told("old.wav"), ("held".into(), Some("transcript".into())));
    assert_eq!(told("transcripts/lost.txt"), ("redacted".into(), Some("recording".into())));
    assert_eq!(told("chats/all.txt"), ("redacted".into(), None));
    assert_eq!(told("whole.json"), ("redacted".into(), None));
    assert_eq!((lines.len(), &summary["awaited"]), (4, &1.into()), "{}", ran.stdout);
    assert_eq!(summary["orphans"], serde_json::json!({"transcript": 1, "recording": 1}));
    let report: serde_json::Value = serde_json::from_str(&bench.text("r.json")).unwrap();
    assert_eq!(report["orphans"]["recording"]["calls"], 1);
    assert!(bench.text("r.html").contains("<h2>Orphans</h2>"));
    // Without it, whatever is alone is taken as it is.
    assert_eq!(redact(&bench, &[]).json().0.len(), 5);
}

#[test]
fn files_cannot_be_tagged() {
    let bench = chats(1);
    let ran = redact(&bench, &["--tag-sources"]);
    assert!(ran.code == Some(2) && ran.stderr.contains("no bucket"), "{}", ran.stderr);
    assert!(bench.tree("out").is_empty());
}

#[test]
fn a_recording_that_has_gone_from_the_source_takes_no_copy_with_it() {
    let bench = Bench::new();
    bench.call("in/a", 1);
    let run = || bench.run(&["redact", "in", "out", "--json"]);
    let id = run().json().0[0]["call"].as_str().unwrap().to_owned();
    let copy =
        || ["recording.wav", "transcript.json"].map(|name| fs::read(bench.path(&format!("out/{id}/{name}"))).unwrap());
    let (before, recording) = (copy(), fs::read(bench.path("in/a.wav")).unwrap());
    fs::remove_file(bench.path("in/a.wav")).unwrap();
    let ran = run();
    assert_eq!((ran.code, &ran.json().0[0]["reason"]), (Some(3), &"missing-piece".into()), "{}", ran.stdout);
    assert!(copy() == before);
    fs::write(bench.path("in/a.wav"), recording).unwrap();
    let ran = run();
    assert_eq!((ran.code, &ran.json().0[0]["status"]), (Some(0), &"unchanged".into()), "{}", ran.stdout);
}

#[test]
fn a_call_of_another_source_takes_no_other_calls_place() {
    let bench = Bench::new();
    bench.chat("raw/21/a.txt", 1);
    bench.chat("raw/22/a.txt", 2);
    let run = |source: &str, more: &[&str]| bench.run(&[&["redact", source, "out", "--json"][..], more].concat());
    let id = run("raw/21", &[]).json().0[0]["call"].as_str().unwrap().to_owned();
    let copy = || fs::read(bench.path(&format!("out/{id}/transcript.txt"))).unwrap();
    let before = copy();
    let ran = run("raw/22", &[]);
    assert_eq!((ran.code, &ran.json().0[0]["reason"]), (Some(3), &"name-taken".into()), "{}", ran.stdout);
    assert!(copy() == before);
    // The same call in a folder that has moved, redacted again.
    fs::rename(bench.path("raw/21"), bench.path("moved")).unwrap();
    let ran = run("moved", &["--policy", "strict"]);
    assert_eq!((ran.code, &ran.json().0[0]["status"]), (Some(0), &"redacted".into()), "{}", ran.stdout);
    // A new version of it in its place.
    bench.write("moved/a.txt", "Agent: how are you\nCaller: fine thanks\n");
    let ran = run("moved", &["--policy", "strict"]);
    assert_eq!((ran.code, &ran.json().0[0]["status"]), (Some(0), &"redacted".into()), "{}", ran.stdout);
    assert!(copy() != before);
}

#[test]
fn what_is_left_out_is_told_by_its_extension() {
    let bench = Bench::new();
    bench.chat("in/a.txt", 1);
    bench.write("in/a.csv", "x");
    bench.write("in/b.CSV", "x");
    bench.write("in/Ana Brooks", "x");
    let ran = bench.run(&["redact", "in", "out", "--json"]);
    let (_, summary) = ran.json();
    assert_eq!(summary["ignored_extensions"], serde_json::json!({"csv": 2, "other": 1}), "{}", ran.stdout);
    bench.write("in/a.sln", "no sound of any kind");
    assert_eq!(bench.run(&["redact", "in", "out"]).code, Some(3));
}
