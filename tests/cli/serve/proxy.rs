//! Proxies before the server, TLS by the server, and whoever pretends to be either.

use super::site::{Answer, Site};
use crate::support::Bench;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

fn site(flags: &[&str]) -> Site {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("out")).unwrap();
    Site::told(bench, flags, &[])
}

/// A refused sign-in through a proxy that says this; the status, and where the audit log has it from.
fn signed_in_from(site: &Site, headers: &[(&str, &str)]) -> (u16, String) {
    let before = site.entries(&[]).len();
    let answer = site.send("POST", "/sign-in", headers, "name=ana&password=a+guess+of+words");
    let entries = site.entries(&[]);
    assert_eq!(entries.len() - before, usize::from(answer.status == 401), "{}", answer.text());
    let from = entries.last().filter(|_| answer.status == 401).map(|e| e["from"].as_str().unwrap().to_owned());
    (answer.status, from.unwrap_or_default())
}

#[test]
fn the_audit_log_has_the_users_address_and_none_that_a_user_made_up() {
    let site = site(&["--behind-proxy", "127.0.0.1,10.0.0.0/8"]);
    let xff = "X-Forwarded-For";
    for (headers, wanted) in [
        (&[(xff, "203.0.113.9")][..], "203.0.113.9"),
        (&[(xff, "198.51.100.1, 203.0.113.9")], "203.0.113.9"),
        (&[(xff, "198.51.100.1"), (xff, "203.0.113.9, 10.0.0.5")], "203.0.113.9"),
        (&[(xff, "203.0.113.9"), ("X-Forwarded-Proto", "https")], "203.0.113.9"),
        (&[(xff, "203.0.113.9"), ("X-Real-IP", "198.51.100.1"), ("Forwarded", "for=198.51.100.1")], "203.0.113.9"),
    ] {
        assert_eq!(signed_in_from(&site, headers), (401, wanted.to_owned()), "{headers:?}");
    }
    let open = [(xff, "203.0.113.9"), ("X-Forwarded-Proto", "http")];
    assert_eq!(signed_in_from(&site, &open).0, 403, "a password in the open");
    assert_eq!(signed_in_from(&site, &[]).0, 403, "nobody handed it on");
    let page = site.send("GET", "/sign-in", &[(xff, "203.0.113.9")], "");
    assert_eq!((page.status, page.header("strict-transport-security")), (200, Some("max-age=31536000")));
    assert_eq!(site.send("GET", "/metrics", &[(xff, "203.0.113.9")], "").status, 404, "numbers are not for users");
    assert_eq!((site.get("/metrics").status, site.get("/healthz").status), (200, 200));
}

#[test]
fn whoever_comes_around_the_proxies_gets_nothing_whatever_they_say() {
    let site = site(&["--behind-proxy", "192.0.2.7"]);
    for headers in [&[][..], &[("X-Forwarded-For", "192.0.2.7"), ("X-Forwarded-Proto", "https")]] {
        assert_eq!(signed_in_from(&site, headers).0, 403);
        for path in ["/", "/sign-in", "/calls", "/api/v1/calls"] {
            assert_eq!(site.send("GET", path, headers, "").status, 403, "{path}");
        }
        assert_eq!(site.send("GET", "/readyz", headers, "").status, 200);
    }
    let bench = Bench::new();
    std::fs::create_dir(bench.path("out")).unwrap();
    for wrong in ["0.0.0.0/0", "10.1.0.0/8", "proxy.example", ""] {
        assert_eq!(bench.run(&["serve", "out", "--behind-proxy", wrong]).code, Some(2), "{wrong}");
    }
}

#[test]
fn without_proxies_no_header_is_believed_and_nobody_comes_through_one_that_is_not_named() {
    let site = site(&[]);
    let told = [("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-Proto", "https")];
    assert_eq!(signed_in_from(&site, &told).0, 403, "everybody would pass for this machine");
    assert!(site.send("GET", "/sign-in", &told, "").text().contains("--behind-proxy"));
    let status = |path: &str| site.send("GET", path, &told, "").status;
    assert_eq!((status("/healthz"), status("/metrics")), (200, 403));
    assert_eq!(signed_in_from(&site, &told[1..]), (401, "127.0.0.1".to_owned()));
}

#[test]
fn a_server_with_a_certificate_speaks_tls_and_nothing_else() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tls");
    let (certificate, key) = (format!("{folder}/localhost.crt"), format!("{folder}/localhost.key"));
    let site = site(&["--tls-cert", &certificate, "--tls-key", &key]);
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&certificate).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let client = ClientConnection::new(Arc::new(config), ServerName::from(site.address.ip())).unwrap();
    let mut stream = StreamOwned::new(client, TcpStream::connect(site.address).unwrap());
    stream.write_all(b"GET /sign-in HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = Answer::parse(&answer).unwrap();
    assert_eq!((answer.status, answer.header("strict-transport-security")), (200, Some("max-age=31536000")));
    assert!(site.raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").is_none(), "in the open");
}
