//! Giving money back through the provider that it came through. What is asked for is stored before the provider is asked; what it answers
//! is a fact like those that it tells later, so that an answer that is lost changes nothing but the hour.

use portico_core::{AccountId, Ctx, TenantId};
use portico_db::Tx;
use uuid::Uuid;

use crate::{
    domain::{
        ledger::Source,
        payment::Refund,
        provider::{GiveBack, RefundState, Waiting},
        settlement::Refused,
    },
    error::BillingError,
    events::publish,
    paying, peers,
    providers::{PaymentProvider, ProviderError},
    service::{Call, Service},
    settling::{self, in_currency},
    store::{self, provider_refunds::Asked},
};

/// How long whoever asks for a refund waits for the provider. Their browser's request ends after ten seconds.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(6);

/// What an administrator wants to give back of a payment.
pub(crate) struct Wish<'a> {
    pub(crate) account: AccountId,
    pub(crate) payment: Uuid,
    /// Minor units of the payment's currency.
    pub(crate) amount: i64,
    pub(crate) reason: String,
    pub(crate) key: &'a str,
}

/// Asks the payment's provider to give money back, never more than is neither given back nor on its way; answers how far that is. Where no
/// answer came it is [`RefundState::Pending`], and the night asks again.
///
/// # Errors
/// The amount is more than there is; the provider refuses, and nothing is given back.
pub(crate) async fn give_back(
    service: &Service,
    call: &Call,
    wish: Wish<'_>,
) -> Result<RefundState, BillingError> {
    let firm = peers::firm(service, &call.ctx).await?;
    let provider = service.providers.of(&firm.slug);
    let source = Source::Payment(wish.payment);
    let mut tx = service.store.begin(&call.ctx).await?;
    // Two at once see what the other has asked for.
    store::hold_account(&mut tx, wish.account).await?;
    let (_, credit) = store::payments::credit(&mut tx, source).await?.ok_or(BillingError::NotFound)?;
    let (name, reference) =
        store::provider_refunds::provider_of(&mut tx, wish.payment).await?.ok_or(BillingError::NotFound)?;
    if provider.name() != name {
        return Err(BillingError::WrongState(
            "The payment provider that this came through is not set up any more. Give it back another way and record that here.",
        ));
    }
    let money = in_currency(wish.amount, &credit.money.currency)?;
    let known = store::provider_refunds::find_by_key(&mut tx, wish.account, wish.key).await?;
    let asked_before = known.is_some();
    let asked = match known {
        Some(known) => {
            if (known.payment, &known.money, &known.reason) != (wish.payment, &money, &wish.reason) {
                return Err(BillingError::OtherRequest);
            }
            known
        }
        None => {
            if money.amount <= 0 {
                return Err(Refused::Nothing.into());
            }
            if money.amount > credit.refundable() {
                return Err(Refused::MoreThanLeft.into());
            }
            let asked = Asked {
                id: service.id(),
                account: wish.account,
                payment: wish.payment,
                money: money.clone(),
                reason: wish.reason,
                requested_by: call.ctx.actor.person,
                answered: false,
                state: RefundState::Pending,
            };
            let now = service.clock.now();
            store::provider_refunds::insert(&mut tx, (&name, wish.key), &asked, now).await?;
            publish::refund_explained(service, &mut tx, &as_refund(&asked, service, &firm)).await?;
            asked
        }
    };
    tx.commit().await?;
    if asked.state == RefundState::Pending && !asked.answered {
        let back = GiveBack { id: asked.id, payment: reference, money };
        let answer =
            tokio::time::timeout(PATIENCE, ask(service, call.ctx.tenant, &*provider, &back, asked_before));
        // It was asked for, so whoever asked is told that it is on its way: an error would have them ask for a second one.
        match answer.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(tenant = %call.ctx.tenant, %error, refund = %asked.id, "a refund is asked for again at night");
            }
            Err(_) => {
                tracing::warn!(tenant = %call.ctx.tenant, refund = %asked.id, "a refund without an answer is asked for again at night");
            }
        }
    }
    let mut tx = service.store.begin(&call.ctx).await?;
    let now = store::provider_refunds::find_by_key(&mut tx, wish.account, wish.key).await?;
    match now.map(|now| now.state) {
        Some(RefundState::Failed) | None => Err(BillingError::RefundRefused),
        Some(state) => Ok(state),
    }
}

/// Asks a provider for a refund that has no answer yet, and takes in what it says. One that may have been asked for before is looked for
/// first: keys are forgotten after a day, and without one the same money would be given back again.
///
/// # Errors
/// The provider is away, and nobody knows whether it was given back.
pub(crate) async fn ask(
    service: &Service,
    tenant: TenantId,
    provider: &dyn PaymentProvider,
    back: &GiveBack,
    asked_before: bool,
) -> Result<(), BillingError> {
    let mut facts =
        if asked_before { provider.ask(&Waiting::Asked(back.clone())).await? } else { Vec::new() };
    if facts.is_empty() {
        facts = match provider.refund(back).await {
            Ok(facts) => facts,
            Err(ProviderError::Refused(why)) => {
                tracing::warn!(%tenant, refund = %back.id, %why, "a payment provider refuses to give money back");
                refused(service, tenant, back).await?;
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
    }
    paying::take(service, tenant, provider.name(), &facts).await?;
    Ok(())
}

/// A provider refuses for good what it never began. Whoever waits for it reads it; the others of the firm are told.
async fn refused(service: &Service, tenant: TenantId, back: &GiveBack) -> Result<(), BillingError> {
    let ctx = Ctx::system(tenant, "billing.payments");
    let (firm, people) = (peers::firm(service, &ctx).await?, peers::administrators(service, &ctx).await?);
    let mut tx = service.store.begin(&ctx).await?;
    let refused = store::provider_refunds::refused(&mut tx, back.id, service.clock.now()).await?;
    if let Some(asked) = refused {
        let refund = as_refund(&asked, service, &firm);
        settling::refund_not_made(service, &mut tx, &firm, &refund, &people).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Gives up, within the transaction of whoever records by hand what was given back, what a payment's provider was asked for and never decided:
/// it is not set up any more, and nobody hears of it again.
pub(crate) async fn give_up(
    service: &Service,
    tx: &mut Tx,
    firm: &peers::Firm,
    payment: Uuid,
) -> Result<(), BillingError> {
    for asked in store::provider_refunds::give_up(tx, payment, service.clock.now()).await? {
        publish::refund_failed(service, tx, &as_refund(&asked, service, firm)).await?;
    }
    Ok(())
}

fn as_refund(asked: &Asked, service: &Service, firm: &peers::Firm) -> Refund {
    Refund {
        id: asked.id,
        account_id: asked.account,
        source: Source::Payment(asked.payment),
        money: asked.money.clone(),
        refunded_on: service.today(firm),
        reason: asked.reason.clone(),
        reference: String::new(),
        recorded_by: asked.requested_by,
    }
}

#[cfg(test)]
mod tests {
    use portico_core::{Clock as _, Ctx, ErrorCode, Problem};
    use portico_proto::{
        billing::v1::{
            Credit, ListCreditsRequest, PaymentRefunded, RefundCreditRequest, RefundCreditResponse,
            RefundFailed, StartPaymentRequest,
        },
        events::v1::NoticeRequested,
    };
    use serde_json::{Value, json};
    use tonic::{Response, Status};

    use crate::{
        fake_stripe::{Shared, WEBHOOK_SECRETS},
        providers::sign,
        testing::{ADMINISTRATOR, Fixture, refused},
    };

    /// A firm with an invoice of 1,428.00 EUR that was paid through its provider.
    struct Paid {
        fixture: Fixture,
        stripe: Shared,
        invoice: String,
        payment: String,
    }

    impl Paid {
        async fn new() -> Self {
            let (fixture, stripe) = Fixture::with_stripe().await;
            let invoice = fixture.invoice().await.id;
            let start = StartPaymentRequest { sales_document_id: invoice.clone() };
            fixture.billing(&fixture.client()).start_payment(start).await.unwrap();
            let checkout = stripe.lock().unwrap().forms[0]["metadata[checkout]"].clone();
            let intent = json!({ "id": "pi_1", "status": "succeeded", "amount_received": 142_800, "currency": "eur",
                "created": 1_800_003_600, "metadata": { "checkout": checkout } });
            stripe.lock().unwrap().payment_intents.push(intent.clone());
            let mut paid = Self { fixture, stripe, invoice, payment: String::new() };
            paid.tell("payment_intent.succeeded", intent).await;
            paid.payment = paid.credit().await.payment_id;
            paid.fixture.tick();
            paid
        }

        async fn tell(&self, kind: &str, object: Value) {
            let body = json!({ "id": "evt_1", "type": kind, "data": { "object": object } }).to_string();
            let now = self.fixture.database.clock.now();
            let signature = sign(body.as_bytes(), WEBHOOK_SECRETS[0], now);
            let system = portico_testkit::system(self.fixture.tenant);
            assert_eq!(self.fixture.post(&system, "/providers/webhook", &signature, body).await, 204);
        }

        async fn credit(&self) -> Credit {
            let request =
                ListCreditsRequest { account_id: self.fixture.acme.to_string(), ..Default::default() };
            let mut staff = self.fixture.billing(&self.fixture.staff());
            staff.list_credits(request).await.unwrap().into_inner().credits.remove(0)
        }

        /// What was given back, what is on its way, and what is open of the invoice again.
        async fn books(&self) -> (i64, i64, i64) {
            let credit = self.credit().await;
            let balances = self.fixture.balances().await;
            assert_eq!(balances.iter().map(|(_, amount)| amount).sum::<i64>(), 0);
            (credit.refunded, credit.pending, self.fixture.read(&self.invoice).await.open)
        }

        fn wish(&self, amount: i64, key: &str) -> RefundCreditRequest {
            RefundCreditRequest {
                payment_id: self.payment.clone(),
                amount,
                reason: "Threatens to leave".to_owned(),
                idempotency_key: key.to_owned(),
                ..RefundCreditRequest::default()
            }
        }

        async fn give(&self, amount: i64, key: &str) -> Result<Response<RefundCreditResponse>, Status> {
            self.give_as(&self.fixture.admin(), self.wish(amount, key)).await
        }

        async fn give_as(
            &self,
            ctx: &Ctx,
            wish: RefundCreditRequest,
        ) -> Result<Response<RefundCreditResponse>, Status> {
            self.fixture.tick();
            self.fixture.billing(ctx).refund_credit(wish).await
        }

        fn made(&self) -> Vec<Value> {
            self.stripe.lock().unwrap().refunds.clone()
        }
    }

    #[tokio::test]
    async fn what_came_through_a_provider_goes_back_through_it_once_however_often_it_is_asked_and_told() {
        let paid = Paid::new().await;
        let first = paid.give(42_800, "k").await.unwrap().into_inner();
        assert!(!first.pending);
        assert_eq!(paid.books().await, (42_800, 0, 42_800));
        {
            let stripe = paid.stripe.lock().unwrap();
            let (key, (form, ..)) = stripe.refund_answers.iter().next().unwrap();
            assert_eq!((form["payment_intent"].as_str(), form["amount"].as_str()), ("pi_1", "42800"));
            assert_eq!(&form["metadata[refund]"], key, "the key is that of the stored row");
            assert!(!format!("{form:?}").contains("Threatens"), "why is for the firm alone");
        }
        let refund = paid.made().remove(0);
        let charge = json!({ "id": "ch_1", "payment_intent": "pi_1", "amount_refunded": 42_800,
            "refunds": { "object": "list", "data": [refund] } });
        paid.tell("charge.refunded", charge).await;
        let mut late = refund.clone();
        late["status"] = json!("pending");
        for (kind, object) in [("refund.updated", &refund), ("refund.created", &late)] {
            paid.tell(kind, object.clone()).await;
        }
        paid.fixture.work("billing.reconcile").await;
        assert_eq!(paid.give(42_800, "k").await.unwrap().into_inner().credit, first.credit);
        assert_eq!((paid.made().len(), paid.fixture.rows("refunds").await), (1, 1));
        assert_eq!(paid.books().await, (42_800, 0, 42_800));
        assert_eq!(paid.fixture.published::<PaymentRefunded>().await.len(), 1);
        for amount in [0, -1, 100_001] {
            assert_eq!(refused(paid.give(amount, "m").await).fields[0].field, "amount");
        }
        let other = refused(paid.give(42_801, "k").await);
        assert_eq!((other.code, other.reason.as_str()), (ErrorCode::Conflict, "other_request"));
        for lesser in [paid.fixture.staff(), paid.fixture.client()] {
            let problem = refused(paid.give_as(&lesser, paid.wish(1, "n")).await);
            assert_eq!(problem.code, ErrorCode::PermissionDenied);
        }
        let elsewhere = portico_testkit::staff(paid.fixture.database.tenant(), &["admin"]);
        assert_eq!(refused(paid.give_as(&elsewhere, paid.wish(1, "n")).await), Problem::not_found());
        paid.give(100_000, "o").await.unwrap();
        assert_eq!(paid.books().await, (142_800, 0, 142_800));
    }

    #[tokio::test]
    async fn two_at_once_never_give_back_more_than_was_paid() {
        let paid = Paid::new().await;
        paid.stripe.lock().unwrap().refund_status = "pending".to_owned();
        let (one, other) = tokio::join!(paid.give(100_000, "k"), paid.give(100_000, "l"));
        assert_eq!([&one, &other].iter().filter(|answer| answer.is_ok()).count(), 1, "{one:?} {other:?}");
        let (one, other) = tokio::join!(paid.give(42_800, "m"), paid.give(42_800, "m"));
        assert!(one.unwrap().into_inner().pending && other.unwrap().into_inner().pending);
        assert_eq!(paid.books().await, (0, 142_800, 0), "nothing is booked before the money left");
        assert_eq!(paid.made().len(), 2);
        let by_hand = RefundCreditRequest { by_hand: true, ..paid.wish(1, "n") };
        assert_eq!(refused(paid.give_as(&paid.fixture.admin(), by_hand).await).fields[0].field, "amount");
        for mut refund in paid.made() {
            refund["status"] = json!("succeeded");
            paid.tell("refund.updated", refund).await;
        }
        assert_eq!(paid.books().await, (142_800, 0, 142_800));
    }

    #[tokio::test]
    async fn an_answer_that_is_lost_is_found_at_night_even_when_the_key_is_forgotten() {
        let paid = Paid::new().await;
        paid.stripe.lock().unwrap().loses_answers = true;
        assert!(paid.give(42_800, "k").await.unwrap().into_inner().pending);
        assert_eq!(paid.books().await, (0, 42_800, 0));
        assert_eq!(refused(paid.give(100_001, "l").await).fields[0].field, "amount");
        paid.stripe.lock().unwrap().refund_answers.clear();
        // The administrator presses again, and the night asks as well.
        assert!(!paid.give(42_800, "k").await.unwrap().into_inner().pending);
        paid.stripe.lock().unwrap().refund_answers.clear();
        paid.fixture.work("billing.reconcile").await;
        assert_eq!((paid.made().len(), paid.books().await), (1, (42_800, 0, 42_800)));

        // What never reached the provider is asked for at night.
        {
            let mut stripe = paid.stripe.lock().unwrap();
            (stripe.away, stripe.loses_answers) = (true, false);
        }
        assert!(paid.give(2_800, "m").await.unwrap().into_inner().pending);
        paid.fixture.work("billing.reconcile").await;
        assert_eq!((paid.made().len(), paid.books().await), (1, (42_800, 2_800, 42_800)));
        paid.stripe.lock().unwrap().away = false;
        for _ in 0..2 {
            paid.fixture.work("billing.reconcile").await;
        }
        assert_eq!((paid.made().len(), paid.books().await), (2, (45_600, 0, 45_600)));
    }

    #[tokio::test]
    async fn a_refund_that_fails_opens_the_credit_again_and_staff_are_told_once() {
        let paid = Paid::new().await;
        paid.stripe.lock().unwrap().refund_status = "pending".to_owned();
        paid.give(42_800, "k").await.unwrap();
        let mut refund = paid.made().remove(0);
        for (status, kind) in
            [("failed", "refund.failed"), ("failed", "refund.updated"), ("succeeded", "refund.updated")]
        {
            refund["status"] = json!(status);
            paid.tell(kind, refund.clone()).await;
        }
        assert_eq!((paid.books().await, paid.fixture.rows("refunds").await), ((0, 0, 0), 0));
        let told = paid.fixture.published::<NoticeRequested>().await;
        let told: Vec<_> = told.iter().filter(|notice| notice.subject.contains("did not arrive")).collect();
        assert!(matches!(told[..], [notice] if notice.person_ids == [ADMINISTRATOR.to_owned()]), "{told:?}");
        assert_eq!(paid.fixture.published::<RefundFailed>().await.len(), 1);
        assert_eq!(refused(paid.give(42_800, "k").await).reason, "refund_refused");
        // The money is there to give back again, by hand where the provider cannot.
        let by_hand = RefundCreditRequest { by_hand: true, ..paid.wish(42_800, "l") };
        paid.give_as(&paid.fixture.admin(), by_hand).await.unwrap();
        assert_eq!(paid.books().await, (42_800, 0, 42_800));
    }

    #[tokio::test]
    async fn what_waits_for_a_provider_that_is_not_set_up_any_more_is_decided_by_hand() {
        let paid = Paid::new().await;
        paid.stripe.lock().unwrap().refund_status = "pending".to_owned();
        paid.give(42_800, "k").await.unwrap();
        assert!(!paid.credit().await.provider_gone);
        for statement in [
            "alter table billing.payments disable trigger user",
            "alter table billing.payments drop constraint payments_provider_check",
            "alter table billing.provider_refunds drop constraint provider_refunds_provider_check",
            "update billing.payments set provider = 'former'",
            "update billing.provider_refunds set provider = 'former'",
        ] {
            sqlx::query(statement).execute(paid.fixture.database.admin()).await.unwrap();
        }
        assert!(paid.credit().await.provider_gone);
        let problem = refused(paid.give(1, "l").await);
        assert!(problem.message.contains("not set up any more"), "{problem:?}");
        let by_hand = |amount, key| RefundCreditRequest { by_hand: true, ..paid.wish(amount, key) };
        let admin = paid.fixture.admin();
        // Too much changes nothing, and what is pending stays so.
        assert_eq!(refused(paid.give_as(&admin, by_hand(142_801, "m")).await).fields[0].field, "amount");
        assert_eq!(paid.books().await, (0, 42_800, 0));
        for _ in 0..2 {
            paid.give_as(&admin, by_hand(142_800, "n")).await.unwrap();
            assert_eq!(paid.books().await, (142_800, 0, 142_800));
        }
        assert_eq!(paid.fixture.published::<RefundFailed>().await.len(), 1);
        let client = paid.fixture.client();
        let request = ListCreditsRequest { account_id: paid.fixture.acme.to_string(), ..Default::default() };
        let credits = paid.fixture.billing(&client).list_credits(request).await.unwrap().into_inner();
        assert!(!credits.credits[0].provider_gone, "how the firm is set up is for the firm alone");
    }

    #[tokio::test]
    async fn what_the_provider_refuses_is_said_and_what_was_given_back_there_is_booked_at_night() {
        let paid = Paid::new().await;
        let elsewhere = json!({ "id": "re_theirs", "amount": 142_800, "currency": "eur", "created": 1_800_003_600,
            "payment_intent": "pi_1", "status": "succeeded", "metadata": {} });
        paid.stripe.lock().unwrap().refunds.push(elsewhere);
        let problem = refused(paid.give(42_800, "k").await);
        assert_eq!(
            (problem.code, problem.reason.as_str()),
            (ErrorCode::FailedPrecondition, "refund_refused")
        );
        assert!(!problem.message.contains("charge_already"), "{}", problem.message);
        assert_eq!(paid.books().await, (0, 0, 0));
        paid.fixture.work("billing.reconcile").await;
        assert_eq!((paid.made().len(), paid.books().await), (1, (142_800, 0, 142_800)));
    }
}
