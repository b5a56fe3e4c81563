//! The two checksums of FLAC frames (RFC 9639, sections 9.1.8 and 9.3).

use crc_fast::{CrcAlgorithm, Digest};

const POLYNOMIAL_8: u8 = 0x07;

static TABLE_8: [u8; 256] = table_8();

/// Of the header of a frame.
pub(super) fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |crc, byte| TABLE_8[usize::from(crc ^ byte)])
}

/// Of a frame, going on from that of the bytes before (0 at the start).
pub(super) fn crc16(crc: u16, bytes: &[u8]) -> u16 {
    let mut digest = Digest::new_with_init_state(CrcAlgorithm::Crc16Umts, crc.into());
    digest.update(bytes);
    digest.finalize() as u16
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
        let want = bytes.iter().fold(0, |crc, byte| crc16(crc, std::slice::from_ref(byte)));
        for split in (0..bytes.len()).step_by(7) {
            assert_eq!(crc16(crc16(0, &bytes[..split]), &bytes[split..]), want);
        }
    }
}
