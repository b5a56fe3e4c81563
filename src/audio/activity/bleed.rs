//! How much of what is said on one channel of a recording is in the other too: by sidetone, by an echo, by a
//! loudspeaker. One more pass over the sound, after it was listened to.
//!
//! A channel is correlated with the other at every delay in reach, in both directions, over the whole recording: once
//! over the time in which the other is quiet, once over that in which somebody speaks there. What comes out is how loud
//! the one is in the other at most; noise, and too little to go by, come out as loud. So every doubt is bleed.

use super::{Activity, FRAME_MS};
use crate::audio::Opened;
use crate::base::{Result, TimeSpan};
use std::io::{Read, Seek};
use symphonia_core::dsp::complex::Complex;
use symphonia_core::dsp::fft::{Fft, Ifft};

/// Channels that are measured against each other: one for each side of a call.
const CHANNELS: usize = 2;
/// Sound is measured at no higher rate than that of telephones: words that cannot be told below 4 kHz cannot be told.
const RATE_HZ_MAX: u32 = 8_000;
/// A channel's sound is heard so much later on the other at most, milliseconds: an echo over two networks.
pub const LATER_MS: u32 = 500;
/// It is heard so much sooner at most, milliseconds, where a recorder has the channels out of step.
pub const SOONER_MS: u32 = 250;
/// What is said is at most so loud on a quiet channel, as a factor of power: −50 dB. A recogniser got 6 % of the words
/// at −40 dB.
const QUIET_MAX: f64 = 1e-5;
/// And on one where somebody speaks, who covers it: −40 dB.
const SPOKEN_MAX: f64 = 1e-4;
/// Sound that is quieter than the speech that may be in it by this, as a factor of power (−30 dB), counts no more than
/// sound of that level: else a microphone that is switched off for a while would outweigh the rest of the call.
const WEIGHED_MIN: f64 = 1e-3;
/// Bleed that comes and goes is looked for over so many hops, half a minute; ...
const CHAPTER_HOPS: u32 = 30;
/// ... it is there when one delay stands out so far above the middle one, as a factor of power. What two people say
/// independently of each other does not reach half of it.
const STANDS_OUT: f64 = 16.0;
/// How much of the sample before is taken from each: makes the spectrum of speech flatter, so that it is less like itself
/// at other delays.
const PRE_EMPHASIS: f32 = 0.95;
/// Stretches of delays in a hop: a second.
const HOP_STRETCHES: usize = 100;
/// Samples of a transform: a hop at [`RATE_HZ_MAX`], and the delays before and after it.
const SIZE: usize = 16_384;

/// What is said on each channel of a recording, and whether it is in the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bleed {
    /// For each channel: what it is like for the other.
    from: [Crossing; CHANNELS],
}

/// What one channel's speech is like for the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Crossing {
    /// It is heard there while the other is quiet, as far as anybody can tell.
    in_quiet: bool,
    /// It is heard there while somebody speaks on the other, as far as anybody can tell.
    in_speech: bool,
}

impl Bleed {
    /// For each channel: whether it is in the other while that one is quiet, and while somebody speaks there.
    #[must_use]
    pub fn new(from: [[bool; 2]; CHANNELS]) -> Self {
        Self { from: from.map(|[in_quiet, in_speech]| Crossing { in_quiet, in_speech }) }
    }

    /// Whether nothing of what is said on this channel then is in the other. `activity` is what the recording was found
    /// to have.
    #[must_use]
    pub fn is_none(&self, activity: &Activity, channel: u16, span: TimeSpan) -> bool {
        let (Some(crossing), Some(voice)) =
            (self.from.get(usize::from(channel)), activity.voice().get(usize::from(channel == 0)))
        else {
            return false;
        };
        let (start_ms, end_ms) = (span.start_ms().saturating_sub(SOONER_MS), span.end_ms().saturating_add(LATER_MS));
        let first = voice.partition_point(|speech| speech.end_ms() <= start_ms);
        let meets_speech = voice.get(first).is_some_and(|speech| speech.start_ms() < end_ms);
        !(crossing.in_quiet || crossing.in_speech && meets_speech)
    }
}

/// Measures the recording that was opened from `source`; nothing where it has not two channels that can be muted one by one.
///
/// # Errors
/// Those of [`Opened::decode`].
pub fn bleed<S: Read + Seek>(opened: &Opened, source: &mut S, activity: &Activity) -> Result<Option<Bleed>> {
    let info = opened.info();
    if usize::from(info.channels) != CHANNELS || !opened.has_channels_apart() {
        return Ok(None);
    }
    let mut ear = Ear::new(info.rate_hz, activity);
    opened.decode(source, &mut |block| {
        ear.hear(block.planes().into_exposed());
        Ok(())
    })?;
    Ok(Some(ear.finish()))
}

/// Sound on its way to being measured.
struct Ear {
    clock: Clock,
    channels: [Channel; CHANNELS],
    /// Of each channel in the other.
    crossings: [[Echoes; 2]; CHANNELS],
    hops: u32,
    fft: Fft,
}

/// What a sample is measured at.
#[derive(Clone, Copy)]
struct Clock {
    rate_hz: u32,
    /// Samples of the recording that are one here.
    every: u32,
    /// Samples of a hop, and of the delays after and before.
    hop: usize,
    later: usize,
    sooner: usize,
    /// Samples of a stretch of delays, which are looked at together.
    delays: usize,
}

impl Clock {
    fn new(rate_hz: u32) -> Self {
        let every = rate_hz.div_ceil(RATE_HZ_MAX).max(1);
        let samples = |ms: u32| (u64::from(rate_hz / every) * u64::from(ms) / 1000) as usize;
        let delays = samples(FRAME_MS).max(1);
        let (later, sooner) = (samples(LATER_MS) / delays * delays, samples(SOONER_MS) / delays * delays);
        Self { rate_hz, every, hop: HOP_STRETCHES * delays, later, sooner, delays }
    }

    /// The frame of the analysis in which this sample lies.
    fn frame(self, sample: u64) -> usize {
        (sample * u64::from(self.every) * 1000 / u64::from(self.rate_hz) / u64::from(FRAME_MS)) as usize
    }
}

/// One channel.
struct Channel {
    /// For each frame of the analysis: whether somebody speaks.
    spoken: Vec<bool>,
    /// For each frame of the analysis: its power.
    powers: Vec<f64>,
    /// The power of speech.
    speech: f64,
    /// The samples from the delays before the hop on.
    samples: Vec<f32>,
    /// The sample before, and the part of the next one that has come, with how many samples that is.
    before: f32,
    begun: (f32, u32),
}

impl Channel {
    fn new(voice: &[TimeSpan], levels: &[u8], clock: Clock) -> Self {
        let mut spoken = vec![false; levels.len()];
        for span in voice {
            let frames = (span.start_ms() / FRAME_MS) as usize..span.end_ms().div_ceil(FRAME_MS) as usize;
            spoken[frames.start.min(levels.len())..frames.end.min(levels.len())].fill(true);
        }
        let powers: Vec<f64> = levels.iter().map(|level| super::level::power(*level)).collect();
        let (sum, count) = powers
            .iter()
            .zip(&spoken)
            .filter(|(_, spoken)| **spoken)
            .fold((0.0, 0), |(sum, n), (p, _)| (sum + p, n + 1));
        let samples = vec![0.0; clock.later];
        Self { spoken, powers, speech: sum / f64::from(count.max(1)), samples, before: 0.0, begun: (0.0, 0) }
    }

    fn hear(&mut self, samples: &[f32], every: u32) {
        for sample in samples {
            self.begun = (self.begun.0 + sample, self.begun.1 + 1);
            if self.begun.1 == every {
                let now = self.begun.0 / every as f32;
                self.samples.push(now - PRE_EMPHASIS * self.before);
                (self.before, self.begun) = (now, (0.0, 0));
            }
        }
    }

    fn is_spoken(&self, frame: usize) -> bool {
        self.spoken.get(frame).copied().unwrap_or_default()
    }

    /// What a sample of this frame counts, of sound that may have speech of this power in it.
    fn weight(&self, frame: usize, speech: f64) -> f64 {
        let power = self.powers.get(frame).copied().unwrap_or(f64::MAX);
        1.0 / power.max(speech * WEIGHED_MIN).max(1.0)
    }
}

impl Ear {
    fn new(rate_hz: u32, activity: &Activity) -> Self {
        let clock = Clock::new(rate_hz);
        let channel = |n: usize| Channel::new(&activity.voice()[n], &activity.levels()[n], clock);
        let crossings =
            [[QUIET_MAX, SPOKEN_MAX], [QUIET_MAX, SPOKEN_MAX]].map(|most| most.map(|most| Echoes::new(clock, most)));
        Self { clock, channels: [channel(0), channel(1)], crossings, hops: 0, fft: Fft::new(SIZE) }
    }

    fn hear(&mut self, planes: &[Vec<f32>]) {
        for (channel, samples) in self.channels.iter_mut().zip(planes) {
            channel.hear(samples, self.clock.every);
        }
        while self.channels[0].samples.len() >= self.clock.later + self.clock.hop + self.clock.sooner {
            self.measure();
        }
    }

    /// Measures one hop and goes on to the next.
    fn measure(&mut self) {
        let Self { clock, channels, crossings, hops, fft } = self;
        let from = u64::from(*hops) * clock.hop as u64;
        for (n, echoes) in crossings.iter_mut().enumerate() {
            let (said, other) = (&channels[n], &channels[1 - n]);
            let voice = said.samples.iter().take(clock.later + clock.hop + clock.sooner).zip(0_u64..);
            let voice: Vec<f32> = voice
                .map(|(sample, at)| {
                    let at = (from + at).checked_sub(clock.later as u64);
                    if at.is_some_and(|at| said.is_spoken(clock.frame(at))) { *sample } else { 0.0 }
                })
                .collect();
            if voice.iter().all(|sample| *sample == 0.0) {
                continue;
            }
            let spectrum = transformed(fft, &voice);
            let frames: Vec<usize> = (from..from + clock.hop as u64).map(|at| clock.frame(at)).collect();
            for (echoes, is_spoken) in echoes.iter_mut().zip([false, true]) {
                let weight = |frame: &usize| match other.is_spoken(*frame) == is_spoken {
                    true => other.weight(*frame, said.speech) as f32,
                    false => 0.0,
                };
                let weights: Vec<f32> = frames.iter().map(weight).collect();
                if weights.iter().any(|weight| *weight > 0.0) {
                    let heard: Vec<f32> = weights
                        .iter()
                        .zip(&other.samples[clock.later..])
                        .map(|(weight, sample)| weight * sample)
                        .collect();
                    echoes.add(&spectrum, &transformed(fft, &heard), &voice, &weights);
                }
            }
        }
        for channel in channels {
            channel.samples.drain(..clock.hop);
        }
        *hops += 1;
        if hops.is_multiple_of(CHAPTER_HOPS) {
            crossings.as_flattened_mut().iter_mut().for_each(Echoes::end_chapter);
        }
    }

    fn finish(mut self) -> Bleed {
        let left = self.channels[0].samples.len().saturating_sub(self.clock.later);
        for _ in 0..left.div_ceil(self.clock.hop) {
            for channel in &mut self.channels {
                channel.samples.resize(self.clock.later + self.clock.hop + self.clock.sooner, 0.0);
            }
            self.measure();
        }
        Bleed::new(self.crossings.map(|echoes| echoes.map(Echoes::are_heard)))
    }
}

fn transformed(fft: &mut Fft, samples: &[f32]) -> Vec<Complex<f32>> {
    let mut spectrum: Vec<Complex<f32>> = samples.iter().map(|sample| Complex::new(*sample, 0.0)).collect();
    spectrum.resize(SIZE, Complex::new(0.0, 0.0));
    fft.fft_inplace(&mut spectrum);
    spectrum
}

/// What is heard of one channel in the other at each delay.
struct Echoes {
    clock: Clock,
    /// The most that may be.
    most: f64,
    all: Sums,
    chapter: Sums,
    /// They were there for a chapter at least.
    came: bool,
}

/// Sums over the time that was measured.
struct Sums {
    /// The correlation of both channels, as its spectrum.
    both: Vec<Complex<f32>>,
    /// For the border of each stretch of delays: the power of the voice, weighed as the sound that it was looked for in.
    voice: Vec<f64>,
}

impl Sums {
    fn new(clock: Clock) -> Self {
        let borders = (clock.later + clock.sooner) / clock.delays + 1;
        Self { both: vec![Complex::new(0.0, 0.0); SIZE], voice: vec![0.0; borders] }
    }

    /// How loud the voice is heard in each stretch of delays, as a factor of power; stretches without any voice are left
    /// out.
    fn heard(&self, clock: Clock) -> Vec<f64> {
        let mut correlation = self.both.clone();
        Ifft::new(SIZE).ifft_inplace(&mut correlation);
        let stretches = correlation.chunks_exact(clock.delays).zip(self.voice.windows(2));
        let heard = stretches.map(|(stretch, voice)| {
            let least = voice[0].min(voice[1]);
            (least != 0.0).then(|| stretch.iter().map(|at| (f64::from(at.re) / least).powi(2)).sum())
        });
        heard.flatten().collect()
    }
}

impl Echoes {
    fn new(clock: Clock, most: f64) -> Self {
        Self { clock, most, all: Sums::new(clock), chapter: Sums::new(clock), came: false }
    }

    /// Adds a hop: what is said, with the delays on both sides, and what is heard on the other channel, weighed.
    fn add(&mut self, said: &[Complex<f32>], heard: &[Complex<f32>], voice: &[f32], weights: &[f32]) {
        for (sum, (said, heard)) in self.chapter.both.iter_mut().zip(said.iter().zip(heard)) {
            *sum += said * heard.conj();
        }
        // What a sample counts hardly changes within the length of a stretch.
        let delays = self.clock.delays;
        let powers: Vec<f32> = voice.chunks(delays).map(|of| of.iter().map(|sample| sample * sample).sum()).collect();
        let weights: Vec<f32> = weights.chunks(delays).map(|of| of.iter().sum::<f32>() / of.len() as f32).collect();
        for (border, sum) in self.chapter.voice.iter_mut().enumerate() {
            let under = powers.iter().skip(border).zip(&weights);
            *sum += f64::from(under.map(|(power, weight)| power * weight).sum::<f32>());
        }
    }

    fn end_chapter(&mut self) {
        let mut heard = self.chapter.heard(self.clock);
        let middle = heard.len() / 2;
        if !heard.is_empty() {
            heard.sort_unstable_by(f64::total_cmp);
            let loudest = heard[heard.len() - 1];
            self.came |= loudest > self.most && loudest > STANDS_OUT * heard[middle];
        }
        let chapter = std::mem::replace(&mut self.chapter, Sums::new(self.clock));
        self.all.both.iter_mut().zip(chapter.both).for_each(|(sum, more)| *sum += more);
        self.all.voice.iter_mut().zip(chapter.voice).for_each(|(sum, more)| *sum += more);
    }

    fn are_heard(mut self) -> bool {
        self.end_chapter();
        // What is no number comes of samples far beyond full scale.
        let is_heard = |loud: f64| loud.is_nan() || loud > self.most;
        self.came || self.all.heard(self.clock).into_iter().any(is_heard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_apart_by_what_the_other_channel_has_in_reach() {
        let span = |from, to| TimeSpan::new(from, to).unwrap();
        let activity =
            Activity::new(vec![vec![span(0, 9000)], vec![span(2000, 3000)]], Vec::new(), vec![Vec::new(); 2]);
        let only_in_speech = Bleed::new([[false, true], [true, false]]);
        let is_none = |channel, from, to| only_in_speech.is_none(&activity, channel, span(from, to));
        assert!(is_none(0, 1000, 1500) && !is_none(0, 1000, 1501));
        assert!(is_none(0, 3250, 4000) && !is_none(0, 3249, 4000));
        assert!(!is_none(1, 5000, 5100) && !is_none(2, 5000, 5100));
    }

    #[test]
    fn numbers_that_are_none_are_bleed() {
        let clock = Clock::new(8000);
        let mut echoes = Echoes::new(clock, QUIET_MAX);
        let mut fft = Fft::new(SIZE);
        let loud = vec![f32::MAX; 100];
        let said = transformed(&mut fft, &loud);
        echoes.add(&said, &said, &loud, &[1.0; 100]);
        assert!(echoes.are_heard());
    }

    #[test]
    fn the_clock_fits_every_rate() {
        for rate_hz in [1, 100, 4000, 8000, 11_025, 16_000, 22_050, 44_100, 48_000, 384_000] {
            let clock = Clock::new(rate_hz);
            assert!(clock.hop + clock.later + clock.sooner <= SIZE && clock.hop > 0, "{rate_hz}");
            let second = u64::from(rate_hz) / u64::from(clock.every);
            assert!(clock.frame(second).abs_diff(100) <= 1 || rate_hz < 8000, "{rate_hz}");
        }
    }
}
