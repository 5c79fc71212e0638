//! Makes a key for the sender's domain.

use portico_core::{Ctx, Problem};
use portico_proto::messaging::v1::{CreateDkimKeyRequest, CreateDkimKeyResponse};

use crate::{
    convert,
    domain::{
        dkim::{Algorithm, DkimKey, KeyState, purpose, selector},
        settings::domain_of,
    },
    error::MessagingError,
    events::publish,
    mail::{Office, generate},
    service::Service,
    store,
};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: CreateDkimKeyRequest,
) -> Result<CreateDkimKeyResponse, MessagingError> {
    let algorithm = match request.algorithm.as_str() {
        "" => Algorithm::Rsa,
        word => Algorithm::from_word(word).ok_or_else(|| {
            MessagingError::Invalid(Problem::invalid("algorithm", "Choose RSA or Ed25519."))
        })?,
    };
    let office = Office::of(service, &ctx).await?;
    let domain = domain_of(office.sender().1).to_ascii_lowercase();
    // Refused before the work is done; the index decides where two are at it at once.
    let mut tx = service.store.begin(&ctx).await?;
    let used = store::dkim_keys::selectors(&mut tx, &domain).await?;
    tx.rollback().await?;
    let fresh = tokio::task::spawn_blocking(move || generate(algorithm))
        .await
        .map_err(|error| MessagingError::Signing(error.to_string()))??;
    let now = service.clock.now();
    let id = service.entropy.uuid(now);
    let key = DkimKey {
        id,
        selector: selector(now, &used),
        domain,
        algorithm,
        public_key: fresh.public,
        private_key: Some(service.secrets.seal(ctx.tenant, &purpose(id), &fresh.private).await?),
        state: KeyState::Pending,
        created_at: now,
        activated_at: None,
        retired_at: None,
    };
    let mut tx = service.store.begin(&ctx).await?;
    if !store::dkim_keys::insert(&mut tx, &key).await? {
        return Err(MessagingError::KeyWaits);
    }
    publish::dkim_key_handled(service, &mut tx, "dkim_key.created", &key).await?;
    tx.commit().await?;
    Ok(CreateDkimKeyResponse { key: Some(convert::dkim_key(key)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn a_key_waits_for_its_record_and_its_private_half_is_nowhere_to_be_read() {
        let fixture = Fixture::new().await;
        let admin = fixture.as_staff(fixture.staff_person("Adam"));
        let make = async |algorithm: &str| {
            let request = CreateDkimKeyRequest { algorithm: algorithm.to_owned() };
            handle(&fixture.service, admin.clone(), request).await
        };
        let key = make("ed25519").await.unwrap().key.unwrap();
        assert_eq!((key.domain.as_str(), key.state.as_str()), ("northwind.example", "pending"));
        assert!(key.record_name.ends_with("._domainkey.northwind.example"), "{key:?}");
        assert!(key.record_text.starts_with("v=DKIM1; k=ed25519; p="), "{key:?}");
        let again = make("").await;
        assert!(matches!(again, Err(MessagingError::KeyWaits)), "{again:?}");
        let odd = make("dsa").await;
        assert!(matches!(odd, Err(MessagingError::Invalid(_))), "{odd:?}");
        assert_eq!(fixture.audited().await, ["dkim_key.created"]);
        let kept: Option<Vec<u8>> = sqlx::query_scalar("select private_key from messaging.dkim_keys")
            .fetch_one(fixture.database.admin())
            .await
            .unwrap();
        // PKCS #8 begins with a sequence and holds the algorithm's name (1.3.101.112).
        assert!(!kept.unwrap().windows(3).any(|part| part == [0x2b, 0x65, 0x70]), "it is sealed at rest");
    }
}
