//! The firm's books: what stands on each account of the ledger, by currency, and whether both sides come to the same.

use std::collections::BTreeMap;

use askama::Template;
use axum::{extract::Query, response::Response};
use http::StatusCode;
use portico_core::ErrorCode;
use portico_proto::billing::v1::{Balance, GetTrialBalanceRequest};
use portico_rpc::problem_from;
use serde::Deserialize;

use crate::{ask::AdminAsk, error::PageError, form::Errors, layout::Shell, paper, render::Page};

/// The accounts of the ledger in the order in which they are shown; each has its words `books-<word>`.
const CHARTS: [&str; 6] = ["receivable", "bank", "client_credit", "revenue", "tax", "bad_debt"];

/// Up to which day.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    until: String,
}

/// An account of the ledger: its balance stands on one side.
struct Line {
    what: String,
    debit: String,
    credit: String,
}

/// The ledger in one currency.
struct Book {
    currency: String,
    lines: Vec<Line>,
    debit: String,
    credit: String,
    /// Whether both sides come to the same, as they always do.
    balanced: bool,
    /// What that means, in words.
    said: String,
}

#[derive(Template)]
#[template(path = "pages/billing/books.html")]
struct Books<'a> {
    s: &'a Shell,
    until: String,
    books: Vec<Book>,
    errors: Errors,
}

pub(super) async fn show(ask: AdminAsk, Query(wanted): Query<Wanted>) -> Result<Response, PageError> {
    let s = &*ask.shell;
    let until = if wanted.until.is_empty() { s.formats.today().to_string() } else { wanted.until };
    let asked = GetTrialBalanceRequest { until: until.clone() };
    let (balances, errors) = match ask.billing().get_trial_balance(asked).await {
        Ok(answer) => (answer.into_inner().balances, Errors::none()),
        Err(status) => {
            let problem = problem_from(&status);
            if problem.code != ErrorCode::InvalidArgument {
                return Err(PageError(problem));
            }
            (Vec::new(), Errors::from(&problem))
        }
    };
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Page::new(s.t("books-title"), Books::new(s, until, &balances, errors))
        .at("billing")
        .under(s.t("billing-title"), "/console/billing")
        .status(status)
        .respond(s, &ask.headers)
}

impl<'a> Books<'a> {
    fn new(s: &'a Shell, until: String, balances: &[Balance], errors: Errors) -> Self {
        let mut by_currency: BTreeMap<&str, Vec<&Balance>> = BTreeMap::new();
        for balance in balances.iter().filter(|balance| balance.amount != 0) {
            by_currency.entry(&balance.currency).or_default().push(balance);
        }
        let books = by_currency.into_iter().map(|(currency, balances)| book(s, currency, balances));
        Self { s, until, books: books.collect(), errors }
    }
}

fn book(s: &Shell, currency: &str, mut balances: Vec<&Balance>) -> Book {
    let place = |balance: &Balance| CHARTS.iter().position(|chart| *chart == balance.chart);
    balances.sort_by_key(|balance| (place(balance), balance.tax_category.clone(), balance.tax_basis_points));
    let money = |amount: i64| paper::money(s, amount, currency);
    let side = |amount: i64| if amount > 0 { money(amount) } else { String::new() };
    let lines = balances.iter().map(|balance| Line {
        what: account(s, balance),
        debit: side(balance.amount),
        credit: side(balance.amount.saturating_neg()),
    });
    let debit: i64 = balances.iter().map(|balance| balance.amount.max(0)).sum();
    let credit: i64 = balances.iter().map(|balance| balance.amount.min(0).saturating_neg()).sum();
    let said = if debit == credit {
        s.say("books-balanced").arg("amount", money(debit)).to_string()
    } else {
        s.say("books-off").arg("amount", money((debit - credit).abs())).to_string()
    };
    Book {
        currency: currency.to_owned(),
        lines: lines.collect(),
        debit: money(debit),
        credit: money(credit),
        balanced: debit == credit,
        said,
    }
}

/// "Revenue, taxed at 19 %"
fn account(s: &Shell, balance: &Balance) -> String {
    let name = s.t(&format!("books-{}", balance.chart.replace('_', "-")));
    if balance.tax_category.is_empty() {
        return name;
    }
    let rate = paper::rate(s, &balance.tax_category, balance.tax_basis_points);
    s.say("books-at-rate").arg("account", name).arg("rate", rate).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    fn balance(chart: &str, currency: &str, amount: i64) -> Balance {
        let taxed = matches!(chart, "revenue" | "tax");
        Balance {
            chart: chart.to_owned(),
            currency: currency.to_owned(),
            tax_category: if taxed { "S".to_owned() } else { String::new() },
            tax_basis_points: if taxed { 1900 } else { 0 },
            amount,
        }
    }

    #[test]
    fn each_currency_has_its_sums_and_a_sentence_that_says_whether_they_agree() {
        let books = [
            balance("revenue", "EUR", -100_000),
            balance("tax", "EUR", -19_000),
            balance("receivable", "EUR", 69_000),
            balance("bank", "EUR", 50_000),
            balance("client_credit", "EUR", 0),
            balance("bank", "CHF", 100),
            balance("client_credit", "CHF", -99),
        ];
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let html = Books::new(&s, "2027-01-15".to_owned(), &books, Errors::none()).render().unwrap();
            assert!(
                !html.contains(">books-") && !html.contains("books-at") && html.matches("<h1").count() == 1
            );
            assert_eq!(html.matches("<table").count(), 2, "{html}");
            assert_eq!((html.matches("banner ok").count(), html.matches("banner bad").count()), (1, 1));
            if locale == Locale::En {
                let at = |text: &str| html.find(text).unwrap_or_else(|| panic!("{text}: {html}"));
                assert!(at("CHF") < at("EUR") && at("Clients owe") < at("Revenue, 19 %"));
                assert!(html.contains("1,190.00 EUR") && html.contains("0.01 CHF"), "{html}");
            }
        }
    }

    #[test]
    fn an_empty_ledger_says_what_comes() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let html = Books::new(&s, String::new(), &[], Errors::none()).render().unwrap();
            assert!(html.contains("card empty") && !html.contains("books-"), "{html}");
        }
    }
}
