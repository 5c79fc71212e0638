//! The rows of requests for documents, over all accounts.

use chrono::{DateTime, Utc};
use portico_core::{ItemId, RecordId, RunId, StepId};
use portico_db::{StoreError, Tx};
use sqlx::types::Json;
use uuid::Uuid;

use super::runs::Run;
use crate::domain::{
    engine::StepRecord,
    outstanding::{RequestRow, WaitsFor, waiting},
};

/// A row that waits for somebody.
#[derive(Debug, Clone)]
pub(crate) struct Outstanding {
    pub(crate) item: ItemId,
    pub(crate) name: String,
    pub(crate) state: String,
    pub(crate) waits_for: Option<WaitsFor>,
    pub(crate) since: DateTime<Utc>,
    pub(crate) place: Place,
    pub(crate) run: RunId,
    pub(crate) record: RecordId,
}

/// Where a row stands among all: by its due date, those without one last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) due: Option<DateTime<Utc>>,
    pub(crate) step: StepId,
    pub(crate) position: i32,
}

impl Place {
    /// Before all others.
    pub(crate) const FIRST: Self =
        Self { due: Some(DateTime::UNIX_EPOCH), step: StepId(Uuid::nil()), position: 0 };
}

/// What a list is narrowed to, and how far it reaches.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    pub(crate) all_kinds: Vec<String>,
    pub(crate) team_kinds: Vec<String>,
    pub(crate) person: Option<Uuid>,
    pub(crate) account: Option<Uuid>,
    pub(crate) waits_for: Option<&'static str>,
    /// What was due before this moment only.
    pub(crate) due_before: Option<DateTime<Utc>>,
    /// Words in lower case; empty for all.
    pub(crate) query: String,
    pub(crate) after: Place,
    pub(crate) limit: i64,
}

/// Keeps the rows of a request as they stand at `at`. Its step is held meanwhile, so that what is kept of it is true; `false` where there
/// is no such step.
pub(crate) async fn keep(
    tx: &mut Tx,
    step: StepId,
    rows: &[RequestRow],
    at: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let Some(StepRecord { title, .. }) = hold(tx, step).await? else { return Ok(false) };
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id.0).collect();
    let names: Vec<String> = rows.iter().map(|row| row.name.clone()).collect();
    let words: Vec<String> = rows.iter().map(|row| format!("{}\n{title}", row.name).to_lowercase()).collect();
    let states: Vec<String> = rows.iter().map(|row| row.state.word().to_owned()).collect();
    let waits: Vec<String> =
        waiting(rows).into_iter().map(|waits| waits.map_or("", WaitsFor::word).to_owned()).collect();
    sqlx::query!(
        "insert into workflow.request_rows (tenant_id, id, account_id, step_id, run_id, record_id, portal_id, record_kind, position,
           name, words, state, waits_for, since, due, listed)
         select s.tenant_id, r.id, s.account_id, s.id, s.run_id, s.record_id, s.portal_id, s.record_kind, r.position::int,
           r.name, r.words, r.state, nullif(r.waits, ''), $8, s.due, s.open
         from workflow.run_steps s,
           unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[])
             with ordinality as r (id, name, words, state, waits, position)
         where s.tenant_id = $1 and s.id = $2
         on conflict (tenant_id, id) do update set position = excluded.position, name = excluded.name, words = excluded.words,
           state = excluded.state, waits_for = excluded.waits_for, due = excluded.due, listed = excluded.listed,
           since = case when request_rows.state = excluded.state then request_rows.since else excluded.since end",
        tenant,
        step.0,
        &ids,
        &names,
        &words,
        &states,
        &waits,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(true)
}

/// Holds a step until the transaction ends, so that nobody else keeps its rows meanwhile or changes what is kept with them.
pub(crate) async fn hold(tx: &mut Tx, step: StepId) -> Result<Option<StepRecord>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let found = sqlx::query!(
        r#"select body as "body: Json<StepRecord>" from workflow.run_steps where tenant_id = $1 and id = $2 for no key update"#,
        tenant,
        step.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(found.map(|row| row.body.0))
}

/// Whether rows of a step's request are kept already.
pub(crate) async fn are_known(tx: &mut Tx, step: StepId) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let known = sqlx::query_scalar!(
        r#"select exists (select from workflow.request_rows where tenant_id = $1 and step_id = $2) as "known!""#,
        tenant,
        step.0
    );
    Ok(known.fetch_one(tx.conn()).await?)
}

/// Keeps with the rows of a step's request when it is due, and whether it is listed among what is open.
pub(super) async fn follow_step(
    tx: &mut Tx,
    run: &Run,
    step: &StepRecord,
    listed: bool,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update workflow.request_rows set due = $3, listed = $4 where tenant_id = $1 and step_id = $2 and account_id = $5",
        tx.ctx().tenant.0,
        step.id.0,
        step.due,
        listed,
        run.account.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The rows within reach that wait for somebody, those that are due first at the top.
pub(crate) async fn list(tx: &mut Tx, filter: &Filter) -> Result<Vec<Outstanding>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query!(
        r#"select w.id, w.name, w.state, w.waits_for, w.since, w.due, w.step_id, w.position, w.run_id, w.record_id
           from workflow.request_rows w
           where w.tenant_id = $1 and w.listed and w.waits_for is not null
             and (w.sorted_at, w.step_id, w.position) > (coalesce($2::timestamptz, 'infinity'), $3::uuid, $4::int)
             and ($5::uuid is null or w.account_id = $5) and ($6::text is null or w.waits_for = $6)
             and ($7::timestamptz is null or w.due < $7)
             and ($8::text = '' or strpos(w.words, $8) > 0 or w.account_id in (
               select a.account_id from workflow.accounts a where a.tenant_id = $1 and strpos(lower(a.name), $8) > 0))
             and (w.portal_id::text || ':' || w.record_kind = any ($9)
               or (w.portal_id::text || ':' || w.record_kind = any ($10) and exists (
                 select from workflow.record_people p
                 where p.tenant_id = $1 and p.person_id = $11 and p.record_id = w.record_id)))
           order by w.sorted_at, w.step_id, w.position limit $12"#,
        tenant,
        filter.after.due,
        filter.after.step.0,
        filter.after.position,
        filter.account,
        filter.waits_for,
        filter.due_before,
        filter.query,
        &filter.all_kinds,
        &filter.team_kinds,
        filter.person,
        filter.limit
    )
    .fetch_all(tx.conn())
    .await?;
    let rows = rows.into_iter().map(|row| Outstanding {
        item: row.id.into(),
        name: row.name,
        state: row.state,
        waits_for: row.waits_for.as_deref().and_then(WaitsFor::of),
        since: row.since,
        place: Place { due: row.due, step: row.step_id.into(), position: row.position },
        run: row.run_id.into(),
        record: row.record_id.into(),
    });
    Ok(rows.collect())
}

/// These steps, as they stand.
pub(crate) async fn steps(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<StepRecord>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query!(
        r#"select body as "body: Json<StepRecord>" from workflow.run_steps where tenant_id = $1 and id = any ($2)"#,
        tenant,
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| row.body.0).collect())
}
