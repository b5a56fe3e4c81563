//! Counts characters again: where in a masked text lies what an offset said of the text before.

use super::link::{Edge, Offset};
use super::mask::Cut;
use super::source::characters;
use std::ops::Range;

/// The numbers that changed, sorted by place. A number past the end of its text comes to be the text's length.
pub(super) fn recounted(file: &str, offsets: &[Offset], cuts: &[Cut]) -> Vec<(Range<usize>, String)> {
    let value = |o: &Offset| file[o.number.range()].parse::<usize>().unwrap_or(usize::MAX);
    let mut by_text: Vec<&Offset> = offsets.iter().collect();
    by_text.sort_by_key(|o| (o.text.start, value(o)));
    let mut numbers = Vec::new();
    for group in by_text.chunk_by(|a, b| a.text.start == b.text.start) {
        let text = group[0].text;
        let from = cuts.partition_point(|cut| cut.raw.end <= text.range().start);
        let to = cuts.partition_point(|cut| cut.raw.start < text.range().end);
        if from < to {
            let mut recount = Recount::new(characters(file, text), &cuts[from..to]);
            numbers.extend(group.iter().map(|o| (o.number.range(), recount.at(value(o), o.edge).to_string())));
        }
    }
    numbers.sort_by_key(|(raw, _)| raw.start);
    numbers
}

/// One pass over a text and its cuts.
struct Recount<'a, I> {
    /// Where each character stands in the file.
    characters: I,
    /// The cuts that have not ended.
    cuts: &'a [Cut<'a>],
    /// Characters of the text so far.
    seen: usize,
    /// Characters of the output so far, with the mark of a cut that has begun.
    written: usize,
    /// The mark among them, while its cut has not ended.
    mark: usize,
}

impl<'a, I: Iterator<Item = Range<usize>>> Recount<'a, I> {
    const fn new(characters: I, cuts: &'a [Cut<'a>]) -> Self {
        Self { characters, cuts, seen: 0, written: 0, mark: 0 }
    }

    /// What an offset, none less than the one before, comes to be.
    fn at(&mut self, offset: usize, edge: Edge) -> usize {
        while self.seen < offset {
            let Some(character) = self.characters.next() else { break };
            self.seen += 1;
            self.pass(&character);
        }
        match edge {
            Edge::First => self.written - self.mark,
            Edge::Last => self.written,
        }
    }

    fn pass(&mut self, character: &Range<usize>) {
        let Some(cut) = self.cuts.first().filter(|cut| cut.raw.start <= character.start) else {
            self.written += 1;
            return;
        };
        if cut.raw.start == character.start {
            self.mark = cut.text.chars().count();
            self.written += self.mark;
        }
        if cut.raw.end <= character.end {
            self.cuts = &self.cuts[1..];
            self.mark = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::Leaf;
    use super::*;

    /// The part of `before` between the bars, and the same part of what masking made of it.
    fn check(before: &str, masked: &[(&str, &'static str)], after: &str) {
        let parts: Vec<&str> = before.split('|').collect();
        let file = parts.concat() + &format!("\n{} {}", count(parts[0]), count(parts[0]) + count(parts[1]));
        let text = Leaf::new(0, parts.concat().len(), before.contains('\\'));
        let (first, last) = file[text.range().end + 1..].split_once(' ').expect("there are two");
        let number = |at: usize, text: &str| Leaf::plain(at, at + text.len());
        let first_at = text.range().end + 1;
        let offsets = [
            Offset { number: number(first_at, first), text, edge: Edge::First },
            Offset { number: number(first_at + first.len() + 1, last), text, edge: Edge::Last },
        ];
        let cut = |&(word, mark): &(&str, &'static str)| {
            let at = file.find(word).expect("it is there");
            Cut { raw: at..at + word.len(), text: mark.into() }
        };
        let cuts: Vec<Cut> = masked.iter().map(cut).collect();
        let said: Vec<usize> =
            recounted(&file, &offsets, &cuts).iter().map(|(_, n)| n.parse().expect("a number")).collect();
        let want: Vec<&str> = after.split('|').collect();
        assert_eq!(said, [count(want[0]), count(want[0]) + count(want[1])]);
    }

    /// Characters, of which an escape is one.
    fn count(text: &str) -> usize {
        characters(text, Leaf::new(0, text.len(), text.contains('\\'))).count()
    }

    #[test]
    fn a_part_stays_the_part_that_it_was() {
        check("i am |john smith|, yes", &[("john smith", "[NAME]")], "i am |[NAME]|, yes");
        check("john smith |is| here", &[("john smith", "[NAME]")], "[NAME] |is| here");
        check("|josé| is at 12", &[("12", "[ADDRESS]")], "|josé| is at [ADDRESS]");
        check(r"a\u00e9 \n|call \u00e9|x", &[(r"a\u00e9", "[NAME]")], r"[NAME] \n|call \u00e9|x");
    }

    #[test]
    fn a_part_that_is_masked_in_part_takes_the_mark_in() {
        check("i am john |smith of| york", &[("john smith", "[NAME]")], "i am |[NAME] of| york");
        check("i |am john| smith", &[("john smith", "[NAME]")], "i |am [NAME]|");
    }

    #[test]
    fn a_part_past_the_end_ends_with_the_text() {
        let cuts = [Cut { raw: 0..4, text: "[NAME]".into() }];
        let text = Leaf::plain(0, 7);
        let offset = Offset { number: Leaf::plain(8, 11), text, edge: Edge::Last };
        assert!(recounted("john is 999", &[offset], &cuts) == [(8..11, "9".to_owned())]);
    }
}
