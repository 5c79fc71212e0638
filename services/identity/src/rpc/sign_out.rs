//! Ends the session that asks.

use portico_core::Ctx;
use portico_proto::identity::v1::{SignOutRequest, SignOutResponse};
use serde_json::json;

use super::oneself;
use crate::{error::IdentityError, events, service::Service, store};

/// A session that is over already stays so.
pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    _: SignOutRequest,
) -> Result<SignOutResponse, IdentityError> {
    let id = oneself(&ctx)?;
    let session = ctx.actor.session.ok_or(IdentityError::NotFound)?;
    let mut tx = service.store.begin(&ctx).await?;
    let person = store::people::read(&mut tx, id).await?.ok_or(IdentityError::NotFound)?;
    if store::sessions::end(&mut tx, id, session, service.clock.now()).await? {
        events::publish::session_revoked(service, &mut tx, id, session).await?;
        let details = json!({ "session": session, "reason": "signed_out" });
        events::publish::log(service, &mut tx, "session.ended", &person, None, details).await?;
        tx.commit().await?;
    }
    Ok(SignOutResponse {})
}

#[cfg(test)]
mod tests {
    use portico_proto::identity::v1::SessionRevoked;

    use super::*;
    use crate::testing::{Fixture, PASSWORD};

    #[tokio::test]
    async fn n052_signing_out_ends_this_session_and_no_other() {
        let fixture = Fixture::new().await;
        fixture.person_with_password("ana@acme.example").await;
        let here = fixture.sign_in("ana@acme.example", PASSWORD).await.unwrap();
        let there = fixture.sign_in("ana@acme.example", PASSWORD).await.unwrap();
        let ctx = fixture.ctx_of(&here).await;
        for _ in 0..2 {
            handle(&fixture.service, ctx.clone(), SignOutRequest {}).await.unwrap();
        }
        assert!(matches!(fixture.resolve(&here).await, Err(IdentityError::NoSession)));
        assert!(fixture.resolve(&there).await.is_ok());
        assert_eq!(fixture.published::<SessionRevoked>().await, 1);
    }
}
