//! Opens stores by their addresses.

use super::s3::Client;
use super::{Address, Disposal, Keeping, LocalRecords, LocalStore, Properties, Records, Store};
use crate::base::{Error, Kind, Result, Stage};
use std::sync::Arc;

/// What a run can open: folders, and buckets where it is connected to an object store.
pub struct Stores {
    client: Option<Client>,
}

impl Stores {
    /// Folders, and with a connection buckets too.
    #[must_use]
    pub const fn new(client: Option<Client>) -> Self {
        Self { client }
    }

    /// A folder or a bucket to read from.
    ///
    /// # Errors
    /// When it is not there or may not be read.
    pub fn source(&self, address: &Address) -> Result<Arc<dyn Store>> {
        Ok(match address {
            Address::Folder(folder) => Arc::new(LocalStore::source(folder)?),
            Address::Bucket(bucket) => self.client()?.source(bucket)?,
        })
    }

    /// A folder or a bucket to write to. `sample` is how a call of now is kept.
    ///
    /// # Errors
    /// When it cannot be written to, or cannot do what is asked for.
    pub fn destination(&self, address: &Address, with: Properties, sample: &Keeping) -> Result<Arc<dyn Store>> {
        Ok(match address {
            Address::Folder(_) if with.lock.is_some() => return Err(no_lock()),
            Address::Folder(folder) => Arc::new(LocalStore::destination(folder)?),
            Address::Bucket(bucket) => self.client()?.destination(bucket, with, sample)?,
        })
    }

    /// Records of the program at an address, to read; nothing has to be there.
    ///
    /// # Errors
    /// When the folder cannot be opened.
    pub fn records(&self, address: &Address) -> Result<Arc<dyn Records>> {
        Ok(match address {
            Address::Folder(folder) => Arc::new(LocalRecords::open(folder)?),
            Address::Bucket(bucket) => self.client()?.records(bucket),
        })
    }

    /// Records of the program at an address, to write too.
    ///
    /// # Errors
    /// When they cannot be written, or the bucket cannot do what is asked for.
    pub fn records_to_write(&self, address: &Address, with: Properties) -> Result<Arc<dyn Records>> {
        Ok(match address {
            Address::Folder(folder) => Arc::new(LocalRecords::open(folder)?),
            Address::Bucket(bucket) => self.client()?.records_to_write(bucket, with)?,
        })
    }

    /// Copies at an address, to be removed.
    ///
    /// # Errors
    /// When the folder cannot be opened.
    pub fn disposal(&self, address: &Address) -> Result<Arc<dyn Disposal>> {
        Ok(match address {
            Address::Folder(folder) => Arc::new(LocalRecords::open(folder)?),
            Address::Bucket(bucket) => self.client()?.disposal(bucket),
        })
    }

    fn client(&self) -> Result<Client> {
        let message = "a bucket is named and nothing is connected to an object store";
        self.client.clone().ok_or_else(|| Error::new(Stage::Configure, Kind::Internal, message))
    }
}

fn no_lock() -> Error {
    Error::usage("retention.object-lock of the policy: a folder cannot lock files")
        .hint("leave it out, or name a bucket with Object Lock as DEST")
}
