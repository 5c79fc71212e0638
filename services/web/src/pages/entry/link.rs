//! A link from a mail. Opening it does nothing, so that no mail scanner uses it up: a button signs in.

use askama::Template;
use axum::{extract::Path, response::Response};
use http::StatusCode;
use portico_core::ErrorCode;
use portico_proto::{
    identity::v1::{
        Device, InspectLinkRequest, InspectLinkResponse, LinkState, RedeemLinkRequest, RenewLinkRequest,
    },
    time::moment,
};
use portico_rpc::problem_from;

use crate::{
    ask::Visit,
    error::PageError,
    layout::{Area, Shell},
    render::{Page, see_other},
    session,
    wording::local_path,
};

#[derive(Template)]
#[template(path = "pages/entry/link.html")]
struct Link<'a> {
    s: &'a Shell,
    href: String,
    state: LinkState,
    invitation: bool,
    owner: &'a str,
    name: &'a str,
    until: String,
}

impl<'a> Link<'a> {
    fn new(s: &'a Shell, secret: &str, link: &'a InspectLinkResponse) -> Self {
        Self {
            s,
            href: address(secret),
            state: link.state(),
            invitation: link.purpose == "invitation",
            owner: &link.masked_email,
            name: &link.person_name,
            until: link.expires_at.as_ref().and_then(moment).map(|at| s.date_time(&at)).unwrap_or_default(),
        }
    }

    fn live(&self) -> bool {
        self.state == LinkState::Live
    }

    fn title(&self) -> String {
        let s = self.s;
        match self.state {
            LinkState::Live if self.invitation => s.say("link-welcome").arg("name", self.name).to_string(),
            LinkState::Live => s.say("sign-in-to").arg("firm", &s.firm.name).to_string(),
            LinkState::Used => s.t("link-used"),
            LinkState::Expired => s.t("link-expired"),
            LinkState::Void => s.t("link-void"),
            LinkState::Unspecified => s.t("link-unknown"),
        }
    }

    fn text(&self) -> String {
        let s = self.s;
        match self.state {
            LinkState::Live if self.invitation => s.say("link-invites").arg("firm", &s.firm.name).to_string(),
            LinkState::Live => s.t("link-signs-in"),
            LinkState::Used => s.t("link-used-text"),
            LinkState::Expired => s.t("link-expired-text"),
            LinkState::Void => s.t("link-void-text"),
            LinkState::Unspecified => s.t("link-unknown-text"),
        }
    }
}

pub(super) async fn show(visit: Visit, Path(secret): Path<String>) -> Result<Response, PageError> {
    let asked = InspectLinkRequest { secret: secret.clone() };
    let link = match visit.identity("web.link").inspect_link(asked).await {
        Ok(answer) => answer.into_inner(),
        Err(status) => match problem_from(&status) {
            problem if matches!(problem.code, ErrorCode::NotFound | ErrorCode::InvalidArgument) => {
                InspectLinkResponse::default()
            }
            problem => return Err(problem.into()),
        },
    };
    let s = &*visit.shell;
    let view = Link::new(s, &secret, &link);
    let status = if view.state == LinkState::Unspecified { StatusCode::NOT_FOUND } else { StatusCode::OK };
    Page::new(view.title(), view).framed(Area::Plain).status(status).respond(s, &visit.headers)
}

pub(super) async fn redeem(visit: Visit, Path(secret): Path<String>) -> Result<Response, PageError> {
    let device = Device { user_agent: visit.user_agent(), address: visit.address().to_owned() };
    let asked = RedeemLinkRequest { secret: secret.clone(), device: Some(device) };
    let opened = match visit.identity("web.link").redeem_link(asked).await {
        Ok(answer) => answer.into_inner(),
        Err(status) => {
            let problem = problem_from(&status);
            return match problem.code {
                ErrorCode::Internal
                | ErrorCode::Unavailable
                | ErrorCode::DeadlineExceeded
                | ErrorCode::ResourceExhausted => Err(problem.into()),
                // The page of the link says how it stands now.
                _ => Ok(see_other(&address(&secret))),
            };
        }
    };
    let fallback = if opened.first_time { "/?welcome=yes" } else { "/" };
    let next = local_path(&opened.return_to).unwrap_or(fallback);
    Ok(session::open(see_other(next), &opened.session_secret))
}

pub(super) async fn renew(visit: Visit, Path(secret): Path<String>) -> Result<Response, PageError> {
    visit.identity("web.link").renew_link(RenewLinkRequest { secret }).await?;
    Ok(see_other("/sign-in/sent"))
}

fn address(secret: &str) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    format!("/link/{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Locale;

    fn html(state: LinkState, locale: Locale) -> String {
        let s = crate::walk::shell(Area::Plain, locale);
        let link = InspectLinkResponse {
            state: state.into(),
            purpose: "invitation".to_owned(),
            masked_email: "a…@acme.example".to_owned(),
            person_name: "Ana Souza".to_owned(),
            expires_at: None,
        };
        let view = Link::new(&s, "secret", &link);
        Page::new(view.title(), view).whole(&s).unwrap()
    }

    #[test]
    fn a_live_link_asks_for_one_press_and_says_whose_it_is() {
        let page = html(LinkState::Live, Locale::En);
        assert!(page.contains("<form method=\"post\" action=\"/link/secret\""));
        assert!(page.contains("a…@acme.example") && page.contains("Ana Souza"));
        assert!(!page.contains("/renew"));
    }

    #[test]
    fn a_dead_link_offers_a_new_one_and_nothing_else() {
        for state in [LinkState::Used, LinkState::Expired, LinkState::Void] {
            for locale in Locale::ALL {
                let page = html(state, locale);
                assert!(page.contains("action=\"/link/secret/renew\""), "{state:?}");
                assert!(!page.contains("action=\"/link/secret\""), "{state:?}");
                assert_eq!(page.matches("<h1").count(), 1);
            }
        }
        assert!(!html(LinkState::Unspecified, Locale::En).contains("/renew"));
    }
}
