//! Reads who of the account sees a folder or a document.

use portico_core::{DocumentId, FolderId};
use portico_proto::documents::v1::{GetSharingRequest, GetSharingResponse};

use crate::{
    access, convert,
    error::DocumentsError,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: GetSharingRequest,
) -> Result<GetSharingResponse, DocumentsError> {
    let (folder, own) = if request.document_id.is_empty() {
        let id: FolderId = request.folder_id.parse()?;
        (access::folder(service, &call, id).await?, None)
    } else {
        let id: DocumentId = request.document_id.parse()?;
        let (document, _) = access::document(service, &call, id).await?;
        let around = document.shelf.folder.ok_or(DocumentsError::NotFound)?;
        let folder = access::folder(service, &call, around).await?;
        (folder, document.shelf.own_sharing.then_some(id.0))
    };
    let mut tx = service.store.begin(&call.ctx).await?;
    let sharing = store::sharings::read(&mut tx, own.unwrap_or(folder.sharing_id)).await?;
    let is_own = if request.document_id.is_empty() { folder.shares_itself() } else { own.is_some() };
    let sharing = convert::sharing(&sharing.unwrap_or_default(), is_own);
    Ok(GetSharingResponse { sharing: Some(sharing) })
}
