//! Lists template files.

use portico_proto::documents::v1::{ListTemplatesRequest, ListTemplatesResponse};

use crate::{
    convert,
    error::DocumentsError,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    _request: ListTemplatesRequest,
) -> Result<ListTemplatesResponse, DocumentsError> {
    let mut tx = service.store.begin(&call.ctx).await?;
    let templates = store::templates::list(&mut tx).await?;
    Ok(ListTemplatesResponse { templates: templates.iter().map(convert::template).collect() })
}
