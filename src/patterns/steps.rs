//! A model's weights in the form in which a chain over words needs them: as factors of chance.

use super::model::{LABELS, Sums};

/// A number for each label of the tagger.
pub type Row = [f32; LABELS];

/// Chance of each label other than "may stay" up to which a word counts as plain.
const PLAIN_CHANCE_MAX: f32 = 1e-5;
/// Scores this far below the best, in natural logarithms, are no chance.
const FAR: f32 = 80.0;

/// Factors of chance.
pub struct Steps {
    from: [Row; LABELS],
    to: [Row; LABELS],
    /// Per label: how far its sum may be above that of "may stay" in a plain word.
    plain: Sums,
    /// Per unit of difference between two sums.
    units: Vec<f32>,
}

impl Steps {
    /// From the scores of going from one label (row) to the next, and one unit of [`Sums`], in natural logarithms.
    pub(super) fn of(transitions: &[Row; LABELS], scale: f32) -> Self {
        let t = transitions;
        let from = t.map(|row| row.map(f32::exp));
        let mut plain = [i16::MAX; _];
        for (y, limit) in plain.iter_mut().enumerate().take(LABELS).skip(1) {
            let most = |gain: &dyn Fn(usize) -> f32| (0..LABELS).map(gain).fold(0.0, f32::max);
            let gain = most(&|x| t[x][y] - t[x][0]) + most(&|x| t[y][x] - t[0][x]);
            *limit = ((PLAIN_CHANCE_MAX.ln() - gain) / scale).floor() as i16;
        }
        let units = (0..=u16::MAX).map(|n| f32::from(n) * scale).take_while(|d| *d < FAR).map(|d| (-d).exp()).collect();
        Self { to: std::array::from_fn(|y| from.map(|row| row[y])), from, plain, units }
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

    /// Whether a word with these sums may stay whatever stands around it: each label scores so much less than "may
    /// stay" that with the most that its neighbours can add, its chance is at most 0.00001.
    #[must_use]
    pub fn is_plain(&self, sums: &Sums) -> bool {
        sums.iter().zip(&self.plain).fold(true, |plain, (sum, limit)| plain & (sum - sums[0] <= *limit))
    }

    /// Factors of the labels of a word with these sums; the best has 1.
    #[must_use]
    pub fn factors(&self, sums: &Sums) -> Row {
        let top = sums[..LABELS].iter().copied().max().unwrap_or(0);
        let factor = |sum: i16| self.units.get(usize::from(top.abs_diff(sum))).copied().unwrap_or(0.0);
        std::array::from_fn(|y| factor(sums[y]))
    }
}
