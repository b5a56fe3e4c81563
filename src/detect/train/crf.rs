//! Maximum-likelihood training of the chain by AdaGrad with an L1 penalty, one call a step.

use super::super::tagger::label_of;
use super::{LabelledCall, kept};
use crate::patterns::model::Model;
use crate::patterns::weights::LABELS;
use std::collections::HashMap;

type Row = [f32; LABELS];

/// Weights in training.
pub struct Trainer {
    index: HashMap<u64, u32>,
    weights: Vec<Row>,
    squares: Vec<Row>,
    transitions: [Row; LABELS],
    transition_squares: [Row; LABELS],
    /// Step size.
    pub rate: f32,
    /// L1 penalty a step.
    pub penalty: f32,
    /// Share of features left out at random in each step, so that none is relied on alone.
    pub dropout: f32,
    steps: u64,
    /// Added to the score of "may stay" where a word must be hidden, so that training pays more for
    /// a leak than for a word hidden in vain (softmax margin).
    pub leak_cost: f32,
}

impl Trainer {
    /// Knows the features that appear at least `least` times in these calls.
    #[must_use]
    pub fn new<'a>(calls: impl Iterator<Item = &'a [Vec<u64>]>, least: u32) -> Self {
        let mut counts: HashMap<u64, u32> = HashMap::new();
        for feature in calls.flatten().flatten() {
            *counts.entry(*feature).or_default() += 1;
        }
        let mut kept: Vec<u64> = counts.into_iter().filter(|(_, n)| *n >= least).map(|(f, _)| f).collect();
        kept.sort_unstable();
        let index = kept.iter().enumerate().map(|(i, f)| (*f, i as u32)).collect();
        Self {
            weights: vec![[0.0; LABELS]; kept.len()],
            squares: vec![[0.0; LABELS]; kept.len()],
            index,
            transitions: [[0.0; LABELS]; LABELS],
            transition_squares: [[0.0; LABELS]; LABELS],
            rate: 0.15,
            penalty: 2e-5,
            dropout: 0.0,
            steps: 0,
            leak_cost: 0.0,
        }
    }

    /// Number of features known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.weights.len()
    }

    /// Whether no feature is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }

    /// Forgets the features whose weights are all below `least`; further steps make up for them.
    pub fn prune(&mut self, least: f32) {
        let kept = |id: &u32| self.weights[*id as usize].iter().any(|w| w.abs() >= least);
        let mut index: Vec<(u64, u32)> = self.index.drain().filter(|(_, id)| kept(id)).collect();
        index.sort_unstable();
        self.weights = index.iter().map(|(_, id)| self.weights[*id as usize]).collect();
        self.squares = index.iter().map(|(_, id)| self.squares[*id as usize]).collect();
        self.index = index.iter().zip(0..).map(|((feature, _), id)| (*feature, id)).collect();
    }

    /// One step on one call; returns its loss a word.
    pub fn step(&mut self, call: &LabelledCall, features: &[Vec<u64>]) -> f32 {
        self.steps += 1;
        let mut chance = self.steps;
        let ids: Vec<Vec<u32>> = features
            .iter()
            .map(|list| {
                list.iter()
                    .filter(|_| kept(&mut chance, self.dropout))
                    .filter_map(|f| self.index.get(f).copied())
                    .collect()
            })
            .collect();
        let gold: Vec<Option<usize>> = call.words().map(|w| w.label.map(|l| l.map_or(0, label_of))).collect();
        let n = gold.len();
        if n == 0 {
            return 0.0;
        }
        let mut scores: Vec<Row> = ids.iter().map(|list| self.row(list)).collect();
        for (row, g) in scores.iter_mut().zip(&gold) {
            if g.is_some_and(|g| g != 0) {
                row[0] += self.leak_cost;
            }
        }
        let step = self.transitions.map(|r| r.map(f32::exp));
        let free = chain(&scores, &step, |_, _| true);
        let held = chain(&scores, &step, |i, y| gold[i].is_none_or(|g| g == y));
        for (i, list) in ids.iter().enumerate() {
            let gradient: Row = std::array::from_fn(|y| free.marginals[i][y] - held.marginals[i][y]);
            if gradient.iter().all(|g| g.abs() < 1e-4) {
                continue;
            }
            for id in list {
                let at = *id as usize;
                update(&mut self.weights[at], &mut self.squares[at], &gradient, self.rate, self.penalty);
            }
        }
        for from in 0..LABELS {
            let gradient: Row = std::array::from_fn(|to| free.pairs[from][to] - held.pairs[from][to]);
            update(&mut self.transitions[from], &mut self.transition_squares[from], &gradient, self.rate, 0.0);
        }
        (free.log_sum - held.log_sum) / n as f32
    }

    fn row(&self, ids: &[u32]) -> Row {
        let mut row = [0.0; LABELS];
        for id in ids {
            for (sum, w) in row.iter_mut().zip(&self.weights[*id as usize]) {
                *sum += w;
            }
        }
        row
    }

    /// The weights as a model file whose gate is open.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut kept: Vec<(u64, Row)> =
            self.index.iter().map(|(hash, id)| (*hash, self.weights[*id as usize])).collect();
        kept.sort_unstable_by_key(|(hash, _)| *hash);
        Model::write(&kept, &self.transitions)
    }
}

fn update(weights: &mut Row, squares: &mut Row, gradient: &Row, rate: f32, penalty: f32) {
    for y in 0..LABELS {
        let g = gradient[y];
        squares[y] += g * g;
        let step = rate / (squares[y].sqrt() + 0.1);
        let w = weights[y] - step * g;
        weights[y] = w.signum() * (w.abs() - step * penalty).max(0.0);
    }
}

struct Chain {
    marginals: Vec<Row>,
    pairs: [Row; LABELS],
    log_sum: f32,
}

/// Forward-backward over the labels that `allowed` lets through.
fn chain(scores: &[Row], step: &[Row; LABELS], allowed: impl Fn(usize, usize) -> bool) -> Chain {
    let n = scores.len();
    let mut log_sum = 0.0_f64;
    let mut potentials = vec![[0.0; LABELS]; n];
    for (i, row) in scores.iter().enumerate() {
        let max = row.iter().copied().fold(f32::MIN, f32::max);
        log_sum += f64::from(max);
        potentials[i] = std::array::from_fn(|y| if allowed(i, y) { (row[y] - max).exp().max(1e-30) } else { 0.0 });
    }
    let mut alphas = vec![[0.0; LABELS]; n];
    for i in 0..n {
        let mut next: Row = [0.0; LABELS];
        if i == 0 {
            next = potentials[0];
        } else {
            for from in 0..LABELS {
                for to in 0..LABELS {
                    next[to] += alphas[i - 1][from] * step[from][to];
                }
            }
            for (cell, p) in next.iter_mut().zip(&potentials[i]) {
                *cell *= p;
            }
        }
        let sum: f32 = next.iter().sum::<f32>().max(f32::MIN_POSITIVE);
        log_sum += f64::from(sum.ln());
        alphas[i] = next.map(|c| c / sum);
    }
    let mut pairs = [[0.0; LABELS]; LABELS];
    let mut marginals = vec![[0.0; LABELS]; n];
    let mut beta: Row = [1.0; LABELS];
    for i in (0..n).rev() {
        let mut row: Row = std::array::from_fn(|y| alphas[i][y] * beta[y]);
        let sum: f32 = row.iter().sum::<f32>().max(f32::MIN_POSITIVE);
        row = row.map(|c| c / sum);
        marginals[i] = row;
        let weighted: Row = std::array::from_fn(|y| potentials[i][y] * beta[y]);
        let mut next: Row = [0.0; LABELS];
        for from in 0..LABELS {
            for to in 0..LABELS {
                next[from] += step[from][to] * weighted[to];
            }
        }
        if i > 0 {
            let total: f32 =
                (0..LABELS).map(|from| alphas[i - 1][from] * next[from]).sum::<f32>().max(f32::MIN_POSITIVE);
            for from in 0..LABELS {
                for to in 0..LABELS {
                    pairs[from][to] += alphas[i - 1][from] * step[from][to] * weighted[to] / total;
                }
            }
        }
        let sum: f32 = next.iter().sum::<f32>().max(f32::MIN_POSITIVE);
        beta = next.map(|c| c / sum);
    }
    Chain { marginals, pairs, log_sum: log_sum as f32 }
}
