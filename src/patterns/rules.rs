//! Rules: regular expressions over a view of the transcript, with their examples. Read from
//! `patterns/rules/*.toml`; the first capture group is what is hidden.

use super::validate;
use crate::base::{Error, Result};
use crate::model::{Category, Extra, RuleId};
use regex::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};
use serde::Deserialize;
use std::sync::OnceLock;
use toml::Spanned;

/// Largest compiled expression, bytes; the largest of the program's own takes a tenth.
const REGEX_BYTES_MAX: usize = 4 << 20;
/// Deepest nesting of an expression.
const REGEX_DEPTH_MAX: u32 = 50;
/// Longest id, bytes. Ids stand in manifests.
const ID_BYTES_MAX: usize = 64;
/// Fewest examples, and counter-examples, of a rule.
const EXAMPLES_MIN: usize = 3;

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
    id: Spanned<String>,
    about: String,
    category: Category,
    view: View,
    regex: String,
    validator: Option<String>,
    #[serde(default)]
    require_digit: bool,
    score: f32,
    must_match: Vec<Spanned<String>>,
    must_not_match: Vec<CounterEntry>,
    generator: Option<String>,
    only: Option<Extra>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CounterEntry {
    text: Spanned<String>,
    why: String,
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

/// A sentence of a rule's file. Everybody in it is invented.
#[derive(Clone, Debug)]
pub struct Example {
    /// What is said.
    pub text: String,
    /// Its line in the file, from 1.
    pub line: usize,
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
    /// How sure a match is, 0 to 1.
    pub score: f32,
    /// The file that it stands in.
    pub file: String,
    /// The line of its id, from 1.
    pub line: usize,
    /// Sentences with the exact span in braces.
    pub must_match: Vec<Example>,
    /// Sentences without a match.
    pub must_not_match: Vec<Example>,
    /// The name of the check that a match must pass.
    pub validator_name: Option<String>,
    /// Values of a finite domain that must all match, made when the examples are tested.
    pub generator: Option<String>,
    /// The rule is used only under policies that ask for this.
    pub only: Option<Extra>,
    expression: Expression,
    validator: Option<fn(&str) -> bool>,
    require_digit: bool,
}

/// A regular expression, compiled when it is first searched for: most runs search for few of them, and to compile
/// them all took most of a start.
struct Expression {
    text: String,
    /// Digits that what it matches must have besides.
    digits_min: usize,
    need: OnceLock<Need>,
    compiled: OnceLock<Result<Regex, String>>,
}

impl Expression {
    fn new(text: String, digits_min: usize) -> Self {
        Self { text, digits_min, need: OnceLock::new(), compiled: OnceLock::new() }
    }

    fn need(&self) -> Need {
        *self.need.get_or_init(|| Need::of(&self.text, self.digits_min))
    }

    /// The compiled expression, or what is wrong with it.
    fn regex(&self) -> Result<&Regex, &String> {
        self.compiled.get_or_init(|| compiled(&self.text)).as_ref()
    }
}

/// Compiles an expression within bounds, over bytes where it can be.
fn compiled(text: &str) -> Result<Regex, String> {
    let build = |unicode| {
        let mut builder = RegexBuilder::new(text);
        builder
            .unicode(unicode)
            .size_limit(REGEX_BYTES_MAX)
            .dfa_size_limit(REGEX_BYTES_MAX)
            .nest_limit(REGEX_DEPTH_MAX);
        builder.build()
    };
    let regex = build(false).or_else(|_| build(true)).map_err(|e| match e {
        regex::Error::CompiledTooBig(max) => format!("its expression takes more than {max} bytes"),
        // The last line says what is wrong; those before it draw where.
        other => format!("its expression does not compile: {}", other.to_string().lines().last().unwrap_or_default()),
    })?;
    if regex.captures_len() < 2 { Err("its expression has no group".into()) } else { Ok(regex) }
}

/// What a turn must have for a rule to match in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing that could be told beforehand.
    Nothing,
    /// At least so many digits.
    Digits(usize),
    /// An `@`.
    At,
}

impl Need {
    /// Whether a turn has it.
    #[must_use]
    pub fn is_met(self, turn: &str) -> bool {
        match self {
            Self::Nothing => true,
            Self::Digits(least) => turn.bytes().filter(u8::is_ascii_digit).count() >= least,
            Self::At => turn.contains('@'),
        }
    }

    /// The least that a turn has which has this, and that other rules need too.
    #[must_use]
    pub const fn least(self) -> Self {
        match self {
            Self::Digits(2..) => Self::Digits(1),
            _ => Self::Nothing,
        }
    }

    /// What every match of an expression has, and the digits that it must have besides.
    fn of(regex: &str, digits_min: usize) -> Self {
        let parsed = ParserBuilder::new().unicode(false).build().parse(regex);
        let least = |first, last| parsed.as_ref().map_or(0, |hir| least(hir, first, last));
        match (least(b'@', b'@'), least(b'0', b'9').max(digits_min)) {
            (0, 0) => Self::Nothing,
            (0, digits) => Self::Digits(digits),
            _ => Self::At,
        }
    }
}

/// How many bytes from `first` to `last` every match of an expression has at least.
fn least(hir: &Hir, first: u8, last: u8) -> usize {
    let within = |from: u32, to: u32| u32::from(first) <= from && to <= u32::from(last);
    let least = |hir: &Hir| least(hir, first, last);
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 0,
        HirKind::Literal(literal) => literal.0.iter().filter(|b| (first..=last).contains(b)).count(),
        HirKind::Class(Class::Bytes(class)) => {
            usize::from(class.iter().all(|r| within(r.start().into(), r.end().into())))
        }
        HirKind::Class(Class::Unicode(class)) => {
            usize::from(class.iter().all(|r| within(r.start().into(), r.end().into())))
        }
        HirKind::Repetition(repeated) => least(&repeated.sub).saturating_mul(repeated.min as usize),
        HirKind::Capture(group) => least(&group.sub),
        HirKind::Concat(parts) => parts.iter().map(least).fold(0, usize::saturating_add),
        HirKind::Alternation(ways) => ways.iter().map(least).min().unwrap_or(0),
    }
}

impl Rule {
    /// What a turn must have for the rule to search it.
    #[must_use]
    pub fn need(&self) -> Need {
        self.expression.need()
    }

    /// Byte ranges of what the rule hides in turns of its view.
    pub fn find_in(&self, text: &str) -> Vec<std::ops::Range<usize>> {
        let mut out = Vec::new();
        // Nothing to search, and so nothing to compile.
        if text.is_empty() {
            return out;
        }
        let mut at = 0;
        let regex = self.expression.regex().expect("files of others were compiled when they were read");
        let mut groups = regex.capture_locations();
        while at < text.len()
            && let Some(found) = regex.captures_read_at(&mut groups, text, at)
        {
            let span = groups.get(1).map(|(start, end)| start..end);
            if let Some(span) = span.clone() {
                let said = &text[span.clone()];
                let digit = !self.require_digit || said.bytes().any(|b| b.is_ascii_digit());
                if digit && self.validator.is_none_or(|ok| ok(said)) {
                    out.push(span);
                }
            }
            // From the span's end, not the match's: what ends one match may begin the next. What an alternative
            // without the group matches is passed over.
            at = span.map_or(found.end(), |s| s.end).max(at + 1);
            while at < text.len() && !text.is_char_boundary(at) {
                at += 1;
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

/// Reads a rule file of the caller's and compiles its expressions; the file's name is for messages and for
/// `patterns list`.
///
/// # Errors
/// With file and line, when the file is no TOML of this shape, an id is not 1 to 64 small letters, digits and
/// dashes, an expression does not compile, is too large or has no group, or a rule has fewer than three examples
/// of either kind.
pub fn compile(file: &str, text: &str) -> Result<Vec<Rule>> {
    let rules = read(file, text)?;
    for rule in &rules {
        rule.expression.regex().map_err(|what| wrong(file, rule.line, &format!("rule {}: {what}", rule.id)))?;
    }
    Ok(rules)
}

/// Reads a rule file whose expressions are known to compile.
///
/// # Errors
/// Those of [`compile`], but for the expressions'.
pub(super) fn read(file: &str, text: &str) -> Result<Vec<Rule>> {
    let ends: Vec<usize> = memchr::memchr_iter(b'\n', text.as_bytes()).collect();
    let line = |at: usize| 1 + ends.partition_point(|end| *end < at);
    let parsed: File = toml::from_str(text).map_err(|e| {
        let message = e.message().lines().next().unwrap_or("no TOML").to_owned();
        wrong(file, e.span().map_or(1, |s| line(s.start)), &message)
    })?;
    let read = |entry: Entry| {
        let at = line(entry.id.span().start);
        rule(entry, file, &line).map_err(|what| wrong(file, at, &what))
    };
    parsed.rule.into_iter().map(read).collect()
}

fn wrong(file: &str, line: usize, what: &str) -> Error {
    // A file of patterns is the caller's own, and holds nobody's data.
    Error::usage(format!("{file}, line {line}: {what}")).hint("docs/patterns.md has the form")
}

fn rule(entry: Entry, file: &str, line: &dyn Fn(usize) -> usize) -> Result<Rule, String> {
    let id = entry.id.get_ref();
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if !(1..=ID_BYTES_MAX).contains(&id.len()) || !id.bytes().all(is_plain) {
        return Err(format!("an id has 1 to {ID_BYTES_MAX} small letters, digits and dashes"));
    }
    let wrong = |what: &str| format!("rule {id}: {what}");
    if entry.must_match.len() < EXAMPLES_MIN || entry.must_not_match.len() < EXAMPLES_MIN {
        return Err(wrong("needs three examples of each kind"));
    }
    if entry.must_not_match.iter().any(|c| c.why.trim().is_empty()) {
        return Err(wrong("a counter-example has no why"));
    }
    if !(entry.score > 0.0 && entry.score <= 1.0) {
        return Err(wrong("a score is more than 0 and at most 1"));
    }
    let validator = match &entry.validator {
        None => None,
        Some(name) => Some(validate::by_name(name).ok_or_else(|| wrong("its validator is unknown"))?),
    };
    let digits_min = entry.validator.as_deref().map_or(0, validate::digits_min);
    if entry.generator.as_deref().is_some_and(|g| validate::generate(g).is_none()) {
        return Err(wrong("its generator is unknown"));
    }
    let example = |text: Spanned<String>| Example { line: line(text.span().start), text: text.into_inner() };
    Ok(Rule {
        id: RuleId::new(id),
        file: file.to_owned(),
        line: line(entry.id.span().start),
        validator_name: entry.validator,
        about: entry.about,
        category: entry.category,
        view: entry.view,
        score: entry.score,
        must_match: entry.must_match.into_iter().map(example).collect(),
        must_not_match: entry.must_not_match.into_iter().map(|c| example(c.text)).collect(),
        generator: entry.generator,
        only: entry.only,
        expression: Expression::new(entry.regex, digits_min.max(entry.require_digit.into())),
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
        assert!(compile("x.toml", &text).is_err());
    }

    #[test]
    fn an_unknown_field_is_refused() {
        assert!(compile("x.toml", &format!("{HEAD}colour='red'")).is_err());
    }

    #[test]
    fn a_refusal_says_file_line_and_what() {
        let examples =
            "must_match=['a','b','c']\nmust_not_match=[{text='a',why='x'},{text='b',why='x'},{text='c',why='x'}]";
        for (rule, want) in [
            (format!("{HEAD}regex='zip (['\n{examples}"), "x.toml, line 2: rule x: its expression does not compile"),
            (format!("{HEAD}regex='zip'\n{examples}"), "line 2: rule x: its expression has no group"),
            (format!("{HEAD}regex='(((a{{99}}){{99}}){{99}})'\n{examples}"), "takes more than"),
            (format!("{HEAD}regex='(a)'\nvalidator='no'\n{examples}"), "validator is unknown"),
            (format!("{}regex='(a)'\n{examples}", HEAD.replace("id='x'", "id='X y'")), "an id has"),
            (format!("{HEAD}regex='(a)'\ncolour='red'"), "line 8"),
        ] {
            let error = compile("x.toml", &rule).err().expect(want).to_string();
            assert!(error.contains(want), "{error}");
        }
    }

    #[test]
    fn what_every_match_needs_is_read_from_the_expression() {
        for (regex, want) in [
            (r"(?:^|[ \n])([0-9]{3}-?[0-9]{2}(?: ext [0-9]+)?)(?:$|[ \n])", Need::Digits(5)),
            ("(a|b[0-9])", Need::Nothing),
            ("(a7|b[0-9]+)", Need::Digits(1)),
            ("([a-z]+@[a-z0-9]+)", Need::At),
            ("zip ([0-9]*)", Need::Nothing),
            ("zip ([0-9a-f])", Need::Nothing),
        ] {
            assert_eq!(Need::of(regex, 0), want, "{regex}");
        }
    }
}
