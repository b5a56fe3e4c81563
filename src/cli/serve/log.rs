//! What happens at the server, as one JSON object a line on standard error. Paths, queries and users are not in it: who did
//! what is in the audit log. Three are alerts: a user who was locked out, who is named, an audit log that cannot be written, and
//! a certificate that cannot be renewed.

use crate::serve::Notice;
use std::net::SocketAddr;
use tracing::{debug, error, info, warn};

/// Users can come.
pub(super) fn listening(address: SocketAddr) {
    info!(%address, "listening");
}

/// It was told to stop.
pub(super) fn stopping() {
    info!("stopping");
}

/// Logs what a server tells.
pub(super) fn tell(notice: &Notice<'_>) {
    match notice {
        Notice::Answered { method, route, status, took } => {
            let (method, route, took_ms) =
                (method.word(), route.unwrap_or("none"), u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
            debug!(method, route, status, took_ms, "answered");
        }
        Notice::SignedIn => info!("signed in"),
        Notice::SignInRefused { why } => warn!(why, "sign-in refused"),
        Notice::LockedOut { user } => error!(user = user.as_str(), alert = "locked-out", "user locked out"),
        Notice::Refused { why } => warn!(why, "refused"),
        Notice::LogDown { error } => error!(error = %error, alert = "audit-log-down", "audit log cannot be written"),
        Notice::Failed { error } => error!(error = %error, "request failed"),
        Notice::NotRenewed { error } => {
            error!(error = %error, alert = "certificate", "renewed certificate cannot be taken up");
        }
        Notice::Full => warn!("connection turned away: there are too many"),
    }
}
