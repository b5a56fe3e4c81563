//! The page and the API over redacted calls.

pub mod index;
