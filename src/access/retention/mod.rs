//! How long calls are kept: what is due, legal holds, deletion with proof, and rules for a bucket to match. Must not delete
//! what it cannot read. `docs/retention.md` is the guide.

mod hold;
mod lifecycle;
mod record;
mod standing;
mod sweep;

pub use hold::{HoldChange, Holds, POLICY_MATTER, holds_copy};
pub use lifecycle::{Lifecycle, lifecycle};
pub use record::{
    CERTIFICATE_SCHEMA, Certificate, Deleted, Gone, HOLD_SCHEMA, HeldFor, Hold, HoldState, Said, TOMBSTONE_SCHEMA,
    Tombstone,
};
pub use standing::Standing;
pub use sweep::{Act, sweep};

use super::sign::Signing;
use super::table::{Cell, Table};
use super::{UserName, Word};
use crate::base::{CallId, Result, Sha256Hex, Timestamp};
use crate::model::manifest::{Manifest, Retention};
use crate::store::{Disposal, RETENTION_FOLDER as FOLDER, Records, Store};
use hold::Damaged;
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
    /// What people have said of legal holds on it.
    pub hold: Option<Hold>,
}

impl Look {
    /// The matters that hold it; [`POLICY_MATTER`] for a hold from birth.
    #[must_use]
    pub fn held_by(&self) -> Vec<Word> {
        hold::matters(self.manifest.as_ref().map(|(manifest, _)| &manifest.retention), self.hold.as_ref())
    }

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
        let of = match (retention, holds.of(call)) {
            (None, _) | (_, Some(None)) => Standing::Unreadable,
            (Some(retention), hold) => standing(retention, hold.flatten(), now),
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
