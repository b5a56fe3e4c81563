//! Ed25519 signatures over records in canonical form, by a key of this process or by a command that asks a key
//! service. Must not know what the records say. `docs/signing.md` is the guide.
//!
//! A signature stands in the record's field `signature` and covers all of the record but that field. Every signed record
//! has a `schema`, so that the signature of one is none of another kind. What is signed is a line with the digest of the
//! record: key services take no message of more than a few kilobytes.

mod command;
mod folder;
mod key;
mod public;

pub use command::SigningCommand;
pub use folder::{KeyFolder, PUBLIC_FILE, read_private, read_public, read_public_pem};
pub use key::{KeyId, PrivateKey, PublicKey};
pub use public::{ALGORITHM, Flaw, KnownKey, PUBLIC_KEYS_SCHEMA, PublicKeys};

use super::canonical;
use crate::base::{Error, Kind, Result, Sha256Hex, Stage, Timestamp};
use crate::model::manifest::{Manifest, Signature};
use key::hex;
use serde_json::Value;

/// The field that a signature stands in.
const FIELD: &str = "signature";

/// Who signs.
pub struct Signer {
    hand: Hand,
    public: PublicKey,
}

enum Hand {
    Key(PrivateKey),
    Command(SigningCommand),
}

impl Signer {
    /// Signs with a key of this process.
    #[must_use]
    pub fn with_key(key: PrivateKey) -> Self {
        let public = key.public();
        Self { hand: Hand::Key(key), public }
    }

    /// Signs by a command, whose key has this public half.
    #[must_use]
    pub const fn with_command(command: SigningCommand, public: PublicKey) -> Self {
        Self { hand: Hand::Command(command), public }
    }

    /// The public half of the key.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The signature of a record that has none.
    ///
    /// # Errors
    /// When a command cannot sign, or signs with another key than it should.
    pub fn sign(&self, record: &Value) -> Result<Signature> {
        let message = message(record)?;
        let value = match &self.hand {
            Hand::Key(key) => key.sign(&message),
            Hand::Command(command) => command.sign(&message)?,
        };
        if !self.public.verifies(&message, &value) {
            return Err(Error::new(Stage::Records, Kind::Io, "the signing command signed with another key")
                .hint("is the public key in public-keys that of the command's key?"));
        }
        Ok(Signature { algorithm: ALGORITHM.into(), key: self.public.id().to_string(), value: hex(&value) })
    }
}

/// What is signed for a record without its signature.
fn message(record: &Value) -> Result<Vec<u8>> {
    let digest = Sha256Hex::of(canonical(record)?.as_bytes());
    Ok(format!("sordino.signature/v1\n{digest}\n").into())
}

/// What a run knows of signatures.
#[derive(Default)]
pub struct Signing {
    /// Who signs, where anybody does.
    pub signer: Option<Signer>,
    /// The keys that signatures are checked with.
    pub keys: PublicKeys,
    /// Whether every manifest must be signed.
    pub demand: Demand,
}

/// Whether every manifest must be signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Demand {
    /// One without a signature is taken as it is.
    #[default]
    Optional,
    /// One without a signature that holds is no manifest.
    Required,
}

impl Signing {
    /// A manifest as it is stored, signed where there is somebody to sign.
    ///
    /// # Errors
    /// Those of [`Signer::sign`].
    pub fn seal(&self, mut manifest: Manifest) -> Result<Vec<u8>> {
        if let Some(signer) = &self.signer {
            let (record, _) = take_apart(&manifest.to_bytes())?;
            manifest.signature = Some(signer.sign(&record)?);
        }
        Ok(manifest.to_bytes())
    }

    /// Checks a stored manifest that states this time; whether its signature was checked.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, bytes: &[u8], at: Timestamp) -> std::result::Result<bool, Flaw> {
        let checked = verify(&self.keys, bytes, at);
        match (self.demand, checked) {
            (_, Ok(())) => Ok(true),
            (Demand::Optional, Err(Flaw::Unsigned)) => Ok(false),
            (Demand::Optional, Err(Flaw::UnknownKey)) if self.keys.keys().is_empty() => Ok(false),
            (_, Err(flaw)) => Err(flaw),
        }
    }

    /// Whether calls may be shown as a stored manifest says: where its signature fits, or where none is demanded and it has none
    /// that is known to be wrong.
    #[must_use]
    pub fn believes(&self, bytes: &[u8], at: Timestamp) -> bool {
        match (self.demand, verify(&self.keys, bytes, at)) {
            (_, Ok(())) => true,
            (Demand::Required, Err(_)) | (Demand::Optional, Err(Flaw::Wrong)) => false,
            (Demand::Optional, Err(Flaw::Unsigned | Flaw::UnknownKey | Flaw::RetiredKey)) => true,
        }
    }

    /// What tells one set of keys and demands from another.
    #[must_use]
    pub fn digest(&self) -> Sha256Hex {
        Sha256Hex::of(&[&self.keys.to_bytes()[..], format!("{:?}", self.demand).as_bytes()].concat())
    }
}

/// A stored record taken apart: what is signed, and the signature.
///
/// # Errors
/// When the bytes are no JSON object, or the signature is none.
pub fn take_apart(bytes: &[u8]) -> Result<(Value, Option<Signature>)> {
    let damaged = || Error::new(Stage::Verify, Kind::Internal, "the record is damaged");
    let mut record: Value = serde_json::from_slice(bytes).map_err(|_| damaged())?;
    let signature = record.as_object_mut().ok_or_else(damaged)?.remove(FIELD);
    let signature = signature.map(serde_json::from_value).transpose().map_err(|_| damaged())?;
    Ok((record, signature))
}

/// Checks the signature of a stored record that states this time.
///
/// # Errors
/// What is wrong with it.
pub fn verify(keys: &PublicKeys, bytes: &[u8], at: Timestamp) -> std::result::Result<(), Flaw> {
    let (record, signature) = take_apart(bytes).map_err(|_| Flaw::Wrong)?;
    keys.verify(&record, signature.as_ref(), at)
}

#[cfg(test)]
mod tests;
