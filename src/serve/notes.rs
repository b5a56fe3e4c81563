//! Notes and coaching marks on calls: who wrote what at which time of a call. They lie beside the call as a record. A note in
//! which the program finds what it hides in transcripts is not saved. Must not show a note to whoever may not see its call.

use crate::access::UserName;
use crate::access::retention::NOTES_FOLDER as FOLDER;
use crate::base::{CallId, Error, Kind, Phi, Result, Stage, Timestamp};
use crate::model::Category;
use crate::store::{Expected, RecordKey, Records};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

const SCHEMA: &str = "sordino.notes/v1";
/// Longest note, characters.
pub(super) const CHARS_MAX: usize = 2_000;
/// Most notes of a call.
const NOTES_MAX: usize = 500;
/// Tries to write beside others who write at the same time.
const TRIES: u32 = 8;

/// What looks for PHI in a text: the categories that it finds.
pub type Finder = Box<dyn Fn(&Phi<String>) -> BTreeSet<Category> + Send + Sync>;

/// The notes of a call, in the order in which they were written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Notes {
    schema: String,
    call: CallId,
    notes: Vec<Note>,
}

/// One note. No PHI was found in its text; it is what a person has typed all the same, so it has no Debug.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Note {
    /// When it was written.
    pub at: Timestamp,
    /// By whom.
    pub by: UserName,
    /// Of which time of the call, milliseconds; nothing for the whole call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_ms: Option<u64>,
    /// What it is.
    pub mark: Mark,
    /// What it says.
    pub text: String,
}

/// What a note says of how the agent did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Mark {
    /// Nothing.
    Note,
    /// Well.
    Good,
    /// It can be done better.
    Improve,
}

impl Mark {
    pub(super) const ALL: [Self; 3] = [Self::Note, Self::Good, Self::Improve];

    /// The word in forms.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Good => "good",
            Self::Improve => "improve",
        }
    }

    /// What it is called.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Note => "Note",
            Self::Good => "Done well",
            Self::Improve => "To improve",
        }
    }
}

/// Why a note is not saved.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It says nothing.
    Empty,
    /// It is longer than [`CHARS_MAX`].
    TooLong,
    /// This was found in it.
    Phi(BTreeSet<Category>),
    /// The call has as many notes as it can.
    Full,
}

/// The notes of a call.
///
/// # Errors
/// When they cannot be read.
pub(super) fn of_call(records: &dyn Records, call: &CallId) -> Result<Vec<Note>> {
    Ok(read(records, call)?.0)
}

/// Adds a note, durable when this returns.
///
/// # Errors
/// When it cannot be written.
pub(super) fn add(records: &dyn Records, call: &CallId, note: &Note, finder: &Finder) -> Result<Result<(), Refused>> {
    let text = note.text.trim();
    if text.is_empty() {
        return Ok(Err(Refused::Empty));
    }
    if text.chars().count() > CHARS_MAX {
        return Ok(Err(Refused::TooLong));
    }
    let found = finder(&Phi::new(text.to_owned()));
    if !found.is_empty() {
        return Ok(Err(Refused::Phi(found)));
    }
    for _ in 0..TRIES {
        let (mut notes, expected) = read(records, call)?;
        if notes.len() >= NOTES_MAX {
            return Ok(Err(Refused::Full));
        }
        notes.push(Note { text: text.to_owned(), ..note.clone() });
        let notes = Notes { schema: SCHEMA.to_owned(), call: call.clone(), notes };
        let bytes = serde_json::to_vec_pretty(&notes).expect("strings and numbers always serialise");
        match records.write(&key(call)?, &bytes, &expected, None) {
            Err(error) if error.kind == Kind::Conflict => {}
            done => return done.map(|_| Ok(())),
        }
    }
    Err(Error::new(Stage::Records, Kind::Conflict, "others write notes on this call all the time"))
}

fn key(call: &CallId) -> Result<RecordKey> {
    RecordKey::new(FOLDER, &format!("{call}.json"))
}

fn read(records: &dyn Records, call: &CallId) -> Result<(Vec<Note>, Expected)> {
    let Some(stored) = records.read(&key(call)?)? else { return Ok((Vec::new(), Expected::Absent)) };
    let notes = serde_json::from_slice::<Notes>(&stored.bytes).ok().filter(|n| n.schema == SCHEMA && n.call == *call);
    let damaged = || Error::new(Stage::Records, Kind::Internal, "the notes of a call are damaged");
    Ok((notes.ok_or_else(damaged)?.notes, Expected::Version(stored.version)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::LocalRecords;

    fn note(text: &str) -> Note {
        let at = Timestamp::from_unix_s(1_800_000_000);
        Note { at, by: "ana".parse().unwrap(), time_ms: Some(1200), mark: Mark::Good, text: text.into() }
    }

    fn finder() -> Finder {
        let found =
            |text: &Phi<String>| text.expose().contains("Brooks").then_some(Category::Name).into_iter().collect();
        Box::new(found)
    }

    #[test]
    fn notes_are_kept_in_order_and_those_with_phi_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let records = LocalRecords::open(folder.path()).unwrap();
        let call = CallId::from_mac(&[1; 32]);
        let add = |text: &str| add(&records, &call, &note(text), &finder()).unwrap();
        assert_eq!(add(" a warm greeting \n"), Ok(()));
        assert_eq!(add("Mr Brooks was angry"), Err(Refused::Phi([Category::Name].into())));
        assert_eq!(add("  "), Err(Refused::Empty));
        assert_eq!(add(&"x".repeat(CHARS_MAX + 1)), Err(Refused::TooLong));
        assert_eq!(add("ask for the reason first"), Ok(()));
        let texts: Vec<_> = of_call(&records, &call).unwrap().into_iter().map(|n| n.text).collect();
        assert_eq!(texts, ["a warm greeting", "ask for the reason first"]);
        assert!(of_call(&records, &CallId::from_mac(&[2; 32])).unwrap().is_empty());
    }

    #[test]
    fn whoever_writes_at_once_loses_no_note() {
        let folder = tempfile::tempdir().unwrap();
        let records = LocalRecords::open(folder.path()).unwrap();
        let call = CallId::from_mac(&[1; 32]);
        std::thread::scope(|scope| {
            for n in 0..4 {
                let (records, call) = (&records, &call);
                scope.spawn(move || while add(records, call, &note(&format!("note {n}")), &finder()).is_err() {});
            }
        });
        assert_eq!(of_call(&records, &call).unwrap().len(), 4);
    }

    /// Fields of the example, which fits the schema, and of what is written are the same.
    #[test]
    fn the_example_of_the_documentation_is_read_and_written_again() {
        let example = include_str!("../../docs/examples/notes.v1.json");
        let read: Notes = serde_json::from_str(example).unwrap();
        assert_eq!(serde_json::to_string_pretty(&read).unwrap() + "\n", example);
    }
}
