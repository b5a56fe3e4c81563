//! Words one slip apart: one letter put in, left out or changed, or one pair swapped. What an answer costs
//! does not grow with the number of names.

use super::hash::hash_bytes;

/// Longest name whose slips are looked for, bytes. The longest of the census lists has 15.
pub const SLIP_BYTES_MAX: usize = 32;

/// Finds names that differ from a word by one slip: both give the same letters when the right one is
/// left out of each, or of the longer.
pub struct Slips<N> {
    names: Vec<N>,
    /// Hash of a name, whole or with one byte left out, and the name; ascending.
    keys: Vec<(u32, u32)>,
}

impl<N: AsRef<str>> Slips<N> {
    /// Names to be found; those too long for slips are left out.
    pub fn of(names: impl Iterator<Item = N>) -> Self {
        let names: Vec<N> = names.filter(|n| n.as_ref().len() <= SLIP_BYTES_MAX).collect();
        let mut keys = Vec::new();
        for (i, name) in names.iter().enumerate() {
            keys.extend(slip_keys(name.as_ref()).map(|key| (key, i as u32)));
        }
        keys.sort_unstable();
        keys.dedup();
        Self { names, keys }
    }

    /// The name at a place among those that are not too long.
    pub fn name(&self, index: usize) -> &str {
        self.names[index].as_ref()
    }

    /// The names that are near to a word.
    pub fn near<'s>(&'s self, word: &'s str) -> impl Iterator<Item = &'s str> {
        // A word that is too long to be one byte longer than a name gives no keys.
        let keys = Some(word).filter(|w| w.len() <= SLIP_BYTES_MAX + 1).into_iter().flat_map(slip_keys);
        keys.flat_map(|key| {
            let from = self.keys.partition_point(|k| k.0 < key);
            self.keys[from..].iter().take_while(move |k| k.0 == key).map(|k| self.names[k.1 as usize].as_ref())
        })
        .filter(move |name| is_near(name, word))
    }
}

/// Hashes of a short word, whole and with each byte left out.
fn slip_keys(word: &str) -> impl Iterator<Item = u32> {
    let bytes = word.as_bytes();
    let without = |i: usize| {
        let mut rest = [0; SLIP_BYTES_MAX + 1];
        rest[..i].copy_from_slice(&bytes[..i]);
        rest[i..bytes.len() - 1].copy_from_slice(&bytes[i + 1..]);
        hash_bytes(&rest[..bytes.len() - 1]) as u32
    };
    std::iter::once(hash_bytes(bytes) as u32).chain((0..bytes.len()).map(without))
}

/// Whether two words differ by one letter put in, left out or changed, or one pair swapped.
#[must_use]
pub fn is_near(a: &str, b: &str) -> bool {
    let (a, b) = if a.len() <= b.len() { (a.as_bytes(), b.as_bytes()) } else { (b.as_bytes(), a.as_bytes()) };
    if b.len() - a.len() > 1 {
        return false;
    }
    let same = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    if a.len() < b.len() {
        return a[same..] == b[same + 1..];
    }
    let rest = (&a[same..], &b[same..]);
    match rest {
        ([], _) => true,
        ([_, x @ ..], [_, y @ ..]) if x == y => true,
        ([p, q, x @ ..], [r, s, y @ ..]) => p == s && q == r && x == y,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_one_slip_apart_are_near() {
        for (a, b, want) in [
            ("okonkwo", "okonkwo", true),
            ("okonkwo", "okonko", true),
            ("kowalski", "kowalsky", true),
            ("brian", "brain", true),
            ("smith", "smooth", false),
            ("garcia", "marsha", false),
        ] {
            assert_eq!(is_near(a, b), want, "{a} {b}");
        }
    }
}
