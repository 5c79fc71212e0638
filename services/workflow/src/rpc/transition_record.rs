//! Moves a record into another state.

use std::sync::Arc;

use portico_core::{Ctx, RecordId};
use portico_definition::Action;
use portico_proto::workflow::v1::{TransitionRecordRequest, TransitionRecordResponse};
use serde_json::json;

use crate::{
    advance::{self, Stage},
    convert,
    domain::{fields, permissions::Viewer},
    error::WorkflowError,
    reach,
    service::Service,
    store,
};

const COMMAND: &str = "transition_record";

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: TransitionRecordRequest,
) -> Result<TransitionRecordResponse, WorkflowError> {
    let id: RecordId = request.record_id.parse()?;
    convert::idempotency_key(&request.idempotency_key)?;
    let viewer = Viewer::of(&ctx);
    let mut tx = service.store.begin(&ctx).await?;
    let (record, portal) = reach::record(service, &mut tx, &viewer, id).await?;
    // Runs that are open may have begun under an older version, whose roles count as well.
    let mut definitions = vec![Arc::clone(&portal.definition)];
    for run in store::runs::open_of_record(&mut tx, id).await? {
        if let Some(run) = store::runs::read(&mut tx, run).await? {
            definitions.push(service.definition(&mut tx, run.portal, run.portal_version).await?);
        }
    }
    tx.rollback().await?;
    let definition = &portal.definition;
    if !viewer.can(definition, &record.kind, Action::Update, &record.view()) {
        return Err(WorkflowError::NotAllowed);
    }
    let prepared = advance::prepare(service, &ctx, &record, &definitions, &[]).await?;

    let mut stage = Stage::open(service, &ctx, prepared, id).await?;
    // Under the record's lock: of two at the same moment the second sees what the first has done.
    let before = store::idempotency::find(&mut stage.tx, COMMAND, &request.idempotency_key).await?;
    if let Some((_, event)) = before.filter(|(moved, _)| *moved == id.0) {
        let record = convert::record(&viewer, definition, stage.record());
        return Ok(TransitionRecordResponse { record: Some(record), run_ids: Vec::new(), event });
    }
    let from = stage.record().state.clone().unwrap_or_default();
    if !request.etag.is_empty() && convert::etag(&request.etag)? != stage.record().version {
        return Err(WorkflowError::Stale);
    }
    let states = fields::kind_of(definition, &record.kind).and_then(|kind| kind.states.as_ref());
    if !states.is_some_and(|states| states.allows(&from, &request.to_state)) {
        return Err(WorkflowError::Precondition {
            reason: "no_such_transition",
            message: format!(
                "This is “{}” and cannot become “{}” from there.",
                fields::words(&from),
                fields::words(&request.to_state)
            ),
        });
    }
    stage.enter(request.to_state.clone()).await?;
    let title = stage.record().title.clone();
    stage
        .audit("record.moved", "record", id.0, &title, json!({ "from": from, "to": request.to_state }))
        .await?;
    let (event, now) = (stage.event().to_owned(), stage.now);
    store::idempotency::remember(&mut stage.tx, COMMAND, &request.idempotency_key, id.0, &event, now).await?;
    let record = convert::record(&viewer, definition, stage.record());
    let run_ids = stage.started.iter().map(ToString::to_string).collect();
    Ok(TransitionRecordResponse { record: Some(record), run_ids, event: stage.commit().await? })
}

#[cfg(test)]
mod tests {
    use portico_core::ErrorCode;
    use portico_proto::events::v1::{InvitationRequested, NoticeRequested, StepActivated};
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::testing::{Fixture, id};

    #[tokio::test]
    async fn entering_a_state_starts_one_run_however_often_it_is_said() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        assert_eq!(fixture.newest_run(&one.client).await.id, one.run);
        assert_eq!(fixture.said::<StepActivated>().await.len(), 4, "the plan waits for the kickoff");
        let invited = fixture.said::<InvitationRequested>().await;
        assert_eq!((invited.len(), invited[0].person_id.as_str()), (1, id(&one.client).as_str()));
        assert_eq!(invited[0].reply_to_person_id, id(&one.manager));
        let told = fixture.said::<NoticeRequested>().await;
        let mails = told.iter().filter(|notice| notice.by.contains(&"mail".to_owned()));
        let subjects: Vec<_> = mails.map(|notice| notice.subject.as_str()).collect();
        assert_eq!(
            subjects,
            ["Offer times: Schedule the kickoff call"],
            "clients get no mail beside their invitation"
        );

        let before = fixture.rows().await;
        let again = TransitionRecordRequest {
            record_id: one.record.id.clone(),
            to_state: "signed".to_owned(),
            ..Default::default()
        };
        let error = handle(&fixture.service, one.manager.clone(), again).await.unwrap_err().problem();
        assert_eq!(error.code, ErrorCode::FailedPrecondition);
        assert_eq!(fixture.rows().await, before);
    }

    #[tokio::test]
    async fn the_same_key_moves_once_and_an_old_etag_not_at_all() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let request = |etag: &str, key: &str| TransitionRecordRequest {
            record_id: one.record.id.clone(),
            to_state: "done".to_owned(),
            etag: etag.to_owned(),
            idempotency_key: key.to_owned(),
        };
        let stale =
            handle(&fixture.service, one.manager.clone(), request("1", "")).await.unwrap_err().problem();
        assert_eq!(stale.code, ErrorCode::Conflict);
        let first = handle(&fixture.service, one.manager.clone(), request("", "k")).await.unwrap();
        let second = handle(&fixture.service, one.manager.clone(), request("", "k")).await.unwrap();
        assert_eq!((first.event, first.record.unwrap().state.as_str()), (second.event, "done"));
    }
}
