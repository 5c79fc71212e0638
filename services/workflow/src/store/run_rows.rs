//! What lists need of a run: its steps, whose turn they are, and its milestones. Written with the run, from the run.

use portico_core::ItemId;
use portico_db::{StoreError, Tx};
use sqlx::types::Json;
use uuid::Uuid;

use super::runs::Run;
use crate::domain::{
    engine::{Asked, Assignment, RunState, RunStatus, StepRecord},
    outstanding::{RequestRow, RowState},
};

/// Writes the steps, turns and milestones that have changed since `before`. Answers those steps.
pub(crate) async fn write(tx: &mut Tx, run: &Run, before: &RunState) -> Result<Vec<StepRecord>, StoreError> {
    let running = |state: &RunState| state.status == RunStatus::Active;
    let mut changed = Vec::new();
    for (place, step) in run.state.steps.iter().enumerate() {
        let same = before.steps.get(place) == Some(step) && running(before) == running(&run.state);
        if !same {
            write_step(tx, run, place, step).await?;
            write_turns(tx, run, step).await?;
            changed.push(step.clone());
        }
    }
    for milestone in run.state.milestones.iter().filter(|milestone| !before.milestones.contains(milestone)) {
        let tenant = tx.ctx().tenant.0;
        sqlx::query!(
            "insert into workflow.milestones (tenant_id, run_id, key, account_id, reached_at, estimate, first_estimate)
             values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (tenant_id, run_id, key) do update set
               reached_at = excluded.reached_at, estimate = excluded.estimate, first_estimate = excluded.first_estimate",
            tenant,
            run.id.0,
            milestone.key,
            run.account.0,
            milestone.reached_at,
            milestone.estimate,
            milestone.first_estimate
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(changed)
}

async fn write_step(tx: &mut Tx, run: &Run, place: usize, step: &StepRecord) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    let open = is_listed(run, step);
    sqlx::query!(
        "insert into workflow.run_steps (tenant_id, id, run_id, account_id, record_id, portal_id, record_kind, place, state, open,
           side, client_visible, due, activated_at, ended_at, body)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         on conflict (tenant_id, id) do update set state = excluded.state, open = excluded.open, side = excluded.side,
           due = excluded.due, activated_at = excluded.activated_at, ended_at = excluded.ended_at, body = excluded.body",
        tenant,
        step.id.0,
        run.id.0,
        run.account.0,
        run.record.0,
        run.portal.0,
        run.record_kind,
        i32::try_from(place).unwrap_or(i32::MAX),
        step.status.as_str(),
        open,
        side(&step.turn),
        step.client_visible,
        step.due,
        step.activated_at,
        step.ended_at,
        Json(step) as _
    )
    .execute(tx.conn())
    .await?;
    if step.kind == "document_request" {
        super::outstanding::follow_step(tx, run, step, open).await?;
    }
    // Of a paper that was sent to many the engine knows all that is outstanding: the paper, and whose turn it is.
    if let (Some(Asked::Signatures { paper }), Some(since)) = (step.asks.as_deref(), step.turn_since) {
        let state = if step.turn.external { RowState::Needed } else { RowState::Checking };
        let row = RequestRow { id: ItemId(step.id.0), name: paper.clone(), required: true, state };
        super::outstanding::keep(tx, step.id, &[row], since).await?;
    }
    Ok(())
}

async fn write_turns(tx: &mut Tx, run: &Run, step: &StepRecord) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!("delete from workflow.turns where tenant_id = $1 and step_id = $2", tenant, step.id.0)
        .execute(tx.conn())
        .await?;
    if !is_listed(run, step) {
        return Ok(());
    }
    let parties = parties(&step.turn);
    sqlx::query!(
        "insert into workflow.turns (tenant_id, step_id, party, account_id, due)
         select $1, $2, party, $3, $4 from unnest($5::text[]) party on conflict do nothing",
        tenant,
        step.id.0,
        run.account.0,
        step.due,
        &parties
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

fn is_listed(run: &Run, step: &StepRecord) -> bool {
    step.is_open() && run.state.status == RunStatus::Active && step.kind != "wait"
}

fn side(turn: &Assignment) -> &'static str {
    if turn.external { "external" } else { "internal" }
}

/// Who an assignment means, as keys of the turns table.
fn parties(turn: &Assignment) -> Vec<String> {
    let people = turn.people.iter().map(|person| person_party(person.id.0));
    people.chain(turn.roles.iter().map(|role| role_party(role))).collect()
}

/// A person, as a key of the turns table.
pub(crate) fn person_party(person: Uuid) -> String {
    format!("person:{person}")
}

/// A role, as a key of the turns table.
pub(crate) fn role_party(role: &str) -> String {
    format!("role:{role}")
}
