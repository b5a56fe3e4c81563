//! From bucket to bucket: `sordino redact` against a plain copy of the same objects by the same SDK with the same number
//! at once, in turns, on the server of `scripts/servers`:
//!
//! ```text
//! scripts/servers cargo bench --bench store -- [CALLS] [SECONDS] [JOBS]
//! ```
//!
//! Then the same calls by 1, 2 and 4 workers of one job each, by events that wait in a queue of the first server, and how
//! long a worker takes from its start to its first request for messages.
//!
//! Without arguments, as tests run it, a few short calls are done once.

#![allow(clippy::disallowed_macros, clippy::disallowed_methods, reason = "it prints what it measured")]

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// SeaweedFS, which is fast enough not to be all that is measured.
const SERVER: &str = "SORDINO_TEST_S3_SECOND";
/// MiniStack, which has queues besides.
const SERVER_WITH_QUEUES: &str = "SORDINO_TEST_S3";
const WORKERS: [usize; 3] = [1, 2, 4];
const WORKERS_SECONDS_MAX: u64 = 300;
const COLD_STARTS: usize = 11;
const RATE_HZ: u32 = 8_000;

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run scripts/servers cargo bench --bench store"))
}

fn main() {
    // `cargo bench` and `cargo test` add flags of their own.
    let numbers: Vec<usize> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    let argument = |i: usize, default| numbers.get(i).copied().unwrap_or(default);
    let (calls, seconds, jobs, rounds) = (argument(0, 4), argument(1, 5), argument(2, 2), numbers.len().clamp(1, 3));
    let bench = Bench::new(calls, seconds);
    let mut ratios = Vec::new();
    for round in 0..rounds {
        let copied = bench.copy(&format!("copied-{round}/"), jobs * 2);
        let redacted = bench.redact(&format!("redacted-{round}/"), jobs);
        let rate = |took: Duration| (calls as f64 / took.as_secs_f64(), bench.bytes as f64 / 1e6 / took.as_secs_f64());
        let ((a, b), (c, d)) = (rate(copied), rate(redacted));
        let share = c / a * 100.0;
        println!("copy {a:.1} calls/s {b:.1} MB/s; redact {c:.1} calls/s {d:.1} MB/s; {share:.0} %");
        ratios.push(c / a);
    }
    ratios.sort_by(f64::total_cmp);
    println!("median {:.0} %", ratios[ratios.len() / 2] * 100.0);
    for count in WORKERS.into_iter().take(if rounds == 1 { 1 } else { WORKERS.len() }) {
        println!("workers: {count}; {:.1} calls/s from their start to the last manifest", bench.workers(count));
    }
    let rounds = if rounds == 1 { 1 } else { COLD_STARTS };
    let mut starts: Vec<_> = (0..rounds).map(|round| bench.cold_start(round)).collect();
    starts.sort();
    println!("start to first receive: median {} ms, worst {} ms", starts[starts.len() / 2], starts[starts.len() - 1]);
}

struct Bench {
    runtime: Runtime,
    sdk: Client,
    bucket: String,
    keys: Vec<String>,
    bytes: usize,
}

impl Bench {
    fn new(calls: usize, seconds: usize) -> Self {
        let runtime = Runtime::new().expect("threads");
        let sdk = sdk(SERVER);
        let bucket = format!("bench-{}", std::process::id());
        runtime.block_on(sdk.create_bucket().bucket(&bucket).send()).expect("a new bucket");
        let (recording, transcript) = (recording(seconds), transcript(seconds));
        let bytes = calls * (recording.len() + transcript.len());
        let mut keys = Vec::new();
        for n in 0..calls {
            for (extension, body) in [("wav", &recording), ("json", &transcript)] {
                let key = format!("raw/{n:05}.{extension}");
                let put = sdk.put_object().bucket(&bucket).key(&key).body(body.clone().into());
                runtime.block_on(put.send()).expect("a source");
                keys.push(key);
            }
        }
        Self { runtime, sdk, bucket, keys, bytes }
    }

    /// Every object read and written once, so many at a time.
    fn copy(&self, prefix: &str, at_once: usize) -> Duration {
        let begun = Instant::now();
        self.runtime.block_on(async {
            let (slots, mut copies) = (Arc::new(Semaphore::new(at_once)), JoinSet::new());
            for key in &self.keys {
                let (sdk, bucket, from, to) =
                    (self.sdk.clone(), self.bucket.clone(), key.clone(), format!("{prefix}{key}"));
                let slots = Arc::clone(&slots);
                copies.spawn(async move {
                    let _slot = slots.acquire_owned().await.expect("nobody closes it");
                    let object = sdk.get_object().bucket(&bucket).key(from).send().await.expect("an object");
                    let body = object.body.collect().await.expect("its body").into_bytes();
                    sdk.put_object().bucket(&bucket).key(to).body(body.into()).send().await.expect("a copy");
                });
            }
            while let Some(copied) = copies.join_next().await {
                copied.expect("a copy");
            }
        });
        begun.elapsed()
    }

    fn redact(&self, prefix: &str, jobs: usize) -> Duration {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sordino"));
        command.args(["redact", "--quiet", "--jobs", &jobs.to_string()]);
        command.args([format!("s3://{}/raw/", self.bucket), format!("s3://{}/{prefix}", self.bucket)]);
        environment(&mut command, &variable(SERVER));
        let begun = Instant::now();
        let status = command.stdin(Stdio::null()).status().expect("the program");
        assert!(status.success(), "{status}");
        begun.elapsed()
    }

    /// Calls a second of so many workers, from their start to the last manifest.
    fn workers(&self, count: usize) -> f64 {
        let (queues, dest) = (queues(), format!("workers-{}-{count}", std::process::id()));
        self.runtime.block_on(self.sdk.create_bucket().bucket(&dest).send()).expect("a new bucket");
        let queue = self.queue(&queues, &dest);
        let dead = self.queue(&queues, &format!("{dest}-dead"));
        // The halves of a call are seldom uploaded together.
        for key in self.keys.iter().step_by(2).chain(self.keys.iter().skip(1).step_by(2)) {
            let event = serde_json::json!({"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
                "s3": {"bucket": {"name": self.bucket}, "object": {"key": key}}}]});
            let send = queues.send_message().queue_url(&queue).message_body(event.to_string());
            self.runtime.block_on(send.send()).expect("an event");
        }
        let (objects, events) = (variable(SERVER), variable(SERVER_WITH_QUEUES));
        let begun = Instant::now();
        let mut workers: Vec<_> = (0..count).map(|_| worker(&dest, [&queue, &dead], &objects, &events)).collect();
        let calls = self.keys.len() / 2;
        while self.manifests(&dest) < calls {
            assert!(begun.elapsed().as_secs() < WORKERS_SECONDS_MAX, "calls are missing");
            sleep(Duration::from_millis(100));
        }
        let took = begun.elapsed();
        for worker in &mut workers {
            worker.kill().and_then(|()| worker.wait()).expect("the worker ends");
        }
        calls as f64 / took.as_secs_f64()
    }

    fn queue(&self, queues: &aws_sdk_sqs::Client, name: &str) -> String {
        let made = self.runtime.block_on(queues.create_queue().queue_name(name).send()).expect("a new queue");
        made.queue_url().expect("its address").to_owned()
    }

    fn manifests(&self, bucket: &str) -> usize {
        let mut pages = self.sdk.list_objects_v2().bucket(bucket).into_paginator().send();
        let mut manifests = 0;
        while let Some(page) = self.runtime.block_on(pages.next()) {
            let page = page.expect("a list of objects");
            let is_manifest = |o: &&aws_sdk_s3::types::Object| o.key().is_some_and(|k| k.ends_with("/manifest.json"));
            manifests += page.contents().iter().filter(is_manifest).count();
        }
        manifests
    }

    /// Milliseconds from a worker's start to its first request for messages.
    fn cold_start(&self, round: usize) -> u128 {
        let (server, way) = (variable(SERVER_WITH_QUEUES), TcpListener::bind("127.0.0.1:0").expect("a port"));
        let (queues, bucket) = (queues(), format!("cold-{}-{round}", std::process::id()));
        self.runtime.block_on(sdk(SERVER_WITH_QUEUES).create_bucket().bucket(&bucket).send()).expect("a new bucket");
        let endpoint = format!("http://{}", way.local_addr().expect("a bound port"));
        let queue = self.queue(&queues, &bucket).replace(&server, &endpoint);
        let dead = self.queue(&queues, &format!("{bucket}-dead")).replace(&server, &endpoint);
        let (seen, first) = mpsc::channel();
        spawn(move || {
            for client in way.incoming().map_while(Result::ok) {
                pass(client, &server, seen.clone());
            }
        });
        let begun = Instant::now();
        let mut worker = worker(&bucket, [&queue, &dead], &endpoint, &endpoint);
        let received: Instant = first.recv_timeout(Duration::from_secs(30)).expect("a request for messages");
        worker.kill().and_then(|()| worker.wait()).expect("the worker ends");
        received.duration_since(begun).as_millis()
    }
}

/// A worker of one job, with the endpoints of its stores and queues.
fn worker(dest: &str, [queue, dead]: [&str; 2], objects: &str, queues: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sordino"));
    command.args(["worker", "--jobs", "1", &format!("s3://{dest}/"), "--queue", queue, "--dead-letter", dead]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    environment(&mut command, objects);
    command.env("AWS_ENDPOINT_URL_SQS", queues);
    command.spawn().expect("the program")
}

fn queues() -> aws_sdk_sqs::Client {
    aws_sdk_sqs::Client::from_conf(
        aws_sdk_sqs::Config::builder()
            .behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest())
            .region(aws_sdk_sqs::config::Region::from_static("us-east-1"))
            .endpoint_url(variable(SERVER_WITH_QUEUES))
            .credentials_provider(credentials())
            .build(),
    )
}

fn sdk(server: &str) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .endpoint_url(variable(server))
        .force_path_style(true)
        .credentials_provider(credentials());
    Client::from_conf(config.build())
}

fn credentials() -> Credentials {
    Credentials::new(variable("SORDINO_TEST_ACCESS_KEY"), variable("SORDINO_TEST_SECRET_KEY"), None, None, "bench")
}

fn environment(command: &mut Command, endpoint: &str) {
    command.env("SORDINO_CALL_ID_KEY", "a key for benches alone").env("AWS_ENDPOINT_URL", endpoint);
    command.env("AWS_ACCESS_KEY_ID", variable("SORDINO_TEST_ACCESS_KEY")).env("AWS_REGION", "us-east-1");
    command.env("AWS_SECRET_ACCESS_KEY", variable("SORDINO_TEST_SECRET_KEY"));
    for own in ["S3", "S3_SECOND", "FAULTS", "ACCESS_KEY", "SECRET_KEY"] {
        command.env_remove(format!("SORDINO_TEST_{own}"));
    }
    command.stdin(Stdio::null());
}

/// Passes on what a client and the server say, and tells when the client first asks for messages.
fn pass(mut client: TcpStream, server: &str, seen: mpsc::Sender<Instant>) {
    let server = TcpStream::connect(server.trim_start_matches("http://")).expect("the server");
    let (mut answers, mut questions) = (server.try_clone().expect("a handle"), server);
    let mut back = client.try_clone().expect("a handle");
    spawn(move || std::io::copy(&mut answers, &mut back));
    spawn(move || {
        let mut bytes = [0; 64 << 10];
        while let Ok(read @ 1..) = client.read(&mut bytes) {
            // The SDK writes the head of a request at once.
            if bytes[..read].windows(14).any(|w| w == b"ReceiveMessage") {
                let _ = seen.send(Instant::now());
            }
            if questions.write_all(&bytes[..read]).is_err() {
                break;
            }
        }
    });
}

/// Sound that no codec could take for silence, 16 bits, two channels.
fn recording(seconds: usize) -> Vec<u8> {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: RATE_HZ,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut wav = hound::WavWriter::new(&mut bytes, spec).expect("memory");
    for frame in 0..2 * seconds * RATE_HZ as usize {
        wav.write_sample(((frame * 37) % 2000) as i16 - 1000).expect("memory");
    }
    wav.finalize().expect("memory");
    bytes.into_inner()
}

/// A Whisper transcript as long as the recording, two words a second, with a number in every tenth second.
fn transcript(seconds: usize) -> Vec<u8> {
    let word =
        |i: usize| if i % 20 == 7 { "212-867-0042".to_owned() } else { ["so", "my", "number", "is"][i % 4].to_owned() };
    let words: Vec<_> = (0..2 * seconds)
        .map(|i| serde_json::json!({"word": word(i), "start": i as f64 / 2.0, "end": (i + 1) as f64 / 2.0}))
        .collect();
    let text = (0..2 * seconds).map(word).collect::<Vec<_>>().join(" ");
    let segment = serde_json::json!({
        "id": 0, "seek": 0, "start": 0.0, "end": seconds as f64, "text": text, "tokens": [1], "temperature": 0.0,
        "avg_logprob": -0.25, "compression_ratio": 1.1, "no_speech_prob": 0.01,
    });
    serde_json::json!({
        "task": "transcribe", "language": "english", "duration": seconds as f64, "text": text, "segments": [segment],
        "words": words,
    })
    .to_string()
    .into_bytes()
}
