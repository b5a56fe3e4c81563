//! The table `[serve]`: what `sordino serve` is told besides.

use super::fields::truth;
use super::oidc::OidcFields;
use crate::access::orders::Eyes;
use crate::base::{Error, Result};
use crate::serve::oidc::{Client, is_private};
use crate::serve::{Network, Password, Proxies};
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
    /// Addresses of the proxies that end TLS and say where requests came from.
    pub behind_proxy: Option<Vec<Network>>,
    /// Whether another privacy officer must agree to an order on a held call.
    pub four_eyes: Option<bool>,
    /// Where users reach the server: scheme and host.
    pub public_url: Option<String>,
    /// Whether users who have a password here may sign in with it.
    pub password_sign_in: Option<bool>,
    /// The provider of sign-ins.
    pub oidc: OidcFields,
}

/// What the server is told, checked, with what it was not told filled in.
pub struct ServeSettings {
    /// Address of the page.
    pub listen: SocketAddr,
    /// Certificates and key of the server's own TLS.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// The proxies that end TLS and say where requests came from.
    pub proxies: Option<Proxies>,
    /// Whose agreement an order on a held call needs.
    pub eyes: Eyes,
    /// What the server is at the provider of sign-ins.
    pub oidc: Option<Client>,
    /// Whether users may sign in with a password.
    pub password: Password,
}

impl ServeFields {
    pub(super) fn over(self, lower: Self) -> Self {
        Self {
            listen: self.listen.or(lower.listen),
            tls_cert: self.tls_cert.or(lower.tls_cert),
            tls_key: self.tls_key.or(lower.tls_key),
            behind_proxy: self.behind_proxy.or(lower.behind_proxy),
            four_eyes: self.four_eyes.or(lower.four_eyes),
            public_url: self.public_url.or(lower.public_url),
            password_sign_in: self.password_sign_in.or(lower.password_sign_in),
            oidc: self.oidc.over(lower.oidc),
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
            "BEHIND_PROXY" => {
                let networks =
                    value.to_str().map(|text| text.split(',').map(|network| network.trim().parse()).collect());
                let wrong = |what: &str| Error::usage(format!("{full}={}: {what}", value.to_string_lossy()));
                let networks: Result<_, _> = networks.unwrap_or(Err("not UTF-8"));
                self.behind_proxy = Some(networks.map_err(wrong)?);
            }
            "PASSWORD_SIGN_IN" => self.password_sign_in = Some(truth(&full, value)?),
            "PUBLIC_URL" => {
                let text = value.to_str().ok_or_else(|| Error::usage(format!("{full}: not UTF-8")))?;
                self.public_url = Some(text.to_owned());
            }
            _ => {
                let Some(name) = name.strip_prefix("OIDC_") else { return Ok(false) };
                return self.oidc.set_from_env(name, value);
            }
        }
        Ok(true)
    }

    pub(super) fn settings(&self) -> Result<ServeSettings> {
        let tls = match (&self.tls_cert, &self.tls_key) {
            (Some(certificates), Some(key)) => Some((certificates.clone(), key.clone())),
            (None, None) => None,
            _ => return Err(Error::usage("TLS needs both --tls-cert and --tls-key")),
        };
        let proxies = self.behind_proxy.clone().map(Proxies).filter(|proxies| !proxies.0.is_empty());
        if proxies.is_some() && tls.is_some() {
            return Err(Error::usage("--behind-proxy and --tls-cert: either the proxy ends TLS or the server does"));
        }
        let eyes = if self.four_eyes.unwrap_or(true) { Eyes::Four } else { Eyes::Two };
        let public_url = self.public_url.as_deref().map(origin).transpose()?;
        let oidc = self.oidc.client(public_url)?;
        let password = if self.password_sign_in.unwrap_or(true) { Password::Taken } else { Password::Refused };
        if password == Password::Refused && oidc.is_none() {
            return Err(Error::usage("password-sign-in = false: without a provider nobody could sign in")
                .hint("name the provider with --oidc-issuer"));
        }
        Ok(ServeSettings { listen: self.listen.unwrap_or(LISTEN), tls, proxies, eyes, oidc, password })
    }
}

/// A scheme and a host, without a `/` at the end.
fn origin(url: &str) -> Result<&str> {
    let origin = url.trim_end_matches('/');
    let is_origin =
        is_private(origin) && origin.split_once("://").is_some_and(|(_, host)| !host.contains(['/', '?', '#', '@']));
    let wrong = || {
        Error::usage(format!("--public-url {url}: not an address such as https://qa.example.org"))
            .hint("https, a host and perhaps a port, without a path")
    };
    is_origin.then_some(origin).ok_or_else(wrong)
}
