//! Checks a password and opens a session.

use std::time::Duration;

use chrono::TimeDelta;
use portico_core::{Ctx, Problem};
use portico_proto::identity::v1::{SignInWithPasswordRequest, SignInWithPasswordResponse};
use serde_json::json;
use uuid::Uuid;

use crate::{
    convert,
    domain::{
        password::MOST_TRIED_BYTES,
        person::Person,
        session::Device,
        throttle::{self, Tried},
    },
    error::IdentityError,
    events,
    open::{ctx_of, open_session},
    service::Service,
    store,
};

/// The longest address that is looked at, in bytes.
const MOST_EMAIL_BYTES: usize = 320;

/// How long an address is remembered as one from which a person signs in.
const FAMILIAR: TimeDelta = TimeDelta::days(30);

/// Whom a try is about, and how it is counted.
struct Try {
    person: Option<Person>,
    phc: Option<String>,
    /// What the tries for the mail address are counted under.
    email_subject: [u8; 32],
    /// The counted try of the network address; taken back where the sign-in succeeds.
    of_address: Option<Uuid>,
}

/// The answer to a try that fails is the same whoever it is about, and takes the same work: where there is no person or no
/// password, a stand-in is compared.
pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: SignInWithPasswordRequest,
) -> Result<SignInWithPasswordResponse, IdentityError> {
    if request.password.len() > MOST_TRIED_BYTES {
        return Err(IdentityError::Invalid(Problem::invalid("password", "No password is as long as this.")));
    }
    if request.email.len() > MOST_EMAIL_BYTES {
        return Err(IdentityError::Invalid(Problem::invalid("email", "No address is as long as this.")));
    }
    let email = request.email.trim().to_ascii_lowercase();
    let device = convert::device(request.device, ctx.address.as_deref());
    let attempt = count(service, &ctx, &email, &device).await?;
    let matches = service.hasher.matches(request.password, attempt.phc.clone()).await?;
    match &attempt.person {
        Some(person) if matches && person.active => succeed(service, &ctx, attempt, &device).await,
        person => {
            let reason = match person {
                None => "unknown",
                Some(person) if !person.active => "inactive",
                Some(_) if attempt.phc.is_none() => "no_password",
                Some(_) => "wrong_password",
            };
            refuse(service, &ctx, person.as_ref(), reason, &device).await?;
            Err(IdentityError::WrongCredentials)
        }
    }
}

/// Counts the try before any work is done, so that tries at once are counted one by one.
async fn count(service: &Service, ctx: &Ctx, email: &str, device: &Device) -> Result<Try, IdentityError> {
    let now = service.clock.now();
    let mut tx = service.store.begin(ctx).await?;
    // Whoever guesses elsewhere uses up the tries of elsewhere: somebody who signed in from here lately keeps their own.
    let is_familiar = store::sessions::is_familiar(&mut tx, email, &device.address, now - FAMILIAR).await?;
    let email_subject = if is_familiar {
        throttle::subject(&format!("{email} from {}", device.address))
    } else {
        throttle::subject(email)
    };
    let mut subjects = vec![(Tried::Password, email_subject)];
    if !device.address.is_empty() {
        subjects.push((Tried::Address, throttle::subject(&throttle::network(&device.address))));
    }
    let mut of_address = None;
    for (tried, subject) in &subjects {
        let tries = store::tries::hold(&mut tx, *tried, subject, now).await?;
        if let Some(wait) = throttle::wait(*tried, &tries, now) {
            tx.rollback().await?;
            refuse(service, ctx, None, "too_many_tries", device).await?;
            return Err(IdentityError::TooManyTries { wait: wait.to_std().unwrap_or(Duration::ZERO) });
        }
    }
    for (tried, subject) in &subjects {
        let id = service.entropy.uuid(now);
        store::tries::insert(&mut tx, id, *tried, subject, now).await?;
        if *tried == Tried::Address {
            of_address = Some(id);
        }
    }
    let person = store::people::find_by_email(&mut tx, email).await?;
    let phc = match &person {
        Some(person) => store::credentials::read(&mut tx, person.id).await?,
        None => None,
    };
    tx.commit().await?;
    Ok(Try { person, phc, email_subject, of_address })
}

async fn succeed(
    service: &Service,
    ctx: &Ctx,
    attempt: Try,
    device: &Device,
) -> Result<SignInWithPasswordResponse, IdentityError> {
    let mut person = attempt.person.ok_or(IdentityError::WrongCredentials)?;
    let mut tx = service.store.begin(&ctx_of(ctx, &person, device)).await?;
    // While we compared, the person may have been deactivated or their password changed.
    let still_true = store::people::hold_active(&mut tx, person.id).await?
        && store::credentials::read(&mut tx, person.id).await? == attempt.phc;
    if !still_true {
        return Err(IdentityError::WrongCredentials);
    }
    store::tries::clear(&mut tx, Tried::Password, &attempt.email_subject).await?;
    if let Some(id) = attempt.of_address {
        store::tries::forget(&mut tx, id).await?;
    }
    let opened = open_session(service, &mut tx, &mut person, device, "password").await?;
    tx.commit().await?;
    Ok(SignInWithPasswordResponse { session_secret: opened.secret, person: Some(convert::person(person)) })
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
    let details = json!({ "method": "password", "reason": reason });
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
    use portico_core::ErrorCode;
    use portico_proto::identity::v1::{Side, SignedIn};
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::testing::{ADDRESS, Fixture, PASSWORD};

    const ANA: &str = "ana@acme.example";

    #[tokio::test]
    async fn a_password_opens_a_session_and_nothing_keeps_either_secret() {
        let fixture = Fixture::new().await;
        fixture.person_with_password(ANA).await;
        let secret = fixture.sign_in(" Ana@ACME.example", PASSWORD).await.unwrap();
        assert_eq!(secret.len(), 64);
        assert!(fixture.resolve(&secret).await.is_ok());
        assert_eq!(fixture.published::<SignedIn>().await, 1);
        let kept = fixture.everything_kept().await;
        assert!(kept.contains(ANA));
        assert!(!kept.contains(&secret) && !kept.contains(PASSWORD));
    }

    #[tokio::test]
    async fn n050_every_sign_in_has_a_session_of_its_own() {
        let fixture = Fixture::new().await;
        fixture.person_with_password(ANA).await;
        let first = fixture.sign_in(ANA, PASSWORD).await.unwrap();
        let second = fixture.sign_in(ANA, PASSWORD).await.unwrap();
        assert_ne!(first, second);
        let (one, two) = (fixture.resolve(&first).await.unwrap(), fixture.resolve(&second).await.unwrap());
        assert_ne!(one.session_id, two.session_id);
        assert_ne!(one.form_secret, two.form_secret);
    }

    #[tokio::test]
    async fn n057_a_wrong_password_and_an_unknown_address_are_the_same() {
        let fixture = Fixture::new().await;
        fixture.person_with_password(ANA).await;
        fixture.person("ben@acme.example", Side::External).await;
        let mut answers = Vec::new();
        for (email, password) in [
            (ANA, "seven green kettle"),
            ("nobody@acme.example", PASSWORD),
            ("ben@acme.example", PASSWORD),
            ("x", ""),
        ] {
            answers.push(fixture.sign_in(email, password).await.unwrap_err().problem());
        }
        assert_eq!(answers[0].code, ErrorCode::Unauthenticated);
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        let reasons: Vec<_> =
            fixture.audited().await.into_iter().filter(|(action, _)| action == "sign_in.refused").collect();
        let reasons: Vec<_> =
            reasons.iter().map(|(_, details)| details["reason"].as_str().unwrap()).collect();
        assert_eq!(reasons, ["wrong_password", "unknown", "no_password", "unknown"]);
    }

    #[tokio::test]
    async fn n057_an_unknown_address_costs_a_hash_as_well() {
        let fixture = Fixture::new().await;
        // Without a hasher nobody is refused or let in: each try gets as far as the comparison.
        fixture.service.hasher.close();
        for email in ["nobody@acme.example", "x"] {
            assert!(matches!(fixture.sign_in(email, PASSWORD).await, Err(IdentityError::Closing)));
        }
    }

    #[tokio::test]
    async fn n056_an_oversize_password_is_refused_without_hashing() {
        let fixture = Fixture::new().await;
        fixture.person_with_password(ANA).await;
        fixture.service.hasher.close();
        let problem = fixture.sign_in(ANA, &"x".repeat(10 * 1024)).await.unwrap_err().problem();
        assert_eq!(
            (problem.code, problem.fields[0].field.as_str()),
            (ErrorCode::InvalidArgument, "password")
        );
    }

    #[tokio::test]
    async fn n058_tries_are_limited_by_person_and_nobody_is_locked_out_for_good() {
        let fixture = Fixture::new().await;
        fixture.person_with_password(ANA).await;
        for at in 0..10 {
            // From ever new addresses.
            let outcome = fixture.sign_in_from(ANA, "wrong", &format!("198.51.100.{at}")).await;
            assert!(matches!(outcome, Err(IdentityError::WrongCredentials)));
            fixture.database.clock.advance(TimeDelta::minutes(1));
        }
        let problem = fixture.sign_in(ANA, PASSWORD).await.unwrap_err().problem();
        assert_eq!(problem.code, ErrorCode::ResourceExhausted);
        assert_eq!(problem.retry_after, Some(Duration::from_secs(5 * 60)));
        // Whoever goes on trying does not make it longer.
        for _ in 0..20 {
            assert!(fixture.sign_in(ANA, "wrong").await.is_err());
        }
        fixture.database.clock.advance(TimeDelta::minutes(5));
        fixture.sign_in(ANA, PASSWORD).await.unwrap();
        // A success starts over.
        for _ in 0..10 {
            assert!(matches!(fixture.sign_in(ANA, "wrong").await, Err(IdentityError::WrongCredentials)));
        }
    }

    #[tokio::test]
    async fn n058_who_guesses_elsewhere_locks_nobody_out_at_home() {
        let fixture = Fixture::new().await;
        fixture.person_with_password(ANA).await;
        fixture.sign_in(ANA, PASSWORD).await.unwrap();
        for at in 0..40 {
            let _ = fixture.sign_in_from(ANA, "wrong", &format!("198.51.100.{at}")).await.unwrap_err();
        }
        let elsewhere = fixture.sign_in_from(ANA, PASSWORD, "203.0.113.9").await.unwrap_err();
        assert!(matches!(elsewhere, IdentityError::TooManyTries { .. }), "{elsewhere:?}");
        fixture.sign_in(ANA, PASSWORD).await.unwrap();
        // At home the number of tries is limited all the same.
        for _ in 0..10 {
            assert!(fixture.sign_in(ANA, "wrong").await.is_err());
        }
        let problem = fixture.sign_in(ANA, PASSWORD).await.unwrap_err().problem();
        assert_eq!(problem.code, ErrorCode::ResourceExhausted);
    }

    #[tokio::test]
    async fn n058_a_subscriber_of_ipv6_has_the_tries_of_one() {
        let fixture = Fixture::new().await;
        for at in 0..50 {
            let email = format!("p{at}@acme.example");
            let outcome = fixture.sign_in_from(&email, "wrong", &format!("2001:db8:1:2::{at:x}")).await;
            assert!(matches!(outcome, Err(IdentityError::WrongCredentials)));
        }
        let outcome = fixture.sign_in_from(ANA, "wrong", "2001:db8:1:2:ffff::1").await;
        assert!(matches!(outcome, Err(IdentityError::TooManyTries { .. })), "{outcome:?}");
    }

    #[tokio::test]
    async fn n058_tries_at_once_are_counted_one_by_one() {
        let fixture = Fixture::new().await;
        fixture.person_with_password(ANA).await;
        let tries = (0..14).map(|_| fixture.sign_in(ANA, "wrong"));
        let outcomes = futures_util::future::join_all(tries).await;
        let compared =
            outcomes.iter().filter(|outcome| matches!(outcome, Err(IdentityError::WrongCredentials)));
        assert_eq!(compared.count(), 10);
    }

    #[tokio::test]
    async fn n058_tries_are_limited_by_address() {
        let fixture = Fixture::new().await;
        fixture.person_with_password(ANA).await;
        for at in 0..50 {
            let outcome = fixture.sign_in(&format!("p{at}@acme.example"), "wrong").await;
            assert!(matches!(outcome, Err(IdentityError::WrongCredentials)));
        }
        assert!(matches!(fixture.sign_in(ANA, PASSWORD).await, Err(IdentityError::TooManyTries { .. })));
        fixture.sign_in_from(ANA, PASSWORD, "198.51.100.1").await.unwrap();
        assert_ne!(ADDRESS, "198.51.100.1");
    }

    #[tokio::test]
    async fn i01_a_password_opens_nothing_at_another_firm() {
        let fixture = Fixture::new().await;
        fixture.person_with_password(ANA).await;
        let request =
            SignInWithPasswordRequest { email: ANA.to_owned(), password: PASSWORD.to_owned(), device: None };
        let outcome = handle(&fixture.service, fixture.stranger(), request).await;
        assert!(matches!(outcome, Err(IdentityError::WrongCredentials)));
    }
}
