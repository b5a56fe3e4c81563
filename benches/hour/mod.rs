//! What benches of whole calls are run on.

use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// Words of an hour: 150 a minute.
pub const HOUR_WORDS: usize = 9_000;

/// The first words of the training calls (invented), one call after the other, as Amazon Transcribe writes them.
pub fn aws(words: usize) -> Value {
    let mut files: Vec<_> = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("patterns/training"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|file| file.extension().is_some_and(|e| e == "txt"));
    files.sort();
    let text: String = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let turns = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        // "A: you've reached {NAME candelaria}": neither the speaker nor the labels were said.
        let words = line.split_whitespace().skip(1).filter(|word| !word.starts_with('{'));
        words.map(|word| word.trim_end_matches('}')).filter(|word| !word.is_empty())
    });
    let said: Vec<(usize, &str)> =
        turns.enumerate().flat_map(|(turn, words)| words.map(move |word| (turn, word))).take(words).collect();
    let items: Vec<Value> = said.iter().enumerate().map(|(at, (turn, word))| item(at, turn % 2, word)).collect();
    let whole: Vec<&str> = said.iter().map(|(_, word)| *word).collect();
    let of_channel = |c: &str| items.iter().filter(|i| i["channel_label"] == c).cloned().collect::<Vec<_>>();
    let channels = ["ch_0", "ch_1"].map(|c| json!({"channel_label": c, "items": of_channel(c)}));
    json!({"jobName": "call-1", "accountId": "111122223333", "status": "COMPLETED", "results": {
        "transcripts": [{"transcript": whole.join(" ")}],
        "channel_labels": {"channels": channels, "number_of_channels": 2}, "items": items}})
}

fn item(at: usize, channel: usize, word: &str) -> Value {
    let start = at as f64 * 0.4;
    json!({"type": "pronunciation", "alternatives": [{"confidence": "0.998", "content": word}],
        "start_time": format!("{start:.2}"), "end_time": format!("{:.2}", start + 0.31),
        "channel_label": format!("ch_{channel}")})
}
