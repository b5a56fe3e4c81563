//! G.711: what a byte of A-law and µ-law stands for, by ITU-T G.711, scaled to 16 bits.

/// The samples of all µ-law bytes, full scale −1 to 1.
pub(in crate::audio) static MU_LAW: [f32; 256] = {
    let mut samples = [0.0; 256];
    let mut byte = 0;
    while byte < 256 {
        samples[byte] = mu_law(byte as u8) as f32 / 32_768.0;
        byte += 1;
    }
    samples
};

/// The samples of all A-law bytes, full scale −1 to 1.
pub(in crate::audio) static A_LAW: [f32; 256] = {
    let mut samples = [0.0; 256];
    let mut byte = 0;
    while byte < 256 {
        samples[byte] = a_law(byte as u8) as f32 / 32_768.0;
        byte += 1;
    }
    samples
};

/// All bits are inverted; sign, three bits of segment, four of step; the bias of 33 (14 bits) makes segments meet.
const fn mu_law(byte: u8) -> i16 {
    const BIAS: i16 = 33 << 2;
    let bits = !byte;
    let size = ((((bits & 0x0F) as i16) << 3) + BIAS) << ((bits >> 4) & 7);
    if bits & 0x80 == 0 { size - BIAS } else { BIAS - size }
}

/// Every other bit is inverted; sign (1 is positive), three bits of segment, four of step. The first two segments are
/// one straight line.
const fn a_law(byte: u8) -> i16 {
    let bits = byte ^ 0x55;
    let (step, segment) = (((bits & 0x0F) as i16) << 4, (bits >> 4) & 7);
    let size = if segment == 0 { step + 8 } else { (step + 0x108) << (segment - 1) };
    if bits & 0x80 == 0 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_the_standard_have_their_values() {
        // Silence, the least step, and both ends of the range.
        assert_eq!([0xFF, 0x7F, 0xFE, 0x80, 0x00].map(mu_law), [0, 0, 8, 32_124, -32_124]);
        assert_eq!([0xD5, 0x55, 0xD4, 0xAA, 0x2A].map(a_law), [8, -8, 24, 32_256, -32_256]);
    }

    #[test]
    fn both_laws_rise_evenly_and_are_symmetric() {
        let mu: Vec<i16> = (0..128u8).map(|code| mu_law(0xFF - code)).collect();
        let a: Vec<i16> = (0..128u8).map(|code| a_law((0x80 | code) ^ 0x55)).collect();
        assert!(mu.is_sorted() && a.is_sorted());
        assert!((0..128u8).all(|code| mu_law(code) == -mu_law(code | 0x80) && a_law(code) == -a_law(code | 0x80)));
    }
}
