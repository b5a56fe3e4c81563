//! Names and numbers of a call, ready to be asked whether a word or a run is like one of them. What an
//! answer costs does not grow with what is known.

use crate::model::Category;
use crate::patterns::hash::hash_bytes;
use crate::patterns::slips::Slips;
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use memchr::memmem;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

/// Shortest part of a number that spreads.
pub(super) const PART_DIGITS_MIN: usize = 4;
/// Most bytes of values that parts are compared with; in a call with more, whatever is long enough to be
/// a part counts as one. A call has some hundred.
const PARTS_BYTES_MAX: usize = 16 << 10;
/// Parts that are looked for one by one.
const FEW_PARTS: usize = 64;
/// Parts the values in a joined text; no value has it.
const BREAK: char = '\n';

/// Names and numbers of a call, normalised.
#[derive(Default)]
pub(super) struct Values<'a> {
    /// In lower case.
    pub names: BTreeSet<&'a str>,
    /// Names that were spelled, in capitals.
    pub spelled: BTreeSet<String>,
    /// Digits and capitals.
    pub numbers: BTreeMap<String, Category>,
}

impl Values<'_> {
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.spelled.is_empty() && self.numbers.is_empty()
    }
}

/// [`Values`], indexed.
pub(super) struct Index<'v> {
    values: &'v Values<'v>,
    spelled: BTreeSet<String>,
    marks: Marks,
    // Most calls ask for only some of these.
    slips: OnceCell<Slips<&'v str>>,
    spelled_parts: OnceCell<Option<String>>,
    numbers: OnceCell<Option<Numbers<'v>>>,
}

impl<'v> Index<'v> {
    pub fn of(values: &'v Values<'v>) -> Self {
        let spelled: BTreeSet<String> = values.spelled.iter().map(|s| s.to_ascii_lowercase()).collect();
        let marks = Marks::of(values.names.iter().copied().chain(spelled.iter().map(String::as_str)));
        Self {
            values,
            spelled,
            marks,
            slips: OnceCell::new(),
            spelled_parts: OnceCell::new(),
            numbers: OnceCell::new(),
        }
    }

    /// Whether any name is known.
    pub fn has_names(&self) -> bool {
        !(self.values.names.is_empty() && self.spelled.is_empty())
    }

    /// Whether a word is a known name, said or spelled. `hash` is that of the word.
    pub fn is_name(&self, word: &str, hash: u64) -> bool {
        self.marks.may_have(hash) && (self.values.names.contains(word) || self.spelled.contains(word))
    }

    /// Whether a word is one slip from a known name of at least `letters_min` bytes.
    pub fn is_near_name(&self, word: &str, letters_min: usize) -> bool {
        self.slips
            .get_or_init(|| Slips::of(self.values.names.iter().copied()))
            .near(word)
            .any(|name| name.len() >= letters_min)
    }

    /// Whether spelled letters (in capitals) are a known name or a part of one.
    pub fn is_spelled_name(&self, text: &str) -> bool {
        let lower = text.to_ascii_lowercase();
        let begins = || self.values.names.range(lower.as_str()..).next().is_some_and(|n| n.starts_with(&lower));
        self.values.names.contains(lower.as_str())
            || (lower.len() >= 4 && (begins() || self.is_near_name(&lower, 0)))
            || self.is_spelled_part(text)
    }

    fn is_spelled_part(&self, text: &str) -> bool {
        let parts = self.spelled_parts.get_or_init(|| joined(self.values.spelled.iter()));
        parts.as_ref().is_none_or(|all| memmem::find(all.as_bytes(), text.as_bytes()).is_some())
    }

    /// What a number is of which a known one is a part, or which is a part of a known one.
    pub fn number(&self, text: &str) -> Option<Category> {
        let numbers = self.numbers.get_or_init(|| Numbers::of(&self.values.numbers));
        numbers.as_ref().map_or(Some(Category::Other), |numbers| numbers.like(text))
    }
}

/// A bit per hash of a name, among many more bits than names: without it a word is none of them.
pub(super) struct Marks(Vec<u64>);

/// Bits for each name.
const MARKS_PER_NAME: usize = 32;

impl Marks {
    pub fn of<'n>(names: impl Iterator<Item = &'n str> + Clone) -> Self {
        let mut marks = Self(vec![0; (names.clone().count() * MARKS_PER_NAME / 64).next_power_of_two()]);
        for name in names {
            let (word, bit) = marks.place(hash_bytes(name.as_bytes()));
            marks.0[word] |= bit;
        }
        marks
    }

    pub fn may_have(&self, hash: u64) -> bool {
        let (word, bit) = self.place(hash);
        self.0[word] & bit != 0
    }

    fn place(&self, hash: u64) -> (usize, u64) {
        ((hash >> 32) as usize & (self.0.len() - 1), 1 << (hash >> 26 & 63))
    }
}

/// The values as one text, unless there are too many.
fn joined<'s>(values: impl Iterator<Item = &'s String>) -> Option<String> {
    let mut all = String::new();
    for value in values {
        all.push_str(value);
        all.push(BREAK);
        if all.len() > PARTS_BYTES_MAX {
            return None;
        }
    }
    Some(all)
}

/// Numbers, in order.
struct Numbers<'v> {
    joined: String,
    /// Per number: where it ends in `joined`.
    ends: Vec<usize>,
    categories: Vec<Category>,
    parts: Parts<'v>,
}

/// The numbers that are long enough to be parts, with their places in the order.
enum Parts<'v> {
    /// So few that each is looked for by itself.
    Few(Vec<(usize, &'v str)>),
    Many(AhoCorasick, Vec<usize>),
}

impl<'v> Numbers<'v> {
    /// `None` when there are too many.
    fn of(numbers: &'v BTreeMap<String, Category>) -> Option<Self> {
        let joined = joined(numbers.keys())?;
        let ends = memchr::memchr_iter(BREAK as u8, joined.as_bytes()).collect();
        let long = numbers.keys().map(String::as_str).enumerate().filter(|(_, n)| n.len() >= PART_DIGITS_MIN);
        Some(Self { joined, ends, categories: numbers.values().copied().collect(), parts: Parts::of(long.collect())? })
    }

    /// The category of the first number, in order, that has `text` in it or that `text` has in it.
    fn like(&self, text: &str) -> Option<Category> {
        let around =
            memmem::find(self.joined.as_bytes(), text.as_bytes()).map(|at| self.ends.partition_point(|e| *e <= at));
        let within = match &self.parts {
            Parts::Few(parts) => parts.iter().find(|(_, part)| text.contains(part)).map(|(i, _)| *i),
            Parts::Many(parts, order) => parts.find_overlapping_iter(text).map(|m| order[m.pattern().as_usize()]).min(),
        };
        around.into_iter().chain(within).min().map(|i| self.categories[i])
    }
}

impl<'v> Parts<'v> {
    fn of(parts: Vec<(usize, &'v str)>) -> Option<Self> {
        if parts.len() <= FEW_PARTS {
            return Some(Self::Few(parts));
        }
        // Not the DFA that few patterns get by default: building it takes the square of a long pattern's length.
        let kind = Some(AhoCorasickKind::ContiguousNFA);
        let parts_of = parts.iter().map(|(_, part)| part);
        Some(Self::Many(AhoCorasick::builder().kind(kind).build(parts_of).ok()?, parts.iter().map(|p| p.0).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patterns::slips::is_near;

    fn names(list: &[&'static str]) -> Values<'static> {
        Values { names: list.iter().copied().collect(), ..Values::default() }
    }

    #[test]
    fn the_index_of_slips_finds_what_is_near_and_nothing_else() {
        let letters = ["a", "b", "c"];
        let words: Vec<String> = (0..729_usize)
            .flat_map(|n| (3..=6).map(move |len| (0..len).map(|i| letters[n / 3_usize.pow(i) % 3]).collect()))
            .collect();
        let known = ["abcab", "abc", "ccccc", "bacba"];
        let values = names(&known);
        let index = Index::of(&values);
        for word in &words {
            assert_eq!(index.is_near_name(word, 4), known.iter().any(|n| n.len() >= 4 && is_near(n, word)), "{word}");
        }
    }

    #[test]
    fn a_name_too_long_for_slips_is_still_itself() {
        let long = "a".repeat(40);
        let values = Values { names: [long.as_str()].into(), ..Values::default() };
        let index = Index::of(&values);
        assert!(index.is_name(&long, hash_bytes(long.as_bytes())) && index.is_spelled_name(&long[..30].to_uppercase()));
        assert!(!index.is_near_name(&long, 0));
    }

    #[test]
    fn numbers_are_known_whole_and_in_part() {
        let numbers = [("5550134", Category::Phone), ("0134", Category::Card), ("999", Category::Age)];
        let values = Values { numbers: numbers.map(|(n, c)| (n.to_owned(), c)).into(), ..Values::default() };
        let index = Index::of(&values);
        for (text, want) in [
            ("5550134", Some(Category::Card)),
            ("55501", Some(Category::Phone)),
            ("80134", Some(Category::Card)),
            ("9999", None),
            ("134555", None),
        ] {
            assert_eq!(index.number(text), want, "{text}");
        }
    }

    #[test]
    fn with_too_many_values_every_part_counts_as_known() {
        let mut values = Values::default();
        for n in 0..3000 {
            values.numbers.insert((1_000_000 + n).to_string(), Category::Phone);
            values.spelled.insert(format!("NAME{n}"));
        }
        let index = Index::of(&values);
        assert_eq!(index.number("8888"), Some(Category::Other));
        assert!(index.is_spelled_name("XYZ"));
    }
}
