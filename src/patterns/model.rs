//! The weights of the sequence model, read from `patterns/model/tagger.bin`.
//!
//! Layout, little-endian: magic `SRDNCRF1`, slots u32 (a power of two), scale f32, transitions
//! `LABELS × LABELS` f32, then per slot {fingerprint u32, `LABELS` weights i8}. Slot = low bits of the
//! feature's hash, fingerprint = its high half, linear probing.

use crate::base::{Error, Kind, Result, Stage};

/// Labels of the tagger: "may stay", and one per category in the order of `Category::ALL`.
pub const LABELS: usize = 20;
const MAGIC: &[u8; 8] = b"SRDNCRF1";
const SLOT: usize = 4 + LABELS;

/// The weights.
pub struct Model {
    slots: std::borrow::Cow<'static, [u8]>,
    mask: usize,
    scale: f32,
    transitions: [[f32; LABELS]; LABELS],
    transitions_exp: [[f32; LABELS]; LABELS],
}

impl Model {
    /// Reads a weight file.
    ///
    /// # Errors
    /// When it is not such a file.
    pub fn read(bytes: impl Into<std::borrow::Cow<'static, [u8]>>) -> Result<Self> {
        let broken = || Error::new(Stage::Patterns, Kind::Usage, "model file is damaged");
        let bytes = bytes.into();
        let head = 8 + 4 + 4 + LABELS * LABELS * 4;
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
        let slots_bytes = match bytes {
            std::borrow::Cow::Borrowed(b) => std::borrow::Cow::Borrowed(&b[head..]),
            std::borrow::Cow::Owned(b) => std::borrow::Cow::Owned(b[head..].to_vec()),
        };
        let transitions_exp = transitions.map(|row| row.map(f32::exp));
        Ok(Self { slots: slots_bytes, mask: slots - 1, scale, transitions, transitions_exp })
    }

    /// Writes a weight file from trained weights (hash of the feature, weight per label).
    #[must_use]
    pub fn write(features: &[(u64, [f32; LABELS])], transitions: &[[f32; LABELS]; LABELS]) -> Vec<u8> {
        let top = features.iter().flat_map(|(_, w)| w).fold(0.0_f32, |m, w| m.max(w.abs())).max(f32::MIN_POSITIVE);
        let scale = top / 127.0;
        let slots = (features.len() * 4 / 3 + 1).next_power_of_two();
        let mut out = MAGIC.to_vec();
        out.extend((slots as u32).to_le_bytes());
        out.extend(scale.to_le_bytes());
        out.extend(transitions.iter().flatten().flat_map(|t| t.to_le_bytes()));
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

    /// Adds a feature's weights to a row of scores, in units of the scale.
    pub fn add(&self, hash: u64, row: &mut [i32; LABELS]) {
        let fingerprint = ((hash >> 32) as u32 | 1).to_le_bytes();
        let mut at = hash as usize & self.mask;
        loop {
            let cell = &self.slots[at * SLOT..(at + 1) * SLOT];
            if cell[..4] == fingerprint {
                for (sum, w) in row.iter_mut().zip(&cell[4..]) {
                    *sum += i32::from(*w as i8);
                }
                return;
            }
            if cell[..4] == [0; 4] {
                return;
            }
            at = (at + 1) & self.mask;
        }
    }

    /// One unit of the sums that [`Model::add`] makes, as a natural logarithm.
    #[must_use]
    pub const fn scale(&self) -> f32 {
        self.scale
    }

    /// Score of going from one label to the next, natural logarithms.
    #[must_use]
    pub const fn transitions(&self) -> &[[f32; LABELS]; LABELS] {
        &self.transitions
    }

    /// The same, exponentiated.
    #[must_use]
    pub const fn transitions_exp(&self) -> &[[f32; LABELS]; LABELS] {
        &self.transitions_exp
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
        let mut row = [0; LABELS];
        model.add(0x1234_5678_9abc_def1, &mut row);
        assert!((row[3] as f32 * model.scale() - 2.54).abs() <= model.scale());
        assert!((row[4] as f32 * model.scale() + 1.0).abs() <= model.scale());
    }

    #[test]
    fn a_cut_file_is_refused() {
        let bytes = Model::write(&[], &[[0.0; LABELS]; LABELS]);
        assert!(Model::read(bytes[..bytes.len() - 1].to_vec()).is_err());
    }
}
