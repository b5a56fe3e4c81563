//! Spans by hand on the pages of a call: the transcript with what waits to be hidden, the form to mark words, requests and the
//! decision on them.

use super::super::asked::Who;
use super::super::spans::{ByHand, in_source};
use super::csrf;
use super::show::{chip, clock, name, time};
use super::transcript::{Shown, turns};
use crate::access::orders::Eyes;
use crate::access::spans::{Added, Request, Spans};
use crate::model::by_hand::{self, Place};
use crate::model::manifest::{Artifact, Manifest, Role};
use crate::model::{Category, Piece, Transcript};
use maud::{Markup, html as markup};
use std::collections::BTreeMap;
use std::ops::Range;

/// The transcripts of a call, in a form where words can be marked.
///
/// Times are those of the recording that is played, of piece `played`: parts of a call each have a clock of their own.
pub(super) fn transcript(
    who: &Who,
    manifest: &Manifest,
    transcripts: &[Transcript],
    by_hand: &ByHand,
    played: Option<Piece>,
) -> Markup {
    let pieces = manifest.artifacts.iter().filter(|artifact| artifact.role() == Role::Transcript).map(Artifact::piece);
    let parts: Vec<_> = pieces.map(|piece| piece.and_then(|piece| piece.part)).collect();
    let clock =
        |file: usize| clock_of(manifest, parts.get(file).copied().flatten(), played.and_then(|played| played.part));
    let list = markup! {
        ol.turns {
            @for (file, transcript) in transcripts.iter().enumerate() {
                (turns(&Shown { file, transcript, can_mark: by_hand.is_marking, clock: clock(file), waits: &|word| waits(manifest, by_hand, file, word) }))
            }
        }
    };
    markup! {
        @if by_hand.is_marking {
            form method="post" action={ "/calls/" (manifest.call.as_str()) "/spans" } {
                (csrf(who))
                p.small.faint {
                    "Mark words that should be hidden, or masked stretches that need not be; with Shift from one to another. "
                    "Words are hidden by the next run once a privacy officer agrees; what is hidden stays hidden, and becomes an example for better patterns."
                }
                (list)
                div.marks {
                    label for="category" { "These words are a" }
                    (categories())
                    button.main name="what" value="hide" { "Hide them" }
                    button name="what" value="needless" formnovalidate { "Hidden needlessly" }
                    a.button href={ "/calls/" (manifest.call.as_str()) } { "Cancel" }
                }
            }
        } @else {
            p.small.faint { "Redacted. Names, numbers and the like are hidden; the voice is not." }
            (list)
        }
    }
}

/// Which times of a transcript are heard in the recording that is played, and begin it; none where it is of another part.
/// Parts have clocks of their own where both come in parts; else what is whole has the clock of the call.
fn clock_of(manifest: &Manifest, said: Option<u16>, played: Option<u16>) -> Range<u32> {
    let Some(part) = played else { return 0..u32::MAX };
    match said {
        Some(said) if said == part => 0..u32::MAX,
        Some(_) => 0..0,
        None => {
            let mut lengths: BTreeMap<u16, u64> = BTreeMap::new();
            for artifact in &manifest.artifacts {
                if let (Artifact::Recording { duration_ms, .. }, Some(Piece { part: Some(part), .. })) =
                    (artifact, artifact.piece())
                {
                    let length = lengths.entry(part).or_default();
                    *length = (*length).max(*duration_ms);
                }
            }
            let before: u64 = lengths.range(..part).map(|(_, length)| length).sum();
            let until = before + lengths.get(&part).copied().unwrap_or(0);
            let ms = |ms: u64| u32::try_from(ms).unwrap_or(u32::MAX);
            ms(before)..ms(until)
        }
    }
}

/// What a stretch can be.
pub(super) fn categories() -> Markup {
    markup! {
        select id="category" name="category" required {
            option value="" { "Choose" }
            @for category in Category::ALL.iter().rev() { option value=(category.label()) { (name(*category)) } }
        }
    }
}

/// As what a word is going to be hidden: somebody has asked for it, and this copy does not have it yet.
fn waits(manifest: &Manifest, by_hand: &ByHand, file: usize, word: usize) -> Option<Category> {
    let asked = by_hand.waiting.iter().flat_map(|(_, spans)| &spans.added).chain(&by_hand.agreed.added);
    let mut asked = asked.peekable();
    asked.peek()?;
    let source = &manifest.sources.iter().filter(|source| source.role == Role::Transcript).nth(file)?.sha256;
    let mut resumes = manifest.artifacts.iter().filter_map(|artifact| match artifact {
        Artifact::Transcript { resumes, .. } => Some(resumes),
        Artifact::Recording { .. } => None,
    });
    let word = in_source(resumes.nth(file)?, word as u32);
    asked.find_map(|added| match &added.span.at {
        Place::Words(words) if words.transcript == *source && (words.from..words.until).contains(&word) => {
            Some(added.span.category)
        }
        _ => None,
    })
}

/// What stands beside the transcript.
pub(super) fn panel(who: &Who, manifest: &Manifest, by_hand: &ByHand) -> Markup {
    let agreed: Vec<_> = by_hand.agreed.added.iter().map(|added| added.span.clone()).collect();
    let is_done = by_hand::digest(&agreed) == manifest.by_hand;
    let path = format!("/calls/{}", manifest.call);
    markup! {
        @if by_hand.may_mark && !(by_hand.is_marking && agreed.is_empty() && by_hand.waiting.is_empty()) {
            section.panel aria-labelledby="by-hand" {
                h2 id="by-hand" { "Something is not hidden?" }
                @if !by_hand.is_marking { p { a.button href={ (path) "?mark=yes#transcript" } { "Mark words" } } }
                @if !agreed.is_empty() {
                    p.small { (count(agreed.len())) " added by hand" @if is_done { "." } @else { "; the next run hides what is new." } }
                }
                (requests(who, &path, by_hand.may_agree, by_hand.eyes, &by_hand.waiting))
            }
        }
    }
}

/// Requests that wait, each with the decision on it.
pub(super) fn requests(who: &Who, path: &str, may_agree: bool, eyes: Eyes, waiting: &[(Request, Spans)]) -> Markup {
    markup! {
        @if !waiting.is_empty() {
            ul.notes.requests { @for (request, spans) in waiting { (one(who, path, may_agree, eyes, request, spans)) } }
        }
    }
}

fn one(who: &Who, path: &str, may_agree: bool, eyes: Eyes, request: &Request, spans: &Spans) -> Markup {
    let is_own = spans.added.iter().any(|added| added.asked.by == who.principal.user);
    markup! {
        li {
            @for added in &spans.added { (span(added)) " " }
            @if let Some(added) = spans.added.first() {
                p.small.faint { "asked for by " (added.asked.by.as_str()) ", " (time(added.asked.at)) }
            }
            @if may_agree {
                form method="post" action={ (path) "/spans/decision" } {
                    (csrf(who))
                    input type="hidden" name="request" value=(request.id.as_str());
                    @if eyes == Eyes::Two || !is_own { button.main name="decision" value="agree" { "Agree" } " " }
                    button name="decision" value="withdraw" { "Take back" }
                }
            }
            @if is_own && eyes == Eyes::Four || !may_agree { p.small role="status" { (waits_for(may_agree)) } }
        }
    }
}

const fn waits_for(may_agree: bool) -> &'static str {
    if may_agree { "Another privacy officer must agree." } else { "Waits for a privacy officer." }
}

fn span(added: &Added) -> Markup {
    let category = added.span.category;
    markup! {
        @match &added.span.at {
            Place::Words(words) => {
                @if let Some(from) = words.time.map(|time| time.start_ms()) {
                    button.plain type="button" data-seek=(from) aria-label={ "Play from " (clock(from.into())) } { (clock(from.into())) } " "
                }
                (chip(category, None)) " "
                span.small { (words.until - words.from) @if words.until - words.from == 1 { " word" } @else { " words" } }
            },
            Place::Time(time) => { (tenths(time.start_ms())) "–" (tenths(time.end_ms())) " " (chip(category, None)) },
        }
    }
}

/// Milliseconds as `1:02.5`.
fn tenths(ms: u32) -> String {
    format!("{}.{}", clock(ms.into()), ms / 100 % 10)
}

fn count(spans: usize) -> String {
    if spans == 1 { "1 span was".to_owned() } else { format!("{spans} spans were") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_recording_that_is_played() {
        let mut manifest = Manifest::parse(include_bytes!("../../../docs/examples/manifest.v1.json")).unwrap();
        let mut lay = |names: &[&str]| {
            let recording = manifest.artifacts.iter().find(|a| a.role() == Role::Recording).unwrap().clone();
            manifest.artifacts.retain(|a| a.role() == Role::Transcript);
            manifest.artifacts.extend(names.iter().map(|new| {
                let mut recording = recording.clone();
                if let Artifact::Recording { name, duration_ms, .. } = &mut recording {
                    (*name, *duration_ms) = ((*new).to_owned(), 60_000);
                }
                recording
            }));
            manifest.clone()
        };
        let whole = lay(&["recording.wav"]);
        assert_eq!(clock_of(&whole, None, None), 0..u32::MAX);
        assert_eq!(clock_of(&whole, Some(2), None), 0..u32::MAX, "parts of a transcript on the clock of the recording");
        let parts = lay(&["recording-part1-ch0.wav", "recording-part1-ch1.wav", "recording-part2.wav"]);
        assert_eq!(clock_of(&parts, Some(2), Some(2)), 0..u32::MAX);
        assert!(clock_of(&parts, Some(1), Some(2)).is_empty(), "another part");
        assert_eq!(clock_of(&parts, None, Some(2)), 60_000..120_000, "a transcript of the whole call");
    }
}
