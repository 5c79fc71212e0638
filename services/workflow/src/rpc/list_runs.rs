//! Lists runs, newest first.

use portico_core::{AccountId, Ctx, PortalId, RecordId};
use portico_definition::Action;
use portico_proto::workflow::v1::{ListRunsRequest, ListRunsResponse};

use crate::{
    convert,
    domain::{fields::is_plain, permissions::Viewer},
    error::WorkflowError,
    reach::{self, RunInReach},
    service::Service,
    store::{self, runs::Filter},
};

/// How often more rows are fetched in place of those that the rules leave out.
const MOST_ROUNDS: usize = 5;

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: ListRunsRequest,
) -> Result<ListRunsResponse, WorkflowError> {
    let limit = convert::page_size(request.page_size, 50);
    if !is_plain(&request.workflow) {
        return Ok(ListRunsResponse::default());
    }
    let optional = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let viewer = Viewer::of(&ctx);
    let mut tx = service.store.begin(&ctx).await?;
    let portals = service.portals(&mut tx).await?;
    let (all_kinds, team_kinds) = reach::kinds(&viewer, &portals);
    let mut filter = Filter {
        portal: optional(&request.portal_id).map(|id| id.parse::<PortalId>()).transpose()?.map(|id| id.0),
        workflow: optional(&request.workflow),
        account: optional(&request.account_id).map(|id| id.parse::<AccountId>()).transpose()?.map(|id| id.0),
        record: optional(&request.record_id).map(|id| id.parse::<RecordId>()).transpose()?.map(|id| id.0),
        states: convert::run_states(&request.states),
        all_kinds,
        team_kinds,
        person: viewer.person().map(|id| id.0),
        before: convert::page_token(&request.page_token)?,
        limit: limit + 1,
    };
    let mut runs: Vec<RunInReach> = Vec::new();
    let mut more = true;
    for _ in 0..MOST_ROUNDS {
        let rows = store::runs::list(&mut tx, &filter).await?;
        more = i64::try_from(rows.len()).unwrap_or(i64::MAX) == filter.limit;
        filter.before = rows.last().map(|run| run.id.0).or(filter.before);
        let about: Vec<_> = rows.iter().map(|run| run.record.0).collect();
        let records = store::records::read_all(&mut tx, &about).await?;
        for run in rows {
            let Some(portal) = portals.iter().find(|portal| portal.id == run.portal) else { continue };
            let Some(record) = records.get(&run.record).cloned() else { continue };
            if viewer.can(&portal.definition, &record.kind, Action::Read, &record.view()) {
                let definition = service.definition(&mut tx, run.portal, run.portal_version).await?;
                runs.push(RunInReach { run, record, portal: portal.clone(), definition, reads_record: true });
            }
        }
        if !more || i64::try_from(runs.len()).unwrap_or(i64::MAX) > limit {
            break;
        }
    }
    let full = usize::try_from(limit).unwrap_or(usize::MAX);
    let cut = runs.len() > full;
    runs.truncate(full);
    let last = if cut { runs.last().map(|found| found.run.id.0) } else { filter.before.filter(|_| more) };
    Ok(ListRunsResponse {
        runs: runs.iter().map(|found| convert::run(&viewer, found)).collect(),
        next_page_token: convert::next_page(last),
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_core::Problem;
    use portico_proto::workflow::v1::{AddTaskRequest, CancelRunRequest, RunState, TransitionRecordRequest};
    use portico_rpc::ServiceError as _;
    use serde_json::json;

    use super::*;
    use crate::{
        rpc::{add_task, cancel_run, transition_record},
        testing::{Engagement, Fixture, id},
    };

    async fn list(
        fixture: &Fixture,
        ctx: &Ctx,
        request: ListRunsRequest,
    ) -> Result<ListRunsResponse, Problem> {
        handle(&fixture.service, ctx.clone(), request).await.map_err(|error| error.problem())
    }

    fn ids(answer: &ListRunsResponse) -> Vec<String> {
        answer.runs.iter().map(|run| run.id.clone()).collect()
    }

    /// Another engagement of an account, with its run.
    async fn another(fixture: &Fixture, one: &Engagement, account: AccountId, team: &Ctx) -> String {
        fixture.database.clock.advance(TimeDelta::seconds(1));
        let fields = json!({"title": "Audit", "team": [id(team)]});
        let record = fixture.record(&one.admin, one.portal, "engagement", account, fields).await;
        let request = TransitionRecordRequest {
            record_id: record.id,
            to_state: "signed".to_owned(),
            ..Default::default()
        };
        let moved = transition_record::handle(&fixture.service, one.admin.clone(), request).await.unwrap();
        moved.run_ids[0].clone()
    }

    #[tokio::test]
    async fn runs_are_filtered_and_follow_each_other_page_by_page() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let globex = fixture.database.account();
        let second = another(&fixture, &one, fixture.acme, &one.manager).await;
        let third = another(&fixture, &one, globex, &one.manager).await;
        let all = [third.clone(), second.clone(), one.run.clone()];
        assert_eq!(ids(&list(&fixture, &one.manager, ListRunsRequest::default()).await.unwrap()), all);
        let page = |token: &str| ListRunsRequest {
            page_size: 2,
            page_token: token.to_owned(),
            ..Default::default()
        };
        let first = list(&fixture, &one.manager, page("")).await.unwrap();
        assert_eq!(ids(&first), all[..2]);
        let rest = list(&fixture, &one.manager, page(&first.next_page_token)).await.unwrap();
        assert_eq!((ids(&rest), rest.next_page_token.as_str()), (vec![one.run.clone()], ""));

        let of_account = ListRunsRequest { account_id: globex.to_string(), ..Default::default() };
        assert_eq!(
            ids(&list(&fixture, &one.manager, of_account).await.unwrap()),
            std::slice::from_ref(&third)
        );
        let of_record = ListRunsRequest { record_id: one.record.id.clone(), ..Default::default() };
        assert_eq!(
            ids(&list(&fixture, &one.manager, of_record).await.unwrap()),
            std::slice::from_ref(&one.run)
        );
        let cancel = CancelRunRequest { run_id: second.clone(), reason: "Lost".to_owned() };
        cancel_run::handle(&fixture.service, one.manager.clone(), cancel).await.unwrap();
        let cancelled = ListRunsRequest { states: vec![RunState::Cancelled.into()], ..Default::default() };
        assert_eq!(
            ids(&list(&fixture, &one.manager, cancelled).await.unwrap()),
            std::slice::from_ref(&second)
        );
        for (field, request) in [("page_token", page("?"))] {
            let problem = list(&fixture, &one.manager, request).await.unwrap_err();
            assert_eq!(problem.fields[0].field, field);
        }
        let unreadable = ListRunsRequest { account_id: "x".to_owned(), ..Default::default() };
        assert_eq!(list(&fixture, &one.manager, unreadable).await.unwrap_err(), Problem::not_found());
    }

    #[tokio::test]
    async fn each_sees_their_own_and_of_a_run_what_is_theirs_to_see() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let (other, globex) = (fixture.staff("Other", &["project_manager"]), fixture.database.account());
        let theirs = another(&fixture, &one, globex, &other).await;
        let task = AddTaskRequest {
            run_id: one.run.clone(),
            title: "Check their credit".to_owned(),
            person_ids: vec![id(&one.manager)],
            ..Default::default()
        };
        add_task::handle(&fixture.service, one.manager.clone(), task).await.unwrap();
        let gil = fixture.client("Gil", globex, &["client"]);
        let nobody = fixture.client("Neo", fixture.acme, &["vendor"]);
        let stranger = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        for (ctx, expected) in [
            (&one.client, vec![one.run.clone()]),
            (&gil, vec![theirs.clone()]),
            (&one.manager, vec![one.run.clone()]),
            (&other, vec![theirs.clone()]),
            (&one.admin, vec![theirs.clone(), one.run.clone()]),
            (&nobody, vec![]),
            (&stranger, vec![]),
        ] {
            let seen = list(&fixture, ctx, ListRunsRequest::default()).await.unwrap();
            assert_eq!(ids(&seen), expected, "{}", ctx.actor.name);
        }
        let foreign = ListRunsRequest { account_id: globex.to_string(), ..Default::default() };
        assert!(list(&fixture, &one.client, foreign).await.unwrap().runs.is_empty());

        let titles = async |ctx: &Ctx| {
            let answer = list(&fixture, ctx, ListRunsRequest::default()).await.unwrap();
            answer.runs[0].steps.iter().map(|step| step.title.clone()).collect::<Vec<_>>()
        };
        assert!(titles(&one.manager).await.contains(&"Check their credit".to_owned()));
        assert!(!titles(&one.client).await.contains(&"Check their credit".to_owned()));
    }
}
