//! Settles a thread, or opens it again.

use std::collections::BTreeSet;

use portico_core::CommentId;
use portico_proto::documents::v1::{SettleCommentRequest, SettleCommentResponse};

use super::seen;
use crate::{
    convert,
    error::DocumentsError,
    events::comments,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: SettleCommentRequest,
) -> Result<SettleCommentResponse, DocumentsError> {
    let id: CommentId = request.comment_id.parse()?;
    let (comment, document, version) = seen(service, &call, id).await?;
    let me = call.ctx.actor.person.ok_or(DocumentsError::Forbidden)?;
    let staff = call.ctx.is_internal();
    if !comment.settled_for(me, staff) {
        return Err(DocumentsError::Forbidden);
    }
    let at = request.settled.then(|| service.clock.now());
    let by = if request.settled { call.ctx.actor.name.as_str() } else { "" };
    let mut tx = service.store.begin(&call.ctx).await?;
    let event = if store::comments::settle(&mut tx, id, at, by).await? {
        let action = if request.settled { "comment.settled" } else { "comment.reopened" };
        comments::changed(service, &mut tx, action, &document, &version, &comment).await?
    } else {
        String::new()
    };
    let comment = store::comments::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    tx.commit().await?;
    let known = BTreeSet::new();
    let known = (!staff).then_some(&known);
    Ok(SettleCommentResponse { comment: Some(convert::comment(&comment, me, staff, known)), event })
}
