//! Lets a recogniser of the user's hear redacted recordings: a command that gets a file and prints what it hears, in any
//! format of transcripts. What it says is read, and never shown.

use crate::base::{Error, Kind, Phi, Result, Stage};
use crate::store::Object;
use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// How often a running recogniser is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Most bytes of an answer; a day of speech has less than 2 MB as text.
const ANSWER_BYTES_MAX: u64 = 64 << 20;
/// Endings of models of whisper.cpp.
const MODELS: [&str; 2] = ["bin", "gguf"];
/// What runs such a model and prints the words alone.
const WHISPER_CPP: [&str; 3] = ["whisper-cli", "--no-prints", "--no-timestamps"];

/// A program and its arguments, to which the file is added; no shell reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recogniser {
    words: Vec<String>,
    time_max: Duration,
}

impl Recogniser {
    /// A command, its words parted by white space, or the path of a whisper.cpp model. It may take `time_max` for each
    /// recording.
    #[must_use]
    pub fn new(command: &str, time_max: Duration) -> Option<Self> {
        let is_model = MODELS.iter().any(|model| Path::new(command).extension() == Some(OsStr::new(model)));
        let words: Vec<String> = if is_model {
            WHISPER_CPP.iter().copied().chain(["--model", command, "--file"]).map(str::to_owned).collect()
        } else {
            command.split_whitespace().map(str::to_owned).collect()
        };
        (!words.is_empty()).then_some(Self { words, time_max })
    }

    /// What the recogniser hears in a recording whose file name ends in `extension`; nothing where it prints nothing.
    ///
    /// # Errors
    /// Fails when the recording cannot be read, and when the command cannot be run, fails, takes too long or says too
    /// much.
    pub(super) fn hear(&self, object: &mut dyn Object, extension: &str) -> Result<Option<Phi<Vec<u8>>>> {
        let unreadable = |error| Error::io(Stage::Verify, "the recording cannot be handed to the recogniser", error);
        object.rewind().map_err(unreadable)?;
        let named = tempfile::Builder::new().prefix("sordino-").suffix(&format!(".{extension}")).tempfile();
        let mut file = named.map_err(unreadable)?;
        std::io::copy(object, &mut file).and_then(|_| file.flush()).map_err(unreadable)?;
        let said = self.run(file.path())?;
        Ok((!said.expose().trim_ascii().is_empty()).then_some(said))
    }

    fn run(&self, file: &Path) -> Result<Phi<Vec<u8>>> {
        let failed = |error| Error::io(Stage::Verify, "the recogniser cannot be run", error);
        let mut command = Command::new(&self.words[0]);
        // What it says besides may hold words too.
        command.args(&self.words[1..]).arg(file).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(failed)?;
        let output = child.stdout.take();
        let answer = thread::spawn(move || {
            let mut said = Vec::new();
            output.map(|o| o.take(ANSWER_BYTES_MAX + 1).read_to_end(&mut said)).transpose().map(|_| said)
        });
        let given_up = |message| Error::new(Stage::Verify, Kind::Io, message);
        if !self.has_succeeded(&mut child).map_err(failed)? {
            return Err(given_up("the recogniser failed or took too long"));
        }
        let said = answer.join().map_err(|_| given_up("the recogniser's words were lost"))?.map_err(failed)?;
        if said.len() as u64 > ANSWER_BYTES_MAX {
            return Err(given_up("the recogniser said too much"));
        }
        Ok(Phi::new(said))
    }

    /// Waits for the command to end, and ends it where it takes too long.
    fn has_succeeded(&self, child: &mut Child) -> std::io::Result<bool> {
        let looks = self.time_max.as_millis() / LOOK_EVERY.as_millis();
        for _ in 0..=looks {
            if let Some(status) = child.try_wait()? {
                return Ok(status.success());
            }
            thread::sleep(LOOK_EVERY);
        }
        child.kill()?;
        child.wait().map(|_| false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn hear(command: &str, ms: u64) -> Result<Option<String>> {
        let recogniser = Recogniser::new(command, Duration::from_millis(ms)).unwrap();
        let said = recogniser.hear(&mut Cursor::new(b"sound".to_vec()), "wav")?;
        Ok(said.map(|said| String::from_utf8(said.into_exposed()).unwrap()))
    }

    #[test]
    fn the_command_gets_a_file_with_the_recording_and_its_extension() {
        assert_eq!(hear("cat", 60_000).unwrap().as_deref(), Some("sound"));
        assert!(hear("echo", 60_000).unwrap().unwrap().trim_end().ends_with(".wav"));
        assert_eq!(hear("test -f", 60_000).unwrap(), None);
    }

    #[test]
    fn a_command_that_fails_hangs_or_is_not_there_is_an_error() {
        for command in ["false", "sordino-no-such-program", "tail -f"] {
            assert!(hear(command, 100).is_err_and(|e| e.kind == Kind::Io), "{command}");
        }
    }

    #[test]
    fn a_model_is_run_by_whisper_cpp() {
        let recogniser = Recogniser::new("/models/ggml-base.en.bin", Duration::ZERO).unwrap();
        assert_eq!(recogniser.words[0], "whisper-cli");
        assert!(recogniser.words.ends_with(&["--model", "/models/ggml-base.en.bin", "--file"].map(str::to_owned)));
        assert_eq!(Recogniser::new(" ", Duration::ZERO), None);
    }
}
