//! A server's own TLS: its certificates and key out of PEM files. TLS 1.2 and 1.3, as the library has them on by default.

use crate::base::{Error, Result};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// Most certificates of a chain.
const CHAIN_MAX: usize = 16;

/// What a server shows that it is who it says.
pub struct Identity(pub(super) TlsAcceptor);

/// Reads a chain of certificates and the key of the first.
///
/// # Errors
/// A usage error that names the file and never says what is in it.
pub fn read_identity(certificates: &Path, key: &Path) -> Result<Identity> {
    let wrong = |flag: &str, path: &Path, what: &str| Error::usage(format!("{flag} {}: {what}", path.display()));
    let chain =
        CertificateDer::pem_file_iter(certificates).map_err(|_| wrong("--tls-cert", certificates, "cannot be read"))?;
    let chain = chain.take(CHAIN_MAX).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|_| wrong("--tls-cert", certificates, "not PEM"))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|_| wrong("--tls-key", key, "no private key in PEM"))?;
    let unfit = |_| wrong("--tls-cert", certificates, "the chain and the key do not go together");
    let config =
        ServerConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions();
    let mut config = config.map_err(unfit)?.with_no_client_auth().with_single_cert(chain, private).map_err(unfit)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Identity(TlsAcceptor::from(Arc::new(config))))
}
