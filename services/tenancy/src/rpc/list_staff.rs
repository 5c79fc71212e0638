//! Lists members of staff and what they do.

use portico_core::Ctx;
use portico_proto::tenancy::v1::{ListStaffRequest, ListStaffResponse};

use crate::{convert, error::TenancyError, service::Service, store};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    _: ListStaffRequest,
) -> Result<ListStaffResponse, TenancyError> {
    let mut tx = service.store.begin(&ctx).await?;
    let bindings = store::staff::list(&mut tx, None).await?;
    Ok(ListStaffResponse { bindings: bindings.into_iter().map(convert::staff_binding).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn the_floor_hides_staff_from_everybody_else() {
        let fixture = Fixture::new().await;
        let ana = fixture.staff_member(&["admin"]).await;
        let list =
            async |ctx: Ctx| handle(&fixture.service, ctx, ListStaffRequest {}).await.unwrap().bindings;
        let seen = list(fixture.staff()).await;
        assert_eq!((seen.len(), seen[0].person_id.as_str()), (1, ana.to_string().as_str()));
        assert!(list(fixture.client(&[])).await.is_empty());
        assert!(list(portico_testkit::staff(fixture.database.tenant(), &["admin"])).await.is_empty());
    }
}
