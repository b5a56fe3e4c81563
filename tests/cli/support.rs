//! Calls to redact, and the program run on them. All people are invented.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What every planted value starts with; it must never be found at a destination.
pub const PLANTED_TEXT: &str = "212-867-";
/// The samples that lie under the planted words, as bytes; two different ones, so that no silence or
/// tone can hold them by chance.
pub const PLANTED_SOUND: [u8; 8] = [0x39, 0x30, 0xC7, 0xCF, 0x39, 0x30, 0xC7, 0xCF];

const RATE_HZ: u32 = 8_000;

/// A folder with `in`, `out` and `state`, gone at the end of the test.
pub struct Bench {
    dir: tempfile::TempDir,
}

/// What the program left behind.
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    pub fn of(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    /// Lines of `--json`: one a call, and the summary.
    pub fn json(&self) -> (Vec<serde_json::Value>, serde_json::Value) {
        let mut lines: Vec<serde_json::Value> = self.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        let summary = lines.pop().unwrap_or_else(|| panic!("no output: {}", self.stderr));
        (lines, summary["summary"].clone())
    }
}

impl Bench {
    pub fn new() -> Self {
        // Every file is made durable; in memory that costs nothing, and being killed is the same there.
        let memory = Path::new("/dev/shm");
        let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let bench = Self { dir: dir.unwrap() };
        fs::create_dir(bench.path("in")).unwrap();
        bench
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    pub fn write(&self, below: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub fn text(&self, below: &str) -> String {
        fs::read_to_string(self.path(below)).unwrap()
    }

    /// Takes `bytes` bytes off the end of a file.
    pub fn cut(&self, below: &str, bytes: usize) {
        let content = fs::read(self.path(below)).unwrap();
        fs::write(self.path(below), &content[..content.len() - bytes]).unwrap();
    }

    /// A transcript alone, with planted value number `n`.
    pub fn chat(&self, below: &str, n: usize) {
        self.write(below, format!("AGENT: how can I help you\nCALLER: my number is {PLANTED_TEXT}{n:04} thanks\n"));
    }

    /// A recording and its transcript, with planted value number `n` in both.
    pub fn call(&self, stem: &str, n: usize) {
        let number = format!("{PLANTED_TEXT}{n:04}");
        let words = ["hello", "my", "number", "is", &number, "thank", "you", "bye"];
        self.write(&format!("{stem}.json"), whisper(&words));
        self.wav(&format!("{stem}.wav"), words.len(), 4);
    }

    /// Half a second of tone a word, but planted samples in the middle of word `planted`.
    fn wav(&self, below: &str, words: usize, planted: usize) {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: RATE_HZ,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut out = hound::WavWriter::create(self.path(below), spec).unwrap();
        let word_frames = RATE_HZ as usize / 2;
        for frame in 0..words * word_frames {
            let (word, at) = (frame / word_frames, frame % word_frames);
            let tone = ((frame * 37) % 200) as i16 - 100;
            let inside = word == planted && (word_frames / 4..word_frames * 3 / 4).contains(&at);
            let loud = if frame % 2 == 0 { 12_345 } else { -12_345 };
            out.write_sample(if inside { loud } else { tone }).unwrap();
        }
        out.finalize().unwrap();
    }

    /// The program in the bench's folder with nothing but the bench's settings around it.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sordino"));
        command.args(args).current_dir(self.dir.path()).env_clear();
        command.env("SORDINO_STATE_DIR", self.path("state")).env("SOURCE_DATE_EPOCH", "1700000000");
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        Ran::of(&self.command(args).output().unwrap())
    }

    /// Runs `detect` with these flags on turns that have what must be found in braces; says how the findings differ.
    pub fn differs(&self, name: &str, said: &[String], flags: &[&str]) -> Option<String> {
        self.write("call.txt", said.join("\n").replace(['{', '}'], "") + "\n");
        let ran = self.run(&[&["detect", "call.txt", "--json"], flags].concat());
        assert_eq!(ran.code, Some(0), "{name}: {}", ran.stderr);
        let findings = ran.stdout.lines().map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap());
        let word = |f: &serde_json::Value, i: usize| f["words"][i].as_u64().unwrap() as usize;
        let found: BTreeSet<usize> = findings.flat_map(|f| word(&f, 0)..word(&f, 1)).collect();
        let (words, hidden) = in_braces(said);
        let show = |a: &BTreeSet<usize>, b| a.difference(b).map(|w| words[*w].as_str()).collect::<Vec<_>>().join(" ");
        let (missed, extra) = (show(&hidden, &found), show(&found, &hidden));
        (found != hidden).then(|| format!("{name}: missed [{missed}], too much [{extra}]"))
    }

    /// Every file below a folder with its bytes.
    pub fn tree(&self, below: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.path(below), &mut files);
        files
    }

    /// Whether a planted value lies anywhere below a folder, in a name or in bytes.
    pub fn leaks(&self, below: &str) -> bool {
        self.tree(below).iter().any(|(path, bytes)| {
            path.to_string_lossy().contains(PLANTED_TEXT)
                || memchr::memmem::find(bytes, PLANTED_TEXT.as_bytes()).is_some()
                || memchr::memmem::find(bytes, &PLANTED_SOUND).is_some()
        })
    }
}

/// The words of turns (`SPEAKER: words`), and which of them stand in braces.
fn in_braces(said: &[String]) -> (Vec<String>, BTreeSet<usize>) {
    let (mut words, mut hidden, mut inside) = (Vec::new(), BTreeSet::new(), false);
    for turn in said {
        for word in turn.split_once(": ").unwrap().1.split_whitespace() {
            inside |= word.contains('{');
            if inside {
                hidden.insert(words.len());
            }
            inside &= !word.contains('}');
            words.push(word.replace(['{', '}'], ""));
        }
    }
    (words, hidden)
}

fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if let Ok(bytes) = fs::read(&path) {
            files.insert(path, bytes);
        }
    }
}

/// A Whisper `verbose_json` transcript, half a second a word; for an empty one nobody speaks.
pub fn whisper(words: &[&str]) -> String {
    let end = words.len() as f64 / 2.0;
    let said = || words.iter().enumerate().filter(|(_, word)| !word.is_empty());
    let text = format!(" {}", said().map(|(_, word)| *word).collect::<Vec<_>>().join(" "));
    let timed: Vec<_> = said()
        .map(|(i, word)| serde_json::json!({"word": word, "start": i as f64 / 2.0, "end": (i + 1) as f64 / 2.0}))
        .collect();
    serde_json::json!({
        "task": "transcribe",
        "language": "english",
        "duration": end,
        "text": text,
        "segments": [{
            "id": 0, "seek": 0, "start": 0.0, "end": end, "text": text, "tokens": [50364, 50464], "temperature": 0.0,
            "avg_logprob": -0.25, "compression_ratio": 1.1, "no_speech_prob": 0.01,
        }],
        "words": timed,
    })
    .to_string()
}
