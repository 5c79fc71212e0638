//! One person's place in an account: what they do there, their invitation, and its end.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use portico_proto::{
    identity::v1::{
        GetPersonRequest, Invitation, InvitationState, InvitePersonRequest, ListInvitationsRequest, Person,
        RevokeInvitationRequest,
    },
    tenancy::v1::{
        Account, GetAccountRequest, ListMembershipsRequest, ListRolesRequest, Membership,
        RemoveMembershipRequest, RoleOption, SetMembershipRequest,
    },
};
use portico_rpc::problem_from;

use super::{
    attempt::{Attempt, Sent},
    done::Done,
    roles,
    states::{joining, joining_tag},
};
use crate::{
    ask::{StaffAsk, not_here, refused},
    components::{Choice, Tag},
    error::PageError,
    layout::Shell,
    render::{Page, see_other},
};

#[derive(Template)]
#[template(path = "pages/console/account_member.html")]
struct Member<'a> {
    s: &'a Shell,
    person: &'a Person,
    account: &'a Account,
    href: String,
    tag: Tag,
    invite: bool,
    revoke: bool,
    roles: Vec<Choice>,
    attempt: Attempt,
}

/// The path of the page: account and person.
type Place = Path<(String, String)>;

pub(super) async fn show(
    ask: StaffAsk,
    Path(place): Place,
    Query(done): Query<Done>,
) -> Result<Response, PageError> {
    page(&ask, &place, Attempt::default(), &done).await
}

pub(super) async fn set_roles(ask: StaffAsk, Path(place): Place, sent: Sent) -> Result<Response, PageError> {
    let (account_id, person_id) = place.clone();
    let asked = SetMembershipRequest { account_id, person_id, roles: sent.all("roles") };
    match ask.tenancy().set_membership(asked).await {
        Ok(_) => Ok(see_other(&format!("{}?done=roles-saved", href(&place)))),
        Err(status) => {
            let problem = problem_from(&status);
            let page =
                page(&ask, &place, Attempt::refused("roles", sent, &problem, &[]), &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

pub(super) async fn invite(ask: StaffAsk, Path(place): Place, sent: Sent) -> Result<Response, PageError> {
    let (account_id, person_id) = place.clone();
    let asked = InvitePersonRequest { person_id, account_id, message: sent.text("message") };
    match ask.identity().invite_person(asked).await {
        Ok(_) => Ok(see_other(&format!("/console/accounts/{}?done=invited", place.0))),
        Err(status) => {
            let problem = problem_from(&status);
            let page =
                page(&ask, &place, Attempt::refused("invite", sent, &problem, &[]), &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

pub(super) async fn revoke(ask: StaffAsk, Path(place): Place) -> Result<Response, PageError> {
    ask.identity().revoke_invitation(RevokeInvitationRequest { person_id: place.1.clone() }).await?;
    Ok(see_other(&format!("/console/accounts/{}?done=invitation-revoked", place.0)))
}

pub(super) async fn remove(ask: StaffAsk, Path(place): Place) -> Result<Response, PageError> {
    let (account_id, person_id) = place.clone();
    ask.tenancy().remove_membership(RemoveMembershipRequest { account_id, person_id }).await?;
    Ok(see_other(&format!("/console/accounts/{}?done=member-removed", place.0)))
}

fn href((account_id, person_id): &(String, String)) -> String {
    format!("/console/accounts/{account_id}/people/{person_id}")
}

async fn page(
    ask: &StaffAsk,
    place: &(String, String),
    attempt: Attempt,
    done: &Done,
) -> Result<Response, PageError> {
    let (account_id, person_id) = place.clone();
    let (mut tenancy, mut memberships, mut options, mut identity, mut invitations) =
        (ask.tenancy(), ask.tenancy(), ask.tenancy(), ask.identity(), ask.identity());
    let (account, memberships, options, person, invitations) = tokio::try_join!(
        tenancy.get_account(GetAccountRequest { account_id: account_id.clone() }),
        memberships.list_memberships(ListMembershipsRequest {
            account_id: account_id.clone(),
            person_id: String::new()
        }),
        options.list_roles(ListRolesRequest {}),
        identity.get_person(GetPersonRequest { person_id: person_id.clone() }),
        invitations.list_invitations(ListInvitationsRequest { account_id }),
    )?;
    let account = account.into_inner().account.ok_or_else(not_here)?;
    let person = person.into_inner().person.ok_or_else(not_here)?;
    let membership =
        memberships.into_inner().memberships.into_iter().find(|each| each.person_id == person_id);
    let membership = membership.ok_or_else(not_here)?;
    let portals = ask.web.portals(ask.tenant()).await?;
    let portals: Vec<_> = portals.iter().map(|published| &published.portal).collect();
    let offered = roles::external(&options.into_inner().roles, &portals, &account.kind);
    let invitations = invitations.into_inner().invitations;
    let invitation = invitations.iter().find(|invitation| invitation.person_id == person.id);
    let s = &*ask.shell;
    let status = attempt.status();
    let view = Member::new(s, &account, &person, &membership, invitation, &offered, attempt);
    done.above(Page::new(person.name.clone(), view).at("accounts").status(status), s)
        .under(s.t("nav-accounts"), "/console/accounts")
        .under(account.name.clone(), format!("/console/accounts/{}", account.id))
        .respond(s, &ask.headers)
}

impl<'a> Member<'a> {
    fn new(
        s: &'a Shell,
        account: &'a Account,
        person: &'a Person,
        membership: &Membership,
        invitation: Option<&Invitation>,
        offered: &[RoleOption],
        attempt: Attempt,
    ) -> Self {
        let state = joining(person, invitation);
        let held = attempt.values("roles", "roles", &membership.roles);
        Self {
            s,
            person,
            account,
            href: href(&(account.id.clone(), person.id.clone())),
            tag: joining_tag(s, state, invitation),
            invite: state != InvitationState::Joined && person.active,
            revoke: state == InvitationState::Pending,
            roles: roles::choices(s, offered, &held),
            attempt,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn a_pending_invitation_can_be_sent_again_and_withdrawn() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let account = Account { id: "acc".to_owned(), name: "Acme".to_owned(), ..Account::default() };
        let person =
            Person { id: "per".to_owned(), name: "Ana".to_owned(), active: true, ..Person::default() };
        let membership = Membership { roles: vec!["client".to_owned()], ..Membership::default() };
        let pending = Invitation { state: InvitationState::Pending.into(), ..Invitation::default() };
        let offered =
            ["client", "signatory"].map(|name| RoleOption { name: name.to_owned(), ..RoleOption::default() });
        let view =
            Member::new(&s, &account, &person, &membership, Some(&pending), &offered, Attempt::default());
        assert!(view.invite && view.revoke && view.roles[0].chosen && !view.roles[1].chosen);
        let html = Page::new("x", view).whole(&s).unwrap();
        assert!(html.contains("/console/accounts/acc/people/per/revoke") && html.contains("data-confirm="));
        assert!(html.matches("<h1").count() == 1 && !html.contains("console-"));
    }
}
