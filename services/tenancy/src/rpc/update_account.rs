//! Renames an account.

use portico_core::{AccountId, Ctx};
use portico_proto::tenancy::v1::{UpdateAccountRequest, UpdateAccountResponse};
use portico_service::Fields;

use crate::{convert, domain::account, error::TenancyError, events, service::Service, store};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: UpdateAccountRequest,
) -> Result<UpdateAccountResponse, TenancyError> {
    let id: AccountId = request.account_id.parse()?;
    let mut fields = Fields::default();
    let name = account::check_name(&request.name, &mut fields);
    fields.check().map_err(TenancyError::Invalid)?;
    let version = convert::version(&request.etag)?;

    let mut tx = service.store.begin(&ctx).await?;
    let renamed = store::accounts::rename(&mut tx, id, &name, version, service.clock.now()).await?;
    let account = store::accounts::read(&mut tx, id).await?.ok_or(TenancyError::NotFound)?;
    if !renamed {
        return Err(TenancyError::Stale);
    }
    let event = events::publish::account_changed(service, &mut tx, "account.renamed", &account).await?;
    tx.commit().await?;
    Ok(UpdateAccountResponse { account: Some(convert::account(account)), event })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn an_account_is_renamed_once_for_each_etag_and_by_its_own_firm_alone() {
        let fixture = Fixture::new().await;
        let acme = fixture.account("Acme").await;
        let rename = async |ctx: Ctx, etag: &str| {
            let request = UpdateAccountRequest {
                account_id: acme.to_string(),
                name: "Acme SE".to_owned(),
                etag: etag.to_owned(),
            };
            handle(&fixture.service, ctx, request).await
        };
        let stranger = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        assert!(matches!(rename(stranger, "1").await, Err(TenancyError::NotFound)));
        let renamed = rename(fixture.staff(), "1").await.unwrap().account.unwrap();
        assert_eq!((renamed.name.as_str(), renamed.etag.as_str()), ("Acme SE", "2"));
        assert!(matches!(rename(fixture.staff(), "1").await, Err(TenancyError::Stale)));
        assert!(matches!(rename(fixture.staff(), "").await, Err(TenancyError::Invalid(_))));
        assert_eq!(fixture.audited().await, ["tenant.created", "account.created", "account.renamed"]);
    }
}
