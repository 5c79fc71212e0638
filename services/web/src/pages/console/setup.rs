//! The first run: the firm, its first administrator, its time zone and sender; once, and only with the token.
//!
//! One form, three parts: what was typed travels from part to part in hidden fields, so that nothing is kept anywhere
//! before the firm is made. The logo comes last, since a browser keeps no file between two pages.

use askama::Template;
use axum::{extract::Query, response::Response};
use http::StatusCode;
use portico_core::{ErrorCode, Problem};
use portico_proto::tenancy::v1::ListTenantsRequest;
use serde::Deserialize;
use subtle::ConstantTimeEq as _;

use super::{
    attempt::{Attempt, Sent},
    firm_form::{self, Swatch},
    setup_parts::{PARTS, check, in_our_words, part_of},
};
use crate::{
    ask::{not_here, refused},
    bare::Bare,
    components::Choice,
    csrf::FileForm,
    error::PageError,
    form::Errors,
    founding::{NewFirm, found},
    layout::{Area, Shell},
    render::{Page, see_other},
};

#[derive(Debug, Default, Deserialize)]
pub(super) struct Key {
    #[serde(default)]
    token: String,
}

#[derive(Template)]
#[template(path = "pages/console/setup.html")]
struct Setup<'a> {
    s: &'a Shell,
    token: String,
    part: usize,
    labels: Vec<String>,
    /// What was typed into other parts.
    carried: Vec<(String, String)>,
    swatch: Option<Swatch>,
    languages: Vec<Choice>,
    zones: Vec<Choice>,
    slug_hint: String,
    attempt: Attempt,
}

#[derive(Template)]
#[template(path = "pages/console/setup_closed.html")]
struct Closed<'a> {
    s: &'a Shell,
    text: String,
}

pub(super) async fn show(bare: Bare, Query(key): Query<Key>) -> Result<Response, PageError> {
    if let Some(closed) = closed(&bare, &key.token).await? {
        return closed;
    }
    page(&bare, 0, &key.token, Sent::default(), &Errors::none())
}

pub(super) async fn send(bare: Bare, form: FileForm) -> Result<Response, PageError> {
    let (sent, logo) = match firm_form::read(&bare.shell, form).await {
        Ok(read) => read,
        Err(problem) => return Ok(refused(problem, |problem| Err(PageError(problem.clone())))),
    };
    if let Some(closed) = closed(&bare, sent.of("token")).await? {
        return closed;
    }
    let part = sent.of("part").parse::<usize>().unwrap_or(0).min(PARTS.len() - 1);
    if sent.of("act") == "back" {
        return page(&bare, part.saturating_sub(1), sent.of("token"), sent.clone(), &Errors::none());
    }
    let errors = check(&bare.shell, part, &sent);
    if !errors.is_empty() {
        return page(&bare, part, sent.of("token"), sent.clone(), &errors);
    }
    if part + 1 < PARTS.len() {
        return page(&bare, part + 1, sent.of("token"), sent.clone(), &errors);
    }
    make(&bare, sent, logo).await
}

/// Makes the firm. A refusal leads back to the part that its first field stands on.
async fn make(bare: &Bare, sent: Sent, logo: Vec<u8>) -> Result<Response, PageError> {
    match found(bare.web.peers(), &firm(&sent, logo)).await {
        Ok(tenant) => Ok(see_other(&format!("{}/sign-in?welcome=1", bare.web.origin(&tenant.slug)))),
        Err(problem) => {
            let errors = in_our_words(&problem);
            let part = part_of(&errors);
            let page = page(bare, part, sent.of("token"), sent.clone(), &errors);
            Ok(refused(problem, |_| page))
        }
    }
}

fn firm(sent: &Sent, logo: Vec<u8>) -> NewFirm {
    NewFirm {
        slug: sent.text("slug"),
        name: sent.text("name"),
        colour: sent.of("colour").to_lowercase(),
        logo,
        time_zone: sent.text("time_zone"),
        language: sent.text("language"),
        sender_address: sent.text("sender_address"),
        hosts: Vec::new(),
        admin_name: sent.text("admin_name"),
        admin_email: sent.text("admin_email"),
        admin_password: sent.text("admin_password"),
    }
}

/// The page that says why there is nothing to set up, or nothing where there is. On a firm's own host, and without a
/// token to compare with, the page is not there at all.
async fn closed(bare: &Bare, token: &str) -> Result<Option<Result<Response, PageError>>, PageError> {
    if bare.site.is_some() {
        return Err(not_here());
    }
    let asked = ListTenantsRequest { page_size: 1, page_token: String::new() };
    let firms = bare.tenancy("web.setup").list_tenants(asked).await?.into_inner().tenants;
    let (key, status) = if !firms.is_empty() {
        ("console-setup-done", StatusCode::OK)
    } else if !unlocks(bare.web.config().setup_token.as_deref(), token) {
        ("console-setup-locked", StatusCode::FORBIDDEN)
    } else {
        return Ok(None);
    };
    let s = &*bare.shell;
    let page =
        Page::new(s.t("console-setup"), Closed { s, text: s.t(key) }).framed(Area::Plain).status(status);
    Ok(Some(page.respond(s, &bare.headers)))
}

/// Compares in constant time. Without a token of ours nothing unlocks.
fn unlocks(ours: Option<&str>, sent: &str) -> bool {
    ours.is_some_and(|ours| !ours.is_empty() && bool::from(ours.as_bytes().ct_eq(sent.as_bytes())))
}

fn page(bare: &Bare, part: usize, token: &str, sent: Sent, errors: &Errors) -> Result<Response, PageError> {
    let s = &*bare.shell;
    let config = bare.web.config();
    let base = format!("{}{}", config.base_host, config.port_suffix);
    let view = Setup::new(s, part, token, sent, errors, base);
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Page::new(s.t("console-setup"), view).framed(Area::Plain).wide().status(status).respond(s, &bare.headers)
}

impl<'a> Setup<'a> {
    fn new(s: &'a Shell, part: usize, token: &str, sent: Sent, errors: &Errors, base: String) -> Self {
        let others = PARTS
            .iter()
            .enumerate()
            .filter(|(place, _)| *place != part)
            .flat_map(|(_, fields)| fields.iter());
        let carried = others
            .map(|field| ((*field).to_owned(), sent.text(field)))
            .filter(|(_, value)| !value.is_empty());
        let carried = carried.collect();
        let mut problem = Problem::new(ErrorCode::InvalidArgument, "invalid_argument", "");
        for violation in errors.all() {
            problem = problem.with_field(violation.field.clone(), violation.description.clone());
        }
        let (zone, language) = (sent.text("time_zone"), sent.text("language"));
        let colour = sent.of("colour").to_lowercase();
        let mut attempt = Attempt::refused("setup", sent, &problem, &[]);
        if errors.is_empty() {
            attempt.forget_errors();
        }
        Self {
            s,
            token: token.to_owned(),
            part,
            labels: ["firm", "admin", "place"].map(|part| s.t(&format!("console-setup-{part}"))).into(),
            carried,
            swatch: firm_form::swatch(&colour),
            languages: firm_form::languages(if language.is_empty() {
                s.texts.locale.tag()
            } else {
                &language
            }),
            zones: firm_form::zones(if zone.is_empty() { "Europe/Berlin" } else { &zone }),
            slug_hint: s.say("console-setup-slug-hint").arg("base", base).to_string(),
            attempt,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Locale;

    fn sent(pairs: &[(&str, &str)]) -> Sent {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn only_the_token_of_this_installation_unlocks() {
        assert!(unlocks(Some("abc"), "abc"));
        for (ours, theirs) in
            [(Some("abc"), "abd"), (Some("abc"), ""), (Some(""), ""), (None, ""), (None, "abc")]
        {
            assert!(!unlocks(ours, theirs), "{ours:?} {theirs}");
        }
    }

    #[test]
    fn what_was_typed_travels_on_and_the_password_rule_is_said_first() {
        let s = crate::walk::shell(Area::Plain, Locale::En);
        let typed = sent(&[("name", "North \"wind\""), ("slug", "northwind"), ("colour", "#ffe600")]);
        let view = Setup::new(&s, 1, "tok", typed, &Errors::none(), "localhost:8080".to_owned());
        let html = Page::new("x", view).framed(Area::Plain).whole(&s).unwrap();
        assert!(
            html.contains("type=\"hidden\" name=\"name\" value=\"North &#34;wind&#34;\"")
                && html.contains("name=\"token\" value=\"tok\"")
        );
        assert!(html.contains("at least 12 characters") && html.contains("type=\"password\""));
        assert!(
            html.matches("<h1").count() == 1
                && !html.contains("console-")
                && !html.contains("role=\"alert\"")
        );
    }
}
