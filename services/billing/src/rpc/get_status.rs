//! Says whether the firm bills here.

use portico_proto::billing::v1::{GetStatusRequest, GetStatusResponse};

use crate::{
    error::BillingError,
    service::{Call, Service},
    store,
};

pub(super) async fn handle(
    service: &Service,
    call: Call,
    _request: GetStatusRequest,
) -> Result<GetStatusResponse, BillingError> {
    // Companies are the firm's own; that there is one is no secret.
    let ctx = portico_core::Ctx {
        trace: call.ctx.trace,
        ..portico_core::Ctx::system(call.ctx.tenant, "billing.status")
    };
    let mut tx = service.store.begin(&ctx).await?;
    let enabled = !store::legal_entities::list(&mut tx).await?.is_empty();
    Ok(GetStatusResponse { enabled })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn billing_is_on_once_a_company_is_there_for_its_own_firm() {
        let fixture = Fixture::bare().await;
        let status = async |ctx| {
            fixture.billing(&ctx).get_status(GetStatusRequest {}).await.unwrap().into_inner().enabled
        };
        assert!(!status(fixture.client()).await);
        fixture.set_up().await;
        assert!(status(fixture.client()).await && status(fixture.staff()).await);
        assert!(!status(portico_testkit::staff(fixture.database.tenant(), &["admin"])).await);
    }
}
