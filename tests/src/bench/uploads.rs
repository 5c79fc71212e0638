//! Many uploads at once, each as slow as a line to the outside.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{HeaderMap, Method, Request};
use http_body_util::BodyExt as _;
use portico_proto::{
    identity::v1::{CreatePersonRequest, Side},
    tenancy::v1::SetMembershipRequest,
};

use crate::{
    harness::{Engagement, Persona, World},
    say, usage,
};

const AT_ONCE: usize = 1_000;
/// Whose they are: nobody may have all of them open.
const SENDERS: usize = 10;
/// What each sends a sixteenth of a second: 1 MiB/s.
const PIECE: usize = 64 * 1024;
const PIECES: usize = 16;

/// An upload in several goes.
pub(crate) struct Upload<'a> {
    sender: &'a Persona,
    place: String,
}

impl<'a> Upload<'a> {
    /// Begins an upload of `size` bytes for a place such as `for=item&id=…`.
    ///
    /// # Errors
    /// It is refused.
    pub(crate) async fn begin(
        sender: &'a Persona,
        place: &str,
        name: &str,
        size: usize,
    ) -> anyhow::Result<Self> {
        use base64::Engine as _;
        let name = base64::engine::general_purpose::STANDARD.encode(name);
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("/uploads?{place}"))
            .header("tus-resumable", "1.0.0")
            .header("upload-length", size.to_string())
            .header("upload-metadata", format!("filename {name}"))
            .body(Body::empty())?;
        let headers = told(sender, request).await?;
        let place = headers.get("location").context("no location")?.to_str()?.to_owned();
        Ok(Self { sender, place })
    }

    /// Sends the `length` bytes that follow `offset`; answers the version once all is there.
    ///
    /// # Errors
    /// It is refused.
    pub(crate) async fn send(
        &self,
        offset: usize,
        length: usize,
        body: Body,
    ) -> anyhow::Result<Option<String>> {
        let request = Request::builder()
            .method(Method::PATCH)
            .uri(&self.place)
            .header("tus-resumable", "1.0.0")
            .header("content-type", "application/offset+octet-stream")
            .header("upload-offset", offset.to_string())
            .header("content-length", length.to_string())
            .body(body)?;
        let headers = told(self.sender, request).await?;
        Ok(headers.get("upload-version").map(|version| version.to_str().map(str::to_owned)).transpose()?)
    }
}

async fn told(sender: &Persona, request: Request<Body>) -> anyhow::Result<HeaderMap> {
    let channel = sender.channel("documents").without_deadline();
    let answer = channel.send(request.map(tonic::body::Body::new)).await?;
    let (parts, body) = answer.into_parts();
    let text = body.collect().await?.to_bytes();
    ensure!(parts.status.is_success(), "{}: {}", parts.status, String::from_utf8_lossy(&text));
    Ok(parts.headers)
}

/// New people of the engagement's account.
async fn senders(world: &World, engagement: &Engagement) -> anyhow::Result<Vec<Persona>> {
    let nora = world.person("northwind", "nora@northwind.example").await?;
    let mut senders = Vec::with_capacity(SENDERS);
    for number in 0..SENDERS {
        let email = format!("sender{number}@acme.example");
        let asked = CreatePersonRequest {
            email: email.clone(),
            name: format!("Sender {number}"),
            side: Side::External.into(),
            ..CreatePersonRequest::default()
        };
        let person = nora.identity().create_person(asked).await?.into_inner().person.context("no person")?;
        let asked = SetMembershipRequest {
            account_id: engagement.account.clone(),
            person_id: person.id,
            roles: vec!["client".to_owned()],
        };
        nora.tenancy().set_membership(asked).await?;
        senders.push(world.person("northwind", &email).await?);
    }
    Ok(senders)
}

/// Sends a thousand files at once, each at 1 MiB/s at most, and says how long the slowest took.
///
/// # Errors
/// One is refused.
pub(crate) async fn measure() -> anyhow::Result<()> {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let senders = senders(&world, &engagement).await?;
    let place = format!("for=attachment&id={}", engagement.record);
    let size = PIECE * PIECES;
    let mut uploads = Vec::with_capacity(AT_ONCE);
    for number in 0..AT_ONCE {
        let sender = &senders[number % SENDERS];
        uploads.push(Upload::begin(sender, &place, &format!("photo-{number}.txt"), size).await?);
    }
    let before = usage::resident_mib("self")?;
    let start = Instant::now();
    let sent = uploads.iter().map(|upload| async move {
        let paced = stream::iter(0..PIECES).then(|piece| async move {
            tokio::time::sleep(Duration::from_micros(62_500)).await;
            let letter = b'a' + u8::try_from(piece % 26).unwrap_or_default();
            Ok::<_, std::io::Error>(Bytes::from(vec![letter; PIECE]))
        });
        upload.send(0, size, Body::from_stream(paced)).await
    });
    let mut arrived = std::pin::pin!(futures_util::future::try_join_all(sent));
    let mut peak = before;
    let versions = loop {
        tokio::select! {
            versions = &mut arrived => break versions?,
            () = tokio::time::sleep(Duration::from_millis(250)) => peak = peak.max(usage::resident_mib("self")?),
        }
    };
    let took = start.elapsed().as_secs_f64();
    let whole = versions.iter().flatten().count();
    ensure!(whole == AT_ONCE, "{whole} of {AT_ONCE} arrived");
    say(&format!(
        "{AT_ONCE} uploads of 1 MiB at once, each at 1 MiB/s at most: all arrived within {took:.1} s, {:.0} MiB/s together; resident before {before}, at most {peak} MiB",
        (AT_ONCE * size) as f64 / took / (1024.0 * 1024.0)
    ));
    Ok(())
}
