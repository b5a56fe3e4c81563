//! The table `[signing]`: who signs manifests, the audit log and certificates, and what signatures are checked with.

use super::fields::{guarded, truth};
use crate::access::sign::{
    Demand, PUBLIC_FILE, PrivateKey, PublicKeys, Signer, Signing, SigningCommand, read_private, read_public,
};
use crate::base::{Error, Phi, Result, Timestamp};
use std::ffi::OsStr;
use std::path::PathBuf;

/// One layer's fields of the table.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct SigningFields {
    /// The private key itself, PEM. It has no flag, because other users see a process's flags.
    #[serde(deserialize_with = "guarded")]
    pub key: Option<Phi<String>>,
    /// A file with the private key.
    pub key_file: Option<PathBuf>,
    /// A program that signs, and its arguments.
    pub command: Option<Vec<String>>,
    /// The file of public keys.
    pub public_keys: Option<PathBuf>,
    /// Whether every manifest must be signed.
    pub required: Option<bool>,
}

impl SigningFields {
    /// These fields, and those of `lower` where these are not set. Who signs is one choice.
    pub(super) fn over(self, lower: Self) -> Self {
        let own = self.ways() > 0;
        let (key, key_file, command) =
            if own { (self.key, self.key_file, self.command) } else { (lower.key, lower.key_file, lower.command) };
        Self {
            key,
            key_file,
            command,
            public_keys: self.public_keys.or(lower.public_keys),
            required: self.required.or(lower.required),
        }
    }

    /// Sets the field of the variable `SORDINO_<name>`; whether there is one.
    pub(super) fn set_from_env(&mut self, name: &str, value: &OsStr) -> Result<bool> {
        let full = format!("SORDINO_{name}");
        let text = || value.to_str().map(str::to_owned).ok_or_else(|| Error::usage(format!("{full}: not UTF-8")));
        match name {
            "SIGNING_KEY" => self.key = Some(Phi::new(text()?)),
            "SIGNING_KEY_FILE" => self.key_file = Some(value.into()),
            "SIGNING_COMMAND" => self.command = Some(text()?.split_whitespace().map(str::to_owned).collect()),
            "PUBLIC_KEYS" => self.public_keys = Some(value.into()),
            "SIGNATURE_REQUIRED" => self.required = Some(truth(&full, value)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Refuses two ways to sign.
    pub(super) fn check(&self) -> Result<()> {
        if self.ways() > 1 {
            return Err(Error::usage("signing: more than one of key, key-file and command").hint("keep one of them"));
        }
        Ok(())
    }

    /// Whether anybody signs.
    pub(super) fn is_set(&self) -> bool {
        self.ways() > 0
    }

    fn ways(&self) -> usize {
        usize::from(self.key.is_some()) + usize::from(self.key_file.is_some()) + usize::from(self.command.is_some())
    }

    /// Who signs, and what signatures are checked with.
    pub(super) fn to_sign(&self) -> Result<Signing> {
        let mut signing = self.to_check()?;
        signing.signer = self.signer(&signing.keys)?;
        if signing.signer.is_none() && signing.demand == Demand::Required {
            return Err(Error::usage("every manifest must be signed, and nobody signs")
                .hint("make a key with `sordino keys new FOLDER` and set SORDINO_SIGNING_KEY_FILE"));
        }
        Ok(signing)
    }

    /// What signatures are checked with.
    pub(super) fn to_check(&self) -> Result<Signing> {
        let beside = || self.key_file.as_ref().map(|key| key.with_file_name(PUBLIC_FILE)).filter(|file| file.exists());
        let keys = self.public_keys.clone().or_else(beside);
        let demand = if self.required == Some(true) { Demand::Required } else { Demand::Optional };
        let mut keys = keys.map_or_else(|| Ok(PublicKeys::default()), |file| read_public(&file))?;
        // Who verifies need not be able to sign; where this process can, its own signatures hold even where its public
        // half was not told to anybody yet.
        if let Ok(Some(signer)) = self.signer(&keys) {
            keys.add(signer.public().clone(), Timestamp::from_unix_s(0))?;
        }
        Ok(Signing { signer: None, keys, demand })
    }

    fn signer(&self, keys: &PublicKeys) -> Result<Option<Signer>> {
        if let Some(key) = &self.key {
            return PrivateKey::parse(key).map(Signer::with_key).map(Some);
        }
        if let Some(file) = &self.key_file {
            return read_private(file).map(Signer::with_key).map(Some);
        }
        let Some(words) = &self.command else { return Ok(None) };
        let command = SigningCommand::new(words).ok_or_else(|| Error::usage("signing.command is empty"))?;
        let key = keys.newest().ok_or_else(|| {
            Error::usage("signing.command needs the public half of its key in public-keys")
                .hint("add it with `sordino keys trust FOLDER PEM`")
        })?;
        Ok(Some(Signer::with_command(command, key.public.clone())))
    }
}
