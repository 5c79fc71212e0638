//! Withdraws a pending invitation.

use portico_core::{Ctx, PersonId};
use portico_proto::identity::v1::{RevokeInvitationRequest, RevokeInvitationResponse};
use serde_json::json;

use crate::{error::IdentityError, events, service::Service, store};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: RevokeInvitationRequest,
) -> Result<RevokeInvitationResponse, IdentityError> {
    let id: PersonId = request.person_id.parse()?;
    let mut tx = service.store.begin(&ctx).await?;
    let person = store::people::read(&mut tx, id).await?.ok_or(IdentityError::NotFound)?;
    let revoked = store::links::revoke(&mut tx, id, false, service.clock.now()).await?;
    if revoked == 0 {
        return Err(IdentityError::NothingPending);
    }
    events::publish::log(service, &mut tx, "invitation.revoked", &person, None, json!({ "links": revoked }))
        .await?;
    tx.commit().await?;
    Ok(RevokeInvitationResponse {})
}

#[cfg(test)]
mod tests {
    use portico_proto::identity::v1::{InvitePersonRequest, Side};

    use super::*;
    use crate::{rpc::invite_person, testing::Fixture};

    #[tokio::test]
    async fn n087_a_withdrawn_invitation_lets_nobody_in() {
        let fixture = Fixture::new().await;
        let ana = fixture.person("ana@acme.example", Side::External).await;
        let revoke = async |ctx: Ctx| {
            handle(&fixture.service, ctx, RevokeInvitationRequest { person_id: ana.to_string() }).await
        };
        assert!(matches!(revoke(fixture.staff()).await, Err(IdentityError::NothingPending)));
        let request = InvitePersonRequest {
            person_id: ana.to_string(),
            account_id: fixture.account().to_string(),
            message: String::new(),
        };
        invite_person::handle(&fixture.service, fixture.staff(), request).await.unwrap();
        let secret = fixture.mint_newest().await;
        assert!(matches!(revoke(fixture.stranger()).await, Err(IdentityError::NotFound)));
        revoke(fixture.staff()).await.unwrap();
        assert!(matches!(fixture.redeem(&secret).await, Err(IdentityError::DeadLink)));
        assert_eq!(fixture.mint_newest().await, "", "nor is a mail sent that is still under way");
        let (action, details) = fixture
            .audited()
            .await
            .into_iter()
            .rev()
            .find(|(action, _)| action == "sign_in.refused")
            .unwrap();
        assert_eq!((action.as_str(), details["reason"].as_str()), ("sign_in.refused", Some("revoked")));
    }
}
