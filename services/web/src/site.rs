//! What the edge finds out about a request before a page sees it: whose host it is, and who is signed in.

use std::sync::Arc;

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use portico_core::{AccountId, Problem, TenantId};
use portico_proto::{identity::v1::Person, tenancy::v1::Tenant};

use crate::{
    error::PageError,
    layout::Firm,
    text::Locale,
    theme::{Color, Theme},
};

/// The firm whose host was asked for. In the request's extensions on every host that is a firm's.
#[derive(Debug, Clone)]
pub struct Site {
    /// The firm.
    pub tenant: TenantId,
    /// What the firm says of itself.
    pub profile: Arc<Tenant>,
    /// Its colours, fit to read.
    pub theme: Arc<Theme>,
}

impl Site {
    /// The site of `profile`; nothing where its id is none.
    pub fn new(profile: Tenant) -> Option<Self> {
        let tenant = profile.id.parse().ok()?;
        let theme = profile.colour.parse::<Color>().map(Theme::new).unwrap_or_default();
        Some(Self { tenant, profile: Arc::new(profile), theme: Arc::new(theme) })
    }

    /// The firm as pages name it.
    pub fn firm(&self) -> Firm {
        let logo = (!self.profile.logo_hash.is_empty()).then(|| format!("/logo/{}", self.profile.logo_hash));
        Firm::new(self.tenant, self.profile.name.clone(), logo, &self.theme)
    }

    /// The firm's own language, for visitors who ask for none that there is.
    pub fn locale(&self) -> Locale {
        Locale::from_tag(&self.profile.language).unwrap_or_default()
    }
}

/// Who is signed in. In the request's extensions where the session is alive.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The actor token, for calls in the person's name.
    pub token: Arc<str>,
    /// The person.
    pub person: Arc<Person>,
    /// The session's id; not its secret.
    pub session: Arc<str>,
    /// Role names.
    pub roles: Arc<[String]>,
    /// The accounts within reach, for people of accounts.
    pub accounts: Arc<[AccountId]>,
}

impl SignedIn {
    /// Whether the person belongs to the firm.
    pub fn is_staff(&self) -> bool {
        self.person.side == portico_proto::identity::v1::Side::Staff as i32
    }

    /// Whether the person has this role.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|held| held == role)
    }
}

/// The address that the request came from, as the edge sees it; pages pass it on for the audit.
#[derive(Debug, Clone)]
pub struct Address(pub String);

/// Whether everybody gets the same answer at `path`: the host's own files, which need no session and answer without one.
pub fn is_host_file(path: &str) -> bool {
    path.starts_with("/theme/")
        || path.starts_with("/logo/")
        || matches!(path, "/manifest.webmanifest" | "/offline")
}

/// Host or session could not be looked up: the request gets this refusal instead of its page.
#[derive(Debug, Clone)]
pub struct Trouble(pub Problem);

/// A layer inside of those that dress a refusal: answers [`Trouble`] where the edge has met some.
pub(crate) async fn stop_in_trouble(request: Request, next: Next) -> Response {
    match request.extensions().get::<Trouble>() {
        Some(Trouble(problem)) => PageError(problem.clone()).into_response(),
        None => next.run(request).await,
    }
}
