//! Lists folder by folder, for stores that have no order of keys but one of names in folders, and so list `b/1` before
//! `b.json`. What it hands out is in the order of bytes. Takes a request for each folder, and memory for one page of each
//! folder that it is in.
//!
//! Between the name of a folder and its content, by bytes, come all names that go on after it with a character below `/`
//! (`b`: then `b-c/`, `b.json`; then `b/`). They follow each other in the order of names. So a folder that is met is put
//! off until a name comes that does not go on like this.

use super::client::Answer;
use super::fault::Fault;
use super::list::Below;
use crate::base::{Phi, Result};
use crate::store::Entry;
use std::collections::VecDeque;
use tokio::sync::mpsc;

/// Most requests of one listing.
const REQUESTS_MAX: usize = 1_000_000;
/// Entries that are handed on at once.
const CHUNK: usize = 1_000;

/// An object or a folder of a folder.
struct Item {
    /// Its whole key; that of a folder without its last `/`.
    key: String,
    /// Nothing for a folder.
    entry: Option<Entry>,
}

/// A folder that is gone through.
struct Level {
    /// What its keys begin with.
    prefix: String,
    next: Next,
    items: VecDeque<Item>,
    /// Folders that were met and put off, each one's key the beginning of the next one's.
    put_off: Vec<String>,
}

/// What is left to be asked of a folder.
enum Next {
    First,
    Token(String),
    Nothing,
}

/// What comes next in a folder.
enum Step {
    Entry(Entry),
    Folder(String),
    /// More has to be asked for.
    Ask,
    End,
}

impl Level {
    fn new(prefix: String) -> Self {
        Self { prefix, next: Next::First, items: VecDeque::new(), put_off: Vec::new() }
    }

    fn step(&mut self) -> Step {
        loop {
            let Some(item) = self.items.front() else {
                return match self.next {
                    Next::Nothing => self.put_off.pop().map_or(Step::End, Step::Folder),
                    _ => Step::Ask,
                };
            };
            let goes_on = |folder: &str| {
                let rest = item.key.strip_prefix(folder);
                rest.is_some_and(|rest| rest.bytes().next().is_none_or(|byte| byte < b'/'))
            };
            match self.put_off.last() {
                Some(folder) if !goes_on(folder) => {
                    return self.put_off.pop().map_or(Step::End, Step::Folder);
                }
                _ => {}
            }
            let Some(Item { key, entry }) = self.items.pop_front() else { return Step::End };
            match entry {
                Some(entry) => return Step::Entry(entry),
                None => self.put_off.push(key),
            }
        }
    }
}

impl Below {
    /// Sends every entry, in chunks, until nobody takes them any more.
    pub(super) async fn walk(&self, sender: &mpsc::Sender<Result<Vec<Entry>>>) -> Answer<()> {
        let mut levels = vec![Level::new(format!("{}{}", self.root.expose(), self.prefix.expose()))];
        let (mut chunk, mut requests) = (Vec::new(), 0);
        while let Some(level) = levels.last_mut() {
            match level.step() {
                Step::Entry(entry) => chunk.push(entry),
                Step::Folder(key) => levels.push(Level::new(key + "/")),
                Step::Ask if requests == REQUESTS_MAX => return Err(Fault::BadAnswer(200)),
                Step::Ask => {
                    requests += 1;
                    self.ask(level).await?;
                }
                Step::End => drop(levels.pop()),
            }
            if chunk.len() == CHUNK && sender.send(Ok(std::mem::take(&mut chunk))).await.is_err() {
                return Ok(());
            }
        }
        // A reader that has gone asks for nothing any more.
        let _ = sender.send(Ok(chunk)).await;
        Ok(())
    }

    /// Asks for the next page of a folder.
    async fn ask(&self, level: &mut Level) -> Answer<()> {
        let token = match std::mem::replace(&mut level.next, Next::Nothing) {
            Next::Token(token) => Some(token),
            _ => None,
        };
        let request = self.client.sdk.list_objects_v2().bucket(&self.bucket).prefix(&level.prefix).delimiter("/");
        let answer = request.set_continuation_token(token).send().await?;
        let objects = answer.contents.unwrap_or_default();
        let files = objects.iter().filter_map(|object| {
            let entry = self.entry(object)?;
            Some(Item { key: object.key()?.to_owned(), entry: Some(entry) })
        });
        let folders = answer.common_prefixes.unwrap_or_default();
        let folders = folders.iter().filter_map(|folder| {
            let key = folder.prefix()?.strip_suffix('/')?.to_owned();
            // What lies in a hidden folder is hidden; one that does not lie here would be gone through for ever.
            let is_shown = !key.rsplit('/').next()?.starts_with('.') && key.len() >= level.prefix.len();
            is_shown.then_some(Item { key, entry: None })
        });
        let mut items: Vec<_> = files.chain(folders).collect();
        items.sort_by(|a, b| (&a.key, a.entry.is_none()).cmp(&(&b.key, b.entry.is_none())));
        level.items = items.into();
        if let (Some(true), Some(token)) = (answer.is_truncated, answer.next_continuation_token) {
            level.next = Next::Token(token);
        }
        Ok(())
    }
}

/// Whether keys are in the order of their bytes.
pub(super) fn are_by_bytes(entries: &[Entry]) -> bool {
    entries.is_sorted_by(|a: &Entry, b: &Entry| key(a) < key(b))
}

fn key(entry: &Entry) -> &Phi<String> {
    &entry.key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Stat;

    /// Keys of files and folders (with a `/`) of one folder, in pages; the order in which they are handed out.
    fn order(pages: &[&[&str]]) -> Vec<String> {
        let mut level = Level::new(String::new());
        let (mut out, mut pages) = (Vec::new(), pages.iter().peekable());
        loop {
            match level.step() {
                Step::Entry(entry) => out.push(entry.key.into_exposed()),
                Step::Folder(key) => out.push(key + "/"),
                Step::End => return out,
                Step::Ask => {
                    let item = |key: &&str| {
                        let stat = Stat { bytes: 1, version: String::new(), modified_s: 0 };
                        let entry = (!key.ends_with('/')).then(|| Entry { key: Phi::new((*key).to_owned()), stat });
                        Item { key: key.trim_end_matches('/').to_owned(), entry }
                    };
                    level.items = pages.next().into_iter().flat_map(|page| page.iter().map(item)).collect();
                    level.next = if pages.peek().is_some() { Next::Token(String::new()) } else { Next::Nothing };
                }
            }
        }
    }

    #[test]
    fn folders_come_after_what_goes_on_below_the_slash() {
        let names: &[&str] = &["a", "b/", "b!", "b-/", "b-x", "b.json", "b0", "b00/", "c/", "é/"];
        let mut wanted: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        wanted.sort();
        assert_eq!(order(&[names]), wanted);
        for at in 0..names.len() {
            assert_eq!(order(&[&names[..at], &names[at..]]), wanted, "cut at {at}");
        }
        assert!(order(&[&[]]).is_empty());
    }

    #[test]
    fn a_file_and_a_folder_may_have_one_name() {
        assert_eq!(order(&[&["b", "b/", "b.json"]]), ["b", "b.json", "b/"]);
    }
}
