//! The layer that puts the shell around every page: frame, navigation, companies, counts, language and time zone.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use chrono_tz::Tz;
use http::{Method, header::ACCEPT_LANGUAGE, request::Parts};
use portico_proto::{
    messaging::v1::{
        CountUnreadRequest, CountUnreadResponse, MarkPageSeenRequest, mailing_client::MailingClient,
        messaging_client::MessagingClient,
    },
    tenancy::v1::{ListAccountsRequest, tenancy_client::TenancyClient},
};
use portico_rpc::{Auth, Caller};

use crate::{
    csrf::FormToken,
    error::Reference,
    layout::{Area, Company, Firm, Reader, Shell},
    nav,
    site::{SignedIn, Site},
    text::{Locale, Texts},
    web::Web,
};

/// A layer (`axum::middleware::from_fn_with_state`) that makes the `Arc<Shell>` every page and every refusal stands in.
///
/// The counts in the navigation are a courtesy: where messaging does not answer, the page comes without them.
pub(crate) async fn enter(State(web): State<Web>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let shell = shell(&web, &parts).await;
    parts.extensions.insert(Arc::new(shell));
    next.run(Request::from_parts(parts, body)).await
}

async fn shell(web: &Web, parts: &Parts) -> Shell {
    let extensions = &parts.extensions;
    let csrf = extensions.get::<FormToken>().map(|token| token.0.clone()).unwrap_or_default();
    let asked =
        parts.headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).map(Locale::negotiate);
    let now = web.clock().now();
    let Some(site) = extensions.get::<Site>() else {
        let locale = asked.unwrap_or_default();
        return Shell::visitor(Firm::unnamed(Texts::new(locale)), locale, Tz::UTC, now, csrf);
    };
    let firm_zone = site.profile.time_zone.parse().unwrap_or(Tz::UTC);
    let Some(reader) = extensions.get::<SignedIn>() else {
        return Shell::visitor(site.firm(), asked.unwrap_or_else(|| site.locale()), firm_zone, now, csrf);
    };
    let locale = Locale::from_tag(&reader.person.language).unwrap_or_else(|| site.locale());
    let zone = reader.person.time_zone.parse().unwrap_or(firm_zone);
    let mut shell = Shell::visitor(site.firm(), locale, zone, now, csrf);
    shell.area = if reader.is_staff() { Area::Console } else { Area::Portal };
    shell.reader = Some(Reader { name: reader.person.name.clone(), email: reader.person.email.clone() });
    // The answer to a refused form stands at an address that is only posted to: there is nothing to fetch again.
    shell.live = parts.method == Method::GET;
    let trace = extensions.get::<Reference>().map(|reference| reference.0.clone()).unwrap_or_default();
    let caller = Caller::new(Auth::Token(Arc::clone(&reader.token))).with_trace(&trace);
    let (unread, companies, portals, bills) = tokio::join!(
        count_unread(web, &caller),
        companies(web, &caller, reader, parts.uri.query().unwrap_or_default()),
        web.portals(site.tenant),
        web.bills(site.tenant),
    );
    if unread.notifications > 0 {
        note_seen(web, &caller, parts);
    }
    shell.companies = companies;
    shell.largest_attachment = web.config().largest_attachment;
    let portals = portals.unwrap_or_else(|problem| {
        tracing::warn!(reason = %problem.reason, "a page comes without its portals' navigation");
        Arc::default()
    });
    shell.nav = nav::items(&shell, reader, &portals, &unread, bills);
    shell
}

/// Whoever opens a page has seen what they were told about it. Nobody waits for this; where it fails, it stays unread.
fn note_seen(web: &Web, caller: &Caller, parts: &Parts) {
    let path = parts.uri.path();
    if parts.method != Method::GET || path.matches('/').count() < 2 {
        return;
    }
    let mut client = MailingClient::new(web.channel("messaging", caller));
    let asked = MarkPageSeenRequest { path: path.to_owned() };
    tokio::spawn(async move {
        if let Err(status) = client.mark_page_seen(asked).await {
            tracing::debug!(code = ?status.code(), "what a page shows stays unread");
        }
    });
}

async fn count_unread(web: &Web, caller: &Caller) -> CountUnreadResponse {
    let mut client = MessagingClient::new(web.channel("messaging", caller));
    match client.count_unread(CountUnreadRequest {}).await {
        Ok(answer) => answer.into_inner(),
        Err(status) => {
            tracing::debug!(code = ?status.code(), "a page comes without unread counts");
            CountUnreadResponse::default()
        }
    }
}

/// The companies of a person who has several; the current one stands in the address as `company`.
async fn companies(web: &Web, caller: &Caller, reader: &SignedIn, query: &str) -> Vec<Company> {
    if reader.is_staff() || reader.accounts.len() < 2 {
        return Vec::new();
    }
    let mut client = TenancyClient::new(web.channel("tenancy", caller));
    let asked = ListAccountsRequest { query: String::new(), page_size: 200, page_token: String::new() };
    let Ok(answer) = client.list_accounts(asked).await else { return Vec::new() };
    let chosen = chosen_company(query);
    answer
        .into_inner()
        .accounts
        .into_iter()
        .map(|account| Company {
            current: chosen.as_deref() == Some(account.id.as_str()),
            href: format!("/?company={}", account.id),
            name: account.name,
        })
        .collect()
}

/// The company that a query names.
pub(crate) fn chosen_company(query: &str) -> Option<String> {
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "company")
        .map(|(_, value)| value.into_owned())
        .filter(|value| value.parse::<portico_core::AccountId>().is_ok())
}
