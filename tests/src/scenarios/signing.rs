//! Signing that is interrupted.

use anyhow::{Context as _, ensure};
use portico_proto::documents::v1::GetEnvelopeRequest;

use crate::harness::{Outcome, World, steps};

/// A session that ends between two steps costs a sign-in, and neither the place nor the signature of anybody else.
pub(super) async fn s05_after_a_time_out_in_mid_signing_one_stands_where_one_was() -> Outcome {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let mut sam = world.client("northwind", "sam@acme.example").await?;
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let step = steps(&paul.run(&engagement.run).await?)["agreement"].id.clone();
    let origin = world.url("northwind", "");
    let sent_from = |path: &str| {
        let mut headers = http::HeaderMap::new();
        headers.insert("content-type", http::HeaderValue::from_static("application/x-www-form-urlencoded"));
        let referer = format!("{}{path}", origin.trim_end_matches('/'));
        headers.insert("referer", referer.parse().unwrap_or(http::HeaderValue::from_static("")));
        headers
    };
    for (page, form) in [("?step=adopt", "/sign/review"), ("/sign/review", "/sign"), ("", "/sign/decline")] {
        sam.get(&format!("/tasks/{step}?step=adopt")).await?.is(http::StatusCode::OK)?;
        let mut nobody = world.visitor("northwind");
        let path = format!("/tasks/{step}{page}");
        let body = format!("_csrf={}&typed_name=Sam&intent=yes&consent=yes", sam.token());
        let answer = nobody
            .send(http::Method::POST, &format!("/tasks/{step}{form}"), sent_from(&path), body.into())
            .await?;
        let to =
            answer.headers.get("location").and_then(|to| to.to_str().ok()).unwrap_or_default().to_owned();
        let next: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
        ensure!(to == format!("/sign-in?next={next}"), "{form}: sent to {to:?} ({})", answer.status);
        // And there they are, once they have signed in.
        let back = sam.get(&path).await?.is(http::StatusCode::OK)?;
        let text = back.text();
        ensure!(text.contains("Sam Okafor"), "{path} shows {text}");
        if !page.is_empty() {
            ensure!(text.contains("name=\"typed_name\""), "{path} is not the step that was left: {text}");
        }
    }
    let asked = GetEnvelopeRequest { step_id: step, ..Default::default() };
    let envelope =
        paul.documents().get_envelope(asked).await?.into_inner().envelope.context("no envelope")?;
    ensure!(envelope.signers.iter().all(|signer| signer.signed_at.is_none()), "somebody has signed");
    Ok(())
}
