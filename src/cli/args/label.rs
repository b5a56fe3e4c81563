//! The command line of `label`.

use clap::{Args, ValueHint};
use std::path::PathBuf;

/// Which table, and whose calls.
#[derive(Args)]
pub(in crate::cli) struct LabelArgs {
    /// CSV whose first line names its columns: call (its name, as for known values), team, agent, started, any other word
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// The destination of the redacted copies: a folder or s3://bucket/prefix
    #[arg(value_name = "DEST", value_hint = ValueHint::AnyPath)]
    pub dest: PathBuf,
}
