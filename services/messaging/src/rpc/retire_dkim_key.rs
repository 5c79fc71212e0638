//! Takes a key out of use.

use portico_core::Ctx;
use portico_proto::messaging::v1::{RetireDkimKeyRequest, RetireDkimKeyResponse};
use uuid::Uuid;

use crate::{
    convert, domain::dkim::KeyState, error::MessagingError, events::publish, service::Service, store,
};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: RetireDkimKeyRequest,
) -> Result<RetireDkimKeyResponse, MessagingError> {
    let id = Uuid::try_parse(&request.dkim_key_id).map_err(|_| MessagingError::NotFound)?;
    let mut tx = service.store.begin(&ctx).await?;
    let key = store::dkim_keys::lock(&mut tx, id).await?.ok_or(MessagingError::NotFound)?;
    if key.state != KeyState::Retired {
        store::dkim_keys::retire(&mut tx, id, service.clock.now()).await?;
        publish::dkim_key_handled(service, &mut tx, "dkim_key.retired", &key).await?;
    }
    let key = store::dkim_keys::lock(&mut tx, id).await?.ok_or(MessagingError::NotFound)?;
    tx.commit().await?;
    Ok(RetireDkimKeyResponse { key: Some(convert::dkim_key(key)) })
}

#[cfg(test)]
mod tests {
    use portico_proto::messaging::v1::{CreateDkimKeyRequest, ListDkimKeysRequest};

    use super::*;
    use crate::{
        rpc::{create_dkim_key, list_dkim_keys},
        testing::Fixture,
    };

    #[tokio::test]
    async fn a_retired_key_is_listed_for_a_month_and_makes_room() {
        let fixture = Fixture::new().await;
        let admin = fixture.as_staff(fixture.staff_person("Adam"));
        let make = async || {
            let request = CreateDkimKeyRequest { algorithm: "ed25519".to_owned() };
            create_dkim_key::handle(&fixture.service, admin.clone(), request).await.unwrap().key.unwrap()
        };
        let list = async || {
            let answer =
                list_dkim_keys::handle(&fixture.service, admin.clone(), ListDkimKeysRequest {}).await;
            answer.unwrap().keys.into_iter().map(|key| key.state).collect::<Vec<_>>()
        };
        let first = make().await;
        for _ in 0..2 {
            let request = RetireDkimKeyRequest { dkim_key_id: first.id.clone() };
            let retired = handle(&fixture.service, admin.clone(), request).await.unwrap().key.unwrap();
            assert_eq!(retired.state, "retired");
        }
        fixture.database.clock.advance(chrono::TimeDelta::seconds(1));
        assert_ne!(make().await.selector, first.selector);
        assert_eq!(list().await, ["pending", "retired"]);
        fixture.database.clock.advance(chrono::TimeDelta::days(31));
        assert_eq!(list().await, ["pending"]);
        assert_eq!(fixture.audited().await, ["dkim_key.created", "dkim_key.retired", "dkim_key.created"]);
    }
}
