//! Killed at any moment, a run leaves nothing unredacted and nothing half-written, and a rerun ends
//! as if nothing had happened.

use super::support::{Bench, Ran};
use sordino::base::Sha256Hex;
use std::fs;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const CALLS: usize = 200;
const KILLS: usize = 200;
const ARGS: [&str; 5] = ["redact", "in", "out", "--jobs", "2"];

#[test]
fn killed_at_200_random_moments_the_result_is_the_same() {
    let bench = Bench::new();
    for n in 0..CALLS {
        match n % 4 {
            0 => bench.call(&format!("in/{n:03}"), n),
            1 => bench.write(&format!("in/{n:03}.json"), "{"),
            _ => bench.chat(&format!("in/{n:03}.txt"), n),
        }
    }
    let (whole, wanted) = uninterrupted(&bench);
    let mut random = 0x5EED_u64;
    let mut killed = 0;
    while killed < KILLS {
        let mut child = bench.command(&ARGS).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        sleep(whole.mul_f64(next(&mut random)));
        if kill(&mut child) {
            killed += 1;
            check(&bench, killed);
        } else {
            assert!(bench.tree("out") == wanted, "a rerun ended in another state after {killed} kills");
            fs::remove_dir_all(bench.path("out")).unwrap();
        }
    }
    assert_eq!(bench.run(&ARGS).code, Some(3));
    assert!(bench.tree("out") == wanted);
}

/// How long a whole run takes, and what it leaves.
fn uninterrupted(bench: &Bench) -> (Duration, std::collections::BTreeMap<std::path::PathBuf, Vec<u8>>) {
    bench.run(&["redact", "in", "out", "--dry-run"]);
    #[expect(clippy::disallowed_methods, reason = "kills are spread over the length of a run")]
    let start = Instant::now();
    let ran = bench.run(&ARGS);
    let whole = start.elapsed();
    assert_eq!(ran.code, Some(3), "{}{}", ran.stdout, ran.stderr);
    assert!(!bench.leaks("out"));
    let tree = bench.tree("out");
    fs::remove_dir_all(bench.path("out")).unwrap();
    (whole, tree)
}

/// Whether the child was still running when it was killed.
fn kill(child: &mut Child) -> bool {
    let running = child.try_wait().unwrap().is_none();
    let _ = child.kill();
    let status = child.wait().unwrap();
    running && status.code().is_none()
}

/// Every call that is there is whole; the program itself says so now and then, because it takes longer.
fn check(bench: &Bench, killed: usize) {
    assert!(!bench.leaks("out"), "kill {killed} left an unredacted byte");
    let Ok(entries) = fs::read_dir(bench.path("out")) else { return };
    for entry in entries.map(Result::unwrap).filter(|e| !e.file_name().as_encoded_bytes().starts_with(b".")) {
        let manifest = fs::read(entry.path().join("manifest.json")).unwrap();
        let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
        for artifact in manifest["artifacts"].as_array().unwrap() {
            let bytes = fs::read(entry.path().join(artifact["name"].as_str().unwrap())).unwrap();
            assert_eq!(artifact["sha256"], Sha256Hex::of(&bytes).as_str(), "kill {killed} left a half-written call");
        }
    }
    if killed.is_multiple_of(20) {
        let (_, summary) = bench.run(&["verify", "out", "--json"]).json();
        assert_eq!(summary["failed"], 0, "kill {killed} left a call that does not verify");
    }
}

/// The next of a fixed row of numbers from 0 to 1 (xorshift).
fn next(state: &mut u64) -> f64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_finishes_the_calls_in_hand_and_says_what_is_left() {
    let bench = Bench::new();
    for n in 0..CALLS {
        bench.call(&format!("in/{n:03}"), n);
    }
    let mut command = bench.command(&["redact", "in", "out", "--json", "--jobs", "1"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while !bench.path("out").exists() && child.try_wait().unwrap().is_none() {
        sleep(Duration::from_millis(2));
    }
    let pid = child.id().to_string();
    std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    let ran = Ran::of(&child.wait_with_output().unwrap());
    let (lines, summary) = ran.json();
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert_eq!((&summary["stopped"], lines.len()), (&"told".into(), summary["calls"].as_u64().unwrap() as usize));
    assert!(lines.len() < CALLS);
    assert_eq!(bench.run(&["verify", "out"]).code, Some(0));
}
