//! Puts together what the tagger sees of each word (`feature.rs`), turn by turn: as sums of weights for tagging, and
//! as lists of features for training.

use super::cue::{Asked, Context, Near};
use super::feature::{
    Chunk, Codes, Group, ONE, REACH, THREE, TWO, no_run, one, rare, run, run_word, three, two, value,
};
use super::gate::{self, GATE_FEATURES};
use super::look::{Look, RunLook, looks, value_of};
use super::near::{self, last, next};
use super::settle::is_mask;
use super::spoken::{Piece, Run, Spoken};
use super::token::Tokens;
use crate::model::{Speaker, Transcript};
use crate::patterns::cues::Cues;
use crate::patterns::lexicon::bit;
use crate::patterns::memo::Memos;
use crate::patterns::model::Model;
use crate::patterns::roles::Roles;
use crate::patterns::weights::Sums;
use std::ops::Range;

/// Everything known of a transcript before tagging.
pub(crate) struct Scene<'a> {
    pub transcript: &'a Transcript,
    pub tokens: &'a Tokens,
    pub spoken: &'a Spoken,
    pub context: &'a Context,
    /// The cue phrases, to name them.
    pub cues: &'a Cues,
    /// The weights that tell what runs are.
    pub roles: &'a Roles,
    /// Per word, what the rules say: category number plus one, 0 for none.
    pub ruled: &'a [u8],
    /// Per word, its place in the name of a city.
    pub phrases: &'a [u8],
}

/// Places before and after the words of a turn, for what is outside it.
const PAD: usize = REACH;

/// A turn of a scene, ready to be looked at.
struct Turn<'a> {
    scene: &'a Scene<'a>,
    runs: &'a [RunLook],
    range: Range<usize>,
    asked: Asked,
    asked_code: u64,
    speaker: u64,
    /// Looks of the turn's words, with [`PAD`] of what is outside on either side.
    looks: Vec<Look>,
    near: Vec<u64>,
    ahead: Vec<u64>,
    /// The chunk of a run that was looked at last.
    chunk: Span,
}

/// First and last word of a chunk: words of a run that stand together.
type Span = (usize, usize);

/// Hands every turn that has words to `each`.
fn turns(scene: &Scene<'_>, mut each: impl FnMut(&mut Turn<'_>)) {
    let mut looks = looks(scene.tokens);
    let runs: Vec<RunLook> = scene.spoken.runs.iter().map(RunLook::of).collect();
    let mut turn = Turn {
        scene,
        runs: &runs,
        range: 0..0,
        asked: Asked::default(),
        asked_code: 0,
        speaker: 0,
        looks: Vec::new(),
        near: Vec::new(),
        ahead: Vec::new(),
        chunk: (1, 0),
    };
    for (t, said) in scene.transcript.turns().iter().enumerate().filter(|(_, said)| !said.words.is_empty()) {
        turn.range = said.words.range();
        turn.asked = scene.context.asked[t];
        turn.asked_code = asked_code(&turn.asked);
        turn.speaker = match said.speaker {
            Speaker::Agent => 1,
            Speaker::Caller => 2,
            Speaker::Numbered(_) => 3,
            Speaker::Unknown => 4,
        };
        turn.looks.clear();
        turn.looks.extend([Look::OUTSIDE; PAD]);
        turn.looks.extend(looks.by_ref().take(turn.range.len()));
        turn.looks.extend([Look::OUTSIDE; PAD]);
        let tokens = &scene.tokens.list()[turn.range.clone()];
        near::near(tokens, &mut turn.near);
        near::ahead(tokens, &mut turn.ahead);
        turn.chunk = (1, 0);
        each(&mut turn);
    }
}

/// What the model says of the words that pass the gate.
pub(crate) struct Looked {
    /// Per word, the place of its sums plus one; 0 for a word that does not pass.
    pub row_of: Vec<u32>,
    /// The sums of the weights of a word's features.
    pub sums: Vec<Sums>,
}

/// The sums of the weights of the features of every word that passes the gate. Masks that an earlier pass wrote do not.
pub(crate) fn sums(scene: &Scene<'_>, model: &Model) -> Looked {
    let mut looked = Looked { row_of: vec![0; scene.tokens.list().len()], sums: Vec::new() };
    let (mut passed, mut rows, mut seen) = (Vec::new(), Vec::new(), Vec::new());
    let mut memos = model.memos();
    // What the words of a chunk share is added up once for all of them.
    let mut chunk: (Option<Span>, Sums) = (None, [0; _]);
    turns(scene, |turn| {
        passed.clear();
        seen.clear();
        for (at, word) in (PAD..).zip(turn.range.clone()) {
            let codes = turn.codes(at);
            let passes = !is_mask(scene.tokens, word) && model.gate().passes(&turn.gate(at, &codes));
            passed.push(passes);
            if passes {
                seen.push((at, codes));
            }
        }
        if seen.is_empty() {
            return;
        }
        rows.clear();
        rows.resize(passed.len(), [0; _]);
        near_words(turn, &mut memos, model, &passed, &mut rows);
        for (at, codes) in &seen {
            let (w, row) = (turn.looks[*at], &mut rows[*at - PAD]);
            for group in Group::ALL {
                let fill = |sums: &mut [Sums; 1]| group.features(&w, codes, |f| model.add(f, &mut sums[0]));
                plus(row, &memos.placed.rows(group.key(&w, codes), fill)[0]);
            }
            turn.rare(*at, |f| model.add(f, row));
            turn.number(*at, codes, |f| model.add(f, row));
            if let Some(span) = turn.chunk_at(*at) {
                if chunk.0 != Some(span) {
                    chunk = (Some(span), [0; _]);
                    run(&turn.chunk(span), codes.asked, |f| model.add(f, &mut chunk.1));
                }
                plus(row, &chunk.1);
            }
            looked.sums.push(*row);
            looked.row_of[turn.range.start + *at - PAD] = looked.sums.len() as u32;
        }
    });
    looked
}

/// Adds what words, pairs and triples say to the rows of a turn, where they are near a word that passed the gate.
fn near_words(turn: &Turn<'_>, memos: &mut Memos, model: &Model, passed: &[bool], rows: &mut [Sums]) {
    let looks = &turn.looks;
    // Rows `first - REACH - PAD ..` take the sums: is any of them wanted?
    let wanted = |first: usize, count: usize| {
        let end = (first + count).saturating_sub(REACH + PAD).min(passed.len());
        passed[first.saturating_sub(REACH + PAD).min(end)..end].contains(&true)
    };
    for (at, w) in looks.iter().enumerate().filter(|(at, _)| wanted(*at, ONE)) {
        let (inside, domain) = turn.inside_and_domain(at);
        let fill = |sums: &mut [Sums; ONE]| one(w, inside, domain, |row, f| model.add(f, &mut sums[row]));
        give(rows, at, memos.one.rows([w.key, inside | domain << 8, 0], fill));
    }
    for (at, ab) in looks.windows(2).enumerate().filter(|(at, _)| wanted(at + REACH - 1, TWO)) {
        let (a, b) = (&ab[0], &ab[1]);
        let fill = |sums: &mut [Sums; TWO]| two(a, b, |row, f| model.add(f, &mut sums[row]));
        give(rows, at + REACH - 1, memos.two.rows([a.key, b.key, 0], fill));
    }
    for (at, abc) in looks.windows(3).enumerate().filter(|(at, _)| wanted(at + REACH, THREE)) {
        let sorts = [abc[0].sort, abc[1].sort, abc[2].sort];
        let fill = |sums: &mut [Sums; THREE]| three(sorts, |row, f| model.add(f, &mut sums[row]));
        give(rows, at + REACH, memos.three.rows(sorts, fill));
    }
}

/// Adds sums to the rows of a turn. The first is for the word `first - REACH - PAD`, if there is one.
fn give(rows: &mut [Sums], first: usize, said: &[Sums]) {
    let outside = (REACH + PAD).saturating_sub(first);
    if let (Some(rows), Some(said)) = (rows.get_mut(first + outside - REACH - PAD..), said.get(outside..)) {
        rows.iter_mut().zip(said).for_each(|(row, sums)| plus(row, sums));
    }
}

fn plus(row: &mut Sums, sums: &Sums) {
    row.iter_mut().zip(sums).for_each(|(sum, more)| *sum += more);
}

/// Computes the features of every word, in order, and hands them to `each` with the word's index.
#[cfg(any(test, feature = "train"))]
pub(crate) fn features(scene: &Scene<'_>, mut each: impl FnMut(usize, &[u64])) {
    let mut list = Vec::new();
    turns(scene, |turn| {
        for i in 0..turn.range.len() {
            list.clear();
            let (at, codes) = (i + PAD, turn.codes(i + PAD));
            let looks = turn.looks.clone();
            for row in 0..ONE {
                let j = at + REACH - row;
                let (inside, domain) = turn.inside_and_domain(j);
                one(&looks[j], inside, domain, |r, f| list.extend((r == row).then_some(f)));
            }
            for row in 0..TWO {
                let j = at + 1 - row;
                two(&looks[j], &looks[j + 1], |r, f| list.extend((r == row).then_some(f)));
            }
            for row in 0..THREE {
                let j = at - row;
                three([0, 1, 2].map(|k| looks[j + k].sort), |r, f| list.extend((r == row).then_some(f)));
            }
            for group in Group::ALL {
                group.features(&looks[at], &codes, |f| list.push(f));
            }
            turn.rare(at, |f| list.push(f));
            turn.number(at, &codes, |f| list.push(f));
            if let Some(span) = turn.chunk_at(at) {
                run(&turn.chunk(span), codes.asked, |f| list.push(f));
            }
            each(turn.range.start + i, &list);
        }
    });
}

/// What the gate sees of every word.
#[cfg(feature = "train")]
pub(crate) fn gate_features(scene: &Scene<'_>) -> Vec<Vec<u32>> {
    let mut out = vec![Vec::new(); scene.tokens.list().len()];
    turns(scene, |turn| {
        for (list, at) in out[turn.range.clone()].iter_mut().zip(PAD..) {
            *list = turn.gate(at, &turn.codes(at)).to_vec();
        }
    });
    out
}

impl Turn<'_> {
    /// Whether a place of [`Turn::looks`] is inside a cue, and where the domains around it are; outside the turn 0.
    fn inside_and_domain(&self, at: usize) -> (u64, u64) {
        let i = at.wrapping_sub(PAD);
        self.near.get(i).map_or((0, 0), |near| {
            (u64::from(self.scene.context.inside[self.range.start + i]), last(*near, 2) ^ next(*near, 2) << 4)
        })
    }

    /// What the gate sees of a word.
    fn gate(&self, at: usize, codes: &Codes) -> [u32; GATE_FEATURES] {
        let (run, piece) = self.scene.spoken.of_word[self.range.start + at - PAD];
        let run = run.checked_sub(1).map_or(0, |run| self.runs[run as usize].shape | (piece as u64) << 32);
        gate::seen([at - 2, at - 1, at, at + 1].map(|at| &self.looks[at]), codes, run)
    }

    fn rare(&self, at: usize, put: impl FnMut(u64)) {
        let look = |at: usize| &self.looks[at];
        rare([look(at - 3), look(at - 2), look(at - 1), look(at), look(at + 1)], put);
    }

    /// What stands around a word's place of [`Turn::looks`].
    fn codes(&self, at: usize) -> Codes {
        let (n, i) = (self.range.len(), at - PAD);
        let (context, word) = (self.scene.context, self.range.start + i);
        let (start, end, length) = (i.min(3) as u64, (n - 1 - i).min(3) as u64, n.min(6) as u64);
        Codes {
            case_before: self.looks[at - 1].case,
            case_after: self.looks[at + 1].case,
            before: near_code(&context.before[word]),
            after: near_code(&context.after[word]),
            asked: self.asked_code,
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

    /// Puts the features of a word as a number, and by itself in a run or in none.
    fn number(&self, at: usize, codes: &Codes, mut put: impl FnMut(u64)) {
        let Scene { spoken, tokens, .. } = self.scene;
        let word = self.range.start + at - PAD;
        let token = &tokens.list()[word];
        let (id, piece) = spoken.of_word[word];
        let look = id.checked_sub(1).map(|run| &self.runs[run as usize]);
        let number = match look {
            Some(look) => look.value,
            None if token.has_digits() && !token.is(bit::ORDINAL) => value_of(tokens.word(word)),
            None => 0,
        };
        if number != 0 {
            let around = [at - 2, at - 1, at + 1].map(|at| self.looks[at].word);
            value(number, around, codes.before_kind(), token.shape.letters > 0, &mut put);
        }
        let Some(look) = look else { return no_run(put) };
        let (first, last) = ends(&spoken.runs[id as usize - 1]);
        let place = u64::from(word == first)
            | u64::from(word == last) << 1
            | u64::from(first < self.range.start) << 2
            | u64::from(last >= self.range.end) << 3;
        run_word(look.shape, piece as u64, place, put);
    }

    /// The chunk that a word is in; it begins at the first of its words that is asked for.
    fn chunk_at(&mut self, at: usize) -> Option<Span> {
        let (of_word, word) = (&self.scene.spoken.of_word, self.range.start + at - PAD);
        let id = of_word[word].0;
        if id != 0 && !(self.chunk.0..=self.chunk.1).contains(&word) {
            let rest = of_word[word + 1..self.range.end].iter().take_while(|w| w.0 == id).count();
            self.chunk = (word, word + rest);
        }
        (id != 0).then_some(self.chunk)
    }

    /// What stands around a chunk of the turn.
    fn chunk(&self, (first, last): Span) -> Chunk {
        let Scene { spoken, tokens, context, transcript, .. } = self.scene;
        let (tokens, range) = (tokens.list(), &self.range);
        let id = spoken.of_word[first].0 as usize - 1;
        let (look, run) = (&self.runs[id], &spoken.runs[id]);
        let (run_first, _) = ends(run);
        let after = (last + 1 < range.end).then(|| &tokens[last + 1]);
        let hash = |before: usize| if first >= range.start + before { tokens[first - before].hash } else { 1 };
        Chunk {
            shape: look.shape,
            year: look.year,
            pattern: look.pattern,
            digits: u64::from(run.digits),
            edges: u64::from(first == range.start) | u64::from(last + 1 == range.end) << 1,
            before: hash(1),
            before2: hash(2),
            after: after.map_or(1, |t| t.hash),
            after_sort: after.map_or(1, |t| t.class.flags),
            cue: u64::from(context.before[first].kind),
            cue_after: u64::from(context.after[last].kind) ^ u64::from(context.after[last].words.min(3)) << 8,
            asked_kind: u64::from(self.asked.last.kind),
            opened: u64::from(context.before[run_first].kind)
                ^ u64::from(context.asked_at(transcript, run_first).last.kind) << 8,
        }
    }
}

/// The first and the last word of a run.
fn ends(run: &Run) -> (usize, usize) {
    (run.words[0] as usize, *run.words.last().unwrap_or(&0) as usize)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Phi;
    use crate::detect::Ground;
    use crate::model::{TimeSource, TranscriptBuilder, TurnKind};
    use crate::patterns::PatternSet;
    use crate::patterns::weights::FEATURES_MAX;

    #[test]
    fn remembered_sums_are_those_of_the_features_and_no_word_has_too_many() {
        let patterns = PatternSet::builtin().unwrap();
        let said = [
            "thank you for calling may i have your name and date of birth",
            "yes it's Maria Okonkwo-Smith, march fifth nineteen eighty two",
            "",
            "and the address? 4471 north oak street, apartment 3b in Saint Louis, ohio 43215",
            "m e one double four",
            "okay",
            "seven 12/04 and jay.brooks at example dot com",
        ];
        let mut b = TranscriptBuilder::new(TimeSource::None);
        for (i, said) in said.iter().chain(&said).enumerate() {
            b.turn(TurnKind::Spoken, if i % 2 == 0 { Speaker::Agent } else { Speaker::Numbered(2) }, None);
            b.say(Phi::new(said));
        }
        let transcript = b.build();
        let ground = Ground::of(&patterns, &transcript);
        let scene = ground.scene(&patterns, &transcript);
        let Looked { row_of, sums } = sums(&scene, patterns.model());
        let mut seen = 0;
        features(&scene, |i, list| {
            let row = row_of[i].checked_sub(1).map(|at| sums[at as usize]);
            assert!(list.len() <= FEATURES_MAX && row.is_none_or(|row| row == patterns.model().sum(list)), "word {i}");
            seen += 1;
        });
        assert_eq!(seen, row_of.len());
        assert!(sums.len() < seen && !sums.is_empty());
    }
}
