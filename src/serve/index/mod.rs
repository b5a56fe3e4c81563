//! The call index: what lists, filters and searches need of each redacted call, in a SQLite file in the state folder. It is
//! built from the destination alone, kept up to date by what the store's listing says has changed, and made again when its
//! file is gone, damaged or of another version. Only masked text is in it. Must not decide who may see what; it only
//! filters by what it is handed.
//!
//! Several processes may have the same file open: readers never wait (write-ahead log), writers wait for each other, and
//! every batch of a [`sync`](Index::sync) is one transaction that says the same whoever writes it.

mod entry;
mod query;
mod sync;
#[cfg(test)]
mod tests;
mod words;

pub use entry::{Entry, Facts, Sound};
pub use query::{CALLS_MAX, COUNT_MAX, Call, Cursor, Mark, Order, Page, Query, Seen, minutes};
pub use sync::{Changes, Reading};
pub use words::Part;

use crate::base::{CallId, Error, HoldReason, Kind, Result, Stage, Timestamp};
use crate::model::manifest::{Held, Retention};
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use std::fs;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Raised with every change of the tables; a file of another version is made again.
const VERSION: i64 = 4;
/// How long a writer waits for another one.
const BUSY: Duration = Duration::from_secs(30);
/// Pages that a reader keeps in memory, KiB (a negative number to SQLite).
const CACHE_KIB: i64 = -4096;
/// Most connections that are kept open for readers.
const READERS_MAX: usize = 8;

const SCHEMA: &str = "
CREATE TABLE calls (
  id INTEGER PRIMARY KEY, call TEXT NOT NULL UNIQUE, version TEXT NOT NULL,
  at INTEGER NOT NULL, created INTEGER NOT NULL, duration_ms INTEGER NOT NULL, muted_ms INTEGER NOT NULL,
  risk INTEGER NOT NULL, mask INTEGER NOT NULL, roles TEXT NOT NULL, facts TEXT NOT NULL);
CREATE INDEX calls_by_duration ON calls (duration_ms, call);
CREATE INDEX calls_by_muted ON calls (muted_ms, call);
CREATE INDEX calls_by_risk ON calls (risk, call);
CREATE TABLE texts (id INTEGER PRIMARY KEY, text TEXT NOT NULL, starts TEXT NOT NULL);
CREATE VIRTUAL TABLE words USING fts5 (
  text, content = 'texts', content_rowid = 'id', tokenize = \"porter unicode61 remove_diacritics 2 tokenchars '[]_'\");
INSERT INTO words (words, rank) VALUES ('secure-delete', 1);
CREATE TABLE labels (call TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (call, name)) WITHOUT ROWID;
CREATE TABLE marks (
  name TEXT NOT NULL, value TEXT NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (name, value, id)) WITHOUT ROWID;
CREATE TABLE label_files (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE held (
  name TEXT PRIMARY KEY, state TEXT NOT NULL, call TEXT NOT NULL, at INTEGER NOT NULL, reason TEXT NOT NULL,
  record BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX held_by_call ON held (call);
CREATE TABLE unread (call TEXT PRIMARY KEY, version TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE waves (call TEXT PRIMARY KEY, version TEXT NOT NULL, peaks BLOB NOT NULL) WITHOUT ROWID;
";

/// The index of one destination. Every method waits for the disk; none for another reader.
pub struct Index {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

impl Index {
    /// Opens the index in this file, or makes it. A file that is none, is damaged or of another version gives way to an
    /// empty one.
    ///
    /// # Errors
    /// When there can be no such file.
    pub fn open(path: &Path) -> Result<Self> {
        let writer = match connect(path) {
            Ok(Some(writer)) => writer,
            Ok(None) | Err(_) => {
                remove(path)?;
                connect(path)?.ok_or_else(|| failed_as("the call index is of another version"))?
            }
        };
        Ok(Self { path: path.to_owned(), writer: Mutex::new(writer), readers: Mutex::default() })
    }

    /// Makes the file again where somebody has removed it meanwhile.
    fn revive(&self) -> Result<()> {
        if self.path.exists() {
            return Ok(());
        }
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        remove(&self.path)?;
        *writer = connect(&self.path)?.ok_or_else(|| failed_as("the call index is of another version"))?;
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(())
    }

    /// Moves what was written into the file itself, so that nothing that was removed stays in the log beside it. While
    /// somebody reads, the next one does it.
    fn tidy(&self) {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    }

    /// A connection to read with, which goes back when it is dropped.
    fn reader(&self) -> Result<Reader<'_>> {
        let idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                let connection = Connection::open_with_flags(&self.path, flags).map_err(failed)?;
                connection.busy_timeout(BUSY).map_err(failed)?;
                connection.pragma_update(None, "cache_size", CACHE_KIB).map_err(failed)?;
                connection
            }
        };
        Ok(Reader { index: self, connection: Some(connection) })
    }

    /// Does some work in one transaction.
    fn write<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = writer.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(failed)?;
        let done = work(&transaction).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(done)
    }

    /// Held calls, the oldest first: for how long somebody has been waited for matters.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn held(&self, reason: Option<HoldReason>) -> Result<Vec<Held>> {
        let reader = self.reader()?;
        let sql = "SELECT record FROM held WHERE ?1 IS NULL OR reason = ?1 ORDER BY at, call LIMIT ?2";
        let mut statement = reader.prepare_cached(sql).map_err(failed)?;
        let rows =
            statement.query_map(params![reason.map(HoldReason::code), CALLS_MAX], |row| row.get::<_, Vec<u8>>(0));
        let records = rows.map_err(failed)?.collect::<rusqlite::Result<Vec<_>>>().map_err(failed)?;
        Ok(records.iter().filter_map(|record| serde_json::from_slice(record).ok()).collect())
    }

    /// How many calls are held for each reason, and since when the oldest one is.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn held_by_reason(&self) -> Result<Vec<(HoldReason, u64, Timestamp)>> {
        let reader = self.reader()?;
        let sql = "SELECT reason, count(*), min(at) FROM held GROUP BY reason ORDER BY count(*) DESC, reason";
        let mut statement = reader.prepare_cached(sql).map_err(failed)?;
        let row =
            |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, u64>(1)?, row.get::<_, u64>(2)?));
        let rows =
            statement.query_map([], row).map_err(failed)?.collect::<rusqlite::Result<Vec<_>>>().map_err(failed)?;
        let known = |(reason, count, at): (String, u64, u64)| {
            Some((HoldReason::from_code(&reason)?, count, Timestamp::from_unix_s(at)))
        };
        Ok(rows.into_iter().filter_map(known).collect())
    }

    /// Calls that were redacted since, in no order: when, how much of each is silent, and its facts.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn each_since(&self, since: Timestamp, each: &mut dyn FnMut(Timestamp, u64, &Facts)) -> Result<()> {
        let reader = self.reader()?;
        let mut read = || -> rusqlite::Result<()> {
            let sql = "SELECT created, muted_ms, facts FROM calls WHERE created >= ?";
            let mut statement = reader.prepare_cached(sql)?;
            let mut rows = statement.query([since.unix_s()])?;
            while let Some(row) = rows.next()? {
                if let Ok(facts) = serde_json::from_str(&row.get::<_, String>(2)?) {
                    each(Timestamp::from_unix_s(row.get(0)?), row.get(1)?, &facts);
                }
            }
            Ok(())
        };
        read().map_err(failed)
    }

    /// How long each call is kept; nothing of one whose manifest cannot be read or trusted.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn each_retention(&self, each: &mut dyn FnMut(&CallId, Option<&Retention>)) -> Result<()> {
        let reader = self.reader()?;
        let mut read = || -> rusqlite::Result<()> {
            let sql = "SELECT call, facts FROM calls UNION ALL SELECT call, NULL FROM unread";
            let mut statement = reader.prepare_cached(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let facts = row.get::<_, Option<String>>(1)?;
                let facts = facts.and_then(|facts| serde_json::from_str::<Facts>(&facts).ok());
                if let Some(call) = CallId::parse(&row.get::<_, String>(0)?) {
                    each(&call, facts.and_then(|facts| facts.retention).as_ref());
                }
            }
            Ok(())
        };
        read().map_err(failed)
    }

    /// Peaks that were kept of this version of a call.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn wave(&self, call: &CallId, version: &str) -> Result<Option<Vec<u8>>> {
        let reader = self.reader()?;
        let sql = "SELECT peaks FROM waves WHERE call = ? AND version = ?";
        let mut statement = reader.prepare_cached(sql).map_err(failed)?;
        statement.query_row(params![call.as_str(), version], |row| row.get(0)).optional().map_err(failed)
    }

    /// Keeps peaks of a version of a call.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn keep_wave(&self, call: &CallId, version: &str, peaks: &[u8]) -> Result<()> {
        self.write(|writer| {
            let sql = "INSERT OR REPLACE INTO waves (call, version, peaks) VALUES (?, ?, ?)";
            writer.prepare_cached(sql)?.execute(params![call.as_str(), version, peaks])
        })?;
        Ok(())
    }
}

struct Reader<'a> {
    index: &'a Index,
    connection: Option<Connection>,
}

impl Deref for Reader<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("it is taken on drop alone")
    }
}

impl DerefMut for Reader<'_> {
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("it is taken on drop alone")
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        let mut idle = self.index.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = self.connection.take().filter(|_| idle.len() < READERS_MAX) {
            idle.push(connection);
        }
    }
}

/// The one connection that writes; nothing where the file is of another version.
fn connect(path: &Path) -> Result<Option<Connection>> {
    private(path)?;
    let connection = Connection::open(path).map_err(failed)?;
    connection.busy_timeout(BUSY).map_err(failed)?;
    // What retention deletes must not be left behind in free pages.
    connection.pragma_update(None, "secure_delete", "ON").map_err(failed)?;
    connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
    // All of it can be built again: a power cut may cost the last batches.
    connection.pragma_update(None, "synchronous", "NORMAL").map_err(failed)?;
    connection.pragma_update(None, "cache_size", CACHE_KIB).map_err(failed)?;
    let make = || -> rusqlite::Result<bool> {
        let transaction = rusqlite::Transaction::new_unchecked(&connection, rusqlite::TransactionBehavior::Immediate)?;
        let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version == 0 {
            transaction.execute_batch(SCHEMA)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
        }
        transaction.commit()?;
        Ok(version == 0 || version == VERSION)
    };
    Ok(make().map_err(failed)?.then_some(connection))
}

/// Makes the file where it is missing, open to its owner alone: masked text is still what patients said.
fn private(path: &Path) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let unmade = |error| Error::io(Stage::Records, "the call index cannot be made", error);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(unmade)?;
    }
    fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path).map(drop).map_err(unmade)
}

fn remove(path: &Path) -> Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match fs::remove_file(&name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io(Stage::Records, "the call index cannot be made again", error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// An error of SQLite without what it says: it may quote what was asked for.
#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
fn failed(error: rusqlite::Error) -> Error {
    let code = error.sqlite_error().map_or(0, |e| e.extended_code.unsigned_abs());
    failed_as("the call index cannot be used").at("code", code.into())
}

fn failed_as(message: &'static str) -> Error {
    Error::new(Stage::Records, Kind::Io, message).hint("stop the server and delete the index file; it is built again")
}
