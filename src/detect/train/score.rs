//! Recall and precision by word, as the corpus scorer counts them.

use super::LabelledCall;
use crate::model::Category;
use std::collections::BTreeMap;

/// Counts over calls.
#[derive(Clone, Default, Debug)]
pub struct Tally {
    /// Per category: words that must be hidden, and those that are.
    pub words: BTreeMap<Category, (u32, u32)>,
    /// Hidden words whose category is right.
    pub right: u32,
    /// Hidden words under a wrong category: (what it is, what it was called).
    pub wrong: BTreeMap<(Category, Category), u32>,
    /// Words that may stay, and those hidden in vain.
    pub plain: (u32, u32),
    /// Calls, and those without a leaked word.
    pub calls: (u32, u32),
}

impl Tally {
    /// Share of words to hide that are hidden.
    #[must_use]
    pub fn recall(&self) -> f64 {
        let (all, hidden) = self.words.values().fold((0, 0), |s, w| (s.0 + w.0, s.1 + w.1));
        f64::from(hidden) / f64::from(all.max(1))
    }

    /// Share of hidden words that had to be.
    #[must_use]
    pub fn precision(&self) -> f64 {
        let hidden: u32 = self.words.values().map(|w| w.1).sum();
        f64::from(hidden) / f64::from((hidden + self.plain.1).max(1))
    }
}

/// Adds one call to the tally; `hidden` has a category for every hidden word.
pub fn score(call: &LabelledCall, hidden: &[Option<Category>], tally: &mut Tally) {
    let mut leaked = false;
    for (word, is) in call.words().zip(hidden) {
        match word.label {
            None => {}
            Some(None) => {
                tally.plain.0 += 1;
                tally.plain.1 += u32::from(is.is_some());
            }
            Some(Some(category)) => {
                let entry = tally.words.entry(category).or_default();
                entry.0 += 1;
                entry.1 += u32::from(is.is_some());
                match is {
                    Some(called) if *called != category => *tally.wrong.entry((category, *called)).or_default() += 1,
                    Some(_) => tally.right += 1,
                    None => {}
                }
                leaked |= is.is_none();
            }
        }
    }
    tally.calls.0 += 1;
    tally.calls.1 += u32::from(!leaked);
}
