//! Redacts one call: parse, detect, plan, mask, mute, verify. Pure: no files, network, environment, clock or
//! randomness; a recording streams through what the caller hands in.

mod leaks;
mod length;
mod manifest;
mod mutes;
mod plan;
mod same;
#[cfg(test)]
pub(crate) mod testing;
mod verify;

pub use manifest::{Birth, Origin};
pub use plan::plan;
pub use verify::{Artifacts, SourceFile};

use crate::audio;
use crate::base::{CallId, Clean, Error, HoldReason, Kind, Phi, Result, Stage};
use crate::detect::{Detection, KnownValue, detect};
use crate::model::{Flag, Format, Policy, RecordingInfo, RedactionPlan};
use crate::patterns::PatternSet;
use crate::transcript::{self, Document};
use std::io::{Read, Seek, Write};
use verify::{Against, Verdict};

/// How often words are added that only show themselves once others are masked.
const ROUNDS_MAX: u32 = 3;

/// A call as it came.
pub struct CallSource<R> {
    /// Its keyed pseudonym.
    pub call: CallId,
    /// The transcript's bytes.
    pub transcript: Phi<Vec<u8>>,
    /// The transcript's format, where it is not to be told from the content.
    pub format: Option<Format>,
    /// The recording; a call without one is a chat or an email thread.
    pub recording: Option<R>,
    /// Values known beforehand: the patient's name, date of birth, ids.
    pub known: Vec<KnownValue>,
}

/// Redacts a call. The muted recording is written to `recording_dest`, which must be empty and is worth nothing
/// unless this succeeds; a call without a recording needs none.
///
/// # Errors
/// Holds the call when it cannot be redacted whole, with the reason. Fails as [`Kind::Io`] when the recording cannot
/// be read or written. Every error names the call.
pub fn redact_call<R, W>(
    patterns: &PatternSet,
    policy: &Policy,
    source: CallSource<R>,
    recording_dest: Option<W>,
) -> Result<Artifacts>
where
    R: Read + Seek,
    W: Read + Write + Seek,
{
    let call = source.call.clone();
    redact(patterns, policy, source, recording_dest).map_err(|error| error.for_call(call))
}

fn redact<R, W>(
    patterns: &PatternSet,
    policy: &Policy,
    source: CallSource<R>,
    recording_dest: Option<W>,
) -> Result<Artifacts>
where
    R: Read + Seek,
    W: Read + Write + Seek,
{
    let CallSource { call, transcript, format, recording, known } = source;
    let transcript_source = SourceFile::of(transcript.expose());
    let document = transcript::read(transcript, format)?;
    let recording = recording.map(|source| Sound::open(source, recording_dest)).transpose()?;
    let info = recording.as_ref().map(|sound| sound.opened.info());
    if let Some(info) = info {
        length::check(document.transcript(), info, &policy.hold)?;
    }
    let detection = detect(patterns, document.transcript(), &known);
    let against =
        Against { patterns, policy, call: &call, original: &document, given: &known, known: &detection.known };
    let (plan, transcript) = settle(&detection, &against, info)?;
    let recording = recording.map(|sound| sound.mute(&plan)).transpose()?;
    Ok(Artifacts {
        format: document.format(),
        transcript,
        transcript_source,
        recording,
        plan,
        risk: detection.risk,
        words: document.transcript().words().len() as u32,
        time_source: document.transcript().time_source(),
        call,
    })
}

/// Plans and masks until detection finds nothing more.
///
/// Masking takes words out of sight on which other decisions hung, so a second look can find more. That is masked
/// too, a few times; a transcript that still does not settle is held.
fn settle(
    detection: &Detection,
    against: &Against<'_>,
    recording: Option<&RecordingInfo>,
) -> Result<(RedactionPlan, Clean<Vec<u8>>)> {
    let document: &Document = against.original;
    let mut findings = detection.findings.clone();
    for round in 0..ROUNDS_MAX {
        let mut plan = plan(&findings, against.policy, document.transcript(), recording)?;
        if round > 0 {
            plan.flags.push(Flag::FoundAfterMasking);
        }
        let masked = document.mask(&plan.edits, against.call)?;
        match verify::masked(masked, &plan, against)? {
            Verdict::Proven(transcript) => return Ok((plan, transcript)),
            Verdict::MoreFound(more) => findings.extend(more),
        }
    }
    Err(Error::held(Stage::Verify, HoldReason::VerifyFailed, "detection finds more each time that words are masked"))
}

/// A recording on its way from source to destination.
struct Sound<R, W> {
    opened: audio::Opened,
    source: R,
    dest: W,
}

impl<R: Read + Seek, W: Read + Write + Seek> Sound<R, W> {
    fn open(mut source: R, dest: Option<W>) -> Result<Self> {
        let dest =
            dest.ok_or_else(|| Error::new(Stage::Mute, Kind::Internal, "no place was given for the recording"))?;
        Ok(Self { opened: audio::open(&mut source)?, source, dest })
    }

    fn mute(mut self, plan: &RedactionPlan) -> Result<Clean<audio::Outcome>> {
        let outcome = audio::redact(&self.opened, &mut self.source, &plan.mutes, &mut self.dest)?;
        verify::muted(outcome, self.opened.info(), plan)
    }
}
