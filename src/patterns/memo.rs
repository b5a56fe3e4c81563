//! Sums of weights that were asked for before. People say the same words again and again, so what a group of
//! features adds up to is looked up far more often than it is computed.
//!
//! A memo is exact (it compares whole keys), bounded (a newer sum takes an older one's place), and changes no
//! result: forgetting everything only costs time. It holds hashes of words and no text.

use super::weights::Sums;
use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

/// What a group of features looks at: hashes of words and codes of their context, and a code that tells the groups
/// that share a memo apart. Never all zeros.
pub type Key = [u64; 3];

/// Most entries for single words, pairs of words, three words, and words in a context: 13 MiB together. Powers of two.
const ONES: usize = 1 << 13;
const TWOS: usize = 1 << 14;
const THREES: usize = 1 << 14;
const PLACED: usize = 1 << 16;

/// A memo begins with one in so many of its entries: a short text needs no more.
const BEGINS: usize = 16;
/// How much it grows when more sums than it has entries were new.
const GROWS: usize = 4;

/// Remembered sums, `ROWS` for each key.
pub struct Memo<const ROWS: usize> {
    entries: Vec<Entry<ROWS>>,
    entries_max: usize,
    /// Sums that were new since the memo grew.
    new: usize,
}

/// A key and its sums. Those of one row share a cache line.
#[derive(Clone)]
#[repr(align(64))]
struct Entry<const ROWS: usize> {
    key: Key,
    rows: [Sums; ROWS],
}

impl<const ROWS: usize> Memo<ROWS> {
    fn new(entries_max: usize) -> Self {
        Self { entries: Self::empty(entries_max.div_ceil(BEGINS)), entries_max, new: 0 }
    }

    fn empty(entries: usize) -> Vec<Entry<ROWS>> {
        vec![Entry { key: [0; 3], rows: [[0; _]; ROWS] }; entries]
    }

    /// The sums of a key. Those of a new key are computed: `fill` adds them to zeros.
    pub fn rows(&mut self, key: Key, fill: impl FnOnce(&mut [Sums; ROWS])) -> &[Sums; ROWS] {
        let mut at = self.slot(&key);
        let known = &self.entries[at].key;
        // Number by number: the key has just been put together, and a wider load would wait for that.
        if (known[0] ^ key[0]) | (known[1] ^ key[1]) | (known[2] ^ key[2]) != 0 {
            self.grow();
            at = self.slot(&key);
            let entry = &mut self.entries[at];
            entry.rows = [[0; _]; ROWS];
            fill(&mut entry.rows);
            entry.key = key;
        }
        &self.entries[at].rows
    }

    /// Where a key stands, if it is known.
    fn slot(&self, key: &Key) -> usize {
        slot(key) & (self.entries.len() - 1)
    }

    /// Makes room where there were more new sums than entries. What was remembered is forgotten.
    fn grow(&mut self) {
        self.new += 1;
        if self.new > self.entries.len() && self.entries.len() < self.entries_max {
            self.entries = Self::empty((self.entries.len() * GROWS).min(self.entries_max));
            self.new = 0;
        }
    }
}

fn slot(key: &Key) -> usize {
    let mixed = key[0].wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ key[1].wrapping_mul(0xff51_afd7_ed55_8ccd).rotate_left(25)
        ^ key[2].wrapping_mul(0xc4ce_b9fe_1a85_ec53).rotate_left(43);
    (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize
}

/// The memos that one detection uses.
pub struct Memos {
    /// Single words.
    pub one: Memo<7>,
    /// Two words that follow each other.
    pub two: Memo<4>,
    /// Sorts of three words that follow each other.
    pub three: Memo<3>,
    /// Words in their context.
    pub placed: Memo<1>,
}

impl Memos {
    fn new() -> Self {
        Self { one: Memo::new(ONES), two: Memo::new(TWOS), three: Memo::new(THREES), placed: Memo::new(PLACED) }
    }
}

/// Memos that are not in use: one detection at a time has them, and what it has learned stays for the next.
#[derive(Default)]
pub struct Shelf(Mutex<Vec<Memos>>);

impl Shelf {
    /// Memos for one detection, new ones where all are in use.
    pub fn lend(&self) -> Lent<'_> {
        let memos = self.0.lock().ok().and_then(|mut shelf| shelf.pop());
        Lent { shelf: self, memos: Some(memos.unwrap_or_else(Memos::new)) }
    }
}

/// Memos that go back to their shelf when dropped.
pub struct Lent<'a> {
    shelf: &'a Shelf,
    memos: Option<Memos>,
}

impl Deref for Lent<'_> {
    type Target = Memos;

    fn deref(&self) -> &Memos {
        self.memos.as_ref().expect("memos leave only when dropped")
    }
}

impl DerefMut for Lent<'_> {
    fn deref_mut(&mut self) -> &mut Memos {
        self.memos.as_mut().expect("memos leave only when dropped")
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        // Not behind a panic, which may have left a key without its sums.
        if !std::thread::panicking()
            && let (Ok(mut shelf), Some(memos)) = (self.shelf.0.lock(), self.memos.take())
        {
            shelf.push(memos);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::Model;
    use super::super::weights::LABELS;
    use super::*;

    fn model() -> Model {
        let weights = |top: f32| [top; LABELS];
        Model::read(Model::write(&[(3, weights(1.0)), (5 << 40, weights(0.5))], &[[0.0; LABELS]; LABELS])).unwrap()
    }

    #[test]
    fn a_sum_is_computed_once_and_never_taken_for_that_of_another_key() {
        let model = model();
        let mut memo = Memo::<1>::new(64);
        for round in 0..3 {
            for n in 1..100 {
                let want = if n % 2 == 0 { model.sum(&[3]) } else { model.sum(&[3, 5 << 40]) };
                let features: &[u64] = if n % 2 == 0 { &[3] } else { &[3, 5 << 40] };
                let got = *memo.rows([n, 0, 0], |rows| rows[0] = model.sum(features));
                assert!(got == [want], "{n} in round {round}");
            }
        }
        memo.rows([7, 0, 0], |_| ());
        let mut asked = false;
        memo.rows([7, 0, 0], |_| asked = true);
        assert!(!asked);
        assert_eq!(memo.entries.len(), memo.entries_max);
    }

    #[test]
    fn memos_come_back_to_the_shelf() {
        let shelf = Shelf::default();
        shelf.lend().one.rows([7, 0, 0], |_| ());
        let mut asked = false;
        shelf.lend().one.rows([7, 0, 0], |_| asked = true);
        assert!(!asked);
    }
}
