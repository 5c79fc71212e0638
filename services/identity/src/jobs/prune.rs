//! Takes away what is over and what nobody will ask for again: sessions and sign-in links a month after their end, the secrets of
//! invitations three months after theirs, tries that no longer count.
//!
//! An invitation itself stays: staff see how it stood. Until its secret goes, its owner can have a new link for it.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use portico_core::{Ctx, Problem};
use portico_rpc::ServiceError as _;
use portico_service::Job;

use crate::{
    domain::throttle,
    error::IdentityError,
    service::{Service, SharedService},
    store::{self, over::Horizons},
};

const EVERY: Duration = Duration::from_secs(60 * 60);
/// How long sessions and sign-in links are kept after their end.
const KEPT: TimeDelta = TimeDelta::days(30);
/// How long an invitation that has ended can be had anew by its old link.
const RENEWABLE: TimeDelta = TimeDelta::days(90);
/// Rows of a kind taken away in one transaction.
const BATCH: i64 = 500;

pub(super) fn job(service: &SharedService) -> Job {
    let service = Arc::clone(service);
    Job::seldom("identity.prune", EVERY, move || run(Arc::clone(&service)))
}

/// One round over all firms; answers whether there is more to do at once.
async fn run(service: SharedService) -> Result<bool, Problem> {
    prune(&service).await.map_err(|error| error.problem())
}

async fn prune(service: &Service) -> Result<bool, IdentityError> {
    let now = service.clock.now();
    let horizons = Horizons {
        sessions_ended: now - KEPT,
        sessions_used: now - service.sessions.idle - KEPT,
        sessions_opened: now - service.sessions.absolute - KEPT,
        sign_in_links: now - KEPT,
        invitations: now - RENEWABLE,
        tries: now - throttle::window(),
    };
    let mut more = false;
    for tenant in store::over::firms(&service.store, &horizons).await? {
        let mut tx = service.store.begin(&Ctx::system(tenant, "Pruning")).await?;
        let most = store::over::take_away(&mut tx, &horizons, BATCH).await?;
        tx.commit().await?;
        more |= i64::try_from(most).is_ok_and(|most| most >= BATCH);
    }
    Ok(more)
}

#[cfg(test)]
mod tests {
    use portico_proto::identity::v1::{
        InspectLinkRequest, InvitePersonRequest, RequestSignInLinkRequest, Side,
    };

    use super::*;
    use crate::{
        rpc::{inspect_link, invite_person, request_sign_in_link},
        testing::{Fixture, PASSWORD},
    };

    const ANA: &str = "ana@acme.example";

    async fn count(fixture: &Fixture, what: &'static str) -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from identity.{what}")))
            .fetch_one(fixture.database.admin())
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn what_is_over_goes_and_what_is_not_stays() {
        let fixture = Fixture::new().await;
        let clock = &fixture.database.clock;
        fixture.person_with_password(ANA).await;
        fixture.sign_in(ANA, PASSWORD).await.unwrap();
        assert!(fixture.sign_in(ANA, "not the password at all").await.is_err());
        let request = RequestSignInLinkRequest { email: ANA.to_owned(), return_to: String::new() };
        request_sign_in_link::handle(&fixture.service, fixture.system(), request).await.unwrap();
        let guest = fixture.person("guest@acme.example", Side::External).await;
        let request = InvitePersonRequest {
            person_id: guest.to_string(),
            account_id: fixture.account().to_string(),
            message: String::new(),
        };
        invite_person::handle(&fixture.service, fixture.admin(), request).await.unwrap();
        let invitation = fixture.mint_newest().await;

        prune(&fixture.service).await.unwrap();
        let links = count(&fixture, "links").await;
        assert!(count(&fixture, "sessions").await == 1 && count(&fixture, "tries").await > 0);

        clock.advance(TimeDelta::days(1));
        prune(&fixture.service).await.unwrap();
        assert_eq!(count(&fixture, "tries").await, 0);
        assert_eq!((count(&fixture, "sessions").await, count(&fixture, "links").await), (1, links));

        clock.advance(TimeDelta::days(60));
        let recent = fixture.sign_in(ANA, PASSWORD).await.unwrap();
        prune(&fixture.service).await.unwrap();
        assert_eq!(count(&fixture, "sessions").await, 1);
        assert!(fixture.resolve(&recent).await.is_ok(), "the one that lives is the one that stays");
        assert_eq!(count(&fixture, "links where purpose = 'sign_in'").await, 0);
        let inspect = async || {
            let request = InspectLinkRequest { secret: invitation.clone() };
            inspect_link::handle(&fixture.service, fixture.system(), request).await
        };
        assert!(inspect().await.is_ok(), "an expired invitation can still be had anew");

        clock.advance(TimeDelta::days(60));
        prune(&fixture.service).await.unwrap();
        assert!(inspect().await.is_err());
        assert!(count(&fixture, "links where purpose = 'invitation'").await > 0, "that there was one stays");
    }

    #[tokio::test]
    async fn the_plumbing_role_reads_no_secret() {
        let fixture = Fixture::new().await;
        for column in ["sessions.secret_hash", "sessions.address", "links.secret_hash", "tries.subject_hash"]
        {
            let (table, column) = column.split_once('.').unwrap();
            let statement = format!("select {column} from identity.{table}");
            let mut plumbing = fixture.service.store.plumbing().await.unwrap();
            let refused = sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut *plumbing).await;
            let refused = refused.unwrap_err().into_database_error().unwrap();
            assert_eq!(refused.code().as_deref(), Some("42501"), "{table}.{column}");
        }
    }
}
