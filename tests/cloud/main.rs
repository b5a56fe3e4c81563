//! The program on object storage: real servers and a proxy that fails on request, which `scripts/test` starts. All
//! people are invented.

#[allow(dead_code, reason = "the tests of the command line use the rest of it")]
#[path = "../cli/support.rs"]
mod bench;
mod faults;
mod gate;
mod lambda;
mod queue;
mod redact;
mod retention;
#[path = "../cli/runtime_api.rs"]
mod runtime_api;
mod support;
mod wiring;
mod worker;
