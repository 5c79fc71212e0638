//! Changes the firm's name, brand, time zone, sender and policies.

use portico_core::{Ctx, Problem};
use portico_proto::tenancy::v1::{UpdateTenantRequest, UpdateTenantResponse};
use portico_service::Fields;

use crate::{convert, domain::logo::Logo, error::TenancyError, events, service::Service, store};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: UpdateTenantRequest,
) -> Result<UpdateTenantResponse, TenancyError> {
    let wanted =
        request.tenant.ok_or_else(|| TenancyError::Invalid(Problem::invalid("tenant", "Fill this in.")))?;
    let version = convert::version(&wanted.etag)?;
    let mut fields = Fields::default();
    let profile = convert::profile(wanted).check("tenant.", &mut fields);
    let logo = Logo::check(request.logo, &mut fields);
    fields.check().map_err(TenancyError::Invalid)?;

    let mut tx = service.store.begin(&ctx).await?;
    let hash = logo.as_ref().map(|logo| logo.hash.as_str());
    if !store::tenants::update(&mut tx, &profile, hash, version, service.clock.now()).await? {
        return Err(TenancyError::Stale);
    }
    if let Some(logo) = &logo {
        store::logos::put(&mut tx, logo).await?;
    }
    let tenant = store::tenants::read(&mut tx).await?.ok_or(TenancyError::NotFound)?;
    let event = events::publish::tenant_updated(service, &mut tx, &tenant, logo.is_some()).await?;
    tx.commit().await?;
    Ok(UpdateTenantResponse { tenant: Some(convert::tenant(tenant)), event })
}

#[cfg(test)]
mod tests {
    use portico_core::ErrorCode;
    use portico_proto::tenancy::v1::{Tenant, TenantUpdated};
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::{domain::logo::samples, testing::Fixture};

    async fn present(fixture: &Fixture) -> Tenant {
        let mut tx = fixture.service.store.begin(&fixture.admin()).await.unwrap();
        convert::tenant(store::tenants::read(&mut tx).await.unwrap().unwrap())
    }

    #[tokio::test]
    async fn a_change_keeps_the_logo_unless_one_is_sent_and_never_moves_the_firm() {
        let fixture = Fixture::new().await;
        let update = async |tenant: Tenant, logo: Vec<u8>| {
            let request = UpdateTenantRequest { tenant: Some(tenant), logo };
            handle(&fixture.service, fixture.admin(), request).await
        };
        let with_logo = update(present(&fixture).await, samples::jpeg(90)).await.unwrap().tenant.unwrap();
        assert_eq!(with_logo.logo_hash.len(), 64);
        let wanted = Tenant {
            name: "Northwind & Partners".to_owned(),
            slug: "contoso".to_owned(),
            id: fixture.database.tenant().to_string(),
            hosts: vec!["contoso.localhost".to_owned()],
            ..with_logo.clone()
        };
        let renamed = update(wanted, Vec::new()).await.unwrap().tenant.unwrap();
        assert_eq!(renamed.name, "Northwind & Partners");
        assert_eq!(
            (renamed.slug, renamed.id, renamed.hosts),
            (with_logo.slug, with_logo.id, with_logo.hosts)
        );
        assert_eq!(renamed.logo_hash, with_logo.logo_hash);
        assert_eq!(fixture.published::<TenantUpdated>().await, 2);
        assert_eq!(fixture.audited().await, ["tenant.created", "tenant.updated", "tenant.updated"]);
    }

    #[tokio::test]
    async fn an_old_etag_changes_nothing() {
        let fixture = Fixture::new().await;
        let before = present(&fixture).await;
        let update = async |etag: &str| {
            let tenant = Tenant { name: "Other".to_owned(), etag: etag.to_owned(), ..before.clone() };
            let request = UpdateTenantRequest { tenant: Some(tenant), logo: Vec::new() };
            handle(&fixture.service, fixture.admin(), request).await.map_err(|error| error.problem().code)
        };
        assert_eq!(update("7").await.unwrap_err(), ErrorCode::Conflict);
        assert_eq!(update("x").await.unwrap_err(), ErrorCode::Conflict);
        assert_eq!(update("").await.unwrap_err(), ErrorCode::InvalidArgument);
        assert_eq!(present(&fixture).await, before);
        update(&before.etag).await.unwrap();
        assert_eq!(update(&before.etag).await.unwrap_err(), ErrorCode::Conflict);
    }
}
