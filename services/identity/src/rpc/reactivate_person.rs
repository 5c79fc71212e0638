//! Lets a deactivated person in again.

use portico_core::{Ctx, PersonId};
use portico_proto::identity::v1::{ReactivatePersonRequest, ReactivatePersonResponse};
use serde_json::json;

use crate::{convert, error::IdentityError, events, service::Service, store};

/// Nothing from before counts: sessions and links ended with the deactivation, and any that slipped in since end now. The password is
/// gone, so that the way in is a link to the person's mailbox. Somebody active stays as they are.
pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: ReactivatePersonRequest,
) -> Result<ReactivatePersonResponse, IdentityError> {
    let id: PersonId = request.person_id.parse()?;
    let now = service.clock.now();
    let mut tx = service.store.begin(&ctx).await?;
    let mut person = store::people::read(&mut tx, id).await?.ok_or(IdentityError::NotFound)?;
    if !store::people::reactivate(&mut tx, id, now).await? {
        return Ok(ReactivatePersonResponse { person: Some(convert::person(person)), event: String::new() });
    }
    store::credentials::delete(&mut tx, id).await?;
    store::links::revoke(&mut tx, id, true, now).await?;
    for session in store::sessions::end_others(&mut tx, id, None, now).await? {
        events::publish::session_revoked(service, &mut tx, id, session).await?;
    }
    let event = events::publish::person_reactivated(service, &mut tx, id).await?;
    events::publish::log(service, &mut tx, "person.reactivated", &person, None, json!({})).await?;
    tx.commit().await?;
    (person.active, person.has_password) = (true, false);
    Ok(ReactivatePersonResponse { person: Some(convert::person(person)), event })
}

#[cfg(test)]
mod tests {
    use portico_core::ErrorCode;
    use portico_proto::identity::v1::{
        DeactivatePersonRequest, PersonDeactivated, PersonReactivated, RequestSignInLinkRequest,
    };
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::{
        rpc::{deactivate_person, request_sign_in_link},
        testing::{Fixture, PASSWORD},
    };

    const ANA: &str = "ana@acme.example";

    async fn reactivate(fixture: &Fixture, person: PersonId) -> ReactivatePersonResponse {
        let request = ReactivatePersonRequest { person_id: person.to_string() };
        handle(&fixture.service, fixture.admin(), request).await.unwrap()
    }

    #[tokio::test]
    async fn the_way_back_in_is_a_link_and_nothing_from_before_counts() {
        let fixture = Fixture::new().await;
        let ana = fixture.person_with_password(ANA).await;
        let session = fixture.sign_in(ANA, PASSWORD).await.unwrap();
        assert_eq!(reactivate(&fixture, ana).await.event, "", "somebody active stays as they are");

        let request = DeactivatePersonRequest { person_id: ana.to_string() };
        let gone = deactivate_person::handle(&fixture.service, fixture.admin(), request).await.unwrap();
        assert!(gone.event.starts_with("portico.identity.v1.PersonDeactivated;"), "{}", gone.event);
        assert!(fixture.resolve(&session).await.is_err(), "refused at once");

        let back = reactivate(&fixture, ana).await;
        assert!(back.event.starts_with("portico.identity.v1.PersonReactivated;"), "{}", back.event);
        let person = back.person.unwrap();
        assert!(person.active && !person.has_password && person.joined_at.is_some());
        assert!(fixture.resolve(&session).await.is_err());
        assert!(fixture.sign_in(ANA, PASSWORD).await.is_err());
        let request = RequestSignInLinkRequest { email: ANA.to_owned(), return_to: String::new() };
        request_sign_in_link::handle(&fixture.service, fixture.system(), request).await.unwrap();
        let secret = fixture.mint_newest().await;
        let session = fixture.redeem(&secret).await.unwrap().session_secret;
        assert!(fixture.resolve(&session).await.is_ok());
        assert_eq!(fixture.published::<PersonDeactivated>().await, 1);
        assert_eq!(fixture.published::<PersonReactivated>().await, 1);
        assert!(fixture.audited().await.iter().any(|(action, _)| action == "person.reactivated"));
    }

    #[tokio::test]
    async fn another_firm_finds_nobody() {
        let fixture = Fixture::new().await;
        let ana = fixture.person_with_password(ANA).await;
        let stranger = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        let request = ReactivatePersonRequest { person_id: ana.to_string() };
        let problem = handle(&fixture.service, stranger, request).await.unwrap_err().problem();
        assert_eq!(problem.code, ErrorCode::NotFound);
    }
}
