//! What a decision is made from, beside the run itself.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use portico_core::PersonId;
use portico_definition::{
    Actor, Assignee, Definition, Expr, Party, Record, RecordView, Scope, Side, Step, Truth, Workflow,
    calendar::BusinessDays, evaluate,
};
use serde::{Deserialize, Serialize};

/// A person and how they are called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PersonRef {
    pub(crate) id: PersonId,
    pub(crate) name: String,
}

/// Who is to act.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Assignment {
    /// The people, where they are named.
    pub(crate) people: Vec<PersonRef>,
    /// The role that is shown.
    pub(crate) role: Option<String>,
    /// What people call the role.
    pub(crate) role_title: String,
    /// The roles whose holders may act.
    pub(crate) roles: Vec<String>,
    /// Whether these are clients.
    pub(crate) external: bool,
}

impl Assignment {
    /// Whether it is nobody's turn.
    pub(crate) fn is_nobody(&self) -> bool {
        self.people.is_empty() && self.roles.is_empty()
    }
}

/// Who has a role for the record's account.
#[derive(Debug, Clone, Default)]
pub(crate) struct RoleHolders(pub(crate) BTreeMap<String, Vec<PersonId>>);

/// The people of a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Directory {
    /// Who has which role for the account.
    pub(crate) holders: RoleHolders,
    /// Names, as far as they are known.
    pub(crate) names: HashMap<PersonId, String>,
}

impl Directory {
    /// The person with their name; without one where it is not known.
    pub(crate) fn person(&self, id: PersonId) -> PersonRef {
        PersonRef { id, name: self.names.get(&id).cloned().unwrap_or_default() }
    }
}

/// Everything a decision needs that is not in the run.
pub(crate) struct Context<'a> {
    pub(crate) definition: &'a Definition,
    pub(crate) workflow: &'a Workflow,
    pub(crate) now: DateTime<Utc>,
    /// Who acts; nobody for timers and for the system.
    pub(crate) by: Option<PersonRef>,
    pub(crate) days: &'a BusinessDays,
    pub(crate) zone: Tz,
    pub(crate) record: RecordView<'a>,
    pub(crate) directory: &'a Directory,
}

impl<'a> Context<'a> {
    /// The subject's kind, as it is declared.
    pub(crate) fn subject(&self) -> Option<&'a Record> {
        self.definition.spec.records.get(&self.workflow.subject)
    }

    /// A step as it is declared; nothing for a one-off task.
    pub(crate) fn declared(&self, key: Option<&str>) -> Option<&'a Step> {
        let key = key?;
        self.workflow.steps.iter().find(|step| step.id == key)
    }

    /// Whether a condition holds for the subject, with nobody asking.
    pub(crate) fn holds(&self, condition: &Expr) -> Truth {
        evaluate(condition, &self.record, &Actor::default())
    }

    /// The staff whom the subject names.
    pub(crate) fn team(&self) -> Vec<PersonId> {
        use portico_definition::FieldKind;
        let Some(subject) = self.subject() else { return Vec::new() };
        let staff = subject
            .fields
            .iter()
            .filter(|(_, field)| matches!(field.kind, FieldKind::People { side: Side::Internal, .. }));
        let mut team = Vec::new();
        for person in staff.flat_map(|(name, _)| self.people_of(name)) {
            if !team.contains(&person) {
                team.push(person);
            }
        }
        team
    }

    /// The people whom a field of the subject names.
    pub(crate) fn people_of(&self, field: &str) -> Vec<PersonId> {
        let listed = self.record.fields.get(field).and_then(serde_json::Value::as_array);
        listed.into_iter().flatten().filter_map(|id| id.as_str()?.parse().ok()).collect()
    }

    /// Who is meant by a party.
    pub(crate) fn party(&self, party: &Party) -> Assignment {
        match party {
            Party::Role(role) => self.role(role),
            Party::Field(field) => {
                let people: Vec<PersonRef> =
                    self.people_of(field).into_iter().map(|id| self.directory.person(id)).collect();
                let external =
                    self.subject().and_then(|subject| subject.fields.get(field)).is_some_and(|field| {
                        matches!(
                            field.kind,
                            portico_definition::FieldKind::People { side: Side::External, .. }
                        )
                    });
                Assignment { people, external, ..Assignment::default() }
            }
        }
    }

    /// Whose turn a step is: the party, or the role that acts while nobody is found.
    pub(crate) fn assignee(&self, assignee: &Assignee) -> Assignment {
        let first = self.party(&assignee.party);
        let Some(otherwise) = &assignee.otherwise else { return first };
        let found = match &assignee.party {
            Party::Role(role) => self.directory.holders.0.get(role).is_some_and(|people| !people.is_empty()),
            Party::Field(_) => !first.people.is_empty(),
        };
        if found {
            return first;
        }
        let mut second = self.role(otherwise);
        // Whoever gets the role later may act as well.
        second.roles.extend(first.roles);
        second
    }

    /// Those who have a role: by the role itself, or by name where the role reaches only the people whom the record names.
    pub(crate) fn role(&self, name: &str) -> Assignment {
        let Some(role) = self.definition.spec.roles.get(name) else { return Assignment::default() };
        let holders = self.directory.holders.0.get(name).map(Vec::as_slice).unwrap_or_default();
        let mut people: Vec<PersonId> = Vec::new();
        if role.side == Side::Internal && role.scope == Scope::Assigned {
            let team = self.team();
            people = team.iter().copied().filter(|person| holders.contains(person)).collect();
            if people.is_empty() {
                people = team;
            }
        }
        let roles = if people.is_empty() { vec![name.to_owned()] } else { Vec::new() };
        Assignment {
            people: people.into_iter().map(|id| self.directory.person(id)).collect(),
            role: Some(name.to_owned()),
            role_title: role.title.clone().unwrap_or_else(|| name.replace('_', " ")),
            roles,
            external: role.side == Side::External,
        }
    }

    /// Those of the firm whom a client's words reach: the people whom the record names, or else the first role of staff that
    /// has something to do in the workflow.
    pub(crate) fn contact(&self) -> Assignment {
        let team = self.team();
        if !team.is_empty() {
            let people = team.into_iter().map(|id| self.directory.person(id)).collect();
            return Assignment { people, ..Assignment::default() };
        }
        let internal = |role: &&String| {
            self.definition.spec.roles.get(*role).is_some_and(|role| role.side == Side::Internal)
        };
        let mentioned = mentioned_roles(self.workflow);
        mentioned.iter().find(internal).map(|role| self.role(role)).unwrap_or_default()
    }
}

/// Every role that a workflow mentions, in the order written, each once.
pub(crate) fn mentioned_roles(workflow: &Workflow) -> Vec<String> {
    use portico_definition::{StartAction, StepKind};
    let mut roles: Vec<String> = Vec::new();
    let mut add = |role: &String| {
        if !roles.contains(role) {
            roles.push(role.clone());
        }
    };
    let mut party = |party: &Party| {
        if let Party::Role(role) = party {
            add(role);
        }
    };
    let assignees = workflow
        .defaults
        .assignee
        .iter()
        .chain(workflow.steps.iter().filter_map(|step| step.assignee.as_ref()));
    for assignee in assignees {
        party(&assignee.party);
        if let Some(otherwise) = &assignee.otherwise {
            party(&Party::Role(otherwise.clone()));
        }
    }
    for step in &workflow.steps {
        if let Some(escalation) = &step.escalate {
            party(&escalation.to);
        }
        let role = match &step.kind {
            StepKind::DocumentRequest(request) => {
                request.review.as_ref().map(|review| vec![review.role.clone()])
            }
            StepKind::Approval(approval) => {
                let from = approval.of.as_ref().map(|of| &of.from.role);
                let asked = approval.approvers.iter().map(|approver| &approver.role);
                Some(from.into_iter().chain(asked).cloned().collect())
            }
            StepKind::Esign(esign) => Some(esign.order.clone()),
            StepKind::Meeting(meeting) => Some(vec![meeting.with.role.clone()]),
            StepKind::Form(_) | StepKind::Task(_) | StepKind::Wait(_) => None,
        };
        role.into_iter().flatten().for_each(|role| party(&Party::Role(role)));
    }
    for notification in &workflow.notify {
        party(&notification.to);
    }
    for StartAction::Invite { role, .. } in &workflow.start {
        party(&Party::Role(role.clone()));
    }
    roles
}
