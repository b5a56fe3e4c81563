//! `detect`: what would be hidden, without its text.

use super::support::{Bench, PLANTED_TEXT};

#[test]
fn findings_have_the_fields_of_the_contract_and_no_text() {
    let bench = Bench::new();
    bench.call("in/a", 1);
    let ran = bench.run(&["detect", "in/a.json", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(!ran.stdout.contains(PLANTED_TEXT));
    let findings: Vec<serde_json::Value> = ran.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    for finding in &findings {
        let mut fields: Vec<_> = finding.as_object().unwrap().keys().map(String::as_str).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["category", "channel", "end_ms", "rule", "score", "start_ms", "turn", "words"]);
        // Every word of the transcript takes half a second.
        let word = |i: usize| finding["words"][i].as_u64().unwrap();
        assert_eq!((&finding["start_ms"], &finding["end_ms"]), (&(word(0) * 500).into(), &(word(1) * 500).into()));
    }
    let covers = |f: &serde_json::Value| f["words"][0].as_u64() <= Some(4) && f["words"][1].as_u64() > Some(4);
    assert!(findings.iter().any(covers), "the number is not found: {}", ran.stdout);
}

#[test]
fn reveal_shows_text_and_warns() {
    let bench = Bench::new();
    bench.chat("in/a.txt", 1);
    let hidden = bench.run(&["detect", "in/a.txt"]);
    assert!(!hidden.stdout.contains(PLANTED_TEXT) && hidden.stderr.is_empty());
    let shown = bench.run(&["detect", "in/a.txt", "--reveal"]);
    assert!(shown.stdout.contains(PLANTED_TEXT) && shown.stderr.contains("protected health information"));
}

#[test]
fn a_transcript_that_cannot_be_read_says_why_and_nothing_of_it() {
    let bench = Bench::new();
    bench.write("in/a.json", "{\"text\": \"212-867-");
    let ran = bench.run(&["detect", "in/a.json"]);
    assert_eq!(ran.code, Some(3));
    assert!(!ran.stderr.contains(PLANTED_TEXT) && !ran.stderr.is_empty());
    assert_eq!(bench.run(&["detect", "none.json"]).code, Some(2));
}
