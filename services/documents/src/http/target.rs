//! Where a file goes, whichever way it travels: who may send it there, what is taken, and how it gets its place.

use std::{str::FromStr, sync::Arc};

use axum::{
    body::Body,
    extract::{Path, State},
    routing::{MethodRouter, post},
};
use http::HeaderMap;
use portico_core::{AccountId, DocumentId, ParseIdError, PersonId};
use portico_rpc::Incoming;

use super::{
    Refusal, Uploaded, attachments, deliverable_versions, document_versions, drops, folder_files, item_files,
    receive::{Landed, file_name, ids, receive, settle, uploader},
    record_files,
};
use crate::{
    content::Accept,
    domain::upload::Target,
    error::DocumentsError,
    service::{Call, Service, SharedService},
};

/// What a place takes from a caller who may send something there.
pub(super) struct Aim {
    pub(super) account: AccountId,
    /// The document that the file is a further version of.
    pub(super) document: Option<DocumentId>,
    /// In bytes.
    pub(super) limit: u64,
    pub(super) accepted: Vec<Accept>,
}

/// What `target` takes from this caller. Whoever may not send anything there is refused.
pub(super) async fn aim(service: &Service, call: &Call, target: Target) -> Result<Aim, DocumentsError> {
    match target {
        Target::Item(id) => item_files::aim(service, call, id).await,
        Target::Deliverable(id) => deliverable_versions::aim(service, call, id).await,
        Target::Attachment(id) => attachments::aim(service, call, id).await,
        Target::RecordFile(id) => record_files::aim(service, call, id).await,
        Target::Folder(id) => folder_files::aim(service, call, id).await,
        Target::Document(id) => document_versions::aim(service, call, id).await,
        Target::Drop(id) => drops::aim(service, call, id).await,
    }
}

/// Writes the rows of a file that has landed.
pub(super) async fn put(
    service: &Service,
    call: &Call,
    person: PersonId,
    account: AccountId,
    target: Target,
    landed: &Landed,
) -> Result<Uploaded, DocumentsError> {
    match target {
        Target::Item(id) => item_files::put(service, call, person, id, landed).await,
        Target::Deliverable(id) => deliverable_versions::put(service, call, person, id, landed).await,
        Target::Attachment(id) => attachments::put(service, call, person, account, Some(id), landed).await,
        Target::RecordFile(_) => attachments::put(service, call, person, account, None, landed).await,
        Target::Folder(id) => folder_files::put(service, call, person, id, landed).await,
        Target::Document(id) => document_versions::put(service, call, person, id, landed).await,
        // What comes by a link comes from nobody whom Portico knows.
        Target::Drop(_) => Err(DocumentsError::NotFound),
    }
}

/// The route of a place whose id stands in its path.
pub(super) fn route<I>(place: fn(I) -> Target) -> MethodRouter<SharedService>
where
    I: FromStr<Err = ParseIdError> + Send + 'static,
{
    post(
        move |State(service): State<SharedService>,
              Path(id): Path<String>,
              incoming: Incoming,
              headers: HeaderMap,
              body: Body| async move {
            let call = Call::of(&incoming)?;
            let target = place(id.parse().map_err(DocumentsError::from)?);
            Ok::<_, Refusal>(take(&service, call, target, &headers, body).await?)
        },
    )
}

/// Takes a file that comes in one piece.
pub(super) async fn take(
    service: &SharedService,
    call: Call,
    target: Target,
    headers: &HeaderMap,
    body: Body,
) -> Result<Uploaded, DocumentsError> {
    let person = uploader(&call)?;
    let aim = aim(service, &call, target).await?;
    let name = file_name(headers)?;
    let ids = ids(service, aim.document);
    let landed = receive(service, &call, ids, name, body, aim.limit, &aim.accepted).await?;
    let landed = Arc::new(landed);
    let work = {
        let (service, landed) = (Arc::clone(service), Arc::clone(&landed));
        async move { put(&service, &call, person, aim.account, target, &landed).await }
    };
    settle(service, &landed, work).await
}
