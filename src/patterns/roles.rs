//! The weights that tell what a run of digits and letters is from the words around it, read from
//! `patterns/model/roles.bin`: one linear model, trained apart from the tagger. `detect/role.rs` says what it looks at.
//!
//! Layout, little-endian: magic `SRDNROL1`, slots u32 (a power of two), scale f32, the slots (`weights.rs`).

use super::weights::{self, Feature, Head, LABELS, Weights};
use crate::base::{Error, Kind, Result, Stage};
use std::borrow::Cow;

const MAGIC: &[u8; 8] = b"SRDNROL1";

/// The weights.
pub struct Roles {
    weights: Weights,
    /// What a step of a weight is worth.
    scale: f32,
}

impl Roles {
    /// Reads a weight file.
    ///
    /// # Errors
    /// When it is not such a file.
    pub fn read(bytes: impl Into<Cow<'static, [u8]>>) -> Result<Self> {
        let broken = || Error::new(Stage::Patterns, Kind::Usage, "file of roles is damaged");
        let bytes = bytes.into();
        let Head { slots, scale } = Head::read(&bytes, MAGIC).ok_or_else(broken)?;
        Ok(Self { weights: Weights::read(bytes, Head::BYTES, slots).ok_or_else(broken)?, scale })
    }

    /// Writes a weight file from trained weights.
    #[must_use]
    pub fn write(features: &[Feature]) -> Vec<u8> {
        let head = Head::of(features);
        let mut out = head.write(MAGIC);
        weights::write(features, &head, &mut out);
        out
    }

    /// The chance of each label but "may stay", 0 to 1, of what has these features (at most
    /// [`FEATURES_MAX`](super::weights::FEATURES_MAX)); `temper` is what their sums are multiplied with.
    #[must_use]
    pub fn chances(&self, features: &[u64], temper: f32) -> [f32; LABELS] {
        let sums = self.weights.sum(features);
        let most = sums[1..].iter().copied().max().unwrap_or_default();
        let mut chances = sums.map(|sum| (f32::from(sum - most) * self.scale * temper).exp());
        chances[0] = 0.0;
        let all: f32 = chances.iter().sum();
        chances.map(|chance| chance / all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_the_greater_weights_is_likelier_and_chances_add_up() {
        let row = |label: usize, weight| std::array::from_fn(|l| if l == label { weight } else { 0.0 });
        let (plain, other) = (0x1234_5678_9abc_def1, 0xfeed_5678_9abc_def2);
        let roles = Roles::read(Roles::write(&[(plain, row(3, 2.0)), (other, row(5, 1.0))])).unwrap();
        let chances = roles.chances(&[plain, other, 77], 1.0);
        assert!(chances[0] == 0.0 && chances[3] > chances[5] && chances[5] > chances[1]);
        assert!((chances.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        assert!((chances[3] / chances[1] - 2.0_f32.exp()).abs() < 0.1);
    }

    #[test]
    fn a_cut_file_is_refused() {
        let bytes = Roles::write(&[]);
        assert!(Roles::read(bytes.clone()).is_ok());
        for end in 0..bytes.len() {
            assert!(Roles::read(bytes[..end].to_vec()).is_err());
        }
    }
}
