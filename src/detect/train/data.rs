//! Labelled calls: the training files of this repository, and corpora as JSON lines.

use crate::base::Phi;
use crate::model::{Category, Speaker, TimeSource, Transcript, TranscriptBuilder, TurnKind};
use serde::Deserialize;

/// A word with what it is.
#[derive(Clone)]
pub struct LabelledWord {
    /// The word as a recogniser writes it.
    pub text: String,
    /// `Some(None)`: may stay; `Some(Some(c))`: must be hidden; `None`: either is right.
    pub label: Option<Option<Category>>,
    /// Number of the mention in the call, 0 for none.
    pub mention: u32,
}

/// A turn of a labelled call.
#[derive(Clone)]
pub struct LabelledTurn {
    /// Who speaks.
    pub speaker: Speaker,
    /// What is said.
    pub words: Vec<LabelledWord>,
}

/// A labelled call. Everyone in it is invented.
#[derive(Clone)]
pub struct LabelledCall {
    /// File and number, or the corpus id.
    pub id: String,
    /// Cased and punctuated, with digits; else raw.
    pub formatted: bool,
    /// The turns in order.
    pub turns: Vec<LabelledTurn>,
}

impl LabelledCall {
    /// The call as detection sees it.
    #[must_use]
    pub fn transcript(&self) -> Transcript {
        let mut b = TranscriptBuilder::new(TimeSource::None);
        for turn in &self.turns {
            b.turn(TurnKind::Spoken, turn.speaker, None);
            for word in &turn.words {
                b.word(Phi::new(&word.text), None, 1.0);
            }
        }
        b.build()
    }

    /// All words in order.
    pub fn words(&self) -> impl Iterator<Item = &LabelledWord> {
        self.turns.iter().flat_map(|t| &t.words)
    }
}

/// Reads a file of `patterns/training/` (its README has the format).
///
/// # Errors
/// Says which line is wrong.
pub fn read_training(name: &str, text: &str) -> Result<Vec<LabelledCall>, String> {
    let mut calls: Vec<LabelledCall> = Vec::new();
    let mut mention = 0;
    for (n, line) in text.lines().enumerate() {
        let wrong = |what: &str| format!("{name}:{}: {what}", n + 1);
        if line.starts_with("# call:") {
            calls.push(LabelledCall { id: format!("{name}#{}", calls.len() + 1), formatted: false, turns: Vec::new() });
            mention = 0;
        } else if let Some(style) = line.strip_prefix("# style:") {
            calls.last_mut().ok_or_else(|| wrong("style before call"))?.formatted = style.trim() == "formatted";
        } else if !line.trim().is_empty() && !line.starts_with('#') {
            let call = calls.last_mut().ok_or_else(|| wrong("turn before call"))?;
            let (who, said) = line.split_once(": ").ok_or_else(|| wrong("no speaker"))?;
            let speaker = match who {
                "A" | "S" => Speaker::Agent,
                "C" | "T" => Speaker::Caller,
                _ => return Err(wrong("unknown speaker")),
            };
            let words = said_words(said, &mut mention).ok_or_else(|| wrong("braces or label"))?;
            if !words.is_empty() {
                call.turns.push(LabelledTurn { speaker, words });
            }
        }
    }
    Ok(calls)
}

fn said_words(said: &str, mention: &mut u32) -> Option<Vec<LabelledWord>> {
    let mut words: Vec<LabelledWord> = Vec::new();
    let mut rest = said;
    while !rest.is_empty() {
        let (plain, after) = rest.split_once('{').unwrap_or((rest, ""));
        push_words(&mut words, plain, Some(None), 0);
        if after.is_empty() {
            break;
        }
        let (inside, after) = after.split_once('}')?;
        let (label, text) = inside.split_once(' ')?;
        *mention += 1;
        let label = if label == "AMBIG" { None } else { Some(Some(Category::from_label(label)?)) };
        push_words(&mut words, text, label, *mention);
        // Punctuation right behind a brace belongs to the word before it.
        let glue: String = after.chars().take_while(|c| !c.is_whitespace() && *c != '{').collect();
        if let Some(word) = words.last_mut() {
            word.text.push_str(&glue);
        }
        rest = &after[glue.len()..];
    }
    Some(words)
}

fn push_words(words: &mut Vec<LabelledWord>, text: &str, label: Option<Option<Category>>, mention: u32) {
    words.extend(text.split_whitespace().map(|w| LabelledWord { text: w.to_owned(), label, mention }));
}

#[derive(Deserialize)]
struct CorpusCall {
    id: String,
    style: String,
    turns: Vec<CorpusTurn>,
}

#[derive(Deserialize)]
struct CorpusTurn {
    speaker: String,
    words: Vec<CorpusWord>,
}

#[derive(Deserialize)]
struct CorpusWord {
    w: String,
    label: Option<String>,
    ent: Option<u32>,
}

/// Reads a corpus of JSON lines (call: id, style, turns of words `w`, `label`, `ent`).
///
/// # Errors
/// Says which line is wrong.
pub fn read_corpus(text: &str) -> Result<Vec<LabelledCall>, String> {
    text.lines().enumerate().map(|(n, line)| corpus_call(line).map_err(|e| format!("line {}: {e}", n + 1))).collect()
}

fn corpus_call(line: &str) -> Result<LabelledCall, String> {
    let call: CorpusCall = serde_json::from_str(line).map_err(|e| e.to_string())?;
    let word = |w: CorpusWord| {
        let label = match w.label.as_deref() {
            None => Some(None),
            Some("AMBIG") => None,
            Some(l) => Some(Some(Category::from_label(l).ok_or("unknown label")?)),
        };
        Ok::<_, String>(LabelledWord { text: w.w, label, mention: w.ent.unwrap_or(0) })
    };
    let turn = |t: CorpusTurn| {
        let speaker = if matches!(t.speaker.as_str(), "AGENT" | "SYSTEM") { Speaker::Agent } else { Speaker::Caller };
        Ok::<_, String>(LabelledTurn { speaker, words: t.words.into_iter().map(word).collect::<Result<_, _>>()? })
    };
    let turns = call.turns.into_iter().map(turn).collect::<Result<_, _>>()?;
    Ok(LabelledCall { id: call.id, formatted: call.style == "formatted", turns })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mentions_and_glued_punctuation_are_read() {
        let calls =
            read_training("t", "# call: x\n# style: formatted\nA: Hi {NAME Ana Ruiz}. {AMBIG Monday}?\n").unwrap();
        let words: Vec<_> = calls[0].words().map(|w| (w.text.as_str(), w.label.flatten().is_some())).collect();
        assert_eq!(words, [("Hi", false), ("Ana", true), ("Ruiz.", true), ("Monday?", false)]);
    }
}
