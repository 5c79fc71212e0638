//! The firm asks several clients for documents at once.

use anyhow::{Context as _, ensure};
use http::StatusCode;
use portico_proto::{
    documents::v1::{GetRequestRequest, ItemState},
    workflow::v1::ListAttentionRequest,
};

use crate::harness::{Outcome, World, pdf};

/// One form asks Acme and Globex: Acme has it among what needs it, hands it in on the usual page, the reviewer gets it, and the same
/// form again sends nothing.
pub(super) async fn one_request_goes_to_many_accounts_once() -> Outcome {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let (paul, ana) = (
        world.person("northwind", "paul@northwind.example").await?,
        world.person("northwind", "ana@acme.example").await?,
    );
    let mut console = world.staff("northwind", "paul@northwind.example").await?;
    let page = console.get("/console/requests").await?.is(StatusCode::OK)?;
    let key = page.field("key").context("no key")?;
    ensure!(page.text().contains("Globex"), "not every account is offered");
    let fields = [
        ("key", key.as_str()),
        ("title", "Send your papers"),
        ("items", "Bank statements\nReceipts?"),
        ("accept", "pdf"),
        ("due_days", "10"),
        ("reviewer", paul.id.as_str()),
        ("account", engagement.account.as_str()),
    ];
    for word in ["Sent", "Sent before"] {
        let told = console.post_only("/console/requests", &fields).await?.is(StatusCode::OK)?;
        ensure!(told.text().contains(&format!(">{word}<")), "{word} is not told: {}", told.text());
    }
    world.settle().await?;
    let waiting = ana.workflow().list_attention(ListAttentionRequest::default()).await?.into_inner();
    let steps: Vec<_> = waiting
        .needs_you
        .into_iter()
        .filter_map(|item| item.step)
        .filter(|step| step.title == "Send your papers")
        .collect();
    ensure!(steps.len() == 1, "{} of them need Ana", steps.len());
    let step = &steps[0].id;
    let request = async |who: &crate::harness::Persona| -> anyhow::Result<_> {
        let asked = GetRequestRequest { step_id: step.clone() };
        who.documents().get_request(asked).await?.into_inner().request.context("no request")
    };
    let items = request(&ana).await?.items;
    let named: Vec<_> = items.iter().map(|item| (item.name.as_str(), item.min)).collect();
    ensure!(named == [("Bank statements", 1), ("Receipts", 0)], "{named:?}");
    let mut portal = world.client("northwind", "ana@acme.example").await?;
    let task = portal.get(&format!("/tasks/{step}")).await?.is(StatusCode::OK)?;
    ensure!(task.text().contains("Bank statements"), "the task does not say what is asked for");
    ana.upload(&format!("/items/{}/files", items[0].id), "bank.pdf", pdf("Bank", 1)).await?;
    world.settle().await?;
    let seen = request(&paul).await?;
    ensure!(
        seen.can_review && seen.items[0].state() == ItemState::Checking,
        "Paul cannot review it: {seen:?}"
    );
    Ok(())
}
