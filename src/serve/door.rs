//! The one way to a handler: finds the route, reads what was sent, finds out who asks, refuses forgeries, decides, writes down,
//! and only then lets the handler answer. Must not know what any route does.

use super::answer::{Answer, Problem, protect};
use super::app::{App, Channel, lock};
use super::asked::{Asked, Fields, Who};
use super::call::Call;
use super::notice::Notice;
use super::path::{At, find};
use super::proxy::{FORWARDED_FOR, Through};
use super::routes::{Logs, Method, Needs, ROUTES, Route};
use super::sign_in::cookie;
use crate::access::Word;
use crate::access::audit::{Event, Outcome, Via};
use crate::access::people::{Denied, Permission, Target, Todo, UserState, decide};
use crate::base::limits::FORM_BYTES_MAX;
use crate::base::{Error, Kind, Phi, Sha256Hex, Stage};
use axum::body::{Body, Bytes, to_bytes};
use axum::http::header;
use axum::http::request;
use axum::http::{self, HeaderValue, Request};
use axum::response::Response;
use hyper::body::Incoming;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// How long what is sent may take to come.
const FORM_WAIT: Duration = Duration::from_secs(20);
const FORM: &str = "application/x-www-form-urlencoded";
/// The field and the header that say that a form is of this session.
const CSRF: &str = "csrf";

/// Answers a request.
pub(super) async fn answer(app: Arc<App>, peer: IpAddr, request: Request<Incoming>) -> Response {
    let began = (app.parts.elapsed)();
    let (parts, body) = request.into_parts();
    let is_api = parts.uri.path().starts_with("/api/");
    let method = method_of(&parts.method);
    let (route, given) = match find(ROUTES, method, parts.uri.path()) {
        At::Route(route, params) => (Some(route), read_form(route, &parts, body).await.map(|form| (params, form))),
        At::OtherMethod => (None, Err(Problem::OtherMethod)),
        At::Nothing => (None, Err(Problem::NotFound)),
    };
    let known = Arc::clone(&app);
    let answered = tokio::task::spawn_blocking(move || {
        let (params, form) = match given {
            Ok(given) => given,
            Err(problem) => return (problem.answer(None, is_api), Some(problem)),
        };
        let mut asked = asked(&known, peer, parts);
        asked.params = params;
        asked.form = form;
        let route = route.expect("a form was read for it");
        let mut fresh = None;
        match enter(&known, route, &mut asked, &mut fresh) {
            Ok(mut answer) => {
                set_cookie(&mut answer, fresh);
                (answer, None)
            }
            Err(problem) => {
                let mut answer = problem.answer(Some(&asked), is_api);
                set_cookie(&mut answer, fresh);
                (answer, Some(problem))
            }
        }
    });
    // A handler that panics has its message dropped: it may hold text.
    let (mut answer, problem) = answered.await.unwrap_or_else(|_| {
        let problem = Problem::Failed(Error::new(Stage::Records, Kind::Internal, "a request ended in a panic"));
        (problem.answer(None, is_api), Some(problem))
    });
    match &problem {
        Some(Problem::Unlogged(error)) => (app.parts.tell)(&Notice::LogDown { error }),
        Some(Problem::Failed(error) | Problem::Changed(error)) => (app.parts.tell)(&Notice::Failed { error }),
        _ => {}
    }
    protect(&mut answer, app.channel.is_secure());
    let took = (app.parts.elapsed)().saturating_sub(began);
    let (status, route) = (answer.status().as_u16(), route.map(|route| route.path));
    (app.parts.tell)(&Notice::Answered { method: method.unwrap_or(Method::Post), route, status, took });
    answer
}

fn method_of(method: &http::Method) -> Option<Method> {
    match *method {
        http::Method::GET | http::Method::HEAD => Some(Method::Get),
        http::Method::POST => Some(Method::Post),
        _ => None,
    }
}

/// What was sent: a form of bounded size, in bounded time.
async fn read_form(route: &Route, parts: &request::Parts, body: Incoming) -> Result<Fields, Problem> {
    if route.method == Method::Get {
        return Ok(Fields::default());
    }
    let length = parts.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > FORM_BYTES_MAX as u64) {
        return Err(Problem::TooLarge);
    }
    let read = tokio::time::timeout(FORM_WAIT, to_bytes(Body::new(body), FORM_BYTES_MAX));
    let bytes: Bytes = read.await.map_err(|_| Problem::TooSlow)?.map_err(|_| Problem::TooLarge)?;
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or(FORM);
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(FORM) {
        return Err(Problem::Bad("What is sent here is a form (application/x-www-form-urlencoded)."));
    }
    Fields::read(&bytes).ok_or(Problem::Bad("The form has too many fields."))
}

/// The request, with nobody and nothing known yet.
fn asked(app: &App, peer: IpAddr, parts: request::Parts) -> Asked {
    let through = app.proxies.as_ref().map(|proxies| proxies.through(peer, &parts.headers));
    Asked {
        at: (app.parts.clock)(),
        from: if let Some(Through::Proxy(user)) = through { user } else { peer },
        through,
        path: parts.uri.path().to_owned(),
        again: (method_of(&parts.method) == Some(Method::Get)).then(|| parts.uri.to_string()),
        query: Fields::read(parts.uri.query().unwrap_or_default().as_bytes()).unwrap_or_default(),
        headers: parts.headers,
        who: None,
        call: None,
        params: Vec::new(),
        form: Fields::default(),
    }
}

/// Lets a request through to its handler, or says why not. `fresh` is a cookie to be set whatever comes of it.
fn enter(app: &App, route: &Route, asked: &mut Asked, fresh: &mut Option<HeaderValue>) -> Answer {
    refuse_way(app.channel, route, asked)?;
    asked.who = who(app, asked, fresh)?;
    if route.method == Method::Post {
        refuse_forgery(asked)?;
    }
    match route.needs {
        Needs::Nothing => {}
        Needs::SignedIn => drop(asked.who()?),
        Needs::May(permission) => decided(app, route, permission, asked)?,
    }
    write_down(app, route.logs, asked)?;
    let answered = (route.run)(app, asked);
    let (Err(Problem::Changed(_)), Needs::May(permission), Some(call)) = (&answered, route.needs, &asked.call) else {
        return answered;
    };
    // Published anew, perhaps, since its manifest was read: decided and answered once more, by the one that stands now.
    app.calls.forget(&call.manifest.call);
    decided(app, route, permission, asked)?;
    (route.run)(app, asked)
}

/// Refuses users who come around the proxies, to them in the open, or through one that the server was not told of: it would pass
/// for this machine. Whoever runs the server may ask how it is.
fn refuse_way(channel: Channel, route: &Route, asked: &Asked) -> Result<(), Problem> {
    let is_of_life = matches!(route.path, "/healthz" | "/readyz");
    let is_of_operator = is_of_life || route.path == "/metrics";
    let is_handed_on = channel == Channel::Plain && asked.headers.contains_key(FORWARDED_FOR);
    match asked.through {
        None if is_handed_on && !is_of_life => Err(Problem::Untold),
        Some(Through::Around | Through::Itself) if !is_of_operator => Err(Problem::Around),
        Some(Through::Open) if !is_of_operator => Err(Problem::InTheOpen),
        _ => Ok(()),
    }
}

/// Who asks: by a token, for programs, or by the cookie of a session.
fn who(app: &App, asked: &Asked, fresh: &mut Option<HeaderValue>) -> Result<Option<Who>, Problem> {
    if let Some(given) = asked.headers.get(header::AUTHORIZATION) {
        return if asked.is_api() { token(app, asked, given).map(Some) } else { Err(Problem::SignInFirst) };
    }
    let Some(secret) = cookie::read(&asked.headers, app.channel) else { return Ok(None) };
    let Some(found) = lock(&app.sessions).find(&secret, asked.at)? else { return Ok(None) };
    let people = app.people()?;
    let Some(user) = people.user(&found.user).filter(|user| user.state == UserState::Active) else {
        lock(&app.sessions).revoke(&found.user);
        return Ok(None);
    };
    *fresh = found.rotated.map(|secret| cookie::set(&secret, app.channel)).transpose()?;
    let session = Sha256Hex::of(found.csrf.expose().as_bytes());
    let principal = user.principal();
    Ok(Some(Who { principal, via: Via::Session, token: None, csrf: Some(found.csrf), todo: user.todo(), session }))
}

fn token(app: &App, asked: &Asked, given: &HeaderValue) -> Result<Who, Problem> {
    let text = given.to_str().ok().and_then(|text| text.strip_prefix("Bearer ")).ok_or(Problem::SignInFirst)?;
    let people = app.people()?;
    let found = people.bearer(&Phi::new(text.trim().to_owned()), asked.at);
    let (principal, token) = found.ok_or(Problem::SignInFirst)?;
    let session = Sha256Hex::of(token.id.as_str().as_bytes());
    let id = Some(token.id.clone());
    Ok(Who { principal, via: Via::Token, token: id, csrf: None, todo: Todo::Nothing, session })
}

/// Refuses what another site made a browser send. A token is in no browser, so it needs no more.
fn refuse_forgery(asked: &Asked) -> Result<(), Problem> {
    let site = asked.header("sec-fetch-site");
    if site.is_some_and(|site| site != "same-origin" && site != "none") {
        return Err(Problem::Forged);
    }
    if let Some(origin) = asked.headers.get(header::ORIGIN) {
        let host = asked.headers.get(header::HOST).and_then(|host| host.to_str().ok()).ok_or(Problem::Forged)?;
        let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://")).ok_or(Problem::Forged)?;
        if origin.1 != host {
            return Err(Problem::Forged);
        }
    }
    let Some(wanted) = asked.who.as_ref().and_then(|who| who.csrf.as_ref()) else { return Ok(()) };
    let sent = asked.form(CSRF).or_else(|| asked.header("x-csrf-token")).unwrap_or_default();
    let is_own = aws_lc_rs::constant_time::verify_slices_are_equal(sent.as_bytes(), wanted.expose().as_bytes()).is_ok();
    if is_own { Ok(()) } else { Err(Problem::Forged) }
}

/// Whether they may; of a call, as its manifest and teams say. Why not is written down and not told, and a call that is not
/// theirs looks like one that is not there.
fn decided(app: &App, route: &Route, permission: Permission, asked: &mut Asked) -> Result<(), Problem> {
    let who = asked.who()?;
    match who.todo {
        Todo::Nothing => {}
        Todo::ChoosePassword => return Err(Problem::DoFirst("/password")),
        Todo::SetUpFactor => return Err(Problem::DoFirst("/second-factor")),
    }
    if asked.param("call").is_none() {
        return decide(&who.principal, permission, None, None).map_err(|why| refused(app, route, asked, why));
    }
    // What the role may never is told as such, whatever the call.
    if let Err(why @ (Denied::Role | Denied::Scope)) = decide(&who.principal, permission, None, None) {
        return Err(refused(app, route, asked, why));
    }
    let call = asked.call_id().map(|call| app.call(&call)).transpose()?.flatten();
    let Some(call) = call else { return Err(refused(app, route, asked, Denied::NoCall)) };
    let allowed = decide_call(app, who, permission, &call, asked.purpose().as_ref())?;
    asked.call = Some(call);
    allowed.map_err(|why| refused(app, route, asked, why))
}

/// The decision on a call.
pub(super) fn decide_call(
    app: &App,
    who: &Who,
    permission: Permission,
    call: &Call,
    purpose: Option<&Word>,
) -> Result<Result<(), Denied>, Problem> {
    let teams = app.people()?.teams_of(&call.attributes);
    Ok(decide(&who.principal, permission, Some(&Target::of(&call.manifest, &teams)), purpose))
}

fn refused(app: &App, route: &Route, asked: &Asked, why: Denied) -> Problem {
    (app.parts.tell)(&Notice::Refused { why: why.word() });
    if let (Some(what), true) = (route.logs.action(), why != Denied::Purpose) {
        let event =
            asked.event(what).map(|event| Event { outcome: Outcome::Refused, why: Word::parse(why.word()), ..event });
        if let Err(Problem::Unlogged(error)) = event.and_then(|event| app.write_down(event)) {
            return Problem::Unlogged(error);
        }
    }
    match why {
        Denied::Role | Denied::Scope => Problem::Forbidden,
        Denied::NoCall | Denied::Team | Denied::Manifest => Problem::NotFound,
        Denied::Purpose => Problem::Bad("State a purpose that the call may be downloaded for."),
    }
}

fn write_down(app: &App, logs: Logs, asked: &Asked) -> Result<(), Problem> {
    match logs {
        Logs::Nothing | Logs::Itself(_) => Ok(()),
        Logs::Each(what) => app.write_down(asked.event(what)?),
        Logs::OncePerSession(what) => {
            let (who, call) = (asked.who()?, &asked.call()?.manifest.call);
            if lock(&app.played).has(what, &who.session, call, asked.at) {
                return Ok(());
            }
            app.write_down(asked.event(what)?)?;
            lock(&app.played).add(what, &who.session, call, asked.at);
            Ok(())
        }
    }
}

fn set_cookie(answer: &mut Response, cookie: Option<HeaderValue>) {
    // One that a handler has set, of a session that it began or ended, is newer.
    if let (Some(cookie), false) = (cookie, answer.headers().contains_key(header::SET_COOKIE)) {
        answer.headers_mut().insert(header::SET_COOKIE, cookie);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;
    use axum::http::HeaderMap;

    fn asked_with(headers: &[(&'static str, &str)]) -> Asked {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, HeaderValue::from_str(value).unwrap());
        }
        Asked {
            at: Timestamp::from_unix_s(0),
            from: IpAddr::from([127, 0, 0, 1]),
            through: None,
            path: "/sign-in".into(),
            again: None,
            headers: map,
            who: None,
            call: None,
            params: Vec::new(),
            query: Fields::default(),
            form: Fields::default(),
        }
    }

    #[test]
    fn what_another_site_makes_a_browser_send_is_refused() {
        let own =
            [("host", "qa.example:8443"), ("origin", "https://qa.example:8443"), ("sec-fetch-site", "same-origin")];
        assert!(refuse_forgery(&asked_with(&own)).is_ok() && refuse_forgery(&asked_with(&[])).is_ok());
        for other in [
            [("host", "qa.example"), ("origin", "https://evil.example")],
            [("host", "qa.example"), ("origin", "null")],
            [("host", "qa.example"), ("origin", "https://qa.example.evil.example")],
            [("host", "qa.example"), ("sec-fetch-site", "cross-site")],
            [("host", "qa.example"), ("sec-fetch-site", "same-site")],
        ] {
            assert!(refuse_forgery(&asked_with(&other)).is_err(), "{other:?}");
        }
    }
}
