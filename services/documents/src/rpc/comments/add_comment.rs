//! Writes a comment, and tells those whom it is for.

use portico_core::{CommentId, Ctx, PersonId, VersionId};
use portico_db::{StoreError, Tx};
use portico_proto::documents::v1::{AddCommentRequest, AddCommentResponse};

use super::{mentionable, must_be_filed};
use crate::{
    access,
    audience::{self, Audience},
    convert,
    domain::{
        comment::{Comment, MOST, MOST_MENTIONED, Place, text},
        document::{Document, Version},
        idempotency::{NO_KEY, is_key},
    },
    error::DocumentsError,
    events::comments,
    peers,
    service::{Call, Service, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: AddCommentRequest,
) -> Result<AddCommentResponse, DocumentsError> {
    let id: VersionId = request.version_id.parse()?;
    let (document, version, _) = access::version(service, &call, id).await?;
    must_be_filed(&document)?;
    let me = call.ctx.actor.person.ok_or(DocumentsError::Forbidden)?;
    let staff = call.ctx.is_internal();
    let text = text(&request.text)?;
    if !is_key(&request.idempotency_key) {
        return Err(DocumentsError::invalid("idempotency_key", NO_KEY));
    }
    let thread = thread(service, &call, &document, &request.reply_to).await?;
    let place = request.place.filter(|_| thread.is_none());
    let place = place
        .map(|place| Place::checked(place.page, [place.left, place.top, place.width, place.height]))
        .transpose()?;
    // What is said of something for the firm's side only is for that side only, whatever it answers.
    let internal = document.internal
        || version.internal
        || thread.as_ref().map_or(staff && request.internal, |thread| thread.internal);
    let (mentions, mentioned) = mentions(service, &call, &document, internal, &request.mention_ids).await?;
    // Whoever wrote in the thread may have lost the document since.
    let readers = audience::of(service, &call.ctx, &document).await?;
    let full = is_full(service, &call, &document).await?;

    let now = service.clock.now();
    let mut tx = service.store.begin(&call.ctx).await?;
    must_be_as_judged(&mut tx, &document, &version, &readers).await?;
    if let Some(known) =
        store::comments::find_by_key(&mut tx, document.id, me, &request.idempotency_key).await?
    {
        let known = store::comments::read(&mut tx, known).await?.ok_or(DocumentsError::NotFound)?;
        let same = known.text == text
            && known.place == place
            && known.version_id == version.id
            && known.thread_id == thread.as_ref().map(|thread| thread.id)
            && known.internal == internal
            && known.mentions == mentions;
        if !same && known.removed_at.is_none() {
            return Err(DocumentsError::invalid(
                "idempotency_key",
                "This key was used for another comment. Send this one with a key of its own.",
            ));
        }
        let comment = Some(convert::comment(&known, me, staff, None));
        return Ok(AddCommentResponse { comment, event: String::new() });
    }
    if full {
        let text = "This document has as many comments as it can hold. Put a new version or another document beside it.";
        return Err(DocumentsError::invalid("text", text));
    }
    let comment = Comment {
        id: CommentId::new(now, &*service.entropy),
        account_id: document.account_id,
        internal,
        document_id: document.id,
        version_id: version.id,
        number: version.number,
        thread_id: thread.as_ref().map(|thread| thread.id),
        place,
        text,
        mentions,
        mentioned,
        author_id: me,
        author_name: call.ctx.actor.name.clone(),
        by_staff: staff,
        created_at: now,
        settled_at: None,
        settled_by: String::new(),
        removed_at: None,
    };
    store::comments::insert(&mut tx, &comment, &request.idempotency_key).await?;
    let mut others = match comment.thread_id {
        Some(thread) => store::comments::authors(&mut tx, thread).await?,
        None => Vec::new(),
    };
    others.retain(|person| {
        let sees = readers.staff.contains(person) || (!internal && readers.members.contains(person));
        sees && *person != me && !comment.mentions.contains(person)
    });
    let event = comments::added(service, &mut tx, &document, &version, &comment, &others).await?;
    tx.commit().await?;
    Ok(AddCommentResponse { comment: Some(convert::comment(&comment, me, staff, None)), event })
}

/// Whether a document has as many comments as it can hold. All count, whoever sees them: what is listed is never cut short.
async fn is_full(service: &Service, call: &Call, document: &Document) -> Result<bool, DocumentsError> {
    let mut tx = service.store.begin(&Ctx::system(call.ctx.tenant, "documents.comments")).await?;
    Ok(store::comments::count(&mut tx, document.id).await? >= MOST)
}

/// Refuses a document that was moved, trashed or shared in another way while peers were asked about it.
async fn must_be_as_judged(
    tx: &mut Tx,
    document: &Document,
    version: &Version,
    readers: &Audience,
) -> Result<(), DocumentsError> {
    if !store::filed::lock(tx, document.id).await? {
        return Err(DocumentsError::NotFound);
    }
    let now = store::documents::read(tx, document.id).await?.ok_or(DocumentsError::NotFound)?;
    let version_now = store::versions::read(tx, version.id).await?.ok_or(DocumentsError::NotFound)?;
    let sharing = store::sharings::read(tx, readers.sharing.0).await?.unwrap_or_default();
    let same = now.shelf == document.shelf
        && now.internal == document.internal
        && version_now.internal == version.internal
        && sharing == readers.sharing.1;
    if same { Ok(()) } else { Err(StoreError::Conflict.into()) }
}

/// The comment that began the thread of the one that is answered.
async fn thread(
    service: &Service,
    call: &Call,
    document: &Document,
    reply_to: &str,
) -> Result<Option<Comment>, DocumentsError> {
    if reply_to.is_empty() {
        return Ok(None);
    }
    let id: CommentId = reply_to.parse()?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let answered = store::comments::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    let beginning = store::comments::read(&mut tx, answered.beginning()).await?;
    beginning.filter(|one| one.document_id == document.id).map(Some).ok_or(DocumentsError::NotFound)
}

/// Those who are mentioned, each once, by id and name.
async fn mentions(
    service: &Service,
    call: &Call,
    document: &Document,
    internal: bool,
    ids: &[String],
) -> Result<(Vec<PersonId>, Vec<String>), DocumentsError> {
    if ids.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    if ids.len() > MOST_MENTIONED {
        return Err(DocumentsError::invalid("mention_ids", "Mention at most 20 people."));
    }
    let unknown = || DocumentsError::invalid("mention_ids", "Choose people who can see this.");
    let audience = mentionable(service, &call.ctx, document).await?;
    let mut people: Vec<PersonId> = Vec::new();
    for id in ids {
        let id: PersonId = id.parse().map_err(|_| unknown())?;
        if !audience.staff.contains(&id) && (internal || !audience.members.contains(&id)) {
            return Err(unknown());
        }
        if !people.contains(&id) {
            people.push(id);
        }
    }
    let names = peers::names(service, &call.ctx, &people).await?;
    let names = people.iter().map(|id| names.get(id).cloned()).collect::<Option<_>>().ok_or_else(unknown)?;
    Ok((people, names))
}
