//! Attributes of calls: which team and agent a call is of, on which queue it came, when it began. They are told to the
//! destination after the fact, in files of lines that are never changed; what is told later counts. Nothing of a patient
//! fits in: a value is one word of a fixed alphabet, or a time.

use super::word::Word;
use crate::base::{CallId, Error, Kind, Result, Stage, Timestamp};
use crate::store::{Expected, RecordKey, Records};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where they lie at the destination.
pub const FOLDER: &str = ".labels";
/// The attribute with the time at which a call began; all others are words.
pub const STARTED: &str = "started";
/// Most lines of one file.
pub const LINES_MAX: usize = 100_000;
/// Most attributes of a call.
const ATTRIBUTES_MAX: usize = 32;
/// Tries to find a name that no other process has taken.
const TRIES: u32 = 16;

/// Attributes of one call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// The call.
    pub call: CallId,
    /// Its attributes by name.
    pub attributes: BTreeMap<String, String>,
}

impl Label {
    /// Whether every attribute has a fit name and value.
    #[must_use]
    pub fn is_fit(&self) -> bool {
        let fits = |(name, value): (&String, &String)| match name.as_str() {
            STARTED => Timestamp::parse(value).is_some(),
            _ => Word::parse(name).is_some() && Word::parse(value).is_some(),
        };
        self.attributes.len() <= ATTRIBUTES_MAX && self.attributes.iter().all(fits)
    }
}

/// Writes down attributes of calls, durable when this returns. Files sort by their time.
///
/// # Errors
/// When one is not fit, or they cannot be written.
pub fn write(records: &dyn Records, labels: &[Label], now: Timestamp) -> Result<()> {
    if !labels.iter().all(Label::is_fit) {
        return Err(Error::new(Stage::Records, Kind::Internal, "an attribute is not fit"));
    }
    for lines in labels.chunks(LINES_MAX) {
        let line = |label| serde_json::to_string(label).expect("strings always serialise") + "\n";
        let bytes: String = lines.iter().map(line).collect();
        write_new(records, bytes.as_bytes(), now)?;
    }
    Ok(())
}

fn write_new(records: &dyn Records, bytes: &[u8], now: Timestamp) -> Result<()> {
    for _ in 0..TRIES {
        let count = records.names(FOLDER)?.len();
        let key = RecordKey::new(FOLDER, &format!("{:012}-{count:08}.jsonl", now.unix_s()))?;
        match records.write(&key, bytes, &Expected::Absent, None) {
            Err(error) if error.kind == Kind::Conflict => {}
            done => return done.map(drop),
        }
    }
    Err(Error::new(Stage::Records, Kind::Conflict, "other processes write attributes all the time"))
}

/// The lines of one file.
///
/// # Errors
/// When it cannot be read or is damaged.
pub fn read(records: &dyn Records, name: &str) -> Result<Vec<Label>> {
    let damaged = || Error::new(Stage::Records, Kind::Internal, "a file of attributes is damaged");
    let Some(stored) = records.read(&RecordKey::new(FOLDER, name)?)? else { return Ok(Vec::new()) };
    let text = std::str::from_utf8(&stored.bytes).map_err(|_| damaged())?;
    let labels: Vec<Label> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>().map_err(|_| damaged())?;
    if labels.len() > LINES_MAX || !labels.iter().all(Label::is_fit) {
        return Err(damaged());
    }
    Ok(labels)
}

/// The attributes of one call: what was told later counts.
///
/// # Errors
/// When they cannot be read or are damaged.
pub fn of_call(records: &dyn Records, call: &CallId) -> Result<BTreeMap<String, String>> {
    let mut attributes = BTreeMap::new();
    for name in records.names(FOLDER)? {
        let labels = read(records, &name)?.into_iter().filter(|label| label.call == *call);
        labels.for_each(|label| attributes.extend(label.attributes));
    }
    Ok(attributes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::LocalRecords;

    fn label(name: &str, value: &str) -> Label {
        let attributes = [(name.to_owned(), value.to_owned())].into();
        Label { call: CallId::from_mac(&[1; 32]), attributes }
    }

    #[test]
    fn what_is_written_is_read_in_its_order_and_nothing_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let records = LocalRecords::open(folder.path()).unwrap();
        let now = Timestamp::from_unix_s(1_800_000_000);
        for team in ["north", "south"] {
            write(&records, &[label("team", team)], now).unwrap();
        }
        let names = records.names(FOLDER).unwrap();
        let read: Vec<_> = names.iter().flat_map(|name| read(&records, name).unwrap()).collect();
        assert_eq!(read, [label("team", "north"), label("team", "south")]);
    }

    #[test]
    fn sentences_and_names_of_people_are_no_attributes() {
        assert!(label("started", "2026-11-22T10:00:00Z").is_fit() && label("queue", "q7").is_fit());
        for (name, value) in [("team", "Ana Brooks"), ("agent", ""), ("a b", "x"), ("started", "x"), ("team", "a\nb")] {
            assert!(!label(name, value).is_fit(), "{name}");
        }
    }

    /// Fields of the example, which fits the schema, and of what is written are the same.
    #[test]
    fn the_example_of_the_documentation_is_read_and_written_again() {
        let example = include_str!("../../docs/examples/label.v1.json");
        let read: Label = serde_json::from_str(example).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap() + "\n", example);
    }
}
