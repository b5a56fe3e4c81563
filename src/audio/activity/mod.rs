//! What is heard in a recording, without words: when somebody speaks on each channel, when keys of a telephone are
//! pressed, how loud it is. One pass, in memory that is small beside a transcript's (360 kB an hour and channel).
//!
//! Decides nothing about what is hidden. Takes too much for speech rather than too little: music, laughter and traffic
//! are speech here; steady noise and steady tones (ringing, busy) are not.

mod bleed;
mod keyed;
mod level;
mod voice;

pub use bleed::{Bleed, bleed};

use super::Opened;
use crate::base::{Error, HoldReason, Result, Stage, TimeSpan, limits};
use keyed::{Keyed, Waves};
use level::Frames;
use std::io::{Read, Seek};
use voice::Voice;

/// Length of a frame of the analysis, milliseconds.
pub const FRAME_MS: u32 = 10;

/// What is heard in a recording.
#[derive(Clone, Default)]
pub struct Activity {
    /// For each channel: when somebody speaks; sorted, disjoint.
    voice: Vec<Vec<TimeSpan>>,
    /// When keys are pressed, on any channel; sorted, disjoint.
    keyed: Vec<TimeSpan>,
    /// For each channel and frame: its level, half decibels above −100 dBFS.
    levels: Vec<Vec<u8>>,
}

impl Activity {
    /// What is heard: for each channel when somebody speaks (sorted, disjoint) and its levels, half decibels above −100
    /// dBFS; when keys are pressed (sorted, disjoint).
    #[must_use]
    pub const fn new(voice: Vec<Vec<TimeSpan>>, keyed: Vec<TimeSpan>, levels: Vec<Vec<u8>>) -> Self {
        Self { voice, keyed, levels }
    }

    /// When somebody speaks, for each channel: sorted, disjoint.
    #[must_use]
    pub fn voice(&self) -> &[Vec<TimeSpan>] {
        &self.voice
    }

    /// When keys of a telephone are pressed (DTMF), on any channel: sorted, disjoint.
    #[must_use]
    pub fn keyed(&self) -> &[TimeSpan] {
        &self.keyed
    }

    /// For each channel and frame of [`FRAME_MS`]: its level, half decibels above −100 dBFS.
    #[must_use]
    pub fn levels(&self) -> &[Vec<u8>] {
        &self.levels
    }
}

/// Listens to a recording that was opened from `source`.
///
/// # Errors
/// Those of [`Opened::decode`], and holds the call when recording and channels together are beyond a limit.
pub fn listen<S: Read + Seek>(opened: &Opened, source: &mut S) -> Result<Activity> {
    let info = opened.info();
    if info.duration_ms().saturating_mul(info.channels.into()) > limits::HEARD_MS_MAX {
        return Err(Error::held(Stage::OpenRecording, HoldReason::LimitReached, "too long for so many channels"));
    }
    let waves = Waves::new(info.rate_hz);
    let mut channels: Vec<Channel> = (0..info.channels).map(|_| Channel::new(info.rate_hz, &waves)).collect();
    opened.decode(source, &mut |block| {
        for (channel, samples) in channels.iter_mut().zip(block.planes().into_exposed()) {
            channel.hear(samples);
        }
        Ok(())
    })?;
    let (mut activity, mut keyed) = (Activity::default(), Vec::new());
    for channel in channels {
        activity.voice.push(channel.voice.finish());
        activity.levels.push(channel.levels);
        keyed.extend(channel.keyed.finish());
    }
    activity.keyed = TimeSpan::union(keyed);
    Ok(activity)
}

/// One channel on its way.
struct Channel {
    frames: Frames,
    levels: Vec<u8>,
    voice: Voice,
    keyed: Keyed,
}

impl Channel {
    fn new(rate_hz: u32, waves: &Waves) -> Self {
        let (voice, keyed) = (Voice::default(), Keyed::new(waves.clone()));
        Self { frames: Frames::new(rate_hz), levels: Vec::new(), voice, keyed }
    }

    fn hear(&mut self, samples: &[f32]) {
        let Self { frames, levels, voice, keyed } = self;
        frames.push(samples, &mut |frame, loudness| {
            levels.push(loudness.level);
            voice.push(loudness.level);
            keyed.push(frame, loudness);
        });
    }
}

/// The time of the frames `from..to`.
fn span(from: usize, to: usize) -> TimeSpan {
    let ms = |frame: usize| u32::try_from(frame).unwrap_or(u32::MAX).saturating_mul(FRAME_MS);
    TimeSpan::new(ms(from), ms(to)).expect("frames are counted upward")
}
