//! What the tagger sees of each word: hashes of the word, its neighbours, its run and the cues around it.
//! Adding, removing or changing a feature means training again.
//!
//! Features stand in groups that look at the same things, so that the sum of a group's weights can be remembered
//! (`gather.rs`). [`put`] makes one feature, from its number and two things that it looks at.

use super::look::Look;
use super::near::{last, next};
use crate::patterns::hash::mix;

/// What stands around a word besides words, as small numbers. What a group looks at is all in one field.
#[derive(Clone, Copy)]
pub(super) struct Codes {
    /// Cases of the words before and after.
    pub case_before: u64,
    pub case_after: u64,
    /// The cue before: its kind, and from bit 8 on how far it is.
    pub before: u64,
    /// The cue after, likewise.
    pub after: u64,
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

/// A feature: its number and what it looks at.
fn seen(template: u64, a: u64, b: u64) -> u64 {
    mix(template.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ a ^ b.rotate_left(23).wrapping_mul(0xff51_afd7_ed55_8ccd))
}

/// Words before and after a word that its features look at.
pub(super) const REACH: usize = 3;
/// Rows of [`one`], [`two`] and [`three`].
pub(super) const ONE: usize = 2 * REACH + 1;
pub(super) const TWO: usize = 4;
pub(super) const THREE: usize = 3;

/// What a word says of its neighbours and itself: row 0 for the third word before it, row 3 for itself, row 6 for the
/// third word after it. `inside` is 1 inside a cue, `domain` says where domains are.
pub(super) fn one(w: &Look, inside: u64, domain: u64, mut put: impl FnMut(usize, u64)) {
    put(0, seen(25, w.word, 0));
    put(1, seen(5, w.word, 0));
    put(2, seen(3, w.word, 0));
    put(2, seen(12, w.sort, 0));
    put(3, seen(1, w.word, 0));
    put(3, seen(10, w.sort, 0));
    put(3, seen(18, w.name, 0));
    put(3, seen(69, inside, w.word));
    put(3, seen(75, domain, w.word));
    if w.ends != 0 {
        put(3, seen(90, w.ends & 0xff_ffff, 0));
        put(3, seen(91, w.ends & 0xffff, w.ends >> 48));
        put(3, seen(92, w.ends >> 24 & 0xff_ffff, 0));
    }
    put(4, seen(2, w.word, 0));
    put(4, seen(11, w.sort, 0));
    put(5, seen(4, w.word, 0));
    put(6, seen(24, w.word, 0));
}

/// What two words in a row say: row 0 of the word before them, then of the first, the second, the word after them.
pub(super) fn two(a: &Look, b: &Look, mut put: impl FnMut(usize, u64)) {
    put(0, seen(9, a.word, b.word));
    put(1, seen(7, a.word, b.word));
    put(1, seen(14, a.sort, b.sort));
    put(1, seen(17, a.sort, b.word));
    put(1, seen(20, a.name, b.name));
    put(1, seen(33, a.name, b.word));
    put(2, seen(6, a.word, b.word));
    put(2, seen(13, a.sort, b.sort));
    put(2, seen(16, a.word, b.sort));
    put(2, seen(19, a.name, b.name));
    put(2, seen(32, a.word, b.name));
    put(3, seen(8, a.word, b.word));
}

/// What the sorts of three words in a row say of the first (row 0), the second and the third.
pub(super) fn three([a, b, c]: [u64; 3], mut put: impl FnMut(usize, u64)) {
    put(0, seen(29, a, c));
    put(0, seen(34, a ^ b.rotate_left(7), c));
    put(1, seen(15, a ^ b.rotate_left(7), c));
    put(2, seen(28, a, c));
    put(2, seen(35, c ^ b.rotate_left(7), a));
}

/// What three words and the next two say of the fourth; few of these features come twice.
pub(super) fn rare([p3, p2, p1, w, n1]: [&Look; 5], mut put: impl FnMut(u64)) {
    put(seen(26, p2.word ^ p1.word.rotate_left(11), w.sort));
    put(seen(27, p3.word ^ p2.word.rotate_left(11) ^ p1.word.rotate_left(29), 0));
    put(seen(30, p1.word, n1.word));
    put(seen(31, p2.word, w.name));
}

/// Groups of features of a word in its context. What each looks at is its [`Group::key`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    /// Case, here and on either side.
    Case = 1,
    /// The cue before.
    Before,
    /// The cue after.
    After,
    /// What the turns before have opened, and who speaks.
    Asked,
    /// The place in the turn.
    Place,
    /// Streets, states, months and units near by.
    Near,
    /// The context without the word.
    Alone,
}

impl Group {
    pub const ALL: [Self; 7] =
        [Self::Case, Self::Before, Self::After, Self::Asked, Self::Place, Self::Near, Self::Alone];

    /// All that the group's features look at, and nothing else: equal keys have equal features.
    pub const fn key(self, w: &Look, c: &Codes) -> [u64; 3] {
        let group = (self as u64) << 56;
        let kind = w.kind();
        match self {
            Self::Case => [kind, w.case | c.case_before << 8 | c.case_after << 16, group],
            Self::Before => [kind, c.before, group],
            Self::After => [kind, c.after, group],
            Self::Asked => [kind, c.asked | c.asked_kinds << 32, group | c.speaker],
            Self::Place => [w.sort, c.place, group],
            Self::Near => [kind, c.near, group],
            Self::Alone => {
                [c.before | c.asked << 32, c.place | c.letter << 16 | c.ahead << 24, group | c.ruled | c.phrase << 8]
            }
        }
    }

    /// Puts the group's features.
    pub fn features(self, w: &Look, c: &Codes, mut put: impl FnMut(u64)) {
        match self {
            Self::Case => {
                put(seen(21, w.case, c.case_before));
                put(seen(22, w.case, w.name));
                put(seen(23, w.case ^ w.sort, c.case_after));
            }
            Self::Before => {
                put(seen(62, c.before, w.sort));
                put(seen(67, c.before, w.name));
            }
            Self::After => {
                put(seen(61, c.after, 0));
                put(seen(63, c.after, w.sort));
            }
            Self::Asked => {
                put(seen(64, c.asked, w.sort));
                put(seen(66, c.asked_kinds, w.sort));
                put(seen(68, c.asked, w.name));
                put(seen(80, c.speaker, w.sort));
            }
            Self::Place => put(seen(78, c.place, w.sort)),
            Self::Near => {
                let (next, last) = (|kind| next(c.near, kind), |kind| last(c.near, kind));
                put(seen(71, next(0), w.sort));
                put(seen(72, next(1), w.sort));
                put(seen(73, next(2), w.sort));
                put(seen(74, last(0) ^ last(1) << 4, w.sort));
                put(seen(76, last(3) ^ next(3) << 4, w.sort));
                put(seen(77, last(4), w.sort));
            }
            Self::Alone => {
                put(seen(60, c.before, 0));
                put(seen(65, c.asked, c.before));
                put(seen(79, c.place, c.asked));
                put(seen(81, c.letter, c.place ^ 1 << 20));
                put(seen(70, c.ruled, 0));
                put(seen(87, c.phrase, 0));
                put(seen(88, c.phrase, c.before_kind() ^ c.ahead << 8));
            }
        }
    }
}

/// What the words of a run that stand together see of it.
pub(super) struct Chunk {
    /// How the run looks, and what it begins or ends like.
    pub shape: u64,
    pub year: u64,
    /// The order in which its digits, letters and symbols stand.
    pub pattern: u64,
    /// Digits that the run means, at most 65,535.
    pub digits: u64,
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
    /// Kinds of the cue before the run's first word and, from bit 8 on, of what was open in its turn: a run may go on
    /// for many turns.
    pub opened: u64,
}

/// Features of a word in no run.
pub(super) fn no_run(mut put: impl FnMut(u64)) {
    put(seen(40, 0, 0));
}

/// Features of a word by itself in a run that looks like `shape`: what it adds to the run, and whether it is the run's
/// first or last, and the run begins before the turn or ends after it.
pub(super) fn run_word(shape: u64, piece: u64, place: u64, mut put: impl FnMut(u64)) {
    put(seen(40, shape, piece));
    put(seen(41, shape, place ^ piece << 8));
}

/// Features that all words of a run that stand together have.
pub(super) fn run(r: &Chunk, asked: u64, mut put: impl FnMut(u64)) {
    put(seen(42, r.shape, r.after));
    put(seen(43, r.shape, r.before));
    put(seen(44, r.after, r.before));
    put(seen(45, r.after_sort, r.shape));
    put(seen(46, r.shape, r.year));
    put(seen(47, r.digits.min(12), r.after));
    put(seen(48, r.before ^ r.before2.rotate_left(9), u64::from(r.digits > 2)));
    put(seen(49, r.shape, r.cue));
    put(seen(50, r.shape, asked));
    put(seen(51, r.cue ^ r.asked_kind << 8, r.digits.min(12)));
    put(seen(52, r.shape, r.cue_after));
    put(seen(53, r.shape ^ r.edges << 40, asked));
    put(seen(93, r.pattern, r.cue));
    put(seen(94, r.pattern, r.asked_kind));
    put(seen(95, r.pattern, r.before));
    put(seen(96, r.pattern, r.after));
    put(seen(97, r.opened, r.shape));
    put(seen(98, r.opened, r.pattern));
    put(seen(54, r.year ^ r.digits << 4, r.cue ^ r.asked_kind << 8));
}

/// Features of a word that is a number, or part of one, of this value: with the words before, the word after, the cue
/// before, and whether it has letters.
pub(super) fn value(value: u64, [p2, p1, n1]: [u64; 3], cue: u64, letters: bool, mut put: impl FnMut(u64)) {
    put(seen(82, value, p1));
    put(seen(83, value, n1));
    put(seen(84, value, cue));
    put(seen(85, value, p1 ^ p2.rotate_left(9)));
    put(seen(86, value, u64::from(letters)));
}
