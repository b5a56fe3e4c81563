//! Apple's note of how many samples stand before and behind the sound, `iTunSMPB`: some players leave them out, others
//! do not read it. A copy has it with its two numbers alone.

use super::boxes::{Numbers, make};
use crate::audio::packets::unsupported;
use crate::base::Result;

const NAME: &[u8; 8] = b"iTunSMPB";
/// Players take no more for a delay.
const DELAY_SAMPLES_MAX: u64 = 16_383;

/// What the note says, samples.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Note {
    /// Before the sound.
    pub(super) delay: u16,
    /// Behind it.
    padding: u16,
}

impl Note {
    /// The note somewhere in the body of `moov`: players do not agree where it may stand.
    ///
    /// # Errors
    /// Holds the call when there are two, or it cannot be read.
    pub(super) fn find(moov: &[u8]) -> Result<Option<Self>> {
        let mut found = (0..).zip(moov.windows(NAME.len())).filter(|(_, name)| name == NAME).map(|(at, _)| at);
        let Some(at) = found.next() else { return Ok(None) };
        if found.next().is_some() {
            return Err(unsupported("MP4 with two notes of its delay"));
        }
        let unread = || unsupported("MP4 whose note of its delay cannot be read");
        let mut data = Numbers(&moov[at + NAME.len()..]);
        let size = data.u32()? as usize;
        let body = data.take(size.checked_sub(4).ok_or_else(unread)?)?;
        // Kind of the box, kind of its value and language come first.
        let Some((b"data", text)) = body.split_at_checked(12).map(|(head, text)| (&head[..4], text)) else {
            return Err(unread());
        };
        let text = str::from_utf8(text).map_err(|_| unread())?;
        // Of many numbers the first is always 0.
        let mut numbers = text.split_ascii_whitespace().skip(1);
        let mut next = || {
            let number = numbers.next().and_then(|number| u64::from_str_radix(number, 16).ok());
            number.filter(|&number| number <= DELAY_SAMPLES_MAX).map(|number| number as u16).ok_or_else(unread)
        };
        Ok(Some(Self { delay: next()?, padding: next()? }))
    }

    /// The body of `udta` with the note of a track of so many samples.
    pub(super) fn boxes(self, length: u64) -> Vec<u8> {
        let sound = length.saturating_sub(u64::from(self.delay) + u64::from(self.padding));
        let text = format!(" 00000000 {:08X} {:08X} {sound:016X}{}", self.delay, self.padding, " 00000000".repeat(8));
        let name = [
            make(b"mean", &[&[0; 4], b"com.apple.iTunes"]),
            make(b"name", &[&[0; 4], NAME]),
            make(b"data", &[&[0, 0, 0, 1, 0, 0, 0, 0], text.as_bytes()]),
        ];
        let list = make(b"ilst", &[&make(b"----", &[&name.concat()])]);
        let handler = make(b"hdlr", &[&[0; 8], b"mdirappl", &[0; 9]]);
        make(b"meta", &[&[0; 4], &handler, &list])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_as_it_is_written() {
        let note = Note { delay: 2112, padding: 458 };
        assert_eq!(Note::find(&note.boxes(100_000)).unwrap(), Some(note));
        assert_eq!(Note::find(b"a movie without it").unwrap(), None);
    }

    #[test]
    fn notes_that_cannot_be_read_hold_the_call() {
        let text = |text: &[u8]| [NAME, &make(b"data", &[&[0; 8], text])[..]].concat();
        let good = text(b" 00000000 00000840 00000000 0000000000001000");
        assert!(Note::find(&good).unwrap().is_some());
        let twice = [&good[..], &good].concat();
        let cut = &good[..good.len() - 1];
        for bad in [&twice[..], cut, NAME, &text(b" 0"), &text(b" 0 4000 0"), &text(b" 0 me 0"), &text(b"\xFF 0 0 0")] {
            assert!(Note::find(bad).is_err());
        }
    }
}
