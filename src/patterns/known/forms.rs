//! What known values mean when they are said or written: small letters and digits, nothing else. "(415)
//! 555-0134", "four one five, triple five, oh one three four" and "415.555.0134" are all `4155550134`.

use super::super::lexicon::lists_of_word;
use super::{address, names};
use crate::base::folded;
use crate::model::{Category, Day};
use memchr::memmem;
use std::ops::Range;

/// Shortest part of a number that is taken for it.
pub const PART_MIN: usize = 4;
/// Longest form, bytes.
const FORM_BYTES_MAX: usize = 127;
/// Parts the texts of forms in a joined text; no form has it.
const BREAK: char = '\n';

/// How much has to speak for a form besides being said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// A cue, or the model's doubt: it is short, or made of ordinary words.
    Supported,
    /// Nothing.
    Sure,
}

/// One way in which a value can be said.
#[derive(Clone, PartialEq, Eq)]
pub struct Form {
    /// Small letters and digits.
    pub text: String,
    /// Bit `i`: a word of the value begins or ends at byte `i` of the text.
    edges: u128,
    /// What it is.
    pub category: Category,
    /// Whether parts count ("the last four").
    pub in_parts: bool,
    /// What has to speak for the whole form.
    pub trust: Trust,
}

impl Form {
    fn new(category: Category, words: &[&str], in_parts: bool, trust: Trust) -> Option<Self> {
        let mut form = Self { text: String::new(), edges: 1, category, in_parts, trust };
        for word in words {
            form.text.extend(folded(word).chars().filter(|c| c.is_alphanumeric()));
            form.edges |= 1_u128.checked_shl(form.text.len() as u32).unwrap_or_default();
        }
        ((2..=FORM_BYTES_MAX).contains(&form.text.len())).then_some(form)
    }

    /// Whether a word of the value begins or ends at this byte.
    #[must_use]
    pub fn is_edge(&self, at: usize) -> bool {
        at <= FORM_BYTES_MAX && self.edges >> at & 1 == 1
    }

    /// Whether the value has several words.
    #[must_use]
    pub const fn has_words(&self) -> bool {
        self.edges.count_ones() > 2
    }
}

/// Appends all forms of a value.
pub(super) fn push(category: Category, text: &str, out: &mut Vec<Form>) {
    let words: Vec<&str> =
        text.split(|c: char| !(c.is_alphanumeric() || c == '\'')).filter(|w| !w.is_empty()).collect();
    let whole = |trust| Form::new(category, &words, false, trust);
    match category {
        Category::Name => {
            for name in names::words(text) {
                let parts: Vec<&str> = name.split('-').collect();
                out.extend(make(category, &parts, Trust::Sure));
                out.extend(parts.iter().filter_map(|part| make(category, &[part], Trust::Sure)));
            }
        }
        Category::Dob | Category::Date => out.extend(Day::parse(text).into_iter().flat_map(|d| days(category, d))),
        Category::Email => mail(text, out),
        Category::Address => address::push(text, out),
        Category::City => {
            let plain = words.len() == 1 && is_ordinary(&words);
            out.extend(whole(if plain { Trust::Supported } else { Trust::Sure }));
        }
        Category::Zip => {
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            out.extend(Form::new(category, &[&digits], false, Trust::Sure));
            out.extend(Form::new(category, &[&digits[..5.min(digits.len())]], false, Trust::Sure));
        }
        Category::Url | Category::Other => out.extend(whole(Trust::Sure)),
        _ => out.extend(number(category, text)),
    }
}

/// A form that counts whole.
pub(super) fn make(category: Category, words: &[&str], trust: Trust) -> Option<Form> {
    Form::new(category, words, false, trust)
}

/// Whether all words are ordinary ones.
pub(super) fn is_ordinary(words: &[&str]) -> bool {
    words.iter().all(|w| lists_of_word(&folded(w)).lower >= 3)
}

fn number(category: Category, text: &str) -> Option<Form> {
    let mut text: String = folded(text).chars().filter(|c| c.is_alphanumeric()).collect();
    if category == Category::Phone && text.len() == 11 && text.starts_with('1') {
        text.remove(0);
    }
    let trust = if text.len() < PART_MIN { Trust::Supported } else { Trust::Sure };
    Form::new(category, &[&text], true, trust)
}

/// The whole address, and the part before the @.
fn mail(text: &str, out: &mut Vec<Form>) {
    let local = text.split('@').next().unwrap_or_default();
    for part in [text, local] {
        let words = letters_and_digits(part);
        let plain = words.len() == 1 && part.len() < 8 || is_ordinary(&words);
        let is_whole = part.len() == text.len();
        let trust = if is_whole || !plain { Trust::Sure } else { Trust::Supported };
        out.extend(Form::new(Category::Email, &words, false, trust));
    }
}

/// Runs of letters and runs of digits.
fn letters_and_digits(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
        let mut from = 0;
        let starts: Vec<usize> = word.char_indices().map(|(i, _)| i).collect();
        for pair in starts.windows(2) {
            let digit = |i: usize| word.as_bytes()[i].is_ascii_digit();
            if digit(pair[0]) != digit(pair[1]) {
                out.push(&word[from..pair[1]]);
                from = pair[1];
            }
        }
        out.push(&word[from..]);
    }
    out
}

/// Names of the months, January first.
pub(crate) const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// A day in every order, whole or in part, with the month as a word or a number.
fn days(category: Category, day: Day) -> Vec<Form> {
    let Day { year, month, day } = day;
    let name = MONTHS[usize::from(month) - 1];
    let short = |n: u8| [n.to_string(), format!("{n:02}")];
    let years = [year.to_string(), format!("{:02}", year % 100)];
    let mut out = Vec::new();
    let mut put = |words: &[&str], trust| out.extend(Form::new(category, words, false, trust));
    for m in [name, &name[..3], if month == 9 { "sept" } else { name }] {
        for d in &short(day) {
            put(&[m, d], Trust::Sure);
            put(&[d, m], Trust::Sure);
            for y in &years {
                put(&[m, d, y], Trust::Sure);
                put(&[d, m, y], Trust::Sure);
                put(&[y, m, d], Trust::Sure);
            }
        }
        years.iter().for_each(|y| put(&[m, y], Trust::Sure));
    }
    for m in &short(month) {
        for d in &short(day) {
            put(&[m, d], Trust::Supported);
            for y in &years {
                for words in [[m, d, y], [d, m, y], [y, m, d]] {
                    let digits: usize = words.iter().map(|w| w.len()).sum();
                    put(&words.map(String::as_str), if digits < 5 { Trust::Supported } else { Trust::Sure });
                }
            }
        }
        put(&[m, &years[0]], Trust::Supported);
    }
    if category == Category::Dob {
        put(&[&years[0]], Trust::Supported);
    }
    out
}

/// Forms in order of their texts, without repeats.
#[derive(Default)]
pub struct Forms {
    list: Vec<Form>,
    /// Texts of the forms that count in parts, and for each where it starts and which form it is.
    joined: String,
    parts: Vec<(usize, usize)>,
}

impl Forms {
    pub(super) fn of(mut list: Vec<Form>) -> Self {
        // Of equal texts the surest.
        list.sort_by(|a, b| (&a.text, b.trust, a.category).cmp(&(&b.text, a.trust, b.category)));
        list.dedup_by(|a, b| a.text == b.text);
        let (mut joined, mut parts) = (String::new(), Vec::new());
        for (i, form) in list.iter().enumerate().filter(|(_, f)| f.in_parts) {
            parts.push((joined.len(), i));
            joined.push_str(&form.text);
            joined.push(BREAK);
        }
        Self { list, joined, parts }
    }

    /// The forms.
    #[must_use]
    pub fn list(&self) -> &[Form] {
        &self.list
    }

    /// The forms that begin with this text.
    #[must_use]
    pub fn beginning(&self, text: &str) -> Range<usize> {
        let from = self.list.partition_point(|f| f.text.as_str() < text);
        let len = self.list[from..].iter().take_while(|f| f.text.starts_with(text)).count();
        from..from + len
    }

    /// Where this text stands in forms that count in parts: the form, and the byte.
    pub fn inside<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
        let finder = memmem::Finder::new(text).into_owned();
        let mut from = 0;
        std::iter::from_fn(move || {
            let at = from + finder.find(self.joined.as_bytes().get(from..)?)?;
            from = at + 1;
            let (start, form) = self.parts[self.parts.partition_point(|p| p.0 <= at) - 1];
            Some((form, at - start))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(category: Category, value: &str) -> Vec<String> {
        let mut out = Vec::new();
        push(category, value, &mut out);
        out.into_iter().map(|f| f.text).collect()
    }

    #[test]
    fn a_value_means_the_same_however_it_is_written() {
        for value in ["+1 (415) 555-0134", "415.555.0134", "4155550134"] {
            assert!(texts(Category::Phone, value) == ["4155550134"], "{value}");
        }
        assert!(texts(Category::MemberId, "XQJ-4410470") == ["xqj4410470"]);
        assert!(texts(Category::Zip, "78664-1201") == ["786641201", "78664"]);
    }

    #[test]
    fn a_day_is_known_in_every_order_and_in_part() {
        let forms = texts(Category::Dob, "1982-03-05");
        for want in ["march5", "5march", "march51982", "mar582", "1982", "march1982", "030582", "3582", "19820305"] {
            assert!(forms.iter().any(|f| f == want), "{want}");
        }
        assert!(!texts(Category::Date, "1982-03-05").iter().any(|f| f == "1982"));
    }

    #[test]
    fn a_mail_address_is_known_by_its_local_part() {
        assert!(texts(Category::Email, "J.Brooks82@example.com") == ["jbrooks82examplecom", "jbrooks82"]);
        assert!(letters_and_digits("j.brooks82") == ["j", "brooks", "82"]);
    }

    #[test]
    fn forms_are_found_by_their_beginning_and_numbers_by_any_part() {
        let mut list = Vec::new();
        push(Category::Phone, "415-555-0134", &mut list);
        push(Category::Name, "Maria Kuznetsova-Hill", &mut list);
        let forms = Forms::of(list);
        let found: Vec<_> = forms.beginning("k").map(|i| forms.list()[i].text.as_str()).collect();
        assert!(found == ["kuznetsova", "kuznetsovahill"]);
        let at: Vec<usize> = forms.inside("55").map(|(_, at)| at).collect();
        assert_eq!(at, [2, 3, 4]);
    }
}
