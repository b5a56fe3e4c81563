//! Sign-ins that a provider has vouched for (OpenID Connect): which user it is. A user is found by the provider's own name
//! for them; the first time by an address that an administrator has entered. Nobody is added but where roles come from the
//! provider. Pure. Must not check what a provider says: whoever calls has.

use super::{Credential, People, Principal, Refusal, Role, User, UserState};
use crate::access::word::{UserName, Word};
use crate::base::{Result, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Longest address, bytes: RFC 5321 has 254.
const EMAIL_BYTES_MAX: usize = 254;
/// Longest name that a provider gives a user: OpenID Connect Core 1.0, section 2.
const SUBJECT_BYTES_MAX: usize = 255;

/// By what a user is known at a provider before the first sign-in: an e-mail address, or whatever the provider calls them in
/// its place. Compared without case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// Reads an address: printable ASCII without spaces, at most 254 bytes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_fit = (1..=EMAIL_BYTES_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        is_fit.then(|| Self(text.to_ascii_lowercase()))
    }

    /// The text, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Email {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text).ok_or("an e-mail address of at most 254 bytes, without spaces")
    }
}

impl<'de> Deserialize<'de> for Email {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A provider's own name for a user, which it never gives to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    issuer: String,
    sub: String,
}

impl Subject {
    /// The name `sub` of an issuer; nothing for none or one that is too long.
    #[must_use]
    pub fn new(issuer: &str, sub: &str) -> Option<Self> {
        let is_fit = (1..=SUBJECT_BYTES_MAX).contains(&sub.len());
        is_fit.then(|| Self { issuer: issuer.to_owned(), sub: sub.to_owned() })
    }
}

/// Who a user is at a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// By what they are found at their first sign-in.
    pub email: Email,
    /// By what from then on, and by nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
}

/// What a provider has said of whoever signs in, and can be believed.
pub struct Vouched {
    /// Its own name for them.
    pub subject: Subject,
    /// An address that is theirs.
    pub email: Option<Email>,
    /// What they may, where the provider says so.
    pub rights: Option<Rights>,
}

/// What a provider says that somebody may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    /// What they are for; nothing where it names no role or more than one.
    pub role: Option<Role>,
    /// Their teams; those that they have where it names none.
    pub teams: Option<BTreeSet<Word>>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entrance {
    /// They are let in, once this has changed.
    Allowed(Principal, Change),
    /// They are not; who it was, where that is known.
    Refused(Option<UserName>, Refusal),
}

/// What a sign-in changes of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing but when they last signed in.
    Nothing,
    /// They were found by their address: now the provider's name for them is kept.
    Bound,
    /// The provider says that they may something else than before.
    Rights,
    /// They were added.
    Added,
}

impl People {
    /// Lets somebody in or not for whom a provider has vouched. What has changed must be stored before the answer is given.
    pub fn enter(&mut self, vouched: &Vouched, now: Timestamp) -> Entrance {
        let role = match vouched.rights.as_ref().map(|rights| rights.role) {
            Some(None) => {
                let known = self.at_provider(vouched).ok().map(|(at, _)| self.users[at].name.clone());
                return Entrance::Refused(known, Refusal::NoRole);
            }
            Some(role) => role,
            None => None,
        };
        let (at, mut change) = match (self.at_provider(vouched), role) {
            (Ok(found), _) => found,
            (Err(Refusal::UnknownUser), Some(role)) => match self.add_vouched(vouched, role, now) {
                Ok(at) => (at, Change::Added),
                Err(why) => return Entrance::Refused(None, why),
            },
            (Err(why), _) => return Entrance::Refused(None, why),
        };
        let user = &mut self.users[at];
        if user.state == UserState::Disabled {
            return Entrance::Refused(Some(user.name.clone()), Refusal::Disabled);
        }
        let teams = vouched.rights.as_ref().and_then(|rights| rights.teams.as_ref()).unwrap_or(&user.teams);
        let rights = (role.unwrap_or(user.role), teams.clone());
        if rights != (user.role, user.teams.clone()) {
            (user.role, user.teams) = rights;
            change = if change == Change::Nothing { Change::Rights } else { change };
        }
        if let Some(identity) = &mut user.identity {
            identity.subject = Some(vouched.subject.clone());
        }
        user.last_sign_in = Some(now);
        Entrance::Allowed(user.principal(), change)
    }

    /// The user who is meant: by the provider's name for them; else by their address, where they have no other name yet.
    fn at_provider(&self, vouched: &Vouched) -> Result<(usize, Change), Refusal> {
        let identities = || self.users.iter().map(|user: &User| user.identity.as_ref()).enumerate();
        let is_own = |identity: &Identity| identity.subject.as_ref() == Some(&vouched.subject);
        if let Some((at, _)) = identities().find(|(_, identity)| identity.is_some_and(is_own)) {
            return Ok((at, Change::Nothing));
        }
        let email = vouched.email.as_ref().ok_or(Refusal::UnknownUser)?;
        match identities().find(|(_, identity)| identity.is_some_and(|identity| identity.email == *email)) {
            Some((at, Some(Identity { subject: None, .. }))) => Ok((at, Change::Bound)),
            // The address has gone to another person at the provider, or another provider says that it is theirs.
            Some(_) => Err(Refusal::OtherSubject),
            None => Err(Refusal::UnknownUser),
        }
    }

    /// Adds somebody of whom the provider says what they may, under their address as name.
    fn add_vouched(&mut self, vouched: &Vouched, role: Role, now: Timestamp) -> Result<usize, Refusal> {
        let email = vouched.email.clone().ok_or(Refusal::UnknownUser)?;
        let name = UserName::parse(email.as_str()).ok_or(Refusal::UnknownUser)?;
        let added = self.add(name.clone(), role, BTreeSet::new(), Credential::Provider(email), now);
        // There is a user of that name who signs in with a password, or there are too many users.
        added.map_err(|_| Refusal::UnknownUser)?;
        self.users.iter().position(|user| user.name == name).ok_or(Refusal::UnknownUser)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_s(1_795_296_000 + seconds)
    }

    fn email(text: &str) -> Email {
        text.parse().unwrap()
    }

    fn vouched(sub: &str, address: Option<&str>) -> Vouched {
        let subject = Subject::new("https://id.example", sub).unwrap();
        Vouched { subject, email: address.map(email), rights: None }
    }

    fn with_rights(vouched: Vouched, role: Option<Role>, team: &str) -> Vouched {
        Vouched { rights: Some(Rights { role, teams: Some([Word::parse(team).unwrap()].into()) }), ..vouched }
    }

    fn people() -> People {
        let mut people = People::default();
        let ana = Credential::Provider(email("Ana.Brooks@example.org"));
        people.add("ana".parse().unwrap(), Role::Coach, BTreeSet::new(), ana, at(0)).unwrap();
        people
    }

    fn refusal(entrance: Entrance) -> Refusal {
        match entrance {
            Entrance::Refused(_, why) => why,
            Entrance::Allowed(..) => panic!("let in"),
        }
    }

    fn change(entrance: Entrance) -> Change {
        match entrance {
            Entrance::Allowed(_, change) => change,
            Entrance::Refused(_, why) => panic!("{why:?}"),
        }
    }

    #[test]
    fn a_user_is_found_by_address_once_and_then_by_the_providers_name_alone() {
        let mut people = people();
        assert_eq!(change(people.enter(&vouched("s-1", Some("ana.brooks@EXAMPLE.org")), at(1))), Change::Bound);
        assert_eq!(change(people.enter(&vouched("s-1", None), at(2))), Change::Nothing, "whatever the address is now");
        assert_eq!(
            refusal(people.enter(&vouched("s-2", Some("ana.brooks@example.org")), at(3))),
            Refusal::OtherSubject
        );
        let other = Subject::new("https://other.example", "s-1").unwrap();
        let same_name = Vouched { subject: other, email: None, rights: None };
        assert_eq!(refusal(people.enter(&same_name, at(4))), Refusal::UnknownUser, "a name is of its issuer");
        assert_eq!(people.user(&"ana".parse().unwrap()).unwrap().last_sign_in, Some(at(2)));
    }

    #[test]
    fn nobody_is_added_and_the_disabled_are_refused() {
        let mut people = people();
        assert_eq!(refusal(people.enter(&vouched("s-9", Some("eve@example.org")), at(1))), Refusal::UnknownUser);
        assert_eq!(refusal(people.enter(&vouched("s-9", None), at(1))), Refusal::UnknownUser);
        let name = "ana".parse().unwrap();
        people.set_state(&name, UserState::Disabled, at(1)).unwrap();
        let entrance = people.enter(&vouched("s-1", Some("ana.brooks@example.org")), at(2));
        assert_eq!(entrance, Entrance::Refused(Some(name), Refusal::Disabled));
        assert_eq!(people.users().len(), 1);
    }

    #[test]
    fn where_roles_come_from_the_provider_users_are_added_and_changed_by_it() {
        let mut people = people();
        let eve = |role, team| with_rights(vouched("s-9", Some("eve@example.org")), role, team);
        assert_eq!(refusal(people.enter(&eve(None, "west"), at(1))), Refusal::NoRole);
        assert_eq!(change(people.enter(&eve(Some(Role::Coach), "west"), at(2))), Change::Added);
        assert_eq!(change(people.enter(&eve(Some(Role::Coach), "west"), at(3))), Change::Nothing);
        assert_eq!(change(people.enter(&eve(Some(Role::QaLead), "west"), at(4))), Change::Rights);
        assert_eq!(refusal(people.enter(&eve(None, "west"), at(5))), Refusal::NoRole, "who has lost the role is out");
        let user = people.user(&"eve@example.org".parse().unwrap()).unwrap();
        assert_eq!((user.role, user.last_sign_in), (Role::QaLead, Some(at(4))));
    }

    #[test]
    fn nobody_takes_the_place_of_a_user_with_a_password() {
        let mut people = People::default();
        let cheap = super::super::Cost { memory_kib: 64, passes: 1 };
        let hash = super::super::PasswordHash::of(&crate::base::Phi::new("twelve letters".to_owned()), cheap).unwrap();
        let name: UserName = "root@example.org".parse().unwrap();
        people.add(name.clone(), Role::Admin, BTreeSet::new(), Credential::Password(hash), at(0)).unwrap();
        let taken = with_rights(vouched("s-1", Some("root@example.org")), Some(Role::Coach), "west");
        assert_eq!(refusal(people.enter(&taken, at(1))), Refusal::UnknownUser);
        assert_eq!(people.user(&name).unwrap().role, Role::Admin);
    }

    #[test]
    fn an_address_is_of_one_user_and_printable() {
        let mut people = people();
        let again = Credential::Provider(email("ANA.brooks@example.org"));
        assert!(people.add("ana2".parse().unwrap(), Role::Coach, BTreeSet::new(), again, at(1)).is_err());
        for wrong in ["", "a b@example.org", "ä@example.org", "a@example.org\r\nb", &"a".repeat(255)] {
            assert!(Email::parse(wrong).is_none(), "{wrong:?}");
        }
        assert!(Subject::new("https://id.example", "").is_none());
    }
}
