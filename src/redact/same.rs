//! Compares a transcript with its masked copy, read back: hidden words read as masks, all else is as it was.

use crate::base::{Phi, TimeSpan, WordSpan};
use crate::model::{Category, Edit, TimeSource, Transcript, Turn, TurnKind, mask};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// For each word of the copy the words of the original that it stands for, where that is certain.
pub(super) type Origins = Vec<Option<WordSpan>>;

/// Whether `copy` is `original` with exactly these edits masked.
///
/// Spoken turns must agree turn by turn: speaker (where words have times), channel, and every kept word with its text
/// and time. Hidden words read as masks of their category: one for each word where the format lists words, or fewer
/// where it has running text.
///
/// A file that gives words and turns apart is put together by comparing texts, and masks can move a word to the turn
/// beside it. There the words must agree one by one in order of their times, whatever their turns.
///
/// Alternates are readings that differ from what was said, and masking can end the difference or hide more of them. So
/// each word of the copy's alternates must be a mask or say what a kept word says, but there may be fewer of them.
pub(super) fn origins(original: &Transcript, copy: &Transcript, edits: &[Edit]) -> Option<Origins> {
    Pair { original, copy, edits }.origins()
}

/// Whether a word is nothing but a mask, with punctuation or a possessive on it.
pub(super) fn is_mask(word: Phi<&str>) -> bool {
    mask::own(word.expose()).is_some()
}

/// What a word says, whatever its case and punctuation.
fn said(word: Phi<&str>) -> Phi<String> {
    Phi::new(word.expose().chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect())
}

/// What a word reads.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reading<'a> {
    Mask(Category),
    Text(Phi<&'a str>),
}

/// Most pieces of one word: letters of a long spelled name.
const PIECES_MAX: usize = 16;

struct Pair<'a> {
    original: &'a Transcript,
    copy: &'a Transcript,
    edits: &'a [Edit],
}

impl Pair<'_> {
    fn origins(&self) -> Option<Origins> {
        let spoken = |t: &Transcript| t.turns().iter().filter(|t| t.kind == TurnKind::Spoken).count();
        let (turns, copied) = (spoken(self.original), spoken(self.copy));
        let by_turn = (turns == copied).then(|| self.turns(0..turns)).flatten();
        let mut origins = by_turn.or_else(|| self.by_time(turns, copied))?;
        let same_turns = turns == copied && self.copy.turns().len() == self.original.turns().len();
        match same_turns.then(|| self.turns(turns..self.copy.turns().len())).flatten() {
            Some(alternates) => origins.extend(alternates),
            None if self.alternates_say_nothing_new(copied) => origins.extend(self.alternates_by_text(turns, copied)),
            None => return None,
        }
        Some(origins)
    }

    /// All spoken words in order of their times, where each has one.
    fn by_time(&self, turns: usize, copied: usize) -> Option<Origins> {
        let words = |t: &Transcript, turns: usize| t.turns()[..turns].last().map_or(0, |t| t.words.end);
        let (words, copied) = (words(self.original, turns), words(self.copy, copied));
        let mut original: Vec<_> = (0..words).map(|w| self.must_read(w)).collect::<Option<_>>()?;
        let mut copy: Vec<_> = (0..copied).map(|w| self.reads(w)).collect::<Option<_>>()?;
        original.sort_unstable();
        copy.sort_unstable();
        let mut origins = Origins::from_iter((0..copied).map(|_| None));
        for (&(time, reading, word), &(copied_time, copied_reading, copied)) in original.iter().zip(&copy) {
            if (time, reading) != (copied_time, copied_reading) {
                return None;
            }
            origins[copied as usize] = Some(WordSpan::new(word, word + 1));
        }
        (words == copied).then_some(origins)
    }

    /// When a word of the original was said and what the copy must have there.
    fn must_read(&self, word: u32) -> Option<(TimeSpan, Reading<'_>, u32)> {
        let text = self.original.word_text(word as usize);
        let reading = self.hidden_as(word).map_or(Reading::Text(text), Reading::Mask);
        Some((self.original.words()[word as usize].time?, reading, word))
    }

    /// When a word of the copy is said and what it reads.
    fn reads(&self, word: u32) -> Option<(TimeSpan, Reading<'_>, u32)> {
        let text = self.copy.word_text(word as usize);
        let reading = self.reads_as(word).map_or(Reading::Text(text), Reading::Mask);
        Some((self.copy.words()[word as usize].time?, reading, word))
    }

    fn turns(&self, turns: Range<usize>) -> Option<Origins> {
        let each: Option<Vec<Origins>> = turns.map(|turn| self.turn(turn)).collect();
        Some(each?.concat())
    }

    fn alternates_say_nothing_new(&self, spoken: usize) -> bool {
        let words = self.original.words().len();
        let kept = (0..words).filter(|&w| self.edit_of(w as u32).is_none()).map(|w| said(self.original.word_text(w)));
        let kept: HashSet<Phi<String>> = kept.collect();
        let turns = self.copy.turns()[spoken..].iter();
        turns.map(|t| t.words.range()).all(|words| self.says_only(words, &kept))
    }

    /// The words that the copy's alternates stand for, by what they say and in their order: those of the original's
    /// alternates, or words of the turn that they belong to, from which masking has made them differ.
    ///
    /// Of equal words it may be another one. Whoever hides that one in vain comes back and gets the next.
    fn alternates_by_text(&self, turns: usize, copied: usize) -> Origins {
        let alternates =
            |t: &Transcript, turns: usize| t.turns().get(turns).map_or(t.words().len(), |t| t.words.range().start);
        let first = alternates(self.original, turns) as u32;
        let mut places: HashMap<Phi<String>, Vec<u32>> = HashMap::new();
        for word in (0..self.original.words().len() as u32).filter(|&w| self.edit_of(w).is_none()) {
            places.entry(said(self.original.word_text(word as usize))).or_default().push(word);
        }
        let mut at = first;
        let mut origins = Origins::new();
        for turn in &self.copy.turns()[copied..] {
            let of = match turn.kind {
                TurnKind::Alternate { of } => of.and_then(|of| self.original.turns().get(of as usize)),
                _ => None,
            };
            for word in turn.words.range() {
                let all = places.get(&said(self.copy.word_text(word))).map_or(&[][..], Vec::as_slice);
                let next = |from: u32| all.get(all.partition_point(|&w| w < from)).copied();
                let spoken = || of.and_then(|of| next(of.words.start).filter(|&w| w < of.words.end));
                let origin = next(at).or_else(|| next(first)).or_else(spoken);
                at = origin.filter(|&w| w >= first).map_or(at, |w| w + 1);
                origins.push(origin.map(|w| WordSpan::new(w, w + 1)));
            }
        }
        origins
    }

    /// Whether these words of the copy are masks, or say what kept words say, one by one or one in pieces ("m d" for
    /// "M-D"): masking can end that pieces are taken for the word that they make.
    fn says_only(&self, mut words: Range<usize>, kept: &HashSet<Phi<String>>) -> bool {
        let known = |words: Range<usize>| {
            let joined = words.map(|w| said(self.copy.word_text(w)).into_exposed()).collect();
            kept.contains(&Phi::new(joined))
        };
        while let Some(word) = words.next() {
            if is_mask(self.copy.word_text(word)) {
                continue;
            }
            let mut ends = word + 1..=words.end.min(word + PIECES_MAX);
            let Some(end) = ends.find(|&end| known(word..end)) else { return false };
            words.start = end;
        }
        true
    }

    /// One turn against the same turn of the copy, run by run.
    fn turn(&self, turn: usize) -> Option<Origins> {
        let (original, copy) = (&self.original.turns()[turn], &self.copy.turns()[turn]);
        if (original.kind, original.channel) != (copy.kind, copy.channel) || !self.same_speaker(original, copy) {
            return None;
        }
        let mut origins = Origins::new();
        let (mut at, mut copied) = (original.words.start, copy.words.start);
        while at < original.words.end && copied < copy.words.end {
            match (self.hidden_as(at), self.reads_as(copied)) {
                (Some(hidden), Some(mask)) if hidden == mask => {
                    let words = run(at..original.words.end, |w| self.hidden_as(w) == Some(hidden));
                    let masks = run(copied..copy.words.end, |w| self.reads_as(w) == Some(hidden));
                    self.pair_masks(words, masks, &mut origins)?;
                    (at, copied) = (words.end, masks.end);
                }
                (None, None) if self.is_kept(at, copied) => {
                    origins.push(Some(WordSpan::new(at, at + 1)));
                    (at, copied) = (at + 1, copied + 1);
                }
                _ => return None,
            }
        }
        (at == original.words.end && copied == copy.words.end).then_some(origins)
    }

    /// In text without times a speaker may be told by name, which is no label any more once it is masked.
    fn same_speaker(&self, original: &Turn, copy: &Turn) -> bool {
        original.speaker == copy.speaker || self.original.time_source() == TimeSource::None
    }

    /// Masks for a run of hidden words: as many, each at its word's time, or fewer within the run.
    fn pair_masks(&self, hidden: WordSpan, masks: WordSpan, origins: &mut Origins) -> Option<()> {
        let time = |t: &Transcript, w: u32| t.words()[w as usize].time;
        if masks.len() == hidden.len() {
            let words = (hidden.start..hidden.end).zip(masks.start..masks.end);
            for (word, mask) in words {
                if time(self.original, word) != time(self.copy, mask) {
                    return None;
                }
                origins.push(Some(WordSpan::new(word, word + 1)));
            }
            return Some(());
        }
        let times: HashSet<_> = (hidden.start..hidden.end).map(|w| time(self.original, w)).collect();
        let placed = (masks.start..masks.end).all(|m| times.contains(&time(self.copy, m)));
        origins.extend((0..masks.len()).map(|_| Some(hidden)));
        (placed && masks.len() < hidden.len()).then_some(())
    }

    fn is_kept(&self, word: u32, copied: u32) -> bool {
        let (word, copied) = (word as usize, copied as usize);
        self.original.word_text(word) == self.copy.word_text(copied)
            && self.original.words()[word].time == self.copy.words()[copied].time
    }

    /// The category that a word of the original must read as: that of its edit, or of the mask that it was already.
    fn hidden_as(&self, word: u32) -> Option<Category> {
        self.edit_of(word).map(|e| e.category).or_else(|| mask::own(self.original.word_text(word as usize).expose()))
    }

    /// The category of the mask that a word of the copy is.
    fn reads_as(&self, word: u32) -> Option<Category> {
        mask::own(self.copy.word_text(word as usize).expose())
    }

    fn edit_of(&self, word: u32) -> Option<&Edit> {
        let at = self.edits.partition_point(|e| e.words.end <= word);
        self.edits.get(at).filter(|e| e.words.start <= word)
    }
}

/// The words at the start of a range that are alike.
fn run(mut words: Range<u32>, alike: impl Fn(u32) -> bool) -> WordSpan {
    let Range { start, end } = words;
    WordSpan::new(start, words.find(|&w| !alike(w)).unwrap_or(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::testing::{Said, timed, turns};

    fn edit(category: Category, a: u32, b: u32) -> Edit {
        Edit { words: WordSpan::new(a, b), category, rules: Vec::new() }
    }

    fn check(original: &[&str], copy: &[&str], edits: &[Edit], want: bool) {
        let got = origins(&turns(original), &turns(copy), edits).is_some();
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

    fn spans(original: &[&str], copy: &[&str], edits: &[Edit]) -> Option<Vec<(u32, u32)>> {
        let origins = origins(&turns(original), &turns(copy), edits)?;
        Some(origins.into_iter().flatten().map(|w| (w.start, w.end)).collect())
    }

    #[test]
    fn running_text_may_read_a_stretch_as_one_mask_and_tells_where_it_was() {
        let edits = [edit(Category::Name, 2, 4)];
        let original = ["i am john smith yes"];
        assert_eq!(spans(&original, &["i am [NAME] yes"], &edits).unwrap(), [(0, 1), (1, 2), (2, 4), (4, 5)]);
        assert!(spans(&original, &["i am yes"], &edits).is_none());
        assert!(spans(&original, &["i am [NAME] [NAME] [NAME] yes"], &edits).is_none());
    }

    #[test]
    fn neighbouring_stretches_of_one_category_may_share_a_mask() {
        let edits = [edit(Category::Name, 0, 2), edit(Category::Name, 2, 3), edit(Category::City, 3, 4)];
        let original = ["john smith jane york ok"];
        assert_eq!(spans(&original, &["[NAME] [CITY] ok"], &edits).unwrap(), [(0, 3), (3, 4), (4, 5)]);
        assert!(spans(&original, &["[NAME] ok"], &edits).is_none());
    }

    #[test]
    fn masks_that_were_there_before_stay_masks() {
        let edits = [edit(Category::Name, 1, 2)];
        assert!(spans(&["[NAME] smith [CITY] ok"], &["[NAME] [NAME] [CITY] ok"], &edits).is_some());
        assert!(spans(&["[CITY] ok"], &["ok"], &[]).is_none());
    }

    #[test]
    fn times_must_stay() {
        let said = |end| -> [Said<'static>; 1] { [("hello", Some((100, end)))] };
        let original = timed(TimeSource::Recogniser, &[(TurnKind::Spoken, &said(200))]);
        assert!(origins(&original, &original, &[]).is_some());
        let later = timed(TimeSource::Recogniser, &[(TurnKind::Spoken, &said(201))]);
        assert!(origins(&original, &later, &[]).is_none());
    }

    #[test]
    fn a_word_may_move_to_the_turn_beside_it_but_not_in_time() {
        let words: [Said<'_>; 3] = [("i", Some((0, 100))), ("am", Some((100, 200))), ("john", Some((200, 300)))];
        let masked: [Said<'_>; 3] = [words[0], words[1], ("[NAME]", Some((200, 300)))];
        let split = |words: &[Said<'_>], at: usize| {
            let (a, b) = words.split_at(at);
            timed(TimeSource::Recogniser, &[(TurnKind::Spoken, a), (TurnKind::Spoken, b)])
        };
        let edits = [edit(Category::Name, 2, 3)];
        let original = split(&words, 2);
        let got = origins(&original, &split(&masked, 1), &edits).unwrap();
        assert_eq!(got.into_iter().flatten().map(|w| w.start).collect::<Vec<_>>(), [0, 1, 2]);
        assert!(origins(&original, &split(&words, 1), &edits).is_none());
        let early: [Said<'_>; 3] = [("i", Some((0, 100))), ("[NAME]", Some((100, 200))), ("am", Some((200, 300)))];
        assert!(origins(&original, &split(&early, 1), &edits).is_none());
        assert!(origins(&original, &split(&masked[..2], 1), &edits).is_none());
    }

    #[test]
    fn words_of_alternates_that_changed_their_shape_are_found_by_what_they_say() {
        let spoken: &[Said<'_>] = &[("call", None), ("9365555", None), ("okay", None)];
        let masked: &[Said<'_>] = &[("call", None), ("[PHONE]", None), ("okay", None)];
        let lexical: &[Said<'_>] = &[("nine", None), ("three", None), ("six", None), ("three", None), ("five", None)];
        let alternate = TurnKind::Alternate { of: Some(0) };
        let original = timed(TimeSource::None, &[(TurnKind::Spoken, spoken), (alternate, lexical)]);
        let edits = [edit(Category::Phone, 1, 2), edit(Category::Phone, 4, 6)];
        let left: &[Said<'_>] = &[("[PHONE]", None), ("three", None)];
        let further: &[Said<'_>] = &[("five", None), ("okay", None)];
        let copy = timed(TimeSource::None, &[(TurnKind::Spoken, masked), (alternate, left), (alternate, further)]);
        let got: Vec<_> = origins(&original, &copy, &edits).unwrap().iter().map(|o| o.map(|w| w.start)).collect();
        assert_eq!(got, [Some(0), Some(1), Some(2), None, Some(6), Some(7), Some(2)]);
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
            assert_eq!(origins(&original, &copy, &edits).is_some(), want);
        };
        check(&[("am", None), ("[NAME]", None)], true);
        check(&[("[NAME]", None)], true);
        check(&[], true);
        check(&[("am", None), ("joan", None)], false);
        check(&[("john", None)], false);
        check(&[("a", None), ("m", None), ("[NAME]", None)], true);
        check(&[("jo", None), ("hn", None)], false);
        let gone = timed(TimeSource::None, &[(TurnKind::Spoken, masked)]);
        assert!(origins(&original, &gone, &edits).is_some());
    }
}
