//! Money over the pages that people use, without a script: an estimate is written, accepted and becomes an invoice, which is paid.

use anyhow::{Context as _, ensure};
use http::StatusCode;

use crate::harness::{Answer, Outcome, Visitor, World};

fn location(answer: &Answer) -> anyhow::Result<String> {
    ensure!(answer.status == StatusCode::SEE_OTHER, "answered {}: {}", answer.status, answer.text());
    let location = answer.headers.get(http::header::LOCATION).context("no location")?.to_str()?;
    Ok(location.split('?').next().unwrap_or_default().to_owned())
}

/// The company's details, as an administrator enters them.
async fn set_up(nora: &mut Visitor) -> anyhow::Result<()> {
    let page = nora.get("/console/billing-settings").await?.is(StatusCode::OK)?;
    let key = page.field("key").context("no key")?;
    let wrong =
        nora.post_only("/console/billing-settings", &[("key", &key), ("name", "Northwind GmbH")]).await?;
    ensure!(
        wrong.is(StatusCode::UNPROCESSABLE_ENTITY)?.text().contains("Northwind GmbH"),
        "what was typed is gone"
    );
    let fields = [
        ("key", key.as_str()),
        ("name", "Northwind Consulting GmbH"),
        ("address.street", "Hafenweg 1"),
        ("address.post_code", "10115"),
        ("address.city", "Berlin"),
        ("address.country", "de"),
        ("vat_id", "DE123456789"),
        ("iban", "DE89 3704 0044 0532 0130 00"),
        ("currency", "EUR"),
        ("payment_days", "14"),
        ("rounding", "half_up"),
        ("estimate_prefix", "EST-"),
        ("invoice_prefix", "INV-"),
        ("credit_note_prefix", "CN-"),
    ];
    location(&nora.post_only("/console/billing-settings", &fields).await?)?;
    Ok(())
}

/// From an estimate to money in the bank: every step by forms and links alone.
pub(super) async fn an_estimate_becomes_an_invoice_that_is_paid() -> Outcome {
    let world = World::demo().await?;
    let mut nora = world.staff("northwind", "nora@northwind.example").await?;
    let mut paul = world.staff("northwind", "paul@northwind.example").await?;
    let mut ana = world.client("northwind", "ana@acme.example").await?;
    let mut gina = world.client("northwind", "gina@globex.example").await?;
    let acme = world.person("northwind", "paul@northwind.example").await?.account("Acme").await?;
    set_up(&mut nora).await?;

    let money = format!("/console/accounts/{acme}/billing");
    let etag = paul.get(&money).await?.is(StatusCode::OK)?.field("etag").context("no etag")?;
    let buyer = [
        ("etag", etag.as_str()),
        ("name", "Acme GmbH"),
        ("address.street", "Ring 2"),
        ("address.post_code", "1010"),
        ("address.city", "Wien"),
        ("address.country", "AT"),
    ];
    location(&paul.post_only(&format!("{money}/buyer"), &buyer).await?)?;

    // A second line comes at the press of a button, and what was typed stays.
    let new = format!("/console/billing/new?account={acme}&kind=estimate");
    let key = paul.get(&new).await?.is(StatusCode::OK)?.field("key").context("no key")?;
    let mut fields = vec![
        ("key", key.as_str()),
        ("account", acme.as_str()),
        ("kind", "estimate"),
        ("title", "Harbour survey"),
        ("currency", "EUR"),
        ("count", "1"),
        ("lines[0].description", "Survey of the harbour"),
        ("lines[0].quantity", "8"),
        ("lines[0].unit", "HUR"),
        ("lines[0].unit_price", "150"),
        ("lines[0].tax_category", "S"),
        ("lines[0].tax_percent", "19"),
    ];
    let mut pressed = fields.clone();
    pressed.push(("go", "add"));
    let more = paul.post_only("/console/billing/new", &pressed).await?.is(StatusCode::OK)?;
    ensure!(
        more.field("count").as_deref() == Some("2") && more.text().contains("Survey of the harbour"),
        "no second line"
    );
    fields.push(("go", "save"));
    let draft = location(&paul.post_only("/console/billing/new", &fields).await?)?;
    let again = location(&paul.post_only("/console/billing/new", &fields).await?)?;
    ensure!(draft == again, "a second click made another draft");
    let id = draft.rsplit('/').next().context("no id")?.to_owned();
    ana.get(&format!("/estimates/{id}")).await?.is(StatusCode::NOT_FOUND)?;

    let page = paul.get(&draft).await?.is(StatusCode::OK)?.shows("1,428.00 EUR")?;
    let etag = page.field("etag").context("no etag")?;
    let mut send = fields[3..fields.len() - 1].to_vec();
    send.extend([("etag", etag.as_str()), ("go", "issue")]);
    location(&paul.post_only(&draft, &send).await?)?;
    world.settle().await?;

    // The client reads and accepts what they read; another account knows nothing of it.
    gina.get(&format!("/estimates/{id}")).await?.is(StatusCode::NOT_FOUND)?;
    ana.get("/invoices").await?.is(StatusCode::OK)?.shows("EST-00001")?;
    let estimate = ana.get(&format!("/estimates/{id}")).await?.is(StatusCode::OK)?.shows("Harbour survey")?;
    let hash = estimate.field("hash").context("no hash")?;
    let forged = ana.post_only(&format!("/estimates/{id}/accept"), &[("hash", "0")]).await?;
    ensure!(!forged.status.is_redirection(), "another hash was accepted");
    location(&ana.post_only(&format!("/estimates/{id}/accept"), &[("hash", &hash)]).await?)?;
    ana.get(&format!("/estimates/{id}")).await?.is(StatusCode::OK)?.shows("Ana Souza accepted this")?;

    // It becomes one invoice, which is issued and seen.
    let invoice = location(&paul.post_only(&format!("{draft}/convert"), &[]).await?)?;
    let page = paul.get(&invoice).await?.is(StatusCode::OK)?;
    let etag = page.field("etag").context("no etag")?;
    let mut issue = fields[3..fields.len() - 1].to_vec();
    issue.extend([("etag", etag.as_str()), ("go", "issue")]);
    location(&paul.post_only(&invoice, &issue).await?)?;
    let seen = invoice.replace("/console/billing/", "/invoices/");
    ana.get(&seen)
        .await?
        .is(StatusCode::OK)?
        .shows("1,428.00 EUR to pay")?
        .shows("DE89 3704 0044 0532 0130 00")?;
    gina.get(&seen).await?.is(StatusCode::NOT_FOUND)?;
    keeps_papers([&mut ana, &mut paul], &mut gina, &seen, &format!("/estimates/{id}")).await?;

    // Part of it is paid, then more than the rest: what is too much stays to the client's credit.
    for (amount, shown) in [("428.00", "1,000.00 EUR to pay"), ("1,100", "Paid")] {
        let key = paul.get(&money).await?.is(StatusCode::OK)?.field("key").context("no key")?;
        let today = portico_core::Clock::now(&portico_core::SystemClock).date_naive().to_string();
        let fields = [
            ("key", key.as_str()),
            ("amount", amount),
            ("currency", "EUR"),
            ("received_on", today.as_str()),
            ("method", "bank_transfer"),
            ("pays", "oldest"),
        ];
        location(&paul.post_only(&format!("{money}/payment"), &fields).await?)?;
        location(&paul.post_only(&format!("{money}/payment"), &fields).await?)?;
        ana.get(&seen).await?.is(StatusCode::OK)?.shows(shown)?;
    }
    paul.get(&money).await?.is(StatusCode::OK)?.shows("100.00 EUR left")?;
    let statement = ana.get("/statement").await?.is(StatusCode::OK)?;
    let pdf = statement.text().split("href=\"/statement/pdf").nth(1).map(str::to_owned).context("no link")?;
    let query = pdf.split('"').next().unwrap_or_default().replace("&#38;", "&").replace("&amp;", "&");
    let kept = ana.get(&format!("/statement/pdf{query}")).await?.is(StatusCode::OK)?;
    ensure!(kept.body.starts_with(b"%PDF-"), "the statement is no PDF");
    gina.get(&format!("/statement/pdf{query}")).await?.is(StatusCode::NOT_FOUND)?;
    second_company(&mut nora, &mut paul, &acme).await?;
    ana.get("/statement").await?.is(StatusCode::OK)?.shows("To your credit")?.shows("-100.00 EUR")?;
    Ok(())
}

/// The client and the firm keep the same file; nobody else gets it.
async fn keeps_papers(
    readers: [&mut Visitor; 2],
    stranger: &mut Visitor,
    invoice: &str,
    estimate: &str,
) -> anyhow::Result<()> {
    let mut kept = Vec::new();
    for reader in readers {
        let pdf = reader.get(&format!("{invoice}/pdf")).await?.is(StatusCode::OK)?;
        ensure!(pdf.headers["content-type"] == "application/pdf", "it is a {:?}", pdf.headers);
        ensure!(pdf.headers["content-disposition"].to_str()?.contains("INV-00001.pdf"), "another name");
        kept.push(pdf.body.clone());
        for (form, root) in [("ubl", "<Invoice "), ("cii", "<rsm:CrossIndustryInvoice ")] {
            let xml = reader.get(&format!("{invoice}/{form}")).await?.is(StatusCode::OK)?;
            ensure!(xml.text().contains(root) && xml.text().contains("INV-00001"), "{form}: {}", xml.text());
        }
        reader.get(&format!("{estimate}/pdf")).await?.is(StatusCode::OK)?;
    }
    ensure!(kept[0] == kept[1] && kept[0].starts_with(b"%PDF-"), "they keep different files");
    for path in [format!("{invoice}/pdf"), format!("{invoice}/ubl"), format!("{estimate}/pdf")] {
        stranger.get(&path).await?.is(StatusCode::NOT_FOUND)?;
    }
    Ok(())
}

/// A firm with two companies chooses which one sells, and looks at each one's papers.
async fn second_company(nora: &mut Visitor, paul: &mut Visitor, account: &str) -> anyhow::Result<()> {
    let page = nora.get("/console/billing-settings?company=new").await?.is(StatusCode::OK)?;
    let key = page.field("key").context("no key")?;
    let fields = [
        ("key", key.as_str()),
        ("name", "Northwind Services AG"),
        ("address.street", "Bahnhofstrasse 1"),
        ("address.post_code", "8001"),
        ("address.city", "Zürich"),
        ("address.country", "ch"),
        ("vat_id", "CHE123456789"),
        ("currency", "CHF"),
        ("payment_days", "30"),
        ("rounding", "half_up"),
    ];
    let saved = nora.post_only("/console/billing-settings", &fields).await?;
    let to = saved.headers.get(http::header::LOCATION).context("no location")?.to_str()?.to_owned();
    let company = to.split("company=").nth(1).context("no company")?.to_owned();
    nora.get("/console/billing-settings")
        .await?
        .is(StatusCode::OK)?
        .shows("Northwind Consulting GmbH")?
        .shows("Northwind Services AG")?;
    let key = paul
        .get(&format!("/console/billing/new?account={account}&kind=invoice&company={company}"))
        .await?
        .is(StatusCode::OK)?
        .shows("Northwind Services AG")?
        .field("key")
        .context("no key")?;
    let fields = [
        ("key", key.as_str()),
        ("account", account),
        ("company", company.as_str()),
        ("kind", "invoice"),
        ("title", "Bridge survey"),
        ("currency", "CHF"),
        ("count", "1"),
        ("lines[0].description", "Survey of the bridge"),
        ("lines[0].quantity", "1"),
        ("lines[0].unit", "HUR"),
        ("lines[0].unit_price", "100"),
        ("lines[0].tax_category", "S"),
        ("lines[0].tax_percent", "8.1"),
        ("go", "save"),
    ];
    location(&paul.post_only("/console/billing/new", &fields).await?)?;
    let of_one = paul.get(&format!("/console/billing?company={company}")).await?.is(StatusCode::OK)?;
    ensure!(
        of_one.text().contains("Bridge survey") && !of_one.text().contains("Harbour survey"),
        "the list is not that of one company"
    );
    Ok(())
}
