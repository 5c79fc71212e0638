//! Lists invitations and how they stand.

use std::collections::HashMap;

use portico_core::{AccountId, Ctx, PersonId};
use portico_proto::identity::v1::{ListInvitationsRequest, ListInvitationsResponse};

use crate::{convert, domain::link::invitation_state, error::IdentityError, service::Service, store};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: ListInvitationsRequest,
) -> Result<ListInvitationsResponse, IdentityError> {
    let account: Option<AccountId> =
        if request.account_id.is_empty() { None } else { Some(request.account_id.parse()?) };
    let mut tx = service.store.begin(&ctx).await?;
    let newest = store::links::list_invitations(&mut tx, account).await?;
    let ids: Vec<PersonId> = newest.iter().map(|link| link.person_id).collect();
    let people = store::people::read_several(&mut tx, &ids).await?;
    let joined: HashMap<_, _> = people.iter().map(|person| (person.id, person.joined_at.is_some())).collect();
    let now = service.clock.now();
    let invitations = newest.iter().map(|link| {
        let joined = joined.get(&link.person_id).copied().unwrap_or_default();
        convert::invitation(link, invitation_state(link, joined, now))
    });
    Ok(ListInvitationsResponse { invitations: invitations.collect() })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_proto::identity::v1::{InvitationState, InvitePersonRequest, RevokeInvitationRequest, Side};

    use super::*;
    use crate::{
        rpc::{invite_person, revoke_invitation},
        testing::Fixture,
    };

    #[tokio::test]
    async fn each_invitation_says_how_it_stands() {
        let fixture = Fixture::new().await;
        let account = fixture.account().to_string();
        let mut people = Vec::new();
        for name in ["ana", "ben", "cem", "dan"] {
            let person = fixture.person(&format!("{name}@acme.example"), Side::External).await;
            let request = InvitePersonRequest {
                person_id: person.to_string(),
                account_id: account.clone(),
                message: String::new(),
            };
            invite_person::handle(&fixture.service, fixture.staff(), request).await.unwrap();
            fixture.database.clock.advance(TimeDelta::days(1));
            if name == "ben" {
                let secret = fixture.mint_newest().await;
                fixture.redeem(&secret).await.unwrap();
            }
            people.push(person);
        }
        let request = RevokeInvitationRequest { person_id: people[2].to_string() };
        revoke_invitation::handle(&fixture.service, fixture.staff(), request).await.unwrap();
        let list = async |ctx: Ctx, account_id: &str| {
            let request = ListInvitationsRequest { account_id: account_id.to_owned() };
            let answer = handle(&fixture.service, ctx, request).await.unwrap();
            answer.invitations.iter().map(|invitation| invitation.state()).collect::<Vec<_>>()
        };
        fixture.database.clock.advance(TimeDelta::days(10));
        let states = list(fixture.staff(), &account).await;
        assert_eq!(
            states,
            [
                InvitationState::Pending,
                InvitationState::Revoked,
                InvitationState::Joined,
                InvitationState::Expired
            ]
        );
        assert_eq!(list(fixture.staff(), "").await, states);
        assert!(list(fixture.staff(), &fixture.account().to_string()).await.is_empty());
        assert!(list(fixture.stranger(), "").await.is_empty());
    }
}
