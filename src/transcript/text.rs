//! Plain text: a line is a turn, which may start with `SPEAKER:`.

use super::link::{Form, Linker, Piece};
use super::not_empty;
use super::source::{Leaf, Source};
use super::speakers::role;
use crate::base::{Error, HoldReason, Result, Stage};
use crate::model::{Speaker, TimeSource};

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
    let lines = lines(&source)?;
    let mut linker = Linker::new(source, TimeSource::None);
    for (speaker, leaf) in lines {
        linker.turn(speaker, None);
        linker.speak(Piece { leaf, form: Form::Running, time: None }, 1.0)?;
    }
    not_empty(&linker)?;
    Ok(linker)
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
