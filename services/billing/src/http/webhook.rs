//! Messages of payment providers, over plain HTTP: the body as it arrived, byte for byte.

use axum::{
    body::Bytes,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode};
use portico_core::ActorKind;
use portico_rpc::{Incoming, answer};

use crate::{
    error::BillingError,
    paying::{self, Taken},
    peers,
    service::{Service, SharedService},
};

pub(super) async fn hear(
    State(service): State<SharedService>,
    incoming: Incoming,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match take(&service, &incoming, &headers, &body).await {
        Ok(Taken::Done) => StatusCode::NO_CONTENT.into_response(),
        // The provider tells it again later, when the payment that it speaks of is known.
        Ok(Taken::NotYet) => answer(BillingError::NotYet).into_http(),
        Err(error) => answer(error).into_http(),
    }
}

async fn take(
    service: &Service,
    incoming: &Incoming,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Taken, BillingError> {
    let ctx = incoming.ctx().map_err(|_| BillingError::NotFound)?;
    if ctx.actor.kind != ActorKind::System {
        return Err(BillingError::NotFound);
    }
    let firm = peers::firm(service, &ctx).await?;
    let provider = service.providers.of(&firm.slug);
    let signature = headers.get("stripe-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let facts = provider.hear(signature, body, service.clock.now())?;
    paying::take(service, ctx.tenant, provider.name(), &facts).await
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_core::{Clock as _, Ctx};
    use portico_proto::{
        billing::v1::{GetStatementRequest, ListCreditsRequest, RefundFailed, StartPaymentRequest},
        events::v1::NoticeRequested,
    };
    use serde_json::{Value, json};

    use crate::{
        fake_stripe::WEBHOOK_SECRETS,
        providers::sign,
        testing::{ADMINISTRATOR, Fixture},
    };

    async fn begun(fixture: &Fixture, stripe: &crate::fake_stripe::Shared) -> (String, String) {
        let invoice = fixture.invoice().await;
        let request = StartPaymentRequest { sales_document_id: invoice.id.clone() };
        fixture.billing(&fixture.client()).start_payment(request).await.unwrap();
        let checkout = stripe.lock().unwrap().forms.last().unwrap()["metadata[checkout]"].clone();
        (invoice.id, checkout)
    }

    fn intent(id: &str, checkout: &str, status: &str, amount: i64) -> Value {
        json!({ "id": id, "status": status, "amount_received": amount, "currency": "eur", "created": 1_800_003_600, "metadata": { "checkout": checkout } })
    }

    fn refund(id: &str, payment: &str, amount: i64) -> Value {
        json!({ "id": id, "amount": amount, "currency": "eur", "created": 1_800_003_600, "payment_intent": payment, "status": "succeeded" })
    }

    fn dispute(payment: &str, status: &str) -> Value {
        json!({ "id": "dp_1", "amount": 142_800, "currency": "eur", "created": 1_800_003_600, "payment_intent": payment, "status": status })
    }

    async fn send(fixture: &Fixture, ctx: &Ctx, kind: &str, object: Value, secret: &str) -> u16 {
        let body = json!({ "id": "evt_1", "type": kind, "data": { "object": object } }).to_string();
        let signature = sign(body.as_bytes(), secret, fixture.database.clock.now());
        fixture.post(ctx, "/providers/webhook", &signature, body).await
    }

    #[tokio::test]
    async fn a_payment_told_once_or_often_is_booked_once() {
        let (fixture, stripe) = Fixture::with_stripe().await;
        let (invoice, checkout) = begun(&fixture, &stripe).await;
        let system = portico_testkit::system(fixture.tenant);
        let tell = async |kind: &str, object: Value, secret: &str| {
            send(&fixture, &system, kind, object, secret).await
        };
        let [new, old] = WEBHOOK_SECRETS;
        assert_eq!(
            tell("payment_intent.processing", intent("pi_1", &checkout, "processing", 0), new).await,
            204
        );
        assert_eq!(fixture.read(&invoice).await.state, "processing");
        for secret in [new, old, new] {
            assert_eq!(
                tell("payment_intent.succeeded", intent("pi_1", &checkout, "succeeded", 142_800), secret)
                    .await,
                204
            );
        }
        assert_eq!(
            tell("payment_intent.processing", intent("pi_1", &checkout, "processing", 0), new).await,
            204
        );
        let paid = fixture.read(&invoice).await;
        assert_eq!((paid.state.as_str(), paid.paid), ("paid", 142_800));
        assert_eq!(fixture.rows("payments").await, 1);
        assert_eq!(fixture.balances().await.iter().map(|(_, amount)| amount).sum::<i64>(), 0);
    }

    #[tokio::test]
    async fn what_comes_before_its_payment_is_told_again() {
        let (fixture, stripe) = Fixture::with_stripe().await;
        let (invoice, checkout) = begun(&fixture, &stripe).await;
        let system = portico_testkit::system(fixture.tenant);
        let tell =
            async |kind: &str, object: Value| send(&fixture, &system, kind, object, WEBHOOK_SECRETS[0]).await;
        assert_eq!(tell("refund.created", refund("re_1", "pi_1", 42_800)).await, 503);
        assert_eq!(tell("charge.dispute.created", dispute("pi_1", "needs_response")).await, 503);
        assert_eq!(
            tell("payment_intent.succeeded", intent("pi_1", &checkout, "succeeded", 142_800)).await,
            204
        );
        for _ in 0..2 {
            assert_eq!(tell("refund.created", refund("re_1", "pi_1", 42_800)).await, 204);
        }
        let read = fixture.read(&invoice).await;
        assert_eq!((read.state.as_str(), read.paid, read.open), ("partly_paid", 100_000, 42_800));
        assert_eq!(tell("charge.dispute.created", dispute("pi_1", "needs_response")).await, 204);
        assert_eq!(fixture.read(&invoice).await.state, "disputed");
        assert_eq!(tell("charge.dispute.closed", dispute("pi_1", "won")).await, 204);
        assert_eq!(tell("charge.dispute.created", dispute("pi_1", "needs_response")).await, 204);
        assert_eq!(fixture.read(&invoice).await.state, "partly_paid", "what is closed stays closed");
    }

    #[tokio::test]
    async fn a_night_later_nothing_is_missing() {
        let (fixture, stripe) = Fixture::with_stripe().await;
        let mut invoices = Vec::new();
        for number in 0..3 {
            let (invoice, checkout) = begun(&fixture, &stripe).await;
            let paid = intent(&format!("pi_{number}"), &checkout, "succeeded", 142_800);
            stripe.lock().unwrap().payment_intents.push(paid);
            invoices.push(invoice);
        }
        stripe.lock().unwrap().refunds.push(refund("re_1", "pi_2", 142_800));
        stripe
            .lock()
            .unwrap()
            .payment_intents
            .push(json!({ "id": "pi_x", "status": "succeeded", "amount_received": 5, "currency": "eur" }));
        for _ in 0..2 {
            fixture.work("billing.reconcile").await;
        }
        let mut states = Vec::new();
        for invoice in &invoices {
            states.push(fixture.read(invoice).await.state);
        }
        assert_eq!(states, ["paid", "paid", "open"]);
        assert_eq!((fixture.rows("payments").await, fixture.rows("refunds").await), (3, 1));
    }

    #[tokio::test]
    async fn what_the_books_refuse_stops_nothing_else() {
        let (fixture, stripe) = Fixture::with_stripe().await;
        let mut invoices = Vec::new();
        for number in 0..2 {
            let (invoice, checkout) = begun(&fixture, &stripe).await;
            let paid = intent(&format!("pi_{number}"), &checkout, "succeeded", 142_800);
            stripe.lock().unwrap().payment_intents.push(paid);
            invoices.push(invoice);
        }
        // The second gives back what is not there any more.
        for (id, payment) in [("re_1", "pi_0"), ("re_2", "pi_0"), ("re_3", "pi_1")] {
            stripe.lock().unwrap().refunds.push(refund(id, payment, 142_800));
        }
        fixture.work("billing.reconcile").await;
        assert_eq!(fixture.rows("refunds").await, 2);
        for invoice in &invoices {
            assert_eq!(fixture.read(invoice).await.state, "open");
        }
    }

    #[tokio::test]
    async fn what_is_about_a_payment_of_others_is_not_asked_for_again_for_ever() {
        let (fixture, _) = Fixture::with_stripe().await;
        let system = portico_testkit::system(fixture.tenant);
        let now = fixture.database.clock.now();
        let tell = async |kind: &str, object: Value, ago: TimeDelta| {
            let mut object = object;
            object["created"] = json!((now - ago).timestamp());
            send(&fixture, &system, kind, object, WEBHOOK_SECRETS[0]).await
        };
        let (just_now, long_ago) = (TimeDelta::minutes(59), TimeDelta::minutes(61));
        for (ago, status) in [(just_now, 503), (long_ago, 204)] {
            assert_eq!(tell("refund.created", refund("re_1", "pi_other", 100), ago).await, status);
            assert_eq!(tell("charge.dispute.closed", dispute("pi_other", "lost"), ago).await, status);
        }
        assert_eq!((fixture.rows("refunds").await, fixture.rows("disputes").await), (0, 0));
    }

    #[tokio::test]
    async fn nobody_pays_again_while_a_payment_is_on_its_way() {
        let (fixture, stripe) = Fixture::with_stripe().await;
        let (invoice, checkout) = begun(&fixture, &stripe).await;
        let system = portico_testkit::system(fixture.tenant);
        let tell = async |kind: &str, status: &str| {
            send(&fixture, &system, kind, intent("pi_1", &checkout, status, 0), WEBHOOK_SECRETS[0]).await
        };
        let again = async || {
            let request = StartPaymentRequest { sales_document_id: invoice.clone() };
            fixture.billing(&fixture.client()).start_payment(request).await
        };
        assert_eq!(tell("payment_intent.processing", "processing").await, 204);
        let problem = crate::testing::refused(again().await);
        assert!(problem.message.contains("on its way"), "{}", problem.message);
        assert_eq!(fixture.rows("checkouts").await, 1);
        assert_eq!(tell("payment_intent.canceled", "canceled").await, 204);
        assert_eq!(tell("payment_intent.processing", "processing").await, 204, "told late");
        again().await.unwrap();
        assert_eq!(fixture.rows("checkouts").await, 2, "what has failed can be tried again");
    }

    #[tokio::test]
    async fn i06_a_message_that_is_not_signed_or_not_from_the_edge_changes_nothing() {
        let (fixture, stripe) = Fixture::with_stripe().await;
        let (invoice, checkout) = begun(&fixture, &stripe).await;
        let system = portico_testkit::system(fixture.tenant);
        let paid = || intent("pi_1", &checkout, "succeeded", 142_800);
        assert_eq!(send(&fixture, &system, "payment_intent.succeeded", paid(), "whsec_foreign").await, 403);
        let body = json!({ "type": "payment_intent.succeeded", "data": { "object": paid() } }).to_string();
        let stale =
            sign(body.as_bytes(), WEBHOOK_SECRETS[0], fixture.database.clock.now() - TimeDelta::minutes(6));
        assert_eq!(fixture.post(&system, "/providers/webhook", &stale, body.clone()).await, 403);
        let fresh = sign(body.as_bytes(), WEBHOOK_SECRETS[0], fixture.database.clock.now());
        assert_eq!(fixture.post(&system, "/providers/webhook", &fresh, format!("{body} ")).await, 403);
        for person in [fixture.admin(), fixture.client()] {
            assert_eq!(
                send(&fixture, &person, "payment_intent.succeeded", paid(), WEBHOOK_SECRETS[0]).await,
                404
            );
        }
        assert_eq!(
            (fixture.read(&invoice).await.state.as_str(), fixture.rows("payments").await),
            ("open", 0)
        );
    }

    async fn paid(fixture: &Fixture, stripe: &crate::fake_stripe::Shared) -> (String, String) {
        let (invoice, checkout) = begun(fixture, stripe).await;
        fixture.tick();
        let system = portico_testkit::system(fixture.tenant);
        let object = intent("pi_1", &checkout, "succeeded", 142_800);
        assert_eq!(send(fixture, &system, "payment_intent.succeeded", object, WEBHOOK_SECRETS[0]).await, 204);
        (invoice, checkout)
    }

    fn refund_that(status: &str) -> Value {
        let mut refund = refund("re_1", "pi_1", 42_800);
        refund["status"] = json!(status);
        refund
    }

    #[tokio::test]
    async fn a_refund_that_did_not_arrive_is_taken_back_once_and_staff_are_told() {
        let (fixture, stripe) = Fixture::with_stripe().await;
        let (invoice, _) = paid(&fixture, &stripe).await;
        let system = portico_testkit::system(fixture.tenant);
        let tell = async |kind: &str, object: Value| {
            fixture.tick();
            send(&fixture, &system, kind, object, WEBHOOK_SECRETS[0]).await
        };
        assert_eq!(tell("refund.created", refund_that("pending")).await, 204);
        assert_eq!(fixture.read(&invoice).await.state, "paid", "nothing is booked before the money left");
        assert_eq!(tell("refund.updated", refund_that("succeeded")).await, 204);
        assert_eq!(fixture.read(&invoice).await.open, 42_800);
        for (kind, status) in [
            ("refund.failed", "failed"),
            ("charge.refund.updated", "failed"),
            ("refund.updated", "succeeded"),
            ("refund.failed", "failed"),
        ] {
            assert_eq!(tell(kind, refund_that(status)).await, 204);
        }
        let read = fixture.read(&invoice).await;
        assert_eq!((read.state.as_str(), read.paid, read.open), ("paid", 142_800, 0));
        let request =
            ListCreditsRequest { account_id: fixture.acme.to_string(), ..ListCreditsRequest::default() };
        let credit = fixture.billing(&fixture.staff()).list_credits(request).await.unwrap().into_inner();
        assert_eq!((credit.credits[0].left, credit.credits[0].refunded), (0, 0));
        let asked = GetStatementRequest {
            account_id: fixture.acme.to_string(),
            from: "2027-01-01".to_owned(),
            to: "2027-01-31".to_owned(),
            currency: String::new(),
        };
        let statement = fixture.billing(&fixture.client()).get_statement(asked).await.unwrap().into_inner();
        let moved: Vec<_> =
            statement.movements.iter().map(|one| (one.act.as_str(), one.amount, one.balance)).collect();
        assert_eq!(moved[2..], [("refunded", 42_800, 42_800), ("refund_failed", -42_800, 0)]);
        assert_eq!(fixture.balances().await.iter().map(|(_, amount)| amount).sum::<i64>(), 0);
        let told: Vec<NoticeRequested> = fixture.published::<NoticeRequested>().await;
        let told: Vec<&NoticeRequested> =
            told.iter().filter(|notice| notice.subject.contains("did not arrive")).collect();
        assert!(matches!(told[..], [notice] if notice.person_ids == [ADMINISTRATOR.to_owned()]), "{told:?}");
        assert_eq!(fixture.published::<RefundFailed>().await.len(), 1);
    }

    #[tokio::test]
    async fn a_refund_whose_failure_is_told_first_is_never_booked() {
        let (fixture, stripe) = Fixture::with_stripe().await;
        let (invoice, _) = paid(&fixture, &stripe).await;
        let system = portico_testkit::system(fixture.tenant);
        for (kind, status) in [("refund.failed", "failed"), ("refund.created", "succeeded")] {
            let told = send(&fixture, &system, kind, refund_that(status), WEBHOOK_SECRETS[0]).await;
            assert_eq!(told, 204);
        }
        assert_eq!((fixture.read(&invoice).await.state.as_str(), fixture.rows("refunds").await), ("paid", 0));
    }

    #[tokio::test]
    async fn what_is_not_decided_is_asked_about_however_old_it_is() {
        let (fixture, stripe) = Fixture::with_stripe().await;
        let system = portico_testkit::system(fixture.tenant);
        let mut begun_ones = Vec::new();
        for number in 0..4 {
            let (invoice, checkout) = begun(&fixture, &stripe).await;
            let id = format!("pi_{number}");
            let kind = if number == 2 { "succeeded" } else { "processing" };
            let object = intent(&id, &checkout, kind, if number == 2 { 142_800 } else { 0 });
            let told = send(&fixture, &system, "payment_intent.processing", object, WEBHOOK_SECRETS[0]).await;
            assert_eq!(told, 204);
            begun_ones.push((invoice, checkout, id));
        }
        let opened = dispute("pi_2", "needs_response");
        assert_eq!(send(&fixture, &system, "charge.dispute.created", opened, WEBHOOK_SECRETS[0]).await, 204);
        let states = async || {
            let mut states = Vec::new();
            for (invoice, _, _) in &begun_ones {
                states.push(fixture.read(invoice).await.state);
            }
            states
        };
        assert_eq!(states().await, ["processing", "processing", "disputed", "processing"]);
        fixture.database.clock.advance(TimeDelta::days(400));
        {
            // One debit came, one did not, one is still on its way; the dispute was lost. No message of it ever arrived.
            let mut stripe = stripe.lock().unwrap();
            let ends = [("succeeded", 142_800, "paid"), ("requires_payment_method", 0, "unpaid")];
            for ((_, checkout, id), (status, amount, paid)) in begun_ones.iter().zip(ends) {
                let whole = intent(id, checkout, status, amount);
                let session = stripe
                    .sessions
                    .values_mut()
                    .find(|session| session["metadata"]["checkout"] == checkout.as_str())
                    .unwrap();
                session["status"] = json!("complete");
                session["payment_status"] = json!(paid);
                session["payment_intent"] = whole;
            }
            stripe.disputes.push(dispute("pi_2", "lost"));
        }
        for _ in 0..2 {
            fixture.work("billing.reconcile").await;
        }
        assert_eq!(states().await, ["paid", "overdue", "overdue", "processing"]);
        assert_eq!((fixture.rows("payments").await, fixture.rows("refunds").await), (2, 1));
    }
}
