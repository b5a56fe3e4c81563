//! What was said where another reading has words of its own, so that both are hidden or neither.

use super::link::TextMap;
use crate::base::WordSpan;
use crate::model::Turn;

/// The words that stand opposite words of `spans`, as stretches within one turn, and the index of the span whose they
/// are. Words of `spans` themselves are left out.
///
/// Readings of equal length are compared word by word; of others all words stand opposite each.
pub(super) fn opposite(map: &TextMap, turns: &[Turn], words: usize, spans: &[WordSpan]) -> Vec<(WordSpan, usize)> {
    if map.stand_ins.is_empty() {
        return Vec::new();
    }
    let mut of_word: Vec<Option<usize>> = vec![None; words];
    for (index, span) in spans.iter().enumerate() {
        of_word.get_mut(span.range()).into_iter().flatten().for_each(|slot| *slot = Some(index));
    }
    let given = of_word.clone();
    // A reading can stand in for words of an earlier one, never of a later one.
    for stand_in in map.stand_ins.iter().rev().filter(|s| !s.inserted) {
        let opposite = &map.opposite[stand_in.opposite.start as usize..stand_in.opposite.end as usize];
        let word_by_word = opposite.len() == stand_in.words.range().len();
        for (at, word) in stand_in.words.range().enumerate() {
            let Some(index) = of_word[word] else { continue };
            let opposite = if word_by_word { &opposite[at..=at] } else { opposite };
            for &word in opposite {
                of_word[word as usize].get_or_insert(index);
            }
        }
    }
    let mut found: Vec<(WordSpan, usize)> = Vec::new();
    for turn in turns {
        for word in turn.words.start..turn.words.end {
            let (Some(index), None) = (of_word[word as usize], given[word as usize]) else { continue };
            match found.last_mut() {
                Some((span, of)) if *of == index && span.end == word && word > turn.words.start => span.end = word + 1,
                _ => found.push((WordSpan::new(word, word + 1), index)),
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::link::StandIn;
    use super::*;
    use crate::model::{Speaker, TurnKind};

    /// Two turns of four words, said; then a turn of two words, and one of one word read instead of that.
    fn check(opposite_of_first: &[u32], inserted: bool, spans: &[(u32, u32)], want: &[(u32, u32, usize)]) {
        let turns = [(0, 4), (4, 8), (8, 10), (10, 11)].map(|(start, end)| {
            let kind = if start < 8 { TurnKind::Spoken } else { TurnKind::Alternate { of: None } };
            Turn { kind, speaker: Speaker::Unknown, channel: None, words: WordSpan::new(start, end) }
        });
        let mut map = TextMap { opposite: opposite_of_first.to_vec(), ..TextMap::default() };
        let end = map.opposite.len() as u32;
        map.opposite.extend([8, 9]);
        map.stand_ins.push(StandIn { words: WordSpan::new(8, 10), opposite: 0..end, inserted });
        map.stand_ins.push(StandIn { words: WordSpan::new(10, 11), opposite: end..end + 2, inserted: false });
        let spans: Vec<_> = spans.iter().map(|&(a, b)| WordSpan::new(a, b)).collect();
        let got: Vec<_> = opposite(&map, &turns, 11, &spans).iter().map(|(w, of)| (w.start, w.end, *of)).collect();
        assert_eq!(got, want);
    }

    #[test]
    fn readings_of_one_length_stand_opposite_word_by_word() {
        check(&[1, 2], false, &[(0, 1), (9, 10)], &[(2, 3, 1)]);
        check(&[1, 2], false, &[(8, 10)], &[(1, 3, 0)]);
    }

    #[test]
    fn of_other_lengths_all_words_stand_opposite_each_but_no_stretch_crosses_a_turn() {
        check(&[2, 3, 4], false, &[(8, 9)], &[(2, 4, 0), (4, 5, 0)]);
        check(&[2, 3, 4], false, &[(8, 9), (3, 4)], &[(2, 3, 0), (4, 5, 0)]);
    }

    #[test]
    fn a_reading_of_a_reading_leads_to_what_was_said() {
        check(&[1, 2], false, &[(10, 11)], &[(1, 3, 0), (8, 10, 0)]);
    }

    #[test]
    fn the_neighbours_of_a_word_that_only_one_reading_has_stay() {
        check(&[1, 2], true, &[(8, 10)], &[]);
        check(&[1, 2], false, &[(1, 3)], &[]);
    }
}
