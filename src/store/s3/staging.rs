//! Calls on their way into a bucket: written to temporary files, put once they are whole, the manifest last.
//!
//! The manifests of a call follow each other: each one is put only where the one that its writer saw still stands. So a
//! name that is made of the version of the manifest before can be in no manifest but the next one. From that it follows
//! what is done with artifacts, of which none is ever written over:
//!
//! * The first artifacts of a call lie under plain names (`recording.wav`). Where a dead run has left the same bytes
//!   under it, they are taken; where it has left others, or another worker is writing others at this moment, and for
//!   a call that is replaced, the name holds a digest of the version before and of the content
//!   (`recording-0123456789abcdef.wav`).
//! * Two workers that write the same call at once put the same bytes under the same names, or others under others. One
//!   puts its manifest; the other finds that one, and removes what it wrote and that manifest does not name.
//! * Who replaces a call removes the artifacts of the manifest before. A reader that has just read that manifest finds
//!   them gone and reads again.
//!
//! A worker that may not delete tags what it would delete (`sordino:superseded`), for a rule of the bucket's lifecycle.
//! Killed at any moment, a run leaves artifacts that no manifest names, which readers never see.

use super::client::Answer;
use super::destination::{DIGEST_METADATA, Dress};
use super::fault::Fault;
use super::put::{Condition, Content, Put};
use super::{Bucket, RECORD_BYTES_MAX};
use crate::base::{CallId, Clean, Error, Kind, Result, Sha256Hex, Stage};
use crate::store::{Commit, Expected, MANIFEST_NAME, Sink, Staged, check_artifact_name};
use memchr::memmem;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// Digits of a digest in an artifact's name.
const TAG_DIGITS: usize = 16;

/// The calls that this run is writing.
#[derive(Default)]
pub(super) struct InHand(Mutex<BTreeSet<CallId>>);

/// A call that is being written.
pub(super) struct Staging {
    bucket: Arc<Bucket>,
    call: CallId,
    /// Files without a name on disk, by their names in the call.
    files: BTreeMap<String, File>,
    in_hand: Arc<InHand>,
}

impl Staging {
    /// Begins to write a call.
    pub fn begin(bucket: &Arc<Bucket>, in_hand: &Arc<InHand>, call: &CallId) -> Result<Self> {
        if !in_hand.0.lock().unwrap_or_else(PoisonError::into_inner).insert(call.clone()) {
            return Err(conflict("this run is already writing the call"));
        }
        let (bucket, in_hand) = (Arc::clone(bucket), Arc::clone(in_hand));
        Ok(Self { bucket, call: call.clone(), files: BTreeMap::new(), in_hand })
    }

    /// A new temporary file, and another handle of it.
    fn file(&mut self, name: &str) -> Result<File> {
        check_artifact_name(name)?;
        let file = tempfile::tempfile().map_err(unwritten)?;
        let handle = file.try_clone().map_err(unwritten)?;
        self.files.insert(name.to_owned(), file);
        Ok(handle)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        self.in_hand.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.call);
    }
}

impl Staged for Staging {
    fn recording(&mut self, name: &str) -> Result<Box<dyn Sink>> {
        Ok(Box::new(self.file(name)?))
    }

    fn transcript(&mut self, name: &str, bytes: &Clean<Vec<u8>>) -> Result<()> {
        self.file(name)?.write_all(bytes.get()).map_err(unwritten)
    }

    fn commit(self: Box<Self>, commit: &Commit<'_>) -> Result<()> {
        let dress = self.bucket.properties.dress(commit.keeping);
        let publishing = Publishing { bucket: &self.bucket, call: &self.call, commit, dress };
        self.bucket.client.wait(publishing.publish(&self.files))
    }
}

/// What became of a manifest.
enum Outcome {
    /// It stands.
    Stands,
    /// Another one stands, or, where this is empty, none.
    Lost(Vec<u8>),
}

/// One commit.
struct Publishing<'a> {
    bucket: &'a Bucket,
    call: &'a CallId,
    commit: &'a Commit<'a>,
    dress: Dress,
}

impl Publishing<'_> {
    async fn publish(&self, files: &BTreeMap<String, File>) -> Result<()> {
        let mut names = BTreeMap::new();
        let mut files = files.iter();
        while let Some(one) = files.next() {
            // Both are awaited whatever becomes of the other, so that no upload is left half done.
            let (one, two) = tokio::join!(self.place_file(Some(one)), self.place_file(files.next()));
            names.extend([one?, two?].into_iter().flatten());
        }
        let manifest = (self.commit.manifest)(&|name| names.get(name).cloned().unwrap_or_else(|| name.to_owned()))?;
        // What is left over is tidied up; the call stands, or another does, whatever comes of that.
        let (standing, lost) = match self.put_manifest(&manifest).await? {
            Outcome::Stands => (manifest, false),
            Outcome::Lost(standing) => (standing, true),
        };
        let is_unread = |name: &&String| memmem::find(&standing, name.as_bytes()).is_none();
        if lost {
            // Of a first commit that found nothing, another may be about to name what was written.
            let is_over = !standing.is_empty() || *self.commit.expected != Expected::Absent;
            self.retire(names.values().filter(|_| is_over).filter(is_unread)).await;
            return Err(conflict("another call was committed in the meantime"));
        }
        self.retire(self.commit.replaced.iter().filter(is_unread)).await;
        Ok(())
    }

    /// Puts a file; the name that it was written under, and the one that it got.
    async fn place_file(&self, file: Option<(&String, &File)>) -> Result<Option<(String, String)>> {
        let Some((name, file)) = file else { return Ok(None) };
        let digest = self.commit.digests.iter().find(|(named, _)| named == name).map(|(_, digest)| digest);
        let digest = digest.ok_or_else(|| internal("a file that was written has no digest"))?;
        let bytes = file.metadata().map_err(unwritten)?.len();
        let placed = self.place(name, &Content { file, bytes, digest }).await.map_err(Fault::writing)?;
        Ok(Some((name.clone(), placed)))
    }

    /// Puts an artifact where it cannot be confused with another, and returns its name.
    async fn place(&self, name: &str, content: &Content<'_>) -> Answer<String> {
        if *self.commit.expected == Expected::Absent {
            let is_ours = match self.put(name, content).await {
                Err(fault) if fault.is_unmet_condition() => self.holds(name, content).await? == Some(true),
                done => done.map(|()| true)?,
            };
            if is_ours {
                return Ok(name.to_owned());
            }
        }
        let name = tagged(name, self.commit.expected, content.digest);
        let Err(fault) = self.put(&name, content).await else { return Ok(name) };
        // The name stands for the content, but who is putting it at this moment may yet fail.
        let is_there = match fault {
            Fault::Refused(412, _) => self.holds(&name, content).await?.unwrap_or(true),
            Fault::Refused(409, _) => self.holds(&name, content).await?.unwrap_or(false),
            _ => false,
        };
        if is_there { Ok(name) } else { Err(fault) }
    }

    async fn put(&self, name: &str, content: &Content<'_>) -> Answer<()> {
        let key = self.bucket.key_of(self.call, name);
        let Bucket { client, name: bucket, .. } = self.bucket;
        Put { client, bucket, key: &key, condition: Condition::New, dress: &self.dress }.file(content).await
    }

    /// Whether these very bytes lie under a name; nothing for who may not look.
    async fn holds(&self, name: &str, content: &Content<'_>) -> Answer<Option<bool>> {
        let Bucket { client, name: bucket, .. } = self.bucket;
        let head = client.sdk.head_object().bucket(bucket).key(self.bucket.key_of(self.call, name)).send().await;
        match head.map_err(Fault::from) {
            Ok(head) => {
                let digest = head.metadata().and_then(|metadata| metadata.get(DIGEST_METADATA));
                let bytes = head.content_length().and_then(|bytes| u64::try_from(bytes).ok());
                let is_same_size = bytes.is_none_or(|bytes| bytes == content.bytes);
                Ok(Some(is_same_size && digest.is_some_and(|digest| digest == content.digest.as_str())))
            }
            Err(fault) if fault.is_absent() => Ok(Some(false)),
            Err(fault) if fault.is_forbidden() => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Puts the manifest where the one that was seen still stands.
    async fn put_manifest(&self, manifest: &[u8]) -> Result<Outcome> {
        let condition = match self.commit.expected {
            Expected::Absent => Condition::New,
            Expected::Version(version) => Condition::Tag(version.clone()),
        };
        let key = self.bucket.key_of(self.call, MANIFEST_NAME);
        let Bucket { client, name: bucket, .. } = self.bucket;
        let put = Put { client, bucket, key: &key, condition, dress: &self.dress };
        match put.bytes(manifest.to_vec(), &Sha256Hex::of(manifest)).await {
            Ok(_) => return Ok(Outcome::Stands),
            Err(fault) if fault.is_unmet_condition() || fault.is_absent() => {}
            Err(fault) => return Err(fault.writing()),
        }
        let standing = match self.bucket.location(&key).read(RECORD_BYTES_MAX).await {
            Err(fault) if fault.is_absent() => Vec::new(),
            standing => standing.map_err(Fault::writing)?.map(|(bytes, _)| bytes).unwrap_or_default(),
        };
        // The first attempt may have gone through without its answer coming back.
        Ok(if standing == manifest { Outcome::Stands } else { Outcome::Lost(standing) })
    }

    /// Deletes artifacts that nobody reads any more, or tags them. What is left is in no manifest.
    async fn retire(&self, names: impl Iterator<Item = &String>) {
        for name in names {
            self.bucket.retire(&self.bucket.key_of(self.call, name), &self.dress).await;
        }
    }
}

/// `recording.wav` as `recording-<digits>.wav`.
fn tagged(name: &str, expected: &Expected, digest: &Sha256Hex) -> String {
    let before = match expected {
        Expected::Absent => "",
        Expected::Version(version) => version,
    };
    let tag = Sha256Hex::of(format!("{before}\n{}", digest.as_str()).as_bytes());
    let (stem, extension) = name.split_once('.').unwrap_or((name, ""));
    format!("{stem}-{}.{extension}", &tag.as_str()[..TAG_DIGITS])
}

fn conflict(message: &'static str) -> Error {
    Error::new(Stage::Publish, Kind::Conflict, message)
}

fn internal(message: &'static str) -> Error {
    Error::new(Stage::Publish, Kind::Internal, message)
}

fn unwritten(error: io::Error) -> Error {
    Error::io(Stage::Publish, "a temporary file cannot be written", error)
}
