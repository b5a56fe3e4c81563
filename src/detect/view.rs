//! Texts that patterns search, each with the only map from its bytes back to words.
//!
//! `written` is the normalised text. `spoken` has runs as the digits and letters they mean, ordinals as
//! "5th", and spoken mail and web addresses glued together ("jay.brooks@gmail.com").

use super::spoken::{Piece, Spoken};
use super::token::Tokens;
use crate::base::WordSpan;
use crate::model::Transcript;
use crate::patterns::lexicon::bit;
use std::borrow::Cow;
use std::ops::Range;

/// Most words between "at" and the domain of a spoken mail address.
const DOMAIN_WORDS_MAX: usize = 6;
/// Most words of the part before "at".
const LOCAL_WORDS_MAX: usize = 12;

/// A text and the words that its bytes come from.
pub(crate) struct TextView<'a> {
    text: Cow<'a, str>,
    /// Start byte and words of each piece, ascending.
    pieces: Vec<(u32, WordSpan)>,
}

impl TextView<'_> {
    /// The text: pieces separated by spaces, turns by newlines.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The turns for which `keep` holds.
    pub fn only(&self, keep: impl Fn(&str) -> bool) -> TextView<'static> {
        let (mut text, mut pieces) = (String::new(), Vec::new());
        let mut end = 0;
        let mut next = 0;
        for turn in self.text.split_inclusive('\n') {
            let start = end;
            end += turn.len();
            if !keep(turn) {
                continue;
            }
            let here = |at: u32| (at as usize - start + text.len()) as u32;
            next = self.piece_from(start, next);
            let last = self.piece_from(end, next);
            pieces.extend(self.pieces[next..last].iter().map(|(at, words)| (here(*at), *words)));
            next = last;
            text.push_str(turn);
        }
        TextView { text: Cow::Owned(text), pieces }
    }

    /// The first piece from `from` on that does not begin before a byte; it is near by, so steps that double reach it
    /// sooner than halving what is left of the call.
    fn piece_from(&self, byte: usize, from: usize) -> usize {
        let before = |at: usize| self.pieces.get(at).is_some_and(|p| (p.0 as usize) < byte);
        let mut step = 1;
        while before(from + step - 1) {
            step *= 2;
        }
        let (low, high) = (from + step / 2, (from + step - 1).min(self.pieces.len()));
        low + self.pieces[low..high].partition_point(|p| (p.0 as usize) < byte)
    }

    /// The words behind a range of bytes.
    pub fn words(&self, bytes: Range<usize>) -> Option<WordSpan> {
        let first = self.pieces.partition_point(|p| p.0 as usize <= bytes.start).checked_sub(1)?;
        let last = self.pieces.partition_point(|p| (p.0 as usize) < bytes.end).checked_sub(1)?;
        (first <= last).then(|| WordSpan::new(self.pieces[first].1.start, self.pieces[last].1.end))
    }
}

/// The normalised text as it stands.
pub(crate) fn written(tokens: &Tokens) -> TextView<'_> {
    let pieces = tokens
        .list()
        .iter()
        .enumerate()
        .map(|(i, t)| (t.range().start as u32, WordSpan::new(i as u32, i as u32 + 1)))
        .collect();
    TextView { text: Cow::Borrowed(tokens.text()), pieces }
}

/// The text with spoken numbers, letters and addresses as what they mean.
pub(crate) fn spoken_view(transcript: &Transcript, tokens: &Tokens, spoken: &Spoken) -> TextView<'static> {
    let mut view = Builder { text: String::with_capacity(tokens.text().len()), pieces: Vec::new() };
    let mut glued = Vec::new();
    let mut steps = spoken.steps.iter().peekable();
    for turn in transcript.turns() {
        let range = turn.words.range();
        if reads_as_written(tokens, spoken, range.clone()) {
            view.copy(tokens, range);
            continue;
        }
        addresses(tokens, range.clone(), &mut glued);
        let mut i = range.start;
        let mut run = 0; // run of the piece before, if nothing but gaps came since
        while i < range.end {
            let (id, piece) = spoken.of_word[i];
            if piece == Piece::Gap {
                i += 1;
                continue;
            }
            while steps.peek().is_some_and(|s| (s.first as usize) < i) {
                steps.next();
            }
            let address = glued[i - range.start];
            let digits = |i: usize| tokens.list()[i].shape.digits;
            let same_run = id != 0 && id == run && i > range.start;
            let joined =
                (same_run && tokens.list()[i - 1].shape.stop == 0 && !written_groups(digits(i - 1), digits(i)))
                    || address == Glue::Joined;
            if i > range.start && !joined && !view.text.ends_with(['\n', ' ']) && !view.text.is_empty() {
                view.text.push(' ');
            }
            let step = steps.peek().filter(|s| s.first as usize == i);
            let end = match step {
                Some(s) => {
                    let start = view.text.len();
                    view.push(spoken.text_of(s), WordSpan::new(s.first, s.end));
                    view.text[start..].make_ascii_lowercase();
                    s.end as usize
                }
                None => plain(&mut view, tokens, i, range.end, address),
            };
            run = id;
            i = end.max(i + 1);
        }
        if !range.is_empty() {
            view.text.push('\n');
        }
    }
    TextView { text: Cow::Owned(view.text), pieces: view.pieces }
}

/// Whether nothing in a turn means more than its words: no runs, ordinals or addresses. (Words that were nothing but
/// punctuation leave no gap in the spoken view.)
fn reads_as_written(tokens: &Tokens, spoken: &Spoken, range: Range<usize>) -> bool {
    let mut words = tokens.list()[range.clone()].iter().zip(&spoken.of_word[range]);
    words.all(|(token, (run, _))| {
        *run == 0 && !token.is(bit::ORDINAL | bit::SYMBOL) && token.shape.inner != b'.' && !token.range().is_empty()
    })
}

/// A view in the making.
struct Builder {
    text: String,
    pieces: Vec<(u32, WordSpan)>,
}

impl Builder {
    /// Adds a turn as it is written.
    fn copy(&mut self, tokens: &Tokens, range: Range<usize>) {
        let list = &tokens.list()[range.clone()];
        let (Some(first), Some(last)) = (list.first(), list.last()) else { return };
        let (at, text) = (self.text.len(), first.range().start..last.range().end);
        let pieces = list.iter().zip(range).map(|(token, i)| {
            let start = at + token.range().start - text.start;
            (start as u32, WordSpan::new(i as u32, i as u32 + 1))
        });
        self.pieces.extend(pieces);
        self.text.push_str(&tokens.text()[text]);
        self.text.push('\n');
    }

    fn push(&mut self, text: &str, words: WordSpan) {
        self.pieces.push((self.text.len() as u32, words));
        self.text.push_str(text);
    }
}

/// Written groups stay apart ("219 09 9999"), digits one by one do not ("2 1 9").
const fn written_groups(before: u8, here: u8) -> bool {
    before > 0 && here > 0 && (before > 1 || here > 1)
}

/// Emits a word that is no run; returns the word after it.
fn plain(view: &mut Builder, tokens: &Tokens, i: usize, end: usize, address: Glue) -> usize {
    let token = &tokens.list()[i];
    let word = |n: usize| WordSpan::new(i as u32, (i + n) as u32);
    let ordinal = |day: u8| {
        let suffix = match (day, day % 10) {
            (11..=13, _) => "th",
            (_, 1) => "st",
            (_, 2) => "nd",
            (_, 3) => "rd",
            _ => "th",
        };
        format!("{day}{suffix}")
    };
    if token.is(bit::TENS)
        && let Some(next) =
            tokens.list().get(i + 1).filter(|n| i + 1 < end && n.is(bit::ORDINAL) && n.class.number < 10)
    {
        view.push(&ordinal(token.class.number + next.class.number), word(2));
        return i + 2;
    }
    if token.is(bit::ORDINAL) {
        view.push(&ordinal(token.class.number), word(1));
    } else if address == Glue::Joined && token.is(bit::SYMBOL) && token.class.letter != 0 {
        view.push(char::from(token.class.letter).encode_utf8(&mut [0; 4]), word(1));
    } else {
        view.push(tokens.word(i), word(1));
    }
    i + 1
}

/// Whether a word is glued to the one before it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Glue {
    Apart,
    Joined,
}

/// Finds spoken addresses ("… at … dot com") in a turn and says which words to glue.
fn addresses(tokens: &Tokens, range: Range<usize>, glue: &mut Vec<Glue>) {
    glue.clear();
    glue.resize(range.len(), Glue::Apart);
    let list = tokens.list();
    if !list[range.clone()].iter().any(|t| t.is(bit::SYMBOL) || t.shape.inner == b'.') {
        return;
    }
    let is_dot = |i: usize| matches!(tokens.word(i), "dot" | "period" | "point");
    let symbol = |i: usize| list[i].is(bit::SYMBOL) && list[i].class.letter != 0 && tokens.word(i) != "at";
    for i in range.clone() {
        let ends = is_dot(i) && i + 1 < range.end && list[i + 1].is(bit::DOMAIN) && i > range.start;
        let whole = list[i].shape.inner == b'.' && list[i].shape.letters > 2 && !list[i].shape.at;
        if !ends && !whole {
            if i + 1 < range.end && i > range.start && matches!(tokens.word(i), "underscore" | "dot") {
                glue[i - range.start] = Glue::Joined;
                glue[i + 1 - range.start] = Glue::Joined;
            }
            continue;
        }
        let last = if ends { i + 1 } else { i };
        let low = i.saturating_sub(DOMAIN_WORDS_MAX).max(range.start);
        let Some(at) = (low..i).rev().find(|j| tokens.word(*j) == "at") else {
            if ends {
                glue[i - range.start..=last - range.start].fill(Glue::Joined);
            }
            continue;
        };
        glue[at - range.start..=last - range.start].fill(Glue::Joined);
        let mut first = at;
        let floor = at.saturating_sub(LOCAL_WORDS_MAX).max(range.start);
        while first > floor + 1 && (symbol(first - 1) || symbol(first - 2)) {
            first -= 1;
            glue[first - range.start] = Glue::Joined;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::spoken::spoken;
    use super::super::testing::call;
    use super::super::token::tokens;
    use super::*;

    fn view(said: &str) -> String {
        let transcript = call(&[said]);
        let tokens = tokens(&transcript);
        let spoken = spoken(&transcript, &tokens);
        spoken_view(&transcript, &tokens, &spoken).text.trim_end().to_owned()
    }

    #[test]
    fn speech_reads_as_what_it_means() {
        for (said, want) in [
            ("born march fifth nineteen eighty two", "born march 5th 1982"),
            ("the twenty first of june", "the 21st of june"),
            ("it's jay dot brooks at gmail dot com thanks", "it's jay.brooks@gmail.com thanks"),
            ("h miller one at cedar valley farm dot org", "h miller 1@cedarvalleyfarm.org"),
            ("member h four um four double one", "member h4411"),
            ("March 5, 1982.", "march 5 1982"),
            ("two oh three dot oh dot one one three dot two oh one", "203.0.113.201"),
        ] {
            assert_eq!(view(said), want, "{said}");
        }
    }

    #[test]
    fn bytes_lead_back_to_words() {
        let transcript = call(&["id is double four five okay"]);
        let tokens = tokens(&transcript);
        let view = spoken_view(&transcript, &tokens, &spoken(&transcript, &tokens));
        let at = view.text().find("445").unwrap();
        assert_eq!(view.words(at..at + 3), Some(WordSpan::new(2, 5)));
    }
}
