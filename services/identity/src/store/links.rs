//! Links. Their secrets are kept as hashes and looked up within the context's firm.

use chrono::{DateTime, Utc};
use portico_core::{AccountId, PersonId};
use portico_db::{StoreError, Tx};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::link::{Link, Purpose};

struct Row {
    id: Uuid,
    person_id: Uuid,
    purpose: String,
    account_id: Option<Uuid>,
    return_to: String,
    reply_to_person_id: Option<Uuid>,
    message: String,
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    used_at: Option<DateTime<Utc>>,
    voided_at: Option<DateTime<Utc>>,
    revoked: bool,
}

impl From<Row> for Link {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            person_id: row.person_id.into(),
            purpose: Purpose::from_word(&row.purpose),
            account_id: row.account_id.map(AccountId),
            return_to: row.return_to,
            reply_to: row.reply_to_person_id.map(PersonId),
            message: row.message,
            issued_at: row.issued_at,
            expires_at: row.expires_at,
            used_at: row.used_at,
            voided_at: row.voided_at,
            revoked: row.revoked,
        }
    }
}

/// The link with this secret.
pub(crate) async fn find_by_secret(tx: &mut Tx, secret: &str) -> Result<Option<Link>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        "select id, person_id, purpose, account_id, return_to, reply_to_person_id, message, issued_at, expires_at,
           used_at, voided_at, revoked
         from identity.links where tenant_id = $1 and secret_hash = $2",
        tenant,
        hash(secret)
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Link::from))
}

/// A link by its id, held until the transaction ends.
pub(crate) async fn hold(tx: &mut Tx, id: Uuid) -> Result<Option<Link>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        "select id, person_id, purpose, account_id, return_to, reply_to_person_id, message, issued_at, expires_at,
           used_at, voided_at, revoked
         from identity.links where tenant_id = $1 and id = $2 for update",
        tenant,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Link::from))
}

/// The newest invitation of each person and account, newest first.
pub(crate) async fn list_invitations(
    tx: &mut Tx,
    account: Option<AccountId>,
) -> Result<Vec<Link>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query_as!(
        Row,
        r#"select id as "id!", person_id as "person_id!", purpose as "purpose!", account_id, return_to as "return_to!",
             reply_to_person_id, message as "message!", issued_at as "issued_at!", expires_at as "expires_at!", used_at,
             voided_at, revoked as "revoked!"
           from (
             select distinct on (person_id, account_id) * from identity.links
             where tenant_id = $1 and purpose = 'invitation' and ($2::uuid is null or account_id = $2)
             order by person_id, account_id, issued_at desc, id desc
           ) newest
           order by issued_at desc, id desc limit 500"#,
        tenant,
        account.map(|id| id.0)
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(Link::from).collect())
}

/// Adds a link, still without a secret, and voids those that it replaces: of the same person, purpose and account.
pub(crate) async fn issue(tx: &mut Tx, link: &Link) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update identity.links set voided_at = $5
         where tenant_id = $1 and person_id = $2 and purpose = $3 and account_id is not distinct from $4
           and used_at is null and voided_at is null",
        tenant,
        link.person_id.0,
        link.purpose.as_str(),
        link.account_id.map(|id| id.0),
        link.issued_at
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into identity.links
           (tenant_id, id, person_id, purpose, account_id, return_to, reply_to_person_id, message, issued_at, expires_at,
            revoked)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, false)",
        tenant,
        link.id,
        link.person_id.0,
        link.purpose.as_str(),
        link.account_id.map(|id| id.0),
        link.return_to,
        link.reply_to.map(|id| id.0),
        link.message,
        link.issued_at,
        link.expires_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives a link this secret in place of the one it had, and a new end.
pub(crate) async fn set_secret(
    tx: &mut Tx,
    id: Uuid,
    secret: &str,
    expires_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update identity.links set secret_hash = $3, expires_at = $4 where tenant_id = $1 and id = $2",
        tenant,
        id,
        hash(secret),
        expires_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Uses the link with this secret. Of two at once one gets it, the other nothing.
pub(crate) async fn redeem(
    tx: &mut Tx,
    secret: &str,
    now: DateTime<Utc>,
) -> Result<Option<Link>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        "update identity.links set used_at = $3
         where tenant_id = $1 and secret_hash = $2 and used_at is null and voided_at is null and expires_at > $3
         returning id, person_id, purpose, account_id, return_to, reply_to_person_id, message, issued_at, expires_at,
           used_at, voided_at, revoked",
        tenant,
        hash(secret),
        now
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Link::from))
}

/// Withdraws a person's links: their invitations, or everything where `all`. Answers how many still worked.
pub(crate) async fn revoke(
    tx: &mut Tx,
    person: PersonId,
    all: bool,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let revoked = sqlx::query!(
        "update identity.links set voided_at = $4, revoked = true
         where tenant_id = $1 and person_id = $2 and ($3 or purpose = 'invitation')
           and used_at is null and voided_at is null",
        tenant,
        person.0,
        all,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(revoked.rows_affected())
}

fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}
