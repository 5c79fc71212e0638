//! Sets an account's details as a buyer.

use portico_core::AccountId;
use portico_proto::billing::v1::{SetBuyerRequest, SetBuyerResponse};
use portico_service::Fields;

use crate::{
    convert,
    domain::party::AccountBuyer,
    error::BillingError,
    events::publish,
    peers,
    service::{Call, Service},
    store,
};

pub(super) async fn handle(
    service: &Service,
    call: Call,
    request: SetBuyerRequest,
) -> Result<SetBuyerResponse, BillingError> {
    let account: AccountId = request.account_id.parse()?;
    peers::account(service, &call, account).await?;
    let version = convert::version(&request.etag)?;
    let mut fields = Fields::default();
    let buyer = convert::buyer(request.buyer.unwrap_or_default()).check(&mut fields);
    fields.check().map_err(BillingError::Invalid)?;
    let mut buyer = AccountBuyer { account_id: account, buyer, version };
    let mut tx = service.store.begin(&call.ctx).await?;
    if !store::buyers::set(&mut tx, &buyer, service.clock.now()).await? {
        return Err(BillingError::Stale);
    }
    buyer.version += 1;
    publish::buyer_audited(service, &mut tx, &buyer).await?;
    tx.commit().await?;
    Ok(SetBuyerResponse { buyer: Some(convert::buyer_out(buyer.buyer)), etag: buyer.version.to_string() })
}

#[cfg(test)]
mod tests {
    use portico_core::{ErrorCode, Problem};
    use portico_proto::billing::v1::{Buyer, GetBuyerRequest};

    use super::*;
    use crate::testing::{Fixture, buyer, refused};

    #[tokio::test]
    async fn a_buyer_is_set_by_whoever_has_read_it_and_read_by_their_own() {
        let fixture = Fixture::bare().await;
        let set = |etag: &str, buyer: Buyer| SetBuyerRequest {
            account_id: fixture.acme.to_string(),
            buyer: Some(buyer),
            etag: etag.to_owned(),
        };
        let mut staff = fixture.billing(&fixture.staff());
        assert_eq!(staff.set_buyer(set("0", buyer())).await.unwrap().into_inner().etag, "1");
        assert_eq!(refused(staff.set_buyer(set("0", buyer())).await).code, ErrorCode::Conflict);
        let changed = Buyer { reference: "PO 12".to_owned(), ..buyer() };
        assert_eq!(staff.set_buyer(set("1", changed.clone())).await.unwrap().into_inner().etag, "2");
        let get = || GetBuyerRequest { account_id: fixture.acme.to_string() };
        let read = fixture.billing(&fixture.client()).get_buyer(get()).await.unwrap().into_inner();
        assert_eq!((read.buyer.unwrap(), read.etag.as_str()), (changed, "2"));
        for stranger in fixture.strangers() {
            assert_eq!(refused(fixture.billing(&stranger).get_buyer(get()).await), Problem::not_found());
        }
        let client = refused(fixture.billing(&fixture.client()).set_buyer(set("2", buyer())).await);
        assert_eq!(client.code, ErrorCode::PermissionDenied);
        let elsewhere = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        assert_eq!(
            refused(fixture.billing(&elsewhere).set_buyer(set("0", buyer())).await),
            Problem::not_found()
        );
        let wrong = Buyer { name: String::new(), ..buyer() };
        assert_eq!(refused(staff.set_buyer(set("2", wrong)).await).fields[0].field, "name");
    }
}
