//! Reads what the page of a link says, for the edge. Nothing tells a link that is over from one that never was.

use portico_proto::{
    documents::v1::{OpenDropLinkRequest, OpenDropLinkResponse},
    time,
};

use crate::{
    convert,
    domain::{
        drop_link::{ACCEPTED, DropState},
        request::accept_word,
    },
    error::DocumentsError,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: OpenDropLinkRequest,
) -> Result<OpenDropLinkResponse, DocumentsError> {
    let mut tx = service.store.begin(&call.ctx).await?;
    let link = store::drop_links::by_token(&mut tx, convert::token_hash(&request.token)).await?;
    let open = link.filter(|link| link.state(service.clock.now()) == DropState::Open);
    let link = open.ok_or(DocumentsError::NotFound)?;
    Ok(OpenDropLinkResponse {
        title: link.title,
        note: link.note,
        expires_at: Some(time::timestamp(link.expires_at)),
        most_files: link.most_files,
        max_bytes: i64::try_from(service.config.largest_attachment).unwrap_or(i64::MAX),
        accept: ACCEPTED.iter().map(|accept| accept_word(*accept).to_owned()).collect(),
    })
}
