//! A worker on a watched folder: what comes is redacted as `redact` would, whatever comes first, and a worker that is
//! told to stop stops.

use super::support::{Bench, PLANTED_TEXT, Ran, whisper};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// How long anything may take on a busy machine, in looks of a tenth of a second.
const LOOKS_MAX: usize = 600;

/// A worker that runs, and where it answers.
struct Running {
    child: Child,
    log: BufReader<ChildStderr>,
    address: String,
}

impl Running {
    fn start(bench: &Bench, more: &[&str]) -> Self {
        let args = ["worker", "out", "--watch", "in", "--listen", "127.0.0.1:0", "--settle-s", "0", "--log", "debug"];
        let mut command = bench.command(&[&args, more].concat());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        log.read_line(&mut line).unwrap();
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        Self { child, log, address: line["address"].as_str().unwrap().to_owned() }
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: worker\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Waits until the worker's numbers have this line.
    fn wait_for(&self, line: &str) {
        let is_there = |_| {
            self.get("/metrics").lines().any(|l| l == line) || {
                sleep(Duration::from_millis(100));
                false
            }
        };
        assert!((0..LOOKS_MAX).any(is_there), "no {line} in {}", self.get("/metrics"));
    }

    /// Tells the worker to stop; its exit code and the rest of its log.
    fn stop(mut self) -> Ran {
        let pid = self.child.id().to_string();
        std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        let mut stderr = String::new();
        self.log.read_to_string(&mut stderr).unwrap();
        Ran { code: self.child.wait().unwrap().code(), stdout: String::new(), stderr }
    }
}

#[test]
fn what_comes_into_a_watched_folder_is_redacted_as_by_redact() {
    let bench = Bench::new();
    let stem = format!("in/{PLANTED_TEXT}0001");
    bench.call(&stem, 1);
    bench.chat("in/chat.txt", 2);
    bench.write("in/README.md", "no call");
    bench.write("in/broken.json", "{");
    let half = std::fs::read(bench.path(&format!("{stem}.json"))).unwrap();
    std::fs::remove_file(bench.path(&format!("{stem}.json"))).unwrap();
    let worker = Running::start(&bench, &["--alone-after-s", "1"]);
    worker.wait_for("sordino_events_idle_total{why=\"alone\"} 1");
    worker.wait_for("sordino_calls_total{status=\"redacted\"} 1");
    bench.write(&format!("{stem}.json"), half);
    worker.wait_for("sordino_calls_total{status=\"redacted\"} 2");
    worker.wait_for("sordino_calls_held_total{reason=\"unknown-transcript-format\"} 1");
    assert!(worker.get("/readyz").starts_with("HTTP/1.1 200"));
    assert!(worker.get("/healthz").starts_with("HTTP/1.1 200"));
    let ran = worker.stop();
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(!ran.stderr.contains(PLANTED_TEXT), "a name is in the log: {}", ran.stderr);
    assert!(ran.stderr.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{}", ran.stderr);
    assert_eq!(bench.run(&["redact", "in", "wanted"]).code, Some(3));
    assert!(!bench.leaks("out"));
    let below = |tree: &str| {
        bench
            .tree(tree)
            .into_iter()
            .map(|(path, bytes)| (path.strip_prefix(bench.path(tree)).unwrap().to_owned(), bytes))
            .filter(|(path, _)| !path.starts_with(".staging"))
            .collect::<Vec<_>>()
    };
    assert!(below("out") == below("wanted"));
}

#[test]
fn a_recording_that_comes_late_is_redacted_with_its_transcript() {
    let bench = Bench::new();
    bench.call("in/a", 1);
    std::fs::rename(bench.path("in/a.wav"), bench.path("a.wav")).unwrap();
    let worker = Running::start(&bench, &["--alone-after-s", "0"]);
    worker.wait_for("sordino_calls_total{status=\"redacted\"} 1");
    std::fs::rename(bench.path("a.wav"), bench.path("in/a.wav")).unwrap();
    worker.wait_for("sordino_calls_total{status=\"redacted\"} 2");
    assert_eq!(worker.stop().code, Some(0));
    let recordings = bench.tree("out").into_keys().filter(|path| path.ends_with("recording.wav")).count();
    assert_eq!(recordings, 1);
    assert!(!bench.leaks("out"));
}

#[test]
fn a_transcript_whose_recording_is_expected_is_never_a_call_alone() {
    let bench = Bench::new();
    bench.call("in/transcripts/a", 1);
    std::fs::remove_file(bench.path("in/transcripts/a.wav")).unwrap();
    bench.chat("in/chats/b.txt", 2);
    let expects = "transcripts/{id}.*";
    let worker = Running::start(&bench, &["--alone-after-s", "0", "--expects-recording", expects]);
    worker.wait_for("sordino_events_idle_total{why=\"alone\"} 1");
    worker.wait_for("sordino_calls_total{status=\"redacted\"} 1");
    assert_eq!(worker.stop().code, Some(0));
}

#[test]
fn a_worker_needs_a_queue_or_a_folder_and_not_both() {
    let bench = Bench::new();
    assert_eq!(bench.run(&["worker", "out"]).code, Some(2));
    assert_eq!(bench.run(&["worker", "out", "--watch", "in", "--queue", "x"]).code, Some(2));
    assert_eq!(bench.run(&["worker", "in/out", "--watch", "in"]).code, Some(2), "it would redact what it wrote");
    assert_eq!(bench.run(&["lambda", "out"]).code, Some(2), "this is not Lambda");
}

#[test]
fn a_call_in_pieces_is_redacted_once_all_of_them_are_there() {
    let bench = Bench::new();
    let caller = ["", "", "it", "is", "212-867-0001", "thank", "you", "bye"];
    bench.call("in/whole", 1);
    std::fs::rename(bench.path("in/whole.wav"), bench.path("in/a.wav")).unwrap();
    std::fs::remove_file(bench.path("in/whole.json")).unwrap();
    let stereo = hound::WavSpec { channels: 2, ..hound::WavReader::open(bench.path("in/a.wav")).unwrap().spec() };
    let mut out = hound::WavWriter::create(bench.path("in/a.wav"), stereo).unwrap();
    (0..2 * 4 * stereo.sample_rate).for_each(|at| out.write_sample((at % 200) as i16).unwrap());
    out.finalize().unwrap();
    bench.write("in/a.ch0.json", whisper(&["your", "number", "please", "", "", "", "", ""]));
    let worker = Running::start(&bench, &["--alone-after-s", "1"]);
    worker.wait_for("sordino_calls_held_total{reason=\"missing-piece\"} 2");
    assert!(!bench.tree("out").into_keys().any(|path| path.ends_with("recording.wav")), "half of it is not published");
    bench.write("in/a.ch1.json", whisper(&caller));
    worker.wait_for("sordino_calls_total{status=\"redacted\"} 1");
    for part in ["b.part1", "b.part2"] {
        bench.write(&format!("in/{part}.json"), whisper(&["hello", "again", "and", "bye"]));
    }
    worker.wait_for("sordino_calls_total{status=\"redacted\"} 2");
    assert_eq!(worker.stop().code, Some(0));
    let tree = bench.tree("out");
    let named = |name: &str| tree.keys().filter(|path| path.ends_with(name)).count();
    assert_eq!(
        ["transcript-ch0.json", "transcript-ch1.json", "recording.wav", "transcript-part2.json"].map(named),
        [1; 4]
    );
    assert!(!tree.keys().any(|path| path.to_string_lossy().contains(".held")), "what was held is not held any more");
}
