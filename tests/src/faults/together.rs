//! Two processes at once on one database, as during an upgrade.

use anyhow::{Context as _, ensure};
use portico_proto::{
    messaging::v1::{GetThreadRequest, PostMessageRequest, messaging_client::MessagingClient},
    workflow::v1::ListRunsRequest,
};
use serde_json::json;

use crate::harness::{Outcome, World};

/// Both serve, both carry events and run timers, and everything happens once.
pub(super) async fn two_processes_do_the_work_of_one() -> Outcome {
    const MESSAGES: usize = 40;
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let second = world.second().await?;
    let (ana, paul) = (
        world.person("northwind", "ana@acme.example").await?,
        world.person("northwind", "paul@northwind.example").await?,
    );
    for number in 0..MESSAGES {
        let asked = PostMessageRequest {
            record_id: engagement.record.clone(),
            body: format!("message {number}"),
            idempotency_key: format!("key {number}"),
            ..PostMessageRequest::default()
        };
        let mut there = MessagingClient::new(second.peers().channel("messaging", ana.caller()));
        if number % 4 == 0 {
            // The same form through both at once.
            let mut here = ana.messaging();
            let (one, two) = tokio::join!(here.post_message(asked.clone()), there.post_message(asked));
            ensure!(one.is_ok() || two.is_ok(), "message {number} was refused twice: {one:?} {two:?}");
        } else if number % 2 == 0 {
            ana.messaging().post_message(asked).await?;
        } else {
            there.post_message(asked).await?;
        }
    }
    let nora = world.person("northwind", "nora@northwind.example").await?;
    let fields = json!({"title": "Second contract", "team": [paul.id], "contacts": []});
    let record = nora.create(&engagement.portal, "engagement", &engagement.account, fields).await?.id;
    let mut there = portico_proto::workflow::v1::workflow_client::WorkflowClient::new(
        second.peers().channel("workflow", nora.caller()),
    );
    let mut here = nora.workflow();
    let signed = portico_proto::workflow::v1::TransitionRecordRequest {
        record_id: record.clone(),
        to_state: "signed".to_owned(),
        ..Default::default()
    };
    let (one, two) = tokio::join!(here.transition_record(signed.clone()), there.transition_record(signed));
    ensure!(one.is_ok() || two.is_ok(), "the contract was signed by nobody: {one:?} {two:?}");
    world.settle().await?;
    second.settle(std::time::Duration::from_secs(20)).await?;

    let asked =
        GetThreadRequest { record_id: engagement.record.clone(), page_size: 200, ..Default::default() };
    let thread = paul.messaging().get_thread(asked).await?.into_inner().messages;
    ensure!(thread.len() == MESSAGES, "{MESSAGES} messages became {}", thread.len());
    let runs = ListRunsRequest { record_id: record, ..ListRunsRequest::default() };
    let runs = paul.workflow().list_runs(runs).await?.into_inner().runs;
    ensure!(runs.len() == 1, "{} runs started for one contract", runs.len());
    let count = async |sql: String| {
        sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(sql)).fetch_one(world.database.admin()).await
    };
    let told = count(format!(
        "select count(*) from messaging.notifications where thread_id is not null and person_id = '{}'",
        paul.id
    ))
    .await?;
    ensure!(usize::try_from(told)? == MESSAGES, "{MESSAGES} messages were told {told} times");
    for service in ["identity", "tenancy", "documents", "workflow", "messaging"] {
        let parked = count(format!("select count(*) from {service}.dead_letters")).await?;
        ensure!(parked == 0, "{parked} events of {service} were given up");
        let places = count(format!(
            "select count(*) from (select 1 from {service}.outbox group by virtual_partition, position having count(*) > 1) twice"
        ))
        .await?;
        ensure!(places == 0, "{places} places in the order of {service} were given twice");
    }
    second.stop().await;
    let asked = PostMessageRequest {
        record_id: engagement.record,
        body: "after the second has gone".to_owned(),
        ..PostMessageRequest::default()
    };
    ana.messaging().post_message(asked).await.context("the first does not go on alone")?;
    world.settle().await
}
