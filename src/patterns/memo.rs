//! Sums of weights that were asked for before. People say the same words again and again, so what a group of
//! features adds up to is looked up far more often than it is computed.
//!
//! A memo is exact (it compares whole keys), bounded (a newer sum takes an older one's place), and changes no
//! result: forgetting everything only costs time. It holds hashes of words and no text.

use super::model::{Model, Sums};
use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

/// What a group of features looks at: hashes of words and codes of their context, and a code that tells the groups
/// that share a memo apart. Never all zeros.
pub type Key = [u64; 3];

/// Entries for single words, pairs of words, three words, and words in a context. Powers of two.
const ONES: usize = 1 << 12;
const TWOS: usize = 1 << 14;
const THREES: usize = 1 << 14;
const PLACED: usize = 1 << 15;

/// Remembered sums, `ROWS` for each key.
pub struct Memo<const ROWS: usize> {
    keys: Vec<Key>,
    rows: Vec<[Sums; ROWS]>,
}

impl<const ROWS: usize> Memo<ROWS> {
    fn new(entries: usize) -> Self {
        Self { keys: vec![[0; 3]; entries], rows: vec![[[0; _]; ROWS]; entries] }
    }

    /// The sums of a key. Those of a new key are computed: `list` puts the features of a row on the (empty) list.
    pub fn rows(&mut self, key: Key, model: &Model, mut list: impl FnMut(usize, &mut Vec<u64>)) -> &[Sums; ROWS] {
        let at = self.slot(&key);
        if self.keys[at] != key {
            let mut features = Vec::new();
            for row in 0..ROWS {
                features.clear();
                list(row, &mut features);
                self.rows[at][row] = model.sum(&features);
            }
            self.keys[at] = key;
        }
        &self.rows[at]
    }

    fn slot(&self, key: &Key) -> usize {
        let mixed = key[0]
            ^ key[1].rotate_left(21).wrapping_mul(0xff51_afd7_ed55_8ccd)
            ^ key[2].rotate_left(42).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        let high = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        high as usize & (self.keys.len() - 1)
    }
}

/// The memos that one detection uses.
pub struct Memos {
    /// Single words.
    pub one: Memo<3>,
    /// Two words that follow each other.
    pub two: Memo<4>,
    /// Three words that follow each other.
    pub three: Memo<4>,
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
pub struct Shelf(Mutex<Vec<Box<Memos>>>);

impl Shelf {
    /// Memos for one detection, new ones where all are in use.
    pub fn lend(&self) -> Lent<'_> {
        let memos = self.0.lock().ok().and_then(|mut shelf| shelf.pop());
        Lent { shelf: self, memos: Some(memos.unwrap_or_else(|| Box::new(Memos::new()))) }
    }
}

/// Memos that go back to their shelf when dropped.
pub struct Lent<'a> {
    shelf: &'a Shelf,
    memos: Option<Box<Memos>>,
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
    use super::super::model::LABELS;
    use super::*;

    fn model() -> Model {
        let weights = |top: f32| [top; LABELS];
        Model::read(Model::write(&[(3, weights(1.0)), (5 << 40, weights(0.5))], &[[0.0; LABELS]; LABELS])).unwrap()
    }

    #[test]
    fn a_sum_is_computed_once_and_never_taken_for_that_of_another_key() {
        let model = model();
        let mut memo = Memo::<1>::new(2);
        for round in 0..3 {
            for n in 1..100 {
                let want = if n % 2 == 0 { model.sum(&[3]) } else { model.sum(&[3, 5 << 40]) };
                let got = *memo.rows([n, 0, 0], &model, |_, list| {
                    list.extend(if n % 2 == 0 { vec![3] } else { vec![3, 5 << 40] });
                });
                assert!(got == [want], "{n} in round {round}");
            }
        }
        memo.rows([7, 0, 0], &model, |_, list| list.push(3));
        let mut asked = false;
        memo.rows([7, 0, 0], &model, |_, _| asked = true);
        assert!(!asked);
    }

    #[test]
    fn memos_come_back_to_the_shelf() {
        let (shelf, model) = (Shelf::default(), model());
        shelf.lend().one.rows([7, 0, 0], &model, |_, list| list.push(3));
        let mut asked = false;
        shelf.lend().one.rows([7, 0, 0], &model, |_, _| asked = true);
        assert!(!asked);
    }
}
