//! The audit log. Rows are added and read, never changed: the service's role may do nothing else.

use chrono::{DateTime, Utc};
use portico_core::{AccountId, PersonId};
use portico_db::{StoreError, Tx};
use uuid::Uuid;

use super::accounts::reach;
use crate::domain::audit::{AuditEntry, AuditFilter};

/// The account of what concerns none. Nobody is a member of it.
const NO_ACCOUNT: Uuid = Uuid::nil();

/// What somebody does who has only looked: no hand in it.
const LOOKED: [&str; 3] = ["document.viewed", "document.downloaded", "document.printed"];

struct Row {
    id: Uuid,
    account_id: Uuid,
    account_name: String,
    internal: bool,
    at: DateTime<Utc>,
    actor_kind: String,
    actor_id: Option<Uuid>,
    actor_name: String,
    address: String,
    action: String,
    object_kind: String,
    object_id: String,
    object_label: String,
    version: String,
    details: serde_json::Value,
}

impl From<Row> for AuditEntry {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            account_id: (row.account_id != NO_ACCOUNT).then_some(AccountId(row.account_id)),
            account_name: row.account_name,
            internal: row.internal,
            at: row.at,
            actor_kind: row.actor_kind,
            actor_id: row.actor_id.map(PersonId),
            actor_name: row.actor_name,
            address: row.address,
            action: row.action,
            object_kind: row.object_kind,
            object_id: row.object_id,
            object_label: row.object_label,
            version: row.version,
            details: row.details,
        }
    }
}

/// Adds an entry. What concerns no account is the firm's own, whatever it says of itself.
pub(crate) async fn insert(tx: &mut Tx, entry: &AuditEntry) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into tenancy.audit_entries
           (tenant_id, id, account_id, internal, at, actor_kind, actor_id, actor_name, address, action, object_kind,
            object_id, object_label, version, details)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
         on conflict do nothing",
        tenant,
        entry.id,
        entry.account_id.map_or(NO_ACCOUNT, Uuid::from),
        entry.internal || entry.account_id.is_none(),
        entry.at,
        entry.actor_kind,
        entry.actor_id.map(|id| id.0),
        entry.actor_name,
        entry.address,
        entry.action,
        entry.object_kind,
        entry.object_id,
        entry.object_label,
        entry.version,
        entry.details
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Entries that the caller may read and that `filter` lets through, newest first, after the one with this key.
///
/// People of accounts read what they did themselves. Of the accounts in which they have a role they read further what its records and
/// money went through, as far as it is open to all its people; of files, papers to sign and messages what happened to those that they had
/// a hand in, for the audit cannot ask who else may see them; and of folders and what is in them nothing further at all.
pub(crate) async fn list(
    tx: &mut Tx,
    filter: &AuditFilter,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<AuditEntry>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let internal = tx.ctx().is_internal();
    let reach = reach(tx);
    let person = tx.ctx().actor.person.map(|id| id.0);
    let roled: Vec<Uuid> =
        tx.ctx().clone().with_roles_only().actor.accounts.listed().iter().map(|id| id.0).collect();
    let (after_at, after_id) = after.unzip();
    let rows = sqlx::query_as!(
        Row,
        r#"select e.id, e.account_id, coalesce(a.name, '') as "account_name!", e.internal, e.at, e.actor_kind, e.actor_id,
             e.actor_name, e.address, e.action, e.object_kind, e.object_id, e.object_label, e.version, e.details
           from tenancy.audit_entries e
           left join tenancy.accounts a on a.tenant_id = e.tenant_id and a.id = e.account_id
           where e.tenant_id = $1 and ($2::uuid[] is null or e.account_id = any ($2)) and ($3 or not e.internal)
             and ($4::uuid is null or e.account_id = $4) and ($5::uuid is null or e.actor_id = $5)
             and ($6::text is null or starts_with(e.action, $6)) and ($7::text is null or e.object_id = $7)
             and ($8::timestamptz is null or e.at >= $8) and ($9::timestamptz is null or e.at < $9)
             and ($10::timestamptz is null or (e.at, e.id) < ($10, $11::uuid))
             and ($3 or e.actor_id = $13 or e.account_id = any ($14) and not (e.object_kind = 'folder'
               or e.object_kind = 'document' and (e.details -> 'folder' is not null or coalesce(e.details ->> 'kind', '') = 'library'))
               and (e.object_kind not in ('document', 'item', 'envelope', 'message', 'thread') or exists (
                 select from tenancy.audit_entries own
                 where own.tenant_id = $1 and own.object_id = e.object_id and own.object_kind = e.object_kind
                   and own.account_id = e.account_id and own.actor_id = $13 and own.action <> all ($15))))
           order by e.at desc, e.id desc limit $12"#,
        tenant,
        reach.as_deref(),
        internal,
        filter.account.map(|id| id.0),
        filter.actor.map(|id| id.0),
        filter.action_prefix,
        filter.object_id,
        filter.from,
        filter.until,
        after_at,
        after_id,
        limit,
        person,
        &roled,
        &LOOKED.map(str::to_owned)
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(AuditEntry::from).collect())
}
