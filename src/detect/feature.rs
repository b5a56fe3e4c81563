//! What the tagger sees of each word: hashes of the word, its neighbours, its run and the cues around it.
//! Adding, removing or changing a feature means training again.

use super::cue::{Asked, Context, Near};
use super::spoken::{Piece, Run, Spoken};
use super::token::{Token, Tokens};
use crate::model::{Speaker, Transcript};
use crate::patterns::cues::Cues;
use crate::patterns::hash::mix;
use crate::patterns::lexicon::{bit, lists_of_word};

/// Most features a word has.
pub(crate) const FEATURES_MAX: usize = 104;
/// Most words of a city's name ("village of oak creek" has four).
const CITY_WORDS_MAX: usize = 4;

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

/// Looks of one word, computed once and used by its neighbours too.
#[derive(Clone, Copy, Default)]
struct Look {
    /// The word itself; digits by their shape.
    word: u64,
    /// Its class, or how common it is and as what.
    sort: u64,
    /// How it is listed as a name.
    name: u64,
    /// Case and the punctuation before it.
    case: u64,
}

const OUTSIDE: Look = Look { word: 1, sort: 1, name: 1, case: 1 };

/// Computes the features of every word, in order, and hands them to `each` with the word's index.
pub(crate) fn features(scene: &Scene<'_>, mut each: impl FnMut(usize, &[u64])) {
    let looks = looks(scene);
    let runs: Vec<RunLook> = scene.spoken.runs.iter().map(RunLook::of).collect();
    let mut list = Vec::with_capacity(FEATURES_MAX);
    for (t, turn) in scene.transcript.turns().iter().enumerate() {
        let range = turn.words.range();
        let places = Places::of(scene, range.clone());
        let mut chunk = Chunk::default();
        for i in range.clone() {
            chunk = if i > range.start && i <= chunk.last { chunk } else { Chunk::at(scene.spoken, i, range.end) };
            let run_look = scene.spoken.of_word[i].0.checked_sub(1).map(|run| &runs[run as usize]);
            list.clear();
            let at = |offset: isize| {
                let j = i as isize + offset;
                if j >= range.start as isize && j < range.end as isize { looks[j as usize] } else { OUTSIDE }
            };
            words(&mut list, &at);
            affixes(&mut list, scene, i);
            value(&mut list, scene, i, run_look, &at);
            run(&mut list, scene, i, run_look, chunk, range.clone());
            cues(&mut list, scene, t, i, &looks[i]);
            places.add(&mut list, i - range.start, &looks[i]);
            position(&mut list, scene, t, i, range.clone(), &looks[i]);
            each(i, &list);
        }
    }
}

fn put(list: &mut Vec<u64>, template: u64, a: u64, b: u64) {
    list.push(mix(template.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ a
        ^ b.rotate_left(23).wrapping_mul(0xff51_afd7_ed55_8ccd)));
}

fn looks(scene: &Scene<'_>) -> Vec<Look> {
    let list = scene.tokens.list();
    let mut looks = Vec::with_capacity(list.len());
    let mut stop = 2;
    for token in list {
        let shape = token.has_digits().then(|| digit_shape(token));
        let common = u64::from(token.lists.lower);
        let name = u64::from(token.lists.given) | u64::from(token.lists.surname) << 3 | common << 6;
        let sort = match shape {
            Some(s) => s,
            None if token.class.flags != 0 => token.class.flags ^ 0x5555 ^ u64::from(token.lists.given > 3) << 50,
            None => 1 << 60 | name | u64::from(token.lists.city) << 9 | u64::from(token.lists.medical) << 12,
        };
        let case = if scene.tokens.cased {
            8 | u64::from(token.shape.capital) | u64::from(token.shape.upper) << 1 | u64::from(stop) << 4
        } else {
            0
        };
        looks.push(Look {
            word: shape.unwrap_or(token.hash),
            sort,
            name: 1 << 62 | name | u64::from(token.lists.capital) << 9,
            case,
        });
        stop = token.shape.stop;
    }
    looks
}

fn digit_shape(token: &Token) -> u64 {
    1 << 61
        | u64::from(token.shape.digits.min(20))
        | u64::from(token.shape.letters.min(7)) << 8
        | u64::from(token.shape.inner) << 16
        | u64::from(token.shape.money) << 24
        | u64::from(token.shape.at) << 25
        | u64::from(token.is(bit::ORDINAL)) << 26
}

fn words(list: &mut Vec<u64>, at: &impl Fn(isize) -> Look) {
    let (p3, p2, p1, w, n1, n2, n3) = (at(-3), at(-2), at(-1), at(0), at(1), at(2), at(3));
    put(list, 1, w.word, 0);
    put(list, 2, p1.word, 0);
    put(list, 3, n1.word, 0);
    put(list, 4, p2.word, 0);
    put(list, 5, n2.word, 0);
    put(list, 6, p1.word, w.word);
    put(list, 7, w.word, n1.word);
    put(list, 8, p2.word, p1.word);
    put(list, 9, n1.word, n2.word);
    put(list, 10, w.sort, 0);
    put(list, 11, p1.sort, 0);
    put(list, 12, n1.sort, 0);
    put(list, 13, p1.sort, w.sort);
    put(list, 14, w.sort, n1.sort);
    put(list, 15, p1.sort ^ w.sort.rotate_left(7), n1.sort);
    put(list, 16, p1.word, w.sort);
    put(list, 17, w.sort, n1.word);
    put(list, 18, w.name, 0);
    put(list, 19, p1.name, w.name);
    put(list, 20, w.name, n1.name);
    put(list, 21, w.case, p1.case);
    put(list, 22, w.case, w.name);
    put(list, 23, w.case ^ w.sort, n1.case);
    put(list, 24, p3.word, 0);
    put(list, 25, n3.word, 0);
    put(list, 26, p2.word ^ p1.word.rotate_left(11), w.sort);
    put(list, 27, p3.word ^ p2.word.rotate_left(11) ^ p1.word.rotate_left(29), 0);
    put(list, 28, p2.sort, w.sort);
    put(list, 29, w.sort, n2.sort);
    put(list, 30, p1.word, n1.word);
    put(list, 31, p2.word, w.name);
    put(list, 32, p1.word, w.name);
    put(list, 33, w.name, n1.word);
    put(list, 34, w.sort ^ n1.sort.rotate_left(7), n2.sort);
    put(list, 35, w.sort ^ p1.sort.rotate_left(7), p2.sort);
}

fn value(list: &mut Vec<u64>, scene: &Scene<'_>, i: usize, run: Option<&RunLook>, at: &impl Fn(isize) -> Look) {
    let value = run.map_or_else(|| written_value(scene, i), |run| run.value);
    if value == 0 {
        return;
    }
    let (before, after) = (scene.context.before[i].kind, at(1));
    put(list, 82, value, at(-1).word);
    put(list, 83, value, after.word);
    put(list, 84, value, u64::from(before));
    put(list, 85, value, at(-1).word ^ at(-2).word.rotate_left(9));
    put(list, 86, value, u64::from(scene.tokens.list()[i].shape.letters > 0));
}

/// Most common word, by [`Packed::lower`](crate::patterns::layout::Packed), whose ends are looked at.
const RARE_LOWER_MAX: u32 = 2;

/// How a rare word begins and ends: names and drugs that no list has are known by their ends.
fn affixes(list: &mut Vec<u64>, scene: &Scene<'_>, i: usize) {
    let token = &scene.tokens.list()[i];
    let word = scene.tokens.word(i).as_bytes();
    if token.lists.lower > RARE_LOWER_MAX || token.has_digits() || word.len() < 4 {
        return;
    }
    let ends = |from: usize, to: usize| word[from..to].iter().fold(0_u64, |h, b| h << 8 | u64::from(*b));
    put(list, 90, ends(word.len() - 3, word.len()), 0);
    put(list, 91, ends(word.len() - 2, word.len()), u64::from(token.lists.medical));
    put(list, 92, ends(0, 3), 0);
}

/// Looks of one run, computed once for all its words: a run may be as long as the call.
struct RunLook {
    /// How many digits and letters it means, and how it was said.
    shape: u64,
    year: u64,
    /// Its value, where it is a number.
    value: u64,
    /// In which order digits, letters and symbols stand ("A9999"), and whether it counts up or down.
    pattern: u64,
}

impl RunLook {
    fn of(run: &Run) -> Self {
        let has = |c: char| u64::from(run.text.contains(c));
        let shape = 1
            | u64::from(run.digits.min(20)) << 1
            | u64::from(run.letters.min(7)) << 6
            | u64::from(run.single) << 9
            | has('/') << 10
            | has('.') << 11
            | has(':') << 12
            | has('-') << 13;
        let value = if run.letters == 0 { value_of(&run.text) } else { 0 };
        Self { shape, year: year_like(&run.text), value, pattern: pattern(&run.text) ^ u64::from(run.counts()) << 63 }
    }
}

/// The words of a run that stand together in one turn.
#[derive(Clone, Copy, Default)]
struct Chunk {
    first: usize,
    last: usize,
}

impl Chunk {
    /// The chunk that starts at word `i` of a turn that ends before word `end`.
    fn at(spoken: &Spoken, i: usize, end: usize) -> Self {
        let id = spoken.of_word[i].0;
        let rest = if id == 0 { 0 } else { spoken.of_word[i + 1..end].iter().take_while(|w| w.0 == id).count() };
        Self { first: i, last: i + rest }
    }
}

/// Longest text whose pattern is told from others.
const PATTERN_BYTES_MAX: usize = 18;

/// A text with every digit read as 9 and every letter as A.
fn pattern(text: &str) -> u64 {
    text.bytes().take(PATTERN_BYTES_MAX).fold(1, |h, b| {
        let kind = match b {
            b'0'..=b'9' => b'9',
            b if b.is_ascii_alphabetic() => b'A',
            other => other,
        };
        mix(h ^ u64::from(kind)) >> 1
    })
}

fn year_like(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let tail = if bytes.len() >= 4 { &text[text.len().saturating_sub(4)..] } else { "" };
    let year = |t: &str| matches!(t.get(..2), Some("19" | "20")) && t.bytes().all(|b| b.is_ascii_digit());
    let month = |t: &str| t.parse::<u32>().is_ok_and(|m| (1..=12).contains(&m));
    let two = text.get(..2).is_some_and(month);
    let one = text.get(..1).is_some_and(month);
    u64::from(year(tail)) | u64::from(two) << 1 | u64::from(one) << 2
}

fn run(
    list: &mut Vec<u64>,
    scene: &Scene<'_>,
    i: usize,
    look: Option<&RunLook>,
    chunk: Chunk,
    range: std::ops::Range<usize>,
) {
    let (id, piece) = scene.spoken.of_word[i];
    let shape = look.map_or(0, |look| look.shape);
    let piece_code = piece as u64;
    put(list, 40, shape, piece_code);
    let Some(look) = look else { return };
    let run = &scene.spoken.runs[id as usize - 1];
    let tokens = scene.tokens.list();
    let (first, last) = (run.words[0] as usize, *run.words.last().unwrap_or(&0) as usize);
    let Chunk { first: chunk_first, last: chunk_last } = chunk;
    let after = tokens.get(chunk_last + 1).filter(|_| chunk_last + 1 < range.end);
    let before = (chunk_first > range.start).then(|| &tokens[chunk_first - 1]);
    let after_word = after.map_or(1, |t| t.hash);
    let after_sort = after.map_or(1, |t| t.class.flags);
    let before_word = before.map_or(1, |t| t.hash);
    let place = u64::from(i == first)
        | u64::from(i == last) << 1
        | u64::from(first < range.start) << 2
        | u64::from(last >= range.end) << 3;
    let before2 = if chunk_first > range.start + 1 { tokens[chunk_first - 2].hash } else { 1 };
    put(list, 41, shape, place ^ piece_code << 8);
    put(list, 42, shape, after_word);
    put(list, 43, shape, before_word);
    put(list, 44, after_word, before_word);
    put(list, 45, after_sort, shape);
    put(list, 46, shape, look.year);
    put(list, 47, u64::from(run.digits.min(12)), after_word);
    put(list, 48, before_word ^ before2.rotate_left(9), u64::from(run.digits > 2));
    let before_cue = scene.context.before[chunk_first];
    let asked = scene.context.asked_at(scene.transcript, i);
    put(list, 49, shape, u64::from(before_cue.kind));
    put(list, 50, shape, asked_code(&asked));
    put(list, 51, u64::from(before_cue.kind) ^ u64::from(asked.last.kind) << 8, u64::from(run.digits.min(12)));
    put(
        list,
        52,
        shape,
        u64::from(scene.context.after[chunk_last].kind) ^ u64::from(scene.context.after[chunk_last].words.min(3)) << 8,
    );
    put(
        list,
        53,
        shape ^ u64::from(chunk_first == range.start) << 40 ^ u64::from(chunk_last + 1 == range.end) << 41,
        asked_code(&asked),
    );
    put(list, 93, look.pattern, u64::from(before_cue.kind));
    put(list, 94, look.pattern, u64::from(asked.last.kind));
    put(list, 95, look.pattern, before_word);
    put(list, 96, look.pattern, after_word);
    put(list, 54, look.year ^ u64::from(run.digits) << 4, u64::from(before_cue.kind) ^ u64::from(asked.last.kind) << 8);
}

/// Value of a number that is written and is no part of a run.
fn written_value(scene: &Scene<'_>, i: usize) -> u64 {
    let token = &scene.tokens.list()[i];
    if token.has_digits() && !token.is(bit::ORDINAL) { value_of(scene.tokens.word(i)) } else { 0 }
}

/// Value of a small number: 0 none, 1 under 90, 2 to 99, 3 to 120, 4 above.
fn value_of(text: &str) -> u64 {
    let digits = text.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    match digits.parse::<u32>() {
        Ok(n) if n < 90 => 1,
        Ok(n) if n < 100 => 2,
        Ok(n) if n <= 120 && digits.len() == 3 => 3,
        Ok(_) => 4,
        Err(_) => 0,
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

fn cues(list: &mut Vec<u64>, scene: &Scene<'_>, t: usize, i: usize, look: &Look) {
    let context = scene.context;
    let before = near_code(&context.before[i]);
    let after = near_code(&context.after[i]);
    let asked = context.asked[t];
    put(list, 60, before, 0);
    put(list, 61, after, 0);
    put(list, 62, before, look.sort);
    put(list, 63, after, look.sort);
    put(list, 64, asked_code(&asked), look.sort);
    put(list, 65, asked_code(&asked), before);
    put(list, 66, u64::from(asked.first.kind) ^ u64::from(asked.last.kind) << 8, look.sort);
    put(list, 67, before, look.name);
    put(list, 68, asked_code(&asked), look.name);
    put(list, 69, u64::from(context.inside[i]), look.word);
    put(list, 70, u64::from(scene.ruled[i]), 0);
}

/// Distances to words that end an address or an email, which may stand some words away.
struct Places {
    /// Per word of the turn: words to the next and from the last of each kind, 15 for none near.
    next: Vec<[u8; 5]>,
    last: Vec<[u8; 5]>,
}

const KINDS: [u64; 5] = [bit::STREET, bit::STATE, bit::DOMAIN, bit::MONTH, bit::UNIT];
const NEAR: u8 = 7;

impl Places {
    fn of(scene: &Scene<'_>, range: std::ops::Range<usize>) -> Self {
        let tokens = &scene.tokens.list()[range];
        let sweep = |order: &mut dyn Iterator<Item = usize>| {
            let mut out = vec![[15; 5]; tokens.len()];
            let mut gap = [15_u8; 5];
            for i in order {
                for (k, bits) in KINDS.iter().enumerate() {
                    out[i][k] = if gap[k] > NEAR { 15 } else { gap[k] };
                    gap[k] = if tokens[i].is(*bits) { 1 } else { gap[k].saturating_add(1).min(15) };
                }
            }
            out
        };
        Self { next: sweep(&mut (0..tokens.len()).rev()), last: sweep(&mut (0..tokens.len())) }
    }

    fn add(&self, list: &mut Vec<u64>, i: usize, look: &Look) {
        let near = |d: u8| u64::from(if d > NEAR { 0 } else { d });
        for k in 0..3 {
            put(list, 71 + k as u64, near(self.next[i][k]), look.sort);
        }
        put(list, 74, near(self.last[i][0]) ^ near(self.last[i][1]) << 4, look.sort);
        put(list, 75, near(self.last[i][2]) ^ near(self.next[i][2]) << 4, look.word);
        put(list, 76, near(self.last[i][3]) ^ near(self.next[i][3]) << 4, look.sort);
        put(list, 77, near(self.last[i][4]), look.sort);
    }
}

/// Whether a state or a number stands within three words after this one.
fn near_state(scene: &Scene<'_>, i: usize, range: &std::ops::Range<usize>) -> u64 {
    let ahead = &scene.tokens.list()[i + 1..range.end.min(i + 4)];
    u64::from(ahead.iter().any(|t| t.is(bit::STATE)))
        | u64::from(ahead.iter().any(|t| t.has_digits() || t.is(bit::DIGIT | bit::TENS | bit::TEEN))) << 1
}

/// Per word: its place in a city's name on the list (1 first, 2 later, 4 a name of one word), 0 for none.
pub(crate) fn city_phrases(transcript: &Transcript, tokens: &Tokens) -> Vec<u8> {
    let mut out = vec![0; tokens.list().len()];
    for turn in transcript.turns() {
        let range = turn.words.range();
        for i in range.clone() {
            let lists = tokens.list()[i].lists;
            if lists.city > 0 && out[i] == 0 {
                out[i] = 4;
            }
            if !lists.city_first {
                continue;
            }
            for n in (2..=CITY_WORDS_MAX).filter(|n| i + n <= range.end) {
                let text = &tokens.text()[tokens.list()[i].range().start..tokens.list()[i + n - 1].range().end];
                if tokens.list()[i + 1..i + n].iter().all(|t| t.lists.city_rest) && lists_of_word(text).city > 0 {
                    out[i] = 1;
                    out[i + 1..i + n].fill(2);
                }
            }
        }
    }
    out
}

fn position(list: &mut Vec<u64>, scene: &Scene<'_>, t: usize, i: usize, range: std::ops::Range<usize>, look: &Look) {
    let speaker = match scene.transcript.turns()[t].speaker {
        Speaker::Agent => 1,
        Speaker::Caller => 2,
        Speaker::Numbered(_) => 3,
        Speaker::Unknown => 4,
    };
    let start = (i - range.start).min(3) as u64;
    let end = (range.end - 1 - i).min(3) as u64;
    let length = range.len().min(6) as u64;
    put(list, 78, start ^ end << 3 ^ length << 6, look.sort);
    put(list, 79, start ^ end << 3 ^ length << 6, asked_code(&scene.context.asked[t]));
    put(list, 80, speaker, look.sort);
    put(list, 87, u64::from(scene.phrases[i]), 0);
    put(
        list,
        88,
        u64::from(scene.phrases[i]),
        u64::from(scene.context.before[i].kind) ^ near_state(scene, i, &range) << 8,
    );
    let piece = scene.spoken.of_word[i].1;
    put(list, 81, u64::from(piece == Piece::Letter), start ^ end << 3 ^ length << 6 ^ u64::from(look.name != 0) << 20);
}
