//! Who speaks: what the labels of recognisers say, whatever their shape.

use super::source::{Leaf, Source};
use super::stretches::{File, Voice};
use super::turns::VOICES_MAX;
use crate::model::Speaker;

/// Announcements and bots: nobody who could be asked, nor answer.
pub(super) const SYSTEM: Speaker = Speaker::Numbered(1_000);
/// Somebody on a call whose number no label tells counts from here.
const UNNUMBERED: u16 = 2_000;

/// A voice of the call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) speaker: Speaker,
    pub(super) channel: Option<u16>,
}

/// The voices of a file.
pub(super) struct Voices {
    /// Ids of participants, and who they are.
    participants: Vec<(String, Speaker)>,
    /// Whether channels tell people apart.
    by_channel: bool,
}

impl Voices {
    /// Who is who in a file, besides those whose labels are known.
    pub(super) fn of(source: &Source, file: &File, known: Vec<(String, Speaker)>) -> Self {
        let mut voices = Self { participants: known, by_channel: has_channels(file) };
        for &(id, role) in file.participants.iter().take(VOICES_MAX) {
            let speaker = role_of(source.raw(role)).unwrap_or(Speaker::Unknown);
            voices.participants.push((source.raw(id).to_owned(), speaker));
        }
        voices
    }

    /// Who speaks with this voice. The agent is on the first channel unless labels tell the speakers apart.
    pub(super) fn heard(&mut self, source: &Source, voice: Voice) -> Heard {
        let speaker = match (voice.speaker, voice.channel) {
            (Some(label), _) => self.labelled(source, label),
            (None, Some(0)) if self.by_channel => Speaker::Agent,
            (None, Some(1)) if self.by_channel => Speaker::Caller,
            (None, Some(number)) if self.by_channel => Speaker::Numbered(number),
            (None, _) => Speaker::Unknown,
        };
        Heard { speaker, channel: voice.channel }
    }

    fn labelled(&mut self, source: &Source, label: Leaf) -> Speaker {
        let label = source.raw(label);
        if let Some((_, speaker)) = self.participants.iter().find(|(id, _)| id == label) {
            return *speaker;
        }
        if let Some(speaker) = role_of(label).or_else(|| numbered(label)) {
            return speaker;
        }
        let known = self.participants.len();
        if matches!(label, "" | "?") || known == VOICES_MAX {
            return Speaker::Unknown;
        }
        let speaker = Speaker::Numbered(UNNUMBERED + known as u16);
        self.participants.push((label.to_owned(), speaker));
        speaker
    }
}

/// Whether more than one channel is spoken on.
fn has_channels(file: &File) -> bool {
    let stretches = || file.segments.iter().chain(&file.channels);
    let words = stretches().flat_map(|s| s.readings.first()).flat_map(|r| r.lists.first()).flatten();
    let mut channels = stretches().map(|s| s.voice.channel).chain(words.map(|w| w.voice.channel)).flatten();
    let first = channels.next();
    channels.any(|channel| Some(channel) != first)
}

/// The sides of a call as vendors name them.
fn role_of(label: &str) -> Option<Speaker> {
    Some(match label {
        "AGENT" | "Agent" | "agent" | "HUMAN_AGENT" | "ANY_AGENT" => Speaker::Agent,
        "CUSTOMER" | "Customer" | "customer" | "END_USER" | "Caller" | "caller" => Speaker::Caller,
        "SYSTEM" | "System" | "system" | "AUTOMATED_AGENT" | "CUSTOM_BOT" => SYSTEM,
        _ => return None,
    })
}

/// The number of `spk_3`, `SPEAKER_03`, `3` or `C`.
pub(super) fn numbered(label: &str) -> Option<Speaker> {
    let digits = label.rsplit('_').next().unwrap_or(label);
    let letter = || match label.as_bytes() {
        [letter @ b'A'..=b'Z'] => Some(u16::from(letter - b'A')),
        _ => None,
    };
    let number = (1..=3).contains(&digits.len()).then(|| digits.parse().ok()).flatten();
    number.or_else(letter).map(Speaker::Numbered)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(label: &str, want: Speaker) {
        let source = Source::new(label.as_bytes().to_vec()).expect("it is UTF-8");
        let mut voices = Voices { participants: vec![("c-1".into(), Speaker::Caller)], by_channel: true };
        let voice = Voice { speaker: Some(Leaf::plain(0, label.len())), channel: Some(0) };
        assert_eq!(voices.heard(&source, voice).speaker, want, "{label}");
    }

    #[test]
    fn labels_of_all_shapes_tell_who_speaks() {
        check("AGENT", Speaker::Agent);
        check("END_USER", Speaker::Caller);
        check("spk_3", Speaker::Numbered(3));
        check("SPEAKER_01", Speaker::Numbered(1));
        check("C", Speaker::Numbered(2));
        check("?", Speaker::Unknown);
        check("c-1", Speaker::Caller);
        check("6b2f0e7c-0b5e-4f5e-9d57-0c4c3e1a7a10", Speaker::Numbered(UNNUMBERED + 1));
    }

    #[test]
    fn channels_tell_people_apart_where_there_is_more_than_one() {
        let source = Source::new(Vec::new()).expect("it is UTF-8");
        for (by_channel, want) in [(true, Speaker::Caller), (false, Speaker::Unknown)] {
            let mut voices = Voices { participants: Vec::new(), by_channel };
            assert_eq!(voices.heard(&source, Voice { speaker: None, channel: Some(1) }).speaker, want);
        }
    }
}
