//! Reads which mailbox bounces and answers are looked for in.

use portico_core::Ctx;
use portico_proto::messaging::v1::{GetMailboxRequest, GetMailboxResponse};

use crate::{convert, error::MessagingError, service::Service, store};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    _: GetMailboxRequest,
) -> Result<GetMailboxResponse, MessagingError> {
    let mut tx = service.store.begin(&ctx).await?;
    let there = store::mailboxes::read(&mut tx).await?;
    tx.rollback().await?;
    let mailbox = there.map(|(mailbox, standing)| convert::mailbox(mailbox, standing));
    Ok(GetMailboxResponse { mailbox })
}
