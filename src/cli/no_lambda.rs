//! What stands in for `lambda` in a build without the feature `cloud`.

use crate::base::{Error, Result};
use crate::config::Settings;
use std::path::Path;

/// Refuses with a usage error.
pub(super) fn run(_: &Path, _: &Settings) -> Result<u8> {
    Err(Error::usage("this build has no support for AWS Lambda").hint("build it with the feature `cloud`"))
}
