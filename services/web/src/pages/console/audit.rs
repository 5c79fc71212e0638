//! What was done: who, what, when, with which version, from where.

use askama::Template;
use axum::{extract::Query, response::Response};
use portico_proto::{
    identity::v1::{ListPeopleRequest, Side},
    tenancy::v1::{AuditLine, ListAccountsRequest, ListAuditRequest, ListAuditResponse},
    time::{moment, timestamp},
};
use serde::Deserialize;

use super::{activity, dates};
use crate::{
    ask::StaffAsk, blocks::activity::unscanned, components::Choice, error::PageError, form::Errors,
    layout::Shell, render::Page,
};

/// What the list is narrowed to; it stands in the address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Filter {
    account: String,
    actor: String,
    action: String,
    object: String,
    from: String,
    until: String,
    after: String,
}

struct Row {
    when: String,
    at: String,
    who: String,
    what: String,
    account: String,
    version: String,
    address: String,
    /// The list with this object alone; empty where the entry is about none.
    only: String,
}

#[derive(Template)]
#[template(path = "pages/console/audit.html")]
struct Audit<'a> {
    s: &'a Shell,
    filter: &'a Filter,
    accounts: Vec<Choice>,
    actors: Vec<Choice>,
    rows: Vec<Row>,
    newest: String,
    older: String,
    errors: Errors,
}

pub(super) async fn list(ask: StaffAsk, Query(filter): Query<Filter>) -> Result<Response, PageError> {
    let s = &*ask.shell;
    let zone = s.formats.zone();
    let asked = ListAuditRequest {
        account_id: filter.account.clone(),
        actor_id: filter.actor.clone(),
        action_prefix: filter.action.trim().to_owned(),
        object_id: filter.object.clone(),
        from: dates::start_of_day(&filter.from, zone).map(timestamp),
        until: dates::end_of_day(&filter.until, zone)
            .map(|end| timestamp(end + chrono::TimeDelta::minutes(1))),
        page_size: 50,
        page_token: filter.after.clone(),
    };
    let (mut tenancy, mut accounts, mut identity) = (ask.tenancy(), ask.tenancy(), ask.identity());
    let (found, accounts, people) = tokio::try_join!(
        tenancy.list_audit(asked),
        accounts.list_accounts(ListAccountsRequest { page_size: 200, ..ListAccountsRequest::default() }),
        identity.list_people(ListPeopleRequest {
            side: Side::Unspecified.into(),
            page_size: 200,
            ..ListPeopleRequest::default()
        }),
    )?;
    let accounts = accounts.into_inner().accounts.into_iter().map(|account| (account.id, account.name));
    let people = people.into_inner().people.into_iter().map(|person| (person.id, person.name));
    let view = Audit::new(s, &filter, &found.into_inner(), accounts, people);
    Page::new(s.t("nav-audit"), view).at("audit").respond(s, &ask.headers)
}

impl<'a> Audit<'a> {
    fn new(
        s: &'a Shell,
        filter: &'a Filter,
        found: &ListAuditResponse,
        accounts: impl Iterator<Item = (String, String)>,
        people: impl Iterator<Item = (String, String)>,
    ) -> Self {
        let all = |chosen: &str| Choice::new("", s.t("console-all"), chosen);
        let choices = |pairs: &mut dyn Iterator<Item = (String, String)>, chosen: &str| {
            let rest = pairs.map(|(id, name)| Choice::new(id, name, chosen));
            std::iter::once(all(chosen)).chain(rest).collect::<Vec<_>>()
        };
        let (mut accounts, mut people) = (accounts, people);
        Self {
            s,
            filter,
            accounts: choices(&mut accounts, &filter.account),
            actors: choices(&mut people, &filter.actor),
            rows: found.lines.iter().map(|line| row(s, filter, line)).collect(),
            newest: if filter.after.is_empty() {
                String::new()
            } else {
                href(&Filter { after: String::new(), ..filter.clone() })
            },
            older: if found.next_page_token.is_empty() {
                String::new()
            } else {
                href(&Filter { after: found.next_page_token.clone(), ..filter.clone() })
            },
            errors: Errors::none(),
        }
    }
}

/// The list's address with a filter: what is empty is left out.
fn href(filter: &Filter) -> String {
    let Filter { account, actor, action, object, from, until, after } = filter;
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let pairs = [
        ("account", account),
        ("actor", actor),
        ("action", action),
        ("object", object),
        ("from", from),
        ("until", until),
        ("after", after),
    ];
    for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    format!("/console/audit?{}", query.finish())
}

fn row(s: &Shell, filter: &Filter, line: &AuditLine) -> Row {
    let at = line.at.as_ref().and_then(moment);
    let only = Filter { object: line.object_id.clone(), after: String::new(), ..filter.clone() };
    Row {
        when: at.map(|at| s.date_time(&at)).unwrap_or_default(),
        at: at.map(|at| s.formats.machine(&at)).unwrap_or_default(),
        who: activity::actor(s, line),
        what: activity::what(line) + &unscanned(s, line),
        account: line.account_name.clone(),
        version: line.version.clone(),
        address: line.address.clone(),
        only: if line.object_id.is_empty() || line.object_id == filter.object {
            String::new()
        } else {
            href(&only)
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn entries_say_who_what_from_where_and_pages_keep_the_filter() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let line = AuditLine {
            at: Some(timestamp(s.formats.now())),
            actor_name: "Ana <Souza>".to_owned(),
            actor_kind: "client".to_owned(),
            address: "203.0.113.7".to_owned(),
            action: "document.downloaded".to_owned(),
            object_id: "doc".to_owned(),
            object_label: "plan.pdf".to_owned(),
            version: "2".to_owned(),
            details_json: "{\"unscanned\":\"allowed by policy\"}".to_owned(),
            ..AuditLine::default()
        };
        let filter =
            Filter { action: "document.".to_owned(), account: "acc".to_owned(), ..Filter::default() };
        let found = ListAuditResponse { lines: vec![line], next_page_token: "t=".to_owned() };
        let accounts = [("acc".to_owned(), "Acme".to_owned())].into_iter();
        let view = Audit::new(&s, &filter, &found, accounts, std::iter::empty());
        assert!(view.accounts[1].chosen);
        let html = Page::new("x", view).whole(&s).unwrap();
        assert!(
            html.contains("Ana &#60;Souza&#62;")
                && html.contains("203.0.113.7")
                && html.contains("plan.pdf (not scanned, allowed by policy)")
        );
        assert!(html.contains("account=acc&#38;action=document.&#38;after=t%3D"));
        assert!(html.contains("account=acc&#38;action=document.&#38;object=doc"));
        assert!(html.matches("<h1").count() == 1 && !html.contains("console-"));
    }
}
