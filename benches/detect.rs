//! Detection speed: plain text in, findings out, on the training calls (invented). Bytes a second of one core.
//!
//! `cargo bench --bench detect`

use divan::Bencher;
use divan::counter::BytesCount;
use sordino::base::Phi;
use sordino::detect::detect;
use sordino::model::{Speaker, TimeSource, Transcript, TranscriptBuilder, TurnKind};
use sordino::patterns::PatternSet;
use std::{fs, path::Path};

fn main() {
    divan::main();
}

/// The turns of all training calls, without their labels.
fn turns() -> Vec<Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("patterns/training");
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("the training calls are here").flatten().map(|f| f.path()).collect();
    files.sort();
    let lines =
        files.iter().filter(|f| f.extension().is_some_and(|e| e == "txt")).filter_map(|f| fs::read_to_string(f).ok());
    let mut turns = Vec::new();
    for text in lines {
        for line in text.lines().filter(|l| !l.starts_with('#')) {
            let words = line.split_whitespace().skip(1).filter(|w| !w.starts_with('{'));
            turns.push(words.map(|w| w.trim_end_matches('}').to_owned()).filter(|w| !w.is_empty()).collect());
        }
    }
    turns
}

fn transcript(turns: &[Vec<String>]) -> Transcript {
    let mut b = TranscriptBuilder::new(TimeSource::None);
    for (i, words) in turns.iter().enumerate() {
        b.turn(TurnKind::Spoken, if i % 2 == 0 { Speaker::Agent } else { Speaker::Caller }, None);
        for word in words {
            b.word(Phi::new(word), None, 1.0);
        }
    }
    b.build()
}

#[divan::bench]
fn start_up() -> PatternSet {
    PatternSet::builtin().expect("the built-in patterns compile")
}

#[divan::bench(sample_count = 10)]
fn words_to_findings(bencher: Bencher<'_, '_>) {
    let patterns = PatternSet::builtin().expect("the built-in patterns compile");
    let call = transcript(&turns());
    bencher.counter(BytesCount::new(call.text().expose().len())).bench(|| detect(&patterns, &call, &[]).findings.len());
}
