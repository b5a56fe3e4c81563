//! Proves a redacted call before anything of it can be published. The only maker of `Clean` and `Artifacts`.

use super::Step;
use super::leaks::Needles;
use super::same::{is_mask, origins};
use crate::audio::Outcome;
use crate::base::{CallId, Clean, Error, HoldReason, Phi, Result, Sha256Hex, Stage, WordSpan};
use crate::detect::detect;
use crate::model::{
    Finding, Format, KnownValue, Mute, MutedSpan, Policy, RecordingInfo, RedactionPlan, TimeSource, Transcript,
    TurnKind,
};
use crate::patterns::PatternSet;
use crate::transcript::{self, Document, Place, Told};
use std::collections::HashMap;

/// A redacted call, proven. What it holds may be published.
#[derive(Debug)]
pub struct Artifacts {
    call: CallId,
    files: Vec<(Format, usize)>,
    time_source: TimeSource,
    transcript_sources: Vec<SourceFile>,
    masked: Masked,
    recordings: Vec<Muted>,
    plan: RedactionPlan,
    risk: f32,
}

/// The parts of a redacted call; each `Clean` one has passed its check here.
pub(super) struct Proven {
    pub(super) masked: Masked,
    pub(super) recordings: Vec<Muted>,
    pub(super) plan: RedactionPlan,
    pub(super) risk: f32,
}

/// The masked transcripts, in the order of their sources.
#[derive(Debug)]
pub(super) struct Masked {
    pub(super) files: Vec<Clean<Vec<u8>>>,
    /// Of each, where its words are counted on as in its source.
    pub(super) resumes: Vec<Vec<(u32, u32)>>,
}

/// A muted recording, and what of the plan is in it, on its own clock.
#[derive(Debug)]
pub(super) struct Muted {
    pub(super) outcome: Clean<Outcome>,
    pub(super) mutes: Vec<Mute>,
}

/// Size and digest of a source, as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Bytes.
    pub bytes: u64,
    /// Digest of all of them.
    pub sha256: Sha256Hex,
}

impl SourceFile {
    /// Size and digest of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self { bytes: bytes.len() as u64, sha256: Sha256Hex::of(bytes) }
    }
}

impl Artifacts {
    /// Puts together what was proven of a call.
    pub(super) fn new(proven: Proven, sources: Vec<SourceFile>, original: &Document, call: CallId) -> Self {
        Self {
            call,
            files: original.files().collect(),
            time_source: original.transcript().time_source(),
            transcript_sources: sources,
            masked: proven.masked,
            recordings: proven.recordings,
            plan: proven.plan,
            risk: proven.risk,
        }
    }

    /// The call.
    #[must_use]
    pub const fn call(&self) -> &CallId {
        &self.call
    }

    /// How good the word times of the transcripts are.
    #[must_use]
    pub const fn time_source(&self) -> TimeSource {
        self.time_source
    }

    /// The masked transcript, in the format of the source; of several the first.
    #[must_use]
    pub fn transcript(&self) -> &Clean<Vec<u8>> {
        &self.masked.files[0]
    }

    /// The masked transcripts, in the order of their sources.
    #[must_use]
    pub fn transcripts(&self) -> &[Clean<Vec<u8>>] {
        &self.masked.files
    }

    /// Of each transcript, where the words of its copy are counted on as in its source.
    pub(super) fn resumes(&self) -> &[Vec<(u32, u32)>] {
        &self.masked.resumes
    }

    /// Format and number of words, second readings included, of each transcript.
    pub(super) fn files(&self) -> &[(Format, usize)] {
        &self.files
    }

    /// What was read of the sources' transcripts.
    #[must_use]
    pub fn transcript_sources(&self) -> &[SourceFile] {
        &self.transcript_sources
    }

    /// What was done to the recording, for a call that has one; of several the first.
    #[must_use]
    pub fn recording(&self) -> Option<&Outcome> {
        self.recordings.first().map(|muted| muted.outcome.get())
    }

    /// What was done to the recordings, in the order of their sources.
    pub(super) fn recordings(&self) -> &[Muted] {
        &self.recordings
    }

    /// What was hidden.
    #[must_use]
    pub const fn plan(&self) -> &RedactionPlan {
        &self.plan
    }

    /// Residual risk: the calibrated chance that a word which must be hidden is left in sight, 0 to 1.
    #[must_use]
    pub const fn risk(&self) -> f32 {
        self.risk
    }
}

/// What a masked transcript is checked against.
pub(super) struct Against<'a> {
    pub(super) patterns: &'a PatternSet,
    pub(super) policy: &'a Policy,
    pub(super) call: &'a CallId,
    pub(super) original: &'a Document,
    /// Where each of its files belongs on the call's clock.
    pub(super) places: &'a [Place],
    /// What was said of how it is read.
    pub(super) told: &'a Told,
    /// Values that the caller gave.
    pub(super) given: &'a [KnownValue],
    /// Values that detection says must not be left.
    pub(super) known: &'a [KnownValue],
}

/// What the check of a masked transcript ends in, when it ends well.
pub(super) enum Verdict {
    /// Nothing is left.
    Proven(Masked),
    /// Detection finds more in the masked transcript; these are the words, as the original counts them.
    MoreFound(Vec<Finding>),
}

/// Reads a masked transcript back and compares it with what it was made from.
///
/// # Errors
/// Holds the call when the masked transcript cannot be read, is not the original with exactly these
/// edits, or has a known value left in any string, key or number.
pub(super) fn masked(
    masked: Vec<Phi<Vec<u8>>>,
    plan: &RedactionPlan,
    against: &Against<'_>,
    over: &mut dyn FnMut(Step),
) -> Result<Verdict> {
    let read = |((masked, (format, _)), place)| Ok((transcript::read(masked, against.told.in_format(format))?, place));
    let files = masked.into_iter().zip(against.original.files()).zip(against.places.iter().copied());
    let copy = files.map(read).collect::<Result<_>>().and_then(transcript::join);
    let copy = copy.map_err(|_| failed("the masked transcript cannot be read back"))?;
    over(Step::ReadBack);
    let origins = origins(against.original.transcript(), copy.transcript(), &plan.edits)
        .ok_or_else(|| failed("the masked transcript differs from the plan"))?;
    over(Step::Compare);
    let residue = residue(against.patterns, against.policy, copy.transcript(), against.given);
    over(Step::DetectAgain);
    if !residue.is_empty() {
        let placed: Option<Vec<_>> = residue.iter().map(|f| in_original(f, copy.transcript(), &origins)).collect();
        let placed = placed.ok_or_else(|| failed("a second reading still holds findings"))?;
        return Ok(Verdict::MoreFound(placed.concat()));
    }
    let needles = Needles::new(against.known, against.policy, against.call);
    let is_left = is_left(&needles, &copy)?;
    over(Step::Search);
    if is_left {
        return Err(failed("a known value is left in the masked transcript"));
    }
    let resumes = resumes(against.original, &copy, &origins);
    let files = copy.into_bytes().into_iter().map(|file| Clean::attest(file.into_exposed())).collect();
    Ok(Verdict::Proven(Masked { files, resumes }))
}

/// For each file, where its copy's words that are seen are counted on as in the original, after masks that stand for several
/// words. Words of second readings are nobody's to point at.
fn resumes(original: &Document, copy: &Document, origins: &[Option<WordSpan>]) -> Vec<Vec<(u32, u32)>> {
    let transcript = copy.transcript();
    let mut seen: Vec<Option<u32>> = vec![None; transcript.words().len()];
    for turn in transcript.turns().iter().filter(|turn| turn.kind == TurnKind::Spoken) {
        for word in turn.words.range().filter(|&word| !is_mask(transcript.word_text(word))) {
            seen[word] = origins.get(word).copied().flatten().map(|of| of.start);
        }
    }
    let files = copy.files().len();
    if seen.iter().enumerate().all(|(word, of)| of.is_none_or(|of| of as usize == word)) {
        return vec![Vec::new(); files];
    }
    let of_file = |file| {
        let numbered = |document: &Document, word| document.number(file, word).map(|number| (number, word));
        let own: HashMap<u32, u32> = (0..).map_while(|word| numbered(original, word)).collect();
        let (mut resumes, mut due) = (Vec::new(), 0);
        for (number, word) in (0..).map_while(|word| numbered(copy, word)) {
            let origin = seen[number as usize].and_then(|of| own.get(&of)).copied();
            if let Some(origin) = origin.filter(|of| *of != due) {
                resumes.push((word, origin));
                due = origin;
            }
            due += 1;
        }
        resumes
    };
    (0..files).map(of_file).collect()
}

/// What detection finds in a masked transcript of what the policy hides, but for what lies on masks alone.
/// `given` are values that the caller knows.
#[must_use]
pub fn residue(patterns: &PatternSet, policy: &Policy, copy: &Transcript, given: &[KnownValue]) -> Vec<Finding> {
    let mut findings = detect(patterns, copy, given).findings;
    findings.retain(|f| policy.hides(f.category) && !f.words.range().all(|w| is_mask(copy.word_text(w))));
    findings
}

/// The same finding, word by word, over the words of the original; nothing where it is not certain which those are. What
/// a mask stands for is hidden already.
fn in_original(finding: &Finding, copy: &Transcript, origins: &[Option<WordSpan>]) -> Option<Vec<Finding>> {
    let place = |origin: Option<WordSpan>| Some(Finding { words: origin?, ..finding.clone() });
    let origin_of = |word: usize| origins.get(word).copied().flatten();
    let words = finding.words.range().filter(|&w| origin_of(w).is_some() || !is_mask(copy.word_text(w)));
    words.map(|word| place(origin_of(word))).collect()
}

/// Searches the file as it is written, and the words as they are read, where values that a file cuts into pieces stand
/// whole.
fn is_left(needles: &Needles<'_>, copy: &Document) -> Result<bool> {
    let mut is_left = needles.in_text(copy.transcript().text().into_exposed());
    for ((format, _), bytes) in copy.files().zip(copy.bytes()) {
        is_left |= is_left_in_file(needles, format, bytes.into_exposed())?;
    }
    Ok(is_left)
}

fn is_left_in_file(needles: &Needles<'_>, format: Format, bytes: &[u8]) -> Result<bool> {
    if format == Format::Email {
        return needles.in_mail(bytes).ok_or_else(|| failed("the masked transcript is not a mail"));
    }
    let file = std::str::from_utf8(bytes).map_err(|_| failed("the masked transcript is not UTF-8"))?;
    match format {
        Format::Text => Ok(needles.in_text(file)),
        Format::WebVtt | Format::Srt => Ok(needles.in_captions(file)),
        _ => needles.in_json(file).map_err(|_| failed("the masked transcript is not valid JSON")),
    }
}

/// Compares a muted recording with what was planned for it.
///
/// # Errors
/// Holds the call when a planned mute is not silent whole, or the copy has another shape.
pub(super) fn muted(outcome: Outcome, opened: &RecordingInfo, mutes: Vec<Mute>) -> Result<Muted> {
    if outcome.info != *opened {
        return Err(failed("the muted recording has another shape"));
    }
    let covered = |mute: &Mute| {
        let at = outcome.muted.partition_point(|m| m.span.end_ms() < mute.span.end_ms());
        let within = |m: &MutedSpan| m.span.start_ms() <= mute.span.start_ms() && m.channels.cover(mute.channels);
        outcome.muted.get(at).is_some_and(within)
    };
    match mutes.iter().position(|mute| !covered(mute)) {
        Some(mute) => Err(failed("a planned mute is not silent whole").at("mute", mute as u64)),
        None => Ok(Muted { outcome: Clean::attest(outcome), mutes }),
    }
}

fn failed(message: &'static str) -> Error {
    Error::held(Stage::Verify, HoldReason::VerifyFailed, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::TimeSpan;
    use crate::model::{Category, Channels, MuteStyle};
    use crate::redact::testing::{finding, recording, turns};

    fn outcome(muted: &[(u32, u32)]) -> Outcome {
        Outcome {
            info: recording(10_000),
            source_bytes: 1,
            source_sha256: Sha256Hex::of(b""),
            output_bytes: 1,
            output_sha256: Sha256Hex::of(b""),
            muted: muted.iter().map(|&(a, b)| TimeSpan::new(a, b).unwrap().into()).collect(),
            muted_ms: 0,
            style: MuteStyle::default(),
            muted_frames: 0,
        }
    }

    fn planned(mutes: &[(u32, u32)]) -> Vec<Mute> {
        let mute = |&(a, b): &(u32, u32)| Mute {
            span: TimeSpan::new(a, b).unwrap(),
            channels: Channels::All,
            categories: Vec::new(),
        };
        mutes.iter().map(mute).collect()
    }

    #[test]
    fn every_planned_mute_must_be_silent_whole() {
        let plan = planned(&[(100, 200), (300, 400)]);
        for (done, want) in [
            (&[(100, 200), (300, 400)][..], true),
            (&[(50, 500)], true),
            (&[(100, 200)], false),
            (&[(100, 200), (301, 400)], false),
            (&[(100, 200), (300, 399)], false),
            (&[], false),
        ] {
            let got = muted(outcome(done), &recording(10_000), plan.clone());
            assert_eq!(got.is_ok(), want, "{done:?}");
            assert!(want || got.unwrap_err().hold_reason() == Some(HoldReason::VerifyFailed));
        }
    }

    #[test]
    fn a_mute_of_one_channel_is_silent_where_that_one_or_all_are() {
        let (one, other) = (Channels::One(0), Channels::One(1));
        for (done, asked, want) in
            [(Channels::All, one, true), (one, one, true), (other, one, false), (one, Channels::All, false)]
        {
            let mut outcome = outcome(&[(100, 200)]);
            outcome.muted[0].channels = done;
            let mutes = planned(&[(120, 180)]).into_iter().map(|mute| Mute { channels: asked, ..mute });
            assert_eq!(muted(outcome, &recording(10_000), mutes.collect()).is_ok(), want, "{done:?}, {asked:?}");
        }
    }

    #[test]
    fn nothing_else_attests_that_a_value_is_clean() {
        let src = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut folders = vec![src.clone()];
        let mut makers = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
                if code.contains("attest") {
                    makers.push(path.strip_prefix(&src).unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        makers.sort();
        // The suite is compiled for tests alone.
        assert_eq!(makers, ["base/phi.rs", "redact/verify.rs", "store/suite.rs"]);
    }

    #[test]
    fn a_recording_of_another_shape_is_held() {
        assert!(muted(outcome(&[]), &recording(9_999), planned(&[])).is_err());
    }

    #[test]
    fn a_finding_in_the_copy_is_placed_in_the_original() {
        let origins = [Some(WordSpan::new(0, 1)), Some(WordSpan::new(1, 4)), Some(WordSpan::new(4, 5)), None, None];
        let copy = turns(&["my name is ana [NAME]"]);
        let place = |a, b| -> Option<Vec<(u32, u32)>> {
            let placed = in_original(&finding(Category::Name, a, b, 1.0), &copy, &origins)?;
            Some(placed.iter().map(|f| (f.words.start, f.words.end)).collect())
        };
        assert_eq!(place(1, 3), Some(vec![(1, 4), (4, 5)]));
        assert_eq!(place(2, 4), None);
        assert_eq!(place(2, 5), None);
        let origins = [None, None, None, Some(WordSpan::new(9, 10)), None];
        let beside_a_mask = in_original(&finding(Category::Name, 3, 5, 1.0), &copy, &origins).unwrap();
        assert_eq!(beside_a_mask.iter().map(|f| f.words.start).collect::<Vec<_>>(), [9]);
    }
}
