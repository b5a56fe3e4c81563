//! Fits the residual risk: `cargo run --release --features train --example risk -- OUT [OPTIONS]`.
//!
//! `--fold WEIGHTS=PREFIX,PREFIX` names a tagger that was trained `--without` the training files whose names start
//! so; its calls are redacted by it, and what it leaves is what the risk is fitted on. The figures of a fold are of
//! weights fitted on the other folds. `--test FILE.jsonl` scores a corpus with the tagger and the risk that are built
//! in or, where folds are given, with what OUT gets; `--tagger WEIGHTS` takes another tagger for it. Deterministic.
//! `scripts/train-risk` does it all.
#![allow(clippy::disallowed_macros, clippy::disallowed_methods, reason = "a tool for developers prints what it does")]

use sordino::detect::train::risk::{Case, figures, fit};
use sordino::detect::train::{LabelledCall, read_corpus, read_training};
use sordino::patterns::PatternSet;
use sordino::patterns::risk::RiskModel;
use std::error::Error;
use std::{env, fs};

#[derive(Default)]
struct Options {
    out: Option<String>,
    folds: Vec<(String, Vec<String>)>,
    tests: Vec<String>,
    tagger: Option<String>,
}

fn options() -> Result<Options, String> {
    let mut args = env::args().skip(1);
    let mut o = Options::default();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "--fold" => {
                let fold = value()?;
                let (weights, prefixes) = fold.split_once('=').ok_or("--fold needs WEIGHTS=PREFIX,PREFIX")?;
                o.folds.push((weights.to_owned(), prefixes.split(',').map(str::to_owned).collect()));
            }
            "--test" => o.tests.push(value()?),
            "--tagger" => o.tagger = Some(value()?),
            _ => o.out = Some(arg),
        }
    }
    Ok(o)
}

fn main() -> Result<(), Box<dyn Error>> {
    let o = options()?;
    let mut model = *PatternSet::builtin()?.risk();
    let folds = o.folds.iter().map(held_back).collect::<Result<Vec<_>, _>>()?;
    if !folds.is_empty() {
        let mut judged = Vec::new();
        for (k, cases) in folds.iter().enumerate() {
            let others: Vec<Case> =
                folds.iter().enumerate().filter(|(f, _)| *f != k).flat_map(|(_, cases)| cases).cloned().collect();
            judged.extend(judge(&fit(&others), cases));
        }
        report("held back", &judged);
        model = fit(&folds.concat());
        if let Some(out) = &o.out {
            fs::write(out, HEAD.to_owned() + &model.write())?;
        }
    }
    for test in &o.tests {
        let patterns = match &o.tagger {
            Some(weights) => PatternSet::with_model(fs::read(weights)?)?,
            None => PatternSet::builtin()?,
        };
        let calls = read_corpus(&fs::read_to_string(test)?)?;
        let cases: Vec<Case> = calls.iter().map(|c| Case::of(&patterns, c)).collect();
        report(test, &judge(&model, &cases));
    }
    Ok(())
}

const HEAD: &str = "# Made by scripts/train-risk. What each sign means: src/detect/risk.rs.\n";

/// What a fold's tagger leaves of the calls that it was not trained on.
fn held_back((weights, prefixes): &(String, Vec<String>)) -> Result<Vec<Case>, Box<dyn Error>> {
    let patterns = PatternSet::with_model(fs::read(weights)?)?;
    let mut files: Vec<_> =
        fs::read_dir("patterns/training")?.map(|f| f.map(|f| f.path())).collect::<Result<_, _>>()?;
    files.sort();
    let mut calls: Vec<LabelledCall> = Vec::new();
    for path in files.iter().filter(|p| p.extension().is_some_and(|e| e == "txt")) {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if prefixes.iter().any(|p| name.starts_with(p.as_str())) {
            calls.extend(read_training(&name, &fs::read_to_string(path)?)?);
        }
    }
    Ok(calls.iter().map(|c| Case::of(&patterns, c)).collect())
}

/// What is said of calls, and what is so.
struct Judged {
    risk: f32,
    leaks: bool,
    formatted: bool,
}

fn judge(model: &RiskModel, cases: &[Case]) -> Vec<Judged> {
    cases.iter().map(|c| Judged { risk: c.risk(model), leaks: c.leaks, formatted: c.formatted }).collect()
}

fn report(name: &str, judged: &[Judged]) {
    for (style, formatted) in [("raw", Some(false)), ("formatted", Some(true)), ("all", None)] {
        let of_style = judged.iter().filter(|j| formatted.is_none_or(|f| f == j.formatted));
        let f = figures(&of_style.map(|j| (j.risk, j.leaks)).collect::<Vec<_>>());
        println!(
            "{name} {style}: AUC {:.3}, Brier {:.3} ({:.3} for the share alone), {} of {} calls leak",
            f.auc, f.brier, f.brier_of_share, f.leaking, f.calls
        );
        let fifths: Vec<_> = f.fifths.iter().map(|(told, seen)| format!("{told:.2}/{seen:.2}")).collect();
        println!("  told/seen by fifths: {}", fifths.join("  "));
    }
}
