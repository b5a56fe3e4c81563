//! The program inside AWS Lambda, whose interface is a server of this test.

use super::runtime_api;
use super::support::{Bench, PLANTED_TEXT};
use serde_json::{Value, json};

/// What the program answers to each event, and its log.
fn answers(events: Vec<Value>) -> (Vec<(String, Value)>, String) {
    let bench = Bench::new();
    let mut command = bench.command(&["lambda", "out"]);
    command.env("AWS_REGION", "us-east-1").env("SORDINO_CALL_ID_KEY", "0123456789abcdef").env("SORDINO_LOG", "debug");
    runtime_api::answers(command, events)
}

fn message(id: &str, body: &str) -> Value {
    json!({"messageId": id, "receiptHandle": "h", "body": body, "eventSource": "aws:sqs",
        "attributes": {"ApproximateReceiveCount": "2", "SentTimestamp": "1700000000000"}})
}

#[test]
fn messages_that_are_to_come_again_are_answered_as_failures_and_others_are_not() {
    let test_event = include_str!("../../fixtures/events/s3-test-event.json");
    let removed = include_str!("../../fixtures/events/s3-removed.json");
    let refused = format!("{{\"key\": \"{PLANTED_TEXT}\"}}");
    let records = [message("one", test_event), message("two", &refused), message("three", removed)];
    let (answers, log) = answers(vec![json!({"Records": records}), json!({"Records": []})]);
    assert_eq!(answers[0], ("response".into(), json!({"batchItemFailures": [{"itemIdentifier": "two"}]})));
    assert_eq!(answers[1], ("response".into(), json!({"batchItemFailures": []})));
    assert!(log.contains("not-an-event") && !log.contains(PLANTED_TEXT), "{log}");
}

#[test]
fn tasks_of_batch_operations_are_answered_one_by_one() {
    let task = |id: &str, bucket: Value, key: &str| {
        let mut task = json!({"taskId": id, "s3Key": key, "s3VersionId": null});
        task.as_object_mut().unwrap().extend(bucket.as_object().unwrap().clone());
        task
    };
    let arn = json!({"s3BucketArn": "arn:aws:s3:::raw"});
    let tasks = [
        task("a", arn.clone(), "a%2"),
        task("b", json!({"s3Bucket": "raw/x"}), "a.wav"),
        task("c", json!({}), "a.wav"),
    ];
    let event = json!({"invocationSchemaVersion": "1.0", "invocationId": "i", "job": {"id": "j"}, "tasks": tasks});
    let (answers, _) = answers(vec![event]);
    let (what, answer) = &answers[0];
    assert_eq!((what.as_str(), &answer["invocationSchemaVersion"]), ("response", &json!("1.0")));
    assert_eq!((&answer["invocationId"], &answer["treatMissingKeysAs"]), (&json!("i"), &json!("PermanentFailure")));
    let reasons: Vec<_> = answer["results"].as_array().unwrap().iter().map(|r| r["resultString"].clone()).collect();
    assert_eq!(reasons, ["bad-key", "bad-key", "not-an-event"]);
    assert_eq!(answer["results"][0]["resultCode"], "PermanentFailure");
}

#[test]
fn an_event_of_another_kind_is_an_error_without_its_text() {
    let (answers, log) = answers(vec![json!({"name": PLANTED_TEXT})]);
    assert_eq!(answers[0].0, "error");
    assert!(!answers[0].1.to_string().contains(PLANTED_TEXT) && !log.contains(PLANTED_TEXT));
}
