//! Reads a run with steps, milestones and history.

use portico_core::{Ctx, RunId};
use portico_proto::{
    time::timestamp,
    workflow::v1::{GetRunRequest, GetRunResponse, RunLine},
};

use crate::{
    convert,
    domain::{permissions::Viewer, sentences},
    error::WorkflowError,
    peers, reach,
    service::Service,
    store,
};

/// The most lines of history.
const MOST_LINES: usize = 200;

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: GetRunRequest,
) -> Result<GetRunResponse, WorkflowError> {
    let id: RunId = request.run_id.parse()?;
    let viewer = Viewer::of(&ctx);
    let zone = peers::firm(service, &ctx).await?.zone;
    let mut tx = service.store.begin(&ctx).await?;
    let found = reach::run(service, &mut tx, &viewer, id).await?;
    // Bookkeeping has no words, so more lines are read than are shown.
    let lines = store::runs::history(&mut tx, id, Some(1000)).await?;
    let (state, here) = (&found.run.state, viewer.at(found.run.account));
    let sees = |line: &crate::domain::engine::RunFact| {
        line.fact
            .step()
            .and_then(|step| state.step(step))
            .is_none_or(|step| here.sees(step, found.reads_record))
    };
    let history = lines.iter().rev().filter(|line| sees(line)).filter_map(|line| {
        let (sentence, for_clients) = sentences::sentence(state, line, zone)?;
        (for_clients || !viewer.is_client()).then(|| RunLine {
            at: Some(timestamp(line.at)),
            actor_name: line.by.as_ref().map(|by| by.name.clone()).unwrap_or_default(),
            sentence,
        })
    });
    Ok(GetRunResponse {
        history: history.take(MOST_LINES).collect(),
        run: Some(convert::run(&viewer, &found)),
    })
}

#[cfg(test)]
mod tests {
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::{
        domain::engine::{RunState, apply},
        testing::Fixture,
    };

    #[tokio::test]
    async fn the_stored_history_gives_the_stored_run() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let step = fixture.step(&one.client, &one.run, "intake").await;
        fixture.fulfil(&one.run, &step).await;
        fixture.pass(chrono::TimeDelta::days(9)).await;
        let mut tx = fixture.service.store.begin(&one.admin).await.unwrap();
        let id: RunId = one.run.parse().unwrap();
        let stored = store::runs::read(&mut tx, id).await.unwrap().unwrap();
        let mut replayed = RunState::default();
        for line in store::runs::history(&mut tx, id, None).await.unwrap() {
            apply(&mut replayed, &line);
        }
        assert_eq!(replayed, stored.state);
    }

    #[tokio::test]
    async fn clients_read_what_concerns_them_and_strangers_nothing() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        fixture.pass(chrono::TimeDelta::days(6)).await;
        let ask = async |ctx: &Ctx| {
            handle(&fixture.service, ctx.clone(), GetRunRequest { run_id: one.run.clone() }).await
        };
        let clients = ask(&one.client).await.unwrap();
        assert!(
            clients.history.iter().all(|line| !line.sentence.contains("reminder")),
            "{:?}",
            clients.history
        );
        assert!(clients.run.unwrap().steps.iter().all(|step| step.declaration.is_none()));
        let staffs = ask(&one.manager).await.unwrap();
        assert!(staffs.history.iter().any(|line| line.sentence.contains("reminder")));
        assert!(staffs.run.unwrap().steps.iter().all(|step| step.declaration.is_some()));
        let globex = fixture.client("Gil", fixture.database.account(), &["client"]);
        for ctx in [globex, fixture.staff("Other", &["project_manager"])] {
            assert_eq!(ask(&ctx).await.unwrap_err().problem(), portico_core::Problem::not_found());
        }
    }
}
