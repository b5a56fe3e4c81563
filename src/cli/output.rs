//! Standard output and standard error. The only place that prints.

use crate::base::{Error, Result, Stage};
use std::fmt;
use std::io::{self, BufWriter, ErrorKind, Write};

/// Standard output for results. Once the reader has gone, the rest is dropped without a word.
pub(super) struct Output {
    out: BufWriter<Box<dyn Write + Send>>,
    closed: bool,
}

impl Output {
    /// Standard output.
    pub fn stdout() -> Self {
        Self::to(Box::new(io::stdout()))
    }

    fn to(out: Box<dyn Write + Send>) -> Self {
        Self { out: BufWriter::new(out), closed: false }
    }

    /// Writes one line.
    pub fn line(&mut self, line: impl fmt::Display) -> Result<()> {
        self.attempt(|out| writeln!(out, "{line}"))
    }

    /// Writes one JSON object as a line.
    pub fn json(&mut self, value: &impl serde::Serialize) -> Result<()> {
        self.attempt(|out| {
            serde_json::to_writer(&mut *out, value)?;
            out.write_all(b"\n")
        })
    }

    /// Writes bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.attempt(|out| out.write_all(bytes))
    }

    /// Hands everything to the reader.
    pub fn flush(&mut self) -> Result<()> {
        self.attempt(Write::flush)
    }

    /// Whether the reader has gone.
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    fn attempt(&mut self, write: impl FnOnce(&mut BufWriter<Box<dyn Write + Send>>) -> io::Result<()>) -> Result<()> {
        if self.closed {
            return Ok(());
        }
        match write(&mut self.out) {
            Err(e) if e.kind() == ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            other => other.map_err(|e| Error::io(Stage::Publish, "standard output cannot be written", e)),
        }
    }
}

/// Tells a person something on standard error. There is nobody left to tell when that fails.
pub(super) fn note(message: impl fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "sordino: {message}");
}

/// Tells a person what went wrong, why, and what to do.
pub(super) fn complain(error: &Error) {
    let call = error.call.as_ref().map_or_else(String::new, |c| format!("call {c}: "));
    let mut text = format!("{call}failed to {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(c) = cause {
        text.push_str(&format!(": {c}"));
        cause = c.source();
    }
    note(text);
    if let Some(hint) = &error.hint {
        let _ = writeln!(io::stderr().lock(), "hint: {hint}");
    }
}

/// Prints where the program broke and nothing that it held: the message of a panic may quote a value.
pub(super) fn silence_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, |l| format!(" at {}:{}", l.file(), l.line()));
        note(format_args!("internal error{place}; please report this place, it names no data"));
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn a_reader_that_has_gone_is_no_error() {
        let mut out = Output::to(Box::new(Closed));
        out.line("a").unwrap();
        out.flush().unwrap();
        assert!(out.is_closed());
        out.json(&1).unwrap();
    }
}
