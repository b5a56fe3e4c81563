//! A linear-chain conditional random field over the words of a call: for every word the chance of each
//! label. Deterministic; its weights are part of the pattern set.

use super::feature::{Scene, features};
use super::settle::{Decision, is_mask};
use crate::model::Category;
use crate::patterns::model::{LABELS, Model};

/// Chances of the labels of every word; label 0 is "may stay".
pub(crate) struct Marginals {
    /// Row per word.
    pub rows: Vec<[f32; LABELS]>,
}

impl Marginals {
    /// Chance that at least one word was left that must be hidden, from the words that were left.
    pub fn risk(&self, decisions: &[Option<Decision>]) -> f32 {
        let stay: f32 =
            self.rows.iter().zip(decisions).filter(|(_, d)| d.is_none()).map(|(row, _)| row[0].max(1e-6).ln()).sum();
        1.0 - stay.exp()
    }
}

/// The category of a label; `None` for label 0.
pub(crate) fn category_of(label: usize) -> Option<Category> {
    label.checked_sub(1).and_then(|i| Category::ALL.get(i)).copied()
}

/// The label of a category.
pub(crate) const fn label_of(category: Category) -> usize {
    category as usize + 1
}

/// The chances of every label for every word of a scene.
pub(crate) fn tag(scene: &Scene<'_>, model: &Model) -> Marginals {
    let mut scores = vec![[0.0; LABELS]; scene.tokens.list().len()];
    features(scene, |i, list| {
        let mut sums = [0; LABELS];
        for feature in list {
            model.add(*feature, &mut sums);
        }
        scores[i] = sums.map(|s| s as f32 * model.scale());
        if is_mask(scene.tokens, i) {
            scores[i][1..].fill(f32::MIN / 2.0);
        }
    });
    marginals(&scores, model)
}

/// Forward-backward over the scores of all words (`scores[i][y]`, natural logarithms).
pub(crate) fn marginals(scores: &[[f32; LABELS]], model: &Model) -> Marginals {
    let n = scores.len();
    let step = model.transitions_exp();
    let mut rows = vec![[0.0_f32; LABELS]; n];
    let mut potentials = Vec::with_capacity(n);
    for row in scores {
        let max = row.iter().copied().fold(f32::MIN, f32::max);
        potentials.push(row.map(|s| (s - max).exp()));
    }
    let mut alpha = [1.0_f32; LABELS];
    for i in 0..n {
        let mut next = [0.0_f32; LABELS];
        if i == 0 {
            next = potentials[0];
        } else {
            for (from, a) in alpha.iter().enumerate() {
                for (to, cell) in next.iter_mut().enumerate() {
                    *cell += a * step[from][to];
                }
            }
            for (cell, p) in next.iter_mut().zip(&potentials[i]) {
                *cell *= p;
            }
        }
        normalise(&mut next);
        rows[i] = next;
        alpha = next;
    }
    let mut beta = [1.0_f32; LABELS];
    for i in (0..n).rev() {
        for (cell, b) in rows[i].iter_mut().zip(&beta) {
            *cell *= b;
        }
        normalise(&mut rows[i]);
        let mut next = [0.0_f32; LABELS];
        for (to, (b, p)) in beta.iter().zip(&potentials[i]).enumerate() {
            let v = b * p;
            for (from, cell) in next.iter_mut().enumerate() {
                *cell += step[from][to] * v;
            }
        }
        normalise(&mut next);
        beta = next;
    }
    Marginals { rows }
}

fn normalise(row: &mut [f32; LABELS]) {
    let sum: f32 = row.iter().sum();
    let scale = 1.0 / sum.max(f32::MIN_POSITIVE);
    for cell in row {
        *cell *= scale;
    }
}
