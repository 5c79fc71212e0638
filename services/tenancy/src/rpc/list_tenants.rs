//! Lists all firms, for jobs and for the operator.

use portico_proto::tenancy::v1::{ListTenantsRequest, ListTenantsResponse};
use portico_service::page;

use super::Origin;
use crate::{convert, error::TenancyError, service::Service, store};

pub(super) async fn handle(
    service: &Service,
    _: Origin,
    request: ListTenantsRequest,
) -> Result<ListTenantsResponse, TenancyError> {
    let size = page::size(request.page_size, 100, 500);
    let after = page::key(&request.page_token).map_err(TenancyError::Invalid)?;
    let mut tenants = store::tenants::list(&service.store, after, size + 1).await?;
    let next_page_token = page::cut(&mut tenants, size, |last| last.slug.clone());
    Ok(ListTenantsResponse { tenants: tenants.into_iter().map(convert::tenant).collect(), next_page_token })
}

#[cfg(test)]
mod tests {
    use portico_proto::tenancy::v1::CreateTenantRequest;

    use super::*;
    use crate::{
        rpc::create_tenant,
        testing::{Fixture, northwind, origin},
    };

    #[tokio::test]
    async fn firms_come_by_slug_page_by_page() {
        let fixture = Fixture::new().await;
        for slug in ["contoso", "zenith"] {
            let request = CreateTenantRequest { slug: slug.to_owned(), ..northwind() };
            create_tenant::handle(&fixture.service, origin(), request).await.unwrap();
        }
        let page = async |page_token: String| {
            handle(&fixture.service, origin(), ListTenantsRequest { page_size: 2, page_token }).await
        };
        let first = page(String::new()).await.unwrap();
        let slugs =
            |answer: &ListTenantsResponse| answer.tenants.iter().map(|t| t.slug.clone()).collect::<Vec<_>>();
        assert_eq!(slugs(&first), ["contoso", "northwind"]);
        assert_eq!(first.tenants[1].hosts, ["northwind.localhost"]);
        let second = page(first.next_page_token).await.unwrap();
        assert_eq!((slugs(&second), second.next_page_token.as_str()), (vec!["zenith".to_owned()], ""));
        assert!(matches!(page("nonsense".to_owned()).await, Err(TenancyError::Invalid(_))));
    }
}
