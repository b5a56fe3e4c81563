//! Deletes calls whose time is over. For each call, in this order: the log says so, a record says what goes
//! (`deleting-<call>.json`), the manifest goes, so that nobody sees the call any more, its artifacts go, and a tombstone
//! stays. A certificate tells of many, and then the first records go. Broken off anywhere, the next sweep ends what was
//! begun.

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
    if let Act::Delete { by, .. } = act {
        sweep.requests = spans::waiting(keeper.records)?;
        sweep.end_what_was_begun(by)?;
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
        self.put(&format!("{DELETING}{call}.json"), &bytes)?;
        Ok(match self.remove(tombstone, &bytes) {
            Ok(()) => {
                if self.done.len() >= CERTIFICATE_CALLS_MAX {
                    self.certify(by)?;
                }
                Standing::Deleted
            }
            Err(_) => Standing::Failed,
        })
    }

    /// The manifest goes first: what has none is not there.
    fn remove(&mut self, tombstone: &Tombstone, bytes: &[u8]) -> Result<()> {
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
        self.put(&tombstone_name(&tombstone.call), bytes)?;
        self.done.push(Deleted {
            call: tombstone.call.clone(),
            manifest: tombstone.manifest.clone(),
            files,
            versions,
            delete_after: tombstone.retention.delete_after,
        });
        Ok(())
    }

    /// What an earlier sweep had begun when it broke off. A call that was published again since is another one.
    fn end_what_was_begun(&mut self, by: &UserName) -> Result<()> {
        for name in self.keeper.records.names(FOLDER)?.iter().filter(|name| name.starts_with(DELETING)) {
            let Some(stored) = self.keeper.records.read(&RecordKey::new(FOLDER, name)?)? else { continue };
            let Ok(tombstone) = serde_json::from_slice::<Tombstone>(&stored.bytes) else { continue };
            let there = self.keeper.store.manifest(&tombstone.call)?;
            let is_another = there.is_some_and(|there| Sha256Hex::of(&there.bytes) != tombstone.manifest);
            if is_another {
                self.keeper.records.remove(&RecordKey::new(FOLDER, name)?)?;
            } else if self.remove(&tombstone, &stored.bytes).is_ok() && self.done.len() >= CERTIFICATE_CALLS_MAX {
                self.certify(by)?;
            }
        }
        Ok(())
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
        self.put(&name, &sealed(&certificate, self.keeper.signing.signer.as_ref())?)?;
        for deleted in &certificate.calls {
            self.keeper.records.remove(&RecordKey::new(FOLDER, &format!("{DELETING}{}.json", deleted.call))?)?;
        }
        self.certificates.push(certificate);
        Ok(())
    }

    /// Writes a record over whatever there is of its name: what is there tells of the same call.
    fn put(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let key = RecordKey::new(FOLDER, name)?;
        let there = self.keeper.records.read(&key)?;
        let expected = there.map_or(Expected::Absent, |stored| Expected::Version(stored.version));
        self.keeper.records.write(&key, bytes, &expected, None).map(drop)
    }
}

fn names(tombstone: &Tombstone) -> impl Iterator<Item = &str> {
    std::iter::once(MANIFEST_NAME).chain(tombstone.artifacts.iter().map(|gone| gone.name.as_str()))
}
