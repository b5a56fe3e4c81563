//! The checksum of Ogg pages (RFC 3533): CRC-32 with the polynomial 0x04C11DB7, most significant bit first, from
//! zero, without a last inversion.

use crc_fast::{CrcAlgorithm, Digest};

/// Of these bytes, one part behind the other.
pub(super) fn of(parts: &[&[u8]]) -> u32 {
    // What `cksum` says, but for its last inversion.
    let mut digest = Digest::new(CrcAlgorithm::Crc32Cksum);
    parts.iter().for_each(|part| digest.update(part));
    !(digest.finalize() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_the_polynomial_is_met_in_any_pieces() {
        // CRC-32/CKSUM without its inversions: the catalogue's check value of "123456789" for poly 04C11DB7, init 0,
        // xorout FFFFFFFF is 765E7680.
        assert_eq!(of(&[b"123456789"]) ^ u32::MAX, 0x765E_7680);
        for at in 0..9 {
            let (a, b) = b"123456789".split_at(at);
            assert_eq!(of(&[a, b]), of(&[b"123456789"]));
        }
    }

    #[test]
    fn many_bytes_at_once_are_bytes_one_by_one() {
        let bytes: Vec<u8> = (0..3000u32).map(|i| ((i * i * 7) >> 2) as u8).collect();
        let one_by_one: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(of(&one_by_one), of(&[&bytes]));
    }
}
