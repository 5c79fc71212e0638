//! The RPCs of comments: one line each here, one file each beside.

mod add_comment;
mod list_comments;
mod remove_comment;
mod settle_comment;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use portico_core::{CommentId, Ctx, PersonId};
use portico_proto::documents::v1::{comments_server::Comments, *};
use tonic::Request;

use super::{Answer, Rpc};
use crate::{
    access,
    audience::{self, Audience},
    domain::{
        comment::Comment,
        document::{Document, Version},
    },
    error::DocumentsError,
    service::{Call, Service},
    store,
};

#[tonic::async_trait]
impl Comments for Rpc {
    async fn list_comments(&self, request: Request<ListCommentsRequest>) -> Answer<ListCommentsResponse> {
        self.serve(request, list_comments::handle).await
    }

    async fn add_comment(&self, request: Request<AddCommentRequest>) -> Answer<AddCommentResponse> {
        self.serve(request, add_comment::handle).await
    }

    async fn settle_comment(&self, request: Request<SettleCommentRequest>) -> Answer<SettleCommentResponse> {
        self.serve(request, settle_comment::handle).await
    }

    async fn remove_comment(&self, request: Request<RemoveCommentRequest>) -> Answer<RemoveCommentResponse> {
        self.serve(request, remove_comment::handle).await
    }
}

/// Refuses a document that is not in the library, or in its trash.
fn must_be_filed(document: &Document) -> Result<(), DocumentsError> {
    let filed = document.shelf.folder.is_some() && document.shelf.trashed_at.is_none();
    if filed { Ok(()) } else { Err(DocumentsError::NotFound) }
}

/// A comment on a document that the caller sees, with the version that it is about.
async fn seen(
    service: &Service,
    call: &Call,
    id: CommentId,
) -> Result<(Comment, Document, Version), DocumentsError> {
    let mut tx = service.store.begin(&call.ctx).await?;
    let comment = store::comments::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    drop(tx);
    let (document, version, _) = access::version(service, call, comment.version_id).await?;
    must_be_filed(&document)?;
    Ok((comment, document, version))
}

/// Whom the caller can mention: whoever sees the document. People of accounts are told of those of the firm's people alone who have had to
/// do with it, and of nobody else who works there.
async fn mentionable(service: &Service, ctx: &Ctx, document: &Document) -> Result<Audience, DocumentsError> {
    let mut audience = audience::of(service, ctx, document).await?;
    if !ctx.is_internal() {
        let mut tx = service.store.begin(ctx).await?;
        let mut known: BTreeSet<PersonId> = BTreeSet::from([document.created_by]);
        known.extend(
            store::versions::of_documents(&mut tx, &[document.id.0]).await?.iter().map(|one| one.added_by),
        );
        let comments = store::comments::list(&mut tx, document.id, crate::domain::comment::MOST).await?;
        known.extend(comments.iter().map(|comment| comment.author_id));
        tx.rollback().await?;
        audience.staff.retain(|person| known.contains(person));
    }
    if let Some(me) = ctx.actor.person {
        audience.members.remove(&me);
        audience.staff.remove(&me);
    }
    Ok(audience)
}
