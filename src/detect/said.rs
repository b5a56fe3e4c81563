//! Finds the forms of known values in what is said: words, spelled letters, digits and numbers are put
//! together until they make a form, over fillers, back-channels, turns and read-backs in between.

use super::spoken::Spoken;
use super::token::{Token, Tokens};
use crate::base::WordSpan;
use crate::model::{Transcript, TurnKind};
use crate::patterns::known::{Form, Known, PART_MIN};
use crate::patterns::lexicon::bit;
use std::collections::BTreeMap;

/// Most other words between two pieces of a number ("and then the last part is").
const GAP_WORDS_MAX: u32 = 10;
/// Most words of any kind between two pieces.
const REACH_WORDS_MAX: u32 = 60;
/// Shortest piece next to such a gap, in letters and digits.
const CHUNK_MIN: u16 = 2;
/// Most forms begun at once; more than a call's values and a large roster ever have open.
const OPEN_MAX: usize = 4096;
/// Letters from which a name put together of other words is no accident.
const ODD_LETTERS_MIN: u16 = 8;

/// A form, or a part of one, as it was said.
pub(super) struct Hit<'f> {
    /// The form.
    pub form: &'f Form,
    /// Where, ascending; fillers and what else came in between left out.
    pub words: Vec<WordSpan>,
    /// Letters and digits of the form that were said.
    pub len: u16,
    /// Whether all of it was spelled or said as numbers.
    pub coded: bool,
}

impl Hit<'_> {
    /// Whether the form was said whole.
    pub const fn is_whole(&self) -> bool {
        self.len as usize == self.form.text.len()
    }

    /// First word to last, what came in between included.
    pub fn reach(&self) -> std::ops::Range<usize> {
        let (first, last) = (self.words.first(), self.words.last());
        first.map_or(0, |w| w.start as usize)..last.map_or(0, |w| w.end as usize)
    }
}

/// Hands on every form that is said, and every part of those that count in parts, from the shortest on.
pub(super) fn said<'f>(
    transcript: &Transcript,
    tokens: &Tokens,
    spoken: &Spoken,
    known: &'f Known,
    take: &mut dyn FnMut(Hit<'f>),
) {
    let mut reader = Reader { known, open: BTreeMap::new(), others: others(transcript, tokens) };
    let mut steps = spoken.steps.iter().peekable();
    for turn in transcript.turns() {
        // What is not said in the order of the call stands alone.
        let outer = (turn.kind != TurnKind::Spoken).then(|| std::mem::take(&mut reader.open));
        for i in turn.words.range() {
            while steps.peek().is_some_and(|s| (s.first as usize) < i) {
                steps.next();
            }
            let step = steps.peek().filter(|s| s.first as usize == i);
            let pieces = pieces(tokens, i, turn.words.range().end, step.map(|s| (s.end, spoken.text_of(s))));
            reader.hear(i as u32, &pieces, take);
        }
        if let Some(outer) = outer {
            reader.open = outer;
        }
    }
}

/// Per word: how many words before it were said that are no filler, symbol or link.
fn others(transcript: &Transcript, tokens: &Tokens) -> Vec<u32> {
    let mut out = Vec::with_capacity(tokens.list().len() + 1);
    let mut count = 0;
    out.push(0);
    for turn in transcript.turns() {
        for i in turn.words.range() {
            count += u32::from(turn.kind == TurnKind::Spoken && !is_link(tokens, i));
            out.push(count);
        }
    }
    out
}

/// Whether a word inside a value adds nothing to it.
pub(super) fn is_link(tokens: &Tokens, word: usize) -> bool {
    let token = &tokens.list()[word];
    token.is(bit::FILLER | bit::BACKCHANNEL | bit::SYMBOL) || LINKS.contains(&tokens.word(word))
}

/// Small words inside dates and addresses.
const LINKS: [&str; 9] = ["the", "of", "in", "number", "year", "on", "is", "it's", "that's"];

/// What one word, or a few together, may mean.
struct Piece {
    end: u32,
    text: String,
    /// Whether it is spelled or said as a number.
    coded: bool,
    /// Whether it may begin a form.
    begins: bool,
    /// Whether it is no ordinary word.
    rare: bool,
}

fn pieces(tokens: &Tokens, i: usize, end: usize, step: Option<(u32, &str)>) -> Vec<Piece> {
    let token = &tokens.list()[i];
    let mut out: Vec<Piece> = Vec::new();
    if token.shape.mask {
        return out;
    }
    let mut push = |end: u32, text: String, coded: bool, begins: bool| {
        if !text.is_empty() && out.iter().all(|p| p.text != text) {
            out.push(Piece { end, text, coded, begins, rare: coded || token.lists.lower <= 2 });
        }
    };
    let next = i as u32 + 1;
    if let Some((end, text)) = step {
        let meant = text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase());
        push(end, meant.collect(), true, true);
    }
    // "eight hundred five" is 805, or 800 and 5.
    let zeros = |n: &Token| if n.is(bit::HUNDRED) { "00" } else { "000" };
    let magnitude = tokens.list().get(i + 1).filter(|n| i + 1 < end && n.is(bit::HUNDRED | bit::THOUSAND));
    if let Some(magnitude) = magnitude.filter(|_| token.is(bit::DIGIT | bit::TEEN | bit::TENS)) {
        push(next + 1, format!("{}{}", token.class.number, zeros(magnitude)), true, true);
    }
    let word: String = tokens.word(i).chars().filter(|c| c.is_alphanumeric()).collect();
    let letter = word.len() == 1 && step.is_none();
    push(next, word, letter, !letter);
    let after = tokens.list().get(i + 1).filter(|n| i + 1 < end && n.is(bit::ORDINAL) && n.class.number < 10);
    match after {
        Some(day) if token.is(bit::TENS) => {
            push(next + 1, (token.class.number + day.class.number).to_string(), true, true)
        }
        _ if token.is(bit::ORDINAL) => push(next, token.class.number.to_string(), true, true),
        _ => {}
    }
    if token.is(bit::LETTER | bit::ALPHABET) && token.class.letter != 0 {
        push(next, char::from(token.class.letter).to_string(), true, token.is(bit::LETTER));
    }
    if token.is(bit::HOMOPHONE | bit::OH) {
        push(next, token.class.number.to_string(), true, false);
    }
    out
}

/// A form that is begun.
#[derive(Clone)]
struct Begun {
    words: Vec<WordSpan>,
    len: u16,
    /// Letters and digits since the last gap.
    chunk: u16,
    coded: bool,
    /// Whether every word so far stands in the value as a word.
    natural: bool,
    rare: bool,
}

impl Begun {
    fn end(&self) -> u32 {
        self.words.last().map_or(0, |w| w.end)
    }
}

/// Words between two pieces that belong to neither; 0 where they overlap.
fn gap(others: &[u32], end: u32, at: u32) -> u32 {
    others[at as usize].saturating_sub(others[end as usize])
}

/// Which form, and up to which byte.
type Place = (usize, usize);

struct Reader<'f> {
    known: &'f Known,
    open: BTreeMap<Place, Begun>,
    /// As [`others`] counts.
    others: Vec<u32>,
}

impl<'f> Reader<'f> {
    /// Takes the meanings of the word `at`.
    fn hear(&mut self, at: u32, pieces: &[Piece], take: &mut dyn FnMut(Hit<'f>)) {
        let others = &self.others;
        self.open.retain(|_, begun| {
            let end = begun.end();
            at < end + REACH_WORDS_MAX && gap(others, end, at) <= GAP_WORDS_MAX
        });
        let mut heard: Vec<(Place, Begun)> = Vec::new();
        for piece in pieces {
            let forms = self.known.forms.list();
            for (&(form, to), begun) in &self.open {
                if forms[form].text[to..].starts_with(&piece.text)
                    && let Some(more) = self.goes_on(begun, piece, at, &forms[form], to)
                {
                    heard.push(((form, to + piece.text.len()), more));
                }
            }
            if piece.begins {
                let begin = |form: usize, from: usize| {
                    let to = from + piece.text.len();
                    ((form, to), self.begin(piece, at, &forms[form], from))
                };
                heard.extend(self.known.forms.beginning(&piece.text).map(|form| begin(form, 0)));
                heard.extend(self.known.forms.inside(&piece.text).filter(|p| p.1 > 0).map(|(f, from)| begin(f, from)));
            }
        }
        heard.sort_by_key(|(place, begun)| (*place, begun.len));
        for (place, begun) in heard {
            self.hand_on(place, &begun, take);
            if self.open.len() < OPEN_MAX || self.open.contains_key(&place) {
                self.open.insert(place, begun);
            }
        }
    }

    fn begin(&self, piece: &Piece, at: u32, form: &Form, from: usize) -> Begun {
        let len = piece.text.len();
        Begun {
            words: vec![WordSpan::new(at, piece.end)],
            len: len as u16,
            chunk: len as u16,
            coded: piece.coded,
            natural: piece.coded || (form.is_edge(from) && form.is_edge(from + len)),
            rare: piece.rare,
        }
    }

    fn goes_on(&self, begun: &Begun, piece: &Piece, at: u32, form: &Form, to: usize) -> Option<Begun> {
        let gap = gap(&self.others, begun.end(), at);
        let chunked = begun.coded && piece.coded && begun.chunk >= CHUNK_MIN;
        if at < begun.end() || (gap > 0 && !chunked) {
            return None;
        }
        let mut more = begun.clone();
        let len = piece.text.len() as u16;
        match more.words.last_mut() {
            Some(last) if last.end == at => last.end = piece.end,
            _ => more.words.push(WordSpan::new(at, piece.end)),
        }
        more.len += len;
        more.chunk = if gap > 0 { len } else { more.chunk + len };
        more.coded &= piece.coded;
        more.natural &= piece.coded || (form.is_edge(to) && form.is_edge(to + piece.text.len()));
        more.rare |= piece.rare;
        Some(more)
    }

    fn hand_on(&self, (form, _): Place, begun: &Begun, take: &mut dyn FnMut(Hit<'f>)) {
        let form = &self.known.forms.list()[form];
        let whole = begun.len as usize == form.text.len();
        let enough = whole || (form.in_parts && usize::from(begun.len) >= PART_MIN);
        let cut = begun.chunk < CHUNK_MIN && begun.len > begun.chunk;
        let accident = !begun.natural && !begun.rare && begun.len < ODD_LETTERS_MIN;
        if enough && !cut && !accident {
            take(Hit { form, words: begun.words.clone(), len: begun.len, coded: begun.coded });
        }
    }
}
