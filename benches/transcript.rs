//! Reading and masking of transcripts, bytes of input a second on one core.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use serde_json::json;
use sordino::base::{CallId, Phi, WordSpan};
use sordino::model::{Category, Edit};
use sordino::transcript::read;

fn main() {
    divan::main();
}

const WORDS: &str = "so I would like to check on the claim that you sent me in the mail last week please \
    my member number is four five five one two and the date was the fifth of March okay thank you";

/// An hour of two people, with every copy of the text that batch output by channel has.
fn aws(words: usize, pretty: bool) -> Vec<u8> {
    let (mut items, mut segments, mut lists) = (Vec::new(), Vec::new(), [Vec::new(), Vec::new()]);
    let mut whole = Vec::new();
    let said: Vec<&str> = WORDS.split_whitespace().cycle().take(words).collect();
    for (turn, said) in said.chunks(11).enumerate() {
        let channel = format!("ch_{}", turn % 2);
        let first = items.len();
        for (i, word) in said.iter().enumerate() {
            let at = (turn * 11 + i) as f64 * 0.4;
            items.push(json!({"id": items.len(), "type": "pronunciation", "alternatives": [{"confidence": "0.998", "content": word}],
                "start_time": format!("{at:.2}"), "end_time": format!("{:.2}", at + 0.31), "channel_label": channel}));
        }
        items.push(json!({"id": items.len(), "type": "punctuation", "alternatives": [{"confidence": "0.0", "content": "."}], "channel_label": channel}));
        lists[turn % 2].extend_from_slice(&items[first..]);
        let text = said.join(" ") + ".";
        segments.push(json!({"id": turn, "transcript": text, "start_time": items[first]["start_time"],
            "end_time": items[items.len() - 2]["end_time"], "channel_label": channel, "items": (first..items.len()).collect::<Vec<_>>()}));
        whole.push(text);
    }
    let channels: Vec<_> = (0..2).map(|c| json!({"channel_label": format!("ch_{c}"), "items": lists[c]})).collect();
    let file = json!({"jobName": "call-1", "accountId": "111122223333", "status": "COMPLETED", "results": {
        "transcripts": [{"transcript": whole.join(" ")}], "channel_labels": {"channels": channels, "number_of_channels": 2},
        "items": items, "audio_segments": segments}});
    if pretty { serde_json::to_vec_pretty(&file) } else { serde_json::to_vec(&file) }.expect("it is JSON")
}

/// One stretch of three words in sixty.
fn edits(words: usize) -> Vec<Edit> {
    let edit =
        |at| Edit { words: WordSpan::new(at as u32, at as u32 + 3), category: Category::Name, rules: Vec::new() };
    (0..words.saturating_sub(3)).step_by(60).map(edit).collect()
}

#[divan::bench(args = [("compact", 9_000), ("pretty", 9_000), ("compact", 900)])]
fn aws_read(bencher: Bencher, (form, words): (&str, usize)) {
    let file = aws(words, form == "pretty");
    bencher
        .counter(BytesCount::of_slice(&file))
        .with_inputs(|| Phi::new(file.clone()))
        .bench_values(|file| read(black_box(file), None).is_ok());
}

#[divan::bench(args = [("compact", 9_000), ("pretty", 9_000), ("compact", 900)])]
fn aws_read_and_mask(bencher: Bencher, (form, words): (&str, usize)) {
    let file = aws(words, form == "pretty");
    let (edits, call) = (edits(words), CallId::from_mac(&[7; 32]));
    bencher.counter(BytesCount::of_slice(&file)).with_inputs(|| Phi::new(file.clone())).bench_values(|file| {
        let document = read(black_box(file), None).expect("it is sound");
        document.mask(&edits, &call).is_ok()
    });
}
