//! Lines a copy of the text up with the words that it is a copy of.
//!
//! Case, punctuation and where words are cut do not count. What stands in both in the same order is
//! found by a window of longest common subsequence; what has moved is found after it. A token that
//! is left over is no failure: the caller makes it a word of its own.

use crate::base::{Error, HoldReason, Result, Stage};

/// Tokens and words compared at once where a copy differs.
const WINDOW: usize = 64;
/// Matches that lie further into a full window than this are left to the next window.
const TRUSTED: usize = 48;
/// How far a word may have moved unless its neighbour moved with it.
const MOVED_MAX: usize = 64;

/// How much comparing a file may cause. An honest file takes less than a unit a byte.
pub(super) struct Work {
    left: u64,
}

impl Work {
    /// The allowance of a file of this many bytes.
    pub(super) const fn of_file(bytes: usize) -> Self {
        Self { left: (1 << 22) + 4 * bytes as u64 }
    }

    /// Spends some of it.
    ///
    /// # Errors
    /// Holds the call when it is used up.
    pub(super) fn spend(&mut self, units: usize) -> Result<()> {
        self.left = self.left.checked_sub(units as u64).ok_or_else(|| {
            Error::held(
                Stage::ParseTranscript,
                HoldReason::LimitReached,
                "the copies of the text differ too much from its words",
            )
        })?;
        Ok(())
    }
}

/// A word that copies are compared with: as it stands in its list, and with its punctuation.
#[derive(Clone, Copy)]
pub(super) struct Reference<'a> {
    pub(super) bare: &'a str,
    pub(super) full: &'a str,
}

/// Where the tokens of a copy belong, as positions among the references.
#[derive(Default)]
pub(super) struct Links {
    /// The reference of each token, or nothing.
    pub(super) of: Vec<Option<u32>>,
    /// Tokens that cover a further reference as well ("555-1212" over "555" and "1212").
    pub(super) also: Vec<(u32, u32)>,
}

/// Lines `tokens` up with the references.
///
/// # Errors
/// Holds the call when the allowance is used up.
pub(super) fn align<'a>(
    references: usize,
    reference: impl Fn(usize) -> Reference<'a>,
    tokens: usize,
    token: impl Fn(usize) -> &'a str,
    work: &mut Work,
) -> Result<Links> {
    work.spend(references + tokens)?;
    let mut links = Links { of: vec![None; tokens], also: Vec::new() };
    let (mut i, mut j) = (0, 0);
    while i < references && j < tokens {
        let (word, said) = (reference(i), token(j));
        if said == word.full || said == word.bare {
            links.of[j] = Some(i as u32);
            (i, j) = (i + 1, j + 1);
        } else if i > 0 && is_mark(word.bare) && word.bare == reference(i - 1).bare {
            // A masked stretch reads one mark in running text and one a word in lists.
            i += 1;
        } else {
            let words = Folds::of((i..references.min(i + WINDOW)).map(|i| reference(i).bare));
            let said = Folds::of((j..tokens.min(j + WINDOW)).map(&token));
            work.spend(words.len() * said.len() / 16)?;
            let (di, dj) =
                window(&words, &said, (i, j), &mut links, i + words.len() == references && j + said.len() == tokens);
            (i, j) = (i + di, j + dj);
        }
    }
    if links.of.contains(&None) {
        find_moved(references, reference, tokens, &token, &mut links);
        follow_neighbours(tokens, token, &mut links);
    }
    Ok(links)
}

/// Whether a word is a mark like `[NAME]`, ours or a vendor's.
fn is_mark(word: &str) -> bool {
    word.len() > 2 && word.starts_with('[') && word.ends_with(']')
}

/// Lines up one window and says how far it got on both sides.
fn window(words: &Folds, said: &Folds, at: (usize, usize), links: &mut Links, last: bool) -> (usize, usize) {
    let (di, dj) = same_letters(words, said, at, links);
    if di > 0 || dj > 0 {
        return (di, dj);
    }
    let pairs = common_subsequence(words, said);
    let full = words.len().max(said.len()) == WINDOW && !last;
    let trusted = |&&(i, j): &&(usize, usize)| !full || (i < TRUSTED && j < TRUSTED);
    let mut end = None;
    for &(i, j) in pairs.iter().take_while(trusted) {
        links.of[at.1 + j] = Some((at.0 + i) as u32);
        end = Some((i + 1, j + 1));
    }
    end.unwrap_or((words.len().min(TRUSTED), said.len().min(TRUSTED)))
}

/// Links words and tokens while their letters run on the same, whatever the cuts between them, and
/// says up to which common cut they do.
fn same_letters(words: &Folds, said: &Folds, at: (usize, usize), links: &mut Links) -> (usize, usize) {
    let (mut i, mut j) = (0, 0);
    let (mut done, mut done_also) = ((0, 0), links.also.len());
    let (mut word, mut token) = ("", "");
    loop {
        if word.is_empty() && token.is_empty() {
            done = (i, j);
            done_also = links.also.len();
            if i == words.len() || j == said.len() {
                break;
            }
        }
        let fetch_word = word.is_empty();
        if fetch_word && i < words.len() {
            word = words.get(i);
            i += 1;
        } else if !fetch_word && j < said.len() {
            token = said.get(j);
            j += 1;
        } else {
            break;
        }
        if word.is_empty() || token.is_empty() {
            continue;
        }
        let (of, r) = (at.1 + j - 1, (at.0 + i - 1) as u32);
        match links.of[of] {
            None => links.of[of] = Some(r),
            Some(_) => links.also.push((of as u32, r)),
        }
        let common = word.len().min(token.len());
        if word.as_bytes()[..common] != token.as_bytes()[..common] {
            break;
        }
        (word, token) = (&word[common..], &token[common..]);
    }
    links.also.truncate(done_also);
    for link in &mut links.of[at.1 + done.1..at.1 + j] {
        *link = None;
    }
    done
}

/// Pairs of equal folds, in order on both sides, as many as can be.
fn common_subsequence(words: &Folds, said: &Folds) -> Vec<(usize, usize)> {
    let mut longest = [[0_u8; WINDOW + 1]; WINDOW + 1];
    for i in (0..words.len()).rev() {
        for j in (0..said.len()).rev() {
            longest[i][j] = if words.equal(i, said, j) {
                longest[i + 1][j + 1] + 1
            } else {
                longest[i + 1][j].max(longest[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut pairs = Vec::new();
    while i < words.len() && j < said.len() {
        if words.equal(i, said, j) {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if longest[i + 1][j] >= longest[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

/// Links what stands in both, but in another order (two people talking at once, channel by channel).
fn find_moved<'a>(
    references: usize,
    reference: impl Fn(usize) -> Reference<'a>,
    tokens: usize,
    token: &impl Fn(usize) -> &'a str,
    links: &mut Links,
) {
    let mut free = vec![true; references];
    let taken = links.of.iter().flatten().chain(links.also.iter().map(|(_, r)| r));
    for &r in taken {
        free[r as usize] = false;
    }
    let words = Folds::of((0..references).map(|i| if free[i] { reference(i).bare } else { "" }));
    let mut by_text: Vec<(&str, usize)> =
        (0..references).filter(|&i| !words.get(i).is_empty()).map(|i| (words.get(i), i)).collect();
    by_text.sort_unstable();
    let mut fold = Folds::default();
    let mut expected = 0;
    for j in 0..tokens {
        if let Some(r) = links.of[j] {
            expected = r as usize + 1;
            continue;
        }
        fold.clear();
        fold.push(token(j));
        fold.push(if j + 1 < tokens { token(j + 1) } else { "" });
        let (said, next) = (fold.get(0), fold.get(1));
        let from = by_text.partition_point(|&(text, at)| (text, at) < (said, expected));
        let near = (from..by_text.len()).take(8).chain((0..from).rev().take(8));
        let found = near
            .map(|k| by_text[k])
            .filter(|&(text, at)| text == said && !said.is_empty() && free[at])
            .filter(|&(_, at)| {
                at.abs_diff(expected) <= MOVED_MAX
                    || (at + 1 < references && !next.is_empty() && words.get(at + 1) == next)
            })
            .min_by_key(|&(_, at)| at.abs_diff(expected));
        if let Some((_, at)) = found {
            free[at] = false;
            links.of[j] = Some(at as u32);
            expected = at + 1;
        }
    }
}

/// Punctuation that stands alone belongs to the token before it, or else to the one after.
fn follow_neighbours<'a>(tokens: usize, token: impl Fn(usize) -> &'a str, links: &mut Links) {
    let mut silent = Folds::default();
    let mut is_silent = |j| {
        silent.clear();
        silent.push(token(j));
        silent.get(0).is_empty()
    };
    for j in 1..tokens {
        if links.of[j].is_none() && is_silent(j) {
            links.of[j] = links.of[j - 1];
        }
    }
    for j in (0..tokens.saturating_sub(1)).rev() {
        if links.of[j].is_none() && is_silent(j) {
            links.of[j] = links.of[j + 1];
        }
    }
}

/// Words reduced to what is compared: lower-case letters and digits. Brackets stay, so that the mark
/// `[NAME]` is not the word "name".
#[derive(Default)]
struct Folds {
    text: String,
    ends: Vec<usize>,
}

impl Folds {
    fn of<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        let mut folds = Self::default();
        words.for_each(|w| folds.push(w));
        folds
    }

    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    fn push(&mut self, word: &str) {
        for c in word.chars() {
            if c.is_ascii() {
                if c.is_ascii_alphanumeric() || c == '[' || c == ']' {
                    self.text.push(c.to_ascii_lowercase());
                }
            } else if c.is_alphanumeric() {
                self.text.extend(c.to_lowercase());
            }
        }
        self.ends.push(self.text.len());
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    fn get(&self, index: usize) -> &str {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.text[start..self.ends[index]]
    }

    fn equal(&self, index: usize, other: &Self, other_index: usize) -> bool {
        let word = self.get(index);
        !word.is_empty() && word == other.get(other_index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reference of each token, `-` for none; `+2` for a further one.
    fn check(words: &str, copy: &str, want: &str) {
        let words: Vec<&str> = words.split_whitespace().collect();
        let tokens: Vec<&str> = copy.split_whitespace().collect();
        let reference = |i: usize| Reference { bare: words[i], full: words[i] };
        let links = align(words.len(), reference, tokens.len(), |j| tokens[j], &mut Work::of_file(0));
        let links = links.expect("the allowance is ample");
        let show = |j: usize| {
            let mut text = links.of[j].map_or("-".to_owned(), |r| r.to_string());
            links.also.iter().filter(|a| a.0 as usize == j).for_each(|a| text += &format!("+{}", a.1));
            text
        };
        assert_eq!((0..tokens.len()).map(show).collect::<Vec<_>>().join(" "), want);
    }

    #[test]
    fn case_and_punctuation_do_not_count() {
        check("it is john smith", "It is JOHN, Smith.", "0 1 2 3");
        check("josé says", "JOSÉ says", "0 1");
    }

    #[test]
    fn cuts_between_words_do_not_count() {
        check("call 555 1212 now", "call 555-1212 now", "0 1+2 3");
        check("call 555-1212 now", "call 555 1212 now", "0 1 1 2");
        check("a ja quan b", "a jaquan. b", "0 1+2 3");
        check("a b c", "ab c d", "0+1 2 -");
    }

    #[test]
    fn what_differs_is_left_over_and_the_rest_still_fits() {
        check("my name is jon smith yes", "my name is john smyth yes", "0 1 2 - - 5");
        check("a b c", "a x y b c", "0 - - 1 2");
        check("a b c", "", "");
        check("", "a b", "- -");
    }

    #[test]
    fn punctuation_alone_follows_its_neighbour() {
        check("555 1212", "555 - 1212", "0 0 1");
        check("yes", "- yes", "0 0");
    }

    #[test]
    fn words_of_two_people_at_once_are_found_again() {
        check("so what is mhm your name", "so what is your name mhm", "0 1 2 4 5 3");
    }

    #[test]
    fn a_long_copy_in_another_order_is_found_again() {
        let half = |from: usize| (from..from + 300).map(|i| format!("w{i}")).collect::<Vec<_>>().join(" ");
        let order = |from: usize| (from..from + 300).map(|i| i.to_string()).collect::<Vec<_>>().join(" ");
        check(
            &format!("{} {}", half(0), half(300)),
            &format!("{} {}", half(300), half(0)),
            &format!("{} {}", order(300), order(0)),
        );
    }

    #[test]
    fn a_mark_in_running_text_stands_for_the_marks_of_a_list() {
        check("is [NAME] [NAME] [NAME] right", "is [NAME]. right", "0 1 4");
        check("name x", "[NAME] x", "- 1");
    }
}
