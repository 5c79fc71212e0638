//! Lists payments and credit notes of an account with what is left of each.

use portico_core::AccountId;
use portico_proto::billing::v1::{ListCreditsRequest, ListCreditsResponse};
use portico_service::page;

use crate::{
    convert,
    error::BillingError,
    peers,
    service::{Call, Service},
    store,
};

pub(super) async fn handle(
    service: &Service,
    call: Call,
    request: ListCreditsRequest,
) -> Result<ListCreditsResponse, BillingError> {
    let account: AccountId = request.account_id.parse()?;
    peers::account(service, &call, account).await?;
    let size = page::size(request.page_size, 50, 200);
    let after = page::key(&request.page_token).map_err(BillingError::Invalid)?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let mut credits = store::payments::list(&mut tx, account, after, size + 1).await?;
    let next_page_token = page::cut(&mut credits, size, |last| last.source.id());
    let credits = if call.ctx.is_internal() {
        let provider = service.providers.of(&peers::firm(service, &call.ctx).await?.slug);
        credits.into_iter().map(|credit| convert::credit_for_firm(credit, provider.name())).collect()
    } else {
        credits.into_iter().map(convert::credit).collect()
    };
    Ok(ListCreditsResponse { credits, next_page_token })
}

#[cfg(test)]
mod tests {
    use portico_core::Problem;

    use super::*;
    use crate::testing::{Fixture, refused};

    #[tokio::test]
    async fn i03_an_account_sees_its_own_credits_and_never_the_firms_notes() {
        let fixture = Fixture::new().await;
        let list = |token: &str, page_size: i32| ListCreditsRequest {
            account_id: fixture.acme.to_string(),
            page_size,
            page_token: token.to_owned(),
        };
        let (first, second) = (fixture.pay(500).await, fixture.pay(700).await);
        let mut client = fixture.billing(&fixture.client());
        let page = client.list_credits(list("", 1)).await.unwrap().into_inner();
        assert_eq!(
            (page.credits[0].payment_id.as_str(), page.credits[0].note.as_str()),
            (second.payment_id.as_str(), "")
        );
        let rest = client.list_credits(list(&page.next_page_token, 1)).await.unwrap().into_inner();
        assert_eq!(
            (rest.credits[0].payment_id.as_str(), rest.next_page_token.as_str()),
            (first.payment_id.as_str(), "")
        );
        let staff = fixture.billing(&fixture.staff()).list_credits(list("", 0)).await.unwrap().into_inner();
        assert_eq!(
            staff.credits.iter().map(|credit| credit.note.as_str()).collect::<Vec<_>>(),
            ["noted", "noted"]
        );
        for stranger in fixture.strangers() {
            assert_eq!(
                refused(fixture.billing(&stranger).list_credits(list("", 0)).await),
                Problem::not_found()
            );
        }
    }
}
