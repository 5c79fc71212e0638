//! Lists records of one kind, newest first.

use portico_core::{AccountId, Ctx, PortalId};
use portico_definition::Action;
use portico_proto::workflow::v1::{ListRecordsRequest, ListRecordsResponse};

use crate::{
    convert,
    domain::{fields::is_plain, permissions::Viewer},
    error::WorkflowError,
    reach,
    service::Service,
    store::{self, records::Record},
};

/// How often more rows are fetched in place of those that the rules leave out.
const MOST_ROUNDS: usize = 5;

/// A portal, kind or account that is not there, or not the caller's, has no records.
pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: ListRecordsRequest,
) -> Result<ListRecordsResponse, WorkflowError> {
    let limit = convert::page_size(request.page_size, 50);
    let full = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut before = convert::page_token(&request.page_token)?;
    if !request.states.iter().all(|state| is_plain(state)) {
        return Ok(ListRecordsResponse::default());
    }
    let portal: PortalId = request.portal_id.parse()?;
    let account: Option<AccountId> =
        if request.account_id.is_empty() { None } else { Some(request.account_id.parse()?) };
    let viewer = Viewer::of(&ctx);
    let mut tx = service.store.begin(&ctx).await?;
    let portal = service.portal(&mut tx, portal).await?;
    let definition = &portal.definition;
    let Some(reach) = reach::of_kind(&ctx, &viewer, definition, &request.kind, account) else {
        return Ok(ListRecordsResponse::default());
    };
    let mut records: Vec<Record> = Vec::new();
    let mut more = true;
    for _ in 0..MOST_ROUNDS {
        let rows = store::records::list(
            &mut tx,
            portal.id,
            &request.kind,
            &reach,
            &request.states,
            before,
            limit + 1,
        )
        .await?;
        more = rows.len() > full;
        before = rows.last().map(|record| record.id.0).or(before);
        records.extend(rows.into_iter().filter(|record| {
            account.is_none_or(|account| record.account == account)
                && viewer.can(definition, &record.kind, Action::Read, &record.view())
        }));
        if !more || records.len() > full {
            break;
        }
    }
    let cut = records.len() > full;
    records.truncate(full);
    let last = if cut { records.last().map(|record| record.id.0) } else { before.filter(|_| more) };
    Ok(ListRecordsResponse {
        records: records.iter().map(|record| convert::record(&viewer, definition, record)).collect(),
        next_page_token: convert::next_page(last),
    })
}

#[cfg(test)]
mod tests {
    use portico_rpc::ServiceError as _;
    use serde_json::json;

    use super::*;
    use crate::testing::{Fixture, INVOICES};

    #[tokio::test]
    async fn pages_follow_each_other_and_accounts_do_not_mix() {
        let fixture = Fixture::new().await;
        let portal = fixture.publish(INVOICES).await;
        let (finance, globex) = (fixture.staff("Fin", &["finance"]), fixture.database.account());
        for account in [fixture.acme, globex, fixture.acme, fixture.acme] {
            fixture.database.clock.advance(chrono::TimeDelta::seconds(1));
            let total = json!({"total": {"amount": 100, "currency": "USD"}});
            fixture.record(&finance, portal, "purchase_order", account, total).await;
        }
        let ask = async |ctx: &Ctx, size: i32, token: &str, account: &str| {
            let request = ListRecordsRequest {
                portal_id: portal.to_string(),
                kind: "purchase_order".to_owned(),
                account_id: account.to_owned(),
                page_size: size,
                page_token: token.to_owned(),
                ..Default::default()
            };
            handle(&fixture.service, ctx.clone(), request).await
        };
        let numbers = |answer: &ListRecordsResponse| {
            answer.records.iter().map(|record| record.number.clone()).collect::<Vec<_>>()
        };
        let vendor = fixture.client("Vera", fixture.acme, &["vendor"]);
        let first = ask(&vendor, 2, "", "").await.unwrap();
        assert_eq!(numbers(&first), ["PO-00004", "PO-00003"]);
        let second = ask(&vendor, 2, &first.next_page_token, "").await.unwrap();
        assert_eq!((numbers(&second), second.next_page_token.as_str()), (vec!["PO-00001".to_owned()], ""));
        assert_eq!(numbers(&ask(&finance, 0, "", "").await.unwrap()).len(), 4);
        assert!(ask(&vendor, 0, "", &globex.to_string()).await.unwrap().records.is_empty());
        let nobody = fixture.staff("Nobody", &["project_manager"]);
        assert!(ask(&nobody, 0, "", "").await.unwrap().records.is_empty(), "no rule, no records");
        assert_eq!(ask(&vendor, 0, "?", "").await.unwrap_err().problem().fields[0].field, "page_token");
    }
}
