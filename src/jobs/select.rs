//! Which of the calls below SOURCE a run is about. Must not look at anything but listings.

use super::{Call, Orphans};
use crate::base::{CallId, Timestamp};
use std::str::FromStr;

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

/// Calls by their pseudonyms.
#[derive(Debug, Default)]
pub struct CallSet(Vec<u128>);

impl CallSet {
    pub(super) fn new(mut numbers: Vec<u128>) -> Self {
        numbers.sort_unstable();
        numbers.dedup();
        Self(numbers)
    }

    /// Whether the call is one of them.
    #[must_use]
    pub fn has(&self, call: &CallId) -> bool {
        self.0.binary_search(&call.number()).is_ok()
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
    fn shards_count_from_nought() {
        for wrong in ["4/4", "-1/4", "1", "1/0", "a/b", "1/2/3", "0/10001", ""] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
        assert_eq!("4/4".parse::<Shard>().unwrap_err(), "from 0/4 to 3/4");
    }
}
