//! The fields of `[destination]`: what a bucket writes objects with. How long they are kept is the policy's.

use crate::base::{Error, Result};
use crate::model::{ObjectLock, Policy};
use crate::store::{LockMode, Properties};

/// One layer's fields; what is `None` is left to the layer below.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct DestinationFields {
    /// The KMS key that objects are encrypted with: its id, its ARN or an alias.
    pub sse_kms_key: Option<String>,
    /// The storage class of objects.
    pub storage_class: Option<String>,
}

impl DestinationFields {
    pub(super) fn over(self, lower: Self) -> Self {
        Self {
            sse_kms_key: self.sse_kms_key.or(lower.sse_kms_key),
            storage_class: self.storage_class.or(lower.storage_class),
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        if self.sse_kms_key.as_deref() == Some("") {
            return Err(Error::usage("sse-kms-key is empty").hint("leave it out to encrypt as the bucket does"));
        }
        let is_class = |class: &str| !class.is_empty() && class.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        match self.storage_class.as_deref() {
            Some(class) if !is_class(class) => {
                Err(Error::usage(format!("storage-class {class}: no storage class")).hint("one is STANDARD_IA"))
            }
            _ => Ok(()),
        }
    }

    /// What objects are written with under a policy.
    pub(super) fn properties(&self, policy: &Policy) -> Properties {
        let lock = policy.retention.object_lock.map(|lock| match lock {
            ObjectLock::Governance => LockMode::Governance,
            ObjectLock::Compliance => LockMode::Compliance,
        });
        Properties { sse_kms_key: self.sse_kms_key.clone(), storage_class: self.storage_class.clone(), lock }
    }
}
