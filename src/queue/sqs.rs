//! Amazon SQS, and what speaks like it. Must not put anything of a message into an error: bodies hold object keys.

use super::{BATCH_MAX, DeadReason, Message, Queue, Receipt, SqsTimes, event};
use crate::base::{Error, Kind, Phi, Result, Stage};
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::Region;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, MessageAttributeValue,
    MessageSystemAttributeName as Attribute, QueueAttributeName,
};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::watch;

/// Longest time that SQS hides a message for.
const HIDDEN_MAX: Duration = Duration::from_secs(12 * 3600);
/// A request that takes longer (than the long poll and this) is made again.
const ATTEMPT_MAX: Duration = Duration::from_secs(5);
/// How often the rest of a batch is tried that was not deleted.
const DELETE_TRIES: usize = 3;

/// What is signed for where a server of one's own has no regions.
const REGION_OF_CUSTOM_ENDPOINTS: Region = Region::from_static("us-east-1");

/// A queue of SQS.
pub struct Sqs {
    client: Client,
    runtime: Handle,
    url: String,
    dead_letters: String,
    times: SqsTimes,
    is_interrupted: watch::Sender<bool>,
}

impl Sqs {
    /// [`Sqs::open`] as the SDK's own environment says.
    ///
    /// # Errors
    /// Those of [`Sqs::open`].
    pub fn connect(runtime: &Handle, url: &str, dead_letters: Option<&str>, times: SqsTimes) -> Result<Arc<dyn Queue>> {
        let config = runtime.block_on(aws_config::load_defaults(BehaviorVersion::latest()));
        Ok(Arc::new(Self::open(runtime, &config, url, dead_letters, times)?))
    }

    /// The queue behind this URL. Dead letters go to the queue behind `dead_letters`, or else to the one of its redrive
    /// policy.
    ///
    /// Must be called, like every method, from a thread that is not the runtime's own.
    ///
    /// # Errors
    /// A usage error when the service refuses to tell about the queue, or no place for dead letters is known.
    pub fn open(
        runtime: &Handle,
        config: &SdkConfig,
        url: &str,
        dead_letters: Option<&str>,
        times: SqsTimes,
    ) -> Result<Self> {
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_MAX).build();
        let mut builder = aws_sdk_sqs::config::Builder::from(config).timeout_config(timeouts);
        if config.region().is_none() {
            builder = builder.region(REGION_OF_CUSTOM_ENDPOINTS);
        }
        let mut queue = Self {
            client: Client::from_conf(builder.build()),
            runtime: runtime.clone(),
            url: url.to_owned(),
            dead_letters: dead_letters.unwrap_or_default().to_owned(),
            times,
            is_interrupted: watch::Sender::new(false),
        };
        let redrive = queue.redrive_target()?;
        if dead_letters.is_none() {
            let arn = redrive.ok_or_else(|| {
                Error::usage(format!("--queue {url}: has no queue for dead letters"))
                    .hint("give it a redrive policy, or name a queue with --dead-letter")
            })?;
            queue.dead_letters = queue.url_of(&arn)?;
        }
        Ok(queue)
    }

    /// The ARN of the queue that the redrive policy names. Asked for even where it is not needed: a queue that is
    /// mistyped or closed is then told at once.
    fn redrive_target(&self) -> Result<Option<String>> {
        let request = self.client.get_queue_attributes().queue_url(&self.url);
        let request = request.attribute_names(QueueAttributeName::RedrivePolicy);
        let answer = self.runtime.block_on(request.send()).map_err(|error| refused(&self.url, &error))?;
        let policy = answer.attributes().and_then(|a| a.get(&QueueAttributeName::RedrivePolicy));
        let policy = policy.and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
        Ok(policy.and_then(|policy| policy["deadLetterTargetArn"].as_str().map(str::to_owned)))
    }

    /// The URL of the queue with this ARN: `arn:aws:sqs:REGION:ACCOUNT:NAME`.
    fn url_of(&self, arn: &str) -> Result<String> {
        let mut parts = arn.rsplit(':');
        let (name, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let request = self.client.get_queue_url().queue_name(name).queue_owner_aws_account_id(account);
        let answer = self.runtime.block_on(request.send()).map_err(|error| refused(name, &error))?;
        answer.queue_url.ok_or_else(|| unreachable_queue("the queue for dead letters has no URL"))
    }

    fn delete_batch(&self, receipts: &[Receipt]) -> Result<()> {
        let entry = |(id, receipt): (usize, &Receipt)| {
            let entry = DeleteMessageBatchRequestEntry::builder().id(id.to_string()).receipt_handle(&receipt.0);
            entry.build().expect("an id and a receipt are all that it must have")
        };
        let mut entries: Vec<_> = receipts.iter().enumerate().map(entry).collect();
        for _ in 0..DELETE_TRIES {
            let request = self.client.delete_message_batch().queue_url(&self.url);
            let answer = self.runtime.block_on(request.set_entries(Some(entries.clone())).send());
            let answer = answer.map_err(|error| failed("messages cannot be deleted", &error))?;
            let failed = answer.failed();
            // What the service blames on the caller is a lease that has ended: somebody else has the message now.
            entries.retain(|entry| failed.iter().any(|f| f.id == entry.id && !f.sender_fault));
            if entries.is_empty() {
                return Ok(());
            }
        }
        Err(unreachable_queue("messages are still there after they were deleted").at("messages", entries.len() as u64))
    }

    fn extend_batch(&self, receipts: &[Receipt]) -> Result<Vec<Receipt>> {
        let entry = |(id, receipt): (usize, &Receipt)| {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(id.to_string());
            let entry = entry.receipt_handle(&receipt.0).visibility_timeout(seconds(self.times.lease));
            entry.build().expect("an id and a receipt are all that it must have")
        };
        let request = self.client.change_message_visibility_batch().queue_url(&self.url);
        let request = request.set_entries(Some(receipts.iter().enumerate().map(entry).collect()));
        let answer = self.runtime.block_on(request.send());
        let answer = answer.map_err(|error| failed("leases cannot be extended", &error))?;
        let lost = answer.failed().iter().filter(|f| f.sender_fault);
        Ok(lost.filter_map(|f| receipts.get(f.id.parse::<usize>().ok()?).cloned()).collect())
    }
}

impl Queue for Sqs {
    fn receive(&self, most: usize) -> Result<Vec<Message>> {
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(self.times.wait + ATTEMPT_MAX).build();
        let request = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(i32::try_from(most.clamp(1, BATCH_MAX)).expect("ten at most"))
            .wait_time_seconds(seconds(self.times.wait))
            .visibility_timeout(seconds(self.times.lease))
            .message_system_attribute_names(Attribute::SentTimestamp)
            .message_system_attribute_names(Attribute::ApproximateReceiveCount)
            .customize()
            .config_override(aws_sdk_sqs::config::Builder::new().timeout_config(timeouts));
        let mut interrupted = self.is_interrupted.subscribe();
        let answer = self.runtime.block_on(async {
            tokio::select! {
                // What the service hands out just now is handed out again when its lease ends.
                _ = interrupted.wait_for(|is| *is) => None,
                answer = request.send() => Some(answer),
            }
        });
        let Some(answer) = answer else { return Ok(Vec::new()) };
        let answer = answer.map_err(|error| failed("the queue cannot be read", &error))?;
        let now = (self.times.now)();
        Ok(answer.messages.into_iter().flatten().filter_map(|message| message_of(message, now)).collect())
    }

    fn interrupt(&self) {
        self.is_interrupted.send_replace(true);
    }

    fn extend(&self, receipts: &[Receipt]) -> Result<Vec<Receipt>> {
        let mut lost = Vec::new();
        for batch in receipts.chunks(BATCH_MAX) {
            lost.append(&mut self.extend_batch(batch)?);
        }
        Ok(lost)
    }

    fn give_back(&self, receipt: &Receipt, delay: Duration) -> Result<()> {
        let request = self.client.change_message_visibility().queue_url(&self.url).receipt_handle(&receipt.0);
        let request = request.visibility_timeout(seconds(delay.min(HIDDEN_MAX)));
        match self.runtime.block_on(request.send()) {
            Err(SdkError::ServiceError(refusal)) if is_lost(refusal.err()) => Ok(()),
            answer => answer.map(drop).map_err(|error| failed("a message cannot be given back", &error)),
        }
    }

    fn delete(&self, receipts: &[Receipt]) -> Result<()> {
        receipts.chunks(BATCH_MAX).try_for_each(|batch| self.delete_batch(batch))
    }

    fn bury(&self, message: &Message, reason: DeadReason) -> Result<()> {
        let attribute = |kind: &str, value: String| {
            let attribute = MessageAttributeValue::builder().data_type(kind).string_value(value);
            attribute.build().expect("a type is all that it must have")
        };
        let request = self.client.send_message().queue_url(&self.dead_letters).message_body(message.body.expose());
        let request = request
            .message_attributes("sordino.reason", attribute("String", reason.code().into_owned()))
            .message_attributes("sordino.deliveries", attribute("Number", message.deliveries.to_string()));
        let answer = self.runtime.block_on(request.send());
        answer.map_err(|error| failed("the dead letter cannot be sent", &error))?;
        self.delete(std::slice::from_ref(&message.receipt))
    }
}

fn message_of(message: aws_sdk_sqs::types::Message, now: Duration) -> Option<Message> {
    let none = HashMap::new();
    let attributes = message.attributes.as_ref().unwrap_or(&none);
    let number = |attribute| attributes.get(&attribute).and_then(|value| value.parse::<u64>().ok());
    let sent = number(Attribute::SentTimestamp).map_or(now, Duration::from_millis);
    let deliveries = number(Attribute::ApproximateReceiveCount).unwrap_or(1);
    let body = Phi::new(message.body.unwrap_or_default());
    Some(Message {
        // A message without a handle can neither be ended nor be extended; it comes again.
        receipt: Receipt(message.receipt_handle?),
        changes: event::parse(&body),
        age: now.saturating_sub(sent),
        deliveries: u32::try_from(deliveries).unwrap_or(u32::MAX),
        body,
    })
}

/// Whole seconds, rounded up.
fn seconds(time: Duration) -> i32 {
    i32::try_from(time.as_secs() + u64::from(time.subsec_nanos() > 0)).unwrap_or(i32::MAX)
}

/// Whether the service says that the lease has ended.
fn is_lost(error: &impl ProvideErrorMetadata) -> bool {
    error.code().is_some_and(|code| code.contains("MessageNotInflight") || code.contains("ReceiptHandleIsInvalid"))
}

fn unreachable_queue(message: &'static str) -> Error {
    Error::new(Stage::Receive, Kind::Io, message)
}

fn failed<E: ProvideErrorMetadata, R>(message: &'static str, error: &SdkError<E, R>) -> Error {
    unreachable_queue(message).hint(format!("the service says: {}", what(error)))
}

fn refused<E: ProvideErrorMetadata, R>(name: &str, error: &SdkError<E, R>) -> Error {
    match error {
        SdkError::ServiceError(_) => Error::usage(format!("queue {name}: the service says {}", what(error)))
            .hint("check the URL, the region and the rights to the queue"),
        _ => failed("the queue cannot be reached", error),
    }
}

/// What went wrong in one of the service's fixed words; its sentences may quote what was sent.
fn what<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> &str {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    match error {
        SdkError::TimeoutError(_) => "nothing in time",
        SdkError::DispatchFailure(_) => "nothing, it was not reached",
        SdkError::ConstructionFailure(_) => "nothing, it was not asked",
        SdkError::ResponseError(_) => "what is no answer",
        other => other.code().filter(|code| code.len() <= 100 && code.chars().all(is_word)).unwrap_or("an error"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_up_to_whole_seconds() {
        assert_eq!(seconds(Duration::ZERO), 0);
        assert_eq!(seconds(Duration::from_millis(1)), 1);
        assert_eq!(seconds(Duration::from_secs(2)), 2);
    }

    #[test]
    fn a_message_without_attributes_is_new_and_one_from_the_future_is_no_older() {
        let message = |sent: &str| {
            let message = aws_sdk_sqs::types::Message::builder().receipt_handle("r").body("x");
            message_of(message.attributes(Attribute::SentTimestamp, sent).build(), Duration::from_secs(10)).unwrap()
        };
        assert_eq!((message("junk").age, message("junk").deliveries), (Duration::ZERO, 1));
        assert_eq!(message("20000").age, Duration::ZERO);
        assert_eq!(message("4000").age, Duration::from_secs(6));
        assert!(message_of(aws_sdk_sqs::types::Message::builder().body("x").build(), Duration::ZERO).is_none());
    }
}
