//! The program as its users meet it: arguments, files, exit codes, output.

mod batch;
mod detect;
mod kill;
mod known;
mod lambda;
mod patterns;
mod policy;
mod redact;
mod retention;
mod runtime_api;
mod settings;
mod signing;
mod support;
mod verify;
mod worker;
