//! Every page of the table, as each kind of reader meets it: nobody is kept out by colour, size or markup.

use std::collections::BTreeSet;

use anyhow::Context as _;
use http::{HeaderMap, Method, StatusCode};
use portico_proto::{
    documents::v1::{GetEnvelopeRequest, ListFoldersRequest},
    workflow::v1::ListAttentionRequest,
};
use portico_web::pages::all;

use super::{
    axe,
    judge::Judge,
    page::follow,
    walk::{furnished, walk},
};
use crate::harness::{Browser, Outcome, World, link_path};

/// Lines of the table that answer bytes, a redirect or nothing that links lead to, with the reason.
const NO_PAGES: &[(&str, &str)] = &[
    ("/theme/{file}", "a style sheet"),
    ("/logo/{hash}", "a picture"),
    ("/manifest.webmanifest", "a manifest"),
    ("/files/{version_id}", "a download"),
    ("/files/{version_id}/pages/{page}", "a picture"),
    ("/files/{version_id}/comments", "leads back to the document, after signing in again"),
    ("/console/papers/{paper_template_id}/pages/{page}", "a picture"),
    ("/documents/{document_id}", "leads to its newest version"),
    ("/documents/folders/{folder_id}/zip", "a download"),
    ("/runs/{run_id}", "leads from a notice to its record"),
    ("/steps/{step_id}", "leads from a notice to its task"),
    ("/tasks/{step_id}/meeting.ics", "a calendar file"),
    ("/tasks/{step_id}/answers/pdf", "a download"),
    ("/sign/{envelope_id}/sign", "leads back into the signing, after signing in again"),
    ("/sign/{envelope_id}/sign/review", "leads back into the signing, after signing in again"),
    ("/invoices/{sales_document_id}/pdf", "a download"),
    ("/invoices/{sales_document_id}/ubl", "a download"),
    ("/invoices/{sales_document_id}/cii", "a download"),
    ("/estimates/{sales_document_id}/pdf", "a download"),
    ("/payments/{payment_id}/pdf", "a download"),
    ("/statement/pdf", "a download"),
    ("/tasks/{step_id}/sign", "leads back into the signing, after signing in again"),
    ("/tasks/{step_id}/sign/review", "leads back into the signing, after signing in again"),
    ("/p/{portal}/{*path}", "the home page of a reader with several portals, drawn as the home is"),
    ("/console/portals/{portal}", "leads to the portal's first page"),
    ("/console/people/add", "leads to the list of people"),
    ("/console/people/{person_id}/roles", "leads to the person's page"),
    ("/link/{secret}", "its address carries a secret; opened on its own"),
    ("/mail/unsubscribe/{token}", "its address carries a code; opened on its own"),
    ("/mailbox/{slug}/{mail_id}/html", "a mail, within the page that shows it"),
];

/// No violation of WCAG 2.2 AA on any page, in light and dark, on a phone and at a desk.
pub(super) async fn b08_every_page_passes_axe_in_both_themes_at_both_sizes() -> Outcome {
    let world = World::demo().await?;
    let browser = Browser::desk().await?;
    axe::equip(&browser).await?;
    let mut judge = Judge::default();
    let unmet = tour(&world, &browser, async |path| judge.reads(&browser, path).await).await?;
    judge.verdict(unmet)?;
    browser.close().await
}

/// At 360 pixels nothing is too small for a finger, and nothing lies under the bottom bar; enlarged to 400 % nothing scrolls sideways;
/// no page breaks the policy that it comes with.
pub(super) async fn b09_every_page_fits_a_phone_is_enlarged_and_keeps_its_policy() -> Outcome {
    let world = World::demo().await?;
    let browser = Browser::phone().await?;
    let mut judge = Judge::default();
    let unmet = tour(&world, &browser, async |path| judge.fits(&browser, path).await).await?;
    judge.verdict(unmet)?;
    browser.close().await
}

/// Takes the browser over all pages, as nobody, as a supplier, as clients of two kinds and as an administrator; answers the lines of
/// the table that nobody was led to.
async fn tour(
    world: &World,
    browser: &Browser,
    mut look: impl AsyncFnMut(&str) -> Outcome,
) -> anyhow::Result<Vec<String>> {
    furnished(world).await?;
    let mail = world.mailbox("northwind").await?.wait_for("sam@acme.example", "invitation", 0).await?;
    let link = link_path(&mail)?;
    let mut kinds = BTreeSet::new();
    let host = world.url("northwind", "");
    let bare = format!("http://localhost:{}", world.address().port());
    kinds.extend(walk(browser, &bare, &["/", "/setup", "/mailbox"], &mut look).await?);
    let dropped = drop_page(world).await?;
    let open = [
        "/sign-in",
        "/sign-in/sent",
        "/offline",
        &link,
        "/link/never-was",
        "/mail/unsubscribe/never-was",
        &dropped,
        "/drop/never-was",
    ];
    kinds.extend(walk(browser, &host, &open, &mut look).await?);
    let sign_in = world.url("northwind", "/sign-in");
    browser.goto(&sign_in).await?;
    browser.click("main form .actions .button").await?;
    browser.find(".error-summary").await?;
    look("/sign-in, refused").await?;
    for email in ["vera@fabrikam.example", "bea@wingtip.example", "ana@acme.example", "sam@acme.example"] {
        browser.client().delete_all_cookies().await?;
        browser.take_over(&world.client("northwind", email).await?, &sign_in).await?;
        if email != "sam@acme.example" {
            kinds.extend(walk(browser, &host, &["/"], &mut look).await?);
        }
        browser.goto(&world.url("northwind", "/")).await?;
        match email {
            "ana@acme.example" => hand_in(browser, &mut look).await?,
            "sam@acme.example" => {
                let paper = signing_page(world).await?;
                kinds.extend(walk(browser, &host, &[&paper], &mut look).await?);
                browser.goto(&world.url("northwind", "/")).await?;
                sign(browser, &mut look).await?;
            }
            _ => {}
        }
    }
    browser.client().delete_all_cookies().await?;
    browser.take_over(&world.staff("northwind", "nora@northwind.example").await?, &sign_in).await?;
    kinds.extend(walk(browser, &host, &["/console"], &mut look).await?);
    browser.goto(&world.url("northwind", "/console/papers")).await?;
    send_paper(browser, &mut look).await?;
    let unmet = unmet(world, &kinds).await?;
    Ok(unmet.into_iter().map(|path| format!("nobody was led to {path}")).collect())
}

/// The page of a drop link, which is known to whoever was sent it.
async fn drop_page(world: &World) -> anyhow::Result<String> {
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let folders = paul.library().list_folders(ListFoldersRequest::default()).await?.into_inner().folders;
    let folder = folders.first().context("no folder")?;
    let (_, secret) = paul.drop_link(&folder.id, "Papers for the audit").await?;
    Ok(format!("/drop/{secret}"))
}

/// The page of the paper that waits for Sam, as it is under its own address: only mails lead there.
async fn signing_page(world: &World) -> anyhow::Result<String> {
    let sam = world.person("northwind", "sam@acme.example").await?;
    let waiting = sam.workflow().list_attention(ListAttentionRequest::default()).await?.into_inner();
    let steps = waiting.needs_you.into_iter().filter_map(|item| item.step);
    let step = steps.into_iter().find(|step| step.r#type == "esign").context("nothing to sign")?;
    let asked = GetEnvelopeRequest { step_id: step.id, ..GetEnvelopeRequest::default() };
    let envelope = sam.documents().get_envelope(asked).await?.into_inner().envelope;
    Ok(format!("/sign/{}", envelope.context("no envelope")?.id))
}

/// The pages that no link leads to: answers to check, and refused ones.
async fn hand_in(browser: &Browser, look: &mut impl AsyncFnMut(&str) -> Outcome) -> Outcome {
    follow(browser, "Complete the intake questionnaire").await?;
    browser.click("form[data-autosave] .actions .button").await?;
    browser.wait_for_text("Check your answers").await?;
    look("the answers, to check").await?;
    browser.click("form[action$='/submit'] .button").await?;
    browser.find(".error-summary").await?;
    look("the answers, refused").await
}

/// A signature to check, and one without consent.
async fn sign(browser: &Browser, look: &mut impl AsyncFnMut(&str) -> Outcome) -> Outcome {
    follow(browser, "Review and sign the data agreement").await?;
    for (button, stage) in [("Start reading", "the contract, to read"), ("I have read it", "the signature")] {
        follow(browser, button).await?;
        look(stage).await?;
    }
    browser.fill("#f-typed_name", "Sam Okafor").await?;
    browser.click("form[action$='/sign/review'] .actions .button").await?;
    browser.find("#f-intent").await?;
    look("the signature, to check").await?;
    browser.click("form[action$='/sign'] .actions .button").await?;
    browser.find(".error-summary").await?;
    look("the signature, refused").await
}

/// A paper for every account, to check before it is sent: one can sign, others cannot.
async fn send_paper(browser: &Browser, look: &mut impl AsyncFnMut(&str) -> Outcome) -> Outcome {
    follow(browser, "Mutual NDA").await?;
    follow(browser, "Send to accounts").await?;
    browser.click("button[name=act][value=all]").await?;
    browser.wait_for_text("accounts are chosen").await?;
    browser.click("button[name=act][value=review]").await?;
    browser.wait_for_text("Check before you send").await?;
    look("a sending, to check").await?;
    browser.fill("#f-title", "").await?;
    browser.click("button[name=act][value=send]").await?;
    browser.find(".error-summary").await?;
    look("a sending, refused").await
}

/// The lines of the table that answer a page but were not among `kinds`.
async fn unmet(world: &World, kinds: &BTreeSet<String>) -> anyhow::Result<Vec<&'static str>> {
    let mut nora = world.staff("northwind", "nora@northwind.example").await?;
    let mut unmet = Vec::new();
    for entry in all() {
        let met = kinds.iter().any(|kind| same(entry.path, kind));
        if met || NO_PAGES.iter().any(|(path, _)| *path == entry.path) {
            continue;
        }
        let asked: Vec<_> =
            entry.path.split('/').map(|part| if part.starts_with('{') { "x" } else { part }).collect();
        let answer = nora.send(Method::GET, &asked.join("/"), HeaderMap::new(), bytes::Bytes::new()).await?;
        if answer.status != StatusCode::METHOD_NOT_ALLOWED {
            unmet.push(entry.path);
        }
    }
    Ok(unmet)
}

/// Whether an address of this kind is one of the line's.
fn same(line: &str, kind: &str) -> bool {
    let (line, kind): (Vec<_>, Vec<_>) = (line.split('/').collect(), kind.split('/').collect());
    let rest = line.last().is_some_and(|part| part.starts_with("{*"));
    (line.len() == kind.len() || rest && kind.len() > line.len())
        && line.iter().zip(&kind).all(|(part, other)| part.starts_with('{') || part == other)
}
