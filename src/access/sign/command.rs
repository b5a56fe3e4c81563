//! A command that signs, where the key never leaves a key service: it gets the message on standard input and answers with
//! the signature, base64 or 128 hexadecimal digits, on standard output. Must not keep the message.

use super::key::{SIGNATURE_BYTES, unhex};
use crate::base::{Error, Kind, Result, Stage};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// Longest wait for a signature: this many looks, one each [`LOOK_EVERY`].
const LOOKS_MAX: u32 = 3_000;
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Most bytes of an answer.
const ANSWER_BYTES_MAX: u64 = 4_096;

/// A program and its arguments; no shell reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningCommand {
    program: String,
    args: Vec<String>,
}

impl SigningCommand {
    /// The first word is the program.
    #[must_use]
    pub fn new(words: &[String]) -> Option<Self> {
        let (program, args) = words.split_first()?;
        Some(Self { program: program.clone(), args: args.to_vec() })
    }

    /// Lets the command sign a message.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let failed = |error| Error::io(Stage::Records, "the signing command cannot be run", error);
        let mut command = Command::new(&self.program);
        command.args(&self.args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().map_err(failed)?;
        if let Some(mut input) = child.stdin.take() {
            // One that does not read to the end has failed, or needs no more; its answer tells.
            let _ = input.write_all(message);
        }
        let output = child.stdout.take();
        let answer = thread::spawn(move || {
            let mut text = String::new();
            output.map(|o| o.take(ANSWER_BYTES_MAX).read_to_string(&mut text)).transpose().map(|_| text)
        });
        if !has_succeeded(&mut child).map_err(failed)? {
            return Err(Error::new(Stage::Records, Kind::Io, "the signing command failed or did not answer in time"));
        }
        let text = answer.join().ok().and_then(std::result::Result::ok).unwrap_or_default();
        let text = text.trim();
        let bytes = unhex(text).filter(|b| b.len() == SIGNATURE_BYTES).or_else(|| STANDARD.decode(text).ok());
        bytes.filter(|b| b.len() == SIGNATURE_BYTES).ok_or_else(|| {
            Error::new(Stage::Records, Kind::Io, "the signing command did not answer with an Ed25519 signature")
        })
    }
}

/// Waits for the command to end, and ends it where it takes too long.
fn has_succeeded(child: &mut Child) -> std::io::Result<bool> {
    for _ in 0..LOOKS_MAX {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        thread::sleep(LOOK_EVERY);
    }
    child.kill()?;
    child.wait().map(|_| false)
}
