//! Records, the people whom they name, and values that stand only once.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use portico_core::{AccountId, PersonId, PortalId, RecordId};
use portico_db::{StoreError, Tx};
use portico_definition::RecordView;
use serde_json::{Map, Value};
use sqlx::types::Json;
use uuid::Uuid;

/// A record, whole.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record {
    pub(crate) id: RecordId,
    pub(crate) account: AccountId,
    pub(crate) account_text: String,
    pub(crate) account_name: String,
    pub(crate) portal: PortalId,
    pub(crate) kind: String,
    pub(crate) number: Option<String>,
    pub(crate) title: String,
    pub(crate) state: Option<String>,
    pub(crate) entries: i32,
    pub(crate) fields: Map<String, Value>,
    pub(crate) labels: BTreeMap<String, String>,
    /// The fields of the records that this one refers to, by field.
    pub(crate) related: Map<String, Value>,
    pub(crate) version: i32,
    pub(crate) creator: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl Record {
    /// The record as conditions see it.
    pub(crate) fn view(&self) -> RecordView<'_> {
        RecordView {
            account: Some(&self.account_text),
            creator: self.creator.as_deref(),
            state: self.state.as_deref(),
            number: self.number.as_deref(),
            fields: &self.fields,
            related: Some(&self.related),
        }
    }
}

pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) account_id: Uuid,
    pub(super) account_name: String,
    pub(super) portal_id: Uuid,
    pub(super) kind: String,
    pub(super) number: Option<String>,
    pub(super) title: String,
    pub(super) state: Option<String>,
    pub(super) entries: i32,
    pub(super) fields: Json<Map<String, Value>>,
    pub(super) labels: Json<BTreeMap<String, String>>,
    pub(super) version: i32,
    pub(super) created_by: Option<Uuid>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
}

impl From<Row> for Record {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            account: row.account_id.into(),
            account_text: row.account_id.to_string(),
            account_name: row.account_name,
            portal: row.portal_id.into(),
            kind: row.kind,
            number: row.number,
            title: row.title,
            state: row.state,
            entries: row.entries,
            fields: row.fields.0,
            labels: row.labels.0,
            related: Map::new(),
            version: row.version,
            creator: row.created_by.map(|id| id.to_string()),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// A record within the caller's accounts.
pub(crate) async fn read(tx: &mut Tx, id: RecordId) -> Result<Option<Record>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        r#"select r.id, r.account_id, coalesce(a.name, '') as "account_name!", r.portal_id, r.kind, r.number, r.title, r.state,
             r.entries, r.fields as "fields: _", r.labels as "labels: _", r.version, r.created_by, r.created_at, r.updated_at
           from workflow.records r
           left join workflow.accounts a on a.tenant_id = r.tenant_id and a.account_id = r.account_id
           where r.tenant_id = $1 and r.id = $2"#,
        tenant,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    match row {
        Some(row) => Ok(with_related(tx, vec![row.into()]).await?.pop()),
        None => Ok(None),
    }
}

/// Those of these records that are within the caller's accounts, by their ids.
pub(crate) async fn read_all(tx: &mut Tx, ids: &[Uuid]) -> Result<HashMap<RecordId, Record>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query_as!(
        Row,
        r#"select r.id, r.account_id, coalesce(a.name, '') as "account_name!", r.portal_id, r.kind, r.number, r.title, r.state,
             r.entries, r.fields as "fields: _", r.labels as "labels: _", r.version, r.created_by, r.created_at, r.updated_at
           from workflow.records r
           left join workflow.accounts a on a.tenant_id = r.tenant_id and a.account_id = r.account_id
           where r.tenant_id = $1 and r.id = any ($2)"#,
        tenant,
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    let records = with_related(tx, rows.into_iter().map(Record::from).collect()).await?;
    Ok(records.into_iter().map(|record| (record.id, record)).collect())
}

/// Holds a record until the transaction ends: whoever changes a record or one of its runs takes it first, so that two changes of
/// the same record and its runs never wait for each other in a circle.
pub(crate) async fn lock(tx: &mut Tx, id: RecordId) -> Result<Option<Record>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "select 1 as one from workflow.records where tenant_id = $1 and id = $2 for update",
        tenant,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    read(tx, id).await
}

/// Adds the fields of the records that these refer to.
pub(super) async fn with_related(tx: &mut Tx, mut records: Vec<Record>) -> Result<Vec<Record>, StoreError> {
    let referred = |record: &Record| -> Vec<(String, Uuid)> {
        let texts = record.fields.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?)));
        texts.filter_map(|(name, text)| Some((name, Uuid::try_parse(text).ok()?))).collect()
    };
    let ids: Vec<Uuid> = records.iter().flat_map(&referred).map(|(_, id)| id).collect();
    if ids.is_empty() {
        return Ok(records);
    }
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query!(
        r#"select id, account_id, number, state, fields as "fields: Json<Map<String, Value>>" from workflow.records
           where tenant_id = $1 and id = any ($2)"#,
        tenant,
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    let found: HashMap<Uuid, (Uuid, Map<String, Value>)> = rows
        .into_iter()
        .map(|row| {
            let mut fields = row.fields.0;
            fields.extend(row.state.map(|state| ("state".to_owned(), state.into())));
            fields.extend(row.number.map(|number| ("number".to_owned(), number.into())));
            (row.id, (row.account_id, fields))
        })
        .collect();
    for record in &mut records {
        let related = referred(record).into_iter().filter_map(|(name, id)| {
            let (account, fields) = found.get(&id)?;
            (*account == record.account.0).then(|| (name, Value::Object(fields.clone())))
        });
        record.related = related.collect();
    }
    Ok(records)
}

/// Adds a record.
pub(crate) async fn insert(
    tx: &mut Tx,
    record: &Record,
    creator: Option<PersonId>,
) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into workflow.records (tenant_id, id, account_id, portal_id, kind, number, title, state, entries, fields, labels,
           version, created_by, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)",
        tenant,
        record.id.0,
        record.account.0,
        record.portal.0,
        record.kind,
        record.number,
        record.title,
        record.state,
        record.entries,
        Json(&record.fields) as _,
        Json(&record.labels) as _,
        record.version,
        creator.map(|id| id.0),
        record.created_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes a record's present state and fields; its version counts up.
pub(crate) async fn update(tx: &mut Tx, record: &mut Record, now: DateTime<Utc>) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    record.version += 1;
    record.updated_at = now;
    sqlx::query!(
        "update workflow.records set title = $3, state = $4, entries = $5, fields = $6, labels = $7, version = $8, updated_at = $9
         where tenant_id = $1 and id = $2",
        tenant,
        record.id.0,
        record.title,
        record.state,
        record.entries,
        Json(&record.fields) as _,
        Json(&record.labels) as _,
        record.version,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Replaces the staff whom a record names and the values that stand only once.
pub(crate) async fn index(
    tx: &mut Tx,
    record: &Record,
    staff: &[PersonId],
    values: &[(String, Uuid, String)],
) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    let people: Vec<Uuid> = staff.iter().map(|id| id.0).collect();
    sqlx::query!(
        "delete from workflow.record_people where tenant_id = $1 and record_id = $2",
        tenant,
        record.id.0
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into workflow.record_people (tenant_id, account_id, record_id, person_id)
         select $1, $2, $3, person from unnest($4::uuid[]) person",
        tenant,
        record.account.0,
        record.id.0,
        &people
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "delete from workflow.record_values where tenant_id = $1 and record_id = $2",
        tenant,
        record.id.0
    )
    .execute(tx.conn())
    .await?;
    for (field, scope, value) in values {
        sqlx::query!(
            "insert into workflow.record_values (tenant_id, account_id, record_id, portal_id, kind, field, scope_id, value)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
            tenant,
            record.account.0,
            record.id.0,
            record.portal.0,
            record.kind,
            field,
            scope,
            value
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// Whether another record has a value that may stand only once, of which the caller may know.
pub(crate) async fn value_taken(
    tx: &mut Tx,
    record: &Record,
    field: &str,
    scope: Uuid,
    value: &str,
) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let taken = sqlx::query_scalar!(
        r#"select exists (select from workflow.record_values where tenant_id = $1 and portal_id = $2 and kind = $3
             and field = $4 and scope_id = $5 and value = $6 and record_id <> $7) as "taken!""#,
        tenant,
        record.portal.0,
        record.kind,
        field,
        scope,
        value,
        record.id.0
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(taken)
}

/// The next number of a kind. The row stays held until the transaction ends, so that none is given twice and none is lost.
pub(crate) async fn next_number(tx: &mut Tx, portal: PortalId, kind: &str) -> Result<i64, StoreError> {
    let tenant = tx.ctx().tenant.0;
    Ok(sqlx::query_scalar!(
        "insert into workflow.record_counters (tenant_id, portal_id, kind, last_number) values ($1, $2, $3, 1)
         on conflict (tenant_id, portal_id, kind) do update set last_number = record_counters.last_number + 1
         returning last_number",
        tenant,
        portal.0,
        kind
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Which records of a kind to look through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Every one of the firm.
    All,
    /// Those of these accounts.
    Accounts(Vec<Uuid>),
    /// Those that name this person among the staff.
    Team(Uuid),
}

/// Records of one kind, newest first, before a place in the list.
pub(crate) async fn list(
    tx: &mut Tx,
    portal: PortalId,
    kind: &str,
    reach: &Reach,
    states: &[String],
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Record>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let before = before.unwrap_or(Uuid::max());
    let rows = match reach {
        Reach::All => {
            sqlx::query_as!(
                Row,
                r#"select r.id, r.account_id, coalesce(a.name, '') as "account_name!", r.portal_id, r.kind, r.number, r.title,
                     r.state, r.entries, r.fields as "fields: _", r.labels as "labels: _", r.version, r.created_by,
                     r.created_at, r.updated_at
                   from workflow.records r
                   left join workflow.accounts a on a.tenant_id = r.tenant_id and a.account_id = r.account_id
                   where r.tenant_id = $1 and r.portal_id = $2 and r.kind = $3 and r.id < $4
                     and (cardinality($5::text[]) = 0 or r.state = any ($5))
                   order by r.id desc limit $6"#,
                tenant,
                portal.0,
                kind,
                before,
                states,
                limit
            )
            .fetch_all(tx.conn())
            .await?
        }
        Reach::Accounts(accounts) => {
            sqlx::query_as!(
                Row,
                r#"select r.id, r.account_id, coalesce(a.name, '') as "account_name!", r.portal_id, r.kind, r.number, r.title,
                     r.state, r.entries, r.fields as "fields: _", r.labels as "labels: _", r.version, r.created_by,
                     r.created_at, r.updated_at
                   from workflow.records r
                   left join workflow.accounts a on a.tenant_id = r.tenant_id and a.account_id = r.account_id
                   where r.tenant_id = $1 and r.account_id = any ($7) and r.portal_id = $2 and r.kind = $3 and r.id < $4
                     and (cardinality($5::text[]) = 0 or r.state = any ($5))
                   order by r.id desc limit $6"#,
                tenant,
                portal.0,
                kind,
                before,
                states,
                limit,
                accounts
            )
            .fetch_all(tx.conn())
            .await?
        }
        Reach::Team(person) => {
            sqlx::query_as!(
                Row,
                r#"select r.id, r.account_id, coalesce(a.name, '') as "account_name!", r.portal_id, r.kind, r.number, r.title,
                     r.state, r.entries, r.fields as "fields: _", r.labels as "labels: _", r.version, r.created_by,
                     r.created_at, r.updated_at
                   from workflow.record_people p
                   join workflow.records r on r.tenant_id = p.tenant_id and r.id = p.record_id
                   left join workflow.accounts a on a.tenant_id = r.tenant_id and a.account_id = r.account_id
                   where p.tenant_id = $1 and p.person_id = $7 and p.record_id < $4 and r.portal_id = $2 and r.kind = $3
                     and (cardinality($5::text[]) = 0 or r.state = any ($5))
                   order by p.record_id desc limit $6"#,
                tenant,
                portal.0,
                kind,
                before,
                states,
                limit,
                person
            )
            .fetch_all(tx.conn())
            .await?
        }
    };
    with_related(tx, rows.into_iter().map(Record::from).collect()).await
}
