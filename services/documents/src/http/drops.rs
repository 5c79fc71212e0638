//! A file that somebody without an account hands in by a drop link, in one piece or in several goes. The edge alone comes here, in
//! Portico's own name.

mod in_goes;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{Json, Router, body::Body, extract::State, routing::post};
use http::{HeaderMap, StatusCode};
use moka::sync::Cache;
use portico_core::{ActorKind, DropLinkId, ErrorCode, PersonId, Problem};
use portico_rpc::Incoming;
use serde::Serialize;
use uuid::Uuid;

use super::{
    Refusal,
    receive::{Landed, Plan, decode, file_name, ids, receive, settle},
    target::Aim,
};
use crate::{
    convert,
    domain::{
        document::DocumentKind,
        drop_link::{ACCEPTED, DropLink, DropState, Sender},
        library::{Shelf, free_title},
    },
    error::DocumentsError,
    events::{drops, publish},
    inbox,
    service::{Call, Service, SharedService},
    store,
};

/// Over which time files are counted.
const WINDOW: Duration = Duration::from_secs(600);
/// Files by one link in that time.
const BY_LINK: u32 = 200;
/// Files from one address in that time, by whatever link.
const BY_ADDRESS: u32 = 100;

/// What a sender is told: what arrived, and nothing by which it could be found again.
#[derive(Debug, Serialize)]
pub(super) struct Dropped {
    file_name: String,
    size: u64,
}

struct Desk {
    service: SharedService,
    seen: Cache<String, Arc<AtomicU32>>,
}

pub(super) fn routes(service: &SharedService) -> Router {
    let seen = Cache::builder().max_capacity(100_000).time_to_live(WINDOW).build();
    let desk = Desk { service: Arc::clone(service), seen };
    Router::new().route("/drops", post(take)).merge(in_goes::routes()).with_state(Arc::new(desk))
}

async fn take(
    State(desk): State<Arc<Desk>>,
    incoming: Incoming,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Dropped>), Refusal> {
    let call = by_the_edge(&incoming)?;
    Ok((StatusCode::CREATED, Json(desk.receive(call, &headers, body).await?)))
}

/// The call of the edge. Nobody else comes here.
fn by_the_edge(incoming: &Incoming) -> Result<Call, DocumentsError> {
    let call = Call::of(incoming).map_err(|_| DocumentsError::NotFound)?;
    if call.ctx.actor.kind == ActorKind::System { Ok(call) } else { Err(DocumentsError::NotFound) }
}

/// A header's text; empty where there is none.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn sender(headers: &HeaderMap) -> Result<Sender, DocumentsError> {
    Sender::checked(&decode(text(headers, "x-sender-name")), &decode(text(headers, "x-sender-email")))
}

impl Desk {
    /// Counts a file of `whose`; too many in a short time are refused.
    fn admit(&self, whose: String, most: u32) -> Result<(), DocumentsError> {
        let count = self.seen.get_with(whose, || Arc::new(AtomicU32::new(0)));
        if count.fetch_add(1, Ordering::Relaxed) < most {
            return Ok(());
        }
        let text = "These were many files in a short time. Please wait ten minutes and send the rest.";
        Err(DocumentsError::Invalid(Problem::new(ErrorCode::ResourceExhausted, "too_many_files", text)))
    }

    /// The link of a request that brings or begins a file, which counts from here on.
    async fn link(&self, call: &Call, headers: &HeaderMap) -> Result<DropLink, DocumentsError> {
        let tenant = call.ctx.tenant;
        let address = call.ctx.address.as_deref().unwrap_or_default();
        self.admit(format!("{tenant} address {address}"), BY_ADDRESS)?;
        let hash = convert::token_hash(text(headers, "x-drop-token"));
        let mut tx = self.service.store.begin(&call.ctx).await?;
        let link = open(&self.service, store::drop_links::by_token(&mut tx, hash).await?)?;
        self.admit(format!("{tenant} link {}", link.id), BY_LINK)?;
        Ok(link)
    }

    async fn receive(&self, call: Call, headers: &HeaderMap, body: Body) -> Result<Dropped, DocumentsError> {
        let service = &self.service;
        let link = self.link(&call, headers).await?.id;
        let sender = sender(headers)?;
        let (name, ids) = (file_name(headers)?, ids(service, None));
        let limit = service.config.largest_attachment;
        let landed = Arc::new(receive(service, &call, ids, name, body, limit, &ACCEPTED).await?);
        let work = {
            let (service, landed) = (Arc::clone(service), Arc::clone(&landed));
            async move { put(&service, &call, link, &sender, &landed).await }
        };
        settle(service, &landed, work).await
    }
}

/// The link, where it takes files now. Whatever is wrong with it, it is not there.
fn open(service: &Service, link: Option<DropLink>) -> Result<DropLink, DocumentsError> {
    link.filter(|link| link.state(service.clock.now()) == DropState::Open).ok_or(DocumentsError::NotFound)
}

/// What a link takes now, from the edge alone.
pub(super) async fn aim(service: &Service, call: &Call, id: DropLinkId) -> Result<Aim, DocumentsError> {
    if call.ctx.actor.kind != ActorKind::System {
        return Err(DocumentsError::NotFound);
    }
    let mut tx = service.store.begin(&call.ctx).await?;
    let link = open(service, store::drop_links::read(&mut tx, id).await?)?;
    let limit = service.config.largest_attachment;
    Ok(Aim { account: link.account_id, document: None, limit, accepted: ACCEPTED.to_vec() })
}

/// Puts a file that has landed into the inbox of its link's folder.
pub(super) async fn put(
    service: &Service,
    call: &Call,
    link: DropLinkId,
    sender: &Sender,
    landed: &Landed,
) -> Result<Dropped, DocumentsError> {
    let mut tx = service.store.begin(&call.ctx).await?;
    // The file may have been long on its way, and the link may have ended.
    let link = open(service, store::drop_links::read(&mut tx, link).await?)?;
    store::folders::hold(&mut tx, link.account_id).await?;
    let link = open(service, store::drop_links::read(&mut tx, link.id).await?)?;
    let folder = store::folders::read(&mut tx, link.folder_id).await?.ok_or(DocumentsError::NotFound)?;
    let inbox =
        inbox::of(service, &mut tx, &folder, link.created_by).await?.ok_or(DocumentsError::NotFound)?;
    store::folders::lock(&mut tx, inbox.id).await?;
    let taken = store::filed::taken(&mut tx, inbox.id, &landed.file.name, landed.document).await?;
    let title = free_title(&landed.file.name, &taken);
    let plan =
        Plan { kind: DocumentKind::Library, account: link.account_id, record: None, step: None, bound: true };
    // Nobody whom Portico knows: what they call themselves stands beside the file.
    let nobody = PersonId(Uuid::nil());
    let (mut document, mut version) = landed.rows(service, call, nobody, plan, &title);
    document.shelf = Shelf { folder: Some(inbox.id), ..Shelf::default() };
    (document.internal, version.internal) = (true, true);
    version.added_by_name = sender.label();
    store::documents::insert(&mut tx, &document).await?;
    landed.insert(&mut tx, &version).await?;
    if !store::drop_links::count_file(&mut tx, link.id, version.added_at).await? {
        return Err(DocumentsError::NotFound);
    }
    publish::file_added(service, &mut tx, &document, &version).await?;
    drops::received(service, &mut tx, &link, &inbox, (&document, &version), sender).await?;
    let dropped = Dropped { file_name: landed.file.name.clone(), size: landed.file.size };
    landed.arrived(&mut tx, &dropped).await?;
    tx.commit().await?;
    Ok(dropped)
}

#[cfg(test)]
mod tests;
