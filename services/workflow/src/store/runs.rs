//! Runs and their history.

use chrono::{DateTime, Utc};
use portico_core::{AccountId, PortalId, RecordId, RunId, StepId};
use portico_db::{StoreError, Tx};
use sqlx::types::Json;
use uuid::Uuid;

use crate::domain::engine::{RunFact, RunState};

/// A run, whole.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Run {
    pub(crate) id: RunId,
    pub(crate) account: AccountId,
    pub(crate) portal: PortalId,
    pub(crate) portal_version: i32,
    pub(crate) workflow: String,
    pub(crate) record: RecordId,
    pub(crate) record_kind: String,
    pub(crate) entry: i32,
    pub(crate) version: i32,
    pub(crate) state: RunState,
}

struct Row {
    id: Uuid,
    account_id: Uuid,
    portal_id: Uuid,
    portal_version: i32,
    workflow: String,
    record_id: Uuid,
    record_kind: String,
    entry: i32,
    version: i32,
    body: Json<RunState>,
}

impl From<Row> for Run {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            account: row.account_id.into(),
            portal: row.portal_id.into(),
            portal_version: row.portal_version,
            workflow: row.workflow,
            record: row.record_id.into(),
            record_kind: row.record_kind,
            entry: row.entry,
            version: row.version,
            state: row.body.0,
        }
    }
}

/// A run within the caller's accounts.
pub(crate) async fn read(tx: &mut Tx, id: RunId) -> Result<Option<Run>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        r#"select id, account_id, portal_id, portal_version, workflow, record_id, record_kind, entry, version, body as "body: _"
           from workflow.runs where tenant_id = $1 and id = $2"#,
        tenant,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Run::from))
}

/// The run that a step belongs to.
pub(crate) async fn of_step(tx: &mut Tx, step: StepId) -> Result<Option<Run>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let run = sqlx::query_scalar!(
        "select run_id from workflow.run_steps where tenant_id = $1 and id = $2",
        tenant,
        step.0
    )
    .fetch_optional(tx.conn())
    .await?;
    match run {
        Some(run) => read(tx, run.into()).await,
        None => Ok(None),
    }
}

/// Holds a run until the transaction ends. Its record must be held already.
pub(crate) async fn lock(tx: &mut Tx, id: RunId) -> Result<Option<Run>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        r#"select id, account_id, portal_id, portal_version, workflow, record_id, record_kind, entry, version, body as "body: _"
           from workflow.runs where tenant_id = $1 and id = $2 for update"#,
        tenant,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Run::from))
}

/// The runs of a record that are not over.
pub(crate) async fn open_of_record(tx: &mut Tx, record: RecordId) -> Result<Vec<RunId>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let ids = sqlx::query_scalar!(
        "select id from workflow.runs where tenant_id = $1 and record_id = $2 and state in ('active', 'paused') order by id",
        tenant,
        record.0
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(RunId).collect())
}

/// Adds a run that has not started. `false` where the same entry of the record has started it already.
pub(crate) async fn insert(tx: &mut Tx, run: &Run, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let inserted = sqlx::query!(
        "insert into workflow.runs (tenant_id, id, account_id, portal_id, portal_version, workflow, record_id, record_kind, entry,
           state, reason, started_at, version, body)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'new', '', $10, $11, $12)
         on conflict on constraint runs_once do nothing",
        tenant,
        run.id.0,
        run.account.0,
        run.portal.0,
        run.portal_version,
        run.workflow,
        run.record.0,
        run.record_kind,
        run.entry,
        now,
        run.version,
        Json(&run.state) as _
    )
    .execute(tx.conn())
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Writes a run as it is now; its version counts up.
pub(crate) async fn update(tx: &mut Tx, run: &mut Run) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    run.version += 1;
    sqlx::query!(
        "update workflow.runs set state = $3, reason = $4, ended_at = $5, version = $6, body = $7
         where tenant_id = $1 and id = $2",
        tenant,
        run.id.0,
        run.state.status.as_str(),
        run.state.reason,
        run.state.ended_at,
        run.version,
        Json(&run.state) as _
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Adds lines to a run's history. The run must be held.
pub(crate) async fn append(tx: &mut Tx, run: &Run, facts: &[RunFact]) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    let moments: Vec<DateTime<Utc>> = facts.iter().map(|line| line.at).collect();
    let bodies: Vec<serde_json::Value> =
        facts.iter().map(|line| serde_json::to_value(line).unwrap_or_default()).collect();
    sqlx::query!(
        "insert into workflow.run_events (tenant_id, run_id, seq, account_id, at, body)
         select $1, $2, coalesce((select max(seq) from workflow.run_events where tenant_id = $1 and run_id = $2), 0)
             + line.place::integer, $3, line.at, line.body
         from unnest($4::timestamptz[], $5::jsonb[]) with ordinality as line (at, body, place)",
        tenant,
        run.id.0,
        run.account.0,
        &moments,
        &bodies
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A run's history: all of it, or its last lines, in the order in which they were written.
pub(crate) async fn history(tx: &mut Tx, run: RunId, last: Option<i64>) -> Result<Vec<RunFact>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let mut lines = sqlx::query_scalar!(
        r#"select body as "body: Json<RunFact>" from workflow.run_events
           where tenant_id = $1 and run_id = $2 order by seq desc limit $3"#,
        tenant,
        run.0,
        last
    )
    .fetch_all(tx.conn())
    .await?;
    lines.reverse();
    Ok(lines.into_iter().map(|line| line.0).collect())
}

/// What to list.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) portal: Option<Uuid>,
    pub(crate) workflow: Option<String>,
    pub(crate) account: Option<Uuid>,
    pub(crate) record: Option<Uuid>,
    pub(crate) states: Vec<String>,
    /// `portal:kind` of the records whose runs are all within reach.
    pub(crate) all_kinds: Vec<String>,
    /// The same, where only records that name `person` are.
    pub(crate) team_kinds: Vec<String>,
    pub(crate) person: Option<Uuid>,
    pub(crate) before: Option<Uuid>,
    pub(crate) limit: i64,
}

/// Runs, newest first.
pub(crate) async fn list(tx: &mut Tx, filter: &Filter) -> Result<Vec<Run>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query_as!(
        Row,
        r#"select r.id, r.account_id, r.portal_id, r.portal_version, r.workflow, r.record_id, r.record_kind, r.entry, r.version,
             r.body as "body: _"
           from workflow.runs r
           where r.tenant_id = $1 and r.id < $2
             and ($3::uuid is null or r.portal_id = $3) and ($4::text is null or r.workflow = $4)
             and ($5::uuid is null or r.account_id = $5) and ($6::uuid is null or r.record_id = $6)
             and (cardinality($7::text[]) = 0 or r.state = any ($7))
             and (r.portal_id::text || ':' || r.record_kind = any ($8)
               or (r.portal_id::text || ':' || r.record_kind = any ($9) and exists (
                 select from workflow.record_people p
                 where p.tenant_id = $1 and p.person_id = $10 and p.record_id = r.record_id)))
           order by r.id desc limit $11"#,
        tenant,
        filter.before.unwrap_or(Uuid::max()),
        filter.portal,
        filter.workflow,
        filter.account,
        filter.record,
        &filter.states,
        &filter.all_kinds,
        &filter.team_kinds,
        filter.person,
        filter.limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(Run::from).collect())
}
