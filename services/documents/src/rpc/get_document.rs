//! Reads a document with its versions.

use portico_core::DocumentId;
use portico_proto::documents::v1::{GetDocumentRequest, GetDocumentResponse};

use crate::{
    access, convert,
    error::DocumentsError,
    peers,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: GetDocumentRequest,
) -> Result<GetDocumentResponse, DocumentsError> {
    let (document, right) = if request.document_id.is_empty() {
        let (document, _, right) = access::version(service, &call, request.version_id.parse()?).await?;
        (document, right)
    } else {
        let id: DocumentId = request.document_id.parse()?;
        access::document(service, &call, id).await?
    };
    let policy = peers::firm(service, &call.ctx).await?.policy;
    let mut tx = service.store.begin(&call.ctx).await?;
    let versions = store::versions::of_documents(&mut tx, &[document.id.0]).await?;
    Ok(GetDocumentResponse {
        document: Some(convert::document(&document, &versions, policy)),
        versions: versions.iter().map(|version| convert::version(version, policy)).collect(),
        may: right.level.word().to_owned(),
        max_bytes: i64::try_from(service.config.largest_file).unwrap_or(i64::MAX),
    })
}
