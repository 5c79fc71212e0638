//! Makes a firm.

use portico_core::TenantId;
use portico_db::StoreError;
use portico_proto::tenancy::v1::{CreateTenantRequest, CreateTenantResponse};
use portico_service::Fields;

use super::Origin;
use crate::{
    convert,
    domain::{
        logo::Logo,
        tenant::{self, Profile, Tenant},
    },
    error::TenancyError,
    events,
    service::Service,
    store,
};

pub(crate) async fn handle(
    service: &Service,
    origin: Origin,
    request: CreateTenantRequest,
) -> Result<CreateTenantResponse, TenancyError> {
    let key = request.idempotency_key.clone();
    let (mut tenant, logo) = check(service, request)?;
    if let Some(id) = made_before(service, &tenant.slug, &key).await? {
        return read(service, origin, id).await;
    }
    let now = service.clock.now();
    tenant.id = TenantId::new(now, &*service.entropy);
    let mut tx = service.store.begin(&origin.ctx(tenant.id)).await?;
    match store::tenants::insert(&mut tx, &tenant, &key, now).await {
        Ok(()) => {}
        // Somebody made a firm with this slug since we looked.
        Err(StoreError::Duplicate { .. }) => {
            let ctx = tx.ctx().clone();
            tx.rollback().await?;
            let id = made_before(service, &tenant.slug, &key).await?.ok_or(TenancyError::SlugTaken)?;
            let origin = Origin { name: ctx.actor.name, trace: ctx.trace, address: ctx.address };
            return read(service, origin, id).await;
        }
        Err(error) => return Err(error.into()),
    }
    for host in &tenant.hosts {
        if !store::tenants::insert_host(&mut tx, host, now).await? {
            return Err(TenancyError::HostTaken(host.clone()));
        }
    }
    if let Some(logo) = &logo {
        store::logos::put(&mut tx, logo).await?;
    }
    events::publish::tenant_created(service, &mut tx, &tenant).await?;
    tx.commit().await?;
    Ok(CreateTenantResponse { tenant: Some(convert::tenant(tenant)) })
}

fn check(service: &Service, request: CreateTenantRequest) -> Result<(Tenant, Option<Logo>), TenancyError> {
    let mut fields = Fields::default();
    tenant::check_slug(&request.slug, &mut fields);
    let profile = Profile {
        name: request.name,
        colour: request.colour,
        time_zone: request.time_zone,
        language: request.language,
        sender_address: request.sender_address,
        allow_unscanned_files: request.allow_unscanned_files,
    };
    let profile = profile.check("", &mut fields);
    let own = service.config.host_of(&request.slug);
    let hosts = tenant::hosts(own, &service.config.base_host, &request.hosts, &mut fields);
    let logo = Logo::check(request.logo, &mut fields);
    if request.idempotency_key.len() > 200 {
        fields.refuse("idempotency_key", "Use at most 200 characters.");
    }
    fields.check().map_err(TenancyError::Invalid)?;
    let logo_hash = logo.as_ref().map(|logo| logo.hash.clone()).unwrap_or_default();
    let id = TenantId(uuid::Uuid::nil());
    Ok((Tenant { id, slug: request.slug, profile, logo_hash, hosts, version: 1 }, logo))
}

/// The firm that the same call has made before. A slug that was taken otherwise is refused.
async fn made_before(service: &Service, slug: &str, key: &str) -> Result<Option<TenantId>, TenancyError> {
    match store::tenants::find_by_slug(&service.store, slug).await? {
        None => Ok(None),
        Some((id, made_with)) if !key.is_empty() && made_with == key => Ok(Some(id)),
        Some(_) => Err(TenancyError::SlugTaken),
    }
}

async fn read(service: &Service, origin: Origin, id: TenantId) -> Result<CreateTenantResponse, TenancyError> {
    let mut tx = service.store.begin(&origin.ctx(id)).await?;
    let tenant = store::tenants::read(&mut tx).await?.ok_or(TenancyError::NotFound)?;
    Ok(CreateTenantResponse { tenant: Some(convert::tenant(tenant)) })
}

#[cfg(test)]
mod tests {
    use portico_core::ErrorCode;
    use portico_proto::tenancy::v1::TenantCreated;
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::{
        domain::logo::samples,
        testing::{Fixture, northwind, origin},
    };

    #[tokio::test]
    async fn a_repeat_answers_the_firm_that_was_made() {
        let fixture = Fixture::new().await;
        let again = handle(&fixture.service, origin(), northwind()).await.unwrap().tenant.unwrap();
        assert_eq!(again.id, fixture.tenant.to_string());
        assert_eq!(again.hosts, ["northwind.localhost"]);
        assert_eq!(fixture.audited().await, ["tenant.created"]);
        assert_eq!(fixture.published::<TenantCreated>().await, 1);
    }

    #[tokio::test]
    async fn two_at_once_make_one_firm() {
        let fixture = Fixture::new().await;
        let contoso = || CreateTenantRequest { slug: "contoso".to_owned(), ..northwind() };
        let (one, two) = tokio::join!(
            handle(&fixture.service, origin(), contoso()),
            handle(&fixture.service, origin(), contoso())
        );
        assert_eq!(one.unwrap().tenant.unwrap().id, two.unwrap().tenant.unwrap().id);
    }

    #[tokio::test]
    async fn a_slug_and_a_host_belong_to_one_firm() {
        let fixture = Fixture::new().await;
        let key = |key: &str| CreateTenantRequest { idempotency_key: key.to_owned(), ..northwind() };
        for other in [key("second"), key("")] {
            let problem = handle(&fixture.service, origin(), other).await.unwrap_err().problem();
            assert_eq!((problem.code, problem.fields[0].field.as_str()), (ErrorCode::AlreadyExists, "slug"));
        }
        let with_host = |slug: &str| CreateTenantRequest {
            slug: slug.to_owned(),
            hosts: vec!["portal.example.com".to_owned()],
            ..northwind()
        };
        handle(&fixture.service, origin(), with_host("contoso")).await.unwrap();
        let problem = handle(&fixture.service, origin(), with_host("fabrikam")).await.unwrap_err().problem();
        assert_eq!((problem.code, problem.fields[0].field.as_str()), (ErrorCode::AlreadyExists, "hosts"));
        let half_made = store::tenants::find_by_slug(&fixture.service.store, "fabrikam").await.unwrap();
        assert_eq!(half_made, None);
    }

    #[tokio::test]
    async fn every_mistake_is_named_and_nothing_is_made() {
        let fixture = Fixture::new().await;
        let wrong = CreateTenantRequest {
            slug: "Contoso!".to_owned(),
            colour: "red".to_owned(),
            logo: b"GIF89a".to_vec(),
            hosts: vec!["northwind.localhost:1".to_owned()],
            ..northwind()
        };
        let problem = handle(&fixture.service, origin(), wrong).await.unwrap_err().problem();
        let named: Vec<_> = problem.fields.iter().map(|at| at.field.as_str()).collect();
        assert_eq!(named, ["slug", "colour", "hosts[0]", "logo"]);
        let tenants: i64 = sqlx::query_scalar("select count(*) from tenancy.tenants")
            .fetch_one(fixture.database.admin())
            .await
            .unwrap();
        assert_eq!(tenants, 1);
    }

    #[tokio::test]
    async fn a_logo_is_kept_with_the_firm() {
        let fixture = Fixture::new().await;
        let request =
            CreateTenantRequest { slug: "contoso".to_owned(), logo: samples::png(200), ..northwind() };
        let made = handle(&fixture.service, origin(), request).await.unwrap().tenant.unwrap();
        assert_eq!(made.logo_hash.len(), 64);
        let ctx = portico_testkit::client(made.id.parse().unwrap(), &[], &[]);
        let mut tx = fixture.service.store.begin(&ctx).await.unwrap();
        assert_eq!(
            store::logos::read(&mut tx).await.unwrap(),
            Some((samples::png(200), "image/png".to_owned()))
        );
    }
}
