//! The cookies of a session and of a sign-in under way: out of reach of scripts, never sent along by other sites, over TLS alone where there is TLS.

use super::super::app::Channel;
use crate::base::{Error, Kind, Phi, Result, Stage};
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::header;

/// Longest header of cookies that is looked at, bytes.
const HEADER_BYTES_MAX: usize = 4_096;

/// With its prefix, a browser takes it over TLS alone, from this host and for all its paths.
const fn name(channel: Channel) -> &'static str {
    if channel.is_secure() { "__Host-sordino" } else { "sordino" }
}

const fn attributes(channel: Channel) -> &'static str {
    if channel.is_secure() {
        "; Path=/; HttpOnly; SameSite=Strict; Secure"
    } else {
        "; Path=/; HttpOnly; SameSite=Strict"
    }
}

/// That of a sign-in under way at a provider. A browser sends it along when the provider leads back here, which it would not
/// with the session's `Strict`.
const fn attempt_name(channel: Channel) -> &'static str {
    if channel.is_secure() { "__Host-sordino-sign-in" } else { "sordino-sign-in" }
}

const fn attempt_attributes(channel: Channel) -> &'static str {
    if channel.is_secure() { "; Path=/; HttpOnly; SameSite=Lax; Secure" } else { "; Path=/; HttpOnly; SameSite=Lax" }
}

/// The secret that a browser came with.
pub(in super::super) fn read(headers: &HeaderMap, channel: Channel) -> Option<Phi<String>> {
    find(headers, name(channel))
}

/// What it has kept of a sign-in under way.
pub(super) fn read_attempt(headers: &HeaderMap, channel: Channel) -> Option<Phi<String>> {
    find(headers, attempt_name(channel))
}

fn find(headers: &HeaderMap, name: &str) -> Option<Phi<String>> {
    let texts = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies = texts.filter(|text| text.len() <= HEADER_BYTES_MAX).flat_map(|text| text.split(';'));
    cookies.find_map(|cookie| {
        let (cookie, value) = cookie.trim().split_once('=')?;
        (cookie == name).then(|| Phi::new(value.to_owned()))
    })
}

/// Hands a browser a secret, until it is closed.
pub(in super::super) fn set(secret: &Phi<String>, channel: Channel) -> Result<HeaderValue> {
    header_value(format!("{}={}{}", name(channel), secret.expose(), attributes(channel)))
}

/// Hands a browser what to come back with from a provider, for so many seconds.
pub(super) fn set_attempt(secret: &Phi<String>, seconds: u32, channel: Channel) -> Result<HeaderValue> {
    let (name, attributes) = (attempt_name(channel), attempt_attributes(channel));
    header_value(format!("{name}={}; Max-Age={seconds}{attributes}", secret.expose()))
}

fn header_value(text: String) -> Result<HeaderValue> {
    let failed = |_| Error::new(Stage::Records, Kind::Internal, "a cookie cannot be written");
    let mut value = HeaderValue::from_str(&text).map_err(failed)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Has a browser forget what it came back with.
pub(super) fn unset_attempt(channel: Channel) -> HeaderValue {
    let text = format!("{}=; Max-Age=0{}", attempt_name(channel), attempt_attributes(channel));
    HeaderValue::from_str(&text).expect("fixed text")
}

/// Has a browser forget it.
pub(super) fn unset(channel: Channel) -> HeaderValue {
    let text = format!("{}=; Max-Age=0{}", name(channel), attributes(channel));
    HeaderValue::from_str(&text).expect("fixed text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_comes_back_from_among_others_and_from_its_own_name_alone() {
        let read = |text: &str, channel| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_str(text).unwrap());
            read(&headers, channel).map(Phi::into_exposed)
        };
        assert_eq!(read("a=b; sordino=s3; c=d", Channel::Plain).unwrap(), "s3");
        assert_eq!(read("sordino=s3; __Host-sordino=s4", Channel::Tls).unwrap(), "s4");
        assert!(read("sordino=s3", Channel::Proxy).is_none(), "one that was set in the open");
        assert!(read("xsordino=s3; sordino", Channel::Plain).is_none());
        assert!(read(&format!("sordino={}", "s".repeat(5_000)), Channel::Plain).is_none());
    }

    #[test]
    fn it_is_out_of_reach_of_scripts_and_other_sites() {
        let secret = Phi::new("s3".to_owned());
        for (channel, wanted) in [
            (Channel::Plain, "sordino=s3; Path=/; HttpOnly; SameSite=Strict"),
            (Channel::Tls, "__Host-sordino=s3; Path=/; HttpOnly; SameSite=Strict; Secure"),
        ] {
            assert_eq!(set(&secret, channel).unwrap().to_str().unwrap(), wanted);
        }
        let attempt = set_attempt(&secret, 600, Channel::Tls).unwrap();
        let wanted = "__Host-sordino-sign-in=s3; Max-Age=600; Path=/; HttpOnly; SameSite=Lax; Secure";
        assert_eq!(attempt.to_str().unwrap(), wanted);
    }
}
