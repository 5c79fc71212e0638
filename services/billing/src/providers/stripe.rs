//! Stripe, by the shapes that it publishes: checkout sessions, signed webhooks, and lists of payments, refunds and disputes.

mod facts;
mod signature;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::{Method, Request, StatusCode, header};
use http_body_util::Full;
use serde::{Deserialize, de::DeserializeOwned};

#[cfg(test)]
pub(crate) use self::signature::sign;

use self::facts::{Charged, Dispute, Listed, PaymentIntent, Refund, Session};
use super::{Order, PaymentProvider, ProviderError, Started, http::send};
use crate::domain::provider::{Fact, GiveBack, Waiting};

/// Pages of a list that are read at most: 100 things each.
const MOST_PAGES: usize = 50;

/// What was refunded may come back this much later: banks take up to thirty days for it, and weekends. A dispute told late is found as well.
const MAY_FAIL: TimeDelta = TimeDelta::days(60);

/// Currencies that Stripe counts in other units than our books do, after <https://docs.stripe.com/currencies> (read in 2026): ISO 4217 gives
/// króna and Ugandan shilling no decimals and Stripe wants two ("special cases"); the ariary has two and Stripe counts none
/// ("zero-decimal"); dinars and the rial have three, of which Stripe wants the last to be zero ("three-decimal"), and does not name
/// those of Iraq and Libya at all. An amount as it stands in our books would be a hundred times too small or large, or be refused.
const OTHER_UNITS: [&str; 10] = ["BHD", "IQD", "ISK", "JOD", "KWD", "LYD", "MGA", "OMR", "TND", "UGX"];

/// A firm's secrets at Stripe. They are never shown: there is no `Debug`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    secret_key: String,
    /// One, or two while the older is being replaced.
    webhook_secrets: Vec<String>,
}

/// Stripe for one firm.
pub(crate) struct Stripe {
    api: String,
    keys: Keys,
}

#[derive(Deserialize)]
struct Made {
    id: String,
    #[serde(default)]
    url: Option<String>,
}

#[derive(Deserialize)]
struct Failure {
    error: FailureText,
}

#[derive(Deserialize)]
struct FailureText {
    #[serde(default)]
    code: String,
    #[serde(default, rename = "type")]
    kind: String,
}

impl Stripe {
    pub(crate) fn new(api: String, keys: Keys) -> Self {
        Self { api, keys }
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        key: Option<String>,
        form: String,
    ) -> Result<T, ProviderError> {
        let refused = |error: http::Error| ProviderError::Refused(error.to_string());
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.api))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.keys.secret_key))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let request = request.body(Full::new(Bytes::from(form))).map_err(refused)?;
        let (status, body) = send(request).await?;
        if status.is_success() {
            return serde_json::from_slice(&body)
                .map_err(|error| ProviderError::Unreadable(error.to_string()));
        }
        let why = serde_json::from_slice::<Failure>(&body)
            .map(|failure| format!("{} {}", failure.error.kind, failure.error.code))
            .unwrap_or_default();
        if status.is_server_error() || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::CONFLICT)
        {
            Err(ProviderError::Away(format!("{status} {why}")))
        } else {
            Err(ProviderError::Refused(format!("{status} {why}")))
        }
    }

    /// One thing by its id.
    async fn one<T: DeserializeOwned>(&self, of: &str, id: &str, asked: &str) -> Result<T, ProviderError> {
        plain(id)?;
        self.call(Method::GET, &format!("/v1/{of}/{id}{asked}"), None, String::new()).await
    }

    /// Every thing of a list since a moment, page by page.
    async fn all<T: DeserializeOwned + Charged>(
        &self,
        path: &str,
        since: DateTime<Utc>,
    ) -> Result<Vec<T>, ProviderError> {
        self.listed(path, &format!("created[gte]={}", since.timestamp())).await
    }

    /// Every thing of a list that `which` asks for, page by page.
    async fn listed<T: DeserializeOwned + Charged>(
        &self,
        path: &str,
        which: &str,
    ) -> Result<Vec<T>, ProviderError> {
        let mut found: Vec<T> = Vec::new();
        for _ in 0..MOST_PAGES {
            let after = found.last().map(|last| format!("&starting_after={}", last.id())).unwrap_or_default();
            let path = format!("{path}?limit=100&{which}{after}");
            let page: Listed<T> = self.call(Method::GET, &path, None, String::new()).await?;
            let (has_more, empty) = (page.has_more, page.data.is_empty());
            found.extend(page.data);
            if !has_more || empty {
                break;
            }
        }
        Ok(found)
    }
}

/// Refuses an id that would lead elsewhere in an address.
fn plain(id: &str) -> Result<(), ProviderError> {
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Err(ProviderError::Refused("an id that is none of theirs".to_owned()));
    }
    Ok(())
}

/// What a refund is made of.
fn refund_form(back: &GiveBack) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("payment_intent", &back.payment)
        .append_pair("amount", &back.money.amount.to_string())
        .append_pair("metadata[refund]", &back.id.to_string());
    form.finish()
}

/// What a session is made of.
fn session_form(order: &Order) -> String {
    let (checkout, mut form) = (&order.checkout, url::form_urlencoded::Serializer::new(String::new()));
    let id = checkout.id.to_string();
    form.append_pair("mode", "payment")
        .append_pair("client_reference_id", &id)
        .append_pair("metadata[checkout]", &id)
        .append_pair("payment_intent_data[metadata][checkout]", &id)
        .append_pair("line_items[0][quantity]", "1")
        .append_pair("line_items[0][price_data][currency]", &checkout.money.currency.to_lowercase())
        .append_pair("line_items[0][price_data][unit_amount]", &checkout.money.amount.to_string())
        .append_pair("line_items[0][price_data][product_data][name]", &order.title)
        .append_pair("success_url", &order.back)
        .append_pair("cancel_url", &order.back);
    form.finish()
}

#[async_trait]
impl PaymentProvider for Stripe {
    fn name(&self) -> &'static str {
        "stripe"
    }

    fn takes(&self, currency: &str) -> bool {
        !OTHER_UNITS.contains(&currency)
    }

    async fn start(&self, order: &Order) -> Result<Started, ProviderError> {
        let session: Made = self
            .call(
                Method::POST,
                "/v1/checkout/sessions",
                Some(order.checkout.id.to_string()),
                session_form(order),
            )
            .await?;
        let url = session.url.ok_or_else(|| ProviderError::Refused("a session without a page".to_owned()))?;
        Ok(Started { reference: session.id, url })
    }

    async fn refund(&self, back: &GiveBack) -> Result<Vec<Fact>, ProviderError> {
        let key = Some(back.id.to_string());
        let made: Refund = self.call(Method::POST, "/v1/refunds", key, refund_form(back)).await?;
        let facts = made.facts();
        if facts.is_empty() {
            return Err(ProviderError::Unreadable("a refund of nothing".to_owned()));
        }
        Ok(facts)
    }

    fn hear(&self, signature: &str, body: &[u8], now: DateTime<Utc>) -> Result<Vec<Fact>, ProviderError> {
        signature::verify(signature, body, &self.keys.webhook_secrets, now)
            .map_err(ProviderError::NotTheirs)?;
        facts::of_event(body)
    }

    async fn list(&self, since: DateTime<Utc>) -> Result<Vec<Fact>, ProviderError> {
        let intents: Vec<PaymentIntent> = self.all("/v1/payment_intents", since).await?;
        let refunds: Vec<Refund> = self.all("/v1/refunds", since - MAY_FAIL).await?;
        let disputes: Vec<Dispute> = self.all("/v1/disputes", since - MAY_FAIL).await?;
        let mut found: Vec<Fact> = intents.iter().flat_map(PaymentIntent::facts).collect();
        found.extend(refunds.iter().flat_map(Refund::facts));
        found.extend(disputes.iter().flat_map(Dispute::facts));
        Ok(found)
    }

    async fn ask(&self, about: &Waiting) -> Result<Vec<Fact>, ProviderError> {
        Ok(match about {
            Waiting::Checkout(id) => {
                self.one::<Session>("checkout/sessions", id, "?expand[]=payment_intent").await?.facts()
            }
            Waiting::Refund(id) => self.one::<Refund>("refunds", id, "").await?.facts(),
            Waiting::Asked(back) => {
                plain(&back.payment)?;
                let which = format!("payment_intent={}", back.payment);
                let there: Vec<Refund> = self.listed("/v1/refunds", &which).await?;
                let facts = there.iter().flat_map(Refund::facts);
                facts
                    .filter(|fact| matches!(fact, Fact::Refunded { asked: Some(id), .. } if *id == back.id))
                    .collect()
            }
            Waiting::Dispute(id) => self.one::<Dispute>("disputes", id, "").await?.facts(),
        })
    }
}

#[cfg(test)]
mod tests {
    use portico_core::Money;

    use super::*;

    /// "Zero-decimal currencies" of the page, but for UGX, which its special cases take back.
    const ZERO_DECIMAL: [&str; 15] = [
        "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF",
        "XPF",
    ];
    /// "Three-decimal currencies" of the page.
    const THREE_DECIMAL: [&str; 5] = ["BHD", "JOD", "KWD", "OMR", "TND"];

    fn here(currency: &str) -> usize {
        let shown = Money::new(1, currency).unwrap().to_string();
        shown.split(' ').next().unwrap().split_once('.').map_or(0, |(_, decimals)| decimals.len())
    }

    #[test]
    fn only_currencies_are_taken_that_are_counted_here_as_at_stripe() {
        let stripe =
            Stripe::new(String::new(), Keys { secret_key: String::new(), webhook_secrets: Vec::new() });
        let two = ["EUR", "USD", "GBP", "CHF", "PLN", "HUF", "TWD", "ISK", "UGX", "IQD", "LYD"];
        for currency in ZERO_DECIMAL.into_iter().chain(two) {
            let there = if ZERO_DECIMAL.contains(&currency) { 0 } else { 2 };
            assert_eq!(stripe.takes(currency), here(currency) == there, "{currency}");
        }
        for currency in THREE_DECIMAL {
            assert!(!stripe.takes(currency), "{currency}");
        }
    }
}
