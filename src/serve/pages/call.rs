//! One call: its sound with what is muted, its masked transcript, notes, downloads, spans by hand.

use super::super::answer::{Answer, Problem, html, see_other};
use super::super::app::App;
use super::super::asked::{Asked, Who};
use super::super::assets::Asset;
use super::super::call::Call;
use super::super::door::decide_call;
use super::super::media::transcripts;
use super::super::notes::{self, CHARS_MAX, Mark, Note, Refused};
use super::super::spans::ByHand;
use super::show::{chip, clock, clock_ms, colour, name, percent, time};
use super::{csrf, layout_with, spans};
use crate::access::Word;
use crate::access::people::Permission;
use crate::model::manifest::{Artifact, Manifest, MutedInterval};
use crate::model::{Category, Piece};
use axum::http::StatusCode;
use maud::{Markup, html as markup};
use std::collections::BTreeSet;

/// What a recording is, as the page needs it.
struct Sound<'a> {
    name: &'a str,
    piece: Piece,
    format: &'a str,
    duration_ms: u64,
    channels: u16,
    muted: &'a [MutedInterval],
    muted_ms: u64,
}

/// What somebody has typed into the form of notes, and why it was not saved.
struct Typed<'a> {
    time: &'a str,
    mark: &'a str,
    text: &'a str,
    refused: &'a Refused,
}

/// The page of a call.
pub(in crate::serve) fn show(app: &App, asked: &Asked) -> Answer {
    Ok(html(StatusCode::OK, page(app, asked, None)?))
}

/// Saves a note, or shows why it is not saved beside what was typed.
pub(in crate::serve) fn add_note(app: &App, asked: &Asked) -> Answer {
    let call = &asked.call()?.manifest.call;
    let typed = |name| asked.form(name).unwrap_or_default();
    let time_ms = match asked.form("time") {
        Some(text) => Some(clock_ms(text).ok_or(Problem::Bad("The time of the note is none: write it as 1:23."))?),
        None => None,
    };
    let mark = Mark::ALL.into_iter().find(|mark| mark.word() == typed("mark")).unwrap_or(Mark::Note);
    let note =
        Note { at: asked.at, by: asked.who()?.principal.user.clone(), time_ms, mark, text: typed("text").to_owned() };
    match notes::add(&*app.parts.records, call, &note, &app.parts.finder)? {
        Ok(()) => Ok(see_other(&format!("/calls/{call}?noted=yes"))),
        Err(refused) => {
            let typed = Typed { time: typed("time"), mark: mark.word(), text: typed("text"), refused: &refused };
            Ok(html(StatusCode::UNPROCESSABLE_ENTITY, page(app, asked, Some(&typed))?))
        }
    }
}

fn page(app: &App, asked: &Asked, typed: Option<&Typed<'_>>) -> Result<Markup, Problem> {
    let (who, call) = (asked.who()?, asked.call()?);
    let manifest = &call.manifest;
    let known = app.parts.index.call(&manifest.call)?;
    let sounds = sounds(manifest);
    let sound = sounds.iter().find(|sound| asked.query("file") == Some(sound.name)).or(sounds.first());
    let notes = notes::of_call(&*app.parts.records, &manifest.call)?;
    let transcripts = transcripts(app, manifest)?;
    let may = |permission| may(app, who, call, permission, None);
    let by_hand = ByHand::of(app, asked, &may)?;
    let attribute = |name: &str| call.attributes.get(name).map(String::as_str);
    let content = markup! {
        dl.facts {
            (fact("Began", &known.as_ref().map_or_else(|| time(manifest.created), |known| time(known.at))))
            @for (name, label) in [("agent", "Agent"), ("team", "Team"), ("queue", "Queue")] {
                @if let Some(value) = attribute(name) { (fact(label, &markup! { (value) })) }
            }
            @if let Some(sound) = sound {
                (fact("Length", &markup! { (clock(sound.duration_ms)) }))
                (fact("Muted", &markup! { (clock(sound.muted_ms)) }))
            }
            (fact("Residual risk", &markup! { (percent(manifest.risk)) }))
            (fact("Call", &markup! { span.id { (manifest.call.as_str()) } }))
        }
        @if asked.query("noted").is_some() { p.done role="status" { "The note is saved." } }
        @if asked.query("marked").is_some() { p.done role="status" { "Written down. Thank you." } }
        div.call data-call=(manifest.call.as_str()) data-duration-ms=(sound.map_or(0, |s| s.duration_ms))
            data-muted=(muted_json(sound)) data-file=[sound.map(|sound| sound.name)] {
            @if let Some(sound) = sound {
                @if may(Permission::PlayCall)? { (player(manifest, &sounds, sound, &notes)) }
            }
            section aria-labelledby="transcript" {
                div.panel {
                    h2 id="transcript" { "Transcript" }
                    (spans::transcript(who, manifest, &transcripts, &by_hand, sound.map(|sound| sound.piece)))
                }
            }
            aside {
                (notes_panel(who, manifest, &notes, typed, may(Permission::WriteNotes)?))
                (spans::panel(who, manifest, &by_hand))
                @if may_download(app, who, call)? { (downloads(manifest, sound.is_some())) }
                (hidden(manifest))
                @if may(Permission::ReviewAccess)? { p.small { a href={ "/access/calls/" (manifest.call.as_str()) } { "Who may hear this call, and who did" } } }
                @if sound.is_some() { (keys()) }
            }
        }
    };
    let title = format!(
        "Call of {}",
        known.map_or(manifest.created, |known| known.at).to_string().replace('T', " ").trim_end_matches(":00Z")
    );
    Ok(layout_with(&title, Some(who), &content, Some(Asset::Call)))
}

fn fact(label: &str, value: &Markup) -> Markup {
    markup! { div { dt { (label) } dd { (value) } } }
}

/// Whether whoever asks may do something with this call.
fn may(app: &App, who: &Who, call: &Call, permission: Permission, purpose: Option<&Word>) -> Result<bool, Problem> {
    Ok(decide_call(app, who, permission, call, purpose)?.is_ok())
}

fn may_download(app: &App, who: &Who, call: &Call) -> Result<bool, Problem> {
    let any = call.manifest.access.purposes.iter().find_map(|purpose| Word::parse(purpose));
    may(app, who, call, Permission::DownloadCall, any.as_ref())
}

fn sounds(manifest: &Manifest) -> Vec<Sound<'_>> {
    let sounds = manifest.artifacts.iter().filter_map(|artifact| match artifact {
        Artifact::Recording { name, format, duration_ms, channels, muted, muted_ms, .. } => Some(Sound {
            name,
            piece: artifact.piece().unwrap_or_default(),
            format,
            duration_ms: *duration_ms,
            channels: *channels,
            muted,
            muted_ms: *muted_ms,
        }),
        Artifact::Transcript { .. } => None,
    });
    sounds.collect()
}

/// A recording among several, as people call it.
fn called(sound: &Sound<'_>) -> String {
    let part = sound.piece.part.map(|part| format!("part {part}"));
    let channel = sound.piece.channel.map(|channel| format!("channel {channel}"));
    let mut name = part.into_iter().chain(channel).collect::<Vec<_>>().join(", ");
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if name.is_empty() { sound.name.to_owned() } else { name }
}

/// When nothing is heard: a mute of one channel is not passed over.
fn muted_json(sound: Option<&Sound<'_>>) -> String {
    let silent = sound.map_or(&[][..], |s| s.muted).iter().filter(|m| m.channels.are_all());
    let spans: Vec<_> = silent.map(|m| [m.start_ms, m.end_ms]).collect();
    serde_json::to_string(&spans).expect("numbers always serialise")
}

fn player(manifest: &Manifest, sounds: &[Sound<'_>], sound: &Sound<'_>, notes: &[Note]) -> Markup {
    let source = format!("/calls/{}/recording?file={}", manifest.call, sound.name);
    let length = sound.duration_ms.max(1);
    let categories: BTreeSet<Category> = sound.muted.iter().flat_map(|m| m.categories.iter().copied()).collect();
    markup! {
        section.panel.player aria-label="Player" {
            @if sounds.len() > 1 {
                nav.legend aria-label="Recordings" {
                    @for other in sounds {
                        a.button href={ "/calls/" (manifest.call.as_str()) "?file=" (other.name) }
                            aria-current=[(other.name == sound.name).then_some("true")] { (called(other)) ", " (clock(other.duration_ms)) }
                    }
                }
            }
            div.waves id="seek" role="slider" tabindex="0" aria-label="Place in the call" aria-valuemin="0"
                aria-valuemax=(sound.duration_ms / 1000) aria-valuenow="0" {
                @for channel in 0..sound.channels {
                    div.lane {
                        @if sound.channels > 1 { span.who { "Channel " (channel + 1) } }
                        svg viewBox="0 0 1000 40" preserveAspectRatio="none" aria-hidden="true" {
                            path.peaks d="" {}
                            @for muted in sound.muted.iter().filter(|muted| muted.channels.have(channel)) { (span_of(muted, length)) }
                            @for note in notes.iter().filter_map(|note| note.time_ms) {
                                @let x = place(note, length);
                                line.mark x1=(x) x2=(x) y1="0" y2="40" {}
                            }
                        }
                    }
                }
                svg.now viewBox="0 0 1000 40" preserveAspectRatio="none" aria-hidden="true" { line x1="0" x2="0" y1="0" y2="40" {} }
            }
            audio controls preload="metadata" src=(source) {}
            p.told id="unplayable" hidden {
                "This browser cannot play " (sound.format) " of this kind. The transcript is below; the recording can be downloaded where your role allows it."
            }
            div.controls data-script="" hidden {
                button.main id="play" type="button" { "Play" }
                button id="back" type="button" { "Back 5 s" }
                button id="on" type="button" { "On 5 s" }
                span.clock id="clock" { "0:00 / " (clock(sound.duration_ms)) }
                label { "Speed"
                    select id="speed" {
                        @for speed in ["0.75", "1", "1.25", "1.5", "2"] { option value=(speed) selected[speed == "1"] { (speed) "×" } }
                    }
                }
                label { input id="skip" type="checkbox"; "Skip what is muted" }
                label { input id="follow" type="checkbox" checked; "Follow the transcript" }
                @if !categories.is_empty() {
                    div.legend { span.small.faint { "Muted:" } @for category in &categories { (chip(*category, None)) } }
                }
            }
        }
    }
}

/// Where a time lies, in thousandths of the call.
fn place(ms: u64, length_ms: u64) -> String {
    format!("{:.2}", ms as f64 * 1000.0 / length_ms as f64)
}

/// A muted stretch in the waveform: a stripe in the colour of each of its categories, and all of them in words.
fn span_of(muted: &MutedInterval, length_ms: u64) -> Markup {
    let names: Vec<String> = muted.categories.iter().map(|category| name(*category)).collect();
    let colours: Vec<&str> = muted.categories.iter().map(|category| colour(*category)).collect();
    let colours = if colours.is_empty() { vec!["c3"] } else { colours };
    let height = 38.0 / colours.len() as f64;
    let (from, until) = (u64::from(muted.start_ms), u64::from(muted.end_ms));
    markup! {
        g {
            title { (names.join(", ")) ", " (clock(from)) " to " (clock(until)) }
            @for (at, colour) in colours.iter().enumerate() {
                rect class={ "muted " (colour) } x=(place(from, length_ms)) y=(format!("{:.2}", 1.0 + at as f64 * height))
                    width=(place(until - from, length_ms)) height=(format!("{height:.2}")) {}
            }
        }
    }
}

fn notes_panel(who: &Who, manifest: &Manifest, notes: &[Note], typed: Option<&Typed<'_>>, may_write: bool) -> Markup {
    let value = |of: fn(&Typed<'_>) -> String| typed.map(of).unwrap_or_default();
    markup! {
        section.panel aria-labelledby="notes" {
            h2 id="notes" { "Notes" }
            @if notes.is_empty() { p.faint.small { "None yet." } }
            ul.notes { @for note in notes { (one_note(note)) } }
            @if may_write {
                form.fields method="post" action={ "/calls/" (manifest.call.as_str()) "/notes" } {
                    (csrf(who))
                    @if let Some(typed) = typed { p role="alert" { (refusal(typed.refused)) } }
                    div.row {
                        div {
                            label for="note-time" { "At" } br;
                            input id="note-time" name="time" size="7" placeholder="1:23" value=(value(|t| t.time.to_owned()));
                        }
                        button id="note-now" type="button" data-script="" hidden { "Now" }
                        div {
                            label for="note-mark" { "As" } br;
                            select id="note-mark" name="mark" {
                                @for mark in Mark::ALL {
                                    option value=(mark.word()) selected[typed.is_some_and(|t| t.mark == mark.word())] { (mark.name()) }
                                }
                            }
                        }
                    }
                    div {
                        label for="note-text" { "Note; no names, numbers or dates of patients" }
                        textarea id="note-text" name="text" rows="3" maxlength=(CHARS_MAX) required { (value(|t| t.text.to_owned())) }
                    }
                    div { button.main { "Save" } }
                }
            }
        }
    }
}

fn one_note(note: &Note) -> Markup {
    markup! {
        li {
            @if let Some(at) = note.time_ms {
                button.plain type="button" data-seek=(at) aria-label={ "Play from " (clock(at)) } { (clock(at)) } " "
            }
            span.kind { (note.mark.name()) }
            p { (note.text) }
            span.small.faint { (note.by.as_str()) ", " (time(note.at)) }
        }
    }
}

fn refusal(refused: &Refused) -> String {
    match refused {
        Refused::Empty => "The note says nothing.".to_owned(),
        Refused::TooLong => format!("The note is longer than {CHARS_MAX} characters."),
        Refused::Full => "The call has as many notes as it can.".to_owned(),
        Refused::Phi(found) => {
            let names: Vec<String> = found.iter().map(|category| name(*category)).collect();
            format!(
                "Not saved: this looks as if it named a patient ({}). Say it without, and save again.",
                names.join(", ")
            )
        }
    }
}

fn downloads(manifest: &Manifest, has_sound: bool) -> Markup {
    let kinds = [
        ("recording", "Recording"),
        ("transcript", "Transcript"),
        ("transcript.txt", "Transcript as text"),
        ("transcript.vtt", "Transcript as WebVTT"),
        ("manifest.json", "Manifest"),
        ("all.zip", "All, as a zip"),
    ];
    markup! {
        section.panel aria-labelledby="download" {
            h2 id="download" { "Download" }
            form.fields method="get" action={ "/calls/" (manifest.call.as_str()) "/download" } {
                div {
                    label for="purpose" { "For" } br;
                    select id="purpose" name="purpose" required {
                        option value="" { "Choose a purpose" }
                        @for purpose in &manifest.access.purposes { option value=(purpose) { (purpose.replace('-', " ")) } }
                    }
                }
                div {
                    label for="what" { "What" } br;
                    select id="what" name="what" {
                        @for (word, name) in kinds.iter().filter(|(word, _)| has_sound || *word != "recording") { option value=(word) { (name) } }
                    }
                }
                div { button { "Download" } }
                p.small.faint { "Who downloads what for which purpose is written to the audit log." }
            }
        }
    }
}

fn hidden(manifest: &Manifest) -> Markup {
    markup! {
        section.panel aria-labelledby="hidden" {
            h2 id="hidden" { "Hidden" }
            @if manifest.hidden.categories.is_empty() { p.faint.small { "Nothing." } }
            div.legend { @for (category, count) in &manifest.hidden.categories { (chip(*category, Some(*count))) } }
            p.small.faint {
                "Redacted " (time(manifest.created)) " under the policy " (manifest.policy.name) ", version " (manifest.policy.version)
                "; to be deleted after " (time(manifest.retention.delete_after)) "."
            }
        }
    }
}

fn keys() -> Markup {
    let keys = [
        ("Space", "play, pause"),
        ("← →", "5 seconds back, on"),
        ("U J", "turn before, next turn"),
        (", .", "slower, faster"),
        ("S", "skip what is muted"),
        ("N", "note at this time"),
    ];
    markup! {
        details.panel data-script="" hidden {
            summary { "Keys" }
            dl.keys.small { @for (key, what) in keys { dt { kbd { (key) } } dd { (what) } } }
        }
    }
}
