//! `sordino` redacts protected health information from call recordings and their transcripts.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod access;
pub mod audio;
pub mod base;
pub mod cli;
pub mod config;
pub mod detect;
pub mod jobs;
pub mod model;
pub mod patterns;
pub mod queue;
pub mod redact;
pub mod serve;
pub mod store;
pub mod transcript;
