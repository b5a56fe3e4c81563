//! Calls out of files in order, each as soon as no other file can belong to it. Must not open a file.

use super::CallKey;
use super::order::{Straight, order};
use super::pair::{Call, Member, SourceFile, Template, parts};
use crate::base::{Error, Phi, Result};
use std::collections::VecDeque;

/// The calls of all SOURCEs, in an order that depends on names alone.
///
/// An entry that cannot be listed is an error in its place. Any other error is the last item; calls of which a file
/// may not have been listed are not handed out then.
pub struct Calls<'a> {
    files: Straight<'a>,
    groups: Groups,
    ready: VecDeque<Call>,
    key: &'a CallKey,
}

impl<'a> Calls<'a> {
    pub(super) fn new(files: Straight<'a>, templates: &'a [Template], key: &'a CallKey) -> Self {
        Self { files, groups: Groups::new(templates), ready: VecDeque::new(), key }
    }

    /// Files and calls that are in memory.
    #[cfg(test)]
    pub(super) fn held(&self) -> (usize, usize) {
        (self.files.held(), self.groups.open.len() + self.ready.len())
    }
}

impl Iterator for Calls<'_> {
    type Item = Result<Call>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(call) = self.ready.pop_front() {
                return Some(Ok(call));
            }
            let complete = match self.files.next() {
                Some(Ok((member, file))) => self.groups.push(member, file),
                Some(Err(error)) => {
                    if error.hold_reason().is_none() {
                        self.groups.open.clear();
                    }
                    return Some(Err(error));
                }
                None => {
                    if self.groups.open.is_empty() {
                        return None;
                    }
                    std::mem::take(&mut self.groups.open)
                }
            };
            self.ready.extend(complete.into_iter().filter_map(|group| group.call(self.key)));
        }
    }
}

/// Puts files together into calls, whatever order they come in.
///
/// Files pair by their absolute places, whichever SOURCE they came from; the name counts from the root, so it is the
/// same from any mount point.
///
/// # Errors
/// A usage error when two calls would get the same name; see [`Sources::check_names`](super::Sources::check_names).
pub fn pair(files: Vec<SourceFile>, templates: &[Template], key: &CallKey) -> Result<Vec<Call>> {
    let mut files: Vec<_> = files.into_iter().filter_map(|file| Some((Member::of(&file, templates)?, file))).collect();
    files.sort_by(|a, b| order(a).cmp(&order(b)));
    let mut groups = Groups::new(templates);
    let mut complete: Vec<_> = files.into_iter().flat_map(|(member, file)| groups.push(member, file)).collect();
    complete.append(&mut groups.open);
    let calls: Vec<_> = complete.into_iter().filter_map(|group| group.call(key)).collect();
    refuse_twins(calls.iter().map(|call| call.id.clone()).collect())?;
    Ok(calls)
}

/// Refuses calls of the same name.
pub(super) fn refuse_twins<Id: Ord>(mut ids: Vec<Id>) -> Result<()> {
    ids.sort_unstable();
    match ids.windows(2).filter(|w| w[0] == w[1]).count() {
        0 => Ok(()),
        twins => Err(Error::usage(format!("{twins} calls of different folders would get the same name"))
            .hint("add --root with the folder above all of SOURCE, or give each SOURCE its own DEST")),
    }
}

/// Calls of which files may still come: those whose ids the last file's begins with, so never many.
struct Groups {
    /// What may stand right behind an id.
    behind: Vec<String>,
    open: Vec<Group>,
}

struct Group {
    member: Member,
    files: Vec<SourceFile>,
}

impl Groups {
    fn new(templates: &[Template]) -> Self {
        let mut behind: Vec<_> = templates.iter().map(Template::behind).chain([".".to_owned()]).collect();
        behind.sort_unstable();
        behind.dedup();
        Self { behind, open: Vec::new() }
    }

    /// Adds the next file in the order of [`Member::straight`]; what is complete now.
    fn push(&mut self, member: Member, mut file: SourceFile) -> Vec<Group> {
        file.piece = member.piece;
        let behind = &self.behind;
        let complete = self.open.extract_if(.., |group| group.lies_before(&member.straight, behind)).collect();
        let its = |group: &&mut Group| (&group.member.folder, &group.member.id) == (&member.folder, &member.id);
        match self.open.iter_mut().find(its) {
            Some(group) if group.files.iter().any(|f| f.place == file.place) => {}
            Some(group) => group.files.push(file),
            None => self.open.push(Group { member, files: vec![file] }),
        }
        complete
    }
}

impl Group {
    /// Whether all places that its files can have lie before this one.
    fn lies_before(&self, place: &str, behind: &[String]) -> bool {
        let Member { folder, id, .. } = &self.member;
        behind.iter().all(|behind| {
            let begins = [folder.as_str(), "/", id, behind].concat();
            begins.as_str() < place && !place.starts_with(&begins)
        })
    }

    fn call(self, key: &CallKey) -> Option<Call> {
        let (parts, known) = parts(self.files)?;
        Some(Call { id: key.call_id(&Phi::new(self.member.name)), parts, known })
    }
}
