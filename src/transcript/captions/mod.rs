//! WebVTT and SRT captions.
//!
//! The words are the text of the cues, each with the time of its cue, or of what a time tag begins. What no viewer sees (notes, style
//! and region blocks, the header's text, cue names, unknown settings and tags) is left out of the output.

mod blocks;
mod payload;
mod turns;

use super::link::Linker;
use super::not_empty;
use super::source::{Leaf, Source};
use super::speakers::{Label, Speakers};
use crate::base::{Error, HoldReason, Result, Stage};
use crate::model::TimeSource;
use blocks::{Cue, Dialect};
use payload::{Names, Payload};
use turns::Said;

/// Whether a file is WebVTT.
pub(super) fn fits_webvtt(text: &str) -> bool {
    text.strip_prefix("WEBVTT").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']))
}

/// Whether a file is SRT: its first cue begins in the first lines that say something.
pub(super) fn fits_srt(text: &str) -> bool {
    text.split(['\n', '\r']).filter(|line| !line.trim().is_empty()).take(2).any(|line| blocks::timing(line).is_some())
}

/// Reads the cues of a WebVTT file.
pub(super) fn read_webvtt(source: Source) -> Result<Linker> {
    read(source, Dialect::WebVtt)
}

/// Reads the cues of an SRT file.
pub(super) fn read_srt(source: Source) -> Result<Linker> {
    read(source, Dialect::Srt)
}

fn read(source: Source, dialect: Dialect) -> Result<Linker> {
    let file = source.file();
    let parsed = blocks::parse(file, dialect)?;
    let names = Names::of(file, &parsed.cues);
    let payloads: Vec<Payload> = parsed.cues.iter().map(|cue| Payload::of(file, cue, dialect, &names)).collect();
    let labels = payloads.iter().flat_map(|p| p.labels.iter().map(|l| &file[l.range()]));
    let speakers = Speakers::of(labels)?;
    let mut linker = Linker::new(source, TimeSource::Segment);
    linker.know(speakers.known());
    parsed.unseen.iter().for_each(|range| linker.empty(Leaf::plain(range.start, range.end)));
    for payload in &payloads {
        for &leaf in &payload.unseen {
            if payload.parts_label(leaf) { linker.blank(leaf) } else { linker.empty(leaf) }
        }
        for &label in &payload.labels {
            if let Label::Number(number) = speakers.label(linker.source().raw(label)) {
                linker.speaker(label, number);
            }
        }
    }
    let runs: Vec<Said> =
        parsed.cues.iter().zip(&payloads).flat_map(|(cue, p)| said(linker.source(), cue, p, &speakers)).collect();
    for turn in turns::turns(&runs)? {
        linker.turn(runs[turn[0]].speaker, None);
        for run in turn {
            linker.speak_joined(&runs[run].pieces)?;
        }
    }
    not_empty(&linker)?;
    Ok(linker)
}

/// What the runs of a cue are to the turns of the call.
fn said<'a>(
    source: &'a Source,
    cue: &'a Cue,
    payload: &'a Payload,
    speakers: &'a Speakers,
) -> impl Iterator<Item = Said> + 'a {
    payload.runs.iter().filter_map(move |run| {
        let pieces = payload.timed(run, cue.time);
        let last = pieces.iter().rev().map(|p| source.raw(p.leaf).trim_end()).find(|text| !text.is_empty())?;
        let goes_on = !last.ends_with(['.', '?', '!']);
        Some(Said { speaker: run.speaker(source, speakers), time: cue.time, starts: run.starts_turn, goes_on, pieces })
    })
}

fn damaged(message: &'static str, line: usize) -> Error {
    Error::held(Stage::ParseTranscript, HoldReason::DamagedTranscript, message).at("line", line as u64 + 1)
}
