//! The weights of the residual risk, read from `patterns/model/risk.toml`: one logistic regression over what is seen of
//! a word that is left in sight, one over what is seen of a call. `detect/risk.rs` says what each sign means.

use crate::base::{Error, Kind, Result, Stage};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Signs of a word that is left in sight.
pub const WORD_SIGNS: [&str; 17] = [
    "doubt", "before-1", "before-2", "after-1", "after-2", "across", "filler", "rare", "number", "class", "title",
    "capital", "last", "cue", "money", "short", "asked",
];
/// Signs of a call.
pub const CALL_SIGNS: [&str; 4] = ["expected", "hidden", "cuts", "words"];

/// One number for each of [`WORD_SIGNS`].
pub type WordSigns = [f32; WORD_SIGNS.len()];
/// One number for each of [`CALL_SIGNS`].
pub type CallSigns = [f32; CALL_SIGNS.len()];

/// A logistic regression over `N` signs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Logistic<const N: usize> {
    /// The logarithm of the odds when all signs are 0.
    pub bias: f32,
    /// What each sign adds to it, per unit.
    pub weights: [f32; N],
}

impl<const N: usize> Logistic<N> {
    /// The chance, 0 to 1, of what has these signs.
    #[must_use]
    pub fn chance(&self, signs: &[f32; N]) -> f32 {
        let odds = self.bias + signs.iter().zip(&self.weights).map(|(sign, weight)| sign * weight).sum::<f32>();
        1.0 / (1.0 + (-odds).exp())
    }

    fn named(&self, names: &[&str; N]) -> Named {
        let weights = names.iter().zip(self.weights).map(|(name, weight)| ((*name).to_owned(), weight)).collect();
        Named { bias: self.bias, weights }
    }

    fn of(named: &Named, names: &[&str; N]) -> Option<Self> {
        let mut weights = [0.0; N];
        for (weight, name) in weights.iter_mut().zip(names) {
            *weight = *named.weights.get(*name)?;
        }
        let finite = named.bias.is_finite() && weights.iter().all(|w| w.is_finite());
        (finite && named.weights.len() == N).then_some(Self { bias: named.bias, weights })
    }
}

/// Both regressions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RiskModel {
    /// The chance that a word which is left must be hidden.
    pub word: Logistic<{ WORD_SIGNS.len() }>,
    /// The chance that a call has such a word.
    pub call: Logistic<{ CALL_SIGNS.len() }>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    word: Named,
    call: Named,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    bias: f32,
    weights: BTreeMap<String, f32>,
}

impl RiskModel {
    /// Reads a weight file.
    ///
    /// # Errors
    /// When it is no such file, or has other signs.
    pub fn read(toml: &str) -> Result<Self> {
        let broken = |what| Error::new(Stage::Patterns, Kind::Usage, what);
        let file: File = toml::from_str(toml).map_err(|e| broken("risk file is not valid").hint(e.to_string()))?;
        let word = Logistic::of(&file.word, &WORD_SIGNS);
        let call = Logistic::of(&file.call, &CALL_SIGNS);
        let both = word.zip(call).map(|(word, call)| Self { word, call });
        both.ok_or_else(|| broken("risk file has other signs, or a weight that is no number"))
    }

    /// The weight file of these weights.
    #[must_use]
    pub fn write(&self) -> String {
        let file = File { word: self.word.named(&WORD_SIGNS), call: self.call.named(&CALL_SIGNS) };
        toml::to_string(&file).expect("names and numbers are TOML")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> RiskModel {
        let mut word = Logistic { bias: -3.0, weights: [0.5; WORD_SIGNS.len()] };
        word.weights[1] = -1.25;
        RiskModel { word, call: Logistic { bias: 0.0, weights: [1.0; CALL_SIGNS.len()] } }
    }

    #[test]
    fn weights_are_read_back_as_written() {
        assert_eq!(RiskModel::read(&model().write()).unwrap(), model());
    }

    #[test]
    fn a_file_with_other_signs_or_no_numbers_is_refused() {
        let text = model().write();
        for wrong in [text.replace("title", "titel"), text.replace("-1.25", "nan"), text.replace("[call]", "[calls]")] {
            assert!(wrong != text && RiskModel::read(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn signs_become_a_chance_whatever_their_size() {
        assert!((model().call.chance(&[0.0; 4]) - 0.5).abs() < 1e-6);
        for value in [-1e30, 1e30, f32::MAX] {
            assert!((0.0..=1.0).contains(&model().call.chance(&[value; 4])));
        }
    }
}
