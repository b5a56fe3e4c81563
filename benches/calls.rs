//! Whole calls: folder to folder as `sordino redact` does them, and an hour's transcript from bytes to bytes.
//!
//! `cargo bench --bench calls`; once each, to see that they run: `cargo bench --bench calls -- --test`

mod hour;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use sordino::access::sign::Signing;
use sordino::base::{CallId, Phi, Timestamp};
use sordino::config::{load_policy, policy_ref};
use sordino::jobs::{
    Batch, CallKey, DEFAULT_TEMPLATES, KnownValues, Ordered, Originals, Passed, Run, SizeLimits, Sources, Stale,
    Target, Template, run_batch,
};
use sordino::model::manifest::Tool;
use sordino::patterns::PatternSet;
use sordino::redact::{CallSource, Sourced, redact_call};
use sordino::store::{LocalStore, Stores};
use sordino::transcript::Told;
use std::io::Cursor;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

const POLICY: &str = "safe-harbor";

fn main() {
    divan::main();
}

fn repository(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(below)
}

/// All fixtures with their recordings, on one core and on all.
#[divan::bench(args = [1, thread::available_parallelism().map_or(1, NonZeroUsize::get)], sample_count = 20)]
fn folder_to_folder(bencher: Bencher, jobs: usize) {
    let (patterns, policy) = (PatternSet::builtin().unwrap(), load_policy(POLICY).unwrap());
    let key = CallKey::new(&[7; 32]).unwrap();
    let templates: Vec<_> = DEFAULT_TEMPLATES.iter().map(|t| Template::parse(t).unwrap()).collect();
    let sources = Sources::open(&Stores::new(None), &[repository("fixtures/calls")], None).unwrap();
    let (count, known) = (sources.calls(&templates, &key, &Passed::default()).count(), KnownValues::default());
    bencher.counter(ItemsCount::new(count)).with_inputs(|| tempfile::tempdir().unwrap()).bench_local_refs(|dest| {
        let store = LocalStore::destination(dest.path()).unwrap();
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
            jobs: NonZeroUsize::new(jobs).expect("there is a core"),
            bytes_in_flight: 1 << 30,
            calls_max: None,
            stop: &AtomicBool::new(false),
            clock: &Duration::default,
        };
        let passed = Passed::default();
        let calls = sources.calls(&templates, &key, &passed);
        let summary = run_batch(&run, calls, &batch, &mut |_, _| Ok(())).unwrap();
        assert_eq!(summary.redacted, count as u64);
    });
}

/// Transcribe JSON in, masked and proven JSON out, without a recording. Bytes of input a second on one core.
#[divan::bench(sample_count = 20)]
fn hour_of_transcript(bencher: Bencher) {
    let (patterns, policy) = (PatternSet::builtin().unwrap(), load_policy(POLICY).unwrap());
    let file = serde_json::to_vec(&hour::aws(hour::HOUR_WORDS)).unwrap();
    let source = || CallSource {
        call: CallId::from_mac(&[7; 32]),
        transcripts: vec![Phi::new(file.clone()).into()],
        told: Told::default(),
        recordings: Vec::<Sourced<Cursor<Vec<u8>>>>::new(),
        known: Vec::new(),
        by_hand: Vec::new(),
    };
    bencher.counter(BytesCount::of_slice(&file)).with_inputs(source).bench_local_values(|source| {
        let artifacts = redact_call(&patterns, &policy, source, None::<Cursor<Vec<u8>>>).unwrap();
        artifacts.transcript().get().len()
    });
}
