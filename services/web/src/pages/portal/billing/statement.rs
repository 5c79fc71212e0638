//! What an account owed, what moved, and what it owes.

use askama::Template;
use axum::{extract::Query, response::Response};
use chrono::{Datelike as _, NaiveDate};
use http::StatusCode;
use portico_core::ErrorCode;
use portico_proto::{
    billing::v1::{GetStatementRequest, GetStatementResponse},
    tenancy::v1::ListAccountsRequest,
};
use portico_rpc::problem_from;
use serde::Deserialize;

use crate::{
    ask::Ask, components::Choice, error::PageError, form::Errors, layout::Shell, paper, render::Page,
};

#[derive(Debug, Default, Deserialize)]
pub(super) struct Period {
    #[serde(default)]
    account: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    currency: String,
}

impl Period {
    /// The period as a query that asks for it again.
    pub(super) fn query(&self) -> String {
        let pairs = [
            ("account", &self.account),
            ("from", &self.from),
            ("to", &self.to),
            ("currency", &self.currency),
        ];
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }
}

/// A line: what, when, how much, and what is owed after it.
struct Moved {
    what: String,
    on: String,
    amount: String,
    balance: String,
}

#[derive(Template)]
#[template(path = "pages/billing/statement.html")]
struct Statement<'a> {
    s: &'a Shell,
    period: Period,
    accounts: Vec<Choice>,
    opening: String,
    moved: Vec<Moved>,
    closing: String,
    credit: bool,
    empty: bool,
    /// Where it is downloaded; empty where there is nothing to download.
    pdf: String,
    errors: Errors,
}

pub(super) async fn show(ask: Ask, Query(mut period): Query<Period>) -> Result<Response, PageError> {
    let s = &*ask.shell;
    let today = s.formats.today();
    let year = NaiveDate::from_ymd_opt(today.year(), 1, 1).unwrap_or(today);
    if period.from.is_empty() {
        period.from = year.to_string();
    }
    if period.to.is_empty() {
        period.to = today.to_string();
    }
    let listed = ListAccountsRequest { page_size: 200, ..ListAccountsRequest::default() };
    let accounts = ask.tenancy().list_accounts(listed).await?.into_inner().accounts;
    if period.account.is_empty() {
        period.account = accounts.first().map(|account| account.id.clone()).unwrap_or_default();
    }
    let choices: Vec<Choice> = accounts
        .iter()
        .map(|account| Choice::new(account.id.clone(), account.name.clone(), &period.account))
        .collect();
    let asked = GetStatementRequest {
        account_id: period.account.clone(),
        from: period.from.clone(),
        to: period.to.clone(),
        currency: period.currency.clone(),
    };
    let (answer, errors) = match ask.billing().get_statement(asked).await {
        Ok(answer) => (answer.into_inner(), Errors::none()),
        // Who has no account yet sees an empty statement; a foreign one is not here.
        Err(_) if accounts.is_empty() && period.account.is_empty() => {
            (GetStatementResponse::default(), Errors::none())
        }
        Err(status) => {
            let problem = problem_from(&status);
            if problem.code != ErrorCode::InvalidArgument {
                return Err(PageError(problem));
            }
            (GetStatementResponse::default(), Errors::from(&problem))
        }
    };
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = Statement::new(s, period, choices, &answer, errors);
    let (at, up) =
        if ask.reader.is_staff() { ("billing", "/console/billing") } else { ("invoices", "/invoices") };
    Page::new(s.t("billing-statement"), view)
        .at(at)
        .under(s.t("billing-title"), up)
        .status(status)
        .respond(s, &ask.headers)
}

impl<'a> Statement<'a> {
    fn new(
        s: &'a Shell,
        period: Period,
        accounts: Vec<Choice>,
        answer: &GetStatementResponse,
        errors: Errors,
    ) -> Self {
        let money = |amount: i64| paper::money(s, amount, &answer.currency);
        let moved = answer.movements.iter().map(|one| {
            let act = s.t(&format!("billing-act-{}", one.act.replace('_', "-")));
            let label = paper::method(s, &one.label);
            Moved {
                what: if label.is_empty() { act } else { format!("{act}: {label}") },
                on: paper::day(s, &one.on),
                amount: money(one.amount),
                balance: money(one.balance),
            }
        });
        let known = errors.is_empty() && !answer.currency.is_empty();
        let pdf = if known { format!("/statement/pdf?{}", period.query()) } else { String::new() };
        Self {
            s,
            pdf,
            period,
            accounts: if accounts.len() > 1 { accounts } else { Vec::new() },
            opening: money(answer.opening),
            moved: moved.collect(),
            closing: money(answer.closing),
            credit: answer.closing < 0,
            empty: answer.currency.is_empty(),
            errors,
        }
    }
}

#[cfg(test)]
mod tests {
    use portico_proto::billing::v1::Movement;

    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn every_movement_has_its_words_and_a_credit_is_said() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Portal, locale);
            let acts = [
                "invoice_issued",
                "credit_issued",
                "payment_received",
                "refunded",
                "refund_failed",
                "written_off",
            ];
            let movement = |act: &&str| Movement {
                on: "2026-12-01".to_owned(),
                act: (*act).to_owned(),
                amount: 5,
                ..Movement::default()
            };
            let answer = GetStatementResponse {
                currency: "EUR".to_owned(),
                movements: acts.iter().map(movement).collect(),
                closing: -700,
                ..GetStatementResponse::default()
            };
            let html =
                Statement::new(&s, Period::default(), Vec::new(), &answer, Errors::none()).render().unwrap();
            assert!(!html.contains("billing-") && !html.contains("paper-"), "{html}");
            assert_eq!(html.matches("<tr>").count(), 1 + acts.len());
        }
    }
}
