//! Approves something or returns it.

use portico_core::{Ctx, PersonId};
use portico_definition::StepKind;
use portico_proto::workflow::v1::{DecideApprovalRequest, DecideApprovalResponse, Decision};
use serde_json::json;

use super::change::{self, Held, Need};
use crate::{
    convert,
    domain::{
        engine::{Event, PersonRef, Refusal, StepStatus},
        permissions::Viewer,
    },
    error::WorkflowError,
    peers,
    service::Service,
    store,
};

const APPROVED: &str = "approval.approved";
const RETURNED: &str = "approval.returned";

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: DecideApprovalRequest,
) -> Result<DecideApprovalResponse, WorkflowError> {
    let mut tx = service.store.begin(&ctx).await?;
    let viewer = store::delegations::viewer(&mut tx, &ctx, service.clock.now()).await?;
    tx.rollback().await?;
    let viewer = peers::standing_for_those_left(service, &ctx, viewer).await?;
    let (step, found) = change::find(service, &ctx, &viewer, &request.step_id, Need::Act).await?;
    if step.kind != "approval" {
        return Err(WorkflowError::Precondition {
            reason: "not_an_approval",
            message: "There is nothing to approve here.".to_owned(),
        });
    }
    let approve = match request.decision() {
        Decision::Approve => true,
        Decision::Return => false,
        Decision::Unspecified => {
            return Err(WorkflowError::invalid("decision", "Choose: approve, or return with a reason."));
        }
    };
    let pins = if approve { Vec::new() } else { convert::pins(&request.pins)? };
    let least = usize::from(!approve && pins.is_empty());
    let comment = convert::text("comment", &request.comment, least, 4000)?;
    let others: Vec<PersonId> = viewer.delegators().iter().map(|delegator| delegator.person).collect();
    let mut held = change::hold(service, &ctx, &viewer, &step, found, Need::Act, &others).await?;
    if approve && (held.ended_by_caller() || viewer.has_approved(&held.step)) {
        let round = by_one(&held, &viewer);
        if held.was_given(APPROVED, &round).await? {
            let (step, event) = held.repeated(APPROVED, round).await?;
            return Ok(DecideApprovalResponse { step: Some(step), event });
        }
    }
    // A return counts the attempt up, unless it was final.
    let returned = held.step.attempt - u32::from(held.step.is_open() && held.step.attempt > 0);
    let same = held.step.status == StepStatus::Returned && held.step.reason == comment;
    if !approve && same && held.was_given(RETURNED, returned).await? {
        let (step, event) = held.repeated(RETURNED, returned).await?;
        return Ok(DecideApprovalResponse { step: Some(step), event });
    }
    held.must_be_open()?;
    let here = viewer.at(held.found.run.account);
    let on_behalf = held.found.on_behalf_of(&here, &held.step);
    let mut deciding: Vec<PersonId> = viewer.person().into_iter().collect();
    deciding.extend(on_behalf.as_ref().map(|delegator| delegator.person));
    change::four_eyes(&held.found, &held.step, &deciding)?;
    let mut details = json!({});
    if is_of_a_deliverable(&held) {
        // Nobody approves what has changed under their eyes.
        let deliverable = held.step.deliverable.clone().filter(|_| held.step.turn == held.step.owner);
        let deliverable = deliverable.ok_or(Refusal::NOT_HANDED_OVER)?;
        if deliverable.version != request.version_id
            || !deliverable.sha256.eq_ignore_ascii_case(&request.sha256)
        {
            return Err(WorkflowError::Precondition {
                reason: "version_changed",
                message:
                    "There is a newer version than the one you have read. Please read it before you decide."
                        .to_owned(),
            });
        }
        details = json!({ "version": deliverable.number, "version_id": deliverable.version, "sha256": deliverable.sha256 });
    }
    if let Some(delegator) = &on_behalf {
        details["on_behalf_of"] = json!(delegator.name);
    }
    let attempt = held.step.attempt;
    if approve {
        let by = viewer.person().ok_or(WorkflowError::NotAllowed)?;
        let event = Event::Approved {
            step: step.id,
            attempt,
            by: PersonRef { id: by, name: ctx.actor.name.clone() },
            on_behalf: on_behalf.map(|one| PersonRef { id: one.person, name: one.name }),
            stands_in: here.stands_in(&held.step.owner),
        };
        let round = by_one(&held, &viewer);
        held.happen(event).await?;
        let (step, event) = held.finish_once(APPROVED, round, details).await?;
        return Ok(DecideApprovalResponse { step: Some(step), event });
    }
    if viewer.has_approved(&held.step) {
        return Err(Refusal::APPROVED_ALREADY.into());
    }
    held.happen(Event::Returned { step: step.id, attempt, by: None, reason: comment }).await?;
    held.happen(Event::Pinned { step: step.id, pins }).await?;
    let (step, event) = held.finish_once(RETURNED, attempt, details).await?;
    Ok(DecideApprovalResponse { step: Some(step), event })
}

/// One approval of several in a round: each person gives one.
fn by_one(held: &Held<'_>, viewer: &Viewer) -> String {
    let person = viewer.person().map(|id| id.to_string()).unwrap_or_default();
    format!("{}:{person}", held.step.attempt)
}

fn is_of_a_deliverable(held: &Held<'_>) -> bool {
    let declared = held.found.declared(&held.step).map(|declared| &declared.kind);
    matches!(declared, Some(StepKind::Approval(approval)) if approval.of.is_some())
}

#[cfg(test)]
mod tests {
    use portico_core::ErrorCode;
    use portico_proto::{
        events::v1::{DeliverableVersionAdded, NoticeRequested},
        workflow::v1::{CreateRecordRequest, RecordChanged, RunState, StepState},
    };
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::{
        rpc::{complete_task, create_record},
        testing::{Fixture, INVOICES, id},
    };

    fn version(run: &str, step: &str, number: i32) -> DeliverableVersionAdded {
        DeliverableVersionAdded {
            run_id: run.to_owned(),
            step_id: step.to_owned(),
            document_id: run.to_owned(),
            version_id: format!("v{number}"),
            number,
            sha256: format!("{number:064x}"),
            file_name: "plan.pdf".to_owned(),
            account_id: String::new(),
        }
    }

    #[tokio::test]
    async fn onboarding_runs_to_its_end_and_a_new_version_voids_the_approval() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        for key in ["intake", "sysdocs", "agreement", "kickoff"] {
            let step = fixture.step(&one.client, &one.run, key).await;
            let event = fixture.fulfil(&one.run, &step).await;
            let rows = fixture.rows().await;
            fixture.deliver(&event).await;
            assert_eq!(fixture.rows().await, rows, "the same event again changes nothing");
        }
        let told = fixture.said::<NoticeRequested>().await;
        let done: Vec<_> = told.iter().filter(|notice| notice.kind == "notice").collect();
        assert_eq!(done.len(), 1, "{done:?}");
        assert_eq!(
            (done[0].subject.as_str(), &done[0].person_ids),
            ("Acme: ready for kickoff", &vec![id(&one.manager)])
        );

        let plan = fixture.step(&one.client, &one.run, "plan").await;
        assert!(!plan.can_act, "the manager hands the plan over first");
        let decide = async |decision: Decision, number: i32| {
            let request = DecideApprovalRequest {
                step_id: plan.id.clone(),
                decision: decision.into(),
                comment: "Page 2".to_owned(),
                version_id: format!("v{number}"),
                sha256: format!("{number:064x}"),
                pins: Vec::new(),
            };
            handle(&fixture.service, one.client.clone(), request).await
        };
        assert_eq!(decide(Decision::Approve, 1).await.unwrap_err().problem().reason, "nothing_to_approve");
        fixture.receive(&version(&one.run, &plan.id, 1)).await;
        assert_eq!(decide(Decision::Approve, 2).await.unwrap_err().problem().reason, "version_changed");
        let returned = decide(Decision::Return, 1).await.unwrap().step.unwrap();
        assert_eq!((returned.state(), returned.reason.as_str()), (StepState::Returned, "Page 2"));
        assert!(decide(Decision::Approve, 1).await.is_err(), "the old version is not approved after all");
        fixture.receive(&version(&one.run, &plan.id, 2)).await;
        decide(Decision::Approve, 2).await.unwrap();
        assert_eq!(fixture.run(&one.client, &one.run).await.state(), RunState::Done);

        fixture.receive(&version(&one.run, &plan.id, 3)).await;
        let run = fixture.run(&one.client, &one.run).await;
        assert_eq!(run.state(), RunState::Active);
        decide(Decision::Approve, 3).await.unwrap();
        let run = fixture.run(&one.client, &one.run).await;
        assert!(run.milestones.iter().all(|milestone| milestone.reached_at.is_some()));
    }

    #[tokio::test]
    async fn an_invoice_goes_through_plant_and_finance_and_the_vendor_hears_of_it() {
        let fixture = Fixture::new().await;
        let portal = fixture.publish(INVOICES).await;
        let (plant, finance) = (fixture.staff("Pia", &["plant_manager"]), fixture.staff("Fin", &["finance"]));
        let vendor = fixture.client("Vera", fixture.acme, &["vendor"]);
        let total = json!({"total": {"amount": 100, "currency": "USD"}});
        let order = fixture.record(&finance, portal, "purchase_order", fixture.acme, total).await;
        let request = CreateRecordRequest {
            portal_id: portal.to_string(),
            kind: "invoice".to_owned(),
            account_id: fixture.acme.to_string(),
            fields: Some(portico_proto::json::to_struct(&json!({
                "purchase_order": order.id, "supplier_no": "4711", "file": [id(&vendor)],
                "amount": {"amount": 1_000_001, "currency": "USD"},
            }))),
            idempotency_key: "once".to_owned(),
        };
        create_record::handle(&fixture.service, vendor.clone(), request).await.unwrap();
        let run = fixture.newest_run(&vendor).await;
        let (first, second) = (run.steps[0].clone(), run.steps[1].clone());
        let decide = async |ctx: &Ctx, step: &str, decision: Decision| {
            let request = DecideApprovalRequest {
                step_id: step.to_owned(),
                decision: decision.into(),
                ..Default::default()
            };
            handle(&fixture.service, ctx.clone(), request).await
        };
        for (ctx, code) in [(&vendor, ErrorCode::PermissionDenied), (&finance, ErrorCode::PermissionDenied)] {
            assert_eq!(decide(ctx, &first.id, Decision::Approve).await.unwrap_err().problem().code, code);
        }
        let problem = decide(&plant, &first.id, Decision::Return).await.unwrap_err().problem();
        assert_eq!(problem.fields[0].field, "comment", "a return needs its reason");
        decide(&plant, &first.id, Decision::Approve).await.unwrap();
        decide(&finance, &second.id, Decision::Approve).await.unwrap();
        let pay = complete_task::handle(
            &fixture.service,
            finance.clone(),
            portico_proto::workflow::v1::CompleteTaskRequest {
                step_id: run.steps[2].id.clone(),
                note: String::new(),
            },
        );
        pay.await.unwrap();
        let states: Vec<_> = fixture.said::<RecordChanged>().await.into_iter().map(|one| one.state).collect();
        assert_eq!(states[1..], ["submitted", "approved", "paid"]);
        let told: Vec<_> = fixture
            .said::<NoticeRequested>()
            .await
            .into_iter()
            .filter(|notice| notice.kind == "notice")
            .collect();
        let subjects: Vec<_> = told.iter().map(|notice| notice.subject.as_str()).collect();
        assert_eq!(subjects, ["Invoice 4711: approved", "Invoice 4711: paid"]);
        assert_eq!(told[0].body, "10,000.01 USD for PO-00001.");
        assert_eq!(
            (told[0].role.as_str(), told[0].account_id.as_str()),
            ("vendor", fixture.acme.to_string().as_str())
        );
        assert_eq!(fixture.run(&vendor, &run.id).await.state(), RunState::Done);
    }
}
