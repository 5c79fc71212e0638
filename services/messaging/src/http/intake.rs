//! Takes in a mail that a mail server hands over: what came back from our own, and answers.
//!
//! Whoever hands mail over knows the firm's secret; what a mail is about is told by the signed address that it came to.

use axum::{
    Json,
    body::{Body, to_bytes},
    extract::State,
    response::{IntoResponse, Response},
};
use portico_core::{ActorKind, Ctx, ErrorCode, Problem};
use portico_rpc::{Incoming, ServiceError as _, status};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::{
    error::MessagingError,
    inbound::{self, Arrival, MOST_BYTES},
    service::{Service, SharedService},
    store,
};

/// The header with the firm's secret.
const SECRET: &str = "x-portico-intake-secret";
/// The header with the address that the mail came to, where the server knows it.
const RECIPIENT: &str = "x-portico-envelope-to";
/// The header with the address that the mail came from on its way.
const SENDER: &str = "x-portico-envelope-from";
/// The header with the network address of the server that it came from.
const CLIENT: &str = "x-portico-client-address";
/// The header with the name that this server gave itself.
const HELO: &str = "x-portico-helo";

pub(super) async fn post(
    State(service): State<SharedService>,
    incoming: Incoming,
    headers: http::HeaderMap,
    body: Body,
) -> Response {
    match take(&service, &incoming, &headers, body).await {
        Ok(done) => Json(json!({ "result": done })).into_response(),
        Err(problem) => status(problem).into_http(),
    }
}

async fn take(
    service: &Service,
    incoming: &Incoming,
    headers: &http::HeaderMap,
    body: Body,
) -> Result<&'static str, Problem> {
    let ctx = incoming.ctx().map_err(|_| Problem::not_found())?;
    if ctx.actor.kind != ActorKind::System {
        return Err(Problem::not_found());
    }
    let text =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    open(service, &ctx, &text(SECRET)).await.map_err(|error| error.problem())?;
    let _place = service.intake.try_acquire().map_err(|_| {
        Problem::new(
            ErrorCode::ResourceExhausted,
            "intake_busy",
            "Too many mails at once. Hand it over again.",
        )
    })?;
    let raw = to_bytes(body, MOST_BYTES).await.map_err(|_| {
        Problem::new(ErrorCode::ResourceExhausted, "mail_too_large", "A mail may have at most 25 MiB.")
    })?;
    let arrival = Arrival {
        raw: &raw,
        recipient: text(RECIPIENT),
        sender: text(SENDER),
        client: text(CLIENT),
        helo: text(HELO),
    };
    inbound::take(service, &ctx, arrival).await.map_err(|error| answered(&error))
}

/// What the mail server is told. A peer that does not recognise us is no fault of the mail: a refusal would send it back for good.
fn answered(error: &MessagingError) -> Problem {
    match error {
        MessagingError::Peer(problem) if problem.code == ErrorCode::Unauthenticated => Problem::new(
            ErrorCode::Unavailable,
            "peer_away",
            "Part of the system cannot be asked just now. Hand the mail over again later.",
        )
        .with_cause(error),
        _ => error.problem(),
    }
}

/// Checks the firm's secret, in constant time.
async fn open(service: &Service, ctx: &Ctx, secret: &str) -> Result<(), MessagingError> {
    let mut tx = service.store.begin(ctx).await?;
    let kept = store::settings::read(&mut tx).await?.intake_secret;
    tx.rollback().await?;
    let given = Sha256::digest(secret.as_bytes());
    match kept {
        Some(kept) if !secret.is_empty() && bool::from(kept.ct_eq(given.as_slice())) => Ok(()),
        _ => Err(MessagingError::IntakeClosed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_does_not_recognise_us_sends_no_mail_back() {
        let peer = |code| MessagingError::Peer(Problem::new(code, "x", "x"));
        assert_eq!(answered(&peer(ErrorCode::Unauthenticated)).code, ErrorCode::Unavailable);
        assert_eq!(answered(&peer(ErrorCode::ResourceExhausted)).code, ErrorCode::ResourceExhausted);
        assert_eq!(answered(&MessagingError::NotForUs).code, MessagingError::NotForUs.problem().code);
    }
}
