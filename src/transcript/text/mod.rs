//! Plain text: a line is a turn, which may say who speaks, and when. A label is never a word: what is masked ends before it.

mod json;
mod labels;
mod stamps;

use super::link::{Form, Linker, Piece};
use super::not_empty;
use super::source::{Leaf, Source};
use super::speakers::{Label, Speakers, role};
use crate::base::{Error, HoldReason, Result, Stage};
use crate::model::{Speaker, TimeSource};
use labels::Sign;
pub(super) use labels::{in_front, is_capitalised, is_field, labels_are_usual, labels_tell};
use stamps::Head;
use std::collections::BTreeMap;
use std::ops::Range;

/// Longest text in front of a colon that may say who speaks, bytes.
const LABEL_BYTES_MAX: usize = 32;
/// Most of those that are told apart; lines with further ones have no known speaker.
const LABELS_MAX: usize = 64;

/// Whether a file is text for people to read, and none of the formats that only look like it.
///
/// Masking changes no line break and writes no sign that is asked for here, so it changes no answer.
pub(super) fn fits(text: &str) -> bool {
    let other = ["<", "%PDF", "PK\u{3}", "WEBVTT", "#!"];
    // Some programs write `[00:00:01 --> 00:00:04] …`.
    let subtitles = text.lines().take(4).any(|line| !line.starts_with('[') && line.contains(" --> "));
    let mail = ["content-transfer-encoding:", "mime-version:"];
    let is_mail =
        text.lines().any(|line| mail.iter().any(|m| line.get(..m.len()).is_some_and(|l| l.eq_ignore_ascii_case(m))));
    !json::begins(text) && !subtitles && !is_mail && !other.iter().any(|start| text.starts_with(start))
}

/// Reads the turns of a file.
pub(super) fn read(source: Source) -> Result<Linker> {
    let lines: Vec<&str> = source.file().split_inclusive(['\n', '\r']).collect();
    check_characters(&lines)?;
    let mut heads = stamps::heads(&lines);
    drop_other_labels(&lines, &mut heads);
    let starts = lines.iter().scan(0, |at, line| Some(std::mem::replace(at, *at + line.len())));
    let places: Vec<Range<usize>> = starts.zip(&lines).map(|(at, line)| at..at + line.len()).collect();
    let labels = lines.iter().zip(&heads).filter_map(|(line, head)| Some(&line[head.label.as_ref()?.at.clone()]));
    let speakers = Speakers::of(labels)?;
    let is_timed = heads.iter().any(|head| head.time.is_some());
    let mut seen = Vec::new();
    let told = lines.iter().zip(&heads).map(|(line, head)| match (&head.label, head.time) {
        (Some(label), _) => Told::Label(speakers.label(&line[label.at.clone()])),
        (None, Some(_)) => Told::Speaker(Speaker::Unknown),
        (None, None) if head.day.is_some() => Told::Speaker(Speaker::Unknown),
        (None, None) if is_timed => Told::Nothing,
        (None, None) => label(line).map_or(Told::Nothing, |label| Told::Speaker(named(label, &mut seen))),
    });
    let told: Vec<Told> = told.collect();
    let mut linker = Linker::new(source, if is_timed { TimeSource::Segment } else { TimeSource::None });
    linker.know(speakers.known());
    let (mut speaker, mut time) = (Speaker::Unknown, None);
    for (line, head) in heads.iter().enumerate() {
        let at = places[line].start;
        if let Some(own) = head.time {
            time = own.span(heads[line + 1..].iter().find_map(|head| head.time));
        }
        speaker = match told[line] {
            Told::Label(label) => label.speaker(),
            Told::Speaker(speaker) => speaker,
            Told::Nothing => speaker,
        };
        if let Some(day) = head.day.as_ref().filter(|day| !day.is_empty()) {
            linker.empty(Leaf::plain(at + day.start, at + day.end));
        }
        if let (Told::Label(Label::Number(number)), Some(label)) = (told[line], &head.label) {
            linker.speaker(Leaf::plain(at + label.at.start, at + label.at.end), number);
        }
        let said = at + head.label.as_ref().map_or(head.said, |label| label.said);
        linker.turn(speaker, None);
        linker.speak(Piece { leaf: Leaf::plain(said, places[line].end), form: Form::Running, time }, 1.0)?;
    }
    not_empty(&linker)?;
    Ok(linker)
}

fn check_characters(lines: &[&str]) -> Result<()> {
    let is_control = |b: u8| b < b' ' && !matches!(b, b'\n' | b'\r' | b'\t' | 0x0c);
    match lines.iter().position(|line| line.bytes().any(is_control)) {
        None => Ok(()),
        Some(line) => {
            let message = "a control character stands in the text";
            Err(Error::held(Stage::ParseTranscript, HoldReason::DamagedTranscript, message).at("line", line as u64 + 1))
        }
    }
}

/// Takes for text what only looks like a label. A role is one, and what stands in front of a time. What stands in front of
/// a colon is one if more than one line has it: in a file with times where a time stands before it, in another where many
/// lines have one, and none is the name of a field. Where most lines have one, it need not be two that have this one, if it
/// is written like a name. A dash tells one only where a time stands before it, and if it is
/// written like a name besides.
fn drop_other_labels<'f>(lines: &[&'f str], heads: &mut [Head]) {
    let text_of = |(line, head): (&&'f str, &Head)| Some(&line[head.label.as_ref()?.at.clone()]);
    let texts: Vec<Option<&'f str>> = lines.iter().zip(&*heads).map(text_of).collect();
    let is_timed = heads.iter().any(|head| head.time.is_some());
    let may_be = |head: &Head| !is_timed || head.time.is_some();
    let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
    for text in texts.iter().zip(&*heads).filter(|(_, head)| may_be(head)).filter_map(|(text, _)| *text) {
        *uses.entry(text).or_default() += 1;
    }
    let of_many = |text: &str| uses.get(text).is_some_and(|&uses| uses > 1);
    let labelled = texts.iter().flatten().filter(|text| role(text).is_some() || of_many(text)).count();
    let said = lines.iter().filter(|line| !line.trim().is_empty()).count();
    let is_form = uses.keys().any(|text| is_field(text));
    let is_talk = is_timed || (labels_tell(labelled, said) && !is_form);
    let is_of_one = |text: &str| labels_are_usual(labelled, said) && is_capitalised(text) && !is_field(text);
    for (head, text) in heads.iter_mut().zip(texts) {
        let Some(text) = text else { continue };
        let (may_be, is_behind_time) = (may_be(head), head.time.is_some() || head.day.is_some());
        head.label.take_if(|label| match label.sign {
            Sign::Time => false,
            _ if role(text).is_some() => false,
            Sign::Colon => !(is_talk && may_be && (of_many(text) || is_of_one(text))),
            Sign::Dash => !(is_behind_time && of_many(text) && is_capitalised(text)),
            Sign::Brackets => true,
        });
    }
}

/// What a line says of its speaker.
#[derive(Clone, Copy)]
enum Told {
    Label(Label),
    Speaker(Speaker),
    Nothing,
}

/// What stands before the colon, if it can be a label: `AGENT`, `Speaker 1`, `J. Smith`.
pub(super) fn label(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let colon = line.bytes().take(LABEL_BYTES_MAX + 1).position(|b| b == b':')?;
    let (label, rest) = (&line[..colon], &line[colon + 1..]);
    let shaped = label.starts_with(|c: char| c.is_alphabetic())
        && label.chars().all(|c| c.is_alphanumeric() || " _.'-()".contains(c))
        && label.split_whitespace().count() <= 3;
    (shaped && (rest.is_empty() || rest.starts_with(char::is_whitespace))).then_some(label)
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

#[cfg(test)]
mod tests {
    use crate::base::{CallId, Phi, WordSpan};
    use crate::model::{Category, Edit, Transcript};
    use crate::transcript::read;

    /// Masks every word of a file as one stretch for each turn.
    fn masked(file: &str) -> String {
        let document = read(Phi::new(file.as_bytes().to_vec()), None).unwrap();
        let turns = document.transcript().turns().iter().filter(|turn| !turn.words.is_empty());
        let edit = |words: WordSpan| Edit { words, category: Category::Email, rules: Vec::new() };
        let edits: Vec<Edit> = turns.map(|turn| edit(turn.words)).collect();
        let masked = document.mask(&edits, &CallId::from_mac(&[1; 32])).unwrap();
        String::from_utf8(masked.into_exposed()).unwrap()
    }

    #[test]
    fn a_label_stays_whatever_is_masked_around_it() {
        for (agent, caller) in [
            ("Agent: ", "Caller: "),
            ("AGENT 1: ", "CALLER 2: "),
            ("  - Agent:  ", "  - Caller:  "),
            ("**Nurse:** ", "**Patient:** "),
            ("Agent - ", "Caller \u{2013} "),
            ("[Agent] ", "[Caller]: "),
            ("Agent\t", "Caller\t"),
            ("spk_0: ", "spk_1: "),
            ("[00:01:02] Agent - ", "[00:01:05] Caller - "),
            ("[00:01:02.000 --> 00:01:03.500] SPEAKER_00: ", "[00:01:05.000 --> 00:01:06.000] SPEAKER_01: "),
            ("SPEAKER_00 (0:12): ", "SPEAKER_01 (0:15): "),
            ("( 1m 2s ) Agent: ", "( 1m 5s ) Visitor: "),
            ("9:14 AM Agent: ", "9:15 AM Caller: "),
            ("00:01:02 | Agent | ", "00:01:05 | Caller | "),
        ] {
            for end in ["\n", "\r\n", "\r"] {
                let file = |asked: &str, said: &str| format!("{agent}{asked}{end}{caller}{said}{end}{caller}{asked}");
                assert_eq!(masked(&file("your email", "a@example.com")), file("[EMAIL]", "[EMAIL]"), "{agent:?}");
            }
        }
    }

    #[test]
    fn of_dates_in_front_of_lines_the_year_stays() {
        let lines = ["11/21/26, 10:02:14 AM] Priya: hi", "11/22/26, 9:02:14 AM] Priya: hi"];
        let file = lines.map(|line| format!("[{line}")).join("\n");
        assert_eq!(masked(&file), "[26, 10:02:14 AM] Speaker 1: [EMAIL]\n[26, 9:02:14 AM] Speaker 1: [EMAIL]");
        let file = "2026-11-21T23:59:14Z - Agent - hi\n2026-11-22T00:01:14Z - Caller - hi\nand hi";
        assert_eq!(masked(file), "2026T23:59:14Z - Agent - [EMAIL]\n2026T00:01:14Z - Caller - [EMAIL]\n[EMAIL]");
    }

    #[test]
    fn a_mask_in_front_of_a_time_is_no_label() {
        for file in [" -> 00:00:03.000\n", "a@example.com (0:12): hello\n", "\"Ana\" (0:12): hello\n"] {
            let document = read(Phi::new(file.as_bytes().to_vec()), None).unwrap();
            let first = Edit { words: WordSpan::new(0, 1), category: Category::Phone, rules: Vec::new() };
            let masked = document.mask(&[first], &CallId::from_mac(&[1; 32])).unwrap();
            let again = read(masked, None).unwrap();
            let words = |of: &Transcript| of.words().len();
            assert_eq!(words(again.transcript()), words(document.transcript()), "{file}");
        }
    }

    #[test]
    fn labels_that_may_be_names_are_numbered_where_people_talk_and_text_where_they_do_not() {
        let talk = "Ana: hi\nKim Lee: hi\nAna: bye\nKim Lee: bye";
        assert_eq!(masked(talk), "Speaker 1: [EMAIL]\nSpeaker 2: [EMAIL]\nSpeaker 1: [EMAIL]\nSpeaker 2: [EMAIL]");
        let timed = "[0:01] Ana - hi\n[0:02] Well - no\n[0:03] Ana - bye";
        assert_eq!(masked(timed), "[0:01] Speaker 1 - [EMAIL]\n[0:02] [EMAIL]\n[0:03] Speaker 1 - [EMAIL]");
        let once = "Agent: hi\nAna: hi\nKim Lee: no\nAna: bye\nAgent: bye";
        assert_eq!(
            masked(once),
            once.replace("hi", "[EMAIL]")
                .replace("bye", "[EMAIL]")
                .replace("no", "[EMAIL]")
                .replace("Ana", "Speaker 1")
                .replace("Kim Lee", "Speaker 2")
        );
        for text in ["Name: Ana\nDOB: x\nName: Kim\nDOB: y", "Ana: hi\nKim: hi"] {
            let lines = text.lines().count();
            assert_eq!(masked(text), ["[EMAIL]"].repeat(lines).join("\n"));
        }
    }
}
