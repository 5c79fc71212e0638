//! Oneself: profile, password, sessions, and what one was told.

use std::collections::HashMap;

use askama::Template;
use axum::{extract::Query, response::Response};
use http::StatusCode;
use portico_proto::{
    identity::v1::{ListSessionsRequest, Person, Session},
    messaging::v1::{ListNotificationsRequest, Notification},
    time::moment,
};

use crate::{
    ask::Ask,
    components::{Choice, Row, Tone},
    error::PageError,
    form::Errors,
    layout::Shell,
    render::Page,
    text::Locale,
    wording::local_path,
};

#[derive(Template)]
#[template(path = "pages/portal/me.html")]
struct Me<'a> {
    s: &'a Shell,
    person: &'a Person,
    languages: Vec<Choice>,
    zones: Vec<Choice>,
    sessions: Vec<Place>,
    told: Vec<Row>,
    unread: bool,
    errors: &'a Errors,
}

struct Place {
    id: String,
    device: String,
    meta: String,
    current: bool,
}

impl Place {
    fn of(s: &Shell, session: &Session) -> Self {
        let used = session.last_used_at.as_ref().and_then(moment).map(|at| s.ago(&at)).unwrap_or_default();
        Self {
            id: session.id.clone(),
            device: session.device.clone(),
            meta: [session.address.as_str(), &used]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" · "),
            current: session.current,
        }
    }
}

fn told(s: &Shell, notification: &Notification) -> Row {
    let when = notification.at.as_ref().and_then(moment).map(|at| s.ago(&at)).unwrap_or_default();
    let row = Row::new(
        notification.subject.clone(),
        local_path(&notification.link).unwrap_or("/"),
        format!("{} · {when}", notification.body),
    );
    if notification.read { row.done() } else { row.tagged(Tone::Info, s.t("me-new")) }
}

fn zones(current: &str) -> Vec<Choice> {
    chrono_tz::TZ_VARIANTS
        .iter()
        .map(|zone| Choice::new(zone.name(), zone.name().replace('_', " "), current))
        .collect()
}

pub(super) async fn me(
    ask: Ask,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, PageError> {
    let notice = match query.get("saved").map(String::as_str) {
        Some("profile") => Some("me-profile-saved"),
        Some("password") => Some("me-password-saved"),
        Some("session") => Some("me-session-ended"),
        _ => None,
    };
    show(&ask, &ask.reader.person, &Errors::none(), notice, StatusCode::OK).await
}

pub(super) async fn show(
    ask: &Ask,
    person: &Person,
    errors: &Errors,
    notice: Option<&str>,
    status: StatusCode,
) -> Result<Response, PageError> {
    let s = &*ask.shell;
    let (mut identity, mut messaging) = (ask.identity(), ask.messaging());
    let (sessions, notifications) = tokio::join!(
        identity.list_sessions(ListSessionsRequest {}),
        messaging.list_notifications(ListNotificationsRequest { page_size: 30 }),
    );
    let notifications = notifications?.into_inner().notifications;
    let view = Me {
        s,
        person,
        languages: Locale::ALL
            .iter()
            .map(|locale| Choice::new(locale.tag(), locale.own_name(), s.texts.locale.tag()))
            .collect(),
        zones: zones(if person.time_zone.is_empty() { s.formats.zone().name() } else { &person.time_zone }),
        sessions: sessions?.into_inner().sessions.iter().map(|session| Place::of(s, session)).collect(),
        told: notifications.iter().map(|each| told(s, each)).collect(),
        unread: notifications.iter().any(|each| !each.read),
        errors,
    };
    let mut page = Page::new(s.t("me-title"), view).at("me").status(status);
    if let Some(notice) = notice {
        page = page.notice(s.t(notice));
    }
    page.respond(s, &ask.headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Area;

    #[test]
    fn the_own_session_cannot_be_ended_by_mistake_and_errors_are_linked() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Portal, locale);
            let person = Person {
                name: "Ana <b>".to_owned(),
                time_zone: "Europe/Berlin".to_owned(),
                has_password: true,
                ..Person::default()
            };
            let session = |id: &str, current| Session {
                id: id.to_owned(),
                device: "Firefox".to_owned(),
                current,
                ..Session::default()
            };
            let mut errors = Errors::none();
            errors.add("new_password", "At least 12 characters.");
            let view = Me {
                s: &s,
                person: &person,
                languages: vec![Choice::new("en", "English", "en")],
                zones: zones("Europe/Berlin"),
                sessions: [session("a", true), session("b", false)]
                    .iter()
                    .map(|each| Place::of(&s, each))
                    .collect(),
                told: vec![told(
                    &s,
                    &Notification {
                        subject: "New task".to_owned(),
                        link: "//evil.example".to_owned(),
                        ..Notification::default()
                    },
                )],
                unread: true,
                errors: &errors,
            };
            let html = Page::new("x", view).whole(&s).unwrap();
            assert!(
                html.contains("action=\"/me/sessions/b/revoke\"")
                    && !html.contains("action=\"/me/sessions/a/revoke\"")
            );
            assert!(html.contains("href=\"#f-new_password\"") && html.contains("name=\"current_password\""));
            assert!(
                html.contains("value=\"Europe/Berlin\" selected")
                    && html.contains("Ana &#60;b&#62;")
                    && !html.contains("evil.example")
            );
            assert_eq!(html.matches("<h1").count(), 1);
        }
    }
}
