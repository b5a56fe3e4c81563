//! What a provider says of a user, and how it becomes a user here: by which claim they are found, and where roles and teams
//! come from. Pure. Must not be given what was not checked.

use crate::access::Word;
use crate::access::people::{Email, Refusal, Rights, Role, Subject, Vouched};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The claim by which users are found unless another is named; it counts only where the provider has verified it.
pub const EMAIL: &str = "email";
/// Most values of a claim that are looked at.
const VALUES_MAX: usize = 1_000;

/// What a provider says of a user. It has no Debug: it names a person.
pub struct Claims(Map<String, Value>);

impl Claims {
    /// The members of an object.
    #[must_use]
    pub fn new(value: Value) -> Option<Self> {
        match value {
            Value::Object(members) => Some(Self(members)),
            _ => None,
        }
    }

    /// Reads them.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        Self::new(serde_json::from_slice(bytes).ok()?)
    }

    /// Whether something is said under a name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// A claim that is text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// A claim that is a time, seconds since 1970. Some providers write fractions.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        let value = self.get(name)?;
        value.as_u64().or_else(|| value.as_f64().filter(|n| (0.0..1e15).contains(n)).map(|n| n as u64))
    }

    /// A claim of one or more texts.
    #[must_use]
    pub fn texts(&self, name: &str) -> Vec<&str> {
        match self.get(name) {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(values)) => values.iter().take(VALUES_MAX).filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether a claim of one or more texts is this one alone.
    #[must_use]
    pub fn is_only(&self, name: &str, text: &str) -> bool {
        match self.get(name) {
            Some(Value::Array(values)) => matches!(&values[..], [one] if one == text),
            one => one.is_some_and(|one| one == text),
        }
    }

    /// These, and what is said besides of the same user; what was signed goes before.
    ///
    /// # Errors
    /// When it is of another user, or of none.
    pub fn and(self, besides: Self) -> Result<Self, Refusal> {
        if self.text("sub") != besides.text("sub") {
            return Err(Refusal::Token("token-subject"));
        }
        let mut all = besides.0;
        all.extend(self.0);
        Ok(Self(all))
    }

    /// The claim of this name, or, where there is none, what a path of names with dots between leads to.
    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).or_else(|| {
            let (first, rest) = name.split_once('.')?;
            rest.split('.').try_fold(self.0.get(first)?, |value, part| value.get(part))
        })
    }
}

/// How what a provider says becomes a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The claim by which a user is found the first time.
    pub match_claim: String,
    /// The claim that says what users are for, and which role each of its values is. Users are added by it.
    pub roles: Option<(String, BTreeMap<String, Role>)>,
    /// The claim that names their teams.
    pub team_claim: Option<String>,
    /// Scopes to ask for besides `openid`, `email` and `profile`.
    pub scopes: Vec<String>,
}

impl Mapping {
    /// What is asked for.
    pub(super) fn scopes(&self) -> String {
        ["openid", "email", "profile"]
            .into_iter()
            .chain(self.scopes.iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Whether these say everything that is needed.
    pub(super) fn is_served_by(&self, claims: &Claims) -> bool {
        let has = |claim: Option<&String>| claim.is_none_or(|claim| claims.has(claim));
        let role_claim = self.roles.as_ref().map(|(claim, _)| claim);
        has(Some(&self.match_claim)) && has(role_claim) && has(self.team_claim.as_ref())
    }

    /// Whom a provider vouches for.
    ///
    /// # Errors
    /// When it gives the user no name.
    pub fn vouched(&self, issuer: &str, claims: &Claims) -> Result<Vouched, Refusal> {
        let subject = claims.text("sub").and_then(|sub| Subject::new(issuer, sub));
        let subject = subject.ok_or(Refusal::Token("token-subject"))?;
        let rights = self.roles.as_ref().map(|(claim, roles)| Rights {
            role: only(claims.texts(claim).into_iter().filter_map(|value| roles.get(value).copied())),
            teams: self.team_claim.as_ref().map(|claim| teams(claims, claim)),
        });
        Ok(Vouched { subject, email: self.email(claims), rights })
    }

    /// The address by which the user is found. One that users may choose for themselves is nobody's before it is verified.
    fn email(&self, claims: &Claims) -> Option<Email> {
        let is_verified = match claims.get("email_verified") {
            Some(Value::Bool(is_verified)) => *is_verified,
            Some(Value::String(text)) => text == "true",
            _ => false,
        };
        let is_good = self.match_claim != EMAIL || is_verified;
        claims.text(&self.match_claim).filter(|_| is_good).and_then(Email::parse)
    }
}

fn teams(claims: &Claims, claim: &str) -> BTreeSet<Word> {
    claims.texts(claim).into_iter().filter_map(Word::parse).collect()
}

/// The role that all of these are; nothing where there is none or more than one: duties are kept apart.
fn only(mut roles: impl Iterator<Item = Role>) -> Option<Role> {
    let first = roles.next()?;
    roles.all(|role| role == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn mapping() -> Mapping {
        Mapping { match_claim: EMAIL.into(), roles: None, team_claim: None, scopes: Vec::new() }
    }

    fn vouched(mapping: &Mapping, claims: Value) -> Result<Vouched, Refusal> {
        mapping.vouched("https://id.example", &Claims::new(claims).unwrap())
    }

    #[test]
    fn an_address_counts_once_it_is_verified_and_another_claim_as_it_is() {
        let email = |mapping: &Mapping, claims| vouched(mapping, claims).unwrap().email.map(|e| e.as_str().to_owned());
        let ana = "ana@example.org";
        assert_eq!(email(&mapping(), json!({"sub": "1", "email": ana, "email_verified": true})).as_deref(), Some(ana));
        assert_eq!(
            email(&mapping(), json!({"sub": "1", "email": ana, "email_verified": "true"})).as_deref(),
            Some(ana)
        );
        for unverified in [json!(false), json!("false"), json!(null), json!(1)] {
            assert_eq!(email(&mapping(), json!({"sub": "1", "email": ana, "email_verified": unverified})), None);
        }
        assert_eq!(email(&mapping(), json!({"sub": "1", "email": ana})), None);
        let upn = Mapping { match_claim: "preferred_username".into(), ..mapping() };
        assert_eq!(email(&upn, json!({"sub": "1", "preferred_username": "Ana@example.org"})).as_deref(), Some(ana));
        assert!(vouched(&mapping(), json!({"email": ana})).is_err(), "somebody must have a name");
    }

    #[test]
    fn one_role_is_meant_or_none() {
        let table = BTreeMap::from([("QA Leads".to_owned(), Role::QaLead), ("coaches".to_owned(), Role::Coach)]);
        let roles = Some(("realm_access.roles".to_owned(), table));
        let mapping = Mapping { roles, team_claim: Some("https://example.org/teams".into()), ..mapping() };
        let rights = |values: Value| {
            let claims = json!({"sub": "1", "realm_access": {"roles": values}, "https://example.org/teams": ["north", "No Team"]});
            vouched(&mapping, claims).unwrap().rights.unwrap()
        };
        assert_eq!(rights(json!("coaches")).role, Some(Role::Coach));
        assert_eq!(rights(json!(["others", "QA Leads", "QA Leads"])).role, Some(Role::QaLead));
        assert_eq!(rights(json!(["QA Leads", "coaches"])).role, None);
        assert_eq!((rights(json!([])).role, rights(json!(7)).role), (None, None));
        assert_eq!(rights(json!([])).teams, Some([Word::parse("north").unwrap()].into()));
    }

    #[test]
    fn what_is_said_besides_is_of_the_same_user_and_changes_nothing_that_was_signed() {
        let claims = |value| Claims::new(value).unwrap();
        let signed = || claims(json!({"sub": "1", "acr": "high"}));
        let both = signed().and(claims(json!({"sub": "1", "acr": "low", "email": "a@example.org"}))).ok().unwrap();
        assert_eq!((both.text("acr"), both.text("email")), (Some("high"), Some("a@example.org")));
        assert!(signed().and(claims(json!({"sub": "2"}))).is_err() && signed().and(claims(json!({}))).is_err());
    }
}
