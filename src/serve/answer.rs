//! Answers, and what is wrong where there is none: one page or JSON object a status, which says nothing of what is there. The
//! headers that every answer has.

use super::asked::Asked;
use super::pages;
use crate::base::{Error, Kind};
use axum::body::Body;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use maud::Markup;
use serde::Serialize;

/// What a handler makes.
pub(super) type Answer = Result<Response, Problem>;

/// Why there is no answer.
pub(super) enum Problem {
    /// Nobody is signed in.
    SignInFirst,
    /// They must choose a password or set up a second factor first.
    DoFirst(&'static str),
    /// They may not, whatever it is about.
    Forbidden,
    /// It is not there, or not for them: which one is not told.
    NotFound,
    /// It is not asked for in this way.
    OtherMethod,
    /// What was sent makes no sense; why.
    Bad(&'static str),
    /// They came around the proxies.
    Around,
    /// They came through a proxy that the server was not told of.
    Untold,
    /// Their connection to the proxy is in the open.
    InTheOpen,
    /// The form did not come from this server's pages, or its session is over.
    Forged,
    /// What was sent is too large.
    TooLarge,
    /// What was sent came too slowly.
    TooSlow,
    /// No such part of a file that has so many bytes.
    NoSuchRange(u64),
    /// The audit log is broken, so that no whole report can be made of it.
    Broken,
    /// A copy is not what its manifest says: published anew meanwhile, or changed by somebody.
    Changed(Error),
    /// Others are ahead.
    Busy,
    /// It could not be written down.
    Unlogged(Error),
    /// It failed.
    Failed(Error),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Problem {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::SignInFirst => StatusCode::UNAUTHORIZED,
            Self::DoFirst(_) | Self::Forbidden | Self::Forged | Self::Around | Self::Untold | Self::InTheOpen => {
                StatusCode::FORBIDDEN
            }
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::OtherMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Bad(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::NoSuchRange(_) => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Changed(_) | Self::Busy | Self::Unlogged(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Failed(error) if error.kind == Kind::Usage => StatusCode::BAD_REQUEST,
            Self::Failed(error) if error.kind == Kind::Conflict => StatusCode::CONFLICT,
            Self::Failed(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What people are told.
    pub(super) fn message(&self) -> &'static str {
        match self {
            Self::SignInFirst => "Sign in first.",
            Self::DoFirst(_) => "Choose a password and set up a second factor first.",
            Self::Forbidden => "Your role does not allow this.",
            Self::NotFound => "There is nothing here that you may see.",
            Self::OtherMethod => "This is not asked for in this way.",
            Self::Bad(why) => why,
            Self::Around => "This page is reached through its proxy.",
            Self::Untold => "This server stands behind a proxy that it was not told of: see --behind-proxy.",
            Self::InTheOpen => "This page is reached by https:// alone.",
            Self::Forged => "This form is no longer good. Open the page again and send it anew.",
            Self::TooLarge => "That is too large.",
            Self::TooSlow => "That came too slowly.",
            Self::NoSuchRange(_) => "The recording has no such part.",
            Self::Broken => "The audit log is broken. Open the report as a page: it says where.",
            Self::Changed(_) => "A copy of this call is not what its manifest says. Tell whoever runs this server.",
            Self::Busy => "The server is busy. Try again in a moment.",
            Self::Unlogged(_) => "This could not be written to the audit log, so it was not done. Try again later.",
            Self::Failed(error) if error.kind == Kind::Usage => "This cannot be done with what was sent.",
            Self::Failed(error) if error.kind == Kind::Conflict => "Somebody else changed this meanwhile. Try again.",
            Self::Failed(_) => "The store does not answer. Try again later.",
        }
    }

    /// The answer: where to go, a page, or an object.
    pub(super) fn answer(&self, asked: Option<&Asked>, is_api: bool) -> Response {
        let mut answer = match (self, asked) {
            (Self::SignInFirst, Some(asked)) if !is_api => {
                match asked.again.as_deref().filter(|_| asked.is_from_elsewhere()) {
                    Some(again) => once_more(again),
                    None => see_other(&sign_in_path(asked.again.as_deref())),
                }
            }
            (Self::DoFirst(path), _) if !is_api => see_other(path),
            _ if is_api => json(self.status(), &serde_json::json!({ "error": self.message() })),
            _ => html(self.status(), pages::problem(self, asked.and_then(|asked| asked.who.as_ref()))),
        };
        let headers = answer.headers_mut();
        match self {
            Self::SignInFirst if is_api => set(headers, header::WWW_AUTHENTICATE, "Bearer"),
            Self::OtherMethod => set(headers, header::ALLOW, "GET, HEAD, POST"),
            Self::Busy | Self::Unlogged(_) => set(headers, header::RETRY_AFTER, "5"),
            Self::TooLarge | Self::TooSlow => set(headers, header::CONNECTION, "close"),
            Self::NoSuchRange(bytes) => set(headers, header::CONTENT_RANGE, &format!("bytes */{bytes}")),
            _ => {}
        }
        answer
    }
}

/// Where to sign in so that one comes back to what was asked for, with all that was chosen there.
fn sign_in_path(again: Option<&str>) -> String {
    match again.and_then(own_path).filter(|again| *again != "/") {
        Some(again) => {
            let next: String = form_urlencoded::byte_serialize(again.as_bytes()).collect();
            format!("/sign-in?next={next}")
        }
        None => "/sign-in".to_owned(),
    }
}

/// A path of this server to go on to, and no address of another: `/` and then anything but a second `/`, of characters that no
/// browser reads as something else.
pub(super) fn own_path(text: &str) -> Option<&str> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"/-._~?=&%+:".contains(&b);
    (text.starts_with('/') && !text.starts_with("//") && text.bytes().all(is_plain)).then_some(text)
}

/// Goes on to a path of this server.
pub(super) fn see_other(path: &str) -> Response {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::SEE_OTHER;
    set(answer.headers_mut(), header::LOCATION, own_path(path).unwrap_or("/"));
    answer
}

/// Has a browser ask once more, from here. On the way from another site, as by a link in a mail, it leaves out the cookie of a
/// session that there may be, and on a redirection too.
fn once_more(again: &str) -> Response {
    let again = own_path(again).unwrap_or("/");
    let mut answer = html(StatusCode::OK, pages::going_on("Going on", again));
    set(answer.headers_mut(), header::REFRESH, &format!("0;url={again}"));
    answer
}

/// Goes on to the provider of sign-ins; nothing where that is no address. Nowhere else does an answer lead to another server.
pub(super) fn go_to_provider(address: &str) -> Option<Response> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::SEE_OTHER;
    answer.headers_mut().insert(header::LOCATION, HeaderValue::from_str(address).ok()?);
    Some(answer)
}

/// A page.
pub(super) fn html(status: StatusCode, page: Markup) -> Response {
    with(status, "text/html; charset=utf-8", page.into_string())
}

/// An object.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_string(value) {
        Ok(text) => with(status, "application/json", text + "\n"),
        Err(_) => with(StatusCode::INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", String::new()),
    }
}

/// Bytes of a type.
pub(super) fn with(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

/// Sets a header; one that cannot be one is left out.
pub(super) fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// Scripts, styles, sound and pictures come from this server's own files and nowhere else; nothing stands inline; no other
/// site frames a page or is told where somebody came from. `same-origin`, because with `no-referrer` browsers hide where a
/// form came from, which the door looks at.
static ALWAYS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), usb=()"),
];

/// Adds what every answer has. Nothing is kept by browsers or proxies unless the handler says so.
pub(super) fn protect(answer: &mut Response, is_secure: bool) {
    let headers = answer.headers_mut();
    for (name, value) in &ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if is_secure {
        set(headers, header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_signs_in_and_comes_back_to_what_was_asked_for() {
        for (again, wanted) in [
            (
                Some("/calls?team=north&q=%22refill%20denied%22"),
                "/sign-in?next=%2Fcalls%3Fteam%3Dnorth%26q%3D%2522refill%2520denied%2522",
            ),
            (Some("/"), "/sign-in"),
            (Some("//evil.example"), "/sign-in"),
            (Some("https://evil.example/"), "/sign-in"),
            (None, "/sign-in"),
        ] {
            assert_eq!(sign_in_path(again), wanted);
            assert_eq!(see_other(&sign_in_path(again)).headers()[header::LOCATION], wanted);
        }
    }

    #[test]
    fn one_goes_on_to_paths_of_this_server_alone() {
        for own in ["/", "/calls?page=2&team=north", "/calls/0123/%20"] {
            assert_eq!(own_path(own), Some(own));
        }
        for other in
            ["", "calls", "//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil", "/a\r\nb: c", "/@é"]
        {
            assert_eq!(own_path(other), None, "{other:?}");
            assert_eq!(see_other(other).headers()[header::LOCATION], "/");
        }
    }
}
