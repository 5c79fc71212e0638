//! The ledger as it runs, over the real database and behind the RPCs: whatever people and a provider do, in whatever order, and however
//! often it is told, the sums hold.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use portico_core::{Clock as _, ErrorCode};
use portico_proto::billing::v1::{self as proto, ListCreditsRequest, ListDocumentsRequest};
use portico_rpc::problem_from;
use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use tonic::{Response, Status};

use crate::{
    fake_stripe::{Shared, WEBHOOK_SECRETS},
    providers::sign,
    testing::{Fixture, content},
};

/// How long new cases are begun; the last one ends a little later.
const TIME: Duration = Duration::from_secs(10);
/// Cases at most.
const CASES: usize = 12;

/// Something that happens. A number chooses among what there is; where there is nothing, nothing happens.
#[derive(Debug, Clone)]
enum Act {
    Issue { hours: i64 },
    PayByHand { amount: i64, invoice: Option<usize> },
    BeginOnline { invoice: usize },
    PaidOnline { checkout: usize },
    Credit { invoice: usize, hours: Option<i64> },
    Allocate { credit: usize, invoice: usize, amount: i64 },
    Refund { credit: usize, amount: i64, again: bool },
    RefundThere { payment: usize, amount: i64 },
    DecideRefund { refund: usize, arrives: bool },
    WriteOff { invoice: usize },
    Tell { message: usize },
    Weather { away: bool, loses_answers: bool, pending: bool },
    Night,
}

fn act() -> impl Strategy<Value = Act> {
    let any_of = 0_usize..6;
    let amount = 1_i64..90_000;
    prop_oneof![
        3 => (1_i64..4).prop_map(|hours| Act::Issue { hours }),
        3 => (amount.clone(), proptest::option::of(any_of.clone()))
            .prop_map(|(amount, invoice)| Act::PayByHand { amount, invoice }),
        3 => any_of.clone().prop_map(|invoice| Act::BeginOnline { invoice }),
        4 => any_of.clone().prop_map(|checkout| Act::PaidOnline { checkout }),
        2 => (any_of.clone(), proptest::option::of(1_i64..3))
            .prop_map(|(invoice, hours)| Act::Credit { invoice, hours }),
        3 => (any_of.clone(), any_of.clone(), amount.clone())
            .prop_map(|(credit, invoice, amount)| Act::Allocate { credit, invoice, amount }),
        4 => (any_of.clone(), amount.clone(), any::<bool>())
            .prop_map(|(credit, amount, again)| Act::Refund { credit, amount, again }),
        1 => (any_of.clone(), amount).prop_map(|(payment, amount)| Act::RefundThere { payment, amount }),
        3 => (any_of.clone(), any::<bool>())
            .prop_map(|(refund, arrives)| Act::DecideRefund { refund, arrives }),
        1 => any_of.clone().prop_map(|invoice| Act::WriteOff { invoice }),
        6 => (0_usize..40).prop_map(|message| Act::Tell { message }),
        2 => (any::<bool>(), any::<bool>(), any::<bool>())
            .prop_map(|(away, loses_answers, pending)| Act::Weather { away, loses_answers, pending }),
        1 => Just(Act::Night),
    ]
}

/// What a refusal may be: never a fault of ours.
fn fair<R>(answer: Result<Response<R>, Status>) -> Option<R> {
    match answer {
        Ok(answer) => Some(answer.into_inner()),
        Err(status) => {
            let problem = problem_from(&status);
            let fair = matches!(
                problem.code,
                ErrorCode::InvalidArgument
                    | ErrorCode::FailedPrecondition
                    | ErrorCode::Conflict
                    | ErrorCode::Unavailable
            );
            assert!(fair, "{problem:?}");
            None
        }
    }
}

fn chosen<T>(of: &[T], number: usize) -> Option<&T> {
    (!of.is_empty()).then(|| &of[number % of.len()])
}

struct Run {
    fixture: Fixture,
    stripe: Shared,
    invoices: Vec<String>,
    /// Every message that the provider has had reason to send.
    messages: Vec<(&'static str, Value)>,
    keys: u32,
}

impl Run {
    async fn new() -> Self {
        let (fixture, stripe) = Fixture::with_stripe().await;
        Self { fixture, stripe, invoices: Vec::new(), messages: Vec::new(), keys: 0 }
    }

    fn key(&mut self) -> String {
        self.keys += 1;
        format!("key-{}", self.keys)
    }

    async fn credits(&self) -> Vec<proto::Credit> {
        let request = ListCreditsRequest {
            account_id: self.fixture.acme.to_string(),
            page_size: 200,
            ..Default::default()
        };
        let mut staff = self.fixture.billing(&self.fixture.staff());
        staff.list_credits(request).await.unwrap().into_inner().credits
    }

    async fn tell(&self, kind: &str, object: &Value) {
        let body = json!({ "id": "evt_1", "type": kind, "data": { "object": object } }).to_string();
        let signature = sign(body.as_bytes(), WEBHOOK_SECRETS[0], self.fixture.database.clock.now());
        let system = portico_testkit::system(self.fixture.tenant);
        let heard = self.fixture.post(&system, "/providers/webhook", &signature, body).await;
        assert!(matches!(heard, 204 | 503), "a message is answered {heard}");
    }

    async fn issue(&mut self, hours: i64) {
        let mut content = content();
        content.lines[0].quantity = hours.to_string();
        let request = proto::CreateDraftRequest {
            account_id: self.fixture.acme.to_string(),
            kind: proto::DocumentKind::Invoice.into(),
            content: Some(content),
            ..Default::default()
        };
        let mut staff = self.fixture.billing(&self.fixture.staff());
        let draft = staff.create_draft(request).await.unwrap().into_inner().document.unwrap();
        self.invoices.push(self.fixture.issue(&draft.id).await.id);
    }

    async fn pay_by_hand(&mut self, amount: i64, invoice: Option<usize>) {
        let sales_document_id =
            invoice.and_then(|number| chosen(&self.invoices, number)).cloned().unwrap_or_default();
        let request = proto::RecordPaymentRequest {
            account_id: self.fixture.acme.to_string(),
            currency: "EUR".to_owned(),
            amount,
            method: "bank_transfer".to_owned(),
            received_on: self.fixture.database.clock.now().date_naive().to_string(),
            sales_document_id,
            keep_as_credit: amount % 5 == 0,
            idempotency_key: self.key(),
            ..Default::default()
        };
        let mut staff = self.fixture.billing(&self.fixture.staff());
        fair(staff.record_payment(request.clone()).await);
        fair(staff.record_payment(request).await);
    }

    fn paid_online(&mut self, checkout: usize) {
        let mut stripe = self.stripe.lock().unwrap();
        let Some(form) = chosen(&stripe.forms, checkout).cloned() else { return };
        let checkout = &form["metadata[checkout]"];
        if stripe.payment_intents.iter().any(|intent| intent["metadata"]["checkout"] == checkout.as_str()) {
            return;
        }
        let amount: i64 = form["line_items[0][price_data][unit_amount]"].parse().unwrap();
        let intent = |status: &str, received: i64| {
            json!({ "id": format!("pi_{}", checkout.replace('-', "")), "status": status, "amount_received": received,
                "currency": "eur", "created": 1_800_003_600, "metadata": { "checkout": checkout } })
        };
        stripe.payment_intents.push(intent("succeeded", amount));
        self.messages.push(("payment_intent.succeeded", intent("succeeded", amount)));
        self.messages.push(("payment_intent.processing", intent("processing", 0)));
    }

    async fn credit(&mut self, invoice: usize, hours: Option<i64>) {
        let Some(id) = chosen(&self.invoices, invoice).cloned() else { return };
        let lines =
            hours.map(|hours| proto::Line { quantity: hours.to_string(), ..content().lines.remove(0) });
        let request = proto::CreditInvoiceRequest {
            sales_document_id: id,
            lines: lines.into_iter().collect(),
            reason: "Agreed".to_owned(),
            idempotency_key: self.key(),
        };
        let mut staff = self.fixture.billing(&self.fixture.staff());
        fair(staff.credit_invoice(request.clone()).await);
        fair(staff.credit_invoice(request).await);
    }

    async fn allocate(&mut self, credit: usize, invoice: usize, amount: i64) {
        let credits = self.credits().await;
        let (Some(credit), Some(id)) = (chosen(&credits, credit), chosen(&self.invoices, invoice).cloned())
        else {
            return;
        };
        let open = self.fixture.read(&id).await.open;
        // Often exactly what fits, sometimes more than there is.
        let amount = if amount % 4 == 0 { amount } else { amount.min(open).min(credit.left) };
        let request = proto::AllocateCreditRequest {
            payment_id: credit.payment_id.clone(),
            credit_note_id: credit.credit_note_id.clone(),
            sales_document_id: id,
            amount,
            idempotency_key: self.key(),
        };
        let mut staff = self.fixture.billing(&self.fixture.staff());
        fair(staff.allocate_credit(request.clone()).await);
        fair(staff.allocate_credit(request).await);
    }

    async fn refund(&mut self, credit: usize, amount: i64, again: bool) {
        let credits = self.credits().await;
        let Some(credit) = chosen(&credits, credit) else { return };
        let most =
            if credit.credit_note_id.is_empty() { credit.amount - credit.refunded } else { credit.left };
        let request = proto::RefundCreditRequest {
            payment_id: credit.payment_id.clone(),
            credit_note_id: credit.credit_note_id.clone(),
            amount: if amount % 4 == 0 { amount } else { amount.min(most) },
            reason: "Agreed".to_owned(),
            idempotency_key: self.key(),
            ..Default::default()
        };
        let mut admin = self.fixture.billing(&self.fixture.admin());
        fair(admin.refund_credit(request.clone()).await);
        if again {
            fair(admin.refund_credit(request).await);
        }
        self.hear_of_refunds();
    }

    /// The provider has reason to tell of each refund that it has.
    fn hear_of_refunds(&mut self) {
        let refunds = self.stripe.lock().unwrap().refunds.clone();
        self.messages.extend(refunds.into_iter().map(|refund| ("refund.updated", refund)));
    }

    fn refund_there(&mut self, payment: usize, amount: i64) {
        let mut stripe = self.stripe.lock().unwrap();
        let Some(intent) = chosen(&stripe.payment_intents, payment).cloned() else { return };
        let form = [
            ("payment_intent", intent["id"].as_str().unwrap()),
            ("amount", &amount.to_string()),
            ("metadata[refund]", "somebody's"),
        ];
        stripe.make_refund(&form.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        drop(stripe);
        self.hear_of_refunds();
    }

    /// A bank has decided about money that was given back: what is on its way arrives or does not, and what has left may come back.
    fn decide_refund(&mut self, refund: usize, arrives: bool) {
        let mut stripe = self.stripe.lock().unwrap();
        let count = stripe.refunds.len();
        if count == 0 {
            return;
        }
        let refund = &mut stripe.refunds[refund % count];
        if refund["status"] == "failed" || refund["status"] == "succeeded" && arrives {
            return;
        }
        refund["status"] = json!(if arrives { "succeeded" } else { "failed" });
        drop(stripe);
        self.hear_of_refunds();
    }

    async fn happen(&mut self, act: &Act) {
        self.fixture.tick();
        match act {
            Act::Issue { hours } => self.issue(*hours).await,
            Act::PayByHand { amount, invoice } => self.pay_by_hand(*amount, *invoice).await,
            Act::BeginOnline { invoice } => {
                let Some(id) = chosen(&self.invoices, *invoice).cloned() else { return };
                let request = proto::StartPaymentRequest { sales_document_id: id };
                fair(self.fixture.billing(&self.fixture.client()).start_payment(request).await);
            }
            Act::PaidOnline { checkout } => self.paid_online(*checkout),
            Act::Credit { invoice, hours } => self.credit(*invoice, *hours).await,
            Act::Allocate { credit, invoice, amount } => self.allocate(*credit, *invoice, *amount).await,
            Act::Refund { credit, amount, again } => self.refund(*credit, *amount, *again).await,
            Act::RefundThere { payment, amount } => self.refund_there(*payment, *amount),
            Act::DecideRefund { refund, arrives } => self.decide_refund(*refund, *arrives),
            Act::WriteOff { invoice } => {
                let Some(id) = chosen(&self.invoices, *invoice).cloned() else { return };
                let request =
                    proto::WriteOffInvoiceRequest { sales_document_id: id, reason: "Bankrupt".to_owned() };
                fair(self.fixture.billing(&self.fixture.admin()).write_off_invoice(request).await);
            }
            Act::Tell { message } => {
                let Some((kind, object)) = chosen(&self.messages, *message) else { return };
                self.tell(kind, object).await;
            }
            Act::Weather { away, loses_answers, pending } => {
                let mut stripe = self.stripe.lock().unwrap();
                (stripe.away, stripe.loses_answers) = (*away && *pending, *loses_answers);
                stripe.refund_status = if *pending { "pending" } else { "succeeded" }.to_owned();
            }
            Act::Night => self.fixture.work("billing.reconcile").await,
        }
    }

    /// What is true at every moment.
    async fn check(&self) {
        let mut staff = self.fixture.billing(&self.fixture.staff());
        let request = ListDocumentsRequest { page_size: 200, ..Default::default() };
        let mut used: BTreeMap<String, i64> = BTreeMap::new();
        for invoice in staff.list_documents(request).await.unwrap().into_inner().documents {
            let sums = (invoice.paid, invoice.credited, invoice.written_off, invoice.open);
            assert_eq!(sums.0 + sums.1 + sums.2 + sums.3, invoice.gross, "{}: {sums:?}", invoice.number);
            assert!(sums.0 >= 0 && sums.1 >= 0 && sums.2 >= 0 && sums.3 >= 0, "{}: {sums:?}", invoice.number);
            let request = proto::GetDocumentRequest { sales_document_id: invoice.id };
            let settled = staff.get_document(request).await.unwrap().into_inner().settlements;
            for one in settled.iter().filter(|one| one.act != "written_off") {
                *used.entry(format!("{}{}", one.payment_id, one.credit_note_id)).or_default() += one.amount;
            }
            assert_eq!(settled.iter().map(|one| one.amount).sum::<i64>(), sums.0 + sums.1 + sums.2);
        }
        for credit in self.credits().await {
            let id = format!("{}{}", credit.payment_id, credit.credit_note_id);
            let allocated = used.remove(&id).unwrap_or_default();
            assert!(credit.left >= 0 && credit.refunded >= 0 && allocated >= 0, "{credit:?} {allocated}");
            assert_eq!(credit.left + credit.refunded + allocated, credit.amount, "{credit:?}");
        }
        assert!(used.is_empty(), "allocated of nothing: {used:?}");
        let request = proto::GetTrialBalanceRequest::default();
        let mut admin = self.fixture.billing(&self.fixture.admin());
        let balances = admin.get_trial_balance(request).await.unwrap().into_inner().balances;
        assert_eq!(balances.iter().map(|balance| balance.amount).sum::<i64>(), 0, "{balances:?}");
    }

    /// Once everything is told and some nights are over, the books say what the provider says.
    async fn end(&mut self) {
        {
            let mut stripe = self.stripe.lock().unwrap();
            (stripe.away, stripe.loses_answers) = (false, false);
        }
        self.hear_of_refunds();
        for (kind, object) in self.messages.iter().rev().chain(&self.messages) {
            self.tell(kind, object).await;
        }
        for _ in 0..3 {
            self.fixture.work("billing.reconcile").await;
        }
        self.check().await;
        let (intents, refunds) = {
            let stripe = self.stripe.lock().unwrap();
            (stripe.payment_intents.clone(), stripe.refunds.clone())
        };
        let mut online: BTreeSet<String> = BTreeSet::new();
        for credit in self.credits().await.into_iter().filter(|credit| credit.at_provider) {
            let there = |status: &str| -> i64 {
                let of = refunds.iter().filter(|refund| {
                    refund["payment_intent"] == credit.label.as_str() && refund["status"] == status
                });
                of.filter_map(|refund| refund["amount"].as_i64()).sum()
            };
            assert_eq!(
                (credit.refunded, credit.pending),
                (there("succeeded"), there("pending")),
                "{credit:?} {refunds:?}"
            );
            assert!(online.insert(credit.label.clone()), "booked twice: {}", credit.label);
        }
        assert_eq!(online.len(), intents.len(), "a payment is missing");
    }
}

#[tokio::test]
async fn in_whatever_order_things_happen_and_are_told_the_sums_hold() {
    let mut runner = TestRunner::new(Config::default());
    let began = Instant::now();
    for case in 0..CASES {
        if case > 0 && began.elapsed() > TIME {
            break;
        }
        let acts = proptest::collection::vec(act(), 30).new_tree(&mut runner).unwrap().current();
        let mut run = Run::new().await;
        run.issue(3).await;
        for (number, act) in acts.iter().enumerate() {
            let said = format!("case {case}, act {number}: {act:?}");
            run.happen(act).await;
            let checked = std::panic::AssertUnwindSafe(run.check());
            let held = futures_util::FutureExt::catch_unwind(checked).await;
            assert!(held.is_ok(), "{said}\nof {acts:#?}");
        }
        run.end().await;
    }
}
