//! Approvals by several people, by stand-ins, with four eyes, and with comments pinned to what is returned.

use chrono::TimeDelta;
use portico_core::{Clock as _, Ctx, ErrorCode, Problem};
use portico_proto::{events::v1::NoticeRequested, time::timestamp, workflow::v1::*};
use portico_rpc::ServiceError as _;
use serde_json::json;

use super::{
    authorize_step, complete_task, decide_approval, end_delegation, get_step, list_attention,
    list_delegations, set_delegation, waive_step,
};
use crate::testing::{Fixture, INVOICES, id};

/// The shipped supplier portal with other steps for an invoice.
fn with(steps: &str) -> String {
    let yaml = portico_definition::gallery()[INVOICES].yaml;
    let (before, rest) = yaml.split_once("      steps:\n").unwrap();
    let (_, after) = rest.split_once("      outcomes:\n").unwrap();
    let (_, after) = after.split_once("      notify:\n").unwrap();
    let first = steps.split("id: ").nth(1).and_then(|rest| rest.split([',', '\n']).next()).unwrap();
    // The definition's own test speaks of a step that there is.
    let after = after.replace("invoice_approval.finance", &format!("invoice_approval.{first}"));
    format!("{before}      steps:\n{steps}      notify:\n{after}")
}

/// An invoice of so many cents, and its run.
struct Invoice {
    fixture: Fixture,
    run: String,
    vendor: Ctx,
    finance: Ctx,
}

async fn invoice(steps: &str, amount: i64) -> Invoice {
    let fixture = Fixture::new().await;
    let portal = portico_core::PortalId::new(fixture.database.clock.now(), &*fixture.database.entropy);
    fixture.publish_version(portal, 1, &with(steps)).await;
    let finance = fixture.staff("Fin Finance", &["finance"]);
    let vendor = fixture.client("Vera", fixture.acme, &["vendor"]);
    let total = json!({"total": {"amount": 100, "currency": "USD"}});
    let order = fixture.record(&finance, portal, "purchase_order", fixture.acme, total).await;
    let fields = json!({"purchase_order": order.id, "supplier_no": "4711", "file": [id(&vendor)],
        "amount": {"amount": amount, "currency": "USD"}});
    fixture.record(&vendor, portal, "invoice", fixture.acme, fields).await;
    let run = fixture.newest_run(&vendor).await.id;
    Invoice { fixture, run, vendor, finance }
}

impl Invoice {
    async fn step(&self, ctx: &Ctx, key: &str) -> Step {
        self.fixture.step(ctx, &self.run, key).await
    }

    async fn decide(
        &self,
        ctx: &Ctx,
        key: &str,
        decision: Decision,
    ) -> Result<DecideApprovalResponse, Problem> {
        let request = DecideApprovalRequest {
            step_id: self.step(&self.finance, key).await.id,
            decision: decision.into(),
            comment: if decision == Decision::Return { "No order".to_owned() } else { String::new() },
            ..Default::default()
        };
        let answer = decide_approval::handle(&self.fixture.service, ctx.clone(), request).await;
        answer.map_err(|error| error.problem())
    }

    async fn approve(&self, ctx: &Ctx, key: &str) -> Result<Step, Problem> {
        self.decide(ctx, key, Decision::Approve).await.map(|answer| answer.step.unwrap())
    }
}

const IN_ORDER: &str = "        - id: sign_off
          type: approval
          title: Approve the invoice
          approvers:
            - {role: plant_manager, onlyIf: {field: amount, above: {amount: 1000000, currency: USD}}}
            - {role: finance, count: 2}
            - {role: controller}
          order: sequential
";

#[tokio::test]
async fn one_after_the_other_approves_and_nobody_twice() {
    let one = invoice(IN_ORDER, 500).await;
    let (second, controller) =
        (one.fixture.staff("Flo", &["finance"]), one.fixture.staff("Cora", &["controller"]));
    let step = one.step(&one.finance, "sign_off").await;
    assert_eq!(step.approvals_needed, 3, "the plant manager is asked only for large amounts");
    assert!(step.can_act && !one.step(&controller, "sign_off").await.can_act);
    assert_eq!(one.approve(&controller, "sign_off").await.unwrap_err().code, ErrorCode::PermissionDenied);
    let first = one.decide(&one.finance, "sign_off", Decision::Approve).await.unwrap();
    let rows = one.fixture.rows().await;
    let again = one.decide(&one.finance, "sign_off", Decision::Approve).await.unwrap();
    assert_eq!(
        (&again.event, one.fixture.rows().await),
        (&first.event, rows),
        "a double click approves once"
    );
    let step = one.step(&one.finance, "sign_off").await;
    assert!(!step.can_act && step.approvals[0].name == "Fin Finance", "{step:?}");
    assert_eq!(
        one.decide(&one.finance, "sign_off", Decision::Return).await.unwrap_err().reason,
        "approved_already"
    );
    let asked =
        list_attention::handle(&one.fixture.service, one.finance.clone(), Default::default()).await.unwrap();
    assert!(asked.needs_you.is_empty(), "who has approved is not asked again");
    one.approve(&second, "sign_off").await.unwrap();
    let told = one.fixture.said::<NoticeRequested>().await;
    assert_eq!(told.last().unwrap().role, "controller", "the next is told");
    assert_eq!(one.approve(&controller, "sign_off").await.unwrap().state(), StepState::Done);
    let run = one.fixture.run(&one.finance, &one.run).await;
    assert_eq!(run.state(), RunState::Done);
}

#[tokio::test]
async fn a_large_amount_asks_one_more_and_a_return_voids_what_was_given() {
    let one = invoice(IN_ORDER, 1_000_001).await;
    let plant = one.fixture.staff("Pia", &["plant_manager"]);
    assert_eq!(one.step(&one.finance, "sign_off").await.approvals_needed, 4);
    one.approve(&plant, "sign_off").await.unwrap();
    let returned = one.decide(&one.finance, "sign_off", Decision::Return).await.unwrap().step.unwrap();
    assert_eq!((returned.state(), returned.approvals.len()), (StepState::Returned, 0));
    assert!(one.step(&plant, "sign_off").await.can_act && !one.step(&one.finance, "sign_off").await.can_act);
}

#[tokio::test]
async fn two_of_three_at_once_are_enough() {
    let steps = "        - id: board
          type: approval
          title: Approve it
          approvers: [{role: plant_manager}, {role: finance}, {role: controller}]
          atLeast: 2
";
    let one = invoice(steps, 500).await;
    let (plant, controller) =
        (one.fixture.staff("Pia", &["plant_manager"]), one.fixture.staff("Cora", &["controller", "finance"]));
    for ctx in [&plant, &one.finance, &controller] {
        assert!(one.step(ctx, "board").await.can_act, "all are asked at once");
    }
    assert_eq!(one.step(&plant, "board").await.approvals_needed, 2);
    one.approve(&controller, "board").await.unwrap();
    let twice = one.approve(&controller, "board").await.unwrap();
    assert_eq!(
        (twice.state(), twice.approvals.len()),
        (StepState::Active, 1),
        "two roles are still one person"
    );
    assert_eq!(one.approve(&plant, "board").await.unwrap().state(), StepState::Done);
}

const FOUR_EYES: &str = "        - {id: prepare, type: task, title: Check the figures, assignee: {role: finance}}
        - {id: release, type: approval, title: Release it, assignee: {role: finance}, needs: [prepare], distinctFrom: [prepare]}
";

async fn ask(one: &Invoice, from: &Ctx, to: &Ctx, days: i64) -> Result<SetDelegationResponse, Problem> {
    let until = Some(timestamp(one.fixture.database.clock.now() + TimeDelta::days(days)));
    let request = SetDelegationRequest { person_id: id(to), until, reason: "On leave".to_owned() };
    set_delegation::handle(&one.fixture.service, from.clone(), request).await.map_err(|error| error.problem())
}

async fn prepare(one: &Invoice) {
    let request =
        CompleteTaskRequest { step_id: one.step(&one.finance, "prepare").await.id, note: String::new() };
    complete_task::handle(&one.fixture.service, one.finance.clone(), request).await.unwrap();
}

#[tokio::test]
async fn four_eyes_hold_for_oneself_and_through_a_stand_in_either_way() {
    let one = invoice(FOUR_EYES, 500).await;
    let (flo, stand_in) =
        (one.fixture.staff("Flo", &["finance"]), one.fixture.staff("Sten", &["plant_manager"]));
    prepare(&one).await;
    let step = one.step(&one.finance, "release").await;
    assert_eq!((step.can_act, step.barred_by.as_str()), (false, "Check the figures"));
    let refused = one.approve(&one.finance, "release").await.unwrap_err();
    assert_eq!((refused.reason.as_str(), refused.code), ("four_eyes", ErrorCode::FailedPrecondition));
    assert_eq!(one.decide(&one.finance, "release", Decision::Return).await.unwrap_err().reason, "four_eyes");
    // Whoever prepared it asks somebody else to approve in their place: it would still be the same person's approval.
    ask(&one, &one.finance, &stand_in, 7).await.unwrap();
    assert_eq!(one.approve(&stand_in, "release").await.unwrap_err().reason, "four_eyes");
    // And whoever prepared it approves for nobody else either.
    ask(&one, &flo, &one.finance, 7).await.unwrap();
    assert_eq!(one.approve(&one.finance, "release").await.unwrap_err().reason, "four_eyes");
    assert_eq!(one.approve(&flo, "release").await.unwrap().state(), StepState::Done);
}

#[tokio::test]
async fn a_stand_in_approves_until_the_day_and_both_names_are_kept() {
    let one = invoice(FOUR_EYES, 500).await;
    let (flo, stand_in) = (one.fixture.staff("Flo", &["finance"]), one.fixture.staff("Sten", &[]));
    prepare(&one).await;
    let release = one.step(&flo, "release").await.id;
    let read = async |ctx: &Ctx| {
        let request = GetStepRequest { step_id: release.clone() };
        get_step::handle(&one.fixture.service, ctx.clone(), request).await.map_err(|error| error.problem())
    };
    assert_eq!(read(&stand_in).await.unwrap_err(), Problem::not_found());
    ask(&one, &flo, &stand_in, 7).await.unwrap();
    let shown = read(&stand_in).await.unwrap().step.unwrap();
    assert_eq!((shown.can_act, shown.on_behalf_of.as_str()), (true, "Flo"));
    let asked =
        list_attention::handle(&one.fixture.service, stand_in.clone(), Default::default()).await.unwrap();
    assert_eq!(asked.needs_you.len(), 1);
    one.fixture.database.clock.advance(TimeDelta::days(8));
    assert_eq!(read(&stand_in).await.unwrap_err(), Problem::not_found(), "after the day nothing is left");
    ask(&one, &flo, &stand_in, 7).await.unwrap();
    let done = one.approve(&stand_in, "release").await.unwrap();
    assert_eq!((done.approvals[0].name.as_str(), done.approvals[0].on_behalf_of.as_str()), ("Sten", "Flo"));
    let entries = one.fixture.said::<portico_proto::events::v1::AuditEntry>().await;
    let said = format!("{:?}", entries.last().unwrap());
    assert!(said.contains("Flo") && said.contains("approval.approved"), "{said}");
    let headers: String = sqlx::query_scalar(
        "select headers::text from workflow.outbox where type like '%AuditEntry' order by seq desc limit 1",
    )
    .fetch_one(one.fixture.database.admin())
    .await
    .unwrap();
    assert!(headers.contains("Sten"), "{headers}");
    let history = one.fixture.run(&one.finance, &one.run).await;
    assert_eq!(history.state(), RunState::Done);
}

#[tokio::test]
async fn nobody_hands_on_what_they_have_lost_themselves() {
    let one = invoice(FOUR_EYES, 500).await;
    let (flo, stand_in) = (one.fixture.staff("Flo", &["finance"]), one.fixture.staff("Sten", &[]));
    prepare(&one).await;
    let release = one.step(&flo, "release").await.id;
    ask(&one, &flo, &stand_in, 7).await.unwrap();
    let read = async || {
        let request = GetStepRequest { step_id: release.clone() };
        get_step::handle(&one.fixture.service, stand_in.clone(), request)
            .await
            .map_err(|error| error.problem())
    };
    let act = async || {
        let request = AuthorizeStepRequest { step_id: release.clone(), action: "act".to_owned() };
        let answer = authorize_step::handle(&one.fixture.service, stand_in.clone(), request).await;
        answer.map(|_| ()).map_err(|error| error.problem())
    };
    assert!(read().await.unwrap().step.unwrap().can_act && act().await.is_ok());
    one.fixture.leave_roles(&flo, &["project_manager"]);
    assert_eq!(one.approve(&stand_in, "release").await.unwrap_err(), Problem::not_found());
    assert_eq!(
        (read().await.unwrap_err(), act().await.unwrap_err()),
        (Problem::not_found(), Problem::not_found())
    );
    one.fixture.leave_roles(&flo, &["finance"]);
    one.fixture.deactivate(&flo);
    assert_eq!(one.approve(&stand_in, "release").await.unwrap_err(), Problem::not_found());
    assert!(one.step(&one.finance, "release").await.approvals.is_empty());
}

#[tokio::test]
async fn what_needs_a_stand_in_is_what_they_may_do_for_somebody() {
    let one = invoice(FOUR_EYES, 500).await;
    let (flo, stand_in) = (one.fixture.staff("Flo", &["finance"]), one.fixture.staff("Sten", &[]));
    prepare(&one).await;
    let needed = async |ctx: &Ctx| {
        let asked =
            list_attention::handle(&one.fixture.service, ctx.clone(), Default::default()).await.unwrap();
        asked.needs_you.len()
    };
    assert_eq!((needed(&flo).await, needed(&one.finance).await), (1, 0), "not whoever has prepared it");
    // Whoever has prepared it cannot hand it on, and somebody else can.
    ask(&one, &one.finance, &stand_in, 7).await.unwrap();
    assert_eq!(needed(&stand_in).await, 0);
    one.fixture.database.clock.advance(TimeDelta::minutes(1));
    ask(&one, &flo, &stand_in, 7).await.unwrap();
    assert_eq!(needed(&stand_in).await, 1);
    one.fixture.leave_roles(&flo, &["project_manager"]);
    assert_eq!(needed(&stand_in).await, 0, "what was lost is not handed on");
    one.fixture.leave_roles(&flo, &["finance"]);
    assert_eq!(needed(&stand_in).await, 1);
    one.fixture.deactivate(&flo);
    assert_eq!(needed(&stand_in).await, 0);
}

#[tokio::test]
async fn whoever_must_not_approve_does_not_waive_either() {
    let one = invoice(FOUR_EYES, 500).await;
    let admin = one.fixture.staff("Ada", &["admin", "finance"]);
    let waive = async |ctx: &Ctx, key: &str| {
        let step_id = one.step(&one.finance, key).await.id;
        let request = WaiveStepRequest { step_id, reason: "In a hurry".to_owned() };
        waive_step::handle(&one.fixture.service, ctx.clone(), request).await.map_err(|error| error.problem())
    };
    let done = async |ctx: &Ctx| {
        let request =
            CompleteTaskRequest { step_id: one.step(&one.finance, "prepare").await.id, note: String::new() };
        complete_task::handle(&one.fixture.service, ctx.clone(), request)
            .await
            .map_err(|error| error.problem())
    };
    done(&admin).await.unwrap();
    assert_eq!(waive(&admin, "release").await.unwrap_err().reason, "four_eyes");
    assert_ne!(one.step(&one.finance, "release").await.state(), StepState::Waived);
    let other = one.fixture.staff("Abe", &["admin"]);
    waive(&other, "release").await.unwrap();

    // The other way round: whoever has waived it first does not do what was to be approved.
    let one = invoice(FOUR_EYES, 500).await;
    let admin = one.fixture.staff("Ada", &["admin", "finance"]);
    let step_id = one.step(&one.finance, "release").await.id;
    let request = WaiveStepRequest { step_id, reason: "In a hurry".to_owned() };
    waive_step::handle(&one.fixture.service, admin.clone(), request).await.unwrap();
    let request =
        CompleteTaskRequest { step_id: one.step(&one.finance, "prepare").await.id, note: String::new() };
    let refused = complete_task::handle(&one.fixture.service, admin, request).await.unwrap_err().problem();
    assert_eq!(refused.reason, "four_eyes");
}

#[tokio::test]
async fn a_stand_in_of_several_decides_for_whoever_may_and_has_not() {
    let one = invoice(FOUR_EYES, 500).await;
    let (flo, stand_in) = (one.fixture.staff("Flo", &["finance"]), one.fixture.staff("Sten", &[]));
    prepare(&one).await;
    // The first who asked has prepared it, the second has not.
    ask(&one, &one.finance, &stand_in, 7).await.unwrap();
    one.fixture.database.clock.advance(TimeDelta::minutes(1));
    ask(&one, &flo, &stand_in, 7).await.unwrap();
    let done = one.approve(&stand_in, "release").await.unwrap();
    assert_eq!((done.state(), done.approvals[0].on_behalf_of.as_str()), (StepState::Done, "Flo"));

    let steps = IN_ORDER.replace("{role: finance, count: 2}", "{role: finance, count: 3}");
    let one = invoice(&steps, 500).await;
    let (flo, stand_in) = (one.fixture.staff("Flo", &["finance"]), one.fixture.staff("Sten", &[]));
    ask(&one, &one.finance, &stand_in, 7).await.unwrap();
    one.fixture.database.clock.advance(TimeDelta::minutes(1));
    ask(&one, &flo, &stand_in, 7).await.unwrap();
    one.approve(&one.finance, "sign_off").await.unwrap();
    let second = one.approve(&stand_in, "sign_off").await.unwrap();
    assert_eq!(second.approvals[1].on_behalf_of, "Flo", "who has approved is not stood in for");
}

#[tokio::test]
async fn a_delegation_is_ones_own_and_names_somebody_of_the_firm() {
    let one = invoice(FOUR_EYES, 500).await;
    let (flo, sten) = (one.fixture.staff("Flo", &["finance", "admin"]), one.fixture.staff("Sten", &[]));
    for (ctx, days, field) in [(&flo, 7, "person_id"), (&sten, 0, "until"), (&sten, 400, "until")] {
        assert_eq!(ask(&one, &flo, ctx, days).await.unwrap_err().fields[0].field, field);
    }
    assert_eq!(
        ask(&one, &flo, &one.vendor, 7).await.unwrap_err(),
        Problem::not_found(),
        "no client stands in"
    );
    let elsewhere = portico_testkit::staff(one.fixture.database.tenant(), &["finance"]);
    ask(&one, &flo, &sten, 7).await.unwrap();
    ask(&one, &flo, &sten, 9).await.unwrap();
    let list = async |ctx: &Ctx| {
        list_delegations::handle(&one.fixture.service, ctx.clone(), ListDelegationsRequest {}).await.unwrap()
    };
    assert_eq!(
        (list(&flo).await.given.len(), list(&sten).await.held.len()),
        (1, 1),
        "the newer takes the place"
    );
    assert!(list(&one.finance).await.given.is_empty() && list(&elsewhere).await.held.is_empty());
    let stand_in = list_attention::handle(&one.fixture.service, sten.clone(), Default::default()).await;
    assert!(stand_in.is_ok());
    let end = async |ctx: &Ctx, other: &Ctx| {
        let request = EndDelegationRequest { person_id: id(other) };
        end_delegation::handle(&one.fixture.service, ctx.clone(), request)
            .await
            .map_err(|error| error.problem())
    };
    for ctx in [&one.finance, &elsewhere, &sten] {
        assert_eq!(end(ctx, &sten).await.unwrap_err(), Problem::not_found());
    }
    end(&flo, &sten).await.unwrap();
    assert_eq!(end(&flo, &sten).await.unwrap_err(), Problem::not_found());
    assert!(list(&sten).await.held.is_empty());
}

#[tokio::test]
async fn comments_are_pinned_to_their_places_and_go_when_it_is_approved() {
    let one = invoice(FOUR_EYES, 500).await;
    let flo = one.fixture.staff("Flo", &["finance"]);
    prepare(&one).await;
    let step_id = one.step(&flo, "release").await.id;
    let give_back = async |left: f64, page: i32, text: &str| {
        let pin = Pin { page, left, top: 0.5, width: 0.25, height: 0.1, text: text.to_owned() };
        let request = DecideApprovalRequest {
            step_id: step_id.clone(),
            decision: Decision::Return.into(),
            pins: vec![pin],
            ..Default::default()
        };
        let answer = decide_approval::handle(&one.fixture.service, flo.clone(), request).await;
        answer.map_err(|error| error.problem())
    };
    for (left, page, text) in
        [(0.8, 1, "x"), (f64::NAN, 1, "x"), (-0.1, 1, "x"), (0.1, 0, "x"), (0.1, 1, " ")]
    {
        assert_eq!(
            give_back(left, page, text).await.unwrap_err().fields[0].field,
            "pins[0]",
            "{left} {page} {text}"
        );
    }
    let step = give_back(0.1, 2, "This sum is wrong").await.unwrap().step.unwrap();
    assert_eq!((step.state(), step.pins.len(), step.pins[0].page), (StepState::Returned, 1, 2));
    assert_eq!(step.pins[0].text, "This sum is wrong");
    assert!(one.approve(&flo, "release").await.unwrap().pins.is_empty());
}
