//! Drafts and submissions of forms, and who is filling one in.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::{AccountId, PersonId, StepId};
use portico_db::{StoreError, Tx};
use sqlx::types::Json;

/// Answers that may be incomplete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) answers: String,
    pub(crate) version: i32,
    pub(crate) saved_at: DateTime<Utc>,
    pub(crate) saved_by: String,
    /// Names of the files that may stand in the answers, by id.
    pub(crate) labels: Labels,
}

/// Names of files by id, as they are kept.
pub(crate) type Labels = Json<BTreeMap<String, String>>;

/// For how long somebody counts as filling a form in who has said so.
const PRESENT: TimeDelta = TimeDelta::seconds(60);

/// Answers as they were handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Submission {
    pub(crate) attempt: i32,
    pub(crate) answers: String,
    pub(crate) submitted_at: DateTime<Utc>,
    pub(crate) submitted_by: String,
    pub(crate) event: String,
    /// Names of the files in the answers, by id.
    pub(crate) labels: Labels,
}

/// The draft of a step.
pub(crate) async fn draft(tx: &mut Tx, step: StepId) -> Result<Option<Draft>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    Ok(sqlx::query_as!(
        Draft,
        r#"select answers, version, saved_at, saved_by, labels as "labels: Labels" from workflow.form_drafts
           where tenant_id = $1 and step_id = $2"#,
        tenant,
        step.0
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Saves a draft over the version that was read, 0 for the first. Nothing where another was saved in between.
pub(crate) async fn save(
    tx: &mut Tx,
    step: StepId,
    account: AccountId,
    answers: &str,
    labels: &BTreeMap<String, String>,
    over: i32,
    now: DateTime<Utc>,
) -> Result<Option<i32>, StoreError> {
    let (tenant, name) = (tx.ctx().tenant.0, tx.ctx().actor.name.clone());
    let labels = Json(labels);
    if over == 0 {
        return Ok(sqlx::query_scalar!(
            "insert into workflow.form_drafts (tenant_id, step_id, account_id, answers, version, saved_at, saved_by, labels)
             values ($1, $2, $3, $4, 1, $5, $6, $7) on conflict do nothing returning version",
            tenant,
            step.0,
            account.0,
            answers,
            now,
            name,
            labels as _
        )
        .fetch_optional(tx.conn())
        .await?);
    }
    Ok(sqlx::query_scalar!(
        "update workflow.form_drafts
         set answers = $3, version = version + 1, saved_at = $4, saved_by = $5, labels = labels || $7
         where tenant_id = $1 and step_id = $2 and version = $6 returning version",
        tenant,
        step.0,
        answers,
        now,
        name,
        over,
        labels as _
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// The last submission of a step.
pub(crate) async fn submission(tx: &mut Tx, step: StepId) -> Result<Option<Submission>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    Ok(sqlx::query_as!(
        Submission,
        r#"select attempt, answers, submitted_at, submitted_by_name as "submitted_by", event, labels as "labels: Labels"
           from workflow.form_submissions where tenant_id = $1 and step_id = $2 order by attempt desc limit 1"#,
        tenant,
        step.0
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Keeps a submission.
pub(crate) async fn submit(
    tx: &mut Tx,
    step: StepId,
    account: AccountId,
    submission: &Submission,
    by: Option<PersonId>,
) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into workflow.form_submissions
           (tenant_id, step_id, attempt, account_id, answers, submitted_at, submitted_by, submitted_by_name, event, labels)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        tenant,
        step.0,
        submission.attempt,
        account.0,
        submission.answers,
        submission.submitted_at,
        by.map(|id| id.0),
        submission.submitted_by,
        submission.event,
        &submission.labels as _
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The others who are filling a form in, by name.
pub(crate) async fn editors(
    tx: &mut Tx,
    step: StepId,
    now: DateTime<Utc>,
) -> Result<Vec<String>, StoreError> {
    let (tenant, me) = (tx.ctx().tenant.0, tx.ctx().actor.person.map(|id| id.0));
    Ok(sqlx::query_scalar!(
        "select name from workflow.form_editors
         where tenant_id = $1 and step_id = $2 and seen_at > $3 and person_id is distinct from $4 order by name limit 20",
        tenant,
        step.0,
        now - PRESENT,
        me
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Notes that somebody is filling a form in. Whether that is news: they were not a minute ago.
pub(crate) async fn enter(
    tx: &mut Tx,
    step: StepId,
    account: AccountId,
    person: PersonId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let (tenant, name) = (tx.ctx().tenant.0, tx.ctx().actor.name.clone());
    let before = sqlx::query_scalar!(
        "select seen_at from workflow.form_editors where tenant_id = $1 and step_id = $2 and person_id = $3",
        tenant,
        step.0,
        person.0
    )
    .fetch_optional(tx.conn())
    .await?;
    sqlx::query!(
        "insert into workflow.form_editors (tenant_id, step_id, person_id, account_id, name, seen_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (tenant_id, step_id, person_id) do update set name = excluded.name, seen_at = excluded.seen_at",
        tenant,
        step.0,
        person.0,
        account.0,
        name,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(before.is_none_or(|before| before <= now - PRESENT))
}

/// Notes that somebody has left a form, and forgets who was there before. Whether that is news.
pub(crate) async fn leave(
    tx: &mut Tx,
    step: StepId,
    person: PersonId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let gone = sqlx::query!(
        "delete from workflow.form_editors
         where tenant_id = $1 and step_id = $2 and (person_id = $3 or seen_at <= $4)",
        tenant,
        step.0,
        person.0,
        now - PRESENT
    )
    .execute(tx.conn())
    .await?;
    Ok(gone.rows_affected() > 0)
}
