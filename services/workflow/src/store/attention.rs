//! Open steps with what lists show beside them: one query a list, each led by an index.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use portico_core::{PortalId, RunId};
use portico_db::{StoreError, Tx};
use serde_json::{Map, Value};
use sqlx::types::Json;
use uuid::Uuid;

use super::records::{Record, Row as RecordRow};
use crate::domain::engine::StepRecord;

/// A step with its record.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) run: RunId,
    pub(crate) portal: PortalId,
    pub(crate) step: StepRecord,
    pub(crate) record: Record,
}

struct Row {
    run_id: Uuid,
    body: Json<StepRecord>,
    id: Uuid,
    account_id: Uuid,
    account_name: String,
    portal_id: Uuid,
    kind: String,
    number: Option<String>,
    title: String,
    state: Option<String>,
    entries: i32,
    fields: Json<Map<String, Value>>,
    labels: Json<BTreeMap<String, String>>,
    version: i32,
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for Item {
    fn from(row: Row) -> Self {
        let Row {
            run_id,
            body,
            id,
            account_id,
            account_name,
            portal_id,
            kind,
            number,
            title,
            state,
            entries,
            fields,
            labels,
            version,
            created_by,
            created_at,
            updated_at,
        } = row;
        let record = RecordRow {
            id,
            account_id,
            account_name,
            portal_id,
            kind,
            number,
            title,
            state,
            entries,
            fields,
            labels,
            version,
            created_by,
            created_at,
            updated_at,
        };
        Self { run: run_id.into(), portal: portal_id.into(), step: body.0, record: record.into() }
    }
}

/// The open steps of these accounts, those that are due first at the top.
pub(crate) async fn open_of_accounts(
    tx: &mut Tx,
    accounts: &[Uuid],
    limit: i64,
) -> Result<Vec<Item>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query_as!(
        Row,
        r#"select s.run_id, s.body as "body: _", r.id, r.account_id, coalesce(a.name, '') as "account_name!", r.portal_id, r.kind,
             r.number, r.title, r.state, r.entries, r.fields as "fields: _", r.labels as "labels: _", r.version, r.created_by,
             r.created_at, r.updated_at
           from workflow.run_steps s
           join workflow.records r on r.tenant_id = s.tenant_id and r.id = s.record_id
           left join workflow.accounts a on a.tenant_id = s.tenant_id and a.account_id = s.account_id
           where s.tenant_id = $1 and s.account_id = any ($2) and s.open
           order by s.due nulls last, s.id limit $3"#,
        tenant,
        accounts,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(Item::from).collect())
}

/// The steps of these accounts that ended last, and those that still wait for others in runs that go on.
pub(crate) async fn ended_and_blocked(
    tx: &mut Tx,
    accounts: &[Uuid],
    ended: i64,
    blocked: i64,
) -> Result<Vec<Item>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query_as!(
        Row,
        r#"with chosen as (
             (select s.id from workflow.run_steps s
              where s.tenant_id = $1 and s.account_id = any ($2) and s.ended_at is not null
              order by s.ended_at desc limit $3)
             union all
             (select s.id from workflow.runs g join workflow.run_steps s on s.tenant_id = g.tenant_id and s.run_id = g.id
              where g.tenant_id = $1 and g.account_id = any ($2) and g.state = 'active' and s.state = 'blocked'
              order by s.id limit $4))
           select s.run_id as "run_id!", s.body as "body!: _", r.id as "id!", r.account_id as "account_id!",
             coalesce(a.name, '') as "account_name!", r.portal_id as "portal_id!", r.kind as "kind!", r.number,
             r.title as "title!", r.state, r.entries as "entries!", r.fields as "fields!: _", r.labels as "labels!: _",
             r.version as "version!", r.created_by, r.created_at as "created_at!", r.updated_at as "updated_at!"
           from chosen c
           join workflow.run_steps s on s.tenant_id = $1 and s.id = c.id
           join workflow.records r on r.tenant_id = s.tenant_id and r.id = s.record_id
           left join workflow.accounts a on a.tenant_id = s.tenant_id and a.account_id = s.account_id
           order by s.ended_at desc nulls last, s.id"#,
        tenant,
        accounts,
        ended,
        blocked
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(Item::from).collect())
}

/// The open steps that are the turn of one of these parties.
pub(crate) async fn turns_of(
    tx: &mut Tx,
    parties: &[String],
    account: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Item>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query_as!(
        Row,
        r#"with mine as (
             select distinct t.due, t.step_id from workflow.turns t
             where t.tenant_id = $1 and t.party = any ($2) and ($3::uuid is null or t.account_id = $3)
             order by t.due nulls last, t.step_id limit $4)
           select s.run_id, s.body as "body: _", r.id, r.account_id, coalesce(a.name, '') as "account_name!", r.portal_id, r.kind,
             r.number, r.title, r.state, r.entries, r.fields as "fields: _", r.labels as "labels: _", r.version, r.created_by,
             r.created_at, r.updated_at
           from mine m
           join workflow.run_steps s on s.tenant_id = $1 and s.id = m.step_id
           join workflow.records r on r.tenant_id = s.tenant_id and r.id = s.record_id
           left join workflow.accounts a on a.tenant_id = s.tenant_id and a.account_id = s.account_id
           order by m.due nulls last, s.id"#,
        tenant,
        parties,
        account,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(Item::from).collect())
}

/// Whose open steps are within reach.
#[derive(Debug, Clone, Default)]
pub(crate) struct OpenFilter {
    pub(crate) all_kinds: Vec<String>,
    pub(crate) team_kinds: Vec<String>,
    pub(crate) person: Option<Uuid>,
    pub(crate) account: Option<Uuid>,
    pub(crate) side: Option<String>,
    pub(crate) limit: i64,
}

/// The open steps within reach, those that are due first at the top.
pub(crate) async fn open(tx: &mut Tx, filter: &OpenFilter) -> Result<Vec<Item>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query_as!(
        Row,
        r#"select s.run_id, s.body as "body: _", r.id, r.account_id, coalesce(a.name, '') as "account_name!", r.portal_id, r.kind,
             r.number, r.title, r.state, r.entries, r.fields as "fields: _", r.labels as "labels: _", r.version, r.created_by,
             r.created_at, r.updated_at
           from workflow.run_steps s
           join workflow.records r on r.tenant_id = s.tenant_id and r.id = s.record_id
           left join workflow.accounts a on a.tenant_id = s.tenant_id and a.account_id = s.account_id
           where s.tenant_id = $1 and s.open and ($2::uuid is null or s.account_id = $2) and ($3::text is null or s.side = $3)
             and (s.portal_id::text || ':' || s.record_kind = any ($4)
               or (s.portal_id::text || ':' || s.record_kind = any ($5) and exists (
                 select from workflow.record_people p
                 where p.tenant_id = $1 and p.person_id = $6 and p.record_id = s.record_id)))
           order by s.due nulls last, s.id limit $7"#,
        tenant,
        filter.account,
        filter.side,
        &filter.all_kinds,
        &filter.team_kinds,
        filter.person,
        filter.limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(Item::from).collect())
}

/// How many open steps within reach wait for clients, for the firm, and are overdue.
pub(crate) async fn counts(
    tx: &mut Tx,
    filter: &OpenFilter,
    now: DateTime<Utc>,
) -> Result<(i64, i64, i64), StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query!(
        r#"select count(*) filter (where s.side = 'external') as "client!", count(*) filter (where s.side = 'internal') as "firm!",
             count(*) filter (where s.due < $6) as "overdue!"
           from workflow.run_steps s
           where s.tenant_id = $1 and s.open and ($2::uuid is null or s.account_id = $2)
             and (s.portal_id::text || ':' || s.record_kind = any ($3)
               or (s.portal_id::text || ':' || s.record_kind = any ($4) and exists (
                 select from workflow.record_people p
                 where p.tenant_id = $1 and p.person_id = $5 and p.record_id = s.record_id)))"#,
        tenant,
        filter.account,
        &filter.all_kinds,
        &filter.team_kinds,
        filter.person,
        now
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((row.client, row.firm, row.overdue))
}
