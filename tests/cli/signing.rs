//! `keys`, manifests that are signed, and `verify` on them.

use super::support::{Bench, Ran};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

/// A bench with a key and one call that was redacted with it, and the call's manifest.
fn signed() -> (Bench, PathBuf) {
    let bench = Bench::new();
    bench.chat("in/a.txt", 1);
    assert_eq!(bench.run(&["keys", "new", "keys"]).code, Some(0));
    let ran = bench.run(&["redact", "in", "out", "--json", "--signing-key-file", "keys/signing-key.pem"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let manifest = bench.path("out").join(ran.json().0[0]["call"].as_str().unwrap()).join("manifest.json");
    (bench, manifest)
}

fn verify(bench: &Bench, flags: &[&str]) -> (Option<i32>, Value) {
    let ran = bench.run(&[&["verify", "out", "--json"], flags].concat());
    (ran.code, ran.json().1)
}

#[test]
fn a_signed_manifest_verifies_and_a_changed_one_does_not() {
    let (bench, path) = signed();
    let trust = ["--public-keys", "keys/public-keys.json", "--require-signature"];
    assert_eq!(verify(&bench, &trust).1["signed"], 1);
    let manifest = fs::read_to_string(&path).unwrap();
    let changed = manifest.replace("\"legal_hold\": false", "\"legal_hold\": true");
    assert!(changed != manifest);
    fs::write(&path, changed).unwrap();
    let ran = bench.run(&[&["verify", "out"][..], &trust].concat());
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("signature: the signature does not fit"), "{}", ran.stdout);
}

#[test]
fn without_keys_a_signature_is_not_judged_unless_it_is_required() {
    let (bench, _) = signed();
    let (code, sum) = verify(&bench, &[]);
    assert!(code == Some(0) && sum["unchecked"] == 1 && sum["signed"] == 0, "{sum}");
    let ran = bench.run(&["verify", "out"]);
    assert!(ran.stdout.contains("1 signatures not checked") && ran.stderr.contains("--public-keys"), "{}", ran.stdout);
    assert_eq!(verify(&bench, &["--require-signature"]).0, Some(1));
    bench.run(&["keys", "new", "other"]);
    assert_eq!(verify(&bench, &["--public-keys", "other/public-keys.json"]).0, Some(1));
}

#[test]
fn unsigned_calls_are_done_again_only_where_a_signature_is_required() {
    let bench = Bench::new();
    bench.chat("in/a.txt", 1);
    bench.run(&["keys", "new", "keys"]);
    let redact = |vars: &[(&str, &str)]| {
        let mut command = bench.command(&["redact", "in", "out", "--json"]);
        let ran = Ran::of(&command.envs(vars.iter().copied()).output().unwrap());
        (ran.code, ran.stdout.lines().next().map(|l| serde_json::from_str::<Value>(l).unwrap()["status"].clone()))
    };
    let (key, required) =
        (("SORDINO_SIGNING_KEY_FILE", "keys/signing-key.pem"), ("SORDINO_SIGNATURE_REQUIRED", "true"));
    let status = |vars: &[(&str, &str)]| redact(vars).1.unwrap();
    assert_eq!(status(&[]), "redacted");
    assert_eq!(status(&[key]), "unchanged");
    assert_eq!(redact(&[required]).0, Some(2), "nobody signs");
    assert_eq!(status(&[key, required]), "redacted");
    assert_eq!(status(&[key, required]), "unchanged");
    bench.run(&["keys", "rotate", "keys"]);
    assert_eq!(status(&[key, required]), "unchanged", "what the old key signed stays valid");
    assert_eq!(verify(&bench, &["--public-keys", "keys/public-keys.json", "--require-signature"]).0, Some(0));
}

#[test]
fn a_command_signs_with_a_key_that_this_program_never_sees() {
    let bench = Bench::new();
    bench.chat("in/a.txt", 1);
    bench.run(&["keys", "new", "service"]);
    let pem = bench.run(&["keys", "show", "service", "--pem"]).stdout;
    bench.write("public.pem", &pem);
    assert_eq!(bench.run(&["keys", "trust", "keys", "public.pem"]).code, Some(0));
    // The service has its answer for a first run by signing the same record with the key itself.
    let of_key = bench.run(&["redact", "in", "out", "--json", "--signing-key-file", "service/signing-key.pem"]);
    let call = of_key.json().0[0]["call"].as_str().unwrap().to_owned();
    let manifest: Value = serde_json::from_str(&bench.text(&format!("out/{call}/manifest.json"))).unwrap();
    let answer = manifest["signature"]["value"].as_str().unwrap();
    bench.write(
        "sordino.toml",
        format!(
            "[signing]\npublic-keys = \"keys/public-keys.json\"\nrequired = true\ncommand = [\"echo\", \"{answer}\"]\n"
        ),
    );
    let ran = bench.run(&["redact", "in", "again", "--json"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert_eq!(bench.text(&format!("again/{call}/manifest.json")), bench.text(&format!("out/{call}/manifest.json")));
    bench.chat("in/b.txt", 2);
    let ran = bench.run(&["redact", "in", "again", "--json"]);
    assert_eq!(ran.code, Some(1), "an answer to another question: {}", ran.stdout);
    assert_eq!(ran.json().1["failed"], 1);
}

#[test]
fn keys_are_shown_kept_and_rotated() {
    let bench = Bench::new();
    assert_eq!(bench.run(&["keys", "show", "keys"]).code, Some(2));
    assert_eq!(bench.run(&["keys", "rotate", "keys"]).code, Some(2));
    assert_eq!(bench.run(&["keys", "new", "keys"]).code, Some(0));
    assert_eq!(bench.run(&["keys", "new", "keys"]).code, Some(2), "a key is not written over");
    assert_eq!(bench.run(&["keys", "rotate", "keys", "--overlap-days", "0"]).code, Some(0));
    let shown = bench.run(&["keys", "show", "keys", "--json"]).stdout;
    let keys: Vec<Value> = shown.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert!(keys.len() == 2 && keys[0]["until"] == "2023-11-14T22:13:20Z" && keys[1].get("until").is_none(), "{shown}");
    assert!(!shown.contains("PRIVATE"));
}
