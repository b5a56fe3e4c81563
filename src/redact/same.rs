//! Compares a transcript with its masked copy, read back: hidden words read as masks, all else is as it was.

use crate::base::{Phi, WordSpan};
use crate::model::{Category, Edit, Format, Transcript, TurnKind};
use std::collections::HashSet;

/// For each word of the copy the words of the original that it stands for, where that is certain.
pub(super) type Origins = Vec<Option<WordSpan>>;

/// How a stretch of hidden words reads in the copy.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stretch {
    /// A mask for every word, at the word's time.
    WordForWord,
    /// One mask for all of them.
    Collapsed,
}

/// Whether `copy` is `original` with exactly these edits masked.
///
/// Spoken turns must agree turn by turn: speaker, channel, number of words, their times and their text. In plain
/// text, which has no times, a stretch may read as one mask. Alternates are readings that differ from what was
/// said, and masking can end the difference; so each word of the copy's alternates must be a mask or a word that
/// was kept somewhere, but there may be fewer of them.
pub(super) fn origins(original: &Transcript, copy: &Transcript, edits: &[Edit], format: Format) -> Option<Origins> {
    let pair = Pair { original, copy, edits };
    pair.origins(Stretch::WordForWord)
        .or_else(|| (format == Format::Text).then(|| pair.origins(Stretch::Collapsed)).flatten())
}

/// Whether a word is nothing but a mask, with punctuation or a possessive on it.
pub(super) fn is_mask(word: Phi<&str>) -> bool {
    Category::ALL.iter().any(|&category| reads_as(word, category))
}

fn reads_as(word: Phi<&str>, category: Category) -> bool {
    let Some((before, after)) = word.expose().split_once(category.mask()) else { return false };
    let after = after.strip_prefix("'s").or_else(|| after.strip_prefix("\u{2019}s")).unwrap_or(after);
    !before.contains(char::is_alphanumeric) && !after.contains(char::is_alphanumeric)
}

struct Pair<'a> {
    original: &'a Transcript,
    copy: &'a Transcript,
    edits: &'a [Edit],
}

impl Pair<'_> {
    fn origins(&self, stretch: Stretch) -> Option<Origins> {
        let spoken = |t: &Transcript| t.turns().iter().filter(|t| t.kind == TurnKind::Spoken).count();
        let turns = spoken(self.original);
        if spoken(self.copy) != turns {
            return None;
        }
        let mut origins = Origins::new();
        for turn in 0..turns {
            origins.extend(self.turn(turn, stretch)?);
        }
        match self.alternates(turns, stretch) {
            Some(alternates) => origins.extend(alternates),
            None if self.alternates_say_nothing_new(turns) => origins.resize(self.copy.words().len(), None),
            None => return None,
        }
        (origins.len() == self.copy.words().len()).then_some(origins)
    }

    /// The alternates word by word, where the copy still has all of them.
    fn alternates(&self, spoken: usize, stretch: Stretch) -> Option<Origins> {
        let turns = self.original.turns().len();
        if self.copy.turns().len() != turns {
            return None;
        }
        let each: Option<Vec<Origins>> = (spoken..turns).map(|turn| self.turn(turn, stretch)).collect();
        Some(each?.concat())
    }

    fn alternates_say_nothing_new(&self, spoken: usize) -> bool {
        let hidden = |word: usize| self.edit_of(word as u32).is_some();
        let kept: HashSet<Phi<&str>> =
            (0..self.original.words().len()).filter(|&w| !hidden(w)).map(|w| self.original.word_text(w)).collect();
        let words = self.copy.turns()[spoken..].iter().flat_map(|t| t.words.range());
        words.map(|w| self.copy.word_text(w)).all(|word| is_mask(word) || kept.contains(&word))
    }

    /// One turn against the same turn of the copy.
    fn turn(&self, turn: usize, stretch: Stretch) -> Option<Origins> {
        let (original, copy) = (&self.original.turns()[turn], &self.copy.turns()[turn]);
        if (original.kind, original.speaker, original.channel) != (copy.kind, copy.speaker, copy.channel) {
            return None;
        }
        let mut origins = Origins::new();
        let mut at = original.words.start;
        for word in copy.words.range() {
            if at >= original.words.end {
                return None;
            }
            let span = match self.edit_of(at) {
                Some(edit) if !reads_as(self.copy.word_text(word), edit.category) => return None,
                Some(edit) if stretch == Stretch::Collapsed => edit.words,
                None if self.copy.word_text(word) != self.original.word_text(at as usize) => return None,
                _ => WordSpan::new(at, at + 1),
            };
            if self.copy.words()[word].time != self.original.words()[at as usize].time {
                return None;
            }
            origins.push(Some(span));
            at = span.end;
        }
        (at == original.words.end).then_some(origins)
    }

    fn edit_of(&self, word: u32) -> Option<&Edit> {
        let at = self.edits.partition_point(|e| e.words.end <= word);
        self.edits.get(at).filter(|e| e.words.start <= word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TimeSource;
    use crate::redact::testing::{Said, timed, turns};

    fn edit(category: Category, a: u32, b: u32) -> Edit {
        Edit { words: WordSpan::new(a, b), category, rules: Vec::new() }
    }

    fn check(original: &[&str], copy: &[&str], edits: &[Edit], want: bool) {
        let got = origins(&turns(original), &turns(copy), edits, Format::Whisper).is_some();
        assert_eq!(got, want, "{copy:?}");
    }

    #[test]
    fn hidden_words_read_as_their_masks_and_all_others_as_before() {
        let original: &[&str] = &["i am john smith, yes", "hello"];
        let edits = [edit(Category::Name, 2, 4)];
        check(original, &["i am [NAME] [NAME], yes", "hello"], &edits, true);
        check(original, &["i am [NAME] smith, yes", "hello"], &edits, false);
        check(original, &["i am [NAME] [CITY], yes", "hello"], &edits, false);
        check(original, &["i am [NAME] smith[NAME], yes", "hello"], &edits, false);
        check(original, &["i am [NAME], yes", "hello"], &edits, false);
        check(original, &["i am [NAME] [NAME], no", "hello"], &edits, false);
        check(original, &["i am [NAME] [NAME], yes hello"], &edits, false);
        check(original, &["i am [NAME] [NAME], yes", "hello", "more"], &edits, false);
        check(original, &["i am [NAME] [NAME], yes", "hello more"], &edits, false);
        check(original, &["i am [NAME] [NAME], yes", ""], &edits, false);
    }

    #[test]
    fn an_edit_that_was_not_carried_out_is_seen() {
        check(&["i am john"], &["i am john"], &[edit(Category::Name, 2, 3)], false);
        check(&["i am john"], &["i am [NAME]"], &[], false);
    }

    #[test]
    fn punctuation_and_possessives_may_stay_on_a_mask() {
        for word in ["[NAME]", "[NAME],", "([NAME])", "\"[NAME].\"", "[NAME]'s", "[NAME]\u{2019}s."] {
            assert!(is_mask(Phi::new(word)), "{word}");
        }
        for word in ["NAME", "[name]", "j[NAME]", "[NAME]5", "[NAME]-smith", ""] {
            assert!(!is_mask(Phi::new(word)), "{word}");
        }
    }

    #[test]
    fn plain_text_may_read_a_stretch_as_one_mask_and_tells_where_it_was() {
        let original = turns(&["i am john smith yes"]);
        let copy = turns(&["i am [NAME] yes"]);
        let edits = [edit(Category::Name, 2, 4)];
        assert!(origins(&original, &copy, &edits, Format::Whisper).is_none());
        let got = origins(&original, &copy, &edits, Format::Text).unwrap();
        let spans: Vec<_> = got.into_iter().flatten().map(|w| (w.start, w.end)).collect();
        assert_eq!(spans, [(0, 1), (1, 2), (2, 4), (4, 5)]);
    }

    #[test]
    fn times_must_stay() {
        let said = |end| -> [Said<'static>; 1] { [("hello", Some((100, end)))] };
        let original = timed(TimeSource::Recogniser, &[(TurnKind::Spoken, &said(200))]);
        assert!(origins(&original, &original, &[], Format::Whisper).is_some());
        let later = timed(TimeSource::Recogniser, &[(TurnKind::Spoken, &said(201))]);
        assert!(origins(&original, &later, &[], Format::Whisper).is_none());
    }

    #[test]
    fn an_alternate_may_vanish_with_the_difference_but_say_nothing_new() {
        let spoken: &[Said<'_>] = &[("i", None), ("am", None), ("john", None)];
        let masked: &[Said<'_>] = &[("i", None), ("am", None), ("[NAME]", None)];
        let other: &[Said<'_>] = &[("am", None), ("joan", None)];
        let alternate = TurnKind::Alternate { of: Some(0) };
        let original = timed(TimeSource::None, &[(TurnKind::Spoken, spoken), (alternate, other)]);
        let edits = [edit(Category::Name, 2, 3), edit(Category::Name, 4, 5)];
        let check = |words: &[Said<'_>], want: bool| {
            let copy = timed(TimeSource::None, &[(TurnKind::Spoken, masked), (alternate, words)]);
            assert_eq!(origins(&original, &copy, &edits, Format::Whisper).is_some(), want);
        };
        check(&[("am", None), ("[NAME]", None)], true);
        check(&[("[NAME]", None)], true);
        check(&[], true);
        check(&[("am", None), ("joan", None)], false);
        check(&[("john", None)], false);
        let gone = timed(TimeSource::None, &[(TurnKind::Spoken, masked)]);
        assert!(origins(&original, &gone, &edits, Format::Whisper).is_some());
    }
}
