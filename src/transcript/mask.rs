//! Writes the file again with the edited words masked, by splicing: every byte outside a masked
//! token is the byte of the source.
//!
//! In a word list each masked entry reads its mark (`[NAME]`), so lists keep their length and times;
//! punctuation entries stay as they are. In running text a stretch reads its mark once, followed
//! by the punctuation after its last word; punctuation inside a stretch goes with it.

use super::link::{Form, Site, TextMap};
use super::source::Escapes;
use super::{keys, offsets};
use crate::base::{CallId, Error, Kind, Phi, Result, Stage};
use crate::model::Edit;
use std::borrow::Cow;
use std::ops::Range;

/// No edit.
const KEPT: u32 = u32::MAX;

/// Parts of the file, in its order, with every token of every edited word masked. No string lies in two of them.
///
/// # Errors
/// When an edit is empty or lies outside the `words` of the transcript.
pub(super) fn splice(
    file: &str,
    map: &TextMap,
    words: usize,
    edits: &[Edit],
    call: &CallId,
    parts: &[Range<usize>],
) -> Result<Phi<Vec<String>>> {
    let masked = masked_links(map, &masked_words(map, words, edits)?);
    let mut cutter = Cutter { file, map, edits, masked, cuts: Vec::new() };
    for site in &map.sites {
        match site.form {
            Form::Emptied => cutter.replace(site, ""),
            Form::Moment(moment) => cutter.replace(site, moment.written()),
            Form::Blank => cutter.replace(site, " "),
            Form::Zeroed => cutter.replace(site, "0"),
            Form::Pseudonym => cutter.replace(site, call.as_str()),
            Form::Speaker(number) => cutter.replace(site, format!("Speaker {number}")),
            _ if !cutter.is_masked(site) => {}
            Form::JobName => cutter.replace(site, call.as_str()),
            Form::List | Form::Running | Form::Joined => cutter.mask(site),
        }
    }
    keys::tell_apart(file, &map.keys, &mut cutter.cuts);
    let numbers = offsets::recounted(file, &map.offsets, &cutter.cuts);
    Ok(Phi::new(parts.iter().map(|part| write(file, part, &cutter.cuts, &numbers)).collect()))
}

/// A stretch of the file and what the output has in its place.
pub(super) struct Cut<'a> {
    pub(super) raw: Range<usize>,
    pub(super) text: Cow<'a, str>,
}

/// A part of the file with the cuts made and the numbers written; both are sorted by place and disjoint.
fn write(file: &str, part: &Range<usize>, cuts: &[Cut], numbers: &[(Range<usize>, String)]) -> String {
    let within = |raw: &Range<usize>| part.start <= raw.start && raw.end <= part.end;
    let mut out = String::with_capacity(part.len() + 64);
    let numbers = numbers.iter().filter(|(raw, _)| within(raw));
    let mut numbers = numbers.map(|(raw, text)| (raw, text.as_str())).peekable();
    let mut at = part.start;
    let mut put = |raw: &Range<usize>, text: &str| {
        out.push_str(&file[at..raw.start]);
        out.push_str(text);
        at = raw.end;
    };
    for cut in cuts.iter().filter(|cut| within(&cut.raw)) {
        while let Some((raw, text)) = numbers.next_if(|(raw, _)| raw.start < cut.raw.start) {
            put(raw, text);
        }
        put(&cut.raw, &cut.text);
    }
    numbers.for_each(|(raw, text)| put(raw, text));
    out.push_str(&file[at..part.end]);
    out
}

/// The edit of each word, or [`KEPT`]. Alternate words follow the words that they stand in for.
fn masked_words(map: &TextMap, words: usize, edits: &[Edit]) -> Result<Vec<u32>> {
    let mut of_word = vec![KEPT; words];
    for (index, edit) in edits.iter().enumerate() {
        let range = edit.words.range();
        let outside =
            || Error::new(Stage::Mask, Kind::Internal, "an edit lies outside the transcript").at("edit", index as u64);
        let slots = of_word.get_mut(range).filter(|slots| !slots.is_empty()).ok_or_else(outside)?;
        slots.iter_mut().filter(|slot| **slot == KEPT).for_each(|slot| *slot = index as u32);
    }
    for stand_in in &map.stand_ins {
        let opposite = &map.opposite[stand_in.opposite.start as usize..stand_in.opposite.end as usize];
        let mut edit = opposite.iter().map(|&w| of_word[w as usize]).find(|&e| e != KEPT);
        if stand_in.inserted {
            // Between two words of one stretch: inside it. Beside a stretch: not part of it.
            edit = edit.filter(|_| opposite.iter().all(|&w| of_word[w as usize] != KEPT));
        }
        let Some(edit) = edit else { continue };
        let slots = &mut of_word[stand_in.words.range()];
        slots.iter_mut().filter(|slot| **slot == KEPT).for_each(|slot| *slot = edit);
    }
    Ok(of_word)
}

/// The edit of each link, or [`KEPT`].
fn masked_links(map: &TextMap, of_word: &[u32]) -> Vec<u32> {
    let mut masked: Vec<u32> = map.links.iter().map(|l| of_word[l.word as usize]).collect();
    for &(link, word) in &map.also {
        let slot = &mut masked[link as usize];
        if *slot == KEPT {
            *slot = of_word[word as usize];
        }
    }
    masked
}

struct Cutter<'a> {
    file: &'a str,
    map: &'a TextMap,
    edits: &'a [Edit],
    masked: Vec<u32>,
    /// Sorted by place, disjoint.
    cuts: Vec<Cut<'a>>,
}

impl<'a> Cutter<'a> {
    fn replace(&mut self, site: &Site, text: impl Into<Cow<'a, str>>) {
        self.cuts.push(Cut { raw: site.leaf.range(), text: text.into() });
    }

    fn is_masked(&self, site: &Site) -> bool {
        self.masked[links(site)].iter().any(|&edit| edit != KEPT)
    }

    fn mask(&mut self, site: &Site) {
        let mut links = links(site);
        if site.form == Form::Joined {
            self.end_word(site, links.next());
        }
        while let Some(first) = links.next() {
            let edit = self.masked[first];
            if edit == KEPT {
                continue;
            }
            let mut last = first;
            while let Some(next) = links.clone().next().filter(|&next| self.continues(site, last, next)) {
                last = next;
                links.next();
            }
            let mut raw = self.map.links[first].raw.0 as usize..self.map.links[last].raw.1 as usize;
            if site.form != Form::List {
                raw.end -= self.punctuation(site, last).len();
            }
            self.cuts.push(Cut { raw, text: self.edits[edit as usize].category.mask().into() });
        }
    }

    /// Takes out the rest of a word that began in the text before, if it is masked there.
    fn end_word(&mut self, site: &Site, link: Option<usize>) {
        let Some(link) = link.filter(|&link| self.masked[link] != KEPT) else { return };
        let raw = self.map.links[link].raw.0 as usize..self.map.links[link].raw.1 as usize;
        let end = raw.end - self.punctuation(site, link).len();
        self.cuts.push(Cut { raw: raw.start..end, text: "".into() });
    }

    /// Whether a masked token and the next one read one mark: they are of one stretch, or of two of one
    /// category with nothing but white space between.
    fn continues(&self, site: &Site, link: usize, next: usize) -> bool {
        let (a, b) = (self.masked[link], self.masked[next]);
        let category = |edit: u32| self.edits[edit as usize].category;
        b != KEPT && (a == b || (category(a) == category(b) && self.punctuation(site, link).is_empty()))
    }

    /// The punctuation that ends a token, as far as it is plain. None of these characters ends an escape of JSON;
    /// the semicolon ends those of markup.
    fn punctuation(&self, site: &Site, link: usize) -> &str {
        let (start, end) = self.map.links[link].raw;
        let token = &self.file[start as usize..end as usize];
        let semicolon = |c| c == ';' && site.leaf.escapes() != Escapes::Markup;
        let plain = |c| matches!(c, '.' | ',' | '?' | '!' | ':') || semicolon(c);
        &token[token.trim_end_matches(plain).len()..]
    }
}

fn links(site: &Site) -> Range<usize> {
    site.links.start as usize..site.links.end as usize
}
