//! Who is blocked on what: one row an open step, for staff.

use portico_core::{AccountId, Ctx};
use portico_proto::workflow::v1::{ListBlockedRequest, ListBlockedResponse};

use super::list_attention::seen;
use crate::{
    convert,
    domain::permissions::Viewer,
    error::WorkflowError,
    reach,
    service::Service,
    store::{
        attention::{self, OpenFilter},
        run_rows::{person_party, role_party},
    },
};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: ListBlockedRequest,
) -> Result<ListBlockedResponse, WorkflowError> {
    let account: Option<AccountId> =
        if request.account_id.is_empty() { None } else { Some(request.account_id.parse()?) };
    let side = match request.side.as_str() {
        "" => None,
        "client" => Some("external".to_owned()),
        "us" => Some("internal".to_owned()),
        _ => return Err(WorkflowError::invalid("side", "The side is client or us.")),
    };
    let viewer = Viewer::of(&ctx);
    let now = service.clock.now();
    let mut tx = service.store.begin(&ctx).await?;
    let portals = service.portals(&mut tx).await?;
    let (all_kinds, team_kinds) = reach::kinds(&viewer, &portals);
    let filter = OpenFilter {
        all_kinds,
        team_kinds,
        person: viewer.person().map(|me| me.0),
        account: account.map(|account| account.0),
        side: side.clone(),
        limit: convert::page_size(request.page_size, 100),
    };
    let items = if request.mine {
        let mut parties: Vec<String> = viewer.roles().iter().map(|role| role_party(role)).collect();
        parties.extend(viewer.person().map(|me| person_party(me.0)));
        let mut items = attention::turns_of(&mut tx, &parties, filter.account, filter.limit).await?;
        items.retain(|item| {
            side.as_deref().is_none_or(|side| (side == "external") == item.step.turn.external)
        });
        items
    } else {
        attention::open(&mut tx, &filter).await?
    };
    let (on_client, on_us, overdue) = attention::counts(&mut tx, &filter, now).await?;
    let count = |number: i64| i32::try_from(number).unwrap_or(i32::MAX);
    let seen = items.into_iter().filter_map(|item| seen(&viewer, &portals, item));
    Ok(ListBlockedResponse {
        items: seen.map(|(item, reads)| convert::item(&viewer, &item, reads, now)).collect(),
        on_client: count(on_client),
        on_us: count(on_us),
        overdue: count(overdue),
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn staff_see_whose_turn_it_is_among_their_own() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        fixture.database.clock.advance(TimeDelta::days(9));
        let ask = async |ctx: &Ctx, side: &str, mine: bool| {
            let request = ListBlockedRequest { side: side.to_owned(), mine, ..Default::default() };
            handle(&fixture.service, ctx.clone(), request).await
        };
        let all = ask(&one.manager, "", false).await.unwrap();
        assert_eq!((all.items.len(), all.on_client, all.on_us, all.overdue), (4, 3, 1, 1));
        assert_eq!((all.items[0].age_days, all.items[0].account_name.as_str()), (9, "Acme"));
        // A meeting for which no times are offered waits for the firm.
        assert_eq!(ask(&one.manager, "us", false).await.unwrap().items.len(), 1);
        assert_eq!(ask(&one.manager, "", true).await.unwrap().items.len(), 1);
        assert_eq!(ask(&one.admin, "client", false).await.unwrap().items.len(), 3);
        let other = fixture.staff("Other", &["project_manager"]);
        let stranger = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        for ctx in [&other, &stranger] {
            assert_eq!(ask(ctx, "", false).await.unwrap(), ListBlockedResponse::default());
        }
        assert_eq!(ask(&one.manager, "them", false).await.unwrap_err().problem().fields[0].field, "side");
    }
}
