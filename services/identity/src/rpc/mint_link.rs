//! Makes the secret of a link for the mail that carries it.

use portico_core::Ctx;
use portico_proto::{
    identity::v1::{MintLinkRequest, MintLinkResponse},
    time::timestamp,
};
use serde_json::json;
use uuid::Uuid;

use crate::{domain::link::LinkState, error::IdentityError, events, service::Service, store};

/// The time that a link works begins with its mail. A repeat makes another secret, and the older is nothing.
pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: MintLinkRequest,
) -> Result<MintLinkResponse, IdentityError> {
    let id = Uuid::try_parse(&request.link_id).map_err(|_| IdentityError::NotFound)?;
    let now = service.clock.now();
    let mut tx = service.store.begin(&ctx).await?;
    let link = store::links::hold(&mut tx, id).await?.ok_or(IdentityError::NotFound)?;
    let person = store::people::read(&mut tx, link.person_id).await?.ok_or(IdentityError::NotFound)?;
    let is_over = matches!(link.state(now), LinkState::Used | LinkState::Void);
    if is_over || !person.active {
        return Ok(MintLinkResponse { secret: String::new(), expires_at: Some(timestamp(link.expires_at)) });
    }
    let secret = service.entropy.secret();
    let expires_at = now + service.link_lifetime(link.purpose);
    store::links::set_secret(&mut tx, id, &secret, expires_at).await?;
    events::publish::log(service, &mut tx, "link.minted", &person, None, json!({ "link": id })).await?;
    tx.commit().await?;
    Ok(MintLinkResponse { secret, expires_at: Some(timestamp(expires_at)) })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_proto::identity::v1::{RequestSignInLinkRequest, Side};

    use super::*;
    use crate::{rpc::request_sign_in_link, testing::Fixture};

    async fn issued(fixture: &Fixture) -> String {
        fixture.person("ana@acme.example", Side::External).await;
        let request =
            RequestSignInLinkRequest { email: "ana@acme.example".to_owned(), return_to: String::new() };
        request_sign_in_link::handle(&fixture.service, fixture.system(), request).await.unwrap();
        fixture.newest_link().await.link_id
    }

    async fn mint(fixture: &Fixture, ctx: Ctx, link_id: &str) -> Result<MintLinkResponse, IdentityError> {
        handle(&fixture.service, ctx, MintLinkRequest { link_id: link_id.to_owned() }).await
    }

    #[tokio::test]
    async fn a_repeat_makes_the_older_secret_nothing() {
        let fixture = Fixture::new().await;
        let link = issued(&fixture).await;
        let first = mint(&fixture, fixture.system(), &link).await.unwrap().secret;
        let second = mint(&fixture, fixture.system(), &link).await.unwrap().secret;
        assert_ne!(first, second);
        assert!(matches!(fixture.redeem(&first).await, Err(IdentityError::DeadLink)));
        fixture.redeem(&second).await.unwrap();
        assert_eq!(mint(&fixture, fixture.system(), &link).await.unwrap().secret, "");
    }

    #[tokio::test]
    async fn the_time_begins_with_the_mail() {
        let fixture = Fixture::new().await;
        let link = issued(&fixture).await;
        fixture.database.clock.advance(TimeDelta::hours(1));
        let minted = mint(&fixture, fixture.system(), &link).await.unwrap();
        assert_eq!(minted.expires_at, Some(timestamp(fixture.service.clock.now() + TimeDelta::minutes(15))));
        fixture.database.clock.advance(TimeDelta::minutes(14));
        fixture.redeem(&minted.secret).await.unwrap();
    }

    #[tokio::test]
    async fn i01_a_foreign_link_is_not_there() {
        let fixture = Fixture::new().await;
        let link = issued(&fixture).await;
        for (ctx, id) in
            [(fixture.stranger(), link.as_str()), (fixture.system(), "x"), (fixture.system(), "")]
        {
            assert!(matches!(mint(&fixture, ctx, id).await, Err(IdentityError::NotFound)));
        }
    }
}
