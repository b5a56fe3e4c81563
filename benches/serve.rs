//! Listeners at the QA page: how soon each piece of a recording begins to come, and how much memory the server takes.
//!
//! ```text
//! cargo bench --bench serve -- [LISTENERS SECONDS]
//! scripts/servers cargo bench --bench serve -- [LISTENERS SECONDS]
//! ```
//!
//! The real program over a local folder, or with `scripts/servers` over a bucket, on this machine, which the listeners are on too. Each has a token and a connection of
//! its own and plays as a browser does: a piece of five seconds (16 bits, 8 kHz, stereo: 160,000 bytes) by a range request, a
//! second of pause, now and then a seek. Without arguments, as tests run it, a few listeners for two seconds. Linux alone has
//! the memory.

#![allow(clippy::disallowed_macros, clippy::disallowed_methods, reason = "it prints what it measured")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const CALLS: usize = 8;
const SECONDS_OF_CALL: u32 = 300;
const PIECE_BYTES: u64 = 160_000;
const PAUSE: Duration = Duration::from_secs(1);

fn main() {
    let numbers: Vec<u64> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    let (listeners, seconds) = match numbers[..] {
        [listeners, seconds] => (listeners as usize, seconds),
        _ => (8, 2),
    };
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench { dir: dir.path(), bucket: Bucket::of_environment() };
    let calls = bench.redact();
    let tokens = bench.tokens();
    let (mut server, address) = bench.serve();
    let end = Instant::now() + Duration::from_secs(seconds);
    let waits: Vec<Duration> = thread::scope(|scope| {
        let listen = |n: usize| {
            let (call, token, address) = (&calls[n % CALLS], &tokens[n % tokens.len()], &address);
            // They come within a second, not in one instant.
            move || listen(address, call, token, n, end)
        };
        let listening: Vec<_> = (0..listeners).map(|n| scope.spawn(listen(n))).collect();
        listening.into_iter().flat_map(|l| l.join().unwrap()).collect()
    });
    report(waits, listeners, memory(&server));
    server.kill().unwrap();
    server.wait().unwrap();
}

/// A bucket of a server that `scripts/servers` runs.
struct Bucket {
    endpoint: String,
    key: [String; 2],
}

impl Bucket {
    const NAME: &str = "bench-serve";

    /// A bucket of that server's; nothing where none runs.
    fn of_environment() -> Option<Self> {
        let variable = |name: &str| std::env::var(format!("SORDINO_TEST_{name}")).ok();
        let bucket = Self { endpoint: variable("S3_SECOND")?, key: [variable("ACCESS_KEY")?, variable("SECRET_KEY")?] };
        let [key, secret] = bucket.key.clone();
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
            .region(aws_sdk_s3::config::Region::from_static("us-east-1"))
            .endpoint_url(&bucket.endpoint)
            .force_path_style(true)
            .credentials_provider(aws_sdk_s3::config::Credentials::new(key, secret, None, None, "bench"));
        let made = aws_sdk_s3::Client::from_conf(config.build()).create_bucket().bucket(Self::NAME);
        tokio::runtime::Runtime::new().unwrap().block_on(made.send()).unwrap();
        Some(bucket)
    }
}

/// Invented calls, redacted to a folder or a bucket, and the program over them.
struct Bench<'a> {
    dir: &'a Path,
    bucket: Option<Bucket>,
}

impl Bench<'_> {
    fn dest(&self) -> String {
        self.bucket.as_ref().map_or_else(|| "out".to_owned(), |_| format!("s3://{}/", Bucket::NAME))
    }

    fn program(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sordino"));
        command.args(args).current_dir(self.dir).env_clear().env("SORDINO_STATE_DIR", self.dir.join("state"));
        command.env("SORDINO_CALL_ID_KEY", "0123456789abcdef0123456789abcdef");
        if let Some(Bucket { endpoint, key: [key, secret] }) = &self.bucket {
            let signing = self.dir.join("keys/signing-key.pem");
            command.env("AWS_ENDPOINT_URL", endpoint).env("AWS_REGION", "us-east-1");
            command.env("AWS_ACCESS_KEY_ID", key).env("AWS_SECRET_ACCESS_KEY", secret);
            if signing.exists() {
                command.env("SORDINO_SIGNING_KEY_FILE", signing);
            }
        }
        command
    }

    fn run(&self, args: &[&str]) -> String {
        let output = self.program(args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Redacts invented calls; their pseudonyms.
    fn redact(&self) -> Vec<String> {
        fs::create_dir(self.dir.join("in")).unwrap();
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: 8_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        for n in 0..CALLS {
            let mut text = "WEBVTT\n".to_owned();
            for start in (0..SECONDS_OF_CALL).step_by(5) {
                let (m, s) = (start / 60, start % 60);
                text += &format!("\n{m:02}:{s:02}.000 --> {m:02}:{:02}.900\n<v Agent>your plan covers that\n", s + 4);
            }
            fs::write(self.dir.join(format!("in/call{n}.vtt")), text).unwrap();
            let mut wav = hound::WavWriter::create(self.dir.join(format!("in/call{n}.wav")), spec).unwrap();
            (0..SECONDS_OF_CALL * 16_000).for_each(|frame| wav.write_sample((frame * 37 % 200) as i16).unwrap());
            wav.finalize().unwrap();
        }
        if self.bucket.is_some() {
            self.run(&["keys", "new", "keys"]);
        }
        let lines = self.run(&["redact", "in", &self.dest(), "--json"]);
        let calls = lines.lines().filter_map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["call"].as_str().map(str::to_owned)
        });
        calls.collect()
    }

    fn tokens(&self) -> Vec<String> {
        let dest = self.dest();
        self.run(&["users", "add", &dest, "lead", "--role", "qa-lead"]);
        let issue = |_| {
            let issued = self.run(&["users", "token", &dest, "lead", "--scope", "play-call"]);
            issued.lines().last().unwrap().to_owned()
        };
        (0..10).map(issue).collect()
    }

    fn serve(&self) -> (Child, String) {
        let mut command = self.program(&["serve", &self.dest(), "--listen", "127.0.0.1:0"]);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line: serde_json::Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        // What else it says must be read, or it would wait.
        thread::spawn(move || lines.for_each(drop));
        (child, line["address"].as_str().unwrap().to_owned())
    }
}

/// Plays a call until the end; how long each answer took to begin.
fn listen(address: &str, call: &str, token: &str, n: usize, end: Instant) -> Vec<Duration> {
    let size = u64::from(SECONDS_OF_CALL) * 32_000;
    let mut waits = Vec::new();
    thread::sleep(Duration::from_millis(n as u64 * 7_919 % 1_000));
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut at = n as u64 * 1_000_003 % (size - PIECE_BYTES);
    while Instant::now() < end {
        let request = format!(
            "GET /api/v1/calls/{call}/recording HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
             Range: bytes={at}-{}\r\n\r\n",
            at + PIECE_BYTES - 1
        );
        let asked = Instant::now();
        stream.write_all(request.as_bytes()).unwrap();
        let mut buffer = vec![0; 64 << 10];
        let mut read = stream.read(&mut buffer).unwrap();
        waits.push(asked.elapsed());
        let head = buffer[..read].windows(4).position(|w| w == b"\r\n\r\n").expect("the head comes at once") + 4;
        assert!(buffer.starts_with(b"HTTP/1.1 206"), "{}", String::from_utf8_lossy(&buffer[..head]));
        let mut left = PIECE_BYTES - (read - head) as u64;
        while left > 0 {
            read = stream.read(&mut buffer).unwrap();
            assert!(read > 0, "the answer breaks off");
            left -= read as u64;
        }
        let seek = if waits.len() % 5 == 0 { 3_000_017 } else { PIECE_BYTES };
        at = (at + seek) % (size - PIECE_BYTES);
        thread::sleep(PAUSE);
    }
    waits
}

/// The most memory that it had so far, MiB.
fn memory(server: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().split(' ').next()?.parse::<u64>().ok()? / 1_024)
}

fn report(mut waits: Vec<Duration>, listeners: usize, memory: Option<u64>) {
    waits.sort_unstable();
    let at = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!("{listeners} listeners, {} pieces", waits.len());
    println!("first byte: p50 {:.1} ms, p99 {:.1} ms, slowest {:.1} ms", at(0.5), at(0.99), at(1.0));
    println!("memory: {} MiB at most", memory.map_or_else(|| "unknown".into(), |mib| mib.to_string()));
}
