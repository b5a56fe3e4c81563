//! Which piece of a call a file is, where its transcript or recording came in several.

/// A piece of a call: a part in time, a channel, or a channel of a part. A file that is whole is neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Piece {
    /// Which part, as the file's name counts them.
    pub part: Option<u16>,
    /// Which channel, as the file's name counts them.
    pub channel: Option<u16>,
}

impl Piece {
    /// What names of artifacts have behind their role: `-part2-ch0`; nothing for a whole file.
    #[must_use]
    pub fn suffix(self) -> String {
        let part = self.part.map_or_else(String::new, |part| format!("-part{part}"));
        self.channel.map_or_else(|| part.clone(), |channel| format!("{part}-ch{channel}"))
    }

    /// The piece of which names of artifacts have this behind their role: `-part2`, `-part2-ch0`, `-ch0`, nothing.
    #[must_use]
    pub fn of_suffix(text: &str) -> Option<Self> {
        let number = |digits: &str| {
            let is_number = (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
            is_number.then(|| digits.parse().ok()).flatten()
        };
        let (part, channel) = text.split_once("-ch").map_or((text, None), |(part, channel)| (part, Some(channel)));
        let part = match part.strip_prefix("-part") {
            Some(digits) => Some(number(digits)?),
            None if part.is_empty() => None,
            None => return None,
        };
        Some(Self { part, channel: channel.map(|digits| number(digits).ok_or(())).transpose().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suffix_is_known_as_one() {
        for (part, channel, want) in
            [(None, None, ""), (Some(2), None, "-part2"), (None, Some(0), "-ch0"), (Some(10), Some(1), "-part10-ch1")]
        {
            assert_eq!(Piece { part, channel }.suffix(), want);
            assert_eq!(Piece::of_suffix(want), Some(Piece { part, channel }));
        }
        for text in ["-part", "-ch", "-part1234", "-ch0-part1", "-x", "part1", "-part1-", "-0123456789abcdef"] {
            assert_eq!(Piece::of_suffix(text), None, "{text}");
        }
    }
}
