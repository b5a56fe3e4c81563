//! `detect`: what would be hidden in a transcript; its text only on request.

use super::args::{DetectArgs, TranscriptArgs};
use super::known;
use super::output::{Output, note};
use super::{patterns, runtime};
use crate::base::{Error, HoldReason, Phi, Result, Stage, TimeSpan, why};
use crate::config::Settings;
use crate::detect::detect;
use crate::model::{Category, Finding, RuleId, Transcript, Turn};
use crate::store::Address;
use crate::transcript::{self, How};
use serde::Serialize;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// One finding as the contract has it.
#[derive(Serialize)]
pub(super) struct Line<'a> {
    category: Category,
    rule: &'a RuleId,
    score: f32,
    turn: usize,
    words: [u32; 2],
    start_ms: Option<u32>,
    end_ms: Option<u32>,
    channel: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// Prints the findings of a transcript.
pub(super) fn run(args: &DetectArgs, settings: &Settings, out: &mut Output) -> Result<u8> {
    let document = read(&args.input, settings)?;
    let transcript = document.transcript();
    let mut known = known::of_transcript(args.input.known.as_deref())?;
    known.extend_from_slice(document.known());
    let policy = settings.policy()?;
    let patterns = patterns::tested(settings)?.under(&policy);
    let mut findings = detect(&patterns, transcript, &known).findings;
    findings.retain(|f| policy.hides(f.category));
    warn_if_revealed(&args.input);
    for finding in &findings {
        let line = line(transcript, finding, args.input.reveal);
        if args.input.json {
            out.json(&line)?;
        } else {
            out.line(row(&line))?;
        }
    }
    if !args.input.json {
        out.line(format_args!("{} findings in {} words", findings.len(), transcript.words().len()))?;
    }
    Ok(0)
}

/// Says what the output holds, where it does.
pub(super) fn warn_if_revealed(args: &TranscriptArgs) {
    if args.reveal {
        note("the output holds protected health information; keep it where the transcript may be kept");
    }
}

/// Reads and parses the transcript of a command.
pub(super) fn read(args: &TranscriptArgs, settings: &Settings) -> Result<transcript::Document> {
    let path = &args.transcript;
    let failed = |e: std::io::Error| Error::usage(format!("TRANSCRIPT {}: {}", path.display(), why(&e)));
    let max = settings.limits().transcript_bytes_max;
    let input: Box<dyn Read> = match Address::parse(path)? {
        Address::Folder(path) if path == Path::new("-") => Box::new(std::io::stdin()),
        Address::Folder(path) => Box::new(File::open(path).map_err(failed)?),
        Address::Bucket(address) => {
            let stores = runtime::stores(std::iter::once(path.as_path()), settings)?;
            let missing = || Error::usage(format!("TRANSCRIPT {}: no object", path.display()));
            let (folder, name) = address.object().ok_or_else(missing)?;
            Box::new(stores.source(&Address::Bucket(folder))?.open(&name)?.0)
        }
    };
    let mut bytes = Vec::new();
    input.take(max.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > max {
        return Err(Error::held(Stage::Fetch, HoldReason::LimitReached, "the transcript is too large").at("bytes", max));
    }
    let attachments = settings.policy()?.hold.attachments;
    transcript::read(Phi::new(bytes), How { told: settings.told()?, attachments, ..How::default() })
}

pub(super) fn line<'a>(transcript: &Transcript, finding: &'a Finding, reveal: bool) -> Line<'a> {
    let turn = turn_of(transcript.turns(), finding.words.start);
    let time = transcript.words()[finding.words.range()].iter().filter_map(|w| w.time).reduce(TimeSpan::cover);
    let words = finding.words.range().map(|i| transcript.word_text(i).into_exposed());
    Line {
        category: finding.category,
        rule: &finding.rule,
        score: finding.score,
        turn,
        words: [finding.words.start, finding.words.end],
        start_ms: time.map(TimeSpan::start_ms),
        end_ms: time.map(TimeSpan::end_ms),
        channel: transcript.turns().get(turn).and_then(|t| t.channel),
        text: reveal.then(|| words.collect::<Vec<_>>().join(" ")),
    }
}

/// Index of the turn that has this word. Turns lie in the order of their words.
fn turn_of(turns: &[Turn], word: u32) -> usize {
    turns.partition_point(|t| t.words.end <= word)
}

pub(super) fn row(line: &Line) -> String {
    let time = match (line.start_ms, line.end_ms) {
        (Some(start), Some(end)) => format!("{}-{}", clock(start), clock(end)),
        _ => "-".into(),
    };
    let words = format!("{}-{}", line.words[0], line.words[1]);
    let mut row = format!(
        "{time:<21} turn {:<4} words {words:<11} {:<9} {:.2} {}",
        line.turn, line.category, line.score, line.rule
    );
    if let Some(text) = &line.text {
        row.push_str("  ");
        row.push_str(text);
    }
    row
}

/// Milliseconds as `m:ss.mmm`.
fn clock(ms: u32) -> String {
    format!("{}:{:02}.{:03}", ms / 60_000, ms / 1000 % 60, ms % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::WordSpan;
    use crate::model::{Speaker, TimeSource, TranscriptBuilder, TurnKind};

    fn transcript() -> Transcript {
        let mut b = TranscriptBuilder::new(TimeSource::Recogniser);
        b.turn(TurnKind::Spoken, Speaker::Agent, Some(0));
        b.word(Phi::new("name"), TimeSpan::new(0, 300).ok(), 1.0);
        b.turn(TurnKind::Spoken, Speaker::Caller, Some(1));
        b.word(Phi::new("ana"), TimeSpan::new(61_000, 61_250).ok(), 1.0);
        b.word(Phi::new("brooks"), None, 1.0);
        b.build()
    }

    fn finding() -> Finding {
        Finding {
            rule: RuleId::new("name-after-cue"),
            category: Category::Name,
            words: WordSpan::new(1, 3),
            score: 0.5,
        }
    }

    #[test]
    fn a_finding_is_the_object_of_the_contract() {
        let json = serde_json::to_string(&line(&transcript(), &finding(), false)).unwrap();
        let want = r#"{"category":"NAME","rule":"name-after-cue","score":0.5,"turn":1,"words":[1,3],"start_ms":61000,"end_ms":61250,"channel":1}"#;
        assert_eq!(json, want);
    }

    #[test]
    fn text_appears_only_when_it_is_asked_for() {
        assert!(line(&transcript(), &finding(), true).text.as_deref() == Some("ana brooks"));
        assert!(!row(&line(&transcript(), &finding(), false)).contains("ana"));
    }
}
