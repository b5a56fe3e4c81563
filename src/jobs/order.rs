//! Files in the order in which the files of a call come close to each other, out of listings in the order of places.
//! Memory does not grow with the number of files. Must not know what is done with calls.
//!
//! Halves of one folder, `a.json` and `a.wav`, are listed close to each other; `recordings/a.wav` and
//! `transcripts/a.json` are not. So there are two ways to bring them together:
//!
//! * A folder of which the whole is in the window of what has been read ahead is sorted there.
//! * Of a larger folder each *lane* is listed by itself (`recordings/`, `transcripts/`, whatever the templates say lies
//!   elsewhere), and the lanes and the main listing go on in lock step. Where the main listing comes to files of a lane
//!   it passes over them.

use super::list::Sources;
use super::pair::{Member, SourceFile, Template};
use crate::base::{Error, Result};
use std::collections::VecDeque;

/// Files that are read ahead, about a kilobyte each. A folder with more of them is asked for its lanes, which takes a
/// request each.
const WINDOW_FILES: usize = 4_096;

/// Files as a listing hands them out.
pub(super) type Files<'a> = Box<dyn Iterator<Item = Result<SourceFile>> + Send + 'a>;

/// The files below all SOURCEs, each with the call it belongs to, in the order of [`Member::straight`].
///
/// An entry that cannot be read is an error in its place. Any other error is the last item: what has been read ahead
/// is dropped then, because what belongs to it may not have been listed.
pub(super) struct Straight<'a> {
    sources: &'a Sources,
    templates: &'a [Template],
    /// The listing of everything; nothing at its end.
    main: Option<Files<'a>>,
    window: VecDeque<SourceFile>,
    window_files: usize,
    /// Entries that could not be read, to be told of next.
    unreadable: VecDeque<Error>,
    /// A folder from the front of the window, sorted.
    sorted: VecDeque<(Member, SourceFile)>,
    /// Folders, each with its last `/`, that the front of the window lies in and that do not end in the window.
    path: Vec<String>,
    lanes: Vec<Lane<'a>>,
}

/// The listing of files that lie elsewhere than in the folder of their calls.
struct Lane<'a> {
    head: (Member, SourceFile),
    rest: Box<dyn Iterator<Item = Result<(Member, SourceFile)>> + Send + 'a>,
}

impl<'a> Straight<'a> {
    /// Begins; `main` lists everything below the sources.
    pub fn new(sources: &'a Sources, templates: &'a [Template], main: Files<'a>) -> Self {
        Self {
            sources,
            templates,
            main: Some(main),
            window: VecDeque::new(),
            window_files: WINDOW_FILES,
            unreadable: VecDeque::new(),
            sorted: VecDeque::new(),
            path: Vec::new(),
            lanes: Vec::new(),
        }
    }

    /// Files that are in memory.
    #[cfg(test)]
    pub fn held(&self) -> usize {
        self.window.len() + self.sorted.len() + self.lanes.len()
    }

    fn step(&mut self) -> Result<Option<(Member, SourceFile)>> {
        loop {
            if self.sorted.is_empty() {
                self.fill()?;
                if !self.enter()? {
                    continue;
                }
            }
            if let Some(error) = self.unreadable.pop_front() {
                return Err(error);
            }
            // Files of a lane are passed over later; until then their place is a bound for what comes behind them.
            let main = self.sorted.front().map(order);
            let main =
                main.or_else(|| self.window.front().map(|f| (f.place.expose().as_str(), f.place.expose().as_str())));
            let lane = (0..self.lanes.len()).min_by_key(|&i| order(&self.lanes[i].head));
            if let Some(lane) = lane
                && main.is_none_or(|main| order(&self.lanes[lane].head) <= main)
            {
                return self.advance(lane).map(Some);
            }
            if main.is_none() {
                return Ok(None);
            }
            if let Some(file) = self.next_of_main() {
                return Ok(Some(file));
            }
        }
    }

    /// Reads ahead.
    fn fill(&mut self) -> Result<()> {
        while self.window.len() < self.window_files
            && let Some(main) = &mut self.main
        {
            match main.next() {
                Some(Ok(file)) => self.window.push_back(file),
                Some(Err(error)) if error.hold_reason().is_some() => self.unreadable.push_back(error),
                Some(Err(error)) => return Err(error),
                None => self.main = None,
            }
        }
        Ok(())
    }

    /// Enters the folders of the front of the window, from the outermost to the first that ends in the window. That one
    /// is taken out; `false` where nothing of it is left to go on with.
    fn enter(&mut self) -> Result<bool> {
        let Some(front) = self.window.front() else { return Ok(true) };
        let place = front.place.expose().clone();
        while self.path.last().is_some_and(|folder| !place.starts_with(folder.as_str())) {
            self.path.pop();
        }
        let entered = self.path.last().map_or(0, String::len);
        for (slash, _) in place[entered..].match_indices('/') {
            let folder = &place[..entered + slash + 1];
            let goes_on =
                self.main.is_some() && self.window.back().is_none_or(|file| file.place.expose().starts_with(folder));
            if !goes_on {
                self.sort(folder);
                return Ok(!self.sorted.is_empty());
            }
            self.open_lanes(folder)?;
            self.path.push(folder.to_owned());
        }
        Ok(true)
    }

    /// Takes a folder out of the window. Files in it that belong to a folder above are that folder's lanes.
    fn sort(&mut self, folder: &str) {
        let end = self.window.partition_point(|file| file.place.expose().starts_with(folder));
        for file in self.window.drain(..end) {
            let member = Member::of(&file, self.templates).filter(|m| m.folder.len() + 1 >= folder.len());
            self.sorted.extend(member.map(|member| (member, file)));
        }
        self.sorted.make_contiguous().sort_by(|a, b| order(a).cmp(&order(b)));
    }

    /// Lists the lanes of a folder, given with its last `/`.
    fn open_lanes(&mut self, folder: &str) -> Result<()> {
        let templates = self.templates;
        for (i, lane) in templates.iter().map(Template::lane).enumerate() {
            if lane.is_empty() || templates[..i].iter().any(|t| t.lane() == lane) {
                continue;
            }
            let of = folder.trim_end_matches('/').to_owned();
            let is_of = move |m: &Member| m.folder == of && m.template.is_some_and(|t| templates[t].lane() == lane);
            let mut rest = self.sources.below(&format!("{folder}{lane}")).filter_map(move |file| match file {
                Ok(file) => Member::of(&file, templates).filter(&is_of).map(|member| Ok((member, file))),
                // The main listing tells of it.
                Err(error) if error.hold_reason().is_some() => None,
                Err(error) => Some(Err(error)),
            });
            if let Some(head) = rest.next().transpose()? {
                self.lanes.push(Lane { head, rest: Box::new(rest) });
            }
        }
        Ok(())
    }

    fn advance(&mut self, lane: usize) -> Result<(Member, SourceFile)> {
        match self.lanes[lane].rest.next().transpose()? {
            Some(next) => Ok(std::mem::replace(&mut self.lanes[lane].head, next)),
            None => Ok(self.lanes.remove(lane).head),
        }
    }

    /// The front of the main listing, unless it belongs to a lane.
    fn next_of_main(&mut self) -> Option<(Member, SourceFile)> {
        if let Some(sorted) = self.sorted.pop_front() {
            return Some(sorted);
        }
        let file = self.window.pop_front()?;
        let member = Member::of(&file, self.templates)?;
        (!member.is_in_lane(self.templates)).then_some((member, file))
    }
}

/// What files are ordered by.
pub(super) fn order((member, file): &(Member, SourceFile)) -> (&str, &str) {
    (&member.straight, file.place.expose())
}

impl Iterator for Straight<'_> {
    type Item = Result<(Member, SourceFile)>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.step();
        if step.as_ref().is_err_and(|error| error.hold_reason().is_none()) {
            self.main = None;
            self.window.clear();
            self.sorted.clear();
            self.lanes.clear();
        }
        step.transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::super::CallKey;
    use super::super::calls::{Calls, pair};
    use super::super::pair::{Call, DEFAULT_TEMPLATES, Parts};
    use super::super::testing::Keys;
    use super::*;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn templates(texts: &[&str]) -> Vec<Template> {
        texts.iter().map(|t| Template::parse(t).unwrap()).collect()
    }

    fn straight<'a>(sources: &'a Sources, templates: &'a [Template], window_files: usize) -> Straight<'a> {
        Straight { window_files, ..Straight::new(sources, templates, sources.below("")) }
    }

    /// Ids, parts and names of files.
    fn seen(calls: impl Iterator<Item = Call>) -> Vec<(String, bool, Vec<String>)> {
        let of = |call: Call| {
            let is_whole = matches!(call.parts, Parts::Whole { .. });
            let files = call.files().into_iter().chain(&call.known).map(|f| f.place.expose().clone()).collect();
            (call.id.to_string(), is_whole, files)
        };
        calls.map(of).collect()
    }

    fn check(keys: &[String], texts: &[&str], window_files: usize) {
        let (templates, key) = (templates(texts), CallKey::new(&[7; 32]).unwrap());
        let sources = Sources::of_store(Arc::new(Keys::new(keys.iter().cloned())), "/in");
        let streamed = Calls::new(straight(&sources, &templates, window_files), &templates, &key);
        let streamed = seen(streamed.map(Result::unwrap));
        let wanted = pair(sources.below("").map(Result::unwrap).collect(), &templates, &key);
        assert_eq!(streamed, seen(wanted.unwrap().into_iter()), "{texts:?}, window of {window_files}");
    }

    proptest! {
        #[test]
        fn streams_pair_like_all_files_at_once(
            keys in proptest::collection::btree_set(
                "((recordings|transcripts|recordings\\.b|s|a)/){0,3}(a|b|ab|a-b|a\\.b|rec-a|t|z)(_x|_y|-part1|-part2)?(\\.ch0|\\.ch1|\\.part1)?(\\.wav)?\\.(wav|json|txt|known\\.json)",
                0..40,
            ),
            window_files in 1_usize..12,
        ) {
            let keys: Vec<String> = keys.into_iter().collect();
            check(&keys, DEFAULT_TEMPLATES, window_files);
            check(&keys, &["a/recordings/{id}.*", "s/{id}_x.*", "{id}_x.*", "{id}_y.*"], window_files);
            check(&keys, &["rec-{id}.*", "recordings/a{id}.*", "recordings/{id}.*"], window_files);
            check(&keys, &["{id}.*", "{id}-part{part}.*", "recordings/{id}_x-part{part}.*"], window_files);
        }
    }

    #[test]
    fn what_is_read_ahead_is_bounded_whatever_the_layout() {
        for (first, second) in
            [("recordings/", "transcripts/"), ("", ""), ("x/", "y/"), ("s3/a/recordings/", "s3/a/transcripts/")]
        {
            let keys = (0..3_000).flat_map(|n| [format!("{first}{n:05}.wav"), format!("{second}{n:05}.json")]);
            let (templates, key) = (templates(DEFAULT_TEMPLATES), CallKey::new(&[7; 32]).unwrap());
            let sources = Sources::of_store(Arc::new(Keys::new(keys)), "/in");
            let mut calls = Calls::new(straight(&sources, &templates, 64), &templates, &key);
            let mut whole = 0;
            while let Some(call) = calls.next() {
                whole += usize::from(call.unwrap().files().len() == 2);
                let (files, groups) = calls.held();
                assert!(files <= 130 && groups <= 3, "{first}: {files} files, {groups} groups");
            }
            assert_eq!(whole, if first == "x/" { 0 } else { 3_000 });
        }
    }

    #[test]
    fn a_listing_that_breaks_hands_out_nothing_that_may_lack_a_half() {
        let keys = (0..100).flat_map(|n| [format!("recordings/{n:03}.wav"), format!("transcripts/{n:03}.json")]);
        for window_files in [8, 4_096] {
            for breaks_at in ["/in/recordings/050.wav", "/in/transcripts/050.json"] {
                let mut store = Keys::new(keys.clone());
                store.breaks_at = Some(breaks_at[4..].to_owned());
                let (templates, key) = (templates(DEFAULT_TEMPLATES), CallKey::new(&[7; 32]).unwrap());
                let sources = Sources::of_store(Arc::new(store), "/in");
                let items: Vec<_> =
                    Calls::new(straight(&sources, &templates, window_files), &templates, &key).collect();
                let (calls, errors): (Vec<_>, Vec<_>) = items.into_iter().partition(Result::is_ok);
                assert_eq!(errors.len(), 1);
                assert!(calls.len() <= 50 && calls.into_iter().flatten().all(|c| c.files().len() == 2));
            }
        }
    }
}
