//! Lists documents, newest first.

use chrono::{DateTime, Utc};
use portico_core::AccountId;
use portico_proto::documents::v1::{ListDocumentsRequest, ListDocumentsResponse};
use portico_service::page;
use uuid::Uuid;

use crate::{
    convert,
    domain::document::Version,
    error::DocumentsError,
    peers,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: ListDocumentsRequest,
) -> Result<ListDocumentsResponse, DocumentsError> {
    let account: Option<AccountId> =
        if request.account_id.is_empty() { None } else { Some(request.account_id.parse()?) };
    let size = page::size(request.page_size, 50, 200);
    let after = page::key::<(DateTime<Utc>, Uuid)>(&request.page_token).map_err(DocumentsError::Invalid)?;
    let policy = peers::firm(service, &call.ctx).await?.policy;

    let mut tx = service.store.begin(&call.ctx).await?;
    let mut documents = store::documents::list(&mut tx, account, after, size + 1).await?;
    let next_page_token = page::cut(&mut documents, size, |last| (last.created_at, last.id.0));
    let ids: Vec<Uuid> = documents.iter().map(|document| document.id.0).collect();
    let versions = store::versions::of_documents(&mut tx, &ids).await?;
    let documents = documents.iter().map(|document| {
        let own = versions.iter().filter(|version| version.document_id == document.id);
        let own: Vec<Version> = own.take(1).cloned().collect();
        convert::document(document, &own, policy)
    });
    Ok(ListDocumentsResponse { documents: documents.collect(), next_page_token })
}
