//! What objects are written with besides their bytes: key, storage class, tags, lock. And whether the bucket can do it.

use super::client::{Answer, Client};
use super::fault::Fault;
use super::put::{Condition, Put};
use crate::base::{Error, Result, Sha256Hex, Stage, Timestamp};
use crate::store::{Keeping, LockMode, Properties};
use aws_sdk_s3::operation::create_multipart_upload::builders::CreateMultipartUploadFluentBuilder;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::DateTime;
use aws_sdk_s3::types::{
    ObjectLockEnabled, ObjectLockLegalHoldStatus, ObjectLockMode, ServerSideEncryption, StorageClass, Tag, Tagging,
};

/// The object that tells whether a bucket can do what is asked for. It is written once and stays.
const PROBE_NAME: &str = ".sordino-probe";
const PROBE: &[u8] = b"sordino writes this to see whether the bucket can do what its policy asks for\n";
/// The tag of objects that nobody reads any more, for a lifecycle rule to delete.
const SUPERSEDED: &str = "sordino:superseded";
/// Metadata that holds the digest of an object's bytes, hexadecimal.
pub(super) const DIGEST_METADATA: &str = "sordino-sha256";

impl Properties {
    /// What the objects of a call are written with.
    pub(super) fn dress(&self, keeping: &Keeping) -> Dress {
        Dress {
            lock: self.lock.zip(keeping.retain_until),
            has_legal_hold: keeping.legal_hold,
            ..self.record(Some(keeping))
        }
    }

    /// What records are written with that may be written over.
    pub(super) fn record(&self, keeping: Option<&Keeping>) -> Dress {
        let tags = keeping.map_or_else(Vec::new, tags);
        let (sse_kms_key, storage_class) = (self.sse_kms_key.clone(), self.storage_class.clone());
        Dress { sse_kms_key, storage_class, tags, lock: None, has_legal_hold: false }
    }
}

impl Properties {
    /// What a record is written with that is locked from now on, where the destination locks.
    pub(super) fn locked_record(&self, until: Option<Timestamp>) -> Dress {
        Dress { lock: self.lock.zip(until), ..self.record(None) }
    }
}

/// The tags of a call's objects. A day is enough to delete by.
fn tags(keeping: &Keeping) -> Vec<(&'static str, String)> {
    let mut delete_after = keeping.delete_after.to_string();
    delete_after.truncate("2026-11-21".len());
    vec![
        ("sordino:class", keeping.classification.clone()),
        ("sordino:retention", keeping.class.clone()),
        ("sordino:delete-after", delete_after),
    ]
}

/// What an object is written with.
pub(super) struct Dress {
    sse_kms_key: Option<String>,
    storage_class: Option<String>,
    tags: Vec<(&'static str, String)>,
    lock: Option<(LockMode, Timestamp)>,
    has_legal_hold: bool,
}

/// Dresses a request. Two have the same setters and no trait in common.
macro_rules! dressed {
    ($dress:expr, $request:expr, $key:expr, $digest:expr) => {
        $request
            .set_ssekms_key_id($dress.sse_kms_key.clone())
            .set_server_side_encryption($dress.sse_kms_key.as_ref().map(|_| ServerSideEncryption::AwsKms))
            .set_storage_class($dress.storage_class.as_deref().map(StorageClass::from))
            .set_tagging((!$dress.tags.is_empty()).then(|| header(&$dress.tags)))
            .set_object_lock_mode($dress.lock.map(|(mode, _)| mode.into()))
            .set_object_lock_retain_until_date($dress.lock.map(|(_, until)| date_time(until)))
            .set_object_lock_legal_hold_status($dress.has_legal_hold.then_some(ObjectLockLegalHoldStatus::On))
            .set_content_type(content_type($key).map(str::to_owned))
            .metadata(DIGEST_METADATA, $digest.as_str())
    };
}

impl Dress {
    /// Dresses the put of a whole object.
    pub fn put(&self, request: PutObjectFluentBuilder, key: &str, digest: &Sha256Hex) -> PutObjectFluentBuilder {
        dressed!(self, request, key, digest)
    }

    /// Dresses the beginning of an object in parts.
    pub fn create(
        &self,
        request: CreateMultipartUploadFluentBuilder,
        key: &str,
        digest: &Sha256Hex,
    ) -> CreateMultipartUploadFluentBuilder {
        dressed!(self, request, key, digest)
    }

    /// The tags of an object that nobody reads any more.
    pub fn superseded(&self) -> Answer<Tagging> {
        let tags = self.tags.iter().map(|(key, value)| (*key, value.as_str())).chain([(SUPERSEDED, "true")]);
        let tags = tags.map(|(key, value)| Tag::builder().key(key).value(value).build());
        let tags = tags.collect::<std::result::Result<Vec<_>, _>>().map_err(|_| Fault::NotSent)?;
        Tagging::builder().set_tag_set(Some(tags)).build().map_err(|_| Fault::NotSent)
    }
}

impl From<LockMode> for ObjectLockMode {
    fn from(mode: LockMode) -> Self {
        match mode {
            LockMode::Governance => Self::Governance,
            LockMode::Compliance => Self::Compliance,
        }
    }
}

fn date_time(at: Timestamp) -> DateTime {
    DateTime::from_secs(i64::try_from(at.unix_s()).unwrap_or(i64::MAX))
}

/// Tags as the header has them: like the fields of a form.
fn header(tags: &[(&str, String)]) -> String {
    let pairs: Vec<_> = tags.iter().map(|(key, value)| format!("{}={}", encoded(key), encoded(value))).collect();
    pairs.join("&")
}

fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// What a browser is told of an object.
fn content_type(key: &str) -> Option<&'static str> {
    Some(match key.rsplit_once('.')?.1 {
        "json" => "application/json",
        "txt" | "srt" => "text/plain; charset=utf-8",
        "eml" => "message/rfc822",
        "vtt" => "text/vtt; charset=utf-8",
        "wav" | "wave" => "audio/wav",
        _ => return None,
    })
}

/// Refuses a bucket that cannot do what is asked for, and says what is missing. `root` is the prefix of all keys.
///
/// # Errors
/// A usage error when the bucket is not there, may not be used, or lacks something; [`Kind::Io`](crate::base::Kind::Io) when it cannot be
/// asked.
pub(super) async fn check(
    client: &Client,
    bucket: &str,
    root: &str,
    with: &Properties,
    keeping: &Keeping,
) -> Result<()> {
    let head = client.sdk.head_bucket().bucket(bucket).send().await.map_err(Fault::from);
    head.map_err(|fault| match fault {
        Fault::Refused(404, _) => refused(bucket, "there is no such bucket"),
        Fault::Refused(403, _) => refused(bucket, "it may not be listed (s3:ListBucket)"),
        Fault::Refused(301 | 400, _) => refused(bucket, "it is in another region").hint("set AWS_REGION to its region"),
        fault => unasked(fault),
    })?;
    if with.lock.is_some() || keeping.legal_hold {
        check_lock(client, bucket).await?;
    }
    check_conditions(client, bucket, root, &with.record(Some(keeping))).await
}

/// Whether objects of the bucket can be locked and held.
pub(super) async fn has_lock(client: &Client, bucket: &str) -> Result<bool> {
    let answer = client.sdk.get_object_lock_configuration().bucket(bucket).send().await.map_err(Fault::from);
    match answer {
        Ok(answer) => {
            let enabled = answer.object_lock_configuration().and_then(|c| c.object_lock_enabled());
            Ok(enabled == Some(&ObjectLockEnabled::Enabled))
        }
        Err(Fault::Refused(404 | 501, _) | Fault::BadAnswer(_)) => Ok(false),
        Err(fault) => Err(fault.error(Stage::Records, "the bucket cannot be asked whether it locks objects")),
    }
}

/// Refuses a bucket that cannot hold records, and says what is missing.
pub(super) async fn check_records(client: &Client, bucket: &str, root: &str, with: &Properties) -> Result<()> {
    if with.lock.is_some() {
        check_lock(client, bucket).await?;
    }
    check_conditions(client, bucket, root, &with.record(None)).await
}

async fn check_lock(client: &Client, bucket: &str) -> Result<()> {
    let missing = "the policy asks for locked objects, and the bucket's Object Lock is off";
    let answer = client.sdk.get_object_lock_configuration().bucket(bucket).send().await.map_err(Fault::from);
    let answer = answer.map_err(|fault| match fault {
        Fault::Refused(404, _) => refused(bucket, missing),
        Fault::Refused(403, _) => {
            refused(bucket, "whether objects can be locked may not be asked (s3:GetBucketObjectLockConfiguration)")
        }
        Fault::Refused(501, _) | Fault::BadAnswer(_) => refused(bucket, "this store has no Object Lock"),
        fault => unasked(fault),
    })?;
    let enabled = answer.object_lock_configuration().and_then(|c| c.object_lock_enabled());
    if enabled == Some(&ObjectLockEnabled::Enabled) { Ok(()) } else { Err(refused(bucket, missing)) }
}

/// Whether writes with a condition are honoured, on which it stands that of two workers one is first; and whether
/// objects can be written with this key, storage class and tags at all.
async fn check_conditions(client: &Client, bucket: &str, root: &str, dress: &Dress) -> Result<()> {
    let key = format!("{root}{PROBE_NAME}");
    let digest = Sha256Hex::of(PROBE);
    // Whether the object was written.
    let attempt = async |condition: Condition| {
        let put = Put { client, bucket, key: &key, condition, dress };
        match put.bytes(PROBE.to_vec(), &digest).await {
            Ok(_) => Ok(true),
            Err(fault) if fault.is_unmet_condition() || fault.is_absent() => Ok(false),
            Err(fault) if fault.is_final() => {
                let message = "an object with the destination's key, storage class and tags cannot be written";
                Err(refused(bucket, message).hint(format!("the store says: {fault}")))
            }
            Err(fault) => Err(unasked(fault)),
        }
    };
    // One that was there already answers the first question.
    let overwritten = attempt(Condition::New).await? && attempt(Condition::New).await?;
    if overwritten || attempt(Condition::Tag("none".into())).await? {
        let message =
            "this store does not honour If-None-Match and If-Match, so two workers could overwrite each other";
        return Err(refused(bucket, message));
    }
    Ok(())
}

fn refused(bucket: &str, what: &str) -> Error {
    Error::usage(format!("DEST s3://{bucket}: {what}"))
}

fn unasked(fault: Fault) -> Error {
    fault.error(Stage::Configure, "the destination bucket cannot be asked what it can do")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::suite;

    #[test]
    fn a_call_is_tagged_with_its_class_and_when_it_is_to_go() {
        let tags = tags(&suite::keeping());
        let want =
            "sordino%3Aclass=redacted-confidential&sordino%3Aretention=qa-redacted&sordino%3Adelete-after=2099-12-31";
        assert_eq!(header(&tags), want);
    }

    #[test]
    fn what_a_form_would_take_for_its_own_is_encoded() {
        assert_eq!(encoded("a b&c=d+é"), "a%20b%26c%3Dd%2B%C3%A9");
    }
}
