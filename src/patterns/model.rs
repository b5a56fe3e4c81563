//! The weights of the sequence model, read from `patterns/model/tagger.bin`.
//!
//! Layout, little-endian: magic `SRDNCRF2`, slots u32 (a power of two), scale f32, transitions
//! `LABELS × LABELS` f32, the gate (`gate.rs`), then per slot {fingerprint u32, `LABELS` weights i8}. Slot = low bits of
//! the feature's hash, fingerprint = its high half, linear probing.

use super::gate::{GATE_BYTES, Gate};
use super::memo::{Lent, Shelf};
use super::steps::Steps;
use crate::base::{Error, Kind, Result, Stage};
use std::borrow::Cow;

/// Labels of the tagger: "may stay", and one per category in the order of `Category::ALL`.
pub const LABELS: usize = 20;
/// Sums of weights per label, in units of the scale.
pub type Sums = [i16; LABELS];
/// Most features a word may have: their weights' sum then fits a lane.
pub const FEATURES_MAX: usize = i16::MAX as usize / 128;

const MAGIC: &[u8; 8] = b"SRDNCRF2";
/// Where the gate begins.
const GATE_AT: usize = 8 + 4 + 4 + LABELS * LABELS * 4;
const SLOT: usize = 4 + LABELS;
/// Bits of [`Model::seen`]: with some 170,000 features, one unseen feature in twelve is looked for in vain.
const SEEN_BITS: usize = 1 << 21;

/// The weights.
pub struct Model {
    slots: Cow<'static, [u8]>,
    mask: usize,
    /// A bit per hash of a feature that has weights. Most features of a call have none, and the bits fit a cache
    /// that the slots do not.
    seen: Vec<u64>,
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
        let head = GATE_AT + GATE_BYTES;
        if bytes.len() < head || !bytes.starts_with(MAGIC) {
            return Err(broken());
        }
        let word = |at: usize| [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
        let slots = u32::from_le_bytes(word(8)) as usize;
        if !slots.is_power_of_two() || bytes.len() != head + slots * SLOT {
            return Err(broken());
        }
        let scale = f32::from_le_bytes(word(12));
        let mut transitions = [[0.0; LABELS]; LABELS];
        for (i, cell) in transitions.iter_mut().flatten().enumerate() {
            *cell = f32::from_le_bytes(word(16 + i * 4));
        }
        let gate = Gate::read(&bytes[GATE_AT..head])?;
        let slots = match bytes {
            Cow::Borrowed(b) => Cow::Borrowed(&b[head..]),
            Cow::Owned(b) => Cow::Owned(b[head..].to_vec()),
        };
        let mut seen = vec![0_u64; SEEN_BITS / 64];
        for cell in slots.chunks_exact(SLOT).filter(|cell| cell[..4] != [0; 4]) {
            let (at, bit) = seen_bit(u32::from_le_bytes([cell[0], cell[1], cell[2], cell[3]]));
            seen[at] |= bit;
        }
        Ok(Self {
            mask: slots.len() / SLOT - 1,
            slots,
            seen,
            gate,
            steps: Steps::of(&transitions, scale),
            shelf: Shelf::default(),
        })
    }

    /// Writes a weight file from trained weights (hash of the feature, weight per label), with a gate that all pass.
    #[must_use]
    pub fn write(features: &[(u64, [f32; LABELS])], transitions: &[[f32; LABELS]; LABELS]) -> Vec<u8> {
        let top = features.iter().flat_map(|(_, w)| w).fold(0.0_f32, |m, w| m.max(w.abs())).max(f32::MIN_POSITIVE);
        let scale = top / 127.0;
        let slots = (features.len() * 5 / 4 + 1).next_power_of_two();
        let mut out = MAGIC.to_vec();
        out.extend((slots as u32).to_le_bytes());
        out.extend(scale.to_le_bytes());
        out.extend(transitions.iter().flatten().flat_map(|t| t.to_le_bytes()));
        out.extend(Gate::open());
        let head = out.len();
        out.resize(head + slots * SLOT, 0);
        for (hash, weights) in features {
            let fingerprint = (hash >> 32) as u32 | 1;
            let mut at = *hash as usize & (slots - 1);
            loop {
                let cell = &mut out[head + at * SLOT..head + (at + 1) * SLOT];
                if cell[..4] == [0; 4] {
                    cell[..4].copy_from_slice(&fingerprint.to_le_bytes());
                    for (to, w) in cell[4..].iter_mut().zip(weights) {
                        *to = (w / scale).round().clamp(-127.0, 127.0) as i8 as u8;
                    }
                    break;
                }
                at = (at + 1) & (slots - 1);
            }
        }
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

    /// The sums of the weights of features, of which there may be [`FEATURES_MAX`].
    #[must_use]
    pub fn sum(&self, features: &[u64]) -> Sums {
        let mut sums = [0; _];
        for feature in features {
            self.add(*feature, &mut sums);
        }
        sums
    }

    /// Adds a feature's weights to sums.
    #[inline]
    pub fn add(&self, hash: u64, sums: &mut Sums) {
        let fingerprint = (hash >> 32) as u32 | 1;
        let (word, bit) = seen_bit(fingerprint);
        if self.seen[word] & bit != 0 {
            self.add_known(hash as usize, fingerprint.to_le_bytes(), sums);
        }
    }

    fn add_known(&self, hash: usize, fingerprint: [u8; 4], sums: &mut Sums) {
        let mut at = hash & self.mask;
        loop {
            let Some((mark, weights)) = self.slots[at * SLOT..].split_first_chunk::<4>() else { return };
            if *mark == fingerprint
                && let Some(weights) = weights.first_chunk::<LABELS>()
            {
                sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += i16::from(*weight as i8));
                return;
            }
            if *mark == [0; 4] {
                return;
            }
            at = (at + 1) & self.mask;
        }
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

/// The place of a feature in [`Model::seen`]: its word, and its bit there.
const fn seen_bit(fingerprint: u32) -> (usize, u64) {
    let at = (fingerprint >> 1) as usize % SEEN_BITS;
    (at / 64, 1 << (at % 64))
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
