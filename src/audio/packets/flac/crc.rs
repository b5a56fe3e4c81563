//! The two checksums of FLAC frames (RFC 9639, sections 9.1.8 and 9.3).

const POLYNOMIAL_8: u8 = 0x07;
/// x^16 + x^15 + x^2 + 1.
const POLYNOMIAL_16: u16 = 0x8005;

static TABLE_8: [u8; 256] = table_8();
static TABLE_16: [u16; 256] = table_16();

/// Of the header of a frame.
pub(super) fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |crc, byte| TABLE_8[usize::from(crc ^ byte)])
}

/// Of a frame, going on from that of the bytes before (0 at the start).
///
/// Words of 64 bits stay whole until the last sixteen. Squaring a polynomial over bits squares each of its terms, so
/// its sixth square says that x^1024 is x^960 + x^128 + 1: what a word adds to the checksum, it adds as well one word,
/// fourteen words and sixteen words later.
pub(super) fn crc16(crc: u16, bytes: &[u8]) -> u16 {
    let (words, rest) = bytes.as_chunks::<8>();
    if words.len() <= DEGREE {
        return after_bytes(crc, bytes);
    }
    let (first, words) = words.split_at(DEGREE);
    let mut row = [0; DEGREE + AT_ONCE];
    row.iter_mut().zip(first).for_each(|(word, bytes)| *word = u64::from_ne_bytes(*bytes));
    row[0] ^= u64::from_ne_bytes([(crc >> 8) as u8, crc as u8, 0, 0, 0, 0, 0, 0]);
    for words in words.chunks(AT_ONCE) {
        row[DEGREE..].iter_mut().zip(words).for_each(|(word, bytes)| *word = u64::from_ne_bytes(*bytes));
        pass_on(&mut row, words.len());
        row.copy_within(words.len()..words.len() + DEGREE, 0);
    }
    let crc = row[..DEGREE].iter().fold(0, |crc, word| after_bytes(crc, &word.to_ne_bytes()));
    after_bytes(crc, rest)
}

/// Words that a checksum hangs on.
const DEGREE: usize = 16;
/// Words that are taken at once.
const AT_ONCE: usize = 128;

/// Adds the first `count` words, at most [`AT_ONCE`], to those behind them.
fn pass_on(row: &mut [u64; DEGREE + AT_ONCE], count: usize) {
    let mut word = row[0];
    for at in 0..count.min(AT_ONCE) {
        row[at + 14] ^= word;
        row[at + 16] ^= word;
        word ^= row[at + 1];
    }
    row[count] = word;
}

fn after_bytes(crc: u16, bytes: &[u8]) -> u16 {
    bytes.iter().fold(crc, |crc, byte| crc << 8 ^ TABLE_16[usize::from((crc >> 8) as u8 ^ byte)])
}

const fn table_8() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut crc, mut bit) = (byte as u8, 0);
        while bit < 8 {
            crc = crc << 1 ^ if crc >> 7 == 1 { POLYNOMIAL_8 } else { 0 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
}

const fn table_16() -> [u16; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut crc, mut bit) = ((byte as u16) << 8, 0);
        while bit < 8 {
            crc = crc << 1 ^ if crc >> 15 == 1 { POLYNOMIAL_16 } else { 0 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_values_are_those_of_the_catalogue() {
        // CRC-8/SMBUS and CRC-16/UMTS.
        assert_eq!(crc8(b"123456789"), 0xF4);
        assert_eq!(crc16(0, b"123456789"), 0xFEE8);
    }

    #[test]
    fn many_bytes_at_once_are_bytes_one_by_one() {
        let bytes: Vec<u8> = (0..3000u32).map(|i| ((i * i * 7) >> 2) as u8).collect();
        let want = after_bytes(0, &bytes);
        for split in (0..bytes.len()).step_by(7) {
            assert_eq!(crc16(crc16(0, &bytes[..split]), &bytes[split..]), want);
        }
    }
}
