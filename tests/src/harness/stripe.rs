//! A payment provider on this machine: it makes one page a key, as Stripe's published interface has it, and signs what it tells.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    Form, Json, Router,
    extract::State,
    routing::{get, post},
};
use http::HeaderMap;
use portico_core::{Clock as _, SystemClock};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const SECRET: &str = "whsec_tests";

/// What it was asked.
#[derive(Debug, Default, Clone)]
pub(crate) struct Asked {
    /// The keys of all requests for a page, repeats included.
    pub(crate) keys: Vec<String>,
    /// What the latest request wanted paid, by our own id of it.
    pub(crate) checkout: String,
    /// The keys of all requests to give money back, repeats included.
    pub(crate) refund_keys: Vec<String>,
}

#[derive(Default)]
struct Known {
    asked: Mutex<Asked>,
    pages: Mutex<HashMap<String, Value>>,
    /// Refunds by key, in the order in which they were made.
    refunds: Mutex<Vec<(String, Value)>>,
    silent: AtomicBool,
}

/// The provider, and the firm's keys to it.
pub(crate) struct Stripe {
    address: String,
    known: Arc<Known>,
    folder: tempfile::TempDir,
}

fn held<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stripe {
    /// Starts it, with Northwind as its one customer.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let known = Arc::new(Known::default());
        let app = Router::new()
            .route("/v1/checkout/sessions", post(sessions))
            .route("/v1/refunds", get(refunds).post(give_back))
            .with_state(Arc::clone(&known));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = format!("http://{}", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, app).await });
        let folder = tempfile::tempdir()?;
        let keys = json!({ "northwind": { "secret_key": "sk_tests", "webhook_secrets": [SECRET] } });
        std::fs::write(folder.path().join("keys.json"), keys.to_string())?;
        Ok(Self { address, known, folder })
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn keys(&self) -> std::path::PathBuf {
        self.folder.path().join("keys.json")
    }

    /// Makes pages, but never answers until it is told to speak again.
    pub(crate) fn be_silent(&self, silent: bool) {
        self.known.silent.store(silent, Ordering::SeqCst);
    }

    pub(crate) fn asked(&self) -> Asked {
        held(&self.known.asked).clone()
    }

    /// How many pages it has made.
    pub(crate) fn pages(&self) -> usize {
        held(&self.known.pages).len()
    }

    /// What it has given back, the oldest first.
    pub(crate) fn refunds(&self) -> Vec<Value> {
        held(&self.known.refunds).iter().map(|(_, refund)| refund.clone()).collect()
    }

    /// A message, signed now: its headers and its body.
    pub(crate) fn tell(&self, kind: &str, object: &Value) -> anyhow::Result<(HeaderMap, bytes::Bytes)> {
        let body = json!({ "id": "evt_1", "type": kind, "data": { "object": object } }).to_string();
        let moment = SystemClock.now().timestamp();
        let signature = hex::encode(hmac(SECRET.as_bytes(), format!("{moment}.{body}").as_bytes()));
        let mut headers = HeaderMap::new();
        headers.insert("stripe-signature", format!("t={moment},v1={signature}").parse()?);
        headers.insert(http::header::CONTENT_TYPE, "application/json".parse()?);
        Ok((headers, body.into()))
    }
}

async fn sessions(
    State(known): State<Arc<Known>>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Json<Value> {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
    let page = {
        let mut pages = held(&known.pages);
        let number = pages.len() + 1;
        let made = json!({
            "id": format!("cs_test_{number}"), "object": "checkout.session", "payment_status": "unpaid",
            "url": format!("https://checkout.example/c/pay/cs_test_{number}"),
        });
        pages.entry(key.clone()).or_insert(made).clone()
    };
    {
        let mut asked = held(&known.asked);
        asked.keys.push(key);
        asked.checkout = form.get("metadata[checkout]").cloned().unwrap_or_default();
    }
    silence(&known).await;
    Json(page)
}

async fn silence(known: &Known) {
    while known.silent.load(Ordering::SeqCst) {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// Gives money back once a key.
async fn give_back(
    State(known): State<Arc<Known>>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Json<Value> {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
    held(&known.asked).refund_keys.push(key.clone());
    let refund = {
        let mut refunds = held(&known.refunds);
        let there = refunds.iter().find(|(there, _)| *there == key).map(|(_, refund)| refund.clone());
        there.unwrap_or_else(|| {
            let field = |name: &str| form.get(name).cloned().unwrap_or_default();
            let made = json!({
                "id": format!("re_{}", refunds.len() + 1), "object": "refund", "status": "succeeded",
                "amount": field("amount").parse::<i64>().unwrap_or_default(), "currency": "eur",
                "payment_intent": field("payment_intent"), "metadata": { "refund": field("metadata[refund]") },
                "created": 1_800_000_000,
            });
            refunds.push((key, made.clone()));
            made
        })
    };
    silence(&known).await;
    Json(refund)
}

/// All of them on one page, the newest first.
async fn refunds(State(known): State<Arc<Known>>) -> Json<Value> {
    let refunds: Vec<Value> = held(&known.refunds).iter().rev().map(|(_, refund)| refund.clone()).collect();
    Json(json!({ "object": "list", "data": refunds, "has_more": false }))
}

/// HMAC-SHA256 (RFC 2104) with a key of at most 64 bytes.
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let padded =
        |pad: u8| -> Vec<u8> { (0..64).map(|at| key.get(at).copied().unwrap_or_default() ^ pad).collect() };
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().into()
}
