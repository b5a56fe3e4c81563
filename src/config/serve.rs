//! The table `[serve]`: what `sordino serve` is told besides.

use super::fields::truth;
use crate::access::orders::Eyes;
use crate::base::{Error, Result};
use std::ffi::OsStr;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// Where the page is unless told otherwise.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8443);

/// One layer's fields of the table.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ServeFields {
    /// Address of the page.
    pub listen: Option<SocketAddr>,
    /// File with the chain of certificates, PEM.
    pub tls_cert: Option<PathBuf>,
    /// File with the key of the first of them, PEM.
    pub tls_key: Option<PathBuf>,
    /// Whether a proxy ends TLS and says where requests came from.
    pub behind_proxy: Option<bool>,
    /// Whether another privacy officer must agree to an order on a held call.
    pub four_eyes: Option<bool>,
}

/// What the server is told, checked, with what it was not told filled in.
pub struct ServeSettings {
    /// Address of the page.
    pub listen: SocketAddr,
    /// Certificates and key of the server's own TLS.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Whether a proxy ends TLS and says where requests came from.
    pub behind_proxy: bool,
    /// Whose agreement an order on a held call needs.
    pub eyes: Eyes,
}

impl ServeFields {
    pub(super) fn over(self, lower: Self) -> Self {
        Self {
            listen: self.listen.or(lower.listen),
            tls_cert: self.tls_cert.or(lower.tls_cert),
            tls_key: self.tls_key.or(lower.tls_key),
            behind_proxy: self.behind_proxy.or(lower.behind_proxy),
            four_eyes: self.four_eyes.or(lower.four_eyes),
        }
    }

    /// Sets the field of the variable `SORDINO_<name>`; whether there is one.
    pub(super) fn set_from_env(&mut self, name: &str, value: &OsStr) -> Result<bool> {
        let full = format!("SORDINO_{name}");
        match name {
            "SERVE_LISTEN" => {
                let address = value.to_str().and_then(|text| text.parse().ok());
                let wrong = || Error::usage(format!("{full}={}: not an address", value.to_string_lossy()));
                self.listen = Some(address.ok_or_else(wrong)?);
            }
            "TLS_CERT" => self.tls_cert = Some(value.into()),
            "TLS_KEY" => self.tls_key = Some(value.into()),
            "FOUR_EYES" => self.four_eyes = Some(truth(&full, value)?),
            "BEHIND_PROXY" => self.behind_proxy = Some(truth(&full, value)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    pub(super) fn settings(&self) -> Result<ServeSettings> {
        let tls = match (&self.tls_cert, &self.tls_key) {
            (Some(certificates), Some(key)) => Some((certificates.clone(), key.clone())),
            (None, None) => None,
            _ => return Err(Error::usage("TLS needs both --tls-cert and --tls-key")),
        };
        let behind_proxy = self.behind_proxy.unwrap_or_default();
        if behind_proxy && tls.is_some() {
            return Err(Error::usage("--behind-proxy and --tls-cert: either the proxy ends TLS or the server does"));
        }
        let eyes = if self.four_eyes.unwrap_or(true) { Eyes::Four } else { Eyes::Two };
        Ok(ServeSettings { listen: self.listen.unwrap_or(LISTEN), tls, behind_proxy, eyes })
    }
}
