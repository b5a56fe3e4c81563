//! Redacts one call: parse, detect, plan, mask, mute, verify. Pure: no files, network, environment, clock or
//! randomness; a recording streams through what the caller hands in.

mod apart;
mod blanks;
mod borders;
mod by_hand;
mod heard;
mod leaks;
mod length;
mod manifest;
mod mutes;
mod plan;
mod same;
mod shares;
#[cfg(test)]
pub(crate) mod testing;
mod timeline;
mod verify;

pub use blanks::{Silenced, unmuted};
pub use heard::Heard;
pub use manifest::{Birth, Origin};
pub use plan::plan;
pub use verify::{Artifacts, SourceFile, residue};

use crate::audio;
use crate::base::{CallId, Error, HoldReason, Kind, Phi, Result, Stage};
use crate::detect::{Detection, detect};
use crate::model::by_hand::SpanByHand;
use crate::model::policy::{HoldPolicy, MutedChannels};
use crate::model::{
    Category, Finding, Flag, KnownValue, MuteStyle, Piece, Policy, RawShape, RecordingInfo, RedactionPlan,
};
use crate::patterns::PatternSet;
use crate::transcript::{self, Dates, Document, How, Place, Told};
use by_hand::ByHand;
use std::io::{Read, Seek, Write};
use timeline::Stretch;
use verify::{Against, Masked, Muted, Proven, Verdict};

/// How often words are added that only show themselves once others are masked.
const ROUNDS_MAX: u32 = 8;

/// A call as it came.
pub struct CallSource<R> {
    /// Its keyed pseudonym.
    pub call: CallId,
    /// The bytes of its transcripts, in the order of their pieces; never empty.
    pub transcripts: Vec<Sourced<Phi<Vec<u8>>>>,
    /// What is said of how files are read.
    pub told: Told,
    /// Its recordings, in the order of their pieces; a call without one is a chat or an email thread.
    pub recordings: Vec<Sourced<R>>,
    /// Values known beforehand: the patient's name, date of birth, ids.
    pub known: Vec<KnownValue>,
    /// Spans that people have added.
    pub by_hand: Vec<SpanByHand>,
}

/// A file of a call, and which piece of it that is.
pub struct Sourced<T> {
    /// Which piece.
    pub piece: Piece,
    /// The file.
    pub source: T,
}

impl<T> From<T> for Sourced<T> {
    /// A whole file.
    fn from(source: T) -> Self {
        Self { piece: Piece::default(), source }
    }
}

/// A step of [`redact_call`], in the order in which they are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Step {
    /// The digest of the source.
    Hash,
    /// Bytes to words.
    Read,
    /// The recording to what is heard in it.
    Listen,
    /// Words to findings.
    Detect,
    /// Findings to a plan.
    Plan,
    /// The plan onto every copy of the text.
    Mask,
    /// The masked bytes to words.
    ReadBack,
    /// Those words against the original and the plan.
    Compare,
    /// Those words to findings.
    DetectAgain,
    /// The masked bytes searched for every known value.
    Search,
    /// The plan onto the recording, compared while it is written.
    Mute,
}

/// Redacts a call. Muted recordings are written to `recording_dests`, one for each, which must be empty and are worth
/// nothing unless this succeeds; a call without a recording needs none.
///
/// # Errors
/// Holds the call when it cannot be redacted whole, with the reason. Fails as [`Kind::Io`] when the recording cannot
/// be read or written. Every error names the call.
pub fn redact_call<R, W>(
    patterns: &PatternSet,
    policy: &Policy,
    source: CallSource<R>,
    recording_dests: impl IntoIterator<Item = W>,
) -> Result<Artifacts>
where
    R: Read + Seek,
    W: Read + Write + Seek,
{
    redact_call_in_steps(patterns, policy, source, recording_dests, &mut |_| ())
}

/// [`redact_call`], which says of each step when it is over. Masking and its proof may take several rounds.
///
/// # Errors
/// Those of [`redact_call`].
pub fn redact_call_in_steps<R, W>(
    patterns: &PatternSet,
    policy: &Policy,
    source: CallSource<R>,
    recording_dests: impl IntoIterator<Item = W>,
    over: &mut dyn FnMut(Step),
) -> Result<Artifacts>
where
    R: Read + Seek,
    W: Read + Write + Seek,
{
    let call = source.call.clone();
    redact(patterns, policy, source, recording_dests.into_iter(), over).map_err(|error| error.for_call(call))
}

fn redact<R, W>(
    patterns: &PatternSet,
    policy: &Policy,
    source: CallSource<R>,
    recording_dests: impl Iterator<Item = W>,
    over: &mut dyn FnMut(Step),
) -> Result<Artifacts>
where
    R: Read + Seek,
    W: Read + Write + Seek,
{
    if !patterns.is_under(policy) {
        return Err(Error::new(Stage::Plan, Kind::Internal, "the patterns were not made for this policy"));
    }
    let CallSource { call, transcripts, told, recordings, mut known, by_hand } = source;
    let transcript_sources: Vec<_> = transcripts.iter().map(|t| SourceFile::of(t.source.expose())).collect();
    over(Step::Hash);
    let dates = if policy.hides(Category::Date) { Dates::Year } else { Dates::Keep };
    let how = How { told: told.clone(), attachments: policy.hold.attachments, dates };
    let pieces: Vec<Piece> = transcripts.iter().map(|t| t.piece).collect();
    let read = |sourced: Sourced<Phi<Vec<u8>>>| transcript::read(sourced.source, how.clone());
    let documents = transcripts.into_iter().map(read).collect::<Result<Vec<_>>>()?;
    over(Step::Read);
    let mut sound = Sound::open(&pieces, recordings, recording_dests, told.raw)?;
    let places = sound.places(&pieces)?;
    let files: Vec<(Document, Place)> = documents.into_iter().zip(places.iter().copied()).collect();
    timeline::in_order(&files, &pieces)?;
    let document = transcript::join(files)?;
    let by_hand = ByHand::of(&by_hand, &transcript_sources, policy, &document)?;
    known.extend_from_slice(document.known());
    known.extend_from_slice(&by_hand.known);
    let length_ms = sound.length_ms();
    if let Some(length_ms) = length_ms {
        length::check(document.transcript(), length_ms, &policy.hold)?;
    }
    let is_apart = policy.mute.channels == MutedChannels::Speaker;
    let activity = if policy.unaccounted.listens() || is_apart { sound.listen()? } else { None };
    let bleed = activity.as_ref().filter(|_| is_apart).map(|activity| sound.bleed(activity)).transpose()?.flatten();
    over(Step::Listen);
    let mut detection = detect(patterns, document.transcript(), &known);
    over(Step::Detect);
    hold_if_risky(detection.risk, &policy.hold)?;
    detection.findings.extend(by_hand.findings);
    let against = Against {
        patterns,
        policy,
        call: &call,
        original: &document,
        places: &places,
        told: &told,
        given: &known,
        known: &detection.known,
    };
    let heard = length_ms.map(|length_ms| Heard {
        length_ms,
        activity: activity.as_ref(),
        bleed: bleed.as_ref(),
        by_hand: &by_hand.times,
    });
    let (plan, masked) = settle(&detection, &against, heard, over)?;
    let recordings = sound.mute(&plan, policy.mute.style())?;
    over(Step::Mute);
    let proven = Proven { masked, recordings, plan, risk: detection.risk };
    Ok(Artifacts::new(proven, transcript_sources, &document, call))
}

/// Holds a call of which more may be left in sight than the policy lets pass.
fn hold_if_risky(risk: f32, policy: &HoldPolicy) -> Result<()> {
    let Some(max) = policy.risk_max.filter(|max| risk > *max) else { return Ok(()) };
    let percent = |share: f32| (share * 100.0).round() as u64;
    Err(Error::held(Stage::Detect, HoldReason::ResidualRisk, "the residual risk is above the policy's threshold")
        .at("risk_percent", percent(risk))
        .at("risk_max_percent", percent(max)))
}

/// Plans and masks until detection finds nothing more.
///
/// Masking takes words out of sight on which other decisions hung, so a second look can find more. That is masked
/// too, a few times; a transcript that still does not settle is held.
fn settle(
    detection: &Detection,
    against: &Against<'_>,
    recording: Option<Heard<'_>>,
    over: &mut dyn FnMut(Step),
) -> Result<(RedactionPlan, Masked)> {
    let document: &Document = against.original;
    let mut findings = on_every_reading(detection.findings.clone(), document);
    for round in 0..ROUNDS_MAX {
        let mut plan = plan(&findings, against.policy, document.transcript(), recording)?;
        if round > 0 {
            plan.flags.push(Flag::FoundAfterMasking);
        }
        over(Step::Plan);
        let masked = document.mask_all(&plan.edits, against.call)?;
        over(Step::Mask);
        match verify::masked(masked, &plan, against, over)? {
            Verdict::Proven(masked) => return Ok((plan, masked)),
            Verdict::MoreFound(more) => findings.extend(on_every_reading(more, document)),
        }
    }
    Err(Error::held(Stage::Verify, HoldReason::VerifyFailed, "detection finds more each time that words are masked"))
}

/// Findings, and the same where another reading of their words stands: what one reading shows is said in all.
fn on_every_reading(mut findings: Vec<Finding>, document: &Document) -> Vec<Finding> {
    let spans: Vec<_> = findings.iter().map(|f| f.words).collect();
    let opposite = document.opposite(&spans).into_iter();
    findings.extend(opposite.map(|(words, of)| Finding { words, ..findings[of].clone() }).collect::<Vec<_>>());
    findings
}

/// The recordings of a call on their way from source to destination.
struct Sound<R, W> {
    recordings: Vec<Recording<R, W>>,
    stretches: Vec<Stretch>,
}

struct Recording<R, W> {
    piece: Piece,
    opened: audio::Opened,
    source: R,
    dest: W,
}

impl<R: Read + Seek, W: Read + Write + Seek> Sound<R, W> {
    fn open(
        transcripts: &[Piece],
        sources: Vec<Sourced<R>>,
        mut dests: impl Iterator<Item = W>,
        raw: Option<RawShape>,
    ) -> Result<Self> {
        let no_place = || Error::new(Stage::Mute, Kind::Internal, "no place was given for the recording");
        let mut open = |Sourced { piece, mut source }| {
            let dest = dests.next().ok_or_else(no_place)?;
            Ok(Recording { piece, opened: audio::open(&mut source, raw)?, source, dest })
        };
        let recordings = sources.into_iter().map(&mut open).collect::<Result<Vec<_>>>()?;
        let stretches = timeline::stretches(transcripts, &Self::pieces(&recordings))?;
        Ok(Self { recordings, stretches })
    }

    fn pieces(recordings: &[Recording<R, W>]) -> Vec<(Piece, &RecordingInfo)> {
        recordings.iter().map(|recording| (recording.piece, recording.opened.info())).collect()
    }

    /// Where these transcripts belong on the call's clock.
    fn places(&self, transcripts: &[Piece]) -> Result<Vec<Place>> {
        timeline::places(transcripts, &Self::pieces(&self.recordings), &self.stretches)
    }

    /// How long the call is; nothing where it is not recorded.
    fn length_ms(&self) -> Option<u64> {
        let before = self.stretches.iter().map(|stretch| u64::from(stretch.span.start_ms()));
        let ends = before.zip(&self.recordings).map(|(start_ms, of)| start_ms + of.opened.info().duration_ms());
        ends.max()
    }

    fn listen(&mut self) -> Result<Option<audio::Activity>> {
        let Self { recordings, stretches } = self;
        let listen = |(of, stretch): (&mut Recording<R, W>, &Stretch)| {
            audio::listen(&of.opened, &mut of.source).map(|activity| (*stretch, activity))
        };
        let each = recordings.iter_mut().zip(&*stretches).map(listen).collect::<Result<Vec<_>>>()?;
        Ok((!each.is_empty()).then(|| timeline::heard(each)))
    }

    /// What is said on one channel and heard on the other; nothing where not one recording has all of the call.
    fn bleed(&mut self, activity: &audio::Activity) -> Result<Option<audio::Bleed>> {
        match self.recordings.as_mut_slice() {
            [whole] if whole.piece == Piece::default() => audio::bleed(&whole.opened, &mut whole.source, activity),
            _ => Ok(None),
        }
    }

    fn mute(self, plan: &RedactionPlan, style: MuteStyle) -> Result<Vec<Muted>> {
        let mute = |(mut of, stretch): (Recording<R, W>, Stretch)| {
            let mutes = timeline::mutes_of(stretch, &plan.mutes);
            let outcome = audio::redact(&of.opened, &mut of.source, &mutes, style, &mut of.dest)?;
            verify::muted(outcome, of.opened.info(), mutes)
        };
        self.recordings.into_iter().zip(self.stretches).map(mute).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{aws, policy, wav};
    use super::*;
    use crate::base::{KeyedRef, Sha256Hex, Timestamp};
    use crate::model::manifest::{By, Manifest, PolicyRef, Tool};
    use std::io::Cursor;

    const CALL: &[(&str, u32, u32)] = &[
        ("my", 1000, 1200),
        ("number", 1200, 1600),
        ("is", 1600, 1800),
        ("555-867-5309", 2000, 4500),
        ("thanks", 5000, 5400),
    ];

    fn source<'a>(transcript: &str, recording: Option<&'a [u8]>) -> CallSource<Cursor<&'a [u8]>> {
        CallSource {
            call: CallId::from_mac(&[7; 32]),
            transcripts: vec![Phi::new(transcript.as_bytes().to_vec()).into()],
            told: Told::default(),
            recordings: recording.map(|bytes| Cursor::new(bytes).into()).into_iter().collect(),
            known: Vec::new(),
            by_hand: Vec::new(),
        }
    }

    fn run(transcript: &str, recording: Option<&[u8]>) -> (Result<Artifacts>, Vec<u8>) {
        let mut dest = Cursor::new(Vec::new());
        let patterns = PatternSet::builtin().unwrap();
        let result = redact_call(&patterns, &policy(), source(transcript, recording), Some(&mut dest));
        (result, dest.into_inner())
    }

    fn reason(transcript: &str, recording: &[u8]) -> Option<HoldReason> {
        let error = run(transcript, Some(recording)).0.unwrap_err();
        assert_eq!(error.call, Some(CallId::from_mac(&[7; 32])), "errors name their call");
        error.hold_reason()
    }

    #[test]
    fn a_chat_is_masked() {
        let (artifacts, recording) = run("AGENT: your number?\nCALLER: it is 555-867-5309, thanks\n", None);
        let artifacts = artifacts.unwrap();
        let text = String::from_utf8(artifacts.transcript().get().clone()).unwrap();
        assert!(!text.contains("867") && text.contains("CALLER: it is [") && text.ends_with("], thanks\n"));
        assert!(artifacts.recording().is_none() && recording.is_empty());
    }

    #[test]
    fn words_that_stand_in_pieces_are_masked_whole_and_keep_their_times() {
        let file = include_str!("../../fixtures/transcripts/whisper-cpp/full.in.json");
        let text = String::from_utf8(run(file, None).0.unwrap().transcript().get().clone()).unwrap();
        assert!(!["Wendell", "Wend", "ell", "Okafor"].iter().any(|word| text.contains(word)), "{text}");
        assert!(text.contains("\" [NAME]\"") && text.contains("This is [NAME]."), "{text}");
    }

    #[test]
    fn captions_of_any_tags_are_masked() {
        let srt = |text: &str| format!("1\n00:00:01,000 --> 00:00:02,000\n{text}\n");
        for (file, want) in [
            (srt("<font face=\"Arial\">hello there</font>"), srt("<font>hello there</font>")),
            (srt("Agent:{\\c&HFF&}hello"), srt("Agent: hello")),
            (
                "WEBVTT\n\n00:01.000 --> 00:02.000\nCaller:<span><u>hello\n".into(),
                "WEBVTT\n\n00:01.000 --> 00:02.000\nCaller: <u>hello\n".into(),
            ),
        ] {
            let text = String::from_utf8(run(&file, None).0.unwrap().transcript().get().clone()).unwrap();
            assert_eq!(text, want);
        }
    }

    #[test]
    fn a_known_value_is_hidden_however_wide_its_letters_are() {
        let file = "agent: hello\ncaller: it is ＸＪ４４７２９１０３ or ５５５２１２９８４３ maybe\n";
        let known = [(Category::MemberId, "XJ44729103"), (Category::Phone, "5552129843")];
        let known = known.map(|(category, value)| KnownValue { category, value: Phi::new(value.to_owned()) });
        let source = CallSource { known: known.to_vec(), ..source(file, None) };
        let no_recording: Option<Cursor<Vec<u8>>> = None;
        let artifacts = redact_call(&PatternSet::builtin().unwrap(), &policy(), source, no_recording).unwrap();
        let text = String::from_utf8(artifacts.transcript().get().clone()).unwrap();
        assert_eq!(text, "agent: hello\ncaller: it is [MEMBER_ID] or [PHONE] maybe\n");
    }

    #[test]
    fn a_chat_whose_speakers_are_named_is_masked() {
        let (artifacts, _) = run("Agent: good morning\nMarisela: this is Marisela\nit hurts\nAgent: okay\n", None);
        let text = String::from_utf8(artifacts.unwrap().transcript().get().clone()).unwrap();
        assert_eq!(text, "Agent: good morning\n[NAME]: this is [NAME]\nit hurts\nAgent: okay\n");
    }

    #[test]
    fn a_call_is_masked_and_muted_at_the_same_words() {
        let sound = wav(6_000);
        let (artifacts, muted) = run(&aws(CALL), Some(&sound));
        let artifacts = artifacts.unwrap();
        assert!(!String::from_utf8(artifacts.transcript().get().clone()).unwrap().contains("867"));
        assert_eq!(artifacts.plan().mutes.len(), 1);
        let span = artifacts.plan().mutes[0].span;
        assert_eq!((span.start_ms(), span.end_ms()), (1800, 4700));
        let samples = |bytes: &[u8]| -> Vec<i16> {
            hound::WavReader::new(Cursor::new(bytes.to_vec())).unwrap().samples().map(Result::unwrap).collect()
        };
        let (before, after) = (samples(&sound), samples(&muted));
        for (at, (a, b)) in before.iter().zip(&after).enumerate() {
            let is_muted = (1800 * 8..4700 * 8).contains(&at);
            assert_eq!(*b, if is_muted { 0 } else { *a }, "sample {at}");
        }
    }

    #[test]
    fn a_recording_that_cannot_be_its_transcripts_is_held() {
        assert_eq!(reason(&aws(CALL), &wav(30_000)), Some(HoldReason::LengthMismatch));
        assert_eq!(reason(&aws(CALL), &wav(4_000)), Some(HoldReason::LengthMismatch));
        assert_eq!(reason("CALLER: it is 555-867-5309\n", &wav(6_000)), Some(HoldReason::UnusableTimes));
    }

    #[test]
    fn what_cannot_be_read_is_held() {
        assert_eq!(reason("", &wav(6_000)), Some(HoldReason::EmptyTranscript));
        assert_eq!(reason(&aws(CALL)[..200], &wav(6_000)), Some(HoldReason::DamagedTranscript));
        assert_eq!(reason(&aws(CALL), b"no sound"), Some(HoldReason::UnknownContainer));
    }

    #[test]
    fn a_recording_needs_a_place() {
        let sound = wav(6_000);
        let patterns = PatternSet::builtin().unwrap();
        let source = source(&aws(CALL), Some(&sound));
        let error = redact_call(&patterns, &policy(), source, None::<Cursor<Vec<u8>>>).unwrap_err();
        assert_eq!(error.kind, Kind::Internal);
    }

    #[test]
    fn what_only_another_reading_shows_is_hidden_in_all_of_them() {
        let item = |word: &str| {
            format!(
                r#"{{"type":"pronunciation","alternatives":[{{"confidence":"0.9","content":"{word}"}}],"start_time":"1.0","end_time":"2.0"}}"#
            )
        };
        let items = ["my", "number", "is", "fivish", "thanks"].map(item).join(",");
        let read = ["my", "number", "is", "555-867-5309", "thanks"].map(item).join(",");
        let transcript = format!(
            r#"{{"jobName":"call-1","accountId":"111122223333","status":"COMPLETED","results":{{
                "transcripts":[{{"transcript":"my number is fivish thanks"}}],"items":[{items}],
                "segments":[{{"start_time":"1.0","end_time":"2.0","alternatives":[
                    {{"transcript":"my number is 555-867-5309 thanks","items":[{read}]}}]}}]}}}}"#
        );
        let (artifacts, _) = run(&transcript, None);
        let text = String::from_utf8(artifacts.unwrap().transcript().get().clone()).unwrap();
        assert!(!text.contains("fivish") && !text.contains("867") && text.contains("\"my number is [PHONE] thanks\""));
    }

    fn manifest(artifacts: &Artifacts) -> Manifest {
        let digest = Sha256Hex::of(b"");
        let tool = Tool::this();
        let policy_ref = PolicyRef { name: "test".into(), version: 1, digest: digest.clone() };
        let origin = |name: &str| Origin { reference: KeyedRef::from_mac(&[1; 32]), version: None, name: name.into() };
        artifacts.manifest(&Birth {
            created: Timestamp::from_unix_s(0),
            by: By { tool: &tool, patterns: &digest, policy: &policy_ref },
            policy: &policy(),
            root: None,
            known: None,
            read_as: None,
            by_hand: None,
            transcripts: vec![origin("transcript.json")],
            recordings: vec![origin("recording.wav")],
        })
    }

    #[test]
    fn the_manifest_says_what_was_done_without_text_and_the_same_each_time() {
        let sound = wav(6_000);
        let once = || {
            let (artifacts, muted) = run(&aws(CALL), Some(&sound));
            (manifest(&artifacts.unwrap()), muted)
        };
        let (manifest, muted) = once();
        let bytes = manifest.to_bytes();
        assert_eq!(Manifest::parse(&bytes).unwrap(), manifest);
        assert!(!String::from_utf8(bytes.clone()).unwrap().contains("867"));
        assert_eq!((manifest.sources.len(), manifest.artifacts.len()), (2, 2));
        assert_eq!((manifest.hidden.stretches, manifest.hidden.words), (1, 1));
        let crate::model::manifest::Artifact::Recording { bytes: size, sha256, muted: spans, muted_ms, .. } =
            &manifest.artifacts[1]
        else {
            panic!("the recording comes second")
        };
        assert_eq!((*size, sha256), (muted.len() as u64, &Sha256Hex::of(&muted)));
        assert_eq!((spans.len(), *muted_ms), (1, 2900));
        assert_eq!(once().0.to_bytes(), bytes);
    }
}
