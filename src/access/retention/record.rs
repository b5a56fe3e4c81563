//! What is written down of holds and deletions: signed records in `.retention/`, without a name or a word of a call.
//!
//! `docs/retention.v1.schema.json` says the same in JSON Schema. A reader refuses what it does not know, and then keeps
//! the call.

use crate::access::sign::{Signer, take_apart};
use crate::access::word::{UserName, Word};
use crate::base::{CallId, Error, Kind, Result, Sha256Hex, Stage, Timestamp};
use crate::model::manifest::{Artifact, Manifest, Retention, Signature};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The `schema` of a [`Hold`].
pub const HOLD_SCHEMA: &str = "sordino.hold/v2";
/// The `schema` of the records of one matter that there were before.
pub(super) const HOLD_SCHEMA_V1: &str = "sordino.hold/v1";
/// The `schema` of a [`Tombstone`].
pub const TOMBSTONE_SCHEMA: &str = "sordino.tombstone/v1";
/// The `schema` of a [`Certificate`].
pub const CERTIFICATE_SCHEMA: &str = "sordino.deletion-certificate/v1";

/// What people have said of legal holds on a call: it is kept whatever the dates say as long as any matter holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// Always [`HOLD_SCHEMA`].
    pub schema: String,
    /// The call.
    pub call: CallId,
    /// The matters that hold it, each once; none where it was released from all.
    pub matters: Vec<HeldFor>,
    /// The release from the hold that the policy gave at birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_released: Option<Said>,
    /// Who changed the record last.
    pub by: UserName,
    /// When.
    pub at: Timestamp,
    /// Over the record without this field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
}

/// A matter that a call is kept for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldFor {
    /// Its number.
    pub matter: Word,
    /// Who said so.
    pub by: UserName,
    /// When.
    pub at: Timestamp,
}

/// That somebody said something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// Who.
    pub by: UserName,
    /// When.
    pub at: Timestamp,
}

/// A record of one matter, as there were before: that of the last one that was named.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HoldV1 {
    pub(super) schema: String,
    call: CallId,
    state: HoldState,
    matter: Word,
    by: UserName,
    at: Timestamp,
    #[serde(default)]
    signature: Option<Signature>,
}

impl From<HoldV1> for Hold {
    /// A release by such a record was one from everything.
    fn from(before: HoldV1) -> Self {
        let HoldV1 { call, state, matter, by, at, signature, .. } = before;
        let said = Said { by: by.clone(), at };
        let (matters, birth_released) = match state {
            HoldState::Held => (vec![HeldFor { matter, by: by.clone(), at }], None),
            HoldState::Released => (Vec::new(), Some(said)),
        };
        Self { schema: HOLD_SCHEMA.into(), call, matters, birth_released, by, at, signature }
    }
}

/// Whether a matter holds a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoldState {
    /// It does.
    Held,
    /// It does no longer.
    Released,
}

/// What is left of a call that was deleted, or is about to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tombstone {
    /// Always [`TOMBSTONE_SCHEMA`].
    pub schema: String,
    /// The call.
    pub call: CallId,
    /// Digest of the manifest as it was stored.
    pub manifest: Sha256Hex,
    /// What lay there.
    pub artifacts: Vec<Gone>,
    /// How long it was to be kept.
    pub retention: Retention,
    /// Who deleted it.
    pub by: UserName,
    /// When that was begun.
    pub at: Timestamp,
    /// Over the record without this field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
}

/// A file that was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gone {
    /// Its name.
    pub name: String,
    /// Digest of its bytes.
    pub sha256: Sha256Hex,
}

impl Tombstone {
    /// What will be left of a call.
    pub(super) fn of(manifest: &Manifest, digest: Sha256Hex, by: UserName, at: Timestamp) -> Self {
        let gone = |a: &Artifact| Gone { name: a.name().to_owned(), sha256: a.sha256().clone() };
        Self {
            schema: TOMBSTONE_SCHEMA.into(),
            call: manifest.call.clone(),
            manifest: digest,
            artifacts: manifest.artifacts.iter().map(gone).collect(),
            retention: manifest.retention.clone(),
            by,
            at,
            signature: None,
        }
    }
}

/// What a sweep deleted: proof for whoever asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// Always [`CERTIFICATE_SCHEMA`].
    pub schema: String,
    /// Its name: `certificate-20261121t213148z-0123456789abcdef.json`.
    pub name: String,
    /// When the deletions it tells of were done.
    pub at: Timestamp,
    /// Who deleted.
    pub by: UserName,
    /// The calls, sorted.
    pub calls: Vec<Deleted>,
    /// Over the record without this field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
}

/// A call of a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deleted {
    /// The call.
    pub call: CallId,
    /// Digest of its manifest as it was stored.
    pub manifest: Sha256Hex,
    /// Files that were removed.
    pub files: u64,
    /// Versions of them that were removed, in a store that has versions; else as many as files. Less than files where
    /// an earlier sweep that broke off had removed some.
    pub versions: u64,
    /// After when it was to be deleted.
    pub delete_after: Timestamp,
}

/// A record as it is stored: signed where there is somebody to sign.
pub(super) fn sealed<T: Serialize + DeserializeOwned>(record: &T, signer: Option<&Signer>) -> Result<Vec<u8>> {
    let damaged = |_| Error::new(Stage::Records, Kind::Internal, "a record cannot be written");
    let bytes = serde_json::to_vec(record).map_err(damaged)?;
    let (mut value, _) = take_apart(&bytes)?;
    if let Some(signer) = signer {
        value["signature"] = serde_json::to_value(signer.sign(&value)?).map_err(damaged)?;
    }
    // Through the type again, so that fields stand in its order.
    let record: T = serde_json::from_value(value).map_err(damaged)?;
    let mut bytes = serde_json::to_vec_pretty(&record).map_err(damaged)?;
    bytes.push(b'\n');
    Ok(bytes)
}
