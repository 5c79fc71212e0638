//! Lists the templates of papers.

use portico_proto::documents::v1::{ListPaperTemplatesRequest, ListPaperTemplatesResponse};

use super::listed;
use crate::{
    domain::paper_template::MOST,
    error::DocumentsError,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    _: ListPaperTemplatesRequest,
) -> Result<ListPaperTemplatesResponse, DocumentsError> {
    let mut tx = service.store.begin(&call.ctx).await?;
    let found = store::paper_templates::list(&mut tx, MOST).await?;
    Ok(ListPaperTemplatesResponse { templates: found.iter().map(listed).collect() })
}
