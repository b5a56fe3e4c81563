//! Masking as a property: whatever is masked is gone from every text of the file, and nothing else
//! of the file has changed. Over made-up files, and over a folder of real ones.
#![allow(clippy::disallowed_macros, clippy::disallowed_methods, reason = "it prints what it measured")]

use proptest::prelude::*;
use serde_json::{Value, json};
use sordino::base::{CallId, Phi, WordSpan};
use sordino::model::{Category, Edit, TimeSource, TurnKind};
use sordino::transcript::{Document, Mapping, Told, read};
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

/// Keys of text; all other strings are structure.
const TEXT_KEYS: [&str; 16] = [
    "content",
    "transcript",
    "text",
    "word",
    "punctuated_word",
    "Transcript",
    "Content",
    "Text",
    "displayText",
    "display",
    "lexical",
    "itn",
    "maskedITN",
    "maskedItn",
    "PartialContent",
    "MatchedCategories",
];
/// Keys of what is dropped.
const DROPPED_KEYS: [&str; 18] = [
    "tokens",
    "sha256",
    "created",
    "transaction_key",
    "name",
    "arch",
    "audio_url",
    "language_model",
    "acoustic_model",
    "requestId",
    "source",
    "timestamp",
    "ContactSummary",
    "InputS3Uri",
    "entities",
    "summary",
    "search",
    "id",
];
/// Keys of numbers that count characters of a text.
const OFFSET_KEYS: [&str; 2] = ["BeginOffsetChar", "EndOffsetChar"];
const MARK: &str = "[NAME]";
/// Most pieces of one word.
const PIECES_MAX: usize = 16;

fn fold(word: &str) -> String {
    word.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The words of a text that are no mark.
fn folds(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|t| !t.contains(MARK))
        .map(fold)
        .filter(|f| !f.is_empty())
}

/// Reads a file, masks every word whose text is one of every `nth` different texts, and compares the
/// output with the file. Returns the number of (spoken, alternate) words.
fn check(bytes: &[u8], nth: usize) -> Result<(usize, usize), String> {
    let told = Told { mapping: Some(Arc::clone(&MAPPING)), ..Told::default() };
    let document = read(Phi::new(bytes.to_vec()), told.clone()).map_err(|e| e.to_string())?;
    let words = document.transcript();
    let text = |i: usize| fold(words.word_text(i).into_exposed());
    let all: BTreeSet<String> = (0..words.words().len()).map(text).filter(|t| !t.is_empty()).collect();
    let hidden: BTreeSet<String> = all.iter().step_by(nth).cloned().collect();
    let kept: BTreeSet<String> = all.difference(&hidden).cloned().collect();
    let edits: Vec<Edit> = (0..words.words().len())
        .filter(|&i| hidden.contains(&text(i)))
        .map(|i| Edit { words: WordSpan::new(i as u32, i as u32 + 1), category: Category::Name, rules: Vec::new() })
        .collect();
    let call = CallId::from_mac(&[0xab; 32]);
    let masked = document.mask(&edits, &call).map_err(|e| e.to_string())?.into_exposed();
    let again = read(Phi::new(masked.clone()), told).map_err(|e| format!("the output: {e}"))?;
    let alternate = words.turns().iter().filter(|t| t.kind != TurnKind::Spoken).map(|t| t.words.len() as usize).sum();
    // Another reading is masked with the words that it stands in for.
    let exact = !words.turns().iter().any(|t| matches!(t.kind, TurnKind::Alternate { .. }));
    match serde_json::from_slice::<Value>(bytes) {
        Ok(before) => {
            let after = serde_json::from_slice(&masked).map_err(|_| "the output is no JSON")?;
            compare(&before, &after, "", &Words { hidden: &hidden, kept: &kept, exact })?;
            let times = |d: &Document| -> Vec<_> {
                let t = d.transcript();
                let spoken = t.turns().iter().filter(|t| t.kind == TurnKind::Spoken);
                let times = spoken.flat_map(|turn| t.words()[turn.words.range()].iter().map(|w| w.time));
                // Where two people talk at once, marks cannot tell whose turn a word is of.
                let mut times: Vec<_> = times.collect();
                times.sort();
                times
            };
            if matches!(words.time_source(), TimeSource::Recogniser | TimeSource::Coarse) {
                let (was, is) = (times(&document), times(&again));
                if was != is {
                    return Err(format!("{} words with times became {}", was.len(), is.len()));
                }
            }
        }
        Err(_) => {
            let masked = String::from_utf8(masked).map_err(|_| "the output is not UTF-8")?;
            let label = |line: &str| line.split_once(": ").map_or(line.to_owned(), |l| l.1.to_owned());
            let left = masked.lines().any(|line| folds(&label(line)).any(|f| hidden.contains(&f)));
            if left {
                return Err("a masked word is left".into());
            }
        }
    }
    Ok((words.words().len() - alternate, alternate))
}

/// The words of a file by what became of them.
struct Words<'a> {
    hidden: &'a BTreeSet<String>,
    kept: &'a BTreeSet<String>,
    /// Nobody has read a word twice.
    exact: bool,
}

impl Words<'_> {
    /// A hidden word that a text still has. "g a" where another text has "GA" is that word in pieces, and shown with it.
    fn left(&self, text: &str) -> Option<String> {
        let all: Vec<String> = folds(text).collect();
        let is_piece = |at: usize| {
            let starts = at.saturating_sub(PIECES_MAX)..=at;
            starts
                .flat_map(|from| (at + 1..=all.len().min(at + PIECES_MAX)).map(move |to| from..to))
                .any(|pieces| pieces.len() > 1 && self.kept.contains(&all[pieces].concat()))
        };
        let left = (0..all.len()).find(|&at| self.hidden.contains(&all[at]) && (self.exact || !is_piece(at)));
        left.map(|at| all[at].clone())
    }
}

fn compare(before: &Value, after: &Value, key: &str, words: &Words<'_>) -> Result<(), String> {
    match (before, after) {
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            a.iter().try_for_each(|(k, v)| compare(v, &b[k], k, words))
        }
        (_, b) if DROPPED_KEYS.contains(&key) && is_emptied(b) => Ok(()),
        // Pieces of words: what they say together.
        (Value::Array(a), Value::Array(b)) if key == "tokens" && a.len() == b.len() => {
            let joined: String = b.iter().filter_map(|token| token["text"].as_str()).collect();
            words.left(&joined).map_or(Ok(()), |left| Err(format!("{left} is left in tokens")))
        }
        (Value::Number(_), Value::Number(_)) if OFFSET_KEYS.contains(&key) => Ok(()),
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            // Entries may be pieces of one word too.
            let listed: Vec<&str> = b.iter().filter_map(|entry| entry["word"].as_str()).collect();
            if let Some(left) = words.left(&listed.join(" ")) {
                return Err(format!("{left} is left in {key}"));
            }
            a.iter().zip(b).try_for_each(|(a, b)| compare(a, b, key, words))
        }
        (Value::String(_), Value::String(_)) if key == "jobName" => Ok(()),
        (Value::String(a), Value::String(b)) if TEXT_KEYS.contains(&key) => {
            // An entry of a list was looked at with its neighbours.
            if let Some(left) = words.left(b).filter(|_| words.exact || key != "word") {
                return Err(format!("{left} is left in {key}"));
            }
            let touched = folds(a).any(|f| words.hidden.contains(&f));
            if words.exact && !touched && a != b { Err(format!("{key} has changed")) } else { Ok(()) }
        }
        (a, b) if a == b => Ok(()),
        _ => Err(format!("{key} has another shape")),
    }
}

/// Whether a value is what a dropped one comes to be.
fn is_emptied(value: &Value) -> bool {
    [json!([]), json!({}), json!(""), json!(0)].contains(value)
}

/// A word of a made-up vocabulary small enough to repeat, with letters of one to four bytes. No two of them make a
/// third when joined: where "d b" may be read as "db", which word is opposite which is nobody's to say.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-d]{0,1}[e-h]",
        2 => "[A-Z][a-z]{3}",
        2 => "[0-9]{3}",
        1 => "(josé|Zoë|o'neil|b\"c|東京|x-1|😀s)",
    ]
}

#[derive(Clone, Debug)]
struct Said {
    text: String,
    mark: Option<char>,
    channel: u8,
    pause_ms: u16,
    heard: Option<String>,
}

fn said() -> impl Strategy<Value = Said> {
    let mark = prop::option::weighted(0.2, prop::sample::select(vec!['.', ',', '?']));
    (word(), mark, 0..2_u8, 0..1_500_u16, prop::option::weighted(0.2, word()))
        .prop_map(|(text, mark, channel, pause_ms, heard)| Said { text, mark, channel, pause_ms, heard })
}

fn running(said: &[Said]) -> String {
    let one = |s: &Said| s.text.clone() + &s.mark.map(String::from).unwrap_or_default();
    said.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn starts(said: &[Said]) -> Vec<f64> {
    let mut at = 0_u32;
    said.iter()
        .map(|s| {
            at += 300 + u32::from(s.pause_ms);
            f64::from(at) / 1000.0
        })
        .collect()
}

fn aws(said: &[Said], with_channels: bool, with_segments: bool) -> Value {
    let mut items = Vec::new();
    let mut lists = [Vec::new(), Vec::new()];
    let mut readings = Vec::new();
    for (s, start) in said.iter().zip(starts(said)) {
        let times = json!({"start_time": format!("{start:.3}"), "end_time": format!("{:.3}", start + 0.3)});
        let mut word = times.clone();
        word["type"] = json!("pronunciation");
        word["alternatives"] = json!([{"confidence": "0.9", "content": s.text}]);
        let mut other = times;
        other["type"] = json!("pronunciation");
        other["content"] = json!(s.heard.as_ref().unwrap_or(&s.text));
        readings.push(other);
        let mark = s.mark.map(|m| json!({"type": "punctuation", "alternatives": [{"content": m.to_string()}]}));
        for mut item in std::iter::once(word).chain(mark) {
            if with_channels {
                item["channel_label"] = json!(format!("ch_{}", s.channel));
                lists[usize::from(s.channel)].push(item.clone());
            }
            items.push(item);
        }
    }
    let mut results = json!({"transcripts": [{"transcript": running(said)}], "items": items});
    if with_channels {
        results["channel_labels"] = json!({"channels": lists.iter().enumerate().map(|(c, l)| json!({"channel_label": format!("ch_{c}"), "items": l})).collect::<Vec<_>>()});
    }
    if with_segments {
        let heard: Vec<&str> = said.iter().map(|s| s.heard.as_ref().unwrap_or(&s.text).as_str()).collect();
        let end = starts(said).last().copied().unwrap_or(0.0) + 0.3;
        results["segments"] = json!([{"start_time": "0.0", "end_time": format!("{end:.3}"), "alternatives": [
            {"transcript": running(said)}, {"transcript": heard.join(" "), "items": readings}]}]);
    }
    json!({"jobName": "call-12", "accountId": "111122223333", "status": "COMPLETED", "results": results})
}

fn whisper(said: &[Said], hosted: bool) -> Value {
    let starts = starts(said);
    let list = |from: usize, to: usize, space: &str| -> Vec<Value> {
        let word =
            |i: usize| json!({"word": format!("{space}{}", said[i].text), "start": starts[i], "end": starts[i] + 0.3});
        (from..to).map(word).collect()
    };
    let mut segments = Vec::new();
    for from in (0..said.len()).step_by(5) {
        let to = (from + 5).min(said.len());
        let mut segment = json!({"id": segments.len(), "start": starts[from], "end": starts[to - 1] + 0.3,
            "text": format!(" {}", running(&said[from..to])), "tokens": [1, 2, 50364]});
        if !hosted {
            segment["words"] = json!(list(from, to, " "));
        }
        segments.push(segment);
    }
    let mut file = json!({"text": running(said), "segments": segments, "language": "en"});
    if hosted {
        file["words"] = json!(list(0, said.len(), ""));
    }
    file
}

/// Turns: neighbours on one channel, and when each word begins.
fn turns(said: &[Said]) -> Vec<(u8, Vec<(&Said, f64)>)> {
    let starts = starts(said);
    let mut turns: Vec<(u8, Vec<(&Said, f64)>)> = Vec::new();
    for (s, start) in said.iter().zip(starts) {
        match turns.last_mut() {
            Some((channel, turn)) if *channel == s.channel => turn.push((s, start)),
            _ => turns.push((s.channel, vec![(s, start)])),
        }
    }
    turns
}

fn text_of(turn: &[(&Said, f64)]) -> String {
    running(&turn.iter().map(|(s, _)| (*s).clone()).collect::<Vec<_>>())
}

fn full(s: &Said) -> String {
    running(std::slice::from_ref(s))
}

fn ms(at: f64) -> u64 {
    (at * 1000.0).round() as u64
}

fn clock(at: f64) -> String {
    format!("{}:{:06.3}", ms(at) / 60_000, (ms(at) % 60_000) as f64 / 1000.0)
}

fn heard(turn: &[(&Said, f64)]) -> String {
    turn.iter().map(|(s, _)| s.heard.as_ref().unwrap_or(&s.text).as_str()).collect::<Vec<_>>().join(" ")
}

fn contact_lens(said: &[Said], with_items: bool) -> Value {
    let turns = turns(said).into_iter().map(|(channel, turn)| {
        let role = ["AGENT", "CUSTOMER"][usize::from(channel)];
        let end = turn.last().map_or(0.0, |l| l.1 + 0.3);
        let content = text_of(&turn);
        let mut value = json!({"ParticipantId": role, "Content": content, "Sentiment": "NEUTRAL",
            "BeginOffsetMillis": ms(turn[0].1), "EndOffsetMillis": ms(end),
            "IssuesDetected": [{"CharacterOffsets": {"BeginOffsetChar": 0, "EndOffsetChar": content.chars().count()}, "Text": content}]});
        if with_items {
            let word = |(s, at): &(&Said, f64)| {
                json!({"Type": "pronunciation", "Content": s.text, "BeginOffsetMillis": ms(*at), "EndOffsetMillis": ms(*at) + 300})
            };
            value["Items"] = json!(turn.iter().map(word).collect::<Vec<_>>());
        }
        value
    });
    let turns: Vec<Value> = turns.collect();
    let summary = json!({"PostContactSummary": {"Content": running(said)}});
    json!({"Version": "1.1.0", "Transcript": turns, "ConversationCharacteristics": {"ContactSummary": summary}})
}

fn deepgram(said: &[Said]) -> Value {
    let word = |s: &Said, at: f64| json!({"word": s.text.to_lowercase(), "punctuated_word": full(s), "start": at, "end": at + 0.3, "confidence": 0.9});
    let starts = starts(said);
    let channels = (0..2).map(|channel| {
        let own: Vec<(&Said, f64)> =
            said.iter().zip(starts.iter().copied()).filter(|(s, _)| s.channel == channel).collect();
        let words: Vec<Value> = own.iter().map(|(s, at)| word(s, *at)).collect();
        json!({"alternatives": [{"transcript": text_of(&own), "confidence": 0.9, "words": words,
            "entities": [{"label": "NAME", "value": text_of(&own)}]}, {"transcript": heard(&own), "words": []}]})
    });
    let channels: Vec<Value> = channels.collect();
    let utterances = turns(said).into_iter().map(|(channel, turn)| {
        let words: Vec<Value> = turn.iter().map(|(s, at)| word(s, *at)).collect();
        json!({"channel": channel, "start": turn[0].1, "end": turn[turn.len() - 1].1 + 0.3, "transcript": text_of(&turn), "words": words})
    });
    let utterances: Vec<Value> = utterances.collect();
    json!({"metadata": {"duration": 1.5, "channels": 2}, "results": {"channels": channels, "utterances": utterances}})
}

fn assembly_ai(said: &[Said]) -> Value {
    let word = |s: &Said, at: f64| json!({"text": full(s), "start": ms(at), "end": ms(at) + 300, "confidence": 0.9, "speaker": "A", "channel": (s.channel + 1).to_string()});
    let words: Vec<Value> = said.iter().zip(starts(said)).map(|(s, at)| word(s, at)).collect();
    let utterances = turns(said).into_iter().map(|(channel, turn)| {
        let words: Vec<Value> = turn.iter().map(|(s, at)| word(s, *at)).collect();
        json!({"speaker": "A", "channel": (channel + 1).to_string(), "start": words[0]["start"], "end": words[words.len() - 1]["end"],
            "text": text_of(&turn), "words": words})
    });
    let utterances: Vec<Value> = utterances.collect();
    json!({"status": "completed", "text": running(said), "words": words, "utterances": utterances, "audio_duration": 9,
        "entities": [{"entity_type": "person_name", "text": running(said)}], "summary": running(said)})
}

fn google(said: &[Said], diarised: bool) -> Value {
    let word = |s: &Said, at: f64, tagged: bool| {
        let mut word =
            json!({"startTime": format!("{at:.3}s"), "endTime": format!("{:.3}s", at + 0.3), "word": full(s)});
        if tagged {
            word["speakerTag"] = json!(s.channel + 1);
        }
        word
    };
    let mut results: Vec<Value> = turns(said)
        .into_iter()
        .map(|(channel, turn)| {
            let words: Vec<Value> = turn.iter().map(|(s, at)| word(s, *at, false)).collect();
            let end = format!("{:.3}s", turn[turn.len() - 1].1 + 0.3);
            let mut result = json!({"alternatives": [{"transcript": text_of(&turn), "words": words}, {"transcript": heard(&turn)}],
                "resultEndTime": end});
            if !diarised {
                result["channelTag"] = json!(channel + 1);
            }
            result
        })
        .collect();
    if diarised {
        let words: Vec<Value> = said.iter().zip(starts(said)).map(|(s, at)| word(s, at, true)).collect();
        results.push(json!({"alternatives": [{"words": words}]}));
    }
    json!({"results": results, "totalBilledTime": "15s"})
}

fn azure(said: &[Said], with_display: bool) -> Value {
    let word = |key: &str, text: String, at: f64| json!({key: text, "offsetInTicks": ms(at) * 10_000, "durationInTicks": 3_000_000});
    let phrases = turns(said).into_iter().map(|(channel, turn)| {
        let bare = turn.iter().map(|(s, _)| s.text.to_lowercase()).collect::<Vec<_>>().join(" ");
        let words: Vec<Value> = turn.iter().map(|(s, at)| word("word", s.text.to_lowercase(), *at)).collect();
        let mut best = json!({"lexical": bare, "itn": heard(&turn), "maskedITN": heard(&turn), "display": text_of(&turn), "words": words});
        if with_display {
            best["displayWords"] = json!(turn.iter().map(|(s, at)| word("displayText", full(s), *at)).collect::<Vec<_>>());
        }
        json!({"recognitionStatus": "Success", "channel": channel, "offsetInTicks": ms(turn[0].1) * 10_000,
            "durationInTicks": (ms(turn[turn.len() - 1].1 + 0.3) - ms(turn[0].1)) * 10_000,
            "nBest": [best, {"lexical": heard(&turn), "display": heard(&turn)}]})
    });
    let phrases: Vec<Value> = phrases.collect();
    let combined = (0..2).map(|channel| {
        let own: Vec<Said> = said.iter().filter(|s| s.channel == channel).cloned().collect();
        json!({"channel": channel, "display": running(&own)})
    });
    let combined: Vec<Value> = combined.collect();
    json!({"source": "https://calls.example.com/a.wav?sig=abc", "combinedRecognizedPhrases": combined, "recognizedPhrases": phrases})
}

fn whisper_cpp(said: &[Said]) -> Value {
    let segments = turns(said).into_iter().map(|(_, turn)| {
        let mut tokens = vec![
            json!({"text": "[_BEG_]", "offsets": {"from": ms(turn[0].1), "to": ms(turn[0].1)}, "id": 50364, "p": 0.9}),
        ];
        for (s, at) in &turn {
            let word = format!(" {}", full(s));
            let cut = word.char_indices().nth(3).map_or(word.len(), |(at, _)| at);
            let times = [(ms(*at), ms(*at) + 100), (ms(*at) + 100, ms(*at) + 300)];
            for (piece, (from, to)) in [&word[..cut], &word[cut..]].iter().zip(times).filter(|(p, _)| !p.is_empty()) {
                tokens.push(json!({"text": piece, "offsets": {"from": from, "to": to}, "id": 1234, "p": 0.5}));
            }
        }
        json!({"text": format!(" {}", text_of(&turn)), "tokens": tokens,
            "offsets": {"from": ms(turn[0].1), "to": ms(turn[turn.len() - 1].1 + 0.3)}})
    });
    json!({"result": {"language": "en"}, "transcription": segments.collect::<Vec<_>>()})
}

/// How files of [`mapped`] are read; no file of a vendor's fits.
static MAPPING: LazyLock<Arc<Mapping>> = LazyLock::new(|| {
    let text = r#"
        version = 1
        labels = "about.text"
        drop = "about.entities"
        keep = "about.ref"
        [turns]
        at = "call.turns[]"
        text = ["display", "lexical"]
        start = "time.from"
        end = "time.to"
        unit = "milliseconds"
        speaker = "who"
        [turns.words]
        at = "pieces[]"
        text = ["text", "word"]
        start = "at"
        length = "for"
        unit = "clock"
    "#;
    Arc::new(Mapping::parse(text).expect("it is right"))
});

fn mapped(said: &[Said], with_words: bool) -> Value {
    let turns = turns(said).into_iter().map(|(channel, turn)| {
        let end = turn.last().map_or(0.0, |l| l.1 + 0.3);
        let who = ["Agent", "SPEAKER_01"][usize::from(channel)];
        let mut value = json!({"who": who, "display": text_of(&turn),
            "lexical": heard(&turn), "time": {"from": ms(turn[0].1), "to": ms(end)}});
        if with_words {
            let word = |(s, at): &(&Said, f64)| {
                json!({"text": full(s), "word": s.text.to_lowercase(), "at": clock(*at), "for": "0:00.300"})
            };
            value["pieces"] = json!(turn.iter().map(word).collect::<Vec<_>>());
        }
        value
    });
    let turns: Vec<Value> = turns.collect();
    let about = json!({"text": running(said), "entities": [running(said), 12345678], "ref": "2026-11-21/7"});
    json!({"call": {"turns": turns}, "about": about})
}

fn file() -> impl Strategy<Value = Vec<u8>> {
    (prop::collection::vec(said(), 1..60), 0..19_u8, any::<bool>()).prop_map(|(said, form, pretty)| {
        let value = match form {
            0..4 => aws(&said, form % 2 == 1, form >= 2),
            4 | 5 => whisper(&said, form == 4),
            6 | 7 => contact_lens(&said, form == 6),
            8 => deepgram(&said),
            9 => assembly_ai(&said),
            10 | 11 => google(&said, form == 10),
            12 | 13 => azure(&said, form == 12),
            14 => whisper_cpp(&said),
            15 | 16 => mapped(&said, form == 15),
            _ => {
                return format!("AGENT: {}\n{}", running(&said[..said.len() / 2]), running(&said[said.len() / 2..]))
                    .into_bytes();
            }
        };
        if pretty { serde_json::to_vec_pretty(&value) } else { serde_json::to_vec(&value) }.unwrap_or_default()
    })
}

proptest! {
    #[test]
    fn what_is_masked_is_gone_and_nothing_else_has_changed(file in file(), nth in 1..6_usize) {
        let checked = check(&file, nth);
        prop_assert!(checked.is_ok(), "{:?} in {}", checked, String::from_utf8_lossy(&file));
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(Phi::new(bytes), None);
    }

    #[test]
    fn a_spoilt_file_never_panics(file in file(), cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..4)) {
        let mut file = file;
        for (at, byte, kind) in cuts {
            if file.is_empty() {
                break;
            }
            let at = at.index(file.len());
            match kind {
                0 => file[at] = byte,
                1 => file.truncate(at),
                _ => file.insert(at, b"\"\\{}[],:0e"[usize::from(byte) % 10]),
            }
        }
        let _ = check(&file, 2);
    }
}

#[test]
#[ignore = "needs a folder of transcripts in SORDINO_TRANSCRIPTS"]
fn a_folder_of_transcripts_is_masked_whole() {
    let folder = std::env::var_os("SORDINO_TRANSCRIPTS").expect("SORDINO_TRANSCRIPTS names a folder");
    let (mut files, mut spoken, mut alternate, mut failed) = (0, 0, 0, Vec::new());
    for file in std::fs::read_dir(folder).expect("it is a folder").flatten() {
        files += 1;
        match check(&std::fs::read(file.path()).expect("it can be read"), 5) {
            Ok((s, a)) => (spoken, alternate) = (spoken + s, alternate + a),
            Err(error) => failed.push(format!("{}: {error}", file.path().display())),
        }
    }
    println!("{files} files, {spoken} spoken words, {alternate} alternate words, {} failed", failed.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
