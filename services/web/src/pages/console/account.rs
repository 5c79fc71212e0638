//! One page a client: people, records, runs, files, conversations and what was done lately.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use portico_definition::PerAccount;
use portico_proto::{
    identity::v1::InvitationState,
    tenancy::v1::{Membership, UpdateAccountRequest},
    workflow::v1::Record,
};
use portico_rpc::problem_from;

use super::{
    account_data::{Found, find},
    accounts::kind_title,
    activity,
    attempt::{Attempt, Sent},
    done::Done,
    overview, roles,
    states::{joining, joining_tag},
};
use crate::{
    ask::{StaffAsk, refused},
    components::{Choice, Row, Tag},
    error::PageError,
    layout::Shell,
    render::{Page, see_other},
    wording::humanize,
};

struct Member {
    name: String,
    email: String,
    roles: String,
    tag: Tag,
    href: String,
    /// Whether a new link can be sent.
    invite: bool,
    /// Whether a link is out that can be withdrawn.
    revoke: bool,
}

/// The records of one kind.
struct Kind {
    title: String,
    rows: Vec<Row>,
    /// Where one more is made; empty where the account has the only one that it may have.
    new: String,
    new_label: String,
}

#[derive(Template)]
#[template(path = "pages/console/account.html")]
struct View<'a> {
    s: &'a Shell,
    id: &'a str,
    account_name: &'a str,
    kind: String,
    etag: &'a str,
    members: Vec<Member>,
    kinds: Vec<Kind>,
    runs: Vec<Row>,
    files: Vec<Row>,
    threads: Vec<Row>,
    activity: Vec<activity::Line>,
    roles: Vec<Choice>,
    invite: bool,
    attempt: Attempt,
}

pub(super) async fn show(
    ask: StaffAsk,
    Path(account_id): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, PageError> {
    page(&ask, &account_id, Attempt::default(), &done).await
}

pub(super) async fn rename(
    ask: StaffAsk,
    Path(account_id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let asked = UpdateAccountRequest {
        account_id: account_id.clone(),
        name: sent.text("new_name"),
        etag: sent.text("etag"),
    };
    match ask.tenancy().update_account(asked).await {
        Ok(_) => Ok(see_other(&format!("/console/accounts/{account_id}?done=account-renamed"))),
        Err(status) => {
            let problem = problem_from(&status);
            let attempt = Attempt::refused("rename", sent, &problem, &[("name", "new_name")]);
            let page = page(&ask, &account_id, attempt, &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

pub(super) async fn page(
    ask: &StaffAsk,
    account_id: &str,
    attempt: Attempt,
    done: &Done,
) -> Result<Response, PageError> {
    let found = find(ask, account_id).await?;
    let s = &*ask.shell;
    let status = attempt.status();
    let page =
        Page::new(found.account.name.clone(), View::new(s, &found, attempt)).at("accounts").status(status);
    done.above(page, s).under(s.t("nav-accounts"), "/console/accounts").respond(s, &ask.headers)
}

impl<'a> View<'a> {
    fn new(s: &'a Shell, found: &'a Found, attempt: Attempt) -> Self {
        let portals: Vec<_> = found.portals.iter().map(|published| &published.portal).collect();
        let offered = roles::external(&found.roles, &portals, &found.account.kind);
        let chosen = attempt.values("add", "roles", &[]);
        Self {
            s,
            id: &found.account.id,
            account_name: &found.account.name,
            kind: kind_title(s, &found.account.kind),
            etag: &found.account.etag,
            members: found.memberships.iter().filter_map(|membership| member(s, found, membership)).collect(),
            kinds: found
                .records
                .iter()
                .filter_map(|(place, kind, records)| kind_of(s, found, *place, kind, records))
                .collect(),
            runs: found.runs.iter().map(|run| overview::run_row(s, &found.portals, run)).collect(),
            files: found.documents.iter().filter_map(|document| overview::file_row(s, document)).collect(),
            threads: found.threads.iter().map(|thread| overview::thread_row(s, thread)).collect(),
            activity: found.audit.iter().map(|line| activity::line(s, line)).collect(),
            roles: roles::choices(s, &offered, &chosen),
            invite: attempt.ticked("add", "invite", true),
            attempt,
        }
    }
}

fn member(s: &Shell, found: &Found, membership: &Membership) -> Option<Member> {
    let person = found.people.get(&membership.person_id)?;
    let invitation = found.invitations.iter().find(|invitation| invitation.person_id == person.id);
    let state = joining(person, invitation);
    Some(Member {
        name: person.name.clone(),
        email: person.email.clone(),
        roles: roles::titles(s, &found.roles, &membership.roles),
        tag: joining_tag(s, state, invitation),
        href: format!("/console/accounts/{}/people/{}", membership.account_id, person.id),
        invite: state != InvitationState::Joined && person.active,
        revoke: state == InvitationState::Pending,
    })
}

fn kind_of(s: &Shell, found: &Found, place: usize, kind: &str, records: &[Record]) -> Option<Kind> {
    let published = found.portals.get(place)?;
    let declared = published.definition.spec.records.get(kind)?;
    let title = declared.title.clone().unwrap_or_else(|| humanize(kind));
    let full = declared.per_account == PerAccount::One && !records.is_empty();
    let new = format!("/console/accounts/{}/records/{}/{kind}", found.account.id, published.portal.name);
    Some(Kind {
        new: if full { String::new() } else { new },
        new_label: s.say("console-record-new").arg("kind", &title).to_string(),
        rows: records.iter().map(|record| overview::record_row(s, record)).collect(),
        title,
    })
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, sync::Arc};

    use portico_proto::{
        identity::v1::{Invitation, Person},
        tenancy::v1::{Account, Portal, RoleOption},
    };

    use super::*;
    use crate::{layout::Area, text::Locale, web::PublishedPortal};

    fn found() -> Found {
        let yaml = portico_definition::gallery()[0].yaml;
        let portal = Portal {
            id: "p".to_owned(),
            name: "client-onboarding".to_owned(),
            audience: "client".to_owned(),
            ..Portal::default()
        };
        let definition = Arc::new(portico_definition::parse(yaml).unwrap());
        let account = Account {
            id: "acc".to_owned(),
            name: "Acme & Co".to_owned(),
            kind: "client".to_owned(),
            ..Account::default()
        };
        let person = Person {
            id: "per".to_owned(),
            name: "Ana Souza".to_owned(),
            email: "ana@acme.example".to_owned(),
            active: true,
            ..Person::default()
        };
        let membership = Membership {
            account_id: "acc".to_owned(),
            person_id: "per".to_owned(),
            roles: vec!["client".to_owned()],
            ..Membership::default()
        };
        let invitation = Invitation {
            person_id: "per".to_owned(),
            state: InvitationState::Expired.into(),
            ..Invitation::default()
        };
        let role = |name: &str, title: &str| RoleOption {
            name: name.to_owned(),
            title: title.to_owned(),
            side: "external".to_owned(),
            portal_id: "p".to_owned(),
        };
        Found {
            account,
            memberships: vec![membership],
            people: HashMap::from([(person.id.clone(), person)]),
            invitations: vec![invitation],
            roles: vec![role("client", "Client"), role("signatory", "May sign for the company")],
            portals: Arc::new(vec![PublishedPortal { portal, definition }]),
            records: vec![(0, "engagement".to_owned(), Vec::new())],
            ..Found::default()
        }
    }

    #[test]
    fn a_client_is_one_page_with_people_and_what_can_be_added() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let found = found();
        let html = Page::new("x", View::new(&s, &found, Attempt::default())).whole(&s).unwrap();
        assert_eq!(html.matches("<h1").count(), 1);
        assert!(html.matches("Acme &#38; Co").count() >= 2 && html.contains("May sign for the company"));
        assert!(
            html.contains("action=\"/console/accounts/acc/people/per/invite\""),
            "an expired link can be sent anew"
        );
        assert!(!html.contains("/per/revoke"), "and not withdrawn");
        assert!(html.contains("href=\"/console/accounts/acc/records/client-onboarding/engagement\""));
        assert!(html.contains("New Engagement") && !html.contains("console-"));
    }

    #[test]
    fn a_refused_person_keeps_the_ticked_roles() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let sent: Sent = [("email", "nobody"), ("roles", "signatory")]
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .into_iter()
            .collect();
        let problem = portico_core::Problem::invalid("email", "This is no mail address.");
        let found = found();
        let view = View::new(&s, &found, Attempt::refused("add", sent, &problem, &[]));
        assert!(!view.invite && view.roles[1].chosen && !view.roles[0].chosen);
        assert!(view.render().unwrap().contains("This is no mail address."));
    }
}
