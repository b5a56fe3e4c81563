//! `lambda`: the same work inside AWS Lambda, which receives from the queue itself. Messages are answered with those
//! that are to come again; tasks of S3 Batch Operations with what became of each object.
//!
//! Lambda has no way to say why or when a message is to come again. One that cannot be done comes again until the
//! queue's redrive policy takes it away; why is in the log.

use super::worker::{log_notice, start_log};
use super::{clock, events, runtime};
use crate::base::{Error, Kind, Phi, Result, Stage};
use crate::config::Settings;
use crate::jobs::{self, Delivery, Notice, Outcome, Worker};
use crate::queue::event::{Change, Refusal, checked_bucket, decode_key, parse};
use crate::store::Stores;
use crate::store::s3::Client;
use lambda_runtime::{LambdaEvent, service_fn};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Works on what Lambda hands over, for as long as Lambda lets the process live.
pub(super) fn run(dest: &Path, settings: &Settings) -> Result<u8> {
    if !settings.is_in_lambda() {
        return Err(Error::usage("this is not AWS Lambda: AWS_LAMBDA_RUNTIME_API and the like are not set")
            .hint("`sordino worker` does the same elsewhere"));
    }
    start_log(settings.worker()?.log);
    let (typed, dest) = (dest, jobs::destination(dest, &[])?);
    let (patterns, (target, ordered, sources)) = events::beside_patterns(settings, || {
        let stores = Stores::new(Some(Client::connect(runtime::handle()?, settings.access())?));
        let target = events::target(settings, &stores, &dest).map_err(|e| e.on("DEST", typed))?;
        Ok((target, runtime::ordered(&stores, &dest, settings)?, events::buckets(settings, stores, &dest)?))
    })?;
    let worker = Arc::new(events::worker(settings, patterns, sources, target, ordered, Box::new(log_notice))?);
    let handler = service_fn(move |event: LambdaEvent<Request>| {
        let worker = Arc::clone(&worker);
        async move {
            // Stores wait for the runtime, so they must not be called from one of its own threads.
            let answer = tokio::task::spawn_blocking(move || answer(&worker, event.payload)).await;
            // What a panic says may quote a value.
            answer.map_err(|_| lambda_runtime::Error::from("the program broke"))
        }
    });
    let ended = runtime::handle()?.block_on(lambda_runtime::run(handler));
    ended.map(|()| 0).map_err(|_| Error::new(Stage::Receive, Kind::Io, "Lambda's interface does not answer"))
}

/// What Lambda hands over.
#[derive(Deserialize)]
#[serde(untagged)]
enum Request {
    /// Messages of a queue.
    Queue {
        #[serde(rename = "Records")]
        records: Vec<Record>,
    },
    /// Tasks of S3 Batch Operations.
    Batch(Batch),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    message_id: String,
    body: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Batch {
    invocation_schema_version: String,
    invocation_id: String,
    tasks: Vec<Task>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Task {
    task_id: String,
    /// Encoded as in an event.
    s3_key: String,
    /// Schema 1.0: `arn:aws:s3:::bucket`.
    s3_bucket_arn: Option<String>,
    /// Schema 2.0.
    s3_bucket: Option<String>,
}

/// What Lambda is answered.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    #[serde(rename_all = "camelCase")]
    Queue { batch_item_failures: Vec<Failure> },
    #[serde(rename_all = "camelCase")]
    Batch {
        invocation_schema_version: String,
        treat_missing_keys_as: &'static str,
        invocation_id: String,
        results: Vec<TaskResult>,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TaskResult {
    task_id: String,
    result_code: &'static str,
    result_string: String,
}

fn answer(worker: &Worker, request: Request) -> Answer {
    match request {
        Request::Queue { records } => {
            let failures = records.par_iter().filter(|record| !is_done(worker, record));
            let failures = failures.map(|record| Failure { item_identifier: record.message_id.clone() });
            Answer::Queue { batch_item_failures: failures.collect() }
        }
        Request::Batch(batch) => Answer::Batch {
            invocation_schema_version: batch.invocation_schema_version,
            treat_missing_keys_as: "PermanentFailure",
            invocation_id: batch.invocation_id,
            results: batch.tasks.par_iter().map(|task| result(worker, task)).collect(),
        },
    }
}

/// Does what a message asks for; whether that is all.
fn is_done(worker: &Worker, record: &Record) -> bool {
    let number = |attribute: &str| record.attributes.get(attribute).and_then(|value| value.parse::<u64>().ok());
    let sent = number("SentTimestamp").map(Duration::from_millis);
    let delivery = Delivery {
        age: sent.map_or(Duration::ZERO, |sent| clock::since_1970().saturating_sub(sent)),
        count: number("ApproximateReceiveCount").and_then(|count| u32::try_from(count).ok()).unwrap_or(1),
    };
    match worker.attend(&parse(&Phi::new(record.body.clone())), delivery) {
        Outcome::Done => true,
        Outcome::Later(_) => false,
        Outcome::Dead(reason) => {
            log_notice(&Notice::Buried { reason, deliveries: delivery.count });
            false
        }
    }
}

/// Does what a task asks for. Its job lists objects that have long been written, so a transcript alone is a call.
fn result(worker: &Worker, task: &Task) -> TaskResult {
    let delivery = Delivery { age: Duration::MAX, count: 1 };
    let (result_code, result_string) = match worker.attend(&task.change().map(|change| vec![change]), delivery) {
        Outcome::Done => ("Succeeded", "done".into()),
        Outcome::Later(_) => ("TemporaryFailure", "later".into()),
        Outcome::Dead(reason) => ("PermanentFailure", reason.code().into_owned()),
    };
    TaskResult { task_id: task.task_id.clone(), result_code, result_string }
}

impl Task {
    fn change(&self) -> Result<Change, Refusal> {
        let by_arn = self.s3_bucket_arn.as_deref().and_then(|arn| arn.rsplit(':').next());
        let bucket = self.s3_bucket.as_deref().or(by_arn).ok_or(Refusal::NotAnEvent)?;
        Ok(Change { bucket: Some(checked_bucket(bucket.to_owned())?), key: decode_key(&self.s3_key)? })
    }
}
