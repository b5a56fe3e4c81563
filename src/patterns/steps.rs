//! A model's weights in the form in which a chain over words needs them: as factors of chance.

use super::weights::{LABELS, Sums};

/// A number for each label of the tagger.
pub type Row = [f32; LABELS];

/// Chance up to which every other label of a word must lie for the word to be plain.
const PLAIN_CHANCE_MAX: f32 = 1e-3;
/// Chance below which a label counts as none.
const CHANCE_MIN: f32 = 1e-5;
/// Scores this far below the best, in natural logarithms, are no chance.
const FAR: f32 = 80.0;

/// Factors of chance.
pub struct Steps {
    from: [Row; LABELS],
    to: [Row; LABELS],
    /// Per label: how far its sum may be above that of "may stay" (so how far below, in the negative) in a plain word.
    plain: Sums,
    /// Per label that scores best, and per label: how far above the best its sum may be where it has no chance.
    none: [Sums; LABELS],
    /// Per label: its factor between two words that may stay.
    alone: Row,
    /// Per unit of difference between two sums: the factor.
    units: Vec<f32>,
}

impl Steps {
    /// From the scores of going from one label (row) to the next, and one unit of [`Sums`], in natural logarithms.
    pub(super) fn of(transitions: &[Row; LABELS], scale: f32) -> Self {
        let t = transitions;
        let from = t.map(|row| row.map(f32::exp));
        let most = |gain: &dyn Fn(usize) -> f32| (0..LABELS).map(gain).fold(0.0, f32::max);
        // Whatever stands before and after, label `y` can gain no more than this on label `best`.
        let gain = |y: usize, best: usize| most(&|x| t[x][y] - t[x][best]) + most(&|x| t[y][x] - t[best][x]);
        let limit = |y, best, chance: f32| ((chance.ln() - gain(y, best)) / scale).floor() as i16;
        let none = |best, y| if y == best { -1 } else { limit(y, best, CHANCE_MIN) };
        let plain = |y| if y == 0 { i16::MAX } else { limit(y, 0, PLAIN_CHANCE_MAX) };
        let units = (0..=u16::MAX).map(|n| f32::from(n) * scale).take_while(|d| *d < FAR).map(|d| (-d).exp()).collect();
        Self {
            to: std::array::from_fn(|y| from.map(|row| row[y])),
            from,
            plain: std::array::from_fn(plain),
            none: std::array::from_fn(|best| std::array::from_fn(|y| none(best, y))),
            alone: std::array::from_fn(|y| (t[0][y] + t[y][0] - 2.0 * t[0][0]).exp()),
            units,
        }
    }

    /// Factors of going from one label (row) to the next.
    #[must_use]
    pub const fn from(&self) -> &[Row; LABELS] {
        &self.from
    }

    /// The same by the label (row) that is gone to.
    #[must_use]
    pub const fn to(&self) -> &[Row; LABELS] {
        &self.to
    }

    /// Whether a word with these sums may stay whatever stands around it: with the most that neighbours can add, no
    /// other label has a chance of 0.001.
    #[must_use]
    pub fn is_plain(&self, sums: &Sums) -> bool {
        sums.iter().zip(&self.plain).fold(true, |plain, (sum, limit)| plain & (sum - sums[0] <= *limit))
    }

    /// The chances of a plain word's labels, as between two plain words.
    #[must_use]
    pub fn plain_row(&self, sums: &Sums) -> Row {
        let (factors, live) = self.factors(sums);
        if live == 1 {
            return factors;
        }
        let row: Row = std::array::from_fn(|y| factors[y] * self.alone[y]);
        let all: f32 = row.iter().sum();
        row.map(|chance| chance / all)
    }

    /// Factors of the labels of a word with these sums, 1 for the best and 0 for those that have no chance; and a bit
    /// for each that has one.
    #[must_use]
    pub fn factors(&self, sums: &Sums) -> (Row, u32) {
        let top = sums.iter().copied().fold(i16::MIN, i16::max);
        let best = sums.iter().position(|s| *s == top).unwrap_or(0);
        let some = sums.iter().zip(&self.none[best]).map(|(sum, none)| u32::from(sum - top > *none));
        let live = some.enumerate().fold(0, |live, (y, some)| live | some << y);
        let mut row = [0.0; LABELS];
        for y in bits(live) {
            row[y] = self.units.get(usize::from(top.abs_diff(sums[y]))).copied().unwrap_or(0.0);
        }
        (row, live)
    }
}

/// The labels whose bits are set.
pub fn bits(mut live: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let y = live.trailing_zeros() as usize;
        live &= live.wrapping_sub(1);
        (y < LABELS).then_some(y)
    })
}
