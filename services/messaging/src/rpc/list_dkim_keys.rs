//! Lists the keys that sign the firm's mail.

use portico_core::Ctx;
use portico_proto::messaging::v1::{ListDkimKeysRequest, ListDkimKeysResponse};

use crate::{
    convert,
    domain::{dkim::AFTERLIFE, settings::domain_of},
    error::MessagingError,
    mail::Office,
    service::Service,
    store,
};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    _: ListDkimKeysRequest,
) -> Result<ListDkimKeysResponse, MessagingError> {
    let office = Office::of(service, &ctx).await?;
    let mut tx = service.store.begin(&ctx).await?;
    let keys = store::dkim_keys::list(&mut tx, service.clock.now() - AFTERLIFE).await?;
    Ok(ListDkimKeysResponse {
        keys: keys.into_iter().map(convert::dkim_key).collect(),
        domain: domain_of(office.sender().1).to_owned(),
    })
}
