//! Where the time of a call goes: each step's speed over an hour's Amazon Transcribe JSON on one core, and what is left
//! of the whole's without detection. Megabytes of input a second, the lower quartile of many calls.
//!
//! `cargo bench --bench stages`; once, to see that it runs: `cargo bench --bench stages -- --test`

#![allow(clippy::disallowed_macros, clippy::disallowed_methods, reason = "it prints what it measured")]

mod hour;

use sordino::base::{CallId, KeyedRef, Phi, Timestamp};
use sordino::config::{load_policy, policy_ref};
use sordino::jobs;
use sordino::model::Policy;
use sordino::model::manifest::{By, Tool};
use sordino::patterns::PatternSet;
use sordino::redact::{Artifacts, Birth, CallSource, Origin, Sourced, Step, redact_call_in_steps};
use sordino::store::{Commit, Expected, Keeping, LocalStore, Store};
use sordino::transcript::Told;
use std::collections::BTreeMap;
use std::io::Cursor;
use std::time::{Duration, Instant};

const POLICY: &str = "safe-harbor";
const CALLS: usize = 60;
/// A call of six minutes.
const SHORT_WORDS: usize = hour::HOUR_WORDS / 10;

fn main() {
    // As a test it is run without the first, and a bench that is to be tested with both.
    let has = |flag: &str| std::env::args().any(|a| a == flag);
    let calls = if has("--bench") && !has("--test") { CALLS } else { 1 };
    let (patterns, policy) = (PatternSet::builtin().unwrap(), load_policy(POLICY).unwrap());
    for (name, words) in [("an hour", hour::HOUR_WORDS), ("six minutes", SHORT_WORDS)] {
        let file = hour::aws(words);
        for (form, file) in
            [("compact", serde_json::to_vec(&file).unwrap()), ("pretty", serde_json::to_vec_pretty(&file).unwrap())]
        {
            println!("{name}, {form}: {} bytes", file.len());
            report(file.len(), &measure(&patterns, &policy, &file, calls));
        }
    }
}

/// The times of each step, added up per call.
fn measure(patterns: &PatternSet, policy: &Policy, file: &[u8], calls: usize) -> BTreeMap<Stage, Vec<Duration>> {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::destination(folder.path()).unwrap();
    let mut times: BTreeMap<Stage, Vec<Duration>> = BTreeMap::new();
    for n in 0..calls {
        let call = CallId::from_mac(&[n as u8; 32]);
        let mut watch = Watch { since: Instant::now(), spent: BTreeMap::new() };
        let transcript = Phi::new(file.to_vec());
        let source = CallSource {
            call: call.clone(),
            transcripts: vec![transcript.into()],
            told: Told::default(),
            recordings: Vec::<Sourced<Cursor<Vec<u8>>>>::new(),
            known: Vec::new(),
            by_hand: Vec::new(),
        };
        watch.over(Stage::Fetch);
        let none = None::<Cursor<Vec<u8>>>;
        let artifacts =
            redact_call_in_steps(patterns, policy, source, none, &mut |step| watch.over(Stage::Step(step))).unwrap();
        let (manifest, keeping) = manifest(patterns, policy, &artifacts);
        watch.over(Stage::Manifest);
        let mut staged = store.begin(&call).unwrap();
        staged.transcript("transcript.json", artifacts.transcript()).unwrap();
        watch.over(Stage::Write);
        let commit = Commit {
            expected: &Expected::Absent,
            replaced: Vec::new(),
            digests: Vec::new(),
            keeping: &keeping,
            manifest: &|_| Ok(manifest.clone()),
        };
        staged.commit(&commit).unwrap();
        watch.over(Stage::Commit);
        for (stage, time) in watch.spent {
            times.entry(stage).or_default().push(time);
        }
    }
    times
}

fn manifest(patterns: &PatternSet, policy: &Policy, artifacts: &Artifacts) -> (Vec<u8>, Keeping) {
    let tool = Tool::this();
    let by = By { tool: &tool, patterns: patterns.digest(), policy: &policy_ref(policy) };
    let transcript = Origin { reference: KeyedRef::from_mac(&[1; 32]), version: None, name: "transcript.json".into() };
    let birth = Birth {
        created: Timestamp::from_unix_s(0),
        by,
        policy,
        transcripts: vec![transcript],
        recordings: Vec::new(),
        root: None,
        known: None,
        by_hand: None,
        read_as: None,
    };
    let manifest = artifacts.manifest(&birth);
    (manifest.to_bytes(), jobs::keeping(&manifest.retention, &manifest.access.classification, manifest.created))
}

/// What is measured, in the order in which it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// The source's bytes, copied in memory.
    Fetch,
    Step(Step),
    /// The digest of the output, and the manifest.
    Manifest,
    /// To the file system's cache.
    Write,
    /// To the disk, in its place. Calls wait for it side by side, not on a core.
    Commit,
}

struct Watch {
    since: Instant,
    spent: BTreeMap<Stage, Duration>,
}

impl Watch {
    fn over(&mut self, stage: Stage) {
        let now = Instant::now();
        *self.spent.entry(stage).or_default() += now - self.since;
        self.since = now;
    }
}

fn report(bytes: usize, times: &BTreeMap<Stage, Vec<Duration>>) {
    let quartile = |times: &Vec<Duration>| {
        let mut times = times.clone();
        times.sort_unstable();
        times[times.len() / 4]
    };
    let speed = |time: Duration| bytes as f64 / 1e6 / time.as_secs_f64();
    let spent: Vec<(Stage, Duration)> = times.iter().map(|(stage, times)| (*stage, quartile(times))).collect();
    let sum = |counts: &dyn Fn(Stage) -> bool| spent.iter().filter(|m| counts(m.0)).map(|m| m.1).sum::<Duration>();
    let on_core = |stage| stage != Stage::Commit;
    let is_detection = |stage| matches!(stage, Stage::Step(Step::Detect | Step::DetectAgain));
    let whole = sum(&on_core);
    for &(stage, time) in spent.iter().filter(|m| m.0 != Stage::Step(Step::Mute)) {
        let name = match stage {
            Stage::Step(step) => format!("{step:?}"),
            other => format!("{other:?}"),
        };
        let share = match stage {
            Stage::Commit => "on the disk".into(),
            _ => format!("{:.1} %", 100.0 * time.as_secs_f64() / whole.as_secs_f64()),
        };
        println!("  {name:<12} {:>8.0} MB/s {share:>11}", speed(time));
    }
    println!("  all but the commit      {:>6.1} MB/s", speed(whole));
    println!("  ... without detection   {:>6.1} MB/s", speed(sum(&|s| on_core(s) && !is_detection(s))));
}
