//! Reads a sending with how it stands in each account.

use portico_proto::{
    documents::v1::{GetSendingRequest, GetSendingResponse, Sending, SendingRow},
    time::timestamp,
};
use uuid::Uuid;

use crate::{
    error::DocumentsError,
    service::{Call, SharedService},
    store::{self, sendings::Progress},
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: GetSendingRequest,
) -> Result<GetSendingResponse, DocumentsError> {
    let id: Uuid = request.sending_id.parse().map_err(|_| DocumentsError::NotFound)?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let sending = store::sendings::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    let found = store::sendings::progress(&mut tx, id, service.clock.now()).await?;
    // Whoever reaches none of its accounts learns nothing of it.
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
