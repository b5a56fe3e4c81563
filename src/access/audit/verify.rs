//! Proves the log whole, or names the first entry that is not. Must not write.

use super::segment::{self, Entry, Fault, Place, Read, State};
use super::{FOLDER, number_of, segment_key};
use crate::access::sign::PublicKeys;
use crate::base::{Error, Kind, Result, Sha256Hex, Stage};
use crate::store::{Records, Stored};
use serde::{Deserialize, Serialize};

/// The `schema` of a [`Head`].
pub const HEAD_SCHEMA: &str = "sordino.audit-head/v1";

/// Segments that are read at once.
const READ_AT_ONCE: usize = 16;

/// Where a log ends: kept elsewhere, it proves later that nothing up to there has gone or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Always [`HEAD_SCHEMA`].
    pub schema: String,
    /// The log's name.
    pub log: String,
    /// Number of segments.
    pub segments: u64,
    /// Number of entries.
    pub entries: u64,
    /// The hash of the last entry; in an empty log that of nothing.
    pub hash: Sha256Hex,
}

impl Head {
    /// Reads a head that was kept.
    ///
    /// # Errors
    /// A usage error when it is none.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let head = serde_json::from_slice(bytes).ok().filter(|head: &Self| head.schema == HEAD_SCHEMA);
        head.ok_or_else(|| Error::usage("not the head of an audit log").hint("keep what `audit verify --json` prints"))
    }
}

/// The first thing that is wrong with a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// The segment, counted from 1.
    pub segment: u64,
    /// The line in it, counted from 1; 0 for all of it.
    pub line: u64,
    /// The number of the entry that stands there, or would.
    pub entry: u64,
    /// What is wrong.
    pub what: &'static str,
}

/// What verification says of a log.
pub type Verdict = std::result::Result<Head, Broken>;

/// Reads all of the log, checks each entry, and hands it on. `keys` check the seals; without them only the chain is
/// checked. `since` is a head that was kept.
///
/// # Errors
/// When the log cannot be read; what is wrong with it is in the verdict.
pub fn walk(
    records: &dyn Records,
    keys: Option<&PublicKeys>,
    since: Option<&Head>,
    each: &mut dyn FnMut(&Entry),
) -> Result<Verdict> {
    let mut numbers: Vec<u64> = records.names(FOLDER)?.iter().filter_map(|name| number_of(name)).collect();
    numbers.sort_unstable();
    let mut walker = Walker::new(keys, since, each);
    let last = numbers.last().copied();
    for numbers in numbers.chunks(READ_AT_ONCE) {
        for (number, stored) in numbers.iter().zip(read_all(records, numbers)) {
            let Some(stored) = stored? else { return Ok(Err(walker.missing())) };
            if let Err(broken) = walker.segment(*number, &stored.bytes, Some(*number) == last) {
                return Ok(Err(broken));
            }
        }
    }
    Ok(walker.end())
}

/// Reads segments beside each other: a bucket answers each after some time.
fn read_all(records: &dyn Records, numbers: &[u64]) -> Vec<Result<Option<Stored>>> {
    std::thread::scope(|scope| {
        let read = |number: u64| move || records.read(&segment_key(number)?);
        let reads: Vec<_> = numbers.iter().map(|number| scope.spawn(read(*number))).collect();
        let broke = || Err(Error::new(Stage::Records, Kind::Internal, "a segment could not be read"));
        reads.into_iter().map(|read| read.join().unwrap_or_else(|_| broke())).collect()
    })
}

/// A walk along the log.
struct Walker<'a> {
    keys: Option<&'a PublicKeys>,
    since: Option<&'a Head>,
    each: &'a mut dyn FnMut(&Entry),
    /// Where the next segment must stand.
    place: Place,
    /// Whether the kept head was met, or there is none.
    is_met: bool,
}

impl<'a> Walker<'a> {
    fn new(keys: Option<&'a PublicKeys>, since: Option<&'a Head>, each: &'a mut dyn FnMut(&Entry)) -> Self {
        let place = Place { log: String::new(), segment: 1, first: 1, previous: Sha256Hex::of(b"") };
        let is_met = since.is_none_or(|head| head.entries == 0);
        Self { keys, since, each, place, is_met }
    }

    fn segment(&mut self, number: u64, bytes: &[u8], is_last: bool) -> std::result::Result<(), Broken> {
        if number != self.place.segment {
            return Err(self.missing());
        }
        let (since, is_met, each) = (self.since, &mut self.is_met, &mut *self.each);
        let mut hears = |entry: &Entry| {
            *is_met |= since.is_some_and(|head| (head.entries, &head.hash) == (entry.seq, &entry.hash));
            each(entry);
        };
        let read = segment::read(bytes, &self.place, self.keys, &mut hears);
        let Read { segment, seal } = read.map_err(|fault| self.broken(fault))?;
        let next = segment.next();
        if seal.state == State::Open && !is_last {
            let line = segment.entries() + 2;
            return Err(self.broken(Fault { line, what: "the segment is not sealed, and another follows" }));
        }
        if self.since.is_some_and(|head| head.log != next.log) {
            return Err(self.broken(Fault { line: 1, what: "it is not the log whose head was kept" }));
        }
        if self.since.is_some_and(|head| head.entries < next.first) && !self.is_met {
            let what = "the entry of the head that was kept is another one";
            return Err(self.broken(Fault { line: 0, what }));
        }
        self.place = next;
        Ok(())
    }

    fn end(self) -> Verdict {
        if !self.is_met {
            return Err(self.broken(Fault { line: 0, what: "the log ends before the head that was kept" }));
        }
        let Place { log, segment, first, previous } = self.place;
        Ok(Head { schema: HEAD_SCHEMA.into(), log, segments: segment - 1, entries: first - 1, hash: previous })
    }

    fn missing(&self) -> Broken {
        self.broken(Fault { line: 0, what: "the segment is missing" })
    }

    fn broken(&self, Fault { line, what }: Fault) -> Broken {
        // The header is line 1, so that entries begin at line 2.
        let entry = self.place.first + line.saturating_sub(2);
        Broken { segment: self.place.segment, line, entry, what }
    }
}
