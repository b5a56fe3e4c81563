//! Whole calls: folder to folder as `sordino redact` does them, and an hour's transcript from bytes to bytes.
//!
//! `cargo bench --bench calls`; once each, to see that they run: `cargo bench --bench calls -- --test`

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use serde_json::{Value, json};
use sordino::base::{CallId, Phi, Timestamp};
use sordino::config::{load_policy, policy_ref};
use sordino::jobs::{
    CallKey, DEFAULT_TEMPLATES, KnownValues, Run, SizeLimits, Target, Template, list, pair, run_batch,
};
use sordino::model::manifest::Tool;
use sordino::patterns::PatternSet;
use sordino::redact::{CallSource, redact_call};
use sordino::store::LocalStore;
use std::io::Cursor;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::{fs, thread};

const POLICY: &str = "safe-harbor";
/// Words of an hour: 150 a minute.
const HOUR_WORDS: usize = 9_000;

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
    let listing = list(&[repository("fixtures/calls")], None).unwrap();
    let calls = pair(listing.files, &templates, &key).unwrap();
    let (count, known) = (calls.len(), KnownValues::default());
    bencher.counter(ItemsCount::new(count)).with_inputs(|| tempfile::tempdir().unwrap()).bench_local_refs(|dest| {
        let store = LocalStore::destination(dest.path()).unwrap();
        let run = Run {
            patterns: &patterns,
            policy_ref: policy_ref(&policy),
            policy: &policy,
            tool: Tool::this(),
            key: &key,
            known: &known,
            limits: SizeLimits { transcript_bytes_max: 1 << 28, recording_bytes_max: 1 << 36 },
            created: Timestamp::from_unix_s(0),
            target: Target::Publish(&store),
        };
        let jobs = NonZeroUsize::new(jobs).expect("there is a core");
        let summary = run_batch(&run, &calls, jobs, &AtomicBool::new(false), &mut |_| Ok(())).unwrap();
        assert_eq!(summary.redacted, count as u64);
    });
}

/// Transcribe JSON in, masked and proven JSON out, without a recording. Bytes of input a second on one core.
#[divan::bench(sample_count = 20)]
fn hour_of_transcript(bencher: Bencher) {
    let (patterns, policy) = (PatternSet::builtin().unwrap(), load_policy(POLICY).unwrap());
    let file = hour();
    let source = || CallSource {
        call: CallId::from_mac(&[7; 32]),
        transcript: Phi::new(file.clone()),
        format: None,
        recording: None::<Cursor<Vec<u8>>>,
        known: Vec::new(),
    };
    bencher.counter(BytesCount::of_slice(&file)).with_inputs(source).bench_local_values(|source| {
        let artifacts = redact_call(&patterns, &policy, source, None::<Cursor<Vec<u8>>>).unwrap();
        artifacts.transcript().get().len()
    });
}

/// The training calls (invented) one after the other, until an hour is full.
fn hour() -> Vec<u8> {
    let mut files: Vec<_> =
        fs::read_dir(repository("patterns/training")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|e| e == "txt"));
    files.sort();
    let text: String = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let turns = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        // "A: you've reached {NAME candelaria}": neither the speaker nor the labels were said.
        let words = line.split_whitespace().skip(1).filter(|word| !word.starts_with('{'));
        words.map(|word| word.trim_end_matches('}')).filter(|word| !word.is_empty())
    });
    let said: Vec<(usize, &str)> =
        turns.enumerate().flat_map(|(turn, words)| words.map(move |word| (turn, word))).take(HOUR_WORDS).collect();
    let items: Vec<Value> = said.iter().enumerate().map(|(at, (turn, word))| item(at, turn % 2, word)).collect();
    let whole: Vec<&str> = said.iter().map(|(_, word)| *word).collect();
    let of_channel = |c: &str| items.iter().filter(|i| i["channel_label"] == c).cloned().collect::<Vec<_>>();
    let channels = ["ch_0", "ch_1"].map(|c| json!({"channel_label": c, "items": of_channel(c)}));
    let file = json!({"jobName": "call-1", "accountId": "111122223333", "status": "COMPLETED", "results": {
        "transcripts": [{"transcript": whole.join(" ")}],
        "channel_labels": {"channels": channels, "number_of_channels": 2}, "items": items}});
    serde_json::to_vec(&file).unwrap()
}

fn item(at: usize, channel: usize, word: &str) -> Value {
    let start = at as f64 * 0.4;
    json!({"type": "pronunciation", "alternatives": [{"confidence": "0.998", "content": word}],
        "start_time": format!("{start:.2}"), "end_time": format!("{:.2}", start + 0.31),
        "channel_label": format!("ch_{channel}")})
}
