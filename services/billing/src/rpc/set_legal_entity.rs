//! Makes or changes a company of the firm.

use portico_core::Money;
use portico_proto::billing::v1::{LegalEntity as Wire, SetLegalEntityRequest, SetLegalEntityResponse};
use portico_service::Fields;
use uuid::Uuid;

use crate::{
    convert,
    domain::{
        decimal::Rounding,
        party::{LegalEntity, Prefixes},
    },
    error::BillingError,
    events::publish,
    service::{Call, Service},
    store,
};

pub(super) async fn handle(
    service: &Service,
    call: Call,
    request: SetLegalEntityRequest,
) -> Result<SetLegalEntityResponse, BillingError> {
    let wire = request.legal_entity.unwrap_or_default();
    let now = service.clock.now();
    if request.legal_entity_id.is_empty() {
        let key = convert::key(&request.idempotency_key)?;
        let entity = check(service.id(), 1, wire)?;
        let mut tx = service.store.begin(&call.ctx).await?;
        if !store::legal_entities::insert(&mut tx, &entity, key, now).await? {
            let made = store::legal_entities::find_by_key(&mut tx, &request.idempotency_key).await?;
            return Ok(SetLegalEntityResponse { legal_entity: made.map(convert::legal_entity) });
        }
        publish::legal_entity_audited(service, &mut tx, "legal_entity.created", &entity).await?;
        tx.commit().await?;
        return Ok(SetLegalEntityResponse { legal_entity: Some(convert::legal_entity(entity)) });
    }
    let id: Uuid = request.legal_entity_id.parse()?;
    let mut tx = service.store.begin(&call.ctx).await?;
    store::legal_entities::read(&mut tx, id).await?.ok_or(BillingError::NotFound)?;
    let version = convert::version(&wire.etag)?;
    let mut entity = check(id, version, wire)?;
    if !store::legal_entities::update(&mut tx, &entity, now).await? {
        return Err(BillingError::Stale);
    }
    entity.version += 1;
    publish::legal_entity_audited(service, &mut tx, "legal_entity.updated", &entity).await?;
    tx.commit().await?;
    Ok(SetLegalEntityResponse { legal_entity: Some(convert::legal_entity(entity)) })
}

/// What was typed, put in order; every mistake is named.
fn check(id: Uuid, version: i32, wire: Wire) -> Result<LegalEntity, BillingError> {
    let mut fields = Fields::default();
    let seller = convert::seller(wire.seller.unwrap_or_default()).check(&mut fields);
    if Money::new(0, &wire.currency).is_err() {
        fields.refuse("currency", "Enter the currency as three capital letters, such as EUR.");
    }
    let rounding = Rounding::of(&wire.rounding).unwrap_or_else(|| {
        fields.refuse("rounding", "Choose how amounts are rounded.");
        Rounding::HalfUp
    });
    if !(0..=365).contains(&wire.payment_days) {
        fields.refuse("payment_days", "Enter a number of days from 0 to 365.");
    }
    let mut prefix = |field: &str, text: &str| {
        let text = text.trim();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '/' | '.' | '_');
        if text.len() > 12 || !text.chars().all(plain) {
            fields.refuse(field, "Use at most 12 letters, digits and the signs - / . _");
        }
        text.to_owned()
    };
    let prefixes = Prefixes {
        estimate: prefix("estimate_prefix", &wire.estimate_prefix),
        invoice: prefix("invoice_prefix", &wire.invoice_prefix),
        credit_note: prefix("credit_note_prefix", &wire.credit_note_prefix),
    };
    fields.check().map_err(BillingError::Invalid)?;
    Ok(LegalEntity {
        id,
        seller,
        currency: wire.currency,
        rounding,
        payment_days: wire.payment_days,
        prefixes,
        version,
    })
}

#[cfg(test)]
mod tests {
    use portico_core::ErrorCode;
    use portico_proto::billing::v1::ListLegalEntitiesRequest;

    use super::*;
    use crate::testing::{Fixture, legal_entity, refused};

    fn set(id: &str, entity: Wire, key: &str) -> SetLegalEntityRequest {
        SetLegalEntityRequest {
            legal_entity_id: id.to_owned(),
            legal_entity: Some(entity),
            idempotency_key: key.to_owned(),
        }
    }

    #[tokio::test]
    async fn a_company_is_made_once_and_changed_by_whoever_has_read_it() {
        let fixture = Fixture::bare().await;
        let mut admin = fixture.billing(&fixture.admin());
        let made = admin
            .set_legal_entity(set("", legal_entity(), "k"))
            .await
            .unwrap()
            .into_inner()
            .legal_entity
            .unwrap();
        let again = admin
            .set_legal_entity(set("", legal_entity(), "k"))
            .await
            .unwrap()
            .into_inner()
            .legal_entity
            .unwrap();
        assert_eq!((made.etag.as_str(), &again), ("1", &made));
        let change = Wire { payment_days: 30, ..made.clone() };
        let changed = admin
            .set_legal_entity(set(&made.id, change.clone(), ""))
            .await
            .unwrap()
            .into_inner()
            .legal_entity
            .unwrap();
        assert_eq!((changed.payment_days, changed.etag.as_str()), (30, "2"));
        assert_eq!(
            refused(admin.set_legal_entity(set(&made.id, change, "")).await).code,
            ErrorCode::Conflict
        );
        assert_eq!(fixture.audited().await, ["legal_entity.created", "legal_entity.updated"]);
        let list = admin.list_legal_entities(ListLegalEntitiesRequest {}).await.unwrap().into_inner();
        assert_eq!(list.legal_entities, [changed]);
    }

    #[tokio::test]
    async fn i28_only_an_administrator_of_the_firm_sets_it_and_strangers_find_nothing() {
        let fixture = Fixture::new().await;
        let id = fixture.entity.to_string();
        for ctx in [fixture.staff(), fixture.client()] {
            let problem = refused(fixture.billing(&ctx).set_legal_entity(set(&id, legal_entity(), "")).await);
            assert_eq!(problem.code, ErrorCode::PermissionDenied);
        }
        let elsewhere = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        let foreign =
            refused(fixture.billing(&elsewhere).set_legal_entity(set(&id, legal_entity(), "")).await);
        let absent = set(&fixture.database.account().to_string(), legal_entity(), "");
        assert_eq!(foreign, refused(fixture.billing(&elsewhere).set_legal_entity(absent).await));
        assert_eq!(foreign, portico_core::Problem::not_found());
        let list =
            fixture.billing(&elsewhere).list_legal_entities(ListLegalEntitiesRequest {}).await.unwrap();
        assert!(list.into_inner().legal_entities.is_empty());
    }

    #[tokio::test]
    async fn every_mistake_is_named() {
        let fixture = Fixture::bare().await;
        let wrong = Wire {
            currency: "euro".to_owned(),
            rounding: "up".to_owned(),
            payment_days: 400,
            invoice_prefix: "INV 1".to_owned(),
            ..legal_entity()
        };
        let problem = refused(fixture.billing(&fixture.admin()).set_legal_entity(set("", wrong, "")).await);
        let named: Vec<_> = problem.fields.iter().map(|at| at.field.as_str()).collect();
        assert_eq!(named, ["currency", "rounding", "payment_days", "invoice_prefix"]);
    }
}
