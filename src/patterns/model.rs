//! The weights of the sequence model, read from `patterns/model/tagger.bin`.
//!
//! Layout, little-endian: magic `SRDNCRF2`, slots u32 (a power of two), scale f32, transitions
//! `LABELS × LABELS` f32, the gate (`gate.rs`), the slots (`weights.rs`).

use super::gate::{GATE_BYTES, Gate};
use super::memo::{Lent, Shelf};
use super::steps::Steps;
use super::weights::{self, Feature, Head, LABELS, Sums, Weights};
use crate::base::{Error, Kind, Result, Stage};
use std::borrow::Cow;

const MAGIC: &[u8; 8] = b"SRDNCRF2";
/// Where the gate begins.
const GATE_AT: usize = Head::BYTES + LABELS * LABELS * 4;

/// The weights.
pub struct Model {
    weights: Weights,
    gate: Gate,
    steps: Steps,
    shelf: Shelf,
}

impl Model {
    /// Reads a weight file.
    ///
    /// # Errors
    /// When it is not such a file.
    pub fn read(bytes: impl Into<Cow<'static, [u8]>>) -> Result<Self> {
        let broken = || Error::new(Stage::Patterns, Kind::Usage, "model file is damaged");
        let bytes = bytes.into();
        let Head { slots, scale } = Head::read(&bytes, MAGIC).ok_or_else(broken)?;
        let head = GATE_AT + GATE_BYTES;
        if bytes.len() < head {
            return Err(broken());
        }
        let mut transitions = [[0.0; LABELS]; LABELS];
        let (numbers, _) = bytes[Head::BYTES..GATE_AT].as_chunks();
        for (cell, number) in transitions.iter_mut().flatten().zip(numbers) {
            *cell = f32::from_le_bytes(*number);
        }
        let gate = Gate::read(&bytes[GATE_AT..head])?;
        Ok(Self {
            weights: Weights::read(bytes, head, slots).ok_or_else(broken)?,
            gate,
            steps: Steps::of(&transitions, scale),
            shelf: Shelf::default(),
        })
    }

    /// Writes a weight file from trained weights (hash of the feature, weight per label), with a gate that all pass.
    #[must_use]
    pub fn write(features: &[Feature], transitions: &[[f32; LABELS]; LABELS]) -> Vec<u8> {
        let head = Head::of(features);
        let mut out = head.write(MAGIC);
        out.extend(transitions.iter().flatten().flat_map(|t| t.to_le_bytes()));
        out.extend(Gate::open());
        weights::write(features, &head, &mut out);
        out
    }

    /// Puts a gate into a weight file.
    ///
    /// # Errors
    /// When either is damaged.
    pub fn set_gate(file: &mut [u8], gate: &[u8]) -> Result<()> {
        Gate::read(gate)?;
        let place = file.get_mut(GATE_AT..GATE_AT + GATE_BYTES);
        let place = place.ok_or_else(|| Error::new(Stage::Patterns, Kind::Usage, "model file is damaged"))?;
        place.copy_from_slice(gate);
        Ok(())
    }

    /// The sums of the weights of features, of which there may be [`FEATURES_MAX`](super::weights::FEATURES_MAX).
    #[must_use]
    pub fn sum(&self, features: &[u64]) -> Sums {
        self.weights.sum(features)
    }

    /// Adds a feature's weights to sums.
    #[inline]
    pub fn add(&self, hash: u64, sums: &mut Sums) {
        self.weights.add(hash, sums);
    }

    /// Memos of sums of this model, for one detection.
    #[must_use]
    pub fn memos(&self) -> Lent<'_> {
        self.shelf.lend()
    }

    /// What says which words the model has to look at.
    #[must_use]
    pub const fn gate(&self) -> &Gate {
        &self.gate
    }

    /// What a chain needs of the model.
    #[must_use]
    pub const fn steps(&self) -> &Steps {
        &self.steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_read_back_within_one_step() {
        let mut weights = [0.0; LABELS];
        weights[3] = 2.54;
        weights[4] = -1.0;
        let bytes = Model::write(&[(0x1234_5678_9abc_def1, weights)], &[[0.5; LABELS]; LABELS]);
        let model = Model::read(bytes).unwrap();
        let row = model.sum(&[0x1234_5678_9abc_def1, 0x1234_5678]);
        // 127 steps to the greatest weight.
        assert_eq!(row[..6], [0, 0, 0, 127, -50, 0]);
    }

    #[test]
    fn a_cut_file_is_refused() {
        let bytes = Model::write(&[], &[[0.0; LABELS]; LABELS]);
        assert!(Model::read(bytes[..bytes.len() - 1].to_vec()).is_err());
    }
}
