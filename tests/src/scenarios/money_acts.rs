//! What is done with money after it was asked for, over the pages that people use, without a script: an estimate is declined and revised,
//! an invoice is paid online, credited, given back, paid from a credit and written off.

use anyhow::{Context as _, ensure};
use http::{Method, StatusCode};
use serde_json::json;

use crate::{
    harness::{Answer, Outcome, Stripe, Visitor, World},
    isolation::money,
};

/// The page that an act leads to; anything but a redirect is a refusal.
fn led(answer: &Answer) -> anyhow::Result<String> {
    ensure!(answer.status == StatusCode::SEE_OTHER, "answered {}: {}", answer.status, answer.text());
    Ok(answer.headers.get(http::header::LOCATION).context("no location")?.to_str()?.to_owned())
}

/// The lines of the drafts that [`money::of_account`] makes, as the form of a draft has them.
fn lines(price: &str) -> [(&'static str, String); 8] {
    [
        ("count", "1"),
        ("lines[0].description", "Harbour survey"),
        ("lines[0].quantity", "8"),
        ("lines[0].unit", "HUR"),
        ("lines[0].unit_price", price),
        ("lines[0].tax_category", "S"),
        ("lines[0].tax_percent", "19"),
        ("currency", "EUR"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
}

/// Sends or issues a draft as its form does; answers the page of what was sent.
async fn issue(paul: &mut Visitor, id: &str, price: &str) -> anyhow::Result<String> {
    let draft = format!("/console/billing/{id}");
    let page = paul.get(&draft).await?.is(StatusCode::OK)?;
    let etag = page.field("etag").context("no etag")?;
    let lines = lines(price);
    let mut fields: Vec<(&str, &str)> = lines.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.extend([("title", "Harbour survey"), ("etag", etag.as_str()), ("go", "issue")]);
    led(&paul.post_only(&draft, &fields).await?)
}

/// Presses a button whose form is on the page, with the hidden fields that stand in it.
async fn press(who: &mut Visitor, page: &str, to: &str, typed: &[(&str, &str)]) -> anyhow::Result<Answer> {
    let shown = who.get(page).await?.is(StatusCode::OK)?;
    let text = shown.text();
    let form = text.split("<form").find(|form| form.contains(&format!("action=\"{to}\"")));
    let form = form.with_context(|| format!("{page} has no form that leads to {to}"))?;
    let mut hidden: Vec<(String, String)> = Vec::new();
    for tag in form.split("<input type=\"hidden\"").skip(1) {
        let part =
            |name: &str| tag.split(&format!("{name}=\"")).nth(1).and_then(|rest| rest.split('"').next());
        if let (Some(name), Some(value)) = (part("name"), part("value"))
            && name != "_csrf"
        {
            hidden.push((name.to_owned(), value.to_owned()));
        }
    }
    let mut fields: Vec<(&str, &str)> =
        hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.extend(typed);
    who.post_only(to, &fields).await
}

/// Every act on money by the forms of the pages, each seen by the client, and books that balance at the end.
pub(super) async fn money_is_given_back_credited_used_and_given_up() -> Outcome {
    let stripe = Stripe::start().await?;
    let mut world = World::demo().await?;
    world.pay_through(&stripe);
    world.restart().await?;
    let acme = world.person("northwind", "paul@northwind.example").await?.account("Acme").await?;
    let there = money::of_account(&world, &acme, "Harbour survey").await?;
    let [invoice, estimate, _, hidden] = &there["sales_document_id"][..] else {
        anyhow::bail!("other documents than expected")
    };
    world.settle().await?;
    let mut nora = world.staff("northwind", "nora@northwind.example").await?;
    let mut paul = world.staff("northwind", "paul@northwind.example").await?;
    let mut ana = world.client("northwind", "ana@acme.example").await?;

    declined_and_revised(&mut ana, &mut paul, estimate).await?;
    let seen = format!("/invoices/{invoice}");
    paid_online(&world, &stripe, &mut ana, &seen).await?;

    // The provider gives some of it back, at a button of ours.
    let money = format!("/console/accounts/{acme}/billing");
    let give = format!("{money}/refund");
    let typed = [("refund_amount", "239.50"), ("refund_reason", "Agreed with Ana")];
    let back = led(&press(&mut nora, &money, &give, &typed).await?)?;
    nora.get(&back).await?.shows("The refund was recorded.")?;
    ensure!(stripe.refunds().len() == 1, "the provider was not asked");
    let page = ana.get(&seen).await?.shows("239.50 EUR to pay")?;
    ensure!(!page.text().contains("Agreed with Ana"), "why is for the firm alone");
    let page = paul.get(&money).await?.is(StatusCode::OK)?;
    ensure!(!page.text().contains("/billing/refund\""), "only administrators give money back");
    paul.post_only(&give, &typed).await?.is(StatusCode::NOT_FOUND)?;

    // One hour is credited: nothing that was paid is lost.
    let paper = format!("/console/billing/{invoice}");
    let typed = [("reason", "One hour less"), ("lines[0].quantity", "1"), ("go", "part")];
    let note = led(&press(&mut paul, &paper, &format!("{paper}/credit"), &typed).await?)?;
    paul.get(&note).await?.shows("The credit note was issued.")?;
    ana.get(&note.split('?').next().unwrap_or_default().replace("/console/billing/", "/invoices/"))
        .await?
        .shows("178.50 EUR")?;
    ana.get(&seen).await?.shows("61.00 EUR to pay")?;

    // A payment that was kept as a credit pays the rest, by one press.
    let today = portico_core::Clock::now(&portico_core::SystemClock).date_naive().to_string();
    let typed = [
        ("amount", "100"),
        ("currency", "EUR"),
        ("received_on", today.as_str()),
        ("method", "cash"),
        ("pays", "credit"),
    ];
    led(&press(&mut paul, &money, &format!("{money}/payment"), &typed).await?)?;
    ana.get(&seen).await?.shows("61.00 EUR to pay")?;
    let used = led(&press(&mut paul, &paper, &format!("{paper}/use"), &[]).await?)?;
    paul.get(&used).await?.shows("The credit was used for this invoice.")?;
    ana.get(&seen).await?.shows("Paid")?;

    // What is left of it is given back by hand; more than that is refused, and what was typed is said to be wrong.
    let over =
        press(&mut nora, &money, &give, &[("refund_amount", "100.01"), ("refund_reason", "Cash")]).await?;
    over.is(StatusCode::UNPROCESSABLE_ENTITY)?;
    let typed = [("refund_amount", "39"), ("refund_reason", "Cash")];
    led(&press(&mut nora, &money, &give, &typed).await?)?;
    ana.get(&seen).await?.shows("Paid")?;

    receipts(&world, &mut ana, &mut paul, &seen).await?;
    given_up(&mut ana, &mut paul, &mut nora, hidden).await?;
    nora.get("/console/billing-books").await?.shows("The books are in balance.")?.shows("Written off")?;
    paul.get("/console/billing-books").await?.is(StatusCode::NOT_FOUND)?;
    ana.get("/statement").await?.is(StatusCode::OK)?.shows("Given back")?.shows("Credit note")?;
    let balance: i64 =
        sqlx::query_scalar("select coalesce(sum(amount), 0)::bigint from billing.ledger_entries")
            .fetch_one(world.database.admin())
            .await?;
    ensure!(balance == 0, "the books are off by {balance}");
    Ok(())
}

/// What a first start shows: an estimate to answer and an invoice to pay, once, however often the books are opened.
pub(super) async fn the_demo_has_money_to_look_at() -> Outcome {
    let world = World::demo().await?;
    world.open_books().await?;
    world.open_books().await?;
    let mut ana = world.client("northwind", "ana@acme.example").await?;
    let page = ana.get("/invoices").await?.shows("EST-00001")?.shows("INV-00001")?.shows("1,428.00 EUR")?;
    ensure!(!page.text().contains("-00002"), "the books were opened twice");
    let mut gina = world.client("northwind", "gina@globex.example").await?;
    let page = gina.get("/invoices").await?.is(StatusCode::OK)?;
    ensure!(!page.text().contains("INV-00001"), "another account reads it");
    let mut nora = world.staff("northwind", "nora@northwind.example").await?;
    nora.get("/console/billing").await?.shows("Kick-off workshop")?;
    nora.get("/console/billing-books").await?.shows("The books are in balance.")?.shows("1,428.00 EUR")?;
    Ok(())
}

/// The client declines and says why; the firm sends a new version, which alone can be accepted.
async fn declined_and_revised(ana: &mut Visitor, paul: &mut Visitor, estimate: &str) -> anyhow::Result<()> {
    let page = format!("/estimates/{estimate}");
    let answer = press(ana, &page, &format!("{page}/decline"), &[("reason", "Too dear for us")]).await?;
    let back = led(&answer)?;
    ana.get(&back).await?.shows("You have declined the estimate.")?.shows("Too dear for us")?;
    let console = format!("/console/billing/{estimate}");
    paul.get(&console).await?.shows("Ana Souza declined this")?.shows("Too dear for us")?;
    let next = led(&press(paul, &console, &format!("{console}/revise"), &[]).await?)?;
    let next =
        next.split('?').next().and_then(|path| path.rsplit('/').next()).context("no version")?.to_owned();
    ana.get(&format!("/estimates/{next}")).await?.is(StatusCode::NOT_FOUND)?;
    issue(paul, &next, "120").await?;
    let newer = format!("/estimates/{next}");
    ana.get(&newer).await?.shows("1,142.40 EUR")?;
    let old = ana.get(&page).await?.is(StatusCode::OK)?;
    ensure!(!old.text().contains("/accept\""), "the older version can still be accepted");
    led(&press(ana, &newer, &format!("{newer}/accept"), &[]).await?)?;
    paul.get(&format!("/console/billing/{next}")).await?.shows("Ana Souza accepted this")?;
    Ok(())
}

/// The client goes on to the provider's page, the provider tells that the money came, and the invoice is paid.
async fn paid_online(world: &World, stripe: &Stripe, ana: &mut Visitor, seen: &str) -> anyhow::Result<()> {
    let sent = press(ana, seen, &format!("{seen}/pay"), &[]).await?.is(StatusCode::OK)?;
    let way = sent.text().contains("href=\"https://checkout.example/c/pay/cs_test_1\"");
    ensure!(way && sent.text().contains(&format!("href=\"{seen}\"")), "no way on or back: {}", sent.text());
    let intent = json!({
        "id": "pi_1", "status": "processing", "amount_received": 0, "currency": "eur", "created": 1_800_000_000,
        "metadata": { "checkout": stripe.asked().checkout },
    });
    let mut paid = intent.clone();
    (paid["status"], paid["amount_received"]) = (json!("succeeded"), json!(123_950));
    for (kind, object, state) in [
        ("payment_intent.processing", &intent, "Payment on its way"),
        ("payment_intent.succeeded", &paid, "Paid"),
        ("payment_intent.succeeded", &paid, "Paid"),
    ] {
        let (headers, body) = stripe.tell(kind, object)?;
        let mut provider = world.visitor("northwind");
        provider.send(Method::POST, "/webhooks/stripe", headers, body).await?.is(StatusCode::NO_CONTENT)?;
        ana.get(seen).await?.shows(state)?;
    }
    let page = ana.get(seen).await?.is(StatusCode::OK)?;
    ensure!(!page.text().contains("/pay\""), "it can be paid twice");
    Ok(())
}

/// Each payment has its receipt, for the client and the firm alone, and the mail about it leads there.
async fn receipts(world: &World, ana: &mut Visitor, paul: &mut Visitor, seen: &str) -> anyhow::Result<()> {
    let page = ana.get(seen).await?.is(StatusCode::OK)?;
    let link = page.text().split("href=\"/payments/").nth(1).map(str::to_owned).context("no receipt")?;
    let receipt = format!("/payments/{}", link.split('"').next().unwrap_or_default());
    let mut gina = world.client("northwind", "gina@globex.example").await?;
    for reader in [&mut *ana, paul] {
        reader.get(&receipt).await?.shows("received")?.shows("Invoice INV-00001")?;
        let pdf = reader.get(&format!("{receipt}/pdf")).await?.is(StatusCode::OK)?;
        ensure!(pdf.body.starts_with(b"%PDF-"), "the receipt is no PDF");
    }
    for path in [receipt.clone(), format!("{receipt}/pdf")] {
        gina.get(&path).await?.is(StatusCode::NOT_FOUND)?;
    }
    world.settle().await?;
    let mails = world.mailbox("northwind").await?.to("ana@acme.example").await?;
    let told = mails.iter().find(|mail| mail.text.contains(&receipt));
    let told = told.with_context(|| {
        format!("no mail in {:?}", mails.iter().map(|mail| &mail.subject).collect::<Vec<_>>())
    })?;
    ensure!(told.subject.starts_with("We have received "), "it says {}", told.subject);
    Ok(())
}

/// An invoice that nobody will pay is written off by an administrator, and reads so.
async fn given_up(
    ana: &mut Visitor,
    paul: &mut Visitor,
    nora: &mut Visitor,
    draft: &str,
) -> anyhow::Result<()> {
    issue(paul, draft, "150").await?;
    let (paper, seen) = (format!("/console/billing/{draft}"), format!("/invoices/{draft}"));
    ana.get(&seen).await?.shows("1,428.00 EUR to pay")?;
    let away = format!("{paper}/write-off");
    let typed = [("write_off_reason", "They are bankrupt")];
    paul.post_only(&away, &typed).await?.is(StatusCode::NOT_FOUND)?;
    press(nora, &paper, &away, &[("write_off_reason", "")]).await?.is(StatusCode::UNPROCESSABLE_ENTITY)?;
    let back = led(&press(nora, &paper, &away, &typed).await?)?;
    nora.get(&back).await?.shows("What was open was written off.")?;
    let page = ana.get(&seen).await?.is(StatusCode::OK)?;
    ensure!(!page.text().contains("bankrupt") && !page.text().contains("to pay"), "{}", page.text());
    Ok(())
}
