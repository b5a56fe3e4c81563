//! `patterns`: what the rules are, whether their examples hold, why something was found.

use super::args::{PatternsCommand, TranscriptArgs};
use super::detect::read;
use super::known;
use super::output::Output;
use crate::base::Result;
use crate::config::Settings;
use crate::detect::{detect, test_examples};
use crate::patterns::PatternSet;

/// Runs one of the commands.
pub(super) fn run(command: &PatternsCommand, settings: &Settings, out: &mut Output) -> Result<u8> {
    let patterns = PatternSet::builtin()?;
    match command {
        PatternsCommand::List { json } => list(&patterns, *json, out),
        PatternsCommand::Test { json } => test(&patterns, *json, out),
        PatternsCommand::Explain { input } => explain(&patterns, input, settings, out),
    }
}

fn list(patterns: &PatternSet, json: bool, out: &mut Output) -> Result<u8> {
    let rules = patterns.rules();
    for rule in &rules {
        if json {
            out.json(rule)?;
        } else {
            out.line(format_args!(
                "{:<32} {:<9} {:>4} examples  {}",
                rule.id, rule.category, rule.examples, rule.about
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
    let (run, broken) = test_examples(patterns);
    for example in &broken {
        if json {
            out.json(example)?;
        } else {
            out.line(format_args!("{}: {}: {}", example.rule, example.wrong, example.example))?;
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

fn explain(patterns: &PatternSet, input: &TranscriptArgs, settings: &Settings, out: &mut Output) -> Result<u8> {
    let document = read(input, settings)?;
    let known = known::of_transcript(input.known.as_deref())?;
    let rules = patterns.rules();
    for finding in detect(patterns, document.transcript(), &known).findings {
        if input.json {
            out.json(&Explained::new(&finding))?;
            continue;
        }
        let about = rules.iter().find(|r| r.id == finding.rule.as_str()).map_or("", |r| r.about.as_str());
        let (start, end) = (finding.words.start, finding.words.end);
        out.line(format_args!(
            "words {start}-{end} {} {:.2} by {}: {about}",
            finding.category, finding.score, finding.rule
        ))?;
        for evidence in &finding.evidence {
            out.line(format_args!("    {evidence}"))?;
        }
    }
    Ok(0)
}

/// A finding with what raised or lowered its score.
#[derive(serde::Serialize)]
struct Explained<'a> {
    category: crate::model::Category,
    rule: &'a crate::model::RuleId,
    score: f32,
    words: [u32; 2],
    evidence: &'a [crate::model::RuleId],
}

impl<'a> Explained<'a> {
    fn new(finding: &'a crate::model::Finding) -> Self {
        Self {
            category: finding.category,
            rule: &finding.rule,
            score: finding.score,
            words: [finding.words.start, finding.words.end],
            evidence: &finding.evidence,
        }
    }
}
