//! Forms with pages, files, signatures and answers filled in beforehand, and drafts that outlive a publication.

use portico_core::Ctx;
use portico_proto::workflow::v1::*;
use portico_rpc::ServiceError as _;
use serde_json::{Value, json};

use super::{get_form, save_draft, submit_form};
use crate::testing::{Engagement, Fixture, ONBOARDING};

const FORM: &str = "  forms:
    intake_questionnaire:
      schema:
        type: object
        required: [kind, name, register, sign]
        properties:
          kind:     {type: string, enum: [company, person], title: Who are you?}
          name:     {type: string, maxLength: 100, title: Your name}
          project:  {type: string, title: The project}
          fee:      {type: object, format: money, title: The fee}
          register: {type: string, title: Register number}
          scans:    {type: array, format: file, maxItems: 2, title: Scans}
          sign:     {type: object, format: signature, title: That this is true}
      ui:
        - {field: name, prefill: person.name}
        - {field: project, prefill: record.title}
        - {field: fee, prefill: record.fee}
        - {field: scans, accept: [pdf]}
      pages:
        - {title: You, fields: [kind, name, project, fee]}
        - {title: Your company, visibleWhen: {field: kind, is: company}, fields: [register, scans]}
        - {title: Sign, fields: [sign]}
";

/// The shipped onboarding with another questionnaire.
fn with(form: &str) -> String {
    let yaml = portico_definition::gallery()[ONBOARDING].yaml;
    let (before, rest) = yaml.split_once("  forms:\n").unwrap();
    let (_, after) = rest.split_once("  documentTemplates:\n").unwrap();
    format!("{before}{form}\n  documentTemplates:\n{after}")
}

async fn read(fixture: &Fixture, ctx: &Ctx, step: &str) -> GetFormResponse {
    let request = GetFormRequest { step_id: step.to_owned() };
    get_form::handle(&fixture.service, ctx.clone(), request).await.unwrap()
}

async fn save(
    fixture: &Fixture,
    one: &Engagement,
    step: &str,
    etag: &str,
    answers: &Value,
) -> SaveDraftResponse {
    let request = SaveDraftRequest {
        step_id: step.to_owned(),
        answers_json: answers.to_string(),
        etag: etag.to_owned(),
    };
    save_draft::handle(&fixture.service, one.client.clone(), request).await.unwrap()
}

fn answers(form: &GetFormResponse) -> Value {
    serde_json::from_str(&form.answers_json).unwrap()
}

#[tokio::test]
async fn a_form_begins_with_what_is_known_and_never_with_what_the_reader_may_not_see() {
    let fixture = Fixture::new().await;
    let one = fixture.engagement_of(&with(FORM)).await;
    let step = fixture.step(&one.client, &one.run, "intake").await.id;
    let form = read(&fixture, &one.client, &step).await;
    assert_eq!(
        answers(&form),
        json!({"name": "Ana Acme", "project": "New website"}),
        "the fee is the firm's"
    );
    assert_eq!((form.etag.as_str(), form.form_json.contains("Your company")), ("", true));
    let staff = read(&fixture, &one.manager, &step).await;
    assert_eq!(answers(&staff), json!({}), "what nobody has answered yet is nobody's answer");
    save(&fixture, &one, &step, "", &json!({"project": "Another"})).await;
    assert_eq!(answers(&read(&fixture, &one.client, &step).await), json!({"project": "Another"}));
}

#[tokio::test]
async fn saving_says_what_is_missing_and_a_hidden_page_is_neither_asked_nor_kept() {
    let fixture = Fixture::new().await;
    let one = fixture.engagement_of(&with(FORM)).await;
    let step = fixture.step(&one.client, &one.run, "intake").await.id;
    let company = json!({"kind": "company", "name": "Ana"});
    let saved = save(&fixture, &one, &step, "", &company).await;
    let asked = |saved: &SaveDraftResponse| {
        saved.faults.iter().map(|fault| fault.question.clone()).collect::<Vec<_>>()
    };
    assert_eq!(asked(&saved), ["register", "sign"]);
    let person = json!({"kind": "person", "name": "Ana", "register": "HRB 1", "sign": {"name": "Ana", "agreed": true}});
    let saved = save(&fixture, &one, &step, &saved.etag, &person).await;
    assert!(saved.faults.is_empty(), "{:?}", saved.faults);
    let submit =
        SubmitFormRequest { step_id: step.clone(), answers_json: person.to_string(), etag: saved.etag };
    let first = submit_form::handle(&fixture.service, one.client.clone(), submit.clone()).await.unwrap();
    let kept = answers(&read(&fixture, &one.manager, &step).await);
    assert!(kept.get("register").is_none(), "{kept}");
    assert_eq!((&kept["sign"]["signed_by"], &kept["sign"]["name"]), (&json!("Ana Acme"), &json!("Ana")));
    assert!(kept["sign"]["signed_at"].is_string());
    let rows = fixture.rows().await;
    let again = submit_form::handle(&fixture.service, one.client.clone(), submit).await.unwrap();
    assert_eq!((again.event, fixture.rows().await), (first.event, rows), "a double click signs once");
}

#[tokio::test]
async fn files_are_bound_as_they_are_saved_and_only_those_may_stand_in_the_answers() {
    let fixture = Fixture::new().await;
    let one = fixture.engagement_of(&with(FORM)).await;
    let step = fixture.step(&one.client, &one.run, "intake").await.id;
    let file = fixture.database.entropy.uuid(portico_core::Clock::now(&fixture.database.clock)).to_string();
    let whole = |scans: Value| json!({"kind": "company", "name": "Ana", "register": "HRB 1", "scans": scans, "sign": {"name": "Ana", "agreed": true}});
    let saved = save(&fixture, &one, &step, "", &whole(json!([file]))).await;
    assert!(saved.faults.is_empty(), "{:?}", saved.faults);
    let form = read(&fixture, &one.client, &step).await;
    assert_eq!(form.labels[&file], "invoice.pdf");
    for wrong in [json!(["no id"]), json!([file, file, file]), json!("x")] {
        let submit = SubmitFormRequest {
            step_id: step.clone(),
            answers_json: whole(wrong).to_string(),
            etag: saved.etag.clone(),
        };
        let refused = submit_form::handle(&fixture.service, one.client.clone(), submit).await;
        assert_eq!(refused.unwrap_err().problem().fields[0].field.split('.').next(), Some("scans"));
    }
    let submit = SubmitFormRequest {
        step_id: step.clone(),
        answers_json: whole(json!([file])).to_string(),
        etag: saved.etag,
    };
    submit_form::handle(&fixture.service, one.client.clone(), submit).await.unwrap();
    assert_eq!(read(&fixture, &one.manager, &step).await.labels.len(), 1);
}

#[tokio::test]
async fn a_draft_survives_a_publication_and_is_handed_in_by_the_form_it_was_begun_with() {
    let fixture = Fixture::new().await;
    let one = fixture.engagement_of(&with(FORM)).await;
    let step = fixture.step(&one.client, &one.run, "intake").await.id;
    let draft = json!({"kind": "person", "name": "Ana"});
    let saved = save(&fixture, &one, &step, "", &draft).await;
    let next = with(
        &FORM.replace("name:     {type: string, maxLength: 100, title: Your name}", "name: {type: integer}"),
    )
    .replace("{field: name, prefill: person.name}", "{field: name}");
    fixture.publish_version(one.portal, 2, &next).await;
    fixture.service.forget_definitions();

    let form = read(&fixture, &one.client, &step).await;
    assert_eq!((answers(&form), &form.etag), (draft, &saved.etag));
    assert!(form.schema_json.contains("Your name"), "the run keeps the version it began with");
    let whole = json!({"kind": "person", "name": "Ana", "sign": {"name": "Ana", "agreed": true}});
    let saved = save(&fixture, &one, &step, &saved.etag, &whole).await;
    let submit = SubmitFormRequest { step_id: step, answers_json: whole.to_string(), etag: saved.etag };
    let done = submit_form::handle(&fixture.service, one.client.clone(), submit).await.unwrap();
    assert_eq!(done.step.unwrap().state(), StepState::Done);

    let record =
        fixture.record(&one.admin, one.portal, "engagement", fixture.acme, json!({"title": "Second"})).await;
    let request =
        TransitionRecordRequest { record_id: record.id, to_state: "signed".to_owned(), ..Default::default() };
    let run = super::transition_record::handle(&fixture.service, one.admin.clone(), request).await.unwrap();
    let step = fixture.step(&one.client, &run.run_ids[0], "intake").await.id;
    let form = read(&fixture, &one.client, &step).await;
    assert!(form.schema_json.contains("\"type\":\"integer\""), "a new run begins with the newest");
}
