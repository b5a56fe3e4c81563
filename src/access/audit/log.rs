//! Writes the log. An entry is appended once it is durable; what cannot be written down is refused by whoever asked. Must
//! not read the clock: each event states its time.
//!
//! The log is one chain, whoever writes it. A write puts the last segment again with more entries, and only where it still
//! stands as this process saw it; of two servers one is first, and the other reads what it wrote and follows it. What
//! threads of one process append while a write is under way goes into the next one together.

use super::event::Event;
use super::segment::{self, Place, Read, Segment, State};
use super::{FOLDER, number_of, segment_key};
use crate::access::sign::Signer;
use crate::base::{Error, Kind, Result, Sha256Hex, Stage, Timestamp};
use crate::store::{Expected, Records};
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How often a write is tried while others are first. With eight servers that all write all the time, one waits for
/// seven on average.
const TRIES_MAX: u32 = 64;
/// The pause before the second try; the next ones are up to 16 times as long, and not equally long.
const PAUSE: Duration = Duration::from_millis(4);
/// Most entries of one write.
const BATCH_MAX: usize = 128;
/// A segment whose first entry is older than this is sealed by the next write.
const SEGMENT_DAYS: u32 = 1;

/// When a segment is sealed, and for how long an object store locks it then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Entries after which a segment is sealed.
    pub entries_max: u64,
    /// Bytes after which a segment is sealed.
    pub bytes_max: usize,
    /// Days for which a sealed segment is locked, where the store locks.
    pub keep_days: u32,
}

impl Default for Rules {
    fn default() -> Self {
        // Every write puts the whole segment again. 45 CFR 164.316(b)(2)(i) asks for six years.
        Self { entries_max: 256, bytes_max: 128 << 10, keep_days: 2_192 }
    }
}

/// The log of a destination, to be written.
pub struct Log {
    records: Arc<dyn Records>,
    signer: Signer,
    rules: Rules,
    writer: String,
    queue: Mutex<Queue>,
    turn: Condvar,
    /// The last segment as this process left it.
    current: Mutex<Option<Current>>,
}

struct Current {
    segment: Segment,
    expected: Expected,
}

/// What threads want to append.
#[derive(Default)]
struct Queue {
    waiting: Vec<(u64, Event)>,
    /// The number of an entry, or nothing where it could not be written.
    done: BTreeMap<u64, Option<u64>>,
    next: u64,
    /// A thread is writing.
    is_led: bool,
}

impl Log {
    /// The log of these records; begun with the first entry. `signer` seals it.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn open(records: Arc<dyn Records>, signer: Signer, rules: Rules) -> Result<Self> {
        let (queue, turn, current) = (Mutex::default(), Condvar::new(), Mutex::default());
        Ok(Self { records, signer, rules, writer: random_hex::<8>()?, queue, turn, current })
    }

    /// Appends an entry and returns its number once it is durable.
    ///
    /// # Errors
    /// When it could not be written, or it is not known whether it was: what it tells of must be refused.
    pub fn append(&self, event: Event) -> Result<u64> {
        let mut queue = lock(&self.queue);
        let ticket = queue.next;
        queue.next += 1;
        queue.waiting.push((ticket, event));
        loop {
            if let Some(done) = queue.done.remove(&ticket) {
                return done.ok_or_else(|| unwritten("the audit log cannot be written"));
            }
            if queue.is_led {
                queue = self.turn.wait(queue).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            queue.is_led = true;
            let count = queue.waiting.len().min(BATCH_MAX);
            let batch: Vec<(u64, Event)> = queue.waiting.drain(..count).collect();
            drop(queue);
            let events: Vec<Event> = batch.iter().map(|(_, event)| event.clone()).collect();
            let written = self.write(&events);
            queue = lock(&self.queue);
            queue.is_led = false;
            let mine = batch.iter().position(|(t, _)| *t == ticket);
            let first = written.as_ref().ok().copied();
            queue.done.extend(batch.iter().zip(0..).map(|((t, _), n)| (*t, first.map(|first| first + n))));
            self.turn.notify_all();
            if let (Some(_), Err(error)) = (mine, written) {
                queue.done.remove(&ticket);
                return Err(error);
            }
        }
    }

    /// Writes entries; the number of the first.
    fn write(&self, events: &[Event]) -> Result<u64> {
        let mut current = lock(&self.current);
        for attempt in 0..TRIES_MAX {
            let Current { mut segment, expected } = match current.take() {
                Some(current) => current,
                None => self.last()?,
            };
            let at = events.last().map_or(Timestamp::from_unix_s(0), |event| event.at);
            let seqs = events.iter().map(|event| segment.push(&self.writer, event)).collect::<Result<Vec<_>>>()?;
            let is_old = segment.begun().is_some_and(|begun| at >= begun.plus_days(SEGMENT_DAYS));
            let is_full = segment.entries() >= self.rules.entries_max || segment.bytes() >= self.rules.bytes_max;
            let state = if is_full || is_old { State::Sealed } else { State::Open };
            let locked_until = (state == State::Sealed).then(|| at.plus_days(self.rules.keep_days));
            let bytes = segment.closed(state, at, &self.signer)?;
            match self.records.write(&segment_key(segment.number())?, &bytes, &expected, locked_until) {
                Ok(version) => {
                    *current = Some(match state {
                        State::Open => Current { segment, expected: Expected::Version(version) },
                        State::Sealed => Current::new(segment.next())?,
                    });
                    return seqs.first().copied().ok_or_else(|| unwritten("nothing was to be written"));
                }
                Err(error) if error.kind == Kind::Conflict => thread::sleep(pause(attempt)?),
                Err(error) => return Err(error),
            }
        }
        Err(unwritten("others write the audit log all the time"))
    }

    /// The last segment as it stands now, or a new one after it.
    fn last(&self) -> Result<Current> {
        let names = self.records.names(FOLDER)?;
        let Some(number) = names.iter().filter_map(|name| number_of(name)).max() else {
            return Current::new(Place {
                log: random_hex::<16>()?,
                segment: 1,
                first: 1,
                previous: Sha256Hex::of(b""),
            });
        };
        let stored = self.records.read(&segment_key(number)?)?;
        let stored = stored.ok_or_else(|| unwritten("the last segment of the audit log is gone"))?;
        let (segment, state) = stands(&stored.bytes, number)?;
        match state {
            State::Open => Ok(Current { segment, expected: Expected::Version(stored.version) }),
            State::Sealed => Current::new(segment.next()),
        }
    }
}

impl Current {
    /// A segment that nobody has begun.
    fn new(place: Place) -> Result<Self> {
        Ok(Self { segment: Segment::begin(place)?, expected: Expected::Absent })
    }
}

/// A segment that is whole in itself; whether it stands in its place is for a verification of the whole log.
fn stands(bytes: &[u8], number: u64) -> Result<(Segment, State)> {
    let damaged = || {
        unwritten("the last segment of the audit log is damaged")
            .at("segment", number)
            .hint("find out how: `sordino audit verify`; then move the folder .audit aside, and a new log begins")
    };
    let place = Place::of(bytes).filter(|place| place.segment == number).ok_or_else(damaged)?;
    let Read { segment, seal } = segment::read(bytes, &place, None, &mut |_| ()).map_err(|_| damaged())?;
    Ok((segment, seal.state))
}

fn pause(attempt: u32) -> Result<Duration> {
    let mut random = [0];
    getrandom::fill(&mut random).map_err(|_| no_random())?;
    let longest = PAUSE * (1 << attempt.min(4));
    Ok(longest * u32::from(random[0]) / 256)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn random_hex<const N: usize>() -> Result<String> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| no_random())?;
    Ok(bytes.iter().map(|b| format!("{b:02x}")).collect())
}

fn no_random() -> Error {
    unwritten("the system has no random bytes")
}

fn unwritten(message: &'static str) -> Error {
    Error::new(Stage::Records, Kind::Io, message)
}
