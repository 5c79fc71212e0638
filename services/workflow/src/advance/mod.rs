//! One change through the engine: everything that follows from it, in one transaction that holds the record and its runs.
//!
//! [`prepare`] asks the other services what a decision needs; [`Stage`] then works within the transaction. Nothing is asked of
//! anybody while it is open.

mod texts;

use std::{collections::VecDeque, sync::Arc};

use chrono::{DateTime, Utc};
use portico_core::{Ctx, EventId, PersonId, RecordId, RunId, StepId};
use portico_db::{StoreError, Tx};
use portico_definition::{Definition, Workflow, calendar::BusinessDays};
use portico_events::{AuditDraft, Outgoing, audit, publish};
use portico_proto::workflow::v1::{RecordChanged, RunChanged};
use uuid::Uuid;

use crate::{
    domain::{
        engine::{
            Command, Context, Directory, Event, PersonRef, RunFact, RunState, StepRecord, apply, decide,
            mentioned_roles,
        },
        fields,
    },
    error::WorkflowError,
    events::publish as say,
    peers,
    service::{Firm, Service},
    store::{self, records::Record, runs::Run},
};

/// The most that may follow from one change. A definition whose states and triggers chase each other in a circle ends here.
const MOST_CONSEQUENCES: usize = 100;

/// What decisions about a record and its runs need from the other services.
pub(crate) struct Prepared {
    pub(crate) firm: Firm,
    pub(crate) directory: Directory,
}

/// Asks the other services about everybody who has to do with a record: the roles of its workflows and the people it names, and
/// `others`. `definitions` are the newest one and those of its runs.
pub(crate) async fn prepare(
    service: &Service,
    ctx: &Ctx,
    record: &Record,
    definitions: &[Arc<Definition>],
    others: &[PersonId],
) -> Result<Prepared, WorkflowError> {
    let mut roles: Vec<String> = Vec::new();
    let mut people = others.to_vec();
    for definition in definitions {
        let of_kind = definition.spec.workflows.values().filter(|workflow| workflow.subject == record.kind);
        for role in of_kind.flat_map(mentioned_roles) {
            if !roles.contains(&role) {
                roles.push(role);
            }
        }
        if let Some(kind) = fields::kind_of(definition, &record.kind) {
            let named = fields::named(kind, &record.fields);
            people.extend(named.staff);
            people.extend(named.external);
        }
    }
    let (firm, directory) = tokio::try_join!(
        peers::firm(service, ctx),
        peers::directory(service, ctx, record.account, &roles, &people)
    )?;
    Ok(Prepared { firm, directory })
}

/// The same, for a run: what it started with counts as well as what is newest.
pub(crate) async fn prepare_for(
    service: &Service,
    ctx: &Ctx,
    found: &crate::reach::RunInReach,
    others: &[PersonId],
) -> Result<Prepared, WorkflowError> {
    let definitions = [Arc::clone(&found.definition), Arc::clone(&found.portal.definition)];
    prepare(service, ctx, &found.record, &definitions, others).await
}

enum Work {
    /// Something happens to a run.
    Run(RunId, Event),
    /// The record has entered its state: open runs hear of it, and workflows may start.
    Entered { except: Option<RunId> },
}

/// A change under way.
pub(crate) struct Stage<'s> {
    pub(crate) service: &'s Service,
    pub(crate) tx: Tx,
    pub(crate) prepared: Prepared,
    pub(crate) now: DateTime<Utc>,
    /// Runs that this change has started.
    pub(crate) started: Vec<RunId>,
    record: Record,
    by: Option<PersonRef>,
    event: String,
    timers_set: bool,
}

impl<'s> Stage<'s> {
    /// Holds the record for a change. Whoever acts is the context's person.
    ///
    /// # Errors
    /// [`WorkflowError::NotFound`] where the record is out of reach.
    pub(crate) async fn open(
        service: &'s Service,
        ctx: &Ctx,
        prepared: Prepared,
        record: RecordId,
    ) -> Result<Self, WorkflowError> {
        let mut tx = service.store.begin(ctx).await?;
        let record = store::records::lock(&mut tx, record).await?.ok_or(WorkflowError::NotFound)?;
        Ok(Self::with(service, tx, prepared, record))
    }

    /// A change in a transaction that has begun and holds `record` already.
    pub(crate) fn with(service: &'s Service, tx: Tx, prepared: Prepared, record: Record) -> Self {
        let actor = &tx.ctx().actor;
        let by = actor.person.map(|id| PersonRef { id, name: actor.name.clone() });
        let now = service.clock.now();
        Self {
            service,
            tx,
            prepared,
            now,
            started: Vec::new(),
            record,
            by,
            event: String::new(),
            timers_set: false,
        }
    }

    /// The record as it is now.
    pub(crate) fn record(&self) -> &Record {
        &self.record
    }

    /// Somebody else than the context's person acts, such as whoever completed a step in another service.
    pub(crate) fn acting(&mut self, by: Option<PersonRef>) {
        self.by = by;
    }

    /// Lets an event happen to a run, and everything that follows from it.
    ///
    /// # Errors
    /// [`WorkflowError::Refused`] where the run does not allow it; the transaction is to be dropped then.
    pub(crate) async fn happen(&mut self, run: RunId, event: Event) -> Result<Run, WorkflowError> {
        self.follow(VecDeque::from([Work::Run(run, event)])).await?;
        store::runs::read(&mut self.tx, run).await?.ok_or(WorkflowError::NotFound)
    }

    /// Says that the record is new or has changed. Where its state is another, runs hear of it and workflows may start.
    pub(crate) async fn record_changed(
        &mut self,
        from: Option<String>,
        created: bool,
    ) -> Result<(), WorkflowError> {
        self.publish_record(from.clone(), created).await?;
        if created || from.is_some() {
            self.follow(VecDeque::from([Work::Entered { except: None }])).await
        } else {
            let open = store::runs::open_of_record(&mut self.tx, self.record.id).await?;
            let event = || Event::RecordChanged { state: self.record.state.clone() };
            let work = open.into_iter().map(|run| Work::Run(run, event())).collect();
            self.follow(work).await
        }
    }

    /// Moves the record into a state that its definition allows from where it is.
    pub(crate) async fn enter(&mut self, state: String) -> Result<(), WorkflowError> {
        let from = self.move_record(state).await?;
        self.record_changed(Some(from), false).await
    }

    /// Replaces the record's fields; [`record_changed`](Self::record_changed) is to follow.
    pub(crate) async fn write_record(&mut self, record: Record) -> Result<(), WorkflowError> {
        self.record = record;
        store::records::update(&mut self.tx, &mut self.record, self.now).await?;
        Ok(())
    }

    /// Makes everything durable and answers the event to wait for.
    pub(crate) async fn commit(self) -> Result<String, WorkflowError> {
        self.tx.commit().await?;
        if self.timers_set {
            self.service.timers.notify_one();
        }
        Ok(self.event)
    }

    /// The event to wait for so far.
    pub(crate) fn event(&self) -> &str {
        &self.event
    }

    async fn follow(&mut self, mut work: VecDeque<Work>) -> Result<(), WorkflowError> {
        let mut done = 0;
        while let Some(next) = work.pop_front() {
            done += 1;
            if done > MOST_CONSEQUENCES {
                return Err(WorkflowError::Precondition {
                    reason: "endless",
                    message: "This would go on without end: the states and triggers of the definition chase each other."
                        .to_owned(),
                });
            }
            match next {
                Work::Run(run, event) => self.run(run, &event, &mut work).await?,
                Work::Entered { except } => self.entered(except, &mut work).await?,
            }
        }
        Ok(())
    }

    async fn entered(
        &mut self,
        except: Option<RunId>,
        work: &mut VecDeque<Work>,
    ) -> Result<(), WorkflowError> {
        for run in store::runs::open_of_record(&mut self.tx, self.record.id).await? {
            if Some(run) != except {
                work.push_back(Work::Run(run, Event::RecordChanged { state: self.record.state.clone() }));
            }
        }
        let portal = self.service.portal(&mut self.tx, self.record.portal).await?;
        for (name, workflow) in &portal.definition.spec.workflows {
            let starts = workflow.trigger.as_ref().is_some_and(|trigger| {
                trigger.record == self.record.kind && Some(&trigger.enters) == self.record.state.as_ref()
            });
            if !starts {
                continue;
            }
            let run = Run {
                id: RunId::new(self.now, &*self.service.entropy),
                account: self.record.account,
                portal: portal.id,
                portal_version: portal.version,
                workflow: name.clone(),
                record: self.record.id,
                record_kind: self.record.kind.clone(),
                entry: self.record.entries,
                version: 0,
                state: RunState::default(),
            };
            if store::runs::insert(&mut self.tx, &run, self.now).await? {
                let steps =
                    workflow.steps.iter().map(|_| StepId::new(self.now, &*self.service.entropy)).collect();
                self.started.push(run.id);
                work.push_back(Work::Run(run.id, Event::Start { steps }));
            }
        }
        Ok(())
    }

    async fn run(
        &mut self,
        id: RunId,
        event: &Event,
        work: &mut VecDeque<Work>,
    ) -> Result<(), WorkflowError> {
        let mut run = store::runs::lock(&mut self.tx, id).await?.ok_or(WorkflowError::NotFound)?;
        let definition = self.service.definition(&mut self.tx, run.portal, run.portal_version).await?;
        let Some(workflow) = definition.spec.workflows.get(&run.workflow) else {
            return Err(WorkflowError::Unreadable(format!(
                "the definition of run {id} has no workflow {}",
                run.workflow
            )));
        };
        let commands = self.decide(&definition, workflow, &run.state, event)?;
        if commands.is_empty() {
            return Ok(());
        }
        let before = run.state.clone();
        let facts: Vec<RunFact> = commands
            .iter()
            .filter_map(|command| if let Command::Note(line) = command { Some(line.clone()) } else { None })
            .collect();
        facts.iter().for_each(|line| apply(&mut run.state, line));
        store::runs::update(&mut self.tx, &mut run).await?;
        store::runs::append(&mut self.tx, &run, &facts).await?;
        let changed = store::run_rows::write(&mut self.tx, &run, &before).await?;
        for step in &changed {
            self.say("step", step.id.0, &say::step_changed(&run, step)).await?;
        }
        if before.status != run.state.status {
            let message = RunChanged {
                run_id: run.id.to_string(),
                record_id: run.record.to_string(),
                account_id: run.account.to_string(),
                state: run.state.status.as_str().to_owned(),
            };
            self.say("run", run.id.0, &message).await?;
        }
        for command in commands {
            self.carry_out(&run, &definition, workflow, command, work).await?;
        }
        Ok(())
    }

    fn decide(
        &self,
        definition: &Definition,
        workflow: &Workflow,
        state: &RunState,
        event: &Event,
    ) -> Result<Vec<Command>, WorkflowError> {
        let days = BusinessDays::new(&definition.spec.calendar, self.prepared.firm.holidays.iter().copied());
        let ctx = Context {
            definition,
            workflow,
            now: self.now,
            by: self.by.clone(),
            days: &days,
            zone: self.prepared.firm.zone,
            record: self.record.view(),
            directory: &self.prepared.directory,
        };
        Ok(decide(&ctx, state, event)?)
    }

    async fn carry_out(
        &mut self,
        run: &Run,
        definition: &Definition,
        workflow: &Workflow,
        command: Command,
        work: &mut VecDeque<Work>,
    ) -> Result<(), WorkflowError> {
        let step_of = |id: StepId| run.state.step(id);
        match command {
            Command::Note(_) => {}
            Command::Activate(id) => {
                if let Some(step) = step_of(id) {
                    self.say("step", id.0, &say::step_activated(run, workflow, step)).await?;
                }
            }
            Command::Withdraw(id, status) => {
                if let Some(step) = step_of(id) {
                    store::meetings::release(&mut self.tx, id).await?;
                    self.say("step", id.0, &say::step_withdrawn(run, step, status)).await?;
                }
            }
            Command::Reassign(id) => {
                if let Some(step) = step_of(id) {
                    self.say("step", id.0, &say::step_reassigned(run, step)).await?;
                }
            }
            Command::Tell(tell, to) => {
                let notice = texts::Telling {
                    definition,
                    workflow,
                    run,
                    record: &self.record,
                    firm: &self.prepared.firm,
                };
                if let Some(message) = notice.notice(&tell, &to, self.contact_person(definition)) {
                    self.say("notice", run.id.0, &message).await?;
                }
            }
            Command::Invite(people) => {
                let reply_to = self.contact_person(definition);
                for person in people {
                    let message = say::invitation(run, &person, reply_to);
                    self.say("invitation", person.id.0, &message).await?;
                }
            }
            Command::SetRecordState(state) => {
                let from = self.move_record(state).await?;
                self.publish_record(Some(from), false).await?;
                work.push_back(Work::Entered { except: Some(run.id) });
            }
            Command::SetTimer(step, kind, at) => {
                store::timers::set(&mut self.tx, run, step, &kind.to_string(), at).await?;
                self.timers_set = true;
            }
            Command::ClearTimer(step, kind) => {
                store::timers::clear(&mut self.tx, step, &kind.to_string()).await?
            }
        }
        Ok(())
    }

    /// Whom replies reach: the first of the staff whom the record names.
    fn contact_person(&self, definition: &Definition) -> Option<PersonId> {
        let kind = fields::kind_of(definition, &self.record.kind)?;
        fields::named(kind, &self.record.fields).staff.first().copied()
    }

    /// Answers the state that the record leaves.
    async fn move_record(&mut self, state: String) -> Result<String, WorkflowError> {
        let from = self.record.state.replace(state).unwrap_or_default();
        self.record.entries += 1;
        store::records::update(&mut self.tx, &mut self.record, self.now).await?;
        Ok(from)
    }

    async fn publish_record(&mut self, from: Option<String>, created: bool) -> Result<(), WorkflowError> {
        let message = RecordChanged {
            record_id: self.record.id.to_string(),
            kind: self.record.kind.clone(),
            account_id: self.record.account.to_string(),
            state: self.record.state.clone().unwrap_or_default(),
            from_state: from.unwrap_or_default(),
            created,
        };
        self.say("record", self.record.id.0, &message).await?;
        Ok(())
    }

    /// Wakes a job for a step at once, in a process that lives: what it is to do is kept as a timer of this name.
    pub(crate) async fn wake(&mut self, run: &Run, step: StepId, timer: &str) -> Result<(), StoreError> {
        store::timers::set(&mut self.tx, run, step, timer, self.now).await?;
        self.timers_set = true;
        Ok(())
    }

    /// Publishes an event about the record's account.
    pub(crate) async fn say<M: prost::Message + prost::Name>(
        &mut self,
        aggregate: &'static str,
        key: Uuid,
        body: &M,
    ) -> Result<EventId, StoreError> {
        let outgoing = Outgoing { aggregate, key, account: Some(self.record.account), body };
        let id = publish(&mut self.tx, &*self.service.clock, &*self.service.entropy, outgoing).await?;
        self.event = format!("{};{id}", M::full_name());
        Ok(id)
    }

    /// Writes down for the audit what was done with a record or a run.
    pub(crate) async fn audit(
        &mut self,
        action: &'static str,
        object_kind: &'static str,
        object_id: Uuid,
        label: &str,
        details: serde_json::Value,
    ) -> Result<(), StoreError> {
        let what = (object_kind, object_id, label);
        self.write_down(action, what, details, false).await
    }

    /// Writes down for the audit what was done with a step. Of one that some of the account's people may not know of, only the firm's side
    /// reads.
    pub(crate) async fn audit_step(
        &mut self,
        action: &'static str,
        step: &StepRecord,
        details: serde_json::Value,
    ) -> Result<(), StoreError> {
        let what = ("step", step.id.0, step.title.as_str());
        self.write_down(action, what, details, !step.is_for_everybody()).await
    }

    async fn write_down(
        &mut self,
        action: &'static str,
        (object_kind, object_id, label): (&'static str, Uuid, &str),
        details: serde_json::Value,
        internal: bool,
    ) -> Result<(), StoreError> {
        let draft = AuditDraft {
            action,
            object_kind,
            object_id,
            object_label: label,
            version: "",
            account: Some(self.record.account),
            details,
            internal,
        };
        audit(&mut self.tx, &*self.service.clock, &*self.service.entropy, draft).await?;
        Ok(())
    }
}
