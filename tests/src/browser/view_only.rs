//! A file that is shared for the screen only, for whoever cannot see the screen.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use http::StatusCode;
use portico_proto::documents::v1::{CreateFolderRequest, Grant, SetSharingRequest};
use serde_json::json;

use super::axe;
use crate::harness::{Browser, Outcome, World, pdf};

const WORDS: &str = "The price stays as agreed";

/// What a mark over the whole page would copy.
const MARKED: &str = "getSelection().selectAllChildren(document.body); return getSelection().toString();";

/// The page's words are in the tree that screen readers read, and in nothing that is seen, marked or downloaded. The watermark stays on the
/// picture, the firm learns who read it, and nobody else's browser is told a word.
pub(super) async fn b13_what_is_for_the_screen_only_is_read_out_and_not_copied() -> Outcome {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let folder = CreateFolderRequest {
        account_id: engagement.account.clone(),
        name: "Board papers".to_owned(),
        level: "view_only".to_owned(),
        ..CreateFolderRequest::default()
    };
    let folder = paul.library().create_folder(folder).await?.into_inner().folder.context("no folder")?.id;
    let sharing = SetSharingRequest {
        folder_id: folder.clone(),
        grants: vec![Grant { subject: "everyone".to_owned(), level: "view_only".to_owned() }],
        watermark: true,
        ..SetSharingRequest::default()
    };
    paul.library().set_sharing(sharing).await?;
    let sent = paul.upload(&format!("/folders/{folder}/files"), "terms.pdf", pdf(WORDS, 2)).await?;
    let (version, document) = (sent.text("version_id")?, sent.text("document_id")?);
    let view = format!("/files/{version}/view");

    let mut visitor = world.client("northwind", "ana@acme.example").await?;
    let marked = visitor.get(&format!("/files/{version}/pages/1")).await?.is(StatusCode::OK)?.body;
    let plain = paul.download(&format!("/versions/{version}/pages/1")).await?.body;
    ensure!(marked.starts_with(b"\x89PNG") && marked != plain, "the page carries no watermark");
    ensure!(!visitor.get(&format!("/files/{version}")).await?.status.is_success(), "it can be downloaded");

    let ana = Browser::desk().await?;
    axe::equip(&ana).await?;
    ana.take_over(&visitor, &world.url("northwind", &view)).await?;
    ana.find("figure.sheet img").await?;
    let start = Instant::now();
    while ana.execute("return document.querySelector('figure.sheet img').naturalWidth > 0").await?
        != json!(true)
    {
        ensure!(start.elapsed() < Duration::from_secs(30), "the picture does not come");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let tree = ana.devtools("Accessibility.getFullAXTree", json!({})).await?.to_string();
    ensure!(tree.contains(WORDS), "a screen reader hears nothing of the page");
    ensure!(tree.contains("Text of page 2"), "the pages are not told apart");
    let copied = ana.execute(MARKED).await?;
    let copied = copied.as_str().context("no text")?;
    ensure!(copied.contains("terms.pdf") && !copied.contains(WORDS), "it is copied: {copied}");
    let seen = "const box = document.querySelector('.unmarked').getBoundingClientRect(); return box.width * box.height <= 1";
    ensure!(ana.execute(seen).await? == json!(true), "the words are seen beside the picture");
    ensure!(axe::violations(&ana).await?.is_empty(), "{:?}", axe::violations(&ana).await?);
    ensure!(ana.complaints().await?.is_empty(), "{:?}", ana.complaints().await?);
    ana.close().await?;

    let told = [("page-1", "3")];
    visitor.get(&view).await?.is(StatusCode::OK)?;
    visitor.post_only(&format!("/files/{version}/reading"), &told).await?.is(StatusCode::NO_CONTENT)?;
    let mut staff = world.staff("northwind", "paul@northwind.example").await?;
    staff
        .get(&format!("/console/documents/{document}"))
        .await?
        .is(StatusCode::OK)?
        .shows("Who has read this")?;
    for (slug, email) in [("northwind", "gina@globex.example"), ("contoso", "ian@initech.example")] {
        let page = world.client(slug, email).await?.get(&view).await?;
        ensure!(
            page.status == StatusCode::NOT_FOUND && !page.text().contains(WORDS),
            "{email}: {}",
            page.status
        );
    }
    Ok(())
}
