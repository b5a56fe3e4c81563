//! One sample of a codec whose samples stand for themselves, read and written. Only basic arithmetic, so that every
//! machine writes the same bytes.

use super::decode::g711;
use crate::model::Codec;

/// What the bytes of a sample stand for, full scale −1 to 1; what is no number stands for 0.
pub(super) fn get(codec: Codec, bytes: &[u8]) -> f64 {
    let integer = |bytes: &[u8]| {
        let sign_bits = 64 - 8 * bytes.len() as u32;
        let bits = bytes.iter().fold(0, |bits: u64, byte| bits << 8 | u64::from(*byte));
        (bits << sign_bits).cast_signed() as f64 / full_scale(64)
    };
    let value = match codec {
        Codec::PcmU8 => (f64::from(bytes[0]) - 128.0) / 128.0,
        Codec::PcmS8 | Codec::PcmS16Be | Codec::PcmS24Be | Codec::PcmS32Be => integer(bytes),
        Codec::PcmS16 | Codec::PcmS24 | Codec::PcmS32 => integer(&reversed(bytes)[..bytes.len()]),
        Codec::F32Be => f32::from_be_bytes(array(bytes)).into(),
        Codec::F64Be => f64::from_be_bytes(array(bytes)),
        Codec::F32 => f32::from_le_bytes(array(bytes)).into(),
        Codec::F64 => f64::from_le_bytes(array(bytes)),
        Codec::ALaw => g711::A_LAW[usize::from(bytes[0])].into(),
        Codec::MuLaw => g711::MU_LAW[usize::from(bytes[0])].into(),
        _ => unreachable!("samples in blocks or packets do not stand for themselves"),
    };
    if value.is_finite() { value } else { 0.0 }
}

/// Appends the sample that is nearest to a value of −1 to 1.
pub(super) fn put(codec: Codec, value: f64, bytes: &mut Vec<u8>) {
    let integer = |bits: u32| rounded(value, bits).to_be_bytes();
    let (wide, narrow) = (value, value as f32);
    match codec {
        Codec::PcmU8 => bytes.push((rounded(value, 8) + 128) as u8),
        Codec::PcmS8 => bytes.extend(&integer(8)[7..]),
        Codec::PcmS16Be => bytes.extend(&integer(16)[6..]),
        Codec::PcmS24Be => bytes.extend(&integer(24)[5..]),
        Codec::PcmS32Be => bytes.extend(&integer(32)[4..]),
        Codec::PcmS16 => bytes.extend(integer(16)[6..].iter().rev()),
        Codec::PcmS24 => bytes.extend(integer(24)[5..].iter().rev()),
        Codec::PcmS32 => bytes.extend(integer(32)[4..].iter().rev()),
        Codec::F32Be => bytes.extend(narrow.to_be_bytes()),
        Codec::F64Be => bytes.extend(wide.to_be_bytes()),
        Codec::F32 => bytes.extend(narrow.to_le_bytes()),
        Codec::F64 => bytes.extend(wide.to_le_bytes()),
        Codec::ALaw => bytes.push(nearest(&g711::A_LAW, value, |rank| (SIGN | rank) ^ 0x55)),
        Codec::MuLaw => bytes.push(nearest(&g711::MU_LAW, value, |rank| u8::MAX - rank)),
        _ => unreachable!("samples in blocks or packets do not stand for themselves"),
    }
}

/// The integer of so many bits that is nearest to a value of −1 to 1.
pub(super) fn rounded(value: f64, bits: u32) -> i64 {
    let top = full_scale(bits);
    (value * top).round().clamp(-top, top - 1.0) as i64
}

/// What 1 is in integers of so many bits.
fn full_scale(bits: u32) -> f64 {
    (1_u64 << (bits - 1)) as f64
}

/// The code of G.711 that stands for the nearest value; of two the one nearer to zero. `louder` has the code of the value
/// that so many positive ones are below.
fn nearest(table: &[f32; 256], value: f64, louder: impl Fn(u8) -> u8) -> u8 {
    let at = |rank: u8| f64::from(table[usize::from(louder(rank))]);
    let (mut low, mut high) = (0, 127);
    while low < high {
        let middle = (low + high) / 2;
        // Beyond the middle of two neighbours the louder one is nearer.
        if value.abs() > f64::midpoint(at(middle), at(middle + 1)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    louder(low) ^ if value < 0.0 { SIGN } else { 0 }
}

/// The bit in which codes of G.711 of opposite values differ.
const SIGN: u8 = 0x80;

fn reversed(bytes: &[u8]) -> [u8; 8] {
    let mut reversed = [0; 8];
    reversed.iter_mut().zip(bytes.iter().rev()).for_each(|(to, from)| *to = *from);
    reversed
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().expect("a sample has as many bytes as its codec says")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODECS: [Codec; 14] = [
        Codec::PcmU8,
        Codec::PcmS8,
        Codec::PcmS16,
        Codec::PcmS24,
        Codec::PcmS32,
        Codec::PcmS16Be,
        Codec::PcmS24Be,
        Codec::PcmS32Be,
        Codec::F32,
        Codec::F64,
        Codec::F32Be,
        Codec::F64Be,
        Codec::ALaw,
        Codec::MuLaw,
    ];

    fn sample(codec: Codec, value: f64) -> Vec<u8> {
        let mut bytes = Vec::new();
        put(codec, value, &mut bytes);
        assert_eq!(Some(bytes.len() as u16), codec.sample_bytes());
        bytes
    }

    #[test]
    fn what_is_put_is_read_again_as_near_as_the_codec_comes() {
        for codec in CODECS {
            let step = match codec.sample_bytes() {
                Some(1) => 1.0 / 50.0,
                _ => 1.0 / 32_768.0,
            };
            for value in [-1.0, -0.51, -0.1, 0.0, 0.01, 0.3, 0.98] {
                let read = get(codec, &sample(codec, value));
                assert!((read - value).abs() <= step, "{codec:?}: {value} is {read}");
                assert!(sample(codec, read) == sample(codec, value), "{codec:?}: {value}");
            }
        }
    }

    #[test]
    fn no_code_of_g711_is_nearer_than_the_one_that_is_put() {
        for (codec, table) in [(Codec::ALaw, &g711::A_LAW), (Codec::MuLaw, &g711::MU_LAW)] {
            for n in -1000..=1000 {
                let value = f64::from(n).powi(3) / 1e9;
                let distance = |code: u8| (f64::from(table[usize::from(code)]) - value).abs();
                let put = sample(codec, value)[0];
                assert!((0..=u8::MAX).all(|code| distance(put) <= distance(code)), "{codec:?}: {value}");
            }
        }
        assert_eq!([sample(Codec::ALaw, 0.0), sample(Codec::MuLaw, -0.0)].concat(), [0xD5, 0xFF]);
    }

    #[test]
    fn bytes_are_in_the_codecs_order_and_silence_is_its_own() {
        assert_eq!(sample(Codec::PcmS24, -0.5), [0, 0, 0xC0]);
        assert_eq!(sample(Codec::PcmS24Be, 0.5), [0x40, 0, 0]);
        assert_eq!(sample(Codec::PcmS16, 1.0), [0xFF, 0x7F]);
        assert_eq!([sample(Codec::PcmU8, 0.0), sample(Codec::MuLaw, 0.0)].concat(), [0x80, 0xFF]);
        assert!(get(Codec::F32, &f32::NAN.to_le_bytes()) == 0.0);
    }
}
