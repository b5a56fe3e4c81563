//! The checksum of Ogg pages (RFC 3533): CRC-32 with the polynomial 0x04C11DB7, most significant bit first, from
//! zero, without a last inversion. It is the common CRC-32 of the bytes with their bits in reverse, which processors have
//! instructions for.

/// Bytes that are reversed at once.
const PART_BYTES: usize = 1024;

/// Goes on from `crc`, zero at first, over these bytes.
pub(super) fn update(crc: u32, bytes: &[u8]) -> u32 {
    // The common one is inverted before and after.
    let mut common = crc32fast::Hasher::new_with_initial(!crc.reverse_bits());
    let mut reversed = [0; PART_BYTES];
    for part in bytes.chunks(PART_BYTES) {
        reversed.iter_mut().zip(part).for_each(|(reversed, byte)| *reversed = byte.reverse_bits());
        common.update(&reversed[..part.len()]);
    }
    (!common.finalize()).reverse_bits()
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
        let long = [7; 3 * PART_BYTES + 1];
        assert_eq!(update(update(0, &long[..999]), &long[999..]), update(0, &long));
    }
}
