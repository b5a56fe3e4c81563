//! `patterns`: what the rules are, whether their examples hold, why something was found.

use super::args::{PatternsCommand, TranscriptArgs};
use super::detect::{Line, line, read, row, warn_if_revealed};
use super::known;
use super::output::Output;
use crate::base::{Error, Result};
use crate::config::Settings;
use crate::detect::{Evidence, explain, test_examples, test_patterns};
use crate::patterns::PatternSet;

/// Runs one of the commands.
pub(super) fn run(command: &PatternsCommand, settings: &Settings, out: &mut Output) -> Result<u8> {
    match command {
        PatternsCommand::List { json, .. } => list(&untested(settings)?, *json, out),
        PatternsCommand::Test { json, .. } => test(&untested(settings)?, *json, out),
        PatternsCommand::Explain { input } => show_why(input, settings, out),
    }
}

/// The patterns of a run: built in, and the user's, whose examples must hold.
pub(super) fn tested(settings: &Settings) -> Result<PatternSet> {
    let patterns = untested(settings)?;
    let own = settings.pattern_files()?;
    let is_own = |file: &str| own.iter().any(|(name, _)| name == file);
    let (_, broken) = test_examples(patterns.every_rule().filter(|r| is_own(&r.file)));
    match broken.first() {
        None => Ok(patterns),
        Some(first) => {
            let place = format!("{}, line {}: rule {}: {}", first.file, first.line, first.rule, first.wrong);
            Err(Error::usage(place).hint("`sordino patterns test --patterns FOLDER` shows every example that fails"))
        }
    }
}

fn untested(settings: &Settings) -> Result<PatternSet> {
    PatternSet::builtin()?.with_files(&settings.pattern_files()?)
}

fn list(patterns: &PatternSet, json: bool, out: &mut Output) -> Result<u8> {
    let rules = patterns.rules();
    for rule in &rules {
        if json {
            out.json(rule)?;
        } else {
            out.line(format_args!(
                "{:<32} {:<9} {:>4} examples  {}:{}  {}",
                rule.id, rule.category, rule.examples, rule.file, rule.line, rule.about
            ))?;
        }
    }
    if !json {
        out.line(format_args!("{} rules, digest {}", rules.len(), patterns.digest()))?;
    }
    Ok(0)
}

/// Prints the examples that do not hold; everyone in them is invented.
fn test(patterns: &PatternSet, json: bool, out: &mut Output) -> Result<u8> {
    let (run, broken) = test_patterns(patterns);
    for example in &broken {
        if json {
            out.json(example)?;
        } else {
            let place = format_args!("{}:{}", example.file, example.line);
            out.line(format_args!("{place}: {}: {}: {}", example.rule, example.wrong, example.example))?;
        }
    }
    let summary = Tested { rules: patterns.rules().len(), examples: run, broken: broken.len() };
    if json {
        out.json(&serde_json::json!({ "summary": summary }))?;
    } else {
        out.line(format_args!("{} rules, {} examples, {} broken", summary.rules, run, summary.broken))?;
    }
    Ok(u8::from(summary.broken > 0))
}

/// The sum over all examples.
#[derive(serde::Serialize)]
struct Tested {
    rules: usize,
    examples: usize,
    broken: usize,
}

/// A finding and what spoke for it.
#[derive(serde::Serialize)]
struct Explained<'a> {
    /// Its place among the findings, from 0; what other findings call it by.
    finding: usize,
    #[serde(flatten)]
    line: Line<'a>,
    evidence: &'a [Evidence],
}

fn show_why(input: &TranscriptArgs, settings: &Settings, out: &mut Output) -> Result<u8> {
    let document = read(input, settings)?;
    let transcript = document.transcript();
    let mut known = known::of_transcript(input.known.as_deref())?;
    known.extend_from_slice(document.known());
    let policy = settings.policy()?;
    let patterns = tested(settings)?.under(&policy);
    warn_if_revealed(input);
    for (n, explanation) in explain(&patterns, transcript, &known).iter().enumerate() {
        if !policy.hides(explanation.finding.category) {
            continue;
        }
        let line = line(transcript, &explanation.finding, input.reveal);
        if input.json {
            out.json(&Explained { finding: n, line, evidence: &explanation.evidence })?;
            continue;
        }
        out.line(format_args!("#{n:<3} {}", row(&line)))?;
        for evidence in &explanation.evidence {
            out.line(format_args!("       {evidence}"))?;
        }
    }
    Ok(0)
}
