//! The setup header (Vorbis I, 4.2.4), read to its end: which modes there are, and how many bits say that a channel of
//! a packet is silent. Codebooks are passed over.

use super::bits::{Bits, width};

/// What starts each codebook.
const SYNC: u32 = 0x56_4342;

/// A way of coding a packet.
pub(super) struct Mode {
    /// Whether its blocks are the long ones.
    pub(super) is_long: bool,
    /// Bits, all zero, that say of all channels that nothing follows.
    pub(super) silent_bits: u32,
}

/// Reads what follows the packet's type and name; `None` where no decoder could.
pub(super) fn modes(setup: &[u8], channels: u8) -> Option<Vec<Mode>> {
    let mut bits = Bits::new(setup);
    let codebooks = bits.take(8)? + 1;
    for _ in 0..codebooks {
        codebook(&mut bits)?;
    }
    let times = bits.take(6)? + 1;
    for _ in 0..times {
        (bits.take(16)? == 0).then_some(())?;
    }
    let floors = list(&mut bits, floor)?;
    let residues = list(&mut bits, residue)?.len();
    let mappings = list(&mut bits, |bits| mapping(bits, channels, &floors, residues))?;
    let modes = list(&mut bits, |bits| {
        let is_long = bits.flag()?;
        // Window and transform: there is one of each.
        (bits.take(32)? == 0).then_some(())?;
        Some(Mode { is_long, silent_bits: *mappings.get(bits.take(8)? as usize)? })
    })?;
    let is_framed = bits.flag()?;
    (is_framed && setup.len() == bits.at().div_ceil(8)).then_some(modes)
}

/// A list that starts with how many items it has, less one, in six bits.
fn list<'a, T>(bits: &mut Bits<'a>, mut item: impl FnMut(&mut Bits<'a>) -> Option<T>) -> Option<Vec<T>> {
    let count = bits.take(6)? + 1;
    (0..count).map(|_| item(bits)).collect()
}

fn codebook(bits: &mut Bits<'_>) -> Option<()> {
    if bits.take(24)? != SYNC {
        return None;
    }
    let (dimensions, entries) = (bits.take(16)?, bits.take(24)?);
    if bits.flag()? {
        bits.take(5)?;
        let mut entry = 0;
        while entry < entries {
            // A length that none has may be passed over, each with a bit at least.
            entry += bits.take(width(entries - entry))?;
        }
        (entry == entries).then_some(())?;
    } else if bits.flag()? {
        for _ in 0..entries {
            if bits.flag()? {
                bits.take(5)?;
            }
        }
    } else {
        bits.skip(5 * u64::from(entries))?;
    }
    let values = match bits.take(4)? {
        0 => return Some(()),
        1 => u64::from(root(entries, dimensions)?),
        2 => u64::from(entries) * u64::from(dimensions),
        _ => return None,
    };
    bits.skip(64)?;
    let value_bits = bits.take(4)? + 1;
    bits.take(1)?;
    bits.skip(values * u64::from(value_bits))
}

/// The largest number whose power `dimensions` is not above `entries`.
fn root(entries: u32, dimensions: u32) -> Option<u32> {
    let is_below = |root: u32| u64::from(root).checked_pow(dimensions).is_some_and(|power| power <= entries.into());
    (dimensions > 0).then(|| {
        let (mut low, mut high) = (0, entries + 1);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if is_below(middle) { low = middle } else { high = middle }
        }
        low
    })
}

/// Bits of a floor that say that there is none.
fn floor(bits: &mut Bits<'_>) -> Option<u32> {
    match bits.take(16)? {
        0 => {
            bits.skip(8 + 16 + 16)?;
            let amplitude_bits = bits.take(6)?;
            bits.skip(8)?;
            let books = bits.take(4)? + 1;
            bits.skip(8 * u64::from(books))?;
            // Without bits of amplitude the floor is never there.
            Some(amplitude_bits)
        }
        1 => {
            let partitions = bits.take(5)?;
            let classes = (0..partitions).map(|_| bits.take(4)).collect::<Option<Vec<u32>>>()?;
            let mut dimensions = Vec::new();
            for _ in 0..classes.iter().max().map_or(0, |max| max + 1) {
                dimensions.push(bits.take(3)? + 1);
                let subclasses = bits.take(2)?;
                bits.skip(if subclasses > 0 { 8 } else { 0 } + (8 << subclasses))?;
            }
            bits.skip(2)?;
            let range_bits = u64::from(bits.take(4)?);
            let points: u32 = classes.iter().map(|&class| dimensions[class as usize]).sum();
            bits.skip(u64::from(points) * range_bits)?;
            Some(1)
        }
        _ => None,
    }
}

fn residue(bits: &mut Bits<'_>) -> Option<()> {
    if bits.take(16)? > 2 {
        return None;
    }
    bits.skip(24 + 24 + 24)?;
    let classifications = bits.take(6)? + 1;
    bits.skip(8)?;
    let mut books = 0;
    for _ in 0..classifications {
        books += bits.take(3)?.count_ones();
        if bits.flag()? {
            books += bits.take(5)?.count_ones();
        }
    }
    bits.skip(8 * u64::from(books))
}

/// Bits that say of all channels that they are silent.
fn mapping(bits: &mut Bits<'_>, channels: u8, floors: &[u32], residues: usize) -> Option<u32> {
    if bits.take(16)? != 0 {
        return None;
    }
    let submaps = if bits.flag()? { bits.take(4)? + 1 } else { 1 };
    if bits.flag()? {
        let steps = u64::from(bits.take(8)?) + 1;
        bits.skip(steps * 2 * u64::from(width(u32::from(channels) - 1)))?;
    }
    if bits.take(2)? != 0 {
        return None;
    }
    let of_channel = |bits: &mut Bits<'_>| if submaps > 1 { bits.take(4) } else { Some(0) };
    let of_channels = (0..channels).map(|_| of_channel(bits)).collect::<Option<Vec<u32>>>()?;
    let mut submap_floors = Vec::new();
    for _ in 0..submaps {
        bits.skip(8)?;
        submap_floors.push(*floors.get(bits.take(8)? as usize)?);
        (bits.take(8)? < residues as u32).then_some(())?;
    }
    of_channels.into_iter().map(|submap| submap_floors.get(submap as usize).copied()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn roots_are_the_largest_that_fit() {
        for (entries, dimensions, want) in [(0, 2, 0), (1, 5, 1), (81, 4, 3), (80, 4, 2), (1 << 23, 1, 1 << 23)] {
            assert_eq!(root(entries, dimensions), Some(want));
        }
        assert_eq!(root(9, 0), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_setup_or_are_not(
            sync in any::<bool>(),
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            channels in 1u8..3,
        ) {
            let start: &[u8] = if sync { &[0, 0x42, 0x43, 0x56] } else { &[] };
            modes(&[start, &bytes].concat(), channels);
        }
    }
}
