//! Sessions of the page: short, with secrets that change, revocable. In memory, bounded, with the time handed in; a server
//! that starts anew knows none, and its users sign in again.

use super::secret::{digest, new_secret};
use crate::access::UserName;
use crate::base::{Error, Kind, Phi, Result, Sha256Hex, Stage, Timestamp};
use std::collections::HashMap;

/// How long sessions last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionRules {
    /// One that is not used for so long ends, seconds.
    pub idle_s: u64,
    /// One ends after so long however it is used, seconds.
    pub longest_s: u64,
    /// Its secret changes when it is older than this, seconds.
    pub rotate_s: u64,
    /// Requests under way may come with the secret before for so long, seconds.
    pub grace_s: u64,
    /// Most sessions at once.
    pub sessions_max: usize,
}

impl Default for SessionRules {
    fn default() -> Self {
        // NIST SP 800-63B, AAL2: at most 12 hours, and 30 minutes without use.
        Self { idle_s: 15 * 60, longest_s: 8 * 3_600, rotate_s: 5 * 60, grace_s: 30, sessions_max: 10_000 }
    }
}

/// A session as a request finds it.
pub struct Found {
    /// Whose it is.
    pub user: UserName,
    /// What forms must send back, so that no other site can make a user send them.
    pub csrf: Phi<String>,
    /// The new secret to set, where it has changed.
    pub rotated: Option<Phi<String>>,
}

struct Session {
    user: UserName,
    csrf: Phi<String>,
    begun: Timestamp,
    used: Timestamp,
    /// When the secret of now was made.
    made: Timestamp,
    /// Digest of the secret of now.
    secret: Sha256Hex,
    /// Digest of the secret before, and until when it is taken.
    before: Option<(Sha256Hex, Timestamp)>,
}

/// The sessions of a server. Only digests of secrets are kept.
pub struct Sessions {
    rules: SessionRules,
    /// Counted up; never used again.
    next: u64,
    sessions: HashMap<u64, Session>,
    /// From digests, of now and before, to sessions.
    by_secret: HashMap<Sha256Hex, u64>,
}

impl Sessions {
    /// None.
    #[must_use]
    pub fn new(rules: SessionRules) -> Self {
        Self { rules, next: 0, sessions: HashMap::new(), by_secret: HashMap::new() }
    }

    /// Begins a session for a user who has just signed in; its secret. A session is never carried over a sign-in.
    ///
    /// # Errors
    /// When there are too many sessions, or the system has no random bytes.
    pub fn begin(&mut self, user: UserName, now: Timestamp) -> Result<Phi<String>> {
        if self.sessions.len() >= self.rules.sessions_max {
            self.end_where(|session, rules| is_over(session, rules, now));
        }
        if self.sessions.len() >= self.rules.sessions_max {
            return Err(Error::new(Stage::Records, Kind::Io, "there are too many sessions"));
        }
        let (secret, csrf) = (new_secret()?, new_secret()?);
        let key = digest(secret.expose());
        let session = Session { user, csrf, begun: now, used: now, made: now, secret: key.clone(), before: None };
        self.by_secret.insert(key, self.next);
        self.sessions.insert(self.next, session);
        self.next += 1;
        Ok(secret)
    }

    /// The session of a secret, which is used now.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn find(&mut self, secret: &Phi<String>, now: Timestamp) -> Result<Option<Found>> {
        let key = digest(secret.expose());
        let Some(id) = self.by_secret.get(&key).copied() else { return Ok(None) };
        let rules = self.rules;
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(None) };
        if is_over(session, &rules, now) {
            self.end(id);
            return Ok(None);
        }
        if key != session.secret {
            // The one before: as long as requests with it may be under way. Later it is somebody else's copy.
            if session.before.as_ref().is_none_or(|(_, until)| now >= *until) {
                self.end(id);
                return Ok(None);
            }
            return Ok(Some(Found { user: session.user.clone(), csrf: session.csrf.clone(), rotated: None }));
        }
        session.used = session.used.max(now);
        let mut rotated = None;
        if now.unix_s().saturating_sub(session.made.unix_s()) >= rules.rotate_s {
            let fresh = new_secret()?;
            let old = std::mem::replace(&mut session.secret, digest(fresh.expose()));
            session.made = now;
            if let Some((older, _)) =
                session.before.replace((old, Timestamp::from_unix_s(now.unix_s() + rules.grace_s)))
            {
                self.by_secret.remove(&older);
            }
            self.by_secret.insert(session.secret.clone(), id);
            rotated = Some(fresh);
        }
        Ok(Some(Found { user: session.user.clone(), csrf: session.csrf.clone(), rotated }))
    }

    /// Ends the session of a secret.
    pub fn sign_out(&mut self, secret: &Phi<String>) {
        if let Some(id) = self.by_secret.get(&digest(secret.expose())).copied() {
            self.end(id);
        }
    }

    /// Ends all sessions of a user; how many.
    pub fn revoke(&mut self, user: &UserName) -> usize {
        self.end_where(|session, _| session.user == *user)
    }

    /// Number of sessions that may still be used.
    #[must_use]
    pub fn count(&self, now: Timestamp) -> usize {
        self.sessions.values().filter(|session| !is_over(session, &self.rules, now)).count()
    }

    fn end_where(&mut self, is: impl Fn(&Session, &SessionRules) -> bool) -> usize {
        let ended: Vec<u64> = self.sessions.iter().filter(|(_, s)| is(s, &self.rules)).map(|(id, _)| *id).collect();
        ended.iter().for_each(|id| self.end(*id));
        ended.len()
    }

    fn end(&mut self, id: u64) {
        if let Some(session) = self.sessions.remove(&id) {
            self.by_secret.remove(&session.secret);
            if let Some((before, _)) = &session.before {
                self.by_secret.remove(before);
            }
        }
    }
}

fn is_over(session: &Session, rules: &SessionRules, now: Timestamp) -> bool {
    let since = |then: Timestamp| now.unix_s().saturating_sub(then.unix_s());
    since(session.used) >= rules.idle_s || since(session.begun) >= rules.longest_s
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn user(name: &str) -> UserName {
        name.parse().unwrap()
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_s(1_000_000 + seconds)
    }

    #[test]
    fn a_session_ends_when_it_is_not_used_and_however_it_is_used() {
        let mut sessions = Sessions::new(SessionRules::default());
        let secret = sessions.begin(user("ana"), at(0)).unwrap();
        let mut current = sessions.find(&secret, at(899)).unwrap().unwrap().rotated.unwrap();
        let mut now = 899;
        let ended = loop {
            now += 600;
            match sessions.find(&current, at(now)).unwrap() {
                Some(found) => current = found.rotated.unwrap_or(current),
                None => break now,
            }
        };
        assert!((8 * 3_600..8 * 3_600 + 600).contains(&ended), "{ended}");
        let idle = sessions.begin(user("ana"), at(0)).unwrap();
        assert!(sessions.find(&idle, at(900)).unwrap().is_none());
    }

    #[test]
    fn a_secret_changes_and_the_one_before_ends_the_session_once_it_is_late() {
        let mut sessions = Sessions::new(SessionRules::default());
        let first = sessions.begin(user("ana"), at(0)).unwrap();
        let found = sessions.find(&first, at(300)).unwrap().unwrap();
        let second = found.rotated.unwrap();
        let late = sessions.find(&first, at(310)).unwrap().unwrap();
        assert!(late.rotated.is_none() && late.csrf == found.csrf);
        assert!(sessions.find(&first, at(331)).unwrap().is_none(), "a copy of it was stolen, or it lay about");
        assert!(sessions.find(&second, at(332)).unwrap().is_none(), "then nobody has the session any more");
    }

    #[test]
    fn sessions_are_revoked_by_user_and_bounded_in_number() {
        let mut sessions = Sessions::new(SessionRules { sessions_max: 3, ..SessionRules::default() });
        let ana = [0, 1].map(|_| sessions.begin(user("ana"), at(0)).unwrap());
        let ben = sessions.begin(user("ben"), at(600)).unwrap();
        assert!(sessions.begin(user("eve"), at(600)).is_err());
        assert_eq!(sessions.revoke(&user("ana")), 2);
        assert!(ana.iter().all(|secret| sessions.find(secret, at(600)).unwrap().is_none()));
        assert!(sessions.find(&ben, at(600)).unwrap().is_some_and(|found| found.user == user("ben")));
        sessions.sign_out(&ben);
        assert!(sessions.find(&ben, at(601)).unwrap().is_none() && sessions.count(at(601)) == 0);
        (0..3).for_each(|_| drop(sessions.begin(user("eve"), at(601)).unwrap()));
        assert!(sessions.begin(user("eve"), at(601 + 900)).is_ok(), "those that are over make room");
    }

    proptest! {
        /// Whatever is asked when, a secret that was made up or signed out finds nothing, and no session outlives its bounds.
        #[test]
        fn no_session_outlives_its_bounds(steps in prop::collection::vec((0_u8..4, 0_u64..400), 1..60)) {
            let rules = SessionRules::default();
            let mut sessions = Sessions::new(rules);
            let (mut now, mut open): (u64, Option<(Phi<String>, u64, u64)>) = (0, None);
            for (what, later) in steps {
                now += later;
                match what {
                    0 => open = Some((sessions.begin(user("ana"), at(now)).unwrap(), now, now)),
                    1 => { sessions.revoke(&user("ana")); open = None; }
                    _ => if let Some((secret, begun, used)) = open.take() {
                        let found = sessions.find(&secret, at(now)).unwrap();
                        let is_in_bounds = now - used < rules.idle_s && now - begun < rules.longest_s;
                        prop_assert_eq!(found.is_some(), is_in_bounds);
                        open = found.map(|f| (f.rotated.unwrap_or(secret), begun, now));
                    }
                }
                prop_assert!(sessions.find(&Phi::new("made up".into()), at(now)).unwrap().is_none());
            }
        }
    }
}
