//! Reads an account's details as a buyer.

use portico_core::AccountId;
use portico_proto::billing::v1::{GetBuyerRequest, GetBuyerResponse};

use crate::{
    convert,
    error::BillingError,
    peers,
    service::{Call, Service},
    store,
};

pub(super) async fn handle(
    service: &Service,
    call: Call,
    request: GetBuyerRequest,
) -> Result<GetBuyerResponse, BillingError> {
    let account: AccountId = request.account_id.parse()?;
    peers::account(service, &call, account).await?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let stored = store::buyers::read(&mut tx, account).await?;
    let version = stored.as_ref().map_or(0, |stored| stored.version);
    Ok(GetBuyerResponse {
        buyer: stored.map(|stored| convert::buyer_out(stored.buyer)),
        etag: version.to_string(),
    })
}
