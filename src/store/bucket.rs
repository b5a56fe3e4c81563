//! What is asked of buckets, as it is set. Must not know how a bucket is spoken to.

use std::time::Duration;

/// How a store is reached, besides what the SDK's own configuration says.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    /// Whether the bucket stands in the path and not in the host's name; where it is not said, custom endpoints have it
    /// so.
    pub path_style: Option<bool>,
    /// Longest wait for the head of an answer, counted from the first byte of the request; a body may stand still for
    /// half as long.
    pub timeout: Duration,
    /// Whether buckets are listed folder by folder, for stores that do not list keys in the order of their bytes. That is
    /// found out where the first page of a listing shows it.
    pub lists_by_folder: bool,
}

/// What a destination asks of every object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Properties {
    /// Objects are encrypted with this KMS key; without one as the bucket does by itself.
    pub sse_kms_key: Option<String>,
    /// Storage class; without one that of the bucket, `STANDARD`.
    pub storage_class: Option<String>,
    /// Objects of calls are locked until the time that they must be kept.
    pub lock: Option<LockMode>,
}

/// Who may shorten a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockMode {
    /// Those who have the permission to.
    Governance,
    /// Nobody.
    Compliance,
}
