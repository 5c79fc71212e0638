//! What Stripe's objects and events say, as facts. What we do not know is passed over: others may use the same account.

use chrono::{DateTime, Utc};
use portico_core::Money;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::super::ProviderError;
use crate::domain::provider::{CheckoutState, Fact, RefundState};

/// A page of a list.
#[derive(Deserialize)]
pub(super) struct Listed<T> {
    pub(super) data: Vec<T>,
    #[serde(default)]
    pub(super) has_more: bool,
}

/// Something with an id, so that a list can go on after it.
pub(super) trait Charged {
    fn id(&self) -> &str;
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    data: EventData,
}

#[derive(Deserialize)]
struct EventData {
    object: Value,
}

/// Others may use the same account, and write what they like under our names.
#[derive(Deserialize, Default)]
struct Metadata {
    #[serde(default)]
    checkout: Option<String>,
    #[serde(default)]
    refund: Option<String>,
}

impl Metadata {
    fn checkout(&self) -> Option<Uuid> {
        self.checkout.as_deref()?.parse().ok()
    }

    fn refund(&self) -> Option<Uuid> {
        self.refund.as_deref()?.parse().ok()
    }
}

/// A charge; its refunds come with it where the account's version of the interface has them.
#[derive(Deserialize)]
struct Charge {
    #[serde(default)]
    refunds: Option<Listed<Refund>>,
}

/// A payment.
#[derive(Deserialize)]
pub(super) struct PaymentIntent {
    id: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    amount_received: i64,
    currency: String,
    #[serde(default)]
    created: i64,
    #[serde(default)]
    metadata: Metadata,
}

/// A refund.
#[derive(Deserialize)]
pub(super) struct Refund {
    id: String,
    amount: i64,
    currency: String,
    #[serde(default)]
    created: i64,
    #[serde(default)]
    payment_intent: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    metadata: Metadata,
}

/// A dispute.
#[derive(Deserialize)]
pub(super) struct Dispute {
    id: String,
    amount: i64,
    currency: String,
    #[serde(default)]
    created: i64,
    #[serde(default)]
    payment_intent: Option<String>,
    #[serde(default)]
    status: String,
}

/// A page to pay on, with its payment where it was asked for as well.
#[derive(Deserialize)]
pub(super) struct Session {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    status: String,
    #[serde(default)]
    payment_status: String,
    #[serde(default)]
    payment_intent: Option<Expandable>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Expandable {
    Whole(PaymentIntent),
    Id(#[expect(dead_code, reason = "the id alone says nothing")] String),
}

fn moment(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

fn money(amount: i64, currency: &str) -> Option<Money> {
    Money::new(amount, &currency.to_uppercase()).ok().filter(|money| money.amount > 0)
}

impl Charged for PaymentIntent {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Charged for Refund {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Charged for Dispute {
    fn id(&self) -> &str {
        &self.id
    }
}

impl PaymentIntent {
    pub(super) fn facts(&self) -> Vec<Fact> {
        let Some(checkout) = self.metadata.checkout() else { return Vec::new() };
        match self.status.as_str() {
            "succeeded" => {
                let paid = money(self.amount_received, &self.currency);
                let paid = paid.map(|money| Fact::Paid {
                    reference: self.id.clone(),
                    checkout,
                    money,
                    at: moment(self.created),
                });
                paid.into_iter().collect()
            }
            "processing" => vec![Fact::Moved { checkout, state: CheckoutState::Processing }],
            "canceled" => vec![Fact::Moved { checkout, state: CheckoutState::Failed }],
            _ => Vec::new(),
        }
    }
}

impl Session {
    /// How far the payment is, as the page and its payment tell together.
    pub(super) fn facts(&self) -> Vec<Fact> {
        let intent = match &self.payment_intent {
            Some(Expandable::Whole(intent)) => Some(intent),
            _ => None,
        };
        let mut found = intent.map(PaymentIntent::facts).unwrap_or_default();
        // The client was done with the page, and then the bank did not pay.
        let refused = self.status == "complete"
            && self.payment_status == "unpaid"
            && intent.is_some_and(|intent| intent.status == "requires_payment_method");
        if let Some(checkout) = self.metadata.checkout()
            && (refused || self.status == "expired")
        {
            found.push(Fact::Moved { checkout, state: CheckoutState::Failed });
        }
        found
    }
}

impl Refund {
    pub(super) fn facts(&self) -> Vec<Fact> {
        let state = match self.status.as_deref() {
            None | Some("succeeded") => RefundState::Succeeded,
            Some("failed" | "canceled") => RefundState::Failed,
            Some(_) => RefundState::Pending,
        };
        let (Some(payment), Some(money)) = (&self.payment_intent, money(self.amount, &self.currency)) else {
            return Vec::new();
        };
        vec![Fact::Refunded {
            asked: self.metadata.refund(),
            state,
            reference: self.id.clone(),
            payment: payment.clone(),
            money,
            at: moment(self.created),
        }]
    }
}

impl Dispute {
    pub(super) fn facts(&self) -> Vec<Fact> {
        let Some(payment) = &self.payment_intent else { return Vec::new() };
        let over = matches!(self.status.as_str(), "won" | "lost" | "warning_closed");
        let lost = if self.status == "lost" { money(self.amount, &self.currency) } else { None };
        let (reference, at) = (self.id.clone(), moment(self.created));
        vec![Fact::Disputed { reference, payment: payment.clone(), over, lost, at }]
    }
}

/// The facts in an event.
pub(super) fn of_event(body: &[u8]) -> Result<Vec<Fact>, ProviderError> {
    let event: Event = serde_json::from_slice(body).map_err(|_| ProviderError::NotTheirs("not an event"))?;
    let object = event.data.object;
    let read = |_: serde_json::Error| ProviderError::NotTheirs("an object that cannot be read");
    Ok(match event.kind.as_str() {
        kind if kind.starts_with("payment_intent.") => {
            serde_json::from_value::<PaymentIntent>(object).map_err(read)?.facts()
        }
        "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated" => {
            serde_json::from_value::<Refund>(object).map_err(read)?.facts()
        }
        // Newer versions leave the refunds out; then `refund.created` alone tells of them.
        "charge.refunded" => {
            let charge: Charge = serde_json::from_value(object).map_err(read)?;
            charge
                .refunds
                .map_or_else(Vec::new, |refunds| refunds.data.iter().flat_map(Refund::facts).collect())
        }
        kind if kind.starts_with("charge.dispute.") => {
            serde_json::from_value::<Dispute>(object).map_err(read)?.facts()
        }
        kind if kind.starts_with("checkout.session.") => {
            let session: Session = serde_json::from_value(object).map_err(read)?;
            let state = match kind {
                "checkout.session.completed" if session.payment_status != "paid" => {
                    Some(CheckoutState::Processing)
                }
                "checkout.session.expired" | "checkout.session.async_payment_failed" => {
                    Some(CheckoutState::Failed)
                }
                _ => None,
            };
            let moved = session.metadata.checkout().zip(state);
            moved.map(|(checkout, state)| Fact::Moved { checkout, state }).into_iter().collect()
        }
        _ => Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn facts(kind: &str, object: Value) -> Vec<Fact> {
        of_event(json!({ "id": "evt_1", "type": kind, "data": { "object": object } }).to_string().as_bytes())
            .unwrap()
    }

    #[test]
    fn events_are_read_and_those_of_others_are_passed_over() {
        let checkout = Uuid::from_u128(7);
        let intent = |status: &str| json!({ "id": "pi_1", "status": status, "amount_received": 500, "currency": "eur", "created": 1_800_000_000, "metadata": { "checkout": checkout } });
        let at = moment(1_800_000_000);
        let money = Money::new(500, "EUR").unwrap();
        let paid = Fact::Paid { reference: "pi_1".to_owned(), checkout, money: money.clone(), at };
        assert_eq!(facts("payment_intent.succeeded", intent("succeeded")), [paid]);
        let processing = Fact::Moved { checkout, state: CheckoutState::Processing };
        assert_eq!(
            facts("payment_intent.processing", intent("processing")),
            std::slice::from_ref(&processing)
        );
        let session =
            json!({ "id": "cs_1", "payment_status": "unpaid", "metadata": { "checkout": checkout } });
        assert_eq!(facts("checkout.session.completed", session), [processing]);
        let refund = |status: &str| json!({ "id": "re_1", "amount": 500, "currency": "eur", "created": 1_800_000_000, "payment_intent": "pi_1", "status": status });
        let given = Fact::Refunded {
            asked: None,
            state: RefundState::Succeeded,
            reference: "re_1".to_owned(),
            payment: "pi_1".to_owned(),
            money: money.clone(),
            at,
        };
        assert_eq!(facts("refund.created", refund("succeeded")), std::slice::from_ref(&given));
        let charge = json!({ "id": "ch_1", "refunds": { "object": "list", "data": [refund("succeeded")] } });
        assert_eq!(facts("charge.refunded", charge), [given]);
        assert!(facts("charge.refunded", json!({ "id": "ch_1", "amount_refunded": 500 })).is_empty());
        for (word, ours) in [(checkout.to_string(), Some(checkout)), ("theirs".to_owned(), None)] {
            let mut asked = refund("pending");
            asked["metadata"] = json!({ "refund": word });
            let told = facts("refund.created", asked);
            assert!(matches!(told[..], [Fact::Refunded { asked, .. }] if asked == ours), "{told:?}");
        }
        for (kind, status, state) in [
            ("refund.created", "pending", RefundState::Pending),
            ("refund.failed", "failed", RefundState::Failed),
            ("charge.refund.updated", "failed", RefundState::Failed),
            ("refund.updated", "canceled", RefundState::Failed),
        ] {
            let told = facts(kind, refund(status));
            assert!(
                matches!(told[..], [Fact::Refunded { state: there, .. }] if there == state),
                "{kind} {status}"
            );
        }
        let dispute = |status: &str| json!({ "id": "dp_1", "amount": 500, "currency": "eur", "created": 1_800_000_000, "payment_intent": "pi_1", "status": status });
        let disputed = |over, lost| {
            [Fact::Disputed { reference: "dp_1".to_owned(), payment: "pi_1".to_owned(), over, lost, at }]
        };
        assert_eq!(facts("charge.dispute.created", dispute("needs_response")), disputed(false, None));
        assert_eq!(facts("charge.dispute.closed", dispute("lost")), disputed(true, Some(money)));
        assert!(
            facts(
                "payment_intent.succeeded",
                json!({ "id": "pi_2", "currency": "eur", "status": "succeeded" })
            )
            .is_empty()
        );
        assert!(facts("customer.created", json!({})).is_empty());
        for broken in ["", "{}", "[1]", "{\"type\":\"payment_intent.succeeded\",\"data\":{\"object\":1}}"] {
            assert!(of_event(broken.as_bytes()).is_err(), "{broken}");
        }
    }
}
