//! Drafts and submissions of forms.

use chrono::{DateTime, Utc};
use portico_core::{AccountId, PersonId, StepId};
use portico_db::{StoreError, Tx};

/// Answers that may be incomplete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) answers: String,
    pub(crate) version: i32,
    pub(crate) saved_at: DateTime<Utc>,
    pub(crate) saved_by: String,
}

/// Answers as they were handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Submission {
    pub(crate) attempt: i32,
    pub(crate) answers: String,
    pub(crate) submitted_at: DateTime<Utc>,
    pub(crate) submitted_by: String,
    pub(crate) event: String,
}

/// The draft of a step.
pub(crate) async fn draft(tx: &mut Tx, step: StepId) -> Result<Option<Draft>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    Ok(sqlx::query_as!(
        Draft,
        "select answers, version, saved_at, saved_by from workflow.form_drafts where tenant_id = $1 and step_id = $2",
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
    over: i32,
    now: DateTime<Utc>,
) -> Result<Option<i32>, StoreError> {
    let (tenant, name) = (tx.ctx().tenant.0, tx.ctx().actor.name.clone());
    if over == 0 {
        return Ok(sqlx::query_scalar!(
            "insert into workflow.form_drafts (tenant_id, step_id, account_id, answers, version, saved_at, saved_by)
             values ($1, $2, $3, $4, 1, $5, $6) on conflict do nothing returning version",
            tenant,
            step.0,
            account.0,
            answers,
            now,
            name
        )
        .fetch_optional(tx.conn())
        .await?);
    }
    Ok(sqlx::query_scalar!(
        "update workflow.form_drafts set answers = $3, version = version + 1, saved_at = $4, saved_by = $5
         where tenant_id = $1 and step_id = $2 and version = $6 returning version",
        tenant,
        step.0,
        answers,
        now,
        name,
        over
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// The last submission of a step.
pub(crate) async fn submission(tx: &mut Tx, step: StepId) -> Result<Option<Submission>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    Ok(sqlx::query_as!(
        Submission,
        r#"select attempt, answers, submitted_at, submitted_by_name as "submitted_by", event from workflow.form_submissions
           where tenant_id = $1 and step_id = $2 order by attempt desc limit 1"#,
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
           (tenant_id, step_id, attempt, account_id, answers, submitted_at, submitted_by, submitted_by_name, event)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant,
        step.0,
        submission.attempt,
        account.0,
        submission.answers,
        submission.submitted_at,
        by.map(|id| id.0),
        submission.submitted_by,
        submission.event
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
