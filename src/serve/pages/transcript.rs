//! The masked transcript on the page: turns, words with their times, masked stretches as chips; and the same with a box for each
//! word, to mark what should be hidden and what need not be.

use super::show::{clock, colour, name};
use crate::base::TimeSpan;
use crate::model::{Category, Speaker, Transcript, Turn, TurnKind};
use maud::{Markup, html as markup};
use std::ops::Range;

/// A transcript among those of its call.
pub(super) struct Shown<'a> {
    /// Its number.
    pub file: usize,
    /// Its words.
    pub transcript: &'a Transcript,
    /// Whether words can be marked.
    pub can_mark: bool,
    /// Which of its times are heard in the recording that is played, and begin it.
    pub clock: Range<u32>,
    /// As what a word is going to be hidden.
    pub waits: &'a dyn Fn(usize) -> Option<Category>,
}

impl Shown<'_> {
    /// When a word begins in the recording that is played, milliseconds.
    fn heard(&self, time: Option<TimeSpan>) -> Option<u32> {
        let start_ms = time?.start_ms();
        self.clock.contains(&start_ms).then(|| start_ms - self.clock.start)
    }
}

/// What was said, turn by turn.
pub(super) fn turns(shown: &Shown<'_>) -> Markup {
    let turns = shown.transcript.turns().iter().filter(|turn| turn.kind == TurnKind::Spoken);
    markup! { @for turn in turns { (said(shown, turn)) } }
}

fn said(shown: &Shown<'_>, turn: &Turn) -> Markup {
    let transcript = shown.transcript;
    let start = transcript.words()[turn.words.range()].iter().find_map(|word| shown.heard(word.time));
    markup! {
        li data-start=[start] {
            @match start {
                Some(start) => button.plain.at.small type="button" data-seek=(start) aria-label={ "Play from " (clock(start.into())) } { (clock(start.into())) },
                None => span {},
            }
            span.who { (speaker(turn)) }
            span.said.marking[shown.can_mark] {
                @for said in pieces(transcript, turn.words.range()) {
                    @if shown.can_mark { (boxed(shown, &said)) } @else { (piece(shown, &said)) }
                    " "
                }
            }
        }
    }
}

fn speaker(turn: &Turn) -> String {
    match (turn.speaker, turn.channel) {
        (Speaker::Agent, _) => "Agent".to_owned(),
        (Speaker::Caller, _) => "Caller".to_owned(),
        (Speaker::Numbered(n), _) => format!("Speaker {n}"),
        (Speaker::Unknown, Some(channel)) => format!("Channel {}", channel + 1),
        (Speaker::Unknown, None) => String::new(),
    }
}

/// What stands in a turn: a word, or the masked words of one stretch.
struct Said<'a> {
    first: usize,
    before: &'a str,
    masked: Option<Category>,
    after: &'a str,
    words: usize,
    time: Option<TimeSpan>,
}

/// The words of a turn, masks of one category that follow each other taken together.
fn pieces(transcript: &Transcript, words: Range<usize>) -> Vec<Said<'_>> {
    let mut pieces: Vec<Said<'_>> = Vec::new();
    for first in words {
        let text = transcript.word_text(first).into_exposed();
        let time = transcript.words()[first].time;
        let mask = |category: &Category| Some((*category, text.split_once(category.mask())?));
        match (Category::ALL.iter().find_map(mask), pieces.last_mut()) {
            (Some((category, ("", after))), Some(last)) if last.masked == Some(category) && last.after.is_empty() => {
                (last.after, last.words) = (after, last.words + 1);
            }
            (Some((category, (before, after))), _) => {
                pieces.push(Said { first, before, masked: Some(category), after, words: 1, time });
            }
            (None, _) => pieces.push(Said { first, before: text, masked: None, after: "", words: 1, time }),
        }
    }
    pieces
}

/// A word, or a masked stretch as a chip, with the time at which it is said.
fn piece(shown: &Shown<'_>, said: &Said<'_>) -> Markup {
    let Said { first, before, masked, after, words, time } = said;
    let (waits, start_ms) = ((shown.waits)(*first), shown.heard(*time));
    markup! {
        @match (masked, waits) {
            (Some(category), _) => {
                (before) span class={ "chip " (colour(*category)) } data-t=[start_ms]
                    title=[(*words > 1).then(|| format!("{words} words"))] { (name(*category)) } (after)
            },
            (None, Some(category)) => span class={ "waits " (colour(category)) } data-t=[start_ms] title={ "To be hidden: " (name(category)) } { (before) },
            (None, None) => @if start_ms.is_some() { span data-t=[start_ms] { (before) } } @else { (before) },
        }
    }
}

/// The same with a box to mark it by.
fn boxed(shown: &Shown<'_>, said: &Said<'_>) -> Markup {
    let field = if said.masked.is_some() { "masked" } else { "word" };
    markup! {
        label.mark {
            input type="checkbox" name=(field) value={ (shown.file) "." (said.first) };
            (piece(shown, said))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Phi;
    use crate::model::{TimeSource, TranscriptBuilder};

    #[test]
    fn masks_of_one_stretch_are_one_chip_and_text_is_text() {
        let mut builder = TranscriptBuilder::new(TimeSource::None);
        builder.turn(TurnKind::Spoken, Speaker::Agent, None);
        builder.say(Phi::new("<b>hi</b> [NAME] [NAME], [NAME] [DOB] \"[SSN]\" [REDACTED]"));
        let transcript = builder.build();
        let turn = &transcript.turns()[0];
        let counts: Vec<_> =
            pieces(&transcript, turn.words.range()).iter().map(|p| (p.masked.map(Category::label), p.words)).collect();
        let want = [(None, 1), (Some("NAME"), 2), (Some("NAME"), 1), (Some("DOB"), 1), (Some("SSN"), 1), (None, 1)];
        assert_eq!(counts, want);
        for can_mark in [false, true] {
            let shown = Shown { file: 0, transcript: &transcript, can_mark, clock: 0..u32::MAX, waits: &|_| None };
            let html = turns(&shown).into_string();
            assert!(html.contains("&lt;b&gt;hi") && !html.contains("<b>"), "{html}");
            assert_eq!(html.matches("type=\"checkbox\"").count(), if can_mark { 6 } else { 0 });
        }
    }
}
