//! Reads one's own firm.

use portico_core::Ctx;
use portico_proto::tenancy::v1::{GetTenantRequest, GetTenantResponse};

use crate::{convert, error::TenancyError, service::Service, store};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    _: GetTenantRequest,
) -> Result<GetTenantResponse, TenancyError> {
    let mut tx = service.store.begin(&ctx).await?;
    let tenant = store::tenants::read(&mut tx).await?.ok_or(TenancyError::NotFound)?;
    Ok(GetTenantResponse { tenant: Some(convert::tenant_for(&ctx, tenant)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn others_than_staff_see_neither_sender_nor_policies() {
        let fixture = Fixture::new().await;
        let read = async |ctx| handle(&fixture.service, ctx, GetTenantRequest {}).await;
        let whole = read(fixture.staff()).await.unwrap().tenant.unwrap();
        assert_eq!(
            (whole.sender_address.as_str(), whole.allow_unscanned_files),
            ("office@northwind.example", true)
        );
        let part = read(fixture.client(&[])).await.unwrap().tenant.unwrap();
        assert_eq!((part.sender_address.as_str(), part.allow_unscanned_files), ("", false));
        assert_eq!((part.name, part.id), (whole.name, fixture.tenant.to_string()));
        let stranger = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        assert!(matches!(read(stranger).await, Err(TenancyError::NotFound)));
    }
}
