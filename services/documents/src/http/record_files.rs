//! A file for a field of a record that may not exist yet. It belongs to nobody but its uploader until the record has it.

use axum::{
    body::Body,
    extract::{Query, State},
};
use http::HeaderMap;
use portico_core::AccountId;
use portico_rpc::Incoming;
use serde::Deserialize;

use super::{
    Refusal, Uploaded,
    target::{Aim, take},
};
use crate::{
    domain::upload::Target,
    error::DocumentsError,
    peers,
    service::{Call, Service, SharedService},
};

#[derive(Deserialize)]
pub(super) struct Of {
    account_id: String,
}

pub(super) async fn post(
    State(service): State<SharedService>,
    Query(of): Query<Of>,
    incoming: Incoming,
    headers: HeaderMap,
    body: Body,
) -> Result<Uploaded, Refusal> {
    let call = Call::of(&incoming)?;
    let target = Target::RecordFile(of.account_id.parse().map_err(DocumentsError::from)?);
    Ok(take(&service, call, target, &headers, body).await?)
}

/// What a record of an account takes from this caller.
pub(super) async fn aim(service: &Service, call: &Call, account: AccountId) -> Result<Aim, DocumentsError> {
    if !call.ctx.actor.accounts.includes(account) {
        return Err(DocumentsError::NotFound);
    }
    peers::account(service, &call.caller, account).await?;
    Ok(Aim { account, document: None, limit: service.config.attachment_limit(), accepted: Vec::new() })
}
