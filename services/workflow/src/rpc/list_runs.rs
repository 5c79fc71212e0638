//! Lists runs, newest first.

use portico_core::{AccountId, Ctx, PortalId, RecordId};
use portico_definition::Action;
use portico_proto::workflow::v1::{ListRunsRequest, ListRunsResponse};

use crate::{
    convert,
    domain::permissions::Viewer,
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
        for run in rows {
            let Some(portal) = portals.iter().find(|portal| portal.id == run.portal) else { continue };
            let Some(record) = store::records::read(&mut tx, run.record).await? else { continue };
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
