//! One person: a member of staff with roles and invitation, or somebody of an account with their companies.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use portico_proto::{
    identity::v1::{
        DeactivatePersonRequest, GetPersonRequest, InvitePersonRequest, Person, ReactivatePersonRequest,
        RevokeInvitationRequest, Side,
    },
    messaging::v1::ListBouncesRequest,
    tenancy::v1::{ListMembershipsRequest, Membership, SetStaffRolesRequest},
};
use portico_rpc::problem_from;

use super::{
    attempt::{Attempt, Sent},
    bounces,
    done::Done,
    people::{self, Found},
    roles,
};
use crate::{
    ask::{AdminAsk, Ask, StaffAsk, not_here, refused, see_other_after},
    components::{Choice, Row, Tag},
    error::PageError,
    layout::Shell,
    render::{Page, see_other},
    wording::humanize,
};

#[derive(Template)]
#[template(path = "pages/console/person.html")]
struct View<'a> {
    s: &'a Shell,
    person: &'a Person,
    tag: Tag,
    staff: bool,
    /// Whether the reader may change roles and invitation here.
    admin: bool,
    /// Whether the reader may shut the person out.
    deactivate: bool,
    /// Whether the reader may let the person in again.
    reactivate: bool,
    roles: Vec<Choice>,
    held: String,
    companies: Vec<Row>,
    invite: bool,
    /// What is wrong with their address, and what the other server said.
    mail_trouble: Option<(String, String)>,
    attempt: Attempt,
}

pub(super) async fn show(
    ask: StaffAsk,
    Path(person_id): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, PageError> {
    page(&ask, &person_id, Attempt::default(), &done).await
}

/// The address that refused roles come back at: loaded again, it is the person's page.
pub(super) async fn show_to_admin(_: AdminAsk, Path(person_id): Path<String>) -> Response {
    see_other(&format!("/console/people/{person_id}"))
}

pub(super) async fn set_roles(
    ask: AdminAsk,
    Path(person_id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let asked = SetStaffRolesRequest { person_id: person_id.clone(), roles: sent.all("roles") };
    match ask.tenancy().set_staff_roles(asked).await {
        Ok(_) => Ok(see_other(&format!("/console/people/{person_id}?done=roles-saved"))),
        Err(status) => {
            let problem = problem_from(&status);
            let attempt = Attempt::refused("roles", sent, &problem, &[]);
            let page = page(&ask, &person_id, attempt, &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

pub(super) async fn invite(ask: AdminAsk, Path(person_id): Path<String>) -> Result<Response, PageError> {
    let asked = InvitePersonRequest { person_id: person_id.clone(), ..InvitePersonRequest::default() };
    ask.identity().invite_person(asked).await?;
    Ok(see_other(&format!("/console/people/{person_id}?done=invited")))
}

pub(super) async fn revoke(ask: AdminAsk, Path(person_id): Path<String>) -> Result<Response, PageError> {
    ask.identity().revoke_invitation(RevokeInvitationRequest { person_id: person_id.clone() }).await?;
    Ok(see_other(&format!("/console/people/{person_id}?done=invitation-revoked")))
}

pub(super) async fn deactivate(ask: AdminAsk, Path(person_id): Path<String>) -> Result<Response, PageError> {
    let asked = DeactivatePersonRequest { person_id: person_id.clone() };
    let event = ask.identity().deactivate_person(asked).await?.into_inner().event;
    Ok(see_other_after(&format!("/console/people/{person_id}?done=deactivated"), &event))
}

pub(super) async fn reactivate(ask: AdminAsk, Path(person_id): Path<String>) -> Result<Response, PageError> {
    let asked = ReactivatePersonRequest { person_id: person_id.clone() };
    let event = ask.identity().reactivate_person(asked).await?.into_inner().event;
    Ok(see_other_after(&format!("/console/people/{person_id}?done=reactivated"), &event))
}

async fn page(ask: &Ask, person_id: &str, attempt: Attempt, done: &Done) -> Result<Response, PageError> {
    let asked = GetPersonRequest { person_id: person_id.to_owned() };
    let person = ask.identity().get_person(asked).await?.into_inner().person.ok_or_else(not_here)?;
    let found = people::find(ask).await?;
    let memberships = if person.side() == Side::External {
        let asked = ListMembershipsRequest { account_id: String::new(), person_id: person.id.clone() };
        ask.tenancy().list_memberships(asked).await?.into_inner().memberships
    } else {
        Vec::new()
    };
    let s = &*ask.shell;
    let status = attempt.status();
    let own = person.id == ask.reader.person.id;
    let mut view = View::new(s, &person, &found, &memberships, (ask.reader.has_role("admin"), own), attempt);
    // Where messaging does not answer, the page comes without word of the mail.
    let asked =
        ListBouncesRequest { person_id: person.id.clone(), page_size: 1, ..ListBouncesRequest::default() };
    if let Ok(answer) = ask.mailing().list_bounces(asked).await {
        view.mail_trouble = bounces::trouble(s, answer.into_inner().address);
    }
    let page = Page::new(person.name.clone(), view)
        .at("people")
        .status(status)
        .under(s.t("nav-people"), "/console/people");
    done.above(page, s).respond(s, &ask.headers)
}

impl<'a> View<'a> {
    fn new(
        s: &'a Shell,
        person: &'a Person,
        found: &Found,
        memberships: &[Membership],
        (admin, own): (bool, bool),
        attempt: Attempt,
    ) -> Self {
        let held = found.bindings.get(&person.id).cloned().unwrap_or_default();
        let company = |each: &Membership| {
            let what = each.roles.iter().map(|role| humanize(role)).collect::<Vec<_>>().join(", ");
            let href = format!("/console/accounts/{}/people/{}", each.account_id, person.id);
            Row::new(each.account_name.clone(), href, what)
        };
        Self {
            s,
            person,
            tag: people::state_tag(s, found, person),
            staff: person.side() == Side::Staff,
            admin: admin && person.active,
            deactivate: admin && person.active && !own,
            reactivate: admin && !person.active,
            roles: roles::choices(s, &found.roles, &attempt.values("roles", "roles", &held)),
            held: roles::titles(s, &found.roles, &held),
            companies: memberships.iter().map(company).collect(),
            invite: person.joined_at.is_none(),
            mail_trouble: None,
            attempt,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    fn html(person: &Person, who: (bool, bool), memberships: &[Membership]) -> String {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let found = people::tests::found();
        Page::new("x", View::new(&s, person, &found, memberships, who, Attempt::default())).whole(&s).unwrap()
    }

    #[test]
    fn an_administrator_changes_roles_and_cannot_lock_themselves_out() {
        let person = Person { side: Side::Staff.into(), ..people::tests::found().people.remove(0) };
        let page = html(&person, (true, false), &[]);
        assert!(
            page.contains("value=\"admin\" id=\"f-roles\" checked")
                && page.contains("/console/people/m/deactivate")
        );
        assert!(page.matches("<h1").count() == 1 && !page.contains("console-"));
        assert!(!html(&person, (true, true), &[]).contains("/deactivate"));
        assert!(!html(&person, (false, false), &[]).contains("action=\"/console/people"));
    }

    #[test]
    fn whoever_was_shut_out_can_be_let_in_again_by_an_administrator_alone() {
        for side in [Side::Staff, Side::External] {
            let gone = Person { side: side.into(), active: false, ..people::tests::found().people.remove(0) };
            let page = html(&gone, (true, false), &[]);
            assert!(
                page.contains("action=\"/console/people/m/reactivate\"") && !page.contains("/deactivate")
            );
            assert!(!page.contains("/roles\"") && !page.contains("/invite\"") && !page.contains("console-"));
            assert!(!html(&gone, (false, false), &[]).contains("<form method=\"post\" action=\"/console"));
        }
    }

    #[test]
    fn somebody_of_an_account_is_shown_with_their_companies() {
        let person = Person {
            id: "a".to_owned(),
            name: "Ana".to_owned(),
            side: Side::External.into(),
            active: true,
            ..Person::default()
        };
        let membership = Membership {
            account_id: "acc".to_owned(),
            account_name: "Acme".to_owned(),
            roles: vec!["client".to_owned()],
            ..Membership::default()
        };
        let page = html(&person, (true, false), &[membership]);
        assert!(
            page.contains("/console/people/a/deactivate"),
            "a person of an account can be shut out as well"
        );
        assert!(page.contains("href=\"/console/accounts/acc/people/a\"") && !page.contains("name=\"roles\""));
    }
}
