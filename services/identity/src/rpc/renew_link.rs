//! Sends a new link to the owner of one that no longer works.

use portico_core::Ctx;
use portico_proto::identity::v1::{RenewLinkRequest, RenewLinkResponse};

use super::MOST_SECRET_BYTES;
use crate::{
    domain::{
        link::{LinkState, Purpose},
        throttle::{self, Tried},
    },
    error::IdentityError,
    issue::{LinkDraft, issue_link},
    pace::at_one_pace,
    service::Service,
    store,
};

/// The answer never tells whether anything was sent, nor does the time it takes. A link that still works, or was withdrawn, is not replaced.
pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: RenewLinkRequest,
) -> Result<RenewLinkResponse, IdentityError> {
    at_one_pace(renew(service, &ctx, request)).await
}

async fn renew(
    service: &Service,
    ctx: &Ctx,
    request: RenewLinkRequest,
) -> Result<RenewLinkResponse, IdentityError> {
    if request.secret.is_empty() || request.secret.len() > MOST_SECRET_BYTES {
        return Ok(RenewLinkResponse {});
    }
    let now = service.clock.now();
    let mut tx = service.store.begin(ctx).await?;
    let Some(old) = store::links::find_by_secret(&mut tx, &request.secret).await? else {
        return Ok(RenewLinkResponse {});
    };
    let person = store::people::read(&mut tx, old.person_id).await?.filter(|person| person.active);
    let Some(person) = person.filter(|_| !old.revoked && old.state(now) != LinkState::Live) else {
        return Ok(RenewLinkResponse {});
    };
    let subject = throttle::subject(&person.email);
    let tries = store::tries::hold(&mut tx, Tried::Link, &subject, now).await?;
    if throttle::wait(Tried::Link, &tries, now).is_some() {
        return Ok(RenewLinkResponse {});
    }
    store::tries::insert(&mut tx, service.entropy.uuid(now), Tried::Link, &subject, now).await?;
    // Who has been in already signs in; a link that lives long is for those who have not.
    let invited = old.purpose == Purpose::Invitation && person.joined_at.is_none();
    let draft = LinkDraft {
        purpose: if invited { Purpose::Invitation } else { Purpose::SignIn },
        account: old.account_id.filter(|_| invited),
        return_to: &old.return_to,
        reply_to: old.reply_to,
        message: if invited { &old.message } else { "" },
    };
    issue_link(service, &mut tx, &person, draft).await?;
    tx.commit().await?;
    Ok(RenewLinkResponse {})
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_proto::{
        events::v1::LinkIssued,
        identity::v1::{InvitePersonRequest, Side},
    };

    use super::*;
    use crate::{rpc::invite_person, testing::Fixture};

    async fn renew(fixture: &Fixture, secret: &str) {
        let request = RenewLinkRequest { secret: secret.to_owned() };
        assert_eq!(handle(&fixture.service, fixture.system(), request).await.unwrap(), RenewLinkResponse {});
    }

    async fn invitation(fixture: &Fixture) -> String {
        let person = fixture.person("ana@acme.example", Side::External).await;
        let request = InvitePersonRequest {
            person_id: person.to_string(),
            account_id: fixture.account().to_string(),
            message: "Welcome".to_owned(),
        };
        invite_person::handle(&fixture.service, fixture.staff(), request).await.unwrap();
        fixture.mint_newest().await
    }

    #[tokio::test]
    async fn an_expired_invitation_is_sent_again_as_it_was() {
        let fixture = Fixture::new().await;
        let secret = invitation(&fixture).await;
        renew(&fixture, &secret).await;
        assert_eq!(fixture.published::<LinkIssued>().await, 1, "a link that works is not replaced");
        let before = fixture.newest_link().await;
        fixture.database.clock.advance(TimeDelta::days(14));
        renew(&fixture, &secret).await;
        let after = fixture.newest_link().await;
        assert_ne!(after.link_id, before.link_id);
        assert_eq!(LinkIssued { link_id: before.link_id.clone(), ..after }, before);
        let fresh = fixture.mint_newest().await;
        assert!(fixture.redeem(&fresh).await.unwrap().first_time);
        // From now on the person signs in.
        renew(&fixture, &fresh).await;
        assert_eq!(fixture.newest_link().await.purpose, "sign_in");
    }

    #[tokio::test]
    async fn a_withdrawn_or_unknown_link_brings_nothing() {
        let fixture = Fixture::new().await;
        let secret = invitation(&fixture).await;
        let person = fixture.newest_link().await.person_id.parse().unwrap();
        let mut tx = fixture.service.store.begin(&fixture.system()).await.unwrap();
        store::links::revoke(&mut tx, person, false, fixture.service.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        for secret in [secret.as_str(), "", &"0".repeat(64), &"x".repeat(5000)] {
            renew(&fixture, secret).await;
        }
        assert_eq!(fixture.published::<LinkIssued>().await, 1);
    }
}
