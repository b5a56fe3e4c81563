//! What the tagger sees of each word: hashes of the word, its neighbours, its run and the cues around it.
//! Adding, removing or changing a feature means training again.
//!
//! Features stand in groups that look at the same things, so that the sum of a group's weights can be remembered
//! (`gather.rs`). [`put`] makes one feature, from its number and two things that it looks at.

use super::look::Look;
use super::near::{last, next};
use crate::patterns::hash::mix;

/// Cases of a word's neighbours.
#[derive(Clone, Copy)]
pub(super) struct Cases {
    pub before: u64,
    pub after: u64,
}

/// What stands around a word besides words, as small numbers. What a group looks at is all in one field.
#[derive(Clone, Copy, Default)]
pub(super) struct Codes {
    /// The cue before: its kind, and from bit 8 on how far it is.
    pub before: u64,
    /// The cue after, likewise.
    pub after: u64,
    /// 1 inside a cue.
    pub inside: u64,
    /// What the turns before have opened: kind, distance from bit 8 on, whether the other side did from bit 12 on.
    pub asked: u64,
    /// Kinds of the first and, from bit 8 on, of the last cue of that turn.
    pub asked_kinds: u64,
    /// Who speaks.
    pub speaker: u64,
    /// Words to the start and the end of the turn, and the turn's length, as far as they are few.
    pub place: u64,
    /// 1 for a letter of a run.
    pub letter: u64,
    /// What the rules say.
    pub ruled: u64,
    /// The place in a city's name.
    pub phrase: u64,
    /// Whether a state, or a number, follows soon.
    pub ahead: u64,
    /// Words to the next and the last of some classes, packed (`near.rs`); 0 where none is near.
    pub near: u64,
}

impl Codes {
    /// Kind of the cue before.
    pub const fn before_kind(&self) -> u64 {
        self.before & 0xff
    }
}

fn put(list: &mut Vec<u64>, template: u64, a: u64, b: u64) {
    list.push(mix(template.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ a
        ^ b.rotate_left(23).wrapping_mul(0xff51_afd7_ed55_8ccd)));
}

/// Rows of [`two`] and [`three`].
pub(super) const ROWS: usize = 4;

/// What a word says of itself (row 0), of the third word before it, and of the third after it.
pub(super) fn one(list: &mut Vec<u64>, row: usize, w: &Look, cases: Cases) {
    match row {
        0 => {
            put(list, 1, w.word, 0);
            put(list, 10, w.sort, 0);
            put(list, 18, w.name, 0);
            put(list, 21, w.case, cases.before);
            put(list, 22, w.case, w.name);
            put(list, 23, w.case ^ w.sort, cases.after);
        }
        1 => put(list, 25, w.word, 0),
        _ => put(list, 24, w.word, 0),
    }
}

/// What two words in a row say of the word before them (row 0), of the first, of the second, of the word after them.
pub(super) fn two(list: &mut Vec<u64>, row: usize, a: &Look, b: &Look) {
    match row {
        0 => {
            put(list, 5, b.word, 0);
            put(list, 9, a.word, b.word);
        }
        1 => {
            put(list, 3, b.word, 0);
            put(list, 7, a.word, b.word);
            put(list, 12, b.sort, 0);
            put(list, 14, a.sort, b.sort);
            put(list, 17, a.sort, b.word);
            put(list, 20, a.name, b.name);
            put(list, 33, a.name, b.word);
        }
        2 => {
            put(list, 2, a.word, 0);
            put(list, 6, a.word, b.word);
            put(list, 11, a.sort, 0);
            put(list, 13, a.sort, b.sort);
            put(list, 16, a.word, b.sort);
            put(list, 19, a.name, b.name);
            put(list, 32, a.word, b.name);
        }
        _ => {
            put(list, 4, a.word, 0);
            put(list, 8, a.word, b.word);
        }
    }
}

/// What three words in a row say of the first (row 0), the second, the third, and of the word after them.
pub(super) fn three(list: &mut Vec<u64>, row: usize, a: &Look, b: &Look, c: &Look) {
    match row {
        0 => {
            put(list, 29, a.sort, c.sort);
            put(list, 34, a.sort ^ b.sort.rotate_left(7), c.sort);
        }
        1 => {
            put(list, 15, a.sort ^ b.sort.rotate_left(7), c.sort);
            put(list, 30, a.word, c.word);
        }
        2 => {
            put(list, 26, a.word ^ b.word.rotate_left(11), c.sort);
            put(list, 28, a.sort, c.sort);
            put(list, 31, a.word, c.name);
            put(list, 35, c.sort ^ b.sort.rotate_left(7), a.sort);
        }
        _ => put(list, 27, a.word ^ b.word.rotate_left(11) ^ c.word.rotate_left(29), 0),
    }
}

/// Groups of features of a word in its context. What each looks at is its [`Group::key`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    /// The word behind a cue.
    Before = 1,
    /// The word before a cue, or inside one.
    After,
    /// The word in a turn that was asked for something.
    Asked,
    /// The word's place in its turn.
    Place,
    /// The context by itself.
    Context,
    /// The spot in the text by itself: rules and cities.
    Spot,
    /// The word near a street, a state, a domain, a month, a unit.
    Near,
}

impl Group {
    pub const ALL: [Self; 7] =
        [Self::Before, Self::After, Self::Asked, Self::Place, Self::Context, Self::Spot, Self::Near];

    /// All that the group's features look at, and nothing else: equal keys have equal features.
    pub const fn key(self, w: &Look, c: &Codes) -> [u64; 3] {
        let group = (self as u64) << 56;
        match self {
            Self::Before => [w.key, c.before, group],
            Self::After => [w.key, c.after | c.inside << 32, group],
            Self::Asked => [w.key, c.asked | c.asked_kinds << 32, group | c.speaker],
            Self::Place => [w.key, c.place, group],
            Self::Context => [c.before | c.asked << 32, c.place, group | c.letter],
            Self::Spot => [c.ruled | c.phrase << 32, c.before_kind() | c.ahead << 32, group],
            Self::Near => [w.key, c.near, group],
        }
    }

    /// Puts the group's features on the list.
    pub fn list(self, list: &mut Vec<u64>, w: &Look, c: &Codes) {
        match self {
            Self::Before => {
                put(list, 62, c.before, w.sort);
                put(list, 67, c.before, w.name);
            }
            Self::After => {
                put(list, 61, c.after, 0);
                put(list, 63, c.after, w.sort);
                put(list, 69, c.inside, w.word);
            }
            Self::Asked => {
                put(list, 64, c.asked, w.sort);
                put(list, 66, c.asked_kinds, w.sort);
                put(list, 68, c.asked, w.name);
                put(list, 80, c.speaker, w.sort);
            }
            Self::Place => put(list, 78, c.place, w.sort),
            Self::Context => {
                put(list, 60, c.before, 0);
                put(list, 65, c.asked, c.before);
                put(list, 79, c.place, c.asked);
                put(list, 81, c.letter, c.place ^ 1 << 20);
            }
            Self::Spot => {
                put(list, 70, c.ruled, 0);
                put(list, 87, c.phrase, 0);
                put(list, 88, c.phrase, c.before_kind() ^ c.ahead << 8);
            }
            Self::Near => {
                let (next, last) = (|kind| next(c.near, kind), |kind| last(c.near, kind));
                put(list, 71, next(0), w.sort);
                put(list, 72, next(1), w.sort);
                put(list, 73, next(2), w.sort);
                put(list, 74, last(0) ^ last(1) << 4, w.sort);
                put(list, 75, last(2) ^ next(2) << 4, w.word);
                put(list, 76, last(3) ^ next(3) << 4, w.sort);
                put(list, 77, last(4), w.sort);
            }
        }
    }
}

/// What a word sees of the run it is in.
pub(super) struct Chunk {
    /// How the run looks, and what it begins or ends like.
    pub shape: u64,
    pub year: u64,
    /// Digits that the run means, at most 65,535.
    pub digits: u64,
    /// What the word adds to the run.
    pub piece: u64,
    /// Whether the word is the run's first or last, and whether the run begins before the turn or ends after it.
    pub place: u64,
    /// Whether the words of the run that stand together begin or end the turn.
    pub edges: u64,
    /// Hashes of the words before and after those, and the classes of the one after.
    pub before: u64,
    pub before2: u64,
    pub after: u64,
    pub after_sort: u64,
    /// Kind of the cue before them.
    pub cue: u64,
    /// Kind of the cue after them, and how far it is.
    pub cue_after: u64,
    /// Kind of what the turns before have opened.
    pub asked_kind: u64,
}

/// Features of a word in no run.
pub(super) fn no_run(list: &mut Vec<u64>) {
    put(list, 40, 0, 0);
}

/// Features of a word in a run.
pub(super) fn run(list: &mut Vec<u64>, r: &Chunk, asked: u64) {
    put(list, 40, r.shape, r.piece);
    put(list, 41, r.shape, r.place ^ r.piece << 8);
    put(list, 42, r.shape, r.after);
    put(list, 43, r.shape, r.before);
    put(list, 44, r.after, r.before);
    put(list, 45, r.after_sort, r.shape);
    put(list, 46, r.shape, r.year);
    put(list, 47, r.digits.min(12), r.after);
    put(list, 48, r.before ^ r.before2.rotate_left(9), u64::from(r.digits > 2));
    put(list, 49, r.shape, r.cue);
    put(list, 50, r.shape, asked);
    put(list, 51, r.cue ^ r.asked_kind << 8, r.digits.min(12));
    put(list, 52, r.shape, r.cue_after);
    put(list, 53, r.shape ^ r.edges << 40, asked);
    put(list, 54, r.year ^ r.digits << 4, r.cue ^ r.asked_kind << 8);
}

/// Features of a word that is a number, or part of one, of this value: with the words before, the word after, the cue
/// before, and whether it has letters.
pub(super) fn value(list: &mut Vec<u64>, value: u64, [p2, p1, n1]: [u64; 3], cue: u64, letters: bool) {
    put(list, 82, value, p1);
    put(list, 83, value, n1);
    put(list, 84, value, cue);
    put(list, 85, value, p1 ^ p2.rotate_left(9));
    put(list, 86, value, u64::from(letters));
}
