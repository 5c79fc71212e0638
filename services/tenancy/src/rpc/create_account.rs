//! Makes an account.

use portico_core::{AccountId, Ctx};
use portico_proto::tenancy::v1::{CreateAccountRequest, CreateAccountResponse};
use portico_service::Fields;

use crate::{
    convert,
    domain::account::{self, Account},
    error::TenancyError,
    events,
    service::Service,
    store,
};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: CreateAccountRequest,
) -> Result<CreateAccountResponse, TenancyError> {
    let mut fields = Fields::default();
    let name = account::check_name(&request.name, &mut fields);
    let kind = account::check_kind(&request.kind, &mut fields).to_owned();
    if request.idempotency_key.len() > 200 {
        fields.refuse("idempotency_key", "Use at most 200 characters.");
    }
    fields.check().map_err(TenancyError::Invalid)?;
    let key = Some(request.idempotency_key.as_str()).filter(|key| !key.is_empty());

    let now = service.clock.now();
    let account =
        Account { id: AccountId::new(now, &*service.entropy), name, kind, created_at: now, version: 1 };
    let mut tx = service.store.begin(&ctx).await?;
    store::tenants::read(&mut tx).await?.ok_or(TenancyError::NotFound)?;
    if !store::accounts::insert(&mut tx, &account, key).await? {
        let made = store::accounts::find_by_key(&mut tx, &request.idempotency_key).await?;
        return Ok(CreateAccountResponse { account: made.map(convert::account), event: String::new() });
    }
    let event = events::publish::account_changed(service, &mut tx, "account.created", &account).await?;
    tx.commit().await?;
    Ok(CreateAccountResponse { account: Some(convert::account(account)), event })
}

#[cfg(test)]
mod tests {
    use portico_proto::tenancy::v1::AccountChanged;
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::testing::Fixture;

    fn acme(idempotency_key: &str) -> CreateAccountRequest {
        CreateAccountRequest {
            name: " Acme GmbH ".to_owned(),
            idempotency_key: idempotency_key.to_owned(),
            ..Default::default()
        }
    }

    #[tokio::test]
    async fn a_repeat_makes_nothing_new() {
        let fixture = Fixture::new().await;
        let make = async |key: &str| {
            handle(&fixture.service, fixture.staff(), acme(key)).await.unwrap().account.unwrap()
        };
        let first = make("k1").await;
        assert_eq!((first.name.as_str(), first.kind.as_str()), ("Acme GmbH", "client"));
        assert_eq!(make("k1").await, first);
        assert_ne!(make("k2").await.id, first.id);
        assert_ne!(make("").await.id, make("").await.id);
        assert_eq!(fixture.published::<AccountChanged>().await, 4);
        assert_eq!(fixture.audited().await.iter().filter(|action| *action == "account.created").count(), 4);
    }

    #[tokio::test]
    async fn i11_a_key_of_another_firm_is_no_repeat() {
        let fixture = Fixture::new().await;
        let contoso = crate::rpc::create_tenant::handle(
            &fixture.service,
            crate::testing::origin(),
            portico_proto::tenancy::v1::CreateTenantRequest {
                slug: "contoso".to_owned(),
                ..crate::testing::northwind()
            },
        );
        let contoso = contoso.await.unwrap().tenant.unwrap().id.parse().unwrap();
        let here = handle(&fixture.service, fixture.staff(), acme("k1")).await.unwrap();
        let there = handle(&fixture.service, portico_testkit::staff(contoso, &[]), acme("k1")).await.unwrap();
        assert_ne!(here.account.unwrap().id, there.account.unwrap().id);
    }

    #[tokio::test]
    async fn mistakes_are_named_and_a_firm_that_is_not_there_has_no_accounts() {
        let fixture = Fixture::new().await;
        let wrong = CreateAccountRequest { name: "a".repeat(161), kind: "staff".to_owned(), ..acme("") };
        let problem = handle(&fixture.service, fixture.staff(), wrong).await.unwrap_err().problem();
        let named: Vec<_> = problem.fields.iter().map(|at| at.field.as_str()).collect();
        assert_eq!(named, ["name", "kind"]);
        let stranger = portico_testkit::staff(fixture.database.tenant(), &[]);
        assert!(matches!(handle(&fixture.service, stranger, acme("")).await, Err(TenancyError::NotFound)));
    }
}
