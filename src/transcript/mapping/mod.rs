//! Generic JSON: a small TOML file says which path of a transcript is text, which is a time, and what else may stand in it.
//!
//! A mapping becomes the same kind of schema that the formats of vendors are written in, so that whatever it does not
//! name holds the call as everywhere. Must not look at transcripts beyond telling whether one fits.

mod file;
mod names;
mod path;
mod tree;

use super::json::scan;
use super::link::Linker;
use super::marks::{has_key, is_json};
use super::source::Source;
use super::spoken::{Entries, Layout, speak};
use super::stretches::{File, Stretch};
use crate::base::{Result, Sha256Hex, TimeSpan};
use crate::model::TimeSource;
use path::Path;

/// Largest mapping file, bytes.
const BYTES_MAX: usize = 64 << 10;

/// How transcripts of a shape of the user's own are read.
pub struct Mapping {
    digest: Sha256Hex,
    /// Keys that every file of this shape has.
    keys: Vec<String>,
    layout: Layout,
}

impl Mapping {
    /// Reads a mapping (docs/mapping.md). Its schema lives as long as the process, which needs one or two.
    ///
    /// # Errors
    /// Says what is wrong, when it is not TOML, names a field that there is not, has no text, or gives one place two
    /// meanings.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > BYTES_MAX {
            return Err(format!("{} bytes, at most {BYTES_MAX}", text.len()));
        }
        let file: file::Mapped = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            format!("line {line}: {}", error.message().lines().next().unwrap_or("not TOML"))
        })?;
        let root = file.check().and_then(|()| file.tree())?;
        let root = Box::leak(Box::new(root.into_node()));
        let layout = Layout {
            root,
            entries: Entries::Words,
            times: file.word_times.unwrap_or(TimeSource::Coarse),
            arrange: voices_of_turns,
        };
        let keys = file.text_paths().iter().flat_map(Path::keys).map(str::to_owned).collect();
        Ok(Self { digest: Sha256Hex::of(text.as_bytes()), keys, layout })
    }

    /// Digest of the mapping file.
    #[must_use]
    pub const fn digest(&self) -> &Sha256Hex {
        &self.digest
    }

    /// Whether a JSON file has every key on the way to the text.
    pub(super) fn fits(&self, file: &str) -> bool {
        is_json(file.trim_start_matches('\u{feff}').trim_start()) && self.keys.iter().all(|key| has_key(file, key))
    }
}

/// Reads the words of a file and ties its copies to them.
///
/// # Errors
/// Those of [`super::spoken::read`]; a place that the mapping does not name and that has text holds the call too.
pub(super) fn read(source: Source, mapping: &Mapping) -> Result<Linker> {
    let Mapping { layout, .. } = mapping;
    let tape = scan(source.file(), layout.root)?;
    let mut file = File::of(&source, &tape)?;
    let mut linker = Linker::of_json(source, &tape, layout.times);
    let labels = names::hide(&mut linker, &file)?;
    (layout.arrange)(linker.source(), &mut file)?;
    speak(&mut linker, file, layout, labels)?;
    Ok(linker)
}

/// Words in a list of their own often do not tell who speaks: then it is whoever has the turn in which a word starts.
#[expect(clippy::unnecessary_wraps, reason = "other formats' files can be wrong here")]
fn voices_of_turns(_: &Source, file: &mut File) -> Result<()> {
    let mut turns: Vec<(TimeSpan, &Stretch)> = file.copies.iter().filter_map(|turn| Some((turn.time?, turn))).collect();
    turns.sort_by_key(|(time, _)| time.start_ms());
    let words = file.channels.iter_mut().flat_map(|c| &mut c.readings).flat_map(|r| &mut r.lists).flatten();
    for word in words.filter(|word| word.voice.speaker.is_none()) {
        let Some(start_ms) = word.time.map(TimeSpan::start_ms) else { continue };
        let begun = turns.partition_point(|(time, _)| time.start_ms() <= start_ms);
        let turn = begun.checked_sub(1).map(|at| turns[at]).filter(|(time, _)| start_ms < time.end_ms());
        word.voice = turn.map_or(word.voice, |(_, turn)| word.voice.or(turn.voice));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Told, read};
    use super::*;
    use crate::base::{HoldReason, Phi};
    use crate::model::Format;
    use std::sync::Arc;

    const TURNS: &str = "version = 1\n[turns]\nat = \"t[]\"\ntext = \"x\"\n";

    fn check(text: &str, want: &str) {
        let what = Mapping::parse(text).err().unwrap_or_default();
        assert!(what.contains(want), "{text}: {what}");
    }

    #[test]
    fn what_is_wrong_with_a_mapping_is_said() {
        check("version = 2\n[turns]\nat = \"t[]\"\ntext = \"x\"", "version 2");
        check("version = 1", "neither turns");
        check(&format!("{TURNS}spaeker = \"s\""), "line 5: unknown field `spaeker`");
        check(&format!("{TURNS}speaker = \"x\""), "two meanings");
        check(&format!("{TURNS}[words]\nat = \"w\"\ntext = \"x\""), "must end in []");
        check(&format!("{TURNS}[words]\nat = \"w[]\""), "a word has one text");
        check(
            &format!("{TURNS}[turns.words]\nat = \"w[]\"\ntext = \"x\"\nwords = {{at=\"v[]\"}}"),
            "a word has one text",
        );
        check("version = 1\n[turns]\nat = \"t[]\"", "neither text nor words");
        check(&format!("text = \"t[].y\"\n{TURNS}"), "name it there");
        check(&format!("keep = \"a..b\"\n{TURNS}"), "line 1");
        check(&" ".repeat(BYTES_MAX + 1), "at most");
    }

    fn held(mapping: &str, file: &str) -> Option<HoldReason> {
        let told = Told { mapping: Some(Arc::new(Mapping::parse(mapping).unwrap())), ..Told::default() };
        match read(Phi::new(file.as_bytes().to_vec()), told) {
            Ok(document) => {
                assert_eq!(document.format(), Format::Mapped);
                None
            }
            Err(error) => error.hold_reason(),
        }
    }

    #[test]
    fn what_a_mapping_does_not_name_holds_the_call() {
        let kept = format!("keep = [\"id\", \"tags[]\"]\n{TURNS}speaker = \"s\"\n");
        assert_eq!(held(&kept, r#"{"id": "x y", "tags": ["a b"], "n": 7, "t": [{"x": "hello", "s": 1}]}"#), None);
        for uncovered in [
            r#"{"title": "Ana", "t": [{"x": "hello"}]}"#,
            r#"{"t": [{"x": "hello", "who": "Ana"}]}"#,
            r#"{"n": 5550134, "t": [{"x": "hello"}]}"#,
            r#"{"id": {"name": "Ana"}, "t": [{"x": "hello"}]}"#,
            r#"{"t": [{"x": "hello", "s": 5550134}]}"#,
        ] {
            assert_eq!(held(&kept, uncovered), Some(HoldReason::UncoveredText), "{uncovered}");
        }
    }

    #[test]
    fn a_file_that_does_not_fit_is_recognised_as_ever() {
        assert_eq!(held(TURNS, r#"{"turns": []}"#), Some(HoldReason::UnknownTranscriptFormat));
        let told = Told { mapping: Some(Arc::new(Mapping::parse(TURNS).unwrap())), ..Told::default() };
        let document = read(Phi::new(b"AGENT: hello".to_vec()), told).unwrap();
        assert_eq!(document.format(), Format::Text);
    }
}
