//! Makes what a step is about: a request, a deliverable or an envelope.

mod envelope;
mod sent;

use std::sync::Arc;

use async_trait::async_trait;
use portico_core::{AccountId, ErrorCode, ItemId, RecordId, RequestId, RunId, StepId};
use portico_definition::{
    AcceptedType, Deliverable as DeclaredDeliverable, DocumentRequestStep, Step, StepKind,
};
use portico_events::{HandleError, Handler, Received, Subscription, Topics, Types, claim};
use portico_proto::{events::v1::StepActivated, json};
use portico_rpc::ServiceError as _;

use crate::{
    content::Accept,
    domain::request::{Item, ItemState, Request, RequestState},
    error::DocumentsError,
    events::publish,
    service::{Service, SharedService},
    store::{self, deliverables::Deliverable},
};

const CONSUMER: &str = "documents.activate";
/// What definitions count the size of files in.
const MEGABYTE: u64 = 1024 * 1024;

pub(super) struct Activate(pub(super) SharedService);

pub(super) fn subscription(service: &SharedService) -> Subscription {
    Subscription {
        consumer: CONSUMER,
        topics: Topics::All,
        types: Types::only::<StepActivated>(),
        handler: Arc::new(Activate(Arc::clone(service))),
        durable: true,
    }
}

/// The ids in the event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Activated {
    run: RunId,
    step: StepId,
    account: AccountId,
    record: RecordId,
    attempt: i32,
}

#[async_trait]
impl Handler for Activate {
    async fn handle(&self, event: &Received) -> Result<(), HandleError> {
        let message: StepActivated = event.decode()?;
        if !matches!(message.r#type.as_str(), "document_request" | "approval" | "esign") {
            return Ok(());
        }
        activate(&self.0, event, &message).await.map_err(verdict)
    }
}

/// Whether an error is worth another attempt.
#[expect(clippy::needless_pass_by_value, reason = "stands in `map_err`, which hands the error over")]
pub(super) fn verdict(error: DocumentsError) -> HandleError {
    let problem = error.problem();
    let text = problem.cause.unwrap_or_else(|| error.to_string());
    match problem.code {
        ErrorCode::Unavailable
        | ErrorCode::DeadlineExceeded
        | ErrorCode::Conflict
        | ErrorCode::ResourceExhausted => HandleError::Retry(text),
        // What a person can still put right, such as a template that is missing.
        ErrorCode::FailedPrecondition => HandleError::Retry(text),
        _ => HandleError::Reject(text),
    }
}

async fn activate(
    service: &Service,
    event: &Received,
    message: &StepActivated,
) -> Result<(), DocumentsError> {
    let ids = Activated {
        run: message.run_id.parse()?,
        step: message.step_id.parse()?,
        account: message.account_id.parse()?,
        record: message.record_id.parse()?,
        attempt: message.attempt,
    };
    let declaration = json::from_struct(&message.declaration.clone().unwrap_or_default());
    let step: Step = serde_json::from_value(declaration)
        .map_err(|error| DocumentsError::Unreadable(format!("the declaration of the step: {error}")))?;
    match &step.kind {
        StepKind::DocumentRequest(declared) => {
            open_request(service, event, ids, &message.title, declared).await
        }
        StepKind::Approval(approval) => match &approval.of {
            Some(of) => open_deliverable(service, event, ids, of).await,
            None => Ok(()),
        },
        // A definition names its steps; what stands in none is a paper that was sent to many accounts.
        StepKind::Esign(_) if message.step_key.is_empty() => sent::open(service, event, ids).await,
        StepKind::Esign(esign) => envelope::open(service, event, ids, message, esign).await,
        _ => Ok(()),
    }
}

async fn open_request(
    service: &Service,
    event: &Received,
    ids: Activated,
    title: &str,
    declared: &DocumentRequestStep,
) -> Result<(), DocumentsError> {
    let mut tx = service.store.begin(&event.ctx("Workflow")).await?;
    if !claim(&mut tx, CONSUMER, event).await? {
        return Ok(());
    }
    match store::requests::find_by_step(&mut tx, ids.step).await? {
        Some(known) => {
            let Some(mut request) = store::requests::lock(&mut tx, known.id).await? else { return Ok(()) };
            if request.attempt < ids.attempt {
                reopen(&mut tx, &mut request, ids.attempt).await?;
                publish::request_rows_changed(service, &mut tx, &request).await?;
            }
        }
        None => {
            let request = new_request(service, ids, title, declared);
            store::requests::insert(&mut tx, &request, service.clock.now()).await?;
            publish::request_rows_changed(service, &mut tx, &request).await?;
        }
    }
    Ok(tx.commit().await?)
}

/// Asks for everything once more; the files so far are history.
async fn reopen(tx: &mut portico_db::Tx, request: &mut Request, attempt: i32) -> Result<(), DocumentsError> {
    request.attempt = attempt;
    request.state = RequestState::Open;
    store::requests::update(tx, request).await?;
    for item in &mut request.items {
        item.state = ItemState::Needed;
        item.reason.clear();
        store::requests::update_item(tx, item).await?;
        store::requests::supersede_files(tx, item.id).await?;
    }
    Ok(())
}

fn new_request(service: &Service, ids: Activated, title: &str, declared: &DocumentRequestStep) -> Request {
    let now = service.clock.now();
    let number = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    let items = declared.items.iter().map(|item| Item {
        id: ItemId::new(now, &*service.entropy),
        name: item.name.clone(),
        why: item.help.clone().unwrap_or_default(),
        accept: item.accept.iter().map(accepted).collect(),
        min: number(item.min),
        max: number(item.max.max(1)),
        max_bytes: (u64::from(item.max_megabytes) * MEGABYTE).min(service.config.largest_file),
        state: ItemState::Needed,
        reason: String::new(),
        files: Vec::new(),
        awaits_scan: false,
    });
    Request {
        id: RequestId::new(now, &*service.entropy),
        account_id: ids.account,
        run_id: ids.run,
        step_id: ids.step,
        attempt: ids.attempt,
        record_id: ids.record,
        title: title.to_owned(),
        state: RequestState::Open,
        reviewed: declared.review.is_some(),
        items: items.collect(),
    }
}

const fn accepted(declared: &AcceptedType) -> Accept {
    match declared {
        AcceptedType::Pdf => Accept::Pdf,
        AcceptedType::Image => Accept::Image,
        AcceptedType::Office => Accept::Office,
        AcceptedType::Zip => Accept::Zip,
        AcceptedType::Text => Accept::Text,
    }
}

async fn open_deliverable(
    service: &Service,
    event: &Received,
    ids: Activated,
    of: &DeclaredDeliverable,
) -> Result<(), DocumentsError> {
    let mut tx = service.store.begin(&event.ctx("Workflow")).await?;
    if !claim(&mut tx, CONSUMER, event).await? {
        return Ok(());
    }
    let deliverable = Deliverable {
        account_id: ids.account,
        step_id: ids.step,
        run_id: ids.run,
        attempt: ids.attempt,
        record_id: ids.record,
        title: of.deliverable.clone(),
        document_id: None,
        withdrawn: false,
    };
    store::deliverables::open(&mut tx, &deliverable, service.clock.now()).await?;
    Ok(tx.commit().await?)
}
