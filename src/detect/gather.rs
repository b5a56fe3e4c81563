//! Puts together what the tagger sees of each word (`feature.rs`), turn by turn: as sums of weights for tagging, and
//! as lists of features for training.

use super::cue::{Asked, Context, Near};
use super::feature::{Cases, Chunk, Codes, Group, ROWS, no_run, one, run, three, two, value};
use super::look::{Look, RunLook, looks, value_of};
use super::near;
use super::spoken::{Piece, Spoken};
use super::token::Tokens;
use crate::model::{Speaker, Transcript};
use crate::patterns::cues::Cues;
use crate::patterns::lexicon::bit;
use crate::patterns::model::{Model, Sums};
use std::ops::Range;

/// Everything known of a transcript before tagging.
pub(crate) struct Scene<'a> {
    pub transcript: &'a Transcript,
    pub tokens: &'a Tokens,
    pub spoken: &'a Spoken,
    pub context: &'a Context,
    /// The cue phrases, to name them.
    pub cues: &'a Cues,
    /// Per word, what the rules say: category number plus one, 0 for none.
    pub ruled: &'a [u8],
    /// Per word, its place in the name of a city.
    pub phrases: &'a [u8],
}

/// Words before and after a turn, as far as a feature looks.
const PAD: usize = 3;

/// A turn of a scene, ready to be looked at.
struct Turn<'a> {
    scene: &'a Scene<'a>,
    runs: &'a [RunLook],
    range: Range<usize>,
    asked: Asked,
    speaker: u64,
    /// Looks of the turn's words, with [`PAD`] of what is outside on either side.
    padded: Vec<Look>,
    near: Vec<u64>,
    ahead: Vec<u64>,
    /// First and last word of the chunk of a run that was looked at last.
    chunk: (usize, usize),
}

/// Hands every turn that has words to `each`.
fn turns(scene: &Scene<'_>, mut each: impl FnMut(&mut Turn<'_>)) {
    let looks = looks(scene.tokens);
    let runs: Vec<RunLook> = scene.spoken.runs.iter().map(RunLook::of).collect();
    let mut turn = Turn {
        scene,
        runs: &runs,
        range: 0..0,
        asked: Asked::default(),
        speaker: 0,
        padded: Vec::new(),
        near: Vec::new(),
        ahead: Vec::new(),
        chunk: (1, 0),
    };
    for (t, said) in scene.transcript.turns().iter().enumerate().filter(|(_, said)| !said.words.is_empty()) {
        turn.range = said.words.range();
        turn.asked = scene.context.asked[t];
        turn.speaker = match said.speaker {
            Speaker::Agent => 1,
            Speaker::Caller => 2,
            Speaker::Numbered(_) => 3,
            Speaker::Unknown => 4,
        };
        turn.padded.clear();
        turn.padded.extend([Look::OUTSIDE; PAD]);
        turn.padded.extend(&looks[turn.range.clone()]);
        turn.padded.extend([Look::OUTSIDE; PAD]);
        let tokens = &scene.tokens.list()[turn.range.clone()];
        near::near(tokens, &mut turn.near);
        near::ahead(tokens, &mut turn.ahead);
        turn.chunk = (1, 0);
        each(&mut turn);
    }
}

/// The sums of the weights of every word's features.
pub(crate) fn sums(scene: &Scene<'_>, model: &Model) -> Vec<Sums> {
    let mut out = vec![[0; _]; scene.tokens.list().len()];
    let mut memos = model.memos();
    let mut list = Vec::new();
    no_run(&mut list);
    let unspoken = model.sum(&list);
    turns(scene, |turn| {
        let rows = &mut out[turn.range.clone()];
        let n = rows.len();
        let mut give = |to: usize, sums: &Sums| {
            if let Some(row) = to.checked_sub(PAD).and_then(|i| rows.get_mut(i)) {
                row.iter_mut().zip(sums).for_each(|(sum, s)| *sum += s);
            }
        };
        for (i, w) in turn.padded.iter().enumerate() {
            let cases = turn.cases(i);
            let key = [w.key, w.case | cases.before << 8 | cases.after << 16, 0];
            let said = memos.one.rows(key, model, |row, list| one(list, row, w, cases));
            for (to, row) in [i, i.wrapping_sub(3), i + 3].into_iter().zip(said) {
                give(to, row);
            }
        }
        for (i, ab) in turn.padded.windows(2).enumerate() {
            let said = memos.two.rows([ab[0].key, ab[1].key, 0], model, |row, list| two(list, row, &ab[0], &ab[1]));
            for (to, row) in (0..ROWS).map(|row| (i + row).wrapping_sub(1)).zip(said) {
                give(to, row);
            }
        }
        for (i, abc) in turn.padded.windows(3).enumerate() {
            let [a, b, c] = [&abc[0], &abc[1], &abc[2]];
            let said = memos.three.rows([a.key, b.key, c.key], model, |row, list| three(list, row, a, b, c));
            for (to, row) in (i..).zip(said) {
                give(to, row);
            }
        }
        for i in 0..n {
            let (w, codes) = (turn.padded[i + PAD], turn.codes(i));
            for group in Group::ALL {
                let key = group.key(&w, &codes);
                give(i + PAD, &memos.placed.rows(key, model, |_, list| group.list(list, &w, &codes))[0]);
            }
            list.clear();
            if turn.number(i, &codes, &mut list) {
                give(i + PAD, &model.sum(&list));
            } else {
                give(i + PAD, &unspoken);
            }
        }
    });
    out
}

/// Computes the features of every word, in order, and hands them to `each` with the word's index.
#[cfg(any(test, feature = "train"))]
pub(crate) fn features(scene: &Scene<'_>, mut each: impl FnMut(usize, &[u64])) {
    let mut list = Vec::new();
    turns(scene, |turn| {
        for i in 0..turn.range.len() {
            list.clear();
            let at = i + PAD;
            let (p, codes) = (turn.padded.clone(), turn.codes(i));
            for (row, j) in [at, at + 3, at - 3].into_iter().enumerate() {
                one(&mut list, row, &p[j], turn.cases(j));
            }
            for row in 0..ROWS {
                let j = at + 1 - row;
                two(&mut list, row, &p[j], &p[j + 1]);
                let j = at - row;
                three(&mut list, row, &p[j], &p[j + 1], &p[j + 2]);
            }
            for group in Group::ALL {
                group.list(&mut list, &p[at], &codes);
            }
            if !turn.number(i, &codes, &mut list) {
                no_run(&mut list);
            }
            each(turn.range.start + i, &list);
        }
    });
}

impl Turn<'_> {
    /// Cases around the word at a place in [`Turn::padded`]; none around what is outside.
    fn cases(&self, at: usize) -> Cases {
        let case = |at: Option<&Look>| at.map_or(Look::OUTSIDE.case, |l| l.case);
        if (PAD..PAD + self.range.len()).contains(&at) {
            Cases { before: case(self.padded.get(at - 1)), after: case(self.padded.get(at + 1)) }
        } else {
            Cases { before: 0, after: 0 }
        }
    }

    /// What stands around the turn's word `i`.
    fn codes(&self, i: usize) -> Codes {
        let (context, word) = (self.scene.context, self.range.start + i);
        let n = self.range.len();
        let (start, end, length) = (i.min(3) as u64, (n - 1 - i).min(3) as u64, n.min(6) as u64);
        Codes {
            before: near_code(&context.before[word]),
            after: near_code(&context.after[word]),
            inside: u64::from(context.inside[word]),
            asked: asked_code(&self.asked),
            asked_kinds: u64::from(self.asked.first.kind) ^ u64::from(self.asked.last.kind) << 8,
            speaker: self.speaker,
            place: start ^ end << 3 ^ length << 6,
            letter: u64::from(self.scene.spoken.of_word[word].1 == Piece::Letter),
            ruled: u64::from(self.scene.ruled[word]),
            phrase: u64::from(self.scene.phrases[word]),
            ahead: self.ahead[i],
            near: self.near[i],
        }
    }

    /// Puts the features of the turn's word `i` as part of a run, or as a number in none, on the list; says
    /// whether it is in a run, or else puts them there as far as it is a number.
    fn number(&mut self, i: usize, codes: &Codes, list: &mut Vec<u64>) -> bool {
        let word = self.range.start + i;
        let token = &self.scene.tokens.list()[word];
        let look = self.scene.spoken.of_word[word].0.checked_sub(1).map(|run| &self.runs[run as usize]);
        let number = match look {
            Some(look) => look.value,
            None if token.has_digits() && !token.is(bit::ORDINAL) => value_of(self.scene.tokens.word(word)),
            None => 0,
        };
        if number != 0 {
            let around = [i + PAD - 2, i + PAD - 1, i + PAD + 1].map(|at| self.padded[at].word);
            value(list, number, around, codes.before_kind(), token.shape.letters > 0);
        }
        match look {
            Some(look) => run(list, &self.chunk(word, look), codes.asked),
            None if number != 0 => no_run(list),
            None => return false,
        }
        true
    }

    /// The run around a word of the turn.
    fn chunk(&mut self, word: usize, look: &RunLook) -> Chunk {
        let Scene { spoken, tokens, context, .. } = self.scene;
        let (tokens, range) = (tokens.list(), &self.range);
        let (id, piece) = spoken.of_word[word];
        if !(self.chunk.0..=self.chunk.1).contains(&word) {
            let rest = spoken.of_word[word + 1..range.end].iter().take_while(|w| w.0 == id).count();
            self.chunk = (word, word + rest);
        }
        let (first, last) = self.chunk;
        let run = &spoken.runs[id as usize - 1];
        let (run_first, run_last) = (run.words[0] as usize, *run.words.last().unwrap_or(&0) as usize);
        let after = (last + 1 < range.end).then(|| &tokens[last + 1]);
        let hash = |before: usize| if first >= range.start + before { tokens[first - before].hash } else { 1 };
        Chunk {
            shape: look.shape,
            year: look.year,
            digits: u64::from(run.digits),
            piece: piece as u64,
            place: u64::from(word == run_first)
                | u64::from(word == run_last) << 1
                | u64::from(run_first < range.start) << 2
                | u64::from(run_last >= range.end) << 3,
            edges: u64::from(first == range.start) | u64::from(last + 1 == range.end) << 1,
            before: hash(1),
            before2: hash(2),
            after: after.map_or(1, |t| t.hash),
            after_sort: after.map_or(1, |t| t.class.flags),
            cue: u64::from(context.before[first].kind),
            cue_after: u64::from(context.after[last].kind) ^ u64::from(context.after[last].words.min(3)) << 8,
            asked_kind: u64::from(self.asked.last.kind),
        }
    }
}

fn near_code(near: &Near) -> u64 {
    let far = match near.words {
        0 => 0,
        1..=2 => 1,
        3..=6 => 2,
        _ => 3,
    };
    u64::from(near.kind) | if near.kind == 0 { 0 } else { far << 8 }
}

fn asked_code(asked: &Asked) -> u64 {
    u64::from(asked.last.kind) | u64::from(asked.last.words.min(3)) << 8 | u64::from(asked.other) << 12
}
