//! What the service says about papers that are sent to many accounts.

use portico_db::{StoreError, Tx};
use portico_events::AuditDraft;
use portico_proto::{
    events::v1::{SigningAsked, Touched},
    time::timestamp,
};
use serde_json::json;

use super::publish::{EventTag, log, say};
use crate::{
    domain::sending::{Row, Sending},
    service::Service,
};

/// A paper was sent, for the firm's side only.
pub(crate) async fn sent(
    service: &Service,
    tx: &mut Tx,
    sending: &Sending,
    rows: &[Row],
) -> Result<EventTag, StoreError> {
    let failed = rows.iter().filter(|row| row.failed.is_some()).count();
    let draft = AuditDraft {
        action: "paper.sent",
        object_kind: "sending",
        object_id: sending.id,
        object_label: &sending.title,
        version: "",
        account: None,
        details: json!({ "template": sending.template, "paper": sending.terms.title, "accounts": rows.len(), "failed": failed }),
        internal: true,
    };
    log(service, tx, draft).await?;
    let event = Touched {
        object_kind: "sending".to_owned(),
        object_id: sending.id.to_string(),
        ..Touched::default()
    };
    say(service, tx, "document", sending.id, None, &event).await
}

/// Asks workflow for the step of one account's paper, in a run of that account.
pub(crate) async fn signing_asked(
    service: &Service,
    tx: &mut Tx,
    sending: &Sending,
    row: &Row,
    run: uuid::Uuid,
) -> Result<(), StoreError> {
    let Some((role, seat)) = sending.terms.roles.first().zip(row.seats.first()) else { return Ok(()) };
    let event = SigningAsked {
        step_id: row.step_id.to_string(),
        run_id: run.to_string(),
        account_id: row.account_id.to_string(),
        title: sending.title.clone(),
        paper: sending.terms.title.clone(),
        due: sending.due.map(timestamp),
        person_id: seat.person.to_string(),
        person_name: seat.name.clone(),
        external: Sending::is_external(role),
        sender_id: sending.created_by.to_string(),
        sender_name: sending.created_by_name.clone(),
    };
    say(service, tx, "step", run, Some(row.account_id), &event).await?;
    Ok(())
}
