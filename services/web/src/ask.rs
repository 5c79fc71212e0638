//! What a page handler takes: the reader, the shell around the page, and clients that call in the reader's name.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use axum_extra::extract::CookieJar;
use http::{HeaderMap, HeaderValue, header::SET_COOKIE, request::Parts};
use portico_core::{ErrorCode, EventId, Problem, TenantId};
use portico_proto::{
    billing::v1::billing_client::BillingClient,
    documents::v1::{
        comments_client::CommentsClient, documents_client::DocumentsClient, drops_client::DropsClient,
        library_client::LibraryClient, paper_sendings_client::PaperSendingsClient,
        paper_templates_client::PaperTemplatesClient, request_templates_client::RequestTemplatesClient,
    },
    identity::v1::identity_client::IdentityClient,
    messaging::v1::{mailing_client::MailingClient, messaging_client::MessagingClient},
    tenancy::v1::tenancy_client::TenancyClient,
    workflow::v1::workflow_client::WorkflowClient,
};
use portico_rpc::{Auth, Caller, CallerChannel, problem_from};
use tonic::Status;

use crate::{
    error::{PageError, Reference, told},
    layout::Shell,
    render::see_other,
    site::{Address, SignedIn, Site},
    web::Web,
};

/// The cookie that carries the event of one's last act to the next page, so that the page already shows it.
const AFTER_COOKIE: &str = "after";

impl From<Status> for PageError {
    fn from(status: Status) -> Self {
        Self(problem_from(&status))
    }
}

/// A request of somebody on a firm's host, signed in or not.
#[derive(Clone)]
pub struct Visit {
    /// What all pages share.
    pub web: Web,
    /// Whose host it is.
    pub site: Site,
    /// Who is signed in; nobody for visitors.
    pub reader: Option<SignedIn>,
    /// What stands around the page.
    pub shell: Arc<Shell>,
    /// The request's headers.
    pub headers: HeaderMap,
    address: Option<String>,
    trace: String,
}

/// A request of somebody who is signed in. Visitors are sent to the sign-in page and come back.
#[derive(Clone)]
pub struct Ask {
    visit: Visit,
    /// Who asks.
    pub reader: SignedIn,
    after: Option<(String, EventId)>,
}

/// A request of a member of staff. For everybody else the page is not there.
#[derive(Clone)]
pub struct StaffAsk(pub Ask);

/// A request of a member of staff who administers the firm. For everybody else the page is not there.
#[derive(Clone)]
pub struct AdminAsk(pub Ask);

impl Visit {
    /// Portico's own name for calls that nobody signed in can make, such as signing in.
    pub fn system(&self, name: &'static str) -> Caller {
        Caller::new(Auth::system(self.site.tenant, name))
            .with_trace(&self.trace)
            .with_address(self.address.as_deref())
    }

    /// Drop links, called by Portico itself for a visitor.
    pub fn drops_of_visitor(&self) -> DropsClient<CallerChannel> {
        DropsClient::new(self.web.channel("documents", self.system("web.drop")))
    }

    /// Identity, called by Portico itself for a visitor.
    pub fn identity(&self, name: &'static str) -> IdentityClient<CallerChannel> {
        IdentityClient::new(self.web.channel("identity", self.system(name)))
    }

    /// The address the request came from; empty where it is unknown.
    pub fn address(&self) -> &str {
        self.address.as_deref().unwrap_or_default()
    }

    /// The browser, as it names itself; at most 300 characters.
    pub fn user_agent(&self) -> String {
        let text = self
            .headers
            .get(http::header::USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        text.chars().take(300).collect()
    }
}

impl std::ops::Deref for Ask {
    type Target = Visit;
    fn deref(&self) -> &Visit {
        &self.visit
    }
}

impl std::ops::Deref for StaffAsk {
    type Target = Ask;
    fn deref(&self) -> &Ask {
        &self.0
    }
}

impl std::ops::Deref for AdminAsk {
    type Target = Ask;
    fn deref(&self) -> &Ask {
        &self.0
    }
}

impl Ask {
    /// The firm.
    pub fn tenant(&self) -> TenantId {
        self.site.tenant
    }

    /// The reader as a caller; waits for what the reader's last act caused.
    pub fn caller(&self) -> Caller {
        let caller = Caller::new(Auth::Token(Arc::clone(&self.reader.token)))
            .with_trace(&self.visit.trace)
            .with_address(self.visit.address.as_deref());
        match &self.after {
            Some((event_type, event)) => caller.after(event_type, *event),
            None => caller,
        }
    }

    /// The way to a service's plain HTTP routes, in the reader's name and without a deadline.
    pub fn files(&self, service: &str) -> CallerChannel {
        self.web.channel(service, self.caller()).without_deadline()
    }

    /// Identity, in the reader's name.
    pub fn identity(&self) -> IdentityClient<CallerChannel> {
        IdentityClient::new(self.web.channel("identity", self.caller()))
    }

    /// Tenancy, in the reader's name.
    pub fn tenancy(&self) -> TenancyClient<CallerChannel> {
        TenancyClient::new(self.web.channel("tenancy", self.caller()))
    }

    /// Workflow, in the reader's name.
    pub fn workflow(&self) -> WorkflowClient<CallerChannel> {
        WorkflowClient::new(self.web.channel("workflow", self.caller()))
    }

    /// The same for what takes as long as it takes, such as an act for many accounts.
    pub fn workflow_without_deadline(&self) -> WorkflowClient<CallerChannel> {
        WorkflowClient::new(self.web.channel("workflow", self.caller()).without_deadline())
    }

    /// Documents, in the reader's name.
    pub fn documents(&self) -> DocumentsClient<CallerChannel> {
        DocumentsClient::new(self.web.channel("documents", self.caller()))
    }

    /// The library of documents, in the reader's name.
    pub fn library(&self) -> LibraryClient<CallerChannel> {
        LibraryClient::new(self.web.channel("documents", self.caller()))
    }

    /// Comments on documents, in the reader's name.
    pub fn comments(&self) -> CommentsClient<CallerChannel> {
        CommentsClient::new(self.web.channel("documents", self.caller()))
    }

    /// The templates of requests, in the reader's name.
    pub fn request_templates(&self) -> RequestTemplatesClient<CallerChannel> {
        RequestTemplatesClient::new(self.web.channel("documents", self.caller()))
    }

    /// The templates of papers, in the reader's name.
    pub fn paper_templates(&self) -> PaperTemplatesClient<CallerChannel> {
        PaperTemplatesClient::new(self.web.channel("documents", self.caller()))
    }

    /// Papers that are sent to many accounts, in the reader's name.
    pub fn sendings(&self) -> PaperSendingsClient<CallerChannel> {
        PaperSendingsClient::new(self.web.channel("documents", self.caller()))
    }

    /// The same for what takes as long as it takes.
    pub fn sendings_without_deadline(&self) -> PaperSendingsClient<CallerChannel> {
        PaperSendingsClient::new(self.web.channel("documents", self.caller()).without_deadline())
    }

    /// The links by which files come in, in the reader's name.
    pub fn drops(&self) -> DropsClient<CallerChannel> {
        DropsClient::new(self.web.channel("documents", self.caller()))
    }

    /// Messaging, in the reader's name.
    pub fn messaging(&self) -> MessagingClient<CallerChannel> {
        MessagingClient::new(self.web.channel("messaging", self.caller()))
    }

    /// How mail leaves and what people want of it, in the reader's name.
    pub fn mailing(&self) -> MailingClient<CallerChannel> {
        MailingClient::new(self.web.channel("messaging", self.caller()))
    }

    /// Billing, in the reader's name.
    pub fn billing(&self) -> BillingClient<CallerChannel> {
        BillingClient::new(self.web.channel("billing", self.caller()))
    }

    /// A fresh key for a form whose second click must do nothing: it stands in the form as a hidden field.
    pub fn form_key(&self) -> String {
        self.web.entropy().uuid(self.web.clock().now()).to_string()
    }
}

/// 303 to the page that shows the result; it waits until the services it reads have seen `event` (`type;id`, as commands answer it).
pub fn see_other_after(href: &str, event: &str) -> Response {
    let mut response = see_other(href);
    remember(&mut response, event);
    response
}

/// Has the next page wait until the services it reads have seen `event` (`type;id`, as commands answer it).
pub fn remember(response: &mut Response, event: &str) {
    if parse_event(event).is_some()
        && let Ok(cookie) = HeaderValue::from_str(
            &format!("{AFTER_COOKIE}={event}; Path=/; Max-Age=5; Secure; HttpOnly; SameSite=Lax")
                .replacen(';', ".", 1),
        )
    {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}

/// An event as commands answer it, `type;id`. In the cookie a full stop takes the place of the semicolon, which ends a value there.
fn parse_event(text: &str) -> Option<(String, EventId)> {
    let (event_type, id) = text.split_once(';')?;
    let plain = event_type.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
    if !plain || event_type.is_empty() { None } else { Some((event_type.to_owned(), id.parse().ok()?)) }
}

fn after_cookie(headers: &HeaderMap) -> Option<(String, EventId)> {
    let jar = CookieJar::from_headers(headers);
    let text = jar.get(AFTER_COOKIE)?.value();
    let (event_type, id) = text.rsplit_once('.')?;
    parse_event(&format!("{event_type};{id}"))
}

/// What is not there, or not for this reader: the two look alike.
pub fn not_here() -> PageError {
    PageError(Problem::not_found())
}

impl FromRequestParts<Web> for Visit {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Self::Rejection> {
        let site = parts.extensions.get::<Site>().cloned().ok_or_else(not_here)?;
        let shell = parts.extensions.get::<Arc<Shell>>().cloned().ok_or_else(|| {
            PageError(Problem::internal("a page without its shell: the layer `enter` is missing"))
        })?;
        Ok(Self {
            web: web.clone(),
            site,
            reader: parts.extensions.get::<SignedIn>().cloned(),
            shell,
            headers: parts.headers.clone(),
            address: parts.extensions.get::<Address>().map(|address| address.0.clone()),
            trace: parts
                .extensions
                .get::<Reference>()
                .map(|reference| reference.0.clone())
                .unwrap_or_default(),
        })
    }
}

impl FromRequestParts<Web> for Ask {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Self::Rejection> {
        let visit = <Visit as FromRequestParts<Web>>::from_request_parts(parts, web).await?;
        let reader = visit.reader.clone().ok_or_else(|| {
            told(&parts.extensions, ErrorCode::Unauthenticated, "not_signed_in", "not-signed-in")
        })?;
        Ok(Self { after: after_cookie(&visit.headers), visit, reader })
    }
}

impl FromRequestParts<Web> for StaffAsk {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Self::Rejection> {
        let ask = Ask::from_request_parts(parts, web).await?;
        if ask.reader.is_staff() { Ok(Self(ask)) } else { Err(not_here()) }
    }
}

impl FromRequestParts<Web> for AdminAsk {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Self::Rejection> {
        let StaffAsk(ask) = StaffAsk::from_request_parts(parts, web).await?;
        if ask.reader.has_role("admin") { Ok(Self(ask)) } else { Err(not_here()) }
    }
}

/// Answers a refusal of a form: the page again with what was typed and the errors, or the refusal's own page.
pub fn refused(problem: Problem, page: impl FnOnce(&Problem) -> Result<Response, PageError>) -> Response {
    let mendable = matches!(
        problem.code,
        ErrorCode::InvalidArgument
            | ErrorCode::AlreadyExists
            | ErrorCode::FailedPrecondition
            | ErrorCode::ResourceExhausted
    );
    if !mendable {
        return PageError(problem).into_response();
    }
    page(&problem).unwrap_or_else(IntoResponse::into_response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_goes_through_the_cookie_and_comes_back() {
        let event = "portico.workflow.v1.StepChanged;01890000-0000-7000-8000-000000000001";
        let response = see_other_after("/", event);
        let cookie = response.headers()[SET_COOKIE].to_str().unwrap();
        let (pair, attributes) = cookie.split_once(';').unwrap();
        assert!(attributes.contains("HttpOnly"), "{cookie}");
        let mut headers = HeaderMap::new();
        headers.insert(http::header::COOKIE, pair.parse().unwrap());
        assert_eq!(after_cookie(&headers), parse_event(event));
    }

    #[test]
    fn what_is_no_event_is_not_passed_on() {
        for text in [
            "",
            ";",
            "a;b",
            "a b;01890000-0000-7000-8000-000000000001",
            "x\r\nSet-Cookie: a=b;01890000-0000-7000-8000-000000000001",
        ] {
            assert!(!see_other_after("/", text).headers().contains_key(SET_COOKIE), "{text:?}");
        }
    }
}
