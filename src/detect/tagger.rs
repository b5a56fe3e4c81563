//! A linear-chain conditional random field over the words of a call: for every word the chance of each
//! label. Deterministic; its weights are part of the pattern set.

use super::chain::{STAYS, chances};
use super::gather::{Looked, Scene, sums};
use crate::model::Category;
use crate::patterns::model::Model;
use crate::patterns::steps::Row;

/// Chances of the labels of every word; label 0 is "may stay".
pub(crate) struct Marginals {
    /// Per word, the place of its row; 0 for a word that the gate did not let pass.
    row_of: Vec<u32>,
    rows: Vec<Row>,
}

impl Marginals {
    /// The chances of a word.
    pub fn of(&self, word: usize) -> &Row {
        &self.rows[self.row_of[word] as usize]
    }

    /// Words that the model looked at.
    pub fn looked_at(&self) -> usize {
        self.rows.len() - 1
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
    let Looked { row_of, sums } = sums(scene, model);
    let words = row_of.iter().map(|row| row.checked_sub(1).map(|at| &sums[at as usize]));
    let mut rows = vec![STAYS];
    chances(words, model.steps(), &mut rows);
    Marginals { row_of, rows }
}
