//! The words in which a JSON format is described: what stands under which key, and what it means.
//!
//! A format is a tree of [`Node`]s. Every string of a file falls under one of them, or under none,
//! and then the call is held. Nothing here looks at text.

/// What a value means to the code that turns a tape into words.
///
/// A role names a thing of the field and not a key of one vendor, so that formats share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A container that only groups.
    Group,
    /// The list of words that a format holds for the truth.
    Words,
    /// One word or punctuation mark of a list.
    Word,
    /// A second list of the words of one channel.
    ChannelWords,
    /// A further list of a reading's words, in another form.
    WordsAgain,
    /// A stretch of speech whose words are given elsewhere.
    Copy,
    /// A second form of a word.
    TextAgain,
    /// Somebody on the call: [`Role::Id`] and [`Role::Speaker`].
    Participant,
    /// By what a participant is named elsewhere.
    Id,
    /// A stretch of speech with its own text.
    Segment,
    /// A stretch of speech with other readings of it.
    NBest,
    /// One reading.
    Reading,
    /// Who speaks when, without text.
    SpeakerTimes,
    /// Text that is a copy of words given elsewhere, or the words themselves where no list is.
    Text,
    /// Text of the whole call.
    WholeText,
    /// Where something begins, from the first frame.
    Start(Unit),
    /// Where it ends.
    End(Unit),
    /// How long it lasts.
    Length(Unit),
    /// When it was by the clock.
    Moment,
    /// 0 to 1.
    Confidence,
    /// Word or punctuation.
    Kind,
    /// A name that a customer's system has for somebody or something.
    Name,
    /// A diarisation label.
    Speaker,
    /// A channel, counted from 0.
    Channel,
    /// A channel, counted from 1.
    ChannelFrom1,
    /// The index of a word in its list.
    Index,
    /// A name given by the customer, which may hold anything.
    JobName,
    /// Words of the customer's that nobody said: the name of a category of calls.
    Label,
    /// A part of a text: [`Role::First`], [`Role::Last`], and perhaps the part itself.
    Part,
    /// Characters in front of a part.
    First,
    /// Characters up to its end.
    Last,
}

/// How a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// `12.34`
    Seconds,
    /// `12340`
    Millis,
    /// `123400000`: of 100 nanoseconds.
    Ticks,
    /// `12.340s`
    Suffixed,
    /// `PT12.34S`
    Iso8601,
    /// `1:02:03.45`
    Clock,
}

/// What stands at a place of the file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Node {
    /// An object with these keys; a key that is not listed is unknown.
    Object(Role, &'static [(&'static str, Node)]),
    /// An array of alike values.
    Array(Role, &'static Node),
    /// A scalar that goes onto the tape unchecked; only for text, which alignment and detection check.
    Text(Role),
    /// A scalar that goes onto the tape and must have this shape.
    Value(Role, fn(&str) -> bool),
    /// A scalar without text that must have this shape.
    Known(fn(&str) -> bool),
    /// An object whose keys are data: what each key is, and what each value.
    Map(&'static Node, &'static Node),
    /// Whatever stands here goes: strings, arrays and objects are emptied in the output, numbers read 0. Nothing inside
    /// is looked at. For what derives from the text and cannot be lined up with it.
    Dropped,
    /// Nothing is known: no string may stand here, nor a number that could be an identifier.
    Unknown,
}

/// Shapes of strings and numbers that are structure and not text.
pub(super) mod shape {
    fn digits(text: &str, len: std::ops::RangeInclusive<usize>) -> bool {
        len.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
    }

    /// A decimal number of seconds; `times::ms` reads it exactly.
    pub(in super::super) fn seconds(text: &str) -> bool {
        (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit() || b".-+eE".contains(&b))
    }

    /// A time in any way of writing; `times` reads it exactly.
    pub(in super::super) fn stamp(text: &str) -> bool {
        let is_of_times = |b: u8| b.is_ascii_digit() || b".,:-+eEPTHMSs".contains(&b);
        (1..=32).contains(&text.len()) && text.bytes().all(is_of_times)
    }

    /// A number that measures: a share, a logarithm, a temperature.
    pub(in super::super) fn measure(text: &str) -> bool {
        let whole = text.trim_start_matches('-').split(['.', 'e', 'E']).next().unwrap_or("");
        seconds(text) && whole.len() <= 4
    }

    /// A number that counts or indexes.
    pub(in super::super) fn count(text: &str) -> bool {
        digits(text, 1..=9)
    }

    /// An AWS account.
    pub(in super::super) fn account(text: &str) -> bool {
        digits(text, 12..=12)
    }

    /// `spk_0`.
    pub(in super::super) fn speaker_label(text: &str) -> bool {
        text.strip_prefix("spk_").is_some_and(|n| digits(n, 1..=3))
    }

    /// `ch_0`.
    pub(in super::super) fn channel_label(text: &str) -> bool {
        text.strip_prefix("ch_").is_some_and(|n| digits(n, 1..=2))
    }

    /// `ch_0`, `1`.
    pub(in super::super) fn channel(text: &str) -> bool {
        channel_label(text) || digits(text, 1..=2)
    }

    /// `en`, `en-US`, `en_us`, `zh-Hant-TW`.
    pub(in super::super) fn language_tag(text: &str) -> bool {
        let mut parts = text.split(['-', '_']);
        let alike = |p: &str, ok: fn(&u8) -> bool, max| (2..=max).contains(&p.len()) && p.bytes().all(|b| ok(&b));
        parts.next().is_some_and(|p| alike(p, u8::is_ascii_lowercase, 3))
            && parts.clone().count() <= 3
            && parts.all(|p| alike(p, u8::is_ascii_alphanumeric, 4))
    }

    /// A word of a vendor's fixed vocabulary: `BANK_ACCOUNT_NUMBER`, `PII`.
    pub(in super::super) fn constant(text: &str) -> bool {
        (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
    }

    /// 8-4-4-4-12 hexadecimal digits.
    pub(in super::super) fn uuid(text: &str) -> bool {
        let groups = [8, 4, 4, 4, 12];
        text.split('-').map(str::len).eq(groups) && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
    }

    /// How something was said.
    pub(in super::super) fn sentiment(text: &str) -> bool {
        matches!(text, "positive" | "neutral" | "negative")
    }

    /// A participant of a call: its role or a UUID.
    pub(in super::super) fn participant(text: &str) -> bool {
        matches!(text, "AGENT" | "CUSTOMER" | "SYSTEM" | "CUSTOM_BOT" | "SUPERVISOR") || uuid(text)
    }

    /// `1.1.0`, `2024-01-09.29447`.
    pub(in super::super) fn version(text: &str) -> bool {
        (1..=24).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-')
    }

    /// `pronunciation` or `punctuation`.
    pub(in super::super) fn item_type(text: &str) -> bool {
        text.eq_ignore_ascii_case("pronunciation") || text.eq_ignore_ascii_case("punctuation")
    }

    /// How a batch job ended.
    pub(in super::super) fn job_status(text: &str) -> bool {
        matches!(text, "COMPLETED" | "FAILED" | "IN_PROGRESS" | "QUEUED")
    }

    /// Whether an unknown number is too short to identify anybody.
    pub(in super::super) fn harmless_number(text: &str) -> bool {
        let text = text.trim_start_matches('-');
        let whole = text.split(['.', 'e', 'E']).next().unwrap_or("");
        let grows = text.find(['e', 'E']).is_some_and(|at| !text[at + 1..].starts_with('-'));
        whole.len() < 5 && !grows
    }

    /// Whether a key is a name in a program and not a sentence: `[A-Za-z_][A-Za-z0-9_]{0,63}`.
    pub(in super::super) fn identifier(key: &str) -> bool {
        key.len() <= 64
            && key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    }
}

#[cfg(test)]
mod tests {
    use super::shape::*;

    #[test]
    fn structure_is_told_from_text() {
        assert!(language_tag("en-US") && language_tag("zh-Hant-TW") && language_tag("es"));
        assert!(!language_tag("John") && !language_tag("english") && !language_tag("en-") && !language_tag(""));
        assert!(speaker_label("spk_0") && !speaker_label("spk_1234") && !speaker_label("John"));
        assert!(measure("-0.21") && measure("1e-05") && !measure("123456.0"));
        assert!(account("111122223333") && !account("5551234"));
    }

    #[test]
    fn an_unknown_number_that_could_identify_is_told_from_a_measure() {
        assert!(harmless_number("0.98765432") && harmless_number("-1234.5") && harmless_number("1e-7"));
        assert!(!harmless_number("12345") && !harmless_number("1.2345678e7"));
    }
}
