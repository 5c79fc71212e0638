//! What follows from a change of a request's row: the row, the request, and what workflow is told.

use portico_db::Tx;
use portico_proto::documents::v1 as proto;

use crate::{
    convert::{self, RequestRights},
    domain::request::{Request, RequestState, Standing},
    error::DocumentsError,
    events::publish::{self, EventTag},
    peers::{self, StepAction},
    service::{Call, Service},
    store,
};

/// Writes the row at `place` as it stands in `request` and says what it means for the step. Answers the event that workflow waits
/// for.
pub(crate) async fn record(
    service: &Service,
    tx: &mut Tx,
    action: &'static str,
    request: &mut Request,
    place: usize,
) -> Result<EventTag, DocumentsError> {
    let Some(item) = request.items.get(place) else { return Err(DocumentsError::NotFound) };
    store::requests::update_item(tx, item).await?;
    let changed = publish::item_changed(service, tx, action, request, item).await?;
    match request.standing() {
        Standing::Fulfilled { outcome } if request.state == RequestState::Open => {
            request.state = RequestState::Fulfilled;
            store::requests::update(tx, request).await?;
            Ok(publish::step_fulfilled(service, tx, (&*request).into(), &outcome).await?)
        }
        Standing::Waiting { on, progress } => Ok(publish::step_progressed(
            service,
            tx,
            (&*request).into(),
            on,
            &progress,
            publish::Next::Nobody,
        )
        .await?),
        Standing::Fulfilled { .. } => Ok(changed),
    }
}

/// The request as the caller may see it, with what they may do.
pub(crate) async fn view(
    service: &Service,
    call: &Call,
    request: &Request,
) -> Result<proto::Request, DocumentsError> {
    let (upload, review, facts) = tokio::join!(
        peers::may(service, &call.caller, request.step_id, StepAction::Act),
        peers::may(service, &call.caller, request.step_id, StepAction::Review),
        peers::firm(service, &call.ctx),
    );
    let ids: Vec<_> = request.items.iter().flat_map(|item| &item.files).map(|id| id.0).collect();
    let mut tx = service.store.begin(&call.ctx).await?;
    let versions = store::versions::by_ids(&mut tx, &ids).await?;
    let open = request.state == RequestState::Open;
    let rights = RequestRights {
        upload: upload? && open,
        review: review? && open && request.reviewed,
        scanned: service.scanner.is_some(),
    };
    Ok(convert::request(request, &versions, rights, facts?.policy))
}
