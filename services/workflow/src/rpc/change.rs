//! What every command about a step or a run has in common: who may, the engine's decision under lock, the audit, the answer.

use std::fmt::Display;

use portico_core::{Ctx, PersonId, Problem, RunId, StepId};
use portico_proto::workflow::v1 as proto;
use serde_json::Value;

use crate::{
    advance::{self, Stage},
    convert,
    domain::{
        engine::{Assignment, Event, PersonRef, Refusal, RunStatus, StepRecord},
        permissions::{StepAction, Verdict, Viewer},
    },
    error::WorkflowError,
    peers,
    reach::{self, RunInReach},
    service::Service,
    store,
};

/// What the caller needs for a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// It is their step.
    Act,
    /// They check what is handed in for it, or provide what it needs.
    Review,
    /// They steer the run.
    Manage,
}

/// A step in reach of the caller for a command, before anything is held.
pub(super) async fn find(
    service: &Service,
    ctx: &Ctx,
    viewer: &Viewer,
    step_id: &str,
    need: Need,
) -> Result<(StepRecord, RunInReach), WorkflowError> {
    let id: StepId = step_id.parse()?;
    let mut tx = service.store.begin(ctx).await?;
    let found = match need {
        Need::Act => reach::step(service, &mut tx, viewer, id, StepAction::Act).await?,
        Need::Review => reach::step(service, &mut tx, viewer, id, StepAction::Review).await?,
        Need::Manage => reach::managed_step(service, &mut tx, viewer, id).await?,
    };
    tx.rollback().await?;
    Ok(found)
}

/// A step whose record and run are held, and about which the caller's right was asked again under that lock.
pub(super) struct Held<'s> {
    pub(super) stage: Stage<'s>,
    pub(super) step: StepRecord,
    pub(super) found: RunInReach,
    viewer: Viewer,
}

/// Holds a step for a change.
pub(super) async fn hold<'s>(
    service: &'s Service,
    ctx: &Ctx,
    viewer: &Viewer,
    step: &StepRecord,
    mut found: RunInReach,
    need: Need,
    others: &[PersonId],
) -> Result<Held<'s>, WorkflowError> {
    let prepared = advance::prepare_for(service, ctx, &found, others).await?;
    let mut stage = Stage::open(service, ctx, prepared, found.record.id).await?;
    found.run = store::runs::lock(&mut stage.tx, found.run.id).await?.ok_or(WorkflowError::NotFound)?;
    found.record = stage.record().clone();
    found.reads_record = viewer.can(
        &found.portal.definition,
        &found.record.kind,
        portico_definition::Action::Read,
        &found.record.view(),
    );
    let step = found.run.state.step(step.id).cloned().ok_or(WorkflowError::NotFound)?;
    let action = match need {
        Need::Act => StepAction::Act,
        Need::Review => StepAction::Review,
        Need::Manage => StepAction::View,
    };
    let here = viewer.at(found.run.account);
    match here.authorize(&step, found.declared(&step), found.reads_record, action) {
        Verdict::Allowed if need != Need::Manage || found.manages(viewer) => {}
        Verdict::Allowed | Verdict::Refused => return Err(WorkflowError::NotAllowed),
        Verdict::Hidden => return Err(WorkflowError::NotFound),
    }
    Ok(Held { stage, step, found, viewer: viewer.clone() })
}

impl Held<'_> {
    /// Refuses what can be done only while the step is open in a run that goes on.
    pub(super) fn must_be_open(&self) -> Result<(), WorkflowError> {
        must_be_open(&self.found, &self.step)
    }

    /// Whether the caller has ended the step, so that the same command again is a repeat and no mistake.
    pub(super) fn ended_by_caller(&self) -> bool {
        self.step.is_ended() && self.step.ended_by.as_ref().map(|by| by.id) == self.viewer.person()
    }

    /// The step as it is and the event of the command that the caller repeats: nothing is to be done.
    pub(super) async fn repeated(
        mut self,
        action: &'static str,
        round: impl Display,
    ) -> Result<(proto::Step, String), WorkflowError> {
        let before =
            store::idempotency::find(&mut self.stage.tx, action, &answered(&self.step, round)).await?;
        let event = before.map(|(_, event)| event).unwrap_or_default();
        Ok((self.as_it_is(), event))
    }

    /// The step as it is.
    pub(super) fn as_it_is(&self) -> proto::Step {
        convert::step_of(&self.viewer, &self.found, &self.step)
    }

    /// Whether the caller has given this command in this round already.
    pub(super) async fn was_given(
        &mut self,
        action: &str,
        round: impl Display,
    ) -> Result<bool, WorkflowError> {
        let key = answered(&self.step, round);
        Ok(store::idempotency::find(&mut self.stage.tx, action, &key).await?.is_some())
    }

    /// Lets the event happen.
    pub(super) async fn happen(&mut self, event: Event) -> Result<(), WorkflowError> {
        self.found.run = self.stage.happen(self.found.run.id, event).await?;
        self.step = self.found.run.state.step(self.step.id).cloned().ok_or(WorkflowError::NotFound)?;
        Ok(())
    }

    /// As [`finish`](Self::finish), for what can be done once in a round, such as an attempt: a repeat is answered with the same
    /// event.
    pub(super) async fn finish_once(
        mut self,
        action: &'static str,
        round: impl Display,
        details: Value,
    ) -> Result<(proto::Step, String), WorkflowError> {
        let (key, event, now) = (answered(&self.step, round), self.stage.event().to_owned(), self.stage.now);
        store::idempotency::remember(&mut self.stage.tx, action, &key, self.step.id.0, &event, now).await?;
        self.finish(action, details).await
    }

    /// Writes down what was done, makes it durable and answers the step.
    pub(super) async fn finish(
        mut self,
        action: &'static str,
        details: Value,
    ) -> Result<(proto::Step, String), WorkflowError> {
        self.stage.audit_step(action, &self.step, details).await?;
        let message = self.as_it_is();
        Ok((message, self.stage.commit().await?))
    }
}

/// One round of a step, as a key for what was answered to it.
fn answered(step: &StepRecord, round: impl Display) -> String {
    format!("{}:{round}", step.id)
}

/// Refuses what somebody may not do because they, or whoever they do it for, have done what must be another's: four eyes.
pub(super) fn four_eyes(
    found: &RunInReach,
    step: &StepRecord,
    people: &[PersonId],
) -> Result<(), WorkflowError> {
    let Some(other) = found.barred(step, people) else { return Ok(()) };
    Err(WorkflowError::Precondition {
        reason: "four_eyes",
        message: format!("“{}” was done by the same person, so somebody else has to do this.", other.title),
    })
}

/// Refuses what can be done only while the step is open in a run that goes on.
pub(super) fn must_be_open(found: &RunInReach, step: &StepRecord) -> Result<(), WorkflowError> {
    match found.run.state.status {
        RunStatus::Paused => Err(Refusal::PAUSED.into()),
        _ if step.is_ended() => Err(Refusal::STEP_ENDED.into()),
        RunStatus::Active if step.is_open() => Ok(()),
        _ => Err(Refusal::NOT_OPEN.into()),
    }
}

/// One event for a whole run, by somebody who steers it.
pub(super) async fn run(
    service: &Service,
    ctx: &Ctx,
    run_id: &str,
    event: Event,
    action: &'static str,
    details: Value,
) -> Result<(proto::Run, String), WorkflowError> {
    let id: RunId = run_id.parse()?;
    let viewer = Viewer::of(ctx);
    let mut tx = service.store.begin(ctx).await?;
    let mut found = reach::managed_run(service, &mut tx, &viewer, id).await?;
    tx.rollback().await?;
    let prepared = advance::prepare_for(service, ctx, &found, &[]).await?;
    let mut stage = Stage::open(service, ctx, prepared, found.record.id).await?;
    found.run = stage.happen(id, event).await?;
    stage.audit(action, "run", id.0, &found.record.title, details).await?;
    let message = convert::run(&viewer, &found);
    Ok((message, stage.commit().await?))
}

/// Whom staff name for a step: people of one side, those of a client from the run's own account, or a role of the definition.
pub(super) async fn named(
    service: &Service,
    ctx: &Ctx,
    found: &RunInReach,
    person_ids: &[String],
    role: &str,
) -> Result<Assignment, WorkflowError> {
    if person_ids.is_empty() {
        let declared = found.definition.spec.roles.get(role);
        let declared =
            declared.ok_or_else(|| WorkflowError::invalid("role", "Choose a person or a role."))?;
        let team = team_in_role(service, ctx, found, role, declared).await?;
        let roles = if team.is_empty() { vec![role.to_owned()] } else { Vec::new() };
        return Ok(Assignment {
            people: team,
            role: Some(role.to_owned()),
            role_title: declared.title.clone().unwrap_or_else(|| role.replace('_', " ")),
            roles,
            external: declared.side == portico_definition::Side::External,
        });
    }
    if person_ids.len() > 20 {
        return Err(WorkflowError::invalid("person_ids", "Choose at most 20 people."));
    }
    let unknown =
        || WorkflowError::invalid("person_ids", "Choose people of the firm, or people of this client.");
    let ids: Vec<PersonId> =
        person_ids.iter().map(|id| id.parse()).collect::<Result<_, _>>().map_err(|_| unknown())?;
    let people = peers::people(service, ctx, &ids).await?;
    let members = peers::members(service, ctx, found.record.account).await?;
    let mut chosen = Assignment::default();
    for (place, id) in ids.iter().enumerate() {
        let person = people.get(id).filter(|person| person.active).ok_or_else(unknown)?;
        let external = person.side() == portico_proto::identity::v1::Side::External;
        if external && !members.iter().any(|(member, _)| member == id) {
            return Err(unknown());
        }
        if place > 0 && external != chosen.external {
            let problem =
                Problem::invalid("person_ids", "Choose people of one side: the firm's or the client's.");
            return Err(WorkflowError::Invalid(problem));
        }
        chosen.external = external;
        if !chosen.people.iter().any(|one| one.id == *id) {
            chosen.people.push(PersonRef { id: *id, name: person.name.clone() });
        }
    }
    Ok(chosen)
}

/// The people whom the record names, for a role that reaches no others.
async fn team_in_role(
    service: &Service,
    ctx: &Ctx,
    found: &RunInReach,
    role: &str,
    declared: &portico_definition::Role,
) -> Result<Vec<PersonRef>, WorkflowError> {
    use portico_definition::{Scope, Side};
    if declared.side != Side::Internal || declared.scope != Scope::Assigned {
        return Ok(Vec::new());
    }
    let prepared = advance::prepare_for(service, ctx, found, &[]).await?;
    let holders = prepared.directory.holders.0.get(role).cloned().unwrap_or_default();
    let kind = crate::domain::fields::kind_of(&found.definition, &found.record.kind);
    let team =
        kind.map(|kind| crate::domain::fields::named(kind, &found.record.fields).staff).unwrap_or_default();
    let people = team.into_iter().filter(|person| holders.contains(person));
    Ok(people.map(|person| prepared.directory.person(person)).collect())
}
