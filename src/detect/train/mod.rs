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

/// Features of every word of a call, as the tagger will see them.
#[must_use]
pub fn call_features(patterns: &PatternSet, call: &LabelledCall) -> Vec<Vec<u64>> {
    let transcript = call.transcript();
    let ground = Ground::of(patterns, &transcript);
    let mut out = vec![Vec::new(); transcript.words().len()];
    features(&ground.scene(patterns, &transcript), |i, list| out[i] = list.to_vec());
    out
}
