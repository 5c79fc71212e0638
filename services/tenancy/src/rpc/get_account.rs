//! Reads an account.

use portico_core::Ctx;
use portico_proto::tenancy::v1::{GetAccountRequest, GetAccountResponse};

use crate::{convert, error::TenancyError, service::Service, store};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: GetAccountRequest,
) -> Result<GetAccountResponse, TenancyError> {
    let id = request.account_id.parse()?;
    let mut tx = service.store.begin(&ctx).await?;
    let account = store::accounts::read(&mut tx, id).await?.ok_or(TenancyError::NotFound)?;
    Ok(GetAccountResponse { account: Some(convert::account(account)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn i01_i02_an_account_is_there_for_the_firm_and_its_own_people() {
        let fixture = Fixture::new().await;
        let (acme, globex) = (fixture.account("Acme").await, fixture.account("Globex").await);
        let read = async |ctx: Ctx, id: &str| {
            handle(&fixture.service, ctx, GetAccountRequest { account_id: id.to_owned() }).await
        };
        let id = acme.to_string();
        assert_eq!(read(fixture.staff(), &id).await.unwrap().account.unwrap().name, "Acme");
        assert_eq!(read(fixture.client(&[acme]), &id).await.unwrap().account.unwrap().name, "Acme");
        let stranger = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        for (ctx, id) in [
            (fixture.client(&[globex]), id.as_str()),
            (fixture.client(&[]), id.as_str()),
            (stranger, id.as_str()),
            (fixture.staff(), "00000000-0000-0000-0000-000000000000"),
            (fixture.staff(), "'; drop table x"),
        ] {
            assert!(matches!(read(ctx, id).await, Err(TenancyError::NotFound)));
        }
    }
}
