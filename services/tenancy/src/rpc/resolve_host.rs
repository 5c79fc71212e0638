//! Finds the firm that a host belongs to.

use portico_proto::tenancy::v1::{ResolveHostRequest, ResolveHostResponse};

use super::Origin;
use crate::{convert, domain::tenant::check_host, error::TenancyError, service::Service, store};

pub(super) async fn handle(
    service: &Service,
    origin: Origin,
    request: ResolveHostRequest,
) -> Result<ResolveHostResponse, TenancyError> {
    let host = check_host(&request.host).ok_or(TenancyError::NotFound)?;
    let id = store::tenants::find_by_host(&service.store, host).await?.ok_or(TenancyError::NotFound)?;
    let mut tx = service.store.begin(&origin.ctx(id)).await?;
    let tenant = store::tenants::read(&mut tx).await?.ok_or(TenancyError::NotFound)?;
    Ok(ResolveHostResponse { tenant: Some(convert::tenant(tenant)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Fixture, origin};

    #[tokio::test]
    async fn a_host_leads_to_its_firm_and_any_other_to_nobody() {
        let fixture = Fixture::new().await;
        let resolve = async |host: &str| {
            handle(&fixture.service, origin(), ResolveHostRequest { host: host.to_owned() }).await
        };
        let tenant = resolve("northwind.localhost").await.unwrap().tenant.unwrap();
        assert_eq!((tenant.id, tenant.slug.as_str()), (fixture.tenant.to_string(), "northwind"));
        for host in ["contoso.localhost", "localhost", "", "northwind.localhost:8080", "'; drop table x"] {
            assert!(matches!(resolve(host).await, Err(TenancyError::NotFound)), "{host}");
        }
    }
}
