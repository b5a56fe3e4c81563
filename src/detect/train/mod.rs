//! Trains the tagger's weights from `patterns/training/`. Built only with the feature `train`, used by
//! `cargo run --release --features train --example train`.

mod augment;
mod crf;
mod data;
mod gate;
pub mod risk;
mod role;
mod score;
mod speech;

pub use augment::{Lists, augment};
pub use crf::Trainer;
pub use data::{LabelledCall, LabelledTurn, LabelledWord, read_corpus, read_training};
pub use gate::{GateTrainer, Seen, gate_words};
pub use role::{LabelledRun, labelled_runs, learn_roles};
pub use score::{Tally, score};

use super::Ground;
use super::gather::features;
use crate::patterns::PatternSet;
use crate::patterns::hash::mix;

/// Whether a feature is kept in a step that leaves out this share of them at random; steps that start from the same `state` keep the same.
fn kept(state: &mut u64, left_out: f32) -> bool {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    (mix(*state) >> 40) as f32 >= left_out * (1_u64 << 24) as f32
}

/// Features of every word of a call, as the tagger will see them.
#[must_use]
pub fn call_features(patterns: &PatternSet, call: &LabelledCall) -> Vec<Vec<u64>> {
    let transcript = call.transcript();
    let ground = Ground::of(patterns, &transcript);
    let mut out = vec![Vec::new(); transcript.words().len()];
    features(&ground.scene(patterns, &transcript), |i, list| out[i] = list.to_vec());
    out
}
