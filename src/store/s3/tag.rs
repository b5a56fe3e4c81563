//! Tags sources that have been processed. Must not change anything else of them.
//!
//! Setting tags replaces all of them, so they are read first; what somebody else sets in between is lost. In a bucket
//! with versions it is the version that was processed which is tagged. In one without, an object that is replaced in
//! between would get the tag that was its predecessor's; a fraction of a second, and a run finds it changed.

use super::client::Answer;
use super::fault::Fault;
use super::read::{Location, stat};
use crate::store::Stat;
use aws_sdk_s3::types::{Tag, Tagging};

/// The tag of sources whose call is published, for a lifecycle rule to archive or delete.
const PROCESSED: (&str, &str) = ("sordino:processed", "true");

impl Location {
    /// Tags the object, if it is still in the state that was seen. One that has gone or changed needs no tag.
    pub async fn tag_processed(&self, seen: &Stat) -> Answer<()> {
        let head = self.client.sdk.head_object().bucket(&self.bucket).key(self.key.expose()).send().await;
        let head = match head.map_err(Fault::from) {
            Err(fault) if fault.is_absent() => return Ok(()),
            head => head?,
        };
        if stat(seen.bytes, head.e_tag(), None).version != seen.version {
            return Ok(());
        }
        let version = head.version_id().map(str::to_owned);
        let request = self.client.sdk.get_object_tagging().bucket(&self.bucket).key(self.key.expose());
        let mut tags = request.set_version_id(version.clone()).send().await?.tag_set;
        let (key, value) = PROCESSED;
        if tags.iter().any(|tag| (tag.key(), tag.value()) == (key, value)) {
            return Ok(());
        }
        tags.retain(|tag| tag.key() != key);
        tags.push(Tag::builder().key(key).value(value).build().map_err(|_| Fault::NotSent)?);
        let tagging = Tagging::builder().set_tag_set(Some(tags)).build().map_err(|_| Fault::NotSent)?;
        let request = self.client.sdk.put_object_tagging().bucket(&self.bucket).key(self.key.expose());
        request.set_version_id(version).tagging(tagging).send().await?;
        Ok(())
    }
}
