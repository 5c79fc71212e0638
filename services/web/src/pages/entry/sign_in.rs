//! Signing in with a password or with a link by mail.

use askama::Template;
use axum::{
    Form,
    extract::Query,
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use portico_core::{ErrorCode, Problem};
use portico_definition::SignInMethod;
use portico_proto::identity::v1::{Device, RequestSignInLinkRequest, SignInWithPasswordRequest};
use portico_rpc::problem_from;
use serde::Deserialize;

use crate::{
    ask::Visit,
    error::PageError,
    form::Errors,
    layout::{Area, Shell},
    render::{Page, see_other},
    session,
    wording::local_path,
};

/// What the sign-in page sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    email: String,
    password: String,
    next: String,
    /// Not empty right after the first run.
    welcome: String,
}

#[derive(Template)]
#[template(path = "pages/entry/sign_in.html")]
struct SignIn<'a> {
    s: &'a Shell,
    errors: Errors,
    methods: Methods,
    email: &'a str,
    next: &'a str,
    welcome: bool,
}

#[derive(Template)]
#[template(path = "pages/entry/sent.html")]
struct Sent<'a> {
    s: &'a Shell,
    /// Where the development mailbox is; empty for none.
    mailbox: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Methods {
    password: bool,
    link: bool,
}

impl Methods {
    /// The ways that any of the firm's portals offers; both before there is a portal.
    fn offered(portals: impl Iterator<Item = Vec<SignInMethod>>) -> Self {
        let all: Vec<SignInMethod> = portals.flatten().collect();
        let has = |method| all.is_empty() || all.contains(&method);
        let methods = Self { password: has(SignInMethod::Password), link: has(SignInMethod::MagicLink) };
        if methods.password || methods.link { methods } else { Self { password: true, link: true } }
    }

    async fn of(visit: &Visit) -> Result<Self, PageError> {
        let portals = visit.web.portals(visit.site.tenant).await?;
        Ok(Self::offered(portals.iter().map(|portal| portal.definition.spec.sign_in.methods.clone())))
    }
}

pub(super) async fn show(visit: Visit, Query(typed): Query<Typed>) -> Result<Response, PageError> {
    if visit.reader.is_some() {
        return Ok(see_other(local_path(&typed.next).unwrap_or("/")));
    }
    page(&visit, &typed, Errors::none(), StatusCode::OK).await
}

pub(super) async fn with_password(visit: Visit, Form(typed): Form<Typed>) -> Result<Response, PageError> {
    let device = Device { user_agent: visit.user_agent(), address: visit.address().to_owned() };
    let asked = SignInWithPasswordRequest {
        email: typed.email.clone(),
        password: typed.password.clone(),
        device: Some(device),
    };
    match visit.identity("web.sign_in").sign_in_with_password(asked).await {
        Ok(answer) => {
            let secret = answer.into_inner().session_secret;
            Ok(session::open(see_other(local_path(&typed.next).unwrap_or("/")), &secret))
        }
        Err(status) => refuse(&visit, &typed, problem_from(&status)).await,
    }
}

/// One answer for a wrong password, an unknown address and a person who may no longer come in.
async fn refuse(visit: &Visit, typed: &Typed, problem: Problem) -> Result<Response, PageError> {
    let mut errors = Errors::none();
    let status = match problem.code {
        ErrorCode::ResourceExhausted => {
            errors.add("", problem.message);
            StatusCode::TOO_MANY_REQUESTS
        }
        ErrorCode::Internal | ErrorCode::Unavailable | ErrorCode::DeadlineExceeded => {
            return Err(problem.into());
        }
        _ => {
            errors.add("email", visit.shell.t("sign-in-wrong"));
            StatusCode::UNPROCESSABLE_ENTITY
        }
    };
    page(visit, typed, errors, status).await
}

pub(super) async fn with_link(visit: Visit, Form(typed): Form<Typed>) -> Result<Response, PageError> {
    if !typed.email.contains('@') {
        let mut errors = Errors::none();
        errors.add("email", visit.shell.t("sign-in-no-address"));
        return page(&visit, &typed, errors, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let return_to = local_path(&typed.next).unwrap_or_default().to_owned();
    let asked = RequestSignInLinkRequest { email: typed.email.clone(), return_to };
    match visit.identity("web.sign_in_link").request_sign_in_link(asked).await {
        Ok(_) => Ok(see_other("/sign-in/sent")),
        Err(status) => {
            let problem = problem_from(&status);
            match problem.code {
                ErrorCode::InvalidArgument => {
                    page(&visit, &typed, Errors::from(&problem), StatusCode::UNPROCESSABLE_ENTITY).await
                }
                _ => Ok(PageError(problem).into_response()),
            }
        }
    }
}

pub(super) async fn sent(visit: Visit) -> Result<Response, PageError> {
    let s = &*visit.shell;
    let view = Sent { s, mailbox: visit.web.config().mailbox_href() };
    Page::new(s.t("sent-title"), view).framed(Area::Plain).respond(s, &visit.headers)
}

async fn page(
    visit: &Visit,
    typed: &Typed,
    errors: Errors,
    status: StatusCode,
) -> Result<Response, PageError> {
    let s = &*visit.shell;
    let next = local_path(&typed.next).unwrap_or_default();
    let view = SignIn {
        s,
        errors,
        methods: Methods::of(visit).await?,
        email: &typed.email,
        next,
        welcome: !typed.welcome.is_empty(),
    };
    let title = s.say("sign-in-to").arg("firm", &s.firm.name).to_string();
    Page::new(title, view).framed(Area::Plain).status(status).respond(s, &visit.headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Locale;

    #[test]
    fn the_ways_in_are_those_of_the_portals() {
        use SignInMethod::{MagicLink, Passkey, Password};
        let offered = |methods: &[SignInMethod]| Methods::offered(std::iter::once(methods.to_vec()));
        assert_eq!(offered(&[MagicLink]), Methods { password: false, link: true });
        assert_eq!(offered(&[MagicLink, Password]), Methods { password: true, link: true });
        assert_eq!(offered(&[Passkey]), Methods { password: true, link: true }, "nobody is locked out");
        assert_eq!(Methods::offered(std::iter::empty()), Methods { password: true, link: true });
    }

    #[test]
    fn a_refused_sign_in_keeps_the_address_and_never_the_password() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Plain, locale);
            let mut errors = Errors::none();
            errors.add("email", s.t("sign-in-wrong"));
            let methods = Methods { password: true, link: true };
            let view =
                SignIn { s: &s, errors, methods, email: "ana@acme.example", next: "/tasks", welcome: false };
            let html = Page::new("x", view).whole(&s).unwrap();
            assert!(
                html.contains("value=\"ana@acme.example\"")
                    && html.contains("name=\"next\" value=\"/tasks\"")
            );
            assert!(html.contains("href=\"#f-email\"") && html.contains("id=\"f-email-error\""));
            assert!(
                html.contains("type=\"password\" value=\"\"")
                    && html.contains("formaction=\"/sign-in/link\"")
            );
            assert_eq!(html.matches("<h1").count(), 1);
        }
    }

    #[test]
    fn whoever_has_just_set_up_the_firm_is_told_what_comes_next() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Plain, locale);
            let html = |welcome| {
                let methods = Methods { password: true, link: true };
                SignIn { s: &s, errors: Errors::none(), methods, email: "", next: "", welcome }
                    .render()
                    .unwrap()
            };
            let told = s.say("sign-in-welcome").arg("firm", &s.firm.name).to_string();
            assert!(html(true).contains(&told) && !html(false).contains(&told) && told.len() > 20);
        }
    }
}
