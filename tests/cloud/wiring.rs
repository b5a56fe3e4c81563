//! Events on the ways that they come in an account: from a bucket into the queue, through a topic, and over the event bus.
//! The server makes them, not the test.

use super::queue::Queues;
use super::support::{Cloud, SERVERS, runtime, variable};
use super::worker::World;
use aws_sdk_s3::types::{
    Event, EventBridgeConfiguration, NotificationConfiguration, QueueConfiguration, TopicConfiguration,
};
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;

/// Names that each way writes in its own manner.
const KEYS: [&str; 4] = ["plain.txt", "a b+c/d.txt", "ünï/çôdé %2B.txt", "2026/11/21/(1)&x=y.txt"];

/// A request to another service of the server than objects and queues, as its root user, whose signature it does not
/// check.
fn ask(service: &str, headers: &str, body: &str) -> String {
    let url = variable(SERVERS[0]);
    let host = url.strip_prefix("http://").unwrap();
    let scope = format!("test/20260101/us-east-1/{service}/aws4_request");
    let mut connection = TcpStream::connect(host).unwrap();
    let head = format!(
        "POST / HTTP/1.0\r\nHost: {host}\r\nAuthorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, \
         Signature=0\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    connection.write_all((head + body).as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.contains(" 200 "), "{service}: {answer}");
    answer
}

/// What lies between two marks of an answer.
fn between<'a>(answer: &'a str, before: &str, after: &str) -> &'a str {
    answer.split_once(before).and_then(|(_, rest)| rest.split_once(after)).unwrap_or_else(|| panic!("{answer}")).0
}

fn topic(fields: &str) -> String {
    ask("sns", "Content-Type: application/x-www-form-urlencoded\r\n", &format!("{fields}&Version=2010-03-31"))
}

fn bus(action: &str, body: &serde_json::Value) -> String {
    let headers = format!("Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: AWSEvents.{action}\r\n");
    ask("events", &headers, &body.to_string())
}

/// The ARN of the queue, which then takes what other services send.
fn arn(queues: &Queues) -> String {
    let request = queues.client.get_queue_attributes().queue_url(&queues.url);
    let attributes =
        runtime().block_on(request.attribute_names(QueueAttributeName::QueueArn).send()).unwrap().attributes;
    let arn = attributes.unwrap()[&QueueAttributeName::QueueArn].clone();
    let policy = from_services(&["s3", "sns", "events"], "sqs:SendMessage", &arn);
    let request = queues.client.set_queue_attributes().queue_url(&queues.url);
    runtime().block_on(request.attributes(QueueAttributeName::Policy, policy).send()).unwrap();
    arn
}

/// A policy that lets services do something.
fn from_services(services: &[&str], action: &str, resource: &str) -> String {
    let services: Vec<_> = services.iter().map(|service| format!("{service}.amazonaws.com")).collect();
    let statement =
        json!({"Effect": "Allow", "Principal": {"Service": services}, "Action": action, "Resource": resource});
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

fn notify(cloud: &Cloud, configuration: NotificationConfiguration) {
    let request = cloud.sdk().put_bucket_notification_configuration().bucket(cloud.raw());
    runtime().block_on(request.notification_configuration(configuration).send()).unwrap();
}

fn into_the_queue(world: &World) {
    let queue = QueueConfiguration::builder().queue_arn(arn(&world.queues)).events(Event::S3ObjectCreated);
    let queue = queue.build().unwrap();
    notify(&world.cloud, NotificationConfiguration::builder().queue_configurations(queue).build());
}

fn through_a_topic(world: &World) {
    let made = topic(&format!("Action=CreateTopic&Name={}", world.cloud.name()));
    let made = between(&made, "<TopicArn>", "</TopicArn>");
    let policy = from_services(&["s3"], "sns:Publish", made).replace('"', "%22");
    topic(&format!("Action=SetTopicAttributes&TopicArn={made}&AttributeName=Policy&AttributeValue={policy}"));
    topic(&format!("Action=Subscribe&TopicArn={made}&Protocol=sqs&Endpoint={}", arn(&world.queues)));
    let topic = TopicConfiguration::builder().topic_arn(made).events(Event::S3ObjectCreated).build().unwrap();
    notify(&world.cloud, NotificationConfiguration::builder().topic_configurations(topic).build());
}

fn over_the_event_bus(world: &World) {
    let name = world.cloud.name();
    let pattern = json!({"source": ["aws.s3"], "detail": {"bucket": {"name": [world.cloud.raw()]}}});
    bus("PutRule", &json!({"Name": name, "EventPattern": pattern.to_string()}));
    let targets = json!([{"Id": "1", "Arn": arn(&world.queues)}]);
    bus("PutTargets", &json!({"Rule": name, "Targets": targets}));
    let bridge = EventBridgeConfiguration::builder().build();
    notify(&world.cloud, NotificationConfiguration::builder().event_bridge_configuration(bridge).build());
}

#[test]
fn uploads_become_redacted_calls_whichever_way_their_events_take() {
    for wire in [into_the_queue, through_a_topic, over_the_event_bus] {
        let world = World::new();
        // The bucket says that it has been wired, which asks for no work.
        wire(&world);
        for (n, key) in KEYS.iter().enumerate() {
            world.chat(key, n);
        }
        world.put("left.txt", b"CALLER: nobody keeps this\n".to_vec());
        let request = world.cloud.sdk().delete_object().bucket(world.cloud.raw()).key("left.txt");
        runtime().block_on(request.send()).unwrap();
        let worker = world.worker(&["--alone-after-s", "0"]).spawn().unwrap();
        world.wait_until("every call", || world.manifests() == KEYS.len());
        world.wait_until_empty();
        let ran = super::worker::stop(worker);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert_eq!(world.manifests(), KEYS.len());
        assert_eq!(world.queues.dead_letters(), [], "{}", ran.stderr);
        assert_eq!(world.held(), [""; 0]);
    }
}
