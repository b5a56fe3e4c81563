//! Fits the weights of the residual risk, and measures how well it ranks calls and how true its chances are.

use super::LabelledCall;
use crate::detect::look;
use crate::detect::risk::{call_signs, expected_sign, words_left};
use crate::patterns::PatternSet;
use crate::patterns::risk::{CallSigns, Logistic, RiskModel, WordSigns};

/// Pulls weights towards zero: signs overlap, and what leaks is rare.
const RIDGE: f64 = 3.0;
/// Newton's steps; the fit is settled long before.
const STEPS: usize = 25;
/// Longest step in any weight, so that the first ones do not overshoot.
const STEP_MAX: f64 = 2.0;

/// A call as the fit sees it.
#[derive(Clone, Debug)]
pub struct Case {
    /// The words that are left and looked at, each with whether it leaks; `None` where it may be hidden or not.
    words: Vec<(WordSigns, Option<bool>)>,
    /// Signs of the call, of which the first is filled in by the weights of words.
    call: CallSigns,
    /// Whether a word is in sight that must be hidden.
    pub leaks: bool,
    /// Cased and punctuated, with digits; else raw.
    pub formatted: bool,
}

impl Case {
    /// Detects in a labelled call and looks at what is left.
    #[must_use]
    pub fn of(patterns: &PatternSet, call: &LabelledCall) -> Self {
        let labels: Vec<_> = call.words().map(|w| w.label).collect();
        let (mut words, mut signs, mut leaks) = (Vec::new(), CallSigns::default(), false);
        look(patterns, &call.transcript(), &[], |seen, _| {
            words_left(seen, |w, signs| words.push((*signs, labels[w].map(|label| label.is_some()))));
            signs = call_signs(seen, 0.0);
            leaks = labels.iter().zip(seen.decisions).any(|(l, d)| matches!(l, Some(Some(_))) && d.is_none());
        });
        Self { words, call: signs, leaks, formatted: call.formatted }
    }

    /// The residual risk by these weights.
    #[must_use]
    pub fn risk(&self, model: &RiskModel) -> f32 {
        model.call.chance(&self.signs(|signs| model.word.chance(signs)))
    }

    fn signs(&self, chance: impl Fn(&WordSigns) -> f32) -> CallSigns {
        let mut signs = self.call;
        signs[0] = expected_sign(self.words.iter().map(|(signs, _)| chance(signs)).sum());
        signs
    }
}

/// Fits the weights: those of words first, then, with what they expect, those of calls.
#[must_use]
pub fn fit(cases: &[Case]) -> RiskModel {
    let words = cases.iter().flat_map(|c| &c.words).filter_map(|(signs, leaks)| Some((*signs, (*leaks)?)));
    let word = logistic(&words.collect::<Vec<_>>());
    let calls: Vec<_> = cases.iter().map(|c| (c.signs(|signs| word.chance(signs)), c.leaks)).collect();
    RiskModel { word, call: logistic(&calls) }
}

/// Penalised maximum likelihood by Newton's method.
fn logistic<const N: usize>(cases: &[([f32; N], bool)]) -> Logistic<N> {
    let mut model = Logistic { bias: 0.0, weights: [0.0; N] };
    for _ in 0..STEPS {
        let (bias, weights) = newton(&model, cases);
        let longest = weights.iter().fold(bias.abs(), |most, step| most.max(step.abs()));
        let share = (STEP_MAX / longest.max(STEP_MAX)).min(1.0);
        model.bias += (share * bias) as f32;
        for (weight, step) in model.weights.iter_mut().zip(weights) {
            *weight += (share * step) as f32;
        }
    }
    model
}

/// One step: of the bias, and of the weights.
fn newton<const N: usize>(model: &Logistic<N>, cases: &[([f32; N], bool)]) -> (f64, Vec<f64>) {
    // Row and column 0 are the bias.
    let mut gradient = vec![0.0; N + 1];
    let mut curve = vec![vec![0.0; N + 1]; N + 1];
    for (signs, leaks) in cases {
        let chance = f64::from(model.chance(signs));
        let x = |i: usize| if i == 0 { 1.0 } else { f64::from(signs[i - 1]) };
        for i in (0..=N).filter(|i| x(*i) != 0.0) {
            gradient[i] += (f64::from(u8::from(*leaks)) - chance) * x(i);
            for (j, cell) in curve[i].iter_mut().enumerate() {
                *cell += chance * (1.0 - chance) * x(i) * x(j);
            }
        }
    }
    curve[0][0] += f64::EPSILON;
    for i in 1..=N {
        gradient[i] -= RIDGE * f64::from(model.weights[i - 1]);
        curve[i][i] += RIDGE;
    }
    let mut step = solve(curve, gradient);
    (step.remove(0), step)
}

/// Solves a system of equations by Gauss and Jordan; `a` is positive definite, so no pivot is zero.
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for c in 0..n {
        let (pivot, right) = (a[c].clone(), b[c]);
        for r in (0..n).filter(|r| *r != c) {
            let factor = a[r][c] / pivot[c];
            for (cell, from) in a[r].iter_mut().zip(&pivot) {
                *cell -= factor * from;
            }
            b[r] -= factor * right;
        }
    }
    (0..n).map(|i| b[i] / a[i][i]).collect()
}

/// How good chances were, by what came true.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// Number of calls.
    pub calls: usize,
    /// Those that leak.
    pub leaking: usize,
    /// The share of pairs of a leaking and a clean call in which the leaking one has the higher chance.
    pub auc: f64,
    /// Mean square of the difference between chance and outcome ...
    pub brier: f64,
    /// ... and what it is when every call is given the share of leaking calls.
    pub brier_of_share: f64,
    /// Per fifth of the calls, least risky first: mean chance, and share of leaking calls.
    pub fifths: [(f64, f64); 5],
}

/// Measures chances, each with whether the call leaks.
#[must_use]
pub fn figures(chances: &[(f32, bool)]) -> Figures {
    let mut sorted = chances.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let n = sorted.len();
    let mean = |list: &[(f32, bool)], of: &dyn Fn(&(f32, bool)) -> f64| {
        list.iter().map(of).sum::<f64>() / list.len().max(1) as f64
    };
    let outcome = |c: &(f32, bool)| f64::from(u8::from(c.1));
    let share = mean(&sorted, &outcome);
    let leaking = sorted.iter().filter(|c| c.1).count();
    Figures {
        calls: n,
        leaking,
        auc: area(&sorted, leaking),
        brier: mean(&sorted, &|c| (f64::from(c.0) - outcome(c)).powi(2)),
        brier_of_share: share * (1.0 - share),
        fifths: std::array::from_fn(|q| {
            let fifth = &sorted[q * n / 5..(q + 1) * n / 5];
            (mean(fifth, &|c| f64::from(c.0)), mean(fifth, &outcome))
        }),
    }
}

/// Area under the receiver operating characteristic of sorted chances; equal chances count half.
fn area(sorted: &[(f32, bool)], leaking: usize) -> f64 {
    let (mut clean, mut pairs) = (0, 0.0);
    for same in sorted.chunk_by(|a, b| a.0 == b.0) {
        let leaks = same.iter().filter(|c| c.1).count();
        pairs += leaks as f64 * (clean as f64 + (same.len() - leaks) as f64 / 2.0);
        clean += same.len() - leaks;
    }
    pairs / (leaking * clean).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Signs of which the first alone decides, by chance.
    fn cases() -> Vec<([f32; 2], bool)> {
        (0..400_u32)
            .map(|i| {
                let value = (i % 20) as f32 / 10.0 - 1.0;
                let leaks = ((i * 7919 % 100) as f32 / 100.0) < 1.0 / (1.0 + (-2.0 * value).exp());
                ([value, (i % 7) as f32], leaks)
            })
            .collect()
    }

    #[test]
    fn the_sign_that_decides_has_the_weight_and_the_chances_come_true() {
        let model = logistic(&cases());
        assert!(model.weights[0] > 5.0 * model.weights[1].abs(), "{model:?}");
        let chances: Vec<_> = cases().iter().map(|(signs, leaks)| (model.chance(signs), *leaks)).collect();
        let figures = figures(&chances);
        assert!(figures.brier < figures.brier_of_share && figures.auc > 0.7, "{figures:?}");
        assert!(figures.fifths.iter().all(|(told, seen)| (told - seen).abs() < 0.15), "{figures:?}");
    }

    #[test]
    fn the_area_is_one_for_a_perfect_order_and_half_for_none() {
        assert!((figures(&[(0.1, false), (0.2, false), (0.3, true)]).auc - 1.0).abs() < 1e-9);
        assert!((figures(&[(0.1, false), (0.1, true), (0.1, false)]).auc - 0.5).abs() < 1e-9);
    }
}
