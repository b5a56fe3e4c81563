//! The gate before the sequence model: a cheap look at a word that says whether the model has to look at it. Most words
//! of a call are plain in a way that a few sums of small numbers tell.
//!
//! It is trained on what the model says (`detect/train/gate.rs`): the model's sums need not be computed for a word that
//! does not pass, and the word may stay.

use crate::base::{Error, Kind, Result, Stage};

/// Places for weights; a power of two. Features share them.
pub const SLOTS: usize = 1 << SLOT_BITS;
const SLOT_BITS: u32 = 18;

/// Length of a gate in a model file: its limit i32, little-endian, then [`SLOTS`] weights i8.
pub const GATE_BYTES: usize = 4 + SLOTS;

/// The weights of the gate.
pub struct Gate {
    limit: i32,
    weights: Box<[i8; SLOTS]>,
}

impl Gate {
    /// Reads a gate.
    ///
    /// # Errors
    /// When the bytes are not [`GATE_BYTES`].
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let broken = || Error::new(Stage::Patterns, Kind::Usage, "model file is damaged");
        let (limit, weights) = bytes.split_first_chunk().ok_or_else(broken)?;
        let weights: Box<[i8]> = weights.iter().map(|b| *b as i8).collect();
        Ok(Self { limit: i32::from_le_bytes(*limit), weights: weights.try_into().map_err(|_| broken())? })
    }

    /// The bytes that [`Gate::read`] reads.
    #[must_use]
    pub fn write(limit: i32, weights: &[i8]) -> Vec<u8> {
        limit.to_le_bytes().into_iter().chain(weights.iter().map(|w| *w as u8)).collect()
    }

    /// A gate that every word passes.
    #[must_use]
    pub fn open() -> Vec<u8> {
        Self::write(i32::MIN, &[0; SLOTS])
    }

    /// Whether the model has to look at a word with these features.
    #[must_use]
    pub fn passes(&self, features: &[u32]) -> bool {
        self.sum(features) >= self.limit
    }

    /// What the features of a word add up to.
    #[must_use]
    pub fn sum(&self, features: &[u32]) -> i32 {
        features.iter().map(|f| i32::from(self.weights[*f as usize % SLOTS])).sum()
    }
}

/// The place of a feature: its number and two things that it looks at.
#[must_use]
pub const fn slot(feature: u64, a: u64, b: u64) -> u32 {
    let mixed = (a ^ feature << 56).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ b.wrapping_mul(0xff51_afd7_ed55_8ccd);
    ((mixed ^ mixed >> 29).wrapping_mul(0xc4ce_b9fe_1a85_ec53) >> (64 - SLOT_BITS)) as u32
}
