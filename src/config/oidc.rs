//! The table `[serve.oidc]`: the provider of sign-ins, and how what it says becomes a user.

use crate::access::people::Role;
use crate::base::{Error, Phi, Result, why};
use crate::serve::oidc::{Client, EMAIL, Mapping, is_private};
use clap::ValueEnum;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::fields::{guarded, one_choice};

/// What users call the provider unless told otherwise.
const NAME: &str = "single sign-on";
/// Most bytes of a file with a secret.
const SECRET_BYTES_MAX: u64 = 4_096;

/// One layer's fields of the table.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct OidcFields {
    /// The provider, as it names itself.
    pub issuer: Option<String>,
    /// What it calls this server.
    pub client_id: Option<String>,
    /// What it knows this server by. It has no flag, because other users see a process's flags.
    #[serde(deserialize_with = "guarded")]
    pub client_secret: Option<Phi<String>>,
    /// A file with that.
    pub client_secret_file: Option<PathBuf>,
    /// What users call the provider.
    pub name: Option<String>,
    /// Scopes to ask for besides `openid`, `email` and `profile`.
    pub scopes: Option<Vec<String>>,
    /// Ways of signing in of which the provider must have used one.
    pub acr: Option<Vec<String>>,
    /// The claim by which a user is found the first time.
    pub match_claim: Option<String>,
    /// The claim that says what users are for.
    pub role_claim: Option<String>,
    /// Which role each of its values is.
    pub roles: Option<BTreeMap<String, Role>>,
    /// The claim that names their teams.
    pub team_claim: Option<String>,
}

impl OidcFields {
    pub(super) fn over(self, lower: Self) -> Self {
        let (client_secret, client_secret_file) =
            one_choice((self.client_secret, self.client_secret_file), (lower.client_secret, lower.client_secret_file));
        Self {
            issuer: self.issuer.or(lower.issuer),
            client_id: self.client_id.or(lower.client_id),
            client_secret,
            client_secret_file,
            name: self.name.or(lower.name),
            scopes: self.scopes.or(lower.scopes),
            acr: self.acr.or(lower.acr),
            match_claim: self.match_claim.or(lower.match_claim),
            role_claim: self.role_claim.or(lower.role_claim),
            roles: self.roles.or(lower.roles),
            team_claim: self.team_claim.or(lower.team_claim),
        }
    }

    /// Sets the field of the variable `SORDINO_OIDC_<name>`; whether there is one.
    pub(super) fn set_from_env(&mut self, name: &str, value: &OsStr) -> Result<bool> {
        let full = format!("SORDINO_OIDC_{name}");
        let text = || value.to_str().map(str::to_owned).ok_or_else(|| Error::usage(format!("{full}: not UTF-8")));
        let words = || text().map(|text| text.split_whitespace().map(str::to_owned).collect());
        match name {
            "ISSUER" => self.issuer = Some(text()?),
            "CLIENT_ID" => self.client_id = Some(text()?),
            "CLIENT_SECRET" => self.client_secret = Some(Phi::new(text()?)),
            "CLIENT_SECRET_FILE" => self.client_secret_file = Some(value.into()),
            "NAME" => self.name = Some(text()?),
            "SCOPES" => self.scopes = Some(words()?),
            "ACR" => self.acr = Some(words()?),
            "MATCH_CLAIM" => self.match_claim = Some(text()?),
            "ROLE_CLAIM" => self.role_claim = Some(text()?),
            "ROLES" => self.roles = Some(roles(&full, &text()?)?),
            "TEAM_CLAIM" => self.team_claim = Some(text()?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What the server is at the provider; nothing where there is none.
    pub(super) fn client(&self, public_url: Option<&str>) -> Result<Option<Client>> {
        let Some(issuer) = &self.issuer else {
            return if self.client_id.is_some() {
                Err(Error::usage("oidc: client-id without issuer"))
            } else {
                Ok(None)
            };
        };
        if !is_private(issuer) {
            return Err(Error::usage(format!("oidc issuer {issuer}: not an address that begins with https://")));
        }
        let id = self.client_id.clone().ok_or_else(|| {
            Error::usage("oidc: the provider needs a client-id").hint("it is shown where this server was registered")
        })?;
        let public_url = public_url.ok_or_else(|| {
            Error::usage("oidc: the provider must know where to send users back to")
                .hint("set --public-url to where users reach this server, such as https://qa.example.org")
        })?;
        let roles = match (&self.role_claim, &self.roles) {
            (Some(claim), Some(roles)) if !roles.is_empty() => Some((claim.clone(), roles.clone())),
            (None, None) => None,
            _ => return Err(Error::usage("oidc: role-claim and roles go together")),
        };
        if self.team_claim.is_some() && roles.is_none() {
            return Err(Error::usage(
                "oidc: team-claim needs role-claim: whose teams come from the provider, so does the role",
            ));
        }
        let match_claim = self.match_claim.clone().unwrap_or_else(|| EMAIL.to_owned());
        let scopes = self.scopes.clone().unwrap_or_default();
        Ok(Some(Client {
            issuer: issuer.clone(),
            id,
            secret: self.secret()?,
            public_url: public_url.to_owned(),
            name: self.name.clone().unwrap_or_else(|| NAME.to_owned()),
            acr: self.acr.clone().unwrap_or_default(),
            mapping: Mapping { match_claim, roles, team_claim: self.team_claim.clone(), scopes },
        }))
    }

    fn secret(&self) -> Result<Option<Phi<String>>> {
        match (&self.client_secret, &self.client_secret_file) {
            (Some(_), Some(_)) => Err(Error::usage("oidc: client-secret and client-secret-file are both set")),
            (Some(secret), None) => Ok(Some(secret.clone())),
            (None, Some(file)) => read_secret(file).map(Some),
            (None, None) => Ok(None),
        }
    }
}

fn read_secret(path: &Path) -> Result<Phi<String>> {
    use std::io::Read;
    let failed = |e: std::io::Error| Error::usage(format!("oidc client-secret-file {}: {}", path.display(), why(&e)));
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(SECRET_BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
    Ok(Phi::new(text.trim().to_owned()))
}

/// `VALUE=ROLE,VALUE=ROLE`.
fn roles(name: &str, text: &str) -> Result<BTreeMap<String, Role>> {
    let wrong = || Error::usage(format!("{name}: not VALUE=ROLE,VALUE=ROLE with the roles of docs/access.md"));
    let pair = |pair: &str| {
        let (value, role) = pair.rsplit_once('=')?;
        Some((value.trim().to_owned(), Role::from_str(role.trim(), false).ok()?))
    };
    text.split(',').map(|text| pair(text).ok_or_else(wrong)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: Option<&str> = Some("https://qa.example.org");

    fn fields(text: &str) -> OidcFields {
        toml::from_str(text).unwrap()
    }

    const LEAST: &str = "issuer = 'https://id.example.org'\nclient-id = 'qa'\n";

    #[test]
    fn what_goes_together_is_asked_for_together() {
        assert!(OidcFields::default().client(None).unwrap().is_none());
        let client = fields(LEAST).client(URL).unwrap().unwrap();
        assert_eq!((client.name.as_str(), client.mapping.match_claim.as_str()), ("single sign-on", "email"));
        assert!(client.secret.is_none() && client.mapping.roles.is_none());
        for (more, url) in [
            ("", None),
            ("role-claim = 'groups'", URL),
            ("roles = { a = 'coach' }", URL),
            ("team-claim = 'teams'", URL),
            ("client-secret = 'a'\nclient-secret-file = 'b'", URL),
            ("client-secret-file = '/nowhere'", URL),
        ] {
            assert!(fields(&format!("{LEAST}{more}")).client(url).is_err(), "{more}");
        }
        assert!(fields("client-id = 'qa'").client(URL).is_err());
        assert!(fields("issuer = 'https://id.example.org'").client(URL).is_err());
        assert!(fields(&LEAST.replace("https", "http")).client(URL).is_err(), "in the open");
    }

    #[test]
    fn roles_come_from_a_variable_too() {
        let mut fields = fields(LEAST);
        fields.role_claim = Some("groups".into());
        assert!(fields.set_from_env("ROLES", OsStr::new("QA Leads=qa-lead, cn=x=coach")).unwrap());
        let roles = fields.client(URL).unwrap().unwrap().mapping.roles.unwrap().1;
        assert_eq!(roles, BTreeMap::from([("QA Leads".into(), Role::QaLead), ("cn=x".into(), Role::Coach)]));
        assert!(fields.set_from_env("ROLES", OsStr::new("a=root")).is_err());
        assert!(!fields.set_from_env("OTHER", OsStr::new("a")).unwrap());
    }
}
