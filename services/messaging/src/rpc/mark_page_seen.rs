//! Notes that one has opened a page: what one was told about it counts as read, and is no longer mailed.

use portico_core::Ctx;
use portico_proto::messaging::v1::{MarkPageSeenRequest, MarkPageSeenResponse};

use crate::{
    domain::{notification::own_path, seen::addresses_of},
    error::MessagingError,
    events::publish,
    service::Service,
    store,
};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: MarkPageSeenRequest,
) -> Result<MarkPageSeenResponse, MessagingError> {
    let person = ctx.actor.person.ok_or(MessagingError::NotFound)?;
    let path = own_path(&request.path);
    // Whoever looks on as somebody else has not seen it for them.
    if path.is_empty() || ctx.actor.impersonator.is_some() {
        return Ok(MarkPageSeenResponse {});
    }
    let mut tx = service.store.begin(&ctx).await?;
    let count =
        store::notifications::mark_links_read(&mut tx, &addresses_of(path), service.clock.now()).await?;
    if count > 0 {
        publish::notifications_read(service, &mut tx, person.0, count).await?;
        tx.commit().await?;
    }
    Ok(MarkPageSeenResponse {})
}
