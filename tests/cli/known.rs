//! Known values: found however they are said, hidden in the copies, and nowhere else to be seen.

use super::support::{Bench, PLANTED_TEXT};
use std::fs;

const CASES: &str = include_str!("../../fixtures/known/cases.toml");

#[derive(serde::Deserialize)]
struct Cases {
    case: Vec<Case>,
}

#[derive(serde::Deserialize)]
struct Case {
    name: String,
    known: serde_json::Value,
    said: Vec<String>,
}

#[test]
fn known_values_are_found_however_they_are_said() {
    let cases: Cases = toml::from_str(CASES).unwrap();
    let bench = Bench::new();
    let differs = |case: &Case| {
        let known = serde_json::json!({ "schema": "sordino.known/v1", "people": [case.known] });
        bench.write("known.json", known.to_string());
        bench.differs(&case.name, &case.said, &["--known", "known.json"])
    };
    let wrong: Vec<String> = cases.case.iter().filter_map(differs).collect();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.case.len(), wrong.join("\n"));
}

const SIDE_CAR: &str = r#"{ "schema": "sordino.known/v1", "people": [{ "OTHER": "quillfeather brewery" }] }"#;
const SAID: &str = "CALLER: the quillfeather brewery has my card\nAGENT: thank you\n";

#[test]
fn a_side_car_is_used_and_neither_copied_nor_taken_for_a_transcript() {
    let bench = Bench::new();
    bench.write("in/a.txt", SAID);
    bench.write("in/a.known.json", SIDE_CAR);
    bench.write("in/lonely.known.json", SIDE_CAR);
    let (calls, summary) = bench.run(&["redact", "in", "out", "--json"]).json();
    assert_eq!((calls.len(), &summary["redacted"]), (1, &1.into()));
    let files = bench.tree("out");
    let named = |end: &str| files.keys().filter(|p| p.to_str().unwrap().ends_with(end)).count();
    assert_eq!((named("manifest.json"), named("transcript.txt"), named(".json")), (1, 1, 1));
    assert!(files.values().all(|b| memchr::memmem::find(b, b"quillfeather").is_none()));
    let manifest = files.iter().find(|(p, _)| p.ends_with("manifest.json")).unwrap().1;
    let manifest: serde_json::Value = serde_json::from_slice(manifest).unwrap();
    assert_eq!(manifest["known"].as_str().map(str::len), Some(64));
    assert_eq!(manifest["sources"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_call_is_done_again_when_what_is_known_changes() {
    let bench = Bench::new();
    bench.write("in/a.txt", SAID);
    let status = || bench.run(&["redact", "in", "out", "--json"]).json().0[0]["status"].clone();
    assert_eq!((status(), status()), ("redacted".into(), "unchanged".into()));
    bench.write("in/a.known.json", SIDE_CAR);
    assert_eq!((status(), status()), ("redacted".into(), "unchanged".into()));
    bench.write("in/a.known.json", SIDE_CAR.replace("brewery", "winery"));
    assert_eq!(status(), "redacted");
    fs::remove_file(bench.path("in/a.known.json")).unwrap();
    assert_eq!((status(), status()), ("redacted".into(), "unchanged".into()));
}

#[test]
fn a_damaged_side_car_holds_its_call_and_is_not_quoted() {
    let bench = Bench::new();
    bench.write("in/a.txt", SAID);
    bench.write("in/b.txt", SAID);
    bench.write("in/a.known.json", SIDE_CAR.replace("OTHER", PLANTED_TEXT));
    let ran = bench.run(&["redact", "in", "out", "--json"]);
    let (calls, _) = ran.json();
    assert_eq!(ran.code, Some(3));
    assert_eq!((&calls[0]["reason"], &calls[1]["status"]), (&"damaged-known-values".into(), &"redacted".into()));
    assert!(!bench.leaks("out") && !ran.stderr.contains(PLANTED_TEXT));
}

#[test]
fn one_file_may_know_many_calls_by_name() {
    let bench = Bench::new();
    bench.write("in/recordings/a.txt", SAID);
    bench.write("in/b.txt", SAID);
    bench.write(
        "known.json",
        r#"{ "schema": "sordino.known/v1", "calls": { "a": [{ "OTHER": "quillfeather brewery" }], "z": [] } }"#,
    );
    let ran = bench.run(&["redact", "in", "out", "--known", "known.json", "--json"]);
    assert!(ran.stderr.contains("1 calls that are not below SOURCE"), "{}", ran.stderr);
    let (calls, _) = ran.json();
    let hidden = |source: &str| calls.iter().find(|c| c["source"] == source).unwrap()["spans"].as_u64();
    assert_eq!((hidden("recordings/a.txt"), hidden("b.txt")), (Some(1), Some(0)));
    bench.write("one.json", SIDE_CAR);
    let ran = bench.run(&["redact", "in", "out", "--known", "one.json"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("about one call"), "{}", ran.stderr);
}

#[test]
fn a_wrong_file_is_refused_by_place_and_not_quoted() {
    let bench = Bench::new();
    bench.chat("in/a.txt", 1);
    let person =
        format!(r#"{{ "schema": "sordino.known/v1", "people": [{{ "PHONE": ["415-555-0134", "{PLANTED_TEXT}"] }}] }}"#);
    bench.write("known.json", person);
    let ran = bench.run(&["redact", "in", "out", "--known", "known.json"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("person 0, value 1") && !ran.stderr.contains(PLANTED_TEXT), "{}", ran.stderr);
}
