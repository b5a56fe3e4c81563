//! Calls as traces of OpenTelemetry: one span a call, with its stages below, sent as JSON over HTTP to a collector beside
//! the worker. Nothing of a call is in them but its pseudonym, its status and sizes.
//!
//! OTLP's JSON is a few fields; the crates for it would double what this program is built from. A collector that is
//! not beside the worker is reached through one that is, which also encrypts.

use super::super::clock;
use crate::base::{Error, Result, Stage};
use crate::jobs::{Notice, Report, Status, Took};
use serde_json::{Value, json};
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// Most calls that wait to be sent; while the collector is slow, further ones are dropped.
const WAITING_MAX: usize = 1_000;
/// Most calls of one request.
const BATCH_MAX: usize = 100;
/// How long a call waits for others.
const GATHER: Duration = Duration::from_secs(1);
/// Longest wait for the collector.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where traces go.
pub(super) struct Traces(SyncSender<Vec<Value>>);

/// A collector: `http://HOST:PORT/BASE`.
struct Collector {
    host: String,
    path: String,
}

impl Traces {
    /// Sends traces to the collector at this URL from now on.
    ///
    /// # Errors
    /// A usage error when it is no URL that begins with `http://`.
    pub fn start(url: &str) -> Result<Self> {
        let wrong = || {
            Error::usage(format!("--otlp {url}: not of the form http://HOST:PORT"))
                .hint("run a collector beside the worker, which reaches others over TLS")
        };
        let rest = url.strip_prefix("http://").ok_or_else(wrong)?.trim_end_matches('/');
        let (host, base) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let is_host = host.contains(':') && host.bytes().all(|b| b.is_ascii_graphic()) && base.is_ascii();
        if !is_host || base.contains(char::is_whitespace) {
            return Err(wrong());
        }
        let collector = Collector { host: host.to_owned(), path: format!("{base}/v1/traces") };
        let (sender, spans) = sync_channel(WAITING_MAX);
        let failed = |e| Error::io(Stage::Configure, "a thread cannot be started", e);
        let send = std::thread::Builder::new().name("traces".into());
        send.spawn(move || send_all(&collector, &spans)).map_err(failed)?;
        Ok(Self(sender))
    }

    /// Hears what a worker tells.
    pub fn tell(&self, notice: &Notice<'_>) {
        if let Notice::Call { report, bytes, took } = notice {
            // A trace that is not sent is no reason to wait.
            let _ = self.0.try_send(spans(report, *bytes, took, clock::since_1970()));
        }
    }
}

/// The spans of a call that has ended just now.
fn spans(report: &Report, bytes: u64, took: &Took, now: Duration) -> Vec<Value> {
    let trace = format!("{:016x}{:016x}", random(), random());
    let parent = format!("{:016x}", random());
    let span = |id: &str, name: &str, start: Duration, end: Duration| {
        json!({
            "traceId": trace,
            "spanId": id,
            "name": name,
            "kind": 1,
            "startTimeUnixNano": start.as_nanos().to_string(),
            "endTimeUnixNano": end.as_nanos().to_string(),
        })
    };
    let begun = now.saturating_sub(took.wait + took.find + took.call);
    let mut call = span(&parent, "redact call", begun, now);
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let number = |key: &str, value: u64| json!({"key": key, "value": {"intValue": value.to_string()}});
    let mut attributes = vec![
        text("sordino.call", report.call.as_str()),
        text("sordino.status", report.status.word()),
        number("sordino.source.bytes", bytes),
        number("sordino.audio.ms", report.hidden.audio_ms),
    ];
    if let Status::Held(reason) = report.status {
        attributes.push(text("sordino.held.reason", reason.code()));
    }
    // Consumer of a message; 2 is an error, 1 is none.
    call["kind"] = 5.into();
    call["attributes"] = attributes.into();
    call["status"] = json!({"code": if report.status == Status::Failed { 2 } else { 1 }});
    let mut spans = vec![call];
    let mut at = begun;
    for (name, length) in [("wait", took.wait), ("find", took.find), ("call", took.call)] {
        let mut stage = span(&format!("{:016x}", random()), name, at, at + length);
        stage["parentSpanId"] = parent.as_str().into();
        spans.push(stage);
        at += length;
    }
    spans
}

fn random() -> u64 {
    // Zero is no id; a machine without randomness sends traces that nobody can tell apart.
    getrandom::u64().unwrap_or_default().max(1)
}

fn send_all(collector: &Collector, calls: &Receiver<Vec<Value>>) {
    while let Ok(mut spans) = calls.recv() {
        for _ in 1..BATCH_MAX {
            let Ok(more) = calls.recv_timeout(GATHER) else { break };
            spans.extend(more);
        }
        if let Err(error) = collector.send(spans) {
            tracing::warn!(error = %error.kind(), "traces cannot be sent");
        }
    }
}

impl Collector {
    fn send(&self, spans: Vec<Value>) -> io::Result<()> {
        let scope = json!({"name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION")});
        let service = json!({"key": "service.name", "value": {"stringValue": "sordino"}});
        let body = json!({"resourceSpans": [{
            "resource": {"attributes": [service]},
            "scopeSpans": [{"scope": scope, "spans": spans}],
        }]})
        .to_string();
        let address = self.host.to_socket_addrs()?.next().ok_or(io::ErrorKind::NotFound)?;
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let (host, path, length) = (&self.host, &self.path, body.len());
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())?;
        let mut status = Vec::new();
        io::Read::take(BufReader::new(stream), 1_000).read_until(b'\n', &mut status)?;
        let is_taken = status.split(|b| *b == b' ').nth(1).is_some_and(|code| code.starts_with(b"2"));
        if is_taken { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{CallId, HoldReason, Phi};
    use crate::jobs::Hidden;
    use std::io::Read;
    use std::net::TcpListener;

    fn report() -> Report {
        let status = Status::Held(HoldReason::UnusableTimes);
        let call = CallId::from_mac(&[0xab; 32]);
        Report {
            source: Phi::new("Ana Brooks.wav".into()),
            call,
            status,
            missing: None,
            hidden: Hidden::default(),
            error: None,
        }
    }

    #[test]
    fn a_call_and_its_stages_are_spans_of_one_trace_in_their_order() {
        let ms = Duration::from_millis;
        let took = Took { wait: ms(1), find: ms(2), call: ms(3) };
        let spans = spans(&report(), 9, &took, ms(10));
        let times: Vec<_> = spans.iter().map(|s| (&s["startTimeUnixNano"], &s["endTimeUnixNano"])).collect();
        assert_eq!(times[0], (&json!("4000000"), &json!("10000000")));
        assert_eq!(times[3], (&json!("7000000"), &json!("10000000")));
        assert!(spans[1..].iter().all(|s| s["parentSpanId"] == spans[0]["spanId"]));
        assert!(spans.iter().all(|s| s["traceId"] == spans[0]["traceId"]));
        let text = Value::from(spans).to_string();
        assert!(text.contains("unusable-times") && text.contains(&"ab".repeat(16)) && !text.contains("Brooks"));
    }

    #[test]
    fn a_collector_gets_them_as_json() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let traces = Traces::start(&format!("http://{}/base/", listener.local_addr().unwrap())).unwrap();
        let report = report();
        traces.tell(&Notice::Call { report: &report, bytes: 9, took: Took::default() });
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let (mut head, mut line) = (String::new(), String::new());
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line).unwrap();
            head.push_str(&line);
        }
        assert!(head.starts_with("POST /base/v1/traces HTTP/1.1\r\n"), "{head}");
        let length = head.lines().find_map(|l| l.strip_prefix("Content-Length: ")).unwrap().parse().unwrap();
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().len(), 4);
    }

    #[test]
    fn what_is_no_collector_is_refused() {
        for url in
            ["", "localhost:4318", "https://collector:4318", "http://collector", "http://a b:1", "http://h:1/a b"]
        {
            assert!(Traces::start(url).is_err(), "{url}");
        }
    }
}
