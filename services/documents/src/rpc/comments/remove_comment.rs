//! Takes a comment back.

use portico_core::CommentId;
use portico_proto::documents::v1::{RemoveCommentRequest, RemoveCommentResponse};

use super::seen;
use crate::{
    error::DocumentsError,
    events::comments,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: RemoveCommentRequest,
) -> Result<RemoveCommentResponse, DocumentsError> {
    let id: CommentId = request.comment_id.parse()?;
    let (comment, document, version) = seen(service, &call, id).await?;
    let me = call.ctx.actor.person.ok_or(DocumentsError::Forbidden)?;
    if comment.author_id != me {
        return Err(DocumentsError::Forbidden);
    }
    let mut tx = service.store.begin(&call.ctx).await?;
    let event = if store::comments::remove(&mut tx, id, service.clock.now()).await? {
        comments::changed(service, &mut tx, "comment.removed", &document, &version, &comment).await?
    } else {
        String::new()
    };
    tx.commit().await?;
    Ok(RemoveCommentResponse { event })
}
