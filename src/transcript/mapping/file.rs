//! A mapping as its author writes it, and the schema that it amounts to.

use super::super::schema::{Node, Role, Unit, shape};
use super::path::Path;
use super::tree::Tree;
use crate::model::TimeSource;
use serde::Deserialize;

/// The version of mapping files that is read.
const VERSION: u32 = 1;

/// A mapping file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Mapped {
    version: u32,
    /// How good the times of words are.
    pub(super) word_times: Option<TimeSource>,
    /// Stretches of speech in order.
    turns: Option<List>,
    /// Stretches that are all that is said on a channel.
    channels: Option<List>,
    /// All words of the call.
    words: Option<List>,
    /// Texts of the whole call.
    #[serde(default)]
    text: Places,
    /// Texts that nobody said.
    #[serde(default)]
    labels: Places,
    #[serde(default)]
    keep: Places,
    #[serde(default)]
    drop: Places,
}

/// A list of stretches of speech or of words, and what its entries hold.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct List {
    at: Path,
    #[serde(default)]
    text: Places,
    start: Option<Path>,
    end: Option<Path>,
    length: Option<Path>,
    #[serde(default)]
    unit: WrittenUnit,
    speaker: Option<Path>,
    channel: Option<Path>,
    #[serde(default)]
    first_channel: u16,
    confidence: Option<Path>,
    #[serde(default)]
    keep: Places,
    #[serde(default)]
    drop: Places,
    words: Option<Box<Self>>,
}

/// One path or several.
#[derive(Default, Deserialize)]
#[serde(untagged)]
enum Places {
    #[default]
    None,
    One(Path),
    Several(Vec<Path>),
}

impl Places {
    fn paths(&self) -> &[Path] {
        match self {
            Self::None => &[],
            Self::One(path) => std::slice::from_ref(path),
            Self::Several(paths) => paths,
        }
    }
}

/// How times are written.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WrittenUnit {
    #[default]
    Seconds,
    Milliseconds,
    Ticks,
    /// `12.34s`
    SecondsWithS,
    /// `PT12.34S`
    Iso8601,
    /// `1:02:03.45`
    Clock,
}

impl From<WrittenUnit> for Unit {
    fn from(unit: WrittenUnit) -> Self {
        match unit {
            WrittenUnit::Seconds => Self::Seconds,
            WrittenUnit::Milliseconds => Self::Millis,
            WrittenUnit::Ticks => Self::Ticks,
            WrittenUnit::SecondsWithS => Self::Suffixed,
            WrittenUnit::Iso8601 => Self::Iso8601,
            WrittenUnit::Clock => Self::Clock,
        }
    }
}

impl Mapped {
    /// The schema.
    ///
    /// # Errors
    /// Says what is wrong in itself.
    pub(super) fn tree(&self) -> Result<Tree, String> {
        if self.version != VERSION {
            return Err(format!("version {}: this program reads version {VERSION}", self.version));
        }
        let mut tree = Tree::Open;
        for (list, list_role, entry_role) in self.lists() {
            list.add(&mut tree, list_role, entry_role)?;
        }
        let lists: Vec<&Path> = self.lists().map(|(list, ..)| &list.at).collect();
        for (places, node) in [(&self.text, Role::WholeText), (&self.labels, Role::Label)] {
            for path in places.paths() {
                if lists.iter().any(|list| path.is_below(list)) {
                    return Err("a text lies in a list that is named; name it there".into());
                }
                tree.put(path, Node::Text(node))?;
            }
        }
        put_all(&mut tree, &self.keep, Node::Known(anything), None)?;
        put_all(&mut tree, &self.drop, Node::Dropped, None)?;
        Ok(tree)
    }

    /// The paths to what is said.
    pub(super) fn text_paths(&self) -> Vec<Path> {
        let of_list = |(list, ..): (&List, Role, Role)| {
            let inner = list.words.as_deref();
            let of_words = inner.and_then(|w| Some(list.at.then(&w.at).then(w.text.paths().first()?)));
            let of_text = list.text.paths().first().map(|text| list.at.then(text));
            of_text.or(of_words)
        };
        self.lists().filter_map(of_list).collect()
    }

    /// The lists that it names, each with its role and that of its entries. Where there are words beside turns, the
    /// words are what was said, and turns are copies.
    fn lists(&self) -> impl Iterator<Item = (&List, Role, Role)> {
        let turns = if self.words.is_some() || self.channels.is_some() { Role::Copy } else { Role::Segment };
        let turns = self.turns.iter().map(move |list| (list, Role::Group, turns));
        let channels = self.channels.iter().map(|list| (list, Role::Group, Role::ChannelWords));
        turns.chain(channels).chain(self.words.iter().map(|list| (list, Role::Words, Role::Word)))
    }

    /// Whether anything is said at all.
    ///
    /// # Errors
    /// Says what is missing or too much.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.words.is_some() && self.channels.is_some() {
            return Err("words and channels are both named; drop one of them".into());
        }
        if self.lists().next().is_none() {
            return Err("neither turns, channels nor words are named".into());
        }
        for (list, role, _) in self.lists() {
            let is_words = role == Role::Words;
            if is_words && list.words.is_some() {
                return Err("words have no words of their own".into());
            }
            for words in list.words.iter().map(|w| &**w).chain(Some(list).filter(|_| is_words)) {
                if !(1..=2).contains(&words.text.paths().len()) || words.words.is_some() {
                    return Err("a word has one text, or two: as it is shown, and as it is said".into());
                }
            }
            if list.text.paths().is_empty() && list.words.is_none() {
                return Err("a list has neither text nor words".into());
            }
        }
        Ok(())
    }
}

impl List {
    /// Adds the list to a schema.
    fn add(&self, tree: &mut Tree, list: Role, entry: Role) -> Result<(), String> {
        self.add_below(tree, &Path::default(), list, entry)
    }

    fn add_below(&self, tree: &mut Tree, above: &Path, list: Role, entry: Role) -> Result<(), String> {
        let at = above.then(&self.at);
        tree.entries(&at, list, entry)?;
        if let Some(words) = &self.words {
            words.add_below(tree, &at, Role::Words, Role::Word)?;
        }
        for (n, text) in self.text.paths().iter().enumerate() {
            if self.words.as_ref().is_some_and(|words| text.is_below(&words.at)) {
                return Err("a text of a turn lies in its list of words; name it there".into());
            }
            let role = if entry == Role::Word && n == 1 { Role::TextAgain } else { Role::Text };
            tree.put(&at.then(text), Node::Text(role))?;
        }
        let unit = Unit::from(self.unit);
        let channel = match self.first_channel {
            0 => Role::Channel,
            1 => Role::ChannelFrom1,
            _ => return Err("first-channel: 0 or 1".into()),
        };
        let confidence = match entry {
            Role::Word => Node::Value(Role::Confidence, shape::measure),
            _ => Node::Known(shape::measure),
        };
        for (path, node) in [
            (&self.start, Node::Value(Role::Start(unit), shape::stamp)),
            (&self.end, Node::Value(Role::End(unit), shape::stamp)),
            (&self.length, Node::Value(Role::Length(unit), shape::stamp)),
            (&self.speaker, Node::Value(Role::Speaker, anything)),
            (&self.channel, Node::Value(channel, shape::channel)),
            (&self.confidence, confidence),
        ] {
            path.iter().try_for_each(|path| tree.put(&at.then(path), node))?;
        }
        put_all(tree, &self.keep, Node::Known(anything), Some(&at))?;
        put_all(tree, &self.drop, Node::Dropped, Some(&at))
    }
}

fn put_all(tree: &mut Tree, places: &Places, node: Node, below: Option<&Path>) -> Result<(), String> {
    let whole = |path: &Path| below.map_or_else(|| path.clone(), |below| below.then(path));
    places.paths().iter().try_for_each(|path| tree.put(&whole(path), node))
}

/// What stays because the mapping says so, and labels of speakers, of which names are replaced.
const fn anything(_: &str) -> bool {
    true
}
