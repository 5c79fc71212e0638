//! Writes a message into the thread of a record.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use portico_core::{DocumentId, MessageId, RecordId};
use portico_proto::messaging::v1::{PostMessageRequest, PostMessageResponse};
use portico_service::Fields;

use super::Asker;
use crate::{
    convert,
    domain::thread::{Author, Message, Thread, check_body},
    error::MessagingError,
    events, peers,
    service::Service,
    store,
};

/// The longest idempotency key, in bytes.
const MAX_KEY: usize = 200;

pub(crate) async fn handle(
    service: &Service,
    asker: Asker,
    request: PostMessageRequest,
) -> Result<PostMessageResponse, MessagingError> {
    let record_id: RecordId = request.record_id.parse()?;
    let author = Author::of(&asker.ctx).ok_or(MessagingError::NotFound)?;
    if asker.ctx.actor.impersonator.is_some() {
        return Err(MessagingError::ReadOnlyView);
    }
    let record = peers::record(service, &asker.caller, record_id).await?;
    if request.internal && !author.staff {
        return Err(MessagingError::InternalNote);
    }
    let (body, files) = check(&request)?;
    let key = Some(request.idempotency_key.as_str()).filter(|key| !key.is_empty());
    if let Some(key) = key
        && let Some(posted) = posted_before(service, &asker, key).await?
    {
        return Ok(PostMessageResponse { message: Some(posted) });
    }

    let thread = peers::thread_of(service, &record)?;
    let mut attachments = Vec::with_capacity(files.len());
    for file in files {
        let (ctx, internal) = (&asker.ctx, request.internal);
        attachments.push(peers::bind_attachment(service, ctx, file, author.id, &thread, internal).await?);
    }
    let now = service.clock.now();
    let mut message = Message {
        id: MessageId::new(now, &*service.entropy),
        thread_id: thread.id,
        account_id: thread.account_id,
        author,
        body,
        internal: request.internal,
        posted_at: now,
        attachments,
    };
    let message = match post(service, &asker, &thread, &mut message, key).await? {
        true => convert::message(&asker.ctx, message),
        // The same request was under way twice.
        false => {
            posted_before(service, &asker, key.unwrap_or_default()).await?.ok_or(MessagingError::NotFound)?
        }
    };
    Ok(PostMessageResponse { message: Some(message) })
}

/// The text and the files, or every field at fault.
fn check(request: &PostMessageRequest) -> Result<(String, Vec<DocumentId>), MessagingError> {
    let mut fields = Fields::default();
    let body = check_body(&request.body, request.attachment_ids.len(), &mut fields);
    if request.idempotency_key.len() > MAX_KEY {
        fields.refuse("idempotency_key", "Use at most 200 characters.");
    }
    let distinct: BTreeSet<&String> = request.attachment_ids.iter().collect();
    if distinct.len() < request.attachment_ids.len() {
        fields.refuse("attachment_ids", "Attach each file once.");
    }
    fields.check().map_err(MessagingError::Invalid)?;
    let files =
        request.attachment_ids.iter().map(|id| Ok(id.parse()?)).collect::<Result<_, MessagingError>>()?;
    Ok((body, files))
}

async fn posted_before(
    service: &Service,
    asker: &Asker,
    key: &str,
) -> Result<Option<portico_proto::messaging::v1::Message>, MessagingError> {
    let mut tx = service.store.begin(&asker.ctx).await?;
    let found = store::messages::by_key(&mut tx, key).await?;
    tx.rollback().await?;
    Ok(found.map(|message| convert::message(&asker.ctx, message)))
}

/// Answers `false`, and has changed nothing, where the key was used before.
async fn post(
    service: &Service,
    asker: &Asker,
    thread: &Thread,
    message: &mut Message,
    key: Option<&str>,
) -> Result<bool, MessagingError> {
    let mut tx = service.store.begin(&asker.ctx).await?;
    let thread =
        store::threads::open(&mut tx, thread, message.posted_at).await?.ok_or(MessagingError::NotFound)?;
    message.thread_id = thread.id;
    // Markers compare moments, so no two messages of a thread share one.
    if let Some(last) = store::threads::last_at(&mut tx, thread.id).await? {
        message.posted_at = message.posted_at.max(last + TimeDelta::microseconds(1));
    }
    if !store::messages::insert(&mut tx, message, key).await? {
        tx.rollback().await?;
        return Ok(false);
    }
    store::threads::move_head(&mut tx, &thread, message.internal, message.posted_at).await?;
    store::participants::count_message(&mut tx, message).await?;
    events::publish::message_posted(service, &mut tx, &thread, message).await?;
    tx.commit().await?;
    Ok(true)
}

#[cfg(test)]
mod tests;
