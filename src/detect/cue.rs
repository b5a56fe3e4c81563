//! What was asked and announced around each word: cues before and after it in its turn, and what the
//! turns before have opened.

use super::token::Tokens;
use crate::model::{Transcript, TurnKind};
use crate::patterns::cues::{CueKind, Cues};
use crate::patterns::hash::hash_bytes;
use std::ops::Range;

/// Turns for which an expectation stays open.
const EXPECT_TURNS_MAX: usize = 6;

/// A cue near a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Near {
    /// `CueKind::code`, 0 for none.
    pub kind: u8,
    /// Words between cue and word, at most 255.
    pub words: u8,
    /// The cue, for `Cues::cue`.
    pub cue: u16,
}

/// What earlier turns have opened for a turn.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked {
    /// Last cue of the nearest earlier turn that had an identifier's cue, and how many turns ago.
    pub last: Near,
    /// First such cue of that turn.
    pub first: Near,
    /// Whether that turn was the other side's.
    pub other: bool,
}

/// Cues around every word of a transcript.
pub(crate) struct Context {
    /// Nearest cue that ends before the word, in its turn.
    pub before: Vec<Near>,
    /// Nearest cue that starts after the word, in its turn.
    pub after: Vec<Near>,
    /// Per turn: what earlier turns opened.
    pub asked: Vec<Asked>,
    /// Whether the word is part of a cue.
    pub inside: Vec<bool>,
    /// Per turn: the kind of its last cue, 0 for none.
    pub closing: Vec<u8>,
}

impl Context {
    /// The kind of the last cue in the turns before that of a word, which has none before it; 0 where the nearest
    /// `turns` have none.
    pub fn closed_before(&self, transcript: &Transcript, word: usize, turns: usize) -> u8 {
        if self.before[word].kind != 0 {
            return 0;
        }
        let t = transcript.turn_of(word);
        self.closing[t.saturating_sub(turns)..t].iter().rev().copied().find(|kind| *kind != 0).unwrap_or(0)
    }

    /// What earlier turns have opened for the turn of a word.
    pub fn asked_at(&self, transcript: &Transcript, word: usize) -> Asked {
        let t = transcript.turn_of(word);
        self.asked.get(t).copied().unwrap_or_default()
    }
}

/// A cue that was found.
struct Found {
    words: Range<usize>,
    /// For `Cues::cue`.
    cue: u16,
    /// `CueKind::code`.
    kind: u8,
}

impl Found {
    /// The cue this many words away.
    fn near(&self, words: usize) -> Near {
        Near { kind: self.kind, words: words.min(255) as u8, cue: self.cue }
    }

    /// Whether it asks for or announces a category.
    fn is_identifiers(&self, cues: &Cues) -> bool {
        matches!(cues.cue(self.cue).1, CueKind::Category(_))
    }
}

/// Finds all cues and places them around the words.
pub(crate) fn context(transcript: &Transcript, tokens: &Tokens, cues: &Cues) -> Context {
    let n = tokens.list().len();
    let mut out = Context {
        before: vec![Near::default(); n],
        after: vec![Near::default(); n],
        asked: Vec::with_capacity(transcript.turns().len()),
        inside: vec![false; n],
        closing: Vec::with_capacity(transcript.turns().len()),
    };
    let found = transcript.turns().iter().flat_map(|turn| cues_of(tokens, turn.words.range(), cues)).collect();
    let found = without_attributes(tokens, found, cues);
    let mut next = 0;
    let mut history: Vec<(usize, Near, Near)> = Vec::new();
    for (t, turn) in transcript.turns().iter().enumerate() {
        out.asked.push(asked(transcript, t, &history));
        let range = turn.words.range();
        let from = next;
        while next < found.len() && found[next].words.start < range.end {
            next += 1;
        }
        let here = &found[from..next];
        fill(&mut out, range, here);
        out.closing.push(here.last().map_or(0, |found| found.kind));
        let mut identifiers = here.iter().filter(|found| found.is_identifiers(cues));
        if let Some(first) = identifiers.next() {
            history.push((t, first.near(0), identifiers.next_back().unwrap_or(first).near(0)));
        }
    }
    out
}

/// The cues of a turn, none inside another.
fn cues_of(tokens: &Tokens, turn: Range<usize>, cues: &Cues) -> Vec<Found> {
    let word = |at: usize| {
        let without_is = tokens.word(at).strip_suffix("'s").map(|word| hash_bytes(word.as_bytes()));
        (tokens.list()[at].hash, without_is)
    };
    let mut found = Vec::new();
    let mut at = turn.start;
    while at < turn.end {
        at += cues.longest((at..turn.end).map(word)).map_or(1, |(words, cue)| {
            found.push(Found { words: at..at + words, cue, kind: cues.cue(cue).1.code() });
            words
        });
    }
    found
}

/// Most words between a cue and one that only says of what it is ("number, let's see, on the account").
const ATTRIBUTE_WORDS_MAX: usize = 6;

/// Leaves out cues of one word that only say where the thing named before them is to be found: "the phone number
/// on the account" asks for a phone number.
fn without_attributes(tokens: &Tokens, found: Vec<Found>, cues: &Cues) -> Vec<Found> {
    let mut out: Vec<Found> = Vec::with_capacity(found.len());
    for cue in found {
        let attribute = cue.words.len() == 1
            && cue.is_identifiers(cues)
            && out.last().is_some_and(|head| {
                let words = head.words.end..cue.words.start;
                let linked = |i| matches!(tokens.word(i), "on" | "of" | "for" | "with" | "from" | "in");
                head.is_identifiers(cues)
                    && (2..=ATTRIBUTE_WORDS_MAX).contains(&words.len())
                    && words.clone().any(linked)
                    && words.into_iter().all(|i| {
                        let token = &tokens.list()[i];
                        token.lists.lower >= 5 && token.shape.stop < 2
                    })
            });
        if !attribute {
            out.push(cue);
        }
    }
    out
}

fn asked(transcript: &Transcript, t: usize, history: &[(usize, Near, Near)]) -> Asked {
    let turn = &transcript.turns()[t];
    let (from, limit) = match turn.kind {
        TurnKind::Spoken => (t, t),
        TurnKind::Unspoken => return Asked::default(),
        // A second reading stands where its spoken turn stands.
        TurnKind::Alternate { of } => (of.map_or(t, |o| o as usize), of.map_or(t, |o| o as usize)),
    };
    let at = history.partition_point(|h| h.0 < limit);
    let Some((asker, first, last)) = history[..at].last() else { return Asked::default() };
    let ago = from - asker;
    if ago > EXPECT_TURNS_MAX {
        return Asked::default();
    }
    let with = |n: &Near| Near { words: ago as u8, ..*n };
    Asked { last: with(last), first: with(first), other: transcript.turns()[*asker].speaker != turn.speaker }
}

fn fill(out: &mut Context, range: Range<usize>, here: &[Found]) {
    let mut at = 0;
    let mut before = None;
    for i in range {
        while let Some(ended) = here.get(at).filter(|found| found.words.end <= i) {
            before = Some(ended);
            at += 1;
        }
        if let Some(found) = before {
            out.before[i] = found.near(i - found.words.end);
        }
        if let Some(ahead) = here[at..].iter().find(|found| found.words.start > i) {
            out.after[i] = ahead.near(ahead.words.start - i - 1);
        }
        out.inside[i] = here.get(at).is_some_and(|found| found.words.start <= i);
    }
}
