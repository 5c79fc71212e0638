//! Reads one version of a portal's definition.

use portico_core::{Ctx, PortalId};
use portico_proto::tenancy::v1::{GetPortalRequest, GetPortalResponse};

use crate::{convert, error::TenancyError, service::Service, store};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: GetPortalRequest,
) -> Result<GetPortalResponse, TenancyError> {
    let by_id: Option<PortalId> =
        if request.portal_id.is_empty() { None } else { Some(request.portal_id.parse()?) };
    let by_name = by_id.is_none().then_some(request.name.as_str());
    let version = (request.version != 0).then_some(request.version);
    let mut tx = service.store.begin(&ctx).await?;
    let found =
        store::portals::read(&mut tx, by_id, by_name, version).await?.ok_or(TenancyError::NotFound)?;
    Ok(GetPortalResponse {
        portal: Some(convert::portal(found.portal)),
        yaml: found.yaml,
        definition_json: found.definition_json,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Fixture, ONBOARDING};

    #[tokio::test]
    async fn a_definition_comes_back_as_it_was_written() {
        let fixture = Fixture::new().await;
        let portal = fixture.publish_onboarding().await;
        let read = async |ctx: Ctx, portal_id: &str, name: &str, version: i32| {
            let request =
                GetPortalRequest { portal_id: portal_id.to_owned(), name: name.to_owned(), version };
            handle(&fixture.service, ctx, request).await
        };
        let found = read(fixture.staff(), &portal.id, "", 1).await.unwrap();
        assert_eq!(found.yaml, ONBOARDING);
        let definition: portico_definition::Definition =
            serde_json::from_str(&found.definition_json).unwrap();
        assert_eq!(portico_definition::content_hash(&definition), portal.hash);
        assert_eq!(
            read(fixture.system(), "", "client-onboarding", 0).await.unwrap().portal,
            Some(portal.clone())
        );
        let stranger = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        for (ctx, id, name, version) in [
            (stranger, portal.id.as_str(), "", 0),
            (fixture.client(&[]), portal.id.as_str(), "", 0),
            (fixture.staff(), portal.id.as_str(), "", 2),
            (fixture.staff(), "x", "", 0),
            (fixture.staff(), "", "", 0),
        ] {
            assert!(matches!(read(ctx, id, name, version).await, Err(TenancyError::NotFound)));
        }
    }
}
