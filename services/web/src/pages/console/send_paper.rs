//! Sending a template's paper to many accounts: which ones, who signs in each, and off it goes. Each stage is a form of its own, so that
//! it works without scripts.

use std::collections::HashSet;

use askama::Template;
use axum::{extract::Path, response::Response};
use http::StatusCode;
use portico_core::Problem;
use portico_proto::{
    documents::v1::{
        PaperRecipient, PaperRole, PaperSeat, PaperTemplate, PrepareSendingRequest, SendPaperRequest,
        SendingCheck,
    },
    tenancy::v1::{Account, ListAccountsRequest},
    time::timestamp,
};
use portico_rpc::problem_from;

use super::{accounts, attempt::Sent, choose, dates, paper};
use crate::{
    ask::{StaffAsk, refused, see_other_after},
    components::Choice,
    error::PageError,
    form::Errors,
    layout::Shell,
    render::Page,
};

/// Accounts that a paper can be sent to in one go, and that are shown at once.
const MOST: usize = 500;
/// Accounts in one answer of tenancy.
const A_PAGE: i32 = 200;

/// The first stage: which accounts.
#[derive(Template)]
#[template(path = "pages/console/send_paper.html")]
struct Choosing<'a> {
    s: &'a Shell,
    action: String,
    name: &'a str,
    q: String,
    kinds: Vec<Choice>,
    accounts: Vec<Choice>,
    /// Chosen accounts that the filter hides.
    kept: Vec<String>,
    chosen: usize,
    /// Whether there are more than are shown.
    more: bool,
    errors: Errors,
}

/// An account that gets the paper.
struct Recipient {
    id: String,
    name: String,
    seats: Vec<Seat>,
}

/// A place to sign in.
struct Seat {
    field: String,
    label: String,
    people: Vec<Choice>,
}

/// The second stage: who signs, and when it is due.
#[derive(Template)]
#[template(path = "pages/console/send_review.html")]
struct Review<'a> {
    s: &'a Shell,
    action: String,
    name: &'a str,
    key: String,
    /// The template as it is looked through now.
    version: i32,
    title: String,
    due: String,
    firm: Vec<Seat>,
    recipients: Vec<Recipient>,
    /// Accounts that are left out, each with the reason.
    left_out: Vec<(String, String)>,
    /// All that were chosen, for the way back.
    chosen: Vec<String>,
    errors: Errors,
}

pub(super) async fn show(ask: StaffAsk, Path(id): Path<String>) -> Result<Response, PageError> {
    choosing(&ask, id, &Sent::default(), Errors::none()).await
}

/// Takes every button of the two forms.
pub(super) async fn act(ask: StaffAsk, Path(id): Path<String>, sent: Sent) -> Result<Response, PageError> {
    match sent.of("act") {
        "review" => review(&ask, id, &sent, None).await,
        "send" => send(&ask, id, &sent).await,
        _ => choosing(&ask, id, &sent, Errors::none()).await,
    }
}

async fn choosing(ask: &StaffAsk, id: String, sent: &Sent, errors: Errors) -> Result<Response, PageError> {
    let template = paper::find(ask, id).await?;
    let (found, more) = accounts_like(ask, sent.of("q"), sent.of("kind")).await?;
    let s = &*ask.shell;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = Choosing::new(s, &template, sent, (&found, more), errors);
    paged(
        Page::new(s.say("sending-send-title").arg("paper", &template.title).to_string(), view),
        ask,
        &template,
        status,
    )
}

fn paged<T: Template>(
    page: Page<T>,
    ask: &StaffAsk,
    template: &PaperTemplate,
    status: StatusCode,
) -> Result<Response, PageError> {
    let s = &*ask.shell;
    let to = format!("/console/papers/{}", template.id);
    let page = page.at("accounts").status(status).under(s.t("papers-title"), "/console/papers".to_owned());
    page.under(template.title.clone(), to).respond(s, &ask.headers)
}

/// Accounts by name, as far as they are shown at once, and whether there are more.
async fn accounts_like(ask: &StaffAsk, query: &str, kind: &str) -> Result<(Vec<Account>, bool), PageError> {
    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let asked = ListAccountsRequest { query: query.to_owned(), page_size: A_PAGE, page_token };
        let answer = ask.tenancy().list_accounts(asked).await?.into_inner();
        found.extend(answer.accounts.into_iter().filter(|one| kind.is_empty() || one.kind == kind));
        page_token = answer.next_page_token;
        if page_token.is_empty() || found.len() > MOST {
            break;
        }
    }
    let more = found.len() > MOST;
    found.truncate(MOST);
    Ok((found, more))
}

/// What was chosen: what the form holds, with what its buttons add or take away of what is shown.
fn chosen(sent: &Sent, shown: &[Account]) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut chosen: Vec<String> =
        sent.all("account").into_iter().filter(|id| seen.insert(id.clone())).collect();
    match sent.of("act") {
        "all" => chosen.extend(shown.iter().map(|one| one.id.clone()).filter(|id| seen.insert(id.clone()))),
        "none" => chosen.retain(|id| shown.iter().all(|one| one.id != *id)),
        _ => {}
    }
    chosen
}

impl<'a> Choosing<'a> {
    fn new(
        s: &'a Shell,
        template: &'a PaperTemplate,
        sent: &Sent,
        (shown, more): (&[Account], bool),
        errors: Errors,
    ) -> Self {
        let chosen = chosen(sent, shown);
        let kind = sent.of("kind");
        let kinds = accounts::KINDS.map(|one| Choice::new(one, accounts::kind_title(s, one), kind));
        let account = |one: &Account| {
            let current = chosen.iter().find(|id| **id == one.id).cloned().unwrap_or_default();
            Choice::new(one.id.clone(), one.name.clone(), &current).hinted(accounts::kind_title(s, &one.kind))
        };
        let hidden = |id: &&String| shown.iter().all(|one| one.id != **id);
        Self {
            s,
            action: format!("/console/papers/{}/send", template.id),
            name: &template.title,
            q: sent.text("q"),
            kinds: std::iter::once(Choice::new("", s.t("console-all"), kind)).chain(kinds).collect(),
            accounts: shown.iter().map(account).collect(),
            kept: chosen.iter().filter(hidden).cloned().collect(),
            chosen: chosen.len(),
            more,
            errors,
        }
    }
}

async fn review(
    ask: &StaffAsk,
    id: String,
    sent: &Sent,
    problem: Option<&Problem>,
) -> Result<Response, PageError> {
    let account_ids = chosen(sent, &[]);
    let asked = PrepareSendingRequest { paper_template_id: id.clone(), account_ids: account_ids.clone() };
    let checks = match ask.sendings_without_deadline().prepare_sending(asked).await {
        Ok(answer) => answer.into_inner().checks,
        Err(status) => {
            let problem = problem_from(&status);
            let mut errors = Errors::none();
            for wrong in Errors::from(&problem).all() {
                errors.add(
                    if wrong.field == "account_ids" { "account" } else { "" },
                    wrong.description.clone(),
                );
            }
            let page = choosing(ask, id, sent, errors).await;
            return Ok(refused(problem, |_| page));
        }
    };
    let (template, staff) = (paper::find(ask, id).await?, choose::staff(ask).await?);
    let s = &*ask.shell;
    let errors = problem.map_or_else(Errors::none, |problem| errors(problem, &template));
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = Review::new(s, &template, ask.form_key(), sent, (&account_ids, &checks), &staff, errors);
    paged(Page::new(s.t("sending-review-title"), view), ask, &template, status)
}

/// What is wrong, by the names of the form.
fn errors(problem: &Problem, template: &PaperTemplate) -> Errors {
    let mut errors = Errors::none();
    let first = template.roles.iter().find(|role| role.internal);
    for wrong in Errors::from(problem).all() {
        let field = match wrong.field.as_str() {
            own @ ("title" | "due") => own.to_owned(),
            "countersigners" => first.map(|role| seat_field("firm", role)).unwrap_or_default(),
            _ => String::new(),
        };
        errors.add(field, wrong.description.clone());
    }
    errors
}

async fn send(ask: &StaffAsk, id: String, sent: &Sent) -> Result<Response, PageError> {
    let template = paper::find(ask, id.clone()).await?;
    let Some(asked) = wanted(&template, sent, ask.shell.formats.zone()) else {
        let problem = Problem::invalid("due", ask.shell.t("sending-no-day"));
        let page = review(ask, id, sent, Some(&problem)).await;
        return Ok(refused(problem, |_| page));
    };
    match ask.sendings_without_deadline().send_paper(asked).await {
        Ok(answer) => {
            let answer = answer.into_inner();
            let to = format!("/console/papers/{id}/sendings/{}?done=paper-sent", answer.sending_id);
            Ok(see_other_after(&to, &answer.event))
        }
        Err(status) => {
            let problem = problem_from(&status);
            let page = review(ask, id, sent, Some(&problem)).await;
            Ok(refused(problem, |_| page))
        }
    }
}

/// What the second form asks for; nothing where its day is none.
fn wanted(template: &PaperTemplate, sent: &Sent, zone: chrono_tz::Tz) -> Option<SendPaperRequest> {
    let seat = |owner: &str, role: &PaperRole| PaperSeat {
        role_id: role.id.clone(),
        person_id: sent.text(&seat_field(owner, role)),
    };
    let roles = |internal| template.roles.iter().filter(move |role| role.internal == internal);
    let recipient = |account_id: String| {
        let seats = roles(false).map(|role| seat(&account_id, role)).collect();
        PaperRecipient { account_id, seats }
    };
    let due = match sent.of("due") {
        "" => None,
        day => Some(timestamp(dates::end_of_day(day, zone)?)),
    };
    Some(SendPaperRequest {
        paper_template_id: template.id.clone(),
        title: sent.text("title"),
        due,
        recipients: sent.all("recipient").into_iter().map(recipient).collect(),
        countersigners: roles(true).map(|role| seat("firm", role)).collect(),
        idempotency_key: sent.text("key"),
        template_version: sent.of("version").parse().unwrap_or_default(),
    })
}

/// The field for who signs as `role` for an account or the firm.
fn seat_field(owner: &str, role: &PaperRole) -> String {
    format!("seat-{owner}-{}", role.id)
}

impl<'a> Review<'a> {
    fn new(
        s: &'a Shell,
        template: &'a PaperTemplate,
        fresh: String,
        sent: &Sent,
        (accounts, checks): (&[String], &[SendingCheck]),
        staff: &[(String, String)],
        errors: Errors,
    ) -> Self {
        let roles = |internal| template.roles.iter().filter(move |role| role.internal == internal);
        // Whoever comes first signs first, unless somebody else was chosen.
        let seat = |owner: &str, place: usize, role: &PaperRole, people: &[(String, String)]| {
            let field = seat_field(owner, role);
            let usual = people.get(place).map(|(id, _)| id.as_str()).unwrap_or_default();
            let current = if sent.of(&field).is_empty() { usual.to_owned() } else { sent.text(&field) };
            let choice = |(id, name): &(String, String)| Choice::new(id.clone(), name.clone(), &current);
            Seat { label: role.title.clone(), people: people.iter().map(choice).collect(), field }
        };
        let firm = roles(true).enumerate().map(|(place, role)| seat("firm", place, role, staff)).collect();
        let all: Vec<_> = accounts.iter().zip(checks).collect();
        let recipient = |(id, check): &(&String, &SendingCheck)| {
            let people: Vec<_> =
                check.people.iter().map(|one| (one.person_id.clone(), one.name.clone())).collect();
            let seats = roles(false).enumerate().map(|(place, role)| seat(id, place, role, &people));
            Recipient { id: (*id).clone(), name: check.account_name.clone(), seats: seats.collect() }
        };
        let left_out =
            |(_, check): &(&String, &SendingCheck)| (check.account_name.clone(), why(s, &check.problem));
        let usual = s.say("sending-usual-title").arg("paper", &template.title).to_string();
        Self {
            s,
            action: format!("/console/papers/{}/send", template.id),
            name: &template.title,
            key: if sent.of("key").is_empty() { fresh } else { sent.text("key") },
            version: template.version,
            title: if sent.of("act") == "send" { sent.text("title") } else { usual },
            due: sent.text("due"),
            firm,
            recipients: all.iter().filter(|(_, check)| check.problem.is_empty()).map(recipient).collect(),
            left_out: all.iter().filter(|(_, check)| !check.problem.is_empty()).map(left_out).collect(),
            chosen: accounts.to_vec(),
            errors,
        }
    }
}

/// Why a paper is not sent, or was not, in words.
pub(super) fn why(s: &Shell, word: &str) -> String {
    match word {
        "nobody" => s.t("sending-why-nobody"),
        "no_run" => s.t("sending-why-no-run"),
        "run_ended" => s.t("sending-why-run-ended"),
        _ => s.t("sending-why-else"),
    }
}

#[cfg(test)]
mod tests {
    use portico_proto::documents::v1::SeatCandidate;

    use super::*;
    use crate::{layout::Area, text::Locale};

    fn sent(pairs: &[(&str, &str)]) -> Sent {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn template() -> PaperTemplate {
        let role = |id: &str, internal| PaperRole {
            id: id.to_owned(),
            title: format!("As {id}"),
            internal,
            ..PaperRole::default()
        };
        PaperTemplate {
            id: "t1".to_owned(),
            title: "<NDA>".to_owned(),
            roles: vec![role("r1", false), role("r2", true)],
            ..PaperTemplate::default()
        }
    }

    fn account(id: &str) -> Account {
        Account {
            id: id.to_owned(),
            name: format!("Account {id}"),
            kind: "client".to_owned(),
            ..Account::default()
        }
    }

    #[test]
    fn what_a_filter_hides_stays_chosen_and_all_that_is_shown_can_be_taken_or_left() {
        let shown = [account("a"), account("b")];
        let of = |act| {
            chosen(&sent(&[("account", "z"), ("account", "a"), ("account", "a"), ("act", act)]), &shown)
        };
        assert_eq!(of("filter"), ["z", "a"]);
        assert_eq!(of("all"), ["z", "a", "b"]);
        assert_eq!(of("none"), ["z"]);
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let sent = sent(&[("account", "z"), ("account", "a"), ("kind", "client"), ("q", "x&y")]);
            let template = template();
            let view = Choosing::new(&s, &template, &sent, (&shown, true), Errors::none());
            let html = Page::new("x", view).whole(&s).unwrap();
            assert!(html.contains("type=\"hidden\" name=\"account\" value=\"z\""), "{html}");
            assert!(
                html.contains("value=\"a\" id=\"f-account\" checked")
                    && !html.contains("value=\"b\" checked")
            );
            assert!(html.contains("value=\"client\" selected") && html.contains("x&#38;y"));
            assert!(html.matches("<h1").count() == 1 && !html.contains("sending-"), "{html}");
        }
    }

    #[test]
    fn the_review_names_who_signs_and_who_is_left_out() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let person = |id: &str| SeatCandidate { person_id: id.to_owned(), name: format!("Name of {id}") };
            let check = |problem: &str, people: Vec<SeatCandidate>| SendingCheck {
                account_name: format!("<{problem}>"),
                people,
                problem: problem.to_owned(),
            };
            let checks = [check("", vec![person("p1"), person("p2")]), check("nobody", Vec::new())];
            let accounts = ["a".to_owned(), "b".to_owned()];
            let staff = [("s1".to_owned(), "Paul".to_owned())];
            let template = template();
            let sent = sent(&[("seat-a-r1", "p2"), ("due", "2026-12-24"), ("act", "send"), ("title", "Do")]);
            let problem = Problem::invalid("countersigners", "Choose who.");
            let errors = errors(&problem, &template);
            let view =
                Review::new(&s, &template, "k1".to_owned(), &sent, (&accounts, &checks), &staff, errors);
            let html = Page::new("x", view).whole(&s).unwrap();
            assert!(
                html.contains("value=\"p2\" selected") && html.contains("value=\"s1\" selected"),
                "{html}"
            );
            assert_eq!(html.matches("name=\"recipient\"").count(), 1, "whoever cannot sign gets nothing");
            assert_eq!(
                html.matches("name=\"account\"").count(),
                2,
                "the way back keeps all that were chosen"
            );
            assert!(html.contains("&#60;nobody&#62;") && html.contains(&s.t("sending-why-nobody")));
            assert!(html.contains("href=\"#f-seat-firm-r2\"") && html.contains("value=\"2026-12-24\""));
            assert!(html.matches("<h1").count() == 1 && !html.contains("sending-"), "{html}");
        }
    }

    #[test]
    fn the_form_becomes_a_request_and_no_day_is_none() {
        let zone = chrono_tz::Tz::Europe__Berlin;
        let pairs = [
            ("recipient", "a"),
            ("recipient", "b"),
            ("seat-a-r1", "p1"),
            ("seat-firm-r2", "s1"),
            ("title", "Sign it"),
            ("key", "k"),
        ];
        let asked = wanted(&template(), &sent(&pairs), zone).unwrap();
        let people: Vec<_> = asked.recipients.iter().map(|one| one.seats[0].person_id.as_str()).collect();
        assert_eq!((people, asked.countersigners[0].person_id.as_str()), (vec!["p1", ""], "s1"));
        assert!(asked.due.is_none() && asked.idempotency_key == "k");
        let day = |day| wanted(&template(), &sent(&[("due", day)]), zone);
        assert!(day("2026-12-24").unwrap().due.is_some() && day("soon").is_none());
    }
}
