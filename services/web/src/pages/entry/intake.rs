//! Where mail servers hand mail over for a firm: bounces, complaints, answers. It opens to the firm's secret and to nothing else.

use axum::{
    Json,
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderMap, HeaderName, Request, StatusCode,
    header::{AUTHORIZATION, CONTENT_LENGTH},
};
use http_body_util::{BodyExt as _, Limited};
use portico_core::{ErrorCode, Problem};
use portico_rpc::problem_from;
use serde_json::json;

use crate::{ask::Visit, error::PageError};

/// What the server knows of the mail's way, and what it is called further on.
const PASSED: [(&str, &str); 4] = [
    ("x-envelope-to", "x-portico-envelope-to"),
    ("x-envelope-from", "x-portico-envelope-from"),
    ("x-client-address", "x-portico-client-address"),
    ("x-helo", "x-portico-helo"),
];
/// The longest answer that is passed back.
const LONGEST_ANSWER: usize = 16 * 1024;

pub(super) async fn take(visit: Visit, headers: HeaderMap, body: Body) -> Result<Response, PageError> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer"));
    let mut request = Request::post("/intake")
        .header("x-portico-intake-secret", bearer.unwrap_or_default().trim())
        .body(tonic::body::Body::new(body))
        .map_err(|error| PageError(Problem::internal(error)))?;
    for (name, further) in PASSED {
        if let Some(value) = headers.get(name) {
            request.headers_mut().insert(HeaderName::from_static(further), value.clone());
        }
    }
    if let Some(length) = headers.get(CONTENT_LENGTH) {
        request.headers_mut().insert(CONTENT_LENGTH, length.clone());
    }
    let channel = visit.web.channel("messaging", visit.system("web.intake")).without_deadline();
    Ok(match channel.send(request).await {
        Ok(answer) => {
            let read = Limited::new(answer.into_body(), LONGEST_ANSWER).collect().await;
            let bytes = read.map_err(|error| PageError(Problem::internal(error)))?.to_bytes();
            ([(http::header::CONTENT_TYPE, "application/json")], bytes).into_response()
        }
        Err(status) => refused(&problem_from(&status)),
    })
}

/// Machines are told by the status whether to come again: 4xx never, 429 and 5xx later.
fn refused(problem: &Problem) -> Response {
    let status = match (problem.code, problem.reason.as_str()) {
        (ErrorCode::Unauthenticated, _) => StatusCode::UNAUTHORIZED,
        (ErrorCode::ResourceExhausted, "mail_too_large") => StatusCode::PAYLOAD_TOO_LARGE,
        (ErrorCode::ResourceExhausted, _) => StatusCode::TOO_MANY_REQUESTS,
        (ErrorCode::Unavailable | ErrorCode::DeadlineExceeded, _) => StatusCode::SERVICE_UNAVAILABLE,
        (ErrorCode::Internal, _) => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    (status, Json(json!({ "reason": problem.reason, "message": problem.message }))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_knows_whether_to_come_again() {
        for (code, reason, status) in [
            (ErrorCode::Unauthenticated, "intake_closed", 401),
            (ErrorCode::InvalidArgument, "not_for_us", 422),
            (ErrorCode::ResourceExhausted, "mail_too_large", 413),
            (ErrorCode::ResourceExhausted, "intake_busy", 429),
            (ErrorCode::Unavailable, "away", 503),
        ] {
            assert_eq!(refused(&Problem::new(code, reason, "")).status().as_u16(), status, "{reason}");
        }
    }
}
