//! Which mutes can be of one channel alone: those of words that were certainly said on it, where nothing of it is in the
//! other. Every doubt makes a mute one of all channels.

use super::heard::{Heard, are_in_time, overlap_ms};
use crate::audio::{Activity, Bleed};
use crate::base::TimeSpan;
use crate::model::policy::{MutePolicy, MutedChannels};
use crate::model::{Channels, Transcript, TurnKind};

/// Of a word that is said on the channel that its turn names, at least one part in so many is speech there.
const VOICED_ONE_IN: u32 = 2;

/// What is known of the channels of a call.
pub(super) struct Apart<'a> {
    activity: &'a Activity,
    bleed: &'a Bleed,
}

impl<'a> Apart<'a> {
    /// Nothing where the policy does not ask, the recording cannot tell, or the transcript does not say for each turn on
    /// which channel it is heard, or says it wrongly.
    pub(super) fn of(policy: &MutePolicy, transcript: &Transcript, heard: Heard<'a>) -> Option<Self> {
        let (activity, bleed) = heard.activity.zip(heard.bleed)?;
        let spoken = || transcript.turns().iter().filter(|turn| turn.kind == TurnKind::Spoken);
        let is_there = |channel: u16| usize::from(channel) < activity.voice().len();
        let is_told = spoken().all(|turn| turn.channel.is_some_and(is_there));
        let is_right = (0..).zip(activity.voice()).all(|(channel, voice)| {
            let of_channel = spoken().filter(|turn| turn.channel == Some(channel));
            let times =
                of_channel.flat_map(|turn| &transcript.words()[turn.words.range()]).filter_map(|word| word.time);
            let mut times = times.peekable();
            times.peek().is_none() || are_in_time(times, voice)
        });
        let asks = policy.channels == MutedChannels::Speaker;
        (asks && is_told && is_right).then_some(Self { activity, bleed })
    }

    /// The channels of the mute `span` for words that were said at `own` on `channel`.
    pub(super) fn channels(&self, channel: u16, own: TimeSpan, span: TimeSpan) -> Channels {
        let voice = self.activity.voice().get(usize::from(channel));
        let is_said = voice.is_some_and(|voice| overlap_ms(voice, own) >= own.len_ms() / VOICED_ONE_IN);
        if is_said && self.bleed.is_none(self.activity, channel, span) { Channels::One(channel) } else { Channels::All }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Phi;
    use crate::model::{Speaker, TimeSource, TranscriptBuilder};

    const CLEAR: [[bool; 2]; 2] = [[false; 2]; 2];
    /// Words and when they are said, milliseconds.
    const SAID: [(u32, u32); 5] = [(1000, 1400), (1500, 1900), (2000, 2400), (2500, 2900), (3000, 3400)];

    fn span(from: u32, to: u32) -> TimeSpan {
        TimeSpan::new(from, to).unwrap()
    }

    /// What a mute of the second word is of, where turns name these channels and somebody speaks on each of both then.
    fn channels(
        turns: [Option<u16>; 2],
        voice: [&[(u32, u32)]; 2],
        bleed: [[bool; 2]; 2],
        policy: MutedChannels,
    ) -> Channels {
        let mut builder = TranscriptBuilder::new(TimeSource::Recogniser);
        for (channel, later_ms) in turns.into_iter().zip([0, 5000]) {
            builder.turn(TurnKind::Spoken, Speaker::Unknown, channel);
            for (from, to) in SAID {
                builder.word(Phi::new("word"), Some(span(from + later_ms, to + later_ms)), 1.0);
            }
        }
        let voice = voice.map(|voice| voice.iter().map(|&(from, to)| span(from, to)).collect()).to_vec();
        let activity = Activity::new(voice, Vec::new(), vec![Vec::new(); 2]);
        let bleed = Bleed::new(bleed);
        let heard = Heard { length_ms: 9000, activity: Some(&activity), bleed: Some(&bleed), by_hand: &[] };
        let policy = MutePolicy { channels: policy, ..MutePolicy::default() };
        let transcript = builder.build();
        let apart = Apart::of(&policy, &transcript, heard);
        apart.map_or(Channels::All, |apart| apart.channels(0, span(1500, 1900), span(1300, 2100)))
    }

    #[test]
    fn a_mute_is_of_one_channel_only_where_nothing_speaks_against_it() {
        use MutedChannels::{All, Speaker};
        let (told, voice): (_, [&[(u32, u32)]; 2]) = ([Some(0), Some(1)], [&[(900, 3500)], &[(5900, 8500)]]);
        assert_eq!(channels(told, voice, CLEAR, Speaker), Channels::One(0));
        assert_eq!(
            channels(told, voice, [[false, true], [true, true]], Speaker),
            Channels::One(0),
            "nobody else speaks"
        );
        for (what, got) in [
            ("the policy does not ask", channels(told, voice, CLEAR, All)),
            ("a turn without a channel", channels([Some(0), None], voice, CLEAR, Speaker)),
            ("channels the wrong way round", channels([Some(1), Some(0)], voice, CLEAR, Speaker)),
            ("a channel that there is not", channels([Some(2), Some(1)], voice, CLEAR, Speaker)),
            ("all turns on one channel", channels([Some(0), Some(0)], voice, CLEAR, Speaker)),
            ("bleed", channels(told, voice, [[true, false], [false; 2]], Speaker)),
            ("the word is not heard", channels(told, [&[(900, 1450), (1950, 3500)], voice[1]], CLEAR, Speaker)),
            (
                "bleed while both speak",
                channels(told, [voice[0], &[(2500, 8500)]], [[false, true], [false; 2]], Speaker),
            ),
        ] {
            assert_eq!(got, Channels::All, "{what}");
        }
        assert_eq!(channels(told, [voice[0], &[(1000, 8500)]], CLEAR, Speaker), Channels::One(0), "both speak");
    }
}
