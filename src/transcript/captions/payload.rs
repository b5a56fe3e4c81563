//! The text of a cue: what is said by whom, and the tags in between.
//!
//! Tags that are known to the last character stay, others are left out. None of them parts a word.

use super::super::link::{Form, Piece};
use super::super::schema::shape;
use super::super::source::{Leaf, Source};
use super::super::speakers::{Speakers, role};
use super::super::text::{in_front, is_capitalised, is_field, label, labels_are_usual, labels_tell};
use super::blocks::{Cue, Dialect, clock};
use crate::base::TimeSpan;
use crate::model::Speaker;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Classes that WebVTT gives a colour; others are an author's words.
const COLOURS: [&str; 8] = ["white", "lime", "cyan", "red", "yellow", "magenta", "blue", "black"];
/// Signs in front of a line that another person says.
const CHANGES: [&str; 5] = [">>", "&gt;&gt;", "- ", "\u{2013} ", "\u{2014} "];

/// What cues have in front of a colon and is no role, but says who speaks (`Maria Okonkwo: …`, as programs for meetings
/// write it).
#[derive(Default)]
pub(super) struct Names<'f>(BTreeSet<&'f str>);

impl<'f> Names<'f> {
    /// What more than one cue begins with, in a file where many cues begin so and none with the name of a field; where
    /// most do, what one does as well.
    pub(super) fn of(file: &'f str, cues: &[Cue]) -> Self {
        let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
        for text in cues.iter().filter_map(|cue| Some(file[cue.payload.first()?.clone()].trim_start())) {
            if let Some((name, _)) = in_front(text) {
                *uses.entry(&text[name]).or_default() += 1;
            }
        }
        let is_sure = |name: &str, uses: usize| role(name).is_some() || uses > 1;
        let labelled = uses.iter().filter(|(name, uses)| is_sure(name, **uses)).map(|(_, uses)| uses).sum();
        let is_talk = labels_tell(labelled, cues.len()) && !uses.keys().any(|name| is_field(name));
        let is_of_one = |name: &str| labels_are_usual(labelled, cues.len()) && is_capitalised(name);
        uses.retain(|name, uses| is_talk && role(name).is_none() && (*uses > 1 || is_of_one(name)));
        Self(uses.into_keys().collect())
    }
}

/// What the text of a cue is made of.
#[derive(Default)]
pub(super) struct Payload {
    /// Names of voices, and of who speaks.
    pub(super) labels: Vec<Leaf>,
    /// What is left out of the output.
    pub(super) unseen: Vec<Leaf>,
    /// Where the roles and names that say who speaks end, with their colons.
    label_ends: Vec<usize>,
    /// Stretches of one speaker.
    pub(super) runs: Vec<Run>,
    /// Tags that say when the text after them is shown, and their times, milliseconds.
    time_tags: Vec<(Leaf, u64)>,
}

/// Text that one person says.
#[derive(Default)]
pub(super) struct Run {
    who: Who,
    /// A sign says that somebody else begins.
    pub(super) starts_turn: bool,
    /// Pieces, and how many time tags stand in front of each.
    texts: Vec<(Leaf, usize)>,
}

#[derive(Clone, Copy, Default)]
enum Who {
    #[default]
    Unknown,
    Voice(Leaf),
    Name(Leaf),
    Role(Speaker),
}

/// What stands at a `<` or `{`.
enum Tag {
    /// Nothing but that character.
    None,
    Kept,
    /// The range is left out, counted from the tag's start.
    Without(Range<usize>),
    Voice {
        classes: Range<usize>,
        name: Range<usize>,
    },
    VoiceEnd,
    Time(u64),
}

impl Run {
    /// Who says it.
    pub(super) fn speaker(&self, source: &Source, speakers: &Speakers) -> Speaker {
        match self.who {
            Who::Unknown => Speaker::Unknown,
            Who::Voice(label) | Who::Name(label) => speakers.label(source.raw(label)).speaker(),
            Who::Role(speaker) => speaker,
        }
    }

    /// Whether a time tag stands inside a word.
    fn is_cut(&self, file: &str) -> bool {
        self.texts.windows(2).any(|pair| {
            let [(before, tags), (after, tags_after)] = pair else { return false };
            let (before, after) = (&file[before.range()], &file[after.range()]);
            tags != tags_after && !before.ends_with(char::is_whitespace) && !after.starts_with(char::is_whitespace)
        })
    }
}

impl Payload {
    /// Takes the text of a cue apart.
    pub(super) fn of(file: &str, cue: &Cue, dialect: Dialect, names: &Names<'_>) -> Self {
        let mut payload = Self::default();
        payload.runs.push(Run::default());
        for block in &cue.payload {
            payload.block(file, block.clone(), dialect, names);
        }
        if !payload.has_usable_tags(cue.time) || payload.runs.iter().any(|run| run.is_cut(file)) {
            let tags = payload.time_tags.drain(..);
            payload.unseen.extend(tags.map(|(leaf, _)| leaf));
        }
        payload
    }

    /// Whether what is left out parts a role or a name from what is said, so that white space must stand in its place.
    pub(super) fn parts_label(&self, unseen: Leaf) -> bool {
        self.label_ends.binary_search(&unseen.range().start).is_ok()
    }

    /// The pieces of one of its runs, each with the time that time tags give it, else the cue's.
    pub(super) fn timed(&self, run: &Run, cue: TimeSpan) -> Vec<Piece> {
        let ms = |tag: Option<usize>| tag.and_then(|tag| self.time_tags.get(tag)).map(|&(_, ms)| ms as u32);
        let time = |tags: usize| {
            let start = ms(tags.checked_sub(1)).unwrap_or(cue.start_ms());
            TimeSpan::new(start, ms(Some(tags)).unwrap_or(cue.end_ms())).unwrap_or(cue)
        };
        run.texts.iter().map(|&(leaf, tags)| Piece { leaf, form: Form::Running, time: Some(time(tags)) }).collect()
    }

    /// Whether the time tags lie within the cue and in order.
    fn has_usable_tags(&self, cue: TimeSpan) -> bool {
        let within = u64::from(cue.start_ms())..=u64::from(cue.end_ms());
        self.time_tags.iter().all(|(_, ms)| within.contains(ms)) && self.time_tags.is_sorted_by_key(|(_, ms)| *ms)
    }

    fn block(&mut self, file: &str, block: Range<usize>, dialect: Dialect, names: &Names<'_>) {
        let (mut at, mut text_from) = (block.start, block.start);
        while at < block.end {
            let rest = &file[at..block.end];
            let Some(next) = memchr::memchr2(b'<', b'{', rest.as_bytes()) else { break };
            at += next;
            let (tag, len) = tag(&file[at..block.end], dialect);
            if matches!(tag, Tag::None) {
                at += 1;
                continue;
            }
            self.text(file, text_from..at, names);
            match tag {
                Tag::None | Tag::Kept => {}
                Tag::Without(range) => self.leave_out(at, range),
                Tag::Voice { classes, name } => {
                    self.leave_out(at, classes);
                    let label = Leaf::plain(at + name.start, at + name.end);
                    self.labels.push(label);
                    self.runs.push(Run { who: Who::Voice(label), ..Run::default() });
                }
                Tag::VoiceEnd => self.runs.push(Run::default()),
                Tag::Time(ms) => self.time_tags.push((Leaf::plain(at, at + len), ms)),
            }
            at += len;
            text_from = at;
        }
        self.text(file, text_from..block.end, names);
    }

    fn leave_out(&mut self, at: usize, range: Range<usize>) {
        if !range.is_empty() {
            self.unseen.push(Leaf::plain(at + range.start, at + range.end));
        }
    }

    /// Text between tags, in which a line may say who speaks.
    fn text(&mut self, file: &str, range: Range<usize>, names: &Names<'_>) {
        let mut from = range.start;
        let mut line = range.start;
        for part in file[range.clone()].split_inclusive(['\n', '\r']) {
            let begins_run = line == range.start && self.runs.last().is_some_and(|r| r.texts.is_empty());
            let starts_line = begins_run || file[..line].ends_with(['\n', '\r']);
            if let Some((who, len)) = said_by(part, line, names).filter(|_| starts_line) {
                self.push(from..line);
                if let Who::Name(label) = who {
                    self.labels.push(label);
                }
                if matches!(who, Who::Role(_) | Who::Name(_)) {
                    self.label_ends.push(line + len);
                }
                let who = match (who, self.runs.last().map(|r| r.who)) {
                    (Who::Unknown, Some(voice @ Who::Voice(_))) => voice,
                    (who, _) => who,
                };
                self.runs.push(Run { who, starts_turn: true, texts: Vec::new() });
                from = line + len;
            }
            line += part.len();
        }
        self.push(from..range.end);
    }

    fn push(&mut self, text: Range<usize>) {
        let tags = self.time_tags.len();
        if let Some(run) = self.runs.last_mut().filter(|_| !text.is_empty()) {
            run.texts.push((Leaf::markup(text.start, text.end), tags));
        }
    }
}

/// Who says a line that stands here in the file, where a sign, a role or a name in front of it tells, and the bytes of
/// that.
fn said_by(line: &str, place: usize, names: &Names<'_>) -> Option<(Who, usize)> {
    let blank = |text: &str| text.len() - text.trim_start().len();
    let mut at = blank(line);
    let sign = CHANGES.iter().find(|sign| line[at..].starts_with(**sign));
    if let Some(sign) = sign {
        at += sign.len();
        at += blank(&line[at..]);
    }
    if let Some((role, len)) = label(&line[at..]).and_then(|label| Some((role(label)?, label.len() + 1))) {
        return Some((Who::Role(role), at + len));
    }
    let name = in_front(&line[at..]).filter(|(name, _)| names.0.contains(&line[at..][name.clone()]));
    if let Some((name, said)) = name {
        let leaf = Leaf::plain(place + at + name.start, place + at + name.end);
        return Some((Who::Name(leaf), at + said));
    }
    sign.map(|_| (Who::Unknown, at))
}

/// The tag at the start of a text, and its bytes.
fn tag(text: &str, dialect: Dialect) -> (Tag, usize) {
    match (dialect, text.as_bytes().first()) {
        (Dialect::WebVtt, Some(b'<')) => match text.find('>') {
            Some(end) => (webvtt(&text[1..end]), end + 1),
            None => (Tag::Without(0..text.len()), text.len()),
        },
        (Dialect::Srt, Some(b'<')) => match closing(text, b'<', b'>') {
            Some(end) => (srt(&text[1..end]), end + 1),
            None => (Tag::None, 1),
        },
        (Dialect::Srt, Some(b'{')) => match closing(text, b'{', b'}').filter(|_| text.starts_with("{\\")) {
            Some(end) if is_place(&text[2..end]) => (Tag::Kept, end + 1),
            Some(end) => (Tag::Without(0..end + 1), end + 1),
            None => (Tag::None, 1),
        },
        _ => (Tag::None, 1),
    }
}

/// Where the bracket that opens a text is closed, unless another opens before; so no text is searched twice.
fn closing(text: &str, opens: u8, closes: u8) -> Option<usize> {
    let next = 1 + memchr::memchr2(opens, closes, &text.as_bytes()[1..])?;
    (text.as_bytes()[next] == closes).then_some(next)
}

/// A tag of WebVTT, by what stands between its brackets. Ranges count from the bracket before it.
fn webvtt(body: &str) -> Tag {
    let whole = || Tag::Without(0..body.len() + 2);
    if let Some(name) = body.strip_prefix('/') {
        return match name {
            "v" => Tag::VoiceEnd,
            "c" | "i" | "b" | "u" | "ruby" | "rt" | "lang" | "" => Tag::Kept,
            _ => whole(),
        };
    }
    if let Some((ms, "")) = clock(body) {
        return Tag::Time(ms);
    }
    let name_len = body.find(|c: char| c == '.' || c.is_whitespace()).unwrap_or(body.len());
    let classes_len = body[name_len..].find(char::is_whitespace).unwrap_or(body.len() - name_len);
    let (classes, annotation) = body[name_len..].split_at(classes_len);
    let is_colour = |class: &str| COLOURS.contains(&class.strip_prefix("bg_").unwrap_or(class));
    let plain = classes.split('.').skip(1).all(is_colour);
    let classes = if plain { 0..0 } else { 1 + name_len..1 + name_len + classes_len };
    let said = annotation.trim();
    match &body[..name_len] {
        "v" if !said.is_empty() => {
            let start = 1 + body.len() - annotation.trim_start().len();
            Tag::Voice { classes, name: start..start + said.len() }
        }
        "c" | "i" | "b" | "u" | "ruby" | "rt" | "v" if said.is_empty() => Tag::Without(classes),
        "lang" if plain && shape::language_tag(said) => Tag::Kept,
        _ => whole(),
    }
}

/// A tag of SRT. Other text in brackets is text.
fn srt(body: &str) -> Tag {
    let lower = body.to_ascii_lowercase();
    let name = lower.strip_prefix('/').unwrap_or(&lower);
    if matches!(name, "i" | "b" | "u" | "s" | "font") {
        return Tag::Kept;
    }
    let attributes = lower.strip_prefix("font").filter(|rest| rest.starts_with(char::is_whitespace));
    let Some(attributes) = attributes else { return Tag::None };
    let colour = attributes.trim().strip_prefix("color=").map(|c| c.trim_matches(['"', '\'', '#']));
    let known =
        colour.is_some_and(|c| COLOURS.contains(&c) || (c.len() <= 8 && c.bytes().all(|b| b.is_ascii_hexdigit())));
    if known { Tag::Kept } else { Tag::Without("<font".len()..body.len() + 1) }
}

/// `an8`, `a6`: where a caption stands.
fn is_place(code: &str) -> bool {
    let digit = code.strip_prefix('a').map(|c| c.strip_prefix('n').unwrap_or(c));
    digit.is_some_and(|d| d.len() <= 2 && !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cue of one second that says all of this.
    fn cue(text: &str) -> Cue {
        Cue { time: TimeSpan::new(0, 1000).unwrap(), payload: std::iter::once(0..text.len()).collect() }
    }

    /// What a cue of a second with this text is made of.
    fn payload(text: &str, dialect: Dialect) -> Payload {
        Payload::of(text, &cue(text), dialect, &Names::default())
    }

    /// Runs as `label: pieces`, and the text without what is left out.
    fn check(text: &str, dialect: Dialect, want: &str, left: &str) {
        let payload = payload(text, dialect);
        let shown = payload.runs.iter().filter(|r| !r.texts.is_empty()).map(|run| {
            let texts: Vec<&str> = run.texts.iter().map(|(t, _)| &text[t.range()]).collect();
            let who = match run.who {
                Who::Unknown => String::new(),
                Who::Voice(label) | Who::Name(label) => format!("{}: ", &text[label.range()]),
                Who::Role(speaker) => format!("{speaker:?}: "),
            };
            format!("{who}{}", texts.join("|"))
        });
        assert_eq!(shown.collect::<Vec<_>>().join(" / "), want, "{text}");
        let mut rest = text.to_owned();
        payload.unseen.iter().rev().for_each(|l| rest.replace_range(l.range(), ""));
        assert_eq!(rest, left, "{text}");
    }

    #[test]
    fn tags_that_are_not_known_are_left_out() {
        let check = |text, want, left| check(text, Dialect::WebVtt, want, left);
        check("hi <b>John</b>", "hi |John", "hi <b>John</b>");
        check("<c.yellow.bg_blue>a</c>", "a", "<c.yellow.bg_blue>a</c>");
        check("<c.john>a</c>", "a", "<c>a</c>");
        check("a<john smith>b</john>", "a|b", "ab");
        check("<i john>a", "a", "a");
        check("<lang en-US>a</lang><lang John>b", "a|b", "<lang en-US>a</lang>b");
        check("a <john", "a ", "a ");
        check("1 > 0 {x}", "1 > 0 {x}", "1 > 0 {x}");
    }

    #[test]
    fn voices_say_who_speaks() {
        let check = |text, want, left| check(text, Dialect::WebVtt, want, left);
        check("<v.loud Ann\nLee>a</v> b<v Agent>c", "Ann\nLee: a /  b / Agent: c", "<v Ann\nLee>a</v> b<v Agent>c");
        check("Agent: a\nJohn: b\n- c", "Agent:  a\nJohn: b\n / c", "Agent: a\nJohn: b\n- c");
        check("<v Ann>- a\n- b", "Ann: a\n / Ann: b", "<v Ann>- a\n- b");
    }

    #[test]
    fn names_that_cues_begin_with_say_who_speaks() {
        let names = |cues: &[&str]| -> Vec<String> {
            let file = cues.concat();
            let cues: Vec<Cue> = cues
                .iter()
                .scan(0, |at, text| Some(std::mem::replace(at, *at + text.len())))
                .zip(cues)
                .map(|(at, text)| Cue { payload: std::iter::once(at..at + text.len()).collect(), ..cue(text) })
                .collect();
            Names::of(&file, &cues).0.into_iter().map(str::to_owned).collect()
        };
        let talk = ["Maria Okonkwo-Lee: hi", "Kim: yes", "Maria Okonkwo-Lee: good", " Kim: no", "Wei: hm", "so"];
        assert_eq!(names(&talk), ["Kim", "Maria Okonkwo-Lee"]);
        assert_eq!(names(&talk[..5]), ["Kim", "Maria Okonkwo-Lee", "Wei"]);
        assert_eq!(names(&["Agent: hi", "Kim: yes", "Kim: no"]), ["Kim"]);
        for text in [
            &["Kim: yes", "Lee: no"][..],
            &["Name: Kim", "Name: Lee", "Kim: yes", "Kim: no"],
            &["Kim: yes", "Kim: no", "so", "so", "so", "so", "so", "so", "so"],
        ] {
            assert_eq!(names(text), [""; 0], "{text:?}");
        }
    }

    #[test]
    fn a_role_stays_one_when_the_tag_behind_it_goes() {
        for (text, want) in [
            ("Caller:<span>hello", true),
            ("Caller:<00:09.000>hello", true),
            ("a\nCaller:<span>hello", true),
            ("Caller: <span>hello", false),
            ("Caller:<c.john>hello", false),
            ("well:<span>hello", false),
        ] {
            let payload = payload(text, Dialect::WebVtt);
            assert_eq!(payload.unseen.iter().any(|&unseen| payload.parts_label(unseen)), want, "{text}");
        }
    }

    #[test]
    fn srt_has_tags_of_its_own() {
        let check = |text: &str, want: &str, left: &str| check(text, Dialect::Srt, want, left);
        check("{\\an8}<i>a</I> <john>", "a| <john>", "{\\an8}<i>a</I> <john>");
        check("{\\c&HFF&}a{b}", "a{b}", "a{b}");
        check("<font color=\"#FF00aa\">a</font>", "a", "<font color=\"#FF00aa\">a</font>");
        for attributes in
            ["face=john", "size=\"5\"", "color=\"orange\"", "color=\"#fff\" face=\"Arial\"", "\tcolor=john"]
        {
            check(&format!("<font {attributes}>a</font>"), "a", "<font>a</font>");
        }
        check("<font>a</font>", "a", "<font>a</font>");
        check("<fontjohn>a", "<fontjohn>a", "<fontjohn>a");
        check("a <b <i>c</i>", "a <b |c", "a <b <i>c</i>");
        check("{\\a{\\b}c", "{\\a|c", "{\\ac");
        check("a < b", "a < b", "a < b");
    }

    #[test]
    fn brackets_that_never_close_are_searched_once() {
        for many in ["<", "{", "{\\", "<a ", "<00:01.500 "] {
            let text = many.repeat(1_000_000);
            check(&text, Dialect::Srt, &text, &text);
        }
        let text = "<a ".repeat(1_000_000);
        check(&text, Dialect::WebVtt, "", "");
    }

    #[test]
    fn time_tags_part_a_cues_time_unless_they_cut_words_or_are_out_of_order() {
        let times = |text: &str| -> (Vec<(u32, u32)>, usize) {
            let time = cue(text).time;
            let payload = payload(text, Dialect::WebVtt);
            let pieces = payload.timed(&payload.runs[0], time);
            let times = pieces.iter().filter_map(|p| p.time).map(|t| (t.start_ms(), t.end_ms())).collect();
            (times, payload.unseen.len())
        };
        assert_eq!(times("a<00:00.300><c> b</c><00:00.700> d"), (vec![(0, 300), (300, 700), (700, 1000)], 0));
        assert_eq!(times("<00:00.300>b <i>c</i>"), (vec![(300, 1000); 2], 0));
        assert_eq!(times("a <00:00.900>b <00:00.100>c"), (vec![(0, 1000); 3], 2));
        assert_eq!(times("a <00:09.000>b"), (vec![(0, 1000); 2], 1));
        assert_eq!(times("Oko<00:00.300><b>nkwo"), (vec![(0, 1000); 2], 1));
    }
}
