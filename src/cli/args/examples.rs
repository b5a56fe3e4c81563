//! The command line of `examples`.

use clap::{Args, ValueHint};
use std::path::PathBuf;

/// Of which destination.
#[derive(Args)]
pub(in crate::cli) struct ExamplesArgs {
    /// The destination of the redacted copies: a folder or s3://bucket/prefix
    #[arg(value_name = "DEST", value_hint = ValueHint::AnyPath)]
    pub dest: PathBuf,
}
