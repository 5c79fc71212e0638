//! "I don't have this": an answer, which the firm accepts or returns.

use portico_core::ItemId;
use portico_proto::documents::v1::{DeclareMissingRequest, DeclareMissingResponse};

use crate::{
    domain::request::ItemState,
    error::DocumentsError,
    peers::{self, StepAction},
    progress,
    service::{Call, SharedService},
    store,
};

/// The longest text that a person writes beside an answer, in characters.
const LONGEST: usize = 1000;

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: DeclareMissingRequest,
) -> Result<DeclareMissingResponse, DocumentsError> {
    let id: ItemId = request.item_id.parse()?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let found = store::requests::find_by_item(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    drop(tx);
    peers::authorize_step(service, &call.caller, found.step_id, StepAction::Act).await?;
    let explanation = check_text("explanation", &request.explanation, false)?;

    let mut tx = service.store.begin(&call.ctx).await?;
    let mut found = store::requests::lock(&mut tx, found.id).await?.ok_or(DocumentsError::NotFound)?;
    let (place, item) = found.item(id).ok_or(DocumentsError::NotFound)?;
    found.may_declare_missing(item)?;
    let row = &mut found.items[place];
    // Where nobody checks, nobody could decide about it.
    row.state = if found.reviewed { ItemState::NotAvailable } else { ItemState::Accepted };
    row.reason = explanation;
    let event = progress::record(service, &mut tx, "item.declared_missing", &mut found, place).await?;
    tx.commit().await?;
    Ok(DeclareMissingResponse { request: Some(progress::view(service, &call, &found).await?), event })
}

/// A text of one or more lines for people to read.
pub(super) fn check_text(field: &str, text: &str, required: bool) -> Result<String, DocumentsError> {
    let text = text.trim();
    if required && text.is_empty() {
        return Err(DocumentsError::invalid(field, "Fill this in."));
    }
    if text.chars().count() > LONGEST {
        return Err(DocumentsError::invalid(field, format!("Use at most {LONGEST} characters.")));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(DocumentsError::invalid(field, "Use plain text."));
    }
    Ok(text.to_owned())
}
