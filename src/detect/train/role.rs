//! Trains the weights that tell what runs of digits and letters are: softmax regression by AdaGrad, one run a step.

use super::super::Ground;
use super::super::role::features;
use super::super::tagger::label_of;
use super::{LabelledCall, kept};
use crate::model::Category;
use crate::patterns::PatternSet;
use crate::patterns::roles::Roles;
use crate::patterns::weights::{Feature, LABELS};
use std::collections::BTreeMap;

/// Fewest runs that a feature is seen in.
const SEEN_MIN: u32 = 4;
/// Share of features left out at random in each step, so that none is relied on alone.
const DROPOUT: f32 = 0.35;
/// Walks through all runs.
const EPOCHS: usize = 4;
/// Step size.
const RATE: f32 = 0.15;
/// A gradient that is not worth a step.
const GRADIENT_MIN: f32 = 1e-3;

/// A run: what is seen of it, and its label.
pub type LabelledRun = (Vec<u64>, usize);

/// The runs of a call that must be hidden.
#[must_use]
pub fn labelled_runs(patterns: &PatternSet, call: &LabelledCall) -> Vec<LabelledRun> {
    let transcript = call.transcript();
    let ground = Ground::of(patterns, &transcript);
    let scene = ground.scene(patterns, &transcript);
    let labels: Vec<Option<Category>> = call.words().map(|word| word.label.flatten()).collect();
    let runs = scene.spoken.runs.iter().filter_map(|run| {
        let mut votes: BTreeMap<Category, u32> = BTreeMap::new();
        run.words.iter().filter_map(|w| labels[*w as usize]).for_each(|label| *votes.entry(label).or_default() += 1);
        let (label, _) = votes.into_iter().max_by_key(|(_, votes)| *votes)?;
        Some((features(&scene, run), label_of(label)))
    });
    runs.collect()
}

/// Trained weights as a file.
#[must_use]
pub fn learn_roles(runs: &[LabelledRun]) -> Vec<u8> {
    let mut counts: BTreeMap<u64, u32> = BTreeMap::new();
    runs.iter().flat_map(|(features, _)| features).for_each(|f| *counts.entry(*f).or_default() += 1);
    let known: Vec<u64> = counts.into_iter().filter(|(_, n)| *n >= SEEN_MIN).map(|(f, _)| f).collect();
    let runs: Vec<(Vec<u32>, usize)> = runs
        .iter()
        .map(|(features, label)| {
            (features.iter().filter_map(|f| known.binary_search(f).ok()).map(|at| at as u32).collect(), *label)
        })
        .collect();
    let mut weights = vec![[0.0_f32; LABELS]; known.len()];
    let mut squares = vec![[0.01_f32; LABELS]; known.len()];
    let mut dice = 0_u64;
    for epoch in 0..EPOCHS {
        for k in 0..runs.len() {
            // A fixed walk through the runs that differs by epoch.
            let (features, label) = &runs[(k * 7919 + epoch * 104_729) % runs.len()];
            let features: Vec<usize> =
                features.iter().filter(|_| kept(&mut dice, DROPOUT)).map(|f| *f as usize).collect();
            let mut sums = [0.0_f32; LABELS];
            for f in &features {
                sums.iter_mut().zip(&weights[*f]).for_each(|(sum, weight)| *sum += weight);
            }
            let most = sums[1..].iter().copied().fold(f32::MIN, f32::max);
            let all: f32 = sums[1..].iter().map(|sum| (sum - most).exp()).sum();
            for l in 1..LABELS {
                let gradient = (sums[l] - most).exp() / all - f32::from(l == *label);
                if gradient.abs() < GRADIENT_MIN {
                    continue;
                }
                for f in &features {
                    squares[*f][l] += gradient * gradient;
                    weights[*f][l] -= RATE * gradient / squares[*f][l].sqrt();
                }
            }
        }
    }
    let rows: Vec<Feature> = known.into_iter().zip(weights).collect();
    Roles::write(&rows)
}
