//! Bleed put into a call of two channels that has none: however it comes, it is heard, and no mute is of one channel then.
//! Judged by the sound that was put together here, not by what the code under test says of it.

use sordino::audio::{bleed, listen, open};
use sordino::base::TimeSpan;
use std::io::Cursor;
use std::path::Path;

const RATE_HZ: usize = 8000;
/// Length of the calls, seconds.
const CALL_S: usize = 120;
/// Where each party starts over, seconds: not together, so that they come to speak at once.
const AGAIN_S: [f64; 2] = [17.0, 12.5];

/// What of the first channel is in the second.
#[derive(Clone, Copy)]
struct Bleed {
    name: &'static str,
    db: f64,
    delay_ms: i32,
    sign: f64,
    /// When, seconds.
    from_until: [usize; 2],
    /// Only while somebody speaks on the second: a gate that opens then, or a canceller that gives up.
    when_spoken: bool,
    /// The noise on both channels, decibels of full scale.
    noise_db: f64,
}

/// Length of the moments that are asked about, milliseconds.
const MOMENT_MS: usize = 200;
/// What of the first channel lies so far below the noise of the second is not understood, decibels.
const COVERED_DB: f64 = 10.0;

const NONE: Bleed = Bleed {
    name: "none",
    db: -300.0,
    delay_ms: 0,
    sign: 1.0,
    from_until: [0, CALL_S],
    when_spoken: false,
    noise_db: -70.0,
};

const CASES: [Bleed; 16] = [
    Bleed { name: "sidetone", db: -10.0, ..NONE },
    Bleed { name: "sidetone, -30 dB", db: -30.0, ..NONE },
    Bleed { name: "sidetone, -40 dB", db: -40.0, ..NONE },
    Bleed { name: "-45 dB", db: -45.0, delay_ms: 3, ..NONE },
    Bleed { name: "an echo of 20 ms", db: -30.0, delay_ms: 20, ..NONE },
    Bleed { name: "an echo of 200 ms", db: -30.0, delay_ms: 200, ..NONE },
    Bleed { name: "a faint echo of 200 ms", db: -40.0, delay_ms: 200, ..NONE },
    Bleed { name: "an echo of 450 ms", db: -30.0, delay_ms: 450, ..NONE },
    Bleed { name: "channels out of step", db: -30.0, delay_ms: -200, ..NONE },
    Bleed { name: "inverted", db: -30.0, sign: -1.0, ..NONE },
    Bleed { name: "inverted and late", db: -40.0, sign: -1.0, delay_ms: 130, ..NONE },
    Bleed { name: "a loudspeaker for half a minute", db: -30.0, delay_ms: 60, from_until: [35, 65], ..NONE },
    Bleed { name: "for ten seconds", db: -30.0, from_until: [82, 92], ..NONE },
    Bleed { name: "for half a minute in noise", db: -30.0, from_until: [65, 95], noise_db: -50.0, ..NONE },
    Bleed { name: "faint, in noise", db: -40.0, delay_ms: 100, noise_db: -50.0, ..NONE },
    Bleed { name: "a gate that opens with speech", db: -25.0, delay_ms: 80, when_spoken: true, ..NONE },
];

/// The two parties of a spoken call, each by itself.
fn parties() -> [Vec<f64>; 2] {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/calls/new-patient.wav");
    let mut wav = hound::WavReader::open(path).unwrap();
    assert_eq!((wav.spec().channels, wav.spec().sample_rate as usize), (2, RATE_HZ));
    let samples: Vec<f64> = wav.samples::<i16>().map(|sample| f64::from(sample.unwrap()) / 32_768.0).collect();
    [0, 1].map(|channel| {
        let party: Vec<f64> = samples.iter().skip(channel).step_by(2).copied().collect();
        let again = (AGAIN_S[channel] * RATE_HZ as f64) as usize;
        (0..CALL_S * RATE_HZ).map(|at| party.get(at % again).copied().unwrap_or_default()).collect()
    })
}

/// The noise of a line, decibels of full scale; another one for each seed.
fn noise(db: f64, seed: u64) -> impl FnMut() -> f64 {
    let peak = 10f64.powf(db / 20.0) * 3f64.sqrt();
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        peak * ((state >> 33) as f64 / f64::from(1_u32 << 30) - 1.0)
    }
}

/// A call with bleed put into it.
struct Call {
    wav: Vec<u8>,
    /// What of the first channel was put into the second, sample by sample.
    bled: Vec<f64>,
}

fn call(parties: &[Vec<f64>; 2], case: Bleed) -> Call {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: RATE_HZ as u32,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut noises = [noise(case.noise_db, 7), noise(case.noise_db, 99)];
    let gain = case.sign * 10f64.powf(case.db / 20.0);
    let delay = i64::from(case.delay_ms) * RATE_HZ as i64 / 1000;
    let bled = (0..CALL_S * RATE_HZ).map(|at| {
        let is_open = !case.when_spoken || parties[1][at.saturating_sub(400)..=at].iter().any(|x| x.abs() > 0.01);
        let is_on = is_open && (case.from_until[0]..case.from_until[1]).contains(&(at / RATE_HZ));
        let said = usize::try_from(at as i64 - delay).ok().and_then(|at| parties[0].get(at));
        if is_on { gain * said.copied().unwrap_or_default() } else { 0.0 }
    });
    let bled: Vec<f64> = bled.collect();
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    for at in 0..CALL_S * RATE_HZ {
        for (sample, noise) in [parties[0][at], parties[1][at] + bled[at]].into_iter().zip(&mut noises) {
            writer.write_sample(((sample + noise()) * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16).unwrap();
        }
    }
    writer.finalize().unwrap();
    Call { wav: bytes.into_inner(), bled }
}

/// A moment of a call.
struct Moment {
    start_ms: usize,
    /// Somebody speaks on the other channel.
    is_spoken: bool,
    /// Nothing of the channel can be in the other.
    is_apart: bool,
}

/// What is said of the moments at which a channel may be muted.
fn moments(call: &Call, channel: u16) -> Vec<Moment> {
    let mut source = Cursor::new(&call.wav);
    let opened = open(&mut source, None).unwrap();
    let activity = listen(&opened, &mut source).unwrap();
    let bleed = bleed(&opened, &mut source, &activity).unwrap().unwrap();
    let moment = |start_ms: u32| {
        let span = TimeSpan::new(start_ms, start_ms + MOMENT_MS as u32).unwrap();
        let speech = &activity.voice()[usize::from(1 - channel)];
        let is_spoken = speech.iter().any(|speech| speech.overlaps(span));
        Moment { start_ms: start_ms as usize, is_spoken, is_apart: bleed.is_none(&activity, channel, span) }
    };
    (0..CALL_S as u32 * 1000 - 1000).step_by(MOMENT_MS).map(moment).collect()
}

/// How many of these are apart, and how many there are.
fn apart<'a>(moments: impl Iterator<Item = &'a Moment>) -> (usize, usize) {
    moments.fold((0, 0), |(apart, all), moment| (apart + usize::from(moment.is_apart), all + 1))
}

/// Of those while nobody speaks on the other channel, and while somebody does.
fn by_speech(moments: &[Moment]) -> [(usize, usize); 2] {
    [false, true].map(|is_spoken| apart(moments.iter().filter(|moment| moment.is_spoken == is_spoken)))
}

#[test]
fn what_bleeds_is_never_muted_on_its_channel_alone() {
    let parties = parties();
    for case in CASES {
        let call = call(&parties, case);
        // What is said in a moment is in the other channel somewhat later, or sooner.
        let bleeds = |moment: &&Moment| {
            let from = (moment.start_ms as i64 + i64::from(case.delay_ms)).max(0) as usize * RATE_HZ / 1000;
            let heard = call.bled[from..].iter().take(MOMENT_MS * RATE_HZ / 1000);
            let power = heard.map(|x| x * x).sum::<f64>() / (MOMENT_MS * RATE_HZ / 1000) as f64;
            10.0 * power.log10() > case.noise_db - COVERED_DB
        };
        let moments = moments(&call, 0);
        let bleeding = apart(moments.iter().filter(bleeds));
        assert!(bleeding.1 > 10 && bleeding.0 == 0, "{} in {} dB: {bleeding:?}", case.name, case.noise_db);
    }
}

#[test]
fn channels_without_bleed_are_apart() {
    let parties = parties();
    for noise_db in [-300.0, -65.0] {
        let call = call(&parties, Bleed { noise_db, ..NONE });
        for channel in 0..2 {
            for (apart, all) in by_speech(&moments(&call, channel)) {
                assert!(apart == all && all > 100, "{noise_db} dB, {channel}: {apart} of {all}");
            }
        }
    }
}

#[test]
fn what_bleeds_one_way_does_not_bleed_the_other() {
    let echo = Bleed { name: "an echo", db: -30.0, delay_ms: 100, ..NONE };
    let [(apart, all), _] = by_speech(&moments(&call(&parties(), echo), 1));
    assert!(apart > all / 2, "{apart} of {all}");
}

#[test]
fn in_loud_noise_nobody_can_tell() {
    let [(quiet, _), (spoken, _)] = by_speech(&moments(&call(&parties(), Bleed { noise_db: -25.0, ..NONE }), 0));
    assert_eq!((quiet, spoken), (0, 0));
}
