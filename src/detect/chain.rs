//! A linear chain over the words of a call: from scores of labels to their chances, by forward and backward sums.
//!
//! Most words are plain: they score so much lower as anything else than as "may stay" that no neighbour can make up for
//! it. Those are settled beforehand, and the chain is computed only over the stretches between them.

use crate::patterns::model::{LABELS, Sums};
use crate::patterns::steps::{Row, Steps};

/// The row of a plain word.
const PLAIN: Row = {
    let mut row = [0.0; LABELS];
    row[0] = 1.0;
    row
};
/// The chances of every word's labels. Words for which `must_stay` holds may stay whatever they score.
pub(super) fn chances(sums: &[Sums], must_stay: impl Fn(usize) -> bool, steps: &Steps) -> Vec<Row> {
    let mut rows = vec![PLAIN; sums.len()];
    let mut stretch = Vec::new();
    let mut at = 0;
    while at < sums.len() {
        if steps.is_plain(&sums[at]) || must_stay(at) {
            at += 1;
            continue;
        }
        let plain = |i: &usize| steps.is_plain(&sums[*i]) || must_stay(*i);
        let end = (at..sums.len()).find(plain).unwrap_or(sums.len());
        stretch.clear();
        stretch.extend(sums[at..end].iter().map(|s| steps.factors(s)));
        between(&stretch, (at > 0, end < sums.len()), steps, &mut rows[at..end]);
        at = end;
    }
    rows
}

/// Forward and backward sums over a stretch of words that stands between plain words, or begins or ends the call.
fn between(factors: &[Row], (after, before): (bool, bool), steps: &Steps, rows: &mut [Row]) {
    let mut alpha = if after { PLAIN } else { [1.0; LABELS] };
    for (i, (row, factor)) in rows.iter_mut().zip(factors).enumerate() {
        let mut next = if i == 0 && !after { alpha } else { sum_of(steps.from(), &alpha) };
        scale(&mut next, factor);
        normalise(&mut next);
        *row = next;
        alpha = next;
    }
    let mut beta = if before { steps.to()[0] } else { [1.0; LABELS] };
    for (row, factor) in rows.iter_mut().zip(factors).rev() {
        scale(row, &beta);
        normalise(row);
        scale(&mut beta, factor);
        beta = sum_of(steps.to(), &beta);
        normalise(&mut beta);
    }
}

/// The rows of a matrix, each times its factor, added up.
fn sum_of(matrix: &[Row; LABELS], factors: &Row) -> Row {
    let mut out = [0.0; LABELS];
    for (row, factor) in matrix.iter().zip(factors).filter(|(_, factor)| **factor != 0.0) {
        for (sum, cell) in out.iter_mut().zip(row) {
            *sum += factor * cell;
        }
    }
    out
}

fn scale(row: &mut Row, by: &Row) {
    for (cell, factor) in row.iter_mut().zip(by) {
        *cell *= factor;
    }
}

fn normalise(row: &mut Row) {
    let sum: f32 = row.iter().sum();
    scale(row, &[1.0 / sum.max(f32::MIN_POSITIVE); LABELS]);
}
