//! Finds PHI in any text: test data, exports, shared folders. Files are read in pieces of bounded size; a transcript of a
//! known format that is not too large is read as one. Must not change anything, nor put what it finds into its results.

mod form;
mod pieces;

use crate::base::{Phi, Result, WordSpan};
use crate::model::{Category, Finding, Format, Policy, Speaker, TimeSource, Transcript, TranscriptBuilder, TurnKind};
use crate::patterns::PatternSet;
use crate::redact;
use crate::store::{Entry, Store};
use crate::transcript;
use pieces::{Piece, Pieces, head, is_binary};
use std::collections::BTreeSet;
use std::io::{BufReader, Seek};

/// Largest file that is tried as a transcript, bytes. Larger ones are read line by line.
const WHOLE_BYTES_MAX: u64 = 8 << 20;
/// First bytes of a file that tell what it is.
const HEAD_BYTES: u64 = 8 << 10;
/// Most findings of one file that are handed on; further ones are counted.
pub const FINDINGS_MAX: usize = 10_000;

/// What is looked for.
pub struct Wanted<'a> {
    /// Patterns, under the policy.
    pub patterns: &'a PatternSet,
    /// What counts.
    pub policy: &'a Policy,
    /// Categories that count.
    pub categories: &'a BTreeSet<Category>,
    /// The least score that counts, 0 to 1.
    pub score_min: f32,
}

/// Something that was found.
#[derive(Clone)]
pub struct Found {
    /// The line, from 1; in a transcript the turn; 0 for the file's name.
    pub line: u64,
    /// What, by which rule, how surely.
    pub finding: Finding,
    /// The words.
    pub text: Phi<String>,
}

/// What came of one file.
pub enum Scanned {
    /// It was read to its end.
    Text {
        /// What was found, at most [`FINDINGS_MAX`].
        found: Vec<Found>,
        /// How much was found.
        count: u64,
        /// What was found in its name.
        in_name: Vec<Found>,
    },
    /// It is no text and was not looked into.
    Binary {
        /// What was found in its name.
        in_name: Vec<Found>,
    },
}

/// Looks through one file.
///
/// # Errors
/// When it cannot be read.
pub fn scan_file(store: &dyn Store, entry: &Entry, wanted: &Wanted<'_>) -> Result<Scanned> {
    let in_name = in_name(entry.key.expose(), wanted);
    let (mut object, stat) = store.open(&entry.key)?;
    let start = head(&mut *object, HEAD_BYTES).map_err(unreadable)?;
    if is_binary(&start) {
        return Ok(Scanned::Binary { in_name });
    }
    object.rewind().map_err(unreadable)?;
    let mut hits = Hits { wanted, found: Vec::new(), count: 0 };
    let separator = separator(entry.key.expose());
    if separator.is_none() && stat.bytes <= WHOLE_BYTES_MAX {
        let bytes = head(&mut *object, WHOLE_BYTES_MAX + 1).map_err(unreadable)?;
        // Plain text has no turns of its own, and its lines are what people look for.
        if let Ok(document) = transcript::read(Phi::new(bytes), None)
            && document.format() != Format::Text
        {
            hits.transcript(document.transcript());
            return Ok(hits.into_scanned(in_name));
        }
        object.rewind().map_err(unreadable)?;
    }
    let mut pieces = Pieces::new(BufReader::new(object), separator);
    while let Some(piece) = pieces.next().map_err(unreadable)? {
        hits.piece(&piece);
    }
    Ok(hits.into_scanned(in_name))
}

/// What is found in a text that somebody has typed. Here a word too many is better than one missed: what is found need not
/// look like its category.
#[must_use]
pub fn find_in(text: &Phi<String>, wanted: &Wanted<'_>) -> BTreeSet<Category> {
    let mut typed = TranscriptBuilder::new(TimeSource::None);
    for line in text.expose().lines().filter(|line| !line.trim().is_empty()) {
        typed.turn(TurnKind::Spoken, Speaker::Unknown, None);
        typed.say(Phi::new(line));
    }
    findings(&typed.build(), wanted).iter().map(|finding| finding.category).collect()
}

struct Hits<'a> {
    wanted: &'a Wanted<'a>,
    found: Vec<Found>,
    count: u64,
}

impl Hits<'_> {
    fn transcript(&mut self, transcript: &Transcript) {
        for finding in findings(transcript, self.wanted) {
            let turn = transcript.turns().partition_point(|turn| turn.words.end <= finding.words.start);
            self.add(turn as u64 + 1, finding, transcript);
        }
    }

    fn piece(&mut self, piece: &Piece) {
        let turns = piece.transcript.turns();
        for finding in findings(&piece.transcript, self.wanted) {
            let is_own = finding.words.range().any(|word| !piece.ignored.get(word).copied().unwrap_or_default());
            let turn = turns.partition_point(|turn| turn.words.end <= finding.words.start);
            let fits = form::fits(finding.category, &piece.transcript, finding.words.range());
            if let (true, Some(line)) = (is_own && fits, piece.lines.get(turn)) {
                self.add(*line, finding, &piece.transcript);
            }
        }
    }

    fn add(&mut self, line: u64, finding: Finding, transcript: &Transcript) {
        self.count += 1;
        if self.found.len() < FINDINGS_MAX {
            let text = Phi::new(words(transcript, finding.words));
            self.found.push(Found { line, finding, text });
        }
    }

    fn into_scanned(self, in_name: Vec<Found>) -> Scanned {
        Scanned::Text { found: self.found, count: self.count, in_name }
    }
}

fn words(transcript: &Transcript, span: WordSpan) -> String {
    span.range().map(|word| transcript.word_text(word).into_exposed()).collect::<Vec<_>>().join(" ")
}

fn findings(transcript: &Transcript, wanted: &Wanted<'_>) -> Vec<Finding> {
    let mut findings = redact::residue(wanted.patterns, wanted.policy, transcript, &[]);
    findings.retain(|f| wanted.categories.contains(&f.category) && f.score >= wanted.score_min);
    findings
}

/// What a file's name says of somebody. Names of files are often in lower case, so that a name need not have capitals.
fn in_name(key: &str, wanted: &Wanted<'_>) -> Vec<Found> {
    let stem = key.rsplit_once('.').map_or(key, |(stem, _)| stem);
    let said = stem.replace(['/', '_', '.'], " ");
    let Ok(Some(piece)) = Pieces::new(said.as_bytes(), None).next() else { return Vec::new() };
    let has_form = |f: &Finding| match f.category {
        Category::Name => {
            let said = words(&piece.transcript, f.words);
            let parts: Vec<&str> = said.split(['-', ' ']).collect();
            parts.len() >= 2 && parts.iter().all(|part| form::letters(part) >= 3)
        }
        category => form::fits(category, &piece.transcript, f.words.range()),
    };
    let found = |finding: Finding| {
        let text = Phi::new(words(&piece.transcript, finding.words));
        Found { line: 0, finding, text }
    };
    findings(&piece.transcript, wanted).into_iter().filter(has_form).map(found).collect()
}

/// What separates cells in a file of this name.
fn separator(key: &str) -> Option<char> {
    match key.rsplit_once('.')?.1.to_ascii_lowercase().as_str() {
        "csv" => Some(','),
        "tsv" | "tab" => Some('\t'),
        "psv" => Some('|'),
        _ => None,
    }
}

fn unreadable(error: std::io::Error) -> crate::base::Error {
    crate::base::Error::io(crate::base::Stage::Fetch, "a file cannot be read", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What coaches write of calls.
    const FINE: &[&str] = &[
        "Great greeting, warm tone.",
        "Ask for the reason of the call first.",
        "Did not verify the date of birth before reading the account details.",
        "Good empathy at 2:30; offered a call back within 48 hours.",
        "Should have offered the generic instead of the brand.",
        "Repeat of the issue from last Monday, escalate to team lead.",
        "Says \"um\" a lot. Speak slower, pause after each question.",
        "Missed the prior authorization step 3 of the script.",
        "Promised a refund of $45 that policy does not allow. Score 8 out of 10.",
    ];
    const TELLING: &[(&str, Category)] = &[
        ("Mrs Kuznetsova was angry about it", Category::Name),
        ("maria said her daughter anna is ill", Category::Name),
        ("call her back on 212 867 0001", Category::Phone),
        ("fine until here\nborn march fifth 1982", Category::Dob),
    ];

    #[test]
    fn what_is_typed_of_calls_is_fine_until_it_names_a_patient() {
        let policy: Policy = toml::from_str(include_str!("../../../patterns/policies/safe-harbor.toml")).unwrap();
        let patterns = PatternSet::builtin().unwrap().under(&policy);
        let categories = [Category::Name, Category::Dob, Category::Phone, Category::Account, Category::MemberId].into();
        let wanted = Wanted { patterns: &patterns, policy: &policy, categories: &categories, score_min: 0.5 };
        let find = |text: &str| find_in(&Phi::new(text.to_owned()), &wanted);
        assert_eq!(FINE.iter().filter(|text| !find(text).is_empty()).collect::<Vec<_>>(), Vec::<&&str>::new());
        assert!(TELLING.iter().all(|(text, category)| find(text).contains(category)));
    }
}
