//! A request as handlers see it: what was asked, and who asks, already let through the door.

use super::answer::Problem;
use super::call::Call;
use super::path::Params;
use super::proxy::Through;
use crate::access::Word;
use crate::access::audit::{Action, Event, Outcome, Via};
use crate::access::people::{Principal, Todo};
use crate::base::limits::FIELDS_MAX;
use crate::base::{CallId, Phi, Sha256Hex, Timestamp};
use axum::http::HeaderMap;
use std::net::IpAddr;
use std::sync::Arc;

/// A request.
pub struct Asked {
    /// When it came.
    pub at: Timestamp,
    /// From where.
    pub from: IpAddr,
    /// How it came through the proxies; nothing where there are none.
    pub through: Option<Through>,
    /// The path, as it was written.
    pub path: String,
    /// Path and query as they were written, to come back to; nothing where something was to be changed.
    pub again: Option<String>,
    /// Its headers.
    pub headers: HeaderMap,
    /// Who asks.
    pub who: Option<Who>,
    /// The call that the path names, which they may see.
    pub call: Option<Arc<Call>>,
    pub(super) params: Params,
    pub(super) query: Fields,
    pub(super) form: Fields,
}

/// Somebody who is signed in.
pub struct Who {
    /// Who they are and what they may.
    pub principal: Principal,
    /// By what they are known.
    pub via: Via,
    /// By which token.
    pub token: Option<Word>,
    /// What forms of their session must send back; nothing for tokens.
    pub csrf: Option<Phi<String>>,
    /// What they must do before anything else.
    pub todo: Todo,
    /// What stays the same through a session, or for a token.
    pub session: Sha256Hex,
}

impl Asked {
    /// Who asks.
    ///
    /// # Errors
    /// When nobody is signed in.
    pub fn who(&self) -> Result<&Who, Problem> {
        self.who.as_ref().ok_or(Problem::SignInFirst)
    }

    /// The call that the path names.
    ///
    /// # Errors
    /// When it names none.
    pub fn call(&self) -> Result<&Arc<Call>, Problem> {
        self.call.as_ref().ok_or(Problem::NotFound)
    }

    /// What of the path stands for this name of the table.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str())
    }

    /// A field of the query; nothing for an empty one.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name)
    }

    /// A field of the form that was sent; nothing for an empty one.
    pub fn form(&self, name: &str) -> Option<&str> {
        self.form.get(name)
    }

    /// All fields of the form that was sent with this name, in their order.
    pub fn forms(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.form.0.iter().filter(move |(n, _)| n == name);
        named.map(|(_, value)| value.expose().as_str())
    }

    /// A secret of the form that was sent.
    pub fn secret(&self, name: &str) -> Option<Phi<String>> {
        self.form(name).map(|text| Phi::new(text.to_owned()))
    }

    /// A field of the form where there is one, else of the query.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.form(name).or_else(|| self.query(name))
    }

    /// Whether programs ask.
    pub fn is_api(&self) -> bool {
        self.path.starts_with("/api/")
    }

    /// Whether a browser comes from another site to look at a page. Nobody else's link downloads something in a user's name.
    pub fn is_from_elsewhere(&self) -> bool {
        let is = |name, wanted| self.header(name) == Some(wanted);
        let is_link = is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document");
        is_link && is("sec-fetch-site", "cross-site") && !self.path.contains("/download")
    }

    /// A header that is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// What they did, to be written down.
    ///
    /// # Errors
    /// When nobody is signed in.
    pub fn event(&self, what: Action) -> Result<Event, Problem> {
        let who = self.who()?;
        Ok(Event {
            at: self.at,
            user: who.principal.user.clone(),
            role: Word::parse(who.principal.role.word()),
            via: who.via,
            token: who.token.clone(),
            from: Some(self.from),
            what,
            call: self.call_id(),
            about: None,
            purpose: self.purpose(),
            outcome: Outcome::Allowed,
            why: None,
        })
    }

    /// The id in the path, whether there is such a call or not.
    pub(super) fn call_id(&self) -> Option<CallId> {
        self.param("call").and_then(CallId::parse)
    }

    /// What they say that they want it for.
    pub(super) fn purpose(&self) -> Option<Word> {
        self.field("purpose").and_then(Word::parse)
    }
}

/// Fields of a query or a form, in their order. They may hold what people have typed: it has no Debug.
#[derive(Default)]
pub struct Fields(Vec<(String, Phi<String>)>);

impl Fields {
    /// Reads `a=b&c=d`; nothing where there are too many.
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        let mut fields = Vec::new();
        for (name, value) in form_urlencoded::parse(text) {
            if fields.len() >= FIELDS_MAX {
                return None;
            }
            fields.push((name.into_owned(), Phi::new(value.into_owned())));
        }
        Some(Self(fields))
    }

    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.expose().as_str());
        found.filter(|value| !value.is_empty())
    }
}
