//! Lets the mailbox be looked into now.

use portico_core::Ctx;
use portico_proto::messaging::v1::{LookIntoMailboxRequest, LookIntoMailboxResponse};

use crate::{error::MessagingError, service::Service, store};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    _: LookIntoMailboxRequest,
) -> Result<LookIntoMailboxResponse, MessagingError> {
    let mut tx = service.store.begin(&ctx).await?;
    if !store::mailboxes::call(&mut tx, service.clock.now()).await? {
        return Err(MessagingError::NotFound);
    }
    tx.commit().await?;
    service.mailbox_due.notify_one();
    Ok(LookIntoMailboxResponse {})
}
