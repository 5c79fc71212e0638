//! Begins a payment at the firm's provider: the client goes on to the provider's page.

use chrono::TimeDelta;
use portico_proto::billing::v1::{StartPaymentRequest, StartPaymentResponse};
use uuid::Uuid;

use crate::{
    domain::{
        document::Kind,
        provider::{Checkout, CheckoutState},
    },
    error::BillingError,
    peers,
    providers::{Order, ProviderError},
    service::{Call, Service},
    settling::in_currency,
    store, view,
};

/// A page at the provider is used again for this long; the provider's own keys and pages live for a day.
const PAGE_LIFETIME: TimeDelta = TimeDelta::hours(20);

pub(super) async fn handle(
    service: &Service,
    call: Call,
    request: StartPaymentRequest,
) -> Result<StartPaymentResponse, BillingError> {
    let id: Uuid = request.sales_document_id.parse()?;
    let firm = peers::firm(service, &call.ctx).await?;
    let now = service.clock.now();
    let mut tx = service.store.begin(&call.ctx).await?;
    let invoice = store::documents::read(&mut tx, id).await?.ok_or(BillingError::NotFound)?;
    if call.ctx.actor.impersonator.is_some() {
        return Err(BillingError::Impersonator);
    }
    if invoice.kind != Kind::Invoice || invoice.issued.is_none() {
        return Err(BillingError::WrongState("Only an invoice can be paid."));
    }
    let provider = service.providers.of(&firm.slug);
    if provider.name() == "manual" {
        return Err(ProviderError::NotSetUp.into());
    }
    // Two clicks at once begin one payment.
    store::hold_account(&mut tx, invoice.account_id).await?;
    let open = view::settled(&mut tx, id).await?.open();
    if open <= 0 {
        return Err(BillingError::WrongState("This invoice is paid already."));
    }
    let pending = store::checkouts::pending(&mut tx, &[id]).await?;
    if pending.get(&id).is_some_and(|pending| pending.processing) {
        // A bank takes days. Whoever pays again in the meantime has paid twice.
        return Err(BillingError::WrongState(
            "A payment of this invoice is on its way already. Please wait until it has arrived.",
        ));
    }
    if !provider.takes(&invoice.content.currency) {
        return Err(BillingError::WrongState(
            "This currency cannot be paid online. Please pay by bank transfer.",
        ));
    }
    let money = in_currency(open, &invoice.content.currency)?;
    let known =
        store::checkouts::open(&mut tx, id, now - PAGE_LIFETIME).await?.filter(|known| known.money == money);
    let checkout = match known {
        Some(known) => known,
        None => {
            let begun = Checkout {
                id: service.id(),
                account_id: invoice.account_id,
                invoice_id: id,
                money,
                reference: String::new(),
                url: String::new(),
                state: CheckoutState::Open,
                created_at: now,
            };
            store::checkouts::insert(&mut tx, provider.name(), &begun).await?;
            begun
        }
    };
    tx.commit().await?;
    if !checkout.url.is_empty() {
        return Ok(StartPaymentResponse { url: checkout.url });
    }
    let back = format!("{}/invoices/{id}", service.config.origin.replace("{slug}", &firm.slug));
    let order = Order { title: invoice.number().to_owned(), back, checkout };
    let started = provider.start(&order).await?;
    let mut tx = service.store.begin(&call.ctx).await?;
    store::checkouts::answered(&mut tx, order.checkout.id, &started.reference, &started.url).await?;
    tx.commit().await?;
    Ok(StartPaymentResponse { url: started.url })
}

#[cfg(test)]
mod tests {
    use portico_core::{ErrorCode, Problem};
    use portico_proto::billing::v1::{Content, CreateDraftRequest, DocumentKind};

    use super::*;
    use crate::testing::{Fixture, content, refused};

    fn start(id: &str) -> StartPaymentRequest {
        StartPaymentRequest { sales_document_id: id.to_owned() }
    }

    #[tokio::test]
    async fn the_same_payment_is_begun_once_and_asks_for_what_is_open() {
        let (fixture, stripe) = Fixture::with_stripe().await;
        let invoice = fixture.invoice().await;
        let mut client = fixture.billing(&fixture.client());
        let first = client.start_payment(start(&invoice.id)).await.unwrap().into_inner().url;
        assert_eq!(first, "https://checkout.example/c/pay/cs_test_1");
        assert_eq!(client.start_payment(start(&invoice.id)).await.unwrap().into_inner().url, first);
        {
            let known = stripe.lock().unwrap();
            assert_eq!((known.forms.len(), known.sessions.len()), (1, 1));
            let form = &known.forms[0];
            assert_eq!(form["line_items[0][price_data][unit_amount]"], "142800");
            assert_eq!(form["line_items[0][price_data][currency]"], "eur");
            assert!(form["success_url"].ends_with(&format!("northwind.localhost/invoices/{}", invoice.id)));
            assert!(
                known.sessions.contains_key(&form["metadata[checkout]"]),
                "the key is that of the stored row"
            );
        }
        fixture.pay(42_800).await;
        client.start_payment(start(&invoice.id)).await.unwrap();
        assert_eq!(stripe.lock().unwrap().forms[1]["line_items[0][price_data][unit_amount]"], "100000");
        fixture.pay(100_000).await;
        assert_eq!(refused(client.start_payment(start(&invoice.id)).await).reason, "wrong_state");
    }

    #[tokio::test]
    async fn a_currency_that_the_provider_counts_otherwise_is_not_paid_online() {
        let (fixture, stripe) = Fixture::with_stripe().await;
        let request = CreateDraftRequest {
            account_id: fixture.acme.to_string(),
            kind: DocumentKind::Invoice.into(),
            content: Some(Content { currency: "ISK".to_owned(), ..content() }),
            ..Default::default()
        };
        let mut staff = fixture.billing(&fixture.staff());
        let draft = staff.create_draft(request).await.unwrap().into_inner().document.unwrap();
        let invoice = fixture.issue(&draft.id).await;
        let problem = refused(fixture.billing(&fixture.client()).start_payment(start(&invoice.id)).await);
        assert_eq!(problem.message, "This currency cannot be paid online. Please pay by bank transfer.");
        assert!(stripe.lock().unwrap().forms.is_empty());
    }

    #[tokio::test]
    async fn an_outage_costs_a_repeat_with_the_same_key() {
        let (fixture, stripe) = Fixture::with_stripe().await;
        let invoice = fixture.invoice().await;
        stripe.lock().unwrap().away = true;
        let mut client = fixture.billing(&fixture.client());
        let problem = refused(client.start_payment(start(&invoice.id)).await);
        assert_eq!((problem.code, problem.reason.as_str()), (ErrorCode::Unavailable, "provider_unavailable"));
        assert!(!problem.message.contains("sk_test"));
        stripe.lock().unwrap().away = false;
        client.start_payment(start(&invoice.id)).await.unwrap();
        assert_eq!((fixture.rows("checkouts").await, stripe.lock().unwrap().sessions.len()), (1, 1));
    }

    #[tokio::test]
    async fn i02_nobody_pays_what_is_not_theirs_and_without_a_provider_nobody_does() {
        let (fixture, stripe) = Fixture::with_stripe().await;
        let invoice = fixture.invoice().await;
        for stranger in fixture.strangers() {
            let problem = refused(fixture.billing(&stranger).start_payment(start(&invoice.id)).await);
            assert!(
                problem == Problem::not_found() || problem.code == ErrorCode::PermissionDenied,
                "{problem:?}"
            );
        }
        let staff = refused(fixture.billing(&fixture.admin()).start_payment(start(&invoice.id)).await);
        assert_eq!(staff.code, ErrorCode::PermissionDenied);
        assert!(stripe.lock().unwrap().forms.is_empty());
        let plain = Fixture::new().await;
        let invoice = plain.invoice().await;
        let problem = refused(plain.billing(&plain.client()).start_payment(start(&invoice.id)).await);
        assert_eq!(problem.reason, "no_provider");
    }
}
