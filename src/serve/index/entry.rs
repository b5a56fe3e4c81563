//! What the index holds of one call, out of its manifest and its masked transcript. Must not read anything but these.

use super::Reading;
use crate::base::{CallId, Error, HoldReason, Phi, Result, Sha256Hex, Stage, Timestamp, limits};
use crate::model::manifest::{Artifact, Manifest, Retention};
use crate::model::{Category, Transcript, TurnKind};
use crate::store::Store;
use crate::transcript;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Read;

/// Bits of an id below its time.
const ID_BITS: u32 = 24;
/// The last time that an id has room for: the year 19,391.
const AT_MAX: u64 = (1 << 39) - 1;

/// One call as it is put into the index. It has no Debug: the text is in it.
pub struct Entry {
    /// The call.
    pub call: CallId,
    /// The store's version of its manifest.
    pub version: String,
    /// When it was redacted.
    pub created: Timestamp,
    /// Length of the recording or, without one, of the transcript's times, milliseconds.
    pub duration_ms: u64,
    /// How much of the recording is silent, milliseconds.
    pub muted_ms: u64,
    /// The residual risk, 0 to 1.
    pub risk: f32,
    /// The rest of what lists show.
    pub facts: Facts,
    /// Masked text: a line for each turn.
    pub text: Phi<String>,
    /// When each turn begins, milliseconds; −1 where that is not known.
    pub starts: Vec<i64>,
}

/// What lists show of a call and nothing is looked up by.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Stretches hidden of each category.
    pub categories: BTreeMap<Category, u64>,
    /// Roles that the manifest lets at it.
    pub roles: Vec<String>,
    /// Purposes that it may be downloaded for.
    pub purposes: Vec<String>,
    /// The recording, where there is one.
    pub sound: Option<Sound>,
    /// Words of the transcript.
    pub words: u64,
    /// How long it is kept; nothing where the manifest is not signed as it must be.
    pub retention: Option<Retention>,
}

/// A recording's shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sound {
    /// Its container.
    pub format: String,
    /// Samples a frame.
    pub channels: u16,
    /// Frames a second.
    pub rate_hz: u32,
    /// Size.
    pub bytes: u64,
}

impl Entry {
    /// Reads a call's manifest and transcript from its destination.
    ///
    /// # Errors
    /// [`Kind::Io`](crate::base::Kind::Io) when reading fails, anything else when what lies there is not what it should be.
    pub(super) fn read(store: &dyn Store, how: &Reading<'_>, call: &CallId, version: String) -> Result<Self> {
        let stored = store.manifest(call)?.ok_or_else(|| unfit("the call has no manifest"))?;
        let manifest = Manifest::parse(&stored.bytes)?;
        if manifest.call != *call {
            return Err(unfit("the manifest is another call's"));
        }
        if !how.signing.believes(&stored.bytes, manifest.created) {
            return Err(unfit("the signature of the manifest does not hold"));
        }
        let mut entry = Self::of(&manifest, version);
        let is_trusted = how.signing.check(&stored.bytes, manifest.created).is_ok();
        entry.facts.retention = is_trusted.then(|| manifest.retention.clone());
        for artifact in &manifest.artifacts {
            if let Artifact::Transcript { name, format, sha256, .. } = artifact {
                let document =
                    transcript::read(Phi::new(read(store, call, name, sha256)?), how.told.in_format(*format))?;
                entry.say(document.transcript());
            }
        }
        Ok(entry)
    }

    fn of(manifest: &Manifest, version: String) -> Self {
        let mut facts = Facts {
            categories: manifest.hidden.categories.clone(),
            roles: manifest.access.roles.clone(),
            purposes: manifest.access.purposes.clone(),
            ..Facts::default()
        };
        let mut parts: BTreeMap<Option<u16>, (u64, u64)> = BTreeMap::new();
        for artifact in &manifest.artifacts {
            match artifact {
                Artifact::Transcript { words, .. } => facts.words += words,
                Artifact::Recording { format, bytes, duration_ms, channels, rate_hz, muted_ms, .. } => {
                    // Parts follow each other; what is recorded beside each other is as long as its longest.
                    let part = parts.entry(artifact.piece().and_then(|piece| piece.part)).or_default();
                    *part = (part.0.max(*duration_ms), part.1.max(*muted_ms));
                    let format = format.clone();
                    facts.sound = Some(Sound { format, channels: *channels, rate_hz: *rate_hz, bytes: *bytes });
                }
            }
        }
        Self {
            call: manifest.call.clone(),
            version,
            created: manifest.created,
            duration_ms: parts.values().map(|(duration_ms, _)| duration_ms).sum(),
            muted_ms: parts.values().map(|(_, muted_ms)| muted_ms).sum(),
            risk: manifest.risk,
            facts,
            text: Phi::default(),
            starts: Vec::new(),
        }
    }

    /// Adds what was said, turn by turn; second readings are in no list.
    fn say(&mut self, transcript: &Transcript) {
        for turn in transcript.turns().iter().filter(|turn| turn.kind == TurnKind::Spoken) {
            let words = &transcript.words()[turn.words.range()];
            let start = words.iter().find_map(|word| word.time).map_or(-1, |time| time.start_ms().into());
            if !self.starts.is_empty() {
                self.text.expose_mut().push('\n');
            }
            let said = turn.words.range().map(|word| transcript.word_text(word).into_exposed());
            let said: Vec<&str> = said.flat_map(str::split_whitespace).collect();
            self.text.expose_mut().push_str(&said.join(" "));
            self.starts.push(start);
        }
        if self.facts.sound.is_none() {
            self.duration_ms = self.duration_ms.max(transcript.end_ms().unwrap_or_default().into());
        }
    }

    /// Writes the call in the place of what was there of it.
    pub(super) fn put(&self, writer: &Connection) -> rusqlite::Result<()> {
        forget(writer, &self.call)?;
        let began = "SELECT unixepoch(value) FROM labels WHERE call = ? AND name = 'started'";
        let began: Option<u64> =
            writer.prepare_cached(began)?.query_row([self.call.as_str()], |row| row.get(0)).optional()?;
        let at = began.unwrap_or(self.created.unix_s());
        let id = free_id(writer, at, &self.call)?;
        let sql = "INSERT INTO calls (id, call, version, at, created, duration_ms, muted_ms, risk, mask, roles, facts)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let facts = serde_json::to_string(&self.facts).expect("string keys and numbers always serialise");
        writer.prepare_cached(sql)?.execute(params![
            id,
            self.call.as_str(),
            self.version,
            at,
            self.created.unix_s(),
            self.duration_ms,
            self.muted_ms,
            millionths(self.risk),
            mask(self.facts.categories.keys()),
            roles(&self.facts.roles),
            facts
        ])?;
        let starts = serde_json::to_string(&self.starts).expect("numbers always serialise");
        let text = self.text.expose();
        let sql = "INSERT INTO texts (id, text, starts) VALUES (?, ?, ?)";
        writer.prepare_cached(sql)?.execute(params![id, text, starts])?;
        writer.prepare_cached("INSERT INTO words (rowid, text) VALUES (?, ?)")?.execute(params![id, text])?;
        mark(writer, &self.call)
    }
}

/// An id that nobody has. Ids are in the order of time, so that the search engine, which hands out matches in the order of
/// ids, hands out the newest first and need not look for the others.
fn free_id(writer: &Connection, at: u64, call: &CallId) -> rusqlite::Result<i64> {
    let near = (call.number() >> (128 - ID_BITS)) as i64;
    let mut id = ((at.min(AT_MAX) as i64) << ID_BITS) | near;
    while writer.prepare_cached("SELECT 1 FROM calls WHERE id = ?")?.exists([id])? {
        id += 1;
    }
    Ok(id)
}

/// The least id of calls that begin then or later.
pub(super) fn id_from(at: Timestamp) -> i64 {
    (at.unix_s().min(AT_MAX) as i64) << ID_BITS
}

/// Gives a call these attributes besides those that it has, and moves it to when it began, as they say.
pub(super) fn label(writer: &Connection, call: &CallId, attributes: &BTreeMap<String, String>) -> rusqlite::Result<()> {
    unmark(writer, call)?;
    let sql = "INSERT OR REPLACE INTO labels (call, name, value) VALUES (?, ?, ?)";
    for (name, value) in attributes {
        writer.prepare_cached(sql)?.execute([call.as_str(), name, value])?;
    }
    set_time(writer, call)?;
    mark(writer, call)
}

/// Lists a call under each of its attributes: of each, calls are found in the order of time without looking at others.
fn mark(writer: &Connection, call: &CallId) -> rusqlite::Result<()> {
    let sql =
        "INSERT INTO marks (name, value, id) SELECT name, value, id FROM labels JOIN calls USING (call) WHERE call = ?";
    writer.prepare_cached(sql)?.execute([call.as_str()]).map(drop)
}

fn unmark(writer: &Connection, call: &CallId) -> rusqlite::Result<()> {
    let sql = "DELETE FROM marks WHERE (name, value, id) IN
        (SELECT name, value, id FROM labels JOIN calls USING (call) WHERE call = ?)";
    writer.prepare_cached(sql)?.execute([call.as_str()]).map(drop)
}

fn set_time(writer: &Connection, call: &CallId) -> rusqlite::Result<()> {
    let sql = "SELECT id, text, coalesce((SELECT unixepoch(value) FROM labels WHERE labels.call = calls.call AND
        name = 'started'), created), at FROM calls JOIN texts USING (id) WHERE call = ?";
    let row = |row: &rusqlite::Row<'_>| -> rusqlite::Result<(i64, String, u64, u64)> {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    };
    let found = writer.prepare_cached(sql)?.query_row([call.as_str()], row).optional()?;
    let Some((old, text, at, _)) = found.filter(|(_, _, at, was)| at != was) else { return Ok(()) };
    let id = free_id(writer, at, call)?;
    writer.prepare_cached("UPDATE calls SET id = ?, at = ? WHERE id = ?")?.execute(params![id, at, old])?;
    writer.prepare_cached("UPDATE texts SET id = ? WHERE id = ?")?.execute([id, old])?;
    let unindex = "INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)";
    writer.prepare_cached(unindex)?.execute(params![old, text])?;
    writer.prepare_cached("INSERT INTO words (rowid, text) VALUES (?, ?)")?.execute(params![id, text])?;
    Ok(())
}

/// Removes a call and every word of it.
pub(super) fn forget(writer: &Connection, call: &CallId) -> rusqlite::Result<()> {
    let find = "SELECT id, text FROM calls JOIN texts USING (id) WHERE call = ?";
    let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?));
    let found = writer.prepare_cached(find)?.query_row([call.as_str()], row).optional()?;
    if let Some((id, text)) = found {
        unmark(writer, call)?;
        let unindex = "INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)";
        writer.prepare_cached(unindex)?.execute(params![id, text])?;
        writer.prepare_cached("DELETE FROM texts WHERE id = ?")?.execute([id])?;
        writer.prepare_cached("DELETE FROM calls WHERE id = ?")?.execute([id])?;
    }
    for sql in ["DELETE FROM unread WHERE call = ?", "DELETE FROM waves WHERE call = ?"] {
        writer.prepare_cached(sql)?.execute([call.as_str()])?;
    }
    Ok(())
}

/// A risk as the index has it: whole numbers compare the same wherever they come from.
pub(super) fn millionths(risk: f32) -> i64 {
    (f64::from(risk) * 1e6).round() as i64
}

/// A set of categories as a number.
pub(super) fn mask<'a>(categories: impl Iterator<Item = &'a Category>) -> i64 {
    let bit = |category: &Category| Category::ALL.iter().position(|c| c == category).map_or(0, |at| 1_i64 << at);
    categories.map(bit).fold(0, |mask, bit| mask | bit)
}

/// Roles in a form in which one is found by its word between spaces.
fn roles(roles: &[String]) -> String {
    roles.iter().fold(String::from(" "), |all, role| all + role + " ")
}

/// A transcript whose digest is the manifest's.
fn read(store: &dyn Store, call: &CallId, name: &str, sha256: &Sha256Hex) -> Result<Vec<u8>> {
    let (object, stat) = store.open(&Phi::new(format!("{call}/{name}")))?;
    if stat.bytes > limits::TRANSCRIPT_BYTES_MAX {
        return Err(unfit("the transcript is too large").at("bytes", stat.bytes));
    }
    let mut bytes = Vec::new();
    let read = object.take(limits::TRANSCRIPT_BYTES_MAX + 1).read_to_end(&mut bytes);
    read.map_err(|error| Error::io(Stage::Fetch, "a transcript cannot be read", error))?;
    if Sha256Hex::of(&bytes) != *sha256 {
        return Err(unfit("the transcript is not the one of its manifest"));
    }
    Ok(bytes)
}

fn unfit(message: &'static str) -> Error {
    Error::held(Stage::Fetch, HoldReason::VerifyFailed, message)
}
