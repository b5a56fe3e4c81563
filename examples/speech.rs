//! Measures what is done by ear: how well speech is found, how much of hidden words is left at the borders of mutes when
//! word times are wrong, and whether speech that a transcript lacks is muted.
//!
//!     cargo run --release --example speech -- CORPUS [voice|borders|lost]
//!
//! CORPUS has `spoken.jsonl` (calls with the true times and labels of their words) and `audio/ID.wav`. Errors of word
//! times are drawn from a Laplace distribution with fixed seeds. Calls with an even number are for choosing rules, those
//! with an odd number for telling how good they are.
#![allow(clippy::disallowed_macros, reason = "a tool for developers prints what it measures")]

use serde::Deserialize;
use sordino::audio::{Activity, FRAME_MS, Opened, listen, open};
use sordino::base::{Phi, TimeSpan, WordSpan};
use sordino::model::policy::{MutePolicy, Policy, Unaccounted, UnaccountedPolicy};
use sordino::model::{
    Category, Finding, Mute, RedactionPlan, RuleId, Speaker, TimeSource, Transcript, TranscriptBuilder, TurnKind,
};
use sordino::redact::{Heard, plan};
use std::fs;
use std::io::Cursor;
use std::path::Path;

/// Kept voiced speech of a hidden span from which on it counts as left, milliseconds.
const LEFT_MS: u32 = 30;
/// Frames at least this loud are voiced speech (−45 dBFS), half decibels above −100.
const VOICED: u8 = 110;
/// Draws of errors for each call.
const DRAWS: u64 = 5;
/// The share of words that a recogniser puts somewhere else, where such are drawn.
const MISPLACED: f64 = 0.01;

#[derive(Deserialize)]
struct Call {
    id: String,
    turns: Vec<Turn>,
}

#[derive(Deserialize)]
struct Turn {
    channel: u16,
    words: Vec<Word>,
}

#[derive(Deserialize, Clone)]
struct Word {
    w: String,
    s: f64,
    e: f64,
    label: Option<String>,
    ent: Option<u32>,
}

impl Word {
    fn is_hidden(&self) -> bool {
        self.label.as_deref().is_some_and(|label| label != "AMBIG")
    }

    fn frames(&self) -> std::ops::Range<usize> {
        let frame = |s: f64| (s * 1000.0 / f64::from(FRAME_MS)).round() as usize;
        frame(self.s)..frame(self.e)
    }
}

/// A call with its recording.
struct Spoken {
    call: Call,
    wav: Vec<u8>,
    opened: Opened,
    activity: Activity,
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let corpus = args.first().expect("usage: speech CORPUS [voice|borders|lost]");
    let calls = read(Path::new(corpus));
    let what = args.get(1).map(String::as_str);
    if what.is_none_or(|w| w == "voice") {
        voice(&calls);
    }
    if what.is_none_or(|w| w == "borders") {
        borders(&calls);
    }
    if what.is_none_or(|w| w == "lost") {
        lost(&calls);
    }
}

fn read(corpus: &Path) -> Vec<Spoken> {
    let lines = fs::read_to_string(corpus.join("spoken.jsonl")).expect("the corpus has spoken.jsonl");
    lines
        .lines()
        .map(|line| {
            let call: Call = serde_json::from_str(line).expect("a call a line");
            let wav = fs::read(corpus.join("audio").join(&call.id).with_extension("wav")).expect("each call is spoken");
            let (opened, activity) = hear(&wav);
            Spoken { call, wav, opened, activity }
        })
        .collect()
}

fn hear(wav: &[u8]) -> (Opened, Activity) {
    let mut source = Cursor::new(wav);
    let opened = open(&mut source, None).expect("WAV");
    let activity = listen(&opened, &mut source).expect("WAV");
    (opened, activity)
}

// ---- voice activity

/// How many frames of words are found, and how many of the found ones are in words, in silence and in white noise.
fn voice(calls: &[Spoken]) {
    println!("voice activity against word labels, frames of {FRAME_MS} ms, by signal-to-noise ratio");
    println!("{:>8} {:>10} {:>10} {:>10} {:>12}", "SNR", "recall", "precision", "within 100", "turns lost");
    for snr_db in [None, Some(30.0), Some(20.0), Some(10.0)] {
        let (mut words, mut found, mut both, mut near, mut turns, mut lost) = (0, 0, 0, 0, 0, 0);
        for spoken in calls {
            let noisy = snr_db.map(|snr| with_noise(&spoken.wav, snr));
            let activity = noisy.as_deref().map_or_else(|| spoken.activity.clone(), |wav| hear(wav).1);
            for (channel, levels) in activity.levels().iter().enumerate() {
                let is_found = mask(levels.len(), activity.voice()[channel].iter().map(frames));
                let mine = || spoken.call.turns.iter().filter(|t| usize::from(t.channel) == channel);
                let said = mask(levels.len(), mine().flat_map(|t| &t.words).map(Word::frames));
                let around = mask(
                    levels.len(),
                    mine().flat_map(|t| &t.words).map(|w| w.frames().start.saturating_sub(10)..w.frames().end + 10),
                );
                words += count(&said, &said);
                found += count(&is_found, &is_found);
                both += count(&said, &is_found);
                near += count(&around, &is_found);
                for turn in mine() {
                    turns += 1;
                    lost +=
                        usize::from(!turn.words.iter().flat_map(Word::frames).any(|f| is_found.get(f) == Some(&true)));
                }
            }
        }
        let snr = snr_db.map_or("none".into(), |db: f64| format!("{db} dB"));
        let percent = |a: usize, b: usize| format!("{:.2} %", 100.0 * a as f64 / b.max(1) as f64);
        println!(
            "{snr:>8} {:>10} {:>10} {:>10} {:>12}",
            percent(both, words),
            percent(both, found),
            percent(near, found),
            format!("{lost} of {turns}")
        );
    }
}

/// The recording with white noise, so much quieter than its loudest second.
fn with_noise(wav: &[u8], snr_db: f64) -> Vec<u8> {
    let mut out = wav.to_vec();
    let mut random = Random(1);
    let samples: Vec<f64> = wav[44..].as_chunks().0.iter().map(|b| f64::from(i16::from_le_bytes(*b))).collect();
    let loudest =
        samples.chunks(16_000).map(|s| s.iter().map(|x| x * x).sum::<f64>() / s.len() as f64).fold(0.0, f64::max);
    let deviation = (loudest / 10f64.powf(snr_db / 10.0)).sqrt();
    for (bytes, sample) in out[44..].as_chunks_mut::<2>().0.iter_mut().zip(samples) {
        *bytes = ((sample + deviation * random.normal()) as i16).to_le_bytes();
    }
    out
}

// ---- borders of mutes

/// What is left of hidden spans, and how much else is muted, by the error of word times and by the rules.
fn borders(calls: &[Spoken]) {
    let [plain, rules] = [false, true].map(|rules| {
        move |pad: u32| MutePolicy {
            pad_aligned_ms: pad,
            pad_recogniser_ms: pad,
            pad_coarse_ms: pad,
            valley_ms_max: if rules { 100 } else { 0 },
            ..MutePolicy::default()
        }
    });
    println!("\nspans that keep {LEFT_MS} ms or more of voiced speech, and other speech muted for each span");
    println!(
        "{:>7} {:>10} {:>22} | {:>26} | {:>26}",
        "median", "misplaced", "rules", "choosing (even)", "telling (odd)"
    );
    for (median_ms, pads) in [(15.0, &[0, 50, 100, 150][..]), (40.0, &[0, 100, 200, 250, 300]), (70.0, &[200, 300])] {
        for misplaced in [0.0, MISPLACED] {
            for &pad in pads {
                let modes = [
                    (format!("pad {pad}"), plain(pad), Unaccounted::Keep),
                    (format!("pad {pad}, ear"), rules(pad), Unaccounted::Mute),
                ];
                for (name, mute, speech) in modes {
                    let policy = policy(mute, speech);
                    let halves = [0, 1].map(|half| {
                        let chosen = calls.iter().enumerate().filter(|(i, _)| i % 2 == half).map(|(_, c)| c);
                        let mut sum = Left::default();
                        for spoken in chosen {
                            for draw in 0..DRAWS {
                                let times = drawn(&spoken.call, median_ms, misplaced, draw);
                                sum.add(spoken, &policy, &times);
                            }
                        }
                        sum.to_string()
                    });
                    println!("{median_ms:>7} {misplaced:>10} {name:>22} | {:>26} | {:>26}", halves[0], halves[1]);
                }
            }
        }
    }
}

#[derive(Default)]
struct Left {
    spans: u32,
    left: u32,
    other_ms: u32,
}

impl Left {
    fn add(&mut self, spoken: &Spoken, policy: &Policy, times: &[Vec<TimeSpan>]) {
        let (transcript, edits) = transcript(&spoken.call, times, |_, _| true);
        let plan = planned(spoken, policy, &transcript, &edits);
        let frames_of = spoken.activity.levels()[0].len();
        let muted = mask(frames_of, plan.mutes.iter().map(|m: &Mute| frames(&m.span)));
        let mut is_hidden = vec![vec![false; frames_of]; spoken.activity.levels().len()];
        for turn in &spoken.call.turns {
            for span in mentions(&turn.words) {
                let levels = &spoken.activity.levels()[usize::from(turn.channel)];
                let within = turn.words[span].iter().flat_map(Word::frames).filter(|f| *f < frames_of);
                let mut kept = 0;
                for frame in within {
                    is_hidden[usize::from(turn.channel)][frame] = true;
                    kept += u32::from(levels[frame] >= VOICED && !muted[frame]);
                }
                self.spans += 1;
                self.left += u32::from(kept * FRAME_MS >= LEFT_MS);
            }
        }
        for (levels, is_hidden) in spoken.activity.levels().iter().zip(&is_hidden) {
            let other = (0..frames_of).filter(|&f| muted[f] && levels[f] >= VOICED && !is_hidden[f]).count();
            self.other_ms += other as u32 * FRAME_MS;
        }
    }
}

impl std::fmt::Display for Left {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let percent = 100.0 * f64::from(self.left) / f64::from(self.spans.max(1));
        write!(f, "{percent:.2} % of {}, {} ms", self.spans, self.other_ms / self.spans.max(1))
    }
}

/// Times of all words with an error at each end, and some words put somewhere else.
fn drawn(call: &Call, median_ms: f64, misplaced: f64, draw: u64) -> Vec<Vec<TimeSpan>> {
    let mut random = Random(draw * 1_000_003 + median_ms as u64);
    let scale = median_ms / std::f64::consts::LN_2;
    let mut time = |word: &Word| {
        let away = if random.uniform() < misplaced { 1500.0 * random.laplace().signum() } else { 0.0 };
        let start = (word.s * 1000.0 + away + scale * random.laplace()).max(0.0);
        let end = (word.e * 1000.0 + away + scale * random.laplace()).max(start + 20.0);
        TimeSpan::new(start as u32, end as u32).expect("it ends after it starts")
    };
    call.turns.iter().map(|turn| turn.words.iter().map(&mut time).collect()).collect()
}

// ---- speech that is not in the transcript

/// Drops words and turns, and looks for them in what is not muted.
fn lost(calls: &[Spoken]) {
    println!("\nspeech that the transcript lacks: what of it is left, and what is muted of speech that it has");
    println!(
        "{:>10} {:>8} {:>22} {:>22} {:>26}",
        "dropped", "median", "dropped words left", "hidden ones left", "other speech muted"
    );
    for (name, word_share, turn_share) in [("nothing", 0.0, 0.0), ("words", 0.05, 0.0), ("turns", 0.0, 0.1)] {
        for median_ms in [0.0, 15.0, 40.0] {
            let policy = policy(MutePolicy::default(), Unaccounted::Mute);
            let mut sum = Lost::default();
            for spoken in calls {
                for draw in 0..DRAWS {
                    sum.add(spoken, &policy, (word_share, turn_share), median_ms, draw);
                }
            }
            println!(
                "{name:>10} {median_ms:>8} {:>22} {:>22} {:>26}",
                format!("{} of {}", sum.left, sum.words),
                format!("{} of {}", sum.hidden_left, sum.hidden),
                format!("{:.2} % in {} pieces", 100.0 * sum.muted as f64 / sum.said.max(1) as f64, sum.pieces),
            );
        }
    }
}

#[derive(Default)]
struct Lost {
    words: u32,
    left: u32,
    hidden: u32,
    hidden_left: u32,
    /// Voiced frames of words that the transcript has, and those of them that are muted.
    said: usize,
    muted: usize,
    pieces: u64,
}

impl Lost {
    fn add(&mut self, spoken: &Spoken, policy: &Policy, shares: (f64, f64), median_ms: f64, draw: u64) {
        let mut random = Random(draw + 77);
        let kept: Vec<Vec<bool>> = spoken
            .call
            .turns
            .iter()
            .map(|turn| {
                let is_turn_kept = random.uniform() >= shares.1;
                turn.words.iter().map(|_| random.uniform() >= shares.0 && is_turn_kept).collect()
            })
            .collect();
        let times = drawn(&spoken.call, median_ms, 0.0, draw);
        let (transcript, hidden) = transcript(&spoken.call, &times, |turn, word| kept[turn][word]);
        let frames_of = spoken.activity.levels()[0].len();
        let muted = |plan: &RedactionPlan| mask(frames_of, plan.mutes.iter().map(|m| frames(&m.span)));
        // Once with nothing hidden by its words, so that all mutes are for what the transcript lacks, and once as it is.
        let plan = planned(spoken, policy, &transcript, &[]);
        self.pieces += plan.beside.map_or(0, |beside| beside.speech.stretches);
        let (muted, muted_as_is) = (muted(&plan), muted(&planned(spoken, policy, &transcript, &hidden)));
        for (turn, kept) in spoken.call.turns.iter().zip(&kept) {
            let levels = &spoken.activity.levels()[usize::from(turn.channel)];
            for (word, is_kept) in turn.words.iter().zip(kept) {
                let voiced: Vec<usize> = word.frames().filter(|f| *f < frames_of && levels[*f] >= VOICED).collect();
                let left = voiced.iter().filter(|f| !muted[**f]).count();
                if *is_kept {
                    self.said += voiced.len();
                    self.muted += voiced.len() - left;
                    continue;
                }
                // A word of which less than a third is left is not understood.
                let is_left = |left: usize| u32::from(left * 3 > voiced.len());
                self.words += 1;
                self.left += is_left(left);
                if word.is_hidden() {
                    self.hidden += 1;
                    self.hidden_left += is_left(voiced.iter().filter(|f| !muted_as_is[**f]).count());
                }
            }
        }
    }
}

// ---- calls to plans

/// The transcript with these times, without the words that are not kept, and its hidden words.
fn transcript(
    call: &Call,
    times: &[Vec<TimeSpan>],
    is_kept: impl Fn(usize, usize) -> bool,
) -> (Transcript, Vec<WordSpan>) {
    let mut builder = TranscriptBuilder::new(TimeSource::Recogniser);
    let mut hidden = Vec::new();
    for (t, turn) in call.turns.iter().enumerate() {
        builder.turn(TurnKind::Spoken, Speaker::Unknown, Some(turn.channel));
        let first = builder.len() as u32;
        let mut kept = Vec::new();
        for (w, word) in turn.words.iter().enumerate().filter(|(w, _)| is_kept(t, *w)) {
            builder.word(Phi::new(&word.w), Some(times[t][w]), 1.0);
            kept.push(word.clone());
        }
        let spans = mentions(&kept).into_iter();
        hidden.extend(spans.map(|s| WordSpan::new(first + s.start as u32, first + s.end as u32)));
    }
    (builder.build(), hidden)
}

/// Runs of hidden words of one mention.
fn mentions(words: &[Word]) -> Vec<std::ops::Range<usize>> {
    let mut spans: Vec<std::ops::Range<usize>> = Vec::new();
    for (i, word) in words.iter().enumerate().filter(|(_, w)| w.is_hidden()) {
        match spans.last_mut().filter(|last| last.end == i && words[i - 1].ent == word.ent) {
            Some(last) => last.end = i + 1,
            None => spans.push(i..i + 1),
        }
    }
    spans
}

fn planned(spoken: &Spoken, policy: &Policy, transcript: &Transcript, hidden: &[WordSpan]) -> RedactionPlan {
    let rule = RuleId::new("label");
    let finding =
        |words: &WordSpan| Finding { rule: rule.clone(), category: Category::Name, words: *words, score: 1.0 };
    let findings: Vec<Finding> = hidden.iter().map(finding).collect();
    let activity = policy.unaccounted.listens().then_some(&spoken.activity);
    let heard = Heard { length_ms: spoken.opened.info().duration_ms(), activity, bleed: None, by_hand: &[] };
    plan(&findings, policy, transcript, Some(heard)).expect("all words have times")
}

fn policy(mute: MutePolicy, speech: Unaccounted) -> Policy {
    Policy {
        name: "measured".into(),
        version: 1,
        hide: Category::ALL.to_vec(),
        also_hide: Vec::new(),
        mute,
        unaccounted: UnaccountedPolicy { speech, keys: Unaccounted::Keep, ..UnaccountedPolicy::default() },
        hold: Default::default(),
        retention: Default::default(),
        access: Default::default(),
        lists: Default::default(),
    }
}

// ---- frames

fn frames(span: &TimeSpan) -> std::ops::Range<usize> {
    span.start_ms().div_ceil(FRAME_MS) as usize..(span.end_ms() / FRAME_MS) as usize
}

fn mask(len: usize, ranges: impl Iterator<Item = std::ops::Range<usize>>) -> Vec<bool> {
    let mut mask = vec![false; len];
    for range in ranges {
        mask[range.start.min(len)..range.end.min(len)].fill(true);
    }
    mask
}

fn count(a: &[bool], b: &[bool]) -> usize {
    a.iter().zip(b).filter(|(a, b)| **a && **b).count()
}

/// SplitMix64 (Steele, Lea and Flood 2014): small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let a = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let b = (a ^ (a >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        b ^ (b >> 31)
    }

    /// Above 0, below 1.
    fn uniform(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// Of scale 1: half of all are within ln 2.
    fn laplace(&mut self) -> f64 {
        let u = self.uniform() - 0.5;
        -u.signum() * (1.0 - 2.0 * u.abs()).ln()
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}
