//! A server's own TLS: its certificates and key out of PEM files, which may be renewed while it runs. TLS 1.2 and 1.3, as the
//! library has them on by default.

use super::app::{App, Front, lock};
use super::notice::Notice;
use crate::base::{Error, Result, Sha256Hex};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};
use std::thread;
use std::time::Duration;
use tokio_rustls::TlsAcceptor;

/// Most certificates of a chain.
const CHAIN_MAX: usize = 16;
/// Most bytes of a file of either.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// Between two looks at the files.
const PAUSE: Duration = Duration::from_secs(30);

/// What a server shows that it is who it says.
pub struct Identity {
    certificates: PathBuf,
    key: PathBuf,
    current: Mutex<Current>,
}

struct Current {
    /// Digests of the files that it was read from.
    files: [Sha256Hex; 2],
    acceptor: TlsAcceptor,
}

/// Reads a chain of certificates and the key of the first.
///
/// # Errors
/// A usage error that names the file and never says what is in it.
pub fn read_identity(certificates: &Path, key: &Path) -> Result<Identity> {
    let current = Mutex::new(read(certificates, key)?);
    Ok(Identity { certificates: certificates.to_owned(), key: key.to_owned(), current })
}

impl Identity {
    /// What takes connections from now on.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        lock(&self.current).acceptor.clone()
    }

    /// Takes up files that have changed; whether they had. Connections that are there go on with what they began with.
    fn renew(&self) -> Result<bool> {
        let read = read(&self.certificates, &self.key)?;
        let mut current = lock(&self.current);
        let has_changed = read.files != current.files;
        *current = read;
        Ok(has_changed)
    }
}

/// Looks at the files again and again, until the server is gone. What cannot be read leaves what was read before.
pub(super) fn keep(app: Weak<App>, front: Weak<Front>) -> io::Result<()> {
    let look = move || {
        thread::sleep(PAUSE);
        while let (Some(app), Some(front)) = (app.upgrade(), front.upgrade()) {
            if let Front::Tls(identity) = &*front
                && let Err(error) = identity.renew()
            {
                (app.parts.tell)(&Notice::NotRenewed { error: &error });
            }
            drop((app, front));
            thread::sleep(PAUSE);
        }
    };
    thread::Builder::new().name("certificate".into()).spawn(look).map(drop)
}

fn read(certificates: &Path, key: &Path) -> Result<Current> {
    let wrong = |flag: &str, path: &Path, what: &str| Error::usage(format!("{flag} {}: {what}", path.display()));
    let chain_bytes = bytes(certificates).map_err(|_| wrong("--tls-cert", certificates, "cannot be read"))?;
    let key_bytes = bytes(key).map_err(|_| wrong("--tls-key", key, "cannot be read"))?;
    let chain = CertificateDer::pem_slice_iter(&chain_bytes).take(CHAIN_MAX).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|_| wrong("--tls-cert", certificates, "not PEM"))?;
    let private = PrivateKeyDer::from_pem_slice(&key_bytes);
    let private = private.map_err(|_| wrong("--tls-key", key, "no private key in PEM"))?;
    let unfit = |_| wrong("--tls-cert", certificates, "the chain and the key do not go together");
    let config =
        ServerConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions();
    let mut config = config.map_err(unfit)?.with_no_client_auth().with_single_cert(chain, private).map_err(unfit)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let files = [Sha256Hex::of(&chain_bytes), Sha256Hex::of(&key_bytes)];
    Ok(Current { files, acceptor: TlsAcceptor::from(Arc::new(config)) })
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renewed_files_are_taken_up_once_both_are_there() {
        let folder = tempfile::tempdir().unwrap();
        let (certificates, key) = (folder.path().join("a.crt"), folder.path().join("a.key"));
        let put = |from: &str, to: &Path| {
            std::fs::copy(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tls")).join(from), to).unwrap();
        };
        put("localhost.crt", &certificates);
        put("localhost.key", &key);
        let identity = read_identity(&certificates, &key).unwrap();
        assert!(!identity.renew().unwrap(), "nothing has changed");
        put("renewed.crt", &certificates);
        let before = lock(&identity.current).files.clone();
        assert!(identity.renew().is_err(), "the key is still the one before");
        assert!(lock(&identity.current).files == before, "which goes on");
        put("renewed.key", &key);
        assert!(identity.renew().unwrap() && lock(&identity.current).files != before);
        std::fs::remove_file(&key).unwrap();
        assert!(identity.renew().is_err() && read_identity(&certificates, &key).is_err());
    }
}
