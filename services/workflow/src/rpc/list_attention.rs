//! What needs the caller, what they wait for, and what comes next.

use std::collections::HashSet;

use portico_core::{AccountId, Ctx, StepId};
use portico_db::Tx;
use portico_definition::Action;
use portico_proto::workflow::v1::{ListAttentionRequest, ListAttentionResponse};
use uuid::Uuid;

use crate::{
    convert,
    domain::{permissions::Viewer, sentences},
    error::WorkflowError,
    peers, reach,
    service::{Portal, Service},
    store::{
        self,
        attention::{self, Item, OpenFilter},
        run_rows::{person_party, role_party},
    },
};

/// The most open steps that are looked through.
const MOST_OPEN: i64 = 500;

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: ListAttentionRequest,
) -> Result<ListAttentionResponse, WorkflowError> {
    let account: Option<AccountId> =
        if request.account_id.is_empty() { None } else { Some(request.account_id.parse()?) };
    if account.is_some_and(|account| !ctx.actor.accounts.includes(account)) {
        return Err(WorkflowError::NotFound);
    }
    let limit = usize::try_from(convert::page_size(request.page_size, 50)).unwrap_or(50);
    let zone = peers::firm(service, &ctx).await?.zone;
    let now = service.clock.now();
    let mut tx = service.store.begin(&ctx).await?;
    let viewer = store::delegations::viewer(&mut tx, &ctx, now).await?;
    tx.rollback().await?;
    let viewer = peers::standing_for_those_left(service, &ctx, viewer).await?;
    let mut tx = service.store.begin(&ctx).await?;
    let portals = service.portals(&mut tx).await?;
    let (open, rest) = if viewer.is_client() {
        let own = ctx.actor.accounts.listed().iter().map(|account| account.0);
        let accounts: Vec<Uuid> = account.map_or_else(|| own.collect(), |account| vec![account.0]);
        let open = attention::open_of_accounts(&mut tx, &accounts, MOST_OPEN).await?;
        (open, attention::ended_and_blocked(&mut tx, &accounts, 20, 20).await?)
    } else {
        let (all_kinds, team_kinds) = reach::kinds(&viewer, &portals);
        let mut parties: Vec<String> = viewer.roles().iter().map(|role| role_party(role)).collect();
        parties.extend(viewer.person().map(|me| person_party(me.0)));
        for delegator in viewer.delegators() {
            parties.push(person_party(delegator.person.0));
            parties.extend(delegator.roles.iter().map(|role| role_party(role)));
        }
        let account = account.map(|account| account.0);
        let mut open = attention::turns_of(&mut tx, &parties, account, MOST_OPEN).await?;
        let filter = OpenFilter {
            all_kinds,
            team_kinds,
            person: viewer.person().map(|me| me.0),
            account,
            side: Some("external".to_owned()),
            limit: i64::try_from(limit).unwrap_or(MOST_OPEN),
        };
        let waiting = attention::open(&mut tx, &filter).await?;
        open.extend(waiting.into_iter().filter(|one| !viewer.at(one.record.account).is_turn(&one.step)));
        (open, Vec::new())
    };
    let open: Vec<(Item, bool)> = open.into_iter().filter_map(|item| seen(&viewer, &portals, item)).collect();
    let rest: Vec<(Item, bool)> = rest.into_iter().filter_map(|item| seen(&viewer, &portals, item)).collect();
    let barred = barred(service, &mut tx, &viewer, &open).await?;
    // Administrators stand in for others, but what needs others does not need them.
    let (mine, others): (Vec<_>, Vec<_>) = open.iter().partition(|(item, _)| {
        let here = viewer.at(item.record.account);
        here.is_turn(&item.step) && !here.has_approved(&item.step) && !barred.contains(&item.step.id)
    });
    let shown = |items: &[&(Item, bool)]| {
        let shown = items.iter().take(limit).map(|(item, reads)| {
            let mut shown = convert::item(&viewer, item, *reads, now);
            if let Some(step) = shown.step.as_mut().filter(|_| barred.contains(&item.step.id)) {
                step.can_act = false;
            }
            shown
        });
        shown.collect::<Vec<_>>()
    };
    let next = if mine.is_empty() {
        let blocked =
            rest.iter().filter(|(item, _)| item.step.ended_at.is_none()).map(|(item, _)| &item.step);
        sentences::next(others.iter().map(|(item, _)| &item.step), blocked, zone)
    } else {
        String::new()
    };
    let done = rest.iter().filter(|(item, _)| item.step.ended_at.is_some()).collect::<Vec<_>>();
    Ok(ListAttentionResponse { needs_you: shown(&mine), waiting: shown(&others), next, done: shown(&done) })
}

/// The approvals that would be the caller's and that four eyes keep from them, and from whoever they stand in for.
async fn barred(
    service: &Service,
    tx: &mut Tx,
    viewer: &Viewer,
    open: &[(Item, bool)],
) -> Result<HashSet<StepId>, WorkflowError> {
    let mut barred = HashSet::new();
    for (item, _) in open {
        let here = viewer.at(item.record.account);
        if item.step.kind == "approval" && here.is_turn(&item.step) {
            let found = reach::run(service, tx, viewer, item.run).await?;
            if found.bars(&here, &item.step).is_some() {
                barred.insert(item.step.id);
            }
        }
    }
    Ok(barred)
}

/// The step, if the caller sees it, and whether they read its record.
pub(super) fn seen(viewer: &Viewer, portals: &[Portal], item: Item) -> Option<(Item, bool)> {
    let portal = portals.iter().find(|portal| portal.id == item.portal)?;
    let reads = viewer.can(&portal.definition, &item.record.kind, Action::Read, &item.record.view());
    viewer.at(item.record.account).sees(&item.step, reads).then_some((item, reads))
}

#[cfg(test)]
mod tests {
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::testing::Fixture;

    async fn ask(fixture: &Fixture, ctx: &Ctx) -> ListAttentionResponse {
        handle(&fixture.service, ctx.clone(), ListAttentionRequest::default()).await.unwrap()
    }

    #[tokio::test]
    async fn three_things_need_the_client_then_they_hear_what_comes_next() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let home = ask(&fixture, &one.client).await;
        assert_eq!((home.needs_you.len(), home.waiting.len()), (3, 1), "times are to be offered first");
        let due: Vec<_> =
            home.needs_you.iter().map(|item| item.step.as_ref().unwrap().due.unwrap().seconds).collect();
        assert!(due.is_sorted());
        assert!(home.needs_you.iter().all(|item| item.step.as_ref().unwrap().can_act));
        let staff = ask(&fixture, &one.manager).await;
        assert_eq!((staff.needs_you.len(), staff.waiting.len()), (1, 3), "the firm waits for the client");

        for key in ["intake", "sysdocs", "agreement", "kickoff"] {
            let step = fixture.step(&one.client, &one.run, key).await;
            fixture.fulfil(&one.run, &step).await;
        }
        let home = ask(&fixture, &one.client).await;
        assert_eq!((home.needs_you.len(), home.done.len()), (0, 4));
        assert!(
            home.next.contains("Mina Manager") && home.next.contains("Approve the project plan"),
            "{}",
            home.next
        );
        assert_eq!(ask(&fixture, &one.manager).await.needs_you.len(), 1);
    }

    #[tokio::test]
    async fn others_see_nothing_of_it() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let globex = fixture.client("Gil", fixture.database.account(), &["client"]);
        let other = fixture.staff("Other", &["project_manager"]);
        let stranger = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        for ctx in [&globex, &other, &stranger] {
            assert_eq!(ask(&fixture, ctx).await, ListAttentionResponse::default());
        }
        let request = ListAttentionRequest { account_id: fixture.acme.to_string(), page_size: 0 };
        let problem = handle(&fixture.service, globex, request).await.unwrap_err().problem();
        assert_eq!(problem, portico_core::Problem::not_found());
        drop(one);
    }
}
