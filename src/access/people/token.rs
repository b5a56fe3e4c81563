//! Tokens for scripts: of one user, limited to some permissions, ending on a day. Only a digest is kept.

use super::secret::{digest, is_equal, new_secret, random};
use super::{PEOPLE_MAX, People, Permission, Principal, UserState};
use crate::access::word::{UserName, Word};
use crate::base::{Error, Phi, Result, Sha256Hex, Timestamp};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Longest life of a token, days.
pub const TOKEN_DAYS_MAX: u32 = 366;
/// What every token begins with, so that scanners for secrets know it.
const PREFIX: &str = "sordino_";

/// A token as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Its name, which the token itself begins with.
    pub id: Word,
    /// Whose it is.
    pub user: UserName,
    /// What it may, of what its user may.
    pub scopes: BTreeSet<Permission>,
    /// When it was issued.
    pub created: Timestamp,
    /// From when on it is nothing.
    pub expires: Timestamp,
    /// When it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Timestamp>,
    /// Digest of the token.
    sha256: Sha256Hex,
}

impl Token {
    /// Whether it is taken.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && now < self.expires
    }
}

impl People {
    /// Issues a token: its name, and the token itself, which is never shown again.
    ///
    /// # Errors
    /// A usage error when there is no such user, or it would live too long, or may nothing or more than its user.
    pub fn issue(
        &mut self,
        user: &UserName,
        scopes: BTreeSet<Permission>,
        days: u32,
        now: Timestamp,
    ) -> Result<(Word, Phi<String>)> {
        let role = self.user_mut(user)?.role;
        let may = role.rights().map_or(&[][..], |(_, may)| may);
        if let Some(scope) = scopes.iter().find(|scope| !may.contains(scope)) {
            let word = scope.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
            return Err(Error::usage(format!("scope {word}: no right of the role {}", role.word()))
                .hint("a token may no more than its user; docs/access.md has what each role may"));
        }
        if scopes.is_empty() || !(1..=TOKEN_DAYS_MAX).contains(&days) || self.tokens.len() >= PEOPLE_MAX {
            return Err(Error::usage(format!(
                "a token needs a scope and lives 1 to {TOKEN_DAYS_MAX} days; at most {PEOPLE_MAX}"
            )));
        }
        let id: String = random::<8>()?.iter().map(|b| format!("{b:02x}")).collect();
        let text = format!("{PREFIX}{id}_{}", new_secret()?.expose());
        let id = Word::parse(&id).ok_or_else(|| Error::usage("a token cannot be named"))?;
        let (created, expires) = (now, now.plus_days(days));
        let sha256 = digest(&text);
        self.tokens.push(Token { id: id.clone(), user: user.clone(), scopes, created, expires, revoked: None, sha256 });
        Ok((id, Phi::new(text)))
    }

    /// Who comes with a token, and which one; nothing for one that is not taken.
    #[must_use]
    pub fn bearer(&self, text: &Phi<String>, now: Timestamp) -> Option<(Principal, &Token)> {
        let (id, _) = text.expose().strip_prefix(PREFIX)?.split_once('_')?;
        let token = self.tokens.iter().find(|token| token.id.as_str() == id)?;
        let sha256 = digest(text.expose());
        if !is_equal(sha256.as_str().as_bytes(), token.sha256.as_str().as_bytes()) || !token.is_valid(now) {
            return None;
        }
        let user = self.user(&token.user).filter(|user| user.state == UserState::Active)?;
        Some((Principal { scopes: Some(token.scopes.clone()), ..user.principal() }, token))
    }

    /// Takes a token back.
    ///
    /// # Errors
    /// A usage error when there is no such token.
    pub fn revoke(&mut self, id: &Word, now: Timestamp) -> Result<UserName> {
        let token = self.tokens.iter_mut().find(|token| token.id == *id);
        let token = token.ok_or_else(|| Error::usage(format!("{id}: no such token")))?;
        token.revoked = token.revoked.or(Some(now));
        Ok(token.user.clone())
    }

    pub(super) fn revoke_all(&mut self, user: &UserName, now: Timestamp) {
        let own = self.tokens.iter_mut().filter(|token| token.user == *user);
        own.for_each(|token| token.revoked = token.revoked.or(Some(now)));
    }
}
