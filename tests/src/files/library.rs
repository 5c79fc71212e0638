//! The library over its pages, as browsers without scripts use it: folders, files, versions, an archive, the trash, who has read.

use anyhow::{Context as _, ensure};
use http::{StatusCode, header};

use crate::harness::{Answer, Outcome, World, pdf};

fn leads_to(answer: &Answer) -> anyhow::Result<String> {
    let to = answer.headers.get(header::LOCATION).context("the answer leads nowhere")?;
    Ok(to.to_str()?.to_owned())
}

/// Staff make a folder and share it, a client adds and replaces a file, everybody sees what they may.
pub(super) async fn a_folder_is_made_shared_filled_and_read() -> Outcome {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let mut paul = world.staff("northwind", "paul@northwind.example").await?;
    let mut ana = world.client("northwind", "ana@acme.example").await?;
    ana.get("/documents").await?.is(StatusCode::OK)?.shows("No folders yet")?;

    let library = format!("/console/records/{}/library", engagement.record);
    paul.get(&library).await?.is(StatusCode::OK)?;
    let fields = [("name", "Board papers"), ("level", "upload")];
    let made = paul.post_only(&library, &fields).await?.is(StatusCode::SEE_OTHER)?;
    let console = leads_to(&made)?.split('?').next().unwrap_or_default().to_owned();
    paul.get(&console).await?.is(StatusCode::OK)?.shows("Board papers")?;
    let twice = paul.post_only(&library, &fields).await?.is(StatusCode::UNPROCESSABLE_ENTITY)?;
    ensure!(twice.text().contains("of this name here already"), "the form does not say why");
    let folder = console.rsplit('/').next().unwrap_or_default().to_owned();

    let place = format!("/documents/folders/{folder}");
    ana.get("/documents").await?.is(StatusCode::OK)?.shows("Board papers")?;
    ana.get(&place).await?.is(StatusCode::OK)?.shows("Nothing in this folder yet")?;
    let files = format!("{place}/files");
    let sent = ana.post_with_file(&files, &[], "minutes.pdf", &pdf("Minutes", 2)).await?;
    ensure!(leads_to(&sent.is(StatusCode::SEE_OTHER)?)? == place, "the form leads elsewhere");
    let page = ana.get(&place).await?.is(StatusCode::OK)?.shows("minutes.pdf")?.text();
    let version = page.split("/files/").nth(1).and_then(|rest| rest.get(..36)).context("no file")?.to_owned();

    // A further version by a form, and the first one back.
    let view = format!("/files/{version}/view");
    let shown = ana.get(&view).await?.is(StatusCode::OK)?.text();
    let add = shown.split("action=\"").find(|part| part.contains("/versions\"")).context("no form")?;
    let add = add.split('"').next().unwrap_or_default().to_owned();
    ana.post_with_file(&add, &[], "minutes.pdf", &pdf("Minutes, corrected", 1))
        .await?
        .is(StatusCode::SEE_OTHER)?;
    ana.post_only(&format!("/files/{version}/restore"), &[]).await?.is(StatusCode::SEE_OTHER)?;
    let document = add.split('/').nth(2).unwrap_or_default().to_owned();
    let page = format!("/console/documents/{document}");
    paul.get(&page).await?.is(StatusCode::OK)?.shows("version 3: minutes.pdf")?;

    // What is read is told to the firm.
    ana.get(&format!("/files/{version}/pages/1")).await?.is(StatusCode::OK)?;
    ana.post_only(&format!("/files/{version}/reading"), &[("page-1", "3"), ("printed", "yes")])
        .await?
        .is(StatusCode::NO_CONTENT)?;
    paul.get(&page).await?.is(StatusCode::OK)?.shows("Who has read this")?.shows("printed once")?;

    let archive = ana.get(&format!("{place}/zip")).await?.is(StatusCode::OK)?;
    ensure!(archive.body.starts_with(b"PK\x03\x04"), "the archive is none");
    ensure!(archive.headers[header::CONTENT_TYPE] == "application/zip", "{:?}", archive.headers);

    let mut gina = world.client("northwind", "gina@globex.example").await?;
    for path in [place.clone(), view.clone(), format!("{place}/zip"), console.clone(), page.clone()] {
        gina.get(&path).await?.is(StatusCode::NOT_FOUND)?;
    }
    paul.post_only(&format!("{page}/trash"), &[]).await?.is(StatusCode::SEE_OTHER)?;
    ana.get(&view).await?.is(StatusCode::NOT_FOUND)?;
    let trash = format!("/console/accounts/{}/trash", engagement.account);
    paul.get(&trash).await?.is(StatusCode::OK)?.shows("minutes.pdf")?;
    paul.post_only(&format!("{page}/restore"), &[]).await?.is(StatusCode::SEE_OTHER)?;
    ana.get(&view).await?.is(StatusCode::OK)?;
    Ok(())
}

/// A client points at a place of a page and asks a colleague; staff answer, and keep a note to themselves.
pub(super) async fn a_comment_is_written_answered_settled_and_taken_back() -> Outcome {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let shelf = world.shelf(&engagement, "Board papers").await?;
    let mut paul = world.staff("northwind", "paul@northwind.example").await?;
    let mut ana = world.client("northwind", "ana@acme.example").await?;
    let mut sam = world.client("northwind", "sam@acme.example").await?;
    let mut gina = world.client("northwind", "gina@globex.example").await?;
    let (view, form) =
        (format!("/files/{}/view", shelf.version), format!("/files/{}/comments", shelf.version));
    let sam_id = world.person("northwind", "sam@acme.example").await?.id;

    ana.get(&view).await?.is(StatusCode::OK)?.shows("Nobody has commented on this yet")?;
    let refused = ana.post_only(&form, &[("pin-1-page", "x"), ("mention", &sam_id)]).await?;
    let refused = refused.is(StatusCode::UNPROCESSABLE_ENTITY)?;
    ensure!(refused.text().contains("Write your comment."), "it is not said what is missing");
    let chosen = refused.text().split("<input").any(|input| {
        let input = input.split('>').next().unwrap_or_default();
        input.contains(&sam_id) && input.contains(" checked")
    });
    ensure!(chosen, "a choice is lost");
    let fields = [
        ("pin-1-page", "1"),
        ("pin-1-place", "0.66,0,0.34,0.34"),
        ("pin-1-text", "Is this <sum> right?"),
        ("mention", sam_id.as_str()),
        // A client's wish to hide it counts for nothing.
        ("internal", "yes"),
        ("key", "twice"),
    ];
    let sent = ana.post_only(&form, &fields).await?.is(StatusCode::SEE_OTHER)?;
    let place = leads_to(&sent)?;
    let comment = place.split("#comment-").nth(1).context("the answer leads elsewhere")?.to_owned();
    ana.post_only(&form, &fields).await?.is(StatusCode::SEE_OTHER)?;
    let page = sam.get(&view).await?.is(StatusCode::OK)?.text();
    ensure!(page.matches("Is this &#60;sum&#62; right?</p>").count() == 1, "it is not there once");
    ensure!(
        page.contains("1: Page 1, top right") && page.contains("To Sam Okafor"),
        "place or people are missing"
    );
    world.settle().await?;
    let mailbox = world.mailbox("northwind").await?;
    let mail = mailbox.wait_for("sam@acme.example", "notice", 0).await?;
    ensure!(mail.subject.starts_with("Ana Souza mentioned you"), "{}", mail.subject);
    ensure!(!mail.text.contains("sum") && !mail.html.contains("sum"), "what is said stays out of mails");

    let answer = format!("text-{comment}");
    paul.post_only(&form, &[("reply_to", &comment), (&answer, "It is.")]).await?.is(StatusCode::SEE_OTHER)?;
    let note = [("pin-1-text", "canarynote"), ("internal", "yes")];
    paul.post_only(&form, &note).await?.is(StatusCode::SEE_OTHER)?;
    paul.get(&view).await?.shows("canarynote")?;
    let page = ana.get(&view).await?.shows("It is.")?;
    ensure!(!page.text().contains("canarynote"), "a note for staff is shown to a client");
    let (settle, remove) = (format!("/comments/{comment}/settle"), format!("/comments/{comment}/remove"));
    for path in [view.as_str(), form.as_str()] {
        gina.get(path).await?.is(StatusCode::NOT_FOUND)?;
    }
    gina.post_only(&form, &[("pin-1-text", "Hello")]).await?.is(StatusCode::NOT_FOUND)?;
    gina.post_only(&settle, &[("settled", "yes")]).await?.is(StatusCode::NOT_FOUND)?;
    let back = [("version", shelf.version.as_str())];
    gina.post_only(&remove, &back).await?.is(StatusCode::NOT_FOUND)?;
    sam.post_only(&remove, &back).await?.is(StatusCode::FORBIDDEN)?;
    paul.post_only(&settle, &[("settled", "yes")]).await?.is(StatusCode::SEE_OTHER)?;
    ana.get(&view).await?.shows("settled by Paul Meyer")?;
    ana.post_only(&remove, &back).await?.is(StatusCode::SEE_OTHER)?;
    let page = sam.get(&view).await?.shows("This comment was taken back")?;
    ensure!(!page.text().contains("&#60;sum&#62;"), "what was taken back is still said");
    Ok(())
}
