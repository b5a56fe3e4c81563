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
