//! The program is killed between asking a provider to give money back and booking it.

use std::time::Duration;

use anyhow::ensure;
use chrono::TimeDelta;
use http::{Method, StatusCode};
use serde_json::json;

use super::payment::tell_and_kill;
use crate::{
    harness::{Outcome, Stripe, World},
    isolation::money,
};

/// How often it is killed while the provider tells that the money has left.
const KILLS: u64 = 4;

/// Killed while the provider gives the money back and its answer is on the way, and again while it tells of it: it is given back once and
/// booked once.
pub(super) async fn killed_in_mid_refund_it_is_given_back_and_booked_once() -> Outcome {
    let stripe = Stripe::start().await?;
    let mut world = World::demo().await?;
    let acme = world.person("northwind", "paul@northwind.example").await?.account("Acme").await?;
    let there = money::of_account(&world, &acme, "Harbour survey").await?;
    let invoice = there["sales_document_id"].first().cloned().unwrap_or_default();
    world.settle().await?;
    let mut ana = world.client("northwind", "ana@acme.example").await?;
    let mut nora = world.staff("northwind", "nora@northwind.example").await?;
    world.pay_through(&stripe);
    let mut process = world.hand_over().await?;
    ana.post_only(&format!("/invoices/{invoice}/pay"), &[]).await?.is(StatusCode::OK)?;
    let paid = json!({
        "id": "pi_1", "status": "succeeded", "amount_received": 123_950, "currency": "eur", "created": 1_800_000_000,
        "metadata": { "checkout": stripe.asked().checkout },
    });
    let (headers, body) = stripe.tell("payment_intent.succeeded", &paid)?;
    let mut provider = world.visitor("northwind");
    provider.send(Method::POST, "/webhooks/stripe", headers, body).await?.is(StatusCode::NO_CONTENT)?;
    let payment: String =
        sqlx::query_scalar("select id::text from billing.payments where reference = 'pi_1'")
            .fetch_one(world.database.admin())
            .await?;

    // The provider gives the money back, and its answer never arrives.
    stripe.be_silent(true);
    let page = format!("/console/accounts/{acme}/billing");
    let give = format!("{page}/refund");
    let fields = [
        ("key", "refund-of-tests"),
        ("payment_id", payment.as_str()),
        ("currency", "EUR"),
        ("refund_amount", "239.50"),
        ("refund_reason", "Agreed"),
    ];
    let lost = {
        let (mut nora, give) = (nora.clone(), give.clone());
        let fields = fields.map(|(name, value)| (name, value.to_owned()));
        tokio::spawn(async move {
            let fields: Vec<(&str, &str)> =
                fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            nora.post_only(&give, &fields).await
        })
    };
    let patience = std::time::Instant::now() + Duration::from_secs(30);
    while stripe.refunds().is_empty() {
        ensure!(std::time::Instant::now() < patience, "the provider was never asked");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    process.kill()?;
    ensure!(lost.await?.is_err(), "a killed program has answered");
    stripe.be_silent(false);
    process.revive().await?;

    // Whoever presses again asks for the same refund; more than is left is refused.
    let again = nora.post_only(&give, &fields).await?;
    ensure!(again.status == StatusCode::SEE_OTHER, "answered {}: {}", again.status, again.text());
    let mut more = fields;
    (more[0].1, more[3].1) = ("another", "1,000.01");
    nora.post_only(&give, &more).await?.is(StatusCode::UNPROCESSABLE_ENTITY)?;
    let made = stripe.refunds();
    ensure!(made.len() == 1, "it was given back {} times", made.len());
    let keys = stripe.asked().refund_keys;
    ensure!(keys.iter().all(|key| *key == keys[0]), "other keys: {keys:?}");
    for kill in 0..KILLS {
        let told = ("refund.updated", &made[0]);
        tell_and_kill(&world, &stripe, told, &mut process, Duration::from_millis(kill * kill * 6)).await?;
    }
    let (headers, body) = stripe.tell("refund.updated", &made[0])?;
    provider.send(Method::POST, "/webhooks/stripe", headers, body).await?.is(StatusCode::NO_CONTENT)?;
    ana.get(&format!("/invoices/{invoice}")).await?.is(StatusCode::OK)?.shows("239.50 EUR to pay")?;
    process.kill()?;
    let log = process.log()?;
    ensure!(!log.contains("panicked"), "it panicked: {log}");
    world.take_back_after(TimeDelta::minutes(10)).await?;
    world.settle().await?;
    ensure!(stripe.refunds().len() == 1, "it was given back again");
    balanced(&world).await
}

async fn balanced(world: &World) -> Outcome {
    let count = async |sql: &'static str| -> anyhow::Result<i64> {
        Ok(sqlx::query_scalar(sql).fetch_one(world.database.admin()).await?)
    };
    let booked = count("select count(*) from billing.refunds where reference = 're_1'").await?;
    ensure!(booked == 1, "it was booked {booked} times");
    let asked = count("select count(*) from billing.provider_refunds where state = 'succeeded'").await?;
    ensure!(asked == 1, "{asked} refunds have succeeded");
    let balance = count("select coalesce(sum(amount), 0)::bigint from billing.ledger_entries").await?;
    ensure!(balance == 0, "the books are off by {balance}");
    let open = count(
        "select coalesce(sum(amount), 0)::bigint from billing.ledger_entries where chart = 'receivable'",
    )
    .await?;
    ensure!(open == 23_950, "{open} is open");
    Ok(())
}
