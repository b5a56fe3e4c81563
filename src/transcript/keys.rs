//! Tells apart the keys of one object that masking makes alike: no object has a key twice. Each further one has a space
//! more at its end, which is no word.

use super::mask::Cut;
use super::source::Leaf;
use std::collections::{HashMap, HashSet};

/// A key that is text, and where the object begins that has it.
#[derive(Clone, Copy)]
pub(super) struct TextKey {
    pub(super) leaf: Leaf,
    pub(super) object: u32,
}

impl TextKey {
    /// The same in a file that begins so many bytes further on.
    pub(super) const fn further(self, by: u32) -> Self {
        Self { leaf: self.leaf.further(by), object: self.object + by }
    }
}

/// Adds the spaces to cuts that are sorted by place, which they stay.
pub(super) fn tell_apart<'a>(file: &'a str, keys: &[TextKey], cuts: &mut Vec<Cut<'a>>) {
    let mut keys = keys.to_vec();
    keys.sort_by_key(|key| key.object);
    let spaces: Vec<Cut> =
        keys.chunk_by(|a, b| a.object == b.object).flat_map(|keys| spaces(file, keys, cuts)).collect();
    if !spaces.is_empty() {
        cuts.extend(spaces);
        cuts.sort_by_key(|cut| cut.raw.start);
    }
}

/// The spaces behind keys of one object.
fn spaces<'a>(file: &'a str, keys: &[TextKey], cuts: &[Cut<'a>]) -> Vec<Cut<'a>> {
    let own = |key: &TextKey| {
        let raw = key.leaf.range();
        let first = cuts.partition_point(|cut| cut.raw.start < raw.start);
        &cuts[first..cuts.partition_point(|cut| cut.raw.start < raw.end)]
    };
    let (masked, kept): (Vec<&TextKey>, Vec<&TextKey>) = keys.iter().partition(|key| !own(key).is_empty());
    let kept: HashSet<&str> = kept.iter().map(|key| &file[key.leaf.range()]).collect();
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut spaces = Vec::new();
    for key in masked {
        let text = written(file, key.leaf, own(key));
        let count = seen.get(&text).map_or(0, |count| count + 1);
        let is_free = |count: &usize| !kept.contains(format!("{text}{}", " ".repeat(*count)).as_str());
        let count = (count..=count + kept.len()).find(is_free).unwrap_or(count);
        if count > 0 {
            let end = key.leaf.range().end;
            spaces.push(Cut { raw: end..end, text: " ".repeat(count).into() });
        }
        seen.insert(text, count);
    }
    spaces
}

/// A key with its cuts made.
fn written(file: &str, key: Leaf, cuts: &[Cut]) -> String {
    let mut text = String::new();
    let mut at = key.range().start;
    for cut in cuts {
        text.push_str(&file[at..cut.raw.start]);
        text.push_str(&cut.text);
        at = cut.raw.end;
    }
    text.push_str(&file[at..key.range().end]);
    text
}
