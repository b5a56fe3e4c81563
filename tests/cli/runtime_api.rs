//! A server that speaks Lambda's interface for programs, which run as if Lambda had started them.

use serde_json::Value;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const ANSWER_MAX: Duration = Duration::from_secs(60);

/// What the program answers to each event (`response` or `error`, and the body), and its log.
pub fn answers(mut command: Command, events: Vec<Value>) -> (Vec<(String, Value)>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, receiver) = channel();
    let count = events.len();
    let events = Arc::new(Mutex::new(VecDeque::from(events)));
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            // The next connection may be made while this one is kept.
            let (events, sender) = (Arc::clone(&events), sender.clone());
            std::thread::spawn(move || serve(stream, &events, &sender));
        }
    });
    command.env("AWS_LAMBDA_RUNTIME_API", address).env("AWS_LAMBDA_FUNCTION_NAME", "f");
    command.env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512").env("AWS_LAMBDA_FUNCTION_VERSION", "1");
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let answered = (0..count).map(|_| receiver.recv_timeout(ANSWER_MAX).unwrap()).collect();
    child.kill().unwrap();
    let log = child.wait_with_output().unwrap().stderr;
    (answered, String::from_utf8(log).unwrap())
}

/// Hands over each event in turn and tells what is answered.
fn serve(stream: TcpStream, events: &Mutex<VecDeque<Value>>, answers: &Sender<(String, Value)>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = Vec::new();
        while let Ok(1..) = reader.read_until(b'\n', &mut head) {
            if head.ends_with(b"\r\n\r\n") {
                break;
            }
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        let Some(path) = head.split(' ').nth(1) else { return };
        let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let answer = if path.ends_with("/invocation/next") {
            let Some(event) = events.lock().unwrap().pop_front() else { return };
            let event = event.to_string();
            format!(
                "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: r\r\nLambda-Runtime-Deadline-Ms: 4102444800000\r\n\
                 Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:f\r\n\
                 Content-Length: {}\r\n\r\n{event}",
                event.len()
            )
        } else {
            let what = path.rsplit('/').next().unwrap().to_owned();
            answers.send((what, serde_json::from_slice(&body).unwrap())).unwrap();
            "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n".to_owned()
        };
        reader.get_mut().write_all(answer.as_bytes()).unwrap();
    }
}
