//! Writes one object: in one request, or in parts where it is large. Must not read what is there.

use super::client::{Answer, Client};
use super::destination::Dress;
use super::fault::Fault;
use super::read::quoted;
use crate::base::Sha256Hex;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumType, CompletedMultipartUpload, CompletedPart};
use base64::Engine;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::os::unix::fs::FileExt;
use tokio::task::JoinSet;

/// From this size on an object is put in parts, bytes.
const PARTS_FROM_BYTES: u64 = 16 << 20;
/// Bytes of a part, unless there would be more than the parts that a server takes.
const PART_BYTES: u64 = 8 << 20;
/// Most parts of an object, by the limits of S3.
const PARTS_MAX: u64 = 10_000;
/// Parts of one object that are sent at once.
const PARTS_AT_ONCE: usize = 4;

/// What must be there for an object to be written.
#[derive(Clone)]
pub(super) enum Condition {
    /// Nothing; `If-None-Match: *`.
    New,
    /// The object with this ETag.
    Tag(String),
    /// Whatever there is, is written over.
    None,
}

impl Condition {
    fn if_none_match(&self) -> Option<String> {
        matches!(self, Self::New).then(|| "*".to_owned())
    }

    fn if_match(&self) -> Option<String> {
        match self {
            Self::Tag(tag) => Some(quoted(tag)),
            _ => None,
        }
    }
}

/// An object that is to be written.
pub(super) struct Put<'a> {
    pub client: &'a Client,
    pub bucket: &'a str,
    pub key: &'a str,
    pub condition: Condition,
    pub dress: &'a Dress,
}

/// A file that is to be written, and the digest that it must have.
pub(super) struct Content<'a> {
    pub file: &'a File,
    pub bytes: u64,
    pub digest: &'a Sha256Hex,
}

impl Put<'_> {
    /// Writes a file. The server compares what it got with the digest, or with a sum of each part.
    pub async fn file(&self, content: &Content<'_>) -> Answer<()> {
        if content.bytes >= PARTS_FROM_BYTES {
            return self.in_parts(content).await;
        }
        // Before it is in memory.
        let _permit = self.client.may_send(content.bytes).await;
        self.whole(read(content.file, 0, content.bytes)?, content.digest).await.map(drop)
    }

    /// Writes what is in memory; the ETag that it then has, empty where the server does not say.
    pub async fn bytes(&self, bytes: Vec<u8>, digest: &Sha256Hex) -> Answer<String> {
        let _permit = self.client.may_send(bytes.len() as u64).await;
        self.whole(bytes, digest).await
    }

    async fn whole(&self, bytes: Vec<u8>, digest: &Sha256Hex) -> Answer<String> {
        let request = self.client.sdk.put_object().bucket(self.bucket).key(self.key);
        let request = self.dress.put(request, self.key, digest);
        let sent = request
            .set_if_none_match(self.condition.if_none_match())
            .set_if_match(self.condition.if_match())
            .set_checksum_sha256(self.client.sends_checksums.then(|| in_base64(digest)).flatten())
            .body(ByteStream::from(bytes))
            .send()
            .await?;
        Ok(sent.e_tag.unwrap_or_default().trim_matches('"').to_owned())
    }

    async fn in_parts(&self, content: &Content<'_>) -> Answer<()> {
        let request = self.client.sdk.create_multipart_upload().bucket(self.bucket).key(self.key);
        let sums = self.client.sends_checksums;
        let begun = self
            .dress
            .create(request, self.key, content.digest)
            .set_checksum_algorithm(sums.then_some(ChecksumAlgorithm::Crc64Nvme))
            .set_checksum_type(sums.then_some(ChecksumType::FullObject))
            .send()
            .await?;
        let upload = begun.upload_id.ok_or(Fault::BadAnswer(200))?;
        let sent = self.parts_of(content, &upload).await;
        if sent.is_err() {
            // What cannot be aborted is left to the bucket's lifecycle; the reason to report is the first one.
            let abort = self.client.sdk.abort_multipart_upload().bucket(self.bucket).key(self.key);
            let _ = abort.upload_id(&upload).send().await;
        }
        sent
    }

    async fn parts_of(&self, content: &Content<'_>, upload: &str) -> Answer<()> {
        let (mut sending, mut parts, mut hasher) = (JoinSet::new(), Vec::new(), Sha256::new());
        let part_bytes = part_bytes(content.bytes);
        for (number, from) in (1..).zip((0..content.bytes).step_by(part_bytes as usize)) {
            if sending.len() == PARTS_AT_ONCE {
                parts.extend(finished(sending.join_next().await)?);
            }
            let length = part_bytes.min(content.bytes - from);
            let permit = self.client.may_send(length).await;
            let bytes = read(content.file, from, length)?;
            hasher.update(&bytes);
            let request = self.client.sdk.upload_part().bucket(self.bucket).key(self.key).upload_id(upload);
            let sum = self.client.sends_checksums.then_some(ChecksumAlgorithm::Crc64Nvme);
            let request = request.part_number(number).set_checksum_algorithm(sum).body(ByteStream::from(bytes));
            sending.spawn(async move {
                let _permit = permit;
                let sent = request.send().await?;
                let part = CompletedPart::builder().part_number(number).set_e_tag(sent.e_tag);
                Answer::Ok(part.set_checksum_crc64_nvme(sent.checksum_crc64_nvme).build())
            });
        }
        while let Some(part) = sending.join_next().await {
            parts.extend(finished(Some(part))?);
        }
        // What is published is what was verified, not what the disk made of it.
        if Sha256Hex::finish(hasher) != *content.digest {
            return Err(Fault::Unlike);
        }
        parts.sort_unstable_by_key(CompletedPart::part_number);
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let request = self.client.sdk.complete_multipart_upload().bucket(self.bucket).key(self.key).upload_id(upload);
        let request = request.set_checksum_type(self.client.sends_checksums.then_some(ChecksumType::FullObject));
        request
            .set_if_none_match(self.condition.if_none_match())
            .set_if_match(self.condition.if_match())
            .multipart_upload(parts)
            .send()
            .await?;
        Ok(())
    }
}

/// Bytes of a part: whole MiB, so that there are at most [`PARTS_MAX`].
const fn part_bytes(bytes: u64) -> u64 {
    let least = bytes.div_ceil(PARTS_MAX).next_multiple_of(1 << 20);
    if least > PART_BYTES { least } else { PART_BYTES }
}

type Finished = Option<Result<Answer<CompletedPart>, tokio::task::JoinError>>;

/// A part that was sent. One that could not even be finished counts as not sent.
fn finished(part: Finished) -> Answer<Option<CompletedPart>> {
    part.map(|joined| joined.unwrap_or(Err(Fault::NotSent))).transpose()
}

/// A stretch of a temporary file, which is read on the caller's own thread.
fn read(file: &File, from: u64, length: u64) -> Answer<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(length).map_err(|_| Fault::NotSent)?];
    file.read_exact_at(&mut bytes, from).map_err(|_| Fault::Unlike)?;
    Ok(bytes)
}

/// A digest as S3 has it in headers.
fn in_base64(digest: &Sha256Hex) -> Option<String> {
    let digit = |d: u8| char::from(d).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let bytes: Option<Vec<u8>> =
        digest.as_str().as_bytes().chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect();
    bytes.map(|bytes| base64::engine::general_purpose::STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_object_has_no_more_parts_than_a_server_takes() {
        for bytes in [PARTS_FROM_BYTES, 100 << 20, 80_000 << 20, 5 << 40] {
            let part = part_bytes(bytes);
            assert!(bytes.div_ceil(part) <= PARTS_MAX && part >= PART_BYTES, "{bytes}");
        }
        assert_eq!(part_bytes(100 << 20), PART_BYTES);
    }

    #[test]
    fn a_digest_is_written_as_headers_have_it() {
        let empty = in_base64(&Sha256Hex::of(b""));
        assert_eq!(empty.as_deref(), Some("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="));
    }
}
