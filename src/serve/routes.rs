//! The table of routes: what can be asked for, by whom, and what is written down of it. It is also the router: what is not
//! here does not exist. A test tries every role on every row.

use super::answer::Answer;
use super::app::App;
use super::asked::Asked;
use super::oidc::CALLBACK;
use super::{api, assets, dashboard, health, media, pages, report, retention, sign_in, spans, users, wave};
use crate::access::audit::Action;
use crate::access::people::Permission;

/// How something is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    /// Changes nothing; HEAD too.
    Get,
    /// Changes something.
    Post,
}

impl Method {
    /// The word of HTTP.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// Who may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Everybody.
    Nothing,
    /// Whoever has signed in, even where they must choose a password or set up a second factor first.
    SignedIn,
    /// Whoever has this permission, of the call where the path names one.
    May(Permission),
}

/// What is written down before the handler runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logs {
    /// Nothing: it shows nothing of a call or a person.
    Nothing,
    /// Each request.
    Each(Action),
    /// The first request of a session for a call.
    OncePerSession(Action),
    /// The handler writes it down, since only it knows about whom or what it is; the door what it refuses.
    Itself(Action),
}

impl Logs {
    /// As what it is written down.
    #[must_use]
    pub const fn action(self) -> Option<Action> {
        match self {
            Self::Nothing => None,
            Self::Each(what) | Self::OncePerSession(what) | Self::Itself(what) => Some(what),
        }
    }
}

/// A row of the table.
pub struct Route {
    /// How.
    pub method: Method,
    /// The path; `{name}` stands for one part. `{call}` is the id of a call, which the door looks up.
    pub path: &'static str,
    /// Who may.
    pub needs: Needs,
    /// What is written down.
    pub logs: Logs,
    /// What answers.
    pub(super) run: fn(&App, &Asked) -> Answer,
}

impl Route {
    const fn get(path: &'static str, needs: Needs, logs: Logs, run: fn(&App, &Asked) -> Answer) -> Self {
        Self { method: Method::Get, path, needs, logs, run }
    }

    const fn post(path: &'static str, needs: Needs, logs: Logs, run: fn(&App, &Asked) -> Answer) -> Self {
        Self { method: Method::Post, path, needs, logs, run }
    }
}

use Needs::May;
use Permission::{
    DownloadCall, ListCalls, ManageRetention, ManageUsers, MarkSpans, PlayCall, ReadAudit, ReviewAccess, ReviewHeld,
    ReviewSpans, SearchCalls, ViewCall, ViewReports, WriteNotes,
};

/// All routes.
pub static ROUTES: &[Route] = &[
    Route::get("/healthz", Needs::Nothing, Logs::Nothing, health::alive),
    Route::get("/readyz", Needs::Nothing, Logs::Nothing, health::ready),
    Route::get("/metrics", Needs::Nothing, Logs::Nothing, health::metrics),
    Route::get("/sign-in", Needs::Nothing, Logs::Nothing, sign_in::form),
    Route::post("/sign-in", Needs::Nothing, Logs::Itself(Action::SignIn), sign_in::try_it),
    Route::get("/sign-in/provider", Needs::Nothing, Logs::Nothing, sign_in::provider::begin),
    Route::get(CALLBACK, Needs::Nothing, Logs::Itself(Action::SignIn), sign_in::provider::come_back),
    Route::post("/sign-out", Needs::SignedIn, Logs::Each(Action::SignOut), sign_in::sign_out),
    Route::get("/password", Needs::SignedIn, Logs::Nothing, sign_in::password::form),
    Route::post("/password", Needs::SignedIn, Logs::Itself(Action::ResetUser), sign_in::password::change),
    Route::get("/second-factor", Needs::SignedIn, Logs::Nothing, sign_in::factor::form),
    Route::post("/second-factor", Needs::SignedIn, Logs::Itself(Action::ResetUser), sign_in::factor::set_up),
    Route::get("/", Needs::SignedIn, Logs::Nothing, pages::home),
    Route::get("/held", May(ReviewHeld), Logs::Each(Action::ReviewHeld), pages::held::list),
    Route::get("/held/{held}", May(ReviewHeld), Logs::Itself(Action::ReviewHeld), pages::held::show),
    Route::post("/held/{held}/order", May(ReviewHeld), Logs::Itself(Action::ReleaseHeld), pages::held::order),
    Route::post("/held/{held}/decision", May(ReviewHeld), Logs::Itself(Action::ReleaseHeld), pages::held::decide),
    Route::post("/held/{held}/spans", May(ReviewHeld), Logs::Itself(Action::MarkSpans), spans::mark_held),
    Route::post("/held/{held}/spans/decision", May(ReviewHeld), Logs::Itself(Action::MarkSpans), spans::decide_held),
    Route::get("/examples", May(ReviewHeld), Logs::Each(Action::Report), spans::examples),
    Route::get("/assets/{name}", Needs::Nothing, Logs::Nothing, assets::file),
    Route::get("/calls", May(ListCalls), Logs::Each(Action::Search), pages::calls::list),
    Route::get("/calls/{call}", May(ViewCall), Logs::Each(Action::View), pages::call::show),
    Route::get("/calls/{call}/wave", May(PlayCall), Logs::OncePerSession(Action::View), wave::of_call),
    Route::post("/calls/{call}/notes", May(WriteNotes), Logs::Each(Action::Note), pages::call::add_note),
    Route::post("/calls/{call}/spans", May(MarkSpans), Logs::Itself(Action::MarkSpans), spans::mark),
    Route::post("/calls/{call}/spans/decision", May(ReviewSpans), Logs::Itself(Action::MarkSpans), spans::decide),
    Route::get("/calls/{call}/recording", May(PlayCall), Logs::OncePerSession(Action::Play), media::play),
    Route::get("/calls/{call}/download", May(DownloadCall), Logs::Itself(Action::Download), media::download),
    Route::get("/calls/{call}/download/{what}", May(DownloadCall), Logs::Itself(Action::Download), media::download),
    Route::get("/users", May(ManageUsers), Logs::Each(Action::Report), users::list),
    Route::post("/users/add", May(ManageUsers), Logs::Itself(Action::AddUser), users::add),
    Route::post("/users/rights", May(ManageUsers), Logs::Itself(Action::ChangeUser), users::set_rights),
    Route::post("/users/disable", May(ManageUsers), Logs::Itself(Action::DisableUser), users::disable),
    Route::post("/users/enable", May(ManageUsers), Logs::Itself(Action::ChangeUser), users::enable),
    Route::post("/users/reset", May(ManageUsers), Logs::Itself(Action::ResetUser), users::reset),
    Route::post("/users/token", May(ManageUsers), Logs::Itself(Action::IssueToken), users::issue),
    Route::post("/users/revoke", May(ManageUsers), Logs::Itself(Action::Revoke), users::revoke),
    Route::get("/audit", May(ReadAudit), Logs::Each(Action::ReadAudit), report::entries),
    Route::get("/audit/reports/{kind}", May(ReadAudit), Logs::Each(Action::ReadAudit), report::report),
    Route::get("/access/reports/{kind}", May(ReviewAccess), Logs::Each(Action::Report), report::report),
    Route::get("/access/calls/{call}", May(ReviewAccess), Logs::Each(Action::Report), report::of_call),
    Route::get("/access/exposure", May(ReviewAccess), Logs::Each(Action::Export), report::exposure),
    Route::get("/retention", May(ManageRetention), Logs::Each(Action::Report), retention::overview),
    Route::get("/retention/{call}", May(ManageRetention), Logs::Each(Action::Report), retention::call),
    Route::post("/retention/{call}/hold", May(ManageRetention), Logs::Itself(Action::Hold), retention::hold),
    Route::post("/retention/{call}/release", May(ManageRetention), Logs::Itself(Action::Release), retention::release),
    Route::get("/dashboard", May(ViewReports), Logs::Each(Action::Report), dashboard::page),
    // For programs: what people see, as JSON, by token or session.
    Route::get("/api/v1/calls", May(ListCalls), Logs::Each(Action::Search), api::calls),
    Route::get("/api/v1/search", May(SearchCalls), Logs::Each(Action::Search), api::calls),
    Route::get("/api/v1/calls/{call}", May(ViewCall), Logs::Each(Action::View), api::call),
    Route::get("/api/v1/calls/{call}/transcript", May(ViewCall), Logs::Each(Action::View), media::turns),
    Route::get("/api/v1/calls/{call}/recording", May(PlayCall), Logs::OncePerSession(Action::Play), media::play),
    Route::get(
        "/api/v1/calls/{call}/download/{what}",
        May(DownloadCall),
        Logs::Itself(Action::Download),
        media::download,
    ),
    Route::get("/api/v1/dashboard", May(ViewReports), Logs::Each(Action::Report), dashboard::page),
    Route::get("/api/v1/audit", May(ReadAudit), Logs::Each(Action::ReadAudit), report::entries),
    Route::get("/api/v1/audit/reports/{kind}", May(ReadAudit), Logs::Each(Action::ReadAudit), report::report),
    Route::get("/api/v1/access/reports/{kind}", May(ReviewAccess), Logs::Each(Action::Report), report::report),
    Route::get("/api/v1/access/calls/{call}", May(ReviewAccess), Logs::Each(Action::Report), report::of_call),
    Route::get("/api/v1/access/exposure", May(ReviewAccess), Logs::Each(Action::Export), report::exposure),
    Route::get("/api/v1/retention", May(ManageRetention), Logs::Each(Action::Report), retention::overview),
    Route::get("/api/v1/retention/{call}", May(ManageRetention), Logs::Each(Action::Report), retention::call),
    Route::post("/api/v1/retention/{call}/hold", May(ManageRetention), Logs::Itself(Action::Hold), retention::hold),
    Route::post(
        "/api/v1/retention/{call}/release",
        May(ManageRetention),
        Logs::Itself(Action::Release),
        retention::release,
    ),
    Route::get("/api/v1/users", May(ManageUsers), Logs::Each(Action::Report), users::list),
    Route::post("/api/v1/users/add", May(ManageUsers), Logs::Itself(Action::AddUser), users::add),
    Route::post("/api/v1/users/rights", May(ManageUsers), Logs::Itself(Action::ChangeUser), users::set_rights),
    Route::post("/api/v1/users/disable", May(ManageUsers), Logs::Itself(Action::DisableUser), users::disable),
    Route::post("/api/v1/users/enable", May(ManageUsers), Logs::Itself(Action::ChangeUser), users::enable),
    Route::post("/api/v1/users/reset", May(ManageUsers), Logs::Itself(Action::ResetUser), users::reset),
    Route::post("/api/v1/users/token", May(ManageUsers), Logs::Itself(Action::IssueToken), users::issue),
    Route::post("/api/v1/users/revoke", May(ManageUsers), Logs::Itself(Action::Revoke), users::revoke),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_route_stands_once_and_what_is_of_a_call_names_one() {
        let mut seen = BTreeSet::new();
        for route in ROUTES {
            assert!(seen.insert((route.method, route.path)), "{} twice", route.path);
            let names_call = route.path.split('/').any(|part| part == "{call}");
            if let Needs::May(permission) = route.needs {
                assert!(!permission.is_of_a_call() || names_call, "{}", route.path);
            }
            assert!(!names_call || matches!(route.needs, Needs::May(_)), "{}", route.path);
        }
    }

    #[test]
    fn what_shows_a_call_or_changes_something_is_written_down() {
        for route in ROUTES {
            let shows = matches!(route.needs, Needs::May(_));
            assert!(!shows || route.logs != Logs::Nothing, "{}", route.path);
            assert!(route.method == Method::Get || route.logs != Logs::Nothing, "{}", route.path);
        }
    }
}
