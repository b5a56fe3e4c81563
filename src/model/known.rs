//! Values known of the people of a call before anything is looked for, as a customer system exports them.
//! Checked strictly; no message says anything of a value.
//!
//! `docs/known.v1.schema.json` says the same in JSON Schema. A reader refuses a `schema` and any field that it
//! does not know.

use super::Category;
use crate::base::{Error, Kind, Phi, Result, Stage};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;

/// The `schema` of a file of known values.
pub const KNOWN_SCHEMA: &str = "sordino.known/v1";
/// Largest file of known values, bytes.
pub const KNOWN_BYTES_MAX: u64 = 64 << 20;
/// Most values of one call; a family with everything that a customer system has takes some fifty.
const VALUES_MAX: usize = 256;
/// Longest value, bytes.
const VALUE_BYTES_MAX: usize = 160;

/// A value that must be hidden wherever and however it is said.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct KnownValue {
    /// What it is.
    pub category: Category,
    /// The value as it was exported, or as detection normalised it.
    pub value: Phi<String>,
}

impl KnownValue {
    /// A value that can be looked for.
    ///
    /// # Errors
    /// What is wrong with it, without the value.
    pub fn new(category: Category, value: &str) -> Result<Self, &'static str> {
        if value.len() > VALUE_BYTES_MAX {
            return Err("a value is longer than 160 bytes");
        }
        if value.chars().any(char::is_control) {
            return Err("a value has control characters");
        }
        let letters = value.chars().filter(|c| c.is_alphabetic()).count();
        let digits = value.bytes().filter(u8::is_ascii_digit).count();
        let fits = |ok, wrong| if ok { Ok(()) } else { Err(wrong) };
        match category {
            Category::Name => fits(letters >= 2 && digits == 0, "a NAME has letters and no digits"),
            Category::Dob | Category::Date => {
                fits(Day::parse(value).is_some(), "a DOB or DATE is a day like 1982-03-05 or 03/05/1982")
            }
            Category::Phone => fits((7..=15).contains(&digits) && letters == 0, "a PHONE has 7 to 15 digits"),
            Category::Ssn => fits(digits == 9 && letters == 0, "an SSN has 9 digits"),
            Category::Card => fits((12..=19).contains(&digits) && letters == 0, "a CARD has 12 to 19 digits"),
            Category::Zip => fits(matches!(digits, 5 | 9) && letters == 0, "a ZIP has 5 or 9 digits"),
            Category::Email => fits(is_mail(value), "an EMAIL has one @ with text on both sides"),
            Category::Address => fits(letters >= 2, "an ADDRESS has a street"),
            Category::City => fits(letters >= 2 && digits == 0, "a CITY has letters and no digits"),
            Category::Age => Err("an AGE is too short a value to be looked for"),
            Category::MemberId
            | Category::Mrn
            | Category::Account
            | Category::License
            | Category::Vehicle
            | Category::Device => {
                fits(letters + digits >= 3 && digits > 0, "an id has 3 letters or digits, one a digit")
            }
            Category::Url | Category::Other => fits(letters + digits >= 3, "a value has 3 letters or digits"),
        }?;
        Ok(Self { category, value: Phi::new(value.to_owned()) })
    }
}

fn is_mail(value: &str) -> bool {
    let has_text = |part: &str| part.chars().any(char::is_alphanumeric) && !part.contains([' ', '@']);
    value.split_once('@').is_some_and(|(local, domain)| has_text(local) && has_text(domain))
}

/// A day of the calendar.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// 1800 to 2199.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31, within the month.
    pub day: u8,
}

impl Day {
    /// Reads `1982-03-05`, `1982-3-5T00:00:00Z` or, as the United States write it, `03/05/1982`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.split(['T', ' ']).next()?;
        let parts = |at| text.split(at).map(|p| p.parse().ok()).collect::<Option<Vec<u16>>>();
        let [year, month, day] = match (text.contains('-'), text.contains('/')) {
            (true, false) => <[u16; 3]>::try_from(parts('-')?).ok()?,
            (false, true) => <[u16; 3]>::try_from(parts('/')?).ok().map(|[m, d, y]| [y, m, d])?,
            _ => return None,
        };
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 => 28 + u16::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        let is_day = (1800..2200).contains(&year) && (1..=days).contains(&day);
        is_day.then_some(Self { year, month: month as u8, day: day as u8 })
    }
}

/// What a file of known values holds.
pub enum KnownFile {
    /// The people of one call.
    One(Vec<KnownValue>),
    /// The people of each call, by the call's name: its path below the root without template folders and extension.
    ByCall(BTreeMap<Phi<String>, Vec<KnownValue>>),
}

impl KnownFile {
    /// Reads a file.
    ///
    /// # Errors
    /// A usage error with line and column, or with the place of the value, and never with the value.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let wrong =
            |message| Error::new(Stage::Configure, Kind::Usage, message).hint("docs/known-values.md has the form");
        if bytes.len() as u64 > KNOWN_BYTES_MAX {
            return Err(wrong("a file of known values is too large").at("bytes", bytes.len() as u64));
        }
        let file: File = serde_json::from_slice(bytes)
            .map_err(|e| wrong(fault(&e)).at("line", e.line() as u64).at("column", e.column() as u64))?;
        if file.schema != KNOWN_SCHEMA {
            return Err(wrong("a file of known values has another schema than sordino.known/v1"));
        }
        match (file.people, file.calls) {
            (Some(people), None) => Ok(Self::One(values(people)?)),
            (None, Some(calls)) => {
                let read = |(i, (call, people)): (usize, _)| {
                    values(people).map(|v| (Phi::new(call), v)).map_err(|e| e.at("call", i as u64))
                };
                let mut by_call: BTreeMap<_, Vec<KnownValue>> = BTreeMap::new();
                for (call, values) in calls.0.into_iter().enumerate().map(read).collect::<Result<Vec<_>>>()? {
                    by_call.entry(call).or_default().extend(values);
                }
                Ok(Self::ByCall(by_call))
            }
            _ => Err(wrong("a file of known values has either people or calls")),
        }
    }
}

/// Which of the ways to be wrong it is: the parser's own words quote what they met.
fn fault(error: &serde_json::Error) -> &'static str {
    let message = error.to_string();
    let starts = |start| message.starts_with(start);
    match error.classify() {
        _ if starts("unknown field") => "a file of known values has a field that is not known",
        _ if starts("duplicate field") => "a file of known values has a field twice",
        _ if starts("missing field") => "a file of known values has no schema",
        _ if starts("unknown category") => "a file of known values has a category that is not known",
        serde_json::error::Category::Data => "a file of known values has a value of the wrong type",
        _ => "a file of known values is no JSON",
    }
}

fn values(people: Vec<Person>) -> Result<Vec<KnownValue>> {
    let wrong = |message| Error::new(Stage::Configure, Kind::Usage, message).hint("docs/known-values.md has the form");
    let mut out = Vec::new();
    for (p, person) in people.into_iter().enumerate() {
        for (category, texts) in person.0 {
            for (n, text) in texts.0.iter().enumerate() {
                if out.len() == VALUES_MAX {
                    return Err(wrong("a call has too many known values").at("at most", VALUES_MAX as u64));
                }
                let value = KnownValue::new(category, text);
                out.push(value.map_err(|m| wrong(m).at("person", p as u64).at("value", n as u64))?);
            }
        }
    }
    Ok(out)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: String,
    people: Option<Vec<Person>>,
    calls: Option<Entries<String, Vec<Person>>>,
}

/// Values by category.
type Person = Entries<Category, Texts>;

/// One text or a list of them.
struct Texts(Vec<String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            One(String),
            More(Vec<String>),
        }
        Ok(Self(match Either::deserialize(d)? {
            Either::One(text) => vec![text],
            Either::More(texts) => texts,
        }))
    }
}

/// The entries of an object, in order; of a name that is there twice both are kept.
struct Entries<K, V>(Vec<(K, V)>);

impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for Entries<K, V> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Reader<K, V>(std::marker::PhantomData<(K, V)>);
        impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Visitor<'de> for Reader<K, V> {
            type Value = Entries<K, V>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        d.deserialize_map(Reader(std::marker::PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &[u8] = include_bytes!("../../docs/examples/known.v1.json");
    const CALLS: &[u8] = include_bytes!("../../docs/examples/known-calls.v1.json");
    const SCHEMA: &str = include_str!("../../docs/known.v1.schema.json");

    fn refusal(text: &str) -> String {
        let error = KnownFile::parse(text.as_bytes()).err().expect(text);
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("Quarrington"), "{shown}");
        shown
    }

    #[test]
    fn the_examples_are_read() {
        assert!(matches!(KnownFile::parse(EXAMPLE).unwrap(), KnownFile::One(v) if v.len() > 8));
        let KnownFile::ByCall(calls) = KnownFile::parse(CALLS).unwrap() else { panic!("calls") };
        assert!(calls[&Phi::new("2026-11-21/a17".to_owned())].len() > 2);
    }

    #[test]
    fn the_schema_lists_the_categories_that_can_be_given() {
        let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
        let listed = schema["$defs"]["person"]["properties"].as_object().unwrap();
        let given = |c: &&Category| **c != Category::Age;
        assert_eq!(listed.len(), Category::ALL.iter().filter(given).count());
        assert!(Category::ALL.iter().filter(given).all(|c| listed.contains_key(c.label())));
    }

    #[test]
    fn a_wrong_file_is_refused_by_place_and_without_its_values() {
        for (text, want) in [
            ("{\"schema\": \"sordino.known/v1\", \"people\": [{\"NAME\": \"Quarrington", "no JSON"),
            ("{\"schema\": \"sordino.known/v1\", \"people\": [{\"NAME\": 7}]}", "wrong type"),
            ("{\"schema\": \"sordino.known/v1\", \"people\": \"Quarrington\"}", "wrong type"),
            ("{\"schema\": \"sordino.known/v1\", \"Quarrington\": []}", "field that is not known"),
            ("{\"schema\": \"sordino.known/v1\", \"people\": [{\"Quarrington\": \"x\"}]}", "category"),
            ("{\"people\": []}", "no schema"),
            ("{\"schema\": \"sordino.known/v2\", \"people\": []}", "another schema"),
            ("{\"schema\": \"sordino.known/v1\"}", "either people or calls"),
            ("{\"schema\": \"sordino.known/v1\", \"people\": [{}, {\"DOB\": \"Quarrington\"}]}", "person 1, value 0"),
            ("{\"schema\": \"sordino.known/v1\", \"calls\": {\"Quarrington\": [{\"AGE\": \"93\"}]}}", "call 0"),
        ] {
            let shown = refusal(text);
            assert!(shown.contains(want), "{want}: {shown}");
        }
    }

    #[test]
    fn values_that_cannot_be_looked_for_are_refused() {
        for (category, value) in [
            (Category::Name, "4"),
            (Category::Dob, "02/30/1982"),
            (Category::Dob, "1982"),
            (Category::Phone, "0134"),
            (Category::Email, "quarrington"),
            (Category::Zip, "123"),
            (Category::MemberId, "ab"),
            (Category::Name, "a\nb"),
        ] {
            assert!(KnownValue::new(category, value).is_err(), "{value}");
        }
        assert!(KnownValue::new(Category::Other, &"a".repeat(161)).is_err());
    }

    #[test]
    fn days_are_read_in_both_orders() {
        for text in ["1982-03-05", "1982-03-05T00:00:00Z", "03/05/1982", "3/5/1982"] {
            assert!(Day::parse(text) == Some(Day { year: 1982, month: 3, day: 5 }), "{text}");
        }
    }
}
