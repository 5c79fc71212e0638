//! The program is killed while it seals what was just signed.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use chrono::TimeDelta;
use http::StatusCode;
use portico_proto::{
    documents::v1::{Envelope, GetEnvelopeRequest, SignEnvelopeRequest, SignerState},
    workflow::v1::StepState,
};

use crate::harness::{Outcome, Persona, Process, Visitor, World, plain, steps};

/// How many contracts are signed, each with the program killed a little later than for the one before.
const KILLS: u64 = 5;

/// Killed at any moment of the last signature, a contract is signed and sealed or it is not signed at all; what was answered with yes
/// stays, and whoever was not answered signs again. In the end each has one sealed file, which holds, and its step is done once.
pub(super) async fn killed_in_mid_seal_a_contract_is_signed_once_or_not_at_all() -> Outcome {
    let mut world = World::demo().await?;
    let sam = world.person("northwind", "sam@acme.example").await?;
    let mut contracts = Vec::new();
    for number in 0..KILLS {
        let engagement = world.signed_engagement(&format!("Warehouse audit {number}")).await?;
        let step = steps(&sam.run(&engagement.run).await?)["agreement"].id.clone();
        let open = envelope(&sam, &step).await?;
        let original = open.original.context("no original")?;
        let sign = SignEnvelopeRequest {
            envelope_id: open.id.clone(),
            sha256: original.sha256.clone(),
            typed_name: "Sam Okafor".to_owned(),
            consent: true,
            intent: true,
            user_agent: "a browser".to_owned(),
            consent_text: "I agree to sign electronically.".to_owned(),
            ..SignEnvelopeRequest::default()
        };
        sam.documents().sign_envelope(sign).await?;
        world.settle().await?;
        contracts.push((open.id, original.sha256, step, engagement.run));
    }
    let mut paul = world.staff("northwind", "paul@northwind.example").await?;
    let mut process = world.hand_over().await?;
    let mut acknowledged = Vec::new();
    for ((id, sha256, ..), kill) in contracts.iter().zip(0..) {
        paul.get(&format!("/sign/{id}?step=read")).await?.is(StatusCode::OK)?.shows("I have read it")?;
        // From before anything is done to after all of it: sealing takes some tens of milliseconds.
        acknowledged.push(
            sign_and_kill(&paul, id, sha256, &mut process, Duration::from_millis(5 + kill * 25)).await?,
        );
    }
    for ((id, sha256, ..), heard) in contracts.iter().zip(&acknowledged) {
        let page = paul.get(&format!("/sign/{id}")).await?.is(StatusCode::OK)?;
        let done = page.text().contains("SHA-256");
        ensure!(done || !heard, "{id} was answered as signed and is not");
        if !done {
            let path = format!("/sign/{id}/sign");
            paul.post_only(&path, &said(sha256)).await?.is(StatusCode::SEE_OTHER)?;
        }
    }
    process.kill()?;
    let log = process.log()?;
    ensure!(!log.contains("panicked"), "it panicked: {log}");
    world.take_back_after(TimeDelta::minutes(10)).await?;
    world.settle().await?;
    let sam = world.person("northwind", "sam@acme.example").await?;
    for (id, _, step, run) in &contracts {
        let state = steps(&sam.run(run).await?)["agreement"].state();
        ensure!(state == StepState::Done, "the step of {id} is {state:?}");
        let done = envelope(&sam, step).await?;
        ensure!(done.state == "completed", "{id} is {}", done.state);
        ensure!(done.signers.iter().all(|signer| signer.state() == SignerState::Signed), "{id}: {done:?}");
        let version = done.signed.context("no sealed file")?.id;
        let file = sam.download(&format!("/versions/{version}")).await?.body;
        let mut nobody = world.visitor("northwind");
        nobody.get("/verify").await?.is(StatusCode::OK)?;
        let told = nobody.post_with_file("/verify", &[], "signed.pdf", &file).await?.is(StatusCode::OK)?;
        let told = plain(&told.text());
        ensure!(told.contains("not a byte of it was changed"), "{id}: {told}");
    }
    once(&world).await
}

fn said(sha256: &str) -> [(&str, &str); 5] {
    [("typed_name", "Paul Meyer"), ("sha256", sha256), ("others", ""), ("intent", "yes"), ("consent", "yes")]
}

async fn envelope(person: &Persona, step: &str) -> anyhow::Result<Envelope> {
    let asked = GetEnvelopeRequest { step_id: step.to_owned(), opening: true, ..Default::default() };
    person.documents().get_envelope(asked).await?.into_inner().envelope.context("no envelope")
}

/// Sends the last signature and kills the program so much later. Whether it was answered that it counts.
async fn sign_and_kill(
    paul: &Visitor,
    id: &str,
    sha256: &str,
    process: &mut Process,
    after: Duration,
) -> anyhow::Result<bool> {
    let (mut paul, path, sha256) = (paul.clone(), format!("/sign/{id}/sign"), sha256.to_owned());
    let sent = tokio::spawn(async move { paul.post_only(&path, &said(&sha256)).await });
    tokio::time::sleep(after).await;
    process.kill()?;
    let heard = sent.await?.is_ok_and(|answer| answer.status == StatusCode::SEE_OTHER);
    process.revive().await?;
    Ok(heard)
}

async fn once(world: &World) -> Outcome {
    let count = async |sql: &'static str| -> anyhow::Result<i64> {
        Ok(sqlx::query_scalar(sql).fetch_one(world.database.admin()).await?)
    };
    let all = i64::try_from(KILLS)?;
    let sealed = count("select count(*) from documents.documents where kind = 'signed'").await?;
    ensure!(sealed == all, "{sealed} sealed documents of {all} contracts");
    let signed = count("select count(*) from documents.envelope_events where kind = 'signed'").await?;
    ensure!(signed == 2 * all, "{signed} signatures in the chains of {all} contracts");
    let told = count(
        "select count(*) from documents.outbox o where o.type = 'portico.events.v1.StepFulfilled' and exists (
           select from documents.envelopes e where position(convert_to(e.step_id::text, 'UTF8') in o.body) > 0)",
    )
    .await?;
    ensure!(told == all, "it was told {told} times that one of {all} contracts is signed");
    Ok(())
}
