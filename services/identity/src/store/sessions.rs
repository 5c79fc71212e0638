//! Sessions. A secret is looked up by its hash within the context's firm: at another firm it is nothing.

use chrono::{DateTime, Utc};
use portico_core::{PersonId, SessionId};
use portico_db::{StoreError, Tx};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::session::Session;

struct Row {
    id: Uuid,
    person_id: Uuid,
    form_secret: String,
    user_agent: String,
    address: String,
    created_at: DateTime<Utc>,
    last_used_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
}

impl From<Row> for Session {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            person_id: row.person_id.into(),
            form_secret: row.form_secret,
            user_agent: row.user_agent,
            address: row.address,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            ended_at: row.ended_at,
        }
    }
}

/// The session with this secret.
pub(crate) async fn find_by_secret(tx: &mut Tx, secret: &str) -> Result<Option<Session>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        "select id, person_id, form_secret, user_agent, address, created_at, last_used_at, ended_at
         from identity.sessions where tenant_id = $1 and secret_hash = $2",
        tenant,
        hash(secret)
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Session::from))
}

/// A person's sessions that nobody has ended, latest use first.
pub(crate) async fn list_open(tx: &mut Tx, person: PersonId) -> Result<Vec<Session>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query_as!(
        Row,
        "select id, person_id, form_secret, user_agent, address, created_at, last_used_at, ended_at
         from identity.sessions where tenant_id = $1 and person_id = $2 and ended_at is null
         order by last_used_at desc, id desc limit 200",
        tenant,
        person.0
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(Session::from).collect())
}

/// Opens a session with this secret.
pub(crate) async fn insert(tx: &mut Tx, session: &Session, secret: &str) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into identity.sessions
           (tenant_id, id, person_id, secret_hash, form_secret, user_agent, address, created_at, last_used_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant,
        session.id.0,
        session.person_id.0,
        hash(secret),
        session.form_secret,
        session.user_agent,
        session.address,
        session.created_at,
        session.last_used_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes a use.
pub(crate) async fn touch(
    tx: &mut Tx,
    id: SessionId,
    address: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update identity.sessions set last_used_at = $3, address = case when $4 = '' then address else $4 end
         where tenant_id = $1 and id = $2",
        tenant,
        id.0,
        now,
        address
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether the person with this mail address has opened a session from this network address since then, or used one. The same work
/// whether there is such a person or not.
pub(crate) async fn is_familiar(
    tx: &mut Tx,
    email: &str,
    address: &str,
    since: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    Ok(sqlx::query_scalar!(
        r#"select exists (
             select from identity.people p join identity.sessions s on s.tenant_id = p.tenant_id and s.person_id = p.id
             where p.tenant_id = $1 and p.email = $2 and $3 <> '' and s.address = $3 and s.last_used_at > $4
           ) as "familiar!""#,
        tenant,
        email,
        address,
        since
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Ends one session of a person; answers whether it was open.
pub(crate) async fn end(
    tx: &mut Tx,
    person: PersonId,
    id: SessionId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let ended = sqlx::query!(
        "update identity.sessions set ended_at = $4
         where tenant_id = $1 and person_id = $2 and id = $3 and ended_at is null",
        tenant,
        person.0,
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// Ends all sessions of a person but `kept`, and answers which.
pub(crate) async fn end_others(
    tx: &mut Tx,
    person: PersonId,
    kept: Option<SessionId>,
    now: DateTime<Utc>,
) -> Result<Vec<SessionId>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let ended = sqlx::query_scalar!(
        "update identity.sessions set ended_at = $4
         where tenant_id = $1 and person_id = $2 and id is distinct from $3 and ended_at is null returning id",
        tenant,
        person.0,
        kept.map(|id| id.0),
        now
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ended.into_iter().map(SessionId).collect())
}

fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}
