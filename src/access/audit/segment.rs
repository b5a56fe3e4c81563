//! A segment of the log: a header, entries that are chained by their hashes, and a seal over the last of them, each a line
//! in canonical form. Must not know where segments lie.
//!
//! Every line carries the SHA-256 of itself without that field (`hash`) and, but for the seal, the hash of the line before
//! (`previous`); the header that of the last entry of the segment before. The seal is signed anew with every write, so that a
//! log which ends early ends without one that fits.

use super::event::Event;
use crate::access::canonical;
use crate::access::sign::{Flaw, PublicKeys, Signer};
use crate::base::{Error, Kind, Result, Sha256Hex, Stage, Timestamp};
use crate::model::manifest::Signature;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The `schema` of a segment's header.
pub const AUDIT_SCHEMA: &str = "sordino.audit/v1";
/// The `schema` of a segment's seal.
pub const SEAL_SCHEMA: &str = "sordino.audit-seal/v1";
/// Most entries of a segment that is read.
const ENTRIES_MAX: usize = 100_000;

/// The name of a log: 32 hexadecimal digits, made when it begins.
pub(super) type LogId = String;

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    pub schema: String,
    pub log: LogId,
    /// Counted from 1.
    pub segment: u64,
    /// The number of the first entry.
    pub first: u64,
    /// The hash of the last entry before; that of nothing in the first segment.
    pub previous: Sha256Hex,
    pub hash: Sha256Hex,
}

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Counted from 1 over the whole log.
    pub seq: u64,
    /// The process that wrote it: 16 hexadecimal digits, made when it starts.
    pub writer: String,
    /// What it says.
    #[serde(flatten)]
    pub event: Event,
    /// The hash of the line before.
    pub previous: Sha256Hex,
    /// The hash of this line without this field.
    pub hash: Sha256Hex,
}

/// The last line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Seal {
    pub schema: String,
    pub log: LogId,
    pub segment: u64,
    /// Number of entries above.
    pub entries: u64,
    /// The hash of the line above.
    pub head: Sha256Hex,
    /// When it was made.
    pub at: Timestamp,
    pub state: State,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
}

/// Whether entries may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    /// They may.
    Open,
    /// They go to the next segment.
    Sealed,
}

/// A segment that is being written.
#[derive(Clone)]
pub(super) struct Segment {
    header: Header,
    /// Header and entries.
    lines: String,
    entries: u64,
    head: Sha256Hex,
    /// When the first entry was written.
    begun: Option<Timestamp>,
}

/// Where a segment stands in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub log: LogId,
    pub segment: u64,
    pub first: u64,
    pub previous: Sha256Hex,
}

impl Segment {
    pub fn begin(place: Place) -> Result<Self> {
        let Place { log, segment, first, previous } = place;
        let nothing = Sha256Hex::of(b"");
        let mut header = Header { schema: AUDIT_SCHEMA.into(), log, segment, first, previous, hash: nothing };
        let (line, hash) = hashed(&header)?;
        header.hash = hash.clone();
        Ok(Self { header, lines: line, entries: 0, head: hash, begun: None })
    }

    pub fn number(&self) -> u64 {
        self.header.segment
    }

    pub const fn entries(&self) -> u64 {
        self.entries
    }

    pub const fn bytes(&self) -> usize {
        self.lines.len()
    }

    pub const fn begun(&self) -> Option<Timestamp> {
        self.begun
    }

    /// Adds an entry; its number.
    pub fn push(&mut self, writer: &str, event: &Event) -> Result<u64> {
        let seq = self.header.first + self.entries;
        let previous = self.head.clone();
        let nothing = Sha256Hex::of(b"");
        let entry = Entry { seq, writer: writer.to_owned(), event: event.clone(), previous, hash: nothing };
        let (line, hash) = hashed(&entry)?;
        self.lines.push_str(&line);
        self.head = hash;
        self.entries += 1;
        self.begun = self.begun.or(Some(event.at));
        Ok(seq)
    }

    /// The whole segment under a seal of now.
    pub fn closed(&self, state: State, at: Timestamp, signer: &Signer) -> Result<Vec<u8>> {
        let Header { log, segment, .. } = self.header.clone();
        let (entries, head) = (self.entries, self.head.clone());
        let mut seal = Seal { schema: SEAL_SCHEMA.into(), log, segment, entries, head, at, state, signature: None };
        seal.signature = Some(signer.sign(&to_value(&seal)?)?);
        Ok(format!("{}{}\n", self.lines, canonical(&to_value(&seal)?)?).into_bytes())
    }

    /// The place of the segment after this one.
    pub fn next(&self) -> Place {
        let Header { log, segment, first, .. } = self.header.clone();
        Place { log, segment: segment + 1, first: first + self.entries, previous: self.head.clone() }
    }
}

/// What is wrong with a line of a segment, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub line: u64,
    pub what: &'static str,
}

/// A segment as it was read: whole up to its seal.
pub(super) struct Read {
    pub segment: Segment,
    pub seal: Seal,
}

/// Reads a segment that must stand at this place, and hands out its entries as far as they hold. In the first segment of a
/// log the place has no log id yet.
pub(super) fn read(
    bytes: &[u8],
    place: &Place,
    keys: Option<&PublicKeys>,
    each: &mut dyn FnMut(&Entry),
) -> std::result::Result<Read, Fault> {
    let mut lines = Lines { rest: bytes, number: 0 };
    let header: Header = lines.hashed()?;
    let is_first = place.log.is_empty() && header.log.len() == 32;
    if header.schema != AUDIT_SCHEMA || (header.log != place.log && !is_first) {
        return Err(lines.fault("it is another log's"));
    }
    if (header.segment, header.first, &header.previous) != (place.segment, place.first, &place.previous) {
        return Err(lines.fault("it does not follow the segment before"));
    }
    let mut segment = Segment { head: header.hash.clone(), header, lines: String::new(), entries: 0, begun: None };
    while !lines.is_last() {
        let entry: Entry = lines.hashed()?;
        if (entry.seq, &entry.previous) != (segment.header.first + segment.entries, &segment.head) {
            return Err(lines.fault("it does not follow the entry before"));
        }
        if segment.entries as usize >= ENTRIES_MAX {
            return Err(lines.fault("the segment has too many entries"));
        }
        each(&entry);
        segment.begun = segment.begun.or(Some(entry.event.at));
        segment.head = entry.hash;
        segment.entries += 1;
    }
    let until_here = bytes.len() - lines.rest.len();
    let seal: Seal = lines.canonical()?.1;
    check_seal(&seal, &segment, keys).map_err(|what| lines.fault(what))?;
    segment.lines = String::from_utf8_lossy(&bytes[..until_here]).into_owned();
    Ok(Read { segment, seal })
}

fn check_seal(seal: &Seal, segment: &Segment, keys: Option<&PublicKeys>) -> std::result::Result<(), &'static str> {
    let header = &segment.header;
    if seal.schema != SEAL_SCHEMA || (&seal.log, seal.segment) != (&header.log, header.segment) {
        return Err("the seal is another segment's");
    }
    if (seal.entries, &seal.head) != (segment.entries, &segment.head) {
        return Err("the seal does not fit: entries are missing before it, or were added");
    }
    let Some(keys) = keys else { return Ok(()) };
    let unsigned = Seal { signature: None, ..seal.clone() };
    let checked = to_value(&unsigned).map_err(|_| Flaw::Wrong);
    let checked = checked.and_then(|value| keys.verify(&value, seal.signature.as_ref(), seal.at));
    checked.map_err(|flaw| match flaw {
        Flaw::Unsigned => "the seal is not signed",
        Flaw::UnknownKey => "the seal is signed by a key that is not known here",
        Flaw::RetiredKey => "the seal is signed by a key after it was retired",
        Flaw::Wrong => "the signature of the seal does not fit",
    })
}

/// The lines of a segment, taken one by one.
struct Lines<'a> {
    rest: &'a [u8],
    number: u64,
}

impl Lines<'_> {
    const fn fault(&self, what: &'static str) -> Fault {
        Fault { line: self.number, what }
    }

    /// Whether one line is left.
    fn is_last(&self) -> bool {
        memchr::memchr(b'\n', self.rest).is_none_or(|end| end + 1 == self.rest.len())
    }

    /// The next line, which must be in canonical form.
    fn canonical<T: DeserializeOwned + Serialize>(&mut self) -> std::result::Result<(Value, T), Fault> {
        self.number += 1;
        let end = memchr::memchr(b'\n', self.rest).ok_or_else(|| self.fault("it does not end"))?;
        let (line, rest) = (&self.rest[..end], &self.rest[end + 1..]);
        let damaged = |_| self.fault("it is damaged");
        let parsed: T = serde_json::from_slice(line).map_err(damaged)?;
        let value = to_value(&parsed).map_err(|_| self.fault("it is damaged"))?;
        if canonical(&value).map_err(|_| self.fault("it is damaged"))?.as_bytes() != line {
            return Err(self.fault("it was changed"));
        }
        self.rest = rest;
        Ok((value, parsed))
    }

    /// The next line, which must have the hash that it says.
    fn hashed<T: DeserializeOwned + Serialize>(&mut self) -> std::result::Result<T, Fault> {
        let (mut value, parsed) = self.canonical::<T>()?;
        let said = value.as_object_mut().and_then(|fields| fields.remove("hash"));
        let hash = canonical(&value).map(|text| Sha256Hex::of(text.as_bytes()));
        match (said, hash) {
            (Some(Value::String(said)), Ok(hash)) if said == hash.as_str() => Ok(parsed),
            _ => Err(self.fault("it was changed")),
        }
    }
}

/// A line with its own hash in it, and that hash.
fn hashed(line: &impl Serialize) -> Result<(String, Sha256Hex)> {
    let mut value = to_value(line)?;
    let fields = value.as_object_mut().ok_or_else(unwritable)?;
    fields.remove("hash");
    let hash = Sha256Hex::of(canonical(&value)?.as_bytes());
    value["hash"] = hash.as_str().into();
    Ok((canonical(&value)? + "\n", hash))
}

fn to_value(record: &impl Serialize) -> Result<Value> {
    serde_json::to_value(record).map_err(|_| unwritable())
}

fn unwritable() -> Error {
    Error::new(Stage::Records, Kind::Internal, "a line of the audit log cannot be written")
}

impl Place {
    /// Where the header of a segment says that it stands.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let header: Header = Lines { rest: bytes, number: 0 }.hashed().ok()?;
        let Header { log, segment, first, previous, .. } = header;
        Some(Self { log, segment, first, previous })
    }
}
