//! The program as its users meet it: arguments, files, exit codes, output.

mod batch;
mod detect;
mod kill;
mod known;
mod patterns;
mod policy;
mod redact;
mod settings;
mod support;
mod verify;
