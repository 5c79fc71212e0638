//! Uses a link and opens a session.

use portico_core::Ctx;
use portico_proto::identity::v1::{RedeemLinkRequest, RedeemLinkResponse};
use serde_json::json;

use super::MOST_SECRET_BYTES;
use crate::{
    convert,
    domain::{
        link::{Link, LinkState, Purpose},
        person::Person,
        session::Device,
    },
    error::IdentityError,
    events,
    open::{ctx_of, open_session},
    service::Service,
    store,
};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: RedeemLinkRequest,
) -> Result<RedeemLinkResponse, IdentityError> {
    let device = convert::device(request.device, ctx.address.as_deref());
    let secret = request.secret;
    let found = if secret.is_empty() || secret.len() > MOST_SECRET_BYTES {
        None
    } else {
        let mut tx = service.store.begin(&ctx).await?;
        match store::links::find_by_secret(&mut tx, &secret).await? {
            Some(link) => store::people::read(&mut tx, link.person_id).await?.map(|person| (link, person)),
            None => None,
        }
    };
    let Some((link, person)) = found else {
        refuse(service, &ctx, None, "unknown", &device).await?;
        return Err(IdentityError::DeadLink);
    };
    if let Some(answer) = redeem(service, &ctx, &secret, person.clone(), &device).await? {
        return Ok(answer);
    }
    refuse(service, &ctx, Some(&person), reason(&link, &person, service), &device).await?;
    Err(IdentityError::DeadLink)
}

/// The open session; nothing where the link does not work, or somebody else was faster.
async fn redeem(
    service: &Service,
    ctx: &Ctx,
    secret: &str,
    mut person: Person,
    device: &Device,
) -> Result<Option<RedeemLinkResponse>, IdentityError> {
    let mut tx = service.store.begin(&ctx_of(ctx, &person, device)).await?;
    if !store::people::hold_active(&mut tx, person.id).await? {
        return Ok(None);
    }
    let Some(link) = store::links::redeem(&mut tx, secret, service.clock.now()).await? else {
        return Ok(None);
    };
    let opened = open_session(service, &mut tx, &mut person, device, "link").await?;
    tx.commit().await?;
    Ok(Some(RedeemLinkResponse {
        session_secret: opened.secret,
        person: Some(convert::person(person)),
        return_to: link.return_to,
        first_time: opened.first_time && link.purpose == Purpose::Invitation,
    }))
}

fn reason(link: &Link, person: &Person, service: &Service) -> &'static str {
    match link.state(service.clock.now()) {
        _ if !person.active => "inactive",
        LinkState::Expired => "expired",
        LinkState::Void if link.revoked => "revoked",
        LinkState::Void => "replaced",
        // A link that was live a moment ago has been used by somebody faster.
        LinkState::Used | LinkState::Live => "used",
    }
}

async fn refuse(
    service: &Service,
    ctx: &Ctx,
    person: Option<&Person>,
    reason: &str,
    device: &Device,
) -> Result<(), IdentityError> {
    let address = Some(device.address.clone()).filter(|address| !address.is_empty());
    let mut tx = service.store.begin(&Ctx { address, ..ctx.clone() }).await?;
    let details = json!({ "method": "link", "reason": reason });
    match person {
        Some(person) => {
            events::publish::log(service, &mut tx, "sign_in.refused", person, None, details).await?
        }
        None => events::publish::log_nobody(service, &mut tx, "sign_in.refused", details).await?,
    }
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_proto::identity::v1::{InvitePersonRequest, RequestSignInLinkRequest, Side, SignedIn};

    use super::*;
    use crate::{
        rpc::{invite_person, request_sign_in_link},
        testing::Fixture,
    };

    async fn invitation(fixture: &Fixture) -> String {
        let person = fixture.person("ana@acme.example", Side::External).await;
        let request = InvitePersonRequest {
            person_id: person.to_string(),
            account_id: fixture.account().to_string(),
            message: String::new(),
        };
        invite_person::handle(&fixture.service, fixture.staff(), request).await.unwrap();
        fixture.mint_newest().await
    }

    async fn sign_in_link(fixture: &Fixture) -> String {
        fixture.person("ana@acme.example", Side::External).await;
        let request =
            RequestSignInLinkRequest { email: "ana@acme.example".to_owned(), return_to: "/runs".to_owned() };
        request_sign_in_link::handle(&fixture.service, fixture.system(), request).await.unwrap();
        fixture.mint_newest().await
    }

    async fn reasons(fixture: &Fixture) -> Vec<String> {
        let entries = fixture.audited().await.into_iter().filter(|(action, _)| action == "sign_in.refused");
        entries.map(|(_, details)| details["reason"].as_str().unwrap().to_owned()).collect()
    }

    #[tokio::test]
    async fn an_invitation_lets_its_person_in_for_the_first_time() {
        let fixture = Fixture::new().await;
        let secret = invitation(&fixture).await;
        let answer = fixture.redeem(&secret).await.unwrap();
        assert!(answer.first_time);
        assert!(answer.person.unwrap().joined_at.is_some());
        assert!(fixture.resolve(&answer.session_secret).await.is_ok());
        assert!(!fixture.everything_kept().await.contains(&secret));
        let entries = fixture.audited().await;
        let (action, details) = entries.last().unwrap();
        assert_eq!((action.as_str(), details["method"].as_str()), ("session.opened", Some("link")));
        assert!(details["device"].as_str().unwrap().contains("Firefox"));
    }

    #[tokio::test]
    async fn n066_n087_a_link_works_once() {
        let fixture = Fixture::new().await;
        let secret = sign_in_link(&fixture).await;
        assert_eq!(fixture.redeem(&secret).await.unwrap().return_to, "/runs");
        assert!(matches!(fixture.redeem(&secret).await, Err(IdentityError::DeadLink)));
        assert_eq!(fixture.published::<SignedIn>().await, 1);
        assert_eq!(reasons(&fixture).await, ["used"]);
    }

    #[tokio::test]
    async fn n089_of_two_at_once_one_succeeds() {
        let fixture = Fixture::new().await;
        let secret = invitation(&fixture).await;
        let outcomes = futures_util::future::join_all((0..4).map(|_| fixture.redeem(&secret))).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        assert_eq!(fixture.published::<SignedIn>().await, 1);
        assert_eq!(reasons(&fixture).await, ["used"; 3]);
    }

    #[tokio::test]
    async fn n067_n087_an_old_link_lets_nobody_in() {
        let fixture = Fixture::new().await;
        let secret = sign_in_link(&fixture).await;
        fixture.database.clock.advance(TimeDelta::minutes(15));
        assert!(matches!(fixture.redeem(&secret).await, Err(IdentityError::DeadLink)));
        assert_eq!(reasons(&fixture).await, ["expired"]);

        let fixture = Fixture::new().await;
        let secret = invitation(&fixture).await;
        fixture.database.clock.advance(TimeDelta::days(14));
        assert!(matches!(fixture.redeem(&secret).await, Err(IdentityError::DeadLink)));
        assert_eq!(fixture.published::<SignedIn>().await, 0);
    }

    #[tokio::test]
    async fn i01_a_link_is_nothing_at_another_firm_and_a_guess_is_nothing_anywhere() {
        let fixture = Fixture::new().await;
        let secret = sign_in_link(&fixture).await;
        let request = RedeemLinkRequest { secret: secret.clone(), device: None };
        let outcome = handle(&fixture.service, fixture.stranger(), request).await;
        assert!(matches!(outcome, Err(IdentityError::DeadLink)));
        for guess in ["", "0", &"0".repeat(64), &"x".repeat(5000)] {
            assert!(matches!(fixture.redeem(guess).await, Err(IdentityError::DeadLink)));
        }
        fixture.redeem(&secret).await.unwrap();
    }
}
