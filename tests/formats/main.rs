//! Recordings and transcripts as files, without detection: every case of `fixtures/recordings` and
//! `fixtures/transcripts`, and what must hold for any file at all.

mod masked;
mod recordings;
mod transcripts;
