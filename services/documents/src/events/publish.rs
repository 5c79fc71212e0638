//! What the service says, each with its entry in the audit.

use portico_core::{AccountId, PersonId};
use portico_db::{StoreError, Tx};
use portico_events::{AuditDraft, Outgoing, audit, publish};
use portico_proto::{
    documents::v1::{EnvelopeChanged, FileAdded, ItemChanged, RequestRow, RequestRowsChanged},
    events::v1::{DeliverableVersionAdded, NoticeRequested, StepFulfilled, StepProgressed, StepReturned},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    content::{ScanState, active_words},
    domain::{
        document::{Document, Template, Version},
        request::{Item, Request},
        sighting::{ONE_LOOK, Way},
        signature::Envelope,
    },
    error::DocumentsError,
    events::library::{told_account, touched},
    service::Service,
    store::{self, deliverables::Deliverable},
};

/// `<type>;<id>`: what a command answers, so that the next reader can wait for it.
pub(crate) type EventTag = String;

pub(super) async fn say<M: prost::Message + prost::Name>(
    service: &Service,
    tx: &mut Tx,
    aggregate: &'static str,
    key: Uuid,
    account: Option<AccountId>,
    body: &M,
) -> Result<EventTag, StoreError> {
    let outgoing = Outgoing { aggregate, key, account, body };
    let id = publish(tx, &*service.clock, &*service.entropy, outgoing).await?;
    Ok(format!("{};{id}", M::full_name()))
}

pub(super) async fn log(service: &Service, tx: &mut Tx, draft: AuditDraft<'_>) -> Result<(), StoreError> {
    audit(tx, &*service.clock, &*service.entropy, draft).await?;
    Ok(())
}

/// Something was done with a version of a document: uploaded, bound, removed, expired.
pub(crate) async fn version_audited(
    service: &Service,
    tx: &mut Tx,
    action: &'static str,
    document: &Document,
    version: &Version,
    mut details: Value,
) -> Result<(), StoreError> {
    // What is in a folder is not everybody's of the account. By this word the audit shows people of accounts their own acts only.
    if let Some(folder) = document.shelf.folder {
        details["folder"] = json!(folder);
    }
    let draft = AuditDraft {
        action,
        object_kind: "document",
        object_id: document.id.0,
        object_label: &version.file.name,
        version: &version.number.to_string(),
        account: Some(document.account_id),
        details,
        internal: document.internal,
    };
    log(service, tx, draft).await
}

/// The context's person looks at a version. The first look stands in the audit, and whatever follows within
/// [`ONE_LOOK`] is part of it. Answers whether it was written.
pub(crate) async fn version_seen(
    service: &Service,
    tx: &mut Tx,
    way: Way,
    document: &Document,
    version: &Version,
    mut details: Value,
) -> Result<bool, DocumentsError> {
    let now = service.clock.now();
    let first = store::sightings::note(tx, document.account_id, version.id, way, now, now - ONE_LOOK).await?;
    if first {
        // Nobody but the policy has let it through.
        if version.scan != ScanState::Clean {
            details["unscanned"] = json!("allowed by policy");
        }
        if !version.file.active.is_empty() {
            details["active"] = json!(active_words(&version.file.active));
        }
        version_audited(service, tx, way.action(), document, version, details).await?;
        store::readings::note(tx, document, version, way, now).await?;
    }
    Ok(first)
}

/// A file arrived.
pub(crate) async fn file_added(
    service: &Service,
    tx: &mut Tx,
    document: &Document,
    version: &Version,
) -> Result<EventTag, StoreError> {
    let account = told_account(document.internal, document.account_id);
    let event = FileAdded {
        document_id: document.id.to_string(),
        version_id: version.id.to_string(),
        account_id: account.map(|id| id.to_string()).unwrap_or_default(),
        step_id: document.step_id.map(|id| id.to_string()).unwrap_or_default(),
    };
    let mut details = json!({ "size": version.file.size, "sha256": version.file.sha256_text(), "kind": document.kind.word() });
    if !version.file.active.is_empty() {
        details["active"] = json!(active_words(&version.file.active));
    }
    version_audited(service, tx, "document.uploaded", document, version, details).await?;
    say(service, tx, "document", document.id.0, account, &event).await
}

/// A document was given to its owner.
pub(crate) async fn document_bound(
    service: &Service,
    tx: &mut Tx,
    document: &Document,
    version: &Version,
) -> Result<(), StoreError> {
    let details = json!({ "kind": document.kind.word(), "record": document.record_id });
    version_audited(service, tx, "document.bound", document, version, details).await
}

/// The scanner has judged a version, or given up on it for now. `signature` names what it found, for the firm's people alone.
pub(crate) async fn version_scanned(
    service: &Service,
    tx: &mut Tx,
    document: &Document,
    version: &Version,
    signature: Option<&str>,
) -> Result<(), StoreError> {
    let (scan, note) = version.scan.words();
    let action = match version.scan {
        ScanState::Infected => "document.quarantined",
        ScanState::Clean => "document.scanned",
        ScanState::Pending | ScanState::NotScanned(_) | ScanState::Failed => "document.not_scanned",
    };
    let mut details = json!({ "scan": scan, "note": note, "sha256": version.file.sha256_text() });
    if let Some(signature) = signature {
        details["signature"] = json!(signature);
    }
    version_audited(service, tx, action, document, version, details).await?;
    touched(service, tx, document).await?;
    Ok(())
}

/// Tells whoever uploaded a file, and the firm's administrators, that a virus was found in it. What is in the file stays out of it.
pub(crate) async fn tell_quarantined(
    service: &Service,
    tx: &mut Tx,
    document: &Document,
    version: &Version,
) -> Result<(), StoreError> {
    let name = &version.file.name;
    let notice = |who: &str, link: String, body: String| NoticeRequested {
        dedupe_key: format!("quarantined:{}:{who}", version.id),
        account_id: document.account_id.to_string(),
        subject: format!("A virus was found in {name}"),
        body,
        link,
        by: vec!["mail".to_owned(), "app".to_owned()],
        kind: "notice".to_owned(),
        ..NoticeRequested::default()
    };
    if !version.added_by.0.is_nil() {
        let (link, words) = match document.step_id {
            Some(step) => (format!("/tasks/{step}"), "Open the task"),
            None => ("/files".to_owned(), "Open your files"),
        };
        let body = format!(
            "The virus scanner found something in the file {name} that you uploaded. It is locked away and nobody can open it.\n\n\
             Please check your device for viruses, then upload another file."
        );
        let uploader = NoticeRequested {
            person_ids: vec![version.added_by.to_string()],
            link_text: words.to_owned(),
            ..notice("uploader", link, body)
        };
        say(service, tx, "notice", document.id.0, Some(document.account_id), &uploader).await?;
    }
    let by = if version.added_by_name.is_empty() { "Somebody" } else { &version.added_by_name };
    let body = format!(
        "{by} uploaded the file {name}. The virus scanner found something in it, so it is locked away and nobody can open it.\n\n\
         What the scanner called it stands in the audit."
    );
    let staff = NoticeRequested {
        role: "admin".to_owned(),
        link_text: "Open the audit".to_owned(),
        ..notice("staff", format!("/console/audit?object={}", document.id), body)
    };
    say(service, tx, "notice", document.id.0, Some(document.account_id), &staff).await?;
    Ok(())
}

/// A template was uploaded.
pub(crate) async fn template_uploaded(
    service: &Service,
    tx: &mut Tx,
    template: &Template,
) -> Result<(), StoreError> {
    let draft = AuditDraft {
        action: "template.uploaded",
        object_kind: "template",
        object_id: template.version_id.0,
        object_label: &template.path,
        version: "",
        account: None,
        details: json!({ "size": template.file.size, "sha256": template.file.sha256_text(), "pages": template.file.pages }),
        internal: true,
    };
    log(service, tx, draft).await
}

/// How the rows of a request stand now, for whoever lists them: they are told all of them, whichever has changed.
pub(crate) async fn request_rows_changed(
    service: &Service,
    tx: &mut Tx,
    request: &Request,
) -> Result<EventTag, StoreError> {
    let rows = request.items.iter().map(|item| RequestRow {
        item_id: item.id.to_string(),
        name: item.name.clone(),
        required: item.min > 0,
        state: item.state.word().to_owned(),
    });
    let event = RequestRowsChanged {
        step_id: request.step_id.to_string(),
        account_id: request.account_id.to_string(),
        rows: rows.collect(),
    };
    say(service, tx, "request", request.id.0, Some(request.account_id), &event).await
}

/// A row of a request changed; `action` says how, for the audit.
pub(crate) async fn item_changed(
    service: &Service,
    tx: &mut Tx,
    action: &'static str,
    request: &Request,
    item: &Item,
) -> Result<EventTag, StoreError> {
    let draft = AuditDraft {
        action,
        object_kind: "item",
        object_id: item.id.0,
        object_label: &item.name,
        version: "",
        account: Some(request.account_id),
        details: json!({ "state": item.state.word(), "files": item.files.len() }),
        internal: false,
    };
    log(service, tx, draft).await?;
    request_rows_changed(service, tx, request).await?;
    let event = ItemChanged {
        item_id: item.id.to_string(),
        step_id: request.step_id.to_string(),
        account_id: request.account_id.to_string(),
        state: item.state.word().to_owned(),
    };
    say(service, tx, "request", request.id.0, Some(request.account_id), &event).await
}

/// A deliverable has a new version.
pub(crate) async fn deliverable_version_added(
    service: &Service,
    tx: &mut Tx,
    deliverable: &Deliverable,
    version: &Version,
) -> Result<EventTag, StoreError> {
    let event = DeliverableVersionAdded {
        run_id: deliverable.run_id.to_string(),
        step_id: deliverable.step_id.to_string(),
        document_id: version.document_id.to_string(),
        version_id: version.id.to_string(),
        number: version.number,
        sha256: version.file.sha256_text(),
        file_name: version.file.name.clone(),
        account_id: deliverable.account_id.to_string(),
    };
    say(service, tx, "step", deliverable.run_id.0, Some(deliverable.account_id), &event).await
}

/// A step of a run, as answers to workflow name it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StepKey {
    pub(crate) run: Uuid,
    pub(crate) step: Uuid,
    pub(crate) attempt: i32,
    pub(crate) account: AccountId,
}

impl From<&Request> for StepKey {
    fn from(request: &Request) -> Self {
        Self {
            run: request.run_id.0,
            step: request.step_id.0,
            attempt: request.attempt,
            account: request.account_id,
        }
    }
}

impl From<&Envelope> for StepKey {
    fn from(envelope: &Envelope) -> Self {
        Self {
            run: envelope.run_id.0,
            step: envelope.step_id.0,
            attempt: envelope.attempt,
            account: envelope.account_id,
        }
    }
}

/// What a step asked for is done, by the context's actor.
pub(crate) async fn step_fulfilled(
    service: &Service,
    tx: &mut Tx,
    key: StepKey,
    outcome: &str,
) -> Result<EventTag, StoreError> {
    let (person_id, person_name) = actor(tx);
    let event = StepFulfilled {
        run_id: key.run.to_string(),
        step_id: key.step.to_string(),
        attempt: key.attempt,
        person_id,
        person_name,
        outcome: outcome.to_owned(),
    };
    say(service, tx, "step", key.run, Some(key.account), &event).await
}

/// A step has to be done again, says the context's actor.
pub(crate) async fn step_returned(
    service: &Service,
    tx: &mut Tx,
    key: StepKey,
    reason: &str,
) -> Result<EventTag, StoreError> {
    let (person_id, person_name) = actor(tx);
    let event = StepReturned {
        run_id: key.run.to_string(),
        step_id: key.step.to_string(),
        attempt: key.attempt,
        person_id,
        person_name,
        reason: reason.to_owned(),
    };
    say(service, tx, "step", key.run, Some(key.account), &event).await
}

/// Who is to act on a step next.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Next<'a> {
    /// Nobody in particular.
    Nobody,
    /// Whoever has this role.
    Role(&'a str),
    /// This person.
    Person(PersonId),
}

/// Somebody else is to act on a step now.
pub(crate) async fn step_progressed(
    service: &Service,
    tx: &mut Tx,
    key: StepKey,
    waiting_on: &str,
    progress: &str,
    next: Next<'_>,
) -> Result<EventTag, StoreError> {
    let event = StepProgressed {
        run_id: key.run.to_string(),
        step_id: key.step.to_string(),
        attempt: key.attempt,
        waiting_on: waiting_on.to_owned(),
        progress: progress.to_owned(),
        next_role: if let Next::Role(role) = next { role.to_owned() } else { String::new() },
        next_person_id: if let Next::Person(person) = next { person.to_string() } else { String::new() },
    };
    say(service, tx, "step", key.run, Some(key.account), &event).await
}

fn actor(tx: &Tx) -> (String, String) {
    let actor = &tx.ctx().actor;
    (actor.person.map(|id| id.to_string()).unwrap_or_default(), actor.name.clone())
}

/// An envelope changed; `action` says how, for the audit.
pub(crate) async fn envelope_changed(
    service: &Service,
    tx: &mut Tx,
    action: &'static str,
    envelope: &Envelope,
    details: Value,
) -> Result<EventTag, StoreError> {
    let draft = AuditDraft {
        action,
        object_kind: "envelope",
        object_id: envelope.id.0,
        object_label: &envelope.title,
        version: "",
        account: Some(envelope.account_id),
        details,
        internal: false,
    };
    log(service, tx, draft).await?;
    let event = EnvelopeChanged {
        envelope_id: envelope.id.to_string(),
        step_id: envelope.step_id.to_string(),
        account_id: envelope.account_id.to_string(),
        state: envelope.state.word().to_owned(),
    };
    say(service, tx, "envelope", envelope.id.0, Some(envelope.account_id), &event).await
}

/// Tells those who handed a row in that it came back, and why.
pub(crate) async fn tell_item_returned(
    service: &Service,
    tx: &mut Tx,
    request: &Request,
    item: &Item,
    uploaders: &[PersonId],
) -> Result<(), StoreError> {
    let returner = tx.ctx().actor.person;
    // The row's present files tell one return from the next, also after a repeat of the same event.
    let round = item.files.last().map_or(request.id.0, |file| file.0);
    let notice = NoticeRequested {
        dedupe_key: format!("item-returned:{}:{}:{round}", item.id, request.attempt),
        person_ids: uploaders.iter().map(PersonId::to_string).collect(),
        account_id: request.account_id.to_string(),
        subject: format!("Please look at this again: {}", item.name),
        body: format!("{} was returned.\n\n{}", item.name, item.reason),
        link: format!("/tasks/{}", request.step_id),
        link_text: "Open the task".to_owned(),
        by: vec!["mail".to_owned(), "app".to_owned()],
        kind: "task".to_owned(),
        reply_to_person_id: returner.map(|id| id.to_string()).unwrap_or_default(),
        ..NoticeRequested::default()
    };
    if notice.person_ids.is_empty() {
        return Ok(());
    }
    say(service, tx, "notice", item.id.0, Some(request.account_id), &notice).await?;
    Ok(())
}
