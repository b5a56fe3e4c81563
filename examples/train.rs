//! Trains the tagger: `cargo run --release --features train --example train -- OUT [OPTIONS]`.
//!
//! Reads `patterns/training/*.txt`, writes the weights to OUT, and prints recall and precision on calls
//! that it has not trained on (`--score`: of the weights that are in OUT already; `--roles`: trains what tells identifiers
//! apart instead, into OUT): `--without PREFIX` leaves out (and scores) the training files whose names
//! start so; `--test FILE.jsonl` scores a corpus, `--test FOLDER` calls like those of `patterns/training`. Deterministic.
#![allow(clippy::disallowed_macros, clippy::disallowed_methods, reason = "a tool for developers prints what it does")]

use sordino::detect::train::{
    GateTrainer, LabelledCall, Lists, Tally, Trainer, augment, call_features, gate_words, labelled_runs, learn_roles,
    read_corpus, read_training, score,
};
use sordino::model::Category;
use sordino::patterns::PatternSet;
use sordino::patterns::gate::Gate;
use sordino::patterns::model::Model;
use std::error::Error;
use std::path::Path;
use std::{env, fs};

struct Options {
    out: String,
    without: Vec<String>,
    tests: Vec<String>,
    epochs: usize,
    dropout: f32,
    penalty: f32,
    rate: f32,
    leak_cost: f32,
    prune: f32,
    misses: bool,
    score: bool,
    roles: bool,
    gate_epochs: usize,
    gate_lost: f32,
}

fn options() -> Result<Options, String> {
    let mut args = env::args().skip(1);
    let mut o = Options {
        out: String::new(),
        without: Vec::new(),
        tests: Vec::new(),
        epochs: 12,
        dropout: 0.3,
        penalty: 2e-5,
        rate: 0.2,
        leak_cost: 4.0,
        prune: 0.4,
        misses: false,
        score: false,
        roles: false,
        gate_epochs: 3,
        gate_lost: 0.003,
    };
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "--without" => o.without.push(value()?),
            "--test" => o.tests.push(value()?),
            "--epochs" => o.epochs = value()?.parse().map_err(|_| "--epochs needs a number")?,
            "--dropout" => o.dropout = value()?.parse().map_err(|_| "--dropout needs a number")?,
            "--penalty" => o.penalty = value()?.parse().map_err(|_| "--penalty needs a number")?,
            "--rate" => o.rate = value()?.parse().map_err(|_| "--rate needs a number")?,
            "--leak-cost" => o.leak_cost = value()?.parse().map_err(|_| "--leak-cost needs a number")?,
            "--prune" => o.prune = value()?.parse().map_err(|_| "--prune needs a number")?,
            "--gate-epochs" => o.gate_epochs = value()?.parse().map_err(|_| "--gate-epochs needs a number")?,
            "--gate-lost" => o.gate_lost = value()?.parse().map_err(|_| "--gate-lost needs a share")?,
            "--misses" => o.misses = true,
            "--score" => o.score = true,
            "--roles" => o.roles = true,
            _ => o.out = arg,
        }
    }
    if o.out.is_empty() { Err("usage: train OUT [--without PREFIX] [--test FILE] [--epochs N]".into()) } else { Ok(o) }
}

fn main() -> Result<(), Box<dyn Error>> {
    let o = options()?;
    let patterns = PatternSet::builtin()?;
    let read = |f: &str| fs::read_to_string(format!("patterns/lexicon/{f}.tsv"));
    let lists = Lists::read(&read("given-names")?, &read("surnames")?, &read("cities")?, &read("words")?);
    let (mut train, mut held) = (Vec::new(), Vec::new());
    for call in read_folder(Path::new("patterns/training"))? {
        if o.without.iter().any(|w| call.id.starts_with(w.as_str())) { held.push(call) } else { train.push(call) }
    }
    eprintln!("{} calls to train on, {} held back", train.len(), held.len());
    if o.roles {
        let runs: Vec<_> = train.iter().flat_map(|call| labelled_runs(&patterns, call)).collect();
        eprintln!("{} runs", runs.len());
        return Ok(fs::write(&o.out, learn_roles(&runs))?);
    }
    if !o.score {
        learn(&o, &patterns, &lists, &train)?;
        learn_gate(&o, &lists, &train)?;
    }
    let patterns = PatternSet::with_model(fs::read(&o.out)?)?;
    for name in &o.without {
        let calls: Vec<LabelledCall> = held.iter().filter(|c| c.id.starts_with(name.as_str())).cloned().collect();
        report(name, &patterns, &calls, o.misses);
    }
    for test in &o.tests {
        report(test, &patterns, &read_test(Path::new(test))?, o.misses);
    }
    Ok(())
}

/// The calls of a corpus, or of a folder like that of the training calls.
fn read_test(path: &Path) -> Result<Vec<LabelledCall>, Box<dyn Error>> {
    if path.is_dir() { read_folder(path) } else { Ok(read_corpus(&fs::read_to_string(path)?)?) }
}

fn read_folder(folder: &Path) -> Result<Vec<LabelledCall>, Box<dyn Error>> {
    let mut files: Vec<_> = fs::read_dir(folder)?.map(|f| f.map(|f| f.path())).collect::<Result<_, _>>()?;
    files.sort();
    let mut calls = Vec::new();
    for path in files.iter().filter(|p| p.extension().is_some_and(|e| e == "txt")) {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        calls.extend(read_training(&name, &fs::read_to_string(path)?)?);
    }
    Ok(calls)
}

fn learn(o: &Options, patterns: &PatternSet, lists: &Lists, train: &[LabelledCall]) -> Result<(), Box<dyn Error>> {
    if o.epochs == 0 {
        return Ok(());
    }
    let sample: Vec<Vec<Vec<u64>>> = (0..3)
        .flat_map(|seed| train.iter().map(move |c| (seed, c)))
        .map(|(seed, c)| call_features(patterns, &if seed == 0 { c.clone() } else { augment(c, lists, seed) }))
        .collect();
    let mut trainer = Trainer::new(sample.iter().map(Vec::as_slice), 6);
    drop(sample);
    trainer.dropout = o.dropout;
    trainer.penalty = o.penalty;
    trainer.leak_cost = o.leak_cost;
    eprintln!("{} features", trainer.len());
    for epoch in 0..o.epochs {
        trainer.rate = o.rate * (1.0 - 0.8 * epoch as f32 / o.epochs as f32);
        let mut loss = 0.0;
        for k in 0..train.len() {
            // A fixed walk through the calls that differs by epoch.
            let call = &train[(k * 7919 + epoch * 104_729) % train.len()];
            let varied = augment(call, lists, 1000 + epoch as u64);
            loss += trainer.step(&varied, &call_features(patterns, &varied));
        }
        eprintln!("epoch {epoch}: loss {:.4}", loss / train.len() as f32);
        // The rest of the epochs go without what said little.
        if epoch + 1 == o.epochs * 2 / 3 {
            trainer.prune(o.prune);
            eprintln!("{} features", trainer.len());
        }
    }
    fs::write(&o.out, trainer.write())?;
    Ok(())
}

/// Calls of which one is kept from the gate's training, to find its limit on.
const GATE_FOLDS: usize = 10;

fn learn_gate(o: &Options, lists: &Lists, train: &[LabelledCall]) -> Result<(), Box<dyn Error>> {
    let mut file = fs::read(&o.out)?;
    Model::set_gate(&mut file, &Gate::open())?;
    let patterns = PatternSet::with_model(file.clone())?;
    let mut trainer = GateTrainer::default();
    for epoch in 0..o.gate_epochs {
        for k in (0..train.len()).filter(|k| k % GATE_FOLDS > 0) {
            let varied = augment(&train[k], lists, 2000 + epoch as u64);
            gate_words(&patterns, &varied).iter().for_each(|word| trainer.step(word));
        }
    }
    let held: Vec<_> = train.iter().step_by(GATE_FOLDS).flat_map(|c| gate_words(&patterns, c)).collect();
    let (gate, passing) = trainer.finish(&held, o.gate_lost);
    eprintln!("{:.1} % of words pass the gate", 100.0 * passing);
    Model::set_gate(&mut file, &gate)?;
    fs::write(&o.out, file)?;
    Ok(())
}

fn report(name: &str, patterns: &PatternSet, calls: &[LabelledCall], misses: bool) {
    for formatted in [false, true] {
        let mut tally = Tally::default();
        for call in calls.iter().filter(|c| c.formatted == formatted) {
            let hidden = hidden(patterns, call);
            score(call, &hidden, &mut tally);
            if misses {
                print_misses(call, &hidden);
            }
        }
        println!(
            "{name} {}: recall {:.2} % precision {:.2} % over {:.2} % clean {}/{}",
            if formatted { "formatted" } else { "raw" },
            100.0 * tally.recall(),
            100.0 * tally.precision(),
            100.0 * f64::from(tally.plain.1) / f64::from(tally.plain.0.max(1)),
            tally.calls.1,
            tally.calls.0,
        );
        let by: Vec<String> =
            tally.words.iter().map(|(c, (n, h))| format!("{c} {:.1}", 100.0 * f64::from(*h) / f64::from(*n))).collect();
        let mut wrong: Vec<_> = tally.wrong.iter().collect();
        wrong.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
        let wrong: Vec<String> =
            wrong.iter().take(12).map(|((is, called), n)| format!("{is} as {called} {n}")).collect();
        println!("  wrong category: {}", wrong.join(", "));
        let hidden: u32 = tally.words.values().map(|w| w.1).sum();
        println!(
            "  {} | right category {:.1} %",
            by.join(" "),
            100.0 * f64::from(tally.right) / f64::from(hidden.max(1))
        );
    }
}

fn hidden(patterns: &PatternSet, call: &LabelledCall) -> Vec<Option<Category>> {
    let transcript = call.transcript();
    let mut out = vec![None; transcript.words().len()];
    for finding in sordino::detect::detect(patterns, &transcript, &[]).findings {
        out[finding.words.range()].fill(Some(finding.category));
    }
    out
}

fn print_misses(call: &LabelledCall, hidden: &[Option<Category>]) {
    let mut i = 0;
    for turn in &call.turns {
        let n = turn.words.len();
        let here = &hidden[i..i + n];
        let wrong = |k: usize| match turn.words[k].label {
            None => false,
            Some(label) => label != here[k],
        };
        if (0..n).any(wrong) {
            let text: Vec<String> = (0..n)
                .map(|k| {
                    let w = &turn.words[k].text;
                    match (turn.words[k].label, here[k]) {
                        (Some(Some(c)), None) => format!(">>{w}<<{c}"),
                        (Some(None), Some(c)) => format!("[{w}]{c}"),
                        (Some(Some(c)), Some(d)) if c != d => format!("_{w}_{c}>{d}"),
                        (_, Some(_)) => format!("_{w}_"),
                        _ => w.clone(),
                    }
                })
                .collect();
            println!("    {} {}", call.id, text.join(" "));
        }
        i += n;
    }
}
