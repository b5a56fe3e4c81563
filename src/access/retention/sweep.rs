//! Deletes calls whose time is over. For each call, in this order: the log says so, a record says what goes
//! (`deleting-<call>.json`), a tombstone keeps runs from making the call again, the manifest goes, so that nobody sees the
//! call any more, and its artifacts go. A certificate tells of many, and then the first records go. Broken off anywhere, the
//! next sweep ends what was begun.

use super::record::{CERTIFICATE_SCHEMA, Certificate, Deleted, Tombstone, sealed};
use super::{Keeper, NOTES_FOLDER, Standing};
use crate::access::spans::{self, Request};
use crate::access::{UserName, orders};
use crate::base::{CallId, Result, Sha256Hex, Timestamp};
use crate::store::{Expected, MANIFEST_NAME, Protection, RETENTION_FOLDER as FOLDER, RecordKey, tombstone_name};

/// Most calls of one certificate.
const CERTIFICATE_CALLS_MAX: usize = 1_000;
const DELETING: &str = "deleting-";

/// What a sweep is allowed.
pub enum Act<'a> {
    /// To look.
    Look,
    /// To delete. `log` writes down each deletion before it is done, and refuses it by an error.
    Delete {
        /// Who deletes.
        by: UserName,
        /// Writes down that a call will be deleted.
        log: &'a dyn Fn(&CallId) -> Result<()>,
    },
}

/// Looks at every call, deletes what is due where it may, and tells where each stands. The certificates that it wrote, by
/// name.
///
/// # Errors
/// When the destination cannot be listed or records cannot be written; what concerns one call is told.
pub fn sweep(
    keeper: &Keeper<'_>,
    now: Timestamp,
    act: &Act<'_>,
    tell: &mut dyn FnMut(&CallId, Standing) -> Result<()>,
) -> Result<Vec<Certificate>> {
    let mut sweep = Sweep { keeper, now, requests: Vec::new(), done: Vec::new(), certificates: Vec::new() };
    if let Act::Delete { .. } = act {
        sweep.requests = spans::waiting(keeper.records)?;
    }
    for begun in sweep.begun()? {
        let standing = match (act, begun.has_manifest) {
            (Act::Delete { .. }, true) => {
                sweep.take_back(&begun)?;
                continue;
            }
            (Act::Look, true) => continue,
            (Act::Delete { by, .. }, false) => sweep.end(&begun, by)?,
            (Act::Look, false) => Standing::Due,
        };
        tell(&begun.tombstone.call, standing)?;
    }
    for call in keeper.store.committed()? {
        let look = keeper.look(&call, now)?;
        let standing = match (act, look.standing) {
            (Act::Delete { by, log }, Standing::Due) => sweep.delete(&call, by, log, &look.tombstone(by, now))?,
            (_, standing) => standing,
        };
        tell(&call, standing)?;
    }
    if let Act::Delete { by, .. } = act {
        sweep.certify(by)?;
    }
    Ok(sweep.certificates)
}

struct Sweep<'a> {
    keeper: &'a Keeper<'a>,
    now: Timestamp,
    /// Spans that somebody has asked for, of any call.
    requests: Vec<Request>,
    /// What the next certificate tells of.
    done: Vec<Deleted>,
    certificates: Vec<Certificate>,
}

/// A deletion that is written down.
struct Begun {
    tombstone: Tombstone,
    /// The tombstone as it is stored.
    bytes: Vec<u8>,
    /// Whether the call's manifest is there: then nothing has gone yet.
    has_manifest: bool,
}

impl Sweep<'_> {
    fn delete(
        &mut self,
        call: &CallId,
        by: &UserName,
        log: &dyn Fn(&CallId) -> Result<()>,
        tombstone: &Option<Tombstone>,
    ) -> Result<Standing> {
        let Some(tombstone) = tombstone else { return Ok(Standing::Unreadable) };
        for name in names(tombstone) {
            match self.keeper.disposal.protection(call, name)? {
                Protection::None => {}
                Protection::Until(until) if until <= self.now => {}
                Protection::Until(_) => return Ok(Standing::Locked),
                Protection::LegalHold => return Ok(Standing::Held),
            }
        }
        log(call)?;
        let bytes = sealed(tombstone, self.keeper.signing.signer.as_ref())?;
        self.put(&deleting_key(call)?, &bytes)?;
        self.end(&Begun { tombstone: tombstone.clone(), bytes, has_manifest: true }, by)
    }

    /// Removes what is written down to go.
    fn end(&mut self, begun: &Begun, by: &UserName) -> Result<Standing> {
        if self.remove(&begun.tombstone, &begun.bytes).is_err() {
            return Ok(Standing::Failed);
        }
        if self.done.len() >= CERTIFICATE_CALLS_MAX {
            self.certify(by)?;
        }
        Ok(Standing::Deleted)
    }

    /// The tombstone comes first, so that no run makes the call again meanwhile; then the manifest goes: what has none is not
    /// there.
    fn remove(&mut self, tombstone: &Tombstone, bytes: &[u8]) -> Result<()> {
        self.put(&RecordKey::new(FOLDER, &tombstone_name(&tombstone.call))?, bytes)?;
        let (mut files, mut versions) = (0, 0);
        for name in names(tombstone) {
            versions += self.keeper.disposal.dispose(&tombstone.call, name)?;
            files += 1;
        }
        // What people have written about it goes with it.
        for folder in [NOTES_FOLDER, orders::FOLDER] {
            self.keeper.records.remove(&RecordKey::new(folder, &format!("{}.json", tombstone.call))?)?;
        }
        spans::remove(self.keeper.records, &tombstone.call, &self.requests)?;
        self.done.push(Deleted {
            call: tombstone.call.clone(),
            manifest: tombstone.manifest.clone(),
            files,
            versions,
            delete_after: tombstone.retention.delete_after,
        });
        Ok(())
    }

    /// What earlier sweeps had begun when they broke off.
    fn begun(&self) -> Result<Vec<Begun>> {
        let mut begun = Vec::new();
        for name in self.keeper.records.names(FOLDER)?.iter().filter(|name| name.starts_with(DELETING)) {
            let Some(stored) = self.keeper.records.read(&RecordKey::new(FOLDER, name)?)? else { continue };
            let Ok(tombstone) = serde_json::from_slice::<Tombstone>(&stored.bytes) else { continue };
            let has_manifest = self.keeper.store.manifest(&tombstone.call)?.is_some();
            begun.push(Begun { tombstone, bytes: stored.bytes, has_manifest });
        }
        Ok(begun)
    }

    /// Unsays a deletion of which nothing has been done. The call is looked at like every other: it may be under legal hold
    /// by now, or be another copy.
    fn take_back(&self, begun: &Begun) -> Result<()> {
        let call = &begun.tombstone.call;
        let tombstone = RecordKey::new(FOLDER, &tombstone_name(call))?;
        if self.keeper.records.read(&tombstone)?.is_some_and(|stored| stored.bytes == begun.bytes) {
            self.keeper.records.remove(&tombstone)?;
        }
        self.keeper.records.remove(&deleting_key(call)?)
    }

    fn certify(&mut self, by: &UserName) -> Result<()> {
        if self.done.is_empty() {
            return Ok(());
        }
        let mut calls = std::mem::take(&mut self.done);
        calls.sort_by(|a, b| a.call.cmp(&b.call));
        let day = self.now.to_string().replace(['-', ':'], "").to_lowercase();
        let content = Sha256Hex::of(calls.iter().map(|c| c.call.as_str()).collect::<String>().as_bytes());
        let name = format!("certificate-{day}-{}.json", &content.as_str()[..16]);
        let certificate = Certificate {
            schema: CERTIFICATE_SCHEMA.into(),
            name: name.clone(),
            at: self.now,
            by: by.clone(),
            calls,
            signature: None,
        };
        self.put(&RecordKey::new(FOLDER, &name)?, &sealed(&certificate, self.keeper.signing.signer.as_ref())?)?;
        for deleted in &certificate.calls {
            self.keeper.records.remove(&deleting_key(&deleted.call)?)?;
        }
        self.certificates.push(certificate);
        Ok(())
    }

    /// Writes a record over whatever there is of its name: what is there tells of the same call.
    fn put(&self, key: &RecordKey, bytes: &[u8]) -> Result<()> {
        let there = self.keeper.records.read(key)?;
        let expected = there.map_or(Expected::Absent, |stored| Expected::Version(stored.version));
        self.keeper.records.write(key, bytes, &expected, None).map(drop)
    }
}

fn deleting_key(call: &CallId) -> Result<RecordKey> {
    RecordKey::new(FOLDER, &format!("{DELETING}{call}.json"))
}

fn names(tombstone: &Tombstone) -> impl Iterator<Item = &str> {
    std::iter::once(MANIFEST_NAME).chain(tombstone.artifacts.iter().map(|gone| gone.name.as_str()))
}
