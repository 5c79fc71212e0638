//! Accepts a row, with its files or without where the client has none.

use portico_core::ItemId;
use portico_proto::documents::v1::{AcceptItemRequest, AcceptItemResponse};

use crate::{
    domain::request::ItemState,
    error::DocumentsError,
    peers::{self, StepAction},
    progress,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: AcceptItemRequest,
) -> Result<AcceptItemResponse, DocumentsError> {
    let id: ItemId = request.item_id.parse()?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let found = store::requests::find_by_item(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    drop(tx);
    peers::authorize_step(service, &call.caller, found.step_id, StepAction::Review).await?;

    let mut tx = service.store.begin(&call.ctx).await?;
    let mut found = store::requests::lock(&mut tx, found.id).await?.ok_or(DocumentsError::NotFound)?;
    let (place, item) = found.item(id).ok_or(DocumentsError::NotFound)?;
    found.may_accept(item)?;
    found.items[place].state = ItemState::Accepted;
    let event = progress::record(service, &mut tx, "item.accepted", &mut found, place).await?;
    tx.commit().await?;
    Ok(AcceptItemResponse { request: Some(progress::view(service, &call, &found).await?), event })
}
