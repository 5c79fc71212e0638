//! The firm's accounts: find one, add one.

use askama::Template;
use axum::{extract::Query, response::Response};
use portico_proto::{
    tenancy::v1::{Account, CreateAccountRequest, ListAccountsRequest, ListAccountsResponse},
    time::moment,
};
use portico_rpc::problem_from;
use serde::Deserialize;

use super::attempt::{Attempt, Sent};
use crate::{
    ask::{StaffAsk, refused},
    components::{Choice, Row},
    error::PageError,
    layout::Shell,
    render::{Page, see_other},
};

/// What accounts can be.
pub(super) const KINDS: [&str; 5] = ["client", "partner", "vendor", "contractor", "applicant"];

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    q: String,
    #[serde(default)]
    after: String,
}

#[derive(Template)]
#[template(path = "pages/console/accounts.html")]
struct Accounts<'a> {
    s: &'a Shell,
    query: &'a str,
    rows: Vec<Row>,
    more: String,
    kinds: Vec<Choice>,
    key: String,
    attempt: Attempt,
}

pub(super) async fn list(ask: StaffAsk, Query(search): Query<Search>) -> Result<Response, PageError> {
    page(&ask, &search, Attempt::default()).await
}

pub(super) async fn create(ask: StaffAsk, sent: Sent) -> Result<Response, PageError> {
    let asked = CreateAccountRequest {
        name: sent.text("name"),
        kind: sent.text("kind"),
        idempotency_key: sent.text("key"),
    };
    match ask.tenancy().create_account(asked).await {
        Ok(answer) => {
            let account = answer.into_inner().account.unwrap_or_default();
            Ok(see_other(&format!("/console/accounts/{}?done=account-created", account.id)))
        }
        Err(status) => {
            let problem = problem_from(&status);
            let page = page(&ask, &Search::default(), Attempt::refused("create", sent, &problem, &[])).await;
            Ok(refused(problem, |_| page))
        }
    }
}

async fn page(ask: &StaffAsk, search: &Search, attempt: Attempt) -> Result<Response, PageError> {
    let asked =
        ListAccountsRequest { query: search.q.clone(), page_size: 50, page_token: search.after.clone() };
    let found = ask.tenancy().list_accounts(asked).await?.into_inner();
    let s = &*ask.shell;
    let status = attempt.status();
    let view = Accounts::new(s, &search.q, &found, ask.form_key(), attempt);
    Page::new(s.t("nav-accounts"), view).at("accounts").status(status).respond(s, &ask.headers)
}

impl<'a> Accounts<'a> {
    fn new(
        s: &'a Shell,
        query: &'a str,
        found: &ListAccountsResponse,
        key: String,
        attempt: Attempt,
    ) -> Self {
        let chosen = attempt.value("create", "kind", "client");
        let kinds = KINDS.map(|kind| Choice::new(kind, kind_title(s, kind), &chosen)).into();
        let more = if found.next_page_token.is_empty() {
            String::new()
        } else {
            let mut more = url::form_urlencoded::Serializer::new(String::new());
            more.append_pair("q", query).append_pair("after", &found.next_page_token);
            format!("/console/accounts?{}", more.finish())
        };
        Self {
            s,
            query,
            rows: found.accounts.iter().map(|account| row(s, account)).collect(),
            more,
            kinds,
            key,
            attempt,
        }
    }
}

/// What people call a kind of account; a kind we have no word for is shown as it is.
pub(super) fn kind_title(s: &Shell, kind: &str) -> String {
    if KINDS.contains(&kind) { s.t(&format!("console-kind-{kind}")) } else { kind.to_owned() }
}

fn row(s: &Shell, account: &Account) -> Row {
    let since =
        account.created_at.as_ref().and_then(moment).map(|at| s.formats.short_date(&at)).unwrap_or_default();
    let meta = s
        .say("console-account-meta")
        .arg("kind", kind_title(s, &account.kind))
        .arg("date", since)
        .to_string();
    Row::new(account.name.clone(), format!("/console/accounts/{}", account.id), meta)
}

#[cfg(test)]
mod tests {
    use portico_core::Problem;

    use super::*;
    use crate::{layout::Area, text::Locale};

    fn found() -> ListAccountsResponse {
        let account = Account {
            id: "0190aaaa-0000-7000-8000-000000000001".to_owned(),
            name: "Acme".to_owned(),
            kind: "vendor".to_owned(),
            ..Account::default()
        };
        ListAccountsResponse { accounts: vec![account], next_page_token: "a b&c".to_owned() }
    }

    #[test]
    fn accounts_are_links_and_the_next_page_keeps_the_search() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let view = Accounts::new(&s, "ac&me", &found(), "key".to_owned(), Attempt::default());
        let html = Page::new("x", view).whole(&s).unwrap();
        assert!(
            html.contains("href=\"/console/accounts/0190aaaa-0000-7000-8000-000000000001\"")
                && html.contains("Vendor")
        );
        assert!(html.contains("q=ac%26me&#38;after=a+b%26c") && html.contains("data-search"));
        assert_eq!(html.matches("<h1").count(), 1);
    }

    #[test]
    fn a_refused_account_keeps_what_was_typed() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let sent: Sent = [("name", "x\"y"), ("kind", "partner")]
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .into_iter()
            .collect();
        let attempt = Attempt::refused("create", sent, &Problem::invalid("name", "This name is taken."), &[]);
        let html =
            Accounts::new(&s, "", &ListAccountsResponse::default(), String::new(), attempt).render().unwrap();
        assert!(html.contains("value=\"x&#34;y\"") && html.contains("This name is taken."));
        assert!(
            html.contains("<details class=\"disclose\" open>") && html.contains("value=\"partner\" selected")
        );
    }
}
