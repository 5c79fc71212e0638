//! Somebody without an account sends files by a drop link.

use anyhow::{Context as _, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, Method, StatusCode};
use portico_proto::documents::v1::{Folder, GetFolderRequest, GetFolderResponse};
use tokio::io::AsyncWriteExt as _;

use crate::harness::{Answer, Outcome, Persona, Visitor, World, large_pdf, pdf};

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

/// Begins to send a file by a link and answers the address of the upload.
async fn begin(visitor: &mut Visitor, link: &str, size: usize) -> anyhow::Result<Answer> {
    let (size, name) = (size.to_string(), format!("filename {}", STANDARD.encode("ledger.pdf")));
    let headers = [
        ("upload-length", size.as_str()),
        ("upload-metadata", name.as_str()),
        ("x-sender-name", "Ada%20Byron"),
        ("x-sender-email", "ada%40example.com"),
    ];
    visitor.tus(Method::POST, &format!("{link}/uploads"), &headers, Vec::new()).await
}

fn place(answer: &Answer) -> anyhow::Result<String> {
    Ok(answer.headers.get("location").context("no location")?.to_str()?.to_owned())
}

/// Sends the head of a go and some of its bytes, and hangs up.
async fn cut_off(
    visitor: &Visitor,
    world: &World,
    place: &str,
    file: &[u8],
    sent: usize,
) -> anyhow::Result<()> {
    let length = file.len().to_string();
    let head = visitor.head_of(
        "PATCH",
        place,
        &[
            ("Tus-Resumable", "1.0.0"),
            ("Content-Type", "application/offset+octet-stream"),
            ("Upload-Offset", "0"),
            ("Content-Length", &length),
        ],
    );
    let mut line = tokio::net::TcpStream::connect(world.address()).await?;
    line.write_all(head.as_bytes()).await?;
    line.write_all(&file[..sent]).await?;
    line.shutdown().await?;
    Ok(())
}

/// A stranger's large file goes on after the connection was cut, and comes once. Somebody else with the same link never meets it, and once
/// the link is ended what is under way is not finished.
pub(super) async fn a_strangers_large_file_goes_on_where_it_was_cut() -> Outcome {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let shelf = world.shelf(&engagement, "Papers").await?;
    let link = format!("/drop/{}", shelf.drop_link.1);
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let mut ada = world.visitor("northwind");
    let page = ada.get(&link).await?.is(StatusCode::OK)?.text();
    ensure!(page.contains(&format!("data-resume=\"{link}/uploads\"")), "the page posts in one go: {page}");
    let file = large_pdf(2 * 1024 * 1024);
    let upload = place(&begin(&mut ada, &link, file.len()).await?.is(StatusCode::CREATED)?)?;
    ensure!(upload.starts_with(&format!("{link}/uploads/")), "{upload}");
    cut_off(&ada, &world, &upload, &file, 1_000_000).await?;
    // What the cut go had brought is told once it has been kept, which takes a moment.
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let stands = loop {
        let told = ada.tus(Method::HEAD, &upload, &[], Vec::new()).await?.is(StatusCode::OK)?;
        let offset: usize = told.headers.get("upload-offset").context("no offset")?.to_str()?.parse()?;
        if offset > 0 {
            break offset;
        }
        ensure!(std::time::Instant::now() < patience, "nothing of what came is kept");
    };
    ensure!(stands <= 1_000_000, "more is there than was sent: {stands}");

    // The same link in other hands, another link, another firm, and people of this one.
    let mut brian = world.visitor("northwind");
    brian.get(&link).await?.is(StatusCode::OK)?;
    let his = place(&begin(&mut brian, &link, file.len()).await?.is(StatusCode::CREATED)?)?;
    ensure!(his != upload, "two people have the same upload");
    let secret = upload.rsplit('/').next().context("no secret")?;
    let mut abroad = world.visitor("contoso");
    abroad.get("/sign-in").await?.is(StatusCode::OK)?;
    let mut client = world.client("northwind", "ana@acme.example").await?;
    client.get("/").await?.is(StatusCode::OK)?;
    let at = stands.to_string();
    let headers = [("upload-offset", at.as_str())];
    let elsewhere = format!("/drop/{}/uploads/{secret}", "0".repeat(64));
    let guessed = format!("{link}/uploads/{}", "0".repeat(64));
    for method in [Method::HEAD, Method::PATCH, Method::DELETE] {
        for (who, path) in [
            (&mut brian, &guessed),
            (&mut abroad, &upload),
            (&mut client.clone(), &elsewhere),
            (&mut client, &guessed),
        ] {
            let told = who.tus(method.clone(), path, &headers, b"x".to_vec()).await?;
            ensure!(told.status == StatusCode::NOT_FOUND, "{method} {path}: {}", told.status);
        }
    }
    let mut forged = ada.clone();
    let wrong = [("upload-offset", at.as_str()), ("x-csrf-token", "wrong")];
    let refused = forged.tus(Method::PATCH, &upload, &wrong, vec![1]).await?;
    ensure!(refused.status == StatusCode::FORBIDDEN, "another page's token is taken: {}", refused.status);

    let patience = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let told = loop {
        // The hold of the go that was cut ends by itself.
        let told = ada.tus(Method::PATCH, &upload, &headers, file[stands..].to_vec()).await?;
        if told.status != StatusCode::LOCKED {
            break told.is(StatusCode::NO_CONTENT)?;
        }
        ensure!(std::time::Instant::now() < patience, "the hold of a go that was cut never ends");
    };
    ensure!(
        told.headers["upload-offset"] == file.len().to_string().as_str()
            && !told.headers.contains_key("upload-version"),
        "{:?}",
        told.headers
    );
    let again = ada.tus(Method::HEAD, &upload, &[], Vec::new()).await?.is(StatusCode::OK)?;
    ensure!(
        again.headers["upload-offset"] == file.len().to_string().as_str(),
        "the lost answer is not found"
    );
    world.settle().await?;
    let inner = folder(&paul, &shelf.folders[0]).await?.folders;
    let inbox = inner.iter().find(|inner| inner.internal).context("no inbox")?;
    let came = folder(&paul, &inbox.id).await?.documents;
    ensure!(came.len() == 1, "it came {} times", came.len());
    let version = came[0].document.as_ref().and_then(|it| it.latest.as_ref()).context("no version")?;
    ensure!(version.added_by.contains("ada@example.com"), "who sent it: {}", version.added_by);
    let whole = paul.download(&format!("/versions/{}", version.id)).await?;
    ensure!(whole.body == file, "another file was kept");

    let mut console = world.staff("northwind", "paul@northwind.example").await?;
    let ended = format!("/console/folders/{}/drops/{}/end", shelf.folders[0], shelf.drop_link.0);
    console.get(&format!("/console/folders/{}/drops", shelf.folders[0])).await?.is(StatusCode::OK)?;
    console.post(&ended, &[]).await?.is(StatusCode::OK)?;
    let late = brian.tus(Method::PATCH, &his, &[("upload-offset", "0")], file.clone()).await?;
    ensure!(late.status == StatusCode::GONE && late.text().contains("no more files"), "{}", late.text());
    let late = begin(&mut brian, &link, 100).await?;
    ensure!(late.status == StatusCode::NOT_FOUND, "an ended link takes files: {}", late.status);
    ensure!(folder(&paul, &inbox.id).await?.documents.len() == 1, "a file came by an ended link");
    Ok(())
}
