//! Changes fields of a record.

use std::sync::Arc;

use portico_core::{Ctx, RecordId};
use portico_definition::Action;
use portico_proto::{
    json::from_struct,
    workflow::v1::{UpdateRecordRequest, UpdateRecordResponse},
};
use serde_json::json;

use super::fill;
use crate::{
    advance::{self, Stage},
    convert,
    domain::{fields, permissions::Viewer},
    error::WorkflowError,
    reach,
    service::Service,
};

/// The caller must be allowed to change the record as it is and as it becomes.
pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: UpdateRecordRequest,
) -> Result<UpdateRecordResponse, WorkflowError> {
    let id: RecordId = request.record_id.parse()?;
    let viewer = Viewer::of(&ctx);
    let mut tx = service.store.begin(&ctx).await?;
    let (present, portal) = reach::record(service, &mut tx, &viewer, id).await?;
    tx.rollback().await?;
    let definition = &portal.definition;
    if !viewer.can(definition, &present.kind, Action::Update, &present.view()) {
        return Err(WorkflowError::NotAllowed);
    }
    if convert::etag(&request.etag)? != present.version {
        return Err(WorkflowError::Stale);
    }
    let kind = fields::kind_of(definition, &present.kind).ok_or(WorkflowError::NotFound)?;
    let changes = request
        .fields
        .as_ref()
        .map(from_struct)
        .and_then(|value| value.as_object().cloned())
        .unwrap_or_default();
    let settable_by = viewer.at(present.account);
    let settable = settable_by.fields(definition, &present.kind);
    let mut record = present.clone();
    record.fields =
        fields::change(kind, &present.fields, &changes, &settable).map_err(WorkflowError::Invalid)?;
    if !viewer.can(definition, &record.kind, Action::Update, &record.view()) {
        return Err(WorkflowError::invalid(
            "fields",
            "You could not change this any more afterwards. Keep yourself in the team.",
        ));
    }
    record.labels =
        fill::labels(service, &ctx, kind, record.account, id, &record.fields, &present.labels).await?;
    record.title = fields::record_title(kind, &record.kind, record.number.as_deref(), &record.fields);
    let prepared = advance::prepare(service, &ctx, &record, &[Arc::clone(definition)], &[]).await?;

    let mut stage = Stage::open(service, &ctx, prepared, id).await?;
    if stage.record().version != present.version {
        return Err(WorkflowError::Stale);
    }
    record.labels.extend(fill::references(&mut stage.tx, kind, &record).await?);
    fill::index(&mut stage.tx, kind, &record).await?;
    stage.write_record(record).await?;
    stage.record_changed(None, false).await?;
    let names: Vec<&String> = changes.keys().collect();
    let title = stage.record().title.clone();
    stage.audit("record.updated", "record", id.0, &title, json!({ "fields": names })).await?;
    let record = convert::record(&viewer, definition, stage.record());
    Ok(UpdateRecordResponse { record: Some(record), event: stage.commit().await? })
}

#[cfg(test)]
mod tests {
    use portico_core::{ErrorCode, Problem};
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::testing::{Fixture, id};

    #[tokio::test]
    async fn fields_change_under_the_etag_that_was_read() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let update = async |ctx: &Ctx, etag: &str, fields: serde_json::Value| {
            let request = UpdateRecordRequest {
                record_id: one.record.id.clone(),
                fields: Some(portico_proto::json::to_struct(&fields)),
                etag: etag.to_owned(),
            };
            handle(&fixture.service, ctx.clone(), request).await.map_err(|error| error.problem())
        };
        let before = fixture.rows().await;
        let etag = one.record.etag.as_str();
        assert_eq!(
            update(&one.client, etag, json!({"title": "x"})).await.unwrap_err().code,
            ErrorCode::PermissionDenied
        );
        assert_eq!(
            update(&one.manager, "0", json!({"title": "x"})).await.unwrap_err().code,
            ErrorCode::Conflict
        );
        let stranger = id(&fixture.client("Gil", fixture.database.account(), &["client"]));
        let error = update(&one.manager, etag, json!({"contacts": [stranger]})).await.unwrap_err();
        assert_eq!(error.fields[0].field, "fields.contacts");
        let globex = fixture.client("Gil", fixture.database.account(), &["client"]);
        assert_eq!(update(&globex, etag, json!({"title": "x"})).await.unwrap_err(), Problem::not_found());
        assert_eq!(fixture.rows().await, before);
        let record =
            update(&one.manager, etag, json!({"title": "Shop", "fee": null})).await.unwrap().record.unwrap();
        assert_eq!(record.title, "Shop");
        assert!(!record.fields.unwrap().fields.contains_key("fee"));
    }
}
