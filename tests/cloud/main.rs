//! The program on object storage: real servers and a proxy that fails on request, which `scripts/test` starts. All
//! people are invented.

mod faults;
mod redact;
mod support;
