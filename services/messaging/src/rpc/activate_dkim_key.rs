//! Lets a key sign once its record is published.

use portico_core::Ctx;
use portico_proto::messaging::v1::{ActivateDkimKeyRequest, ActivateDkimKeyResponse};
use uuid::Uuid;

use crate::{
    convert,
    domain::{
        dkim::{DkimKey, KeyState},
        mail_check::Lookup,
    },
    error::MessagingError,
    events::publish,
    service::Service,
    store,
};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: ActivateDkimKeyRequest,
) -> Result<ActivateDkimKeyResponse, MessagingError> {
    let id = Uuid::try_parse(&request.dkim_key_id).map_err(|_| MessagingError::NotFound)?;
    let key = read(service, &ctx, id).await?;
    match key.state {
        KeyState::Active => return Ok(ActivateDkimKeyResponse { key: Some(convert::dkim_key(key)) }),
        KeyState::Retired => return Err(MessagingError::KeyRetired),
        KeyState::Pending => {}
    }
    let published = match service.dns.texts(&key.record_name()).await {
        Lookup::Found(texts) => texts.iter().any(|text| key.is_published_by(text)),
        Lookup::Nothing | Lookup::Away => false,
    };
    if !published {
        return Err(MessagingError::NotPublished);
    }
    let now = service.clock.now();
    let mut tx = service.store.begin(&ctx).await?;
    let key = store::dkim_keys::lock(&mut tx, id).await?.ok_or(MessagingError::NotFound)?;
    if key.state != KeyState::Pending {
        return Err(MessagingError::Changed);
    }
    if let Some(before) = store::dkim_keys::active(&mut tx, &key.domain).await? {
        store::dkim_keys::retire(&mut tx, before.id, now).await?;
        publish::dkim_key_handled(service, &mut tx, "dkim_key.retired", &before).await?;
    }
    store::dkim_keys::activate(&mut tx, id, now).await?;
    publish::dkim_key_handled(service, &mut tx, "dkim_key.activated", &key).await?;
    let key = store::dkim_keys::lock(&mut tx, id).await?.ok_or(MessagingError::NotFound)?;
    tx.commit().await?;
    Ok(ActivateDkimKeyResponse { key: Some(convert::dkim_key(key)) })
}

async fn read(service: &Service, ctx: &Ctx, id: Uuid) -> Result<DkimKey, MessagingError> {
    let mut tx = service.store.begin(ctx).await?;
    let key = store::dkim_keys::lock(&mut tx, id).await?;
    tx.rollback().await?;
    key.ok_or(MessagingError::NotFound)
}

#[cfg(test)]
mod tests {
    use mail_auth::{AuthenticatedMessage, DkimResult};
    use portico_proto::messaging::v1::{CreateDkimKeyRequest, DkimKey as Shown, RetireDkimKeyRequest};

    use super::*;
    use crate::{
        rpc::{create_dkim_key, retire_dkim_key},
        testing::{Fixture, names::Names},
    };

    async fn made(fixture: &Fixture, admin: &Ctx, algorithm: &str) -> Shown {
        let request = CreateDkimKeyRequest { algorithm: algorithm.to_owned() };
        create_dkim_key::handle(&fixture.service, admin.clone(), request).await.unwrap().key.unwrap()
    }

    async fn activated(fixture: &Fixture, admin: &Ctx, id: &str) -> Result<Shown, MessagingError> {
        let request = ActivateDkimKeyRequest { dkim_key_id: id.to_owned() };
        Ok(handle(&fixture.service, admin.clone(), request).await?.key.unwrap())
    }

    /// The selectors of the signatures of the mails in the mailbox that hold, in the order in which they were sent.
    async fn signed(fixture: &Fixture) -> Vec<String> {
        let mut found = Vec::new();
        for mail in fixture.mails().await.iter().rev() {
            let source = &mail.parts.as_ref().unwrap().source;
            let message = AuthenticatedMessage::parse(source.as_bytes()).unwrap();
            for output in fixture.service.dns.authenticator().verify_dkim(&message).await {
                assert_eq!(*output.result(), DkimResult::Pass, "{source}");
                found.push(output.signature().unwrap().s.clone());
            }
        }
        found
    }

    #[tokio::test]
    async fn a_key_signs_once_it_is_published_and_gives_way_to_the_next() {
        let names = Names::start().await;
        let fixture = Fixture::with_names(&names).await;
        let (admin, tom) = (fixture.as_staff(fixture.staff_person("Adam")), fixture.staff_person("Tom"));
        let send = async || {
            fixture.queue(tom, "Grüße", |mail| mail.body = "Ein Wort mit Ü".to_owned()).await;
            fixture.send_mails().await;
        };
        let first = made(&fixture, &admin, "rsa").await;
        let early = activated(&fixture, &admin, &first.id).await;
        assert!(matches!(early, Err(MessagingError::NotPublished)), "{early:?}");
        names.texts(&first.record_name, &["v=DKIM1; k=rsa; p=AAAA"]);
        let other = activated(&fixture, &admin, &first.id).await;
        assert!(matches!(other, Err(MessagingError::NotPublished)), "{other:?}");
        send().await;
        names.texts(&first.record_name, &[&first.record_text]);
        assert_eq!(activated(&fixture, &admin, &first.id).await.unwrap().state, "active");
        send().await;

        // Two selectors: the next key is published beside the one that signs, and takes over when it is there.
        fixture.database.clock.advance(chrono::TimeDelta::days(90));
        let second = made(&fixture, &admin, "ed25519").await;
        assert_ne!(second.selector, first.selector);
        send().await;
        names.texts(&second.record_name, &[&second.record_text]);
        activated(&fixture, &admin, &second.id).await.unwrap();
        fixture.database.clock.advance(chrono::TimeDelta::seconds(1));
        send().await;
        assert_eq!(signed(&fixture).await, [first.selector.clone(), first.selector.clone(), second.selector]);
        assert_eq!(
            fixture.audited().await,
            [
                "dkim_key.created",
                "dkim_key.activated",
                "dkim_key.created",
                "dkim_key.retired",
                "dkim_key.activated"
            ]
        );
        let late = activated(&fixture, &admin, &first.id).await;
        assert!(matches!(late, Err(MessagingError::KeyRetired)), "{late:?}");
        let halves: i64 =
            sqlx::query_scalar("select count(*) from messaging.dkim_keys where private_key is not null")
                .fetch_one(fixture.database.admin())
                .await
                .unwrap();
        assert_eq!(halves, 1, "the retired key's private half is forgotten");
    }

    #[tokio::test]
    async fn i01_i02_a_key_of_another_firm_is_not_there() {
        let fixture = Fixture::new().await;
        let admin = fixture.as_staff(fixture.staff_person("Adam"));
        let key = made(&fixture, &admin, "ed25519").await;
        let stranger = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        for (ctx, id) in [(&stranger, key.id.as_str()), (&admin, "x"), (&admin, &Uuid::max().to_string())] {
            let refused = activated(&fixture, ctx, id).await;
            assert!(matches!(refused, Err(MessagingError::NotFound)), "{refused:?}");
            let request = RetireDkimKeyRequest { dkim_key_id: id.to_owned() };
            let refused = retire_dkim_key::handle(&fixture.service, ctx.clone(), request).await;
            assert!(matches!(refused, Err(MessagingError::NotFound)), "{refused:?}");
        }
        assert_eq!(fixture.audited().await, ["dkim_key.created"]);
    }
}
