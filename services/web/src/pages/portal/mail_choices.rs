//! What one is mailed of, and when.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Form,
    extract::Query,
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use portico_core::ErrorCode;
use portico_proto::messaging::v1::{
    GetMailPreferencesRequest, MailChoice, MailPreferences, RevokeReplyAddressesRequest,
    SetMailPreferencesRequest,
};
use portico_rpc::problem_from;

use crate::{
    ask::{Ask, not_here},
    components::Choice,
    error::PageError,
    form::Errors,
    layout::Shell,
    render::{Page, see_other},
};

/// The ways, in the order in which they are offered.
const WAYS: [&str; 3] = ["now", "digest", "never"];

struct Kind {
    name: String,
    label: String,
    ways: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "pages/portal/mail_choices.html")]
struct View<'a> {
    s: &'a Shell,
    kinds: Vec<Kind>,
    there: &'a MailPreferences,
    errors: &'a Errors,
}

pub(super) async fn show(
    ask: Ask,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, PageError> {
    let answer = ask.mailing().get_mail_preferences(GetMailPreferencesRequest {}).await?.into_inner();
    let there = answer.preferences.ok_or_else(not_here)?;
    page(&ask, &there, &Errors::none(), query.contains_key("saved"), StatusCode::OK)
}

pub(super) async fn save(ask: Ask, Form(sent): Form<HashMap<String, String>>) -> Result<Response, PageError> {
    let value = |name: &str| sent.get(name).map(|text| text.trim().to_owned()).unwrap_or_default();
    let answer = ask.mailing().get_mail_preferences(GetMailPreferencesRequest {}).await?.into_inner();
    let there = answer.preferences.ok_or_else(not_here)?;
    let chosen = |choice: &MailChoice| {
        let way = sent.get(&choice.kind).cloned()?;
        Some(MailChoice { kind: choice.kind.clone(), way })
    };
    let wanted = MailPreferences {
        choices: there.choices.iter().filter_map(chosen).collect(),
        quiet_from: value("quiet_from"),
        quiet_until: value("quiet_until"),
        digest_at: value("digest_at"),
        time_zone: there.time_zone.clone(),
    };
    let asked = SetMailPreferencesRequest { preferences: Some(wanted.clone()) };
    match ask.mailing().set_mail_preferences(asked).await {
        Ok(_) => Ok(see_other("/me/mail?saved=yes")),
        Err(status) => {
            let problem = problem_from(&status);
            if problem.code != ErrorCode::InvalidArgument {
                return Ok(PageError(problem).into_response());
            }
            page(&ask, &wanted, &Errors::from(&problem), false, StatusCode::UNPROCESSABLE_ENTITY)
        }
    }
}

/// Ends the addresses that one's answers by mail go to, as after a mailbox was in other hands.
pub(super) async fn end_addresses(ask: Ask) -> Result<Response, PageError> {
    ask.mailing().revoke_reply_addresses(RevokeReplyAddressesRequest {}).await?;
    Ok(see_other("/me/mail?saved=yes"))
}

fn page(
    ask: &Ask,
    there: &MailPreferences,
    errors: &Errors,
    saved: bool,
    status: StatusCode,
) -> Result<Response, PageError> {
    let s = &*ask.shell;
    let mut page = Page::new(s.t("mail-choices"), View::new(s, there, errors))
        .at("me")
        .status(status)
        .under(s.t("me-title"), "/me");
    if saved {
        page = page.notice(s.t("mail-choices-saved"));
    }
    page.respond(s, &ask.headers)
}

impl<'a> View<'a> {
    fn new(s: &'a Shell, there: &'a MailPreferences, errors: &'a Errors) -> Self {
        let kind = |choice: &MailChoice| Kind {
            label: s.t(&format!("mail-kind-{}", choice.kind)),
            ways: WAYS.map(|way| Choice::new(way, s.t(&format!("mail-way-{way}")), &choice.way)).into(),
            name: choice.kind.clone(),
        };
        Self { s, kinds: there.choices.iter().map(kind).collect(), there, errors }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn every_kind_can_be_chosen_and_times_are_read_where_one_lives() {
        let choice = |kind: &str| MailChoice { kind: kind.to_owned(), way: "digest".to_owned() };
        let kinds = ["task", "reminder", "escalation", "meeting", "message", "notice"];
        let there = MailPreferences {
            choices: kinds.map(choice).into(),
            quiet_from: "20:00".to_owned(),
            quiet_until: "07:30".to_owned(),
            digest_at: "08:00".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
        };
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Portal, locale);
            let mut errors = Errors::none();
            errors.add("quiet_from", "Enter a time of day.");
            let html = Page::new("x", View::new(&s, &there, &errors)).whole(&s).unwrap();
            assert_eq!(html.matches("value=\"digest\"").count(), kinds.len());
            assert!(html.contains("value=\"20:00\"") && html.contains("Europe/Berlin"));
            assert!(html.contains("href=\"#f-quiet_from\""));
            assert!(
                html.matches("<h1").count() == 1
                    && !html.contains("mail-kind-")
                    && !html.contains("mail-way-")
            );
        }
    }
}
