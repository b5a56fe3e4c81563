//! The store while the network and the server fail, by a proxy that fails on request. Each test has rules of its own by
//! the name of its bucket.

use super::reading::{commit, noise, recording};
use super::*;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const PROXY: &str = "SORDINO_TEST_FAULTS";

/// As patient as need be to see that patience ends.
pub(super) fn impatient() -> Patience {
    let second = Duration::from_secs(1);
    Patience { attempts: 4, backoff: second / 10, connection: 4 * second, answer: 4 * second, stall: 2 * second }
}

/// One request to the proxy's own interface.
fn control(method: &str, path: &str, body: &Value) -> Value {
    let url = variable(PROXY);
    let host = url.strip_prefix("http://").unwrap();
    let body = body.to_string();
    let mut connection = TcpStream::connect(host).unwrap();
    let head =
        format!("{method} /_microburst/{path} HTTP/1.0\r\nHost: {host}\r\nContent-Length: {}\r\n\r\n", body.len());
    connection.write_all((head + &body).as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

/// A bucket behind the proxy.
pub(super) struct Failing {
    pub client: Client,
    pub address: BucketAddress,
}

impl Failing {
    pub fn new() -> Self {
        Self::with(impatient())
    }

    fn with(patience: Patience) -> Self {
        let direct = client(SERVERS[0], Patience::default());
        Self { address: bucket(&direct, ""), client: client(PROXY, patience) }
    }

    /// Adds a fault to what is asked of the bucket from now on.
    pub fn fail(&self, mut rule: Value) {
        rule["service"] = "s3".into();
        rule["resource"] = self.address.bucket.as_str().into();
        control("PATCH", "rules", &json!([rule]));
    }

    /// How often a fault struck.
    pub fn struck(&self) -> u64 {
        let rules = control("GET", "rules", &Value::Null);
        let own = rules.as_array().unwrap().iter().filter(|r| r["resource"] == self.address.bucket.as_str());
        own.map(|rule| rule["fired_count"].as_u64().unwrap()).sum()
    }

    fn store(&self) -> S3Store {
        destination(&self.client, &self.address)
    }

    /// The same bucket without faults.
    fn direct(&self) -> S3Store {
        destination(&client(SERVERS[0], Patience::default()), &self.address)
    }

    /// Reads an object of this size that others have put.
    fn read(&self, bytes: usize) -> std::io::Result<bool> {
        let content = noise(bytes);
        put(&client(SERVERS[0], Patience::default()), &self.address.bucket, "a.wav", &content);
        let store = S3Store::source(self.client.clone(), &self.address).unwrap();
        let (mut object, _) = store.open(&Phi::new("a.wav".into())).map_err(std::io::Error::other)?;
        let mut back = Vec::new();
        object.read_to_end(&mut back)?;
        Ok(back == content)
    }
}

#[test]
fn overload_and_resets_delay_a_commit_and_nothing_else() {
    for fault in [
        json!({"error": {"code": "SlowDown", "status": 503}}),
        json!({"error": {"code": "InternalError", "status": 500}}),
        json!({"reset": true}),
    ] {
        let failing = Failing::new();
        let store = failing.store();
        let mut fault = fault;
        fault["times"] = 3.into();
        fault["operation"] = "PutObject".into();
        failing.fail(fault.clone());
        suite::commit(&store, &call(1), "text", &Expected::Absent).unwrap();
        assert_eq!(failing.struck(), 3, "{fault}");
        suite::check_holds(&failing.direct(), &call(1), "text");
    }
}

/// The answer is lost after the server has done what was asked: the next attempt meets what the first one wrote.
#[test]
fn a_commit_whose_answers_are_lost_has_succeeded_all_the_same() {
    let failing = Failing::new();
    let store = failing.store();
    failing.fail(json!({"operation": "PutObject", "sequence": {"fail": 1, "pass": 1}, "response": {"abort_bytes": 0}}));
    suite::commit(&store, &call(1), "text", &Expected::Absent).unwrap();
    suite::check_holds(&failing.direct(), &call(1), "text");
}

#[test]
fn a_server_that_stays_down_is_asked_a_bounded_number_of_times_and_nothing_is_half_there() {
    for fault in [json!({"error": {"code": "SlowDown", "status": 503}}), json!({"reset": true})] {
        let failing = Failing::new();
        let store = failing.store();
        let mut fault = fault;
        fault["operation"] = "PutObject".into();
        failing.fail(fault.clone());
        let error = suite::commit(&store, &call(1), "text", &Expected::Absent).unwrap_err();
        assert_eq!(error.kind, Kind::Io, "{fault}");
        // Both artifacts are put at once, each with so many attempts.
        assert!((1..=8).contains(&failing.struck()), "{fault}: {}", failing.struck());
        assert!(failing.direct().manifest(&call(1)).unwrap().is_none());
    }
}

#[test]
fn a_refused_manifest_is_a_conflict_and_can_be_tried_again() {
    let failing = Failing::new();
    let store = failing.store();
    let headers = json!({"content-type": "application/json", "if-none-match": "*"});
    failing.fail(json!({"operation": "PutObject", "headers": headers, "times": 2,
        "error": {"code": "PreconditionFailed", "status": 412}}));
    let attempts = (0..5).find(|_| match suite::commit(&store, &call(1), "text", &Expected::Absent) {
        Ok(()) => true,
        Err(error) => {
            assert_eq!(error.kind, Kind::Conflict);
            false
        }
    });
    assert!(attempts.is_some());
    assert_eq!(failing.direct().committed().unwrap(), [call(1)]);
}

/// As when another worker's put of the same artifact is under way, which may yet fail.
#[test]
fn an_artifact_that_is_said_to_be_there_and_is_not_is_never_named() {
    for status in [409, 412] {
        let failing = Failing::new();
        let store = failing.store();
        let error = json!({"code": "ConditionalRequestConflict", "status": status});
        failing.fail(json!({"operation": "PutObject", "headers": {"content-type": "audio/wav"}, "error": error}));
        let error = suite::commit(&store, &call(1), "text", &Expected::Absent).unwrap_err();
        assert_eq!(error.kind, Kind::Conflict, "{status}");
        assert!(failing.direct().committed().unwrap().is_empty());
    }
}

#[test]
fn expired_credentials_are_no_reason_to_hold_a_call_nor_to_ask_again() {
    let failing = Failing::new();
    failing.fail(json!({"operation": "GetObject", "error": {"code": "ExpiredToken", "status": 400}}));
    put(&client(SERVERS[0], Patience::default()), &failing.address.bucket, "a.wav", b"w");
    let store = S3Store::source(failing.client.clone(), &failing.address).unwrap();
    let error = store.open(&Phi::new("a.wav".into())).err().unwrap();
    assert_eq!(error.kind, Kind::Io);
    assert!(error.hint.unwrap().contains("renew the credentials"));
    assert!(failing.struck() <= 4);
}

#[test]
fn a_body_that_breaks_off_is_read_on_from_there() {
    let failing = Failing::new();
    failing.fail(json!({"operation": "GetObject", "times": 3, "response": {"abort_frac": 0.4}}));
    assert!(failing.read(6 << 20).unwrap());
    assert_eq!(failing.struck(), 3);
}

#[test]
fn a_body_that_always_breaks_off_is_given_up() {
    let failing = Failing::new();
    failing.fail(json!({"operation": "GetObject", "response": {"abort_bytes": 1000}}));
    assert!(failing.read(1 << 20).is_err());
    // The first answer, eight more, one that asks for the size, which this proxy leaves out, and whatever the SDK
    // itself asked twice.
    assert!((10..=14).contains(&failing.struck()), "{}", failing.struck());
}

#[test]
fn wrong_bytes_are_seen_by_their_checksum() {
    let failing = Failing::new();
    failing.fail(json!({"operation": "GetObject", "times": 4, "response": {"corrupt_bytes": 4}}));
    assert!(failing.read(100_000).unwrap(), "asked for again before anything was handed out");
    let failing = Failing::new();
    failing.fail(json!({"operation": "GetObject", "times": 2, "response": {"corrupt_bytes": 4}}));
    assert!(failing.read(6 << 20).is_err(), "too late for that: it is handed out block by block");
    assert!(failing.read(6 << 20).unwrap());
}

#[test]
fn a_server_that_says_nothing_is_not_waited_for_for_ever() {
    let failing = Failing::new();
    failing.fail(json!({"operation": "GetObject", "times": 1, "latency": 30_000}));
    assert!(failing.read(1000).unwrap());
    assert_eq!(failing.struck(), 1);
}

#[test]
fn a_large_upload_survives_parts_that_fail_and_leaves_none_where_it_does_not() {
    // The proxy takes the put of a part for that of an object.
    let failing = Failing::with(Patience { answer: Duration::from_secs(20), ..impatient() });
    let store = failing.store();
    failing.fail(json!({"operation": "PutObject", "times": 2, "error": {"code": "SlowDown", "status": 503}}));
    let bytes = noise(17 << 20);
    commit(&store, &bytes).unwrap();
    assert_eq!(failing.struck(), 2);
    let mut back = Vec::new();
    recording(&failing.direct()).0.read_to_end(&mut back).unwrap();
    assert!(back == bytes);

    let failing = Failing::with(Patience { answer: Duration::from_secs(20), ..impatient() });
    let store = failing.store();
    failing.fail(json!({"operation": "PutObject", "error": {"code": "InternalError", "status": 500}}));
    assert_eq!(commit(&store, &bytes).unwrap_err().kind, Kind::Io);
    // Three parts, and the other artifact beside them.
    assert!(failing.struck() <= 16, "{}", failing.struck());
    let direct = client(SERVERS[0], Patience::default());
    let uploads = direct.wait(direct.sdk.list_multipart_uploads().bucket(&failing.address.bucket).send()).unwrap();
    assert!(uploads.uploads().is_empty());
    assert!(failing.direct().list().next().is_none());
}
