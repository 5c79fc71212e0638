//! How addresses stand, and what came back from them.

use chrono::{DateTime, Utc};
use portico_core::{MailId, PersonId};
use portico_db::{StoreError, Tx};
use uuid::Uuid;

use crate::domain::bounce::{Kind, Standing};

/// An address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) standing: Standing,
    /// How often it did not work since it last did.
    pub(crate) soft_bounces: i32,
    /// What the other server said.
    pub(crate) reason: String,
    pub(crate) changed_at: Option<DateTime<Utc>>,
}

/// Something that came back.
#[derive(Debug, Clone)]
pub(crate) struct Bounce {
    pub(crate) id: Uuid,
    pub(crate) mail_id: Option<MailId>,
    pub(crate) person_id: Option<PersonId>,
    pub(crate) address: String,
    pub(crate) kind: String,
    pub(crate) status: String,
    pub(crate) detail: String,
    pub(crate) received_at: DateTime<Utc>,
    /// SHA-256 of the report, so that none counts twice.
    pub(crate) digest: Vec<u8>,
}

/// How an address stands; fine where nothing is known of it.
pub(crate) async fn read(tx: &mut Tx, address: &str) -> Result<Address, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query!(
        "select standing, soft_bounces, reason, changed_at from messaging.mail_addresses
         where tenant_id = $1 and address = lower($2)",
        tenant,
        address
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map_or_else(Address::default, |row| Address {
        // The column allows no other word.
        standing: Standing::from_word(&row.standing).unwrap_or_default(),
        soft_bounces: row.soft_bounces,
        reason: row.reason,
        changed_at: Some(row.changed_at),
    }))
}

/// Writes down what came back. `false` where the same report has been before.
pub(crate) async fn insert_bounce(tx: &mut Tx, bounce: &Bounce) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let inserted = sqlx::query!(
        "insert into messaging.mail_bounces
           (tenant_id, id, mail_id, person_id, address, kind, status, detail, received_at, digest)
         values ($1, $2, $3, $4, lower($5), $6, $7, $8, $9, $10) on conflict (tenant_id, digest) do nothing",
        tenant,
        bounce.id,
        bounce.mail_id.map(|id| id.0),
        bounce.person_id.map(|id| id.0),
        bounce.address,
        bounce.kind,
        bounce.status,
        bounce.detail,
        bounce.received_at,
        bounce.digest
    )
    .execute(tx.conn())
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Lets an address stand as what came back says. What is undeliverable stays so when somebody complains as well.
pub(crate) async fn note(
    tx: &mut Tx,
    address: &str,
    kind: Kind,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    let standing = match kind {
        Kind::Hard => Standing::Undeliverable,
        Kind::Complaint => Standing::Complained,
        Kind::Soft => Standing::Fine,
    };
    sqlx::query!(
        "insert into messaging.mail_addresses as a (tenant_id, address, standing, soft_bounces, reason, changed_at)
         values ($1, lower($2), $3, case when $6 then 1 else 0 end, $4, $5)
         on conflict (tenant_id, address) do update
           set standing = case when $6 or a.standing = 'undeliverable' then a.standing else excluded.standing end,
               soft_bounces = a.soft_bounces + excluded.soft_bounces,
               reason = case when $6 and a.standing <> 'fine' then a.reason else excluded.reason end,
               changed_at = excluded.changed_at",
        tenant,
        address,
        standing.as_str(),
        reason,
        now,
        kind == Kind::Soft
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Lets mail go to an address again. Answers whether that is news.
pub(crate) async fn confirm(tx: &mut Tx, address: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let updated = sqlx::query!(
        "update messaging.mail_addresses set standing = 'fine', soft_bounces = 0, reason = '', changed_at = $3
         where tenant_id = $1 and address = lower($2) and (standing <> 'fine' or soft_bounces > 0)",
        tenant,
        address,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// What came back, newest first: from one person's mails, or all.
pub(crate) async fn list_bounces(
    tx: &mut Tx,
    person: Option<PersonId>,
    after: Option<(DateTime<Utc>, Uuid)>,
    most: i64,
) -> Result<Vec<Bounce>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let (after_at, after_id) = after.unzip();
    let rows = sqlx::query!(
        "select id, mail_id, person_id, address, kind, status, detail, received_at, digest
         from messaging.mail_bounces
         where tenant_id = $1 and ($2::uuid is null or person_id = $2)
           and ($3::timestamptz is null or (received_at, id) < ($3, $4::uuid))
         order by received_at desc, id desc limit $5",
        tenant,
        person.map(|id| id.0),
        after_at,
        after_id,
        most
    )
    .fetch_all(tx.conn())
    .await?;
    let bounces = rows.into_iter().map(|row| Bounce {
        id: row.id,
        mail_id: row.mail_id.map(MailId),
        person_id: row.person_id.map(PersonId),
        address: row.address,
        kind: row.kind,
        status: row.status,
        detail: row.detail,
        received_at: row.received_at,
        digest: row.digest,
    });
    Ok(bounces.collect())
}
