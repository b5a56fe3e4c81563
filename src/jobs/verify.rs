//! Proves redacted copies by what lies at the destination alone, or together with their sources.
//! Must not write, and must trust nothing that a manifest says before it is compared.

use super::call::artifact_name;
use super::evidence::Known;
use super::listen::Recogniser;
use super::{Call, Parts, SourceFile};
use crate::access::sign::Signing;
use crate::audio::{self, Claim};
use crate::base::{CallId, Error, Kind, Phi, Result, Sha256Hex, Stage, limits};
use crate::detect::detect;
use crate::model::manifest::{ARTIFACT_TAG_LEN, Artifact, Manifest, MutedInterval, Role};
use crate::model::{Format, KnownValue, MuteStyle, Piece, Policy};
use crate::patterns::PatternSet;
use crate::redact::{self, Silenced};
use crate::store::{MANIFEST_NAME, Object, Stat, Store};
use crate::transcript::{self, Document, Told};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

/// What was found wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// There is no manifest, it is damaged, or it is another call's.
    Manifest,
    /// The manifest is not signed as it must be.
    Signature,
    /// An artifact of the manifest is not there.
    Missing,
    /// A file is there that the manifest does not name.
    Foreign,
    /// An artifact has other bytes than the manifest says.
    Hash,
    /// A recording has another shape, holds more than its sound, or is not silent where it must be.
    Sound,
    /// The transcript cannot be read, or something is found in it that its policy hides.
    Residue,
    /// The policy that the call was redacted under is not known, so nothing can be said of what is left.
    Policy,
    /// The recording differs from its source outside of mutes.
    Kept,
    /// Something of it cannot be listed or read.
    Unread,
    /// The recogniser cannot listen to the recording, or what it says cannot be read.
    Unheard,
    /// The recogniser hears in the recording what its policy hides.
    Heard,
}

impl Check {
    /// The word in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Signature => "signature",
            Self::Missing => "missing",
            Self::Foreign => "foreign",
            Self::Hash => "hash",
            Self::Sound => "sound",
            Self::Residue => "residue",
            Self::Policy => "policy",
            Self::Kept => "kept",
            Self::Unread => "unread",
            Self::Unheard => "unheard",
            Self::Heard => "heard",
        }
    }
}

/// What a verification needs besides the destination.
pub struct Proof<'a> {
    /// Policies that calls may have been redacted under, each with what is looked for under it; never empty.
    pub policies: &'a [(Policy, PatternSet)],
    /// What signatures are checked with.
    pub signing: &'a Signing,
    /// What is said of how transcripts are read.
    pub told: &'a Told,
    /// What listens to recordings, where somebody asks for it.
    pub recogniser: Option<&'a Recogniser>,
    /// Calls of the sources, by id; empty where sources are not compared.
    pub sources: &'a BTreeMap<CallId, Call>,
}

impl Proof<'_> {
    /// Digest of the mapping of transcripts of a shape of the user's own.
    fn mapping(&self) -> Option<&Sha256Hex> {
        self.told.mapping.as_ref().map(|mapping| mapping.digest())
    }

    /// The policy that a call was redacted under, where it is known.
    fn policy_of(&self, manifest: &Manifest) -> Option<&(Policy, PatternSet)> {
        let same = |policy: &Policy| (&policy.name, policy.version) == (&manifest.policy.name, manifest.policy.version);
        self.policies.iter().find(|(policy, _)| same(policy))
    }
}

/// A folder of the destination.
pub struct Folder {
    /// The call, where the folder's name is a call's.
    pub call: Option<CallId>,
    /// Names of the files in it.
    files: BTreeSet<String>,
    /// Why something of it could not be listed.
    unlisted: Vec<String>,
}

/// What verification says of one folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The call, where the folder's name is a call's.
    pub call: Option<CallId>,
    /// What is wrong, sorted; empty when all is proven.
    pub failed: Vec<(Check, String)>,
    /// Whether the call was redacted by today's pattern set.
    pub is_current: bool,
    /// Whether its recording was compared with the source's.
    pub is_compared: bool,
    /// Whether its manifest is signed by a key that is known.
    pub is_signed: bool,
    /// Whether its manifest has a signature, and there is no key to check it with.
    pub is_unchecked: bool,
}

impl Verdict {
    /// Nothing is said yet.
    fn of(folder: &Folder) -> Self {
        Self {
            call: folder.call.clone(),
            failed: folder.unlisted.iter().map(|what| (Check::Unread, what.clone())).collect(),
            is_current: true,
            is_compared: false,
            is_signed: false,
            is_unchecked: false,
        }
    }
}

/// Everything that lies at a destination, by folder. What cannot be listed of a call, or beside all of them, is in its folder.
///
/// # Errors
/// When the listing breaks off.
pub fn folders(store: &dyn Store) -> Result<Vec<Folder>> {
    let mut folders: BTreeMap<String, Folder> = BTreeMap::new();
    for entry in store.list() {
        match entry {
            Ok(entry) => {
                let key = entry.key.into_exposed();
                // A file right at the destination is a folder of its own that can be no call.
                let (folder, file) = key.split_once('/').unwrap_or((&key, ""));
                folder_named(&mut folders, folder).files.insert(file.to_owned());
            }
            Err(error) if error.hold_reason().is_some() => {
                let name = error.call.as_ref().map_or("", CallId::as_str);
                folder_named(&mut folders, name).unlisted.push(error.message().to_owned());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(folders.into_values().collect())
}

fn folder_named<'a>(folders: &'a mut BTreeMap<String, Folder>, name: &str) -> &'a mut Folder {
    let new = || Folder { call: CallId::parse(name), files: BTreeSet::new(), unlisted: Vec::new() };
    folders.entry(name.to_owned()).or_insert_with(new)
}

/// Proves one folder. What cannot be read of it is in the verdict, as what is wrong with it is.
#[must_use]
pub fn verify(store: &dyn Store, folder: &Folder, proof: &Proof) -> Verdict {
    let mut verdict = Verdict::of(folder);
    if let Err(error) = judge(store, folder, proof, &mut verdict) {
        let cause = std::error::Error::source(&error).map_or_else(String::new, |cause| format!(": {cause}"));
        verdict.failed.push((Check::Unread, format!("{}{cause}", error.message())));
    }
    verdict.failed.sort();
    verdict
}

/// Adds what is wrong with one folder to its verdict.
fn judge(store: &dyn Store, folder: &Folder, proof: &Proof, verdict: &mut Verdict) -> Result<()> {
    let Some(call) = &folder.call else {
        if folder.unlisted.is_empty() {
            verdict.failed.push((Check::Foreign, "no call".into()));
        }
        return Ok(());
    };
    if folder.files.is_empty() {
        return Ok(());
    }
    let stored = store.manifest(call)?.and_then(|s| Some((Manifest::parse(&s.bytes).ok()?, s.bytes)));
    let Some((manifest, bytes)) = stored.filter(|(m, _)| m.call == *call) else {
        verdict.failed.push((Check::Manifest, "missing, damaged or another call's".into()));
        return Ok(());
    };
    match proof.signing.check(&bytes, manifest.created) {
        Ok(is_signed) => {
            verdict.is_signed = is_signed;
            verdict.is_unchecked = !is_signed && manifest.signature.is_some();
        }
        Err(flaw) => verdict.failed.push((Check::Signature, flaw.what().to_owned())),
    }
    verdict.is_current = proof.policies.iter().all(|(_, patterns)| manifest.patterns == *patterns.digest());
    let named: BTreeSet<&str> = manifest.artifacts.iter().map(Artifact::name).chain([MANIFEST_NAME]).collect();
    let foreign = folder.files.iter().filter(|f| !named.contains(f.as_str())).count();
    if foreign > 0 {
        // Not their names, which somebody else has chosen.
        verdict.failed.push((Check::Foreign, format!("{foreign} files that the manifest does not name")));
    }
    let (mut transcripts, mut recordings) = (Vec::new(), Vec::new());
    for artifact in &manifest.artifacts {
        if !folder.files.contains(artifact.name()) {
            verdict.failed.push((Check::Missing, artifact.name().to_owned()));
            continue;
        }
        let key = Phi::new(format!("{call}/{}", artifact.name()));
        let open = || store.open(&key);
        match artifact {
            Artifact::Transcript { .. } => {
                transcripts.extend(verify_transcript(open()?, artifact, &manifest, proof, verdict)?);
            }
            Artifact::Recording { .. } => {
                recordings.extend(verify_recording(open()?, artifact, proof.sources.get(call), verdict)?);
                if let Some(recogniser) = proof.recogniser {
                    let known = known(store, &manifest, artifact, proof, verdict)?;
                    listen(open()?.0, artifact, recogniser, (&manifest, &known), proof, verdict)?;
                }
            }
        }
    }
    if transcripts.len() + recordings.len() == manifest.artifacts.len() {
        let words: Vec<_> = transcripts.iter().map(|(piece, document)| (*piece, document.transcript())).collect();
        match redact::unmuted(&words, &recordings) {
            Ok(None) => {}
            Ok(Some(ms)) => {
                verdict.failed.push((Check::Sound, format!("a masked word is heard at {ms} ms of the call")))
            }
            Err(error) => verdict.failed.push((Check::Sound, error.to_string())),
        }
    }
    Ok(())
}

/// Proves a transcript; its words, where they can be read.
fn verify_transcript(
    (object, stat): (Box<dyn Object>, Stat),
    artifact: &Artifact,
    manifest: &Manifest,
    proof: &Proof,
    verdict: &mut Verdict,
) -> Result<Option<(Piece, Document)>> {
    let Artifact::Transcript { name, format, bytes, sha256, .. } = artifact else { return Ok(None) };
    let fail = |verdict: &mut Verdict, check, what: &str| verdict.failed.push((check, format!("{name}: {what}")));
    let mut content = Vec::new();
    object.take(limits::TRANSCRIPT_BYTES_MAX + 1).read_to_end(&mut content).map_err(unreadable)?;
    if stat.bytes != *bytes || Sha256Hex::of(&content) != *sha256 {
        fail(verdict, Check::Hash, "not the bytes of the manifest");
    }
    let Some((policy, patterns)) = proof.policy_of(manifest) else {
        fail(verdict, Check::Policy, "its policy is not known here; name it with --policy");
        return Ok(None);
    };
    if *format == Format::Mapped && manifest.read_as.as_ref().and_then(|r| r.mapping.as_ref()) != proof.mapping() {
        fail(verdict, Check::Residue, "it was read by another mapping; name it with --mapping");
        return Ok(None);
    }
    match transcript::read(Phi::new(content), proof.told.in_format(*format)) {
        Err(error) => {
            fail(verdict, Check::Residue, &format!("cannot be read: {error}"));
            Ok(None)
        }
        Ok(document) => {
            let left = redact::residue(patterns, policy, document.transcript(), &[]);
            if let Some(first) = left.first() {
                let what = format!("{} left, the first by {} at word {}", left.len(), first.rule, first.words.start);
                fail(verdict, Check::Residue, &what);
            }
            Ok(artifact.piece().map(|piece| (piece, document)))
        }
    }
}

/// Proves a recording; its shape, and where it is silent, where it is.
fn verify_recording(
    (mut object, stat): (Box<dyn Object>, Stat),
    artifact: &Artifact,
    source: Option<&Call>,
    verdict: &mut Verdict,
) -> Result<Option<Silenced>> {
    let Artifact::Recording {
        name, bytes, sha256, muted, fill, ramp_ms, channels, rate_hz, codec, duration_ms, ..
    } = artifact
    else {
        return Ok(None);
    };
    let fail = |verdict: &mut Verdict, check, what: &str| verdict.failed.push((check, format!("{name}: {what}")));
    // Of the file as it lies there, not of what the sound in it amounts to.
    if stat.bytes != *bytes || digest(&mut object)? != *sha256 {
        fail(verdict, Check::Hash, "not the bytes of the manifest");
    }
    let Ok(spans) = muted.iter().map(MutedInterval::muted).collect::<Result<Vec<_>>>() else {
        fail(verdict, Check::Manifest, "a mute ends before it starts");
        return Ok(None);
    };
    let style = MuteStyle { fill: *fill, ramp_ms: *ramp_ms };
    let claim = Claim { muted: &spans, style, raw: artifact.raw() };
    let mut silent = None;
    match finding(audio::verify_redacted(&mut object, &claim))? {
        Err(what) => fail(verdict, Check::Sound, &what),
        Ok(found) => {
            let info = &found.info;
            let shape = (info.channels, info.rate_hz, info.codec, info.duration_ms());
            if shape != (*channels, *rate_hz, *codec, *duration_ms) {
                fail(verdict, Check::Sound, "not of the manifest's shape");
            }
            match finding(audio::verify_silent(&mut object, &claim))? {
                Err(what) => fail(verdict, Check::Sound, &what),
                Ok(_) => silent = Some(found.info),
            }
        }
    }
    if let Some(file) = source.and_then(|call| source_of(name, call)) {
        let (mut original, _) = file.store.open(&file.key)?;
        verdict.is_compared = true;
        if let Err(what) = finding(audio::verify_kept(&mut original, &mut object, &claim))? {
            fail(verdict, Check::Kept, &what);
        }
    }
    Ok(silent.zip(artifact.piece()).map(|(info, piece)| Silenced { piece, info, muted: spans }))
}

/// Lets the recogniser hear a recording, and looks for what its policy hides in what it says: as detection finds it, and
/// values that the source's transcript is known to hold.
fn listen(
    mut object: Box<dyn Object>,
    artifact: &Artifact,
    recogniser: &Recogniser,
    (manifest, evidence): (&Manifest, &Known),
    proof: &Proof,
    verdict: &mut Verdict,
) -> Result<()> {
    let name = artifact.name();
    let mut fail = |check, what: &str| verdict.failed.push((check, format!("{name}: {what}")));
    let Some((policy, patterns)) = proof.policy_of(manifest) else { return Ok(()) };
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let said = match recogniser.hear(&mut *object, extension) {
        Ok(Some(said)) => said,
        Ok(None) => return Ok(()),
        Err(error) => {
            fail(Check::Unheard, &error.to_string());
            return Ok(());
        }
    };
    let Ok(heard) = transcript::read(said, None) else {
        fail(Check::Unheard, "what the recogniser says is no transcript");
        return Ok(());
    };
    let mut known = Vec::new();
    if let Some(Parts::Whole { transcripts, .. }) = proof.sources.get(&manifest.call).map(|call| &call.parts) {
        for transcript in transcripts {
            known.append(&mut known_values(transcript, patterns, proof)?);
        }
    }
    let mut left = redact::residue(patterns, policy, heard.transcript(), &known);
    left.retain(|finding| evidence.is_evidence(finding, heard.transcript()));
    if let Some(first) = left.first() {
        fail(Check::Heard, &format!("{} heard, the first by {} at word {}", left.len(), first.rule, first.words.start));
    }
    Ok(())
}

/// What the words of a recogniser are held against: the mutes, where they have proven to be silent, and what the redacted
/// transcripts show, where they are on the recording's clock.
fn known(
    store: &dyn Store,
    manifest: &Manifest,
    recording: &Artifact,
    proof: &Proof,
    verdict: &Verdict,
) -> Result<Known> {
    let Artifact::Recording { name, muted, .. } = recording else { return Ok(Known::default()) };
    if verdict.failed.iter().any(|(check, what)| *check == Check::Sound && what.starts_with(name.as_str())) {
        return Ok(Known::default());
    }
    // Where one channel is silent, words may be heard on the others.
    let silent = muted.iter().filter(|m| m.channels.are_all());
    let spans = silent.filter_map(|m| m.muted().ok());
    let mut known = Known::silent(spans.map(|muted| muted.span).collect());
    let recordings = manifest.artifacts.iter().filter(|artifact| artifact.role() == Role::Recording);
    if recordings.count() > 1 {
        return Ok(known);
    }
    for artifact in &manifest.artifacts {
        let Artifact::Transcript { name, format, .. } = artifact else { continue };
        let (object, _) = store.open(&Phi::new(format!("{}/{name}", manifest.call)))?;
        let mut content = Vec::new();
        object.take(limits::TRANSCRIPT_BYTES_MAX + 1).read_to_end(&mut content).map_err(unreadable)?;
        if let Ok(document) = transcript::read(Phi::new(content), proof.told.in_format(*format)) {
            known.show(document.transcript());
        }
    }
    Ok(known)
}

/// The recording that an artifact was made from. Where a store keeps commits apart its name has a tag besides.
fn source_of<'a>(artifact: &str, call: &'a Call) -> Option<&'a SourceFile> {
    let Parts::Whole { recordings, .. } = &call.parts else { return None };
    let is_its_own = |file: &&SourceFile| {
        let name = artifact_name(file);
        let (stem, extension) = name.split_once('.').unwrap_or((&name, ""));
        let rest = artifact.strip_prefix(stem).and_then(|rest| rest.strip_suffix(extension)?.strip_suffix('.'));
        rest.is_some_and(|tag| tag.is_empty() || tag.len() == ARTIFACT_TAG_LEN)
    };
    recordings.iter().find(is_its_own)
}

/// What detection says must not be left of a source's transcript; nothing where it cannot be read any more.
fn known_values(file: &SourceFile, patterns: &PatternSet, proof: &Proof) -> Result<Vec<KnownValue>> {
    let (object, _) = file.store.open(&file.key)?;
    let mut content = Vec::new();
    object.take(limits::TRANSCRIPT_BYTES_MAX + 1).read_to_end(&mut content).map_err(unreadable)?;
    let document = transcript::read(Phi::new(content), proof.told.clone());
    Ok(document.map_or_else(|_| Vec::new(), |document| detect(patterns, document.transcript(), &[]).known))
}

/// What a check says against a call, apart from failures to read it.
fn finding<T>(result: Result<T>) -> Result<Result<T, String>> {
    match result {
        Err(error) if error.kind == Kind::Io => Err(error),
        other => Ok(other.map_err(|error| error.to_string())),
    }
}

fn digest(object: &mut dyn Object) -> Result<Sha256Hex> {
    object.rewind().map_err(unreadable)?;
    let (mut hasher, mut block) = (Sha256::new(), vec![0; 256 << 10]);
    loop {
        match object.read(&mut block).map_err(unreadable)? {
            0 => return Ok(Sha256Hex::finish(hasher)),
            n => hasher.update(&block[..n]),
        }
    }
}

fn unreadable(error: std::io::Error) -> Error {
    Error::io(Stage::Verify, "an artifact cannot be read", error)
}
