//! Detection speed on one core: plain text in, findings out, whole and by stage, on the training calls (invented). Calls
//! that are dense with PHI, turns without any, and text that nobody would say.
//!
//! `cargo bench --bench detect`

use divan::Bencher;
use divan::counter::BytesCount;
use sordino::base::Phi;
use sordino::detect::detect;
use sordino::model::{Speaker, TimeSource, Transcript, TranscriptBuilder, TurnKind};
use sordino::patterns::PatternSet;
use std::sync::LazyLock;
use std::{fs, path::Path};

fn main() {
    divan::main();
}

static PATTERNS: LazyLock<PatternSet> = LazyLock::new(|| PatternSet::builtin().expect("the built-in patterns compile"));

/// Unoptimised, as tests run it once, little is searched.
const IS_SMOKE: bool = cfg!(debug_assertions);
/// Training files that are read, of some 250.
const FILES_MAX: usize = if IS_SMOKE { 3 } else { usize::MAX };
/// Bytes of text that nobody would say.
const HOSTILE_BYTES: usize = if IS_SMOKE { 32 << 10 } else { 2 << 20 };

/// What is searched.
#[derive(Clone, Copy, Debug)]
enum Text {
    /// All training calls, as one.
    Calls,
    /// Their turns without PHI.
    Free,
}

const TEXTS: [Text; 2] = [Text::Calls, Text::Free];
static CALLS: LazyLock<Transcript> = LazyLock::new(|| transcript(said(|_| true)));
static FREE: LazyLock<Transcript> = LazyLock::new(|| transcript(said(|line| !line.contains('{'))));

impl Text {
    fn transcript(self) -> &'static Transcript {
        match self {
            Self::Calls => &CALLS,
            Self::Free => &FREE,
        }
    }
}

/// The turns of the training calls that are asked for, without their labels.
fn said(keep: fn(&str) -> bool) -> impl Iterator<Item = String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("patterns/training");
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("the training calls are here").flatten().map(|f| f.path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "txt"));
    files.sort();
    files.truncate(FILES_MAX);
    let texts = files.into_iter().filter_map(|f| fs::read_to_string(f).ok());
    let lines = texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
    lines.filter(move |line| !line.starts_with('#') && keep(line)).map(|line| {
        let words = line.split_whitespace().skip(1).filter(|w| !w.starts_with('{'));
        words.map(|w| w.trim_end_matches('}')).collect::<Vec<_>>().join(" ")
    })
}

fn transcript(said: impl Iterator<Item = String>) -> Transcript {
    let mut b = TranscriptBuilder::new(TimeSource::None);
    for (i, said) in said.enumerate() {
        b.turn(TurnKind::Spoken, if i % 2 == 0 { Speaker::Agent } else { Speaker::Caller }, None);
        b.say(Phi::new(&said));
    }
    b.build()
}

#[divan::bench]
fn start_up() -> PatternSet {
    PatternSet::builtin().expect("the built-in patterns compile")
}

#[divan::bench(args = TEXTS, sample_count = 10)]
fn words_to_findings(bencher: Bencher<'_, '_>, text: Text) {
    let call = text.transcript();
    bencher.counter(BytesCount::new(call.text().expose().len())).bench(|| detect(&PATTERNS, call, &[]).findings.len());
}

/// Call by call, as a batch does it.
#[divan::bench(sample_count = 10)]
fn many_small_calls(bencher: Bencher<'_, '_>) {
    let lines: Vec<String> = said(|_| true).collect();
    let calls: Vec<Transcript> = lines.chunks(30).map(|call| transcript(call.iter().cloned())).collect();
    let bytes: usize = calls.iter().map(|call| call.text().expose().len()).sum();
    let all = || calls.iter().map(|call| detect(&PATTERNS, call, &[]).findings.len()).sum::<usize>();
    bencher.counter(BytesCount::new(bytes)).bench(all);
}

/// Nobody says this; it must not take longer than speech does.
#[divan::bench(args = ["oh", "hello", "7", "4155550134", "b", "maria", "double"], sample_count = 3)]
fn hostile(bencher: Bencher<'_, '_>, word: &str) {
    let call = transcript(std::iter::once(format!("{word} ").repeat(HOSTILE_BYTES / (word.len() + 1))));
    bencher.counter(BytesCount::new(call.text().expose().len())).bench(|| detect(&PATTERNS, &call, &[]).findings.len());
}

#[divan::bench_group(sample_count = 10)]
mod stage {
    use super::{PATTERNS, TEXTS, Text};
    use divan::Bencher;
    use divan::counter::BytesCount;
    use sordino::detect::stages::Stages;

    fn run(bencher: Bencher<'_, '_>, text: Text, stage: fn(&Stages<'static>) -> usize) {
        let call = text.transcript();
        let stages = Stages::new(&PATTERNS, call);
        bencher.counter(BytesCount::new(call.text().expose().len())).bench_local(|| stage(&stages));
    }

    #[divan::bench(args = TEXTS)]
    fn a_tokens(bencher: Bencher<'_, '_>, text: Text) {
        run(bencher, text, Stages::tokens);
    }

    #[divan::bench(args = TEXTS)]
    fn b_spoken(bencher: Bencher<'_, '_>, text: Text) {
        run(bencher, text, Stages::spoken);
    }

    #[divan::bench(args = TEXTS)]
    fn c_cues(bencher: Bencher<'_, '_>, text: Text) {
        run(bencher, text, Stages::cues);
    }

    #[divan::bench(args = TEXTS)]
    fn d_rules(bencher: Bencher<'_, '_>, text: Text) {
        run(bencher, text, Stages::rules);
    }

    #[divan::bench(args = TEXTS)]
    fn e_tag(bencher: Bencher<'_, '_>, text: Text) {
        run(bencher, text, Stages::tag);
    }

    #[divan::bench(args = TEXTS)]
    fn f_settle(bencher: Bencher<'_, '_>, text: Text) {
        run(bencher, text, Stages::settle);
    }

    #[divan::bench(args = TEXTS)]
    fn g_propagate(bencher: Bencher<'_, '_>, text: Text) {
        run(bencher, text, Stages::propagate);
    }
}
