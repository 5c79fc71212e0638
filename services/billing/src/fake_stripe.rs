//! Stripe as its documentation publishes it, on this machine: sessions made once a key, lists by pages, signed events. It is a stand-in
//! built from the published shapes, not Stripe's own mock.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{
    Form, Json, Router,
    extract::{Path, Query, State},
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
        .route("/v1/refunds", get(refunds))
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
    let since: i64 = asked["created[gte]"].parse().unwrap();
    let all: Vec<&Value> =
        all.iter().filter(|one| one["created"].as_i64().unwrap_or_default() >= since).collect();
    let after = asked.get("starting_after");
    let from = after.and_then(|after| all.iter().position(|one| one["id"] == after.as_str()));
    let rest = &all[from.map_or(0, |at| at + 1)..];
    let page: Vec<&Value> = rest.iter().take(2).copied().collect();
    Json(json!({ "object": "list", "data": page, "has_more": rest.len() > 2 }))
}
