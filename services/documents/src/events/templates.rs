//! What the service says about templates, of papers and of requests.

use portico_db::{StoreError, Tx};
use portico_events::AuditDraft;
use portico_proto::events::v1::Touched;
use serde_json::json;
use uuid::Uuid;

use super::publish::{EventTag, log, say};
use crate::service::Service;

/// Something was done with a template, for the firm's side only. The action names what it is of, as in `paper_template.created`.
pub(crate) async fn changed(
    service: &Service,
    tx: &mut Tx,
    action: &'static str,
    (id, title, version): (Uuid, &str, i32),
) -> Result<EventTag, StoreError> {
    let kind = action.split_once('.').map_or(action, |(kind, _)| kind);
    let draft = AuditDraft {
        action,
        object_kind: kind,
        object_id: id,
        object_label: title,
        version: &version.to_string(),
        account: None,
        details: json!({}),
        internal: true,
    };
    log(service, tx, draft).await?;
    let event = Touched { object_kind: kind.to_owned(), object_id: id.to_string(), ..Touched::default() };
    say(service, tx, "document", id, None, &event).await
}
