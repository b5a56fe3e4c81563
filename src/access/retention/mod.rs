//! How long calls are kept: what is due, legal holds, deletion with proof, and rules for a bucket to match. Must not delete
//! what it cannot read. `docs/retention.md` is the guide.

mod lifecycle;
mod record;
mod standing;
mod sweep;

pub use lifecycle::{Lifecycle, lifecycle};
pub use record::{
    CERTIFICATE_SCHEMA, Certificate, Deleted, Gone, HOLD_SCHEMA, Hold, HoldState, TOMBSTONE_SCHEMA, Tombstone,
};
pub use standing::Standing;
pub use sweep::{Act, sweep};

use super::sign::Signing;
use super::table::{Cell, Table};
use super::{UserName, Word};
use crate::base::{CallId, Error, Result, Sha256Hex, Timestamp};
use crate::model::manifest::{Manifest, Retention};
use crate::store::{
    Disposal, Expected, LegalHold, MANIFEST_NAME, RETENTION_FOLDER as FOLDER, RecordKey, Records, Store,
};
use record::sealed;
use standing::standing;
use std::collections::BTreeMap;

/// The folder of a destination with what people write about calls in the QA page; it is deleted with them.
pub const NOTES_FOLDER: &str = ".notes";

/// A destination, as something that is kept or deleted.
pub struct Keeper<'a> {
    /// Its calls.
    pub store: &'a dyn Store,
    /// Its records.
    pub records: &'a dyn Records,
    /// What removes.
    pub disposal: &'a dyn Disposal,
    /// What manifests are checked with, and who signs tombstones, holds and certificates, where anybody does.
    pub signing: &'a Signing,
}

/// A call as it was looked at.
pub struct Look {
    /// Where it stands.
    pub standing: Standing,
    /// Its manifest, where that can be read and trusted, and the digest of its bytes.
    pub manifest: Option<(Manifest, Sha256Hex)>,
    /// What holds it, where there is a record.
    pub hold: Option<Hold>,
}

impl Look {
    fn tombstone(&self, by: &UserName, at: Timestamp) -> Option<Tombstone> {
        self.manifest.as_ref().map(|(manifest, digest)| Tombstone::of(manifest, digest.clone(), by.clone(), at))
    }
}

impl Keeper<'_> {
    /// Where a call stands.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub fn look(&self, call: &CallId, now: Timestamp) -> Result<Look> {
        let unreadable = |manifest, hold| Look { standing: Standing::Unreadable, manifest, hold };
        let Some(stored) = self.store.manifest(call)? else { return Ok(unreadable(None, None)) };
        let manifest = Manifest::parse(&stored.bytes).ok().filter(|manifest| manifest.call == *call);
        let trusted = manifest.filter(|m| self.signing.check(&stored.bytes, m.created).is_ok());
        let Some(manifest) = trusted else { return Ok(unreadable(None, None)) };
        let digest = Sha256Hex::of(&stored.bytes);
        let hold = match self.hold_of(call)? {
            Ok(hold) => hold,
            Err(Damaged) => return Ok(unreadable(Some((manifest, digest)), None)),
        };
        let standing = standing(&manifest.retention, hold.as_ref(), now);
        Ok(Look { standing, manifest: Some((manifest, digest)), hold })
    }

    /// Puts a call under legal hold, or releases it, in the store too where that has such a thing.
    ///
    /// # Errors
    /// A usage error when there is no such call; when it cannot be written down or the store refuses.
    pub fn set_hold(&self, call: &CallId, state: HoldState, matter: Word, by: UserName, at: Timestamp) -> Result<()> {
        let stored = self.store.manifest(call)?.ok_or_else(|| Error::usage(format!("{call}: no such call")))?;
        let names = Manifest::parse(&stored.bytes).map(|m| m.artifacts.iter().map(|a| a.name().to_owned()).collect());
        let names: Vec<String> = names.unwrap_or_default();
        let names = || names.iter().map(String::as_str).chain([MANIFEST_NAME]);
        let record = Hold { schema: HOLD_SCHEMA.into(), call: call.clone(), state, matter, by, at, signature: None };
        // Kept by both before it is released by either.
        if state == HoldState::Held {
            self.put_hold(&record)?;
            return names().try_for_each(|name| self.disposal.set_legal_hold(call, name, LegalHold::On).map(drop));
        }
        names().try_for_each(|name| self.disposal.set_legal_hold(call, name, LegalHold::Off).map(drop))?;
        self.put_hold(&record)
    }

    /// All holds, and releases from them.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn holds(&self) -> Result<Holds> {
        let mut holds = BTreeMap::new();
        for name in self.records.names(FOLDER)? {
            let call = name.strip_prefix("hold-").and_then(|name| CallId::parse(name.strip_suffix(".json")?));
            if let Some(call) = call {
                // One that has gone meanwhile is no hold, and none that is damaged.
                match self.hold_of(&call)? {
                    Ok(None) => {}
                    Ok(Some(hold)) => drop(holds.insert(call, Some(hold))),
                    Err(Damaged) => drop(holds.insert(call, None)),
                }
            }
        }
        Ok(Holds(holds))
    }

    fn put_hold(&self, hold: &Hold) -> Result<()> {
        let key = hold_key(&hold.call)?;
        let there = self.records.read(&key)?;
        let expected = there.map_or(Expected::Absent, |stored| Expected::Version(stored.version));
        self.records.write(&key, &sealed(hold, self.signing.signer.as_ref())?, &expected, None).map(drop)
    }

    fn hold_of(&self, call: &CallId) -> Result<std::result::Result<Option<Hold>, Damaged>> {
        let Some(stored) = self.records.read(&hold_key(call)?)? else { return Ok(Ok(None)) };
        let hold = serde_json::from_slice::<Hold>(&stored.bytes).ok();
        let hold = hold.filter(|hold| hold.schema == HOLD_SCHEMA && hold.call == *call);
        // One that somebody made up must not release a call: with keys at hand it must be signed by one of them.
        let is_signed = |hold: &Hold| match self.signing.check(&stored.bytes, hold.at) {
            Ok(is_checked) => is_checked || self.signing.keys.keys().is_empty(),
            Err(_) => false,
        };
        let trusted = hold.filter(is_signed);
        Ok(trusted.map(Some).ok_or(Damaged))
    }
}

/// What people have said of legal holds, by call; nothing of one whose record cannot be read or trusted.
pub struct Holds(BTreeMap<CallId, Option<Hold>>);

/// A record that cannot be read or trusted.
struct Damaged;

fn hold_key(call: &CallId) -> Result<RecordKey> {
    RecordKey::new(FOLDER, &format!("hold-{call}.json"))
}

/// How many calls stand where, by class of retention.
#[derive(Default)]
pub struct Census(BTreeMap<(String, Standing), Count>);

#[derive(Default)]
struct Count {
    calls: u64,
    oldest: Option<Timestamp>,
    next: Option<Timestamp>,
}

impl Census {
    /// Counts a call.
    pub fn add(&mut self, look: &Look) {
        self.count(look.manifest.as_ref().map(|(manifest, _)| &manifest.retention), look.standing);
    }

    /// Counts a call of which somebody else has read how long it is kept; nothing where its manifest cannot be read or trusted.
    pub fn add_known(&mut self, call: &CallId, retention: Option<&Retention>, holds: &Holds, now: Timestamp) {
        let of = match (retention, holds.0.get(call)) {
            (None, _) | (_, Some(None)) => Standing::Unreadable,
            (Some(retention), hold) => standing(retention, hold.and_then(Option::as_ref), now),
        };
        self.count(retention, of);
    }

    fn count(&mut self, retention: Option<&Retention>, standing: Standing) {
        let class = retention.map_or_else(String::new, |retention| retention.class.clone());
        let count = self.0.entry((class, standing)).or_default();
        count.calls += 1;
        let earlier = |a: Option<Timestamp>, b: Timestamp| Some(a.map_or(b, |a| a.min(b)));
        if let Some(retention) = retention {
            count.oldest = earlier(count.oldest, retention.created);
            count.next = earlier(count.next, retention.delete_after);
        }
    }

    /// The counts as a report.
    #[must_use]
    pub fn table(&self, now: Timestamp) -> Table {
        let row = |((class, standing), count): (&(String, Standing), &Count)| {
            let (oldest, next) = (Cell::of(count.oldest), Cell::of(count.next));
            vec![class.into(), standing.word().into(), Cell::Count(count.calls), oldest, next]
        };
        Table {
            title: "Retention".into(),
            note: format!("Calls by class and where they stand. Made {now}."),
            columns: vec!["class", "standing", "calls", "oldest_created", "first_delete_after"],
            rows: self.0.iter().map(row).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
