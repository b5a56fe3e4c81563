//! Half-open spans in time and in words.

use super::{Error, Kind, Result, Stage};

/// A stretch of time: milliseconds from the first frame of the recording, half-open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct TimeSpan {
    start_ms: u32,
    end_ms: u32,
}

impl TimeSpan {
    /// The span from `start_ms` (inclusive) to `end_ms` (exclusive); empty spans are allowed.
    ///
    /// # Errors
    /// When the span ends before it starts.
    pub fn new(start_ms: u32, end_ms: u32) -> Result<Self> {
        if end_ms < start_ms {
            return Err(Error::new(Stage::Plan, Kind::Internal, "time span ends before it starts"));
        }
        Ok(Self { start_ms, end_ms })
    }

    /// First millisecond, inclusive.
    #[must_use]
    pub const fn start_ms(self) -> u32 {
        self.start_ms
    }

    /// End, exclusive, milliseconds.
    #[must_use]
    pub const fn end_ms(self) -> u32 {
        self.end_ms
    }

    /// Length, milliseconds.
    #[must_use]
    pub const fn len_ms(self) -> u32 {
        self.end_ms - self.start_ms
    }

    /// The smallest span that covers both.
    #[must_use]
    pub fn cover(self, other: Self) -> Self {
        Self { start_ms: self.start_ms.min(other.start_ms), end_ms: self.end_ms.max(other.end_ms) }
    }

    /// Whether the two share a millisecond.
    #[must_use]
    pub const fn overlaps(self, other: Self) -> bool {
        self.start_ms < other.end_ms && other.start_ms < self.end_ms
    }

    /// The span widened by `pad_ms` on both sides, stopping at zero.
    #[must_use]
    pub const fn widened(self, pad_ms: u32) -> Self {
        Self { start_ms: self.start_ms.saturating_sub(pad_ms), end_ms: self.end_ms.saturating_add(pad_ms) }
    }

    /// Spans in any order as sorted, disjoint ones that do not touch.
    #[must_use]
    pub fn union(mut spans: Vec<Self>) -> Vec<Self> {
        spans.sort_unstable();
        let mut joined: Vec<Self> = Vec::with_capacity(spans.len());
        for span in spans {
            match joined.last_mut().filter(|last| span.start_ms <= last.end_ms) {
                Some(last) => *last = last.cover(span),
                None => joined.push(span),
            }
        }
        joined
    }
}

/// A run of words of one transcript: indexes into `Transcript::words`, half-open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WordSpan {
    /// First word, inclusive.
    pub start: u32,
    /// One past the last word.
    pub end: u32,
}

impl WordSpan {
    /// The words from `start` (inclusive) to `end` (exclusive).
    ///
    /// # Panics
    /// Never in release; a debug build asserts `start <= end`.
    #[must_use]
    pub fn new(start: u32, end: u32) -> Self {
        debug_assert!(start <= end, "word span ends before it starts");
        Self { start, end: end.max(start) }
    }

    /// Number of words.
    #[must_use]
    pub const fn len(self) -> u32 {
        self.end - self.start
    }

    /// Whether the span holds no word.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The word indexes as a range for slicing.
    #[must_use]
    pub const fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether the two share a word.
    #[must_use]
    pub const fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_that_ends_before_it_starts_is_refused() {
        assert!(TimeSpan::new(2, 1).is_err());
    }

    #[test]
    fn a_union_joins_what_overlaps_or_touches() {
        let span = |a, b| TimeSpan::new(a, b).unwrap();
        assert_eq!(
            TimeSpan::union(vec![span(30, 40), span(0, 9), span(9, 12), span(5, 8)]),
            [span(0, 12), span(30, 40)]
        );
        assert_eq!(TimeSpan::union(Vec::new()), []);
    }

    #[test]
    fn widening_stops_at_zero() {
        assert_eq!(TimeSpan::new(50, 60).unwrap().widened(100), TimeSpan::new(0, 160).unwrap());
    }
}
