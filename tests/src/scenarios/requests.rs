//! The firm asks several clients for documents at once.

use anyhow::{Context as _, ensure};
use http::StatusCode;
use portico_proto::{
    documents::v1::{AcceptItemRequest, GetRequestRequest, ItemState},
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

/// What Acme was asked for stands on Paul's board until it is accepted; Ana is reminded of it by one mail, however often the button is
/// pressed, and not at all once she has handed it in. Finn, who is not of the team, sees nothing of it.
pub(super) async fn what_is_outstanding_is_listed_and_reminded_of() -> Outcome {
    const BOARD: &str = "/console/outstanding?q=send+your+papers";
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let mut console = world.staff("northwind", "paul@northwind.example").await?;
    let page = console.get("/console/requests").await?.is(StatusCode::OK)?;
    let key = page.field("key").context("no key")?;
    let fields = [
        ("key", key.as_str()),
        ("title", "Send your papers"),
        ("items", "Bank statements\nReceipts?"),
        ("accept", "pdf"),
        ("due_days", "10"),
        ("reviewer", paul.id.as_str()),
        ("account", engagement.account.as_str()),
    ];
    console.post_only("/console/requests", &fields).await?.is(StatusCode::OK)?;
    world.settle().await?;

    let board = console.get(BOARD).await?.is(StatusCode::OK)?.shows("Bank statements")?;
    let board = board.shows("Waits for the client")?;
    ensure!(!board.text().contains("Receipts"), "what may be left out is on the board");
    let (key, step) = (board.field("key").context("no key")?, board.field("step").context("no request")?);
    let mailbox = world.mailbox("northwind").await?;
    let reminders = async || mailbox.count("ana@acme.example", "reminder").await;
    let remind = [("key", key.as_str()), ("step", step.as_str()), ("q", "send your papers")];
    for _ in 0..2 {
        let told = console.post_only("/console/outstanding/remind", &remind).await?.is(StatusCode::OK)?;
        told.shows("The reminder is on its way.")?.shows("by Paul")?;
    }
    let mail = mailbox.wait_for("ana@acme.example", "reminder", 0).await?;
    ensure!(mail.text.contains("Bank statements"), "the mail does not say what is missing: {}", mail.text);
    // Another form, and the button on the step's own page, come too soon.
    let fresh = console.get(BOARD).await?.field("key").context("no key")?;
    let again = [("key", fresh.as_str()), ("step", step.as_str())];
    console.post_only("/console/outstanding/remind", &again).await?.shows("its client was reminded")?;
    let page = console.get(&format!("/console/steps/{step}")).await?.shows("Last reminded")?;
    let own = page.field("key").context("no button on the step's page")?;
    let told = console.post(&format!("/console/steps/{step}/remind"), &[("key", own.as_str())]).await?;
    told.shows("reminded less than an hour ago")?;
    let none = [("key", "k"), ("q", "")];
    let told = console.post_only("/console/outstanding/remind", &none).await?;
    let told = told.is(StatusCode::UNPROCESSABLE_ENTITY)?.text();
    ensure!(told.contains("Choose at least one request"), "an empty form is not answered in words");
    let mut outside = world.staff("northwind", "finn@northwind.example").await?;
    let theirs = outside.get(BOARD).await?.is(StatusCode::OK)?;
    ensure!(!theirs.text().contains("Bank statements"), "somebody outside of the team sees it");
    let told = outside.post_only("/console/outstanding/remind", &remind).await?;
    told.shows("it is not here")?;

    let ana = world.person("northwind", "ana@acme.example").await?;
    let asked = GetRequestRequest { step_id: step.clone() };
    let request = ana.documents().get_request(asked).await?.into_inner().request.context("no request")?;
    let item = request.items[0].id.clone();
    ana.upload(&format!("/items/{item}/files"), "bank.pdf", pdf("Bank", 1)).await?;
    world.settle().await?;
    console.get(BOARD).await?.shows("Waits for us to check it")?;
    let handed_in = [("key", "another"), ("step", step.as_str())];
    console
        .post_only("/console/outstanding/remind", &handed_in)
        .await?
        .shows("nothing of it waits for the client")?;
    world.settle().await?;
    ensure!(reminders().await? == 1, "{} reminders went out", reminders().await?);
    paul.documents().accept_item(AcceptItemRequest { item_id: item }).await?;
    world.settle().await?;
    console.get(BOARD).await?.shows("Nothing found")?;
    Ok(())
}
