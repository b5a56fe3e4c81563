//! AIFF and AIFF-C: PCM of both byte orders, float and G.711.
//!
//! A redacted copy has `FVER` where it is AIFF-C, `COMM` without the name of the codec, which is free text, and `SSND`.
//! Layout: Apple, "Audio Interchange File Format AIFF-C", draft of 1991.

use super::chunks::{Dialect, Found, Sizes, walk};
use super::linear::{Linear, Shape, too_long};
use super::order::Order;
use super::{Opened, Sound, Source, damaged, read_at};
use crate::base::{Error, HoldReason, Result, Stage};
use crate::model::Codec;

/// The outer chunk's id, size and form type.
const FORM_BYTES: u64 = 12;
/// `COMM` of AIFF: channels, frames, bits a sample, rate.
const COMM_BYTES: u64 = 18;
/// The same of AIFF-C up to the codec's code; its name follows.
const COMM_C_BYTES: u64 = 22;
/// What stands before the samples in `SSND`: where they start in it, and how they are aligned.
const SSND_HEAD_BYTES: u64 = 8;
/// The only version of AIFF-C.
const VERSION_C: u32 = 0xA280_5140;

/// Opens a file of `source_bytes` bytes that starts with `FORM` and `AIFF` or `AIFC`.
pub(super) fn open(source: &mut dyn Source, source_bytes: u64) -> Result<Opened> {
    let dialect = Dialect { order: Order::Big, sizes: Sizes::Narrow, format: *b"COMM", sound: *b"SSND" };
    let found = walk(source, source_bytes, &dialect)?;
    let is_c = read_at(source, 8, FORM_BYTES - 8)? == *b"AIFC";
    let comm = read_comm(source, &found, is_c)?;
    let channels = Order::Big.u16(&comm, 0);
    let bits = Order::Big.u16(&comm, 6);
    let codec = codec(is_c.then(|| &comm[COMM_BYTES as usize..]), bits)?;
    let shape =
        Shape { container: if is_c { "aiff-c" } else { "aiff" }, codec, channels, rate_hz: rate(&comm[8..18])? };
    if found.sound.end - found.sound.start < SSND_HEAD_BYTES
        || read_at(source, found.sound.start, SSND_HEAD_BYTES)? != [0; SSND_HEAD_BYTES as usize]
    {
        return Err(damaged("samples that do not start at once"));
    }
    let data = found.sound.start + SSND_HEAD_BYTES..found.sound.end;
    let data_bytes = data.end - data.start;
    let (info, blocks) = shape.of_frames(data_bytes)?;
    if info.frames != u64::from(Order::Big.u32(&comm, 2)) {
        return Err(damaged("the header counts other frames than there are").at("frames", info.frames));
    }
    let header = header(&comm, is_c, data_bytes)?;
    let trailer = vec![0; usize::from(data_bytes % 2 == 1)];
    let sound = Linear { source: data, blocks, header, trailer };
    Ok(Opened { info, source_bytes, sound: Sound::Linear(sound) })
}

/// `COMM` up to the codec's code.
fn read_comm(source: &mut dyn Source, found: &Found, is_c: bool) -> Result<Vec<u8>> {
    let bytes = if is_c { COMM_C_BYTES } else { COMM_BYTES };
    if found.format.end - found.format.start < bytes {
        return Err(damaged("the COMM chunk is too short"));
    }
    read_at(source, found.format.start, bytes)
}

/// The codec by its code in AIFF-C (`None` in AIFF), and the bits of a sample, which stand in whole bytes.
fn codec(code: Option<&[u8]>, bits: u16) -> Result<Codec> {
    let code = code.unwrap_or(b"NONE");
    match (code, bits.div_ceil(8)) {
        (b"NONE" | b"twos" | b"sowt", 1) => Ok(Codec::PcmS8),
        (b"NONE" | b"twos", 2) => Ok(Codec::PcmS16Be),
        (b"NONE" | b"twos", 3) | (b"in24", _) => Ok(Codec::PcmS24Be),
        (b"NONE" | b"twos", 4) | (b"in32", _) => Ok(Codec::PcmS32Be),
        (b"sowt", 2) => Ok(Codec::PcmS16),
        (b"sowt", 3) => Ok(Codec::PcmS24),
        (b"sowt", 4) => Ok(Codec::PcmS32),
        (b"raw ", 1) => Ok(Codec::PcmU8),
        (b"fl32" | b"FL32", _) => Ok(Codec::F32Be),
        (b"fl64" | b"FL64", _) => Ok(Codec::F64Be),
        (b"ulaw" | b"ULAW", _) => Ok(Codec::MuLaw),
        (b"alaw" | b"ALAW", _) => Ok(Codec::ALaw),
        _ => {
            let message = "the codec of the AIFF file is not PCM, float or G.711";
            Err(Error::held(Stage::OpenRecording, HoldReason::UnsupportedCodec, message).at("bits", bits.into()))
        }
    }
}

/// The rate, an 80-bit float that must be a whole number.
fn rate(bytes: &[u8]) -> Result<u32> {
    /// Exponent of 1.
    const BIAS: u16 = 16_383;
    let mantissa = Order::Big.u64(bytes, 2);
    // The lowest bit of the mantissa stands for 2^-63 of the power.
    let shift = Order::Big.u16(bytes, 0).checked_sub(BIAS).and_then(|power| 63_u16.checked_sub(power));
    let whole = shift.filter(|&shift| mantissa.trailing_zeros() >= shift.into());
    whole
        .and_then(|shift| u32::try_from(mantissa >> shift).ok())
        .ok_or_else(|| damaged("the sampling rate is no whole number, or far too high"))
}

/// The canonical bytes before the samples.
fn header(comm: &[u8], is_c: bool, data_bytes: u64) -> Result<Vec<u8>> {
    let mut chunks = Vec::with_capacity(80);
    let mut push = |id: &[u8; 4], bytes: u64, body: &[u8]| -> Result<()> {
        let bytes = u32::try_from(bytes).map_err(|_| too_long())?;
        chunks.extend_from_slice(id);
        chunks.extend_from_slice(&Order::Big.put32(bytes));
        chunks.extend_from_slice(body);
        Ok(())
    };
    if is_c {
        push(b"FVER", 4, &Order::Big.put32(VERSION_C))?;
        // A name of no letters, and its pad byte.
        push(b"COMM", COMM_C_BYTES + 2, &[comm, &[0, 0]].concat())?;
    } else {
        push(b"COMM", COMM_BYTES, comm)?;
    }
    push(b"SSND", SSND_HEAD_BYTES + data_bytes, &[0; SSND_HEAD_BYTES as usize])?;
    let form: &[u8; 4] = if is_c { b"AIFC" } else { b"AIFF" };
    let file_bytes = 4 + chunks.len() as u64 + data_bytes + data_bytes % 2;
    let file_bytes = u32::try_from(file_bytes).map_err(|_| too_long())?;
    Ok([b"FORM", &Order::Big.put32(file_bytes)[..], form, &chunks].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_whole_numbers() {
        let float = |exponent: u16, mantissa: u64| [&exponent.to_be_bytes()[..], &mantissa.to_be_bytes()].concat();
        assert_eq!(rate(&float(0x400B, 0xFA00 << 48)).ok(), Some(8000));
        assert_eq!(rate(&float(0x400E, 0xAC44 << 48)).ok(), Some(44_100));
        assert_eq!(rate(&float(0x3FFF, 1 << 63)).ok(), Some(1));
        // 22,254.54 Hz of old, nothing, half a frame, and more than 32 bits.
        assert!(rate(&float(0x400D, 0xADDD_1745_D145_826B)).is_err());
        assert!(rate(&float(0, 0)).is_err());
        assert!(rate(&float(0x3FFE, 1 << 63)).is_err());
        assert!(rate(&float(0x403E, u64::MAX)).is_err());
        assert!(rate(&float(0xFFFF, u64::MAX)).is_err());
    }

    #[test]
    fn codecs_are_told_by_code_and_width() {
        let held = |code: &[u8], bits| codec(Some(code), bits).unwrap_err().hold_reason();
        assert_eq!(codec(None, 12).ok(), Some(Codec::PcmS16Be));
        assert_eq!(codec(Some(b"sowt"), 16).ok(), Some(Codec::PcmS16));
        assert_eq!(codec(Some(b"ulaw"), 16).ok(), Some(Codec::MuLaw));
        assert_eq!(held(b"ima4", 16), Some(HoldReason::UnsupportedCodec));
        assert_eq!(held(b"NONE", 0), Some(HoldReason::UnsupportedCodec));
        assert_eq!(held(b"NONE", 40), Some(HoldReason::UnsupportedCodec));
    }
}
