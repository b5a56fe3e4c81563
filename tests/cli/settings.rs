//! Configuration and key, help and completions.

use super::support::{Bench, Ran};
use std::fs;

#[test]
fn the_key_is_made_once_and_said_so() {
    let bench = Bench::new();
    bench.chat("in/a.txt", 1);
    let first = bench.run(&["redact", "in", "out", "--json"]);
    assert!(first.stderr.contains("made a key"), "{}", first.stderr);
    let key = bench.path("state/call-id-key");
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&fs::metadata(&key).unwrap()) & 0o777, 0o600);
    assert!(!first.stderr.contains(&fs::read_to_string(&key).unwrap()));
    let second = bench.run(&["redact", "in", "out", "--json"]);
    assert_eq!(second.stderr, "");
    assert_eq!(first.json().0[0]["call"], second.json().0[0]["call"]);
}

#[test]
fn a_key_from_the_environment_leaves_no_file() {
    let bench = Bench::new();
    bench.chat("in/a.txt", 1);
    let run = |key: &str| {
        let mut command = bench.command(&["redact", "in", "out", "--json", "--dry-run"]);
        Ran::of(&command.env("SORDINO_CALL_ID_KEY", key).output().unwrap())
    };
    let (one, other) = (run("0123456789abcdef"), run("another key of some length"));
    assert!(one.json().0[0]["call"] != other.json().0[0]["call"]);
    assert!(!bench.path("state").exists());
    let short = run("hunter2");
    assert_eq!(short.code, Some(2));
    assert!(!short.stderr.contains("hunter2"));
}

#[test]
fn unknown_fields_variables_and_flags_are_refused_by_name() {
    let bench = Bench::new();
    bench.write("sordino.toml", "polcy = \"strict\"\n");
    let file = bench.run(&["redact", "in", "out"]);
    assert_eq!(file.code, Some(2));
    assert!(file.stderr.contains("polcy") && file.stderr.contains("sordino.toml"), "{}", file.stderr);
    fs::remove_file(bench.path("sordino.toml")).unwrap();
    let variable = Ran::of(&bench.command(&["patterns", "list"]).env("SORDINO_POLCY", "strict").output().unwrap());
    assert_eq!(variable.code, Some(2));
    assert!(variable.stderr.contains("SORDINO_POLCY"), "{}", variable.stderr);
    assert_eq!(bench.run(&["redact", "in", "out", "--polcy", "strict"]).code, Some(2));
}

#[test]
fn a_flag_out_of_range_names_value_bound_and_next_step() {
    let bench = Bench::new();
    let ran = bench.run(&["redact", "in", "out", "--pad-ms", "90000"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("--pad-ms 90000: at most 2000; try --pad-ms 250"), "{}", ran.stderr);
    let ran = bench.run(&["redact", "in", "out", "--policy", "lax"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("safe-harbor"), "{}", ran.stderr);
}

#[test]
fn the_configuration_file_is_read_where_the_program_runs() {
    let bench = Bench::new();
    bench.write("sordino.toml", "pairing = [\"{id}_audio.*\", \"{id}_text.*\"]\n");
    bench.call("in/a", 1);
    fs::rename(bench.path("in/a.wav"), bench.path("in/a_audio.wav")).unwrap();
    fs::rename(bench.path("in/a.json"), bench.path("in/a_text.json")).unwrap();
    let ran = bench.run(&["redact", "in", "out", "--json"]);
    assert_eq!(ran.json().0[0]["status"], "redacted", "{}{}", ran.stdout, ran.stderr);
    assert!(ran.json().0[0]["muted_ms"].as_u64() > Some(0));
}

#[test]
fn completions_and_manual_cover_the_commands() {
    let bench = Bench::new();
    for args in [&["completions", "bash"][..], &["completions", "fish"], &["man"], &["--help"]] {
        let ran = bench.run(args);
        assert_eq!(ran.code, Some(0));
        for command in ["redact", "detect", "verify", "patterns"] {
            assert!(ran.stdout.contains(command), "{args:?} lacks {command}");
        }
    }
    assert_eq!(bench.run(&["man", "--out", "pages"]).code, Some(0));
    assert!(bench.path("pages/sordino-redact.1").is_file());
}
