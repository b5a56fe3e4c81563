//! Transcripts as data: every case of `fixtures/transcripts` is read, masked by its edits and compared
//! with what was accepted. `scripts/accept-goldens` accepts what it sees.
#![allow(clippy::disallowed_macros, clippy::disallowed_methods, reason = "golden files are accepted by a variable")]

use sordino::base::{CallId, HoldReason, Phi, WordSpan};
use sordino::model::{Category, Edit, Format, Speaker, Transcript, TurnKind};
use sordino::transcript::{Document, Mapping, Told, read};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/transcripts").join(name)
}

fn call() -> CallId {
    CallId::parse("00112233445566778899aabbccddeeff").expect("it is an id")
}

fn files(folder: &Path, part: &str) -> Vec<PathBuf> {
    let list = fs::read_dir(folder).expect("the folder is part of the repository");
    let mut files: Vec<_> = list.map(|f| f.expect("it can be read").path()).collect();
    files.retain(|f| f.file_name().is_some_and(|n| n.to_string_lossy().contains(part)));
    files.sort();
    files
}

/// `3..5 NAME` a line.
fn edits(text: &str) -> Vec<Edit> {
    let edit = |line: &str| {
        let (words, category) = line.split_once(' ').expect("words and category");
        let (start, end) = words.split_once("..").expect("two bounds");
        let words = WordSpan::new(start.parse().expect("a number"), end.parse().expect("a number"));
        Edit { words, category: Category::from_label(category).expect("a category"), rules: Vec::new() }
    };
    text.lines().map(edit).collect()
}

/// Turns and numbered words, for a person to compare with the input.
fn show(t: &Transcript) -> String {
    let mut out = format!("times {:?}\n", t.time_source());
    for turn in t.turns() {
        let speaker = match turn.speaker {
            Speaker::Agent => "agent".to_owned(),
            Speaker::Caller => "caller".to_owned(),
            Speaker::Numbered(n) => format!("speaker {n}"),
            Speaker::Unknown => "unknown".to_owned(),
        };
        match turn.kind {
            TurnKind::Spoken => write!(out, "{speaker}"),
            TurnKind::Alternate { of } => write!(out, "alternate {of:?} {speaker}"),
            TurnKind::Unspoken => write!(out, "unspoken {speaker}"),
        }
        .expect("a string can be written to");
        turn.channel.iter().for_each(|c| write!(out, " channel {c}").expect("a string can be written to"));
        out.push('\n');
        for i in turn.words.range() {
            let word = &t.words()[i];
            let time = word.time.map_or("-".to_owned(), |t| format!("{}-{}", t.start_ms(), t.end_ms()));
            writeln!(out, "  {i} {} {time}", t.word_text(i).expose()).expect("a string can be written to");
        }
    }
    out
}

fn compare(path: &Path, seen: &str) {
    if std::env::var_os("SORDINO_ACCEPT").is_some() {
        fs::write(path, seen).expect("the fixture can be written");
        return;
    }
    let want = fs::read_to_string(path).unwrap_or_default();
    assert!(want == seen, "{} differs; this was seen:\n{seen}", path.display());
}

fn check(format: &str, want: Format) {
    for input in files(&folder(format), ".in.") {
        let bytes = fs::read(&input).expect("it can be read");
        let sibling = |from: &str, to: &str| PathBuf::from(input.to_string_lossy().replace(from, to));
        let extension = format!(".{}", input.extension().expect("it has one").to_string_lossy());
        let told = told(&sibling(&format!(".in{extension}"), ".toml"));
        let document = match read(Phi::new(bytes), told.clone()) {
            Ok(document) => document,
            Err(error) => panic!("{}: {error}", input.display()),
        };
        assert_eq!(document.format(), want, "{}", input.display());
        compare(&sibling(&format!(".in{extension}"), ".words"), &show(document.transcript()));
        let plan = edits(&fs::read_to_string(sibling(&format!(".in{extension}"), ".edits")).unwrap_or_default());
        let masked = mask(&document, &plan);
        // Mail may be in other charsets; here it reads like the rest of the file.
        compare(&sibling(".in.", ".out."), &String::from_utf8_lossy(&masked));
        let again = read(Phi::new(masked), told).map(|d| d.format());
        assert!(again.is_ok_and(|format| format == want), "{}: the output is not read again", input.display());
    }
}

/// The mapping beside a file, where it has one.
fn told(mapping: &Path) -> Told {
    let parse = |text: String| Mapping::parse(&text).unwrap_or_else(|what| panic!("{}: {what}", mapping.display()));
    Told { mapping: fs::read_to_string(mapping).ok().map(parse).map(Arc::new), ..Told::default() }
}

fn mask(document: &Document, plan: &[Edit]) -> Vec<u8> {
    document.mask(plan, &call()).expect("the edits lie inside").into_exposed()
}

#[test]
fn aws_transcribe() {
    check("aws", Format::AwsTranscribe);
}

#[test]
fn mapped() {
    check("mapped", Format::Mapped);
}

#[test]
fn aws_streaming() {
    check("aws-streaming", Format::AwsStreaming);
}

#[test]
fn call_analytics() {
    check("call-analytics", Format::CallAnalytics);
}

#[test]
fn contact_lens() {
    check("contact-lens", Format::ContactLens);
}

#[test]
fn whisper() {
    check("whisper", Format::Whisper);
}

#[test]
fn whisper_cpp() {
    check("whisper-cpp", Format::WhisperCpp);
}

#[test]
fn deepgram() {
    check("deepgram", Format::Deepgram);
}

#[test]
fn assembly_ai() {
    check("assemblyai", Format::AssemblyAi);
}

#[test]
fn google_speech() {
    check("google", Format::GoogleSpeech);
}

#[test]
fn google_insights() {
    check("google-insights", Format::GoogleInsights);
}

#[test]
fn azure_speech() {
    check("azure", Format::AzureSpeech);
}

#[test]
fn azure_pii() {
    check("azure-pii", Format::AzurePii);
}

#[test]
fn text() {
    check("text", Format::Text);
}

#[test]
fn webvtt() {
    check("webvtt", Format::WebVtt);
}

#[test]
fn srt() {
    check("srt", Format::Srt);
}

#[test]
fn connect_chat() {
    check("connect-chat", Format::ConnectChat);
}

#[test]
fn email() {
    check("email", Format::Email);
}

/// `held/<reason>--<fault>.<extension>`
#[test]
fn broken_files_are_held_for_the_reason_in_their_name() {
    for file in files(&folder("held"), "--") {
        let name = file.file_name().expect("it has one").to_string_lossy().into_owned();
        let reason = name.split_once("--").and_then(|(reason, _)| HoldReason::from_code(reason));
        let held = read(Phi::new(fs::read(&file).expect("it can be read")), None).err().and_then(|e| e.hold_reason());
        assert!(reason.is_some() && held == reason, "{name}: {held:?}");
    }
}

/// Fields that services write, each with a string that the output must not have.
#[test]
fn what_services_write_beside_the_words_holds_no_call() {
    let aws = r#"{"results": {"transcripts": [{"transcript": "hi"}], "items": [{"type": "pronunciation",
        "start_time": "0", "end_time": "1", "alternatives": [{"content": "hi"}]}], "entities": [{"content": "Wendell"}]}}"#;
    let analytics = r#"{"JobName": "x", "SessionId": "12a3b45c-de6f-4889-9123-45a6ab78c901", "LanguageIdentification":
        [{"Code": "en-US", "Score": "0.8299"}], "Transcript": [{"ParticipantRole": "AGENT", "BeginOffsetMillis": 0,
        "EndOffsetMillis": 900, "Content": "hi"}]}"#;
    let azure_pii = r#"{"tasks": {"items": [{"results": {"conversations": [{"conversationItems": [{"redactedContent":
        {"text": "hi"}}]}], "modelVersion": "2022-05-15-preview"}}]}}"#;
    let azure = r#"{"recognizedPhrases": [{"offset": "PT0S", "duration": "PT1S", "nBest": [{"display": "hi Wendell",
        "displayPhraseElements": [{"displayText": "hi", "offset": "PT0S", "duration": "PT0.3S"},
        {"displayText": "Wendell", "offset": "PT0.4S", "duration": "PT0.3S"}]}]}]}"#;
    let whisper_cpp = r#"{"transcription": [{"offsets": {"from": 0, "to": 900}, "text": " hi", "speaker": "?"}]}"#;
    let assembly_ai = r#"{"id": "5551722-f677-48a6-9287-39c0aafd9ac1", "text": "hi", "audio_duration": 3,
        "words": [{"text": "hi", "start": 0, "end": 300}]}"#;
    let openai = r#"{"text": "hi", "usage": {"type": "tokens", "input_tokens": 123456, "input_token_details":
        {"text_tokens": 0, "audio_tokens": 14}, "output_tokens": 45, "total_tokens": 59}, "logprobs": [{"token": "Wendell"}]}"#;
    let diarized = r#"{"task": "transcribe", "duration": 2.0, "text": "hi", "segments": [{"type":
        "transcript.text.segment", "id": "seg_001", "start": 0, "end": 1, "text": "hi", "speaker": "A"}]}"#;
    let empty = r#"{"results": [{"alternatives": [{"transcript": "hi"}], "languageCode": "", "resultEndTime": "2s"}]}"#;
    for file in [aws, analytics, azure_pii, azure, whisper_cpp, assembly_ai, openai, diarized, empty] {
        let document = read(Phi::new(file.as_bytes().to_vec()), None).unwrap_or_else(|error| panic!("{error}: {file}"));
        let words = document.transcript().words().len();
        let name = Edit { words: WordSpan::new(1, 2), category: Category::Name, rules: Vec::new() };
        let masked = String::from_utf8(mask(&document, &[name][..words.min(2) - 1])).expect("it is text");
        assert!(!masked.contains("Wendell") && masked.contains("hi"), "{masked}");
    }
}

#[test]
fn keys_that_masking_makes_alike_are_told_apart() {
    let file = r#"{"JobName": "x", "Categories": {"MatchedCategories": ["Ana Brooks", "Kim Lo"], "MatchedDetails":
        {"Ana Brooks": {}, "refill": {}, "Kim Lo": {}, "[NAME]": {}}}, "Transcript": [{"ParticipantRole": "AGENT",
        "BeginOffsetMillis": 0, "EndOffsetMillis": 900, "Content": "hello"}]}"#;
    let document = read(Phi::new(file.as_bytes().to_vec()), None).expect("it is sound");
    let t = document.transcript();
    let named = |&at: &usize| ["Ana", "Brooks", "Kim", "Lo"].contains(&t.word_text(at).into_exposed());
    let edit =
        |at| Edit { words: WordSpan::new(at as u32, at as u32 + 1), category: Category::Name, rules: Vec::new() };
    let plan: Vec<Edit> = (0..t.words().len()).filter(named).map(edit).collect();
    let masked = mask(&document, &plan);
    let text = String::from_utf8(masked.clone()).expect("it is text");
    assert!(text.contains(r#"{"[NAME] ": {}, "refill": {}, "[NAME]  ": {}, "[NAME]": {}}"#), "{text}");
    assert!(read(Phi::new(masked), None).is_ok());
}

#[test]
fn a_file_that_is_not_the_format_it_is_said_to_be_is_held() {
    let held = read(Phi::new(b"AGENT: hello".to_vec()), Some(Format::Whisper)).err().and_then(|e| e.hold_reason());
    assert_eq!(held, Some(HoldReason::DamagedTranscript));
}

#[test]
fn an_edit_outside_the_transcript_is_refused() {
    let document = read(Phi::new(b"AGENT: hello there".to_vec()), None).expect("it is text");
    for (start, end) in [(0, 3), (2, 2), (5, 9)] {
        let edit = Edit { words: WordSpan::new(start, end), category: Category::Name, rules: Vec::new() };
        assert!(document.mask(&[edit], &call()).is_err());
    }
}
