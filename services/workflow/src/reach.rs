//! From rules to rows: which records a caller may look through, and whether they may read one.

use portico_core::{AccountId, Ctx, PersonId, RunId, StepId};
use portico_db::Tx;
use portico_definition::{Action, Definition, Expr, FieldKind, Operand, Scope, Side};
use uuid::Uuid;

use crate::{
    domain::{
        engine::{StepRecord, barred},
        permissions::{Delegator, StepAction, Verdict, Viewer},
    },
    error::WorkflowError,
    service::{Portal, Service},
    store::{
        self,
        records::{Reach, Record},
        runs::Run,
    },
};

/// How far somebody's rules reach among the records of one kind: a superset that SQL can find by an index. Each row found is still
/// held against the rules themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Width {
    Accounts,
    Team,
    All,
}

fn width(viewer: &Viewer, definition: &Definition, kind: &str) -> Option<Width> {
    if viewer.sees_everything() {
        return Some(Width::All);
    }
    let declared = definition.spec.records.get(kind)?;
    let rules = declared
        .access
        .iter()
        .filter(|rule| rule.can.contains(&Action::Read) && viewer.roles().contains(&rule.role));
    let widths = rules.filter_map(|rule| {
        let role = definition.spec.roles.get(&rule.role)?;
        Some(match (role.side, role.scope) {
            (Side::External, _) => Width::Accounts,
            (Side::Internal, Scope::Assigned) => Width::Team,
            (Side::Internal, _) if names_me(declared, rule.condition.as_ref()) => Width::Team,
            (Side::Internal, _) => Width::All,
        })
    });
    widths.max().filter(|width| !viewer.is_client() || *width == Width::Accounts)
}

/// Whether the whole condition is that a field for staff names the person asking.
fn names_me(declared: &portico_definition::Record, condition: Option<&Expr>) -> bool {
    matches!(condition, Some(Expr::Compare(comparison)) if comparison.operand == Operand::Me
    && declared.fields.get(&comparison.field).is_some_and(|field| {
        matches!(field.kind, FieldKind::People { side: Side::Internal, .. })
    }))
}

/// The records of one kind to look through; nothing where no rule lets the caller read any.
pub(crate) fn of_kind(
    ctx: &Ctx,
    viewer: &Viewer,
    definition: &Definition,
    kind: &str,
    account: Option<AccountId>,
) -> Option<Reach> {
    let own: Vec<Uuid> = match account {
        Some(account) if ctx.actor.accounts.includes(account) => vec![account.0],
        Some(_) => return None,
        None => ctx.actor.accounts.listed().iter().map(|account| account.0).collect(),
    };
    match width(viewer, definition, kind)? {
        Width::All if account.is_some() => Some(Reach::Accounts(own)),
        Width::All => Some(Reach::All),
        Width::Team => Some(Reach::Team(viewer.person()?.0)),
        Width::Accounts => Some(Reach::Accounts(own)),
    }
}

/// The kinds, as `portal:kind`, of which all records are to be looked through, and those of which only the caller's own team's are.
pub(crate) fn kinds(viewer: &Viewer, portals: &[Portal]) -> (Vec<String>, Vec<String>) {
    let (mut all, mut team) = (Vec::new(), Vec::new());
    for portal in portals {
        for kind in portal.definition.spec.records.keys() {
            let key = format!("{}:{kind}", portal.id);
            match width(viewer, &portal.definition, kind) {
                Some(Width::All | Width::Accounts) => all.push(key),
                Some(Width::Team) => team.push(key),
                None => {}
            }
        }
    }
    (all, team)
}

/// A record that the caller may read, with its portal.
///
/// # Errors
/// [`WorkflowError::NotFound`] where it is not there or not theirs.
pub(crate) async fn record(
    service: &Service,
    tx: &mut Tx,
    viewer: &Viewer,
    id: portico_core::RecordId,
) -> Result<(Record, Portal), WorkflowError> {
    let record = store::records::read(tx, id).await?.ok_or(WorkflowError::NotFound)?;
    let portal = service.portal(tx, record.portal).await?;
    if viewer.can(&portal.definition, &record.kind, Action::Read, &record.view()) {
        Ok((record, portal))
    } else {
        Err(WorkflowError::NotFound)
    }
}

/// A run with everything that decides what the caller may do with it.
pub(crate) struct RunInReach {
    pub(crate) run: Run,
    pub(crate) record: Record,
    pub(crate) portal: Portal,
    /// The definition that the run started with.
    pub(crate) definition: std::sync::Arc<Definition>,
    pub(crate) reads_record: bool,
}

impl RunInReach {
    /// Whether the caller may change how the run goes: whoever may change its record.
    pub(crate) fn manages(&self, viewer: &Viewer) -> bool {
        !viewer.is_client()
            && viewer.can(&self.portal.definition, &self.record.kind, Action::Update, &self.record.view())
    }

    /// The step that one of these people has done and that keeps them from doing this one.
    pub(crate) fn barred(&self, step: &StepRecord, people: &[PersonId]) -> Option<&StepRecord> {
        let workflow = self.definition.spec.workflows.get(&self.run.workflow)?;
        barred(workflow, &self.run.state, step, people)
    }

    /// The step that `viewer` has done, or whoever they would do this one for, and that keeps them from doing it.
    pub(crate) fn bars(&self, viewer: &Viewer, step: &StepRecord) -> Option<&StepRecord> {
        let mut people: Vec<PersonId> = viewer.person().into_iter().collect();
        people.extend(self.on_behalf_of(viewer, step).map(|delegator| delegator.person));
        self.barred(step, &people)
    }

    /// For whom `viewer` approves the step. Four eyes bar them from standing in for one who has asked them to, and not for another; where
    /// everybody is barred, for the first, so that it can be said why.
    pub(crate) fn on_behalf_of(&self, viewer: &Viewer, step: &StepRecord) -> Option<Delegator> {
        let free = viewer.without(|person| self.barred(step, &[person]).is_some());
        free.approves_for(step).or_else(|| viewer.approves_for(step)).cloned()
    }

    /// The step as the run's definition declares it.
    pub(crate) fn declared(&self, step: &StepRecord) -> Option<&portico_definition::Step> {
        let workflow = self.definition.spec.workflows.get(&self.run.workflow)?;
        workflow.steps.iter().find(|declared| step.key.as_deref() == Some(&declared.id))
    }
}

async fn complete(
    service: &Service,
    tx: &mut Tx,
    viewer: &Viewer,
    run: Run,
) -> Result<RunInReach, WorkflowError> {
    let record = store::records::read(tx, run.record).await?.ok_or(WorkflowError::NotFound)?;
    let portal = service.portal(tx, run.portal).await?;
    let definition = service.definition(tx, run.portal, run.portal_version).await?;
    let reads_record = viewer.can(&portal.definition, &record.kind, Action::Read, &record.view());
    Ok(RunInReach { run, record, portal, definition, reads_record })
}

/// A run whose record the caller may read, or in which they are named.
///
/// # Errors
/// [`WorkflowError::NotFound`] where it is not there or not theirs.
pub(crate) async fn run(
    service: &Service,
    tx: &mut Tx,
    viewer: &Viewer,
    id: RunId,
) -> Result<RunInReach, WorkflowError> {
    let run = store::runs::read(tx, id).await?.ok_or(WorkflowError::NotFound)?;
    let found = complete(service, tx, viewer, run).await?;
    let viewer = viewer.at(found.run.account);
    let visible = found.reads_record || found.run.state.steps.iter().any(|step| viewer.sees(step, false));
    if visible { Ok(found) } else { Err(WorkflowError::NotFound) }
}

/// A run that the caller may steer.
///
/// # Errors
/// [`WorkflowError::NotFound`] where it is not theirs to see, [`WorkflowError::NotAllowed`] where it is and they may not change it.
pub(crate) async fn managed_run(
    service: &Service,
    tx: &mut Tx,
    viewer: &Viewer,
    id: RunId,
) -> Result<RunInReach, WorkflowError> {
    let found = run(service, tx, viewer, id).await?;
    if found.manages(viewer) { Ok(found) } else { Err(WorkflowError::NotAllowed) }
}

/// A step with its run, where the caller may do this with it.
///
/// # Errors
/// [`WorkflowError::NotFound`] where they may not even see it, [`WorkflowError::NotAllowed`] where they may.
pub(crate) async fn step(
    service: &Service,
    tx: &mut Tx,
    viewer: &Viewer,
    id: StepId,
    action: StepAction,
) -> Result<(StepRecord, RunInReach), WorkflowError> {
    let run = store::runs::of_step(tx, id).await?.ok_or(WorkflowError::NotFound)?;
    let found = complete(service, tx, viewer, run).await?;
    let step = found.run.state.step(id).cloned().ok_or(WorkflowError::NotFound)?;
    let verdict =
        viewer.at(found.run.account).authorize(&step, found.declared(&step), found.reads_record, action);
    match verdict {
        Verdict::Hidden => Err(WorkflowError::NotFound),
        Verdict::Refused => Err(WorkflowError::NotAllowed),
        Verdict::Allowed => Ok((step, found)),
    }
}

/// A step that the caller may waive, move and give to others.
///
/// # Errors
/// As [`step`].
pub(crate) async fn managed_step(
    service: &Service,
    tx: &mut Tx,
    viewer: &Viewer,
    id: StepId,
) -> Result<(StepRecord, RunInReach), WorkflowError> {
    let (step, found) = step(service, tx, viewer, id, StepAction::View).await?;
    if found.manages(viewer) { Ok((step, found)) } else { Err(WorkflowError::NotAllowed) }
}
