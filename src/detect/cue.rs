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
        while next < found.len() && found[next].0 < range.end {
            next += 1;
        }
        let here = &found[from..next];
        fill(&mut out, range, here);
        out.closing.push(here.last().map_or(0, |c| c.3));
        let identifiers = |c: &&(usize, usize, u16, u8)| matches!(cues.cue(c.2).1, CueKind::Category(_));
        let near = |c: &(usize, usize, u16, u8)| Near { kind: c.3, words: 0, cue: c.2 };
        if let (Some(first), Some(last)) = (here.iter().find(identifiers), here.iter().rev().find(identifiers)) {
            history.push((t, near(first), near(last)));
        }
    }
    out
}

/// The cues of a turn, none inside another: first word, one past the last word, cue, kind code.
fn cues_of(tokens: &Tokens, turn: Range<usize>, cues: &Cues) -> Vec<(usize, usize, u16, u8)> {
    let word = |at: usize| {
        let without_is = tokens.word(at).strip_suffix("'s").map(|word| hash_bytes(word.as_bytes()));
        (tokens.list()[at].hash, without_is)
    };
    let mut found = Vec::new();
    let mut at = turn.start;
    while at < turn.end {
        at += cues.longest((at..turn.end).map(word)).map_or(1, |(words, cue)| {
            found.push((at, at + words, cue, cues.cue(cue).1.code()));
            words
        });
    }
    found
}

/// Most words between a cue and one that only says of what it is ("number, let's see, on the account").
const ATTRIBUTE_WORDS_MAX: usize = 6;

/// Leaves out cues of one word that only say where the thing named before them is to be found: "the phone number
/// on the account" asks for a phone number.
fn without_attributes(
    tokens: &Tokens,
    found: Vec<(usize, usize, u16, u8)>,
    cues: &Cues,
) -> Vec<(usize, usize, u16, u8)> {
    let identifier = |c: &(usize, usize, u16, u8)| matches!(cues.cue(c.2).1, CueKind::Category(_));
    let mut out: Vec<(usize, usize, u16, u8)> = Vec::with_capacity(found.len());
    for cue in found {
        let attribute = cue.1 == cue.0 + 1
            && identifier(&cue)
            && out.last().is_some_and(|head| {
                let words = head.1..cue.0;
                let linked = |i| matches!(tokens.word(i), "on" | "of" | "for" | "with" | "from" | "in");
                identifier(head)
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

fn fill(out: &mut Context, range: Range<usize>, here: &[(usize, usize, u16, u8)]) {
    let mut at = 0;
    let mut before: Option<(usize, u16, u8)> = None;
    for i in range {
        while at < here.len() && here[at].1 <= i {
            before = Some((here[at].1, here[at].2, here[at].3));
            at += 1;
        }
        if let Some((end, cue, kind)) = before {
            out.before[i] = Near { kind, words: (i - end).min(255) as u8, cue };
        }
        let ahead = here[at..].iter().find(|c| c.0 > i);
        if let Some((start, _, cue, kind)) = ahead {
            out.after[i] = Near { kind: *kind, words: (start - i - 1).min(255) as u8, cue: *cue };
        }
        out.inside[i] = here.get(at).is_some_and(|c| c.0 <= i);
    }
}
