//! Trains the tagger's weights from `patterns/training/`. Built only with the feature `train`, used by
//! `cargo run --release --features train --example train`.

mod augment;
mod crf;
mod data;
mod score;
mod speech;

pub use augment::{Lists, augment};
pub use crf::Trainer;
pub use data::{LabelledCall, LabelledTurn, LabelledWord, read_corpus, read_training};
pub use score::{Tally, score};

use super::cue::context;
use super::gather::{Scene, features};
use super::near::city_phrases;
use super::spoken::spoken;
use super::token::tokens;
use crate::patterns::PatternSet;

/// Features of every word of a call, as the tagger will see them.
#[must_use]
pub fn call_features(patterns: &PatternSet, call: &LabelledCall) -> Vec<Vec<u64>> {
    let transcript = call.transcript();
    let tokens = tokens(&transcript);
    let spoken = spoken(&transcript, &tokens);
    let context = context(&transcript, &tokens, patterns.cues());
    let ruled = super::ruled_words(patterns, &transcript, &tokens, &spoken);
    let phrases = city_phrases(&transcript, &tokens);
    let scene = Scene {
        transcript: &transcript,
        tokens: &tokens,
        spoken: &spoken,
        context: &context,
        cues: patterns.cues(),
        ruled: &ruled.1,
        phrases: &phrases,
    };
    let mut out = vec![Vec::new(); tokens.list().len()];
    features(&scene, |i, list| out[i] = list.to_vec());
    out
}
