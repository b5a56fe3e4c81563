//! Whole runs while the network and the server fail.

use super::support::{Cloud, PROXY, calls, ran, variable};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

/// Adds faults to requests to buckets of this name.
fn fail(name: &str, mut rules: Value) {
    for rule in rules.as_array_mut().unwrap() {
        rule["service"] = "s3".into();
        rule["resource"] = name.into();
    }
    let url = variable(PROXY);
    let host = url.strip_prefix("http://").unwrap();
    let body = rules.to_string();
    let head = format!("PATCH /_microburst/rules HTTP/1.0\r\nHost: {host}\r\nContent-Length: {}\r\n\r\n", body.len());
    let mut connection = TcpStream::connect(host).unwrap();
    connection.write_all((head + &body).as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("200 OK"), "{answer}");
}

/// What readers see below a folder: manifests and what they name. Without what keeps the artifacts of two commits apart,
/// because a server that says that something is there which is not gets both.
fn published(cloud: &Cloud, folder: &str) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let objects = cloud.objects(&cloud.redacted());
    let is_named = |key: &str| {
        let (call, name) = key.rsplit_once('/').unwrap();
        let manifest = objects.get(&format!("{call}/manifest.json"));
        manifest.is_some_and(|m| name == "manifest.json" || memchr::memmem::find(m, name.as_bytes()).is_some())
    };
    let tag = regex::bytes::Regex::new("(recording|transcript)-[0-9a-f]{16}\\.").unwrap();
    let untagged = |bytes: &[u8]| tag.replace_all(bytes, &b"$1."[..]).into_owned();
    let named = objects.iter().filter(|(key, _)| is_named(key));
    let named = named.filter_map(|(key, bytes)| Some((key.strip_prefix(folder)?, bytes)));
    named.map(|(key, bytes)| (untagged(key.as_bytes()), untagged(bytes))).collect()
}

#[test]
fn a_run_through_faults_ends_as_one_without() {
    let cloud = Cloud::new("SORDINO_TEST_S3");
    cloud.put_all(&cloud.raw(), "", &calls());
    let raw = format!("s3://{}/", cloud.raw());
    let calm = cloud.run(&["redact", &raw, &format!("s3://{}/calm", cloud.redacted()), "--json"]);
    assert_eq!(calm.code, Some(0), "{}{}", calm.stdout, calm.stderr);
    let answer = |operation: &str, p: f64, what: Value| {
        let mut rule = json!({"operation": operation, "probability": p});
        rule.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
        rule
    };
    fail(
        &cloud.raw(),
        json!([
            answer("GetObject", 0.2, json!({"response": {"abort_frac": 0.5}})),
            answer("GetObject", 0.1, json!({"response": {"corrupt_bytes": 3}})),
            answer("GetObject", 0.2, json!({"error": {"code": "SlowDown", "status": 503}})),
            answer("ListObjectsV2", 0.3, json!({"reset": true})),
        ]),
    );
    fail(
        &cloud.redacted(),
        json!([
            answer("PutObject", 0.2, json!({"error": {"code": "SlowDown", "status": 503}})),
            answer("PutObject", 0.1, json!({"error": {"code": "PreconditionFailed", "status": 412}})),
            answer("PutObject", 0.1, json!({"reset": true})),
            answer("PutObject", 0.1, json!({"response": {"abort_bytes": 0}})),
            answer("GetObject", 0.2, json!({"error": {"code": "InternalError", "status": 500}})),
        ]),
    );
    let stormy = format!("s3://{}/stormy", cloud.redacted());
    let mut ends = Vec::new();
    // What fails is never half there, and what is run again ends in the same state.
    for _ in 0..10 {
        let run = ran(cloud.command(&["redact", &raw, &stormy, "--json"]).env("AWS_ENDPOINT_URL", variable(PROXY)));
        ends.push(run.ends());
        assert!(matches!(run.code, Some(0 | 1)), "{}{}", run.stdout, run.stderr);
        if run.code == Some(0) {
            break;
        }
    }
    let (calm, stormy) = (published(&cloud, "calm/"), published(&cloud, "stormy/"));
    assert!(calm.keys().eq(stormy.keys()), "{ends:?}: {} and {} files", calm.len(), stormy.len());
    assert!(calm == stormy);
    assert!(calm.len() > 20);
}

#[test]
fn expired_credentials_end_a_run_and_hold_no_call() {
    let cloud = Cloud::new("SORDINO_TEST_S3");
    cloud.put_all(&cloud.raw(), "", &calls());
    fail(&cloud.raw(), json!([{"operation": "GetObject", "error": {"code": "ExpiredToken", "status": 400}}]));
    let (raw, out) = (format!("s3://{}/", cloud.raw()), format!("s3://{}/", cloud.redacted()));
    let run = ran(cloud.command(&["redact", &raw, &out, "--json"]).env("AWS_ENDPOINT_URL", variable(PROXY)));
    assert_eq!(run.code, Some(1), "{}{}", run.stdout, run.stderr);
    assert_eq!(run.ends().keys().collect::<Vec<_>>(), ["failed"]);
    assert!(run.stderr.contains("renew the credentials"));
    assert!(cloud.objects(&cloud.redacted()).is_empty());
}
