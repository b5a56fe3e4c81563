//! SQS as a queue, against a server that speaks it.

use super::support::{SERVERS, runtime, sdk_config};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};
use sordino::base::Stage;
use sordino::queue::{BATCH_MAX, DeadReason, Message, Queue, Refusal, Sqs, SqsTimes};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[path = "../../src/queue/suite.rs"]
mod suite;

const LEASE: Duration = Duration::from_secs(2);

/// A queue of a test's own, with its dead letters.
pub struct Queues {
    pub client: Client,
    pub url: String,
    pub dead: String,
}

impl Queues {
    pub fn new(name: &str) -> Self {
        let client = Client::new(&sdk_config(SERVERS[0]));
        let dead = create(&client, &format!("{name}-dead"), None);
        let attributes = client.get_queue_attributes().queue_url(&dead).attribute_names(QueueAttributeName::QueueArn);
        let attributes = runtime().block_on(attributes.send()).unwrap().attributes.unwrap();
        let arn = &attributes[&QueueAttributeName::QueueArn];
        let redrive = format!("{{\"deadLetterTargetArn\":\"{arn}\",\"maxReceiveCount\":\"100\"}}");
        let url = create(&client, name, Some(&redrive));
        Self { client, url, dead }
    }

    pub fn send(&self, body: &str) {
        runtime().block_on(self.client.send_message().queue_url(&self.url).message_body(body).send()).unwrap();
    }

    /// Messages that are there: waiting and leased.
    pub fn left(&self, url: &str) -> usize {
        let request = self.client.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All);
        let attributes = runtime().block_on(request.send()).unwrap().attributes.unwrap();
        let count = |name| attributes.get(&name).map_or(0, |n| n.parse::<usize>().unwrap());
        count(QueueAttributeName::ApproximateNumberOfMessages)
            + count(QueueAttributeName::ApproximateNumberOfMessagesNotVisible)
            + count(QueueAttributeName::ApproximateNumberOfMessagesDelayed)
    }

    /// Bodies of dead letters with their reasons.
    pub fn dead_letters(&self) -> Vec<(String, String)> {
        let request = self.client.receive_message().queue_url(&self.dead).max_number_of_messages(10);
        let request = request.message_attribute_names("All");
        let request = request.message_system_attribute_names(MessageSystemAttributeName::All);
        let messages = runtime().block_on(request.send()).unwrap().messages.unwrap_or_default();
        let reason = |message: &aws_sdk_sqs::types::Message| {
            let attributes = message.message_attributes.as_ref().unwrap();
            attributes["sordino.reason"].string_value.clone().unwrap()
        };
        messages.iter().map(|message| (message.body.clone().unwrap(), reason(message))).collect()
    }
}

/// A name that no other run of the test has.
fn own(name: &str) -> String {
    format!("{name}-{}", std::process::id())
}

fn create(client: &Client, name: &str, redrive: Option<&str>) -> String {
    let mut request = client.create_queue().queue_name(name);
    if let Some(redrive) = redrive {
        request = request.attributes(QueueAttributeName::RedrivePolicy, redrive);
    }
    runtime().block_on(request.send()).unwrap().queue_url.unwrap()
}

/// An event of S3 about an object.
pub fn event(bucket: &str, key: &str) -> String {
    let encoded: String = key
        .bytes()
        .map(|b| match b {
            b' ' => "+".to_owned(),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => char::from(b).to_string(),
            _ => format!("%{b:02X}"),
        })
        .collect();
    let subject = serde_json::json!({"bucket": {"name": bucket}, "object": {"key": encoded}});
    let record = serde_json::json!({"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": subject});
    serde_json::json!({"Records": [record]}).to_string()
}

#[expect(clippy::disallowed_methods, reason = "messages are dated by the server's clock")]
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}

fn open(queues: &Queues, wait: Duration) -> Sqs {
    let times = SqsTimes { lease: LEASE, wait, now };
    Sqs::open(runtime().handle(), &sdk_config(SERVERS[0]), &queues.url, None, times).unwrap()
}

#[test]
fn it_does_what_every_queue_must() {
    let queues = Queues::new(&own("suite"));
    let queue = open(&queues, Duration::ZERO);
    let send = |key: &str| queues.send(&event("raw", key));
    suite::queue(&suite::Tried { queue: &queue, lease: LEASE, send: &send, pass: &std::thread::sleep });
    assert_eq!(queues.left(&queues.url), 0);
    assert_eq!(queues.dead_letters(), [(event("raw", "dead.wav"), "failed-to-publish".to_owned())]);
}

#[test]
fn what_is_no_event_comes_with_its_refusal() {
    let queues = Queues::new(&own("refused"));
    queues.send("Anything at all");
    let message = open(&queues, Duration::from_secs(1)).receive(1).unwrap().pop().unwrap();
    assert_eq!(message.changes.err(), Some(Refusal::NotJson));
}

#[test]
fn a_long_poll_is_ended_by_an_interruption() {
    let queues = Queues::new(&own("interrupted"));
    let queue = open(&queues, Duration::from_secs(20));
    let start = now();
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| queue.receive(1).unwrap().len());
        std::thread::sleep(Duration::from_millis(500));
        queue.interrupt();
        assert_eq!(waits.join().unwrap(), 0);
    });
    assert!(now() - start < Duration::from_secs(10));
}

#[test]
fn a_queue_that_is_not_there_or_has_no_dead_letters_is_refused() {
    let queues = Queues::new(&own("refusals"));
    let times = SqsTimes { lease: LEASE, wait: Duration::ZERO, now };
    let open = |url: &str| Sqs::open(runtime().handle(), &sdk_config(SERVERS[0]), url, None, times).err().unwrap();
    assert_eq!(open(&queues.dead).kind, sordino::base::Kind::Usage);
    assert_eq!(open(&format!("{}-none", queues.url)).kind, sordino::base::Kind::Usage);
}
