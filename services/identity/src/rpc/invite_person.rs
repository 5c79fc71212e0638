//! Invites a person, or invites again with a new link.

use portico_core::{AccountId, ActorKind, Ctx, PersonId, Problem};
use portico_proto::identity::v1::{InvitePersonRequest, InvitePersonResponse};

use super::create_person::may_handle_staff;
use crate::{
    convert,
    domain::{
        link::{Purpose, invitation_state},
        person::Side,
    },
    error::IdentityError,
    issue::{LinkDraft, issue_link},
    peers,
    service::Service,
    store,
};

/// The longest sentence of an inviter, in characters.
const MOST_MESSAGE: usize = 500;

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: InvitePersonRequest,
) -> Result<InvitePersonResponse, IdentityError> {
    let id: PersonId = request.person_id.parse()?;
    let account: Option<AccountId> =
        if request.account_id.is_empty() { None } else { Some(request.account_id.parse()?) };
    let message = request.message.trim();
    let is_plain = |c: char| !c.is_control() || c == '\n' || c == '\r';
    if message.chars().count() > MOST_MESSAGE || !message.chars().all(is_plain) {
        let text = format!("Use at most {MOST_MESSAGE} characters of plain text.");
        return Err(IdentityError::Invalid(Problem::invalid("message", text)));
    }
    if let Some(account) = account {
        peers::account(service, &ctx, account).await?;
    }

    let mut tx = service.store.begin(&ctx).await?;
    let person = store::people::read(&mut tx, id).await?.ok_or(IdentityError::NotFound)?;
    if !person.active {
        return Err(IdentityError::Inactive);
    }
    match (person.side, account) {
        (Side::Staff, None) => may_handle_staff(&ctx)?,
        (Side::External, Some(_)) => {}
        (Side::Staff, Some(_)) => {
            let text = "Staff are invited to the firm, not to an account. Leave the account out.";
            return Err(IdentityError::Invalid(Problem::invalid("account_id", text)));
        }
        (Side::External, None) => {
            let text = "Say which account the person is invited for.";
            return Err(IdentityError::Invalid(Problem::invalid("account_id", text)));
        }
    }
    let inviter = ctx.actor.person.filter(|_| ctx.actor.kind == ActorKind::Staff);
    let draft =
        LinkDraft { purpose: Purpose::Invitation, account, return_to: "", reply_to: inviter, message };
    let (link, event) = issue_link(service, &mut tx, &person, draft).await?;
    tx.commit().await?;
    let state = invitation_state(&link, person.joined_at.is_some(), service.clock.now());
    Ok(InvitePersonResponse { invitation: Some(convert::invitation(&link, state)), event })
}

#[cfg(test)]
mod tests {
    use portico_core::ErrorCode;
    use portico_proto::{
        events::v1::LinkIssued,
        identity::v1::{InvitationState, Side as SideMessage},
    };
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::testing::Fixture;

    async fn invite(
        fixture: &Fixture,
        ctx: Ctx,
        person: PersonId,
        account: &str,
    ) -> Result<InvitePersonResponse, IdentityError> {
        let request = InvitePersonRequest {
            person_id: person.to_string(),
            account_id: account.to_owned(),
            message: " Welcome aboard. ".to_owned(),
        };
        handle(&fixture.service, ctx, request).await
    }

    #[tokio::test]
    async fn n074_inviting_again_voids_the_older_link() {
        let fixture = Fixture::new().await;
        let ana = fixture.person("ana@acme.example", SideMessage::External).await;
        let account = fixture.account().to_string();
        let staff = fixture.staff();
        let answer = invite(&fixture, staff.clone(), ana, &account).await.unwrap().invitation.unwrap();
        assert_eq!(
            (answer.state(), answer.account_id.as_str()),
            (InvitationState::Pending, account.as_str())
        );
        let issued = fixture.newest_link().await;
        assert_eq!((issued.purpose.as_str(), issued.message.as_str()), ("invitation", "Welcome aboard."));
        assert_eq!(issued.reply_to_person_id, staff.actor.person.unwrap().to_string());
        let older = fixture.mint_newest().await;
        invite(&fixture, fixture.staff(), ana, &account).await.unwrap();
        let newer = fixture.mint_newest().await;
        assert!(matches!(fixture.redeem(&older).await, Err(IdentityError::DeadLink)));
        assert!(fixture.redeem(&newer).await.unwrap().first_time);
    }

    #[tokio::test]
    async fn i10_a_foreign_account_or_person_is_not_there() {
        let fixture = Fixture::new().await;
        let ana = fixture.person("ana@acme.example", SideMessage::External).await;
        let account = fixture.account().to_string();
        let unknown = fixture.database.account().to_string();
        for (ctx, person, account) in [
            (fixture.staff(), ana, unknown.as_str()),
            (fixture.staff(), ana, "x"),
            (fixture.staff(), PersonId(fixture.tenant.0), account.as_str()),
            (fixture.stranger(), ana, account.as_str()),
        ] {
            assert!(matches!(invite(&fixture, ctx, person, account).await, Err(IdentityError::NotFound)));
        }
        assert_eq!(fixture.published::<LinkIssued>().await, 0);
    }

    #[tokio::test]
    async fn n088_each_side_is_invited_to_its_own() {
        let fixture = Fixture::new().await;
        let ana = fixture.person("ana@acme.example", SideMessage::External).await;
        let ben = fixture.person("ben@northwind.example", SideMessage::Staff).await;
        let account = fixture.account().to_string();
        let refusal = async |ctx, person, account: &str| {
            invite(&fixture, ctx, person, account).await.unwrap_err().problem().code
        };
        assert_eq!(refusal(fixture.staff(), ana, "").await, ErrorCode::InvalidArgument);
        assert_eq!(refusal(fixture.admin(), ben, &account).await, ErrorCode::InvalidArgument);
        assert_eq!(refusal(fixture.staff(), ben, "").await, ErrorCode::PermissionDenied);
        invite(&fixture, fixture.admin(), ben, "").await.unwrap();
        let long =
            InvitePersonRequest { person_id: ana.to_string(), account_id: account, message: "x".repeat(501) };
        let problem = handle(&fixture.service, fixture.staff(), long).await.unwrap_err().problem();
        assert_eq!(problem.fields[0].field, "message");
    }
}
