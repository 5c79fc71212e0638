//! One go of an upload: bytes at an offset.
//!
//! Only one at a time. Its holder says again and again that it is alive, so that the hold ends by itself with its process. The go
//! runs by itself: a caller who hangs up ends the bytes, and what came of them is kept.

use std::{pin::pin, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt as _, TryStreamExt as _};
use http::{HeaderMap, StatusCode, header};
use portico_core::VersionId;
use portico_rpc::Incoming;
use tokio::{sync::Semaphore, time::Instant};
use uuid::Uuid;

use super::{
    begin::too_much,
    land::land,
    protocol::{Not, OFFSETS, check_version, holds_bytes, number, tell},
    sum::{self, Pieces, Promised},
};
use crate::{
    domain::upload::{Claim, LEASE, Outcome, Upload, expires, owner},
    error::DocumentsError,
    service::{Call, Service, SharedService},
    store,
    vault::{BlobError, Hashed, VaultError},
};

/// How often a go says that it is alive; well within [`LEASE`].
const ALIVE: Duration = Duration::from_secs(4);

/// Uploads that are noted side by side: begun, alive, paused. A thousand that are in one moment wait here for one another; if they all
/// waited for the database instead, some would give up, and so would whoever only wants to read. Nobody waits for anything else here.
pub(super) static NOTING: Semaphore = Semaphore::const_new(3);

/// Uploads that come to their end side by side, each of which is noted as alive meanwhile.
static LANDING: Semaphore = Semaphore::const_new(4);

/// What a go brings.
struct Brought {
    offset: u64,
    length: u64,
    promised: Option<Promised>,
    body: Body,
}

pub(super) async fn patch(
    State(service): State<SharedService>,
    Path(id): Path<String>,
    incoming: Incoming,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Not> {
    check_version(&headers)?;
    let call = Call::of(&incoming).map_err(|_| DocumentsError::NotFound)?;
    let upload = find(&service, &call, &id).await?;
    go_on(&service, call, upload, &headers, body).await
}

/// Takes the bytes that a request brings for an upload of its sender.
pub(in crate::http) async fn go_on(
    service: &SharedService,
    call: Call,
    upload: Upload,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Not> {
    if !holds_bytes(headers) {
        let text = format!("Send the bytes as {OFFSETS}.");
        return Err(Not::Now(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
    }
    let offset = number(headers, "upload-offset")
        .ok_or_else(|| Not::request("Say in the header Upload-Offset where these bytes belong."))?;
    let length = number(headers, header::CONTENT_LENGTH.as_str()).ok_or_else(|| {
        Not::Now(StatusCode::LENGTH_REQUIRED, "Say in Content-Length how many bytes come.".to_owned())
    })?;
    let promised = sum::promised(headers)?;
    let brought = Brought { offset, length, promised, body };
    let (upload, offset) = run(service, call, upload, brought).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    tell(response.headers_mut(), &upload, offset);
    Ok(response)
}

/// The go that comes along with creation.
pub(super) async fn first(
    service: &SharedService,
    call: Call,
    upload: Upload,
    body: Body,
) -> Result<(Upload, u64), Not> {
    let brought = Brought { offset: 0, length: 0, promised: None, body };
    run(service, call, upload, brought).await
}

/// The caller's own upload. Anybody else's is not there.
pub(super) async fn find(service: &Service, call: &Call, id: &str) -> Result<Upload, Not> {
    let id: VersionId = id.parse().map_err(|_| DocumentsError::NotFound)?;
    let claim = owner(&call.ctx).ok_or(DocumentsError::NotFound)?;
    Ok(claimed(service, call, id, claim).await?)
}

/// An upload for whoever can claim it.
pub(in crate::http) async fn claimed(
    service: &Service,
    call: &Call,
    id: VersionId,
    claim: Claim,
) -> Result<Upload, DocumentsError> {
    let _turn = NOTING.acquire().await;
    let mut tx = service.store.begin(&call.ctx).await?;
    store::uploads::read(&mut tx, id, claim, service.clock.now()).await?.ok_or(DocumentsError::NotFound)
}

async fn run(
    service: &SharedService,
    call: Call,
    upload: Upload,
    brought: Brought,
) -> Result<(Upload, u64), Not> {
    if let Some(outcome) = &upload.outcome {
        return ended(&upload, outcome, &brought);
    }
    let hold = Hold::take(service, &call, &upload).await?.ok_or(Not::Locked)?;
    let service = Arc::clone(service);
    let gone = tokio::spawn(async move {
        let outcome = go(&service, &call, upload, brought, &hold).await;
        if let Err(error) = hold.release(&service, &call).await {
            tracing::warn!(%error, "an upload is held until its time is over");
        }
        outcome
    });
    gone.await.map_err(|error| DocumentsError::Unreadable(format!("a go of an upload broke off: {error}")))?
}

/// A go for an upload that has come to its end: the repeat of the last one, whose answer was lost, is answered as that one was.
fn ended(upload: &Upload, outcome: &Outcome, brought: &Brought) -> Result<(Upload, u64), Not> {
    match outcome {
        Outcome::Refused(text) => Err(Not::Now(StatusCode::GONE, text.clone())),
        Outcome::Landed(_) if brought.offset == upload.size && brought.length == 0 => {
            Ok((upload.clone(), upload.size))
        }
        Outcome::Landed(_) => Err(Not::AtOffset(upload.size)),
    }
}

async fn go(
    service: &Service,
    call: &Call,
    mut upload: Upload,
    brought: Brought,
    hold: &Hold,
) -> Result<(Upload, u64), Not> {
    let Brought { offset, length, promised, body } = brought;
    let part = upload.part(call.ctx.tenant);
    // What a killed process had made durable counts, whatever the row says.
    let stands = service.vault.part_offset(&part).await?;
    hold.came(stands);
    if stands != offset {
        return Err(Not::AtOffset(stands));
    }
    if length > upload.size - offset {
        return Err(too_much());
    }
    let mut known = service.hashes.remove(&upload.id).await;
    let mut offset = offset;
    if offset < upload.size {
        let (pieces, aside) = match promised {
            Some(promised) => {
                let checked = sum::checked(service, call, &upload, promised, body);
                let (pieces, aside) = hold.alive(service, call, checked).await??;
                (pieces, Some(aside))
            }
            None => {
                let pieces: Pieces = Box::pin(body.into_data_stream().map_err(std::io::Error::other));
                (pieces, None)
            }
        };
        let resumed = service.vault.resume_part(&part, known.take());
        let mut writer = hold.alive(service, call, resumed).await??;
        let pumped = pump(service, call, &mut writer, pieces, hold).await;
        if let Some(aside) = aside {
            service.vault.delete(call.ctx.tenant, aside).await?;
        }
        pumped?;
        let paused = hold.alive(service, call, writer.pause()).await?;
        let (reached, hashed) = paused.map_err(taken_over)?;
        hold.came(reached);
        (offset, known) = (reached, hashed);
    }
    let now = service.clock.now();
    upload.expires_at = expires(upload.claim, upload.created_at, now);
    if offset < upload.size {
        keep(service, upload.id, known).await;
        return Ok((upload, offset));
    }
    let _turn = hold.alive(service, call, LANDING.acquire()).await?;
    finish(service, call, upload, known, hold).await
}

/// Judges an upload of which all is there. A caller of this holds it.
pub(super) async fn finish(
    service: &Service,
    call: &Call,
    mut upload: Upload,
    known: Option<Hashed>,
    hold: &Hold,
) -> Result<(Upload, u64), Not> {
    let size = upload.size;
    // Reading a large file again takes its time.
    let outcome = hold.alive(service, call, land(service, call, &upload, known)).await??;
    if let Outcome::Refused(text) = &outcome {
        return Err(Not::Now(StatusCode::UNPROCESSABLE_ENTITY, text.clone()));
    }
    upload.outcome = Some(outcome);
    Ok((upload, size))
}

async fn keep(service: &Service, id: VersionId, known: Option<Hashed>) {
    if let Some(known) = known {
        service.hashes.insert(id, known).await;
    }
}

/// Writes what comes until it ends or breaks off. What came before a break counts.
async fn pump(
    service: &Service,
    call: &Call,
    writer: &mut crate::vault::PartWriter,
    mut pieces: Pieces,
    hold: &Hold,
) -> Result<(), Not> {
    let mut said = Instant::now();
    loop {
        let next = tokio::time::timeout(ALIVE, pieces.next()).await;
        match next {
            Ok(Some(Ok(piece))) => {
                // A part on its way to a store takes its time.
                let pushed = hold.alive(service, call, writer.push(&piece)).await?;
                pushed.map_err(taken_over)?;
            }
            Ok(Some(Err(error))) => {
                tracing::debug!(%error, "a go of an upload was cut");
                return Ok(());
            }
            Ok(None) => return Ok(()),
            Err(_) => {}
        }
        if said.elapsed() >= ALIVE {
            hold.renew(service, call).await?;
            said = Instant::now();
        }
    }
}

/// Another go has written since this one began, which was too slow to say that it is alive.
fn taken_over(error: VaultError) -> Not {
    match error {
        VaultError::Blobs(BlobError::Exists) => Not::Locked,
        other => other.into(),
    }
}

/// An upload that this go alone may write to.
pub(super) struct Hold {
    id: VersionId,
    holder: Uuid,
    came: std::sync::atomic::AtomicU64,
    claim: Claim,
    created_at: chrono::DateTime<chrono::Utc>,
}

impl Hold {
    /// Takes an upload; nothing where another go is under way.
    pub(super) async fn take(service: &Service, call: &Call, upload: &Upload) -> Result<Option<Self>, Not> {
        let (id, claim) = (upload.id, upload.claim);
        let now = service.clock.now();
        let holder = service.entropy.uuid(now);
        let _turn = NOTING.acquire().await;
        let mut tx = service.store.begin(&call.ctx).await?;
        let held = store::uploads::hold(&mut tx, id, holder, now, now + LEASE).await?;
        // It may have ended, or gone, in this very moment.
        let upload = store::uploads::read(&mut tx, id, claim, now).await?.ok_or(DocumentsError::NotFound)?;
        if !held || upload.outcome.is_some() {
            return Ok(None);
        }
        tx.commit().await?;
        let came = upload.received.into();
        Ok(Some(Self { id, holder, came, claim: upload.claim, created_at: upload.created_at }))
    }

    fn came(&self, offset: u64) {
        self.came.store(offset, std::sync::atomic::Ordering::Relaxed);
    }

    /// Does what may take its time, and says meanwhile that the go is alive. Where another has taken over, the work ends.
    pub(super) async fn alive<T>(
        &self,
        service: &Service,
        call: &Call,
        work: impl Future<Output = T>,
    ) -> Result<T, Not> {
        let mut work = pin!(work);
        loop {
            match tokio::time::timeout(ALIVE, &mut work).await {
                Ok(done) => return Ok(done),
                Err(_) => self.renew(service, call).await?,
            }
        }
    }

    /// Removes the upload's row and ends the hold with it; `false` where another has taken over.
    pub(super) async fn remove(&self, service: &Service, call: &Call) -> Result<bool, DocumentsError> {
        let _turn = NOTING.acquire().await;
        let mut tx = service.store.begin(&call.ctx).await?;
        let now = service.clock.now();
        // A row that is held stays, so its hold ends in the same moment.
        let mine = store::uploads::renew(&mut tx, self.id, self.holder, now).await?;
        let gone = mine && store::uploads::delete(&mut tx, self.id, now).await?;
        tx.commit().await?;
        Ok(gone)
    }

    async fn renew(&self, service: &Service, call: &Call) -> Result<(), Not> {
        let _turn = NOTING.acquire().await;
        let mut tx = service.store.begin(&call.ctx).await?;
        let until = service.clock.now() + LEASE;
        let mine = store::uploads::renew(&mut tx, self.id, self.holder, until).await?;
        tx.commit().await?;
        if mine { Ok(()) } else { Err(Not::Locked) }
    }

    pub(super) async fn release(&self, service: &Service, call: &Call) -> Result<(), DocumentsError> {
        let _turn = NOTING.acquire().await;
        let mut tx = service.store.begin(&call.ctx).await?;
        let expires_at = expires(self.claim, self.created_at, service.clock.now());
        let came = self.came.load(std::sync::atomic::Ordering::Relaxed);
        store::uploads::release(&mut tx, self.id, self.holder, came, expires_at).await?;
        Ok(tx.commit().await?)
    }
}
