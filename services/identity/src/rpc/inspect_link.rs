//! Says how a link stands without using it.

use portico_core::{Ctx, Email};
use portico_proto::{
    identity::v1::{InspectLinkRequest, InspectLinkResponse, LinkState as StateMessage},
    time::timestamp,
};

use super::MOST_SECRET_BYTES;
use crate::{convert, domain::link::LinkState, error::IdentityError, service::Service, store};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: InspectLinkRequest,
) -> Result<InspectLinkResponse, IdentityError> {
    if request.secret.is_empty() || request.secret.len() > MOST_SECRET_BYTES {
        return Err(IdentityError::NotFound);
    }
    let mut tx = service.store.begin(&ctx).await?;
    let link =
        store::links::find_by_secret(&mut tx, &request.secret).await?.ok_or(IdentityError::NotFound)?;
    let person = store::people::read(&mut tx, link.person_id).await?.ok_or(IdentityError::NotFound)?;
    let purpose = link.purpose.as_str().to_owned();
    if !person.active {
        return Ok(InspectLinkResponse { state: StateMessage::Void.into(), purpose, ..Default::default() });
    }
    let state = link.state(service.clock.now());
    let live = state == LinkState::Live;
    Ok(InspectLinkResponse {
        state: convert::link_state(state).into(),
        purpose,
        masked_email: person.email.parse::<Email>().map(|email| email.masked()).unwrap_or_default(),
        person_name: if live { person.profile.name } else { String::new() },
        expires_at: Some(timestamp(link.expires_at)),
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_proto::identity::v1::{RequestSignInLinkRequest, Side};

    use super::*;
    use crate::{rpc::request_sign_in_link, testing::Fixture};

    async fn inspect(
        fixture: &Fixture,
        ctx: Ctx,
        secret: &str,
    ) -> Result<InspectLinkResponse, IdentityError> {
        handle(&fixture.service, ctx, InspectLinkRequest { secret: secret.to_owned() }).await
    }

    async fn link(fixture: &Fixture) -> String {
        fixture.person("ana@acme.example", Side::External).await;
        let request =
            RequestSignInLinkRequest { email: "ana@acme.example".to_owned(), return_to: String::new() };
        request_sign_in_link::handle(&fixture.service, fixture.system(), request).await.unwrap();
        fixture.mint_newest().await
    }

    #[tokio::test]
    async fn n068_looking_at_a_link_does_not_use_it() {
        let fixture = Fixture::new().await;
        let secret = link(&fixture).await;
        let first = inspect(&fixture, fixture.system(), &secret).await.unwrap();
        for _ in 0..3 {
            assert_eq!(inspect(&fixture, fixture.system(), &secret).await.unwrap(), first);
        }
        assert_eq!(first.state(), StateMessage::Live);
        assert_eq!(
            (first.masked_email.as_str(), first.person_name.as_str()),
            ("a…@acme.example", "Ana Miller")
        );
        fixture.redeem(&secret).await.unwrap();
        let used = inspect(&fixture, fixture.system(), &secret).await.unwrap();
        assert_eq!((used.state(), used.person_name.as_str()), (StateMessage::Used, ""));
    }

    #[tokio::test]
    async fn n067_an_old_link_says_so_and_a_foreign_one_is_not_there() {
        let fixture = Fixture::new().await;
        let secret = link(&fixture).await;
        for (ctx, secret) in [
            (fixture.stranger(), secret.as_str()),
            (fixture.system(), "0".repeat(64).as_str()),
            (fixture.system(), ""),
            (fixture.system(), "x".repeat(5000).as_str()),
        ] {
            assert!(matches!(inspect(&fixture, ctx, secret).await, Err(IdentityError::NotFound)));
        }
        fixture.database.clock.advance(TimeDelta::minutes(15));
        let old = inspect(&fixture, fixture.system(), &secret).await.unwrap();
        assert_eq!((old.state(), old.person_name.as_str()), (StateMessage::Expired, ""));
    }
}
