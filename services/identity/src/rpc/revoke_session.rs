//! Ends one of one's own sessions.

use portico_core::{Ctx, SessionId};
use portico_proto::identity::v1::{RevokeSessionRequest, RevokeSessionResponse};
use serde_json::json;

use super::oneself;
use crate::{error::IdentityError, events, service::Service, store};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: RevokeSessionRequest,
) -> Result<RevokeSessionResponse, IdentityError> {
    let id = oneself(&ctx)?;
    let session: SessionId = request.session_id.parse()?;
    let mut tx = service.store.begin(&ctx).await?;
    let person = store::people::read(&mut tx, id).await?.ok_or(IdentityError::NotFound)?;
    if !store::sessions::end(&mut tx, id, session, service.clock.now()).await? {
        return Err(IdentityError::NotFound);
    }
    events::publish::session_revoked(service, &mut tx, id, session).await?;
    let details = json!({ "session": session, "reason": "revoked" });
    events::publish::log(service, &mut tx, "session.ended", &person, None, details).await?;
    tx.commit().await?;
    Ok(RevokeSessionResponse {})
}

#[cfg(test)]
mod tests {
    use portico_proto::identity::v1::SessionRevoked;

    use super::*;
    use crate::testing::{Fixture, PASSWORD};

    #[tokio::test]
    async fn n052_n054_a_session_is_ended_by_its_owner_alone() {
        let fixture = Fixture::new().await;
        fixture.person_with_password("ana@acme.example").await;
        fixture.person_with_password("ben@acme.example").await;
        let here = fixture.sign_in("ana@acme.example", PASSWORD).await.unwrap();
        let there = fixture.sign_in("ana@acme.example", PASSWORD).await.unwrap();
        let bens = fixture.sign_in("ben@acme.example", PASSWORD).await.unwrap();
        let ana = fixture.ctx_of(&here).await;
        let ben = fixture.ctx_of(&bens).await;
        let target = fixture.resolve(&there).await.unwrap().session_id;
        let revoke = async |ctx: Ctx, session_id: &str| {
            handle(&fixture.service, ctx, RevokeSessionRequest { session_id: session_id.to_owned() }).await
        };
        let elsewhere = Ctx { tenant: fixture.database.tenant(), ..ana.clone() };
        for (ctx, id) in [(ben, target.as_str()), (elsewhere, target.as_str()), (ana.clone(), "x")] {
            assert!(matches!(revoke(ctx, id).await, Err(IdentityError::NotFound)));
        }
        assert!(fixture.resolve(&there).await.is_ok());
        revoke(ana.clone(), &target).await.unwrap();
        assert!(matches!(fixture.resolve(&there).await, Err(IdentityError::NoSession)));
        assert!(fixture.resolve(&here).await.is_ok());
        assert!(matches!(revoke(ana, &target).await, Err(IdentityError::NotFound)));
        assert_eq!(fixture.published::<SessionRevoked>().await, 1);
    }
}
