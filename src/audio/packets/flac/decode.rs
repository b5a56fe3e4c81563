//! The samples of one frame (RFC 9639, section 9.2). Only frames that a mute cuts in two are decoded.

use super::bits::Reader;
use super::frame::{FOOTER_BYTES, Header, LEFT_SIDE, MID_SIDE, SIDE_RIGHT};
use super::stream::Stream;
use crate::base::Phi;

/// Samples of one channel.
pub(super) type Channel = Phi<Vec<i64>>;

/// Types of subframes.
const CONSTANT: u64 = 0;
const VERBATIM: u64 = 1;
/// Highest order of the fixed predictors.
pub(super) const FIXED_ORDER_MAX: u64 = 4;
/// The fixed predictors by order, nearest sample first.
const FIXED: [&[i64]; 5] = [&[], &[1], &[2, -1], &[3, -3, 1], &[4, -6, 4, -1]];

/// Decodes a frame to all of its channels; `None` where it is damaged in a way that its checksum does not show.
pub(super) fn decode(frame: &[u8], header: &Header, stream: &Stream) -> Option<Vec<Channel>> {
    let body = &frame[header.bytes.len()..frame.len() - FOOTER_BYTES];
    let mut bits = Reader::new(body);
    let side = match header.assignment {
        LEFT_SIDE | MID_SIDE => Some(1),
        SIDE_RIGHT => Some(0),
        _ => None,
    };
    let mut channels = Vec::new();
    for channel in 0..usize::from(stream.channels) {
        let width = u32::from(stream.bits) + u32::from(side == Some(channel));
        channels.push(Phi::new(subframe(&mut bits, header.block as usize, width)?));
    }
    if let [first, second] = &mut channels[..] {
        combine(first.expose_mut(), second.expose_mut(), header.assignment);
    }
    let range = -(1 << (stream.bits - 1))..1 << (stream.bits - 1);
    let is_whole = bits.bytes_read() == body.len();
    let is_in_range = channels.iter().all(|channel| channel.expose().iter().all(|sample| range.contains(sample)));
    (is_whole && is_in_range).then_some(channels)
}

/// Makes left and right of what is stored.
fn combine(first: &mut [i64], second: &mut [i64], assignment: u8) {
    for (a, b) in first.iter_mut().zip(second) {
        (*a, *b) = match assignment {
            LEFT_SIDE => (*a, *a - *b),
            SIDE_RIGHT => (*a + *b, *b),
            MID_SIDE => {
                let twice = *a << 1 | *b & 1;
                ((twice + *b) >> 1, (twice - *b) >> 1)
            }
            _ => return,
        };
    }
}

fn subframe(bits: &mut Reader<'_>, len: usize, width: u32) -> Option<Vec<i64>> {
    let kind = bits.take(7)?;
    let wasted = if bits.take(1)? == 1 { u32::try_from(bits.take_unary()?).ok()?.checked_add(1)? } else { 0 };
    let width = width.checked_sub(wasted).filter(|&width| width > 0)?;
    let mut samples = match kind {
        CONSTANT => vec![bits.take_signed(width)?; len],
        VERBATIM => (0..len).map(|_| bits.take_signed(width)).collect::<Option<_>>()?,
        8..=12 => {
            let mut samples = warm_up(bits, (kind - 8) as usize, len, width)?;
            predicted(bits, &mut samples, len, width, FIXED[(kind - 8) as usize], 0)?;
            samples
        }
        32..=63 => {
            let mut samples = warm_up(bits, (kind - 31) as usize, len, width)?;
            let precision = bits.take(4).filter(|&precision| precision < 15)? as u32 + 1;
            let shift = bits.take_signed(5).filter(|&shift| shift >= 0)?;
            let factors = (31..kind).map(|_| bits.take_signed(precision)).collect::<Option<Vec<_>>>()?;
            predicted(bits, &mut samples, len, width, &factors, shift)?;
            samples
        }
        _ => return None,
    };
    samples.iter_mut().for_each(|sample| *sample <<= wasted);
    Some(samples)
}

/// The first samples of a predicted subframe, as they are.
fn warm_up(bits: &mut Reader<'_>, order: usize, len: usize, width: u32) -> Option<Vec<i64>> {
    if order > len {
        return None;
    }
    let mut samples = Vec::with_capacity(len);
    for _ in 0..order {
        samples.push(bits.take_signed(width)?);
    }
    Some(samples)
}

/// The samples behind the warm-up: what the factors predict of the samples before, and what it is wrong by.
fn predicted(
    bits: &mut Reader<'_>,
    samples: &mut Vec<i64>,
    len: usize,
    width: u32,
    factors: &[i64],
    shift: i64,
) -> Option<()> {
    let (parameter_bits, escape) = match bits.take(2)? {
        0 => (4, 15),
        1 => (5, 31),
        _ => return None,
    };
    let partitions = 1_usize << bits.take(4)?;
    if !len.is_multiple_of(partitions) || len / partitions < factors.len() {
        return None;
    }
    let range = -(1_i64 << (width - 1))..1_i64 << (width - 1);
    for partition in 1..=partitions {
        let parameter = bits.take(parameter_bits)?;
        let raw = if parameter == escape { Some(bits.take(5)? as u32) } else { None };
        while samples.len() < len / partitions * partition {
            let wrong_by = match raw {
                Some(0) => 0,
                Some(width) => bits.take_signed(width)?,
                None => rice(bits, parameter as u32)?,
            };
            let guess: i64 = factors.iter().zip(samples.iter().rev()).map(|(factor, sample)| factor * sample).sum();
            // Samples that no subframe can have are damage, and would not fit for long.
            samples.push(Some((guess >> shift) + wrong_by).filter(|sample| range.contains(sample))?);
        }
    }
    Some(())
}

/// A number in Rice's code.
fn rice(bits: &mut Reader<'_>, parameter: u32) -> Option<i64> {
    let high = bits.take_unary().filter(|&high| high < 1 << 33)?;
    let folded = high << parameter | bits.take(parameter)?;
    Some((folded >> 1).cast_signed() ^ -(folded & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Checksums are checked before: what comes here may still be anything.
        #[test]
        fn any_bits_are_decoded_to_a_whole_frame_or_refused(
            start in prop::sample::select(vec![0x00u8, 0x02, 0x10, 0x12, 0x14, 0x18, 0x40, 0x46, 0x50, 0x7E, 0x41]),
            body in prop::collection::vec(any::<u8>(), 0..400),
            assignment in 0u8..11,
            block in 1u32..300,
            bits in 4u8..=32,
        ) {
            let channels = if assignment > 7 { 2 } else { u16::from(assignment) + 1 };
            let stream = Stream::of_test(8000, channels, bits, 4096);
            let header = Header { bytes: vec![0; 6], is_variable: false, number: 0, block, assignment };
            let frame = [&[0; 6], &[start][..], &body, &[0; FOOTER_BYTES]].concat();
            if let Some(decoded) = decode(&frame, &header, &stream) {
                prop_assert_eq!(decoded.len(), usize::from(channels));
                prop_assert!(decoded.iter().all(|channel| channel.expose().len() == block as usize));
            }
        }
    }
}
