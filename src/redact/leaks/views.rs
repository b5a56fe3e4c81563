//! A text as values are looked for in it: words, letters and digits, and digits alone.

use crate::base::{CallId, narrow};
use crate::model::Category;

/// Stands for a mask or the call's id: neither letter, digit nor separator.
pub(super) const BREAK: char = '\u{1}';

/// Whether a digit begins or ends a group of digits that no letter touches.
#[derive(Clone, Copy, Default)]
pub(super) struct Edge {
    pub(super) begins: bool,
    pub(super) ends: bool,
}

/// One text, read in three ways. Lower-case throughout.
#[derive(Default)]
pub(super) struct Views {
    /// Words between single spaces, one space at both ends.
    pub(super) words: String,
    /// Letters and digits alone.
    pub(super) joined: String,
    /// Digits alone; what separates numbers rather than groups stands as a space.
    pub(super) digits: String,
    /// For each byte of `digits`.
    pub(super) edges: Vec<Edge>,
}

impl Views {
    pub(super) fn of(text: &str, call: Option<&CallId>) -> Self {
        let [mut words, joined] = [(); 2].map(|()| String::with_capacity(text.len() + 2));
        words.push(' ');
        let mut views = Self { words, joined, ..Self::default() };
        let mut rest = text;
        let mut last = ' ';
        while let Some(c) = rest.chars().next() {
            let skipped =
                mask_len(rest).or_else(|| call.and_then(|id| rest.starts_with(id.as_str()).then_some(CallId::LEN)));
            let (c, len) = skipped.map_or((narrow(c), c.len_utf8()), |len| (BREAK, len));
            rest = &rest[len..];
            if is_apostrophe(c) && last.is_alphanumeric() {
                // "smith's" is "smith"; "o'brien" is one word.
                if let Some(after) = rest.strip_prefix(['s', 'S']).filter(|r| !r.starts_with(char::is_alphanumeric)) {
                    rest = after;
                    views.push(' ', last);
                    last = ' ';
                }
                continue;
            }
            views.push(c, last);
            last = c;
        }
        views.push(' ', last);
        views
    }

    fn push(&mut self, c: char, last: char) {
        if c.is_ascii_digit() {
            self.digits.push(c);
            self.edges.push(Edge { begins: !last.is_alphanumeric(), ends: true });
        } else {
            if c.is_alphanumeric() && last.is_ascii_digit() {
                self.edges.last_mut().expect("a digit was pushed last").ends = false;
            }
            if !is_separator(c) && !self.digits.ends_with(' ') {
                self.digits.push(' ');
                self.edges.push(Edge::default());
            }
        }
        if c.is_ascii_digit() && last.is_ascii_digit() {
            let before = self.edges.len() - 2;
            self.edges[before].ends = false;
        }
        if c.is_ascii_alphanumeric() {
            self.words.push(c.to_ascii_lowercase());
            self.joined.push(c.to_ascii_lowercase());
        } else if c.is_alphanumeric() {
            self.words.extend(c.to_lowercase());
            self.joined.extend(c.to_lowercase());
        } else if c == BREAK {
            self.words.push_str(if self.words.ends_with(' ') { "\u{1} " } else { " \u{1} " });
            self.joined.push(BREAK);
        } else if !self.words.ends_with(' ') {
            self.words.push(' ');
        }
    }

    /// Letters, and digits.
    pub(super) fn count(&self) -> (usize, usize) {
        let digits = self.joined.chars().filter(char::is_ascii_digit).count();
        (self.joined.chars().count() - digits, digits)
    }
}

/// The length of the mask at the start of a text.
fn mask_len(text: &str) -> Option<usize> {
    text.starts_with('[').then(|| Category::ALL.iter().find(|c| text.starts_with(c.mask())).map(|c| c.mask().len()))?
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}')
}

/// What stands between the groups of one number.
fn is_separator(c: char) -> bool {
    (c.is_whitespace() && c != '\n')
        || matches!(c, '-' | '.' | ',' | '/' | '(' | ')' | '+' | ':' | '#' | '*' | '_' | '\u{2010}'..='\u{2015}')
}
