//! A large file up and down as a browser sends it: session, form token, gateway, pages, documents.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use anyhow::{Context as _, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::stream;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Empty, StreamBody, combinators::BoxBody};
use hyper::body::{Frame, Incoming};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use portico_proto::documents::v1::GetRequestRequest;

use crate::{
    harness::{Visitor, World, steps},
    say, usage,
};

/// The largest file that is taken unless the installation says otherwise, in MiB.
pub(crate) const LARGEST: usize = 5 * 1024;
const CHUNK: usize = 1024 * 1024;
/// The end of an archive that holds nothing: what follows it is made as it is sent and lies nowhere but in the vault.
const HEAD: &[u8] = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
/// How often memory is looked at, in bytes.
const LOOK: u64 = 64 * CHUNK as u64;

type Body = BoxBody<Bytes, std::io::Error>;

/// A browser at the gateway.
struct Edge<'a> {
    world: &'a World,
    visitor: Visitor,
    client: Client<HttpConnector, Body>,
}

impl Edge<'_> {
    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> anyhow::Result<Response<Incoming>> {
        let (host, cookies, token) = self.visitor.credentials();
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.world.address()))
            .header(header::HOST, host)
            .header(header::COOKIE, cookies)
            .header("x-csrf-token", token)
            .header("tus-resumable", "1.0.0");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Ok(self.client.request(request.body(body)?).await?)
    }

    /// Sends `length` bytes at `offset`, made as they are needed, and answers the most memory meanwhile and the file's version once
    /// all is there.
    async fn go(&self, place: &str, offset: usize, length: usize) -> anyhow::Result<(u64, Option<String>)> {
        let block = Bytes::from(vec![7_u8; CHUNK]);
        let peak = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&peak);
        let head = if offset == 0 { HEAD.len() } else { 0 };
        let first = (head > 0).then(|| Bytes::from_static(HEAD));
        let rest =
            std::iter::repeat_n(block, (length - head) / CHUNK).enumerate().map(move |(place, block)| {
                if place % 64 == 0 {
                    seen.fetch_max(usage::resident_mib("self").unwrap_or_default(), Ordering::Relaxed);
                }
                block
            });
        let pieces = first.into_iter().chain(rest).map(|piece| Ok(Frame::data(piece)));
        let body = StreamBody::new(stream::iter(pieces)).boxed();
        let (at, many) = (offset.to_string(), length.to_string());
        let headers = [
            ("content-type", "application/offset+octet-stream"),
            ("upload-offset", at.as_str()),
            ("content-length", many.as_str()),
        ];
        let told = self.send(Method::PATCH, place, &headers, body).await?;
        ensure!(told.status() == StatusCode::NO_CONTENT, "{} at {offset}", told.status());
        let version = told.headers().get("upload-version").map(|version| version.to_str().map(str::to_owned));
        Ok((peak.load(Ordering::Relaxed), version.transpose()?))
    }
}

/// Sends a file of `mib` MiB to a document request in two goes and reads it back, all through the gateway.
///
/// # Errors
/// Where it is refused.
pub(crate) async fn measure(mib: usize) -> anyhow::Result<()> {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let ana = world.person("northwind", "ana@acme.example").await?;
    let step = steps(&ana.run(&engagement.run).await?)["sysdocs"].id.clone();
    let mut visitor = world.client("northwind", "ana@acme.example").await?;
    visitor.get(&format!("/tasks/{step}")).await?.is(StatusCode::OK)?;
    let request =
        ana.documents().get_request(GetRequestRequest { step_id: step }).await?.into_inner().request;
    let item = request.and_then(|request| request.items.into_iter().next()).context("no item")?;
    sqlx::query("update documents.items set max_bytes = 5368709120").execute(world.database.admin()).await?;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let edge = Edge { world: &world, visitor, client };

    let size = (mib - 1) * CHUNK + HEAD.len();
    let (length, name) = (size.to_string(), format!("filename {}", STANDARD.encode("large.zip")));
    let headers = [("upload-length", length.as_str()), ("upload-metadata", name.as_str())];
    let nothing = || -> Body { Empty::new().map_err(|never| match never {}).boxed() };
    let before = usage::resident_mib("self")?;
    let start = Instant::now();
    let begun =
        edge.send(Method::POST, &format!("/uploads?for=item&id={}", item.id), &headers, nothing()).await?;
    ensure!(begun.status() == StatusCode::CREATED, "{}", begun.status());
    let place = begun.headers().get(header::LOCATION).context("no location")?.to_str()?.to_owned();
    let half = HEAD.len() + (mib / 2) * CHUNK;
    let (first, _) = edge.go(&place, 0, half).await?;
    let (second, version) = edge.go(&place, half, size - half).await?;
    let version = version.context("no version")?;
    let up = start.elapsed().as_secs_f64();

    let start = Instant::now();
    let mut told = edge.send(Method::GET, &format!("/files/{version}"), &[], nothing()).await?;
    ensure!(told.status() == StatusCode::OK, "{}", told.status());
    let (mut bytes, mut looked, mut peak_down) = (0_u64, 0, 0);
    while let Some(frame) = told.body_mut().frame().await {
        bytes += frame?.data_ref().map_or(0, |data| data.len() as u64);
        if bytes - looked >= LOOK {
            looked = bytes;
            peak_down = peak_down.max(usage::resident_mib("self")?);
        }
    }
    ensure!(usize::try_from(bytes)? == size, "{bytes} of {size} bytes came back");
    let down = start.elapsed().as_secs_f64();
    say(&format!(
        "{mib} MiB through the gateway in two goes: up {:.0} MiB/s, down {:.0} MiB/s, every byte back; resident before {before}, during the upload at most {}, during the download at most {peak_down} MiB (this process holds server and browser)",
        mib as f64 / up,
        mib as f64 / down,
        first.max(second)
    ));
    Ok(())
}
