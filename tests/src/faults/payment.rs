//! The program is killed in the middle of a payment.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use chrono::TimeDelta;
use http::{Method, StatusCode};
use serde_json::json;

use crate::{
    harness::{Outcome, Process, Stripe, Visitor, World},
    isolation::money,
};

/// How often it is killed while the provider tells that money came.
const KILLS: u64 = 6;

/// Killed while it waits for the provider's page, and again and again while it takes in that the money came: there is one page, one
/// payment, and books that balance.
pub(super) async fn killed_in_mid_payment_it_is_paid_once() -> Outcome {
    let stripe = Stripe::start().await?;
    let mut world = World::demo().await?;
    let acme = world.person("northwind", "paul@northwind.example").await?.account("Acme").await?;
    let there = money::of_account(&world, &acme, "Harbour survey").await?;
    let invoice = there["sales_document_id"].first().context("no invoice")?.clone();
    world.settle().await?;
    let mut ana = world.client("northwind", "ana@acme.example").await?;
    world.pay_through(&stripe);
    let mut process = world.hand_over().await?;
    let page = format!("/invoices/{invoice}");
    ana.get(&page).await?.is(StatusCode::OK)?.shows("1,239.50 EUR to pay")?;

    // The provider has made the page, and its answer never arrives.
    stripe.be_silent(true);
    let pay = format!("{page}/pay");
    let lost = {
        let (mut ana, pay) = (ana.clone(), pay.clone());
        tokio::spawn(async move { ana.post_only(&pay, &[]).await })
    };
    let patience = std::time::Instant::now() + Duration::from_secs(30);
    while stripe.pages() == 0 {
        ensure!(std::time::Instant::now() < patience, "the provider was never asked");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    process.kill()?;
    ensure!(lost.await?.is_err(), "a killed program has answered");
    stripe.be_silent(false);
    process.revive().await?;
    let sent = ana.post_only(&pay, &[]).await?.is(StatusCode::OK)?;
    let leads = sent.text().contains("href=\"https://checkout.example/c/pay/cs_test_1\"");
    ensure!(leads, "no way to the provider's page: {}", sent.text());
    let asked = stripe.asked();
    ensure!(stripe.pages() == 1 && asked.keys.len() == 2, "the provider was asked {:?}", asked.keys);

    // The provider tells that the money came, and tells it again until it is heard.
    let paid = json!({
        "id": "pi_1", "status": "succeeded", "amount_received": 123_950, "currency": "eur", "created": 1_800_000_000,
        "metadata": { "checkout": asked.checkout },
    });
    for kill in 0..KILLS {
        let told = ("payment_intent.succeeded", &paid);
        tell_and_kill(&world, &stripe, told, &mut process, Duration::from_millis(kill * kill * 4)).await?;
    }
    for _ in 0..2 {
        let (headers, body) = stripe.tell("payment_intent.succeeded", &paid)?;
        let mut provider = world.visitor("northwind");
        provider.send(Method::POST, "/webhooks/stripe", headers, body).await?.is(StatusCode::NO_CONTENT)?;
    }
    ana.get(&page).await?.is(StatusCode::OK)?.shows("Paid")?;
    process.kill()?;
    let log = process.log()?;
    ensure!(!log.contains("panicked"), "it panicked: {log}");
    ensure!(!log.contains("sk_tests") && !log.contains("whsec_tests"), "the log holds secrets");
    world.take_back_after(TimeDelta::minutes(10)).await?;
    world.settle().await?;
    balanced(&world).await
}

/// Has the provider tell that something `happened` to an `object`, and kills the program so much later.
pub(super) async fn tell_and_kill(
    world: &World,
    stripe: &Stripe,
    (happened, object): (&str, &serde_json::Value),
    process: &mut Process,
    after: Duration,
) -> anyhow::Result<()> {
    let (headers, body) = stripe.tell(happened, object)?;
    let mut provider: Visitor = world.visitor("northwind");
    let told =
        tokio::spawn(async move { provider.send(Method::POST, "/webhooks/stripe", headers, body).await });
    tokio::time::sleep(after).await;
    process.kill()?;
    // Heard or not: the provider cannot know, and tells it again.
    let _ = told.await?;
    process.revive().await
}

async fn balanced(world: &World) -> Outcome {
    let count = async |sql: &'static str| -> anyhow::Result<i64> {
        Ok(sqlx::query_scalar(sql).fetch_one(world.database.admin()).await?)
    };
    let payments = count("select count(*) from billing.payments where reference = 'pi_1'").await?;
    ensure!(payments == 1, "the payment was booked {payments} times");
    let checkouts = count("select count(*) from billing.checkouts").await?;
    ensure!(checkouts == 1, "there are {checkouts} begun payments");
    let balance = count("select coalesce(sum(amount), 0)::bigint from billing.ledger_entries").await?;
    ensure!(balance == 0, "the books are off by {balance}");
    let open = count(
        "select coalesce(sum(amount), 0)::bigint from billing.ledger_entries where chart = 'receivable'",
    )
    .await?;
    ensure!(open == 0, "{open} is still open");
    let told =
        count("select count(*) from billing.outbox where type = 'portico.billing.v1.InvoicePaid'").await?;
    ensure!(told <= 1, "it was told {told} times that the invoice is paid");
    Ok(())
}
