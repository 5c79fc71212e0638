//! What the firm does with a document that was sent.

use axum::{extract::Path, response::Response};
use portico_core::Problem;
use portico_proto::billing::v1::{
    AllocateCreditRequest, ConvertEstimateRequest, CreditInvoiceRequest, GetDocumentRequest, Line,
    ReviseEstimateRequest, WriteOffInvoiceRequest,
};
use portico_rpc::problem_from;
use tonic::Status;

use super::{draft_form::DraftForm, show};
use crate::{
    ask::{AdminAsk, StaffAsk, not_here, refused, see_other_after},
    error::PageError,
    layout::Shell,
    pages::console::attempt::Sent,
    render::see_other,
};

fn here(id: &str, done: &str) -> String {
    format!("/console/billing/{id}?done={done}")
}

async fn again(
    ask: &StaffAsk,
    id: String,
    form: &'static str,
    sent: Sent,
    status: &Status,
) -> Result<Response, PageError> {
    let problem: Problem = problem_from(status);
    let page = show::again(ask, id, form, sent, &problem).await;
    Ok(refused(problem, |_| page))
}

/// The estimate that a version belongs to.
async fn estimate_of(ask: &StaffAsk, id: &str) -> Result<String, PageError> {
    let asked = GetDocumentRequest { sales_document_id: id.to_owned() };
    let document = ask.billing().get_document(asked).await?.into_inner().document.ok_or_else(not_here)?;
    Ok(document.estimate_id)
}

pub(super) async fn convert(
    ask: StaffAsk,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let estimate_id = estimate_of(&ask, &id).await?;
    match ask.billing().convert_estimate(ConvertEstimateRequest { estimate_id }).await {
        Ok(made) => {
            let made = made.into_inner().document.unwrap_or_default();
            Ok(see_other(&here(&made.id, "saved")))
        }
        Err(status) => again(&ask, id, "convert", sent, &status).await,
    }
}

pub(super) async fn revise(ask: StaffAsk, Path(id): Path<String>, sent: Sent) -> Result<Response, PageError> {
    let estimate_id = estimate_of(&ask, &id).await?;
    match ask.billing().revise_estimate(ReviseEstimateRequest { estimate_id }).await {
        Ok(made) => {
            let made = made.into_inner().document.unwrap_or_default();
            Ok(see_other(&here(&made.id, "saved")))
        }
        Err(status) => again(&ask, id, "revise", sent, &status).await,
    }
}

/// The lines with the quantities that were typed; none for the whole invoice.
fn credited_lines(s: &Shell, sent: &Sent) -> Vec<Line> {
    if sent.of("go") != "part" {
        return Vec::new();
    }
    let mut form = DraftForm::sent(sent);
    form.lines.retain(|line| !line.quantity.is_empty());
    form.content(s).lines
}

pub(super) async fn credit(ask: StaffAsk, Path(id): Path<String>, sent: Sent) -> Result<Response, PageError> {
    let asked = CreditInvoiceRequest {
        sales_document_id: id.clone(),
        lines: credited_lines(&ask.shell, &sent),
        reason: sent.text("reason"),
        idempotency_key: sent.text("key"),
    };
    match ask.billing().credit_invoice(asked).await {
        Ok(made) => {
            let made = made.into_inner();
            let note = made.document.unwrap_or_default();
            Ok(see_other_after(&here(&note.id, "credited"), &made.event))
        }
        Err(status) => again(&ask, id, "credit", sent, &status).await,
    }
}

pub(super) async fn use_credit(
    ask: StaffAsk,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let asked = AllocateCreditRequest {
        payment_id: sent.text("payment_id"),
        credit_note_id: sent.text("credit_note_id"),
        sales_document_id: id.clone(),
        amount: sent.of("amount").parse().unwrap_or(0),
        idempotency_key: sent.text("key"),
    };
    match ask.billing().allocate_credit(asked).await {
        Ok(_) => Ok(see_other(&here(&id, "used"))),
        Err(status) => again(&ask, id, "use", sent, &status).await,
    }
}

pub(super) async fn write_off(
    ask: AdminAsk,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let asked =
        WriteOffInvoiceRequest { sales_document_id: id.clone(), reason: sent.text("write_off_reason") };
    match ask.billing().write_off_invoice(asked).await {
        Ok(_) => Ok(see_other(&here(&id, "written-off"))),
        Err(status) => again(&StaffAsk(ask.0), id, "write-off", sent, &status).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn a_part_is_credited_by_the_quantities_that_are_typed() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let sent = |go: &str| -> Sent {
            let pairs = [
                ("go", go),
                ("count", "2"),
                ("lines[0].quantity", ""),
                ("lines[1].quantity", "1.5"),
                ("lines[1].tax_category", "S"),
                ("lines[1].tax_percent", "19"),
            ];
            pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect()
        };
        assert!(credited_lines(&s, &sent("all")).is_empty());
        let lines = credited_lines(&s, &sent("part"));
        assert_eq!((lines.len(), lines[0].quantity.as_str(), lines[0].tax_basis_points), (1, "1.5", 1900));
    }
}
