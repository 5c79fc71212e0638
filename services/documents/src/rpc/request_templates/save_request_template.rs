//! Makes a template of requests, or changes one.

use portico_db::StoreError;
use portico_proto::documents::v1::{SaveRequestTemplateRequest, SaveRequestTemplateResponse};
use uuid::Uuid;

use super::told;
use crate::{
    domain::request_template::{MOST, RequestTemplate, TemplateItem, checked},
    error::DocumentsError,
    events::templates::changed,
    service::{Call, SharedService},
    store::request_templates as store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: SaveRequestTemplateRequest,
) -> Result<SaveRequestTemplateResponse, DocumentsError> {
    let known = match request.request_template_id.as_str() {
        "" => None,
        id => Some(id.parse::<Uuid>().map_err(|_| DocumentsError::NotFound)?),
    };
    let mut tx = service.store.begin(&call.ctx).await?;
    let version = match known {
        Some(id) => store::lock(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?.0,
        None => 0,
    };
    let items = request.items.into_iter().map(|item| TemplateItem {
        name: item.name,
        help: item.help,
        required: item.required,
        accept: item.accept,
        max_megabytes: item.max_megabytes,
    });
    let (title, items) = checked(&request.title, items.collect(), request.due_days)?;
    if known.is_some() && version != request.version {
        return Err(StoreError::Conflict.into());
    }
    if known.is_none() && store::count(&mut tx).await? >= MOST {
        let text = format!("There are {MOST} templates already. Remove one first.");
        return Err(DocumentsError::invalid("title", text));
    }
    let id = known.unwrap_or_else(|| service.entropy.uuid(service.clock.now()));
    let template = RequestTemplate { id, title, items, due_days: request.due_days, version: version + 1 };
    let written = match known {
        Some(_) => store::update(&mut tx, &template).await,
        None => store::insert(&mut tx, &template).await,
    };
    written.map_err(|error| match error {
        DocumentsError::Store(StoreError::Duplicate { .. }) => {
            DocumentsError::invalid("title", "There is a template of this title already. Choose another one.")
        }
        other => other,
    })?;
    let action = if known.is_some() { "request_template.changed" } else { "request_template.created" };
    let event = changed(service, &mut tx, action, (id, &template.title, template.version)).await?;
    tx.commit().await?;
    Ok(SaveRequestTemplateResponse { template: Some(told(template)), event })
}
