//! Where a run in the making ends: what stands at its end and belongs to what follows.

use super::spoken::Piece;
use super::token::{Token, Tokens};
use crate::patterns::lexicon::bit;

/// Fewest pieces of a run that ends in a symbol because its turn ends there.
pub(super) const CUT_OFF_PIECES_MIN: usize = 3;

/// A run found in one turn: per word its piece.
#[derive(Default)]
pub(super) struct Found {
    /// Its first word.
    pub first: usize,
    pub pieces: Vec<Piece>,
    /// What it means.
    pub text: String,
    /// Per step: its first word, its end, and the length of the text before it.
    pub steps: Vec<(usize, usize, usize)>,
    /// Whether all digits were said one by one or written without separators.
    pub single: bool,
}

impl Found {
    /// Forgets what was found before.
    pub fn begin(&mut self, first: usize) {
        (self.first, self.single) = (first, true);
        self.pieces.clear();
        self.text.clear();
        self.steps.clear();
    }

    /// One past its last word.
    const fn end(&self) -> usize {
        self.first + self.pieces.len()
    }

    /// Takes off the last step, and the gap before it.
    fn pop(&mut self) {
        if let Some((first, _, text)) = self.steps.pop() {
            self.pieces.truncate(first - self.first);
            self.text.truncate(text);
        }
        while matches!(self.pieces.last(), Some(Piece::Gap)) {
            self.pieces.pop();
        }
    }
}

/// Takes off what ends a run and is no part of it; `end` is one past the last word of the turn.
pub(super) fn trim(tokens: &Tokens, end: usize, found: &mut Found) {
    let is_cut_off = found.end() == end && found.pieces.len() > CUT_OFF_PIECES_MIN;
    while !is_cut_off && matches!(found.pieces.last(), Some(Piece::Symbol)) {
        found.pop();
    }
    while found.end() < end && found.pieces.len() > 1 && ends_in_pronoun(tokens, found) {
        found.pop();
    }
    if found.end() < end && found.pieces.len() > 1 && ends_in_exclamation(tokens, found) {
        found.pop();
    }
    let amount = amount(tokens, end, found);
    if amount > 0 && amount < found.steps.len() {
        (0..amount).for_each(|_| found.pop());
        // "… for three hundred dollars"
        while found.steps.len() > 1 && found.steps.last().is_some_and(|s| tokens.list()[s.0].is(bit::HOMOPHONE)) {
            found.pop();
        }
    }
}

/// "… four five and I …": an article or pronoun after a number.
fn ends_in_pronoun(tokens: &Tokens, found: &Found) -> bool {
    found.pieces.last() == Some(&Piece::Letter)
        && matches!(tokens.word(found.end() - 1), "a" | "i")
        && found.pieces.iter().any(|p| matches!(p, Piece::Digits | Piece::Mixed))
}

/// "386, oh no": an "oh" that a comma keeps from the digits before it, where no digit follows.
fn ends_in_exclamation(tokens: &Tokens, found: &Found) -> bool {
    let last = found.end() - 1;
    tokens.list()[last].is(bit::OH) && tokens.list()[last - 1].shape.stop > 0
}

/// Steps at the end of a run that say how much there is of what follows ("… oh nine twenty four hours a day"): a
/// number in tens or hundreds, with all its parts.
fn amount(tokens: &Tokens, end: usize, found: &Found) -> usize {
    let Some(unit) = tokens.list()[..end].get(found.end()).filter(|t| is_unit(t)) else { return 0 };
    let magnitude =
        |step: &(usize, usize, usize)| tokens.list()[step.0..step.1].iter().any(|t| t.is(bit::HUNDRED | bit::THOUSAND));
    let Some(last) = found.steps.last() else { return 0 };
    let token = &tokens.list()[last.0];
    let written = (2..=3).contains(&token.shape.digits) && token.shape.letters == 0 && token.shape.inner == 0;
    let spoken = token.is(bit::TEEN | bit::TENS) || magnitude(last);
    let apart = tokens.list()[last.1 - 1].shape.stop > 0;
    if !(written || spoken) || apart || found.pieces.last() != Some(&Piece::Digits) || unit.shape.mask {
        return 0;
    }
    1 + found.steps[..found.steps.len() - 1].iter().rev().take_while(|s| magnitude(s)).count()
}

/// Whether numbers before the word count it.
const fn is_unit(token: &Token) -> bool {
    token.is(bit::DURATION | bit::DOSE | bit::COUNT | bit::MONEY)
}

#[cfg(test)]
mod tests {
    use super::super::spoken::tests::runs;

    #[test]
    fn what_counts_the_next_word_is_no_end_of_a_number() {
        for (said, want) in [
            ("five five five oh one two two twenty four hours a day", &["5550122", "24"][..]),
            ("521-3779, 24 hours", &["521-3779", "24"]),
            ("j one three five oh ten units", &["J1350", "10"]),
            ("check nine six for three hundred sixty five dollars", &["96", "365"]),
            ("five five five oh one two two twenty four", &["555012224"]),
            ("four five six hours", &["456"]),
            ("nineteen eighty days", &["19", "80"]),
        ] {
            assert_eq!(runs(&[said]), want, "{said}");
        }
    }

    #[test]
    fn pronouns_and_exclamations_are_no_end_of_a_number() {
        for (said, want) in [
            ("It's 386, oh no wait", &["386"][..]),
            ("It's 386, oh, 4", &["38604"]),
            ("four five and i said", &["45"]),
            ("m r n four i think", &["4"]),
        ] {
            assert_eq!(runs(&[said]), want, "{said}");
        }
    }
}
