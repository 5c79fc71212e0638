//! Ends everything a person can do: sessions, links, password.

use portico_core::{Ctx, PersonId};
use portico_proto::identity::v1::{DeactivatePersonRequest, DeactivatePersonResponse};
use serde_json::json;

use crate::{error::IdentityError, events, service::Service, store};

/// Somebody who is deactivated already stays so.
pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: DeactivatePersonRequest,
) -> Result<DeactivatePersonResponse, IdentityError> {
    let id: PersonId = request.person_id.parse()?;
    if ctx.actor.person == Some(id) {
        return Err(IdentityError::Oneself);
    }
    let now = service.clock.now();
    let mut tx = service.store.begin(&ctx).await?;
    // Of two administrators who deactivate each other at once, one is too late: a firm keeps at least one.
    let deactivated = store::people::hold_all(&mut tx, ctx.actor.person.into_iter().chain([id])).await?;
    if ctx.actor.person.is_some_and(|me| deactivated.contains(&me)) {
        return Err(IdentityError::NotFound);
    }
    let person = store::people::read(&mut tx, id).await?.ok_or(IdentityError::NotFound)?;
    if !store::people::deactivate(&mut tx, id, now).await? {
        return Ok(DeactivatePersonResponse { event: String::new() });
    }
    store::credentials::delete(&mut tx, id).await?;
    let links = store::links::revoke(&mut tx, id, true, now).await?;
    let ended = store::sessions::end_others(&mut tx, id, None, now).await?;
    for session in &ended {
        events::publish::session_revoked(service, &mut tx, id, *session).await?;
    }
    let event = events::publish::person_deactivated(service, &mut tx, id).await?;
    let details = json!({ "sessions_ended": ended.len(), "links_revoked": links });
    events::publish::log(service, &mut tx, "person.deactivated", &person, None, details).await?;
    tx.commit().await?;
    Ok(DeactivatePersonResponse { event })
}

#[cfg(test)]
mod tests {
    use portico_proto::{
        events::v1::LinkIssued,
        identity::v1::{PersonDeactivated, RequestSignInLinkRequest, SessionRevoked, Side},
    };

    use super::*;
    use crate::{
        rpc::request_sign_in_link,
        testing::{Fixture, PASSWORD},
    };

    const ANA: &str = "ana@acme.example";

    #[tokio::test]
    async fn n053_nothing_works_for_somebody_deactivated() {
        let fixture = Fixture::new().await;
        let ana = fixture.person_with_password(ANA).await;
        let session = fixture.sign_in(ANA, PASSWORD).await.unwrap();
        let ask = async || {
            let request = RequestSignInLinkRequest { email: ANA.to_owned(), return_to: String::new() };
            request_sign_in_link::handle(&fixture.service, fixture.system(), request).await.unwrap();
        };
        ask().await;
        let link = fixture.mint_newest().await;
        let deactivate = async |ctx: Ctx| {
            handle(&fixture.service, ctx, DeactivatePersonRequest { person_id: ana.to_string() }).await
        };
        assert!(matches!(deactivate(fixture.stranger()).await, Err(IdentityError::NotFound)));
        for _ in 0..2 {
            deactivate(fixture.admin()).await.unwrap();
        }
        assert!(matches!(fixture.resolve(&session).await, Err(IdentityError::NoSession)));
        assert!(matches!(fixture.sign_in(ANA, PASSWORD).await, Err(IdentityError::WrongCredentials)));
        assert!(matches!(fixture.redeem(&link).await, Err(IdentityError::DeadLink)));
        ask().await;
        assert_eq!(fixture.published::<LinkIssued>().await, 1);
        assert_eq!(fixture.published::<SessionRevoked>().await, 1);
        assert_eq!(fixture.published::<PersonDeactivated>().await, 1);
    }

    #[tokio::test]
    async fn nobody_deactivates_themselves() {
        let fixture = Fixture::new().await;
        let mut admin = fixture.admin();
        admin.actor.person = Some(fixture.person_with_password(ANA).await);
        let request = DeactivatePersonRequest { person_id: admin.actor.person.unwrap().to_string() };
        let outcome = handle(&fixture.service, admin, request).await;
        assert!(matches!(outcome, Err(IdentityError::Oneself)));
        fixture.sign_in(ANA, PASSWORD).await.unwrap();
    }

    #[tokio::test]
    async fn of_two_who_deactivate_each_other_at_once_one_stays() {
        let fixture = Fixture::new().await;
        let ben = fixture.person("ben@northwind.example", Side::Staff).await;
        let eva = fixture.person("eva@northwind.example", Side::Staff).await;
        let act = async |me: PersonId, other: PersonId| {
            let mut ctx = fixture.admin();
            ctx.actor.person = Some(me);
            let request = DeactivatePersonRequest { person_id: other.to_string() };
            handle(&fixture.service, ctx, request).await
        };
        let (one, two) = tokio::join!(act(ben, eva), act(eva, ben));
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
        assert_eq!(fixture.published::<PersonDeactivated>().await, 1);
    }
}
