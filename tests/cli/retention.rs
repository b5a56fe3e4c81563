//! `retention` and the audit log that it writes, as an operator meets them.

use super::support::{Bench, Ran};
use serde_json::Value;
use std::fs;

/// After the calls of tests are to be deleted, seconds since 1970.
const LATER: &str = "1900000000";

/// A destination with two signed calls, and their ids.
fn published() -> (Bench, Vec<String>) {
    let bench = Bench::new();
    bench.chat("in/a.txt", 1);
    bench.chat("in/b.txt", 2);
    bench.run(&["keys", "new", "keys"]);
    bench.write("sordino.toml", "[signing]\nkey-file = \"keys/signing-key.pem\"\n");
    let ran = bench.run(&["redact", "in", "out", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let mut calls: Vec<String> = ran.json().0.iter().map(|l| l["call"].as_str().unwrap().to_owned()).collect();
    calls.sort();
    (bench, calls)
}

/// Runs when all copies are due.
fn later(bench: &Bench, args: &[&str]) -> Ran {
    Ran::of(&bench.command(args).env("SOURCE_DATE_EPOCH", LATER).output().unwrap())
}

fn last(ran: &Ran) -> Value {
    serde_json::from_str(ran.stdout.lines().last().unwrap_or_else(|| panic!("{}", ran.stderr))).unwrap()
}

#[test]
fn a_sweep_shows_first_deletes_when_told_and_leaves_proof() {
    let (bench, calls) = published();
    assert_eq!(last(&bench.run(&["retention", "sweep", "out", "--json"]))["summary"], serde_json::json!({"kept": 2}));
    let held = later(&bench, &["retention", "hold", "out", &calls[0], "--matter", "matter-1", "--by", "dana"]);
    assert_eq!(held.code, Some(0), "{}", held.stderr);
    let before = bench.tree("out");
    let dry = later(&bench, &["retention", "sweep", "out"]);
    assert!(dry.stdout.contains(&format!("{}  due", calls[1])) && dry.stdout.contains("nothing was deleted"));
    assert!(bench.tree("out") == before, "a dry sweep changes nothing");
    let done = later(&bench, &["retention", "sweep", "out", "--delete", "--json"]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let sum = last(&done);
    assert_eq!(sum["summary"], serde_json::json!({"deleted": 1, "held": 1}));
    let certificate: Value =
        serde_json::from_str(&bench.text(&format!("out/{}", sum["certificates"][0].as_str().unwrap()))).unwrap();
    assert_eq!(certificate["calls"][0]["call"], calls[1].as_str());
    assert!(certificate["signature"]["value"].is_string());
    assert!(bench.path("out").join(&calls[0]).exists() && !bench.path("out").join(&calls[1]).exists());
    assert_eq!(bench.run(&["verify", "out"]).code, Some(0));

    let again = bench.run(&["redact", "in", "out", "--json"]);
    assert!(!bench.path("out").join(&calls[1]).exists(), "what was deleted is not made again: {}", again.stdout);
    let release = ["retention", "release", "out", &calls[0], "--matter", "matter-1"];
    assert_eq!(later(&bench, &release).code, Some(0));
    assert_eq!(last(&later(&bench, &["retention", "sweep", "out", "--delete", "--json"]))["summary"]["deleted"], 1);

    let report = bench.run(&["audit", "search", "out", "--json"]);
    let entries: Vec<Value> = report.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let told: Vec<_> = entries.iter().map(|e| (e["what"].as_str().unwrap(), e["call"].as_str().unwrap())).collect();
    let (first, second) = (calls[0].as_str(), calls[1].as_str());
    assert_eq!(told, [("hold", first), ("delete", second), ("release", first), ("delete", first)]);
    assert_eq!(entries[0]["user"], "dana");
    assert_eq!(bench.run(&["audit", "search", "out", "--user", "dana"]).stdout.lines().count(), 1);
}

#[test]
fn the_log_is_proven_and_a_change_is_named() {
    let (bench, calls) = published();
    for n in 0..3 {
        let what = if n % 2 == 0 { "hold" } else { "release" };
        assert_eq!(bench.run(&["retention", what, "out", &calls[0], "--matter", "m"]).code, Some(0));
    }
    let keys = ["--public-keys", "keys/public-keys.json"];
    let verify = |more: &[&str]| bench.run(&[&["audit", "verify", "out"][..], &keys, more].concat());
    assert!(verify(&[]).stdout.starts_with("3 entries in 1 segments, whole"), "{}", verify(&[]).stdout);
    bench.write("head.json", verify(&["--json"]).stdout);
    assert_eq!(verify(&["--since", "head.json"]).code, Some(0));
    let path = bench.path("out/.audit/segment-000000000001.jsonl");
    let whole = fs::read_to_string(&path).unwrap();
    fs::write(&path, whole.replacen("\"release\"", "\"hold\"", 1)).unwrap();
    let ran = verify(&[]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("broken at entry 2 (segment 1, line 3): it was changed"), "{}", ran.stdout);
    let refused = bench.run(&["retention", "hold", "out", &calls[1], "--matter", "m"]);
    assert_eq!(refused.code, Some(1), "what cannot be written down is not done");
    assert!(!bench.path(&format!("out/.retention/hold-{}.json", calls[1])).exists());
    fs::remove_dir_all(bench.path("out/.audit")).unwrap();
    assert_eq!(verify(&["--since", "head.json"]).code, Some(1), "a log that is gone");
}

#[test]
fn reports_come_as_csv_json_and_a_page() {
    let (bench, calls) = published();
    bench.run(&["retention", "hold", "out", &calls[0], "--matter", "m", "--by", "dana"]);
    let users = bench.run(&["audit", "report", "access", "out"]).stdout;
    assert!(users.starts_with("user,role,") && users.contains("\r\ndana,"), "{users}");
    let json: Value =
        serde_json::from_str(&bench.run(&["audit", "report", "calls", "out", "--format", "json"]).stdout).unwrap();
    assert_eq!(json["rows"][0]["call"], calls[0].as_str());
    assert_eq!(bench.run(&["retention", "report", "out", "--format", "html", "--out", "report.html"]).code, Some(0));
    assert!(bench.text("report.html").contains("<td>held"));
    let rules: Value = serde_json::from_str(&bench.run(&["retention", "lifecycle"]).stdout).unwrap();
    assert_eq!(rules["Rules"][2]["Expiration"]["Days"], 2220);
    assert_eq!(bench.run(&["audit", "verify", "nowhere"]).code, Some(2));
    assert_eq!(bench.run(&["retention", "hold", "out", "not-a-call", "--matter", "m"]).code, Some(2));
}

/// A policy of calls that are born under hold, and one that keeps them for a week.
const HELD: &str = "name = \"held\"\nversion = 1\nextends = \"safe-harbor\"\n[retention]\nlegal-hold = true\n";
const SHORT: &str = "name = \"short\"\nversion = 1\nextends = \"safe-harbor\"\n\
                     [retention]\nclass = \"week\"\nretain-days = 1\ndelete-after-days = 7\n";

#[test]
fn a_call_is_held_until_each_of_its_matters_releases_it() {
    let (bench, calls) = published();
    let say = |what: &str, matter: &str| later(&bench, &["retention", what, "out", &calls[0], "--matter", matter]);
    assert_eq!(say("hold", "case-a").stdout, format!("{}  held by case-a\n", calls[0]));
    assert_eq!(say("hold", "case-b").stdout, format!("{}  held by case-a, case-b\n", calls[0]));
    let wrong = say("release", "mz");
    assert_eq!(wrong.code, Some(2), "{}", wrong.stdout);
    assert!(
        wrong.stderr.contains("mz does not hold it") && wrong.stderr.contains("case-a, case-b"),
        "{}",
        wrong.stderr
    );
    assert_eq!(say("release", "case-a").stdout, format!("{}  held by case-b\n", calls[0]));
    let swept = later(&bench, &["retention", "sweep", "out", "--delete", "--json"]);
    assert_eq!(last(&swept)["summary"], serde_json::json!({"deleted": 1, "held": 1}));
    assert_eq!(say("release", "case-b").stdout, format!("{}  released\n", calls[0]));
    assert_eq!(last(&later(&bench, &["retention", "sweep", "out", "--json"]))["summary"]["due"], 1);
    let log = bench.run(&["audit", "search", "out", "--json"]).stdout;
    assert_eq!(log.matches("\"release\"").count(), 2, "what is refused was not done: {log}");
}

#[test]
fn a_copy_under_legal_hold_is_not_replaced() {
    let (bench, calls) = published();
    bench.write("short.toml", SHORT);
    let redact = |policy: &str| bench.run(&["redact", "in", "out", "--policy", policy, "--json"]);
    let say = |what: &str, matter: &str| bench.run(&["retention", what, "out", &calls[0], "--matter", matter]);
    assert_eq!(say("hold", "case-a").code, Some(0));
    let folder = format!("out/{}", calls[0]);
    let before = bench.tree(&folder);
    let ran = redact("short.toml");
    let line = ran.json().0.into_iter().find(|line| line["call"] == calls[0].as_str()).unwrap();
    assert!(line["status"] == "held" && line["reason"] == "legal-hold", "{line}");
    assert_eq!(ran.json().1["redacted"], 1, "the other one is free");
    assert!(bench.tree(&folder) == before, "the copy stays byte for byte");
    assert_eq!(bench.run(&["redact", "in", "out", "--dry-run", "--policy", "strict", "--json"]).json().1["held"], 1);
    assert_eq!(bench.run(&["redact", "in", "out", "--json"]).json().1["unchanged"], 1, "under its own policy");
    assert!(!bench.path(&format!("out/.held/{}.json", calls[0])).exists(), "and then it is held no longer");
    let path = format!("out/.retention/hold-{}.json", calls[0]);
    assert_eq!(say("release", "case-a").code, Some(0));
    let released = bench.text(&path);
    bench.write(&path, released.replace("\"by\"", "\"By\""));
    assert_eq!(redact("short.toml").json().1["held"], 1, "what cannot be read holds");
    bench.write(&path, released);
    assert_eq!(redact("short.toml").json().1["redacted"], 1);
}

#[test]
fn a_hold_from_birth_ends_with_its_release_and_no_promise_is_shortened() {
    let bench = Bench::new();
    bench.call("in/one", 1);
    bench.write("held.toml", HELD);
    bench.write("short.toml", SHORT);
    let redact = |policy: &str, epoch: &str| {
        let mut command = bench.command(&["redact", "in", "out", "--policy", policy, "--json"]);
        Ran::of(&command.env("SOURCE_DATE_EPOCH", epoch).output().unwrap()).json().0.remove(0)
    };
    let call = redact("held.toml", "1700000000")["call"].as_str().unwrap().to_owned();
    let manifest = || -> Value { serde_json::from_str(&bench.text(&format!("out/{call}/manifest.json"))).unwrap() };
    let before = bench.tree(&format!("out/{call}"));
    let promised = manifest()["retention"].clone();
    assert_eq!(redact("short.toml", "1700100000")["reason"], "legal-hold");
    assert!(bench.tree(&format!("out/{call}")) == before);
    let say = |what: &str, matter: &str| bench.run(&["retention", what, "out", &call, "--matter", matter]);
    assert_eq!(say("release", "case-a").code, Some(2), "it is no hold of that matter");
    assert_eq!(say("release", "policy").stdout, format!("{call}  released\n"));
    assert_eq!(redact("short.toml", "1700100000")["status"], "redacted");
    let kept = manifest()["retention"].clone();
    for field in ["class", "created", "retain_until", "delete_after"] {
        assert_eq!(kept[field], promised[field], "{field}");
    }
    assert_eq!(kept["legal_hold"], false);
    assert_eq!(redact("held.toml", "1700200000")["status"], "redacted");
    assert_eq!(redact("short.toml", "1700200000")["reason"], "legal-hold", "it was put under hold anew");
}

#[test]
fn what_a_sweep_has_begun_no_run_undoes_and_the_next_sweep_ends() {
    let (bench, calls) = published();
    let swept = later(&bench, &["retention", "sweep", "out", "--delete", "--json"]);
    assert_eq!(last(&swept)["summary"]["deleted"], 2);
    // As a sweep leaves it that was killed behind the manifest.
    let tombstone = bench.text(&format!("out/.retention/tombstone-{}.json", calls[0]));
    bench.write(&format!("out/.retention/deleting-{}.json", calls[0]), tombstone);
    bench.write(&format!("out/{}/transcript.txt", calls[0]), "left");
    let ran = bench.run(&["redact", "in", "out", "--json"]);
    assert_eq!(ran.json().1["unchanged"], 2, "{}", ran.stdout);
    assert_eq!(last(&later(&bench, &["retention", "sweep", "out", "--json"]))["summary"]["due"], 1);
    let swept = later(&bench, &["retention", "sweep", "out", "--delete", "--json"]);
    assert!(swept.stdout.contains(&format!("\"call\":\"{}\",\"standing\":\"deleted\"", calls[0])), "{}", swept.stdout);
    assert_eq!(last(&swept)["summary"], serde_json::json!({"deleted": 1}));
    assert!(last(&swept)["certificates"][0].is_string() && !bench.path("out").join(&calls[0]).exists());
}
