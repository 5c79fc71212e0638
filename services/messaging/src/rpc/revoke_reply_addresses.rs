//! Ends all addresses to which one's answers by mail go; the next mail has a new one.

use portico_core::Ctx;
use portico_proto::messaging::v1::{RevokeReplyAddressesRequest, RevokeReplyAddressesResponse};
use serde_json::json;

use crate::{error::MessagingError, events::publish, service::Service, store};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    _: RevokeReplyAddressesRequest,
) -> Result<RevokeReplyAddressesResponse, MessagingError> {
    let person = ctx.actor.person.ok_or(MessagingError::NotFound)?;
    if ctx.actor.impersonator.is_some() {
        return Err(MessagingError::ReadOnlyView);
    }
    // The table is the firm's side's; what is changed in it is one's own.
    let mut tx = service.store.begin(&Ctx::system(ctx.tenant, "Mail")).await?;
    let count = store::replies::revoke(&mut tx, person, service.clock.now()).await?;
    tx.commit().await?;
    let mut tx = service.store.begin(&ctx).await?;
    let details = json!({ "count": count });
    publish::mail_preferences_changed(service, &mut tx, "reply_addresses.revoked", person, details).await?;
    tx.commit().await?;
    Ok(RevokeReplyAddressesResponse { count: u32::try_from(count).unwrap_or(u32::MAX) })
}
