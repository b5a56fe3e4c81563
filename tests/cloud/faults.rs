//! Whole runs while the network and the server fail.

use super::bench::PLANTED_TEXT;
use super::support::{Cloud, PROXY, calls, ran, tree, variable};
use super::worker::{World, stop};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

/// A request to the proxy's own interface.
fn control(method: &str, body: &Value) -> Value {
    let url = variable(PROXY);
    let host = url.strip_prefix("http://").unwrap();
    let body = body.to_string();
    let head =
        format!("{method} /_microburst/rules HTTP/1.0\r\nHost: {host}\r\nContent-Length: {}\r\n\r\n", body.len());
    let mut connection = TcpStream::connect(host).unwrap();
    connection.write_all((head + &body).as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("200 OK"), "{answer}");
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

/// Adds faults to requests to a service, and to buckets of this name where one is given; their numbers.
fn fail(service: &str, name: Option<&str>, mut rules: Value) -> Vec<u64> {
    for rule in rules.as_array_mut().unwrap() {
        rule["service"] = service.into();
        if let Some(name) = name {
            rule["resource"] = name.into();
        }
    }
    let added = control("PATCH", &rules);
    added.as_array().unwrap().iter().map(|rule| rule["id"].as_u64().unwrap()).collect()
}

/// How often each rule of these numbers has struck.
fn struck(ids: &[u64]) -> BTreeMap<u64, u64> {
    let rules = control("GET", &Value::Null);
    let count = |rule: &Value| Some((rule["id"].as_u64()?, rule["fired_count"].as_u64()?));
    rules.as_array().unwrap().iter().filter_map(count).filter(|(id, _)| ids.contains(id)).collect()
}

/// What readers see below a folder: manifests and what they name. Without what keeps the artifacts of two commits apart,
/// because a server that says that something is there which is not gets both.
fn published(objects: &BTreeMap<String, Vec<u8>>, folder: &str) -> BTreeMap<Vec<u8>, Vec<u8>> {
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
        "s3",
        Some(&cloud.raw()),
        json!([
            answer("GetObject", 0.2, json!({"response": {"abort_frac": 0.5}})),
            answer("GetObject", 0.1, json!({"response": {"corrupt_bytes": 3}})),
            answer("GetObject", 0.2, json!({"error": {"code": "SlowDown", "status": 503}})),
            answer("ListObjectsV2", 0.3, json!({"reset": true})),
        ]),
    );
    fail(
        "s3",
        Some(&cloud.redacted()),
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
    let objects = cloud.objects(&cloud.redacted());
    let (calm, stormy) = (published(&objects, "calm/"), published(&objects, "stormy/"));
    assert!(calm.keys().eq(stormy.keys()), "{ends:?}: {} and {} files", calm.len(), stormy.len());
    assert!(calm == stormy);
    assert!(calm.len() > 20);
}

#[test]
fn expired_credentials_end_a_run_and_hold_no_call() {
    let cloud = Cloud::new("SORDINO_TEST_S3");
    cloud.put_all(&cloud.raw(), "", &calls());
    let expired = json!([{"operation": "GetObject", "error": {"code": "ExpiredToken", "status": 400}}]);
    fail("s3", Some(&cloud.raw()), expired);
    let (raw, out) = (format!("s3://{}/", cloud.raw()), format!("s3://{}/", cloud.redacted()));
    let run = ran(cloud.command(&["redact", &raw, &out, "--json"]).env("AWS_ENDPOINT_URL", variable(PROXY)));
    assert_eq!(run.code, Some(1), "{}{}", run.stdout, run.stderr);
    assert_eq!(run.ends().keys().collect::<Vec<_>>(), ["failed"]);
    assert!(run.stderr.contains("renew the credentials"));
    assert!(cloud.objects(&cloud.redacted()).is_empty());
}

/// Calls that a worker has to bring through the faults.
const CALLS: usize = 20;
/// Requests for each of them without faults: 3 PUT, 3 GET, 4 HEAD, 3 listings, and its share of the queue's.
const REQUESTS: u64 = 15;

/// The faults of the bucket of sources, of the destination and of the queue; in each the last is none and counts what
/// passes. One of so many requests is struck, in turn, so that each fault comes for certain.
fn faults() -> [Value; 3] {
    let one_of = |n: u64| json!({"fail": 1, "pass": n - 1});
    let error = |code: &str, status: u16| json!({"code": code, "status": status});
    let none = json!({"latency": 0});
    [
        json!([
            {"operation": "GetObject", "latency": 30_000, "times": 2},
            {"operation": "GetObject", "sequence": one_of(7), "response": {"abort_frac": 0.5}},
            {"operation": "GetObject", "sequence": one_of(8), "response": {"corrupt_bytes": 3}},
            {"operation": "GetObject", "sequence": one_of(9), "error": error("SlowDown", 503)},
            {"operation": "GetObject", "sequence": one_of(15), "error": error("ExpiredToken", 400), "times": 3},
            {"operation": "ListObjectsV2", "sequence": one_of(9), "reset": true},
            none,
        ]),
        json!([
            {"operation": "PutObject", "latency": 30_000, "times": 1},
            {"operation": "PutObject", "sequence": one_of(8), "error": error("SlowDown", 503)},
            {"operation": "PutObject", "sequence": one_of(9), "reset": true},
            {"operation": "PutObject", "sequence": one_of(10), "response": {"abort_bytes": 0}},
            {"operation": "PutObject", "headers": {"content-type": "application/json", "if-none-match": "*"},
                "sequence": one_of(6), "error": error("PreconditionFailed", 412)},
            {"operation": "GetObject", "sequence": one_of(7), "error": error("InternalError", 500)},
            none,
        ]),
        json!([
            {"operation": "ReceiveMessage", "sequence": one_of(4), "error": error("ThrottlingException", 400), "times": 6},
            {"operation": "DeleteMessageBatch", "sequence": one_of(3), "error": error("ServiceUnavailable", 503), "times": 6},
            none,
        ]),
    ]
}

#[test]
fn a_worker_through_every_fault_loses_nothing_leaks_nothing_and_does_not_ask_without_end() {
    let world = World::new();
    let cloud = &world.cloud;
    for n in 0..CALLS {
        let stem = format!("{PLANTED_TEXT}{n:04}");
        for extension in ["wav", "json"].into_iter().filter(|_| n % 4 > 0) {
            let bytes = std::fs::read(calls().join(format!("lab-results.{extension}"))).unwrap();
            world.put(&format!("{stem}.{extension}"), bytes);
            world.tell(&format!("{stem}.{extension}"));
        }
        if n % 4 == 0 {
            world.chat(&format!("{stem}.txt"), n);
            world.tell(&format!("{stem}.txt"));
        }
    }
    let [raw, redacted, queue] = faults();
    let ids =
        [fail("s3", Some(&cloud.raw()), raw), fail("s3", Some(&cloud.redacted()), redacted), fail("sqs", None, queue)];
    let mut command = world.worker(&["--alone-after-s", "0", "--bytes-in-flight", "20000000"]);
    command.env("AWS_ENDPOINT_URL", variable(PROXY)).env("SORDINO_STORE_TIMEOUT_S", "2");
    let worker = command.spawn().unwrap();
    world.wait_until_empty();
    let counts = ids.each_ref().map(|ids| struck(ids));
    std::thread::sleep(std::time::Duration::from_secs(4));
    let idle: u64 = struck(&ids.concat()).values().sum::<u64>() - counts.iter().flat_map(BTreeMap::values).sum::<u64>();
    let ran = stop(worker);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    control("DELETE", &json!([{"resource": cloud.raw()}, {"resource": cloud.redacted()}, {"service": "sqs"}]));

    let wanted = cloud.run(&["redact", &format!("s3://{}/", cloud.raw()), "wanted", "--quiet"]);
    assert_eq!(wanted.code, Some(0), "{}", wanted.stderr);
    let (got, wanted) = (published(&world.published(), ""), published(&tree(&cloud.path("wanted")), ""));
    assert!(got.keys().eq(wanted.keys()), "{} of {} objects: {}", got.len(), wanted.len(), ran.stderr);
    assert!(got == wanted);
    assert_eq!(world.queues.dead_letters(), []);
    let leaks = |bytes: &Vec<u8>| memchr::memmem::find(bytes, PLANTED_TEXT.as_bytes()).is_some();
    assert!(!world.published().values().any(leaks));

    for (of, counts) in ["sources", "destination", "queue"].iter().zip(&counts) {
        assert!(counts.values().all(|n| *n > 0), "{of}: {counts:?}: a fault did not strike");
    }
    let requests: u64 = counts.iter().flat_map(BTreeMap::values).sum();
    let passed: u64 = counts.iter().filter_map(|counts| counts.values().last()).sum();
    let told =
        format!("{requests} requests, {} of them struck: {counts:?}; {idle} in 4 s of nothing", requests - passed);
    assert!(requests <= 4 * REQUESTS * CALLS as u64 && idle <= 4, "{told}");
    let _ = writeln!(std::io::stderr(), "{told}");
}

/// While nothing of the store answers, requests grow with time and not with what could be asked.
#[test]
fn a_store_that_is_down_is_asked_seldom_and_all_is_done_once_it_is_up() {
    let world = World::new();
    for n in 0..30 {
        world.chat(&format!("{n:02}.txt"), n);
        world.tell(&format!("{n:02}.txt"));
    }
    let mut command = world.worker(&["--alone-after-s", "0"]);
    command.env("AWS_ENDPOINT_URL_S3", variable(PROXY)).env("SORDINO_STORE_TIMEOUT_S", "2");
    let worker = command.spawn().unwrap();
    world.wait_until("a first call", || world.manifests() > 0);
    // Both of its buckets, and those of no other test.
    let (own, down) =
        (format!("{}-r", world.cloud.name()), json!([{"error": {"code": "ServiceUnavailable", "status": 503}}]));
    let ids = fail("s3", Some(&own), down);
    for n in 30..60 {
        world.chat(&format!("{n:02}.txt"), n);
        world.tell(&format!("{n:02}.txt"));
    }
    // Long enough for what was in hand to give up, and for the breaker to try again some times.
    std::thread::sleep(std::time::Duration::from_secs(20));
    let before: u64 = struck(&ids).values().sum();
    std::thread::sleep(std::time::Duration::from_secs(10));
    let asked = struck(&ids).values().sum::<u64>() - before;
    control("DELETE", &json!([{"resource": own}]));
    world.wait_until_empty();
    assert_eq!(stop(worker).code, Some(0));
    assert_eq!((world.manifests(), world.queues.left(&world.queues.dead)), (60, 0));
    assert!(before > 0 && asked <= 400, "{before} requests in the first 20 s, {asked} in the next 10 s");
    let _ = writeln!(std::io::stderr(), "{before} requests in the first 20 s, {asked} in the next 10 s");
}
