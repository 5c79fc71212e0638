//! Uploads that come in several goes, over HTTP through the edge: by hand, and by a client that is not ours.

use std::{io::Write as _, process::Command};

use anyhow::{Context as _, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Method, StatusCode};
use portico_proto::documents::v1::{GetRequestRequest, ItemState, Request};

use crate::harness::{Answer, Outcome, Persona, Visitor, World, large_pdf, pdf, skip, steps};

const CLIENT: &str = include_str!("tus_client.mjs");

struct Place {
    ana: Persona,
    visitor: Visitor,
    step: String,
    item: String,
}

impl Place {
    async fn of(world: &World) -> anyhow::Result<Self> {
        let engagement = world.signed_engagement("Warehouse audit").await?;
        let ana = world.person("northwind", "ana@acme.example").await?;
        let step = steps(&ana.run(&engagement.run).await?)["sysdocs"].id.clone();
        let mut visitor = world.client("northwind", "ana@acme.example").await?;
        visitor.get(&format!("/tasks/{step}")).await?.shows("Needed")?;
        let mut place = Self { ana, visitor, step, item: String::new() };
        place.item = place.request().await?.items.first().context("no row")?.id.clone();
        Ok(place)
    }

    async fn request(&self) -> anyhow::Result<Request> {
        let asked = GetRequestRequest { step_id: self.step.clone() };
        self.ana.documents().get_request(asked).await?.into_inner().request.context("no request")
    }

    async fn begin(&mut self, size: usize) -> anyhow::Result<String> {
        let (size, name) = (size.to_string(), format!("filename {}", STANDARD.encode("Übersicht.pdf")));
        let headers = [("upload-length", size.as_str()), ("upload-metadata", name.as_str())];
        let path = format!("/uploads?for=item&id={}", self.item);
        let told =
            self.visitor.tus(Method::POST, &path, &headers, Vec::new()).await?.is(StatusCode::CREATED)?;
        Ok(told.headers.get("location").context("no location")?.to_str()?.to_owned())
    }
}

/// A file goes on after a cut through session, form token and firm; the page then lists it. Nobody else finds the upload, and without
/// the token of one's own page nothing is begun.
pub(super) async fn an_upload_goes_on_through_the_edge_and_is_its_owners_alone() -> Outcome {
    let world = World::demo().await?;
    let mut place = Place::of(&world).await?;
    let file = pdf("Server plan", 20);
    let upload = place.begin(file.len()).await?;
    let half = file.len() / 2;
    let told = place
        .visitor
        .tus(Method::PATCH, &upload, &[("upload-offset", "0")], file[..half].to_vec())
        .await?
        .is(StatusCode::NO_CONTENT)?;
    ensure!(told.headers["upload-offset"] == half.to_string().as_str(), "{:?}", told.headers);
    for (slug, email) in [
        ("northwind", "gina@globex.example"),
        ("northwind", "sam@acme.example"),
        ("contoso", "ian@initech.example"),
    ] {
        let mut other = world.client(slug, email).await?;
        other.get("/me").await?.is(StatusCode::OK)?;
        for method in [Method::HEAD, Method::PATCH, Method::DELETE] {
            let at = half.to_string();
            let headers = [("upload-offset", at.as_str())];
            let there = other.tus(method.clone(), &upload, &headers, b"x".to_vec()).await?;
            let never = "/uploads/01890000-0000-7000-8000-000000000001";
            let nowhere = other.tus(method.clone(), never, &headers, b"x".to_vec()).await?;
            // The reference of each request is its own.
            let words = |told: &Answer| told.text().split("\"reference\"").next().map(str::to_owned);
            ensure!(
                there.status == StatusCode::NOT_FOUND
                    && nowhere.status == there.status
                    && words(&nowhere) == words(&there),
                "{email} learns by {method} that it is there: {} and {}",
                there.status,
                nowhere.status
            );
        }
    }
    let (mut forged, at) = (place.visitor.clone(), half.to_string());
    let refused = forged
        .tus(Method::PATCH, &upload, &[("upload-offset", at.as_str()), ("x-csrf-token", "wrong")], vec![1])
        .await?;
    ensure!(refused.status == StatusCode::FORBIDDEN, "a wrong token is taken: {}", refused.status);
    let abroad = forged
        .tus(
            Method::PATCH,
            &upload,
            &[("upload-offset", at.as_str()), ("origin", "https://evil.example")],
            vec![1],
        )
        .await?;
    ensure!(abroad.status == StatusCode::FORBIDDEN, "another origin is taken: {}", abroad.status);
    let told = place
        .visitor
        .tus(Method::PATCH, &upload, &[("upload-offset", at.as_str())], file[half..].to_vec())
        .await?
        .is(StatusCode::NO_CONTENT)?;
    let version = told.headers.get("upload-version").context("no version")?.to_str()?.to_owned();
    let found = place.visitor.tus(Method::HEAD, &upload, &[], Vec::new()).await?.is(StatusCode::OK)?;
    ensure!(found.headers["upload-version"] == version.as_str(), "the lost answer is not found");
    place.visitor.get(&format!("/tasks/{}", place.step)).await?.shows("Übersicht.pdf")?;
    let whole = place.visitor.get(&format!("/files/{version}")).await?.is(StatusCode::OK)?;
    ensure!(whole.body == file, "another file was kept");
    ensure!(place.request().await?.items[0].state() == ItemState::Checking, "the row was not told");
    Ok(())
}

/// What the row does not take is said in words at the end, and before the first byte where it is too large.
pub(super) async fn an_upload_that_is_not_wanted_is_refused_in_words() -> Outcome {
    let world = World::demo().await?;
    let mut place = Place::of(&world).await?;
    let mut program = b"MZ\x90\x00".to_vec();
    program.resize(4000, 0);
    let upload = place.begin(program.len()).await?;
    let refused = place.visitor.tus(Method::PATCH, &upload, &[("upload-offset", "0")], program).await?;
    ensure!(
        refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.text().contains("a Windows program"),
        "{} {}",
        refused.status,
        refused.text()
    );
    let told = place.visitor.tus(Method::HEAD, &upload, &[], Vec::new()).await?;
    ensure!(told.status == StatusCode::GONE, "{}", told.status);
    let (path, name) =
        (format!("/uploads?for=item&id={}", place.item), format!("filename {}", STANDARD.encode("a.pdf")));
    let huge = [("upload-length", "999999999999"), ("upload-metadata", name.as_str())];
    let refused = place.visitor.tus(Method::POST, &path, &huge, Vec::new()).await?;
    ensure!(refused.text().contains("too large"), "{} {}", refused.status, refused.text());
    ensure!(place.request().await?.items[0].files.is_empty(), "a refused file is listed");
    Ok(())
}

/// The protocol as a client has it that is not ours: whole, in pieces, broken off and gone on with, and given up.
pub(super) async fn a_foreign_client_speaks_the_same_protocol() -> Outcome {
    let library = std::env::var("PORTICO_TUS_CLIENT").map_err(|_| {
        skip("tus-js-client is missing: scripts/test fetches it with npm and names it in PORTICO_TUS_CLIENT")
    })?;
    if !Command::new("node").arg("--version").output().is_ok_and(|told| told.status.success()) {
        return Err(skip("node is missing: install Debian's nodejs"));
    }
    let world = World::demo().await?;
    let place = Place::of(&world).await?;
    let folder = tempfile::tempdir()?;
    let (script, file) = (folder.path().join("client.mjs"), folder.path().join("large.pdf"));
    std::fs::write(&script, CLIENT)?;
    std::fs::File::create(&file)?.write_all(&large_pdf(3 * 1024 * 1024))?;
    let (host, cookies, token) = place.visitor.credentials();
    let endpoint = format!("http://{}/uploads?for=item&id={}", world.address(), place.item);
    let output = tokio::task::spawn_blocking(move || {
        Command::new("node")
            .arg(script)
            .args([endpoint, host, cookies, token])
            .arg(file)
            .env("PORTICO_TUS_CLIENT", library)
            .output()
    })
    .await??;
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "{said}\n{complained}");
    ensure!(said.contains("resumed") && said.contains("given up"), "{said}");
    let files = place.request().await?.items[0].files.clone();
    let names: Vec<&str> = files.iter().map(|file| file.file_name.as_str()).collect();
    ensure!(names == ["whole.pdf", "pieces.pdf", "resumed.pdf"], "{names:?}");
    ensure!(files.iter().all(|file| file.sha256 == files[0].sha256), "the files differ");
    Ok(())
}
