//! Weights of features: a hash table from a feature to one weight for every label.
//!
//! Layout: slots, as many as a power of two, each {fingerprint u32, `LABELS` weights i8}. Slot = low bits of the
//! feature's hash, fingerprint = its high half, linear probing, little-endian.

use std::borrow::Cow;

/// Labels of the tagger: "may stay", and one per category in the order of `Category::ALL`.
pub const LABELS: usize = 20;
/// Sums of weights per label, in units of the scale.
pub type Sums = [i16; LABELS];
/// Most features a word may have: their weights' sum then fits a lane.
pub const FEATURES_MAX: usize = i16::MAX as usize / 128;

/// A feature in training: its hash, and a weight for each label.
pub type Feature = (u64, [f32; LABELS]);

const SLOT: usize = 4 + LABELS;
/// Bits of [`Weights::seen`] for each slot: with two slots in three taken, one unseen feature in twelve is looked for in vain.
const SEEN_BITS: usize = 8;

/// The table, where it lies in a file.
pub(super) struct Weights {
    slots: Cow<'static, [u8]>,
    mask: usize,
    /// A bit per hash of a feature that has weights. Most features of a call have none, and the bits fit a cache
    /// that the slots do not.
    seen: Vec<u64>,
}

impl Weights {
    /// The table of so many slots behind the first `head` bytes of a file; `None` where it is no such table.
    pub(super) fn read(file: Cow<'static, [u8]>, head: usize, slots: usize) -> Option<Self> {
        if !slots.is_power_of_two() || Some(file.len()) != slots.checked_mul(SLOT)?.checked_add(head) {
            return None;
        }
        let slots = match file {
            Cow::Borrowed(b) => Cow::Borrowed(&b[head..]),
            Cow::Owned(b) => Cow::Owned(b[head..].to_vec()),
        };
        let mask = slots.len() / SLOT - 1;
        let mut seen = vec![0_u64; ((mask + 1) * SEEN_BITS).div_ceil(64)];
        for cell in slots.chunks_exact(SLOT).filter(|cell| cell[..4] != [0; 4]) {
            let (at, bit) = seen_bit(seen.len(), u32::from_le_bytes([cell[0], cell[1], cell[2], cell[3]]));
            seen[at] |= bit;
        }
        Some(Self { slots, mask, seen })
    }

    /// The sums of the weights of features, of which there may be [`FEATURES_MAX`].
    pub(super) fn sum(&self, features: &[u64]) -> Sums {
        let mut sums = [0; _];
        for feature in features {
            self.add(*feature, &mut sums);
        }
        sums
    }

    /// Adds a feature's weights to sums.
    #[inline]
    pub(super) fn add(&self, hash: u64, sums: &mut Sums) {
        let fingerprint = (hash >> 32) as u32 | 1;
        let (word, bit) = seen_bit(self.seen.len(), fingerprint);
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
}

/// How a file of weights begins: what it is, and what must be known to read its table.
pub(super) struct Head {
    /// Slots of the table.
    pub(super) slots: usize,
    /// What a step of an `i8` is worth.
    pub(super) scale: f32,
}

impl Head {
    /// Bytes of it.
    pub(super) const BYTES: usize = 8 + 4 + 4;

    /// That of a file of these features: the greatest weight fits.
    pub(super) fn of(features: &[Feature]) -> Self {
        let top = features.iter().flat_map(|(_, w)| w).fold(0.0_f32, |m, w| m.max(w.abs()));
        let slots = (features.len() * 5 / 4 + 1).next_power_of_two();
        Self { slots, scale: top.max(f32::MIN_POSITIVE) / 127.0 }
    }

    /// That of a file; `None` where it is of another kind.
    pub(super) fn read(file: &[u8], magic: &[u8; 8]) -> Option<Self> {
        let (slots, rest) = file.strip_prefix(magic)?.split_first_chunk()?;
        let (slots, scale) = (u32::from_le_bytes(*slots), f32::from_le_bytes(*rest.first_chunk()?));
        scale.is_finite().then_some(Self { slots: slots as usize, scale })
    }

    /// A file that begins so.
    pub(super) fn write(&self, magic: &[u8; 8]) -> Vec<u8> {
        let mut file = magic.to_vec();
        file.extend((self.slots as u32).to_le_bytes());
        file.extend(self.scale.to_le_bytes());
        file
    }
}

/// Appends the table to a file.
pub(super) fn write(features: &[Feature], &Head { slots, scale }: &Head, file: &mut Vec<u8>) {
    let head = file.len();
    file.resize(head + slots * SLOT, 0);
    for (hash, weights) in features {
        let fingerprint = (hash >> 32) as u32 | 1;
        let mut at = *hash as usize & (slots - 1);
        loop {
            let cell = &mut file[head + at * SLOT..head + (at + 1) * SLOT];
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
}

/// The place of a feature in [`Weights::seen`]: its word, and its bit there.
#[inline]
const fn seen_bit(words: usize, fingerprint: u32) -> (usize, u64) {
    let at = (fingerprint >> 1) as usize & (words * 64 - 1);
    (at / 64, 1 << (at % 64))
}
