//! Lists the companies of the firm that sell.

use portico_proto::billing::v1::{ListLegalEntitiesRequest, ListLegalEntitiesResponse};

use crate::{
    convert,
    error::BillingError,
    service::{Call, Service},
    store,
};

pub(super) async fn handle(
    service: &Service,
    call: Call,
    _request: ListLegalEntitiesRequest,
) -> Result<ListLegalEntitiesResponse, BillingError> {
    let mut tx = service.store.begin(&call.ctx).await?;
    let entities = store::legal_entities::list(&mut tx).await?;
    Ok(ListLegalEntitiesResponse {
        legal_entities: entities.into_iter().map(convert::legal_entity).collect(),
    })
}
