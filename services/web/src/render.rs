//! From a template to an answer: a whole page for a browser, the content alone for a swap.

use askama::Template;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
        X_FRAME_OPTIONS,
    },
};
use portico_core::Problem;
use serde_json::json;

use crate::{
    assets::asset_url,
    error::PageError,
    layout::{Area, Shell},
    site::Site,
    web::{Web, WebConfig},
};

/// A link of the way back up, above the heading.
#[derive(Debug, Clone)]
pub struct Crumb {
    /// The word shown.
    pub label: String,
    /// Where it leads.
    pub href: String,
}

/// One page: its title, its place and its content.
///
/// The content is any askama template that holds exactly one `h1`; the frame around it comes from the shell. The same
/// call answers a swap (`HX-Request`) with the content alone.
#[derive(Debug)]
pub struct Page<T> {
    title: String,
    content: T,
    at: String,
    trail: Vec<Crumb>,
    scripts: Vec<&'static str>,
    notice: Option<String>,
    status: StatusCode,
    wide: bool,
    framed: Option<Area>,
}

impl<T: Template> Page<T> {
    /// A page that answers 200. The title is the page's own; the firm's name is added.
    pub fn new(title: impl Into<String>, content: T) -> Self {
        Self {
            title: title.into(),
            content,
            at: String::new(),
            trail: Vec::new(),
            scripts: Vec::new(),
            notice: None,
            status: StatusCode::OK,
            wide: false,
            framed: None,
        }
    }

    /// Marks the navigation item of this id, or of this address, as the current one.
    #[must_use]
    pub fn at(mut self, nav: impl Into<String>) -> Self {
        self.at = nav.into();
        self
    }

    /// Adds a link above the heading, outermost first.
    #[must_use]
    pub fn under(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.trail.push(Crumb { label: label.into(), href: href.into() });
        self
    }

    /// Loads one more script by its asset name, such as `js/signature.js`. A client page may have one.
    #[must_use]
    pub fn script(mut self, name: &'static str) -> Self {
        self.scripts.push(name);
        self
    }

    /// Shows above the content what has just been done: "Your answers were sent."
    #[must_use]
    pub fn notice(mut self, text: impl Into<String>) -> Self {
        self.notice = Some(text.into());
        self
    }

    /// Answers with another status: 422 for a form with errors, whose title then says so.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// A plain page with room for more than one short form.
    #[must_use]
    pub fn wide(mut self) -> Self {
        self.wide = true;
        self
    }

    /// Stands in another frame than the shell's, such as a plain one for signing.
    #[must_use]
    pub fn framed(mut self, area: Area) -> Self {
        self.framed = Some(area);
        self
    }

    /// The answer: a fragment where the request asks for one, else the whole page.
    ///
    /// # Errors
    /// A template that cannot be rendered is a defect of ours.
    pub fn respond(self, shell: &Shell, headers: &HeaderMap) -> Result<Response, PageError> {
        let status = self.status;
        let html = if wants_fragment(headers) { self.fragment(shell) } else { self.whole(shell) };
        let html = html.map_err(|error| PageError(Problem::internal(error)))?;
        Ok((status, private(), Html(html)).into_response())
    }

    fn head(&self, shell: &Shell) -> String {
        let prefix = if self.status == StatusCode::UNPROCESSABLE_ENTITY {
            format!("{}: ", shell.t("error-prefix"))
        } else {
            String::new()
        };
        format!("{prefix}{} – {}", self.title, shell.firm.name)
    }

    fn fragment(self, shell: &Shell) -> askama::Result<String> {
        let mut html =
            format!("<title>{}</title>\n", askama::filters::escape(self.head(shell), askama::filters::Html)?);
        html.push_str(&self.content.render()?);
        Ok(html)
    }

    /// The whole page, whatever the request asked for.
    pub(crate) fn whole(self, shell: &Shell) -> askama::Result<String> {
        let frame = Frame {
            s: shell,
            title: self.head(shell),
            content: self.content.render()?,
            at: &self.at,
            trail: &self.trail,
            scripts: self.scripts.iter().map(|name| asset_url(name)).collect(),
            notice: self.notice.as_deref(),
            wide: self.wide,
        };
        match self.framed.unwrap_or(shell.area) {
            Area::Portal => PortalFrame { f: frame }.render(),
            Area::Console => ConsoleFrame { f: frame }.render(),
            Area::Plain => PlainFrame { f: frame }.render(),
        }
    }
}

/// Answers with one template alone, for a part of a page that has an address of its own.
///
/// # Errors
/// A template that cannot be rendered is a defect of ours.
pub fn fragment(part: &impl Template) -> Result<Response, PageError> {
    let html = part.render().map_err(|error| PageError(Problem::internal(error)))?;
    Ok((private(), Html(html)).into_response())
}

/// After a successful post: 303 to the page that shows the result, which a swap follows as well.
pub fn see_other(href: &str) -> Response {
    match HeaderValue::from_str(href) {
        Ok(location) => (StatusCode::SEE_OTHER, [(http::header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Whether the request is a swap of a part of the page, not of the whole body nor a step back in the history.
pub fn wants_fragment(headers: &HeaderMap) -> bool {
    let is =
        |name: &str, value: &str| headers.get(name).is_some_and(|held| held.as_bytes() == value.as_bytes());
    is("hx-request", "true")
        && !is("hx-boosted", "true")
        && !is("hx-history-restore-request", "true")
        && !is("hx-target", "body")
}

/// Pages hold one person's data: no cache keeps them, and a swap's answer is never taken for a page.
fn private() -> [(HeaderName, HeaderValue); 2] {
    [
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (VARY, HeaderValue::from_static("HX-Request, HX-Target, Cookie, Accept-Language")),
    ]
}

struct Frame<'a> {
    s: &'a Shell,
    title: String,
    content: String,
    at: &'a str,
    trail: &'a [Crumb],
    scripts: Vec<String>,
    notice: Option<&'a str>,
    wide: bool,
}

#[derive(Template)]
#[template(path = "layouts/portal.html")]
struct PortalFrame<'a> {
    f: Frame<'a>,
}

#[derive(Template)]
#[template(path = "layouts/console.html")]
struct ConsoleFrame<'a> {
    f: Frame<'a>,
}

#[derive(Template)]
#[template(path = "layouts/plain.html")]
struct PlainFrame<'a> {
    f: Frame<'a>,
}

/// What a page of ours may load.
pub(crate) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; \
    base-uri 'none'; frame-ancestors 'none'";

/// A layer (`axum::middleware::from_fn`) that sets the security headers on every answer, unless the handler has set
/// a stricter one of its own, as the bytes of a client's file do.
pub async fn secure(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), payment=(), \
             usb=()",
        ),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// A layer (`axum::middleware::from_fn_with_state`) for the bare host, where the first run's form ends at the sign-in
/// page of the firm it made: browsers hold a form's redirects to `form-action` as well.
pub(crate) async fn let_forms_end_at_firms(State(web): State<Web>, request: Request, next: Next) -> Response {
    let bare = request.extensions().get::<Site>().is_none();
    let mut response = next.run(request).await;
    if bare && let Ok(policy) = HeaderValue::from_str(&bare_policy(web.config())) {
        response.headers_mut().entry(CONTENT_SECURITY_POLICY).or_insert(policy);
    }
    response
}

fn bare_policy(config: &WebConfig) -> String {
    let WebConfig { scheme, base_host, port_suffix, .. } = config;
    POLICY.replace("form-action 'self'", &format!("form-action 'self' {scheme}://*.{base_host}{port_suffix}"))
}

/// The web app manifest of the request's host: the firm's name and colour, nothing of ours.
pub fn manifest(shell: &Shell) -> Response {
    let color = shell.firm.color.to_string();
    let icons: Vec<_> =
        shell.firm.logo.iter().map(|logo| json!({"src": logo, "sizes": "any", "purpose": "any"})).collect();
    let body = json!({
        "name": shell.firm.name,
        "short_name": shell.firm.name,
        "lang": shell.texts.locale.tag(),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": color,
        "icons": icons,
    });
    let kind = HeaderValue::from_static("application/manifest+json");
    (
        [(CONTENT_TYPE, kind), (CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"))],
        body.to_string(),
    )
        .into_response()
}
