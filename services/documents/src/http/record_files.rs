//! A file for a field of a record that may not exist yet. It belongs to nobody but its uploader until the record has it.

use axum::{
    body::Body,
    extract::{Query, State},
};
use http::HeaderMap;
use portico_core::AccountId;
use portico_rpc::Incoming;
use serde::Deserialize;

use super::{Refusal, Uploaded, attachments::fresh};
use crate::{
    domain::document::DocumentKind,
    error::DocumentsError,
    peers,
    service::{Call, SharedService},
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
    let account: AccountId = of.account_id.parse().map_err(DocumentsError::from)?;
    if !call.ctx.actor.accounts.includes(account) {
        return Err(DocumentsError::NotFound.into());
    }
    peers::account(&service, &call.caller, account).await?;
    Ok(fresh(service, call, DocumentKind::RecordFile, account, None, &headers, body).await?)
}
