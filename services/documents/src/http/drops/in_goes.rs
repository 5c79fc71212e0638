//! Files by drop links in several goes: the protocol of [`uploads`], for senders whom nobody knows.
//!
//! `POST /drops/uploads` answers a secret in `upload-secret`. Whoever shows that and the link's own goes on at `/drops/upload`; neither
//! alone finds anything, so that two who have the same link never meet. Once a link is over or full, what was begun by it is not finished:
//! its sender is told so with 410.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::{MethodFilter, MethodRouter, on},
};
use http::{HeaderMap, HeaderValue, StatusCode};
use portico_rpc::Incoming;

use super::{Desk, aim, by_the_edge, sender, text};
use crate::{
    convert,
    domain::{
        drop_link::{DropState, OVER},
        upload::{Claim, Target, Upload},
    },
    error::DocumentsError,
    http::uploads::{Not, Place, begin, check_version, claimed, go_on, look, stop, tell},
    service::Call,
    store,
};

/// Requests about what was begun from one address, over the time in which files are counted.
const GOES_BY_ADDRESS: u32 = 3000;

pub(super) fn routes() -> Router<Arc<Desk>> {
    let one: MethodRouter<Arc<Desk>> =
        on(MethodFilter::HEAD, head).on(MethodFilter::PATCH, patch).on(MethodFilter::DELETE, delete);
    Router::new().route("/drops/uploads", on(MethodFilter::POST, post)).route("/drops/upload", one)
}

async fn post(
    State(desk): State<Arc<Desk>>,
    incoming: Incoming,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Not> {
    check_version(&headers)?;
    let call = by_the_edge(&incoming)?;
    let link = desk.link(&call, &headers).await?.id;
    let sender = Some(sender(&headers)?);
    let aim = aim(&desk.service, &call, link).await?;
    let secret = desk.service.entropy.secret();
    let claim = Claim::Secret(link, convert::token_hash(&secret));
    let place = Place { target: Target::Drop(link), aim, claim, sender };
    let (upload, offset) = begin(&desk.service, call, &headers, body, place).await?;
    let mut response = StatusCode::CREATED.into_response();
    tell(response.headers_mut(), &upload, offset);
    if let Ok(secret) = HeaderValue::from_str(&secret) {
        response.headers_mut().insert("upload-secret", secret);
    }
    Ok(response)
}

async fn head(
    State(desk): State<Arc<Desk>>,
    incoming: Incoming,
    headers: HeaderMap,
) -> Result<Response, Not> {
    let (call, upload) = desk.find(&incoming, &headers).await?;
    look(&desk.service, &call, upload).await
}

async fn patch(
    State(desk): State<Arc<Desk>>,
    incoming: Incoming,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Not> {
    let (call, upload) = desk.find(&incoming, &headers).await?;
    go_on(&desk.service, call, upload, &headers, body).await
}

async fn delete(
    State(desk): State<Arc<Desk>>,
    incoming: Incoming,
    headers: HeaderMap,
) -> Result<Response, Not> {
    let (call, upload) = desk.find(&incoming, &headers).await?;
    stop(&desk.service, &call, &upload).await
}

impl Desk {
    /// The upload of whoever shows the link's secret and the upload's own.
    async fn find(&self, incoming: &Incoming, headers: &HeaderMap) -> Result<(Call, Upload), Not> {
        check_version(headers)?;
        let call = by_the_edge(incoming)?;
        let tenant = call.ctx.tenant;
        let address = call.ctx.address.as_deref().unwrap_or_default();
        self.admit(format!("{tenant} goes {address}"), GOES_BY_ADDRESS)?;
        let (service, secret) = (&self.service, convert::token_hash(text(headers, "x-upload-secret")));
        let token = convert::token_hash(text(headers, "x-drop-token"));
        let mut tx = service.store.begin(&call.ctx).await?;
        let link = store::drop_links::by_token(&mut tx, token).await?.ok_or(DocumentsError::NotFound)?;
        let id =
            store::uploads::by_secret(&mut tx, link.id, secret).await?.ok_or(DocumentsError::NotFound)?;
        drop(tx);
        let upload = claimed(service, &call, id, Claim::Secret(link.id, secret)).await?;
        // What came of a file is still told to whoever sent it, also where it was the last one that the link took.
        if upload.outcome.is_none() && link.state(service.clock.now()) != DropState::Open {
            return Err(Not::Now(StatusCode::GONE, OVER.to_owned()));
        }
        Ok((call, upload))
    }
}

#[cfg(test)]
mod tests;
