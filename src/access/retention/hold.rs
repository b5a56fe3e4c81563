//! What holds a call: matters that people have named, each for itself, and the policy that gave a hold at birth. Must not
//! release what it cannot read.

use super::record::{HOLD_SCHEMA, HOLD_SCHEMA_V1, HeldFor, Hold, HoldState, HoldV1, Said, sealed};
use super::{FOLDER, Keeper};
use crate::access::sign::Signing;
use crate::access::{UserName, Word};
use crate::base::{CallId, Error, Kind, Result, Stage, Timestamp};
use crate::model::manifest::{Manifest, Retention};
use crate::store::{Expected, LegalHold, MANIFEST_NAME, RecordKey, Stored, hold_name};
use std::collections::BTreeMap;

/// The matter of a hold that the policy gave at birth.
pub const POLICY_MATTER: &str = "policy";
/// How often a change is tried again that others were first with.
const TRIES: usize = 8;

/// What somebody says of holds on a call.
#[derive(Clone, Debug)]
pub struct HoldChange {
    /// Whether the matter holds it from now on.
    pub state: HoldState,
    /// The matter.
    pub matter: Word,
    /// Who says so.
    pub by: UserName,
    /// When.
    pub at: Timestamp,
}

/// What people have said of legal holds, by call; nothing of one whose record cannot be read or trusted.
pub struct Holds(BTreeMap<CallId, Option<Hold>>);

impl Holds {
    /// What was said of a call; the inner nothing where that cannot be read or trusted.
    pub(super) fn of(&self, call: &CallId) -> Option<Option<&Hold>> {
        self.0.get(call).map(Option::as_ref)
    }
}

/// A record that cannot be read or trusted.
pub(super) struct Damaged;

/// Whether a copy is under legal hold by what its manifest says, where that can be read, and what people have said. What
/// cannot be read or trusted holds.
#[must_use]
pub fn holds_copy(said: Option<&Stored>, call: &CallId, retention: Option<&Retention>, signing: &Signing) -> bool {
    match read(said, call, signing) {
        Ok(hold) => is_held(retention, hold.as_ref()),
        Err(Damaged) => true,
    }
}

/// The matters that hold a call; [`POLICY_MATTER`] for a hold from birth.
pub(super) fn matters(retention: Option<&Retention>, hold: Option<&Hold>) -> Vec<Word> {
    let said = hold.into_iter().flat_map(|hold| hold.matters.iter().map(|held| held.matter.clone()));
    let born = is_held_from_birth(retention, hold).then(|| Word::parse(POLICY_MATTER)).flatten();
    said.chain(born).collect()
}

/// Whether anything holds a call.
pub(super) fn is_held(retention: Option<&Retention>, hold: Option<&Hold>) -> bool {
    hold.is_some_and(|hold| !hold.matters.is_empty()) || is_held_from_birth(retention, hold)
}

/// A release from a hold of that kind says nothing of a copy that was born under another one since.
fn is_held_from_birth(retention: Option<&Retention>, hold: Option<&Hold>) -> bool {
    let released = hold.and_then(|hold| hold.birth_released.as_ref());
    retention.is_some_and(|of| of.legal_hold && released.is_none_or(|released| released.at < of.created))
}

/// What people have said of a call, as far as that can be trusted.
fn read(said: Option<&Stored>, call: &CallId, signing: &Signing) -> std::result::Result<Option<Hold>, Damaged> {
    let Some(stored) = said else { return Ok(None) };
    let hold = Hold::parse(&stored.bytes).filter(|hold| hold.call == *call).ok_or(Damaged)?;
    // One that somebody made up must not release a call: with keys at hand it must be signed by one of them.
    match signing.check(&stored.bytes, hold.at) {
        Ok(is_checked) if is_checked || signing.keys.keys().is_empty() => Ok(Some(hold)),
        _ => Err(Damaged),
    }
}

impl Hold {
    /// Reads a record of this or of the first form.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let now = serde_json::from_slice::<Self>(bytes).ok().filter(|hold| hold.schema == HOLD_SCHEMA);
        let before = || serde_json::from_slice::<HoldV1>(bytes).ok().filter(|hold| hold.schema == HOLD_SCHEMA_V1);
        now.or_else(|| before().map(Self::from))
    }

    /// The record after a change, or nothing where that changes nothing.
    fn after(before: Option<&Self>, of: &Copy, change: &HoldChange) -> Result<Option<Self>> {
        let HoldChange { state, matter, by, at } = change;
        let held = matters(of.retention.as_ref(), before);
        match (state, held.contains(matter)) {
            (HoldState::Held, true) => return Ok(None),
            (HoldState::Held, false) if matter.as_str() == POLICY_MATTER => {
                return Err(Error::usage(format!(
                    "{POLICY_MATTER} is the matter of holds that a policy gave at birth"
                ))
                .hint("name the matter otherwise"));
            }
            (HoldState::Released, false) => return Err(not_held(&of.call, matter, &held)),
            _ => {}
        }
        let mut matters = before.map_or_else(Vec::new, |hold| hold.matters.clone());
        let mut birth_released = before.and_then(|hold| hold.birth_released.clone());
        if *state == HoldState::Held {
            matters.push(HeldFor { matter: matter.clone(), by: by.clone(), at: *at });
        } else {
            matters.retain(|held| held.matter != *matter);
            if matter.as_str() == POLICY_MATTER {
                // Never before the birth that it is a release from, whatever clocks say.
                let at = of.retention.as_ref().map_or(*at, |retention| retention.created.max(*at));
                birth_released = Some(Said { by: by.clone(), at });
            }
        }
        let (schema, call) = (HOLD_SCHEMA.into(), of.call.clone());
        Ok(Some(Self { schema, call, matters, birth_released, by: by.clone(), at: *at, signature: None }))
    }
}

fn not_held(call: &CallId, matter: &Word, held: &[Word]) -> Error {
    let error = Error::usage(format!("{call}: {matter} does not hold it"));
    let names: Vec<_> = held.iter().map(Word::as_str).collect();
    if names.is_empty() {
        return error.hint("nothing does: it is under no legal hold");
    }
    error.hint(format!("held by {}: release it from each that is over", names.join(", ")))
}

/// A call as it is put under hold.
struct Copy {
    call: CallId,
    /// Its files.
    names: Vec<String>,
    /// How long its manifest keeps it, where that can be read.
    retention: Option<Retention>,
}

impl Keeper<'_> {
    /// Says whether a matter holds a call, in the store too where that has such a thing; the matters that hold it then.
    ///
    /// # Errors
    /// Those of [`Keeper::check_hold`]; when it cannot be written down or the store refuses.
    pub fn set_hold(&self, call: &CallId, change: &HoldChange) -> Result<Vec<Word>> {
        for _ in 0..TRIES {
            match self.set_hold_once(call, change) {
                Err(error) if error.kind == Kind::Conflict => {}
                done => return done,
            }
        }
        Err(Error::new(Stage::Records, Kind::Conflict, "others change the holds on this call all the time"))
    }

    /// Refuses what [`Keeper::set_hold`] refuses, for whoever writes down first what will be done.
    ///
    /// # Errors
    /// A usage error when there is no such call, when a matter is released that does not hold it, and when what people have
    /// said of it cannot be read or trusted.
    pub fn check_hold(&self, call: &CallId, change: &HoldChange) -> Result<()> {
        let (hold, _) = self.stored_hold(call)?;
        Hold::after(hold.as_ref(), &self.copy(call)?, change).map(drop)
    }

    fn set_hold_once(&self, call: &CallId, change: &HoldChange) -> Result<Vec<Word>> {
        let (copy, (before, expected)) = (self.copy(call)?, self.stored_hold(call)?);
        let changed = Hold::after(before.as_ref(), &copy, change)?;
        let left = matters(copy.retention.as_ref(), changed.as_ref().or(before.as_ref()));
        // Kept by both before it is released by either.
        if left.is_empty() {
            self.tell_store(&copy, LegalHold::Off)?;
        }
        if let Some(hold) = changed {
            let bytes = sealed(&hold, self.signing.signer.as_ref())?;
            let written = self.records.write(&hold_key(call)?, &bytes, &expected, None);
            if written.is_err() && left.is_empty() {
                self.tell_store(&copy, LegalHold::On)?;
            }
            written?;
        }
        // Said again after a release too: another one may have released the last matter when this was not there yet.
        if !left.is_empty() {
            self.tell_store(&copy, LegalHold::On)?;
        }
        Ok(left)
    }

    fn tell_store(&self, copy: &Copy, hold: LegalHold) -> Result<()> {
        let mut names = copy.names.iter().map(String::as_str).chain([MANIFEST_NAME]);
        names.try_for_each(|name| self.disposal.set_legal_hold(&copy.call, name, hold).map(drop))
    }

    fn copy(&self, call: &CallId) -> Result<Copy> {
        let stored = self.store.manifest(call)?.ok_or_else(|| Error::usage(format!("{call}: no such call")))?;
        let manifest = Manifest::parse(&stored.bytes).ok();
        let names = |m: &Manifest| m.artifacts.iter().map(|a| a.name().to_owned()).collect();
        let names = manifest.as_ref().map_or_else(Vec::new, names);
        Ok(Copy { call: call.clone(), names, retention: manifest.map(|manifest| manifest.retention) })
    }

    /// What people have said of a call, and what a change of it must find.
    fn stored_hold(&self, call: &CallId) -> Result<(Option<Hold>, Expected)> {
        let stored = self.records.read(&hold_key(call)?)?;
        let hold = read(stored.as_ref(), call, self.signing).map_err(|Damaged| {
            Error::usage(format!("{call}: the record of its holds cannot be read or trusted, and keeps it"))
                .hint(format!("put {FOLDER}/{} back as it was, or remove it and hold the call again", hold_name(call)))
        })?;
        Ok((hold, stored.map_or(Expected::Absent, |stored| Expected::Version(stored.version))))
    }

    /// What people have said of a call.
    pub(super) fn hold_of(&self, call: &CallId) -> Result<std::result::Result<Option<Hold>, Damaged>> {
        Ok(read(self.records.read(&hold_key(call)?)?.as_ref(), call, self.signing))
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
}

fn hold_key(call: &CallId) -> Result<RecordKey> {
    RecordKey::new(FOLDER, &hold_name(call))
}
