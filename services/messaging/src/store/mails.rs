//! Mails. The floor keeps them to the firm's side.

use chrono::{DateTime, Utc};
use portico_core::{AccountId, MailId, PersonId, TenantId};
use portico_db::{Store, StoreError, Tx};
use uuid::Uuid;

use crate::domain::{
    mail::{Mail, Parts, State, Verdict},
    preferences::Way,
};

struct Row {
    id: Uuid,
    kind: String,
    account_id: Option<Uuid>,
    person_id: Option<Uuid>,
    to_address: String,
    subject: String,
    body: String,
    link: String,
    link_text: String,
    calendar: String,
    reply_to_person_id: Option<Uuid>,
    link_id: Option<Uuid>,
    thread_id: Option<Uuid>,
    way: String,
    notification_id: Option<Uuid>,
    state: String,
    error: String,
    attempts: i32,
    due_at: DateTime<Utc>,
    fence: i32,
    created_at: DateTime<Utc>,
    sent_at: Option<DateTime<Utc>>,
    text: Option<String>,
    html: Option<String>,
    source: Option<String>,
}

impl From<Row> for Mail {
    fn from(row: Row) -> Self {
        let parts = row.text.zip(row.html).zip(row.source);
        Self {
            id: row.id.into(),
            kind: row.kind,
            account_id: row.account_id.map(Into::into),
            person_id: row.person_id.map(Into::into),
            to_address: row.to_address,
            subject: row.subject,
            body: row.body,
            link: row.link,
            link_text: row.link_text,
            calendar: row.calendar,
            reply_to: row.reply_to_person_id.map(Into::into),
            link_id: row.link_id,
            thread_id: row.thread_id.map(Into::into),
            // The columns allow no other words.
            way: Way::from_word(&row.way).unwrap_or(Way::Now),
            notification_id: row.notification_id.map(Into::into),
            state: State::from_word(&row.state).unwrap_or(State::Failed),
            error: row.error,
            attempts: row.attempts,
            due_at: row.due_at,
            fence: row.fence,
            created_at: row.created_at,
            sent_at: row.sent_at,
            parts: parts.map(|((text, html), source)| Parts { text, html, source }),
        }
    }
}

/// Which mails to list.
#[derive(Debug, Default, Clone)]
pub(crate) struct Filter {
    pub(crate) account: Option<AccountId>,
    pub(crate) person: Option<PersonId>,
    pub(crate) state: Option<State>,
}

/// Adds a mail. `false` where one about the same thread waits for the person already.
pub(crate) async fn insert(tx: &mut Tx, mail: &Mail) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let parts = mail.parts.as_ref();
    let inserted = sqlx::query!(
        "insert into messaging.mails
           (tenant_id, id, kind, account_id, person_id, to_address, subject, body, link, link_text, calendar,
            reply_to_person_id, link_id, thread_id, state, error, attempts, due_at, fence, created_at, sent_at, text, html, source,
            way, notification_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
                 $25, $26)
         on conflict (tenant_id, thread_id, person_id) where state = 'queued' and thread_id is not null do nothing",
        tenant,
        mail.id.0,
        mail.kind,
        mail.account_id.map(|id| id.0),
        mail.person_id.map(|id| id.0),
        mail.to_address,
        mail.subject,
        mail.body,
        mail.link,
        mail.link_text,
        mail.calendar,
        mail.reply_to.map(|id| id.0),
        mail.link_id,
        mail.thread_id.map(|id| id.0),
        mail.state.as_str(),
        mail.error,
        mail.attempts,
        mail.due_at,
        mail.fence,
        mail.created_at,
        mail.sent_at,
        parts.map(|parts| parts.text.as_str()),
        parts.map(|parts| parts.html.as_str()),
        parts.map(|parts| parts.source.as_str()),
        mail.way.as_str(),
        mail.notification_id.map(|id| id.0)
    )
    .execute(tx.conn())
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// A mail.
pub(crate) async fn read(tx: &mut Tx, id: MailId) -> Result<Option<Mail>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        "select id, kind, account_id, person_id, to_address, subject, body, link, link_text, calendar, reply_to_person_id,
                link_id, thread_id, way, notification_id, state, error, attempts, due_at, fence, created_at, sent_at, text, html, source
         from messaging.mails where tenant_id = $1 and id = $2",
        tenant,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Mail::from))
}

/// Mails, newest first, after the one with this key. Without their sources, which are long.
pub(crate) async fn list(
    tx: &mut Tx,
    filter: &Filter,
    after: Option<(DateTime<Utc>, Uuid)>,
    most: i64,
) -> Result<Vec<Mail>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let (after_at, after_id) = after.unzip();
    let rows = sqlx::query_as!(
        Row,
        "select id, kind, account_id, person_id, to_address, subject, '' as \"body!\", link, link_text, '' as \"calendar!\",
                reply_to_person_id, link_id, thread_id, way, notification_id, state, error, attempts, due_at, fence, created_at, sent_at, text, html,
                case when source is null then null else '' end as source
         from messaging.mails
         where tenant_id = $1 and ($2::uuid is null or account_id = $2) and ($3::uuid is null or person_id = $3)
           and ($4::text is null or state = $4) and ($5::timestamptz is null or (created_at, id) < ($5, $6::uuid))
         order by created_at desc, id desc limit $7",
        tenant,
        filter.account.map(|id| id.0),
        filter.person.map(|id| id.0),
        filter.state.map(State::as_str),
        after_at,
        after_id,
        most
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(Mail::from).collect())
}

/// A mail that is due.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Due {
    pub(crate) tenant: TenantId,
    pub(crate) mail: MailId,
    /// Whose digest it waits for, where it does.
    pub(crate) digest_of: Option<PersonId>,
}

/// The mails of all firms that are due, longest due first.
pub(crate) async fn due(store: &Store, now: DateTime<Utc>, most: i64) -> Result<Vec<Due>, StoreError> {
    let rows = sqlx::query!(
        "select tenant_id, id, case when way = 'digest' then person_id end as digest_of from messaging.mails
         where state = 'queued' and due_at <= $1 and (leased_until is null or leased_until <= $1)
         order by due_at limit $2",
        now,
        most
    )
    .fetch_all(&mut *store.plumbing().await?)
    .await?;
    let due = rows.into_iter().map(|row| Due {
        tenant: TenantId(row.tenant_id),
        mail: MailId(row.id),
        digest_of: row.digest_of.map(PersonId),
    });
    Ok(due.collect())
}

/// When the next mail of any firm is due, or its lease ends.
pub(crate) async fn next_due(store: &Store) -> Result<Option<DateTime<Utc>>, StoreError> {
    let next = sqlx::query_scalar!(
        "select greatest(due_at, coalesce(leased_until, due_at)) from messaging.mails
         where state = 'queued' order by due_at limit 1"
    )
    .fetch_optional(&mut *store.plumbing().await?)
    .await?;
    Ok(next.flatten())
}

/// Leases a due mail for an attempt, which counts from now on. None where somebody else has it, or it is no longer due.
pub(crate) async fn lease(
    tx: &mut Tx,
    id: MailId,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Option<Mail>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        "update messaging.mails set leased_until = $4, fence = fence + 1, attempts = attempts + 1
         where tenant_id = $1 and id = $2 and state = 'queued' and due_at <= $3 and (leased_until is null or leased_until <= $3)
         returning id, kind, account_id, person_id, to_address, subject, body, link, link_text, calendar, reply_to_person_id,
                   link_id, thread_id, way, notification_id, state, error, attempts, due_at, fence, created_at, sent_at, text, html, source",
        tenant,
        id.0,
        now,
        until
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Mail::from))
}

/// Leases everything that is due for the person's digest, like [`lease`]: all of it or, where somebody else is at it, nothing.
pub(crate) async fn lease_digest(
    tx: &mut Tx,
    person: PersonId,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<Mail>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    // Two that begin with different mails of one digest would part it between them.
    sqlx::query!(
        r#"select pg_advisory_xact_lock(hashtextextended('messaging.digest:' || $1::uuid || ':' || $2::uuid, 0)) as "locked!: ()""#,
        tenant,
        person.0
    )
    .fetch_one(tx.conn())
    .await?;
    let rows = sqlx::query_as!(
        Row,
        "update messaging.mails set leased_until = $4, fence = fence + 1, attempts = attempts + 1
         where tenant_id = $1 and person_id = $2 and state = 'queued' and way = 'digest' and due_at <= $3
           and (leased_until is null or leased_until <= $3)
         returning id, kind, account_id, person_id, to_address, subject, body, link, link_text, calendar, reply_to_person_id,
                   link_id, thread_id, way, notification_id, state, error, attempts, due_at, fence, created_at, sent_at, text, html, source",
        tenant,
        person.0,
        now,
        until
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(Mail::from).collect())
}

/// Writes down that a leased mail was sent. Its contents go, except where `parts` of it are kept. `false` where the lease was lost.
pub(crate) async fn settle_sent(
    tx: &mut Tx,
    mail: &Mail,
    parts: Option<&Parts>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let updated = sqlx::query!(
        "update messaging.mails
         set state = 'sent', error = '', sent_at = $4, leased_until = null, subject = $8, to_address = $9, body = '', calendar = '',
             text = $5, html = $6, source = $7
         where tenant_id = $1 and id = $2 and fence = $3 and state = 'queued'",
        tenant,
        mail.id.0,
        mail.fence,
        now,
        parts.map(|parts| parts.text.as_str()),
        parts.map(|parts| parts.html.as_str()),
        parts.map(|parts| parts.source.as_str()),
        mail.subject,
        mail.to_address
    )
    .execute(tx.conn())
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Writes down that an attempt failed. `false` where the lease was lost.
pub(crate) async fn settle_failure(tx: &mut Tx, mail: &Mail, verdict: &Verdict) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let updated = sqlx::query!(
        "update messaging.mails set state = $4, error = $5, due_at = $6, to_address = $7, leased_until = null
         where tenant_id = $1 and id = $2 and fence = $3 and state = 'queued'",
        tenant,
        mail.id.0,
        mail.fence,
        verdict.state.as_str(),
        verdict.error,
        verdict.due_at,
        mail.to_address
    )
    .execute(tx.conn())
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Takes away a leased mail that is of no use any more. `false` where the lease was lost.
pub(crate) async fn delete(tx: &mut Tx, mail: &Mail) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let deleted = sqlx::query!(
        "delete from messaging.mails where tenant_id = $1 and id = $2 and fence = $3 and state = 'queued'",
        tenant,
        mail.id.0,
        mail.fence
    )
    .execute(tx.conn())
    .await?;
    Ok(deleted.rows_affected() == 1)
}

/// Queues a mail again whose last attempt has failed, as if it were new. None where there is no such mail in such a state.
pub(crate) async fn queue_again(
    tx: &mut Tx,
    id: MailId,
    now: DateTime<Utc>,
) -> Result<Option<Mail>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        "update messaging.mails
         set state = 'queued', error = '', attempts = 0, due_at = $3, leased_until = null, fence = fence + 1
         where tenant_id = $1 and id = $2
           and (state = 'failed' or state = 'queued' and error <> '' and (leased_until is null or leased_until <= $3))
         returning id, kind, account_id, person_id, to_address, subject, body, link, link_text, calendar, reply_to_person_id,
                   link_id, thread_id, way, notification_id, state, error, attempts, due_at, fence, created_at, sent_at, text, html, source",
        tenant,
        id.0,
        now
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Mail::from))
}
