//! A masked transcript as people and players read it: plain text, WebVTT captions, turns for programs. Pure.

use crate::base::Phi;
use crate::model::{Speaker, Transcript, TurnKind};
use serde_json::{Value, json};
use std::fmt::Write;

/// Most words of a caption: about two lines.
const CAPTION_WORDS_MAX: usize = 14;

/// A word, and when it was said, milliseconds.
type Timed = (Option<(u32, u32)>, Phi<String>);

/// A turn, or as much of it as has one time.
pub(super) struct Said {
    /// When, milliseconds: start and end.
    pub time: Option<(u32, u32)>,
    speaker: String,
    words: Vec<Timed>,
}

impl Said {
    /// For programs.
    pub(super) fn json(&self) -> Value {
        let (start, end) = self.time.unzip();
        json!({ "start_ms": start, "end_ms": end, "speaker": self.speaker, "text": self.text().expose() })
    }

    fn text(&self) -> Phi<String> {
        joined(&self.words)
    }
}

/// What was said, turn by turn; second readings are left out.
pub(super) fn turns(transcript: &Transcript) -> Vec<Said> {
    let spoken = transcript.turns().iter().filter(|turn| turn.kind == TurnKind::Spoken);
    let said = spoken.map(|turn| {
        let words: Vec<_> = turn
            .words
            .range()
            .map(|index| {
                let time = transcript.words()[index].time.map(|time| (time.start_ms(), time.end_ms()));
                (time, Phi::new((*transcript.word_text(index).expose()).to_owned()))
            })
            .collect();
        Said { time: span(&words), speaker: speaker(turn.speaker), words }
    });
    said.filter(|said| !said.words.is_empty()).collect()
}

/// A line a turn: `[00:01:05] agent: …`.
pub(super) fn text(said: &[Said]) -> Phi<String> {
    let mut out = String::new();
    for said in said {
        if let Some((start, _)) = said.time {
            let _ = write!(out, "[{}] ", &clock(start)[..8]);
        }
        if !said.speaker.is_empty() {
            let _ = write!(out, "{}: ", said.speaker);
        }
        out.push_str(said.text().expose());
        out.push('\n');
    }
    Phi::new(out)
}

/// WebVTT captions of the turns that have times.
pub(super) fn captions(said: &[Said]) -> Phi<String> {
    let mut out = "WEBVTT\n".to_owned();
    for said in said {
        for part in said.words.chunks(CAPTION_WORDS_MAX) {
            // A word without a time of its own is heard somewhere in its turn.
            let Some((start, end)) = span(part).or(said.time) else { continue };
            let voice = if said.speaker.is_empty() { String::new() } else { format!("<v {}>", said.speaker) };
            let text = escaped(joined(part).expose());
            let _ = write!(out, "\n{} --> {}\n{voice}{text}\n", clock(start), clock(end.max(start + 1)));
        }
    }
    Phi::new(out)
}

fn span(words: &[Timed]) -> Option<(u32, u32)> {
    let times = || words.iter().filter_map(|(time, _)| *time);
    Some((times().map(|(start, _)| start).min()?, times().map(|(_, end)| end).max()?))
}

fn joined(words: &[Timed]) -> Phi<String> {
    let words: Vec<&str> = words.iter().map(|(_, word)| word.expose().as_str()).collect();
    Phi::new(words.join(" "))
}

fn speaker(speaker: Speaker) -> String {
    match speaker {
        Speaker::Agent => "agent".into(),
        Speaker::Caller => "caller".into(),
        Speaker::Numbered(number) => format!("speaker {number}"),
        Speaker::Unknown => String::new(),
    }
}

/// `00:01:05.250`.
fn clock(ms: u32) -> String {
    let seconds = ms / 1_000;
    format!("{:02}:{:02}:{:02}.{:03}", seconds / 3_600, seconds / 60 % 60, seconds % 60, ms % 1_000)
}

/// Text of a caption: tags, entities and an arrow of it would be read as such.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Format;
    use crate::transcript;

    fn of(text: &str, format: Format) -> Vec<Said> {
        let document = transcript::read(Phi::new(text.as_bytes().to_vec()), Some(format)).unwrap();
        turns(document.transcript())
    }

    #[test]
    fn turns_become_lines_and_captions() {
        let file = "WEBVTT\n\n00:01.000 --> 00:02.500\n<v Agent>hello this is [NAME]\n\n\
                    01:00:03.000 --> 01:00:04.000\n<v Caller>2 &lt; 3\n";
        let said = of(file, Format::WebVtt);
        assert!(text(&said).expose().starts_with("[00:00:01] agent: hello this is [NAME]\n[01:00:03] caller: 2 < 3"));
        let captions = captions(&said);
        assert!(captions.expose().contains("\n00:00:01.000 --> 00:00:02.500\n<v agent>hello this is [NAME]\n"));
        assert!(captions.expose().contains("\n01:00:03.000 --> 01:00:04.000\n<v caller>2 &lt; 3\n"));
        let again = of(captions.expose(), Format::WebVtt);
        assert!(text(&again) == text(&said), "read again, they say the same");
    }

    #[test]
    fn what_has_no_times_has_no_captions_and_is_text_all_the_same() {
        let said = of("AGENT: hello\nCALLER: <script>\n", Format::Text);
        assert_eq!(*text(&said).expose(), "agent: hello\ncaller: <script>\n");
        assert_eq!(*captions(&said).expose(), "WEBVTT\n");
        assert_eq!(said[1].json()["start_ms"], Value::Null);
    }
}
