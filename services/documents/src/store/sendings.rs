//! Papers that were sent to many accounts.

use chrono::{DateTime, Utc};
use portico_core::{PersonId, StepId};
use portico_db::Tx;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use uuid::Uuid;

use super::{
    known,
    paper_templates::{StoredField, StoredRole},
};
use crate::{
    domain::{
        paper_template::Terms,
        sending::{EnvelopeStanding, Row, Seat, Sending, Standing},
        signature::{EnvelopeState, Level},
    },
    error::DocumentsError,
};

/// A seat as it is stored.
#[derive(Debug, Serialize, Deserialize)]
struct StoredSeat {
    role: Uuid,
    person: Uuid,
    name: String,
}

/// One account's paper with how it stands.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    pub(crate) account_id: Uuid,
    pub(crate) account_name: String,
    pub(crate) step_id: Uuid,
    pub(crate) standing: Standing,
    /// What was said by whoever declined.
    pub(crate) said: String,
    pub(crate) done: i32,
    pub(crate) of: i32,
    pub(crate) waits_for: Vec<String>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
}

/// A sending as lists have it.
#[derive(Debug, Clone)]
pub(crate) struct Summary {
    pub(crate) id: Uuid,
    pub(crate) title: String,
    pub(crate) paper_title: String,
    pub(crate) due: Option<DateTime<Utc>>,
    pub(crate) created_by_name: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) accounts: i32,
    pub(crate) signed: i32,
}

/// What the context's person sent with this key before: its id, and the hash of what was asked for.
pub(crate) async fn by_key(tx: &mut Tx, key: &str) -> Result<Option<(Uuid, Vec<u8>)>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let person = tx.ctx().actor.person.ok_or(DocumentsError::Forbidden)?;
    let row = sqlx::query!(
        "select id, body_hash from documents.sendings
         where tenant_id = $1 and created_by = $2 and idempotency_key = $3",
        tenant,
        person.0,
        key
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.id, row.body_hash)))
}

/// Adds a sending with its rows.
pub(crate) async fn insert(
    tx: &mut Tx,
    sending: &Sending,
    rows: &[Row],
    (key, hash): (&str, [u8; 32]),
) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let terms = &sending.terms;
    let roles: Vec<_> = terms.roles.iter().map(StoredRole::of).collect();
    let fields: Vec<_> = sending.fields.iter().map(StoredField::of).collect();
    sqlx::query!(
        "insert into documents.sendings
           (tenant_id, id, paper_template_id, title, paper_title, level, sign_within_days, roles, fields, due, created_by,
            created_by_name, created_at, idempotency_key, body_hash)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        tenant,
        sending.id,
        sending.template,
        sending.title,
        terms.title,
        terms.level.word(),
        terms.sign_within_days,
        Json(roles) as _,
        Json(fields) as _,
        sending.due,
        sending.created_by.0,
        sending.created_by_name,
        sending.created_at,
        key,
        &hash[..]
    )
    .execute(tx.conn())
    .await?;
    for row in rows {
        let seat =
            |seat: &Seat| StoredSeat { role: seat.role, person: seat.person.0, name: seat.name.clone() };
        let seats: Vec<_> = row.seats.iter().map(seat).collect();
        sqlx::query!(
            "insert into documents.sending_rows
               (tenant_id, sending_id, account_id, account_name, step_id, signers, state, reason)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
            tenant,
            sending.id,
            row.account_id.0,
            row.account_name,
            row.step_id.0,
            Json(seats) as _,
            if row.failed.is_some() { "failed" } else { "asked" },
            row.failed.as_deref().unwrap_or_default()
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// What is to be signed in a step, and by whom; nothing where the step is no sending's.
pub(crate) async fn by_step(
    tx: &mut Tx,
    step: StepId,
) -> Result<Option<(Sending, Vec<Seat>)>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query!(
        r#"select sending_id, signers as "signers: Json<Vec<StoredSeat>>" from documents.sending_rows
           where tenant_id = $1 and step_id = $2"#,
        tenant,
        step.0
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let seat = |seat: StoredSeat| Seat { role: seat.role, person: seat.person.into(), name: seat.name };
    let seats = row.signers.0.into_iter().map(seat).collect();
    Ok(read(tx, row.sending_id).await?.map(|sending| (sending, seats)))
}

/// A sending of the firm.
pub(crate) async fn read(tx: &mut Tx, id: Uuid) -> Result<Option<Sending>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query!(
        r#"select paper_template_id, title, paper_title, level, sign_within_days, roles as "roles: Json<Vec<StoredRole>>",
             fields as "fields: Json<Vec<StoredField>>", due, created_by, created_by_name, created_at
           from documents.sendings where tenant_id = $1 and id = $2"#,
        tenant,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let roles = row.roles.0.into_iter().map(StoredRole::role);
    let fields = row.fields.0.into_iter().map(StoredField::placement);
    Ok(Some(Sending {
        id,
        template: row.paper_template_id,
        title: row.title,
        terms: Terms {
            title: row.paper_title,
            level: known(Level::of(&row.level), &row.level)?,
            sign_within_days: row.sign_within_days,
            roles: roles.collect::<Result<_, _>>()?,
        },
        fields: fields.collect::<Result<_, _>>()?,
        due: row.due,
        created_by: row.created_by.into(),
        created_by_name: row.created_by_name,
        created_at: row.created_at,
    }))
}

/// How a sending stands in each account that the context reaches, by the account's name.
pub(crate) async fn progress(
    tx: &mut Tx,
    sending: Uuid,
    now: DateTime<Utc>,
) -> Result<Vec<Progress>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query!(
        r#"select r.account_id, r.account_name, r.step_id, r.state, r.reason, e.state as "envelope?", e.reason as "said?",
             e.ended_at as "ended_at?", s.done as "done?", s.acting as "acting?", s.opened as "opened?", s.expired as "expired?",
             s.waiting as "waiting?"
           from documents.sending_rows r
           left join lateral (
             select id, state, reason, ended_at from documents.envelopes e
             where e.tenant_id = r.tenant_id and e.step_id = r.step_id order by e.attempt desc limit 1
           ) e on true
           left join lateral (
             select count(*) filter (where s.state = 'signed') as done, count(*) as acting, bool_or(s.opened_at is not null) as opened,
               bool_or(s.state = 'ready' and s.expires_at <= $3) as expired,
               array_agg(case when s.expected_name = '' then s.role_title else s.expected_name end order by s.place)
                 filter (where s.state = 'ready') as waiting
             from documents.signers s
             where s.tenant_id = r.tenant_id and s.envelope_id = e.id and s.part in ('signer', 'approver')
           ) s on true
           where r.tenant_id = $1 and r.sending_id = $2 order by lower(r.account_name), r.account_id"#,
        tenant,
        sending,
        now
    )
    .fetch_all(tx.conn())
    .await?;
    let count = |count: Option<i64>| i32::try_from(count.unwrap_or_default()).unwrap_or(i32::MAX);
    rows.into_iter()
        .map(|row| {
            let envelope = match row.envelope {
                Some(state) => Some(EnvelopeStanding {
                    state: known(EnvelopeState::of(&state), &state)?,
                    opened: row.opened.unwrap_or_default(),
                    expired: row.expired.unwrap_or_default(),
                }),
                None => None,
            };
            Ok(Progress {
                account_id: row.account_id,
                account_name: row.account_name,
                step_id: row.step_id,
                standing: Standing { envelope, failed: (row.state == "failed").then_some(row.reason) },
                said: row.said.unwrap_or_default(),
                done: count(row.done),
                of: count(row.acting),
                waits_for: row.waiting.unwrap_or_default(),
                ended_at: row.ended_at,
            })
        })
        .collect()
}

/// What was sent from a template, by `sender` where one is named, to accounts that the context reaches, the newest first.
pub(crate) async fn list(
    tx: &mut Tx,
    template: Uuid,
    sender: Option<PersonId>,
    limit: i64,
) -> Result<Vec<Summary>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query_as!(
        Summary,
        r#"select s.id, s.title, s.paper_title, s.due, s.created_by_name, s.created_at, count(*)::integer as "accounts!",
             (count(*) filter (where exists (
               select from documents.envelopes e
               where e.tenant_id = r.tenant_id and e.step_id = r.step_id and e.state = 'completed')))::integer as "signed!"
           from documents.sendings s
           join documents.sending_rows r on r.tenant_id = s.tenant_id and r.sending_id = s.id
           where s.tenant_id = $1 and s.paper_template_id = $2 and ($4::uuid is null or s.created_by = $4)
           group by s.tenant_id, s.id order by s.created_at desc, s.id desc limit $3"#,
        tenant,
        template,
        limit,
        sender.map(|person| person.0)
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// Writes that no step was made for a row, and why. One whose envelope is there stays.
pub(crate) async fn fail(tx: &mut Tx, step: StepId, reason: &str) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update documents.sending_rows set state = 'failed', reason = $3
         where tenant_id = $1 and step_id = $2 and state = 'asked'",
        tenant,
        step.0,
        reason
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
