//! Reads a sending with how it stands in each account.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use portico_proto::{
    documents::v1::{GetSendingRequest, GetSendingResponse, Sending, SendingRow},
    time::timestamp,
};
use uuid::Uuid;

use crate::{
    error::DocumentsError,
    peers::{self, StepAction},
    service::{Call, Service, SharedService},
    store::{self, sendings::Progress},
};

/// Steps that workflow is asked about at once.
const AT_ONCE: usize = 8;

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: GetSendingRequest,
) -> Result<GetSendingResponse, DocumentsError> {
    let id: Uuid = request.sending_id.parse().map_err(|_| DocumentsError::NotFound)?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let sending = store::sendings::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    let found = store::sendings::progress(&mut tx, id, service.clock.now()).await?;
    drop(tx);
    let sent = call.ctx.actor.person == Some(sending.created_by) || call.ctx.has_role("admin");
    let found = open_to(service, &call, found, sent).await?;
    // Whoever may look at none of its papers learns nothing of it.
    if found.is_empty() {
        return Err(DocumentsError::NotFound);
    }
    let rows: Vec<SendingRow> = found.into_iter().map(told).collect();
    let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    let sending = Sending {
        id: sending.id.to_string(),
        paper_template_id: sending.template.to_string(),
        title: sending.title,
        paper_title: sending.terms.title,
        due: sending.due.map(timestamp),
        sent_by: sending.created_by_name,
        sent_at: Some(timestamp(sending.created_at)),
        accounts: count(rows.len()),
        signed: count(rows.iter().filter(|row| row.state == "signed").count()),
        rows,
    };
    Ok(GetSendingResponse { sending: Some(sending) })
}

/// Those rows that the caller may look at: by their step, as everywhere; what has none yet, or never will, is for whoever `sent` it.
async fn open_to(
    service: &Service,
    call: &Call,
    rows: Vec<Progress>,
    sent: bool,
) -> Result<Vec<Progress>, DocumentsError> {
    let judged = stream::iter(rows).map(|row| async {
        let open = match row.standing.envelope {
            Some(_) => peers::may(service, &call.caller, row.step_id.into(), StepAction::View).await?,
            None => sent,
        };
        Ok::<_, DocumentsError>(open.then_some(row))
    });
    judged.buffered(AT_ONCE).try_filter_map(|row| async move { Ok(row) }).try_collect().await
}

fn told(row: Progress) -> SendingRow {
    let state = row.standing.word();
    let open = matches!(state, "sent" | "opened" | "expired");
    SendingRow {
        account_id: row.account_id.to_string(),
        account_name: row.account_name,
        state: state.to_owned(),
        reason: match state {
            "failed" => row.standing.failed.unwrap_or_default(),
            "declined" => row.said,
            _ => String::new(),
        },
        // Before its envelope is there the step may not be either.
        step_id: match row.standing.envelope {
            Some(_) => row.step_id.to_string(),
            None => String::new(),
        },
        done: row.done,
        of: row.of,
        waits_for: if open { row.waits_for } else { Vec::new() },
        ended_at: row.ended_at.map(timestamp),
    }
}
