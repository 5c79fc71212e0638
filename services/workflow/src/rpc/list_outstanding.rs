//! What clients were asked for and somebody still has to do something about, over all accounts.

use std::collections::HashMap;

use portico_core::{AccountId, Ctx, RecordId, StepId};
use portico_db::Tx;
use portico_definition::Action;
use portico_proto::{
    time::timestamp,
    workflow::v1::{ListOutstandingRequest, ListOutstandingResponse, OutstandingRow},
};

use crate::{
    convert,
    domain::{engine::StepRecord, outstanding::WaitsFor, permissions::Viewer},
    error::WorkflowError,
    reach,
    service::{Portal, Service},
    store::{
        self,
        outstanding::{Filter, Outstanding},
        records::Record,
    },
};

/// The longest search, in characters.
const LONGEST_QUERY: usize = 100;
/// How many more rows are fetched at once in place of those that the rules leave out.
const MORE: i64 = 500;

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: ListOutstandingRequest,
) -> Result<ListOutstandingResponse, WorkflowError> {
    let limit = convert::page_size(request.page_size, 50);
    let account: Option<AccountId> =
        if request.account_id.is_empty() { None } else { Some(request.account_id.parse()?) };
    let waits_for = match request.waits_for.as_str() {
        "" => None,
        word => {
            let waits = WaitsFor::of(word);
            Some(waits.ok_or_else(|| WorkflowError::invalid("waits_for", "It waits for client or us."))?)
        }
    };
    let query = convert::text("query", &request.query, 0, LONGEST_QUERY)?.to_lowercase();
    let viewer = Viewer::of(&ctx);
    let mut tx = service.store.begin(&ctx).await?;
    let portals = service.portals(&mut tx).await?;
    let (all_kinds, team_kinds) = reach::kinds(&viewer, &portals);
    let mut filter = Filter {
        all_kinds,
        team_kinds,
        person: viewer.person().map(|me| me.0),
        account: account.map(|account| account.0),
        waits_for: waits_for.map(WaitsFor::word),
        due_before: request.overdue.then(|| service.clock.now()),
        query,
        after: convert::place(&request.page_token)?,
        limit: limit + 1,
    };
    let full = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut rows: Vec<(Outstanding, OutstandingRow)> = Vec::new();
    // To the end of what matches or of the page: a token that named a row out of sight would tell that there is one.
    loop {
        let found = store::outstanding::list(&mut tx, &filter).await?;
        let more = i64::try_from(found.len()).unwrap_or(i64::MAX) == filter.limit;
        filter.limit = MORE;
        filter.after = found.last().map_or(filter.after, |row| row.place);
        let around = Around::of(&mut tx, &found).await?;
        let seen = found.into_iter().filter_map(|row| Some((around.told(&viewer, &portals, &row)?, row)));
        rows.extend(seen.map(|(told, row)| (row, told)));
        if !more || rows.len() > full {
            break;
        }
    }
    let cut = rows.len() > full;
    rows.truncate(full);
    let last = if cut { rows.last().map(|(row, _)| row.place) } else { None };
    Ok(ListOutstandingResponse {
        rows: rows.into_iter().map(|(_, told)| told).collect(),
        next_page_token: last.as_ref().map(convert::after_place).unwrap_or_default(),
    })
}

/// What rows belong to.
struct Around {
    steps: HashMap<StepId, StepRecord>,
    records: HashMap<RecordId, Record>,
}

impl Around {
    async fn of(tx: &mut Tx, rows: &[Outstanding]) -> Result<Self, WorkflowError> {
        let mut steps: Vec<_> = rows.iter().map(|row| row.place.step.0).collect();
        let mut records: Vec<_> = rows.iter().map(|row| row.record.0).collect();
        steps.dedup();
        records.sort_unstable();
        records.dedup();
        let steps = store::outstanding::steps(tx, &steps).await?;
        Ok(Self {
            steps: steps.into_iter().map(|step| (step.id, step)).collect(),
            records: store::records::read_all(tx, &records).await?,
        })
    }

    /// The row in words, where the viewer's rules let them see it.
    fn told(&self, viewer: &Viewer, portals: &[Portal], row: &Outstanding) -> Option<OutstandingRow> {
        let (step, record) = (self.steps.get(&row.place.step)?, self.records.get(&row.record)?);
        let portal = portals.iter().find(|portal| portal.id == record.portal)?;
        let can = |action| viewer.can(&portal.definition, &record.kind, action, &record.view());
        if !can(Action::Read) {
            return None;
        }
        let waits_for = row.waits_for?;
        let with_client = waits_for == WaitsFor::Client && step.turn.external;
        Some(OutstandingRow {
            item_id: row.item.to_string(),
            name: row.name.clone(),
            state: row.state.clone(),
            waits_for: waits_for.word().to_owned(),
            since: Some(timestamp(row.since)),
            due: row.place.due.map(timestamp),
            step_id: step.id.to_string(),
            title: step.title.clone(),
            run_id: row.run.to_string(),
            record_title: record.title.clone(),
            account_id: record.account.to_string(),
            account_name: record.account_name.clone(),
            last_reminder: step.last_reminder.as_deref().map(convert::reminder),
            can_remind: with_client && can(Action::Update),
            r#type: step.kind.clone(),
        })
    }
}

#[cfg(test)]
mod tests;
