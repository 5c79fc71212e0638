//! The route that says what is true of a file. Anybody may ask, at the firm's own address; the edge asks for them.

use std::{sync::Arc, time::Duration};

use axum::{Json, Router, body::Body, extract::State, routing::post};
use http_body_util::{BodyExt as _, Limited};
use moka::sync::Cache;
use portico_core::{ActorKind, ErrorCode, Problem};
use portico_rpc::{Incoming, answer};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::Semaphore;
use tonic::Status;

use super::{
    facts::Facts,
    verify::{Finding, Ours, examine, judge},
};
use crate::{
    domain::document::size_text,
    error::DocumentsError,
    service::{Call, SharedService},
    store,
};

/// Files from one address a minute.
const A_MINUTE: u32 = 20;
/// Files that are looked at side by side: each lies in memory whole.
const AT_ONCE: usize = 3;
/// How long a file waits for others to be looked at.
const PATIENCE_FOR_A_SEAT: Duration = Duration::from_secs(10);
/// How long a file may take to arrive.
const PATIENCE: Duration = Duration::from_secs(60);

/// What somebody is told about a file.
#[derive(Debug, Serialize)]
struct Verdict {
    /// `sealed`, `extended`, `altered`, `foreign` or `unsealed`.
    verdict: &'static str,
    /// SHA-256 of the whole file.
    sha256: String,
    /// Whose seal it is.
    subject: String,
    /// When an authority saw the seal.
    timestamp_at: Option<chrono::DateTime<chrono::Utc>>,
    /// Whether the certificate was not valid when the file was sealed.
    out_of_time: bool,
    /// Whether the list of events is whole, and the document that it names is the one in the file.
    coherent: bool,
    /// What the file says of itself.
    facts: Option<Facts>,
}

struct Desk {
    service: SharedService,
    seats: Semaphore,
    callers: Cache<String, Arc<AtomicU32>>,
}

/// The route `POST /verify`, for the edge alone: the body is the file.
pub(crate) fn routes(service: &SharedService) -> Router {
    let callers = Cache::builder().max_capacity(100_000).time_to_live(Duration::from_secs(60)).build();
    let desk = Desk { service: Arc::clone(service), seats: Semaphore::new(AT_ONCE), callers };
    Router::new().route("/verify", post(verify)).with_state(Arc::new(desk))
}

async fn verify(
    State(desk): State<Arc<Desk>>,
    incoming: Incoming,
    body: Body,
) -> Result<Json<Verdict>, axum::response::Response> {
    let refuse = |error: DocumentsError| Status::into_http(answer(error));
    let call = Call::of(&incoming).map_err(Status::into_http)?;
    if call.ctx.actor.kind != ActorKind::System {
        return Err(refuse(DocumentsError::NotFound));
    }
    desk.admit(&call).map_err(refuse)?;
    desk.look(&call, body).await.map(Json).map_err(refuse)
}

fn too_many() -> DocumentsError {
    let text = "These were many files in a short time. Please wait a minute and try again.";
    DocumentsError::Invalid(Problem::new(ErrorCode::ResourceExhausted, "too_many_files", text))
}

impl Desk {
    fn admit(&self, call: &Call) -> Result<(), DocumentsError> {
        let caller = format!("{} {}", call.ctx.tenant, call.ctx.address.as_deref().unwrap_or_default());
        let count = self.callers.get_with(caller, || Arc::new(AtomicU32::new(0)));
        if count.fetch_add(1, Ordering::Relaxed) < A_MINUTE {
            return Ok(());
        }
        Err(too_many())
    }

    async fn look(&self, call: &Call, body: Body) -> Result<Verdict, DocumentsError> {
        let seat = tokio::time::timeout(PATIENCE_FOR_A_SEAT, self.seats.acquire()).await;
        let _seat = seat.map_err(|_| too_many())?.map_err(|_| DocumentsError::NotFound)?;
        let service = &self.service;
        let limit = service.config.largest_verified;
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let read = tokio::time::timeout(PATIENCE, Limited::new(body, most).collect()).await;
        let bytes = match read {
            Ok(Ok(collected)) => collected.to_bytes(),
            Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
                let text = format!("This file is too large. Choose one of at most {}.", size_text(limit));
                return Err(DocumentsError::File(text));
            }
            Ok(Err(_)) | Err(_) => {
                return Err(DocumentsError::File(
                    "The file did not arrive whole. Please choose it again.".to_owned(),
                ));
            }
        };
        let (bytes, found) = blocking(move || {
            let found = examine(&bytes);
            (bytes, found)
        })
        .await?;
        let mut ours =
            vec![service.sealer.key().await.map_err(DocumentsError::Seal)?.certificate().fingerprint];
        let mut tx = service.store.begin(&call.ctx).await?;
        for seal in &found {
            if store::seals::is_known(&mut tx, &seal.fingerprint).await? {
                ours.push(seal.fingerprint);
            }
        }
        drop(tx);
        let tenant = call.ctx.tenant.to_string();
        blocking(move || {
            let finding = judge(&bytes, &found, &ours, &tenant);
            Verdict::new(&bytes, finding)
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, DocumentsError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| DocumentsError::Unreadable(format!("looking at a file broke off: {error}")))
}

impl Verdict {
    fn new(bytes: &[u8], finding: Finding) -> Self {
        let verdict = match &finding {
            Finding::Unsealed => "unsealed",
            Finding::Foreign => "foreign",
            Finding::Altered { .. } => "altered",
            Finding::Extended(_) => "extended",
            Finding::Sealed(_) => "sealed",
        };
        let bare = Self {
            verdict,
            sha256: hex::encode(Sha256::digest(bytes)),
            subject: String::new(),
            timestamp_at: None,
            out_of_time: false,
            coherent: false,
            facts: None,
        };
        match finding {
            Finding::Unsealed | Finding::Foreign => bare,
            Finding::Altered { subject } => Self { subject, ..bare },
            Finding::Extended(ours) | Finding::Sealed(ours) => {
                let Ours { subject, timestamp_at, out_of_time, facts } = *ours;
                let coherent = facts.is_chained() && facts.fits(bytes);
                Self { subject, timestamp_at, out_of_time, coherent, facts: Some(facts), ..bare }
            }
        }
    }
}
