//! Termination: an upload is given up, and its bytes go.
//!
//! They go before its row: where that fails, the row is still there to try again with, and nothing stays behind that nobody knows of.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use portico_rpc::Incoming;

use super::{
    go::{Hold, find},
    protocol::{Not, check_version, speak},
};
use crate::{
    domain::upload::{Outcome, Upload},
    error::DocumentsError,
    service::{Call, Service, SharedService},
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
    stop(&service, &call, &upload).await
}

/// Gives up an upload of the caller's.
pub(in crate::http) async fn stop(service: &Service, call: &Call, upload: &Upload) -> Result<Response, Not> {
    if matches!(upload.outcome, Some(Outcome::Landed(_))) {
        let text = "This file has arrived already. Take it back where it was handed in.";
        return Err(Not::Now(StatusCode::FORBIDDEN, text.to_owned()));
    }
    if upload.outcome.is_some() {
        forget_refused(service, call, upload).await?;
    } else {
        give_up(service, call, upload).await?;
    }
    service.hashes.invalidate(&upload.id).await;
    let mut response = StatusCode::NO_CONTENT.into_response();
    speak(response.headers_mut());
    Ok(response)
}

/// Ends an upload that no go is under way for, and lets none begin meanwhile.
async fn give_up(service: &Service, call: &Call, upload: &Upload) -> Result<(), Not> {
    let hold = Hold::take(service, call, upload).await?.ok_or(Not::Locked)?;
    let removal = service.vault.delete_part(call.ctx.tenant, upload.id);
    let removed = hold.alive(service, call, removal).await?;
    if let Err(error) = removed {
        hold.release(service, call).await?;
        return Err(error.into());
    }
    if hold.remove(service, call).await? { Ok(()) } else { Err(Not::Locked) }
}

/// No go begins for one that was refused.
async fn forget_refused(service: &Service, call: &Call, upload: &Upload) -> Result<(), Not> {
    service.vault.delete_part(call.ctx.tenant, upload.id).await?;
    let mut tx = service.store.begin(&call.ctx).await?;
    if !store::uploads::delete(&mut tx, upload.id, service.clock.now()).await? {
        return Err(Not::Locked);
    }
    Ok(tx.commit().await?)
}
