//! Where an upload stands. Whoever lost the answer to the last bytes finds here what came of them.

use std::time::Duration;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode};
use portico_rpc::Incoming;

use super::{
    go::{Hold, claimed, find, finish},
    protocol::{Not, check_version, tell},
};
use crate::{
    domain::upload::{Outcome, Upload},
    error::DocumentsError,
    service::{Call, Service, SharedService},
};

/// How long it waits for a go whose connection has just been cut, and how often it looks.
const WAITS: u32 = 10;
const WAIT: Duration = Duration::from_millis(150);

pub(super) async fn head(
    State(service): State<SharedService>,
    Path(id): Path<String>,
    incoming: Incoming,
    headers: HeaderMap,
) -> Result<Response, Not> {
    check_version(&headers)?;
    let call = Call::of(&incoming).map_err(|_| DocumentsError::NotFound)?;
    let upload = find(&service, &call, &id).await?;
    look(&service, &call, upload).await
}

/// Says where an upload of the caller's stands.
pub(in crate::http) async fn look(
    service: &SharedService,
    call: &Call,
    mut upload: Upload,
) -> Result<Response, Not> {
    for _ in 0..WAITS {
        if !upload.held {
            break;
        }
        tokio::time::sleep(WAIT).await;
        upload = claimed(service, call, upload.id, upload.claim).await?;
    }
    let offset = stands(service, call, &mut upload).await?;
    let status = match &upload.outcome {
        Some(Outcome::Refused(_)) => StatusCode::GONE,
        _ => StatusCode::OK,
    };
    let mut response = status.into_response();
    let fields = response.headers_mut();
    tell(fields, &upload, offset);
    fields.insert("upload-length", HeaderValue::from(upload.size));
    Ok(response)
}

/// How much has come. What is whole and was never judged, since its process was killed, is judged now.
async fn stands(service: &SharedService, call: &Call, upload: &mut Upload) -> Result<u64, Not> {
    if upload.outcome.is_some() {
        return Ok(upload.size);
    }
    // Also while it is held: a killed process may hold it still, and what it had made durable is there.
    let offset = service.vault.part_offset(&upload.part(call.ctx.tenant)).await?;
    if offset < upload.size || upload.held {
        return Ok(offset);
    }
    let Some(hold) = Hold::take(service, call, upload).await? else { return Ok(offset) };
    let outcome = settle(service, call, upload, hold).await;
    match outcome {
        Ok(landed) => *upload = landed,
        Err(Not::Now(_, text)) => upload.outcome = Some(Outcome::Refused(text)),
        Err(other) => return Err(other),
    }
    Ok(offset)
}

async fn settle(service: &SharedService, call: &Call, upload: &Upload, hold: Hold) -> Result<Upload, Not> {
    let (service, call, upload) = (SharedService::clone(service), call.clone(), upload.clone());
    let settled = tokio::spawn(async move {
        let outcome = finish(&service, &call, upload, None, &hold).await;
        release(&service, &call, &hold).await;
        outcome.map(|(upload, _)| upload)
    });
    settled
        .await
        .map_err(|error| DocumentsError::Unreadable(format!("an upload could not be settled: {error}")))?
}

async fn release(service: &Service, call: &Call, hold: &Hold) {
    if let Err(error) = hold.release(service, call).await {
        tracing::warn!(%error, "an upload is held until its time is over");
    }
}
