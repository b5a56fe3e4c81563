//! Labels of speakers in a shape of the user's own: nothing says that they are no names. Roles and short numbers stay,
//! any other reads `Speaker N` in the output, and detection is told the name.

use super::super::link::Linker;
use super::super::source::Leaf;
use super::super::speakers::{Label, Speakers};
use super::super::stretches::File;
use crate::base::{Error, HoldReason, Result, Stage};
use crate::model::Speaker;

/// What stands in front of the number of a speaker that is nobody's name, in lower case.
const NUMBERED: [&str; 6] = ["", "spk_", "speaker_", "channel_", "ch_", "s"];

/// Takes the names out of labels, and says who speaks under each label as it stands in the file.
///
/// # Errors
/// Holds the call when there are too many voices, or a label that is no string could be an identifier.
pub(super) fn hide(linker: &mut Linker, file: &File) -> Result<Vec<(String, Speaker)>> {
    let mut labels: Vec<(Leaf, String)> = Vec::new();
    for leaf in leaves(file) {
        let label = linker.said(leaf);
        if !is_plain(&label) {
            labels.push((leaf, label));
        }
    }
    let speakers = Speakers::of(labels.iter().map(|(_, label)| label.as_str()))?;
    let mut who: Vec<(String, Speaker)> = Vec::new();
    for (leaf, label) in &labels {
        let label = speakers.label(label);
        if let Label::Number(number) = label {
            if !linker.source().file()[..leaf.range().start].ends_with('"') {
                let message = "a speaker's number could be an identifier";
                return Err(Error::held(Stage::ParseTranscript, HoldReason::UncoveredText, message)
                    .at("byte", leaf.range().start as u64));
            }
            linker.speaker(*leaf, number);
        }
        let raw = linker.source().raw(*leaf);
        if !who.iter().any(|(known, _)| known == raw) {
            who.push((raw.to_owned(), label.speaker()));
        }
    }
    linker.know(speakers.known());
    Ok(who)
}

fn leaves(file: &File) -> Vec<Leaf> {
    let stretches = || file.segments.iter().chain(&file.channels).chain(&file.copies);
    let words = stretches().flat_map(|s| &s.readings).flat_map(|r| &r.lists).flatten();
    let mut leaves: Vec<Leaf> =
        stretches().map(|s| s.voice).chain(words.map(|w| w.voice)).filter_map(|v| v.speaker).collect();
    leaves.sort_unstable_by_key(|leaf| leaf.start);
    // Words have the label of their turn where they have none of their own.
    leaves.dedup();
    leaves
}

/// Whether a label is nobody's name and no role either: `spk_0`, `2`, `B`.
fn is_plain(label: &str) -> bool {
    let lower = label.to_ascii_lowercase();
    let numbered = NUMBERED.iter().filter_map(|prefix| lower.strip_prefix(prefix));
    let is_number = |n: &str| (1..=3).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit());
    label.is_empty() || numbered.into_iter().any(is_number) || matches!(label.as_bytes(), [b'A'..=b'Z'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_letters_are_nobodys_name() {
        for label in ["", "0", "spk_12", "SPEAKER_03", "S1", "ch_0", "B"] {
            assert!(is_plain(label), "{label}");
        }
        for label in ["Maria", "maria_5", "1555", "5550134", "speaker_jones", "spk_", "b", "Agent"] {
            assert!(!is_plain(label), "{label}");
        }
    }
}
