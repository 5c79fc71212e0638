//! Lists the firm's portals.

use portico_core::Ctx;
use portico_proto::tenancy::v1::{ListPortalsRequest, ListPortalsResponse};

use crate::{convert, error::TenancyError, service::Service, store};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    _: ListPortalsRequest,
) -> Result<ListPortalsResponse, TenancyError> {
    let mut tx = service.store.begin(&ctx).await?;
    let portals = store::portals::list(&mut tx).await?;
    Ok(ListPortalsResponse {
        portals: portals.into_iter().map(|found| convert::portal(found.portal)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use portico_proto::tenancy::v1::PublishPortalRequest;

    use super::*;
    use crate::{rpc::publish_portal, testing::Fixture};

    #[tokio::test]
    async fn portals_come_by_title_and_to_their_firm_alone() {
        let fixture = Fixture::new().await;
        let vendors = PublishPortalRequest {
            yaml: portico_definition::gallery()[1].yaml.to_owned(),
            ..Default::default()
        };
        publish_portal::handle(&fixture.service, fixture.admin(), vendors).await.unwrap();
        fixture.publish_onboarding().await;
        let list = async |ctx: Ctx| {
            let portals = handle(&fixture.service, ctx, ListPortalsRequest {}).await.unwrap().portals;
            portals.into_iter().map(|portal| portal.title.to_lowercase()).collect::<Vec<_>>()
        };
        let titles = list(fixture.staff()).await;
        assert!(titles.len() == 2 && titles.is_sorted(), "{titles:?}");
        assert!(list(portico_testkit::staff(fixture.database.tenant(), &["admin"])).await.is_empty());
    }
}
