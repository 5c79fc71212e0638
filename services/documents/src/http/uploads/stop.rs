//! Termination: an upload is given up, and its bytes go.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use portico_rpc::Incoming;

use super::{
    go::find,
    protocol::{Not, check_version, speak},
};
use crate::{
    domain::upload::Outcome,
    error::DocumentsError,
    service::{Call, SharedService},
    store,
};

pub(super) async fn delete(
    State(service): State<SharedService>,
    Path(id): Path<String>,
    incoming: Incoming,
    headers: HeaderMap,
) -> Result<Response, Not> {
    check_version(&headers)?;
    let call = Call::of(&incoming).map_err(|_| DocumentsError::NotFound)?;
    let upload = find(&service, &call, &id).await?;
    if matches!(upload.outcome, Some(Outcome::Landed(_))) {
        let text = "This file has arrived already. Take it back where it was handed in.";
        return Err(Not::Now(StatusCode::FORBIDDEN, text.to_owned()));
    }
    let mut tx = service.store.begin(&call.ctx).await?;
    if !store::uploads::delete(&mut tx, upload.id, service.clock.now()).await? {
        return Err(Not::Locked);
    }
    tx.commit().await?;
    service.hashes.invalidate(&upload.id).await;
    // Bytes that cannot be removed now stay sealed, and go with the next sweep.
    service.vault.delete_part(call.ctx.tenant, upload.id).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    speak(response.headers_mut());
    Ok(response)
}
