//! A linear-chain conditional random field over the words of a call: for every word the chance of each
//! label. Deterministic; its weights are part of the pattern set.

use super::chain::chances;
use super::gather::{Scene, sums};
use super::settle::is_mask;
use crate::model::Category;
use crate::patterns::model::Model;
use crate::patterns::steps::Row;

/// Chances of the labels of every word; label 0 is "may stay".
pub(crate) struct Marginals {
    /// Row per word.
    pub rows: Vec<Row>,
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
    let sums = sums(scene, model);
    Marginals { rows: chances(&sums, |i| is_mask(scene.tokens, i), model.steps()) }
}
