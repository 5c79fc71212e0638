//! Asking many accounts for documents at once, also by what the firm asks for again and again.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use http::StatusCode;
use portico_proto::{
    documents::v1::{
        DeleteRequestTemplateRequest, ListRequestTemplatesRequest, RequestTemplate,
        SaveRequestTemplateRequest, TemplateItem,
    },
    tenancy::v1::ListAccountsRequest,
    workflow::v1::{AskedItem, RequestDocumentsRequest, RequestOutcome, RequestResult},
};
use portico_rpc::problem_from;
use serde::Deserialize;

use super::{
    attempt::{Attempt, Sent},
    choose,
    done::Done,
};
use crate::{
    ask::{StaffAsk, refused, remember, see_other_after},
    components::{Choice, Row, Tone},
    error::PageError,
    layout::Shell,
    render::Page,
    text::{Locale, Texts},
};

/// What may be uploaded, by the words of requests.
const KINDS: [&str; 5] = ["pdf", "image", "office", "zip", "text"];
/// The accounts that can be asked in one go.
const MOST: usize = 500;
/// Accounts in one answer of tenancy.
const A_PAGE: i32 = 200;

#[derive(Template)]
#[template(path = "pages/console/requests.html")]
struct View<'a> {
    s: &'a Shell,
    key: String,
    templates: &'a [RequestTemplate],
    /// The template that the form was filled in from, and its version; empty and 0 for none.
    template: String,
    version: String,
    title: String,
    items: String,
    due_days: String,
    accounts: Vec<Choice>,
    kinds: Vec<Choice>,
    reviewers: Vec<Choice>,
    /// What became of the request that was just sent; empty where none was.
    results: Vec<Row>,
    /// Whether it could not be sent to some of them, so that the form stands there to be sent again.
    again: bool,
    attempt: Attempt,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Chosen {
    template: String,
}

pub(super) async fn show(
    ask: StaffAsk,
    Query(from): Query<Chosen>,
    Query(done): Query<Done>,
) -> Result<Response, PageError> {
    page(&ask, &from.template, Vec::new(), Attempt::default(), &done).await
}

/// Keeps what the form asks for as a template: a new one, or in the place of the one that it was filled in from.
pub(super) async fn save(ask: StaffAsk, sent: Sent) -> Result<Response, PageError> {
    let asked = wanted(&sent);
    let item = |item: AskedItem| TemplateItem {
        name: item.name,
        help: item.help,
        required: item.required,
        accept: item.accept,
        max_megabytes: item.max_megabytes,
    };
    let request = SaveRequestTemplateRequest {
        request_template_id: sent.text("template"),
        title: asked.title,
        items: asked.items.into_iter().map(item).collect(),
        due_days: asked.due_days,
        version: sent.of("version").parse().unwrap_or(0),
    };
    match ask.request_templates().save_request_template(request).await {
        Ok(answer) => {
            let answer = answer.into_inner();
            let id = answer.template.unwrap_or_default().id;
            let href = format!("/console/requests?template={id}&done=request-template-saved");
            Ok(see_other_after(&href, &answer.event))
        }
        Err(status) => {
            let problem = problem_from(&status);
            let attempt = Attempt::refused("request", sent, &problem, &[]);
            let page = page(&ask, "", Vec::new(), attempt, &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

pub(super) async fn remove(
    ask: StaffAsk,
    Path(request_template_id): Path<String>,
) -> Result<Response, PageError> {
    let asked = DeleteRequestTemplateRequest { request_template_id };
    let answer = ask.request_templates().delete_request_template(asked).await?.into_inner();
    Ok(see_other_after("/console/requests?done=request-template-removed", &answer.event))
}

/// Sends the request. What became of it for each account stands on the page that answers; a repeat sends nothing twice.
pub(super) async fn send(ask: StaffAsk, sent: Sent) -> Result<Response, PageError> {
    let asked = wanted(&sent);
    let chosen = asked.account_ids.clone();
    match ask.workflow_without_deadline().request_documents(asked).await {
        Ok(answer) => {
            let answer = answer.into_inner();
            let names = accounts(&ask).await?;
            let rows = results(&ask.shell, &chosen, &answer.results, &names);
            // What has failed is sent again with the same form and its key; those who have it get nothing twice.
            let failed = answer.results.iter().any(|result| result.outcome() == RequestOutcome::Failed);
            let attempt = if failed { Attempt::kept("request", sent) } else { Attempt::default() };
            let mut page = page(&ask, "", rows, attempt, &Done::default()).await?;
            *page.status_mut() = StatusCode::OK;
            remember(&mut page, &answer.event);
            Ok(page)
        }
        Err(status) => {
            let problem = problem_from(&status);
            let names =
                [("account_ids", "account"), ("reviewer_id", "reviewer"), ("idempotency_key", "title")];
            let attempt = Attempt::refused("request", sent, &problem, &names);
            let page = page(&ask, "", Vec::new(), attempt, &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

/// What the form asks for: each line of the field is one thing, with help behind a bar, and behind another what it takes where that is
/// not what all take; one that ends with a question mark may be left out.
fn wanted(sent: &Sent) -> RequestDocumentsRequest {
    let accept = sent.all("accept");
    let item = |line: &str| {
        let mut parts = line.splitn(3, '|').map(str::trim);
        let mut part = || parts.next().unwrap_or_default();
        let (name, help, takes) = (part(), part(), part());
        let (own, max_megabytes) = taken(takes);
        AskedItem {
            name: name.trim_end_matches('?').trim().to_owned(),
            help: help.to_owned(),
            required: !name.ends_with('?'),
            accept: if own.is_empty() { accept.clone() } else { own },
            max_megabytes,
        }
    };
    let lines = sent.of("items").lines().map(str::trim).filter(|line| !line.is_empty());
    let days = sent.of("due_days");
    RequestDocumentsRequest {
        account_ids: sent.all("account"),
        title: sent.text("title"),
        items: lines.map(item).collect(),
        due: None,
        // What is no number is one that is refused.
        due_days: if days.is_empty() { 0 } else { days.parse().unwrap_or(-1) },
        reviewer_id: sent.text("reviewer"),
        idempotency_key: sent.text("key"),
    }
}

/// What one thing takes by the words of any language, such as "PDF, image, 20 MB": its kinds, and its limit in megabytes. What is none
/// of these is one that is refused.
fn taken(text: &str) -> (Vec<String>, i32) {
    let (mut kinds, mut limit) = (Vec::new(), 0);
    for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        match megabytes(word) {
            Some(most) => limit = most,
            None => kinds.push(kind_of(word).map_or_else(|| word.to_owned(), str::to_owned)),
        }
    }
    (kinds, limit)
}

/// A size such as "20 MB" or "2 GB"; none where it does not begin with a number.
fn megabytes(word: &str) -> Option<i32> {
    let end = word.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(word.len());
    let (number, unit) = word.split_at(end);
    if number.is_empty() {
        return None;
    }
    let times = match unit.trim().to_lowercase().as_str() {
        "mb" => 1,
        "gb" => 1024,
        _ => return Some(-1),
    };
    let most = number.parse::<i32>().ok().and_then(|number| number.checked_mul(times));
    Some(most.filter(|most| *most > 0).unwrap_or(-1))
}

/// The kind that is called so in any language, one file or many.
fn kind_of(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    KINDS.into_iter().find(|kind| {
        let called = |locale: Locale| {
            let texts = Texts::new(locale);
            ["upload", "requests"].map(|of| texts.t(&format!("{of}-kind-{kind}")).to_lowercase())
        };
        *kind == word || Locale::ALL.into_iter().any(|locale| called(locale).contains(&word))
    })
}

/// The accounts that the reader may see, by name; no more than can be asked at once.
pub(super) async fn accounts(ask: &StaffAsk) -> Result<Vec<(String, String)>, PageError> {
    let (mut accounts, mut page_token) = (Vec::new(), String::new());
    while accounts.len() < MOST {
        let asked = ListAccountsRequest { query: String::new(), page_size: A_PAGE, page_token };
        let found = ask.tenancy().list_accounts(asked).await?.into_inner();
        accounts.extend(found.accounts.into_iter().map(|account| (account.id, account.name)));
        page_token = found.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    accounts.truncate(MOST);
    Ok(accounts)
}

fn results(s: &Shell, chosen: &[String], results: &[RequestResult], names: &[(String, String)]) -> Vec<Row> {
    let row = |(account, result): (&String, &RequestResult)| {
        let name = names.iter().find(|(id, _)| id == account).map(|(_, name)| name.clone())?;
        let (tone, key) = match result.outcome() {
            RequestOutcome::Sent => (Tone::Ok, "requests-sent"),
            RequestOutcome::SentBefore => (Tone::Neutral, "requests-sent-before"),
            RequestOutcome::Refused => (Tone::Warn, "requests-refused"),
            RequestOutcome::Failed => (Tone::Bad, "requests-failed"),
            RequestOutcome::NoRun | RequestOutcome::Unspecified => (Tone::Warn, "requests-no-run"),
        };
        let href = if result.step_id.is_empty() {
            format!("/console/accounts/{account}")
        } else {
            format!("/console/steps/{}", result.step_id)
        };
        Some(Row::new(name, href, "").tagged(tone, s.t(key)))
    };
    chosen.iter().zip(results).filter_map(row).collect()
}

/// The kinds that most of a template's things take.
fn usual(template: &RequestTemplate) -> Vec<String> {
    let takers = |accept: &[String]| template.items.iter().filter(|item| item.accept == accept).count();
    // Of as many takers, the first counts.
    let most = template.items.iter().rev().max_by_key(|item| takers(&item.accept));
    most.map(|item| item.accept.clone()).unwrap_or_default()
}

/// A template's things as the form has them, each on a line.
fn lines(s: &Shell, template: &RequestTemplate) -> String {
    let usual = usual(template);
    let line = |item: &TemplateItem| {
        let mark = if item.required { "" } else { "?" };
        let mut takes = Vec::new();
        if item.accept != usual {
            takes.extend(item.accept.iter().map(|kind| s.t(&format!("upload-kind-{kind}"))));
        }
        if item.max_megabytes > 0 {
            takes.push(format!("{} MB", item.max_megabytes));
        }
        let mut parts = vec![format!("{}{mark}", item.name), item.help.clone(), takes.join(", ")];
        while parts.last().is_some_and(String::is_empty) {
            parts.pop();
        }
        parts.join(" | ").replace(" |  | ", " | | ")
    };
    template.items.iter().map(line).collect::<Vec<_>>().join("\n")
}

async fn page(
    ask: &StaffAsk,
    template: &str,
    results: Vec<Row>,
    attempt: Attempt,
    done: &Done,
) -> Result<Response, PageError> {
    let (accounts, staff) = (accounts(ask).await?, choose::staff(ask).await?);
    let templates = ask.request_templates().list_request_templates(ListRequestTemplatesRequest {}).await?;
    let templates = templates.into_inner().templates;
    let s = &*ask.shell;
    let status = attempt.status();
    let lists = (accounts.as_slice(), templates.as_slice());
    let view = View::new(s, ask.form_key(), lists, template, staff, results, attempt);
    let page = Page::new(s.t("requests-title"), view).at("accounts").status(status);
    done.above(page, s).respond(s, &ask.headers)
}

impl<'a> View<'a> {
    fn new(
        s: &'a Shell,
        fresh: String,
        (accounts, templates): (&[(String, String)], &'a [RequestTemplate]),
        template: &str,
        staff: Vec<(String, String)>,
        results: Vec<Row>,
        attempt: Attempt,
    ) -> Self {
        let from = templates.iter().find(|each| each.id == template).cloned();
        let accept: Vec<String> = match &from {
            Some(from) => usual(from),
            None => KINDS.iter().take(3).map(|kind| (*kind).to_owned()).collect(),
        };
        let chosen = attempt.values("request", "account", &[]);
        let kinds = attempt.values("request", "accept", &accept);
        let of = |name: &str, there: String| attempt.value("request", name, &there);
        let days = from.as_ref().map_or(10, |from| from.due_days);
        let days = if days == 0 { String::new() } else { days.to_string() };
        let ticked = |values: &[String], value: &str| {
            values.iter().find(|one| *one == value).cloned().unwrap_or_default()
        };
        let reviewer = attempt.value("request", "reviewer", "");
        let nobody = Choice::new("", s.t("requests-no-review"), &reviewer);
        let people = staff.into_iter().map(|(id, name)| Choice::new(id, name, &reviewer));
        // The key of a form that comes back is the one it was sent with: what went through is not sent again.
        let key = attempt.value("request", "key", &fresh);
        Self {
            s,
            key,
            templates,
            template: of("template", from.as_ref().map(|from| from.id.clone()).unwrap_or_default()),
            version: of("version", from.as_ref().map(|from| from.version.to_string()).unwrap_or_default()),
            title: of("title", from.as_ref().map(|from| from.title.clone()).unwrap_or_default()),
            items: of("items", from.as_ref().map(|from| lines(s, from)).unwrap_or_default()),
            due_days: of("due_days", days),
            accounts: accounts
                .iter()
                .map(|(id, name)| Choice::new(id.clone(), name.clone(), &ticked(&chosen, id)))
                .collect(),
            kinds: KINDS
                .map(|kind| Choice::new(kind, s.t(&format!("requests-kind-{kind}")), &ticked(&kinds, kind)))
                .into(),
            reviewers: std::iter::once(nobody).chain(people).collect(),
            again: !results.is_empty() && attempt.is("request"),
            results,
            attempt,
        }
    }
}

#[cfg(test)]
mod tests {
    use portico_core::Problem;

    use super::*;
    use crate::layout::Area;

    fn sent(fields: &[(&str, &str)]) -> Sent {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_line_is_one_thing_and_a_question_mark_leaves_it_open() {
        let asked = wanted(&sent(&[
            ("account", "a"),
            ("account", "b"),
            ("title", " Send your papers "),
            ("items", "Bank statements\r\n\r\n Receipts? "),
            ("accept", "pdf"),
            ("due_days", "x"),
        ]));
        assert_eq!(
            (asked.account_ids.len(), asked.title.as_str(), asked.due_days),
            (2, "Send your papers", -1)
        );
        let items: Vec<_> = asked.items.iter().map(|item| (item.name.as_str(), item.required)).collect();
        assert_eq!(items, [("Bank statements", true), ("Receipts", false)]);
        assert_eq!(asked.items[0].accept, ["pdf"]);
    }

    #[test]
    fn one_thing_takes_what_it_says_and_the_others_what_all_take() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let items =
                "Plans | | Images, pdf, 20 MB\nFilms? | Raw | ZIP-Archiv, 2 GB\nPapers\nSketch | | 5 MB";
            let asked = wanted(&sent(&[("title", "Site"), ("items", items), ("accept", "office")]));
            let takes: Vec<_> =
                asked.items.iter().map(|item| (item.accept.join(" "), item.max_megabytes)).collect();
            let expected = [("image pdf", 20), ("zip", 2048), ("office", 0), ("office", 5)];
            assert_eq!(takes, expected.map(|(kinds, most)| (kinds.to_owned(), most)));
            let item = |item: AskedItem| TemplateItem {
                name: item.name,
                help: item.help,
                required: item.required,
                accept: item.accept,
                max_megabytes: item.max_megabytes,
            };
            let template = RequestTemplate {
                items: asked.items.clone().into_iter().map(item).collect(),
                ..RequestTemplate::default()
            };
            assert_eq!(usual(&template), ["office"]);
            let again =
                wanted(&sent(&[("title", "Site"), ("items", &lines(&s, &template)), ("accept", "office")]));
            assert_eq!(again.items, asked.items, "{}", lines(&s, &template));
            let wrong = wanted(&sent(&[("items", "A | | exe\nB | | 0 MB\nC | | 20 pounds")]));
            assert_eq!(wrong.items[0].accept, ["exe"], "refused by its name");
            assert_eq!((wrong.items[1].max_megabytes, wrong.items[2].max_megabytes), (-1, -1));
        }
    }

    #[test]
    fn every_account_has_its_result_and_a_refused_form_keeps_its_key() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let accounts = [("a".to_owned(), "Acme".to_owned()), ("g".to_owned(), "Globex".to_owned())];
            let result = |outcome: RequestOutcome, step: &str| RequestResult {
                outcome: outcome.into(),
                step_id: step.to_owned(),
            };
            let told = [result(RequestOutcome::Sent, "s1"), result(RequestOutcome::NoRun, "")];
            let rows = results(&s, &["a".to_owned(), "g".to_owned()], &told, &accounts);
            let fields = sent(&[("account", "g"), ("key", "k1"), ("title", "Mine")]);
            let attempt =
                Attempt::refused("request", fields, &Problem::invalid("items", "Ask for something."), &[]);
            let view = View::new(&s, "k2".to_owned(), (&accounts, &[]), "", Vec::new(), rows, attempt);
            let html = Page::new("x", view).whole(&s).unwrap();
            assert!(html.contains("/console/steps/s1") && html.contains("/console/accounts/g"), "{html}");
            assert!(html.contains("value=\"k1\"") && !html.contains("value=\"k2\""));
            assert!(html.contains("value=\"g\" checked") && html.contains("Ask for something."));
            assert!(html.contains(&s.t("requests-failed-next")));
            assert!(html.matches("<h1").count() == 1 && !html.contains("requests-"), "{html}");
        }
    }

    #[test]
    fn a_template_fills_the_form_in_and_comes_back_as_it_was() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let item = |name: &str, help: &str, required| TemplateItem {
            name: name.to_owned(),
            help: help.to_owned(),
            required,
            accept: vec!["zip".to_owned()],
            max_megabytes: 0,
        };
        let template = RequestTemplate {
            id: "t1".to_owned(),
            title: "Tax papers".to_owned(),
            items: vec![item("Slips", "All twelve", true), item("Receipts", "", false)],
            due_days: 0,
            version: 3,
        };
        let form = sent(&[("items", &lines(&s, &template)), ("accept", "zip"), ("title", "Tax papers")]);
        let again: Vec<_> =
            wanted(&form).items.into_iter().map(|item| (item.name, item.help, item.required)).collect();
        let there: Vec<_> =
            template.items.iter().map(|item| (item.name.clone(), item.help.clone(), item.required)).collect();
        assert_eq!(again, there);
        let (accounts, templates) = ([("a".to_owned(), "Acme".to_owned())], [template]);
        let none = Attempt::default();
        let lists = (accounts.as_slice(), templates.as_slice());
        let view = View::new(&s, "k".to_owned(), lists, "t1", Vec::new(), Vec::new(), none);
        let html = Page::new("x", view).whole(&s).unwrap();
        assert!(html.contains("value=\"zip\" checked") && !html.contains("value=\"pdf\" checked"), "{html}");
        assert!(html.contains("Slips | All twelve") && html.contains("value=\"Tax papers\""));
        assert!(html.contains("/console/requests/templates/t1/remove") && html.contains("?template=t1"));
    }
}
