//! Forgets the firm's mailbox.

use portico_core::Ctx;
use portico_proto::messaging::v1::{DisconnectMailboxRequest, DisconnectMailboxResponse};

use crate::{error::MessagingError, events::publish, service::Service, store};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    _: DisconnectMailboxRequest,
) -> Result<DisconnectMailboxResponse, MessagingError> {
    let mut tx = service.store.begin(&ctx).await?;
    if store::mailboxes::delete(&mut tx).await? {
        publish::mailbox_handled(service, &mut tx, "mailbox.disconnected", None).await?;
    }
    tx.commit().await?;
    Ok(DisconnectMailboxResponse {})
}
