//! Spans that people add to calls by hand: words of a redacted transcript that should be hidden, a stretch of time of a held
//! call, masked stretches that need not be. What is asked for is written down by numbers; `redact` and `worker` carry it out.

use super::answer::{Answer, Problem, see_other, set, with};
use super::app::App;
use super::asked::{Asked, Who};
use super::example::example;
use super::media::transcripts;
use super::pages::held;
use super::pages::show::clock_ms;
use crate::access::Word;
use crate::access::audit::{Action, Event};
use crate::access::orders::{Act, Eyes};
use crate::access::people::Permission;
use crate::access::spans::{self, Added, Example, Rejected, Request, Spans};
use crate::base::{CallId, Sha256Hex, TimeSpan, WordSpan};
use crate::model::by_hand::{Place, SpanByHand, Words};
use crate::model::manifest::{Artifact, Manifest, Role, Source};
use crate::model::{Category, Transcript, TurnKind};
use axum::http::{StatusCode, header};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What people have written down of a call's spans, and what whoever asks may do about it.
pub(super) struct ByHand {
    /// Spans that are agreed on.
    pub agreed: Spans,
    /// Requests that wait.
    pub waiting: Vec<(Request, Spans)>,
    /// Whether they may mark spans.
    pub may_mark: bool,
    /// Whether they may agree.
    pub may_agree: bool,
    /// Whether they are marking.
    pub is_marking: bool,
    /// Whose agreement a span needs.
    pub eyes: Eyes,
}

impl ByHand {
    /// Reads what there is; nothing is read for those who may not mark.
    pub(super) fn of(
        app: &App,
        asked: &Asked,
        may: &dyn Fn(Permission) -> Result<bool, Problem>,
    ) -> Result<Self, Problem> {
        let call = &asked.call()?.manifest.call;
        let (may_mark, may_agree) = (may(Permission::MarkSpans)?, may(Permission::ReviewSpans)?);
        let is_marking = may_mark && asked.query("mark").is_some();
        let records = &*app.parts.records;
        let waiting = if may_mark { waiting_on(app, call)? } else { Vec::new() };
        let eyes = app.parts.release.eyes;
        Ok(Self { agreed: spans::agreed(records, call)?, waiting, may_mark, may_agree, is_marking, eyes })
    }
}

/// Requests that wait on a call.
pub(super) fn waiting_on(app: &App, call: &CallId) -> Result<Vec<(Request, Spans)>, Problem> {
    let records = &*app.parts.records;
    let mut waiting = Vec::new();
    for request in spans::waiting(records)?.into_iter().filter(|request| request.call == *call) {
        waiting.extend(spans::asked(records, &request)?.map(|spans| (request, spans)));
    }
    Ok(waiting)
}

/// Writes down what is marked on a call.
pub(super) fn mark(app: &App, asked: &Asked) -> Answer {
    let manifest = &asked.call()?.manifest;
    match asked.form("what") {
        Some("hide") => hide(app, asked, manifest)?,
        Some("needless") => needless(app, asked, manifest)?,
        _ => return Err(Problem::Bad("Say what is to become of it.")),
    }
    Ok(see_other(&format!("/calls/{}?marked=yes", manifest.call)))
}

/// Agrees to a request on a call, or takes it back.
pub(super) fn decide(app: &App, asked: &Asked) -> Answer {
    let call = &asked.call()?.manifest.call;
    decide_on(app, asked, call)?;
    Ok(see_other(&format!("/calls/{call}?marked=yes")))
}

/// Asks for a stretch of time of a held call to be hidden.
pub(super) fn mark_held(app: &App, asked: &Asked) -> Answer {
    let call = held::find(app, asked)?.call;
    let time = |name| {
        let ms = asked.form(name).and_then(clock_ms).and_then(|ms| u32::try_from(ms).ok());
        ms.ok_or(Problem::Bad("The time is none: write it as 1:02.5."))
    };
    let (from, until) = (time("from")?, time("until")?);
    let span = TimeSpan::new(from, until).ok().filter(|span| span.len_ms() > 0);
    let at = Place::Time(span.ok_or(Problem::Bad("The stretch ends before it begins."))?);
    let span = SpanByHand { at, category: category(asked)? };
    let added = Added { span, asked: act(asked)?, agreed: None, example: None };
    app.write_down(event(asked, &call, "asked")?)?;
    spans::ask(&*app.parts.records, &call, vec![added], app.parts.release.eyes)?;
    Ok(see_other(&format!("/held/{call}")))
}

/// Agrees to a request on a held call, or takes it back.
pub(super) fn decide_held(app: &App, asked: &Asked) -> Answer {
    let call = held::find(app, asked)?.call;
    decide_on(app, asked, &call)?;
    Ok(see_other(&format!("/held/{call}")))
}

/// What an example tells whoever writes patterns.
#[derive(Serialize)]
struct Line<'a> {
    /// `added` or `needless`.
    kind: &'static str,
    category: Category,
    #[serde(flatten)]
    example: &'a Example,
}

/// All examples, a JSON object a line; nothing in them says of which call they are.
pub(super) fn examples(app: &App, _: &Asked) -> Answer {
    let mut answer = with(StatusCode::OK, "application/jsonl", examples_of(&*app.parts.records)?);
    set(answer.headers_mut(), header::CONTENT_DISPOSITION, "attachment; filename=\"examples.jsonl\"");
    Ok(answer)
}

/// The lines of all examples: of spans that are agreed on, and of stretches that were hidden needlessly.
///
/// # Errors
/// When a record cannot be read or is damaged.
pub fn examples_of(records: &dyn crate::store::Records) -> crate::base::Result<String> {
    let mut lines = BTreeSet::new();
    for call in spans::calls(records)? {
        let of = spans::agreed(records, &call)?;
        let added = of.added.iter().filter_map(|added| Some(("added", added.span.category, added.example.as_ref()?)));
        let needless = of.rejected.iter().map(|rejected| ("needless", rejected.category, &rejected.example));
        lines.extend(added.chain(needless).map(|(kind, category, example)| {
            serde_json::to_string(&Line { kind, category, example }).expect("words always serialise") + "\n"
        }));
    }
    // In the order of the lines, not of calls, and each once.
    Ok(lines.into_iter().collect())
}

fn hide(app: &App, asked: &Asked, manifest: &Manifest) -> Result<(), Problem> {
    let category = category(asked)?;
    let chosen = chosen(asked, "word")?;
    let copies = copies(app, manifest)?;
    let mut added = Vec::new();
    for (file, words) in chosen {
        let copy = copies.get(file).ok_or(Problem::Bad(NO_SUCH_WORD))?;
        for span in runs(&copy.transcript, &words).ok_or(Problem::Bad(NO_SUCH_WORD))? {
            let at = Place::Words(copy.in_source(span, copies.len() == 1));
            added.push(Added {
                span: SpanByHand { at, category },
                asked: act(asked)?,
                agreed: None,
                example: Some(example(&copy.transcript, span)),
            });
        }
    }
    let call = &manifest.call;
    // Only whoever may agree can do so at once, and only where the rules ask for no second person.
    let may_agree = super::door::decide_call(app, asked.who()?, Permission::ReviewSpans, asked.call()?, None)?.is_ok();
    let eyes = if may_agree { app.parts.release.eyes } else { Eyes::Four };
    app.write_down(event(asked, call, "asked")?)?;
    Ok(spans::ask(&*app.parts.records, call, added, eyes)?)
}

fn needless(app: &App, asked: &Asked, manifest: &Manifest) -> Result<(), Problem> {
    let chosen = chosen(asked, "masked")?;
    let copies = copies(app, manifest)?;
    let mut rejected = Vec::new();
    for (file, words) in chosen {
        let copy = copies.get(file).ok_or(Problem::Bad(NO_SUCH_WORD))?;
        for word in words {
            let (category, span) = masked(&copy.transcript, word).ok_or(Problem::Bad(NO_SUCH_WORD))?;
            rejected.push(Rejected { category, by: act(asked)?, example: example(&copy.transcript, span) });
        }
    }
    app.write_down(event(asked, &manifest.call, "needless")?)?;
    Ok(spans::reject(&*app.parts.records, &manifest.call, &rejected)?)
}

fn decide_on(app: &App, asked: &Asked, call: &CallId) -> Result<(), Problem> {
    let id = asked.form("request").and_then(Word::parse).ok_or(Problem::Bad("The request is not named."))?;
    let request = Request { call: call.clone(), id };
    let records = &*app.parts.records;
    if asked.form("decision") == Some("withdraw") {
        app.write_down(event(asked, call, "withdrawn")?)?;
        return Ok(spans::withdraw(records, &request)?);
    }
    app.write_down(event(asked, call, "agreed")?)?;
    Ok(spans::agree(records, &request, &act(asked)?, app.parts.release.eyes)?)
}

const NO_SUCH_WORD: &str = "What is marked is no longer there. Open the page again.";

/// A redacted transcript, and what its words are in the source.
struct Copied<'a> {
    transcript: Transcript,
    source: &'a Sha256Hex,
    resumes: &'a [(u32, u32)],
}

impl Copied<'_> {
    /// The words of the source that these of the copy are.
    fn in_source(&self, words: WordSpan, is_alone: bool) -> Words {
        let times = self.transcript.words()[words.range()].iter().filter_map(|word| word.time);
        // Each of several files has a clock of its own.
        let time = times.reduce(TimeSpan::cover).filter(|time| is_alone && time.len_ms() > 0);
        let from = in_source(self.resumes, words.start);
        Words { transcript: self.source.clone(), from, until: from + words.len(), time }
    }
}

/// The word of the source that a word of a copy is.
pub(super) fn in_source(resumes: &[(u32, u32)], word: u32) -> u32 {
    let at = resumes.partition_point(|(copy, _)| *copy <= word);
    at.checked_sub(1).map_or(word, |at| resumes[at].1 + (word - resumes[at].0))
}

fn copies<'a>(app: &App, manifest: &'a Manifest) -> Result<Vec<Copied<'a>>, Problem> {
    let read = transcripts(app, manifest)?;
    let sources = manifest.sources.iter().filter(|source| source.role == Role::Transcript);
    let artifacts = manifest.artifacts.iter().filter_map(|artifact| match artifact {
        Artifact::Transcript { resumes, .. } => Some(resumes),
        Artifact::Recording { .. } => None,
    });
    let all = read.into_iter().zip(sources).zip(artifacts);
    let copied = |((transcript, source), resumes): ((Transcript, &'a Source), &'a Vec<(u32, u32)>)| Copied {
        transcript,
        source: &source.sha256,
        resumes,
    };
    Ok(all.map(copied).collect())
}

/// The words that are marked, by file: a field for each, `file.word`.
fn chosen(asked: &Asked, name: &str) -> Result<BTreeMap<usize, BTreeSet<u32>>, Problem> {
    let mut chosen: BTreeMap<usize, BTreeSet<u32>> = BTreeMap::new();
    for value in asked.forms(name) {
        let parsed = value.split_once('.').and_then(|(file, word)| Some((file.parse().ok()?, word.parse().ok()?)));
        let (file, word) = parsed.ok_or(Problem::Bad(NO_SUCH_WORD))?;
        chosen.entry(file).or_default().insert(word);
    }
    if chosen.is_empty() {
        return Err(Problem::Bad("Nothing is marked."));
    }
    Ok(chosen)
}

/// Marked words that follow each other in a turn, as spans; nothing where one is not there or hidden already.
fn runs(transcript: &Transcript, words: &BTreeSet<u32>) -> Option<Vec<WordSpan>> {
    let mut runs: Vec<(usize, WordSpan)> = Vec::new();
    for &word in words {
        let turn = spoken_turn(transcript, word).filter(|_| mask_of(transcript, word).is_none())?;
        match runs.last_mut().filter(|(of, run)| *of == turn && run.end == word) {
            Some((_, run)) => run.end += 1,
            None => runs.push((turn, WordSpan::new(word, word + 1))),
        }
    }
    Some(runs.into_iter().map(|(_, run)| run).collect())
}

/// The masked stretch that begins with a word.
fn masked(transcript: &Transcript, word: u32) -> Option<(Category, WordSpan)> {
    let turn = spoken_turn(transcript, word)?;
    let category = mask_of(transcript, word)?;
    let rest = word..transcript.turns()[turn].words.end;
    let end = rest.clone().find(|&word| mask_of(transcript, word) != Some(category)).unwrap_or(rest.end);
    Some((category, WordSpan::new(word, end)))
}

fn spoken_turn(transcript: &Transcript, word: u32) -> Option<usize> {
    let turns = transcript.turns();
    turns.iter().position(|turn| turn.kind == TurnKind::Spoken && turn.words.range().contains(&(word as usize)))
}

fn mask_of(transcript: &Transcript, word: u32) -> Option<Category> {
    let text = transcript.word_text(word as usize).into_exposed();
    Category::ALL.iter().copied().find(|category| text.contains(category.mask()))
}

fn category(asked: &Asked) -> Result<Category, Problem> {
    asked.form("category").and_then(Category::from_label).ok_or(Problem::Bad("Choose what it is."))
}

fn act(asked: &Asked) -> Result<Act, Problem> {
    let who: &Who = asked.who()?;
    Ok(Act { by: who.principal.user.clone(), at: asked.at })
}

fn event(asked: &Asked, call: &CallId, why: &str) -> Result<Event, Problem> {
    Ok(Event { call: Some(call.clone()), why: Word::parse(why), ..asked.event(Action::MarkSpans)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Phi;
    use crate::model::{Speaker, TimeSource, TranscriptBuilder};

    fn transcript() -> Transcript {
        let mut builder = TranscriptBuilder::new(TimeSource::None);
        for text in ["i am ana [NAME] [NAME], ok", "yes [PHONE]"] {
            builder.turn(TurnKind::Spoken, Speaker::Agent, None);
            builder.say(Phi::new(text));
        }
        builder.build()
    }

    #[test]
    fn marked_words_become_spans_within_turns() {
        let of = |words: &[u32]| runs(&transcript(), &words.iter().copied().collect());
        let spans = |pairs: &[(u32, u32)]| Some(pairs.iter().map(|&(a, b)| WordSpan::new(a, b)).collect::<Vec<_>>());
        assert_eq!(of(&[2, 0, 1]), spans(&[(0, 3)]));
        assert_eq!(of(&[5, 6]), spans(&[(5, 6), (6, 7)]), "each in its turn");
        assert_eq!((of(&[2, 3]), of(&[99])), (None, None), "a mask, and a word that is not there");
    }

    #[test]
    fn a_masked_stretch_is_taken_whole() {
        assert_eq!(masked(&transcript(), 3), Some((Category::Name, WordSpan::new(3, 5))));
        assert_eq!(masked(&transcript(), 7), Some((Category::Phone, WordSpan::new(7, 8))));
        assert_eq!((masked(&transcript(), 2), masked(&transcript(), 9)), (None, None));
    }

    #[test]
    fn words_behind_a_mask_that_stands_for_several_are_counted_as_in_the_source() {
        let resumes = [(4, 7), (9, 20)];
        assert_eq!([0, 3, 4, 8, 9, 10].map(|word| in_source(&resumes, word)), [0, 3, 7, 11, 20, 21]);
        assert_eq!(in_source(&[], 5), 5);
    }
}
