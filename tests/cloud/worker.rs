//! Workers on a queue and buckets of a server: whatever happens, every call ends once, where it should, with its reason.

use super::bench::{Bench, PLANTED_TEXT, Ran};
use super::gate::{Gate, Mode};
use super::queue::{Queues, event};
use super::support::{Cloud, SERVERS, runtime, tree, variable};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// Calls of the long test unless `SORDINO_TEST_CALLS` asks for others.
const CALLS: usize = 60;
/// How long anything may take on a busy machine, in looks of a fifth of a second.
const LOOKS_MAX: usize = 3_000;
const LOOK: Duration = Duration::from_millis(200);

/// Buckets and a queue of a test's own.
pub struct World {
    pub cloud: Cloud,
    pub queues: Queues,
}

impl World {
    pub fn new() -> Self {
        let cloud = Cloud::new(SERVERS[0]);
        let queues = Queues::new(cloud.name());
        Self { cloud, queues }
    }

    pub fn put(&self, key: &str, bytes: Vec<u8>) {
        self.cloud.put(&self.cloud.raw(), key, bytes);
    }

    pub fn chat(&self, key: &str, n: usize) {
        self.put(key, format!("AGENT: how can I help you\nCALLER: my number is {PLANTED_TEXT}{n:04} thanks\n").into());
    }

    pub fn tell(&self, key: &str) {
        self.queues.send(&event(&self.cloud.raw(), key));
    }

    /// The program's command line for a worker, with everything around it that it needs.
    pub fn worker(&self, more: &[&str]) -> Command {
        let dest = format!("s3://{}/", self.cloud.redacted());
        let args = ["worker", &dest, "--queue", &self.queues.url, "--lease-s", "3", "--log", "debug"];
        let mut command = self.cloud.command(&[&args, more].concat());
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    /// Every object of the destination that somebody reads.
    pub fn published(&self) -> BTreeMap<String, Vec<u8>> {
        let mut objects = self.cloud.objects(&self.cloud.redacted());
        objects.retain(|key, bytes| !(key.starts_with(".held/") && bytes.is_empty()));
        objects
    }

    /// Reasons of held calls.
    pub fn held(&self) -> Vec<String> {
        let held = self.published().into_iter().filter(|(key, _)| key.starts_with(".held/"));
        let reason = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap()["reason"].clone();
        held.map(|(_, bytes)| reason(&bytes).as_str().unwrap().to_owned()).collect()
    }

    pub fn manifests(&self) -> usize {
        self.published().keys().filter(|key| key.ends_with("/manifest.json")).count()
    }

    pub fn wait_until(&self, what: &str, is: impl Fn() -> bool) {
        let is = |_| {
            is() || {
                sleep(LOOK);
                false
            }
        };
        assert!((0..LOOKS_MAX).any(is), "{what} does not come: {} in the queue", self.queues.left(&self.queues.url));
    }

    pub fn wait_until_empty(&self) {
        self.wait_until("an empty queue", || self.queues.left(&self.queues.url) == 0);
    }
}

/// Tells a worker to stop, and reads what it logged.
pub fn stop(child: Child) -> Ran {
    let pid = child.id().to_string();
    Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    let ran = Ran::of(&child.wait_with_output().unwrap());
    assert!(!ran.stderr.contains(PLANTED_TEXT), "a name is in the log: {}", ran.stderr);
    ran
}

/// A port that is free just now.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn get(address: &str, path: &str) -> String {
    let Ok(mut stream) = TcpStream::connect(address) else { return String::new() };
    write!(stream, "GET {path} HTTP/1.1\r\nHost: worker\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_or_else(|_| String::new(), |_| answer)
}

/// The next of a fixed row of numbers (xorshift).
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

fn shuffle<T>(list: &mut [T], random: &mut u64) {
    for i in (1..list.len()).rev() {
        list.swap(i, usize::try_from(next(random) % (i as u64 + 1)).unwrap());
    }
}

#[expect(clippy::disallowed_methods, reason = "how much is tried is told by the environment")]
fn calls_wanted() -> usize {
    std::env::var("SORDINO_TEST_CALLS").map_or(CALLS, |n| n.parse().unwrap())
}

/// A manifest without what says where its sources were read from.
fn without_versions(bytes: &[u8]) -> serde_json::Value {
    let mut manifest: serde_json::Value = serde_json::from_slice(bytes).unwrap();
    for source in manifest["sources"].as_array_mut().unwrap() {
        source.as_object_mut().unwrap().remove("version");
    }
    manifest.as_object_mut().unwrap().remove("root");
    manifest
}

/// Three workers, one of which is killed and replaced every few seconds.
struct Kills {
    workers: Vec<Child>,
    random: u64,
    count: usize,
}

impl Kills {
    fn new(world: &World, random: u64) -> Self {
        Self { workers: (0..3).map(|_| Self::worker(world)).collect(), random, count: 0 }
    }

    fn worker(world: &World) -> Child {
        let args = ["--expects-recording", "transcripts/{id}.*", "--alone-after-s", "0", "--jobs", "1"];
        world.worker(&args).stderr(Stdio::null()).spawn().unwrap()
    }

    fn one(&mut self, world: &World) {
        sleep(Duration::from_millis(1_500 + next(&mut self.random) % 1_500));
        let victim = &mut self.workers[usize::try_from(next(&mut self.random) % 3).unwrap()];
        victim.kill().unwrap();
        victim.wait().unwrap();
        *victim = Self::worker(world);
        self.count += 1;
    }
}

#[test]
fn workers_that_are_killed_redact_every_call_once_in_effect_from_events_that_come_twice_in_any_order() {
    let world = World::new();
    let (bench, mut random) = (Bench::new(), 0x5EED_u64);
    for n in 0..calls_wanted() {
        match n % 5 {
            0 => bench.chat(&format!("in/chats/{PLANTED_TEXT}{n:04}.txt"), n),
            _ => {
                bench.call(&format!("in/{n:04}"), n);
                for (folder, extension) in [("recordings", "wav"), ("transcripts", "json")] {
                    let bytes = std::fs::read(bench.path(&format!("in/{n:04}.{extension}"))).unwrap();
                    std::fs::remove_file(bench.path(&format!("in/{n:04}.{extension}"))).unwrap();
                    bench.write(&format!("in/{folder}/Ana Brooks +{n:04}.{extension}"), bytes);
                }
            }
        }
    }
    bench.write("in/README.md", "no call");
    let mut files: Vec<(String, Vec<u8>)> = tree(&bench.path("in")).into_iter().collect();
    shuffle(&mut files, &mut random);

    let mut again: Vec<String> = files.iter().map(|(key, _)| key.clone()).collect();
    shuffle(&mut again, &mut random);
    let mut kills = Kills::new(&world, next(&mut random));
    std::thread::scope(|scope| {
        // Each event is sent when its object has been written, and once more some time before or later.
        let puts = scope.spawn(|| {
            for ((key, bytes), other) in files.into_iter().zip(&again) {
                world.put(&key, bytes);
                world.tell(&key);
                world.tell(other);
            }
        });
        while !puts.is_finished() || world.queues.left(&world.queues.url) > 0 {
            assert!(kills.count < LOOKS_MAX, "{} messages are left", world.queues.left(&world.queues.url));
            kills.one(&world);
        }
    });
    let (kills, workers) = (kills.count, kills.workers);
    // Who was started just now has to know of signals first.
    sleep(Duration::from_secs(1));
    workers.into_iter().for_each(|worker| assert_eq!(stop(worker).code, Some(0)));
    assert_eq!(world.queues.left(&world.queues.dead), 0);

    let path = |below: &str| bench.path(below).to_str().unwrap().to_owned();
    let ran = world.cloud.run(&["redact", &path("in"), &path("wanted"), "--quiet"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let (wanted, published) = (tree(&bench.path("wanted")), world.published());
    assert!(published.keys().eq(wanted.keys()), "{} objects after {kills} kills", published.len());
    for (key, bytes) in &wanted {
        let got = &published[key];
        let is_manifest = key.ends_with("/manifest.json");
        let is_same = if is_manifest { without_versions(got) == without_versions(bytes) } else { got == bytes };
        assert!(is_same, "{key} differs");
    }
    assert!(!published.values().any(|bytes| memchr::memmem::find(bytes, PLANTED_TEXT.as_bytes()).is_some()));
}

#[test]
fn what_cannot_be_done_ends_where_it_should_with_its_reason() {
    let world = World::new();
    world.queues.send("Anything at all");
    world.queues.send(&event(&world.cloud.redacted(), "0123/transcript.json"));
    world.put("large.wav", vec![0; 5_000]);
    world.put("large.json", b"{}".to_vec());
    world.tell("large.wav");
    world.tell("deleted.txt");
    world.chat("replaced.txt", 1);
    world.tell("replaced.txt");
    world.chat("replaced.txt", 2);
    world.put("broken.json", b"{".to_vec());
    world.tell("broken.json");
    let worker = world.worker(&["--alone-after-s", "0", "--recording-bytes-max", "1000"]).spawn().unwrap();
    world.wait_until_empty();
    let ran = stop(worker);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let mut reasons: Vec<_> = world.queues.dead_letters().into_iter().map(|(_, reason)| reason).collect();
    reasons.sort();
    assert_eq!(reasons, ["in-destination", "not-json"]);
    let mut held = world.held();
    held.sort();
    assert_eq!(held, ["limit-reached", "unknown-transcript-format"], "{}", ran.stderr);
    assert_eq!(world.manifests(), 1, "the one that was replaced, as it is now");
    assert!(ran.stderr.contains("\"why\":\"gone\""), "{}", ran.stderr);
}

#[test]
fn a_destination_that_refuses_loses_nothing_and_work_goes_on_when_it_accepts_again() {
    let world = World::new();
    let address = free_address();
    let worker = world.worker(&["--alone-after-s", "0", "--listen", &address]).spawn().unwrap();
    world.wait_until("readiness", || get(&address, "/readyz").starts_with("HTTP/1.1 200"));
    let policy = serde_json::json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*",
        "Action": "s3:PutObject", "Resource": format!("arn:aws:s3:::{}/*", world.cloud.redacted())}]});
    let request = world.cloud.sdk().put_bucket_policy().bucket(world.cloud.redacted()).policy(policy.to_string());
    runtime().block_on(request.send()).unwrap();
    for n in 0..8 {
        world.chat(&format!("{n}.txt"), n);
        world.tell(&format!("{n}.txt"));
    }
    world.wait_until("the store to be taken for down", || get(&address, "/readyz").contains("store down"));
    assert_eq!(world.manifests(), 0);
    assert_eq!(world.queues.left(&world.queues.url), 8);
    runtime().block_on(world.cloud.sdk().delete_bucket_policy().bucket(world.cloud.redacted()).send()).unwrap();
    world.wait_until_empty();
    assert_eq!(stop(worker).code, Some(0));
    assert_eq!(world.manifests(), 8);
    assert_eq!(world.queues.left(&world.queues.dead), 0);
}

#[test]
fn a_call_that_alone_cannot_be_written_ends_as_a_dead_letter_with_its_reason() {
    let world = World::new();
    world.chat("refused.txt", 1);
    let raw = format!("s3://{}/", world.cloud.raw());
    let planned = world.cloud.run(&["redact", &raw, "nowhere", "--dry-run", "--json"]);
    let line: serde_json::Value = serde_json::from_str(planned.stdout.lines().next().unwrap()).unwrap();
    let its = format!("arn:aws:s3:::{}/{}/*", world.cloud.redacted(), line["call"].as_str().unwrap());
    let policy = serde_json::json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*",
        "Action": "s3:PutObject", "Resource": its}]});
    let request = world.cloud.sdk().put_bucket_policy().bucket(world.cloud.redacted()).policy(policy.to_string());
    runtime().block_on(request.send()).unwrap();
    world.tell("refused.txt");
    let worker = world.worker(&["--alone-after-s", "0", "--deliveries-max", "3"]).spawn().unwrap();
    let others = std::cell::Cell::new(0);
    world.wait_until("the dead letter", || {
        // Others go through, so it is not the store.
        let n = others.replace(others.get() + 1);
        world.chat(&format!("{n}.txt"), n);
        world.tell(&format!("{n}.txt"));
        world.queues.left(&world.queues.dead) > 0
    });
    world.wait_until_empty();
    let ran = stop(worker);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(world.manifests(), others.get(), "the others");
    let [(body, reason)] = &world.queues.dead_letters()[..] else { panic!("one letter: {}", ran.stderr) };
    assert_eq!((body, reason.as_str()), (&event(&world.cloud.raw(), "refused.txt"), "failed-to-publish"));
}

#[test]
fn a_queue_that_is_throttled_or_down_loses_nothing_and_is_not_asked_all_the_time() {
    let world = World::new();
    let gate = Gate::before(variable(SERVERS[0]).strip_prefix("http://").unwrap());
    let address = free_address();
    let mut command = world.worker(&["--alone-after-s", "0", "--listen", &address]);
    let worker = command.env("AWS_ENDPOINT_URL_SQS", format!("http://{}", gate.address())).spawn().unwrap();
    world.wait_until("readiness", || get(&address, "/readyz").starts_with("HTTP/1.1 200"));
    for mode in [Mode::Throttle, Mode::Refuse] {
        gate.set(mode);
        for n in 0..5 {
            world.chat(&format!("{mode:?}-{n}.txt"), n);
            world.tell(&format!("{mode:?}-{n}.txt"));
        }
        world.wait_until("the queue to be taken for down", || get(&address, "/readyz").contains("queue not reached"));
        let before = gate.connections();
        sleep(Duration::from_secs(5));
        assert!(gate.connections() - before <= 40, "{} tries in 5 s", gate.connections() - before);
        gate.set(Mode::Pass);
        world.wait_until_empty();
    }
    world.wait_until("readiness", || get(&address, "/readyz").starts_with("HTTP/1.1 200"));
    assert_eq!(stop(worker).code, Some(0));
    assert_eq!(world.manifests(), 10);
}

#[test]
fn a_worker_that_is_stopped_ends_what_it_has_begun_and_gives_back_the_rest() {
    let world = World::new();
    for n in 0..30 {
        world.chat(&format!("{n:02}.txt"), n);
        world.tell(&format!("{n:02}.txt"));
    }
    let worker = world.worker(&["--alone-after-s", "0", "--jobs", "1"]).spawn().unwrap();
    world.wait_until("a first call", || world.manifests() > 0);
    let ran = stop(worker);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let (done, left) = (world.manifests(), world.queues.left(&world.queues.url));
    assert_eq!(done + left, 30, "each is done or in the queue: {}", ran.stderr);
}

#[test]
fn pieces_of_a_call_are_published_together_once_all_are_there() {
    let world = World::new();
    world.chat("a.part1.txt", 1);
    world.chat("a.part3.txt", 3);
    world.tell("a.part1.txt");
    world.tell("a.part3.txt");
    let worker = world.worker(&["--alone-after-s", "0"]).spawn().unwrap();
    world.wait_until("a held call", || world.held() == ["missing-piece"]);
    assert_eq!(world.manifests(), 0, "half of a call is published");
    world.chat("a.part2.txt", 2);
    world.tell("a.part2.txt");
    world.wait_until("the call", || world.manifests() == 1);
    world.wait_until_empty();
    assert_eq!(stop(worker).code, Some(0));
    assert!(world.held().is_empty());
    let published = world.published();
    let is_part = |part: usize| move |key: &&String| key.contains(&format!("/transcript-part{part}"));
    assert!((1..=3).all(|part| published.keys().filter(is_part(part)).count() == 1));
    assert!(!published.values().any(|bytes| memchr::memmem::find(bytes, PLANTED_TEXT.as_bytes()).is_some()));
}
