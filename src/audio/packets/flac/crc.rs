//! The two checksums of FLAC frames (RFC 9639, sections 9.1.8 and 9.3).

const POLYNOMIAL_8: u8 = 0x07;
const POLYNOMIAL_16: u16 = 0x8005;

/// Bytes that are taken at once: as many tables, of 512 bytes each.
const SLICES: usize = 16;

static TABLE_8: [u8; 256] = table_8();
static TABLES_16: [[u16; 256]; SLICES] = tables_16();

/// Of the header of a frame.
pub(super) fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |crc, byte| TABLE_8[usize::from(crc ^ byte)])
}

/// Of a frame, going on from that of the bytes before (0 at the start).
pub(super) fn crc16(mut crc: u16, bytes: &[u8]) -> u16 {
    let (slices, rest) = bytes.as_chunks::<SLICES>();
    for slice in slices {
        let [high, low] = crc.to_be_bytes();
        let table = |n: usize, byte: u8| TABLES_16[SLICES - 1 - n][usize::from(byte)];
        let first = table(0, slice[0] ^ high) ^ table(1, slice[1] ^ low);
        crc = (2..SLICES).fold(first, |crc, n| crc ^ table(n, slice[n]));
    }
    rest.iter().fold(crc, |crc, &byte| after_byte(crc, byte))
}

fn after_byte(crc: u16, byte: u8) -> u16 {
    crc << 8 ^ TABLES_16[0][usize::from((crc >> 8) as u8 ^ byte)]
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

/// Table `n` has the checksum of each byte with `n` zero bytes behind it.
const fn tables_16() -> [[u16; 256]; SLICES] {
    let mut tables = [[0; 256]; SLICES];
    let mut byte = 0;
    while byte < 256 {
        let (mut crc, mut bit) = ((byte as u16) << 8, 0);
        while bit < 8 {
            crc = crc << 1 ^ if crc >> 15 == 1 { POLYNOMIAL_16 } else { 0 };
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut n = 1;
    while n < SLICES {
        let mut byte = 0;
        while byte < 256 {
            let before: u16 = tables[n - 1][byte];
            tables[n][byte] = before << 8 ^ tables[0][(before >> 8) as usize];
            byte += 1;
        }
        n += 1;
    }
    tables
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
        let bytes: Vec<u8> = (0..100u32).map(|i| ((i * i * 7) >> 2) as u8).collect();
        for split in 0..bytes.len() {
            let want = bytes.iter().fold(0, |crc, &byte| after_byte(crc, byte));
            assert_eq!(crc16(crc16(0, &bytes[..split]), &bytes[split..]), want);
        }
    }
}
