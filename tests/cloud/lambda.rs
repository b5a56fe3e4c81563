//! The program inside AWS Lambda on buckets of a server.

use super::queue::event;
use super::runtime_api::answers;
use super::support::{Cloud, SERVERS};
use serde_json::json;

#[test]
fn calls_are_redacted_from_messages_and_from_tasks_and_a_second_time_nothing_changes() {
    let cloud = Cloud::new(SERVERS[0]);
    let (raw, redacted) = (cloud.raw(), cloud.redacted());
    for key in ["a b.txt", "c.txt"] {
        cloud.put(&raw, key, b"AGENT: hello\nCALLER: my number is 212-867-5309\n".to_vec());
    }
    let attributes = json!({"ApproximateReceiveCount": "1", "SentTimestamp": "1700000000000"});
    let message = |id: &str, key: &str| json!({"messageId": id, "body": event(&raw, key), "attributes": attributes});
    let messages = json!({"Records": [message("1", "a b.txt"), message("2", "README.md"), message("3", "gone.txt")]});
    let task = json!({"taskId": "t", "s3Key": "c.txt", "s3BucketArn": format!("arn:aws:s3:::{raw}")});
    let tasks = json!({"invocationSchemaVersion": "1.0", "invocationId": "i", "tasks": [task]});
    let command = cloud.command(&["lambda", &format!("s3://{redacted}/")]);
    let (answers, log) = answers(command, vec![messages.clone(), tasks, messages]);
    let nothing_fails = ("response".to_owned(), json!({"batchItemFailures": []}));
    assert!(answers[0] == nothing_fails && answers[2] == nothing_fails, "{answers:?}\n{log}");
    assert_eq!(answers[1].1["results"][0]["resultCode"], "Succeeded", "{log}");
    let published = cloud.objects(&redacted);
    assert_eq!(published.keys().filter(|key| key.ends_with("/manifest.json")).count(), 2);
    assert!(published.values().all(|bytes| memchr::memmem::find(bytes, b"867-5309").is_none()));
    assert_eq!(log.matches("\"status\":\"unchanged\"").count(), 1, "{log}");
}
