//! Trains the gate on what the model says: a word has to pass where the model, having looked at it, is not sure that it
//! may stay.

use super::super::Ground;
use super::super::gather::gate_features;
use super::super::tagger::tag;
use super::LabelledCall;
use crate::patterns::PatternSet;
use crate::patterns::gate::{Gate, SLOTS};

/// Chance of "may stay" above which a word need not pass, unless it must be hidden.
const SURE: f32 = 0.95;
/// What a word that has to pass counts for, against one that need not.
const WEIGHT: f32 = 6.0;
/// Steps of a weight to one of a sum of the trained gate.
const SCALE: f32 = 24.0;

/// A word as the gate sees it, and whether it has to pass.
pub type Seen = (Vec<u32>, bool);

/// The words of a call; all must pass the gate of `patterns`.
#[must_use]
pub fn gate_words(patterns: &PatternSet, call: &LabelledCall) -> Vec<Seen> {
    let transcript = call.transcript();
    let ground = Ground::of(patterns, &transcript);
    let scene = ground.scene(patterns, &transcript);
    let chances = tag(&scene, patterns.model());
    let must = call.words().enumerate();
    let must = must.map(|(i, word)| matches!(word.label, Some(Some(_))) || chances.of(i)[0] < SURE);
    gate_features(&scene).into_iter().zip(must).collect()
}

/// Weights in training.
pub struct GateTrainer {
    weights: Vec<f32>,
    squares: Vec<f32>,
    bias: f32,
}

impl Default for GateTrainer {
    fn default() -> Self {
        Self { weights: vec![0.0; SLOTS], squares: vec![0.0; SLOTS], bias: -2.0 }
    }
}

impl GateTrainer {
    /// One step of logistic regression on one word.
    pub fn step(&mut self, (features, must_pass): &Seen) {
        let chance = 1.0 / (1.0 + (-self.sum(features)).exp());
        let gradient = if *must_pass { WEIGHT * (chance - 1.0) } else { chance };
        if gradient.abs() < 1e-3 {
            return;
        }
        for f in features {
            let at = *f as usize;
            self.squares[at] += gradient * gradient;
            self.weights[at] -= 0.1 * gradient / (self.squares[at].sqrt() + 0.5);
        }
        self.bias -= 1e-4 * gradient;
    }

    fn sum(&self, features: &[u32]) -> f32 {
        self.bias + features.iter().map(|f| self.weights[*f as usize]).sum::<f32>()
    }

    /// The gate that at most `lost` of these words do not pass that have to; and the share of words that pass it.
    #[must_use]
    pub fn finish(&self, words: &[Seen], lost: f32) -> (Vec<u8>, f32) {
        let weights: Vec<i8> = self.weights.iter().map(|w| (w * SCALE).round().clamp(-127.0, 127.0) as i8).collect();
        let gate = Gate::read(&Gate::write(0, &weights)).expect("it has a weight for each place");
        let mut must: Vec<i32> = words.iter().filter(|w| w.1).map(|w| gate.sum(&w.0)).collect();
        must.sort_unstable();
        let limit = must.get((must.len() as f32 * lost) as usize).copied().unwrap_or(i32::MIN);
        let passing = words.iter().filter(|w| gate.sum(&w.0) >= limit).count();
        (Gate::write(limit, &weights), passing as f32 / words.len().max(1) as f32)
    }
}
