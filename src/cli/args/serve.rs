//! `serve`, as clap reads it. Must not do anything.

use crate::config::{Fields, LogLevel, OidcFields, ServeFields, SigningFields, WorkerFields};
use crate::serve::Network;
use clap::{Args, ValueHint};
use std::net::SocketAddr;
use std::path::PathBuf;

pub(super) const SERVE_ENVIRONMENT: &str = "\
In the table [serve] (docs/serve.md):
  listen (SORDINO_SERVE_LISTEN) [127.0.0.1:8443], tls-cert (SORDINO_TLS_CERT), tls-key (SORDINO_TLS_KEY)
  behind-proxy (SORDINO_BEHIND_PROXY), four-eyes (SORDINO_FOUR_EYES) [true]
  public-url (SORDINO_PUBLIC_URL), password-sign-in (SORDINO_PASSWORD_SIGN_IN) [true]
In the table [serve.oidc], or SORDINO_OIDC_… (docs/sign-in.md):
  issuer (SORDINO_OIDC_ISSUER), client-id (SORDINO_OIDC_CLIENT_ID), client-secret (SORDINO_OIDC_CLIENT_SECRET),
  client-secret-file (SORDINO_OIDC_CLIENT_SECRET_FILE), name, scopes, acr, match-claim, role-claim, roles, team-claim
The index of calls lies in the state folder: state-dir (SORDINO_STATE_DIR).
The level of the log is that of workers: worker.log (SORDINO_LOG) [info].
A bucket needs a key that signs the audit log: signing.key-file (SORDINO_SIGNING_KEY_FILE).";

#[derive(Args)]
pub(in super::super) struct ServeArgs {
    /// Folder or s3://bucket/prefix with redacted calls
    #[arg(value_name = "DEST", value_hint = ValueHint::AnyPath)]
    pub dest: PathBuf,
    /// Address of the page; one that others reach needs TLS [default: 127.0.0.1:8443]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Chain of certificates, PEM, the server's own first
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    tls_cert: Option<PathBuf>,
    /// Key of the first certificate, PEM
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    tls_key: Option<PathBuf>,
    /// Proxies at these addresses or networks end TLS; of nobody else X-Forwarded-For is believed
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',')]
    behind_proxy: Option<Vec<Network>>,
    /// Where users reach this server, such as https://qa.example.org; a provider sends them back there
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    public_url: Option<String>,
    /// Users sign in at this OpenID Connect provider (docs/sign-in.md)
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    oidc_issuer: Option<String>,
    /// What the provider calls this server
    #[arg(long, value_name = "ID")]
    oidc_client_id: Option<String>,
    /// The provider's secret for this server; without it the server is a public client
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    oidc_client_secret_file: Option<PathBuf>,
    /// Seal the audit log with this Ed25519 key (docs/signing.md) [default: one of the state folder]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    signing_key_file: Option<PathBuf>,
    /// The least that is logged [default: info]
    #[arg(long, value_name = "LEVEL")]
    log: Option<LogLevel>,
}

impl ServeArgs {
    /// The flags that are fields of the configuration.
    pub fn flags(&self) -> Fields {
        Fields {
            serve: ServeFields {
                listen: self.listen,
                tls_cert: self.tls_cert.clone(),
                tls_key: self.tls_key.clone(),
                behind_proxy: self.behind_proxy.clone(),
                public_url: self.public_url.clone(),
                oidc: OidcFields {
                    issuer: self.oidc_issuer.clone(),
                    client_id: self.oidc_client_id.clone(),
                    client_secret_file: self.oidc_client_secret_file.clone(),
                    ..OidcFields::default()
                },
                ..ServeFields::default()
            },
            worker: WorkerFields { log: self.log, ..WorkerFields::default() },
            signing: SigningFields { key_file: self.signing_key_file.clone(), ..SigningFields::default() },
            ..Fields::default()
        }
    }
}
