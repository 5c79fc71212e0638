//! A file for a message about a record. It belongs to nobody but its uploader until the message is sent.

use axum::{
    body::Body,
    extract::{Query, State},
};
use http::HeaderMap;
use portico_core::{AccountId, PersonId, RecordId};
use portico_rpc::Incoming;
use serde::Deserialize;

use super::{
    Refusal, Uploaded,
    receive::{Landed, Plan},
    target::{Aim, take},
};
use crate::{
    domain::{document::DocumentKind, upload::Target},
    error::DocumentsError,
    events::publish,
    peers,
    service::{Call, Service, SharedService},
    store,
};

#[derive(Deserialize)]
pub(super) struct About {
    record_id: String,
}

pub(super) async fn post(
    State(service): State<SharedService>,
    Query(about): Query<About>,
    incoming: Incoming,
    headers: HeaderMap,
    body: Body,
) -> Result<Uploaded, Refusal> {
    let call = Call::of(&incoming)?;
    let target = Target::Attachment(about.record_id.parse().map_err(DocumentsError::from)?);
    Ok(take(&service, call, target, &headers, body).await?)
}

/// What a message about a record takes from this caller.
pub(super) async fn aim(service: &Service, call: &Call, record: RecordId) -> Result<Aim, DocumentsError> {
    let account = peers::record_account(service, &call.caller, record).await?;
    Ok(Aim { account, document: None, limit: service.config.attachment_limit(), accepted: Vec::new() })
}

/// Puts a file that has landed where somebody will bind it: a message about `record`, or a record of the account.
pub(super) async fn put(
    service: &Service,
    call: &Call,
    person: PersonId,
    account: AccountId,
    record: Option<RecordId>,
    landed: &Landed,
) -> Result<Uploaded, DocumentsError> {
    let kind = if record.is_some() { DocumentKind::Attachment } else { DocumentKind::RecordFile };
    let plan = Plan { kind, account, record, step: None, bound: false };
    let (document, version) = landed.rows(service, call, person, plan, &landed.file.name);
    let mut tx = service.store.begin(&call.ctx).await?;
    store::documents::insert(&mut tx, &document).await?;
    landed.insert(&mut tx, &version).await?;
    let event = publish::file_added(service, &mut tx, &document, &version).await?;
    let uploaded = Uploaded::new(&document, &version, event);
    landed.arrived(&mut tx, &uploaded).await?;
    tx.commit().await?;
    Ok(uploaded)
}
