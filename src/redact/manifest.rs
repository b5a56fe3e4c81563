//! From a proven call to its manifest.

use super::Artifacts;
use super::verify::Muted;
use crate::base::{KeyedRef, Sha256Hex, Timestamp};
use crate::model::manifest::{
    Access, Artifact, By, Edited, Hidden, MANIFEST_SCHEMA, Manifest, MutedInterval, ReadAs, Retention, Role, Source,
};
use crate::model::{Category, MutedSpan, Policy, RedactionPlan};
use std::collections::BTreeSet;

/// What a manifest says that redaction does not know.
pub struct Birth<'a> {
    /// When the artifacts are made.
    pub created: Timestamp,
    /// Program, patterns and policy.
    pub by: By<'a>,
    /// The policy's words on retention and access.
    pub policy: &'a Policy,
    /// A keyed hash of the place below which the call is named.
    pub root: Option<KeyedRef>,
    /// A keyed hash of what was known of the call's people beforehand.
    pub known: Option<KeyedRef>,
    /// What was said of how transcripts are read.
    pub read_as: Option<ReadAs>,
    /// Digest of the spans that people have added.
    pub by_hand: Option<Sha256Hex>,
    /// Where the transcripts came from, in the order in which they were handed over.
    pub transcripts: Vec<Origin>,
    /// Where the recordings came from, in that order.
    pub recordings: Vec<Origin>,
}

/// Where a source came from and how its artifact is named.
pub struct Origin {
    /// The source's key, under a keyed hash.
    pub reference: KeyedRef,
    /// The store's version of it.
    pub version: Option<String>,
    /// The artifact's name: `transcript.json`.
    pub name: String,
}

impl Artifacts {
    /// The manifest of this call.
    #[must_use]
    pub fn manifest(&self, birth: &Birth<'_>) -> Manifest {
        let By { tool, patterns, policy } = birth.by;
        Manifest {
            schema: MANIFEST_SCHEMA.into(),
            call: self.call().clone(),
            created: birth.created,
            tool: tool.clone(),
            patterns: patterns.clone(),
            policy: policy.clone(),
            sources: self.sources(birth),
            root: birth.root.clone(),
            known: birth.known.clone(),
            read_as: birth.read_as.clone(),
            by_hand: birth.by_hand.clone(),
            artifacts: self.files_of(birth),
            hidden: hidden(self.plan()),
            beside: self.plan().beside,
            flags: self.plan().flags.clone(),
            risk: self.risk(),
            retention: Retention::of(&birth.policy.retention, birth.created),
            access: access(birth.policy),
            signature: None,
        }
    }

    fn sources(&self, birth: &Birth<'_>) -> Vec<Source> {
        let source = |role, origin: &Origin, bytes, sha256: &Sha256Hex| Source {
            role,
            reference: origin.reference.clone(),
            version: origin.version.clone(),
            bytes,
            sha256: sha256.clone(),
        };
        let transcripts = birth.transcripts.iter().zip(self.transcript_sources());
        let transcripts = transcripts.map(|(origin, read)| source(Role::Transcript, origin, read.bytes, &read.sha256));
        let recordings = birth.recordings.iter().zip(self.recordings()).map(|(origin, muted)| {
            let done = muted.outcome.get();
            source(Role::Recording, origin, done.source_bytes, &done.source_sha256)
        });
        transcripts.chain(recordings).collect()
    }

    fn files_of(&self, birth: &Birth<'_>) -> Vec<Artifact> {
        let masked = self.transcripts().iter().zip(self.resumes()).zip(self.files());
        let transcripts = birth.transcripts.iter().zip(masked).map(|(origin, ((bytes, resumes), (format, words)))| {
            let bytes = bytes.get();
            Artifact::Transcript {
                name: origin.name.clone(),
                format: *format,
                bytes: bytes.len() as u64,
                sha256: Sha256Hex::of(bytes),
                words: *words as u64,
                time_source: self.time_source(),
                resumes: resumes.clone(),
            }
        });
        let recordings = birth.recordings.iter().zip(self.recordings()).map(|(origin, muted)| recording(origin, muted));
        transcripts.chain(recordings).collect()
    }
}

fn recording(origin: &Origin, muted: &Muted) -> Artifact {
    let done = muted.outcome.get();
    Artifact::Recording {
        name: origin.name.clone(),
        format: done.info.container.clone(),
        bytes: done.output_bytes,
        sha256: done.output_sha256.clone(),
        duration_ms: done.info.duration_ms(),
        channels: done.info.channels,
        rate_hz: done.info.rate_hz,
        codec: done.info.codec,
        edited: Edited::of(done.info.codec),
        muted: intervals(muted),
        fill: done.style.fill,
        ramp_ms: done.style.ramp_ms,
        muted_ms: done.muted_ms,
    }
}

/// What is silent, with what is hidden there.
fn intervals(muted: &Muted) -> Vec<MutedInterval> {
    let interval = |&MutedSpan { span, channels }: &MutedSpan| {
        let inside = muted.mutes.iter().filter(|mute| mute.span.overlaps(span));
        let categories: BTreeSet<Category> = inside.flat_map(|mute| mute.categories.iter().copied()).collect();
        let categories = categories.into_iter().collect();
        MutedInterval { start_ms: span.start_ms(), end_ms: span.end_ms(), channels, categories }
    };
    muted.outcome.get().muted.iter().map(interval).collect()
}

fn hidden(plan: &RedactionPlan) -> Hidden {
    let mut hidden = Hidden::default();
    for edit in &plan.edits {
        hidden.stretches += 1;
        hidden.words += u64::from(edit.words.len());
        *hidden.categories.entry(edit.category).or_default() += 1;
        for rule in &edit.rules {
            *hidden.rules.entry(rule.as_str().to_owned()).or_default() += 1;
        }
    }
    hidden
}

fn access(policy: &Policy) -> Access {
    let policy = &policy.access;
    Access {
        classification: policy.classification.clone(),
        roles: policy.roles.clone(),
        purposes: policy.purposes.clone(),
    }
}
