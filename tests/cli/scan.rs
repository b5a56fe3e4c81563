//! `scan` on folders of any text.

use super::support::{Bench, PLANTED_TEXT};
use serde_json::Value;
use std::fs;

/// What is found in one file of these bytes: category and line.
fn found(bench: &Bench, name: &str, text: &str) -> Vec<(String, u64)> {
    bench.write(&format!("scan/{name}"), text);
    let ran = bench.run(&["scan", &format!("scan/{name}"), "--json"]);
    assert!(matches!(ran.code, Some(0 | 3)), "{}", ran.stderr);
    let (lines, sum) = ran.json();
    assert_eq!(ran.code == Some(3), !lines.is_empty(), "{}", ran.stdout);
    assert_eq!(sum["files"], 1);
    lines.iter().map(|l| (l["category"].as_str().unwrap().to_owned(), l["line"].as_u64().unwrap())).collect()
}

#[test]
fn it_finds_what_is_planted_in_text_tables_json_logs_and_transcripts() {
    let bench = Bench::new();
    let number = format!("{PLANTED_TEXT}0001");
    let phone = |line: u64| vec![("PHONE".to_owned(), line)];
    assert_eq!(found(&bench, "a.txt", &format!("nothing here\nplease call {number} today\n")), phone(2));
    assert_eq!(found(&bench, "a.csv", &format!("id,phone,note\n1,{number},ok\n2,,fine\n")), phone(2));
    assert_eq!(
        found(&bench, "a.json", &format!("{{\n  \"status\": \"open\",\n  \"phone\": \"{number}\"\n}}\n")),
        phone(3)
    );
    let log = format!(
        "2026-11-21T21:31:48.123Z INFO request id=3f2a9c0d11e24b7f done\n2026-11-21T21:31:49Z WARN phone={number}\n"
    );
    assert_eq!(found(&bench, "a.log", &log), phone(2));
    assert_eq!(found(&bench, "b.log", "2026-11-21T21:31:48.123Z INFO worker started pid 4711 in 23 ms\n"), []);
    let min = format!("[{}{{\"phone\":\"{number}\"}}]", "{\"status\":\"open\",\"count\":3},".repeat(9_000));
    assert_eq!(found(&bench, "min.json", &min), phone(1), "one line of 250 kB");
    let transcript = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/calls/lab-results.json")).unwrap();
    let in_transcript = found(&bench, "call.json", std::str::from_utf8(&transcript).unwrap());
    assert!(in_transcript.iter().any(|(category, _)| category == "NAME"), "{in_transcript:?}");
    assert_eq!(found(&bench, "clean.md", "# Notes\n\nThe build takes three minutes.\n"), []);
}

#[test]
fn nothing_that_was_found_is_shown_unless_it_is_asked_for() {
    let bench = Bench::new();
    let number = format!("{PLANTED_TEXT}0001");
    bench.write("scan/a.txt", format!("please call {number} today\n"));
    bench.write(&format!("scan/{number}.txt"), "nothing\n");
    bench.write("scan/sound.wav", [0_u8; 100]);
    bench.write("scan/.hidden", &number);
    let flags: [&[&str]; 3] = [&[], &["--json"], &["--report", "r.html", "--report", "r.json", "--report", "r.csv"]];
    for flags in flags {
        let ran = bench.run(&[&["scan", "scan"], flags].concat());
        assert_eq!(ran.code, Some(3), "{}", ran.stderr);
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains(PLANTED_TEXT), "{}", ran.stdout);
    }
    for report in ["r.html", "r.json", "r.csv"] {
        let text = bench.text(report);
        assert!(text.contains("PHONE") && text.contains("a.txt") && !text.contains(PLANTED_TEXT), "{text}");
    }
    let sum: Value = bench.run(&["scan", "scan", "--json"]).json().1;
    assert_eq!((&sum["files"], &sum["names"], &sum["binary"]), (&3.into(), &1.into(), &1.into()), "{sum}");
    let revealed = bench.run(&["scan", "scan", "--reveal"]);
    assert!(revealed.stdout.matches(&number).count() >= 2, "{}", revealed.stdout);
}

#[test]
fn what_a_file_is_called_is_a_finding_in_every_output() {
    let bench = Bench::new();
    bench.write("scan/Maria Hill.txt", "nothing\n");
    let ran = bench.run(&["scan", "scan", "--json", "--report", "r.json"]);
    let (lines, sum) = ran.json();
    assert!(ran.code == Some(3) && lines.len() == 1 && sum["findings"] == 1, "{}", ran.stdout);
    assert!(lines[0]["line"] == 0 && lines[0]["category"] == "NAME" && lines[0]["file"].is_null(), "{}", lines[0]);
    assert_eq!(serde_json::from_str::<Value>(&bench.text("r.json")).unwrap()["rows"].as_array().unwrap().len(), 1);
    assert!(!format!("{}{}", ran.stdout, bench.text("r.json")).contains("Maria"));
    assert!(bench.run(&["scan", "scan"]).stdout.starts_with("(file 1, its name is a finding):0: NAME"));
    assert!(bench.run(&["scan", "scan", "--reveal"]).stdout.starts_with("Maria Hill.txt:0: NAME"));
    let ran = bench.run(&["scan", "scan", "--report", "nowhere/r.html"]);
    assert!(ran.code == Some(2) && ran.stdout.is_empty(), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn exit_codes_tell_clean_found_wrong_and_unread() {
    let bench = Bench::new();
    bench.write("scan/a.txt", "nothing\n");
    assert_eq!(bench.run(&["scan", "scan"]).code, Some(0));
    assert_eq!(bench.run(&["scan", "nowhere"]).code, Some(2));
    assert_eq!(bench.run(&["scan", "scan", "--report", "r.txt"]).code, Some(2));
    assert_eq!(bench.run(&["scan", "scan", "--category", "COLOUR"]).code, Some(2));
    for score in ["50", "1.01", "nan", "inf", "some"] {
        assert_eq!(bench.run(&["scan", "scan", "--min-score", score]).code, Some(2), "{score}");
    }
    std::os::unix::fs::symlink("nothing-there", bench.path("scan/link")).unwrap();
    assert_eq!(bench.run(&["scan", "scan"]).code, Some(1), "not everything could be read");
    bench.write("scan/b.txt", format!("call {PLANTED_TEXT}0001\n"));
    assert_eq!(bench.run(&["scan", "scan"]).code, Some(3));
    assert_eq!(bench.run(&["scan", "scan/a.txt"]).code, Some(0));
    assert_eq!(bench.run(&["scan", "scan", "--category", "SSN"]).code, Some(1));
}
