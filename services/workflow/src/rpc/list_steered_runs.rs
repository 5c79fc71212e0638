//! Finds for each of many accounts the run that somebody of the firm would send something to.

use portico_core::{AccountId, Ctx};
use portico_proto::workflow::v1::{ListSteeredRunsRequest, ListSteeredRunsResponse, SteeredRun};

use super::request_documents::{MOST_ACCOUNTS, asked_of, newest};
use crate::{domain::permissions::Viewer, error::WorkflowError, service::Service};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: ListSteeredRunsRequest,
) -> Result<ListSteeredRunsResponse, WorkflowError> {
    if request.account_ids.is_empty() || request.account_ids.len() > MOST_ACCOUNTS {
        let text = format!("Choose between 1 and {MOST_ACCOUNTS} accounts.");
        return Err(WorkflowError::invalid("account_ids", text));
    }
    let viewer = Viewer::of(&ctx);
    let mut tx = service.store.begin(&ctx).await?;
    let mut runs = Vec::with_capacity(request.account_ids.len());
    for account in &request.account_ids {
        let reached = account.parse::<AccountId>().ok().filter(|id| ctx.actor.accounts.includes(*id));
        let found = match reached {
            Some(account) => newest(service, &mut tx, &viewer, account).await?,
            None => None,
        };
        runs.push(found.map_or_else(SteeredRun::default, |found| SteeredRun {
            run_id: found.run.id.to_string(),
            role: asked_of(&found.definition).unwrap_or_default().to_owned(),
        }));
    }
    Ok(ListSteeredRunsResponse { runs })
}

#[cfg(test)]
mod tests {
    use portico_core::AccountScope;

    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn the_run_is_found_by_whoever_steers_it_and_by_nobody_else() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let (acme, globex) = (fixture.acme.to_string(), fixture.database.account().to_string());
        let find = async |ctx: &Ctx| {
            let account_ids = vec![acme.clone(), globex.clone(), "x".to_owned()];
            let request = ListSteeredRunsRequest { account_ids };
            let answer = handle(&fixture.service, ctx.clone(), request).await.unwrap();
            answer.runs.into_iter().map(|run| (run.run_id, run.role)).collect::<Vec<_>>()
        };
        let none = || (String::new(), String::new());
        let found = find(&one.manager).await;
        assert_eq!(found, [(one.run.clone(), "client".to_owned()), none(), none()]);
        let mut scoped = one.manager.clone();
        scoped.actor.accounts = AccountScope::Listed(vec![fixture.database.account()]);
        assert_eq!(find(&scoped).await, [none(), none(), none()]);
        let elsewhere = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        assert_eq!(find(&elsewhere).await, [none(), none(), none()]);
        let nothing = handle(&fixture.service, one.manager.clone(), ListSteeredRunsRequest::default()).await;
        assert!(matches!(nothing, Err(WorkflowError::Invalid(_))));
    }
}
