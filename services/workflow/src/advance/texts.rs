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
        words::{Told, Words},
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
    told: Told,
    link: String,
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
        let draft = self.draft(tell, to.external, Words::English)?;
        let others = Words::OTHERS.into_iter().filter_map(|words| {
            let told = self.draft(tell, to.external, words)?.told;
            Some(told.translation(words))
        });
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
            subject: draft.told.subject,
            body: draft.told.body,
            link: draft.link,
            link_text: draft.told.link_text.to_owned(),
            by,
            kind: draft.kind.to_owned(),
            reply_to_person_id: reply_to.map(|id| id.to_string()).unwrap_or_default(),
            calendar: String::new(),
            translations: others.collect(),
        })
    }

    fn draft(&self, tell: &Tell, external: bool, words: Words) -> Option<Draft> {
        let (acting, watching) = (Reader::acting(external), Reader::watching(external));
        let due = |step: &StepRecord| self.due(step, words);
        match tell {
            Tell::Tasks { steps, mail } => self.tasks(steps, *mail, acting, words),
            Tell::OfferTimes { step, again } => {
                let step = self.run.state.step(*step)?;
                let round = if *again { format!(":{}", self.run.version) } else { String::new() };
                let key = format!("offer:{}:{}{round}", step.id, step.attempt);
                let told = words.offer_times(&step.title, &due(step), *again);
                Some(self.about_step(step, acting, key, told, "task"))
            }
            Tell::ChooseTime { step } => {
                let step = self.run.state.step(*step)?;
                let key = format!("choose:{}:{}:{}", step.id, step.attempt, self.run.version);
                let told = words.choose_time(&step.title, &due(step));
                Some(self.about_step(step, acting, key, told, "task"))
            }
            Tell::Missing { step, item, name, said } => {
                let step = self.run.state.step(*step)?;
                let key = format!("missing:{}:{item}", step.id);
                let told = words.missing(&self.record.account_name, name, &step.title, said);
                Some(self.about_step(step, watching, key, told, "task"))
            }
            Tell::Reminder { step, rule, count } => {
                let step = self.run.state.step(*step)?;
                let key = format!("remind:{}:{}:{rule}:{count}:{}", step.id, step.attempt, due_key(step));
                let told = words.reminder(&step.title, &due(step), &[]);
                Some(self.about_step(step, acting, key, told, "reminder"))
            }
            Tell::Nudge { step, wanted } => {
                let step = self.run.state.step(*step)?;
                let key = format!("nudge:{}:{}:{}", step.id, step.attempt, self.run.version);
                let told = words.reminder(&step.title, &due(step), wanted);
                Some(self.about_step(step, acting, key, told, "reminder"))
            }
            Tell::Escalation { step } => {
                let step = self.run.state.step(*step)?;
                let key = format!("escalate:{}:{}", step.id, due_key(step));
                let told = words.escalation(&step.title, &step.turn, &due(step));
                Some(self.about_step(step, watching, key, told, "escalation"))
            }
            Tell::Returned { step } => {
                let step = self.run.state.step(*step)?;
                let key = format!("returned:{}:{}", step.id, step.attempt);
                let told = words.returned(&step.title, &step.reason);
                Some(self.about_step(step, acting, key, told, "task"))
            }
            Tell::Deliverable { step } => {
                let step = self.run.state.step(*step)?;
                let file = step.deliverable.as_ref()?;
                let key = format!("deliverable:{}:{}", step.id, file.version);
                let told = words.deliverable(&step.title, &file.file_name, file.number, &due(step));
                Some(self.about_step(step, acting, key, told, "task"))
            }
            Tell::Declined { step } => {
                let step = self.run.state.step(*step)?;
                let said = step.declined.clone().unwrap_or_default();
                let key = format!("declined:{}:{}:{}", step.id, step.attempt, self.run.version);
                let told = words.declined(&self.record.account_name, &step.title, &said);
                Some(self.draft_of(step, watching, key, told, "task"))
            }
            Tell::Notification { place, entry } => self.notification(*place, *entry, watching, words),
            Tell::Changed { step, what } => {
                self.changed(step.and_then(|id| self.run.state.step(id)), *what, watching, words)
            }
        }
    }

    fn tasks(
        &self,
        steps: &[portico_core::StepId],
        mail: bool,
        reader: Reader,
        words: Words,
    ) -> Option<Draft> {
        let steps: Vec<&StepRecord> = steps.iter().filter_map(|id| self.run.state.step(*id)).collect();
        let first = steps.first()?;
        let key = format!("tasks:{}:{}:{}", first.id, first.attempt, self.run.version);
        if let [step] = steps.as_slice() {
            let told = words.task(&step.title, &self.due(step, words));
            let draft = self.about_step(step, reader, key, told, "task");
            return Some(Draft { mail, ..draft });
        }
        let lines: Vec<String> =
            steps.iter().map(|step| format!("- {}{}", step.title, self.due(step, words))).collect();
        let told = self.about(words.tasks(steps.len(), &lines.join("\n")));
        let link = places::tasks(reader, self.run.id);
        Some(Draft { key, told, link, kind: "task", mail, app: true })
    }

    /// A notice of the definition. Its text is in the one language that the portal was written in; what is put into it is written
    /// as its reader writes it.
    fn notification(&self, place: usize, entry: u32, reader: Reader, words: Words) -> Option<Draft> {
        let notification = self.workflow.notify.get(place)?;
        let notice = self.definition.spec.notices.get(&notification.notice)?;
        let wants_record = [&notice.subject, &notice.body].iter().any(|text| text.contains("record.link"));
        let link = if wants_record {
            places::record(reader, self.record.id)
        } else {
            places::run(reader, self.run.id, self.record.id)
        };
        let told = Told {
            subject: notices::render_line(&notice.subject, |name| self.value(name, words)),
            body: notices::render(&notice.body, |name| self.value(name, words)),
            link_text: words.open(),
        };
        Some(Draft {
            key: format!("notify:{place}:{entry}"),
            told,
            link,
            kind: "notice",
            mail: notification.by.contains(&Channel::Mail),
            app: notification.by.contains(&Channel::App),
        })
    }

    fn changed(
        &self,
        step: Option<&StepRecord>,
        what: Change,
        reader: Reader,
        words: Words,
    ) -> Option<Draft> {
        let title = step.map(|step| step.title.as_str()).unwrap_or_default();
        let reason = step.map_or(self.run.state.reason.as_str(), |step| step.reason.as_str());
        let due = step.map(|step| self.due(step, words)).unwrap_or_default();
        let mut told = words.changed(what, title, &self.record.title, &due);
        if !reason.is_empty() {
            told.body = format!("{}\n\n{reason}", told.body);
        }
        Some(Draft {
            key: format!("changed:{}:{}", step.map_or(self.run.id.0, |step| step.id.0), self.run.version),
            told,
            link: step.map_or_else(
                || places::run(reader, self.run.id, self.record.id),
                |step| places::step(reader, step),
            ),
            kind: "notice",
            mail: matches!(what, Change::Cancelled | Change::Paused | Change::Resumed),
            app: true,
        })
    }

    fn draft_of(
        &self,
        step: &StepRecord,
        reader: Reader,
        key: String,
        told: Told,
        kind: &'static str,
    ) -> Draft {
        Draft { key, told, link: places::step(reader, step), kind, mail: true, app: true }
    }

    fn about_step(
        &self,
        step: &StepRecord,
        reader: Reader,
        key: String,
        told: Told,
        kind: &'static str,
    ) -> Draft {
        self.draft_of(step, reader, key, self.about(told), kind)
    }

    /// With a last line that says what it is about.
    fn about(&self, told: Told) -> Told {
        let body = format!("{}\n\n{}: {}", told.body, self.record.account_name, self.record.title);
        Told { body, ..told }
    }

    fn due(&self, step: &StepRecord, words: Words) -> String {
        words.due(step.due, self.firm.zone)
    }

    /// What a placeholder stands for.
    fn value(&self, name: &str, words: Words) -> String {
        match name {
            "account.name" => self.record.account_name.clone(),
            "tenant.name" => self.firm.name.clone(),
            "portal.title" => self.definition.metadata.title.clone(),
            "run.title" => self.workflow.title.clone().unwrap_or_else(|| fields::words(&self.run.workflow)),
            _ => {
                name.strip_prefix("record.").map(|field| self.record_value(field, words)).unwrap_or_default()
            }
        }
    }

    fn record_value(&self, field: &str, words: Words) -> String {
        let record = self.record;
        let kind = fields::kind_of(self.definition, &record.kind);
        match field {
            "label" => record.title.clone(),
            "state" => fields::words(record.state.as_deref().unwrap_or_default()),
            "number" => record.number.clone().unwrap_or_default(),
            "created" => words.day(record.created_at, self.firm.zone),
            _ => match field.split_once('.') {
                None => {
                    let declared = kind.and_then(|kind| kind.fields.get(field)).map(|field| &field.kind);
                    record
                        .fields
                        .get(field)
                        .map(|value| fields::spoken(words, declared, value, &record.labels))
                        .unwrap_or_default()
                }
                Some((reference, other)) => self.related_value(reference, other, words),
            },
        }
    }

    fn related_value(&self, reference: &str, field: &str, words: Words) -> String {
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
            _ => fields::spoken(words, declared, value, &self.record.labels),
        }
    }
}

fn due_key(step: &StepRecord) -> i64 {
    step.due.map(|due| due.timestamp()).unwrap_or_default()
}
