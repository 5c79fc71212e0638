//! Sends a sign-in link by mail, if the address belongs to an active person.

use std::time::Duration;

use portico_core::Ctx;
use portico_proto::identity::v1::{RequestSignInLinkRequest, RequestSignInLinkResponse};
use serde_json::json;

use crate::{
    domain::{
        link::{Purpose, local_path},
        throttle::{self, Tried},
    },
    error::IdentityError,
    events,
    issue::{LinkDraft, issue_link},
    pace::at_one_pace,
    service::Service,
    store,
};

/// The answer never tells whether anything was sent, nor does the time it takes.
pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: RequestSignInLinkRequest,
) -> Result<RequestSignInLinkResponse, IdentityError> {
    at_one_pace(send(service, &ctx, request)).await
}

async fn send(
    service: &Service,
    ctx: &Ctx,
    request: RequestSignInLinkRequest,
) -> Result<RequestSignInLinkResponse, IdentityError> {
    let email = request.email.trim().to_ascii_lowercase();
    let now = service.clock.now();
    let subject = throttle::subject(&email);
    let mut tx = service.store.begin(ctx).await?;
    // The mailboxes of a whole list of people are not to be filled from one place. That this is refused says nothing of any of them.
    if let Some(address) = &ctx.address {
        let network = throttle::subject(&throttle::network(address));
        let tries = store::tries::hold(&mut tx, Tried::LinkAddress, &network, now).await?;
        if let Some(wait) = throttle::wait(Tried::LinkAddress, &tries, now) {
            return Err(IdentityError::TooManyTries { wait: wait.to_std().unwrap_or(Duration::ZERO) });
        }
        store::tries::insert(&mut tx, service.entropy.uuid(now), Tried::LinkAddress, &network, now).await?;
    }
    let tries = store::tries::hold(&mut tx, Tried::Link, &subject, now).await?;
    if throttle::wait(Tried::Link, &tries, now).is_some() {
        tx.commit().await?;
        return Ok(RequestSignInLinkResponse {});
    }
    store::tries::insert(&mut tx, service.entropy.uuid(now), Tried::Link, &subject, now).await?;
    match store::people::find_by_email(&mut tx, &email).await? {
        Some(person) if person.active => {
            let draft = LinkDraft {
                purpose: Purpose::SignIn,
                account: None,
                return_to: local_path(&request.return_to),
                reply_to: None,
                message: "",
            };
            issue_link(service, &mut tx, &person, draft).await?;
        }
        Some(person) => {
            let details = json!({ "reason": "inactive" });
            events::publish::log(service, &mut tx, "sign_in_link.refused", &person, None, details).await?;
        }
        None => {
            let details = json!({ "reason": "unknown" });
            events::publish::log_nobody(service, &mut tx, "sign_in_link.refused", details).await?;
        }
    }
    tx.commit().await?;
    Ok(RequestSignInLinkResponse {})
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_proto::{events::v1::LinkIssued, identity::v1::Side};

    use super::*;
    use crate::testing::Fixture;

    async fn ask(fixture: &Fixture, email: &str, return_to: &str) -> RequestSignInLinkResponse {
        let request = RequestSignInLinkRequest { email: email.to_owned(), return_to: return_to.to_owned() };
        handle(&fixture.service, fixture.system(), request).await.unwrap()
    }

    #[tokio::test]
    async fn n090_the_answer_is_the_same_for_everybody() {
        let fixture = Fixture::new().await;
        fixture.person("ana@acme.example", Side::External).await;
        let known = ask(&fixture, "Ana@acme.example ", "").await;
        assert_eq!(fixture.published::<LinkIssued>().await, 1);
        for email in ["nobody@acme.example", "", "x", &"x".repeat(10_000)] {
            assert_eq!(ask(&fixture, email, "").await, known);
        }
        assert_eq!(fixture.published::<LinkIssued>().await, 1);
    }

    #[tokio::test]
    async fn five_links_in_a_quarter_of_an_hour_are_enough() {
        let fixture = Fixture::new().await;
        fixture.person("ana@acme.example", Side::External).await;
        for _ in 0..8 {
            ask(&fixture, "ana@acme.example", "").await;
        }
        assert_eq!(fixture.published::<LinkIssued>().await, 5);
        fixture.database.clock.advance(TimeDelta::minutes(15));
        ask(&fixture, "ana@acme.example", "").await;
        assert_eq!(fixture.published::<LinkIssued>().await, 6);
    }

    #[tokio::test]
    async fn one_place_does_not_fill_the_mailboxes_of_a_whole_list() {
        let fixture = Fixture::new().await;
        let from = |address: &str| Ctx { address: Some(address.to_owned()), ..fixture.system() };
        let ask = async |ctx: Ctx, email: String| {
            let request = RequestSignInLinkRequest { email, return_to: String::new() };
            send(&fixture.service, &ctx, request).await
        };
        for number in 0..30 {
            ask(from("203.0.113.9"), format!("p{number}@acme.example")).await.unwrap();
        }
        let refused = ask(from("203.0.113.9"), "another@acme.example".to_owned()).await;
        assert!(matches!(refused, Err(IdentityError::TooManyTries { .. })), "{refused:?}");
        ask(from("203.0.113.10"), "another@acme.example".to_owned()).await.unwrap();
        fixture.database.clock.advance(TimeDelta::minutes(15));
        ask(from("203.0.113.9"), "another@acme.example".to_owned()).await.unwrap();
    }

    #[tokio::test]
    async fn n074_a_new_link_voids_the_older() {
        let fixture = Fixture::new().await;
        fixture.person("ana@acme.example", Side::External).await;
        ask(&fixture, "ana@acme.example", "").await;
        let older = fixture.mint_newest().await;
        ask(&fixture, "ana@acme.example", "").await;
        let newer = fixture.mint_newest().await;
        assert!(matches!(fixture.redeem(&older).await, Err(IdentityError::DeadLink)));
        fixture.redeem(&newer).await.unwrap();
    }

    #[tokio::test]
    async fn n019_a_link_leads_to_a_page_of_the_same_host_alone() {
        let fixture = Fixture::new().await;
        fixture.person("ana@acme.example", Side::External).await;
        for (asked, landed) in [("/runs/1", "/runs/1"), ("//evil.example", ""), ("https://evil.example", "")]
        {
            ask(&fixture, "ana@acme.example", asked).await;
            let secret = fixture.mint_newest().await;
            assert_eq!(fixture.redeem(&secret).await.unwrap().return_to, landed);
        }
    }
}
