//! What came back: bounces and complaints, and how the addresses stand.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use portico_proto::{
    messaging::v1::{ConfirmMailAddressRequest, ListBouncesRequest, MailAddress, MailBounce},
    time::moment,
};
use serde::Deserialize;

use crate::{
    ask::StaffAsk,
    components::{Tag, Tone},
    error::PageError,
    layout::Shell,
    render::{Page, see_other},
};

/// The page after this one; it stands in the address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Filter {
    after: String,
}

struct Row {
    address: String,
    detail: String,
    meta: String,
    tag: Tag,
    person: String,
}

#[derive(Template)]
#[template(path = "pages/console/bounces.html")]
struct View<'a> {
    s: &'a Shell,
    rows: Vec<Row>,
    newest: String,
    older: String,
}

pub(super) async fn list(ask: StaffAsk, Query(filter): Query<Filter>) -> Result<Response, PageError> {
    let asked = ListBouncesRequest {
        page_size: 50,
        page_token: filter.after.clone(),
        ..ListBouncesRequest::default()
    };
    let found = ask.mailing().list_bounces(asked).await?.into_inner();
    let s = &*ask.shell;
    let href = |after: &str| {
        let encoded: String = url::form_urlencoded::byte_serialize(after.as_bytes()).collect();
        format!("/console/mail/bounces?after={encoded}")
    };
    let view = View {
        s,
        rows: found.bounces.iter().map(|bounce| row(s, bounce)).collect(),
        newest: if filter.after.is_empty() { String::new() } else { "/console/mail/bounces".to_owned() },
        older: if found.next_page_token.is_empty() { String::new() } else { href(&found.next_page_token) },
    };
    Page::new(s.t("bounces"), view)
        .at("mail")
        .under(s.t("nav-mail"), "/console/mail")
        .respond(s, &ask.headers)
}

pub(super) async fn confirm(ask: StaffAsk, Path(person_id): Path<String>) -> Result<Response, PageError> {
    let back = format!("/console/people/{person_id}?done=settings-saved");
    ask.mailing().confirm_mail_address(ConfirmMailAddressRequest { person_id }).await?;
    Ok(see_other(&back))
}

fn row(s: &Shell, bounce: &MailBounce) -> Row {
    let (tone, key) = match bounce.kind.as_str() {
        "hard" => (Tone::Bad, "bounces-hard"),
        "complaint" => (Tone::Bad, "bounces-complaint"),
        _ => (Tone::Warn, "bounces-soft"),
    };
    let at = bounce.at.as_ref().and_then(moment).map(|at| s.ago(&at)).unwrap_or_default();
    let meta = [bounce.status.clone(), at].into_iter().filter(|part| !part.is_empty());
    Row {
        address: bounce.address.clone(),
        detail: bounce.detail.clone(),
        meta: meta.collect::<Vec<_>>().join(" · "),
        tag: Tag::new(tone, s.t(key)),
        person: if bounce.person_id.is_empty() {
            String::new()
        } else {
            format!("/console/people/{}", bounce.person_id)
        },
    }
}

/// What is to be said of a person's address on their page; nothing where mail arrives.
pub(super) fn trouble(s: &Shell, address: Option<MailAddress>) -> Option<(String, String)> {
    let address = address?;
    let sentence = match (address.standing.as_str(), address.soft_bounces) {
        ("undeliverable", _) => s.t("bounces-undeliverable"),
        ("complained", _) => s.t("bounces-complained"),
        (_, 0) => return None,
        (_, count) => s.say("bounces-soft-count").arg("count", count).to_string(),
    };
    Some((sentence, address.reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn what_came_back_is_listed_in_words() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let bounce = |kind: &str| MailBounce {
                kind: kind.to_owned(),
                address: "ana@acme.example".to_owned(),
                person_id: "p".to_owned(),
                status: "5.1.1".to_owned(),
                detail: "550 <no>".to_owned(),
                ..MailBounce::default()
            };
            let rows = ["hard", "soft", "complaint"].map(|kind| row(&s, &bounce(kind))).into();
            let view = View { s: &s, rows, newest: String::new(), older: String::new() };
            let html = Page::new("x", view).whole(&s).unwrap();
            assert!(html.contains("550 &#60;no&#62;") && html.contains("href=\"/console/people/p\""));
            assert!(html.matches("<h1").count() == 1 && !html.contains("bounces-"));
            let of = |standing: &str, soft_bounces| {
                trouble(
                    &s,
                    Some(MailAddress {
                        standing: standing.to_owned(),
                        soft_bounces,
                        ..MailAddress::default()
                    }),
                )
            };
            assert!(of("fine", 0).is_none() && trouble(&s, None).is_none());
            for said in [of("undeliverable", 0), of("complained", 0), of("fine", 2)] {
                assert!(!said.unwrap().0.starts_with("bounces-"));
            }
        }
    }
}
