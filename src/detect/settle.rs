//! From chances to stretches: which words are hidden, as what, made whole. A run of digits or letters
//! is hidden whole or not at all, and small words inside a date or a name go with it.

use super::spoken::{Piece, Spoken};
use super::tagger::{Marginals, category_of, label_of};
use super::token::Tokens;
use crate::model::{Category, Finding, Transcript};
use crate::patterns::lexicon::bit;

/// Below this chance of "may stay" a word is hidden. A leak costs more than a word hidden in vain.
const STAY_MIN: f32 = 0.6;
/// A run of which at least this share of words is hidden is hidden whole.
const RUN_SHARE: f32 = 0.34;
/// Digits (or letters and digits, at least four of them digits) from which a run that nothing explains is hidden.
const NET_DIGITS_MIN: u16 = 7;

/// Where a decision came from; the id of a finding's rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The sequence model.
    Tagger,
    /// The rest of a run or a date that the model found in part.
    Whole,
    /// A rule; its index among the rule findings.
    Rule(u32),
    /// A value found elsewhere in the call, or known before.
    Known,
    /// A long run that nothing explains.
    Net,
}

/// What is decided of one word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decision {
    /// What it is.
    pub category: Category,
    /// How sure, 0 to 1.
    pub score: f32,
    /// Where it came from.
    pub origin: Origin,
}

/// Decides every word from the model and the rules.
pub(crate) fn settle(
    transcript: &Transcript,
    tokens: &Tokens,
    spoken: &Spoken,
    marginals: &Marginals,
    ruled: &[Finding],
) -> Vec<Option<Decision>> {
    let mut out: Vec<Option<Decision>> = marginals.rows.iter().map(tagged).collect();
    for (r, finding) in ruled.iter().enumerate() {
        for cell in &mut out[finding.words.range()] {
            let rule = Decision { category: finding.category, score: finding.score, origin: Origin::Rule(r as u32) };
            match cell {
                Some(tag) if tag.score >= 0.5 => tag.score = tag.score.max(finding.score),
                _ => *cell = Some(rule),
            }
        }
    }
    for (i, cell) in out.iter_mut().enumerate() {
        if is_mask(tokens, i) {
            *cell = None;
        }
    }
    whole_runs(spoken, marginals, &mut out);
    clear_gaps(spoken, &mut out);
    connect(transcript, tokens, spoken, &mut out);
    whole_runs(spoken, marginals, &mut out);
    out
}

/// Whether the word is a mask that an earlier pass wrote, like `[NAME]`.
pub(crate) fn is_mask(tokens: &Tokens, word: usize) -> bool {
    tokens.list()[word].shape.mask
}

fn tagged(row: &[f32; crate::patterns::model::LABELS]) -> Option<Decision> {
    if row[0] >= STAY_MIN {
        return None;
    }
    let best = (1..row.len()).max_by(|a, b| row[*a].total_cmp(&row[*b]))?;
    Some(Decision { category: category_of(best)?, score: 1.0 - row[0], origin: Origin::Tagger })
}

/// Hides whole runs of which a part is hidden, under the category that most of it has.
fn whole_runs(spoken: &Spoken, marginals: &Marginals, out: &mut [Option<Decision>]) {
    for run in &spoken.runs {
        let counted = || {
            run.words
                .iter()
                .map(|w| *w as usize)
                .filter(|w| !matches!(spoken.of_word[*w].1, Piece::Symbol | Piece::Explain))
        };
        let all = counted().count();
        let hidden = counted().filter(|w| out[*w].is_some()).count();
        if hidden == 0 || (hidden as f32) < RUN_SHARE * all as f32 {
            continue;
        }
        // Votes by probability, so that a word the model is sure of outweighs one it guessed.
        let mut votes = [0.0_f32; crate::patterns::model::LABELS];
        for w in counted() {
            for (vote, p) in votes.iter_mut().zip(&marginals.rows[w]) {
                *vote += p;
            }
            if let Some(Decision { category, score, origin: Origin::Rule(_) }) = out[w] {
                votes[label_of(category)] += score;
            }
        }
        let split = run_is_split(out, &run.words);
        let best = (1..votes.len()).max_by(|a, b| votes[*a].total_cmp(&votes[*b])).and_then(category_of);
        for w in run.words.iter().map(|w| *w as usize) {
            match &mut out[w] {
                None => out[w] = best.map(|category| Decision { category, score: 0.5, origin: Origin::Whole }),
                Some(decision) if !split => decision.category = best.unwrap_or(decision.category),
                Some(_) => {}
            }
        }
    }
}

/// Shows the fillers between the pieces of a run, which are no part of the value.
fn clear_gaps(spoken: &Spoken, out: &mut [Option<Decision>]) {
    for (cell, (_, piece)) in out.iter_mut().zip(&spoken.of_word) {
        if *piece == Piece::Gap && cell.is_some_and(|d| d.category != Category::Name) {
            *cell = None;
        }
    }
}

/// Whether the model sees two values in one run, each at least two words long ("six twenty two fifty" "one four six oh").
fn run_is_split(out: &[Option<Decision>], words: &[u32]) -> bool {
    let categories: Vec<_> = words.iter().filter_map(|w| out[*w as usize].map(|d| d.category)).collect();
    let changes: Vec<usize> = (1..categories.len()).filter(|i| categories[*i] != categories[i - 1]).collect();
    matches!(changes.as_slice(), [at] if *at >= 2 && categories.len() - at >= 2)
}

/// Hides what belongs to a hidden neighbour: small words inside a date or a name, the day or year after a
/// hidden month, the number of a unit, the street word and the house number of an address.
fn connect(transcript: &Transcript, tokens: &Tokens, spoken: &Spoken, out: &mut [Option<Decision>]) {
    let list = tokens.list();
    let whole = |category| Some(Decision { category, score: 0.5, origin: Origin::Whole });
    for turn in transcript.turns() {
        let range = turn.words.range();
        for i in range.clone().skip(1) {
            if out[i].is_some() || is_mask(tokens, i) {
                continue;
            }
            let Some(before) = out[i - 1] else { continue };
            let word = tokens.word(i);
            let number = spoken.of_word[i].0 != 0 || list[i].is(bit::ORDINAL);
            let after = out.get(i + 1).copied().flatten().filter(|_| i + 1 < range.end);
            let next_number = i + 1 < range.end && (spoken.of_word[i + 1].0 != 0 || list[i + 1].is(bit::ORDINAL));
            let same = after.is_some_and(|a| a.category == before.category);
            let date = matches!(before.category, Category::Dob | Category::Date | Category::Card);
            let joins = match before.category {
                _ if matches!(word, "dash" | "hyphen" | "dot" | "underscore" | "slash" | "at") => same,
                Category::Dob | Category::Date | Category::Card if list[i - 1].is(bit::MONTH) => {
                    (number && spoken.run_of(i).is_none_or(|r| r.digits <= 8))
                        || (matches!(word, "the" | "of") && next_number)
                }
                _ if date && matches!(word, "the" | "of" | "and") => {
                    (same && near_month(tokens, i))
                        || list[i - 1].is(bit::ORDINAL)
                            && list.get(i + 1).is_some_and(|n| n.is(bit::MONTH) && after.is_some())
                }
                _ if date && matches!(tokens.word(i - 1), "the" | "of") => number,
                Category::Name => list[i].is(bit::PARTICLE) && after.is_some_and(|a| a.category == Category::Name),
                Category::Address => {
                    (list[i].is(bit::STREET) && !list[i].is(bit::PLACEWORD))
                        || (list[i].is(bit::UNIT) && next_number && !matches!(word, "floor" | "room"))
                        || (list[i - 1].is(bit::UNIT) && (number || word == "number"))
                        || (tokens.word(i - 1) == "number" && number)
                }
                _ => false,
            };
            if joins {
                out[i] = whole(before.category);
            }
        }
        for i in range.clone().rev().skip(1) {
            let Some(after) = out[i + 1].filter(|a| a.category == Category::Address) else { continue };
            let house = spoken.run_of(i).is_some_and(|r| r.letters == 0 && r.digits <= 6);
            if out[i].is_none() && !is_mask(tokens, i) && (house || list[i].is(bit::DIRECTION)) {
                out[i] = whole(after.category);
            }
        }
    }
}

fn near_month(tokens: &Tokens, i: usize) -> bool {
    [i - 1, i + 1].iter().any(|j| tokens.list()[*j].is(bit::MONTH)) || tokens.list()[i - 1].is(bit::ORDINAL)
}

/// Hides what nothing explains: runs with many digits that are neither hidden nor counted up.
pub(crate) fn net(spoken: &Spoken, tokens: &Tokens, out: &mut [Option<Decision>]) {
    for run in &spoken.runs {
        let free = run.words.iter().all(|w| out[*w as usize].is_none());
        if !free || run.digits < NET_DIGITS_MIN || counts_up(&run.text) || priced(tokens, run.words.last()) {
            continue;
        }
        for w in &run.words {
            out[*w as usize] = Some(Decision { category: Category::Other, score: 0.3, origin: Origin::Net });
        }
    }
}

/// "one two three four": somebody tests the line.
fn counts_up(text: &str) -> bool {
    let digits: Vec<i16> = text.bytes().filter(u8::is_ascii_digit).map(i16::from).collect();
    let steps = |by: i16| digits.windows(2).filter(|w| w[1] - w[0] == by).count() * 4 >= digits.len() * 3;
    steps(1) || steps(-1)
}

fn priced(tokens: &Tokens, last: Option<&u32>) -> bool {
    last.and_then(|w| tokens.list().get(*w as usize + 1)).is_some_and(|t| t.is(bit::MONEY))
}
