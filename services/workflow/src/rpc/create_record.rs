//! Makes a record.

use std::{collections::BTreeMap, sync::Arc};

use portico_core::{AccountId, Ctx, PortalId, RecordId};
use portico_db::StoreError;
use portico_definition::Action;
use portico_proto::{
    json::from_struct,
    workflow::v1::{CreateRecordRequest, CreateRecordResponse},
};
use serde_json::{Map, Value, json};

use super::fill;
use crate::{
    advance::{self, Stage},
    convert,
    domain::{fields, permissions::Viewer},
    error::WorkflowError,
    peers,
    service::Service,
    store::{self, records::Record},
};

const COMMAND: &str = "create_record";

/// Entering the initial state may start runs, all in the transaction that makes the record.
pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: CreateRecordRequest,
) -> Result<CreateRecordResponse, WorkflowError> {
    let (portal, account): (PortalId, AccountId) = (request.portal_id.parse()?, request.account_id.parse()?);
    if !ctx.actor.accounts.includes(account) {
        return Err(WorkflowError::NotFound);
    }
    convert::idempotency_key(&request.idempotency_key)?;
    let viewer = Viewer::of(&ctx).at(account);
    let mut tx = service.store.begin(&ctx).await?;
    let portal = service.portal(&mut tx, portal).await?;
    if let Some(answer) = repeated(service, &mut tx, &viewer, &request.idempotency_key).await? {
        return Ok(answer);
    }
    tx.rollback().await?;
    let kind = fields::kind_of(&portal.definition, &request.kind).ok_or(WorkflowError::NotFound)?;
    let account_name = peers::account_name(service, &ctx, account).await?;

    let given = request.fields.as_ref().map(from_struct).unwrap_or_default();
    let given: Map<String, Value> = given.as_object().cloned().unwrap_or_default();
    let settable = viewer.fields(&portal.definition, &request.kind);
    let now = service.clock.now();
    let id = RecordId::new(now, &*service.entropy);
    let mut record = Record {
        id,
        account,
        account_text: account.to_string(),
        account_name,
        portal: portal.id,
        kind: request.kind.clone(),
        number: None,
        title: String::new(),
        state: kind.states.as_ref().map(|states| states.initial.clone()),
        entries: 1,
        fields: given.clone(),
        labels: BTreeMap::new(),
        related: Map::new(),
        version: 1,
        creator: ctx.actor.person.map(|id| id.to_string()),
        created_at: now,
        updated_at: now,
    };
    if !viewer.can(&portal.definition, &record.kind, Action::Create, &record.view()) {
        let reads = viewer.can(&portal.definition, &record.kind, Action::Read, &record.view());
        return Err(if reads { WorkflowError::NotAllowed } else { WorkflowError::NotFound });
    }
    record.fields = fields::change(kind, &Map::new(), &given, &settable).map_err(WorkflowError::Invalid)?;
    record.labels = fill::labels(service, &ctx, kind, account, id, &record.fields, &BTreeMap::new()).await?;
    let prepared = advance::prepare(service, &ctx, &record, &[Arc::clone(&portal.definition)], &[]).await?;

    let mut tx = service.store.begin(&ctx).await?;
    store::accounts::upsert(&mut tx, account, &record.account_name).await?;
    record.labels.extend(fill::references(&mut tx, kind, &record).await?);
    if let Some(numbering) = &kind.number {
        let number = store::records::next_number(&mut tx, portal.id, &record.kind).await?;
        record.number = Some(format!("{}{number:05}", numbering.prefix));
    }
    record.title = fields::record_title(kind, &record.kind, record.number.as_deref(), &record.fields);
    store::records::insert(&mut tx, &record, ctx.actor.person).await?;
    fill::index(&mut tx, kind, &record).await?;
    let record = store::records::read(&mut tx, id).await?.ok_or(WorkflowError::NotFound)?;

    let mut stage = Stage::with(service, tx, prepared, record);
    stage.record_changed(None, true).await?;
    let title = stage.record().title.clone();
    stage.audit("record.created", "record", id.0, &title, json!({ "kind": request.kind })).await?;
    let event = stage.event().to_owned();
    let remembered =
        store::idempotency::remember(&mut stage.tx, COMMAND, &request.idempotency_key, id.0, &event, now)
            .await;
    if let Err(StoreError::Duplicate { .. }) = remembered {
        // The same command at the same moment has won; this one leaves nothing behind.
        drop(stage);
        let mut tx = service.store.begin(&ctx).await?;
        let answer = repeated(service, &mut tx, &viewer, &request.idempotency_key).await?;
        return answer.ok_or(WorkflowError::Store(StoreError::Conflict));
    }
    remembered?;
    let record = convert::record(&viewer, &portal.definition, stage.record());
    Ok(CreateRecordResponse { record: Some(record), event: stage.commit().await? })
}

async fn repeated(
    service: &Service,
    tx: &mut portico_db::Tx,
    viewer: &Viewer,
    key: &str,
) -> Result<Option<CreateRecordResponse>, WorkflowError> {
    let Some((made, event)) = store::idempotency::find(tx, COMMAND, key).await? else { return Ok(None) };
    let (record, portal) = crate::reach::record(service, tx, viewer, RecordId(made)).await?;
    Ok(Some(CreateRecordResponse {
        record: Some(convert::record(viewer, &portal.definition, &record)),
        event,
    }))
}

#[cfg(test)]
mod tests {
    use portico_core::ErrorCode;
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::testing::{Fixture, INVOICES, id};

    fn order(portal: PortalId, account: AccountId, key: &str) -> CreateRecordRequest {
        CreateRecordRequest {
            portal_id: portal.to_string(),
            kind: "purchase_order".to_owned(),
            account_id: account.to_string(),
            fields: Some(portico_proto::json::to_struct(
                &json!({"total": {"amount": 100, "currency": "USD"}}),
            )),
            idempotency_key: key.to_owned(),
        }
    }

    #[tokio::test]
    async fn numbers_count_up_and_a_repeat_makes_nothing_new() {
        let fixture = Fixture::new().await;
        let portal = fixture.publish(INVOICES).await;
        let finance = fixture.staff("Fin", &["finance"]);
        let make = async |key: &str| {
            handle(&fixture.service, finance.clone(), order(portal, fixture.acme, key)).await.unwrap()
        };
        let (first, second, again) = (make("a").await, make("b").await, make("a").await);
        assert_eq!(first.record.as_ref().unwrap().number, "PO-00001");
        assert_eq!(second.record.unwrap().number, "PO-00002");
        assert_eq!(again, first);
    }

    #[tokio::test]
    async fn what_no_column_or_index_can_hold_is_refused_at_its_field() {
        let fixture = Fixture::new().await;
        let portal = fixture.publish(INVOICES).await;
        let (finance, vendor) =
            (fixture.staff("Fin", &["finance"]), fixture.client("Vera", fixture.acme, &["vendor"]));
        let total = json!({"total": {"amount": 100, "currency": "USD"}});
        let order = fixture.record(&finance, portal, "purchase_order", fixture.acme, total).await;
        let before = fixture.rows().await;
        let long: String = (0..5_000).map(|place| char::from(b'a' + (place * place % 26) as u8)).collect();
        for (number, key, field) in [
            (long.as_str(), "", "fields.supplier_no"),
            ("47\u{0}11", "", "fields.supplier_no"),
            ("4711", long.as_str(), "idempotency_key"),
            ("4711", "\u{0}", "idempotency_key"),
        ] {
            let fields = json!({
                "purchase_order": order.id, "supplier_no": number, "file": [id(&vendor)],
                "amount": {"amount": 5, "currency": "USD"},
            });
            let request = CreateRecordRequest {
                kind: "invoice".to_owned(),
                fields: Some(portico_proto::json::to_struct(&fields)),
                ..self::order(portal, fixture.acme, key)
            };
            let problem = handle(&fixture.service, vendor.clone(), request).await.unwrap_err().problem();
            assert_eq!((problem.code, problem.fields[0].field.as_str()), (ErrorCode::InvalidArgument, field));
        }
        assert_eq!(fixture.rows().await, before);
    }

    #[tokio::test]
    async fn nobody_makes_what_no_rule_lets_them_make() {
        let fixture = Fixture::new().await;
        let portal = fixture.publish(INVOICES).await;
        let before = fixture.rows().await;
        let vendor = fixture.client("Vera", fixture.acme, &["vendor"]);
        let globex = fixture.database.account();
        let refused = async |ctx: Ctx, request: CreateRecordRequest| {
            handle(&fixture.service, ctx, request).await.unwrap_err().problem()
        };
        let own = refused(vendor.clone(), order(portal, fixture.acme, "")).await;
        assert_eq!(own.code, ErrorCode::PermissionDenied, "a vendor reads orders and makes none");
        let foreign = refused(vendor.clone(), order(portal, globex, "")).await;
        let absent = refused(vendor, order(PortalId(fixture.acme.0), fixture.acme, "")).await;
        assert_eq!((foreign.code, &foreign), (ErrorCode::NotFound, &absent));
        let stranger = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        assert_eq!(refused(stranger, order(portal, fixture.acme, "")).await, absent);
        assert_eq!(fixture.rows().await, before);
    }

    #[tokio::test]
    async fn a_reference_to_another_accounts_record_and_a_second_like_value_are_refused() {
        let fixture = Fixture::new().await;
        let portal = fixture.publish(INVOICES).await;
        let (finance, globex) = (fixture.staff("Fin", &["finance"]), fixture.database.account());
        let total = json!({"total": {"amount": 100, "currency": "USD"}});
        let own = fixture.record(&finance, portal, "purchase_order", fixture.acme, total.clone()).await;
        let foreign = fixture.record(&finance, portal, "purchase_order", globex, total).await;
        let vendor = fixture.client("Vera", fixture.acme, &["vendor"]);
        let invoice = |order: &str, number: &str| CreateRecordRequest {
            portal_id: portal.to_string(),
            kind: "invoice".to_owned(),
            account_id: fixture.acme.to_string(),
            fields: Some(portico_proto::json::to_struct(&json!({
                "purchase_order": order, "supplier_no": number, "amount": {"amount": 5, "currency": "USD"},
                "file": [id(&vendor)],
            }))),
            idempotency_key: String::new(),
        };
        let error =
            handle(&fixture.service, vendor.clone(), invoice(&foreign.id, "1")).await.unwrap_err().problem();
        assert_eq!(error.fields[0].field, "fields.purchase_order");
        handle(&fixture.service, vendor.clone(), invoice(&own.id, "1")).await.unwrap();
        let before = fixture.rows().await;
        let error =
            handle(&fixture.service, vendor.clone(), invoice(&own.id, " 1 ")).await.unwrap_err().problem();
        assert_eq!(
            (error.code, error.fields[0].field.as_str()),
            (ErrorCode::AlreadyExists, "fields.supplier_no")
        );
        assert_eq!(fixture.rows().await, before, "nothing of a refused record stays");
    }
}
