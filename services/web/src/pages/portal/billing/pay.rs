//! Paying on the provider's page, and the provider's messages about it.

use askama::Template;
use axum::{
    body::Bytes,
    extract::Path,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, Request, StatusCode};
use portico_core::{ErrorCode, Problem};
use portico_proto::billing::v1::StartPaymentRequest;
use portico_rpc::problem_from;
use tonic::body::Body;

use crate::{
    ask::{Ask, Visit, not_here},
    error::PageError,
    layout::Shell,
    render::Page,
};

#[derive(Template)]
#[template(path = "pages/billing/pay.html")]
struct Pay<'a> {
    s: &'a Shell,
    url: String,
    back: String,
}

/// The way to the provider's page is a link: a browser lets no form of ours end at a stranger's.
pub(super) async fn pay(ask: Ask, Path(id): Path<String>) -> Result<Response, PageError> {
    let asked = StartPaymentRequest { sales_document_id: id.clone() };
    let url = ask.billing().start_payment(asked).await?.into_inner().url;
    // Nothing but an address of the web becomes a link.
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return Err(not_here());
    }
    let s = &*ask.shell;
    Page::new(s.t("billing-pay"), Pay { s, url, back: format!("/invoices/{id}") })
        .at("invoices")
        .under(s.t("billing-title"), "/invoices")
        .respond(s, &ask.headers)
}

/// A message of the provider for the firm of this host: handed on as it came, byte for byte. Its signature is checked by billing.
pub(super) async fn told(visit: Visit, headers: HeaderMap, body: Bytes) -> Result<Response, PageError> {
    let signature = headers.get("stripe-signature").cloned().ok_or_else(not_here)?;
    let request = Request::post("/providers/webhook")
        .header("stripe-signature", signature)
        .body(Body::new(axum::body::Body::from(body)))
        .map_err(|error| PageError(Problem::internal(error)))?;
    let channel = visit.web.channel("billing", visit.system("web.payments"));
    match channel.send(request).await {
        Ok(answer) => Ok(answer.status().into_response()),
        Err(status) => match problem_from(&status).code {
            ErrorCode::PermissionDenied | ErrorCode::NotFound | ErrorCode::FailedPrecondition => {
                Ok(StatusCode::BAD_REQUEST.into_response())
            }
            _ => Ok(StatusCode::SERVICE_UNAVAILABLE.into_response()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn the_provider_is_a_link_away() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Portal, locale);
            let view = Pay {
                s: &s,
                url: "https://checkout.example/c?a=1&b=2".to_owned(),
                back: "/invoices/1".to_owned(),
            };
            let html = view.render().unwrap();
            assert!(
                html.contains("href=\"https://checkout.example/c?a=1&#38;b=2\"")
                    && html.contains("noreferrer")
            );
            assert!(!html.contains("billing-") && html.matches("<h1").count() == 1);
        }
    }
}
