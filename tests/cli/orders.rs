//! Orders of privacy officers on held calls: a run takes up those that name a policy it was given for that, and keeps to them.
//! Spans that people have added: every run takes them up.

use super::support::{Bench, Ran};

const CAREFUL: &str = "name = \"careful\"\nversion = 1\nhide = [\"PHONE\"]\n[hold]\nrisk-max = 0.0000001\n";
const REVIEWED: &str = "name = \"reviewed\"\nversion = 1\nhide = [\"PHONE\"]\n";

fn run(bench: &Bench, release: Option<&str>) -> Ran {
    let args = ["redact", "in", "out", "--policy", "careful.toml", "--json"];
    let mut command = bench.command(&args);
    if let Some(policies) = release {
        command.env("SORDINO_RELEASE_POLICIES", policies);
    }
    Ran::of(&command.output().unwrap())
}

fn status(ran: &Ran) -> String {
    ran.json().0[0]["status"].as_str().unwrap().to_owned()
}

#[test]
fn an_order_is_taken_up_once_it_is_agreed_on_and_by_runs_that_may() {
    let bench = Bench::new();
    bench.chat("in/a.txt", 1);
    bench.write("careful.toml", CAREFUL);
    bench.write("reviewed.toml", REVIEWED);
    let held = run(&bench, Some("reviewed.toml"));
    assert_eq!((held.code, status(&held).as_str()), (Some(3), "held"));
    let call = held.json().0[0]["call"].as_str().unwrap().to_owned();
    let asked = r#"{"by":"ana","at":"2026-11-22T10:00:00Z"}"#;
    let order = |rest: &str| {
        let text =
            format!(r#"{{"schema":"sordino.order/v1","call":"{call}","policy":"reviewed","asked":{asked}{rest}}}"#);
        bench.write(&format!("out/.orders/{call}.json"), text);
    };
    order("");
    assert_eq!(status(&run(&bench, Some("reviewed.toml"))), "held", "nobody has agreed");
    order(r#","approved":{"by":"eve","at":"2026-11-22T11:00:00Z"}"#);
    assert_eq!(status(&run(&bench, None)), "held", "the run was given no policy for orders");
    let other = run(&bench, Some("strict"));
    assert_eq!(status(&other), "held", "the run was given another policy");
    assert!(other.stderr.contains("1 orders"), "{}", other.stderr);
    assert_eq!(status(&run(&bench, Some("strict,reviewed.toml"))), "redacted");
    assert!(bench.text(&format!("out/{call}/manifest.json")).contains("\"reviewed\""));
    assert!(!bench.path(&format!("out/.held/{call}.json")).exists());
    assert_eq!(status(&run(&bench, Some("reviewed.toml"))), "unchanged", "later runs keep to it");
}

/// Spans that are agreed on, as the page writes them.
fn agreed(bench: &Bench, call: &str, at: &str) {
    let act = r#"{"by":"eve","at":"2026-11-22T11:00:00Z"}"#;
    let added = format!(r#"{{"span":{{"at":{at},"category":"NAME"}},"asked":{act},"agreed":{act}}}"#);
    let text = format!(r#"{{"schema":"sordino.spans/v1","call":"{call}","added":[{added}]}}"#);
    bench.write(&format!("out/.spans/{call}.json"), text);
}

fn redact(bench: &Bench) -> String {
    status(&bench.run(&["redact", "in", "out", "--json"]))
}

#[test]
fn words_that_people_have_added_are_hidden_wherever_they_are_said_and_stay_so() {
    let bench = Bench::new();
    let text = "AGENT: how can i help\nCALLER: please send the sproket form, call 555-867-5309\nAGENT: thanks so the sproket then\n";
    bench.write("in/a.txt", text);
    assert_eq!(redact(&bench), "redacted");
    let call = bench.run(&["redact", "in", "out", "--json"]).json().0[0]["call"].as_str().unwrap().to_owned();
    let copy = || bench.text(&format!("out/{call}/transcript.txt"));
    assert_eq!(copy().matches("sproket").count(), 2, "nothing finds it: {}", copy());
    let digest = sha256(text.as_bytes());
    agreed(&bench, &call, &format!(r#"{{"words":{{"transcript":"{digest}","from":7,"until":8}}}}"#));
    assert_eq!(redact(&bench), "redacted", "though nothing else has changed");
    assert!(!copy().contains("sproket") && copy().contains("send the [NAME] form"), "{}", copy());
    let manifest: serde_json::Value = serde_json::from_str(&bench.text(&format!("out/{call}/manifest.json"))).unwrap();
    assert!(manifest["by_hand"].is_string() && manifest["hidden"]["rules"]["by-hand"] == 1, "{manifest}");
    assert_eq!(redact(&bench), "unchanged");
    bench.write("in/a.txt", text.replace("then", "today then"));
    let held = bench.run(&["redact", "in", "out", "--json"]);
    assert_eq!(held.json().0[0]["reason"], "stale-spans", "words of another transcript");
}

#[test]
fn a_stretch_of_time_that_people_have_added_is_masked_and_muted() {
    let bench = Bench::new();
    bench.call("in/one", 1);
    assert_eq!(redact(&bench), "redacted");
    let call = bench.run(&["redact", "in", "out", "--json"]).json().0[0]["call"].as_str().unwrap().to_owned();
    let manifest =
        || -> serde_json::Value { serde_json::from_str(&bench.text(&format!("out/{call}/manifest.json"))).unwrap() };
    let is_muted = |at: u64| {
        let muted = manifest()["artifacts"][1]["muted"].as_array().unwrap().clone();
        muted.iter().any(|m| (m["start_ms"].as_u64().unwrap()..m["end_ms"].as_u64().unwrap()).contains(&at))
    };
    let free = (0..4_000).step_by(10).find(|at| !is_muted(*at)).unwrap();
    agreed(&bench, &call, &format!(r#"{{"time":{{"start_ms":{free},"end_ms":{}}}}}"#, free + 40));
    assert_eq!(redact(&bench), "redacted");
    assert!(is_muted(free) && is_muted(free + 39), "{}", manifest());
    assert_eq!(bench.run(&["verify", "out"]).code, Some(0));
    assert_eq!(redact(&bench), "unchanged");
}

#[test]
fn spans_that_are_damaged_fail_the_call_and_no_other() {
    let bench = Bench::new();
    bench.chat("in/a.txt", 1);
    bench.chat("in/b.txt", 2);
    assert_eq!(redact(&bench), "redacted");
    let (lines, _) = bench.run(&["redact", "in", "out", "--json"]).json();
    let call = lines[0]["call"].as_str().unwrap();
    bench.write(&format!("out/.spans/{call}.json"), "{\"schema\":");
    let (lines, _) = bench.run(&["redact", "in", "out", "--json"]).json();
    assert_eq!((&lines[0]["status"], &lines[1]["status"]), (&"held".into(), &"unchanged".into()), "{lines:?}");
}

fn sha256(bytes: &[u8]) -> String {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref().iter().map(|b| format!("{b:02x}")).collect()
}
