//! The vendor's portal, from its definition alone: submit, approve by threshold, return with a reason, pay.

use anyhow::{Context as _, ensure};
use portico_proto::workflow::v1::{
    CompleteTaskRequest, DecideApprovalRequest, Decision, GetRecordRequest, ListRecordsRequest,
    ListRunsRequest, Run, Step, StepState,
};
use serde_json::json;

use crate::harness::{Outcome, Persona, World, pdf, steps};

pub(super) struct Purchase {
    portal: String,
    account: String,
    order: String,
    pub(super) vera: Persona,
    pub(super) finn: Persona,
    petra: Persona,
}

pub(super) async fn purchase(world: &World) -> anyhow::Result<Purchase> {
    let (vera, finn) = (
        world.person("northwind", "vera@fabrikam.example").await?,
        world.person("northwind", "finn@northwind.example").await?,
    );
    let petra = world.person("northwind", "petra@northwind.example").await?;
    let account = finn.account("Fabrikam Supplies").await?;
    let portal = finn.portal("vendor-invoices").await?;
    let fields = json!({"total": {"amount": 5_000_000, "currency": "USD"}});
    let order = finn.create(&portal, "purchase_order", &account, fields).await?.id;
    Ok(Purchase { portal, account, order, vera, finn, petra })
}

impl Purchase {
    pub(super) async fn submit(
        &self,
        world: &World,
        number: &str,
        amount: i64,
        currency: &str,
    ) -> anyhow::Result<(String, Run)> {
        let file = self
            .vera
            .upload(&format!("/record-files?account_id={}", self.account), "invoice.pdf", pdf("Invoice", 1))
            .await?;
        let fields = json!({"purchase_order": self.order, "amount": {"amount": amount, "currency": currency},
            "supplier_no": number, "file": [file.text("document_id")?]});
        let invoice = self.vera.create(&self.portal, "invoice", &self.account, fields).await?.id;
        world.settle().await?;
        let asked = ListRunsRequest { record_id: invoice.clone(), ..ListRunsRequest::default() };
        let run = self
            .finn
            .workflow()
            .list_runs(asked)
            .await?
            .into_inner()
            .runs
            .into_iter()
            .next()
            .context("no run started")?;
        let run = self.finn.run(&run.id).await?;
        Ok((invoice, run))
    }

    async fn state(&self, invoice: &str) -> anyhow::Result<String> {
        let asked = GetRecordRequest { record_id: invoice.to_owned() };
        Ok(self.vera.workflow().get_record(asked).await?.into_inner().record.context("no invoice")?.state)
    }
}

async fn decide(
    person: &Persona,
    step: &Step,
    decision: Decision,
    comment: &str,
) -> Result<(), tonic::Status> {
    let asked = DecideApprovalRequest {
        step_id: step.id.clone(),
        decision: decision.into(),
        comment: comment.to_owned(),
        ..DecideApprovalRequest::default()
    };
    person.workflow().decide_approval(asked).await.map(|_| ())
}

pub(super) async fn approve(person: &Persona, step: &Step) -> Result<(), tonic::Status> {
    decide(person, step, Decision::Approve, "").await
}

/// Story 12: over 10,000 the plant manager approves first, below only finance; an amount that cannot be compared needs the plant manager.
pub(super) async fn s12_invoices_are_approved_by_threshold_and_paid() -> Outcome {
    let world = World::demo().await?;
    let purchase = purchase(&world).await?;

    let (small, run) = purchase.submit(&world, "F-1", 250_000, "USD").await?;
    ensure!(
        steps(&run)["plant"].state() == StepState::Skipped,
        "a small invoice waits for the plant manager"
    );
    ensure!(
        decide(&purchase.vera, &steps(&run)["finance"], Decision::Approve, "").await.is_err(),
        "the vendor approved their own invoice"
    );
    decide(&purchase.finn, &steps(&run)["finance"], Decision::Approve, "").await?;
    world.settle().await?;
    ensure!(purchase.state(&small).await? == "approved", "the small invoice is not approved");
    let pay = steps(&purchase.finn.run(&run.id).await?)["pay"].id.clone();
    purchase.finn.workflow().complete_task(CompleteTaskRequest { step_id: pay, note: String::new() }).await?;
    world.settle().await?;
    ensure!(purchase.state(&small).await? == "paid", "the small invoice is not paid");

    let (large, run) = purchase.submit(&world, "F-2", 1_000_001, "USD").await?;
    ensure!(
        steps(&run)["plant"].state() == StepState::Active,
        "a large invoice does not wait for the plant manager"
    );
    ensure!(steps(&run)["finance"].state() == StepState::Blocked, "finance need not wait");
    ensure!(
        decide(&purchase.finn, &steps(&run)["plant"], Decision::Approve, "").await.is_err(),
        "finance approved for the plant"
    );
    ensure!(
        decide(&purchase.petra, &steps(&run)["plant"], Decision::Return, "").await.is_err(),
        "returned without a reason"
    );
    decide(&purchase.petra, &steps(&run)["plant"], Decision::Return, "We did not order this").await?;
    world.settle().await?;
    ensure!(purchase.state(&large).await? == "rejected", "the returned invoice is not rejected");

    let (_, run) = purchase.submit(&world, "F-3", 100, "EUR").await?;
    ensure!(
        steps(&run)["plant"].state() == StepState::Active,
        "an amount in another currency skipped the plant manager"
    );

    let mail = world.mailbox("northwind").await?;
    let told = mail.to("vera@fabrikam.example").await?;
    for state in ["approved", "paid", "rejected"] {
        ensure!(
            told.iter().any(|mail| mail.subject.to_lowercase().contains(state)),
            "the vendor was not told of {state}"
        );
    }
    Ok(())
}

/// The same number twice within one account is refused; another account may use it. No vendor sees another's invoices.
pub(super) async fn i11_a_number_is_unique_within_its_account_only_and_vendors_see_their_own() -> Outcome {
    let world = World::demo().await?;
    let purchase = purchase(&world).await?;
    purchase.submit(&world, "F-1", 100, "USD").await?;
    let again = purchase.submit(&world, "F-1", 200, "USD").await;
    ensure!(again.is_err(), "the same supplier number was taken twice");
    let tom = world.person("northwind", "tom@tailspin.example").await?;
    let tailspin = purchase.finn.account("Tailspin Tools").await?;
    let order = purchase
        .finn
        .create(
            &purchase.portal,
            "purchase_order",
            &tailspin,
            json!({"total": {"amount": 1000, "currency": "USD"}}),
        )
        .await?;
    let file = tom
        .upload(&format!("/record-files?account_id={tailspin}"), "i.pdf", pdf("Invoice", 1))
        .await?
        .text("document_id")?;
    let fields = json!({"purchase_order": order.id, "amount": {"amount": 100, "currency": "USD"}, "supplier_no": "F-1", "file": [file]});
    tom.create(&purchase.portal, "invoice", &tailspin, fields.clone())
        .await
        .context("another account may use the same number")?;
    let mut foreign = fields;
    foreign["purchase_order"] = json!(purchase.order);
    foreign["supplier_no"] = json!("F-9");
    ensure!(
        tom.create(&purchase.portal, "invoice", &tailspin, foreign).await.is_err(),
        "i10: an invoice refers to another vendor's order"
    );
    let asked = ListRecordsRequest {
        portal_id: purchase.portal.clone(),
        kind: "invoice".to_owned(),
        ..ListRecordsRequest::default()
    };
    let seen = tom.workflow().list_records(asked).await?.into_inner().records;
    ensure!(seen.len() == 1 && seen[0].account_id == tailspin, "Tom sees {} invoices", seen.len());
    Ok(())
}
