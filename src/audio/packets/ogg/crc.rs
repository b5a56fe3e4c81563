//! The checksum of Ogg pages (RFC 3533): CRC-32 with the polynomial 0x04C11DB7, most significant bit first, from
//! zero, without a last inversion. Eight bytes at a time.

const POLYNOMIAL: u32 = 0x04C1_1DB7;

/// `TABLES[n][b]`: what byte `b` adds to the checksum when `n` more bytes follow it.
static TABLES: [[u32; 256]; 8] = tables();

const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut at = 0;
    while at < 8 * 256 {
        let (n, byte) = (at / 256, at % 256);
        // Eight bits further than with one byte less behind it; the first table is made bit by bit.
        let mut crc = if n == 0 { (byte as u32) << 24 } else { tables[n - 1][byte] };
        let mut bit = 0;
        while bit < 8 {
            crc = (crc << 1) ^ if crc >> 31 == 1 { POLYNOMIAL } else { 0 };
            bit += 1;
        }
        tables[n][byte] = crc;
        at += 1;
    }
    tables
}

/// Goes on from `crc`, zero at first, over these bytes.
pub(super) fn update(mut crc: u32, bytes: &[u8]) -> u32 {
    let (eights, rest) = bytes.as_chunks::<8>();
    for &[a, b, c, d, e, f, g, h] in eights {
        let [w, x, y, z] = (crc ^ u32::from_be_bytes([a, b, c, d])).to_be_bytes();
        crc = [w, x, y, z, e, f, g, h]
            .iter()
            .zip(TABLES.iter().rev())
            .fold(0, |sum, (&b, table)| sum ^ table[usize::from(b)]);
    }
    rest.iter().fold(crc, |crc, &b| (crc << 8) ^ TABLES[0][usize::from((crc >> 24) as u8 ^ b)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_the_polynomial_is_met_in_any_pieces() {
        // CRC-32/CKSUM without its inversions: the catalogue's check value of "123456789" for poly 04C11DB7, init 0,
        // xorout FFFFFFFF is 765E7680.
        assert_eq!(update(0, b"123456789") ^ u32::MAX, 0x765E_7680);
        for at in 0..9 {
            let (a, b) = b"123456789".split_at(at);
            assert_eq!(update(update(0, a), b), update(0, b"123456789"));
        }
    }
}
