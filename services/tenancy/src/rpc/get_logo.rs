//! Reads the firm's logo.

use portico_core::Ctx;
use portico_proto::tenancy::v1::{GetLogoRequest, GetLogoResponse};

use crate::{error::TenancyError, service::Service, store};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    _: GetLogoRequest,
) -> Result<GetLogoResponse, TenancyError> {
    let mut tx = service.store.begin(&ctx).await?;
    let (logo, media_type) = store::logos::read(&mut tx).await?.unwrap_or_default();
    Ok(GetLogoResponse { logo, media_type })
}

#[cfg(test)]
mod tests {
    use portico_proto::tenancy::v1::CreateTenantRequest;

    use super::*;
    use crate::{
        domain::logo::samples,
        rpc::create_tenant,
        testing::{Fixture, northwind, origin},
    };

    #[tokio::test]
    async fn each_firm_has_its_own_logo_or_none() {
        let fixture = Fixture::new().await;
        let request =
            CreateTenantRequest { slug: "contoso".to_owned(), logo: samples::webp(64), ..northwind() };
        let contoso =
            create_tenant::handle(&fixture.service, origin(), request).await.unwrap().tenant.unwrap();
        let read = async |ctx| handle(&fixture.service, ctx, GetLogoRequest {}).await.unwrap();
        assert_eq!(read(fixture.client(&[])).await, GetLogoResponse::default());
        let there = read(portico_testkit::client(contoso.id.parse().unwrap(), &[], &[])).await;
        assert_eq!((there.logo, there.media_type.as_str()), (samples::webp(64), "image/webp"));
    }
}
