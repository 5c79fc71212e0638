//! A file for a message about a record. It belongs to nobody but its uploader until the message is sent.

use axum::{
    body::Body,
    extract::{Query, State},
};
use http::HeaderMap;
use portico_core::{AccountId, RecordId};
use portico_rpc::Incoming;
use serde::Deserialize;

use super::{
    Refusal, Uploaded,
    receive::{Plan, file_name, ids, receive, settle, uploader},
};
use crate::{
    domain::document::DocumentKind,
    error::DocumentsError,
    events::publish,
    peers,
    service::{Call, SharedService},
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
    let record: RecordId = about.record_id.parse().map_err(DocumentsError::from)?;
    let account = peers::record_account(&service, &call.caller, record).await?;
    Ok(fresh(service, call, DocumentKind::Attachment, account, Some(record), &headers, body).await?)
}

/// Takes a file in that somebody will bind.
pub(super) async fn fresh(
    service: SharedService,
    call: Call,
    kind: DocumentKind,
    account: AccountId,
    record: Option<RecordId>,
    headers: &HeaderMap,
    body: Body,
) -> Result<Uploaded, DocumentsError> {
    let person = uploader(&call)?;
    let (name, limit) = (file_name(headers)?, service.config.largest_file);
    let landed = receive(&service, &call, ids(&service, None), name, body, limit, &[]).await?;
    let plan = Plan { kind, account, record, step: None, bound: false };
    let (document, version) = landed.rows(&service, &call, person, plan, &landed.file.name);
    let work = {
        let service = std::sync::Arc::clone(&service);
        async move {
            let mut tx = service.store.begin(&call.ctx).await?;
            store::documents::insert(&mut tx, &document).await?;
            store::versions::insert(&mut tx, &version).await?;
            let event = publish::file_added(&service, &mut tx, &document, &version).await?;
            tx.commit().await?;
            Ok(Uploaded::new(&document, &version, event))
        }
    };
    settle(&service, &landed, work).await
}
