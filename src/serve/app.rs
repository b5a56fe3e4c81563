//! What handlers share: the store of redacted copies, records, the audit log, people, sessions. One for a server.

use super::answer::Problem;
use super::asked::{Asked, Who};
use super::call::{Call, Calls};
use super::dashboard::Numbers;
use super::index::Index;
use super::notes::Finder;
use super::notice::Notice;
use super::once::Once;
use super::password_gate::PasswordGate;
use super::proxy::Proxies;
use super::sign_in::Ways;
use super::tls::Identity;
use super::wave::Waves;
use crate::access::audit::{Action, Event, Log};
use crate::access::orders::Eyes;
use crate::access::people::{self, People, SessionRules, Sessions, Totp};
use crate::access::sign::{PublicKeys, Signing};
use crate::access::table::Table;
use crate::access::{UserName, Word};
use crate::base::{CallId, Error, Result, Timestamp};
use crate::store::{Disposal, Records, Store};
use crate::transcript::Told;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How old what is known of people may be: a user who is disabled is out after that.
const PEOPLE_AGE: Duration = Duration::from_secs(1);
/// Most second factors that are being set up at once.
const FACTORS_MAX: usize = 1_000;

/// What a server is made of.
pub struct Parts {
    /// The redacted copies.
    pub store: Arc<dyn Store>,
    /// Records beside them, to be written too.
    pub records: Arc<dyn Records>,
    /// The index of the calls.
    pub index: Arc<Index>,
    /// What finds PHI in notes.
    pub finder: Finder,
    /// How users may sign in.
    pub ways: Ways,
    /// How held calls may be released.
    pub release: Release,
    /// What is said of transcripts.
    pub told: Told,
    /// What sets legal holds in the store.
    pub disposal: Arc<dyn Disposal>,
    /// What manifests are checked with, and holds signed.
    pub signing: Signing,
    /// The audit log.
    pub log: Log,
    /// What its seals are checked with.
    pub audit_keys: PublicKeys,
    /// The time.
    pub clock: fn() -> Timestamp,
    /// Time since the server began.
    pub elapsed: fn() -> Duration,
    /// Hears what happens.
    pub tell: Box<dyn Fn(&Notice<'_>) + Send + Sync>,
    /// Its numbers, as `OpenMetrics` text.
    pub metrics: Box<dyn Fn() -> String + Send + Sync>,
}

/// How held calls may be released.
pub struct Release {
    /// Policies that an order may name.
    pub policies: Vec<Word>,
    /// Whose agreement an order needs.
    pub eyes: Eyes,
}

/// What is between a server and its users.
pub enum Front {
    /// Nothing, and connections are in the open: for this machine alone.
    Plain,
    /// This server's own TLS.
    Tls(Identity),
    /// Proxies that end TLS and say where a request came from.
    Proxy(Proxies),
}

/// How requests come, as answers need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channel {
    /// In the open, on one machine.
    Plain,
    /// Over TLS.
    Tls,
    /// Over TLS, through a proxy.
    Proxy,
}

impl Channel {
    /// Whether users' connections are encrypted.
    pub(super) const fn is_secure(self) -> bool {
        !matches!(self, Self::Plain)
    }
}

impl Front {
    pub(super) const fn channel(&self) -> Channel {
        match self {
            Self::Plain => Channel::Plain,
            Self::Tls(_) => Channel::Tls,
            Self::Proxy(_) => Channel::Proxy,
        }
    }

    /// Refuses to send passwords and calls over a network in the open.
    pub(super) fn allows(&self, address: SocketAddr) -> Result<()> {
        match self {
            Self::Plain if !address.ip().is_loopback() => Err(Error::usage(format!(
                "--listen {address}: others reach this address, and the connection would be in the open"
            ))
            .hint("add --tls-cert and --tls-key, or --behind-proxy where a proxy ends TLS")),
            _ => Ok(()),
        }
    }
}

/// A running server.
pub struct App {
    pub(super) parts: Parts,
    pub(super) channel: Channel,
    /// Who stands before this server; nobody where users reach it themselves.
    pub(super) proxies: Option<Proxies>,
    pub(super) sessions: Mutex<Sessions>,
    pub(super) calls: Calls,
    pub(super) gate: PasswordGate,
    pub(super) played: Mutex<Once>,
    pub(super) waves: Waves,
    pub(super) census: Mutex<Option<(Duration, Arc<Table>)>>,
    pub(super) numbers: Mutex<Option<(Duration, Arc<Numbers>)>>,
    people: Mutex<Option<(Duration, Arc<People>)>>,
    factors: Mutex<HashMap<UserName, Totp>>,
}

impl App {
    pub(super) fn new(parts: Parts, front: &Front) -> Self {
        Self {
            calls: Calls::new(Arc::clone(&parts.store), Arc::clone(&parts.index)),
            parts,
            channel: front.channel(),
            proxies: match front {
                Front::Proxy(proxies) => Some(proxies.clone()),
                Front::Plain | Front::Tls(_) => None,
            },
            sessions: Mutex::new(Sessions::new(SessionRules::default())),
            gate: PasswordGate::default(),
            played: Mutex::default(),
            waves: Waves::default(),
            census: Mutex::default(),
            numbers: Mutex::default(),
            people: Mutex::default(),
            factors: Mutex::default(),
        }
    }

    /// People as they are, or were a moment ago.
    ///
    /// # Errors
    /// When they cannot be read. Then nobody is let in.
    pub(super) fn people(&self) -> Result<Arc<People>> {
        // Held while reading: others wait for what is read instead of reading it too.
        let mut known = lock(&self.people);
        let now = (self.parts.elapsed)();
        if let Some((read, people)) = &*known
            && now.saturating_sub(*read) < PEOPLE_AGE
        {
            return Ok(Arc::clone(people));
        }
        let people = Arc::new(people::load(&*self.parts.records)?);
        *known = Some((now, Arc::clone(&people)));
        Ok(people)
    }

    /// Changes people, for the next request too.
    ///
    /// # Errors
    /// Those of [`people::update`].
    pub(super) fn change_people<T>(&self, change: impl FnMut(&mut People) -> Result<T>) -> Result<T> {
        let made = people::update(&*self.parts.records, change);
        *lock(&self.people) = None;
        made
    }

    /// A call with the teams that it belongs to; nothing where there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn call(&self, call: &CallId) -> Result<Option<Arc<Call>>> {
        self.calls.get(call, &self.parts.signing, (self.parts.elapsed)())
    }

    /// Writes down what is about to be done.
    ///
    /// # Errors
    /// When it cannot be written down: then it must not be done.
    pub(super) fn write_down(&self, event: Event) -> Result<(), Problem> {
        self.parts.log.append(event).map(drop).map_err(Problem::Unlogged)
    }

    /// Writes down what whoever asks does about somebody or something.
    ///
    /// # Errors
    /// When it cannot be written down, or nobody is signed in.
    pub(super) fn write_down_about(&self, asked: &Asked, what: Action, about: &UserName) -> Result<(), Problem> {
        self.write_down(Event { about: Some(about.clone()), ..asked.event(what)? })
    }

    /// Keeps a second factor until its first code has come.
    pub(super) fn keep_factor(&self, who: &Who, factor: Totp) {
        let mut factors = lock(&self.factors);
        if factors.len() >= FACTORS_MAX {
            factors.clear();
        }
        factors.insert(who.principal.user.clone(), factor);
    }

    /// The second factor that somebody is setting up.
    pub(super) fn kept_factor(&self, who: &Who) -> Option<Totp> {
        lock(&self.factors).get(&who.principal.user).cloned()
    }

    /// Forgets it.
    pub(super) fn drop_factor(&self, who: &Who) {
        lock(&self.factors).remove(&who.principal.user);
    }
}

/// What a lock guards. A handler that panicked has left nothing half-done: values are put in whole.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
