//! Hands a form in.

use portico_core::{Ctx, ErrorCode, Problem};
use portico_proto::workflow::v1::{SubmitFormRequest, SubmitFormResponse};
use serde_json::{Value, json};
use sqlx::types::Json;

use super::{
    change::{self, Need},
    form_files,
    get_form::form_of,
};
use crate::{
    convert,
    domain::{answers, engine::Event, permissions::Viewer},
    error::WorkflowError,
    service::Service,
    store::{self, forms::Submission},
};

/// Hidden answers are dropped before the schema is applied. The same answers handed in twice are one submission.
pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: SubmitFormRequest,
) -> Result<SubmitFormResponse, WorkflowError> {
    let viewer = Viewer::of(&ctx);
    let (step, found) = change::find(service, &ctx, &viewer, &request.step_id, Need::Act).await?;
    let form = form_of(&found, &step)?.clone();
    let given =
        answers::read(&request.answers_json).map_err(|text| WorkflowError::invalid("answers_json", text))?;
    let kept = answers::unstamped(&form, form.drop_hidden(given));
    let mut tx = service.store.begin(&ctx).await?;
    let mut labels =
        store::forms::draft(&mut tx, step.id).await?.map(|draft| draft.labels.0).unwrap_or_default();
    tx.rollback().await?;
    if step.is_open() {
        labels.extend(form_files::bind(service, &ctx, &found, &step, &form, &kept, &labels).await?);
    }
    let faults = answers::check(&form, &kept, &labels).map_err(WorkflowError::Unreadable)?;

    let mut held = change::hold(service, &ctx, &viewer, &step, found, Need::Act, &[]).await?;
    if held.step.is_ended() {
        let before = store::forms::submission(&mut held.stage.tx, step.id).await?;
        let as_given = |answers: &str| Some(answers::unstamped(&form, serde_json::from_str(answers).ok()?));
        let same = before.filter(|before| as_given(&before.answers).as_ref() == Some(&kept));
        if let Some(before) = same {
            return Ok(SubmitFormResponse { step: Some(held.as_it_is()), event: before.event });
        }
    }
    held.must_be_open()?;
    change::four_eyes(&held.found, &held.step, viewer.person().as_slice())?;
    if let Some(first) = faults.first() {
        let mut problem =
            Problem::new(ErrorCode::InvalidArgument, "invalid_answers", first.description.clone());
        problem.fields = faults;
        return Err(WorkflowError::Invalid(problem));
    }
    let draft = store::forms::draft(&mut held.stage.tx, step.id).await?;
    let read = if request.etag.is_empty() { 0 } else { convert::etag(&request.etag)? };
    if draft.map_or(0, |draft| draft.version) != read {
        return Err(WorkflowError::Stale);
    }
    let attempt = held.step.attempt;
    held.happen(Event::Fulfilled { step: step.id, attempt, by: None, outcome: String::new() }).await?;
    let mut kept = kept;
    answers::stamp(&form, &mut kept, ctx.actor.person, &ctx.actor.name, held.stage.now);
    let named: Vec<String> = answers::files(&form, &kept).iter().map(ToString::to_string).collect();
    labels.retain(|id, _| named.contains(id));
    let submission = Submission {
        attempt: i32::try_from(attempt).unwrap_or(i32::MAX),
        answers: Value::Object(kept).to_string(),
        labels: Json(labels),
        submitted_at: held.stage.now,
        submitted_by: ctx.actor.name.clone(),
        event: held.stage.event().to_owned(),
    };
    let account = held.found.record.account;
    store::forms::submit(&mut held.stage.tx, step.id, account, &submission, ctx.actor.person).await?;
    let (step, event) = held.finish("form.submitted", json!({})).await?;
    Ok(SubmitFormResponse { step: Some(step), event })
}

#[cfg(test)]
mod tests {
    use portico_proto::workflow::v1::{GetFormRequest, SaveDraftRequest, StepState};
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::{
        rpc::{get_form, save_draft},
        testing::Fixture,
    };

    #[tokio::test]
    async fn a_form_is_saved_resumed_and_handed_in_once() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let step = fixture.step(&one.client, &one.run, "intake").await;
        let save = async |etag: &str, answers: Value| {
            let request = SaveDraftRequest {
                step_id: step.id.clone(),
                answers_json: answers.to_string(),
                etag: etag.to_owned(),
            };
            save_draft::handle(&fixture.service, one.client.clone(), request).await
        };
        let saved = save("", json!({"goals": "Grow"})).await.unwrap();
        let lost = save("", json!({"goals": "Shrink"})).await.unwrap_err().problem();
        assert_eq!(lost.code, ErrorCode::Conflict, "two tabs lose nothing");
        let read = get_form::handle(
            &fixture.service,
            one.client.clone(),
            GetFormRequest { step_id: step.id.clone() },
        );
        let read = read.await.unwrap();
        assert_eq!(
            (read.answers_json.as_str(), read.etag.as_str()),
            (r#"{"goals":"Grow"}"#, saved.etag.as_str())
        );

        let submit = async |answers: Value, etag: &str| {
            let request = SubmitFormRequest {
                step_id: step.id.clone(),
                answers_json: answers.to_string(),
                etag: etag.to_owned(),
            };
            handle(&fixture.service, one.client.clone(), request).await
        };
        let before = fixture.rows().await;
        let refused = submit(json!({"goals": "Grow"}), "1").await.unwrap_err().problem();
        assert_eq!(refused.fields[0].field, "company_legal_name");
        assert!(refused.fields[0].description.contains("Legal name"), "{refused:?}");
        assert_eq!(fixture.rows().await, before);

        let whole = json!({"company_legal_name": "Acme", "goals": "Grow", "has_existing_system": false, "existing_system": "x"});
        let first = submit(whole.clone(), "1").await.unwrap();
        assert_eq!(first.step.as_ref().unwrap().state(), StepState::Done);
        let after = fixture.rows().await;
        let second = submit(whole, "1").await.unwrap();
        assert_eq!(second.event, first.event);
        assert_eq!(fixture.rows().await, after, "a double click is one submission");
        assert!(submit(json!({"company_legal_name": "B", "goals": "x"}), "1").await.is_err());
        let kept = get_form::handle(
            &fixture.service,
            one.manager.clone(),
            GetFormRequest { step_id: step.id.clone() },
        );
        assert!(
            !kept.await.unwrap().answers_json.contains("existing_system\":\"x"),
            "hidden answers are dropped"
        );
    }

    #[tokio::test]
    async fn another_accounts_form_is_not_there() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let step = fixture.step(&one.client, &one.run, "intake").await;
        let globex = fixture.client("Gil", fixture.database.account(), &["client"]);
        let request =
            SubmitFormRequest { step_id: step.id, answers_json: "{}".to_owned(), etag: String::new() };
        let problem = handle(&fixture.service, globex, request.clone()).await.unwrap_err().problem();
        assert_eq!(problem, Problem::not_found());
        let manager = handle(&fixture.service, one.manager, request).await.unwrap_err().problem();
        assert_eq!(manager.code, ErrorCode::PermissionDenied, "staff do not fill in the client's form");
    }
}
