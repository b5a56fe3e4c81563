//! What the gate (`patterns/gate.rs`) sees of each word.

use super::feature::Codes;
use super::look::Look;
use crate::patterns::gate::slot;

/// Features of a word.
pub(super) const GATE_FEATURES: usize = 16;

/// The features of a word among the two words before it and the one after it. `run` is how the run that it stands in
/// looks, and which piece of it the word is; 0 in no run.
pub(super) fn seen([p2, p1, w, n1]: [&Look; 4], c: &Codes, run: u64) -> [u32; GATE_FEATURES] {
    let kind = w.kind();
    let context = c.ruled | c.phrase << 8 | c.ahead << 16 | c.letter << 24;
    [
        slot(1, w.word, 0),
        slot(2, p1.word, w.word),
        slot(3, w.word, n1.word),
        slot(4, p2.word ^ p1.word.rotate_left(17), w.sort),
        slot(5, c.before ^ c.asked << 16, kind),
        slot(6, c.before, w.sort),
        slot(7, c.asked, w.sort),
        slot(8, c.after, w.sort),
        slot(9, p1.sort ^ n1.sort.rotate_left(17), w.sort),
        slot(10, w.case | c.case_before << 8 | c.case_after << 16, kind),
        slot(11, c.near, w.sort),
        slot(12, context, c.place),
        slot(13, run, c.asked ^ c.before << 16),
        slot(14, p1.word, kind),
        slot(15, n1.word, kind),
        slot(16, w.ends, run),
    ]
}
