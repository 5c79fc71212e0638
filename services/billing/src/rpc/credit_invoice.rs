//! Issues a credit note for an invoice, and sets it against whatever is open of it.

use portico_db::Tx;
use portico_proto::billing::v1::{CreditInvoiceRequest, CreditInvoiceResponse};
use portico_service::Fields;
use uuid::Uuid;

use crate::{
    convert,
    domain::{
        credit::{self, NotCreditable},
        document::{Kind, NotIssuable, Reference, TypedContent},
        ledger::{Booking, Source},
        lines::{Line, Totals},
        party::optional,
        stored::Stored,
    },
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
    request: CreditInvoiceRequest,
) -> Result<CreditInvoiceResponse, BillingError> {
    let id: Uuid = request.sales_document_id.parse()?;
    let key = convert::key(&request.idempotency_key)?;
    let firm = peers::firm(service, &call.ctx).await?;
    let today = service.today(&firm);
    let invoice = {
        let mut tx = service.store.begin(&call.ctx).await?;
        store::documents::read(&mut tx, id).await?.ok_or(BillingError::NotFound)?
    };
    let mut fields = Fields::default();
    let reason = optional(&mut fields, "reason", &request.reason, 500);
    if reason.is_empty() {
        fields.refuse("reason", "Say why. It stands on the credit note.");
    }
    let typed = TypedContent {
        title: invoice.content.title.clone(),
        currency: invoice.content.currency.clone(),
        lines: convert::typed_lines(request.lines),
        ..TypedContent::default()
    };
    let lines = typed.check(invoice.content.rounding, &mut fields).lines;
    fields.check().map_err(BillingError::Invalid)?;
    let account = invoice.account_id;
    let people = peers::members(service, &call.ctx, account).await?;

    let mut tx = service.store.begin(&call.ctx).await?;
    store::hold_account(&mut tx, account).await?;
    if let Some(made) = match key {
        Some(key) => store::documents::find_by_key(&mut tx, account, key).await?,
        None => None,
    } {
        let document = view::document(&mut tx, made, today).await?;
        return Ok(CreditInvoiceResponse { document: Some(document), event: String::new() });
    }
    let draft =
        draft(service, &mut tx, &call, &invoice, lines, reason, firm.words.rest_of(invoice.number())).await?;
    store::documents::insert(&mut tx, &draft, key).await?;
    let Some(corrected) = invoice.issued.clone() else {
        return Err(BillingError::WrongState("This invoice is a draft. Discard it instead."));
    };
    let reference = Reference { number: corrected.number.clone(), issue_date: corrected.issue_date };
    let buyer = MadeOutTo::Same(Box::new(corrected.buyer));
    let issued = issuing::issue(service, &mut tx, &draft, today, None, Some(reference), buyer).await?;
    let document = &issued.document;
    let (number, currency) = (document.number.as_str(), document.content.currency.as_str());
    let booking = Booking::credit_note(draft.id, &document.totals, currency);
    settling::book(service, &mut tx, account, today, (number, &format!("credit:{}", draft.id)), &booking)
        .await?;
    let event = publish::credit_note_issued(service, &mut tx, id, document, &issued.hash).await?;
    let open = view::settled(&mut tx, id).await?.open();
    let amount = document.totals.gross.min(open);
    if amount > 0 {
        let key = format!("allocate:{}:{id}", draft.id);
        settling::allocate(service, &mut tx, Source::CreditNote(draft.id), id, amount, today, (number, &key))
            .await?;
    }
    let money = in_currency(document.totals.gross, currency)?;
    let notice = Notice {
        key: format!("credit-note-issued:{}", draft.id),
        people: &people,
        told: firm.words.credit_note_issued(number, &corrected.number, &money),
        link: publish::page(Kind::CreditNote, draft.id, true),
        kind: "notice",
        reply_to: call.ctx.actor.person,
    };
    publish::tell(service, &mut tx, id, account, notice).await?;
    let stored = store::documents::read(&mut tx, draft.id).await?.ok_or(BillingError::NotFound)?;
    let document = view::document(&mut tx, stored, today).await?;
    tx.commit().await?;
    Ok(CreditInvoiceResponse { document: Some(document), event })
}

/// The credit note with these lines, or with all that is left of the invoice, where the rules let it. The account is held.
async fn draft(
    service: &Service,
    tx: &mut Tx,
    call: &Call,
    invoice: &Stored,
    lines: Vec<Line>,
    reason: String,
    rest: String,
) -> Result<Stored, BillingError> {
    let (Kind::Invoice, Some(document)) = (invoice.kind, invoice.document()) else {
        return Err(BillingError::WrongState("Only an invoice that was issued can be credited."));
    };
    let earlier: Vec<Totals> =
        store::documents::credit_notes(tx, invoice.id).await?.into_iter().map(|note| note.totals).collect();
    let lines = if lines.is_empty() { credit::whole(&document, &earlier, &rest)? } else { lines };
    let content = credit::content(&document, lines, reason);
    let totals = content.totals().map_err(NotIssuable::from)?;
    if totals.gross <= 0 {
        return Err(NotCreditable::NothingLeft.into());
    }
    credit::check(&invoice.totals, &earlier, &totals)?;
    let written_off = view::settled(tx, invoice.id).await?.written_off;
    credit::check_written_off(&invoice.totals, &earlier, &totals, written_off)?;
    Ok(Stored {
        id: service.id(),
        account_id: invoice.account_id,
        kind: Kind::CreditNote,
        legal_entity_id: invoice.legal_entity_id,
        estimate_id: None,
        invoice_id: Some(invoice.id),
        estimate_version: 1,
        content,
        totals,
        issued: None,
        created_by: call.ctx.actor.person,
        created_at: service.clock.now(),
        version: 1,
    })
}

#[cfg(test)]
mod tests {
    use portico_core::{ErrorCode, Problem};
    use portico_proto::billing::v1::{
        CreditNoteIssued, GetDocumentRequest, Line as Wire, WriteOffInvoiceRequest,
    };

    use super::*;
    use crate::testing::{Fixture, content, refused};

    fn credit(id: &str, lines: Vec<Wire>, key: &str) -> CreditInvoiceRequest {
        CreditInvoiceRequest {
            sales_document_id: id.to_owned(),
            lines,
            reason: "Agreed on the phone".to_owned(),
            idempotency_key: key.to_owned(),
        }
    }

    fn hours(number: &str) -> Vec<Wire> {
        vec![Wire { quantity: number.to_owned(), ..content().lines.remove(0) }]
    }

    #[tokio::test]
    async fn an_invoice_is_voided_by_a_credit_note_and_by_nothing_else() {
        let fixture = Fixture::new().await;
        let invoice = fixture.invoice().await;
        let mut staff = fixture.billing(&fixture.staff());
        let answer = staff.credit_invoice(credit(&invoice.id, Vec::new(), "k")).await.unwrap().into_inner();
        let note = answer.document.unwrap();
        assert_eq!(
            (note.number.as_str(), note.gross, note.invoice_number.as_str()),
            ("CN-00001", 142_800, "INV-00001")
        );
        assert_eq!(
            (note.state.as_str(), note.content.as_ref().unwrap().notes.as_str()),
            ("issued", "Agreed on the phone")
        );
        let again = staff.credit_invoice(credit(&invoice.id, Vec::new(), "k")).await.unwrap().into_inner();
        assert_eq!((again.document.unwrap(), again.event.as_str()), (note.clone(), ""));
        let voided = fixture.read(&invoice.id).await;
        assert_eq!((voided.state.as_str(), voided.open, voided.credited), ("void", 0, 142_800));
        assert!(fixture.balances().await.is_empty(), "everything is taken back");
        assert_eq!(fixture.published::<CreditNoteIssued>().await.len(), 1);
        let get = GetDocumentRequest { sales_document_id: invoice.id.clone() };
        let read = fixture.billing(&fixture.client()).get_document(get).await.unwrap().into_inner();
        assert_eq!((read.credit_notes.len(), read.settlements.len()), (1, 1));
        assert_eq!(
            refused(staff.credit_invoice(credit(&invoice.id, Vec::new(), "")).await).reason,
            "not_creditable"
        );
    }

    #[tokio::test]
    async fn parts_are_credited_up_to_the_whole_and_what_was_paid_stays_the_clients() {
        let fixture = Fixture::new().await;
        let invoice = fixture.invoice().await;
        let mut staff = fixture.billing(&fixture.staff());
        let first = staff
            .credit_invoice(credit(&invoice.id, hours("2"), ""))
            .await
            .unwrap()
            .into_inner()
            .document
            .unwrap();
        assert_eq!(first.gross, 35_700);
        let read = fixture.read(&invoice.id).await;
        assert_eq!((read.state.as_str(), read.open), ("partly_paid", 107_100));
        assert_eq!(
            refused(staff.credit_invoice(credit(&invoice.id, hours("7"), "")).await).reason,
            "not_creditable"
        );
        fixture.pay(107_100).await;
        assert_eq!(fixture.read(&invoice.id).await.state, "paid");
        let rest = staff
            .credit_invoice(credit(&invoice.id, Vec::new(), ""))
            .await
            .unwrap()
            .into_inner()
            .document
            .unwrap();
        assert_eq!(
            (rest.gross, rest.content.unwrap().lines[0].description.as_str()),
            (107_100, "What is left of invoice INV-00001")
        );
        let read = fixture.read(&invoice.id).await;
        assert_eq!((read.paid, read.credited, read.open), (107_100, 35_700, 0));
        assert_eq!(fixture.balances().await, [("bank", 107_100), ("client_credit", -107_100)]);
    }

    #[tokio::test]
    async fn what_was_written_off_is_not_credited_on_top() {
        let fixture = Fixture::new().await;
        let invoice = fixture.invoice().await;
        fixture.pay(71_400).await;
        let written_off =
            WriteOffInvoiceRequest { sales_document_id: invoice.id.clone(), reason: "Insolvent".to_owned() };
        fixture.billing(&fixture.admin()).write_off_invoice(written_off).await.unwrap();
        let mut staff = fixture.billing(&fixture.staff());
        for lines in [Vec::new(), hours("5")] {
            let problem = refused(staff.credit_invoice(credit(&invoice.id, lines, "")).await);
            assert_eq!(problem.reason, "not_creditable");
            assert!(problem.message.starts_with("This invoice was written off"), "{}", problem.message);
        }
        assert_eq!(fixture.rows("documents").await, 1, "nothing was issued");
        // What they have paid can be theirs again.
        staff.credit_invoice(credit(&invoice.id, hours("4"), "")).await.unwrap();
        let problem = refused(staff.credit_invoice(credit(&invoice.id, hours("1"), "")).await);
        assert_eq!(problem.reason, "not_creditable");
    }

    #[tokio::test]
    async fn i02_nobody_else_credits_and_a_reason_is_needed() {
        let fixture = Fixture::new().await;
        let invoice = fixture.invoice().await;
        let elsewhere = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        let request = || credit(&invoice.id, Vec::new(), "");
        assert_eq!(
            refused(fixture.billing(&elsewhere).credit_invoice(request()).await),
            Problem::not_found()
        );
        assert_eq!(
            refused(fixture.billing(&fixture.client()).credit_invoice(request()).await).code,
            ErrorCode::PermissionDenied
        );
        let silent = CreditInvoiceRequest { reason: " ".to_owned(), ..request() };
        assert_eq!(
            refused(fixture.billing(&fixture.staff()).credit_invoice(silent).await).fields[0].field,
            "reason"
        );
        let estimate = fixture.estimate().await;
        assert_eq!(
            refused(
                fixture.billing(&fixture.staff()).credit_invoice(credit(&estimate.id, Vec::new(), "")).await
            )
            .reason,
            "wrong_state"
        );
    }
}
