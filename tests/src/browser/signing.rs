//! A contract, read and signed in the browser.

use anyhow::{Context as _, ensure};
use portico_proto::documents::v1::GetEnvelopeRequest;

use super::page::{fits_a_phone, follow};
use crate::harness::{Browser, Outcome, World, steps};

/// Who you are, read, your signature, sign: nothing is signed before both sentences are ticked.
pub(super) async fn b04_a_contract_is_signed_in_four_steps_and_only_with_both_sentences_ticked() -> Outcome {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let visitor = world.client("northwind", "sam@acme.example").await?;
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let step_id = steps(&paul.run(&engagement.run).await?)["agreement"].id.clone();
    let signed = || async {
        let asked = GetEnvelopeRequest { step_id: step_id.clone(), ..Default::default() };
        let envelope = paul.documents().get_envelope(asked).await?.into_inner().envelope;
        let signers = envelope.context("no envelope")?.signers;
        anyhow::Ok(signers.iter().filter(|signer| signer.signed_at.is_some()).count())
    };
    let sam = Browser::phone().await?;
    sam.take_over(&visitor, &world.url("northwind", "/")).await?;
    follow(&sam, "Review and sign the data agreement").await?;
    sam.wait_for_text("You sign as Sam Okafor (sam@acme.example).").await?;
    fits_a_phone(&sam).await?;
    follow(&sam, "Start reading").await?;
    sam.find("figure.sheet img").await?;
    let start = std::time::Instant::now();
    while sam.execute("return document.querySelector('figure.sheet img').naturalWidth > 100").await? != true {
        ensure!(start.elapsed().as_secs() < 10, "the first page of the contract is not drawn");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    fits_a_phone(&sam).await?;
    follow(&sam, "I have read it").await?;
    sam.fill("#f-typed_name", "Sam Okafor").await?;
    sam.find("signature-pad canvas").await?;
    fits_a_phone(&sam).await?;
    sam.click("form[action$='/sign/review'] .actions .button").await?;
    sam.find("#f-intent").await?;
    fits_a_phone(&sam).await?;
    sam.click("form[action$='/sign'] .actions .button").await?;
    sam.wait_for_text("Say that you mean to sign.").await?;
    sam.click("#f-intent").await?;
    sam.click("form[action$='/sign'] .actions .button").await?;
    sam.find(".error-summary a[href='#f-consent']").await?;
    ensure!(signed().await? == 0, "signed without consent");
    for sentence in ["#f-intent", "#f-consent"] {
        if !sam.find(sentence).await?.is_selected().await? {
            sam.click(sentence).await?;
        }
    }
    sam.click("form[action$='/sign'] .actions .button").await?;
    sam.wait_for_text("signs next; you get a mail when everybody has signed").await?;
    let text = sam.text().await?;
    ensure!(
        text.contains("Paul Meyer has this now") && text.contains("signed "),
        "the page after signing reads {text}"
    );
    ensure!(signed().await? == 1, "the signature was not kept");
    let complaints = sam.complaints().await?;
    let complaints: Vec<_> = complaints.into_iter().filter(|line| !line.contains("status of 422")).collect();
    ensure!(complaints.is_empty(), "{}", complaints.join("\n"));
    sam.close().await
}
