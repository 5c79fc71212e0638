//! Stripe as its documentation publishes it, on this machine: sessions made once a key, lists by pages, signed events. It is a stand-in
//! built from the published shapes, not Stripe's own mock.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{
    Form, Json, Router,
    extract::{Path, Query, State},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

/// The firm's secrets.
pub(crate) const SECRET_KEY: &str = "sk_test_northwind";
/// The newer and the older secret of webhooks.
pub(crate) const WEBHOOK_SECRETS: [&str; 2] = ["whsec_new", "whsec_old"];

/// What it knows.
#[derive(Default)]
pub(crate) struct Known {
    /// Sessions by idempotency key, in the order in which they were made.
    pub(crate) sessions: HashMap<String, Value>,
    /// The forms that came in, repeats included.
    pub(crate) forms: Vec<HashMap<String, String>>,
    pub(crate) payment_intents: Vec<Value>,
    pub(crate) refunds: Vec<Value>,
    pub(crate) disputes: Vec<Value>,
    /// What was answered to a request for a refund, by its key: the form it came with, status and body.
    pub(crate) refund_answers: HashMap<String, (HashMap<String, String>, StatusCode, Value)>,
    /// The state in which refunds are made; `succeeded` if empty.
    pub(crate) refund_status: String,
    /// Does what it is asked for, and the answer never arrives.
    pub(crate) loses_answers: bool,
    /// Answers with an outage.
    pub(crate) away: bool,
}

pub(crate) type Shared = Arc<Mutex<Known>>;

/// Starts it; answers where it is.
pub(crate) async fn start() -> (String, Shared) {
    let known = Shared::default();
    let app = Router::new()
        .route("/v1/checkout/sessions", post(sessions))
        .route("/v1/checkout/sessions/{id}", get(session))
        .route("/v1/refunds/{id}", get(refund))
        .route("/v1/disputes/{id}", get(dispute))
        .route("/v1/payment_intents", get(payment_intents))
        .route("/v1/refunds", get(refunds).post(give_back))
        .route("/v1/disputes", get(disputes))
        .with_state(Arc::clone(&known));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    (format!("http://{address}"), known)
}

async fn sessions(
    State(known): State<Shared>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> (StatusCode, Json<Value>) {
    let mut known = known.lock().unwrap();
    if known.away {
        return (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "error": { "type": "api_error" } })));
    }
    if headers["authorization"] != format!("Bearer {SECRET_KEY}").as_str() {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "error": { "type": "invalid_request_error" } })));
    }
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    let number = known.sessions.len() + 1;
    known.forms.push(form.clone());
    let made = json!({
        "id": format!("cs_test_{number}"), "object": "checkout.session",
        "url": format!("https://checkout.example/c/pay/cs_test_{number}"),
        "payment_status": "unpaid", "metadata": { "checkout": form["metadata[checkout]"] },
    });
    let session = known.sessions.entry(key).or_insert(made).clone();
    (StatusCode::OK, Json(session))
}

type Asked = Query<HashMap<String, String>>;

async fn payment_intents(State(known): State<Shared>, Query(asked): Asked) -> Json<Value> {
    page(&known.lock().unwrap().payment_intents, &asked)
}

async fn refunds(State(known): State<Shared>, Query(asked): Asked) -> Json<Value> {
    page(&known.lock().unwrap().refunds, &asked)
}

async fn disputes(State(known): State<Shared>, Query(asked): Asked) -> Json<Value> {
    page(&known.lock().unwrap().disputes, &asked)
}

async fn session(State(known): State<Shared>, Path(id): Path<String>) -> Result<Json<Value>, StatusCode> {
    one(known.lock().unwrap().sessions.values(), &id)
}

/// A refusal as Stripe words it.
fn refusal(status: StatusCode, kind: &str, code: &str) -> (StatusCode, Value) {
    (status, json!({ "error": { "type": kind, "code": code, "message": "…" } }))
}

/// Makes a refund once a key: a repeat is answered as the first was, and one with other parameters is refused. Never more is given back of a
/// payment than came in.
async fn give_back(
    State(known): State<Shared>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let mut known = known.lock().unwrap();
    let (status, body) = if known.away {
        refusal(StatusCode::SERVICE_UNAVAILABLE, "api_error", "")
    } else if headers["authorization"] != format!("Bearer {SECRET_KEY}").as_str() {
        refusal(StatusCode::UNAUTHORIZED, "invalid_request_error", "")
    } else {
        let key = headers["idempotency-key"].to_str().unwrap().to_owned();
        match known.refund_answers.get(&key).cloned() {
            Some((before, ..)) if before != form => refusal(StatusCode::BAD_REQUEST, "idempotency_error", ""),
            Some((_, status, body)) => (status, body),
            None => {
                let (status, body) = known.make_refund(&form);
                known.refund_answers.insert(key, (form, status, body.clone()));
                (status, body)
            }
        }
    };
    if known.loses_answers {
        let lost =
            futures_util::stream::once(async { Err::<axum::body::Bytes, _>(std::io::Error::other("lost")) });
        return (status, axum::body::Body::from_stream(lost)).into_response();
    }
    (status, Json(body)).into_response()
}

impl Known {
    /// Gives money of a payment back, as somebody's request wants it.
    pub(crate) fn make_refund(&mut self, form: &HashMap<String, String>) -> (StatusCode, Value) {
        let payment = &form["payment_intent"];
        let Some(intent) = self.payment_intents.iter().find(|intent| intent["id"] == payment.as_str()) else {
            return refusal(StatusCode::NOT_FOUND, "invalid_request_error", "resource_missing");
        };
        let amount: i64 = form["amount"].parse().unwrap();
        let given = self.refunds.iter().filter(|refund| {
            refund["payment_intent"] == payment.as_str()
                && !matches!(refund["status"].as_str(), Some("failed" | "canceled"))
        });
        let given: i64 = given.filter_map(|refund| refund["amount"].as_i64()).sum();
        let left = intent["amount_received"].as_i64().unwrap() - given;
        if left == 0 {
            return refusal(StatusCode::BAD_REQUEST, "invalid_request_error", "charge_already_refunded");
        }
        if amount <= 0 || amount > left {
            return refusal(StatusCode::BAD_REQUEST, "invalid_request_error", "");
        }
        let status = if self.refund_status.is_empty() { "succeeded" } else { &self.refund_status };
        let made = json!({
            "id": format!("re_made_{}", self.refunds.len() + 1), "object": "refund", "amount": amount,
            "charge": format!("ch_{payment}"), "created": 1_800_003_600, "currency": intent["currency"],
            "metadata": { "refund": form["metadata[refund]"] }, "payment_intent": payment, "reason": null,
            "receipt_number": null, "status": status,
        });
        // The newest stands first in lists.
        self.refunds.insert(0, made.clone());
        (StatusCode::OK, made)
    }
}

async fn refund(State(known): State<Shared>, Path(id): Path<String>) -> Result<Json<Value>, StatusCode> {
    one(known.lock().unwrap().refunds.iter(), &id)
}

async fn dispute(State(known): State<Shared>, Path(id): Path<String>) -> Result<Json<Value>, StatusCode> {
    one(known.lock().unwrap().disputes.iter(), &id)
}

fn one<'a>(mut all: impl Iterator<Item = &'a Value>, id: &str) -> Result<Json<Value>, StatusCode> {
    all.find(|one| one["id"] == id).cloned().map(Json).ok_or(StatusCode::NOT_FOUND)
}

/// Two things a page, so that pages are followed.
fn page(all: &[Value], asked: &HashMap<String, String>) -> Json<Value> {
    let since: i64 = asked.get("created[gte]").map_or(0, |since| since.parse().unwrap());
    let of = asked.get("payment_intent");
    let all: Vec<&Value> = all
        .iter()
        .filter(|one| one["created"].as_i64().unwrap_or_default() >= since)
        .filter(|one| of.is_none_or(|of| one["payment_intent"] == of.as_str()))
        .collect();
    let after = asked.get("starting_after");
    let from = after.and_then(|after| all.iter().position(|one| one["id"] == after.as_str()));
    let rest = &all[from.map_or(0, |at| at + 1)..];
    let page: Vec<&Value> = rest.iter().take(2).copied().collect();
    Json(json!({ "object": "list", "data": page, "has_more": rest.len() > 2 }))
}
