//! `verify`: what it proves, and that it sees each kind of damage.

use super::support::{Bench, PLANTED_TEXT, Ran, whisper};
use std::fs;
use std::path::PathBuf;

/// A destination with one call that has a recording, and that call's folder.
fn published() -> (Bench, PathBuf) {
    let bench = Bench::new();
    bench.call("in/a", 1);
    let ran = bench.run(&["redact", "in", "out", "--json"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let folder = bench.path("out").join(ran.json().0[0]["call"].as_str().unwrap());
    (bench, folder)
}

fn check(ran: &Ran, code: i32, word: &str) {
    assert_eq!(ran.code, Some(code), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains(word), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn what_was_published_verifies_also_against_its_source() {
    let (bench, _) = published();
    check(&bench.run(&["verify", "out"]), 0, "1 call");
    check(&bench.run(&["verify", "out", "--source", "in"]), 0, "1 call");
    assert_eq!(bench.run(&["verify", "none"]).code, Some(2));
}

#[test]
fn a_changed_artifact_is_seen() {
    let (bench, folder) = published();
    let path = folder.join("recording.wav");
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(path, bytes).unwrap();
    check(&bench.run(&["verify", "out"]), 1, "hash");
}

#[test]
fn a_missing_or_foreign_file_is_seen() {
    let (bench, folder) = published();
    fs::write(folder.join("notes.txt"), "x").unwrap();
    check(&bench.run(&["verify", "out"]), 1, "foreign");
    fs::remove_file(folder.join("notes.txt")).unwrap();
    fs::remove_file(folder.join("transcript.json")).unwrap();
    check(&bench.run(&["verify", "out"]), 1, "missing");
}

#[test]
fn a_folder_without_a_manifest_is_seen() {
    let (bench, folder) = published();
    fs::remove_file(folder.join("manifest.json")).unwrap();
    check(&bench.run(&["verify", "out"]), 1, "manifest");
}

#[test]
fn what_cannot_be_read_fails_its_call_alone_and_the_others_are_proven() {
    let (bench, folder) = published();
    let call = folder.file_name().unwrap().to_str().unwrap();
    bench.call("in/b", 2);
    assert_eq!(bench.run(&["redact", "in", "out"]).code, Some(0));
    std::os::unix::fs::symlink("/etc/hostname", folder.join("more.json")).unwrap();
    let ran = bench.run(&["verify", "out"]);
    check(&ran, 1, &format!("{call}: unread: a link leads to a folder or outside"));
    check(&ran, 1, "2 calls: 1 verified, 1 failed");
    fs::remove_file(folder.join("more.json")).unwrap();
    fs::remove_file(folder.join("manifest.json")).unwrap();
    fs::create_dir(folder.join("manifest.json")).unwrap();
    let ran = bench.run(&["verify", "out"]);
    check(&ran, 1, &format!("{call}: unread: a record of the destination cannot be read"));
    check(&ran, 1, "2 calls: 1 verified, 1 failed");
    fs::remove_dir_all(&folder).unwrap();
    std::os::unix::fs::symlink(bench.path("in"), bench.path("out/linked")).unwrap();
    check(&bench.run(&["verify", "out"]), 1, "(another folder or file): unread");
}

#[test]
fn a_destination_without_calls_proves_nothing_and_says_so() {
    let bench = Bench::new();
    fs::create_dir(bench.path("empty")).unwrap();
    let ran = bench.run(&["verify", "empty"]);
    check(&ran, 0, "0 calls");
    assert!(ran.stderr.contains("there is no redacted call at empty"), "{}", ran.stderr);
}

#[test]
fn text_that_came_back_is_seen_even_with_the_right_hash() {
    let bench = Bench::new();
    bench.chat("in/a.txt", 1);
    let call = bench.run(&["redact", "in", "out", "--json"]).json().0[0]["call"].clone();
    let folder = bench.path("out").join(call.as_str().unwrap());
    let before = fs::read_to_string(folder.join("transcript.txt")).unwrap();
    let after = format!("{before}CALLER: my number is {PLANTED_TEXT}0001 thanks\n");
    fs::write(folder.join("transcript.txt"), &after).unwrap();
    let mut manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    manifest["artifacts"][0]["bytes"] = after.len().into();
    manifest["artifacts"][0]["sha256"] = sordino::base::Sha256Hex::of(after.as_bytes()).as_str().into();
    fs::write(folder.join("manifest.json"), manifest.to_string()).unwrap();
    let ran = bench.run(&["verify", "out"]);
    check(&ran, 1, "residue");
    assert!(!ran.stdout.contains(PLANTED_TEXT) && !ran.stderr.contains(PLANTED_TEXT));
}

#[test]
fn sound_that_came_back_under_a_mask_is_seen_though_the_manifest_claims_no_mute_there() {
    let (bench, folder) = published();
    let original = fs::read(bench.path("in/a.wav")).unwrap();
    fs::write(folder.join("recording.wav"), &original).unwrap();
    let mut manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    let recording =
        manifest["artifacts"].as_array_mut().unwrap().iter_mut().find(|a| a["role"] == "recording").unwrap();
    recording["muted"] = serde_json::json!([]);
    recording["bytes"] = original.len().into();
    recording["sha256"] = sordino::base::Sha256Hex::of(&original).as_str().into();
    fs::write(folder.join("manifest.json"), manifest.to_string()).unwrap();
    let ran = bench.run(&["verify", "out"]);
    check(&ran, 1, "sound: a masked word is heard at");
    assert!(!ran.stdout.contains("hash"), "{}", ran.stdout);
}

#[test]
fn what_a_recogniser_still_hears_is_told_without_its_words() {
    let (bench, _) = published();
    let listen = |script: &str, more: &[&str]| {
        bench.write("recogniser.sh", script);
        let command = format!("sh {}", bench.path("recogniser.sh").display());
        bench.run(&[&["verify", "out", "--listen", &command], more].concat())
    };
    let number = format!("{PLANTED_TEXT}0001");
    let hears = format!("test -s \"$1\" && echo 'AGENT: my number is {number} thank you'");
    let ran = listen(&hears, &[]);
    check(&ran, 3, "heard");
    assert!(!ran.stdout.contains(&number) && !ran.stderr.contains(&number));
    check(&listen(&hears, &["--source", "in"]), 3, "heard");
    check(&listen(&hears, &["--json"]), 3, "\"failed\":[\"heard\"]");
    // Where the recording is proven to be silent nobody can have heard it; elsewhere somebody may.
    let said = ["hello", "my", "number", "is", &number, "thank", "you", "bye"];
    let elsewhere = ["hello", "my", "thank", "you", "bye", "number", "is", &number];
    for (words, code) in [(said, 0), (elsewhere, 3)] {
        bench.write("heard.json", whisper(&words));
        let ran = listen(&format!("cat {}", bench.path("heard.json").display()), &[]);
        assert_eq!(ran.code, Some(code), "{words:?}: {}{}", ran.stdout, ran.stderr);
    }
    for script in ["echo 'hello my is thank you bye'", "true"] {
        check(&listen(script, &[]), 0, "1 verified");
    }
    for (script, more) in [("exit 1", &[][..]), ("sleep 30", &["--listen-seconds", "0"])] {
        check(&listen(script, more), 1, "unheard");
    }
    assert_eq!(bench.run(&["verify", "out", "--listen", " "]).code, Some(2));
}
