//! Batches: listing and pairing a million keys in a bounded space, and cores that stay busy while stores make wait.
//!
//! `cargo bench --bench batch`; memory of the first: `/usr/bin/time -v target/release/deps/batch-… --bench --sample-count 1
//! list_and_pair`; once each, to see that they run: `cargo bench --bench batch -- --test`

use divan::Bencher;
use divan::counter::ItemsCount;
use sordino::access::sign::Signing;
use sordino::base::{CallId, Clean, Error, HoldReason, Phi, Result, Stage, Timestamp};
use sordino::config::{load_policy, policy_ref};
use sordino::jobs::{
    Batch, CallKey, DEFAULT_TEMPLATES, KnownValues, Ordered, Originals, Parts, Passed, Run, SizeLimits, Sources, Stale,
    Target, Template, run_batch,
};
use sordino::model::manifest::Tool;
use sordino::patterns::PatternSet;
use sordino::store::{Commit, Entry, LocalStore, Object, Sink, Staged, Stat, Store, Stored};
use sordino::transcript::Told;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::{available_parallelism, sleep};
use std::time::Duration;

const KEYS: usize = 1_000_000;
/// How often each fixture is redacted.
const COPIES: usize = 40;

fn main() {
    divan::main();
}

fn templates() -> Vec<Template> {
    DEFAULT_TEMPLATES.iter().map(|t| Template::parse(t).expect("it is a template")).collect()
}

/// A million keys, paired as they are listed, in three layouts.
#[divan::bench(args = ["{n}.json {n}.wav", "recordings/{n}.wav transcripts/{n}.json", "{n}/recordings/a.wav {n}/transcripts/a.json"], sample_count = 3)]
fn list_and_pair(bencher: Bencher, layout: &str) {
    let (templates, key) = (templates(), CallKey::new(&[7; 32]).unwrap());
    let sources = Sources::of_store(Arc::new(Numbered(layout.split(' ').map(str::to_owned).collect())), "/raw");
    bencher.counter(ItemsCount::new(KEYS)).bench_local(|| {
        let passed = Passed::default();
        let calls = sources.calls(&templates, &key, &passed).map(Result::unwrap);
        let whole = calls
            .filter(|call| matches!(&call.parts, Parts::Whole { recordings, .. } if !recordings.is_empty()))
            .count();
        assert_eq!(whole, KEYS / 2);
    });
}

/// Keys with a number in them, made as they are asked for.
struct Numbered(Vec<String>);

impl Store for Numbered {
    fn list_below(&self, prefix: &Phi<String>) -> Box<dyn Iterator<Item = Result<Entry>> + Send + '_> {
        let prefix = prefix.expose().clone();
        let each = KEYS / self.0.len();
        let key = |form: &str, n: usize| form.replace("{n}", &format!("call-{n:08}"));
        // Forms that begin with the number alternate, others come one after the other.
        let keys: Box<dyn Iterator<Item = String> + Send> = if self.0[0].starts_with("{n}") {
            Box::new((0..each).flat_map(move |n| self.0.iter().map(move |form| key(form, n))))
        } else {
            Box::new(self.0.iter().flat_map(move |form| (0..each).map(move |n| key(form, n))))
        };
        let stat = || Stat { bytes: 1, version: "0123456789abcdef0123456789abcdef".into(), modified_s: 1 };
        let below = keys.skip_while({
            let prefix = prefix.clone();
            move |key| *key < prefix
        });
        let below = below.take_while(move |key| key.starts_with(&prefix));
        Box::new(below.map(move |key| Ok(Entry { key: Phi::new(key), stat: stat() })))
    }

    fn open(&self, _: &Phi<String>) -> Result<(Box<dyn Object>, Stat)> {
        Err(nothing())
    }
    fn stat(&self, _: &Phi<String>) -> Result<Stat> {
        Err(nothing())
    }
    fn begin(&self, _: &CallId) -> Result<Box<dyn Staged>> {
        Err(nothing())
    }
    fn manifest(&self, _: &CallId) -> Result<Option<Stored>> {
        Err(nothing())
    }
    fn committed(&self) -> Result<Vec<CallId>> {
        Err(nothing())
    }
    fn put_held(&self, _: &CallId, _: &[u8]) -> Result<()> {
        Err(nothing())
    }
    fn held(&self, _: &CallId) -> Result<Option<Vec<u8>>> {
        Err(nothing())
    }
    fn remove_held(&self, _: &CallId) -> Result<()> {
        Err(nothing())
    }
}

fn nothing() -> Error {
    Error::held(Stage::Fetch, HoldReason::UnreadableSource, "there are but keys")
}

/// Calls of the fixtures through stores that answer every request after so many milliseconds. Where transfers
/// and redaction overlap, the second line is not slower than the first.
#[divan::bench(args = [0, 20], sample_count = 3)]
fn stores_that_make_wait(bencher: Bencher, wait_ms: u64) {
    let (patterns, policy) = (PatternSet::builtin().unwrap(), load_policy("safe-harbor").unwrap());
    let (templates, key, known) = (templates(), CallKey::new(&[7; 32]).unwrap(), KnownValues::default());
    let folder = tempfile::tempdir().unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/calls");
    for copy in 0..COPIES {
        let below = folder.path().join(copy.to_string());
        std::fs::create_dir(&below).unwrap();
        for file in std::fs::read_dir(&fixtures).unwrap().map(|entry| entry.unwrap().path()).filter(|p| p.is_file()) {
            std::fs::hard_link(&file, below.join(file.file_name().unwrap()))
                .or_else(|_| std::fs::copy(&file, below.join(file.file_name().unwrap())).map(drop))
                .unwrap();
        }
    }
    let wait = Duration::from_millis(wait_ms);
    let source = Arc::new(Slow { store: LocalStore::source(folder.path()).unwrap(), wait });
    let sources = Sources::of_store(source, "/raw");
    bencher.with_inputs(|| tempfile::tempdir().unwrap()).bench_local_refs(|dest| {
        let store = Slow { store: LocalStore::destination(dest.path()).unwrap(), wait };
        let signing = Signing::default();
        let run = Run {
            signing: &signing,
            patterns: &patterns,
            policy_ref: policy_ref(&policy),
            policy: &policy,
            tool: Tool::this(),
            key: &key,
            told: &Told::default(),
            known: &known,
            ordered: &Ordered::default(),
            stale: Stale::Keep,
            originals: Originals::Leave,
            orphans: None,
            limits: SizeLimits { transcript_bytes_max: 1 << 28, recording_bytes_max: 1 << 36 },
            created: Timestamp::from_unix_s(0),
            target: Target::Publish(&store),
        };
        let batch = Batch {
            jobs: available_parallelism().unwrap_or(NonZeroUsize::MIN),
            bytes_in_flight: 1 << 30,
            calls_max: None,
            stop: &AtomicBool::new(false),
            clock: &Duration::default,
        };
        let passed = Passed::default();
        let calls = sources.calls(&templates, &key, &passed);
        let summary = run_batch(&run, calls, &batch, &mut |_, _| Ok(())).unwrap();
        assert!(summary.calls > 0 && summary.redacted == summary.calls);
    });
}

/// A store that answers every request after a while.
struct Slow {
    store: LocalStore,
    wait: Duration,
}

impl Store for Slow {
    fn list_below(&self, prefix: &Phi<String>) -> Box<dyn Iterator<Item = Result<Entry>> + Send + '_> {
        sleep(self.wait);
        self.store.list_below(prefix)
    }
    fn open(&self, key: &Phi<String>) -> Result<(Box<dyn Object>, Stat)> {
        sleep(self.wait);
        self.store.open(key)
    }
    fn stat(&self, key: &Phi<String>) -> Result<Stat> {
        sleep(self.wait);
        self.store.stat(key)
    }
    fn begin(&self, call: &CallId) -> Result<Box<dyn Staged>> {
        Ok(Box::new(SlowStaged { staged: self.store.begin(call)?, wait: self.wait }))
    }
    fn manifest(&self, call: &CallId) -> Result<Option<Stored>> {
        sleep(self.wait);
        self.store.manifest(call)
    }
    fn committed(&self) -> Result<Vec<CallId>> {
        self.store.committed()
    }
    fn put_held(&self, call: &CallId, record: &[u8]) -> Result<()> {
        sleep(self.wait);
        self.store.put_held(call, record)
    }
    fn held(&self, call: &CallId) -> Result<Option<Vec<u8>>> {
        sleep(self.wait);
        self.store.held(call)
    }
    fn remove_held(&self, call: &CallId) -> Result<()> {
        sleep(self.wait);
        self.store.remove_held(call)
    }
}

struct SlowStaged {
    staged: Box<dyn Staged>,
    wait: Duration,
}

impl Staged for SlowStaged {
    fn recording(&mut self, name: &str) -> Result<Box<dyn Sink>> {
        self.staged.recording(name)
    }
    fn transcript(&mut self, name: &str, bytes: &Clean<Vec<u8>>) -> Result<()> {
        self.staged.transcript(name, bytes)
    }
    fn commit(self: Box<Self>, commit: &Commit<'_>) -> Result<()> {
        // Two artifacts and the manifest.
        sleep(self.wait * 3);
        self.staged.commit(commit)
    }
}
