//! What a message says: which objects were written. Must not look at the objects.
//!
//! Understood are notifications of S3 and of stores that speak like it (MinIO, Ceph), alone or handed on by SNS, and
//! events of EventBridge. Whatever else a queue holds is refused with a reason, so that it ends where a person looks.
//!
//! Of a record only bucket and key count. Its version, size and `sequencer` are of the moment when it was sent;
//! events come late, twice and in any order, so it is the store that is asked for the object's present state. An
//! event that comes after a newer one thus finds the work done, and one that overtakes it finds the work to do.

use crate::base::Phi;
use serde::Deserialize;
use std::fmt;

/// Longest message read, bytes: the most that SQS takes.
pub const BODY_BYTES_MAX: usize = 1 << 20;
/// Most records of one message; S3 sends one, a replay tool batches them.
pub const RECORDS_MAX: usize = 1_000;
/// Longest key, bytes: the most that S3 takes.
const KEY_BYTES_MAX: usize = 1_024;
/// Longest name of a bucket: those made before 2018 may have as many characters.
const BUCKET_BYTES_MAX: usize = 255;

/// An object that was written.
#[derive(Clone, PartialEq, Eq)]
pub struct Change {
    /// Its bucket; nothing for a file of a watched folder.
    pub bucket: Option<String>,
    /// Its key, decoded. It may hold names and numbers of people.
    pub key: Phi<String>,
}

/// Why a message asks for nothing that can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// More than [`BODY_BYTES_MAX`] bytes.
    TooLarge,
    /// Not JSON, or JSON that is cut or nested too deeply.
    NotJson,
    /// JSON that is no event of a store.
    NotAnEvent,
    /// An event of a version whose fields may mean something else.
    UnknownVersion,
    /// An event of an object that has no name for what happened to it.
    UnknownEvent,
    /// More than [`RECORDS_MAX`] records.
    TooManyRecords,
    /// A key that is empty, too long, or broken in its encoding, or a bucket that cannot be one.
    BadKey,
}

impl Refusal {
    /// All refusals.
    pub const ALL: [Self; 7] = [
        Self::TooLarge,
        Self::NotJson,
        Self::NotAnEvent,
        Self::UnknownVersion,
        Self::UnknownEvent,
        Self::TooManyRecords,
        Self::BadKey,
    ];

    /// The word for logs, metrics and dead letters.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "too-large",
            Self::NotJson => "not-json",
            Self::NotAnEvent => "not-an-event",
            Self::UnknownVersion => "unknown-version",
            Self::UnknownEvent => "unknown-event",
            Self::TooManyRecords => "too-many-records",
            Self::BadKey => "bad-key",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The objects that a message says were written; none for a test message, and for events of removal, tagging and
/// the like.
///
/// # Errors
/// Why the whole message is refused; no part of it is then taken.
pub fn parse(body: &Phi<String>) -> Result<Vec<Change>, Refusal> {
    if body.expose().len() > BODY_BYTES_MAX {
        return Err(Refusal::TooLarge);
    }
    let envelope = Envelope::read(body.expose())?;
    match (&envelope.handed_on_by.as_deref(), &envelope.message) {
        (Some("Notification"), Some(inner)) => Envelope::read(inner)?.changes(),
        _ => envelope.changes(),
    }
}

/// The key behind its form of a query string, where a space is `+` and any other byte may be `%XX`.
///
/// # Errors
/// [`Refusal::BadKey`] when the encoding is broken, or the key is empty, too long or not UTF-8.
pub fn decode_key(encoded: &str) -> Result<Phi<String>, Refusal> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let (byte, after) = match (first, after) {
            (b'+', _) => (b' ', after),
            (b'%', [high, low, after @ ..]) => (hex(*high)? << 4 | hex(*low)?, after),
            (b'%', _) => return Err(Refusal::BadKey),
            _ => (first, after),
        };
        bytes.push(byte);
        rest = after;
    }
    checked_key(String::from_utf8(bytes).map_err(|_| Refusal::BadKey)?)
}

fn hex(digit: u8) -> Result<u8, Refusal> {
    let value = char::from(digit).to_digit(16).ok_or(Refusal::BadKey)?;
    Ok(u8::try_from(value).expect("a hexadecimal digit is below 16"))
}

fn checked_key(key: String) -> Result<Phi<String>, Refusal> {
    if (1..=KEY_BYTES_MAX).contains(&key.len()) { Ok(Phi::new(key)) } else { Err(Refusal::BadKey) }
}

/// A bucket's name, fit to stand in the path or the host of a request.
///
/// # Errors
/// [`Refusal::BadKey`] when it is not.
pub fn checked_bucket(name: String) -> Result<String, Refusal> {
    let is_plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    let is_name = (1..=BUCKET_BYTES_MAX).contains(&name.len()) && !matches!(name.as_str(), "." | "..");
    if is_plain && is_name { Ok(name) } else { Err(Refusal::BadKey) }
}

/// All shapes of a message laid over each other; what else it has is passed over, since stores add fields.
#[derive(Deserialize)]
struct Envelope {
    /// S3: what happened.
    #[serde(rename = "Records")]
    records: Option<Vec<Record>>,
    /// S3: `s3:TestEvent`, sent when notifications are switched on.
    #[serde(rename = "Event")]
    test: Option<String>,
    /// SNS: `Notification`, with the store's message as text.
    #[serde(rename = "Type")]
    handed_on_by: Option<String>,
    #[serde(rename = "Message")]
    message: Option<String>,
    /// EventBridge: `aws.s3`, what happened, and to what.
    source: Option<String>,
    #[serde(rename = "detail-type")]
    detail_type: Option<String>,
    detail: Option<Detail>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    event_version: String,
    event_source: String,
    event_name: String,
    s3: Subject,
}

#[derive(Deserialize)]
struct Subject {
    bucket: Bucket,
    object: Object,
}

#[derive(Deserialize)]
struct Detail {
    version: String,
    bucket: Bucket,
    object: Object,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
struct Object {
    key: String,
}

impl Envelope {
    fn read(text: &str) -> Result<Self, Refusal> {
        let envelope = serde_json::from_str(text).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => Refusal::NotAnEvent,
            _ => Refusal::NotJson,
        })?;
        // An array, too, would be read as fields in their order.
        if text.trim_start().starts_with('{') { Ok(envelope) } else { Err(Refusal::NotAnEvent) }
    }

    fn changes(self) -> Result<Vec<Change>, Refusal> {
        match self {
            Self { records: Some(records), test: None, detail: None, .. } => {
                if records.len() > RECORDS_MAX {
                    return Err(Refusal::TooManyRecords);
                }
                records.into_iter().filter_map(|record| record.change().transpose()).collect()
            }
            Self { test: Some(test), records: None, detail: None, .. } if test == "s3:TestEvent" => Ok(Vec::new()),
            Self { source: Some(source), detail_type: Some(happened), detail: Some(detail), records: None, .. }
                if source == "aws.s3" =>
            {
                Ok(detail.change(&happened)?.into_iter().collect())
            }
            _ => Err(Refusal::NotAnEvent),
        }
    }
}

/// What S3 calls events that leave nothing to redact.
const NO_WORK: [&str; 8] = [
    "ObjectRemoved:",
    "ObjectRestore:",
    "ObjectTagging:",
    "ObjectAcl:",
    "Lifecycle",
    "IntelligentTiering",
    "Replication:",
    "ReducedRedundancyLostObject",
];

impl Record {
    fn change(self) -> Result<Option<Change>, Refusal> {
        if !self.event_source.ends_with(":s3") {
            return Err(Refusal::NotAnEvent);
        }
        // New minor versions add fields, a new major version may change what these mean.
        if self.event_version.split('.').next() != Some("2") {
            return Err(Refusal::UnknownVersion);
        }
        let name = self.event_name.strip_prefix("s3:").unwrap_or(&self.event_name);
        if name.starts_with("ObjectCreated:") || name == "ObjectRestore:Completed" {
            let bucket = Some(checked_bucket(self.s3.bucket.name)?);
            return Ok(Some(Change { bucket, key: decode_key(&self.s3.object.key)? }));
        }
        if NO_WORK.iter().any(|family| name.starts_with(family)) { Ok(None) } else { Err(Refusal::UnknownEvent) }
    }
}

impl Detail {
    /// EventBridge does not encode keys.
    fn change(self, happened: &str) -> Result<Option<Change>, Refusal> {
        if self.version != "0" {
            return Err(Refusal::UnknownVersion);
        }
        match happened {
            "Object Created" | "Object Restore Completed" => {
                let bucket = Some(checked_bucket(self.bucket.name)?);
                Ok(Some(Change { bucket, key: checked_key(self.object.key)? }))
            }
            _ if happened.starts_with("Object ") => Ok(None),
            _ => Err(Refusal::UnknownEvent),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_decoded_as_of_a_query_string() {
        for (encoded, key) in [
            ("a/b.wav", "a/b.wav"),
            ("in%2Fa+b.wav", "in/a b.wav"),
            ("a%2Bb%20c.wav", "a+b c.wav"),
            ("Jos%C3%A9%2f%E2%82%AC.json", "José/€.json"),
            ("José.json", "José.json"),
            ("100%25.txt", "100%.txt"),
        ] {
            assert!(decode_key(encoded).is_ok_and(|k| k.expose() == key), "{encoded}");
        }
    }

    #[test]
    fn keys_that_are_broken_are_refused() {
        let long = "a".repeat(KEY_BYTES_MAX + 1);
        for encoded in ["", "%", "a%2", "a%zz", "a%+1", "a%FFb", &long] {
            assert_eq!(decode_key(encoded).err(), Some(Refusal::BadKey), "{encoded}");
        }
    }

    #[test]
    fn a_bucket_that_would_change_the_request_is_refused() {
        for name in ["", ".", "..", "a/b", "a?b", "a b", "a\r\nb", "é"] {
            assert!(checked_bucket(name.into()).is_err(), "{name}");
        }
        assert!(checked_bucket("raw.calls-1".into()).is_ok());
    }

    #[test]
    fn a_message_is_bounded() {
        let record = r#"{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put",
            "s3":{"bucket":{"name":"b"},"object":{"key":"k"}}}"#;
        let many = |n| Phi::new(format!(r#"{{"Records":[{}]}}"#, vec![record; n].join(",")));
        assert!(parse(&many(RECORDS_MAX)).is_ok_and(|c| c.len() == RECORDS_MAX));
        assert_eq!(parse(&many(RECORDS_MAX + 1)).err(), Some(Refusal::TooManyRecords));
        assert_eq!(parse(&Phi::new(" ".repeat(BODY_BYTES_MAX + 1))).err(), Some(Refusal::TooLarge));
        assert!(parse(&Phi::new("[".repeat(BODY_BYTES_MAX))).is_err());
    }
}
