//! A folder with the key of this process and the public keys of all that ever were: `signing-key.pem`, readable by its
//! owner alone, and `public-keys.json`, for everybody who verifies.
//!
//! Every change is a file written aside and renamed, in an order that leaves a folder which signs and verifies wherever it
//! breaks off.

use super::key::{KeyId, PrivateKey, PublicKey};
use super::public::PublicKeys;
use crate::base::{Error, Phi, Result, Timestamp, why};
use std::fs::{self, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// The private key's file.
pub const PRIVATE_FILE: &str = "signing-key.pem";
/// The public keys' file.
pub const PUBLIC_FILE: &str = "public-keys.json";
/// Largest file of keys, bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// A folder of keys.
pub struct KeyFolder(PathBuf);

impl KeyFolder {
    /// The folder at this path.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Where its private key lies.
    #[must_use]
    pub fn private_file(&self) -> PathBuf {
        self.0.join(PRIVATE_FILE)
    }

    /// Where its public keys lie.
    #[must_use]
    pub fn public_file(&self) -> PathBuf {
        self.0.join(PUBLIC_FILE)
    }

    /// Makes a key where there is none.
    ///
    /// # Errors
    /// A usage error when there is one, or the folder cannot be written.
    pub fn make(&self, now: Timestamp) -> Result<KeyId> {
        if self.private_file().exists() {
            return Err(self.wrong("there is a key already").hint("replace it with `sordino keys rotate`"));
        }
        fs::create_dir_all(&self.0).map_err(|e| self.unwritten(&e))?;
        let mut keys = self.public()?;
        self.replace(&mut keys, now)
    }

    /// Puts a new key in the place of the one in use. What is signed by the old one until `overlap_end` stays valid.
    ///
    /// # Errors
    /// A usage error when there is no key, or the folder cannot be written.
    pub fn rotate(&self, now: Timestamp, overlap_end: Timestamp) -> Result<KeyId> {
        read_private(&self.private_file())?;
        let mut keys = self.public()?;
        let id = self.replace(&mut keys, now)?;
        keys.retire_all_but(&id, overlap_end);
        self.write_public(&keys)?;
        Ok(id)
    }

    /// Adds the public half of a key that lies elsewhere, and retires those before.
    ///
    /// # Errors
    /// A usage error when the folder cannot be written.
    pub fn trust(&self, public: PublicKey, now: Timestamp, overlap_end: Timestamp) -> Result<KeyId> {
        fs::create_dir_all(&self.0).map_err(|e| self.unwritten(&e))?;
        let (mut keys, id) = (self.public()?, public.id());
        keys.add(public, now)?;
        keys.retire_all_but(&id, overlap_end);
        self.write_public(&keys)?;
        Ok(id)
    }

    /// Its public keys; none where there is no such file.
    ///
    /// # Errors
    /// A usage error when they cannot be read.
    pub fn public(&self) -> Result<PublicKeys> {
        if !self.public_file().exists() {
            return Ok(PublicKeys::default());
        }
        read_public(&self.public_file())
    }

    /// The public half is known before anything is signed, and the old key is retired once nothing is.
    fn replace(&self, keys: &mut PublicKeys, now: Timestamp) -> Result<KeyId> {
        let (key, pem) = PrivateKey::generate()?;
        keys.add(key.public(), now)?;
        self.write_public(keys)?;
        self.write(PRIVATE_FILE, 0o600, pem.expose().as_bytes())?;
        Ok(key.public().id())
    }

    fn write_public(&self, keys: &PublicKeys) -> Result<()> {
        self.write(PUBLIC_FILE, 0o644, &keys.to_bytes())
    }

    fn write(&self, name: &str, mode: u32, bytes: &[u8]) -> Result<()> {
        let write = || -> std::io::Result<()> {
            let mut aside = NamedTempFile::new_in(&self.0)?;
            aside.write_all(bytes)?;
            aside.as_file().set_permissions(Permissions::from_mode(mode))?;
            aside.as_file().sync_all()?;
            aside.persist(self.0.join(name)).map_err(|e| e.error)?;
            fs::File::open(&self.0)?.sync_all()
        };
        write().map_err(|e| self.unwritten(&e))
    }

    fn wrong(&self, what: &str) -> Error {
        Error::usage(format!("key folder {}: {what}", self.0.display()))
    }

    fn unwritten(&self, error: &std::io::Error) -> Error {
        self.wrong(&format!("cannot be written: {}", why(error)))
    }
}

/// The private key in a file.
///
/// # Errors
/// A usage error when it cannot be read, others may read it, or it is no key.
pub fn read_private(path: &Path) -> Result<PrivateKey> {
    let shown = path.display();
    let mode = fs::metadata(path).map_err(|e| unread("signing key", path, &e))?.permissions().mode();
    if mode & 0o007 != 0 {
        return Err(
            Error::usage(format!("signing key {shown}: everybody may read it")).hint(format!("chmod 600 {shown}"))
        );
    }
    PrivateKey::parse(&Phi::new(read(path, "signing key")?))
}

/// The public keys in a file.
///
/// # Errors
/// A usage error when they cannot be read or are damaged.
pub fn read_public(path: &Path) -> Result<PublicKeys> {
    PublicKeys::parse(read(path, "public keys")?.as_bytes())
}

/// The public key in a file of PEM.
///
/// # Errors
/// A usage error when it cannot be read or is no key.
pub fn read_public_pem(path: &Path) -> Result<PublicKey> {
    PublicKey::parse(&read(path, "public key")?)
}

/// A small text file of keys.
fn read(path: &Path, what: &str) -> Result<String> {
    let mut text = String::new();
    let file = fs::File::open(path).map_err(|e| unread(what, path, &e))?;
    let read = file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(|e| unread(what, path, &e))?;
    if read as u64 > FILE_BYTES_MAX {
        return Err(Error::usage(format!("{what} {}: too large", path.display())));
    }
    Ok(text)
}

fn unread(what: &str, path: &Path, error: &std::io::Error) -> Error {
    let hint = match error.kind() {
        ErrorKind::NotFound => "make one with `sordino keys new FOLDER`",
        _ => "may this process read it?",
    };
    Error::usage(format!("{what} {}: {}", path.display(), why(error))).hint(hint)
}
