//! Lists the comments on a document, and who can be mentioned.

use std::collections::BTreeSet;

use portico_core::{DocumentId, PersonId};
use portico_proto::documents::v1::{ListCommentsRequest, ListCommentsResponse, Mentionable};

use super::{mentionable, must_be_filed};
use crate::{
    access, convert,
    domain::comment::MOST,
    error::DocumentsError,
    peers,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: ListCommentsRequest,
) -> Result<ListCommentsResponse, DocumentsError> {
    let id: DocumentId = request.document_id.parse()?;
    let (document, _) = access::document(service, &call, id).await?;
    must_be_filed(&document)?;
    let me = call.ctx.actor.person.ok_or(DocumentsError::Forbidden)?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let comments = store::comments::list(&mut tx, id, MOST).await?;
    tx.rollback().await?;
    let audience = mentionable(service, &call.ctx, &document).await?;
    let ids: Vec<PersonId> = audience.members.iter().chain(&audience.staff).copied().collect();
    let names = peers::names(service, &call.ctx, &ids).await?;
    let mut people: Vec<Mentionable> = names
        .into_iter()
        .map(|(id, name)| Mentionable {
            person_id: id.to_string(),
            name,
            staff: audience.staff.contains(&id),
        })
        .collect();
    people.sort_by_cached_key(|person| (person.name.to_lowercase(), person.person_id.clone()));
    let staff = call.ctx.is_internal();
    let known: BTreeSet<PersonId> = ids.into_iter().collect();
    let known = (!staff).then_some(&known);
    let comments = comments.iter().map(|comment| convert::comment(comment, me, staff, known)).collect();
    Ok(ListCommentsResponse { comments, people })
}
