//! Lists a bucket below a prefix, page by page, the next one fetched while the current one is gone through.

use super::client::{Answer, Client, Running};
use super::fault::Fault;
use super::folders::are_by_bytes;
use super::read::stat;
use crate::base::{Error, HoldReason, Kind, Phi, Result, Stage};
use crate::store::Entry;
use aws_sdk_s3::types::Object;
use std::vec;
use tokio::sync::mpsc;

/// Most pages of one listing; a page has up to 1,000 objects.
const PAGES_MAX: usize = 1_000_000;

/// What a listing goes through.
#[derive(Clone)]
pub(super) struct Below {
    pub client: Client,
    pub bucket: String,
    /// The root of the store: empty, or ends with `/`.
    pub root: Phi<String>,
    /// What keys below the root begin with.
    pub prefix: Phi<String>,
}

/// Where a listing stands.
enum Pages {
    Unasked(Below),
    Coming { pages: mpsc::Receiver<Result<Vec<Entry>>>, _task: Running<()> },
    Ended,
}

/// The entries below a prefix. Nothing is asked for before the first is.
pub(super) struct Listing {
    pages: Pages,
    page: vec::IntoIter<Entry>,
    /// The key before.
    last: Option<Phi<String>>,
}

impl Listing {
    pub fn new(below: Below) -> Self {
        Self { pages: Pages::Unasked(below), page: Vec::new().into_iter(), last: None }
    }

    /// Pairing goes by the order of keys. Where the first page did not show that there is none, the listing ends here.
    fn in_order(&mut self, entry: Entry) -> Result<Entry> {
        if self.last.as_ref().is_some_and(|last| *last >= entry.key) {
            self.page = Vec::new().into_iter();
            self.pages = Pages::Ended;
            let error = Error::new(Stage::Pair, Kind::Io, "the store does not list keys in the order of their bytes");
            return Err(error.hint("set SORDINO_LIST_BY_FOLDER=true"));
        }
        self.last = Some(entry.key.clone());
        Ok(entry)
    }
}

impl Iterator for Listing {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(entry) = self.page.next() {
                return Some(self.in_order(entry));
            }
            if let Pages::Unasked(below) = &self.pages {
                let (sender, pages) = mpsc::channel(1);
                let (client, below) = (below.client.clone(), below.clone());
                let task = client.spawn(async move { below.send_pages(&sender).await });
                self.pages = Pages::Coming { pages, _task: task };
            }
            let Pages::Coming { pages, .. } = &mut self.pages else { return None };
            match pages.blocking_recv()? {
                Ok(page) => self.page = page.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl Below {
    /// Sends page after page; an error ends the listing.
    async fn send_pages(&self, sender: &mpsc::Sender<Result<Vec<Entry>>>) {
        let mut token = None;
        for n in 0..PAGES_MAX {
            if n == 0 && self.client.lists_by_folder() {
                return self.send_folders(sender).await;
            }
            let (page, next) = match self.page(token).await {
                Ok((page, _)) if n == 0 && !are_by_bytes(&page) => {
                    self.client.list_by_folder();
                    return self.send_folders(sender).await;
                }
                Ok((page, next)) => (Ok(page), next),
                Err(fault) => (Err(unlisted(fault)), None),
            };
            if sender.send(page).await.is_err() || next.is_none() {
                return;
            }
            token = next;
        }
        let endless = Error::held(Stage::Pair, HoldReason::LimitReached, "the bucket's listing does not end");
        // A reader that has gone asks for nothing any more.
        let _ = sender.send(Err(endless)).await;
    }

    /// The same, folder by folder.
    async fn send_folders(&self, sender: &mpsc::Sender<Result<Vec<Entry>>>) {
        if let Err(fault) = self.walk(sender).await {
            // A reader that has gone asks for nothing any more.
            let _ = sender.send(Err(unlisted(fault))).await;
        }
    }

    async fn page(&self, token: Option<String>) -> Answer<(Vec<Entry>, Option<String>)> {
        let prefix = format!("{}{}", self.root.expose(), self.prefix.expose());
        let request = self.client.sdk.list_objects_v2().bucket(&self.bucket).set_continuation_token(token);
        let answer = request.prefix(prefix).send().await?;
        let entries = answer.contents.unwrap_or_default().into_iter().filter_map(|object| self.entry(&object));
        Ok((entries.collect(), answer.next_continuation_token.filter(|_| answer.is_truncated == Some(true))))
    }

    /// The entry of an object; nothing for one that is hidden, and for an empty one that stands for a folder.
    pub(super) fn entry(&self, object: &Object) -> Option<Entry> {
        let key = object.key()?.strip_prefix(self.root.expose().as_str())?;
        let bytes = object.size().and_then(|bytes| u64::try_from(bytes).ok())?;
        let stat = stat(bytes, object.e_tag(), object.last_modified());
        is_visible(key).then(|| Entry { key: Phi::new(key.to_owned()), stat })
    }
}

/// Whether a key below the root is one of a listing: no part is hidden, and it names no folder.
pub(super) fn is_visible(key: &str) -> bool {
    !key.is_empty() && !key.ends_with('/') && !key.split('/').any(|part| part.starts_with('.'))
}

fn unlisted(fault: Fault) -> Error {
    fault.error(Stage::Pair, "the bucket cannot be listed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_names_and_markers_of_folders_are_not_listed() {
        for key in ["a", "a/b.c", "a//b", "a b", "ä"] {
            assert!(is_visible(key), "{key}");
        }
        for key in ["", "a/", ".a", "a/.b", "../a", "a/../b", "."] {
            assert!(!is_visible(key), "{key}");
        }
    }
}
