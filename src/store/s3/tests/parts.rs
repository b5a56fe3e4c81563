//! Parts of objects, as listeners ask for them, while the network and the server fail: what is handed out is right, or it ends in an
//! error. Never is it another byte.

use super::faults::{Failing, impatient};
use super::reading::noise;
use super::*;
use serde_json::json;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::ops::Range;
use std::sync::{Arc, Mutex};

const KEY: &str = "a.wav";
const BYTES: usize = 3 << 20;
const PART: Range<u64> = 1_000_003..2_000_005;

/// What is handed out of a part, and how it ends.
fn read(store: &S3Store, part: Range<u64>) -> (Vec<u8>, Result<(), String>) {
    let mut handed_out = Vec::new();
    let ended = match store.open_part(&Phi::new(KEY.to_owned()), part) {
        Ok((mut part, _)) => part.read_to_end(&mut handed_out).map(drop).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    (handed_out, ended)
}

/// An object behind the proxy, and its content.
fn stored(failing: &Failing) -> (S3Store, Vec<u8>) {
    let content = noise(BYTES);
    replace(failing, &content);
    (S3Store::source(failing.client.clone(), &failing.address).unwrap(), content)
}

fn replace(failing: &Failing, content: &[u8]) {
    put(&client(SERVERS[0], Patience::default()), &failing.address.bucket, KEY, content);
}

#[test]
fn a_part_comes_through_overload_resets_and_bodies_that_break_off() {
    for (fault, times) in [
        (json!({"error": {"code": "SlowDown", "status": 503}}), 3),
        (json!({"error": {"code": "InternalError", "status": 500}}), 3),
        (json!({"reset": true}), 3),
        (json!({"response": {"abort_bytes": 0}}), 2),
        (json!({"response": {"abort_frac": 0.3}}), 4),
        (json!({"latency": 30_000}), 1),
    ] {
        let failing = Failing::new();
        let (store, content) = stored(&failing);
        let mut rule = fault.clone();
        rule["operation"] = "GetObject".into();
        rule["times"] = times.into();
        failing.fail(rule);
        let (handed_out, ended) = read(&store, PART);
        assert_eq!(ended, Ok(()), "{fault}");
        assert!(handed_out == content[PART.start as usize..PART.end as usize], "{fault}");
        assert_eq!(failing.struck(), times, "{fault}");
    }
}

#[test]
fn a_part_that_always_breaks_off_is_given_up_and_what_came_of_it_is_right() {
    let failing = Failing::new();
    let (store, content) = stored(&failing);
    failing.fail(json!({"operation": "GetObject", "response": {"abort_bytes": 1000}}));
    let (handed_out, ended) = read(&store, PART);
    assert!(ended.is_err() && content[PART.start as usize..PART.end as usize].starts_with(&handed_out));
    // The first answer, eight more, and whatever the SDK itself asked twice.
    assert!((9..=14).contains(&failing.struck()), "{}", failing.struck());
}

#[test]
fn a_part_of_an_object_that_is_replaced_meanwhile_is_not_mixed() {
    let failing = Failing::new();
    let (store, content) = stored(&failing);
    failing.fail(json!({"operation": "GetObject", "times": 1, "response": {"abort_frac": 0.5}}));
    let (mut part, _) = store.open_part(&Phi::new(KEY.to_owned()), PART).unwrap();
    replace(&failing, &vec![7; BYTES]);
    let mut handed_out = Vec::new();
    assert!(part.read_to_end(&mut handed_out).is_err());
    assert!(content[PART.start as usize..PART.end as usize].starts_with(&handed_out));
    assert_eq!(failing.struck(), 1);
}

#[test]
fn where_there_is_nothing_to_send_a_part_is_refused() {
    let failing = Failing::new();
    let (store, _) = stored(&failing);
    let behind = BYTES as u64;
    assert!(read(&store, behind..behind + 1).1.is_err(), "behind the end");
    assert!(store.open_part(&Phi::new("none.wav".into()), 0..1).is_err());
}

/// The range and the state that one request asks for.
struct Asked {
    range: Option<(usize, usize)>,
    state: Option<String>,
}

/// A server of one object that answers as it is told, each connection once; requests for parts are counted from 0.
fn server(told: impl Fn(usize, &Asked) -> Vec<u8> + Send + 'static) -> S3Store {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut parts = 0;
        for connection in listener.incoming().map_while(std::io::Result::ok) {
            let asked = asked(&connection);
            let told = match asked.range {
                Some(_) => told(parts, &asked),
                // Whether the bucket is there.
                None => answer("200 OK", "", 0, b""),
            };
            parts += usize::from(asked.range.is_some());
            let _ = (&connection).write_all(&told);
        }
    });
    let key = ["AKIDEXAMPLE".to_owned(), "a secret of nobody".to_owned()];
    let client = Client::to_server(runtime().handle().clone(), &url, key, impatient());
    let address = BucketAddress { bucket: "calls".into(), prefix: Phi::new(String::new()) };
    S3Store::source(client, &address).unwrap()
}

fn asked(connection: &TcpStream) -> Asked {
    let lines = BufReader::new(connection).lines().map_while(std::io::Result::ok).take_while(|line| !line.is_empty());
    let mut asked = Asked { range: None, state: None };
    for line in lines {
        let Some((name, value)) = line.split_once(": ") else { continue };
        match name.to_ascii_lowercase().as_str() {
            "range" => {
                let (first, last) = value.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
                asked.range = Some((first.parse().unwrap(), last.parse().unwrap()));
            }
            "if-match" => asked.state = Some(value.to_owned()),
            _ => {}
        }
    }
    asked
}

/// An answer with a body of this length, of which only `sent` comes.
fn answer(status: &str, fields: &str, length: usize, sent: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {length}\r\nConnection: close\r\n\r\n");
    [head.as_bytes(), sent].concat()
}

/// The part that is asked for, cut after `sent` bytes.
fn part(content: &[u8], asked: &Asked, state: &str, sent: usize) -> Vec<u8> {
    let (first, last) = asked.range.unwrap();
    let fields = format!("ETag: {state}\r\nContent-Range: bytes {first}-{last}/{}\r\n", content.len());
    let part = &content[first..=last];
    answer("206 Partial Content", &fields, part.len(), &part[..sent.min(part.len())])
}

const STATE: &str = "\"one\"";

#[test]
fn servers_that_leave_out_the_range_or_the_condition_are_not_believed() {
    let content = noise(1000);
    let whole = |content: &[u8]| answer("200 OK", &format!("ETag: {STATE}\r\n"), content.len(), content);
    let right = {
        let content = content.clone();
        server(move |_, asked| part(&content, asked, STATE, 100))
    };
    let (handed_out, ended) = read(&right, 200..800);
    assert!(ended.is_ok() && handed_out == content[200..800], "cut every 100 bytes and asked for again: {ended:?}");

    let bytes = content.clone();
    let (handed_out, ended) = read(&server(move |_, _| whole(&bytes)), 200..800);
    assert!(ended.is_err() && handed_out.is_empty(), "all of it in the place of a part");

    let bytes = content.clone();
    let first_right = move |number: usize, asked: &Asked, other: Vec<u8>| match number {
        0 => part(&bytes, asked, STATE, 100),
        _ => other,
    };
    let (bytes, first) = (content.clone(), first_right.clone());
    let (handed_out, ended) = read(&server(move |number, asked| first(number, asked, whole(&bytes))), 200..800);
    assert!(ended.is_err() && handed_out == content[200..300], "all of it where the rest was asked for");

    let (bytes, first) = (content.clone(), first_right.clone());
    let shifted = move |asked: &Asked| Asked { range: asked.range.map(|(a, b)| (a + 1, b)), state: None };
    let store = server(move |number, asked| first(number, asked, part(&bytes, &shifted(asked), STATE, 1000)));
    let (handed_out, ended) = read(&store, 200..800);
    assert!(ended.is_err() && handed_out == content[200..300], "another part");

    let (other, states) = (vec![7; 1000], Arc::new(Mutex::new(Vec::new())));
    let seen = Arc::clone(&states);
    let store = server(move |number, asked| {
        seen.lock().unwrap().push(asked.state.clone());
        first_right(number, asked, part(&other, asked, "\"two\"", 1000))
    });
    let (handed_out, ended) = read(&store, 200..800);
    assert!(ended.is_err() && handed_out == content[200..300], "another state");
    assert_eq!(*states.lock().unwrap(), [None, Some(STATE.to_owned())]);
}
