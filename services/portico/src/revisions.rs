//! Tells the edge when somebody's rights or a firm's face may have changed.

use std::sync::Arc;

use async_trait::async_trait;
use portico_events::{HandleError, Handler, Received, Subscription, Topics, Types};
use portico_gateway::Revisions;
use portico_proto::{
    identity::v1::{PersonDeactivated, SessionRevoked},
    tenancy::v1::{MembershipChanged, PortalPublished, StaffRolesChanged, TenantUpdated},
};
use portico_web::Web;

struct Bump {
    revisions: Revisions,
    web: Web,
}

#[async_trait]
impl Handler for Bump {
    async fn handle(&self, event: &Received) -> Result<(), HandleError> {
        self.web.forget_portals(event.tenant).await;
        self.revisions.bump(event.tenant);
        Ok(())
    }
}

/// Nothing depends on it for good: the edge's caches end by themselves, this only makes it sooner.
pub(crate) fn subscription(revisions: Revisions, web: Web) -> Subscription {
    Subscription {
        consumer: "gateway.on_rights_changed",
        topics: Topics::All,
        types: Types::only::<SessionRevoked>()
            .and::<PersonDeactivated>()
            .and::<MembershipChanged>()
            .and::<StaffRolesChanged>()
            .and::<TenantUpdated>()
            .and::<PortalPublished>(),
        handler: Arc::new(Bump { revisions, web }),
        durable: false,
    }
}
