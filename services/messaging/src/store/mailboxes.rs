//! Firms' mailboxes, and mails in them that wait. The floor keeps them to the firm's side.

use chrono::{DateTime, Utc};
use portico_core::TenantId;
use portico_db::{Store, StoreError, Tx};

use crate::domain::{
    mailbox::{Mailbox, Place, Standing},
    settings::{Security, Server},
};

/// A mailbox that somebody looks into, until the lease ends.
#[derive(Debug, Clone)]
pub(crate) struct Leased {
    pub(crate) mailbox: Mailbox,
    pub(crate) place: Place,
    /// Looks in a row that came to nothing before this one.
    pub(crate) failures: i32,
    fence: i32,
}

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passed {
    /// It was taken in.
    Taken,
    /// It is for nobody here, is gone, or is given up.
    Left,
    /// Something was away at this many attempts; it is fetched again then.
    Waits(i32, DateTime<Utc>),
}

/// The firm's mailbox and how it stands.
pub(crate) async fn read(tx: &mut Tx) -> Result<Option<(Mailbox, Standing)>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query!(
        r#"select server_host, server_port, server_security, server_user, server_password, folder, done_folder, version, tried_at,
                  looked_at, due_at, reason, answer, taken,
                  (select count(*) from messaging.mailbox_waiting w where w.tenant_id = m.tenant_id) as "waiting!"
           from messaging.mailboxes m where tenant_id = $1"#,
        tenant
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| {
        let mailbox = Mailbox {
            server: server(
                row.server_host,
                row.server_port,
                &row.server_security,
                row.server_user,
                row.server_password,
            ),
            folder: row.folder,
            done_folder: row.done_folder,
            version: row.version,
        };
        let standing = Standing {
            tried_at: row.tried_at,
            looked_at: row.looked_at,
            next_at: Some(row.due_at),
            reason: row.reason,
            answer: row.answer,
            taken: row.taken,
            waiting: row.waiting,
        };
        (mailbox, standing)
    }))
}

fn server(host: String, port: i32, security: &str, user: String, password: Vec<u8>) -> Server {
    Server {
        host,
        // The columns allow no other values.
        port: u16::try_from(port).unwrap_or_default(),
        security: Security::from_word(security).unwrap_or(Security::Tls),
        user,
        password: Some(password),
    }
}

/// Keeps a mailbox, to be looked into at once, under a fence that no mailbox of the firm had before; from the beginning where it is `elsewhere` than the one before. `false` where somebody else
/// was first.
pub(crate) async fn save(
    tx: &mut Tx,
    mailbox: &Mailbox,
    elsewhere: bool,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let server = &mailbox.server;
    let saved = sqlx::query!(
        "insert into messaging.mailboxes as m
           (tenant_id, server_host, server_port, server_security, server_user, server_password, folder, done_folder, uid_validity,
            last_uid, taken, due_at, fence, failures, reason, answer, version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, 0, $10,
                 (extract(epoch from $10::timestamptz)::bigint % 1000000000)::integer, 0, '', '', $11)
         on conflict (tenant_id) do update
         set server_host = $2, server_port = $3, server_security = $4, server_user = $5, server_password = $6, folder = $7,
             done_folder = $8, uid_validity = case when $9 then 0 else m.uid_validity end,
             last_uid = case when $9 then 0 else m.last_uid end, due_at = $10, leased_until = null, fence = m.fence + 1, failures = 0,
             reason = '', answer = '', version = $11
         where m.version = $11 - 1",
        tenant,
        server.host,
        i32::from(server.port),
        server.security.as_str(),
        server.user,
        server.password.as_deref().unwrap_or_default(),
        mailbox.folder,
        mailbox.done_folder,
        elsewhere,
        now,
        mailbox.version
    )
    .execute(tx.conn())
    .await?;
    if elsewhere {
        forget_waiting(tx).await?;
    }
    Ok(saved.rows_affected() == 1)
}

/// Lets the mailbox be looked into at once. `false` where there is none.
pub(crate) async fn call(tx: &mut Tx, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let called = sqlx::query!("update messaging.mailboxes set due_at = $2 where tenant_id = $1", tenant, now)
        .execute(tx.conn())
        .await?;
    Ok(called.rows_affected() == 1)
}

/// Forgets the mailbox. `false` where there is none.
pub(crate) async fn delete(tx: &mut Tx) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    forget_waiting(tx).await?;
    let deleted = sqlx::query!("delete from messaging.mailboxes where tenant_id = $1", tenant)
        .execute(tx.conn())
        .await?;
    Ok(deleted.rows_affected() == 1)
}

async fn forget_waiting(tx: &mut Tx) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!("delete from messaging.mailbox_waiting where tenant_id = $1", tenant)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The firms whose mailbox is due, longest due first.
pub(crate) async fn due(store: &Store, now: DateTime<Utc>, most: i64) -> Result<Vec<TenantId>, StoreError> {
    let tenants = sqlx::query_scalar!(
        "select tenant_id from messaging.mailboxes
         where due_at <= $1 and (leased_until is null or leased_until <= $1) order by due_at limit $2",
        now,
        most
    )
    .fetch_all(&mut *store.plumbing().await?)
    .await?;
    Ok(tenants.into_iter().map(TenantId).collect())
}

/// When the next mailbox of any firm is due, or its lease ends.
pub(crate) async fn next_due(store: &Store) -> Result<Option<DateTime<Utc>>, StoreError> {
    let next = sqlx::query_scalar!("select min(greatest(due_at, leased_until)) from messaging.mailboxes")
        .fetch_one(&mut *store.plumbing().await?)
        .await?;
    Ok(next)
}

/// Leases the firm's mailbox. None where somebody else has it, or it is no longer due.
pub(crate) async fn lease(
    tx: &mut Tx,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Option<Leased>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query!(
        "update messaging.mailboxes set leased_until = $3, fence = fence + 1, tried_at = $2
         where tenant_id = $1 and due_at <= $2 and (leased_until is null or leased_until <= $2)
         returning server_host, server_port, server_security, server_user, server_password, folder, done_folder, version,
                   uid_validity, last_uid, failures, fence",
        tenant,
        now,
        until
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Leased {
        mailbox: Mailbox {
            server: server(
                row.server_host,
                row.server_port,
                &row.server_security,
                row.server_user,
                row.server_password,
            ),
            folder: row.folder,
            done_folder: row.done_folder,
            version: row.version,
        },
        place: Place { validity: whole(row.uid_validity), uid: whole(row.last_uid) },
        failures: row.failures,
        fence: row.fence,
    }))
}

/// Ids have 32 bits in mailboxes (RFC 3501); the column is the next larger one.
fn whole(id: i64) -> u32 {
    u32::try_from(id).unwrap_or_default()
}

/// Notes that the folder was looked through up to this place; ids of another validity before it mean nothing any more. `false` where the lease
/// is lost.
pub(crate) async fn advance(tx: &mut Tx, leased: &Leased, place: Place) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let moved = sqlx::query!(
        "update messaging.mailboxes set uid_validity = $3, last_uid = $4 where tenant_id = $1 and fence = $2",
        tenant,
        leased.fence,
        i64::from(place.validity),
        i64::from(place.uid)
    )
    .execute(tx.conn())
    .await?;
    if moved.rows_affected() == 0 {
        return Ok(false);
    }
    if leased.place.validity != place.validity && leased.place.validity != 0 && place.uid == 0 {
        forget_waiting(tx).await?;
    }
    Ok(true)
}

/// Notes what became of a mail. `false` where the lease is lost, and nothing was noted.
pub(crate) async fn pass(tx: &mut Tx, leased: &Leased, uid: u32, passed: Passed) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let counted = sqlx::query!(
        "update messaging.mailboxes set taken = taken + $3, last_uid = greatest(last_uid, $4) where tenant_id = $1 and fence = $2",
        tenant,
        leased.fence,
        i64::from(passed == Passed::Taken),
        i64::from(uid)
    )
    .execute(tx.conn())
    .await?;
    if counted.rows_affected() == 0 {
        return Ok(false);
    }
    if let Passed::Waits(attempts, due_at) = passed {
        sqlx::query!(
            "insert into messaging.mailbox_waiting (tenant_id, uid, attempts, due_at) values ($1, $2, $3, $4)
             on conflict (tenant_id, uid) do update set attempts = excluded.attempts, due_at = excluded.due_at",
            tenant,
            i64::from(uid),
            attempts,
            due_at
        )
        .execute(tx.conn())
        .await?;
    } else {
        sqlx::query!(
            "delete from messaging.mailbox_waiting where tenant_id = $1 and uid = $2",
            tenant,
            i64::from(uid)
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(true)
}

/// The mails that are to be fetched again now, each with how often it was tried.
pub(crate) async fn waiting(
    tx: &mut Tx,
    now: DateTime<Utc>,
    most: i64,
) -> Result<Vec<(u32, i32)>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query!(
        "select uid, attempts from messaging.mailbox_waiting where tenant_id = $1 and due_at <= $2 order by due_at limit $3",
        tenant,
        now,
        most
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (whole(row.uid), row.attempts)).collect())
}

/// Ends a lease: the mailbox was looked through, or why it was not, as a word and in the server's own.
pub(crate) async fn settle(
    tx: &mut Tx,
    leased: &Leased,
    outcome: Result<(), (&str, &str)>,
    now: DateTime<Utc>,
    due_at: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let well = outcome.is_ok();
    let (reason, answer) = outcome.err().unwrap_or_default();
    let settled = sqlx::query!(
        "update messaging.mailboxes
         set leased_until = null, due_at = $3, looked_at = case when $4 then $5 else looked_at end,
             failures = case when $4 then 0 else failures + 1 end, reason = $6, answer = $7
         where tenant_id = $1 and fence = $2",
        tenant,
        leased.fence,
        due_at,
        well,
        now,
        reason,
        answer
    )
    .execute(tx.conn())
    .await?;
    Ok(settled.rows_affected() == 1)
}
