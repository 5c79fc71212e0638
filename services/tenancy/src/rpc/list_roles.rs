//! Lists the roles that can be given.

use portico_core::Ctx;
use portico_db::Tx;
use portico_definition::Definition;
use portico_proto::tenancy::v1::{ListRolesRequest, ListRolesResponse, RoleOption as RoleMessage};

use crate::{
    convert,
    domain::{
        membership::ADMIN,
        portal::{RoleOption, roles_of},
    },
    error::TenancyError,
    service::Service,
    store,
};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    _: ListRolesRequest,
) -> Result<ListRolesResponse, TenancyError> {
    let mut tx = service.store.begin(&ctx).await?;
    let declared = declared(&mut tx).await?;
    let admin = RoleMessage {
        name: ADMIN.to_owned(),
        title: "Administrator".to_owned(),
        side: "internal".to_owned(),
        portal_id: String::new(),
    };
    let roles = std::iter::once(admin).chain(declared.into_iter().map(convert::role_option));
    Ok(ListRolesResponse { roles: roles.collect() })
}

/// The roles that the newest version of each portal declares, portals by title.
pub(super) async fn declared(tx: &mut Tx) -> Result<Vec<RoleOption>, TenancyError> {
    let mut roles = Vec::new();
    for version in store::portals::list(tx).await? {
        let definition: Definition = serde_json::from_str(&version.definition_json).map_err(|error| {
            TenancyError::Unreadable(format!(
                "portal {} version {}: {error}",
                version.portal.id, version.portal.version
            ))
        })?;
        roles.extend(roles_of(version.portal.id, &definition));
    }
    Ok(roles)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn admin_comes_first_then_what_the_newest_definitions_declare() {
        let fixture = Fixture::new().await;
        let list = async |ctx: Ctx| handle(&fixture.service, ctx, ListRolesRequest {}).await.unwrap().roles;
        assert_eq!(list(fixture.staff()).await.len(), 1);
        let portal = fixture.publish_onboarding().await;
        let roles = list(fixture.staff()).await;
        assert_eq!((roles[0].name.as_str(), roles[0].portal_id.as_str()), ("admin", ""));
        let side = |name: &str| {
            let role = roles.iter().find(|role| role.name == name).unwrap();
            assert_eq!(role.portal_id, portal.id);
            role.side.clone()
        };
        assert_eq!((side("client").as_str(), side("project_manager").as_str()), ("external", "internal"));
        assert_eq!(list(portico_testkit::staff(fixture.database.tenant(), &[])).await.len(), 1);
    }
}
