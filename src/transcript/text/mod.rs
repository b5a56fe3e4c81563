//! Plain text: a line is a turn, which may start with `SPEAKER:`, or lines say when turns begin and who speaks.

mod stamps;

use super::link::{Form, Linker, Piece};
use super::not_empty;
use super::source::{Leaf, Source};
use super::speakers::{Label, Speakers, role};
use crate::base::{Error, HoldReason, Result, Stage, TimeSpan};
use crate::model::{Speaker, TimeSource};
use stamps::Head;
use std::collections::BTreeMap;

/// Longest label in front of a line, bytes.
const LABEL_BYTES_MAX: usize = 32;
/// Most labels that are told apart; lines with further ones have no known speaker.
const LABELS_MAX: usize = 64;

/// Whether a file is text for people to read, and none of the formats that only look like it.
///
/// Masking changes no line break and writes no sign that is asked for here, so it changes no answer.
pub(super) fn fits(text: &str) -> bool {
    let other = ["<", "%PDF", "PK\u{3}", "WEBVTT", "{", "#!"];
    let json_list = text.strip_prefix('[').is_some_and(|rest| rest.trim_start().starts_with(['{', '"']));
    let subtitles = text.lines().take(4).any(|line| line.contains(" --> "));
    let mail = ["content-transfer-encoding:", "mime-version:"];
    let is_mail =
        text.lines().any(|line| mail.iter().any(|m| line.get(..m.len()).is_some_and(|l| l.eq_ignore_ascii_case(m))));
    !json_list && !subtitles && !is_mail && !other.iter().any(|start| text.starts_with(start))
}

/// Reads the turns of a file.
pub(super) fn read(source: Source) -> Result<Linker> {
    let file_lines: Vec<&str> = source.file().split_inclusive(['\n', '\r']).collect();
    if let Some(heads) = stamps::heads(&file_lines) {
        let starts: Vec<usize> =
            file_lines.iter().scan(0, |at, line| Some(std::mem::replace(at, *at + line.len()))).collect();
        return read_stamped(source, &starts, heads);
    }
    let lines = lines(&source)?;
    let mut linker = Linker::new(source, TimeSource::None);
    for (speaker, leaf) in lines {
        linker.turn(speaker, None);
        linker.speak(Piece { leaf, form: Form::Running, time: None }, 1.0)?;
    }
    not_empty(&linker)?;
    Ok(linker)
}

/// Reads a file of which lines say when turns begin. What stands in front of a colon is a label if it is a role or more
/// than one line has it; any other is text like the rest of its line.
fn read_stamped(source: Source, starts: &[usize], heads: Vec<Option<Head>>) -> Result<Linker> {
    lines(&source)?;
    let labels: Vec<Option<Leaf>> =
        starts.iter().zip(&heads).map(|(at, head)| label_leaf(*at, head.as_ref()?)).collect();
    let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
    labels.iter().flatten().for_each(|&leaf| *uses.entry(source.raw(leaf)).or_default() += 1);
    let is_label = |leaf: Leaf| role(source.raw(leaf)).is_some() || uses[source.raw(leaf)] > 1;
    let labels = labels.iter().zip(&heads).map(|(leaf, head)| {
        leaf.filter(|&leaf| head.as_ref().is_some_and(|head| !head.is_by_colon()) || is_label(leaf))
    });
    let labels: Vec<Option<Leaf>> = labels.collect();
    let speakers = Speakers::of(labels.iter().flatten().map(|&leaf| source.raw(leaf)))?;
    let told: Vec<Option<Label>> =
        labels.iter().map(|leaf| leaf.map(|leaf| speakers.label(source.raw(leaf)))).collect();
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([source.file().len()]).collect();
    let mut linker = Linker::new(source, TimeSource::Segment);
    linker.know(speakers.known());
    let (mut speaker, mut time) = (Speaker::Unknown, None);
    for (line, head) in heads.iter().enumerate() {
        let mut said = starts[line];
        if let Some(head) = head {
            time = span(head, heads[line + 1..].iter().flatten().next());
            speaker = told[line].map_or(Speaker::Unknown, Label::speaker);
            said += head.said;
            match (labels[line], told[line]) {
                (Some(leaf), Some(Label::Number(number))) => linker.speaker(leaf, number),
                (None, _) => said = head.label.as_ref().map_or(said, |label| starts[line] + label.start),
                _ => {}
            }
        }
        linker.turn(speaker, None);
        linker.speak(Piece { leaf: Leaf::plain(said, ends[line]), form: Form::Running, time }, 1.0)?;
    }
    not_empty(&linker)?;
    Ok(linker)
}

fn label_leaf(line: usize, head: &Head) -> Option<Leaf> {
    head.label.as_ref().map(|label| Leaf::plain(line + label.start, line + label.end))
}

/// When a turn is said: from its time to that of the next, both as inexact as they are written. How long the last one
/// takes nobody says.
fn span(head: &Head, next: Option<&Head>) -> Option<TimeSpan> {
    let next = next.map(|next| (next.start_ms, next.within_ms));
    let (end_ms, within_ms) = head.end_ms.map(|end_ms| (end_ms, head.within_ms)).or(next)?;
    let start_ms = head.start_ms.saturating_sub(head.within_ms);
    TimeSpan::new(start_ms, end_ms.max(head.start_ms).saturating_add(within_ms)).ok()
}

/// The lines that say something, without a role's label. The label may also be a person's name; then
/// it is text like the rest of its line.
fn lines(source: &Source) -> Result<Vec<(Speaker, Leaf)>> {
    let file = source.file();
    let mut labels: Vec<&str> = Vec::new();
    let mut speaker = Speaker::Unknown;
    let mut lines = Vec::new();
    let mut at = file.len() - file.trim_start_matches('\u{feff}').len();
    for line in file[at..].split_inclusive(['\n', '\r']) {
        if line.bytes().any(|b| b < b' ' && !matches!(b, b'\n' | b'\r' | b'\t' | 0x0c)) {
            let message = "a control character stands in the text";
            return Err(Error::held(Stage::ParseTranscript, HoldReason::DamagedTranscript, message)
                .at("line", lines.len() as u64 + 1));
        }
        let mut said = at;
        if let Some(label) = label(line) {
            match role(label) {
                Some(of_role) => {
                    speaker = of_role;
                    said = at + (line.len() - line.trim_start().len()) + label.len() + 1;
                }
                None => speaker = named(label, &mut labels),
            }
        }
        lines.push((speaker, Leaf::plain(said, at + line.len())));
        at += line.len();
    }
    Ok(lines)
}

/// What stands before the colon, if it can be a label: `AGENT`, `Speaker 1`, `J. Smith`.
pub(super) fn label(line: &str) -> Option<&str> {
    let (label, rest) = line.trim_start().split_once(':')?;
    let shaped = label.starts_with(|c: char| c.is_alphabetic())
        && label.chars().all(|c| c.is_alphanumeric() || " _.'-()".contains(c))
        && label.split_whitespace().count() <= 3;
    (label.len() <= LABEL_BYTES_MAX && shaped && (rest.is_empty() || rest.starts_with(char::is_whitespace)))
        .then_some(label)
}

/// The number of a person's label. Labels count from 100 so that they are none of `Speaker 1`'s.
fn named<'a>(label: &'a str, labels: &mut Vec<&'a str>) -> Speaker {
    let known = labels.iter().position(|l| *l == label);
    match known {
        Some(at) => Speaker::Numbered(100 + at as u16),
        None if labels.len() == LABELS_MAX => Speaker::Unknown,
        None => {
            labels.push(label);
            Speaker::Numbered(99 + labels.len() as u16)
        }
    }
}
