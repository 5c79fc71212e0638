//! Lists the accounts that one may see, by name.

use portico_core::Ctx;
use portico_proto::tenancy::v1::{ListAccountsRequest, ListAccountsResponse};
use portico_service::page;

use crate::{convert, error::TenancyError, service::Service, store};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: ListAccountsRequest,
) -> Result<ListAccountsResponse, TenancyError> {
    let size = page::size(request.page_size, 50, 200);
    let after = page::key(&request.page_token).map_err(TenancyError::Invalid)?;
    let mut tx = service.store.begin(&ctx).await?;
    let mut accounts = store::accounts::list(&mut tx, request.query.trim(), after, size + 1).await?;
    let next_page_token = page::cut(&mut accounts, size, |last| (last.name.to_lowercase(), last.id));
    Ok(ListAccountsResponse {
        accounts: accounts.into_iter().map(convert::account).collect(),
        next_page_token,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn i03_lists_hold_what_is_within_reach_page_by_page() {
        let fixture = Fixture::new().await;
        let (beta, alpha, delta) = (
            fixture.account("Beta").await,
            fixture.account("alpha").await,
            fixture.account("Delta 100%").await,
        );
        let list = async |ctx: Ctx, query: &str, page_size: i32, page_token: &str| {
            let request =
                ListAccountsRequest { query: query.to_owned(), page_size, page_token: page_token.to_owned() };
            let answer = handle(&fixture.service, ctx, request).await?;
            let ids: Vec<_> = answer.accounts.iter().map(|account| account.id.parse().unwrap()).collect();
            Ok::<_, TenancyError>((ids, answer.next_page_token))
        };
        let (first, token) = list(fixture.staff(), "", 2, "").await.unwrap();
        assert_eq!(first, [alpha, beta]);
        assert_eq!(list(fixture.staff(), "", 2, &token).await.unwrap(), (vec![delta], String::new()));
        assert_eq!(list(fixture.staff(), "0%", 0, "").await.unwrap().0, [delta]);
        assert_eq!(list(fixture.staff(), "ET", 0, "").await.unwrap().0, [beta]);
        assert_eq!(list(fixture.client(&[beta]), "", 0, "").await.unwrap().0, [beta]);
        assert_eq!(list(fixture.client(&[]), "", 0, "").await.unwrap().0, []);
        // A token of the firm's side leads a client no further than their own accounts.
        assert_eq!(list(fixture.client(&[alpha]), "", 0, &token).await.unwrap().0, []);
        let stranger = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        assert_eq!(list(stranger, "", 0, "").await.unwrap().0, []);
        assert!(matches!(list(fixture.staff(), "", 0, "x").await, Err(TenancyError::Invalid(_))));
    }
}
