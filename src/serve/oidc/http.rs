//! Requests to a provider: few, small, over TLS, each with an end. Redirections are not followed. Certificates are those that
//! this machine trusts.

use crate::base::{Error, Phi, Result};
use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, Method, Request, StatusCode, Uri, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::aws_lc_rs::default_provider;
use std::net::IpAddr;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::timeout;

/// How long an answer may take, whole.
const ANSWER_WAIT: Duration = Duration::from_secs(10);
/// Largest answer, bytes.
const ANSWER_BYTES_MAX: usize = 256 << 10;
const FORM: &str = "application/x-www-form-urlencoded";

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// Nobody answers, or not in time, or it failed there.
    Down,
    /// It was understood and refused.
    Refused,
}

/// What sends them.
pub struct Http {
    client: Client<HttpsConnector<HttpConnector>, Body>,
    runtime: Handle,
}

impl Http {
    /// One that trusts whom this machine trusts.
    ///
    /// # Errors
    /// When it trusts nobody.
    pub fn new(runtime: Handle) -> Result<Self> {
        let nobody = |_| {
            Error::usage("oidc: this machine has no certificates to trust")
                .hint("install ca-certificates, or name a file of them in SSL_CERT_FILE")
        };
        let roots = HttpsConnectorBuilder::new().with_provider_and_native_roots(default_provider()).map_err(nobody)?;
        let connector = roots.https_or_http().enable_http1().build();
        Ok(Self { client: Client::builder(TokioExecutor::new()).build(connector), runtime })
    }

    /// What is at an address.
    pub fn get(&self, address: &str, authorization: Option<&Phi<String>>) -> Result<Phi<Vec<u8>>, Failed> {
        self.send(Method::GET, address, authorization, Body::empty())
    }

    /// The answer to a form.
    pub fn post_form(
        &self,
        address: &str,
        authorization: Option<&Phi<String>>,
        form: String,
    ) -> Result<Phi<Vec<u8>>, Failed> {
        self.send(Method::POST, address, authorization, Body::from(form))
    }

    fn send(
        &self,
        method: Method,
        address: &str,
        authorization: Option<&Phi<String>>,
        body: Body,
    ) -> Result<Phi<Vec<u8>>, Failed> {
        // Metadata may name an address that settings would not.
        if !is_private(address) {
            return Err(Failed::Down);
        }
        let mut request = Request::builder().method(&method).uri(address).header(header::ACCEPT, "application/json");
        if method == Method::POST {
            request = request.header(header::CONTENT_TYPE, FORM);
        }
        if let Some(authorization) = authorization {
            let mut value = HeaderValue::from_str(authorization.expose()).map_err(|_| Failed::Down)?;
            value.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, value);
        }
        let request = request.body(body).map_err(|_| Failed::Down)?;
        let answered = async {
            let answer = self.client.request(request).await.map_err(|_| Failed::Down)?;
            let status = answer.status();
            let bytes = to_bytes(Body::new(answer.into_body()), ANSWER_BYTES_MAX).await.map_err(|_| Failed::Down)?;
            match status {
                StatusCode::OK => Ok(Phi::new(bytes.to_vec())),
                status if status.is_client_error() => Err(Failed::Refused),
                _ => Err(Failed::Down),
            }
        };
        let waited = async { timeout(ANSWER_WAIT, answered).await };
        self.runtime.block_on(waited).unwrap_or(Err(Failed::Down))
    }
}

/// Whether nobody between can read what is sent to an address: over TLS, or on this machine.
#[must_use]
pub fn is_private(address: &str) -> bool {
    let Ok(uri) = address.parse::<Uri>() else { return false };
    let Some(host) = uri.host() else { return false };
    let is_here = || {
        let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
    };
    match uri.scheme_str() {
        Some("https") => true,
        Some("http") => is_here(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_in_the_open_stays_on_this_machine() {
        for address in ["https://id.example/x", "http://127.0.0.1:9/", "http://[::1]:9/", "http://localhost/"] {
            assert!(is_private(address), "{address}");
        }
        for address in
            ["http://id.example/", "http://127.0.0.1.evil.example/", "http://localhost@evil.example/", "file:///x", ""]
        {
            assert!(!is_private(address), "{address}");
        }
    }
}
