//! Which of the calls below SOURCE a run is about. Must not look at anything but listings.

use super::{Call, Orphans};
use crate::base::{CallId, Timestamp};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};

/// Most shards of a run.
const SHARDS_MAX: u32 = 10_000;

/// A share of all calls, by their pseudonyms: both halves of a call are in the same one, whoever lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    of: u32,
}

impl FromStr for Shard {
    type Err = String;

    /// Reads `0/4` to `3/4`.
    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        match parts {
            Some((index, of)) if index < of && of <= SHARDS_MAX => Ok(Self { index, of }),
            Some((_, of)) if (1..=SHARDS_MAX).contains(&of) => Err(format!("from 0/{of} to {}/{of}", of - 1)),
            _ => Err(format!("not I/N with N from 1 to {SHARDS_MAX}; try 0/4")),
        }
    }
}

impl Shard {
    /// Whether the call is in it.
    #[must_use]
    pub fn has(self, call: &CallId) -> bool {
        call.number() % u128::from(self.of) == u128::from(self.index)
    }
}

/// Calls by their pseudonyms, as the keys of a list name them.
#[derive(Debug, Default)]
pub struct CallSet {
    /// Sorted.
    calls: Vec<u128>,
    /// For each of them the key that names it.
    keys: Vec<u32>,
    /// For each key whether a call that it names is there.
    met: Vec<AtomicBool>,
}

impl CallSet {
    /// What so many keys name: calls, each with its key, which may name several.
    pub(super) fn new(keys: u32, mut named: Vec<(u128, u32)>) -> Self {
        named.sort_unstable();
        let (calls, of_keys) = named.into_iter().unzip();
        Self { calls, keys: of_keys, met: (0..keys).map(|_| AtomicBool::new(false)).collect() }
    }

    /// Whether the call is one of them; the keys that name it are met.
    #[must_use]
    pub fn has(&self, call: &CallId) -> bool {
        let number = call.number();
        let first = self.calls.partition_point(|named| *named < number);
        let naming = self.calls[first..].iter().zip(&self.keys[first..]).take_while(|(named, _)| **named == number);
        let met = naming.map(|(_, key)| self.met[*key as usize].store(true, Ordering::Relaxed));
        met.count() > 0
    }

    /// How many keys name a call that was not met, and how many keys there are.
    #[must_use]
    pub fn unmet(&self) -> (usize, usize) {
        (self.met.iter().filter(|met| !met.load(Ordering::Relaxed)).count(), self.met.len())
    }
}

/// What a run is about.
#[derive(Default)]
pub struct Selection {
    /// Only these calls.
    pub calls: Option<CallSet>,
    /// Only this share.
    pub shard: Option<Shard>,
    /// Only calls of which a source was changed then or later.
    pub since: Option<Timestamp>,
    /// Calls that lack a half are passed over while it may still come.
    pub orphans: Option<Orphans>,
}

impl Selection {
    /// Whether the call is in it.
    #[must_use]
    pub fn has(&self, call: &Call) -> bool {
        let is_changed = |since: Timestamp| {
            let mut files = call.files().into_iter().chain(&call.known);
            files.any(|file| file.stat.modified_s >= since.unix_s())
        };
        self.calls.as_ref().is_none_or(|calls| calls.has(&call.id))
            && self.shard.is_none_or(|shard| shard.has(&call.id))
            && self.since.is_none_or(is_changed)
    }

    /// Whether the call lacks a half that may still come.
    #[must_use]
    pub fn awaits(&self, call: &Call) -> bool {
        self.orphans.as_ref().is_some_and(|orphans| orphans.is_awaited(call))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_is_in_exactly_one_shard_and_shards_are_of_one_size() {
        let shards: Vec<Shard> = (0..7).map(|i| format!("{i}/7").parse().unwrap()).collect();
        let mut sizes = [0; 7];
        for n in 0..7_000_u32 {
            let mut mac = [0; 32];
            mac[..4].copy_from_slice(&n.wrapping_mul(0x9E37_79B9).to_le_bytes());
            let having: Vec<_> = (0..7).filter(|&i| shards[i].has(&CallId::from_mac(&mac))).collect();
            assert_eq!(having.len(), 1);
            sizes[having[0]] += 1;
        }
        assert!(sizes.iter().all(|size| (900..1_100).contains(size)), "{sizes:?}");
    }

    #[test]
    fn keys_are_met_with_every_call_that_they_name() {
        let call = |n: u8| CallId::from_mac(&[n; 32]);
        // Two halves of one call, one key below two SOURCEs, one that names nothing at all.
        let named = [(1, 0), (1, 1), (2, 2), (3, 2)].map(|(n, key)| (call(n).number(), key));
        let set = CallSet::new(4, named.into());
        assert_eq!(set.unmet(), (4, 4));
        assert!(set.has(&call(1)) && set.has(&call(3)) && !set.has(&call(9)));
        assert_eq!(set.unmet(), (1, 4));
    }

    #[test]
    fn shards_count_from_nought() {
        for wrong in ["4/4", "-1/4", "1", "1/0", "a/b", "1/2/3", "0/10001", ""] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
        assert_eq!("4/4".parse::<Shard>().unwrap_err(), "from 0/4 to 3/4");
    }
}
