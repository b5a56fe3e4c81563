//! A model's weights in the form in which a chain over words needs them: as factors of chance.

use super::model::{LABELS, Sums};

/// A number for each label of the tagger.
pub type Row = [f32; LABELS];

/// Chance up to which a label counts as none.
const CHANCE_MIN: f32 = 1e-6;
/// Scores this far below the best, in natural logarithms, are no chance.
const FAR: f32 = 80.0;

/// Factors of chance.
pub struct Steps {
    from: [Row; LABELS],
    to: [Row; LABELS],
    /// Per label that scores best, and per other: how far the other's sum may be above the best (so how far below, in
    /// the negative) where it has no chance.
    far: [Sums; LABELS],
    /// Per unit of difference between two sums.
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
        let limit = |y: usize, best: usize| ((CHANCE_MIN.ln() - gain(y, best)) / scale).floor() as i16;
        let far = |best: usize| std::array::from_fn(|y| if y == best { i16::MAX } else { limit(y, best) });
        let units = (0..=u16::MAX).map(|n| f32::from(n) * scale).take_while(|d| *d < FAR).map(|d| (-d).exp()).collect();
        Self { to: std::array::from_fn(|y| from.map(|row| row[y])), from, far: std::array::from_fn(far), units }
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

    /// Whether a word with these sums may stay whatever stands around it: no other label has a chance of 0.000001.
    #[must_use]
    pub fn is_plain(&self, sums: &Sums) -> bool {
        sums.iter().zip(&self.far[0]).fold(true, |plain, (sum, far)| plain & (sum - sums[0] <= *far))
    }

    /// Factors of the labels of a word with these sums: 1 for the best, 0 for those that have no chance.
    #[must_use]
    pub fn factors(&self, sums: &Sums) -> Row {
        let best = (1..LABELS).fold(0, |best, y| if sums[y] > sums[best] { y } else { best });
        let (top, far) = (sums[best], &self.far[best]);
        std::array::from_fn(|y| match sums[y] - top {
            none if y != best && none <= far[y] => 0.0,
            below => self.units.get(usize::from(below.unsigned_abs())).copied().unwrap_or(0.0),
        })
    }
}
