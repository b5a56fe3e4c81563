//! What stands in for buckets in a build without the feature `cloud`: a connection that nobody can make.

use super::{Access, BucketAddress, Disposal, Keeping, Properties, Records, Store};
use crate::base::{Error, Result};
use std::sync::Arc;
use tokio::runtime::Handle;

/// A connection to an object store, of which there is none.
#[derive(Clone)]
pub enum Client {}

impl Client {
    /// Refuses.
    ///
    /// # Errors
    /// A usage error, always.
    pub fn connect(_: Handle, _: Access) -> Result<Self> {
        Err(Error::usage("this build has no support for buckets").hint("build it with the feature `cloud`"))
    }

    /// Never called.
    ///
    /// # Errors
    /// None.
    pub fn source(self, _: &BucketAddress) -> Result<Arc<dyn Store>> {
        match self {}
    }

    /// Never called.
    ///
    /// # Errors
    /// None.
    pub fn destination(self, _: &BucketAddress, _: Properties, _: &Keeping) -> Result<Arc<dyn Store>> {
        match self {}
    }

    /// Never called.
    #[must_use]
    pub fn records(self, _: &BucketAddress) -> Arc<dyn Records> {
        match self {}
    }

    /// Never called.
    ///
    /// # Errors
    /// None.
    pub fn records_to_write(self, _: &BucketAddress, _: Properties) -> Result<Arc<dyn Records>> {
        match self {}
    }

    /// Never called.
    #[must_use]
    pub fn disposal(self, _: &BucketAddress) -> Arc<dyn Disposal> {
        match self {}
    }
}
