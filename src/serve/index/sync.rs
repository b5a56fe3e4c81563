//! Brings the index up to what lies at the destination. What has changed is told by the store's listing alone; only calls
//! with another version of their manifest are read.

use super::entry::{Entry, forget, label};
use super::{Index, failed};
use crate::access::labels::{self, Label};
use crate::access::sign::Signing;
use crate::base::{CallId, Error, Kind, Result, Sha256Hex};
use crate::model::manifest::{HELD_SCHEMA, Held};
use crate::store::{MANIFEST_NAME, RecordKey, Records, Store};
use crate::transcript::Told;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use rusqlite::params;
use std::collections::{BTreeMap, BTreeSet};

/// Calls that are read together and written in one transaction.
const BATCH: usize = 64;
/// Calls of the index that are looked at together.
const KNOWN_BATCH: u32 = 1000;
/// Where held records lie.
const HELD_FOLDER: &str = ".held";

/// How calls are read.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// What is said of transcripts.
    pub told: &'a Told,
    /// What manifests are checked with.
    pub signing: &'a Signing,
}

/// What a sync has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Calls that are new or have changed.
    pub put: u64,
    /// Calls that are there no longer.
    pub removed: u64,
    /// Calls that could not be understood and are in no list; they are not tried again in the same version.
    pub unread: u64,
    /// Calls that are held now.
    pub held: u64,
}

impl Index {
    /// Takes over what has changed at the destination since. Calls may be listed and searched meanwhile.
    ///
    /// # Errors
    /// When the destination cannot be listed, or the file not written. What was taken over stays.
    pub fn sync(&self, store: &dyn Store, records: &dyn Records, how: &Reading<'_>) -> Result<Changes> {
        self.revive()?;
        self.label(records)?;
        let mut changes = Changes { held: self.sync_held(records)?, ..Changes::default() };
        let (mut known, mut batch) = (Known::new(self), Vec::new());
        let with = how.signing.digest();
        for entry in store.list() {
            let entry = match entry {
                Ok(entry) => entry,
                // What cannot be read holds itself, and nothing else.
                Err(error) if error.hold_reason().is_some() => continue,
                Err(error) => return Err(error),
            };
            let Some((folder, MANIFEST_NAME)) = entry.key.expose().split_once('/') else { continue };
            let Some(call) = CallId::parse(folder) else { continue };
            changes.removed += known.skip_to(Some(&call))?;
            let version = &entry.stat.version;
            if known.take(&call).is_none_or(|known| known != *version && known != unread(version, &with)) {
                batch.push((call, entry.stat.version));
            }
            if batch.len() == BATCH {
                self.take_over(store, how, std::mem::take(&mut batch), &mut changes)?;
            }
        }
        changes.removed += known.skip_to(None)?;
        self.take_over(store, how, batch, &mut changes)?;
        self.tidy();
        Ok(changes)
    }

    /// Takes over which calls are held now, which costs one listing where nothing has changed; how many they are.
    ///
    /// # Errors
    /// When the records cannot be read, or the file not written.
    pub fn sync_held(&self, records: &dyn Records) -> Result<u64> {
        let states = records.states(HELD_FOLDER)?;
        let mut known: BTreeMap<String, String> = {
            let reader = self.reader()?;
            let mut statement = reader.prepare("SELECT name, state FROM held").map_err(failed)?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(failed)?;
            rows.collect::<rusqlite::Result<_>>().map_err(failed)?
        };
        let (mut read, mut held) = (Vec::new(), 0);
        for (name, state) in states {
            held += 1;
            if known.remove(&name).is_some_and(|known| known == state) {
                continue;
            }
            let Ok(key) = RecordKey::new(HELD_FOLDER, &name) else { continue };
            let Some(stored) = records.read(&key)? else { continue };
            let record = serde_json::from_slice::<Held>(&stored.bytes).ok().filter(|held| held.schema == HELD_SCHEMA);
            read.extend(record.map(|record| (name, state, record, stored.bytes)));
        }
        if known.is_empty() && read.is_empty() {
            return Ok(held);
        }
        self.write(|writer| {
            for name in known.keys() {
                writer.prepare_cached("DELETE FROM held WHERE name = ?")?.execute([name])?;
            }
            for (name, state, record, bytes) in &read {
                let sql =
                    "INSERT OR REPLACE INTO held (name, state, call, at, reason, record) VALUES (?, ?, ?, ?, ?, ?)";
                let (call, at, reason) = (record.call.as_str(), record.at.unix_s(), record.reason.code());
                writer.prepare_cached(sql)?.execute(params![name, state, call, at, reason, bytes])?;
            }
            Ok(held)
        })
    }

    /// Puts calls in the place of what was there of them.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn put(&self, entries: &[Entry]) -> Result<()> {
        self.write(|writer| entries.iter().try_for_each(|entry| entry.put(writer)))
    }

    fn take_over(
        &self,
        store: &dyn Store,
        how: &Reading<'_>,
        batch: Vec<(CallId, String)>,
        changes: &mut Changes,
    ) -> Result<()> {
        let read = |(call, version): (CallId, String)| match Entry::read(store, how, &call, version.clone()) {
            // It may pass; the next sync tries again.
            Err(error) if error.kind == Kind::Io => Err(error),
            read => Ok(read.map_err(|_| (call, version))),
        };
        let read = batch.into_par_iter().map(read).collect::<Result<Vec<_>>>()?;
        self.write(|writer| {
            for call in &read {
                match call {
                    Ok(entry) => {
                        changes.put += 1;
                        entry.put(writer)?;
                    }
                    Err((call, version)) => {
                        changes.unread += 1;
                        forget(writer, call)?;
                        let sql = "INSERT INTO unread (call, version) VALUES (?, ?)";
                        let version = unread(version, &how.signing.digest());
                        writer.prepare_cached(sql)?.execute([call.as_str(), &version])?;
                    }
                }
            }
            Ok(())
        })
    }

    /// Reads labels that were written since: their files are never changed.
    fn label(&self, records: &dyn Records) -> Result<()> {
        let read: BTreeSet<String> = {
            let reader = self.reader()?;
            let mut statement = reader.prepare("SELECT name FROM label_files").map_err(failed)?;
            let names = statement.query_map([], |row| row.get(0)).map_err(failed)?;
            names.collect::<rusqlite::Result<_>>().map_err(failed)?
        };
        for name in records.names(labels::FOLDER)?.into_iter().filter(|name| !read.contains(name)) {
            let labels = labels::read(records, &name)?;
            self.write(|writer| {
                for Label { call, attributes } in &labels {
                    label(writer, call, attributes)?;
                }
                writer.prepare_cached("INSERT OR IGNORE INTO label_files (name) VALUES (?)")?.execute([&name])
            })?;
        }
        Ok(())
    }
}

/// How the version of a call that could not be understood is kept: with other keys it is tried again.
fn unread(version: &str, with: &Sha256Hex) -> String {
    format!("{version} {with}")
}

/// Calls of the index in order, read as the listing comes to them.
struct Known<'a> {
    index: &'a Index,
    ahead: std::vec::IntoIter<(String, String)>,
    next: Option<(String, String)>,
    last: String,
}

impl<'a> Known<'a> {
    fn new(index: &'a Index) -> Self {
        Self { index, ahead: Vec::new().into_iter(), next: None, last: String::new() }
    }

    /// Removes calls before this one, which the listing has not; all that are left where there is none.
    fn skip_to(&mut self, call: Option<&CallId>) -> Result<u64> {
        let mut gone = Vec::new();
        while let Some((known, _)) = self.peek()? {
            if call.is_some_and(|call| known.as_str() >= call.as_str()) {
                break;
            }
            gone.extend(CallId::parse(known));
            self.next = None;
        }
        // What another process puts in behind the listing has not gone.
        if let Some(call) = call.filter(|call| call.as_str() > self.last.as_str()) {
            call.as_str().clone_into(&mut self.last);
        }
        if !gone.is_empty() {
            self.index.write(|writer| gone.iter().try_for_each(|call| forget(writer, call)))?;
        }
        Ok(gone.len() as u64)
    }

    /// The version of this call, where it is next.
    fn take(&mut self, call: &CallId) -> Option<String> {
        self.next.take_if(|(known, _)| known == call.as_str()).map(|(_, version)| version)
    }

    fn peek(&mut self) -> Result<Option<&(String, String)>> {
        if self.next.is_none() {
            self.next = self.ahead.next();
        }
        if self.next.is_none() {
            self.ahead = self.more().map_err(failed)?.into_iter();
            self.next = self.ahead.next();
        }
        if let Some((call, _)) = self.next.as_ref().filter(|(call, _)| *call > self.last) {
            self.last.clone_from(call);
        }
        Ok(self.next.as_ref())
    }

    fn more(&self) -> Result<Vec<(String, String)>, rusqlite::Error> {
        let reader = self.index.reader().map_err(|_: Error| rusqlite::Error::InvalidQuery)?;
        let sql =
            "SELECT call, version FROM (SELECT call, version FROM calls UNION ALL SELECT call, version FROM unread)
            WHERE call > ? ORDER BY call LIMIT ?";
        let mut statement = reader.prepare_cached(sql)?;
        statement.query_map(params![self.last, KNOWN_BATCH], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    }
}
