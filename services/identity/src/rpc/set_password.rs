//! Sets one's own password.

use std::time::Duration;

use portico_core::{Ctx, Problem};
use portico_proto::identity::v1::{SetPasswordRequest, SetPasswordResponse};
use serde_json::json;

use super::oneself;
use crate::{
    domain::{
        password,
        person::Person,
        throttle::{self, Tried},
    },
    error::IdentityError,
    events,
    service::Service,
    store,
};

/// The rules come first, so that an unacceptable password costs no hash. All other sessions end with the change.
pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: SetPasswordRequest,
) -> Result<SetPasswordResponse, IdentityError> {
    let id = oneself(&ctx)?;
    let mut tx = service.store.begin(&ctx).await?;
    let person = store::people::read(&mut tx, id).await?.ok_or(IdentityError::NotFound)?;
    let before = store::credentials::read(&mut tx, id).await?;
    tx.rollback().await?;

    if request.current_password.len() > password::MOST_TRIED_BYTES {
        return Err(IdentityError::WrongCurrentPassword);
    }
    if let Some(text) = password::refusal(&request.new_password, &person.profile.name, &person.email) {
        return Err(IdentityError::Invalid(Problem::invalid("new_password", text)));
    }
    if before.is_some() {
        count(service, &ctx, &person).await?;
        if !service.hasher.matches(request.current_password, before.clone()).await? {
            let mut tx = service.store.begin(&ctx).await?;
            let details = json!({ "reason": "wrong_password" });
            events::publish::log(service, &mut tx, "password.refused", &person, None, details).await?;
            tx.commit().await?;
            return Err(IdentityError::WrongCurrentPassword);
        }
    }
    let phc = service.hasher.hash(request.new_password, &*service.entropy).await?;

    let now = service.clock.now();
    let mut tx = service.store.begin(&ctx).await?;
    if !store::people::hold_active(&mut tx, id).await? {
        return Err(IdentityError::NotFound);
    }
    if !store::credentials::replace(&mut tx, id, before.as_deref(), &phc, now).await? {
        return Err(IdentityError::WrongCurrentPassword);
    }
    store::tries::clear(&mut tx, Tried::Password, &throttle::subject(&person.email)).await?;
    let ended = store::sessions::end_others(&mut tx, id, ctx.actor.session, now).await?;
    for session in &ended {
        events::publish::session_revoked(service, &mut tx, id, *session).await?;
    }
    let details = json!({ "sessions_ended": ended.len() });
    events::publish::log(service, &mut tx, "password.set", &person, None, details).await?;
    tx.commit().await?;
    Ok(SetPasswordResponse {})
}

/// Guessing from an open session is limited like guessing at the sign-in.
async fn count(service: &Service, ctx: &Ctx, person: &Person) -> Result<(), IdentityError> {
    let now = service.clock.now();
    let subject = throttle::subject(&person.email);
    let mut tx = service.store.begin(ctx).await?;
    let tries = store::tries::hold(&mut tx, Tried::Password, &subject, now).await?;
    if let Some(wait) = throttle::wait(Tried::Password, &tries, now) {
        return Err(IdentityError::TooManyTries { wait: wait.to_std().unwrap_or(Duration::ZERO) });
    }
    store::tries::insert(&mut tx, service.entropy.uuid(now), Tried::Password, &subject, now).await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use portico_proto::identity::v1::{RequestSignInLinkRequest, SessionRevoked, Side};
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::{
        rpc::request_sign_in_link,
        testing::{Fixture, PASSWORD},
    };

    const ANA: &str = "ana@acme.example";
    const NEXT: &str = "nine blue lanterns";

    async fn set(fixture: &Fixture, ctx: Ctx, current: &str, new: &str) -> Result<(), IdentityError> {
        let request =
            SetPasswordRequest { current_password: current.to_owned(), new_password: new.to_owned() };
        handle(&fixture.service, ctx, request).await.map(|_| ())
    }

    #[tokio::test]
    async fn n053_a_new_password_ends_all_other_sessions() {
        let fixture = Fixture::new().await;
        fixture.person_with_password(ANA).await;
        let here = fixture.sign_in(ANA, PASSWORD).await.unwrap();
        let mut others = Vec::new();
        for _ in 0..2 {
            others.push(fixture.sign_in(ANA, PASSWORD).await.unwrap());
        }
        let ctx = fixture.ctx_of(&here).await;
        set(&fixture, ctx, PASSWORD, NEXT).await.unwrap();
        assert!(fixture.resolve(&here).await.is_ok());
        for other in others {
            assert!(matches!(fixture.resolve(&other).await, Err(IdentityError::NoSession)));
        }
        assert_eq!(fixture.published::<SessionRevoked>().await, 2);
        assert!(fixture.sign_in(ANA, PASSWORD).await.is_err());
        fixture.sign_in(ANA, NEXT).await.unwrap();
        assert!(!fixture.everything_kept().await.contains(NEXT));
    }

    #[tokio::test]
    async fn n056_an_unacceptable_password_is_refused_without_hashing() {
        let fixture = Fixture::new().await;
        fixture.person_with_password(ANA).await;
        let secret = fixture.sign_in(ANA, PASSWORD).await.unwrap();
        let ctx = fixture.ctx_of(&secret).await;
        fixture.service.hasher.close();
        for weak in ["short", "passwordpassword", "123456789012", "ana.miller.2026", &"x".repeat(10 * 1024)] {
            let problem = set(&fixture, ctx.clone(), PASSWORD, weak).await.unwrap_err().problem();
            assert_eq!(problem.fields[0].field, "new_password", "{weak}");
        }
    }

    #[tokio::test]
    async fn the_current_password_is_asked_for_and_not_guessed() {
        let fixture = Fixture::new().await;
        fixture.person_with_password(ANA).await;
        let secret = fixture.sign_in(ANA, PASSWORD).await.unwrap();
        let ctx = fixture.ctx_of(&secret).await;
        for wrong in ["", "wrong", &"x".repeat(5000), NEXT] {
            let problem = set(&fixture, ctx.clone(), wrong, NEXT).await.unwrap_err().problem();
            assert_eq!(problem.fields[0].field, "current_password");
        }
        for _ in 0..7 {
            assert!(set(&fixture, ctx.clone(), "wrong", NEXT).await.is_err());
        }
        let outcome = set(&fixture, ctx.clone(), PASSWORD, NEXT).await;
        assert!(matches!(outcome, Err(IdentityError::TooManyTries { .. })), "{outcome:?}");
        assert!(fixture.resolve(&secret).await.is_ok());
    }

    #[tokio::test]
    async fn who_came_by_link_sets_a_first_password() {
        let fixture = Fixture::new().await;
        fixture.person(ANA, Side::External).await;
        let request = RequestSignInLinkRequest { email: ANA.to_owned(), return_to: String::new() };
        request_sign_in_link::handle(&fixture.service, fixture.system(), request).await.unwrap();
        let secret = fixture.mint_newest().await;
        let session = fixture.redeem(&secret).await.unwrap().session_secret;
        let ctx = fixture.ctx_of(&session).await;
        set(&fixture, ctx, "", NEXT).await.unwrap();
        fixture.sign_in(ANA, NEXT).await.unwrap();
    }
}
