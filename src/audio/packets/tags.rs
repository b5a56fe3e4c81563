//! Tags before and behind frames that have no container: ID3, APE, Lyrics3. All are passed over: they hold names.

use super::Input;
use crate::audio::damaged;
use crate::base::{Error, HoldReason, Result, Stage, limits};

/// Bytes that tell which tag starts, and how long it is.
const HEAD_BYTES: usize = 32;
/// ID3v1, and the longer form that stands before it.
const ID3V1_BYTES: u64 = 128;
const ID3V1_PLUS_BYTES: u64 = 227;
/// How a Lyrics3 tag ends.
const LYRICS_ENDS: [&[u8]; 2] = [b"LYRICS200", b"LYRICSEND"];

/// Passes over tags and zeros before the first frame.
pub(super) fn skip_leading(input: &mut Input<'_>) -> Result<()> {
    skip(input)
}

/// Passes over tags and zeros behind the last frame, to the end of the source.
///
/// # Errors
/// Holds the call when anything else follows: it may be sound.
pub(super) fn skip_trailing(input: &mut Input<'_>) -> Result<()> {
    skip(input)?;
    match input.left() {
        0 => Ok(()),
        left => Err(damaged("bytes that are neither frame nor tag").at("byte", input.at()).at("bytes", left)),
    }
}

fn skip(input: &mut Input<'_>) -> Result<()> {
    for _ in 0..limits::CHUNKS_MAX {
        match length(input)? {
            0 => return Ok(()),
            length => input.skip(length)?,
        }
    }
    Err(Error::held(Stage::OpenRecording, HoldReason::LimitReached, "too many tags"))
}

/// Length of the tag or the run of zeros that starts here; 0 where none does.
fn length(input: &mut Input<'_>) -> Result<u64> {
    let head = input.peek(HEAD_BYTES)?;
    match head {
        [b'I', b'D', b'3', _, _, flags, a, b, c, d, ..] if (a | b | c | d) & 0x80 == 0 => {
            let footer = if flags & 0x10 != 0 { 10 } else { 0 };
            Ok([a, b, c, d].iter().fold(0, |size, &&b| size << 7 | u64::from(b)) + 10 + footer)
        }
        [b'T', b'A', b'G', b'+', ..] => Ok(ID3V1_PLUS_BYTES.min(input.left())),
        [b'T', b'A', b'G', ..] => Ok(ID3V1_BYTES.min(input.left())),
        [b'A', b'P', b'E', b'T', b'A', b'G', b'E', b'X', _, _, _, _, a, b, c, d, ..] => {
            // The size is that of the items with the footer; a footer that stands alone has none behind it.
            let size = u64::from(u32::from_le_bytes([*a, *b, *c, *d]));
            let is_header = head.get(23).is_some_and(|flags| flags & 0x20 != 0);
            Ok(32 + if is_header { size } else { 0 })
        }
        _ if head.starts_with(b"LYRICSBEGIN") => {
            let rest = input.peek(limits::TAIL_BYTES_MAX as usize)?;
            let end = LYRICS_ENDS.iter().filter_map(|end| rest.windows(end.len()).position(|w| w == *end)).min();
            end.map(|end| end as u64 + 9).ok_or_else(|| damaged("a Lyrics3 tag without an end"))
        }
        [0, ..] => {
            let zeros = input.peek(limits::TAIL_BYTES_MAX as usize)?.iter().take_while(|&&b| b == 0).count();
            Ok(zeros as u64)
        }
        _ => Ok(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[track_caller]
    fn check(bytes: &[u8], left: Option<usize>) {
        let mut source = Cursor::new(bytes);
        let mut input = Input::new(&mut source, bytes.len() as u64, None).unwrap();
        let got = skip_leading(&mut input).ok().map(|()| input.left() as usize);
        assert_eq!(got, left);
        assert_eq!(skip_trailing(&mut input).is_ok(), left == Some(0));
    }

    #[test]
    fn tags_are_passed_over_and_sound_is_not() {
        check(b"", Some(0));
        check(b"\xFF\xFBsound", Some(7));
        check(b"ID3\x04\0\0\0\0\0\x05JohnS\xFF\xFB", Some(2));
        check(b"ID3\x04\0\x10\0\0\0\x02Jo3DI\x04\0\x10\0\0\0\x02\0\0\0\xFF\xFB", Some(2));
        check(&[b"TAG".as_slice(), &[b'J'; 125], &[0; 40], b"ID3\x03\0\0\0\0\0\0"].concat(), Some(0));
        check(b"LYRICSBEGININD0000200000017LYRICS200", Some(0));
        check(
            b"APETAGEX\xD0\x07\0\0\x26\0\0\0\x01\0\0\0\0\0\0\xA0\0\0\0\0\0\0\0\0Smithand a footer of 32 bytes, as told",
            Some(0),
        );
    }

    #[test]
    fn tags_that_are_cut_or_do_not_end_hold_the_call() {
        check(b"ID3\x04\0\0\0\0\x7F\x7FJohn", None);
        check(b"LYRICSBEGIN and so on", None);
    }
}
