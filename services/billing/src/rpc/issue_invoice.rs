//! Issues an invoice.

use portico_proto::billing::v1::{IssueInvoiceRequest, IssueInvoiceResponse};
use uuid::Uuid;

use crate::{
    convert,
    domain::{document::Kind, ledger::Booking},
    error::BillingError,
    events::publish::{self, Notice},
    issuing::{self, MadeOutTo},
    peers,
    service::{Call, Service},
    settling::{self, in_currency},
    store, view,
};

pub(super) async fn handle(
    service: &Service,
    call: Call,
    request: IssueInvoiceRequest,
) -> Result<IssueInvoiceResponse, BillingError> {
    let id: Uuid = request.sales_document_id.parse()?;
    let firm = peers::firm(service, &call.ctx).await?;
    let today = service.today(&firm);
    let account = {
        let mut tx = service.store.begin(&call.ctx).await?;
        store::documents::read(&mut tx, id).await?.ok_or(BillingError::NotFound)?.account_id
    };
    let people = peers::members(service, &call.ctx, account).await?;
    let version = convert::version(&request.etag)?;

    let mut tx = service.store.begin(&call.ctx).await?;
    let draft = issuing::hold_draft(&mut tx, id, version).await?;
    if draft.kind != Kind::Invoice {
        return Err(BillingError::WrongState("This is not an invoice."));
    }
    store::hold_account(&mut tx, account).await?;
    let issued = issuing::issue(service, &mut tx, &draft, today, None, None, MadeOutTo::Account).await?;
    let document = &issued.document;
    let (number, currency) = (document.number.as_str(), document.content.currency.as_str());
    let booking = Booking::invoice(id, &document.totals, currency);
    settling::book(service, &mut tx, account, today, (number, &format!("invoice:{id}")), &booking).await?;
    if let Some(due) = document.content.until {
        store::reminders::plan(&mut tx, id, account, firm.morning_after(due)).await?;
    }
    let event = publish::invoice_issued(service, &mut tx, document, &issued.hash).await?;
    let money = in_currency(document.totals.gross, currency)?;
    let notice = Notice {
        key: format!("invoice-issued:{id}"),
        people: &people,
        told: firm.words.invoice_issued(number, &document.content.title, &money, document.content.until),
        link: publish::page(Kind::Invoice, id, true),
        kind: "notice",
        reply_to: call.ctx.actor.person,
    };
    publish::tell(service, &mut tx, id, account, notice).await?;
    let stored = store::documents::read(&mut tx, id).await?.ok_or(BillingError::NotFound)?;
    let document = view::document(&mut tx, stored, today).await?;
    tx.commit().await?;
    Ok(IssueInvoiceResponse { document: Some(document), event })
}

#[cfg(test)]
mod tests {
    use portico_core::{ErrorCode, Problem};
    use portico_proto::{
        billing::v1::{Buyer, DocumentKind, InvoiceIssued, SetBuyerRequest},
        events::v1::NoticeRequested,
    };

    use super::*;
    use crate::testing::{Fixture, buyer, refused};

    #[tokio::test]
    async fn an_issued_invoice_has_its_number_is_booked_and_the_client_is_told() {
        let fixture = Fixture::new().await;
        let draft = fixture.draft(DocumentKind::Invoice).await;
        let issue = || IssueInvoiceRequest { sales_document_id: draft.id.clone(), etag: "1".to_owned() };
        let mut staff = fixture.billing(&fixture.staff());
        let issued = staff.issue_invoice(issue()).await.unwrap().into_inner();
        assert!(issued.event.starts_with("portico.billing.v1.InvoiceIssued;"));
        let invoice = issued.document.unwrap();
        assert_eq!(
            (invoice.number.as_str(), invoice.state.as_str(), invoice.open),
            ("INV-00001", "open", 142_800)
        );
        assert_eq!((invoice.issue_date.as_str(), invoice.taxes.len()), ("2027-01-15", 1));
        assert_eq!(refused(staff.issue_invoice(issue()).await).reason, "issued");
        assert_eq!(fixture.published::<InvoiceIssued>().await.len(), 1);
        let notices = fixture.published::<NoticeRequested>().await;
        assert_eq!(notices[0].subject, "Invoice INV-00001: 1,428.00 EUR");
        assert_eq!(
            fixture.balances().await,
            [("receivable", 142_800), ("revenue", -120_000), ("tax", -22_800)]
        );
        assert_eq!(fixture.read_as(&fixture.client(), &invoice.id).await.hash, invoice.hash);
        for stranger in fixture.strangers() {
            assert_eq!(fixture.get_refused(&stranger, &invoice.id).await, Problem::not_found());
        }
    }

    #[tokio::test]
    async fn numbers_have_no_gaps_also_where_issues_fail_or_meet() {
        let fixture = Fixture::new().await;
        let mut drafts = Vec::new();
        for _ in 0..6 {
            drafts.push(fixture.draft(DocumentKind::Invoice).await.id);
        }
        let issue = async |id: &str, etag: &str| {
            let request = IssueInvoiceRequest { sales_document_id: id.to_owned(), etag: etag.to_owned() };
            fixture.billing(&fixture.staff()).issue_invoice(request).await
        };
        assert_eq!(refused(issue(&drafts[0], "9").await).code, ErrorCode::Conflict);
        let answers = futures_util::future::join_all(drafts.iter().map(|id| issue(id, "1"))).await;
        let mut numbers: Vec<String> =
            answers.into_iter().map(|answer| answer.unwrap().into_inner().document.unwrap().number).collect();
        numbers.sort();
        let expected: Vec<String> = (1..=6).map(|number| format!("INV-{number:05}")).collect();
        assert_eq!(numbers, expected);
        let estimate = fixture.estimate().await;
        assert_eq!(estimate.number, "EST-00001", "each kind has a series of its own");
    }

    #[tokio::test]
    async fn what_was_issued_keeps_the_buyer_that_it_was_made_out_to() {
        let fixture = Fixture::new().await;
        let invoice = fixture.invoice().await;
        let request = SetBuyerRequest {
            account_id: fixture.acme.to_string(),
            buyer: Some(Buyer { name: "Acme Holding AG".to_owned(), ..buyer() }),
            etag: "1".to_owned(),
        };
        fixture.billing(&fixture.staff()).set_buyer(request).await.unwrap();
        assert_eq!(fixture.read(&invoice.id).await.buyer.unwrap().name, "Acme GmbH");
        assert_eq!(fixture.invoice().await.buyer.unwrap().name, "Acme Holding AG");
    }

    #[tokio::test]
    async fn i02_nobody_else_issues_and_an_estimate_is_no_invoice() {
        let fixture = Fixture::new().await;
        let draft = fixture.draft(DocumentKind::Invoice).await;
        let issue = |id: &str| IssueInvoiceRequest { sales_document_id: id.to_owned(), etag: "1".to_owned() };
        let elsewhere = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        assert_eq!(
            refused(fixture.billing(&elsewhere).issue_invoice(issue(&draft.id)).await),
            Problem::not_found()
        );
        assert_eq!(
            refused(fixture.billing(&fixture.client()).issue_invoice(issue(&draft.id)).await).code,
            ErrorCode::PermissionDenied
        );
        let estimate = fixture.draft(DocumentKind::Estimate).await;
        assert_eq!(
            refused(fixture.billing(&fixture.staff()).issue_invoice(issue(&estimate.id)).await).reason,
            "wrong_state"
        );
    }
}
