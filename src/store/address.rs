//! Where a SOURCE or a DEST is: a folder of this machine, or a bucket and prefix. Must not look whether it is there.

use crate::base::{Error, Phi, Result};
use std::path::{Path, PathBuf};

/// What stands before the name of a bucket.
const BUCKET_SCHEME: &str = "s3";

/// What the user typed, taken apart.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// A file or folder.
    Folder(PathBuf),
    /// `s3://bucket/prefix`.
    Bucket(BucketAddress),
}

/// A bucket and what the keys in it begin with.
#[derive(Clone, PartialEq, Eq)]
pub struct BucketAddress {
    /// The bucket's name, or an access point's alias.
    pub bucket: String,
    /// Empty, or a key. One that ends with `/` is a folder; any other may be a folder or an object.
    pub prefix: Phi<String>,
}

impl Address {
    /// Takes apart what the user typed.
    ///
    /// # Errors
    /// A usage error when it has another scheme than `s3://`, names no bucket, or has a key that is not UTF-8 or is
    /// hidden (a part begins with a dot).
    pub fn parse(typed: &Path) -> Result<Self> {
        let shown = typed.display();
        let Some((scheme, rest)) = typed.to_str().and_then(|t| t.split_once("://")).filter(|(s, _)| is_scheme(s))
        else {
            let looks_remote = typed.as_os_str().as_encoded_bytes().starts_with(b"s3://");
            return if looks_remote {
                Err(Error::usage(format!("{shown}: not UTF-8")))
            } else {
                Ok(Self::Folder(typed.to_owned()))
            };
        };
        if scheme != BUCKET_SCHEME {
            return Err(Error::usage(format!("{shown}: {scheme}:// is not supported"))
                .hint("name a folder, or a bucket as s3://bucket/prefix"));
        }
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if !is_bucket(bucket) {
            return Err(Error::usage(format!("{shown}: no bucket name")).hint("write s3://bucket/prefix"));
        }
        if prefix.split('/').any(|part| part.starts_with('.')) {
            return Err(Error::usage(format!("{shown}: parts that begin with a dot are hidden")));
        }
        Ok(Self::Bucket(BucketAddress { bucket: bucket.to_owned(), prefix: Phi::new(prefix.to_owned()) }))
    }

    /// The bucket, where it is one.
    #[must_use]
    pub const fn bucket(&self) -> Option<&BucketAddress> {
        match self {
            Self::Bucket(bucket) => Some(bucket),
            Self::Folder(_) => None,
        }
    }
}

impl BucketAddress {
    /// The same as a folder: a prefix that is empty or ends with `/`.
    #[must_use]
    pub fn folder(&self) -> Self {
        let mut folder = self.clone();
        let prefix = folder.prefix.expose_mut();
        if !prefix.is_empty() && !prefix.ends_with('/') {
            prefix.push('/');
        }
        folder
    }

    /// The folder that an object lies in, and its name there; nothing where this can only be a folder.
    #[must_use]
    pub fn object(&self) -> Option<(Self, Phi<String>)> {
        let prefix = self.prefix.expose();
        let (folder, name) = prefix.split_at(prefix.rfind('/').map_or(0, |slash| slash + 1));
        let folder = Self { bucket: self.bucket.clone(), prefix: Phi::new(folder.to_owned()) };
        (!name.is_empty()).then(|| (folder, Phi::new(name.to_owned())))
    }

    /// The folder above the one that an object lies in, and its key there; nothing where there is none.
    #[must_use]
    pub fn object_below_parent(&self) -> Option<(Self, Phi<String>)> {
        let (folder, name) = self.object()?;
        let above = Self { prefix: Phi::new(folder.prefix.expose().strip_suffix('/')?.to_owned()), ..folder };
        let (above, folder) = above.object()?;
        Some((above, Phi::new(format!("{}/{}", folder.expose(), name.expose()))))
    }

    /// Whether all of `other`, taken as a folder, lies in this one.
    #[must_use]
    pub fn holds(&self, other: &Self) -> bool {
        let (own, other) = (self.folder(), other.folder());
        own.bucket == other.bucket && other.prefix.expose().starts_with(own.prefix.expose().as_str())
    }
}

/// A folder may have any name, `a://b` too, as long as it does not begin like a URL.
fn is_scheme(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

/// Names of buckets, those of their first years too, and aliases of access points.
fn is_bucket(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    (3..=255).contains(&name.len())
        && name.bytes().all(allowed)
        && name.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(typed: &str) -> BucketAddress {
        Address::parse(Path::new(typed)).unwrap().bucket().unwrap().clone()
    }

    #[test]
    fn folders_and_buckets_are_told_apart() {
        for folder in ["in", "/in/s3", "./s3://b", "-", "a/b://c", "s3:/raw"] {
            assert!(Address::parse(Path::new(folder)).unwrap() == Address::Folder(folder.into()), "{folder}");
        }
        let raw = bucket("s3://raw-calls/2026/11/21/");
        assert!(raw.bucket == "raw-calls" && raw.prefix.expose() == "2026/11/21/");
        assert!(bucket("s3://raw").prefix.expose().is_empty());
    }

    #[test]
    fn what_can_be_neither_is_refused() {
        for typed in
            ["s3://", "s3:///key", "s3://a/b", "s3://b ad/k", "gs://raw/", "https://raw.example/", "s3://raw/.held/"]
        {
            assert!(Address::parse(Path::new(typed)).is_err(), "{typed}");
        }
    }

    #[test]
    fn an_object_is_known_by_its_folder_and_name() {
        let (folder, name) = bucket("s3://raw/2026/a.json").object().unwrap();
        assert!(folder == bucket("s3://raw/2026/") && name.expose() == "a.json");
        let (above, key) = bucket("s3://raw/inventory/2026-11-21/manifest.json").object_below_parent().unwrap();
        assert!(above == bucket("s3://raw/inventory/") && key.expose() == "2026-11-21/manifest.json");
        assert!(bucket("s3://raw/a.json").object_below_parent().is_none());
        let (folder, _) = bucket("s3://raw/a.json").object().unwrap();
        assert!(folder == bucket("s3://raw"));
        assert!(bucket("s3://raw/2026/").object().is_none() && bucket("s3://raw").object().is_none());
    }

    #[test]
    fn a_prefix_holds_what_lies_below_its_folder_and_nothing_else() {
        let holds = |a: &str, b: &str| bucket(a).holds(&bucket(b));
        assert!(holds("s3://raw", "s3://raw/2026/") && holds("s3://raw/2026", "s3://raw/2026/"));
        assert!(!holds("s3://raw/2026", "s3://raw/2026-11/") && !holds("s3://raw/2026/", "s3://raw"));
        assert!(!holds("s3://raw", "s3://redacted"));
    }
}
