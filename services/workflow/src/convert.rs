//! Between the domain and the protos; nowhere else.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use chrono::{DateTime, Utc};
use portico_definition::{Action, Definition, StepKind};
use portico_proto::{
    json::to_struct,
    time::{moment, timestamp},
    workflow::v1 as proto,
};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::{
    domain::{
        engine::{
            Approval, Assignment, LastReminder, MilestoneRecord, Pin, RunStatus, StepRecord, StepStatus,
        },
        fields::is_plain,
        permissions::Viewer,
        places::{self, Reader},
    },
    error::WorkflowError,
    events::publish::declaration,
    reach::RunInReach,
    store::{attention::Item, meetings::Slot, outstanding::Place, records::Record, runs::Run},
};

/// A record, trimmed to what the viewer may see.
pub(crate) fn record(viewer: &Viewer, definition: &Definition, record: &Record) -> proto::Record {
    let viewer = &viewer.at(record.account);
    let visible = viewer.fields(definition, &record.kind);
    let fields: Map<String, Value> = visible
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), record.fields.get(*name)?.clone())))
        .collect();
    let shown = Value::Object(fields);
    let named = shown.to_string();
    let labels = record.labels.iter().filter(|(id, _)| named.contains(id.as_str()));
    proto::Record {
        id: record.id.to_string(),
        portal_id: record.portal.to_string(),
        kind: record.kind.clone(),
        account_id: record.account.to_string(),
        account_name: record.account_name.clone(),
        number: record.number.clone().unwrap_or_default(),
        title: record.title.clone(),
        state: record.state.clone().unwrap_or_default(),
        fields: Some(to_struct(&shown)),
        etag: record.version.to_string(),
        created_at: Some(timestamp(record.created_at)),
        updated_at: Some(timestamp(record.updated_at)),
        allowed: allowed(viewer, definition, record),
        labels: labels.map(|(id, name)| (id.clone(), name.clone())).collect(),
    }
}

fn allowed(viewer: &Viewer, definition: &Definition, record: &Record) -> Vec<String> {
    if !viewer.can(definition, &record.kind, Action::Update, &record.view()) {
        return Vec::new();
    }
    let states = definition.spec.records.get(&record.kind).and_then(|kind| kind.states.as_ref());
    let next = states.zip(record.state.as_ref()).and_then(|(states, now)| states.next.get(now));
    // Clients change fields; states are moved by staff and by runs.
    let next = next.filter(|_| !viewer.is_client()).into_iter().flatten();
    std::iter::once("update".to_owned()).chain(next.map(|state| format!("to:{state}"))).collect()
}

pub(crate) fn assignee(assignment: &Assignment) -> proto::Assignee {
    proto::Assignee {
        person_ids: assignment.people.iter().map(|person| person.id.to_string()).collect(),
        names: assignment.people.iter().map(|person| person.name.clone()).collect(),
        role: assignment.role.clone().unwrap_or_default(),
        role_title: assignment.role_title.clone(),
        side: if assignment.external { "external" } else { "internal" }.to_owned(),
    }
}

/// A step as lists show it.
pub(crate) fn step(
    viewer: &Viewer,
    run_id: String,
    etag: i32,
    running: bool,
    reads_record: bool,
    step: &StepRecord,
) -> proto::Step {
    proto::Step {
        id: step.id.to_string(),
        run_id,
        key: step.key.clone().unwrap_or_default(),
        r#type: step.kind.clone(),
        title: step.title.clone(),
        state: step_state(step.status).into(),
        assignee: Some(assignee(&step.turn)),
        due: step.due.map(timestamp),
        ended_at: step.ended_at.map(timestamp),
        ended_by: step.ended_by.as_ref().map(|person| person.name.clone()).unwrap_or_default(),
        reason: step.reason.clone(),
        progress: if step.is_open() { step.progress.clone() } else { String::new() },
        // Which steps there are is the firm's business; clients hear of those that they see.
        needs: if viewer.is_client() { Vec::new() } else { step.needs.clone() },
        client_visible: step.client_visible,
        can_act: running && viewer.can_act_now(step, reads_record),
        attempt: i32::try_from(step.attempt).unwrap_or(i32::MAX),
        etag: etag.to_string(),
        activated_at: step.activated_at.map(timestamp),
        declaration: None,
        deliverable: step.deliverable.as_ref().map(|deliverable| proto::Deliverable {
            document_id: deliverable.document.clone(),
            version_id: deliverable.version.clone(),
            number: deliverable.number,
            sha256: deliverable.sha256.clone(),
            file_name: deliverable.file_name.clone(),
        }),
        approvals: step.approvals.iter().map(|one| approval(step, one)).collect(),
        approvals_needed: i32::try_from(step.seats.iter().map(|seat| seat.needed).sum::<u32>())
            .unwrap_or(i32::MAX),
        pins: step.pins.iter().map(pin).collect(),
        barred_by: String::new(),
        on_behalf_of: viewer.approves_for(step).map(|delegator| delegator.name.clone()).unwrap_or_default(),
        // How often the firm had to ask is its own business.
        last_reminder: step.last_reminder.as_deref().filter(|_| !viewer.is_client()).map(reminder),
    }
}

fn approval(step: &StepRecord, one: &Approval) -> proto::Approval {
    proto::Approval {
        name: one.by.name.clone(),
        on_behalf_of: one.on_behalf.as_ref().map(|person| person.name.clone()).unwrap_or_default(),
        at: Some(timestamp(one.at)),
        role_title: step.seats.get(one.seat).map(|seat| seat.role.clone()).unwrap_or_default(),
    }
}

fn pin(pin: &Pin) -> proto::Pin {
    let [left, top, width, height] = pin.area;
    let page = i32::try_from(pin.page).unwrap_or(i32::MAX);
    proto::Pin { page, left, top, width, height, text: pin.text.clone() }
}

/// Comments at places, as they arrive.
///
/// # Errors
/// INVALID_ARGUMENT for a place that is on no page, or a comment that is none.
pub(crate) fn pins(given: &[proto::Pin]) -> Result<Vec<Pin>, WorkflowError> {
    if given.len() > MOST_PINS {
        return Err(WorkflowError::invalid("pins", format!("Pin at most {MOST_PINS} comments.")));
    }
    let one = |(place, pin): (usize, &proto::Pin)| {
        let field = format!("pins[{place}]");
        let area = [pin.left, pin.top, pin.width, pin.height];
        let inside = area.iter().all(|part| (0.0..=1.0).contains(part))
            && pin.left + pin.width <= 1.0 + 1e-6
            && pin.top + pin.height <= 1.0 + 1e-6;
        let page = u32::try_from(pin.page).ok().filter(|page| (1..=100_000).contains(page) && inside);
        let page = page.ok_or_else(|| WorkflowError::invalid(&field, "This place is on no page."))?;
        Ok(Pin { page, area, text: text(&field, &pin.text, 1, 2000)? })
    };
    given.iter().enumerate().map(one).collect()
}

/// The most comments with one return.
const MOST_PINS: usize = 50;

/// A step of a run, with its declaration for the firm's side.
pub(crate) fn step_of(viewer: &Viewer, found: &RunInReach, one: &StepRecord) -> proto::Step {
    let viewer = &viewer.at(found.run.account);
    let running = found.run.state.status == RunStatus::Active;
    let mut message =
        step(viewer, found.run.id.to_string(), found.run.version, running, found.reads_record, one);
    let titled = |seat: &str| {
        let role = found.definition.spec.roles.get(seat);
        role.and_then(|role| role.title.clone()).unwrap_or_else(|| seat.replace('_', " "))
    };
    for approval in &mut message.approvals {
        if !approval.role_title.is_empty() {
            approval.role_title = titled(&approval.role_title);
        }
    }
    let enough = found.declared(one).and_then(|declared| match &declared.kind {
        StepKind::Approval(approval) => approval.at_least,
        _ => None,
    });
    if let Some(enough) = enough.and_then(|enough| i32::try_from(enough).ok()) {
        message.approvals_needed = message.approvals_needed.min(enough);
    }
    if let Some(delegator) = found.on_behalf_of(viewer, one) {
        message.on_behalf_of = delegator.name;
    }
    if message.can_act
        && let Some(other) = found.bars(viewer, one)
    {
        message.can_act = false;
        message.barred_by = other.title.clone();
    }
    if viewer.is_client() {
        let seen = |need: &&String| {
            found.run.state.named(need).is_some_and(|other| viewer.sees(other, found.reads_record))
        };
        message.needs = one.needs.iter().filter(seen).cloned().collect();
    } else {
        let workflow = found.definition.spec.workflows.get(&found.run.workflow);
        message.declaration = workflow.and_then(|workflow| declaration(workflow, one));
    }
    message
}

/// A run with the steps that the viewer sees.
pub(crate) fn run(viewer: &Viewer, found: &RunInReach) -> proto::Run {
    let viewer = &viewer.at(found.run.account);
    let steps = found.run.state.steps.iter().filter(|step| viewer.sees(step, found.reads_record));
    proto::Run {
        steps: steps.map(|step| step_of(viewer, found, step)).collect(),
        ..run_without_steps(&found.run, &found.record)
    }
}

/// A run alone.
pub(crate) fn run_without_steps(run: &Run, record: &Record) -> proto::Run {
    proto::Run {
        id: run.id.to_string(),
        portal_id: run.portal.to_string(),
        portal_version: run.portal_version,
        workflow: run.workflow.clone(),
        record_id: run.record.to_string(),
        record_title: record.title.clone(),
        account_id: run.account.to_string(),
        account_name: record.account_name.clone(),
        state: run_state(run.state.status).into(),
        reason: run.state.reason.clone(),
        started_at: run.state.started_at.map(timestamp),
        ended_at: run.state.ended_at.map(timestamp),
        steps: Vec::new(),
        milestones: run.state.milestones.iter().map(milestone).collect(),
        etag: run.version.to_string(),
    }
}

fn milestone(one: &MilestoneRecord) -> proto::Milestone {
    proto::Milestone {
        key: one.key.clone(),
        title: one.title.clone(),
        reached_at: one.reached_at.map(timestamp),
        estimate: one.estimate.map(timestamp),
        first_estimate: one.first_estimate.map(timestamp),
    }
}

/// A step in a list, with its record.
pub(crate) fn item(
    viewer: &Viewer,
    item: &Item,
    reads_record: bool,
    now: DateTime<Utc>,
) -> proto::AttentionItem {
    let viewer = &viewer.at(item.record.account);
    let since = item.step.turn_since.unwrap_or(now);
    let reader = if viewer.is_client() {
        Reader::Client
    } else if viewer.can_act_now(&item.step, reads_record) {
        Reader::Acting
    } else {
        Reader::Watching
    };
    proto::AttentionItem {
        step: Some(step(viewer, item.run.to_string(), item.record.version, true, reads_record, &item.step)),
        account_name: item.record.account_name.clone(),
        record_title: item.record.title.clone(),
        link: places::step(reader, &item.step),
        account_id: item.record.account.to_string(),
        record_id: item.record.id.to_string(),
        age_days: i32::try_from(now.signed_duration_since(since).num_days()).unwrap_or(i32::MAX),
    }
}

pub(crate) fn slot(slot: &Slot) -> proto::Slot {
    proto::Slot {
        id: slot.id.to_string(),
        starts_at: Some(timestamp(slot.starts_at)),
        ends_at: Some(timestamp(slot.ends_at)),
        free: slot.free,
    }
}

fn step_state(status: StepStatus) -> proto::StepState {
    match status {
        StepStatus::Blocked => proto::StepState::Blocked,
        StepStatus::Ready => proto::StepState::Ready,
        StepStatus::Active => proto::StepState::Active,
        StepStatus::Done => proto::StepState::Done,
        StepStatus::Skipped => proto::StepState::Skipped,
        StepStatus::Waived => proto::StepState::Waived,
        StepStatus::Expired => proto::StepState::Expired,
        StepStatus::Returned => proto::StepState::Returned,
        StepStatus::Cancelled => proto::StepState::Cancelled,
    }
}

fn run_state(status: RunStatus) -> proto::RunState {
    match status {
        RunStatus::New | RunStatus::Active => proto::RunState::Active,
        RunStatus::Paused => proto::RunState::Paused,
        RunStatus::Done => proto::RunState::Done,
        RunStatus::Cancelled => proto::RunState::Cancelled,
    }
}

/// The words of run states in the database; those that are none are left out.
pub(crate) fn run_states(states: &[i32]) -> Vec<String> {
    let word = |state: &i32| match proto::RunState::try_from(*state).ok()? {
        proto::RunState::Unspecified => None,
        proto::RunState::Active => Some("active"),
        proto::RunState::Paused => Some("paused"),
        proto::RunState::Done => Some("done"),
        proto::RunState::Cancelled => Some("cancelled"),
    };
    states.iter().filter_map(word).map(str::to_owned).collect()
}

/// A moment that a person has chosen.
pub(crate) fn chosen(
    field: &str,
    at: Option<&prost_types::Timestamp>,
) -> Result<DateTime<Utc>, WorkflowError> {
    at.and_then(moment).ok_or_else(|| WorkflowError::invalid(field, "Choose a day and a time."))
}

/// How many rows a page has.
pub(crate) fn page_size(asked: i32, default: i64) -> i64 {
    if asked <= 0 { default } else { i64::from(asked.min(200)) }
}

/// The last row of the page before.
pub(crate) fn page_token(text: &str) -> Result<Option<Uuid>, WorkflowError> {
    if text.is_empty() {
        return Ok(None);
    }
    let bytes = BASE64.decode(text).ok().and_then(|bytes| Uuid::from_slice(&bytes).ok());
    bytes.map(Some).ok_or_else(|| WorkflowError::invalid("page_token", "This page token is not one of ours."))
}

/// The token for the page after this row.
pub(crate) fn next_page(last: Option<Uuid>) -> String {
    last.map(|id| BASE64.encode(id.as_bytes())).unwrap_or_default()
}

/// The row of what is outstanding after which the page begins.
pub(crate) fn place(text: &str) -> Result<Place, WorkflowError> {
    if text.is_empty() {
        return Ok(Place::FIRST);
    }
    let read = || {
        let bytes = BASE64.decode(text).ok()?;
        let (due, rest) = bytes.split_first_chunk::<8>()?;
        let (step, position) = rest.split_first_chunk::<16>()?;
        let due = match i64::from_be_bytes(*due) {
            i64::MAX => None,
            micros if micros >= 0 => Some(DateTime::from_timestamp_micros(micros)?),
            // Before 1970 nothing was due, and the database knows no such moments as the smallest of these.
            _ => return None,
        };
        let position = i32::from_be_bytes(position.try_into().ok()?);
        Some(Place { due, step: Uuid::from_bytes(*step).into(), position })
    };
    read().ok_or_else(|| WorkflowError::invalid("page_token", "This page token is not one of ours."))
}

/// The token for the page after this row of what is outstanding.
pub(crate) fn after_place(place: &Place) -> String {
    let due = place.due.map_or(i64::MAX, |due| due.timestamp_micros());
    let parts = [&due.to_be_bytes()[..], place.step.0.as_bytes(), &place.position.to_be_bytes()];
    BASE64.encode(parts.concat())
}

/// SHA-256 of what a command was sent with.
pub(crate) fn body_hash(request: &impl prost::Message) -> [u8; 32] {
    Sha256::digest(request.encode_to_vec()).into()
}

/// The last reminder of a step.
pub(crate) fn reminder(last: &LastReminder) -> proto::Reminder {
    proto::Reminder {
        at: Some(timestamp(last.at)),
        to: Some(assignee(&last.to)),
        by: last.by.as_ref().map(|by| by.name.clone()).unwrap_or_default(),
    }
}

/// A text that people have written: trimmed, and not longer than can be kept.
pub(crate) fn text(field: &str, given: &str, least: usize, most: usize) -> Result<String, WorkflowError> {
    let text = given.trim();
    let length = text.chars().count();
    if length < least {
        return Err(WorkflowError::invalid(field, "Please write something here."));
    }
    if length > most {
        return Err(WorkflowError::invalid(field, format!("Write at most {most} characters.")));
    }
    if !is_plain(text) {
        return Err(WorkflowError::invalid(field, "Use plain text."));
    }
    Ok(text.to_owned())
}

/// A key under which a command may be repeated; empty for none.
pub(crate) fn idempotency_key(given: &str) -> Result<&str, WorkflowError> {
    if given.len() <= 200 && is_plain(given) {
        Ok(given)
    } else {
        Err(WorkflowError::invalid("idempotency_key", "A key has at most 200 plain characters."))
    }
}

/// The version that an etag names.
pub(crate) fn etag(text: &str) -> Result<i32, WorkflowError> {
    text.parse().map_err(|_| WorkflowError::Stale)
}
