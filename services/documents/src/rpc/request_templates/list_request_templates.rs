//! Lists the templates of requests.

use portico_proto::documents::v1::{ListRequestTemplatesRequest, ListRequestTemplatesResponse};

use super::told;
use crate::{
    domain::request_template::MOST,
    error::DocumentsError,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    _: ListRequestTemplatesRequest,
) -> Result<ListRequestTemplatesResponse, DocumentsError> {
    let mut tx = service.store.begin(&call.ctx).await?;
    let found = store::request_templates::list(&mut tx, MOST).await?;
    Ok(ListRequestTemplatesResponse { templates: found.into_iter().map(told).collect() })
}
