//! Masking as a property: whatever is masked is gone from every text of the file, and nothing else
//! of the file has changed. Over made-up files, and over a folder of real ones.
#![allow(clippy::disallowed_macros, clippy::disallowed_methods, reason = "it prints what it measured")]

use proptest::prelude::*;
use serde_json::{Value, json};
use sordino::base::{CallId, Phi, WordSpan};
use sordino::model::{Category, Edit, TurnKind};
use sordino::transcript::{Document, read};
use std::collections::BTreeSet;

/// Keys of text; all other strings are structure.
const TEXT_KEYS: [&str; 4] = ["content", "transcript", "text", "word"];
const MARK: &str = "[NAME]";

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
    let document = read(Phi::new(bytes.to_vec()), None).map_err(|e| e.to_string())?;
    let words = document.transcript();
    let text = |i: usize| fold(words.word_text(i).into_exposed());
    let all: BTreeSet<String> = (0..words.words().len()).map(text).filter(|t| !t.is_empty()).collect();
    let hidden: BTreeSet<String> = all.into_iter().step_by(nth).collect();
    let edits: Vec<Edit> = (0..words.words().len())
        .filter(|&i| hidden.contains(&text(i)))
        .map(|i| Edit { words: WordSpan::new(i as u32, i as u32 + 1), category: Category::Name, rules: Vec::new() })
        .collect();
    let call = CallId::from_mac(&[0xab; 32]);
    let masked = document.mask(&edits, &call).map_err(|e| e.to_string())?.into_exposed();
    let again = read(Phi::new(masked.clone()), None).map_err(|e| format!("the output: {e}"))?;
    let alternate = words.turns().iter().filter(|t| t.kind != TurnKind::Spoken).map(|t| t.words.len() as usize).sum();
    // Another reading is masked with the words that it stands in for; a job's name is no such reading.
    let exact = alternate <= 1;
    match serde_json::from_slice::<Value>(bytes) {
        Ok(before) => {
            let after = serde_json::from_slice(&masked).map_err(|_| "the output is no JSON")?;
            compare(&before, &after, "", &hidden, exact)?;
            let times = |d: &Document| -> Vec<_> {
                let t = d.transcript();
                let spoken = t.turns().iter().filter(|t| t.kind == TurnKind::Spoken);
                let times = spoken.flat_map(|turn| t.words()[turn.words.range()].iter().map(|w| w.time));
                // Where two people talk at once, marks cannot tell whose turn a word is of.
                let mut times: Vec<_> = times.collect();
                times.sort();
                times
            };
            if before.to_string().contains("\"word\"") || before.to_string().contains("\"items\"") {
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

fn compare(before: &Value, after: &Value, key: &str, hidden: &BTreeSet<String>, exact: bool) -> Result<(), String> {
    match (before, after) {
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            a.iter().try_for_each(|(k, v)| compare(v, &b[k], k, hidden, exact))
        }
        (Value::Array(_), Value::Array(b)) if key == "tokens" && b.is_empty() => Ok(()),
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).try_for_each(|(a, b)| compare(a, b, key, hidden, exact))
        }
        (Value::String(_), Value::String(_)) if key == "jobName" => Ok(()),
        (Value::String(a), Value::String(b)) if TEXT_KEYS.contains(&key) => {
            if folds(b).any(|f| hidden.contains(&f)) {
                return Err(format!("a masked word is left in {key}"));
            }
            let touched = folds(a).any(|f| hidden.contains(&f));
            if exact && !touched && a != b { Err(format!("{key} has changed")) } else { Ok(()) }
        }
        (a, b) if a == b => Ok(()),
        _ => Err(format!("{key} has another shape")),
    }
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

fn file() -> impl Strategy<Value = Vec<u8>> {
    (prop::collection::vec(said(), 1..60), 0..8_u8, any::<bool>()).prop_map(|(said, form, pretty)| {
        let value = match form {
            0..4 => aws(&said, form % 2 == 1, form >= 2),
            4 | 5 => whisper(&said, form == 4),
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
