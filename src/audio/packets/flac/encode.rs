//! One frame from its samples: silence as a constant, the rest by the fixed predictors, or as it is where that is shorter.

use super::bits::Writer;
use super::crc::crc16;
use super::decode::{Channel, FIXED_ORDER_MAX};
use super::frame::Header;
use super::stream::Stream;

/// Types of subframes, with the bit before and the bit behind them.
const CONSTANT: u64 = 0;
const VERBATIM: u64 = 1 << 1;
const FIXED: u64 = 8;
/// Parameters of Rice's code: the highest that 4 and 5 bits can say, as the last of each means another thing.
const PARAMETER_MAX: [u32; 2] = [14, 30];
/// Highest exponent of the number of partitions that is tried.
const PARTITION_ORDER_MAX: u32 = 5;
/// Differences beyond this are not coded as such.
const WRONG_BY_MAX: i64 = 1 << 30;

/// A frame in place of the one with this header, with these channels.
pub(super) fn encode(header: &Header, stream: &Stream, channels: &[Channel]) -> Vec<u8> {
    let mut bits = Writer::behind(header.one_by_one(stream));
    for channel in channels {
        subframe(&mut bits, channel.expose(), stream.bits.into());
    }
    with_checksum(bits)
}

/// A silent frame in place of the one with this header.
pub(super) fn silent(header: &Header, stream: &Stream) -> Vec<u8> {
    let mut bits = Writer::behind(header.one_by_one(stream));
    for _ in 0..stream.channels {
        constant(&mut bits, 0, stream.bits.into());
    }
    with_checksum(bits)
}

fn with_checksum(bits: Writer) -> Vec<u8> {
    let mut frame = bits.finish();
    let crc = crc16(0, &frame);
    frame.extend(crc.to_be_bytes());
    frame
}

fn subframe(bits: &mut Writer, samples: &[i64], width: u32) {
    let first = samples[0];
    if samples.iter().all(|&sample| sample == first) {
        return constant(bits, first, width);
    }
    let verbatim_bits = samples.len() as u64 * u64::from(width);
    let best = (0..=FIXED_ORDER_MAX as usize).filter(|&order| order < samples.len());
    let best = best.filter_map(|order| Plan::new(samples, order, width)).min_by_key(|plan| plan.bits);
    match best.filter(|plan| plan.bits < verbatim_bits) {
        Some(plan) => plan.write(bits, samples, width),
        None => {
            bits.put(VERBATIM, 8);
            samples.iter().for_each(|sample| bits.put(sample.cast_unsigned(), width));
        }
    }
}

fn constant(bits: &mut Writer, sample: i64, width: u32) {
    bits.put(CONSTANT, 8);
    bits.put(sample.cast_unsigned(), width);
}

/// How a channel is stored by a fixed predictor.
struct Plan {
    order: usize,
    /// What the predictor is wrong by, folded: 0, -1, 1, -2 and so on are 0, 1, 2, 3.
    folded: Vec<u64>,
    partition_order: u32,
    /// Of each partition.
    parameters: Vec<u32>,
    /// Size of all that.
    bits: u64,
}

impl Plan {
    /// `None` where differences are too large.
    fn new(samples: &[i64], order: usize, width: u32) -> Option<Self> {
        let mut wrong_by = samples.to_vec();
        for _ in 0..order {
            for at in (1..wrong_by.len()).rev() {
                wrong_by[at] -= wrong_by[at - 1];
            }
        }
        // After `order` rounds all but the first `order` are differences of that order.
        let wrong_by = &wrong_by[order..];
        if wrong_by.iter().any(|wrong| wrong.abs() >= WRONG_BY_MAX) {
            return None;
        }
        let folded: Vec<u64> = wrong_by.iter().map(|wrong| (wrong << 1 ^ wrong >> 63).cast_unsigned()).collect();
        let fits = |p: &u32| samples.len().is_multiple_of(1 << p) && samples.len() >> p > order;
        let partition_order = (0..=PARTITION_ORDER_MAX).rev().find(fits)?;
        let mut plan = Self { order, folded, partition_order, parameters: Vec::new(), bits: 0 };
        let (parameters, sizes): (Vec<_>, Vec<_>) = plan.partitions(samples.len()).map(best_parameter).unzip();
        plan.bits = 8 + 6 + order as u64 * u64::from(width) + sizes.iter().map(|size| size + 5).sum::<u64>();
        plan.parameters = parameters;
        Some(plan)
    }

    /// The folded differences by partition; the first has fewer, as it starts with the samples of the warm-up.
    fn partitions(&self, len: usize) -> impl Iterator<Item = &[u64]> {
        let size = len >> self.partition_order;
        let start = move |n: usize| (n * size).saturating_sub(self.order);
        (0..1_usize << self.partition_order).map(move |n| &self.folded[start(n)..start(n + 1)])
    }

    fn write(&self, bits: &mut Writer, samples: &[i64], width: u32) {
        bits.put((FIXED + self.order as u64) << 1, 8);
        samples[..self.order].iter().for_each(|sample| bits.put(sample.cast_unsigned(), width));
        let method = usize::from(self.parameters.iter().any(|&parameter| parameter > PARAMETER_MAX[0]));
        bits.put(method as u64, 2);
        bits.put(self.partition_order.into(), 4);
        for (partition, &parameter) in self.partitions(samples.len()).zip(&self.parameters) {
            bits.put(parameter.into(), 4 + method as u32);
            for &folded in partition {
                bits.put_unary(folded >> parameter);
                bits.put(folded, parameter);
            }
        }
    }
}

/// The parameter that makes this partition the shortest, and how many bits that is.
fn best_parameter(folded: &[u64]) -> (u32, u64) {
    let mean = folded.iter().sum::<u64>() / (folded.len() as u64).max(1);
    let near = mean.checked_ilog2().unwrap_or(0);
    let size = |parameter: u32| {
        let each = folded.iter().map(|folded| (folded >> parameter) + 1 + u64::from(parameter));
        (parameter, each.sum::<u64>())
    };
    (near.saturating_sub(1)..=near + 1)
        .map(|parameter| size(parameter.min(PARAMETER_MAX[1])))
        .min_by_key(|&(_, bits)| bits)
        .expect("there is always one to try")
}

#[cfg(test)]
mod tests {
    use super::super::decode::decode;
    use super::super::frame::Header;
    use super::*;
    use crate::base::Phi;
    use proptest::prelude::*;

    fn header(stream: &Stream, block: u32) -> Header {
        // A size in 16 bits, everything else as STREAMINFO says, frame 0.
        let mut bytes = vec![0xFF, 0xF8, 0x70, 0, 0];
        bytes.extend((block as u16 - 1).to_be_bytes());
        bytes.push(0);
        let plain = Header { bytes, is_variable: false, number: 0, block, assignment: stream.channels as u8 - 1 };
        Header { bytes: plain.one_by_one(stream), ..plain }
    }

    #[track_caller]
    fn check(bits: u8, channels: &[Vec<i64>]) -> usize {
        let block = channels[0].len();
        let stream = Stream::of_test(8000, channels.len() as u16, bits, block as u16);
        let header = header(&stream, block as u32);
        let channels: Vec<Channel> = channels.iter().cloned().map(Phi::new).collect();
        let frame = encode(&header, &stream, &channels);
        assert!(Header::parse(&frame, &stream).is_some_and(|parsed| parsed == header));
        let decoded = decode(&frame, &header, &stream).unwrap();
        assert!(decoded.iter().zip(&channels).all(|(a, b)| a.expose() == b.expose()));
        assert!(decoded.len() == channels.len() && crc16(0, &frame) == 0);
        frame.len()
    }

    #[test]
    fn silence_is_a_constant_and_tones_are_shorter_than_their_samples() {
        let stream = Stream::of_test(8000, 2, 16, 4096);
        let silence = vec![vec![0; 4096]; 2];
        assert_eq!(check(16, &silence), 8 + 2 * 3 + 2);
        let header = header(&stream, 4096);
        let channels: Vec<Channel> = silence.into_iter().map(Phi::new).collect();
        assert!(silent(&header, &stream) == encode(&header, &stream, &channels));
        let tone: Vec<i64> = (0..4096).map(|i| (f64::from(i) / 20.0).sin() as i64 * 8000 + i64::from(i % 7)).collect();
        assert!(check(16, &[tone]) < 4096);
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded_again(
            bits in prop::sample::select(vec![8u8, 12, 16, 20, 24, 32]),
            samples in prop::collection::vec(any::<i32>(), 16..300),
            quiet in 0u32..32,
            ramp in -300i64..300,
        ) {
            let top = 1i64 << (bits - 1);
            let sample = |(i, &x): (usize, &i32)| ((i64::from(x) >> quiet) + ramp * i as i64).clamp(-top, top - 1);
            let channel: Vec<i64> = samples.iter().enumerate().map(sample).collect();
            let other = channel.iter().rev().copied().collect();
            check(bits, &[channel, other]);
        }
    }
}
