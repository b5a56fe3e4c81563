//! Patterns: the examples of all hold, a user's are added, and what was found is explained without text.

use super::support::{Bench, PLANTED_TEXT, Ran};
use serde_json::Value;

const GUIDE: &str = include_str!("../../docs/patterns.md");

/// Fenced blocks of the guide in order: what stands behind the fence, and the text.
fn blocks() -> Vec<(&'static str, String)> {
    let mut blocks: Vec<(&str, String)> = Vec::new();
    let mut inside = false;
    for line in GUIDE.lines() {
        match (line.strip_prefix("```"), inside) {
            (Some(info), false) => {
                blocks.push((info, String::new()));
                inside = true;
            }
            (Some(_), true) => inside = false,
            (None, true) => {
                let text = &mut blocks.last_mut().unwrap().1;
                text.push_str(line);
                text.push('\n');
            }
            (None, false) => {}
        }
    }
    blocks
}

/// Whether a text is what the guide says, where `…` stands for anything in its line.
fn is_like(text: &str, guide: &str) -> bool {
    let line = |(line, want): (&str, &str)| match want.split_once('…') {
        Some((start, end)) => line.starts_with(start) && line.ends_with(end),
        None => line == want,
    };
    text.lines().count() == guide.lines().count() && text.lines().zip(guide.lines()).all(line)
}

/// The guide's files are written, its commands run, and what they print compared with what it says.
#[test]
fn the_guide_to_adding_a_pattern_is_true() {
    let bench = Bench::new();
    let mut last: Option<Ran> = None;
    let mut commands = 0;
    for (info, text) in blocks() {
        match info.split_once(' ') {
            Some((_, "output")) => assert!(is_like(&last.as_ref().unwrap().stdout, &text), "{text}"),
            Some((_, "refusal")) => assert!(is_like(&last.as_ref().unwrap().stderr, &text), "{text}"),
            Some((_, file)) => bench.write(file, text),
            None if info == "sh" => {
                for command in text.lines() {
                    let args: Vec<&str> = command.split_whitespace().skip(1).collect();
                    last = Some(bench.run(&args));
                    commands += 1;
                }
            }
            None => {}
        }
    }
    assert!(commands >= 5, "{commands} commands");
}

#[test]
fn the_examples_of_all_rules_hold() {
    let bench = Bench::new();
    let ran = bench.run(&["patterns", "test", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    let (_, summary) = ran.json();
    assert!(summary["examples"].as_u64() > Some(0) && summary["broken"] == 0);
    assert_eq!(bench.run(&["patterns", "list", "--json"]).stdout.lines().count() as u64, summary["rules"]);
}

const RULE: &str = r#"
[[rule]]
id = "locker"
about = "a locker"
category = "OTHER"
view = "spoken"
regex = 'locker ([0-9]{3,5})(?:$|[ \n])'
score = 0.9
must_match = ["my locker {four oh one two}", "locker {4012}", "in locker {311} i think"]
must_not_match = [
  { text = "lockers 400", why = "more than one" },
  { text = "locker room", why = "no number" },
  { text = "a locker for 2", why = "a count" },
]
"#;

#[test]
fn a_pattern_file_that_fails_refuses_every_command_by_file_and_line() {
    let bench = Bench::new();
    bench.chat("in/a.txt", 1);
    for (rule, want) in [
        (RULE.replace("{311}", "311"), "own/lockers.toml, line 9: rule locker: the example has no braces"),
        (RULE.replace("lockers 400", "locker 400"), "own/lockers.toml, line 11: rule locker: the rule finds something"),
        (RULE.replace("([0-9]", "([0-9"), "own/lockers.toml, line 3: rule locker: its expression does not compile"),
        (RULE.replace("score", "scor"), "own/lockers.toml, line 8"),
        (RULE.replace("\"locker\"", "\"email\""), "own/lockers.toml, line 3: rule email: contact.toml has the same id"),
    ] {
        bench.write("own/lockers.toml", rule);
        for command in [&["redact", "in", "out"][..], &["detect", "in/a.txt"], &["patterns", "explain", "in/a.txt"]] {
            let ran = bench.run(&[command, &["--patterns", "own"]].concat());
            assert_eq!(ran.code, Some(2), "{want}");
            assert!(ran.stderr.contains(want), "{want}: {}", ran.stderr);
        }
    }
    assert!(!bench.path("out").exists());
    let ran = bench.run(&["redact", "in", "out", "--patterns", "in"]);
    assert_eq!(ran.code, Some(2));
}

#[test]
fn patterns_of_a_user_change_the_digest_and_calls_are_done_again() {
    let bench = Bench::new();
    bench.write("in/a.txt", "CALLER: it is in locker 311\nAGENT: fine\n");
    bench.write("own/lockers.toml", RULE);
    let status = |flags: &[&str]| {
        let ran = bench.run(&[&["redact", "in", "out", "--json"], flags].concat());
        ran.json().0[0]["status"].as_str().unwrap().to_owned()
    };
    assert_eq!([status(&[]), status(&["--patterns", "own"])], ["redacted", "redacted"]);
    assert_eq!(status(&["--patterns", "own"]), "unchanged");
    let tree = bench.tree("out");
    assert!(tree.values().any(|b| b == b"CALLER: it is in locker [OTHER]\nAGENT: fine\n"));
    assert_eq!(bench.run(&["verify", "out", "--patterns", "own"]).code, Some(0));
    bench.write("sordino.toml", "patterns = \"own\"\n");
    assert_eq!(status(&[]), "unchanged");
}

#[test]
fn explain_shows_what_spoke_for_a_finding_and_no_text() {
    let bench = Bench::new();
    bench.write(
        "in/a.txt",
        format!(
            "AGENT: may i have your phone number\nCALLER: {PLANTED_TEXT}5309\nAGENT: thank you and your name\n\
             CALLER: my name is yolanda quarrington\nAGENT: so that was ending in 5309 miss quarrington\n"
        ),
    );
    let ran = bench.run(&["patterns", "explain", "in/a.txt", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(!ran.stdout.contains(PLANTED_TEXT) && !ran.stdout.contains("quarrington") && ran.stderr.is_empty());
    let found: Vec<Value> = ran.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let by = |category: &str, evidence: &str| {
        let of = found.iter().filter(|f| f["category"] == category);
        of.flat_map(|f| f["evidence"].as_array().unwrap()).any(|e| e["by"] == evidence)
    };
    assert!(by("PHONE", "model") && by("PHONE", "rule") && by("PHONE", "asked"), "{}", ran.stdout);
    assert!(by("NAME", "cue-before") && by("NAME", "lists"), "{}", ran.stdout);
    let person = bench.run(&["patterns", "explain", "in/a.txt"]);
    assert!(person.stdout.contains("log-odds") && !person.stdout.contains("quarrington"));
}

#[test]
fn explain_reveals_text_only_when_asked_and_warns() {
    let bench = Bench::new();
    bench.chat("in/a.txt", 1);
    let hidden = bench.run(&["patterns", "explain", "in/a.txt"]);
    assert!(!hidden.stdout.is_empty() && !hidden.stdout.contains(PLANTED_TEXT));
    let shown = bench.run(&["patterns", "explain", "in/a.txt", "--reveal"]);
    assert!(shown.stdout.contains(PLANTED_TEXT) && shown.stderr.contains("protected health information"));
}
