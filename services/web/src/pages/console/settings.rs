//! The firm's own settings: name, brand, language, sender, holidays, and what becomes of files nobody has scanned.

use askama::Template;
use axum::{extract::Query, response::Response};
use chrono::NaiveDate;
use portico_core::{ErrorCode, Problem};
use portico_proto::{
    messaging::v1::{SendTestMailRequest, SendTestMailResponse},
    tenancy::v1::{GetTenantRequest, ListHolidaysRequest, SetHolidaysRequest, Tenant, UpdateTenantRequest},
};
use portico_rpc::problem_from;

use super::{
    attempt::{Attempt, Sent},
    done::Done,
    firm_form::{self, Swatch},
};
use crate::{
    ask::{AdminAsk, not_here, refused},
    components::Choice,
    csrf::FileForm,
    error::PageError,
    layout::Shell,
    render::{Page, see_other},
};

#[derive(Template)]
#[template(path = "pages/console/settings.html")]
struct Settings<'a> {
    s: &'a Shell,
    etag: String,
    firm_name: String,
    colour: String,
    swatch: Option<Swatch>,
    logo: String,
    sender: String,
    languages: Vec<Choice>,
    zones: Vec<Choice>,
    unscanned: bool,
    holidays: String,
    test_to: String,
    test: Option<SendTestMailResponse>,
    attempt: Attempt,
}

pub(super) async fn show(ask: AdminAsk, Query(done): Query<Done>) -> Result<Response, PageError> {
    page(&ask, Attempt::default(), None, &done).await
}

pub(super) async fn save(ask: AdminAsk, form: FileForm) -> Result<Response, PageError> {
    let (sent, logo) = match firm_form::read(&ask.shell, form).await {
        Ok(read) => read,
        Err(problem) => return again(&ask, "firm", Sent::default(), problem).await,
    };
    let there =
        ask.tenancy().get_tenant(GetTenantRequest {}).await?.into_inner().tenant.ok_or_else(not_here)?;
    let tenant = Tenant {
        name: sent.text("name"),
        colour: sent.of("colour").to_lowercase(),
        time_zone: sent.text("time_zone"),
        language: sent.text("language"),
        sender_address: sent.text("sender_address"),
        allow_unscanned_files: sent.ticked("allow_unscanned_files"),
        etag: sent.text("etag"),
        ..there
    };
    match ask.tenancy().update_tenant(UpdateTenantRequest { tenant: Some(tenant), logo }).await {
        Ok(_) => Ok(see_other("/console/settings?done=settings-saved")),
        Err(status) => again(&ask, "firm", sent, problem_from(&status)).await,
    }
}

pub(super) async fn set_holidays(ask: AdminAsk, sent: Sent) -> Result<Response, PageError> {
    let saved = match days(&ask.shell, sent.of("holidays")) {
        Ok(dates) => ask
            .tenancy()
            .set_holidays(SetHolidaysRequest { dates })
            .await
            .map_err(|status| problem_from(&status)),
        Err(problem) => Err(problem),
    };
    match saved {
        Ok(_) => Ok(see_other("/console/settings?done=settings-saved")),
        Err(problem) => again(&ask, "holidays", sent, problem).await,
    }
}

/// Sends a test mail; the page says what the mail server answered.
pub(super) async fn test_mail(ask: AdminAsk, sent: Sent) -> Result<Response, PageError> {
    match ask.messaging().send_test_mail(SendTestMailRequest { to: sent.text("to") }).await {
        Ok(answer) => page(&ask, Attempt::default(), Some(answer.into_inner()), &Done::default()).await,
        Err(status) => again(&ask, "test", sent, problem_from(&status)).await,
    }
}

async fn again(
    ask: &AdminAsk,
    form: &'static str,
    sent: Sent,
    problem: Problem,
) -> Result<Response, PageError> {
    let mut attempt = Attempt::refused(form, sent, &problem, &[("dates", "holidays")]);
    attempt.rename_prefix("tenant.");
    let page = page(ask, attempt, None, &Done::default()).await;
    Ok(refused(problem, |_| page))
}

/// One day a line, as people write them for machines: 2026-12-25.
fn days(s: &Shell, text: &str) -> Result<Vec<String>, Problem> {
    let mut days = Vec::new();
    for word in text.split([',', '\n', '\r', ' ']).filter(|word| !word.is_empty()) {
        let day: NaiveDate = word.parse().map_err(|_| {
            let shown: String = word.chars().take(20).collect();
            let text = s.say("console-holiday-wrong").arg("text", shown).to_string();
            Problem::new(ErrorCode::InvalidArgument, "invalid_argument", text.clone())
                .with_field("holidays", text)
        })?;
        days.push(day);
    }
    days.sort_unstable();
    days.dedup();
    Ok(days.iter().map(ToString::to_string).collect())
}

async fn page(
    ask: &AdminAsk,
    attempt: Attempt,
    test: Option<SendTestMailResponse>,
    done: &Done,
) -> Result<Response, PageError> {
    let (mut tenancy, mut holidays) = (ask.tenancy(), ask.tenancy());
    let (tenant, holidays) = tokio::try_join!(
        tenancy.get_tenant(GetTenantRequest {}),
        holidays.list_holidays(ListHolidaysRequest {})
    )?;
    let tenant = tenant.into_inner().tenant.ok_or_else(not_here)?;
    let s = &*ask.shell;
    let status = attempt.status();
    let view =
        Settings::new(s, &tenant, &holidays.into_inner().dates, &ask.reader.person.email, test, attempt);
    done.above(Page::new(s.t("nav-settings"), view).at("settings").status(status), s).respond(s, &ask.headers)
}

impl<'a> Settings<'a> {
    fn new(
        s: &'a Shell,
        tenant: &Tenant,
        holidays: &[String],
        own_address: &str,
        test: Option<SendTestMailResponse>,
        attempt: Attempt,
    ) -> Self {
        let value = |name: &str, there: &str| attempt.value("firm", name, there);
        let colour = value("colour", &tenant.colour);
        Self {
            s,
            etag: value("etag", &tenant.etag),
            firm_name: value("name", &tenant.name),
            swatch: firm_form::swatch(&colour),
            colour,
            logo: if tenant.logo_hash.is_empty() {
                String::new()
            } else {
                format!("/logo/{}", tenant.logo_hash)
            },
            sender: value("sender_address", &tenant.sender_address),
            languages: firm_form::languages(&value("language", &tenant.language)),
            zones: firm_form::zones(&value("time_zone", &tenant.time_zone)),
            unscanned: attempt.ticked("firm", "allow_unscanned_files", tenant.allow_unscanned_files),
            holidays: attempt.value("holidays", "holidays", &holidays.join("\n")),
            test_to: attempt.value("test", "to", own_address),
            test,
            attempt,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    fn html(test: Option<SendTestMailResponse>, attempt: Attempt) -> String {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let tenant = Tenant {
            name: "Northwind & Sons".to_owned(),
            colour: "#ffe600".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            language: "de".to_owned(),
            ..Tenant::default()
        };
        let view =
            Settings::new(&s, &tenant, &["2026-12-25".to_owned()], "maria@firm.example", test, attempt);
        Page::new("x", view).whole(&s).unwrap()
    }

    #[test]
    fn the_page_shows_what_holds_and_that_a_colour_was_adjusted() {
        let html = html(None, Attempt::default());
        assert!(html.contains("Northwind &#38; Sons") && html.contains("adjusted for legibility"));
        assert!(html.contains("value=\"Europe/Berlin\" selected") && html.contains("2026-12-25"));
        assert!(html.contains("value=\"maria@firm.example\"") && html.contains("id=\"test-mail\""));
        assert!(html.matches("<h1").count() == 1 && !html.contains("console-"));
    }

    #[test]
    fn a_test_mail_says_what_the_server_answered() {
        let answer = SendTestMailResponse {
            accepted: false,
            answer: "535 wrong <password>".to_owned(),
            reason: "credentials".to_owned(),
        };
        let html = html(Some(answer), Attempt::default());
        assert!(html.contains("535 wrong &#60;password&#62;") && html.contains("banner bad"));
    }

    #[test]
    fn holidays_are_days_in_order_and_each_once() {
        assert_eq!(
            days(
                &crate::walk::shell(crate::layout::Area::Console, crate::text::Locale::En),
                "2026-12-26\r\n2026-12-25, 2026-12-25"
            )
            .unwrap(),
            ["2026-12-25", "2026-12-26"]
        );
        assert!(
            days(&crate::walk::shell(crate::layout::Area::Console, crate::text::Locale::En), "Christmas")
                .unwrap_err()
                .message
                .contains("“Christmas” is no day")
        );
    }
}
