//! Writing a draft: it works without scripts, since every line comes and goes by a button that posts the form.

use askama::Template;
use axum::extract::Path;
use axum::{extract::Query, response::Response};
use http::StatusCode;
use portico_core::Problem;
use portico_proto::{
    billing::v1::{
        CreateDraftRequest, DiscardDraftRequest, Document, DocumentKind, GetDocumentRequest,
        IssueInvoiceRequest, LegalEntity, ListLegalEntitiesRequest, SendEstimateRequest, UpdateDraftRequest,
    },
    tenancy::v1::ListAccountsRequest,
};
use portico_rpc::problem_from;
use serde::Deserialize;

use super::{
    draft_form::{DraftForm, LineForm, as_typed, taxes, units},
    said::Said,
};
use crate::{
    ask::{StaffAsk, not_here, refused, see_other_after},
    components::Choice,
    error::PageError,
    form::Errors,
    layout::Shell,
    pages::console::attempt::Sent,
    paper,
    render::{Page, see_other},
};

/// What a new draft is for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    account: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    company: String,
}

#[derive(Template)]
#[template(path = "pages/billing/draft.html")]
pub(super) struct Draft<'a> {
    s: &'a Shell,
    heading: String,
    action: String,
    /// Accounts to choose from; empty for a draft that is there.
    accounts: Vec<Choice>,
    /// Companies to choose from; empty where there is only one, and for a draft that is there.
    companies: Vec<Choice>,
    /// Kinds to choose from; empty for a draft that is there.
    kinds: Vec<Choice>,
    estimate: bool,
    there: bool,
    /// Where the billing details of the draft's account stand; empty for a new one.
    buyer_href: String,
    key: String,
    etag: String,
    sums: String,
    form: DraftForm,
    errors: Errors,
}

impl Draft<'_> {
    fn units(&self, line: &LineForm) -> Vec<Choice> {
        units(self.s, &line.unit)
    }

    fn taxes(&self, line: &LineForm) -> Vec<Choice> {
        taxes(self.s, &line.tax_category)
    }

    /// The name of a line's field.
    fn field(&self, line: &usize, name: &str) -> String {
        format!("lines[{line}].{name}")
    }
}

pub(super) async fn new(ask: StaffAsk, Query(wanted): Query<Wanted>) -> Result<Response, PageError> {
    let entities = ask.billing().list_legal_entities(ListLegalEntitiesRequest {}).await?.into_inner();
    let entities = entities.legal_entities;
    let chosen = entities.iter().find(|entity| entity.id == wanted.company).or(entities.first());
    let form = DraftForm::new(chosen);
    new_page(&ask, &wanted, form, ask.form_key(), Errors::none()).await
}

pub(super) async fn create(ask: StaffAsk, sent: Sent) -> Result<Response, PageError> {
    let mut form = DraftForm::sent(&sent);
    let wanted =
        Wanted { account: sent.text("account"), kind: sent.text("kind"), company: sent.text("company") };
    if form.press(sent.of("go")) {
        return new_page(&ask, &wanted, form, sent.text("key"), Errors::none()).await;
    }
    let kind = if wanted.kind == "estimate" { DocumentKind::Estimate } else { DocumentKind::Invoice };
    let asked = CreateDraftRequest {
        account_id: wanted.account.clone(),
        kind: kind.into(),
        legal_entity_id: wanted.company.clone(),
        content: Some(form.content(&ask.shell)),
        idempotency_key: sent.text("key"),
    };
    match ask.billing().create_draft(asked).await {
        Ok(made) => {
            let made = made.into_inner().document.unwrap_or_default();
            Ok(see_other(&format!("/console/billing/{}?done=saved", made.id)))
        }
        Err(status) => {
            let problem = as_typed(problem_from(&status));
            let page = new_page(&ask, &wanted, form, sent.text("key"), Errors::from(&problem)).await;
            Ok(refused(problem, |_| page))
        }
    }
}

pub(super) async fn save(ask: StaffAsk, Path(id): Path<String>, sent: Sent) -> Result<Response, PageError> {
    let asked = GetDocumentRequest { sales_document_id: id.clone() };
    let document = ask.billing().get_document(asked).await?.into_inner().document.ok_or_else(not_here)?;
    let mut form = DraftForm::sent(&sent);
    let go = sent.text("go");
    if form.press(&go) {
        return page(&ask, &document, form, sent.text("etag"), Errors::none(), &Said::default());
    }
    match save_and(&ask, &document, &form, sent.text("etag"), &go).await {
        Ok(response) => Ok(response),
        Err(problem) => {
            // What was saved before the refusal has a new etag.
            let asked = GetDocumentRequest { sales_document_id: id };
            let now = ask.billing().get_document(asked).await?.into_inner().document.ok_or_else(not_here)?;
            let problem = as_typed(problem);
            let errors = Errors::from(&problem);
            let etag = if problem.fields.is_empty() { now.etag.clone() } else { sent.text("etag") };
            Ok(refused(problem, |_| page(&ask, &document, form, etag, errors, &Said::default())))
        }
    }
}

/// Saves a draft, and sends or discards it where that button was pressed.
async fn save_and(
    ask: &StaffAsk,
    document: &Document,
    form: &DraftForm,
    etag: String,
    go: &str,
) -> Result<Response, Problem> {
    let id = document.id.clone();
    let mut billing = ask.billing();
    let told = |status: tonic::Status| problem_from(&status);
    if go == "discard" {
        let asked = DiscardDraftRequest { sales_document_id: id, etag };
        billing.discard_draft(asked).await.map_err(told)?;
        return Ok(see_other("/console/billing?done=discarded"));
    }
    let content = Some(form.content(&ask.shell));
    let asked = UpdateDraftRequest { sales_document_id: id.clone(), content, etag };
    let saved = billing.update_draft(asked).await.map_err(told)?.into_inner().document.unwrap_or_default();
    let here = format!("/console/billing/{id}");
    if go != "issue" {
        return Ok(see_other(&format!("{here}?done=saved")));
    }
    let etag = saved.etag;
    if document.kind() == DocumentKind::Estimate {
        let asked = SendEstimateRequest { sales_document_id: id, etag };
        let sent = billing.send_estimate(asked).await.map_err(told)?.into_inner();
        return Ok(see_other_after(&format!("{here}?done=sent"), &sent.event));
    }
    let asked = IssueInvoiceRequest { sales_document_id: id, etag };
    let issued = billing.issue_invoice(asked).await.map_err(told)?.into_inner();
    Ok(see_other_after(&format!("{here}?done=issued"), &issued.event))
}

/// The page of a draft that is there.
pub(super) fn page(
    ask: &StaffAsk,
    document: &Document,
    form: DraftForm,
    etag: String,
    errors: Errors,
    said: &Said,
) -> Result<Response, PageError> {
    let s = &*ask.shell;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let heading = s.say("billing-draft-of").arg("kind", paper::name(s, document)).to_string();
    let view = Draft::there(s, document, heading.clone(), form, etag, errors);
    let page =
        Page::new(heading, view).at("billing").under(s.t("billing-title"), "/console/billing").status(status);
    said.above(page, s).respond(s, &ask.headers)
}

/// The companies of the firm to choose from; none where nothing is to be chosen.
pub(super) fn companies(entities: &[LegalEntity], chosen: &str) -> Vec<Choice> {
    if entities.len() < 2 {
        return Vec::new();
    }
    let named = entities.iter().map(|entity| {
        let name = entity.seller.clone().unwrap_or_default().name;
        Choice::new(entity.id.clone(), name, chosen)
    });
    named.collect()
}

async fn new_page(
    ask: &StaffAsk,
    wanted: &Wanted,
    form: DraftForm,
    key: String,
    errors: Errors,
) -> Result<Response, PageError> {
    let asked = ListAccountsRequest { page_size: 200, ..ListAccountsRequest::default() };
    let accounts = ask.tenancy().list_accounts(asked).await?.into_inner().accounts;
    let entities = ask.billing().list_legal_entities(ListLegalEntitiesRequest {}).await?.into_inner();
    let s = &*ask.shell;
    let companies = companies(&entities.legal_entities, &wanted.company);
    let accounts =
        accounts.into_iter().map(|account| Choice::new(account.id, account.name, &wanted.account)).collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = Draft::new(s, accounts, companies, &wanted.kind, form, key, errors);
    Page::new(s.t("billing-new"), view)
        .at("billing")
        .under(s.t("billing-title"), "/console/billing")
        .status(status)
        .respond(s, &ask.headers)
}

impl<'a> Draft<'a> {
    fn new(
        s: &'a Shell,
        accounts: Vec<Choice>,
        companies: Vec<Choice>,
        kind: &str,
        form: DraftForm,
        key: String,
        errors: Errors,
    ) -> Self {
        let kind = if kind == "estimate" { "estimate" } else { "invoice" };
        let kinds = [("invoice", "paper-invoice"), ("estimate", "paper-estimate")];
        Self {
            s,
            heading: s.t("billing-new"),
            action: "/console/billing/new".to_owned(),
            accounts,
            companies,
            kinds: kinds.map(|(word, name)| Choice::new(word, s.t(name), kind)).into(),
            estimate: kind == "estimate",
            there: false,
            buyer_href: String::new(),
            key,
            etag: String::new(),
            sums: String::new(),
            form,
            errors,
        }
    }

    fn there(
        s: &'a Shell,
        document: &Document,
        heading: String,
        form: DraftForm,
        etag: String,
        errors: Errors,
    ) -> Self {
        let currency = document.content.clone().unwrap_or_default().currency;
        let money = |amount| paper::money(s, amount, &currency);
        let sums = s
            .say("billing-sums")
            .arg("net", money(document.net))
            .arg("tax", money(document.tax))
            .arg("gross", money(document.gross));
        Self {
            s,
            heading,
            action: format!("/console/billing/{}", document.id),
            accounts: Vec::new(),
            companies: Vec::new(),
            kinds: Vec::new(),
            estimate: document.kind() == DocumentKind::Estimate,
            there: true,
            buyer_href: format!("/console/accounts/{}/billing", document.account_id),
            key: String::new(),
            etag,
            sums: sums.to_string(),
            form,
            errors,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    fn sound(html: &str) {
        for missing in ["billing-", "paper-", "unit-", "tax-"] {
            assert!(
                !html.contains(&format!(">{missing}")) && !html.contains(&format!("\"{missing}")),
                "{missing}: {html}"
            );
        }
        assert_eq!(html.matches("<h1").count(), 1);
    }

    #[test]
    fn a_draft_is_a_form_whose_lines_have_labels_of_their_own() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let invoice = paper::tests::invoice();
            let form = DraftForm::of(&s, &invoice.content.clone().unwrap());
            let mut errors = Errors::none();
            errors.add("lines[0].tax_percent", "Enter a rate.");
            let view = Draft::there(&s, &invoice, "Draft".to_owned(), form, "3".to_owned(), errors);
            let html = Page::new("x", view).whole(&s).unwrap();
            sound(&html);
            assert!(
                html.contains(&format!("/console/accounts/{}/billing\"", invoice.account_id))
                    && html.contains("name=\"etag\" value=\"3\"")
                    && html.contains("name=\"count\" value=\"1\"")
            );
            assert!(
                html.contains("href=\"#f-lines-0--tax_percent\"")
                    && html.contains("id=\"f-lines-0--tax_percent\"")
            );
            assert!(
                html.contains("value=\"remove:0\"")
                    && html.contains("value=\"add\"")
                    && html.contains("value=\"issue\"")
            );
        }
    }

    #[test]
    fn a_new_draft_asks_for_whom_it_is() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let accounts = vec![Choice::new("a", "Acme <1>", "a")];
        let entities = ["x", "y"].map(|id| LegalEntity { id: id.to_owned(), ..LegalEntity::default() });
        assert!(companies(&entities[..1], "").is_empty(), "there is nothing to choose");
        let view = Draft::new(
            &s,
            accounts,
            companies(&entities, "y"),
            "estimate",
            DraftForm::new(None),
            "k".to_owned(),
            Errors::none(),
        );
        let html = Page::new("x", view).whole(&s).unwrap();
        sound(&html);
        assert!(
            html.contains("Acme &#60;1&#62;") && html.contains("value=\"estimate\" id=")
                || html.contains("checked")
        );
        assert!(!html.contains("value=\"issue\""));
    }
}
