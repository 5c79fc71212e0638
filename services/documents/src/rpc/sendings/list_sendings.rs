//! Lists what was sent from a template, by the caller or, for administrators, by anybody.

use portico_proto::{
    documents::v1::{ListSendingsRequest, ListSendingsResponse, Sending},
    time::timestamp,
};
use uuid::Uuid;

use crate::{
    error::DocumentsError,
    service::{Call, SharedService},
    store::{self, sendings::Summary},
};

/// How many are listed.
const MOST: i64 = 100;

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: ListSendingsRequest,
) -> Result<ListSendingsResponse, DocumentsError> {
    let template: Uuid = request.paper_template_id.parse().map_err(|_| DocumentsError::NotFound)?;
    let mut tx = service.store.begin(&call.ctx).await?;
    store::paper_templates::read(&mut tx, template).await?.ok_or(DocumentsError::NotFound)?;
    // Its counts speak of papers that others may not look at.
    let sender = if call.ctx.has_role("admin") { None } else { call.ctx.actor.person };
    let found = store::sendings::list(&mut tx, template, sender, MOST).await?;
    let told = |one: Summary| Sending {
        id: one.id.to_string(),
        paper_template_id: template.to_string(),
        title: one.title,
        paper_title: one.paper_title,
        due: one.due.map(timestamp),
        sent_by: one.created_by_name,
        sent_at: Some(timestamp(one.created_at)),
        rows: Vec::new(),
        accounts: one.accounts,
        signed: one.signed,
    };
    Ok(ListSendingsResponse { sendings: found.into_iter().map(told).collect() })
}
