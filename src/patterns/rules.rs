//! Rules: regular expressions over a view of the transcript, with their examples. Read from
//! `patterns/rules/*.toml`; the first capture group is what is hidden.

use super::validate;
use crate::base::{Error, Kind, Result, Stage};
use crate::model::{Category, RuleId};
use regex::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};
use serde::Deserialize;

/// Which text a rule searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum View {
    /// The words as they stand, lower case, outer punctuation off.
    Written,
    /// The same with numbers, letters and addresses as what they mean.
    Spoken,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rule: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    about: String,
    category: Category,
    view: View,
    regex: String,
    validator: Option<String>,
    #[serde(default)]
    require_digit: bool,
    score: f32,
    must_match: Vec<String>,
    must_not_match: Vec<Counter>,
    generator: Option<String>,
}

/// An example that a rule must leave alone, and why.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counter {
    /// What is said.
    pub text: String,
    /// Why it is no match.
    pub why: String,
}

/// One compiled rule.
pub struct Rule {
    /// Its id.
    pub id: RuleId,
    /// One line for a person.
    pub about: String,
    /// What it finds.
    pub category: Category,
    /// Which text it searches.
    pub view: View,
    /// What a turn must have for the rule to search it.
    pub need: Need,
    /// How sure a match is, 0 to 1.
    pub score: f32,
    /// Sentences with the exact span in braces.
    pub must_match: Vec<String>,
    /// Sentences without a match.
    pub must_not_match: Vec<Counter>,
    /// Values of a finite domain that must all match, made when the examples are tested.
    pub generator: Option<String>,
    regex: Regex,
    validator: Option<fn(&str) -> bool>,
    require_digit: bool,
}

/// What a turn must have for a rule to match in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing that could be told beforehand.
    Nothing,
    /// A digit.
    Digit,
    /// An `@`.
    At,
}

impl Need {
    /// Whether a turn has it.
    #[must_use]
    pub fn is_met(self, turn: &str) -> bool {
        match self {
            Self::Nothing => true,
            Self::Digit => turn.bytes().any(|b| b.is_ascii_digit()),
            Self::At => turn.contains('@'),
        }
    }

    /// What every match of an expression has.
    fn of(regex: &str) -> Self {
        let parsed = ParserBuilder::new().unicode(false).build().parse(regex);
        let always = |first, last| parsed.as_ref().is_ok_and(|hir| always(hir, first, last));
        match () {
            () if always(b'@', b'@') => Self::At,
            () if always(b'0', b'9') => Self::Digit,
            () => Self::Nothing,
        }
    }
}

/// Whether every match of an expression has a byte from `first` to `last`.
fn always(hir: &Hir, first: u8, last: u8) -> bool {
    let within = |from: u32, to: u32| u32::from(first) <= from && to <= u32::from(last);
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => false,
        HirKind::Literal(literal) => literal.0.iter().any(|b| within(u32::from(*b), u32::from(*b))),
        HirKind::Class(Class::Bytes(class)) => class.iter().all(|r| within(u32::from(r.start()), u32::from(r.end()))),
        HirKind::Class(Class::Unicode(class)) => class.iter().all(|r| within(r.start().into(), r.end().into())),
        HirKind::Repetition(repeated) => repeated.min > 0 && always(&repeated.sub, first, last),
        HirKind::Capture(group) => always(&group.sub, first, last),
        HirKind::Concat(parts) => parts.iter().any(|part| always(part, first, last)),
        HirKind::Alternation(ways) => ways.iter().all(|way| always(way, first, last)),
    }
}

impl Rule {
    /// Byte ranges of what the rule hides in turns of its view.
    pub fn find_in(&self, text: &str) -> Vec<std::ops::Range<usize>> {
        let mut out = Vec::new();
        let mut at = 0;
        while let Some(found) = self.regex.captures_at(text, at) {
            let Some(span) = found.get(1) else { break };
            let digit = !self.require_digit || span.as_str().bytes().any(|b| b.is_ascii_digit());
            if digit && self.validator.is_none_or(|ok| ok(span.as_str())) {
                out.push(span.range());
            }
            // From the span's end, not the match's: what ends one match may begin the next.
            at = span.end().max(at + 1);
            while at < text.len() && !text.is_char_boundary(at) {
                at += 1;
            }
            if at >= text.len() {
                break;
            }
        }
        out
    }

    /// Values that the rule must all match; empty without a generator.
    #[must_use]
    pub fn generated(&self) -> Vec<String> {
        self.generator.as_deref().and_then(validate::generate).unwrap_or_default()
    }
}

/// Compiles a rule file.
///
/// # Errors
/// When the file is no TOML of this shape, an expression does not compile or has no group, or a rule has
/// fewer than three examples of either kind.
pub fn compile(toml: &str) -> Result<Vec<Rule>> {
    let file: File = toml::from_str(toml).map_err(|e| broken("rule file is not valid", e.to_string()))?;
    file.rule.into_iter().map(rule).collect()
}

fn broken(what: &'static str, hint: impl Into<String>) -> Error {
    Error::new(Stage::Patterns, Kind::Usage, what).hint(hint)
}

fn rule(entry: Entry) -> Result<Rule> {
    let regex = RegexBuilder::new(&entry.regex)
        .unicode(false)
        .build()
        .or_else(|_| RegexBuilder::new(&entry.regex).build())
        .map_err(|e| broken("rule's expression does not compile", format!("{}: {e}", entry.id)))?;
    if regex.captures_len() < 2 {
        return Err(broken("rule's expression has no group", entry.id));
    }
    if entry.must_match.len() < 3 || entry.must_not_match.len() < 3 {
        return Err(broken("rule needs three examples of each kind", entry.id));
    }
    let validator = match &entry.validator {
        None => None,
        Some(name) => Some(validate::by_name(name).ok_or_else(|| broken("rule's validator is unknown", name.clone()))?),
    };
    if entry.generator.as_deref().is_some_and(|g| validate::generate(g).is_none()) {
        return Err(broken("rule's generator is unknown", entry.id));
    }
    Ok(Rule {
        id: RuleId::new(&entry.id),
        about: entry.about,
        category: entry.category,
        view: entry.view,
        need: if entry.require_digit { Need::Digit } else { Need::of(&entry.regex) },
        score: entry.score,
        must_match: entry.must_match,
        must_not_match: entry.must_not_match,
        generator: entry.generator,
        regex,
        validator,
        require_digit: entry.require_digit,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "[[rule]]\nid='x'\nabout='x'\ncategory='ZIP'\nview='spoken'\nscore=0.5\n";

    #[test]
    fn a_rule_without_examples_is_refused() {
        let text = format!("{HEAD}regex='zip ([0-9]+)'\nmust_match=[]\nmust_not_match=[]");
        assert!(compile(&text).is_err());
    }

    #[test]
    fn an_unknown_field_is_refused() {
        assert!(compile(&format!("{HEAD}colour='red'")).is_err());
    }

    #[test]
    fn what_every_match_needs_is_read_from_the_expression() {
        for (regex, want) in [
            (r"(?:^|[ \n])([0-9]{3}-?[0-9]{2})(?:$|[ \n])", Need::Digit),
            ("(a|b[0-9])", Need::Nothing),
            ("(a7|b[0-9]+)", Need::Digit),
            ("([a-z]+@[a-z0-9]+)", Need::At),
            ("zip ([0-9]*)", Need::Nothing),
            ("zip ([0-9a-f])", Need::Nothing),
        ] {
            assert_eq!(Need::of(regex), want, "{regex}");
        }
    }
}
