//! A linear chain over the words of a call: from scores of labels to their chances, by forward and backward sums.
//!
//! Most words are plain: they score so much less as anything else than as "may stay" that no neighbour can make up for
//! it. What stands before a plain word says nothing of what stands after it, so the chain is computed only over the
//! stretches between plain words; and there only over the labels that have a chance.

use crate::patterns::steps::{Row, Steps, bits};
use crate::patterns::weights::{LABELS, Sums};

/// The row of a word that must stay.
pub(super) const STAYS: Row = {
    let mut row = [0.0; LABELS];
    row[0] = 1.0;
    row
};

/// Factors of a word's labels, and a bit for each label that has a chance.
type Factors = (Row, u32);

/// Appends the chances of the labels of every word that has sums. A word without may stay, whatever its neighbours say.
pub(super) fn chances<'s>(words: impl Iterator<Item = Option<&'s Sums>>, steps: &Steps, rows: &mut Vec<Row>) {
    let mut stretch: Vec<Factors> = Vec::new();
    let mut begins = true;
    for word in words {
        if let Some(sums) = word.filter(|sums| !steps.is_plain(sums)) {
            stretch.push(steps.factors(sums));
            continue;
        }
        if !stretch.is_empty() {
            between(&stretch, (begins, false), steps, rows);
            stretch.clear();
        }
        begins = false;
        rows.extend(word.map(|sums| steps.plain_row(sums)));
    }
    between(&stretch, (begins, true), steps, rows);
}

/// Appends the rows of a stretch of words that stands between plain words, or that begins or ends the call.
fn between(stretch: &[Factors], (begins, ends): (bool, bool), steps: &Steps, rows: &mut Vec<Row>) {
    let first = rows.len();
    let mut alpha = if begins { [1.0; LABELS] } else { steps.from()[0] };
    for (factors, live) in stretch {
        scale(&mut alpha, factors);
        normalise(&mut alpha);
        rows.push(alpha);
        alpha = sum_of(steps.from(), &alpha, *live);
    }
    let mut beta = if ends { [1.0; LABELS] } else { steps.to()[0] };
    for (row, (factors, live)) in rows[first..].iter_mut().zip(stretch).rev() {
        scale(row, &beta);
        normalise(row);
        scale(&mut beta, factors);
        normalise(&mut beta);
        beta = sum_of(steps.to(), &beta, *live);
    }
}

/// The rows of a matrix that have a bit, each times its factor, added up.
fn sum_of(matrix: &[Row; LABELS], factors: &Row, live: u32) -> Row {
    let mut sums = [0.0; LABELS];
    for y in bits(live) {
        sums.iter_mut().zip(&matrix[y]).for_each(|(sum, step)| *sum += factors[y] * step);
    }
    sums
}

fn scale(row: &mut Row, by: &Row) {
    row.iter_mut().zip(by).for_each(|(chance, factor)| *chance *= factor);
}

fn normalise(row: &mut Row) {
    let scale = 1.0 / row.iter().sum::<f32>().max(f32::MIN_POSITIVE);
    row.iter_mut().for_each(|chance| *chance *= scale);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patterns::PatternSet;
    use crate::patterns::hash::mix;

    /// Forward and backward sums over all labels of all words.
    fn whole(sums: &[Sums], steps: &Steps, scale: f64) -> Vec<[f64; LABELS]> {
        let factor = |s: &Sums| s.map(|s| (f64::from(s) * scale).exp());
        let step = steps.from().map(|row| row.map(f64::from));
        let normal = |row: [f64; LABELS]| row.map(|p| p / row.iter().sum::<f64>());
        let mut forward = vec![normal(factor(&sums[0]))];
        for s in &sums[1..] {
            let (before, f) = (forward[forward.len() - 1], factor(s));
            forward
                .push(normal(std::array::from_fn(|y| f[y] * (0..LABELS).map(|x| before[x] * step[x][y]).sum::<f64>())));
        }
        let mut after = [1.0; LABELS];
        for (row, s) in forward.iter_mut().zip(sums).rev() {
            *row = normal(std::array::from_fn(|y| row[y] * after[y]));
            let f = factor(s);
            after = normal(std::array::from_fn(|x| (0..LABELS).map(|y| step[x][y] * f[y] * after[y]).sum()));
        }
        forward
    }

    #[test]
    fn what_is_left_out_changes_no_chance_by_more_than_it_may() {
        let patterns = PatternSet::builtin().unwrap();
        let steps = patterns.model().steps();
        // One unit of a sum, read off the factor of a label that is one unit below the best.
        let scale = -f64::from(steps.factors(&std::array::from_fn(|y| -i16::from(y > 0))).0[1].ln());
        let mut seed = 0;
        let mut roll = |sides: u64| {
            seed += 1;
            (mix(seed) >> 20) % sides
        };
        let sums: Vec<Sums> = (0..3000)
            .map(|_| {
                let plain = [0, 200, 500, 900][roll(4) as usize];
                std::array::from_fn(|y| roll(600) as i16 - 300 + if y == 0 { plain } else { 0 })
            })
            .collect();
        let mut rows = Vec::new();
        chances(sums.iter().map(Some), steps, &mut rows);
        for (i, (row, want)) in rows.iter().zip(whole(&sums, steps, scale)).enumerate() {
            for (y, (got, want)) in row.iter().zip(want).enumerate() {
                assert!((f64::from(*got) - want).abs() < 2e-3, "word {i} label {y}: {got} for {want}");
            }
        }
        assert!(sums.iter().any(|s| steps.is_plain(s)) && !sums.iter().all(|s| steps.is_plain(s)));
    }

    #[test]
    fn a_word_without_sums_stays_and_has_no_row() {
        let patterns = PatternSet::builtin().unwrap();
        let sums = std::array::from_fn(|y| if y == 0 { -3000 } else { 0 });
        let mut rows = Vec::new();
        chances([Some(&sums), None, Some(&sums)].into_iter(), patterns.model().steps(), &mut rows);
        assert!(rows.len() == 2 && rows.iter().all(|row| row[0] < 0.01));
    }
}
