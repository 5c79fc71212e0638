//! Lists one's own sessions.

use portico_core::Ctx;
use portico_proto::identity::v1::{ListSessionsRequest, ListSessionsResponse};

use super::oneself;
use crate::{convert, error::IdentityError, service::Service, store};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    _: ListSessionsRequest,
) -> Result<ListSessionsResponse, IdentityError> {
    let id = oneself(&ctx)?;
    let now = service.clock.now();
    let mut tx = service.store.begin(&ctx).await?;
    let mut sessions = store::sessions::list_open(&mut tx, id).await?;
    sessions.retain(|session| session.is_live(now, service.sessions));
    let sessions = sessions.into_iter().map(|session| convert::session(session, ctx.actor.session));
    Ok(ListSessionsResponse { sessions: sessions.collect() })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::testing::{ADDRESS, Fixture, PASSWORD};

    #[tokio::test]
    async fn one_sees_ones_own_live_sessions() {
        let fixture = Fixture::new().await;
        fixture.person_with_password("ana@acme.example").await;
        fixture.person_with_password("ben@acme.example").await;
        fixture.sign_in("ana@acme.example", PASSWORD).await.unwrap();
        fixture.database.clock.advance(TimeDelta::hours(12));
        fixture.sign_in("ana@acme.example", PASSWORD).await.unwrap();
        fixture.sign_in("ben@acme.example", PASSWORD).await.unwrap();
        fixture.database.clock.advance(TimeDelta::minutes(5));
        let here = fixture.sign_in("ana@acme.example", PASSWORD).await.unwrap();
        let ctx = fixture.ctx_of(&here).await;
        let sessions = handle(&fixture.service, ctx, ListSessionsRequest {}).await.unwrap().sessions;
        let current: Vec<_> = sessions.iter().map(|session| session.current).collect();
        assert_eq!(current, [true, false]);
        assert_eq!(
            (sessions[0].device.as_str(), sessions[0].address.as_str()),
            ("Firefox on Linux", ADDRESS)
        );
    }
}
