//! What people are told, in finished sentences.

use portico_core::PersonId;
use portico_definition::{Channel, Definition, Workflow};
use portico_proto::events::v1::NoticeRequested;
use serde_json::Value;

use crate::{
    domain::{
        engine::{Assignment, Change, StepRecord, Tell},
        fields, notices,
        places::{self, Reader},
        sentences::{day, who},
    },
    service::Firm,
    store::{records::Record, runs::Run},
};

/// What a text about a run may speak of.
pub(super) struct Telling<'a> {
    pub(super) definition: &'a Definition,
    pub(super) workflow: &'a Workflow,
    pub(super) run: &'a Run,
    pub(super) record: &'a Record,
    pub(super) firm: &'a Firm,
}

struct Draft {
    key: String,
    subject: String,
    body: String,
    link: String,
    link_text: &'static str,
    kind: &'static str,
    mail: bool,
    app: bool,
}

impl Telling<'_> {
    /// The notice, or nothing where there is nothing to say any more.
    pub(super) fn notice(
        &self,
        tell: &Tell,
        to: &Assignment,
        reply_to: Option<PersonId>,
    ) -> Option<NoticeRequested> {
        let draft = self.draft(tell, to.external)?;
        let mut by = Vec::new();
        by.extend(draft.mail.then(|| "mail".to_owned()));
        by.extend(draft.app.then(|| "app".to_owned()));
        // A role is told by its name; people by theirs. Where several roles may act, the one that is shown is told.
        let role =
            if to.people.is_empty() { to.role.clone().or_else(|| to.roles.first().cloned()) } else { None };
        Some(NoticeRequested {
            dedupe_key: format!("run:{}:{}", self.run.id, draft.key),
            person_ids: to.people.iter().map(|person| person.id.to_string()).collect(),
            role: role.unwrap_or_default(),
            account_id: self.run.account.to_string(),
            subject: draft.subject,
            body: draft.body,
            link: draft.link,
            link_text: draft.link_text.to_owned(),
            by,
            kind: draft.kind.to_owned(),
            reply_to_person_id: reply_to.map(|id| id.to_string()).unwrap_or_default(),
            calendar: String::new(),
            translations: Vec::new(),
        })
    }

    fn draft(&self, tell: &Tell, external: bool) -> Option<Draft> {
        let (acting, watching) = (Reader::acting(external), Reader::watching(external));
        match tell {
            Tell::Tasks { steps, mail } => self.tasks(steps, *mail, acting),
            Tell::OfferTimes { step, again } => {
                let step = self.run.state.step(*step)?;
                let (round, ask) = if *again {
                    let ask = "The times offered for it have passed or were taken. Please offer others for";
                    (format!(":{}", self.run.version), ask)
                } else {
                    (String::new(), "Please offer times for")
                };
                let key = format!("offer:{}:{}{round}", step.id, step.attempt);
                let body = format!("{ask} “{}”.{}\n\n{}", step.title, self.due(step), self.about());
                Some(self.about_step(step, acting, key, format!("Offer times: {}", step.title), body, "task"))
            }
            Tell::ChooseTime { step } => {
                let step = self.run.state.step(*step)?;
                let key = format!("choose:{}:{}:{}", step.id, step.attempt, self.run.version);
                let body = format!(
                    "Times are offered for “{}”. Please choose one.{}\n\n{}",
                    step.title,
                    self.due(step),
                    self.about()
                );
                let subject = format!("Choose a time: {}", step.title);
                Some(self.about_step(step, acting, key, subject, body, "task"))
            }
            Tell::Missing { step, item, name, said } => {
                let step = self.run.state.step(*step)?;
                let key = format!("missing:{}:{item}", step.id);
                let said = if said.is_empty() { String::new() } else { format!("\n\n{said}") };
                let body = format!(
                    "{} does not have “{name}”, which “{}” asks for.{said}\n\n{}",
                    self.record.account_name,
                    step.title,
                    self.about()
                );
                let subject = format!("Not available: {name}");
                let draft = self.about_step(step, watching, key, subject, body, "task");
                Some(Draft { link_text: "Open the step", ..draft })
            }
            Tell::Reminder { step, rule, count } => {
                let step = self.run.state.step(*step)?;
                let key = format!("remind:{}:{}:{rule}:{count}:{}", step.id, step.attempt, due_key(step));
                let body = format!("“{}” is still open.{}\n\n{}", step.title, self.due(step), self.about());
                Some(self.about_step(
                    step,
                    acting,
                    key,
                    format!("Reminder: {}", step.title),
                    body,
                    "reminder",
                ))
            }
            Tell::Nudge { step, wanted } => {
                let step = self.run.state.step(*step)?;
                let key = format!("nudge:{}:{}:{}", step.id, step.attempt, self.run.version);
                let lines: String = wanted.iter().map(|name| format!("\n- {name}")).collect();
                let wanted =
                    if lines.is_empty() { lines } else { format!("\n\nWhat is still needed:{lines}") };
                let body =
                    format!("“{}” is still open.{}{wanted}\n\n{}", step.title, self.due(step), self.about());
                let subject = format!("Reminder: {}", step.title);
                Some(self.about_step(step, acting, key, subject, body, "reminder"))
            }
            Tell::Escalation { step } => {
                let step = self.run.state.step(*step)?;
                let key = format!("escalate:{}:{}", step.id, due_key(step));
                let body = format!(
                    "“{}” is still open. It is the turn of {}.{}\n\n{}",
                    step.title,
                    who(&step.turn),
                    self.due(step),
                    self.about()
                );
                Some(self.about_step(
                    step,
                    watching,
                    key,
                    format!("Late: {}", step.title),
                    body,
                    "escalation",
                ))
            }
            Tell::Returned { step } => {
                let step = self.run.state.step(*step)?;
                let key = format!("returned:{}:{}", step.id, step.attempt);
                let body = format!(
                    "“{}” came back and needs you again.\n\n{}\n\n{}",
                    step.title,
                    step.reason,
                    self.about()
                );
                Some(self.about_step(
                    step,
                    acting,
                    key,
                    format!("Please look again: {}", step.title),
                    body,
                    "task",
                ))
            }
            Tell::Deliverable { step } => {
                let step = self.run.state.step(*step)?;
                let deliverable = step.deliverable.as_ref()?;
                let key = format!("deliverable:{}:{}", step.id, deliverable.version);
                let body = format!(
                    "{} (version {}) is there for you to read.{}\n\n{}",
                    deliverable.file_name,
                    deliverable.number,
                    self.due(step),
                    self.about()
                );
                Some(self.about_step(step, acting, key, step.title.clone(), body, "task"))
            }
            Tell::Declined { step } => {
                let step = self.run.state.step(*step)?;
                let said = step.declined.clone().unwrap_or_default();
                let key = format!("declined:{}:{}:{}", step.id, step.attempt, self.run.version);
                let body = format!(
                    "Somebody at {} says that they are not the right person for “{}”.\n\n{said}\n\nPlease give it to somebody else.",
                    self.record.account_name, step.title
                );
                Some(self.about_step(
                    step,
                    watching,
                    key,
                    format!("Not the right person: {}", step.title),
                    body,
                    "task",
                ))
            }
            Tell::Notification { place, entry } => self.notification(*place, *entry, watching),
            Tell::Changed { step, what } => {
                self.changed(step.and_then(|id| self.run.state.step(id)), *what, watching)
            }
        }
    }

    fn tasks(&self, steps: &[portico_core::StepId], mail: bool, reader: Reader) -> Option<Draft> {
        let steps: Vec<&StepRecord> = steps.iter().filter_map(|id| self.run.state.step(*id)).collect();
        let first = steps.first()?;
        let key = format!("tasks:{}:{}:{}", first.id, first.attempt, self.run.version);
        if let [step] = steps.as_slice() {
            let body = format!("This is for you: “{}”.{}\n\n{}", step.title, self.due(step), self.about());
            let draft = self.about_step(step, reader, key, step.title.clone(), body, "task");
            return Some(Draft { mail, ..draft });
        }
        let lines: Vec<String> =
            steps.iter().map(|step| format!("- {}{}", step.title, self.due(step))).collect();
        Some(Draft {
            key,
            subject: format!("{} things need you", steps.len()),
            body: format!("{}\n\n{}", lines.join("\n"), self.about()),
            link: places::tasks(reader, self.run.id),
            link_text: "See what needs you",
            kind: "task",
            mail,
            app: true,
        })
    }

    fn notification(&self, place: usize, entry: u32, reader: Reader) -> Option<Draft> {
        let notification = self.workflow.notify.get(place)?;
        let notice = self.definition.spec.notices.get(&notification.notice)?;
        let wants_record = [&notice.subject, &notice.body].iter().any(|text| text.contains("record.link"));
        let link = if wants_record {
            places::record(reader, self.record.id)
        } else {
            places::run(reader, self.run.id, self.record.id)
        };
        Some(Draft {
            key: format!("notify:{place}:{entry}"),
            subject: notices::render_line(&notice.subject, |name| self.value(name)),
            body: notices::render(&notice.body, |name| self.value(name)),
            link,
            link_text: "Open",
            kind: "notice",
            mail: notification.by.contains(&Channel::Mail),
            app: notification.by.contains(&Channel::App),
        })
    }

    fn changed(&self, step: Option<&StepRecord>, what: Change, reader: Reader) -> Option<Draft> {
        let title = step.map(|step| step.title.as_str()).unwrap_or_default();
        let reason = step.map_or(self.run.state.reason.as_str(), |step| step.reason.as_str());
        let (subject, body) = match what {
            Change::Waived => {
                (format!("No longer needed: {title}"), format!("You need not do “{title}” any more."))
            }
            Change::DueMoved => (
                format!("New date: {title}"),
                format!("“{title}” has a new date.{}", step.map(|step| self.due(step)).unwrap_or_default()),
            ),
            Change::Paused => (
                format!("On hold: {}", self.record.title),
                "This is on hold for now. You need not do anything.".to_owned(),
            ),
            Change::Resumed => (
                format!("It goes on: {}", self.record.title),
                "This goes on. All dates have moved by the length of the pause.".to_owned(),
            ),
            Change::Cancelled => (
                format!("Cancelled: {}", self.record.title),
                "This was cancelled. You need not do anything more.".to_owned(),
            ),
        };
        Some(Draft {
            key: format!("changed:{}:{}", step.map_or(self.run.id.0, |step| step.id.0), self.run.version),
            subject,
            body: if reason.is_empty() { body } else { format!("{body}\n\n{reason}") },
            link: step.map_or_else(
                || places::run(reader, self.run.id, self.record.id),
                |step| places::step(reader, step),
            ),
            link_text: "Open",
            kind: "notice",
            mail: matches!(what, Change::Cancelled | Change::Paused | Change::Resumed),
            app: true,
        })
    }

    fn about_step(
        &self,
        step: &StepRecord,
        reader: Reader,
        key: String,
        subject: String,
        body: String,
        kind: &'static str,
    ) -> Draft {
        let link = places::step(reader, step);
        Draft { key, subject, body, link, link_text: "Open the task", kind, mail: true, app: true }
    }

    fn about(&self) -> String {
        format!("{}: {}", self.record.account_name, self.record.title)
    }

    fn due(&self, step: &StepRecord) -> String {
        step.due.map(|due| format!(" It is due on {}.", day(due, self.firm.zone))).unwrap_or_default()
    }

    /// What a placeholder stands for.
    fn value(&self, name: &str) -> String {
        match name {
            "account.name" => self.record.account_name.clone(),
            "tenant.name" => self.firm.name.clone(),
            "portal.title" => self.definition.metadata.title.clone(),
            "run.title" => self.workflow.title.clone().unwrap_or_else(|| fields::words(&self.run.workflow)),
            _ => name.strip_prefix("record.").map(|field| self.record_value(field)).unwrap_or_default(),
        }
    }

    fn record_value(&self, field: &str) -> String {
        let record = self.record;
        let kind = fields::kind_of(self.definition, &record.kind);
        match field {
            "label" => record.title.clone(),
            "state" => fields::words(record.state.as_deref().unwrap_or_default()),
            "number" => record.number.clone().unwrap_or_default(),
            "created" => day(record.created_at, self.firm.zone),
            _ => match field.split_once('.') {
                None => {
                    let declared = kind.and_then(|kind| kind.fields.get(field)).map(|field| &field.kind);
                    record
                        .fields
                        .get(field)
                        .map(|value| fields::spoken(declared, value, &record.labels))
                        .unwrap_or_default()
                }
                Some((reference, other)) => self.related_value(reference, other),
            },
        }
    }

    fn related_value(&self, reference: &str, field: &str) -> String {
        use portico_definition::FieldKind;
        let kind =
            fields::kind_of(self.definition, &self.record.kind).and_then(|kind| kind.fields.get(reference));
        let Some(FieldKind::Ref { to }) = kind.map(|field| &field.kind) else { return String::new() };
        let Some(value) = self.record.related.get(reference).and_then(|related| related.get(field)) else {
            return String::new();
        };
        let declared = fields::kind_of(self.definition, to)
            .and_then(|kind| kind.fields.get(field))
            .map(|field| &field.kind);
        match (field, value) {
            ("state", Value::String(state)) => fields::words(state),
            _ => fields::spoken(declared, value, &self.record.labels),
        }
    }
}

fn due_key(step: &StepRecord) -> i64 {
    step.due.map(|due| due.timestamp()).unwrap_or_default()
}
