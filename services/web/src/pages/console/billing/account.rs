//! An account's money: what it owes, what it has to its credit, whom documents are made out to, and recording payments.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use portico_core::{Money, Problem};
use portico_proto::{
    billing::v1::{
        Address, Buyer, Credit, DocumentKind, GetBuyerRequest, GetBuyerResponse, ListCreditsRequest,
        ListDocumentsRequest, RecordPaymentRequest, RefundCreditRequest, SetBuyerRequest,
    },
    tenancy::v1::GetAccountRequest,
};
use portico_rpc::problem_from;

use super::said::Said;
use crate::{
    ask::{AdminAsk, StaffAsk, not_here, refused, see_other_after},
    components::{Choice, Row},
    error::PageError,
    layout::Shell,
    pages::console::attempt::{Attempt, Sent},
    paper::{self, METHODS},
    render::{Page, see_other},
};

/// A payment or credit note with what is left of it.
struct Had {
    what: String,
    on: String,
    amount: String,
    left: String,
    note: String,
    /// For giving it back: the ids, and what can be given back at most.
    payment_id: String,
    credit_note_id: String,
    most: String,
    at_provider: bool,
    /// Whether nothing more is heard of that provider, so that what was given back can only be recorded.
    gone: bool,
    /// What its provider is giving back; empty for nothing.
    pending: String,
}

#[derive(Template)]
#[template(path = "pages/billing/console_account.html")]
struct Shown<'a> {
    s: &'a Shell,
    id: String,
    account: String,
    documents: Vec<Row>,
    credits: Vec<Had>,
    admin: bool,
    buyer: Buyer,
    address: Address,
    etag: String,
    buyer_missing: bool,
    methods: Vec<Choice>,
    invoices: Vec<Choice>,
    currency: String,
    today: String,
    key: String,
    attempt: Attempt,
}

pub(super) async fn show(
    ask: StaffAsk,
    Path(id): Path<String>,
    Query(said): Query<Said>,
) -> Result<Response, PageError> {
    page(&ask, id, Attempt::default(), &said).await
}

pub(super) async fn set_buyer(
    ask: StaffAsk,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let asked = SetBuyerRequest {
        account_id: id.clone(),
        buyer: Some(Buyer {
            name: sent.text("name"),
            address: Some(address(&sent)),
            vat_id: sent.text("vat_id"),
            email: sent.text("email"),
            reference: sent.text("buyer_reference"),
        }),
        etag: sent.text("etag"),
    };
    match ask.billing().set_buyer(asked).await {
        Ok(_) => Ok(see_other(&format!("/console/accounts/{id}/billing?done=buyer-saved"))),
        Err(status) => {
            again(&ask, id, "buyer", sent, problem_from(&status), &[("reference", "buyer_reference")]).await
        }
    }
}

pub(super) async fn record_payment(
    ask: StaffAsk,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let currency = sent.of("currency").to_uppercase();
    let typed = paper::typed_number(&ask.shell, sent.of("amount"));
    // An amount that cannot be read is one that the service refuses by its field.
    let amount = Money::parse(&typed, &currency).map_or(0, |money| money.amount);
    let pays = sent.text("pays");
    let asked = RecordPaymentRequest {
        account_id: id.clone(),
        currency,
        amount,
        method: sent.text("method"),
        received_on: sent.text("received_on"),
        reference: sent.text("reference"),
        note: sent.text("note"),
        keep_as_credit: pays == "credit",
        sales_document_id: if matches!(pays.as_str(), "credit" | "oldest") { String::new() } else { pays },
        idempotency_key: sent.text("key"),
    };
    match ask.billing().record_payment(asked).await {
        Ok(made) => {
            let event = made.into_inner().event;
            Ok(see_other_after(&format!("/console/accounts/{id}/billing?done=payment-recorded"), &event))
        }
        Err(status) => again(&ask, id, "payment", sent, problem_from(&status), &[]).await,
    }
}

pub(super) async fn refund(ask: AdminAsk, Path(id): Path<String>, sent: Sent) -> Result<Response, PageError> {
    let typed = paper::typed_number(&ask.shell, sent.of("refund_amount"));
    let asked = RefundCreditRequest {
        payment_id: sent.text("payment_id"),
        credit_note_id: sent.text("credit_note_id"),
        amount: Money::parse(&typed, sent.of("currency")).map_or(0, |money| money.amount),
        reason: sent.text("refund_reason"),
        by_hand: sent.of("by_hand") == "yes",
        idempotency_key: sent.text("key"),
        ..RefundCreditRequest::default()
    };
    match ask.billing().refund_credit(asked).await {
        Ok(made) => {
            let made = made.into_inner();
            let done = if made.pending { "refund-pending" } else { "refunded" };
            Ok(see_other_after(&format!("/console/accounts/{id}/billing?done={done}"), &made.event))
        }
        Err(status) => {
            let names = [("amount", "refund_amount"), ("reason", "refund_reason")];
            again(&StaffAsk(ask.0), id, "refund", sent, problem_from(&status), &names).await
        }
    }
}

/// The parts of an address in a form.
pub(super) fn address(sent: &Sent) -> Address {
    Address {
        street: sent.text("address.street"),
        extra: sent.text("address.extra"),
        post_code: sent.text("address.post_code"),
        city: sent.text("address.city"),
        country: sent.of("address.country").to_uppercase(),
    }
}

/// The parts of an address as they stand in a form.
pub(super) fn typed_address(attempt: &Attempt, form: &str, there: &Address) -> Address {
    let part = |name: &str, there: &str| attempt.value(form, &format!("address.{name}"), there);
    Address {
        street: part("street", &there.street),
        extra: part("extra", &there.extra),
        post_code: part("post_code", &there.post_code),
        city: part("city", &there.city),
        country: part("country", &there.country),
    }
}

async fn again(
    ask: &StaffAsk,
    id: String,
    form: &'static str,
    sent: Sent,
    problem: Problem,
    names: &[(&str, &str)],
) -> Result<Response, PageError> {
    let page = page(ask, id, Attempt::refused(form, sent, &problem, names), &Said::default()).await;
    Ok(refused(problem, |_| page))
}

async fn page(ask: &StaffAsk, id: String, attempt: Attempt, said: &Said) -> Result<Response, PageError> {
    let listed = |kind: DocumentKind| ListDocumentsRequest {
        account_id: id.clone(),
        kind: kind.into(),
        page_size: 50,
        ..ListDocumentsRequest::default()
    };
    let credits =
        ListCreditsRequest { account_id: id.clone(), page_size: 100, ..ListCreditsRequest::default() };
    let (mut tenancy, mut a, mut b, mut c, mut d) =
        (ask.tenancy(), ask.billing(), ask.billing(), ask.billing(), ask.billing());
    let (account, buyer, invoices, estimates, credits) = tokio::try_join!(
        tenancy.get_account(GetAccountRequest { account_id: id.clone() }),
        a.get_buyer(GetBuyerRequest { account_id: id.clone() }),
        b.list_documents(listed(DocumentKind::Invoice)),
        c.list_documents(listed(DocumentKind::Estimate)),
        d.list_credits(credits),
    )?;
    let account = account.into_inner().account.ok_or_else(not_here)?;
    let s = &*ask.shell;
    let mut documents = invoices.into_inner().documents;
    documents.extend(estimates.into_inner().documents);
    let status = attempt.status();
    let name = account.name.clone();
    let view = Shown::new(
        s,
        (account.id, account.name),
        &documents,
        &credits.into_inner().credits,
        buyer.into_inner(),
        ask.reader.has_role("admin"),
        ask.form_key(),
        attempt,
    );
    let page = Page::new(s.say("billing-of").arg("account", &name).to_string(), view)
        .at("billing")
        .under(s.t("nav-accounts"), "/console/accounts")
        .under(name, format!("/console/accounts/{id}"))
        .status(status);
    said.above(page, s).respond(s, &ask.headers)
}

impl<'a> Shown<'a> {
    #[expect(clippy::too_many_arguments, reason = "a page's parts, each from a call of its own")]
    fn new(
        s: &'a Shell,
        (id, account): (String, String),
        documents: &[portico_proto::billing::v1::Document],
        credits: &[Credit],
        buyer: GetBuyerResponse,
        admin: bool,
        key: String,
        attempt: Attempt,
    ) -> Self {
        let open = documents.iter().filter(|document| document.open > 0);
        let currency = open
            .clone()
            .next()
            .and_then(|document| document.content.as_ref())
            .map(|content| content.currency.clone());
        let pays = attempt.value("payment", "pays", "oldest");
        let mut invoices = vec![Choice::new("oldest", s.t("billing-pays-oldest"), &pays)];
        invoices
            .extend(open.map(|document| Choice::new(document.id.clone(), paper::name(s, document), &pays)));
        invoices.push(Choice::new("credit", s.t("billing-pays-nothing"), &pays));
        let method = attempt.value("payment", "method", "bank_transfer");
        let buyer_missing = buyer.buyer.is_none();
        let there = buyer.buyer.unwrap_or_else(|| Buyer { name: account.clone(), ..Buyer::default() });
        let value = |name: &str, there: &str| attempt.value("buyer", name, there);
        let address = typed_address(&attempt, "buyer", &there.address.clone().unwrap_or_default());
        Self {
            s,
            id,
            documents: documents.iter().map(|one| paper::row(s, one, true, "")).collect(),
            credits: credits.iter().map(|one| had(s, one)).collect(),
            admin,
            buyer: Buyer {
                name: value("name", &there.name),
                vat_id: value("vat_id", &there.vat_id),
                email: value("email", &there.email),
                reference: value("buyer_reference", &there.reference),
                address: None,
            },
            address,
            etag: value("etag", &buyer.etag),
            buyer_missing,
            methods: METHODS.iter().map(|word| Choice::new(*word, paper::method(s, word), &method)).collect(),
            invoices,
            currency: attempt.value("payment", "currency", currency.as_deref().unwrap_or("EUR")),
            today: attempt.value("payment", "received_on", &s.formats.today().to_string()),
            key,
            account,
            attempt,
        }
    }
}

fn had(s: &Shell, credit: &Credit) -> Had {
    let label = paper::method(s, &credit.label);
    let kind = if credit.credit_note_id.is_empty() { "paper-payment" } else { "paper-credit-note" };
    let most = if credit.credit_note_id.is_empty() {
        // Nothing decides what is pending at a provider that is not set up any more.
        credit.amount - credit.refunded - if credit.provider_gone { 0 } else { credit.pending }
    } else {
        credit.left
    };
    let left = Money::new(most, &credit.currency).map(|money| money.to_string()).unwrap_or_default();
    let left = left.rsplit_once(' ').map_or_else(String::new, |(number, _)| number.replace(',', ""));
    Had {
        what: if label.is_empty() { s.t(kind) } else { format!("{}: {label}", s.t(kind)) },
        on: paper::day(s, &credit.on),
        amount: paper::money(s, credit.amount, &credit.currency),
        left: paper::money(s, credit.left, &credit.currency),
        note: credit.note.clone(),
        payment_id: credit.payment_id.clone(),
        credit_note_id: credit.credit_note_id.clone(),
        most: if most > 0 {
            format!("{} {}", paper::decimal(s, &left), credit.currency)
        } else {
            String::new()
        },
        at_provider: credit.at_provider,
        gone: credit.provider_gone,
        pending: if credit.pending > 0 {
            paper::money(s, credit.pending, &credit.currency)
        } else {
            String::new()
        },
    }
}

impl Had {
    /// The number of what can be given back, as one types it.
    fn number(&self) -> &str {
        self.most.rsplit_once(' ').map_or("", |(number, _)| number)
    }

    /// Its currency.
    fn currency(&self) -> &str {
        self.most.rsplit_once(' ').map_or("", |(_, currency)| currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    fn html(locale: Locale, admin: bool, attempt: Attempt) -> String {
        html_of(locale, admin, attempt, false)
    }

    fn html_of(locale: Locale, admin: bool, attempt: Attempt, at_provider: bool) -> String {
        html_when(locale, admin, attempt, (at_provider, false))
    }

    fn html_when(
        locale: Locale,
        admin: bool,
        attempt: Attempt,
        (at_provider, provider_gone): (bool, bool),
    ) -> String {
        let s = crate::walk::shell(Area::Console, locale);
        let credit = Credit {
            payment_id: "0190aaaa-0000-7000-8000-000000000007".to_owned(),
            label: "bank_transfer".to_owned(),
            currency: "EUR".to_owned(),
            amount: 123_456,
            left: 500,
            note: "seen <1>".to_owned(),
            at_provider,
            pending: if at_provider { 3_456 } else { 0 },
            provider_gone,
            ..Credit::default()
        };
        let documents = [paper::tests::invoice()];
        let buyer = GetBuyerResponse { buyer: None, etag: "0".to_owned() };
        let whose = ("id".to_owned(), "Acme".to_owned());
        let view = Shown::new(&s, whose, &documents, &[credit], buyer, admin, "k".to_owned(), attempt);
        Page::new("x", view).whole(&s).unwrap()
    }

    #[test]
    fn payments_are_recorded_against_invoices_and_given_back_by_administrators() {
        for locale in Locale::ALL {
            let html = html(locale, true, Attempt::default());
            assert!(
                html.contains("value=\"oldest\" selected") && html.contains("Invoice INV-00001")
                    || locale == Locale::De
            );
            assert!(html.contains("/billing/refund\"") && html.contains("seen &#60;1&#62;"));
            assert!(
                !html.contains(">billing-") && !html.contains(">paper-") && html.matches("<h1").count() == 1
            );
            assert!(!self::html(locale, false, Attempt::default()).contains("/billing/refund\""));
        }
        assert!(html(Locale::De, true, Attempt::default()).contains("value=\"1234,56\""));
    }

    #[test]
    fn what_a_provider_has_is_given_back_through_it_and_what_is_on_its_way_is_said() {
        for locale in Locale::ALL {
            let html = html_of(locale, true, Attempt::default(), true);
            assert!(html.contains("name=\"by_hand\"") && !html.contains(">billing-"), "{html}");
            assert!(html.contains("34.56 EUR on its way back") || locale == Locale::De, "{html}");
            assert!(html.contains("Give back now") || locale == Locale::De);
        }
        assert!(html_of(Locale::De, true, Attempt::default(), true).contains("value=\"1200,00\""));
        assert!(!html(Locale::En, true, Attempt::default()).contains("name=\"by_hand\""));
    }

    #[test]
    fn what_came_through_a_provider_that_is_gone_can_only_be_recorded() {
        for locale in Locale::ALL {
            let html = html_when(locale, true, Attempt::default(), (true, true));
            assert!(html.contains("<input type=\"hidden\" name=\"by_hand\" value=\"yes\">"), "{html}");
            assert!(
                !html.contains("type=\"checkbox\" name=\"by_hand\"") && !html.contains(">billing-"),
                "{html}"
            );
            assert!(html.contains("value=\"1234.56\"") || html.contains("value=\"1234,56\""), "{html}");
        }
    }

    #[test]
    fn what_was_typed_stays_where_it_is_refused() {
        let sent: Sent = [("amount", "ten"), ("name", "Acme AG")]
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .into_iter()
            .collect();
        let problem = Problem::invalid("amount", "Enter an amount of more than zero.");
        let html = html(Locale::En, true, Attempt::refused("payment", sent, &problem, &[]));
        assert!(
            html.contains("value=\"ten\"")
                && html.contains("error-summary")
                && !html.contains("value=\"Acme AG\"")
        );
    }
}
