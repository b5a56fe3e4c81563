//! The public keys that signatures are checked with, each with the time after which it signs no more.
//!
//! `docs/public-keys.v1.schema.json` says the same in JSON Schema. An old reader refuses fields that it does not know.

use super::key::{KeyId, PublicKey, SIGNATURE_BYTES, unhex};
use super::message;
use crate::base::{Error, Result, Timestamp};
use crate::model::manifest::Signature;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The `schema` of [`PublicKeys`].
pub const PUBLIC_KEYS_SCHEMA: &str = "sordino.public-keys/v1";
/// The one algorithm of signatures.
pub const ALGORITHM: &str = "ed25519";
/// Most keys of one file: 40 years of monthly rotation.
const KEYS_MAX: usize = 480;

/// Public keys, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicKeys {
    schema: String,
    keys: Vec<KnownKey>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownKey {
    /// Its name, made from it.
    pub id: KeyId,
    /// Always [`ALGORITHM`].
    pub algorithm: String,
    /// The key.
    pub public: PublicKey,
    /// When it was added.
    pub from: Timestamp,
    /// What states a later time is not validly signed by it; absent for a key in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// Why a signature does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// There is none.
    Unsigned,
    /// It is by a key that is not known here.
    UnknownKey,
    /// It states a time at which its key was retired.
    RetiredKey,
    /// It is no signature of what it stands on.
    Wrong,
}

impl Flaw {
    /// What to say of it.
    #[must_use]
    pub const fn what(self) -> &'static str {
        match self {
            Self::Unsigned => "not signed",
            Self::UnknownKey => "signed by a key that is not known here",
            Self::RetiredKey => "signed by a key after it was retired",
            Self::Wrong => "the signature does not fit",
        }
    }
}

impl Default for PublicKeys {
    fn default() -> Self {
        Self { schema: PUBLIC_KEYS_SCHEMA.into(), keys: Vec::new() }
    }
}

impl PublicKeys {
    /// Reads a file of public keys.
    ///
    /// # Errors
    /// A usage error when it is damaged, or a key's name is not its own.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let keys: Self = serde_json::from_slice(bytes).map_err(|e| {
            Error::usage("the file of public keys is damaged, or of a newer version").at("line", e.line() as u64)
        })?;
        let is_sound = |key: &KnownKey| key.id == key.public.id() && key.algorithm == ALGORITHM;
        if keys.schema != PUBLIC_KEYS_SCHEMA || keys.keys.len() > KEYS_MAX || !keys.keys.iter().all(is_sound) {
            return Err(Error::usage("the file of public keys is of another version, or a key's id is not its own"));
        }
        Ok(keys)
    }

    /// The bytes as they are stored.
    ///
    /// # Panics
    /// Never: nothing in it fails to serialise.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("keys are plain data");
        bytes.push(b'\n');
        bytes
    }

    /// All keys, oldest first.
    #[must_use]
    pub fn keys(&self) -> &[KnownKey] {
        &self.keys
    }

    /// The newest key that is in use.
    #[must_use]
    pub fn newest(&self) -> Option<&KnownKey> {
        self.keys.iter().rev().find(|key| key.until.is_none())
    }

    /// Adds a key, unless it is there.
    ///
    /// # Errors
    /// When there are too many.
    pub fn add(&mut self, public: PublicKey, from: Timestamp) -> Result<()> {
        if self.keys.iter().any(|key| key.public == public) {
            return Ok(());
        }
        if self.keys.len() == KEYS_MAX {
            return Err(Error::usage(format!("at most {KEYS_MAX} public keys")));
        }
        self.keys.push(KnownKey { id: public.id(), algorithm: ALGORITHM.into(), public, from, until: None });
        Ok(())
    }

    /// Retires every key but this one, from `until` on.
    pub fn retire_all_but(&mut self, kept: &KeyId, until: Timestamp) {
        let others = self.keys.iter_mut().filter(|key| key.id != *kept);
        others.for_each(|key| key.until = key.until.or(Some(until)));
    }

    /// Checks the signature of a record that states this time. `record` is without its signature.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn verify(
        &self,
        record: &Value,
        signature: Option<&Signature>,
        at: Timestamp,
    ) -> std::result::Result<(), Flaw> {
        let signature = signature.ok_or(Flaw::Unsigned)?;
        let key = self.keys.iter().find(|key| key.id.as_str() == signature.key).ok_or(Flaw::UnknownKey)?;
        let value = unhex(&signature.value).filter(|value| value.len() == SIGNATURE_BYTES).ok_or(Flaw::Wrong)?;
        let message = message(record).map_err(|_| Flaw::Wrong)?;
        if signature.algorithm != ALGORITHM || !key.public.verifies(&message, &value) {
            return Err(Flaw::Wrong);
        }
        if key.until.is_some_and(|until| at > until) {
            return Err(Flaw::RetiredKey);
        }
        Ok(())
    }
}
