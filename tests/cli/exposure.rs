//! `audit exposure` and the accounting of disclosures on a log that a server has written.

use super::support::Bench;
use serde_json::Value;
use sordino::access::audit::{Action, Event, Log, Outcome, Rules, Via};
use sordino::access::sign::{KeyFolder, Signer, read_private};
use sordino::access::{UserName, Word};
use sordino::base::{CallId, Timestamp};
use sordino::store::LocalRecords;
use std::sync::Arc;

const AT: u64 = 1_700_000_000;

fn event(n: u64, user: &str, what: Action, call: &CallId) -> Event {
    Event {
        at: Timestamp::from_unix_s(AT + n),
        user: UserName::parse(user).unwrap(),
        role: Word::parse("coach"),
        via: Via::Session,
        token: None,
        from: Some("192.0.2.7".parse().unwrap()),
        what,
        call: Some(call.clone()),
        about: UserName::parse("transcript.txt"),
        purpose: Word::parse("coaching"),
        outcome: if user == "eve" { Outcome::Refused } else { Outcome::Allowed },
        why: None,
    }
}

#[test]
fn after_a_breach_it_says_what_was_exposed_to_whom_and_until_when() {
    let bench = Bench::new();
    bench.chat("in/a.txt", 1);
    bench.chat("in/b.txt", 2);
    bench.run(&["keys", "new", "keys"]);
    let ran = bench.run(&["redact", "in", "out", "--json"]).json().0;
    let calls: Vec<CallId> = ran.iter().map(|l| CallId::parse(l["call"].as_str().unwrap()).unwrap()).collect();
    let key = read_private(&KeyFolder::at(&bench.path("keys")).private_file()).unwrap();
    let records = Arc::new(LocalRecords::open(&bench.path("out")).unwrap());
    let log = Log::open(records, Signer::with_key(key), Rules::default()).unwrap();
    for (n, user, what, call) in [
        (0, "ana", Action::View, 0),
        (60, "ana", Action::Play, 0),
        (70, "ben", Action::Download, 1),
        (80, "eve", Action::Play, 1),
        (90_000, "ana", Action::View, 1),
    ] {
        log.append(event(n, user, what, &calls[call])).unwrap();
    }
    let exposure = |flags: &[&str]| -> Value {
        let args = ["audit", "exposure", "out", "--public-keys", "keys/public-keys.json", "--format", "json"];
        let ran = bench.run(&[&args[..], flags].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap()
    };
    let all = exposure(&["--discovered", "2023-11-20"]);
    assert!(all["note"].as_str().unwrap().contains("by 2024-01-19T00:00:00Z at the latest"), "{all}");
    assert_eq!(all["rows"].as_array().unwrap().len(), 3, "a refusal exposes nothing");
    let of_ana = exposure(&["--user", "ana", "--until", "2023-11-15"]);
    let row = &of_ana["rows"][0];
    assert!(row["call"] == calls[0].as_str() && row["views"] == 1 && row["plays"] == 1 && row["from"] == "192.0.2.7");
    assert!(row["copy"] == "there" && row["readable_until"] == "2029-11-12T22:13:20Z", "{row}");
    assert!(row["hidden"].as_str().unwrap().contains("PHONE:1"), "{row}");
    let of_call = exposure(&["--call", calls[1].as_str()]);
    let users: Vec<_> = of_call["rows"].as_array().unwrap().iter().map(|row| row["user"].as_str().unwrap()).collect();
    assert_eq!(users, ["ana", "ben"]);
    assert_eq!(of_call["rows"][1]["readable_until"], "unknown: downloaded");
    let disclosures = bench.run(&["audit", "report", "disclosures", "out", "--public-keys", "keys/public-keys.json"]);
    assert_eq!(disclosures.stdout.lines().count(), 1 + 4);
}
