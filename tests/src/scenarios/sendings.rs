//! The firm has one paper signed by several clients at once.

use anyhow::{Context as _, ensure};
use http::{Method, StatusCode};
use portico_core::{Clock as _, SystemClock};
use portico_proto::{
    documents::v1::{
        DeclineEnvelopeRequest, Envelope, GetEnvelopeRequest, GetPaperTemplateRequest, SignEnvelopeRequest,
        paper_templates_client::PaperTemplatesClient,
    },
    tenancy::v1::CreateAccountRequest,
    workflow::v1::ListAttentionRequest,
};

use crate::harness::{Answer, Outcome, Persona, Visitor, World};

/// The title that everybody reads.
const TITLE: &str = "Sign the mutual NDA";

/// What waits for somebody of an account under the title.
async fn waiting(who: &Persona) -> anyhow::Result<Vec<Envelope>> {
    let waiting = who.workflow().list_attention(ListAttentionRequest::default()).await?.into_inner();
    let steps = waiting.needs_you.into_iter().filter_map(|item| item.step);
    let mut envelopes = Vec::new();
    for step in steps.filter(|step| step.title == TITLE) {
        let asked = GetEnvelopeRequest { step_id: step.id, opening: true, ..Default::default() };
        envelopes.extend(who.documents().get_envelope(asked).await?.into_inner().envelope);
    }
    Ok(envelopes)
}

async fn sign(who: &Persona, envelope: &Envelope, name: &str) -> Outcome {
    let open = GetEnvelopeRequest { envelope_id: envelope.id.clone(), opening: true, ..Default::default() };
    who.documents().get_envelope(open).await?;
    let sign = SignEnvelopeRequest {
        envelope_id: envelope.id.clone(),
        sha256: envelope.original.clone().context("no original")?.sha256,
        typed_name: name.to_owned(),
        consent: true,
        intent: true,
        user_agent: "a browser".to_owned(),
        ..SignEnvelopeRequest::default()
    };
    who.documents().sign_envelope(sign).await?;
    Ok(())
}

async fn progress(console: &mut Visitor, page: &str) -> anyhow::Result<Answer> {
    console.get(page).await?.is(StatusCode::OK)
}

/// One paper goes to Acme, Globex and an account of nobody. The same form again, and a restart in between, send nothing twice; Ana signs
/// and Paul after her, Gina declines, the third says why it was not sent, and each sees their own paper alone.
pub(super) async fn one_paper_goes_to_many_accounts_once_and_each_is_signed_on_its_own() -> Outcome {
    let mut world = World::demo().await?;
    let acme = world.signed_engagement("Warehouse audit").await?;
    let globex = world
        .engagement("northwind", "paul@northwind.example", "Globex", &["gina@globex.example"], "Plant audit")
        .await?;
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let nora = world.person("northwind", "nora@northwind.example").await?;
    let ana = world.person("northwind", "ana@acme.example").await?.id;
    let gina = world.person("northwind", "gina@globex.example").await?.id;
    let asked = CreateAccountRequest {
        name: "Hollow Ltd".to_owned(),
        kind: "client".to_owned(),
        ..CreateAccountRequest::default()
    };
    let hollow = nora.tenancy().create_account(asked).await?.into_inner().account.context("no account")?.id;
    let template = paul.paper_template("Mutual NDA").await?;
    let asked = GetPaperTemplateRequest { paper_template_id: template.clone() };
    let mut templates = PaperTemplatesClient::new(paul.channel("documents"));
    let roles =
        templates.get_paper_template(asked).await?.into_inner().template.context("no template")?.roles;
    world.settle().await?;

    let mut console = world.staff("northwind", "paul@northwind.example").await?;
    let path = format!("/console/papers/{template}");
    let send = format!("{path}/send");
    console.get(&path).await?.shows("Send to accounts")?;
    console.get(&send).await?.shows("No account is chosen.")?.shows("Hollow Ltd")?;
    // A filter hides what was chosen and forgets nothing.
    let hidden = [("account", acme.account.as_str()), ("q", "Globex"), ("act", "all")];
    console.post_only(&send, &hidden).await?.shows("2 accounts are chosen. 1 of them is not shown here.")?;
    let nothing = console.post_only(&send, &[("act", "review")]).await?;
    nothing.is(StatusCode::UNPROCESSABLE_ENTITY)?;
    let all = [("account", acme.account.as_str()), ("account", &globex.account), ("account", &hollow)];
    let review = console.post_only(&send, &[&all[..], &[("act", "review")]].concat()).await?;
    let review = review.shows("It goes to 2 accounts.")?.shows("Too few people of this account can sign.")?;
    let key = review.field("key").context("no key")?;
    let version = review.field("version").context("no version")?;
    let seat = |owner: &str, internal| {
        let role = roles.iter().find(|role| role.internal == internal);
        role.map(|role| format!("seat-{owner}-{}", role.id)).context("no role")
    };
    let (to_ana, to_gina) = (seat(&acme.account, false)?, seat(&globex.account, false)?);
    let firm = seat("firm", true)?;
    let due = (SystemClock.now().date_naive() + chrono::Days::new(10)).to_string();
    // As from a form that was drawn while somebody of the third account could still sign.
    let fields = [
        ("key", key.as_str()),
        ("version", version.as_str()),
        ("title", TITLE),
        ("due", due.as_str()),
        ("account", acme.account.as_str()),
        ("recipient", acme.account.as_str()),
        ("recipient", globex.account.as_str()),
        ("recipient", hollow.as_str()),
        (to_ana.as_str(), ana.as_str()),
        (to_gina.as_str(), gina.as_str()),
        (firm.as_str(), paul.id.as_str()),
        ("act", "send"),
    ];
    let place = |answer: &Answer| {
        let to = answer.headers.get("location").and_then(|to| to.to_str().ok()).unwrap_or_default();
        to.split('?').next().unwrap_or_default().to_owned()
    };
    let sent = console.post_only(&send, &fields).await?.is(StatusCode::SEE_OTHER)?;
    let page = place(&sent);
    // It is cut off where it stands, and goes on.
    world.restart().await?;
    let again = console.post_only(&send, &fields).await?.is(StatusCode::SEE_OTHER)?;
    ensure!(place(&again) == page, "the same form made another sending");
    let mut other = fields;
    other[1] = ("title", "Sign something else");
    let refused = console.post_only(&send, &other).await?.is(StatusCode::UNPROCESSABLE_ENTITY)?;
    ensure!(refused.text().contains("This form was sent before"), "the key covers the form");
    world.settle().await?;

    let paul = world.person("northwind", "paul@northwind.example").await?;
    let ana = world.person("northwind", "ana@acme.example").await?;
    let gina = world.person("northwind", "gina@globex.example").await?;
    progress(&mut console, &page).await?.shows("2 Sent · 1 Not sent")?.shows("Ana Souza")?;
    console.get("/console/outstanding?q=mutual+nda").await?.shows("Waits for the client")?.shows("Globex")?;
    let mails = world.mailbox("northwind").await?;
    let told = mails.to("gina@globex.example").await?;
    ensure!(told.iter().any(|mail| mail.subject.contains(TITLE)), "Gina is not told");
    let (of_ana, of_gina) = (waiting(&ana).await?, waiting(&gina).await?);
    ensure!(
        (of_ana.len(), of_gina.len()) == (1, 1),
        "{} wait for Ana, {} for Gina",
        of_ana.len(),
        of_gina.len()
    );
    world.settle().await?;
    progress(&mut console, &page).await?.shows("2 Opened · 1 Not sent")?;
    let theirs = GetEnvelopeRequest { envelope_id: of_gina[0].id.clone(), ..Default::default() };
    ensure!(ana.documents().get_envelope(theirs).await.is_err(), "Ana reads the paper of Globex");
    let mut portal = world.client("northwind", "ana@acme.example").await?;
    ensure!(portal.get(&page).await?.status != StatusCode::OK, "a client reads whom a paper was sent to");

    let decline = DeclineEnvelopeRequest {
        envelope_id: of_gina[0].id.clone(),
        reason: "We have an NDA with you already".to_owned(),
    };
    gina.documents().decline_envelope(decline).await?;
    sign(&ana, &of_ana[0], "Ana Souza").await?;
    world.settle().await?;
    progress(&mut console, &page).await?.shows("1 of 2 signed")?.shows("We have an NDA with you already")?;
    sign(&paul, &of_ana[0], "Paul Meyer").await?;
    world.settle().await?;
    let told = progress(&mut console, &page).await?.shows("1 Signed · 1 Declined · 1 Not sent")?;
    told.shows("Too few people of this account can sign.")?;
    console.get(&path).await?.shows("1 of 3 signed")?;
    ensure!(waiting(&gina).await?.is_empty(), "what was declined is asked for again");
    let asked = GetEnvelopeRequest { envelope_id: of_ana[0].id.clone(), ..Default::default() };
    let sealed = ana.documents().get_envelope(asked).await?.into_inner().envelope.context("no envelope")?;
    ensure!(sealed.signed.is_some(), "nothing is sealed");
    let audit = world.staff("northwind", "nora@northwind.example").await?.get("/console/audit").await?;
    audit.shows("Paper sent: Sign the mutual NDA")?;
    // An address that never was is answered like one of another firm.
    let mut carla = world.staff("contoso", "carla@contoso.example").await?;
    for path in [page.as_str(), send.as_str()] {
        let answer = carla.send(Method::GET, path, http::HeaderMap::new(), bytes::Bytes::new()).await?;
        answer.is(StatusCode::NOT_FOUND)?;
    }
    Ok(())
}
