//! Policies: what each hides, what it lets stay, what its manifests say.

use super::support::Bench;

const CASES: &str = include_str!("../../fixtures/policies/cases.toml");

#[derive(serde::Deserialize)]
struct Cases {
    case: Vec<Case>,
}

#[derive(serde::Deserialize)]
struct Case {
    name: String,
    policy: String,
    said: Vec<String>,
}

#[test]
fn a_policy_decides_what_is_hidden() {
    let cases: Cases = toml::from_str(CASES).unwrap();
    let bench = Bench::new();
    let differs = |case: &Case| {
        bench.write("own.toml", &case.policy);
        let policy = if case.policy.contains('\n') { "own.toml" } else { &case.policy };
        bench.differs(&case.name, &case.said, &["--policy", policy])
    };
    let wrong: Vec<String> = cases.case.iter().filter_map(differs).collect();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.case.len(), wrong.join("\n"));
}

const OWN: &str =
    "name = \"own\"\nversion = 1\nextends = \"strict\"\n[[deny]]\ncategory = \"NAME\"\nfile = \"agents.txt\"\n";

#[test]
fn a_policy_file_is_carried_out_proven_and_named_in_manifests() {
    let bench = Bench::new();
    bench.write("own.toml", OWN);
    bench.write("agents.txt", "Dolores Quillfeather\n");
    bench.write("in/a.txt", "AGENT: quillfeather here see you thursday\nCALLER: thanks\n");
    let redact = || bench.run(&["redact", "in", "out", "--policy", "own.toml", "--json"]);
    assert_eq!(redact().json().0[0]["status"], "redacted");
    assert_eq!(redact().json().0[0]["status"], "unchanged");
    let tree = bench.tree("out");
    let transcript = tree.iter().find(|(p, _)| p.ends_with("transcript.txt")).unwrap().1;
    assert_eq!(std::str::from_utf8(transcript).unwrap(), "AGENT: [NAME] here see you [DATE]\nCALLER: thanks\n");
    assert!(tree.values().all(|b| memchr::memmem::find(b, b"uillfeather").is_none()), "a list is in the output");
    let verify = bench.run(&["verify", "out", "--policy", "own.toml"]);
    assert_eq!(verify.code, Some(0), "{}", verify.stdout);
    // A longer roster is another policy.
    bench.write("agents.txt", "Dolores Quillfeather\nDev Okonkwo\n");
    assert_eq!(redact().json().0[0]["status"], "redacted");
}

#[test]
fn a_wrong_policy_is_refused_and_its_lists_are_not_quoted() {
    let bench = Bench::new();
    bench.chat("in/a.txt", 1);
    bench.write("agents.txt", "Dolores Quillfeather\n");
    bench.write("wrong.txt", "Dolores Quillfeather\nQuillfeather 7\n");
    for (policy, want) in [
        (OWN.replace("agents", "wrong"), "line 2: a NAME has letters and no digits"),
        (OWN.replace("file = ", "fille = "), "[[deny]] has values and file, category"),
        (OWN.replace("extends", "extend"), "extend"),
        (OWN.replace("\"strict\"", "\"lax\""), "no built-in policy"),
        (format!("{OWN}values = [\"Quillfeather"), "line 7"),
    ] {
        bench.write("own.toml", policy);
        let ran = bench.run(&["redact", "in", "out", "--policy", "own.toml"]);
        assert_eq!(ran.code, Some(2), "{want}");
        assert!(ran.stderr.contains(want) && !ran.stderr.contains("uillfeather"), "{want}: {}", ran.stderr);
    }
}

/// Somebody spells a name across an interruption, and cuts a number in two.
const DOUBTFUL: &str = "AGENT: and the name on the card
CALLER: it's wendell uh o as in
AGENT: go ahead
CALLER: oscar k like kilo a um for apple
AGENT: okay and the number
CALLER: six one four five five five
AGENT: mm-hmm
CALLER: oh one seven three and doctor yet day has it too
";
const PLAIN: &str = "CALLER: what time do you open
AGENT: at eight in the morning and parking is free
CALLER: thanks that is all
";

#[test]
fn a_call_above_the_policys_risk_is_held_and_without_a_threshold_it_passes() {
    let bench = Bench::new();
    bench.write("in/doubtful.txt", DOUBTFUL);
    bench.write("in/plain.txt", PLAIN);
    bench.write("own.toml", "name = \"own\"\nversion = 1\nextends = \"safe-harbor\"\n[hold]\nrisk-max = 0.05\n");
    let (lines, summary) = bench.run(&["redact", "in", "own", "--policy", "own.toml", "--json"]).json();
    let line = |source: &str| lines.iter().find(|l| l["source"] == source).unwrap();
    assert_eq!(line("doubtful.txt")["reason"], "residual-risk");
    assert_eq!(line("plain.txt")["status"], "redacted");
    assert_eq!(summary["held_reasons"]["residual-risk"], 1);
    let record = format!("own/.held/{}.json", line("doubtful.txt")["call"].as_str().unwrap());
    let record: serde_json::Value = serde_json::from_slice(&std::fs::read(bench.path(&record)).unwrap()).unwrap();
    assert!(record["next_step"].as_str().unwrap().contains("review"), "{record}");
    let (lines, _) = bench.run(&["redact", "in", "out", "--json"]).json();
    assert!(lines.iter().all(|l| l["status"] == "redacted"), "{lines:?}");
}
