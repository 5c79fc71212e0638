//! Somebody without an account sends files by a drop link.

use anyhow::{Context as _, ensure};
use http::{HeaderMap, Method, StatusCode};
use portico_proto::documents::v1::{Folder, GetFolderRequest, GetFolderResponse};

use crate::harness::{Outcome, Persona, World, pdf};

const SENDER: [(&str, &str); 2] = [("sender_name", "Ada Byron"), ("sender_email", "ada@example.com")];

async fn folder(person: &Persona, id: &str) -> anyhow::Result<GetFolderResponse> {
    let asked = GetFolderRequest { folder_id: id.to_owned(), ..GetFolderRequest::default() };
    Ok(person.library().get_folder(asked).await?.into_inner())
}

/// A stranger hands a file in, is told that it arrived and nothing more; the firm finds it, the client does not, and no other host knows
/// the link.
pub(super) async fn a_stranger_hands_files_in_and_sees_nothing() -> Outcome {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let shelf = world.shelf(&engagement, "Papers").await?;
    let path = format!("/drop/{}", shelf.drop_link.1);
    let (paul, ana) = (
        world.person("northwind", "paul@northwind.example").await?,
        world.person("northwind", "ana@acme.example").await?,
    );
    let mut ada = world.visitor("northwind");
    let page = ada.get(&path).await?.is(StatusCode::OK)?;
    ensure!(page.text().contains("100") && page.text().contains("noindex"), "limits: {}", page.text());
    let wrong = ada.post_with_file(&path, &[("sender_name", "Ada")], "a.pdf", &pdf("Ada", 1)).await?;
    ensure!(wrong.is(StatusCode::UNPROCESSABLE_ENTITY)?.text().contains("e-mail"), "no sender is no sender");
    let sent = ada.post_with_file(&path, &SENDER, "ledger.pdf", &pdf("Ada", 1)).await?;
    ensure!(sent.is(StatusCode::OK)?.text().contains("ledger.pdf"), "nobody is told that it arrived");
    let again = ada.get(&path).await?.is(StatusCode::OK)?;
    ensure!(!again.text().contains("ledger"), "the page shows what came: {}", again.text());
    world.settle().await?;

    let inner = folder(&paul, &shelf.folders[0]).await?.folders;
    let inbox: &Folder = inner.iter().find(|inner| inner.internal).context("no inbox")?;
    let came = folder(&paul, &inbox.id).await?.documents;
    let document = came.first().and_then(|filed| filed.document.as_ref()).context("nothing came")?;
    let version = document.latest.as_ref().context("no version")?;
    ensure!(version.added_by.contains("ada@example.com"), "who sent it: {}", version.added_by);
    let clients = folder(&ana, &shelf.folders[0]).await?;
    ensure!(clients.folders.iter().all(|inner| inner.id != inbox.id), "the client sees the inbox");
    let opened = ana.download(&format!("/versions/{}", version.id)).await?;
    ensure!(!opened.body.starts_with(b"%PDF"), "the client opens it");

    // What was sent cannot be had back, not even by who sent it and knows its id.
    for taken in [format!("/files/{}", version.id), format!("/uploads/{}", version.id)] {
        let answer = ada.send(Method::GET, &taken, HeaderMap::new(), bytes::Bytes::new()).await?;
        ensure!(!answer.status.is_success(), "{taken} answers {}", answer.status);
    }
    let mut elsewhere = world.visitor("contoso");
    let (foreign, unknown) = (
        elsewhere.get(&path).await?.is(StatusCode::NOT_FOUND)?.text(),
        elsewhere.get(&format!("/drop/{}", "0".repeat(64))).await?.is(StatusCode::NOT_FOUND)?.text(),
    );
    let plain = |text: &str| text.split("data-reference").next().unwrap_or_default().to_owned();
    ensure!(plain(&foreign) == plain(&unknown), "another firm's link looks like something");

    let mut console = world.staff("northwind", "paul@northwind.example").await?;
    let list = format!("/console/folders/{}/drops", shelf.folders[0]);
    let made = console.get(&list).await?.is(StatusCode::OK)?;
    let key = made.field("key").context("no key")?;
    let fields =
        [("title", "More papers"), ("note", ""), ("days", "7"), ("most_files", "1"), ("key", key.as_str())];
    let made = console.post_only(&list, &fields).await?.is(StatusCode::OK)?;
    let address = made.text();
    let secret = address.split("/drop/").nth(1).and_then(|rest| rest.get(..64)).context("no address")?;
    ensure!(!console.get(&list).await?.text().contains("/drop/"), "the address is shown again");
    let path = format!("/drop/{secret}");
    ada.get(&path).await?.is(StatusCode::OK)?;
    ada.post_with_file(&path, &SENDER, "one.pdf", &pdf("Ada", 1)).await?.is(StatusCode::OK)?;
    // The only file that it takes has come: now it is as if it had never been.
    ada.get(&path).await?.is(StatusCode::NOT_FOUND)?;
    let ended = format!("{list}/{}/end", shelf.drop_link.0);
    console.post(&ended, &[]).await?.is(StatusCode::OK)?;
    let late =
        ada.post_with_file(&format!("/drop/{}", shelf.drop_link.1), &SENDER, "x.pdf", b"%PDF-").await?;
    late.is(StatusCode::NOT_FOUND)?;
    Ok(())
}
