//! The artifacts of a call: its recording to be played, piece by piece, and everything of it to be downloaded. What is sent is
//! what the manifest names, in the size that it names, streamed from the store.

use super::answer::{Answer, Problem, set, with};
use super::app::App;
use super::asked::Asked;
use super::call::Call;
use super::range::{Wanted, wanted};
use super::stream;
use super::words;
use super::zip::{Entry, zip};
use crate::access::UserName;
use crate::access::audit::{Action, Event};
use crate::base::{CallId, Error, Kind, Phi, Sha256Hex, Stage, limits};
use crate::model::Transcript;
use crate::model::manifest::{Artifact, Manifest, Role};
use crate::store::{MANIFEST_NAME, Store};
use crate::transcript;
use axum::body::Body;
use axum::http::header;
use axum::http::{HeaderName, StatusCode};
use axum::response::Response;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

const BINARY: &str = "application/octet-stream";
const TEXT: &str = "text/plain; charset=utf-8";
const WEBVTT: &str = "text/vtt; charset=utf-8";
const JSON: &str = "application/json";

/// A recording of a call, or the part of it that is asked for; the first where there are several and none is named (`file`).
pub(super) fn play(app: &App, asked: &Asked) -> Answer {
    let call = asked.call()?;
    let is_asked = |artifact: &&Artifact| {
        artifact.role() == Role::Recording && asked.query("file").is_none_or(|name| name == artifact.name())
    };
    let recording = call.manifest.artifacts.iter().find(is_asked).ok_or(Problem::NotFound)?;
    let (bytes, tag) = (size(recording), format!("\"{}\"", recording.sha256().as_str()));
    let (status, first, length) = match wanted(|name| asked.header(name), &tag, bytes) {
        Wanted::All => (StatusCode::OK, 0, bytes),
        Wanted::Part(first, last) => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
        Wanted::Nothing => return Err(Problem::NoSuchRange(bytes)),
        Wanted::Unchanged => (StatusCode::NOT_MODIFIED, 0, 0),
    };
    let mut answer = if status == StatusCode::NOT_MODIFIED {
        with(status, kind(recording), Body::empty())
    } else {
        let part = open(&*app.parts.store, &call.manifest.call, recording, first..first + length)?;
        with(status, kind(recording), stream::body(part, Some(length)))
    };
    let headers = answer.headers_mut();
    set(headers, header::ETAG, &tag);
    set(headers, header::ACCEPT_RANGES, "bytes");
    if status != StatusCode::NOT_MODIFIED {
        set(headers, header::CONTENT_LENGTH, &length.to_string());
    }
    if status == StatusCode::PARTIAL_CONTENT {
        set(headers, header::CONTENT_RANGE, &format!("bytes {first}-{}/{bytes}", first + length - 1));
    }
    Ok(answer)
}

/// Something of a call as a file: one of its artifacts, its manifest, its transcript as text or captions, or all as a ZIP file.
/// For which purpose, the door has asked.
pub(super) fn download(app: &App, asked: &Asked) -> Answer {
    let call = asked.call()?;
    let what = asked.param("what").or(asked.query("what")).ok_or(Problem::NotFound)?;
    let of_role = |role: Role| call.manifest.artifacts.iter().find(|artifact| artifact.role() == role);
    let named = || call.manifest.artifacts.iter().find(|artifact| artifact.name() == what);
    let written = |name: &str| write_down(app, asked, name);
    match what {
        "all.zip" => {
            let body = all(app, call)?;
            written("all.zip")?;
            Ok(attached("application/zip", &call.manifest.call, "all.zip", body))
        }
        MANIFEST_NAME => {
            written(MANIFEST_NAME)?;
            Ok(attached(JSON, &call.manifest.call, MANIFEST_NAME, Body::from(call.bytes.clone())))
        }
        "transcript.txt" | "transcript.vtt" if named().is_none() => {
            let text = transcript_as(app, call, what)?;
            written(what)?;
            let kind = if what == "transcript.txt" { TEXT } else { WEBVTT };
            Ok(attached(kind, &call.manifest.call, what, Body::from(text.into_exposed())))
        }
        _ => {
            let artifact = match what {
                "recording" => of_role(Role::Recording),
                "transcript" => of_role(Role::Transcript),
                _ => named(),
            };
            let artifact = artifact.ok_or(Problem::NotFound)?;
            let object = open(&*app.parts.store, &call.manifest.call, artifact, 0..size(artifact))?;
            written(artifact.name())?;
            let body = stream::body(object, Some(size(artifact)));
            let mut answer = attached(kind(artifact), &call.manifest.call, artifact.name(), body);
            set(answer.headers_mut(), header::CONTENT_LENGTH, &size(artifact).to_string());
            let digest = HeaderName::from_static("x-content-sha256");
            set(answer.headers_mut(), digest, artifact.sha256().as_str());
            Ok(answer)
        }
    }
}

/// The masked transcript as programs read it.
pub(super) fn turns(app: &App, asked: &Asked) -> Answer {
    let call = asked.call()?;
    let turns: Vec<_> = transcripts(app, &call.manifest)?.iter().flat_map(words::turns).collect();
    let turns: Vec<_> = turns.iter().map(words::Said::json).collect();
    Ok(super::answer::json(StatusCode::OK, &serde_json::json!({ "call": call.manifest.call, "turns": turns })))
}

fn write_down(app: &App, asked: &Asked, name: &str) -> Result<(), Problem> {
    app.write_down(Event { about: UserName::parse(name), ..asked.event(Action::Download)? })
}

/// Size of an artifact as its manifest has it, bytes.
const fn size(artifact: &Artifact) -> u64 {
    match artifact {
        Artifact::Transcript { bytes, .. } | Artifact::Recording { bytes, .. } => *bytes,
    }
}

/// These bytes of an artifact.
fn open(
    store: &dyn Store,
    call: &CallId,
    artifact: &Artifact,
    part: Range<u64>,
) -> Result<Box<dyn Read + Send>, Problem> {
    if part.is_empty() {
        return Ok(Box::new(io::empty()));
    }
    let key = Phi::new(format!("{call}/{}", artifact.name()));
    let (object, stat) = store.open_part(&key, part)?;
    if stat.bytes != size(artifact) {
        let message = "a copy has another size than its manifest says";
        return Err(Problem::Changed(Error::new(Stage::Fetch, Kind::Internal, message).at("bytes", stat.bytes)));
    }
    Ok(object)
}

/// Everything of a call, with the digests that the manifest names.
fn all(app: &App, call: &Arc<Call>) -> Result<Body, Problem> {
    let mut entries = Vec::new();
    let mut sums = String::new();
    for artifact in &call.manifest.artifacts {
        let (store, id, known) = (Arc::clone(&app.parts.store), call.manifest.call.clone(), artifact.clone());
        let opened = move || -> io::Result<Box<dyn Read + Send>> {
            // What went wrong is the server's affair; the client sees that the file breaks off.
            open(&*store, &id, &known, 0..size(&known)).map_err(|_| io::ErrorKind::Other.into())
        };
        sums.push_str(&format!("{}  {}\n", artifact.sha256().as_str(), artifact.name()));
        entries.push(Entry { name: artifact.name().to_owned(), bytes: size(artifact), open: Box::new(opened) });
    }
    sums.push_str(&format!("{}  {MANIFEST_NAME}\n", Sha256Hex::of(&call.bytes).as_str()));
    entries.push(Entry::of(MANIFEST_NAME, call.bytes.clone()));
    entries.push(Entry::of("SHA256SUMS", sums.into_bytes()));
    Ok(stream::body(Box::new(zip(entries)), None))
}

fn transcript_as(app: &App, call: &Call, what: &str) -> Result<Phi<String>, Problem> {
    let said: Vec<_> = transcripts(app, &call.manifest)?.iter().flat_map(words::turns).collect();
    if said.is_empty() {
        return Err(Problem::NotFound);
    }
    Ok(if what == "transcript.txt" { words::text(&said) } else { words::captions(&said) })
}

/// A call's masked transcripts, in the order of their artifacts.
///
/// # Errors
/// When one cannot be read, or is not what its manifest says.
pub(super) fn transcripts(app: &App, manifest: &Manifest) -> Result<Vec<Transcript>, Problem> {
    let mut transcripts = Vec::new();
    for artifact in &manifest.artifacts {
        let Artifact::Transcript { format, sha256, .. } = artifact else { continue };
        let mut bytes = Vec::new();
        let object = open(&*app.parts.store, &manifest.call, artifact, 0..size(artifact))?;
        let read = object.take(limits::TRANSCRIPT_BYTES_MAX).read_to_end(&mut bytes);
        read.map_err(|error| Error::io(Stage::Fetch, "the transcript cannot be read", error))?;
        if Sha256Hex::of(&bytes) != *sha256 {
            let message = "a transcript is not the one that its manifest names";
            return Err(Problem::Changed(Error::new(Stage::Fetch, Kind::Internal, message)));
        }
        transcripts.push(transcript::read(Phi::new(bytes), app.parts.told.in_format(*format))?.transcript().clone());
    }
    Ok(transcripts)
}

fn attached(kind: &'static str, call: &CallId, name: &str, body: Body) -> Response {
    let mut answer = with(StatusCode::OK, kind, body);
    set(answer.headers_mut(), header::CONTENT_DISPOSITION, &format!("attachment; filename=\"{call}-{name}\""));
    answer
}

/// What browsers are told that an artifact is: sound by its extension, and a transcript never as something that they would
/// show as a page.
fn kind(artifact: &Artifact) -> &'static str {
    let extension = artifact.name().rsplit_once('.').map_or("", |(_, extension)| extension);
    match (artifact.role(), extension) {
        (Role::Recording, "wav" | "wave") => "audio/wav",
        (Role::Recording, "mp3") => "audio/mpeg",
        (Role::Recording, "m4a" | "mp4") => "audio/mp4",
        (Role::Recording, "aac") => "audio/aac",
        (Role::Recording, "ogg" | "opus" | "oga") => "audio/ogg",
        (Role::Recording, "flac") => "audio/flac",
        (Role::Recording, "webm") => "audio/webm",
        (Role::Transcript, "json") => JSON,
        (Role::Transcript, "txt" | "srt") => TEXT,
        (Role::Transcript, "vtt") => WEBVTT,
        _ => BINARY,
    }
}
