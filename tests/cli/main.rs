//! The program as its users meet it: arguments, files, exit codes, output.

mod detect;
mod kill;
mod known;
mod redact;
mod settings;
mod support;
mod verify;
