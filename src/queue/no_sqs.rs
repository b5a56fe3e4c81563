//! What stands in for SQS in a build without the feature `cloud`: a queue that nobody can open.

use super::{Queue, SqsTimes};
use crate::base::{Error, Result};
use std::sync::Arc;
use tokio::runtime::Handle;

/// A queue of SQS, of which there is none.
pub enum Sqs {}

impl Sqs {
    /// Refuses.
    ///
    /// # Errors
    /// A usage error, always.
    pub fn connect(_: &Handle, url: &str, _: Option<&str>, _: SqsTimes) -> Result<Arc<dyn Queue>> {
        Err(Error::usage(format!("--queue {url}: this build has no support for SQS"))
            .hint("build it with the feature `cloud`"))
    }
}
