//! The development mailbox on the bare host: what would have gone out, per firm, with all its parts.

use askama::Template;
use axum::{
    extract::Path,
    response::{Html, IntoResponse as _, Response},
};
use http::{
    HeaderName, HeaderValue,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, X_FRAME_OPTIONS},
};
use portico_core::{Problem, TenantId};
use portico_proto::{
    messaging::v1::{GetMailRequest, ListMailsRequest, Mail, messaging_client::MessagingClient},
    tenancy::v1::{ListTenantsRequest, Tenant},
    time::moment,
};
use portico_rpc::{Auth, CallerChannel};

use crate::{
    ask::not_here,
    bare::Bare,
    components::Row,
    error::PageError,
    layout::{Area, Shell},
    render::{POLICY, Page},
};

/// What a mail's HTML may do: show itself. No script, no form, nothing from elsewhere, and no origin of its own.
const MAIL_POLICY: &str =
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'";

struct Firm {
    name: String,
    rows: Vec<Row>,
}

/// A piece of a text: plain, or an address to follow.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Link(String),
}

#[derive(Template)]
#[template(path = "pages/console/mailbox.html")]
struct Mailbox<'a> {
    s: &'a Shell,
    firms: Vec<Firm>,
}

#[derive(Template)]
#[template(path = "pages/console/mailbox_mail.html")]
struct One<'a> {
    s: &'a Shell,
    mail: &'a Mail,
    when: String,
    pieces: Vec<Piece>,
    frame: String,
}

pub(super) async fn list(bare: Bare) -> Result<Response, PageError> {
    let s = &*bare.shell;
    let mut firms = Vec::new();
    for tenant in tenants(&bare).await? {
        let asked = ListMailsRequest { page_size: 50, ..ListMailsRequest::default() };
        let mails = messaging(&bare, &tenant)?.list_mails(asked).await?.into_inner().mails;
        let rows = mails.iter().map(|mail| row(s, &tenant.slug, mail)).collect();
        firms.push(Firm { name: tenant.name, rows });
    }
    Page::new(s.t("console-mailbox"), Mailbox { s, firms })
        .framed(Area::Plain)
        .wide()
        .respond(s, &bare.headers)
}

pub(super) async fn show(
    bare: Bare,
    Path((slug, mail_id)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let mail = read(&bare, &slug, mail_id).await?;
    let s = &*bare.shell;
    let mut response = Page::new(mail.subject.clone(), One::new(s, &slug, &mail))
        .framed(Area::Plain)
        .wide()
        .under(s.t("console-mailbox"), "/mailbox")
        .respond(s, &bare.headers)?;
    // Only this page holds a frame.
    let policy = HeaderValue::from_str(&format!("{POLICY}; frame-src 'self'"));
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy.map_err(Problem::internal)?);
    Ok(response)
}

/// The HTML part by itself, for the frame on the mail's page.
pub(super) async fn html(
    bare: Bare,
    Path((slug, mail_id)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let mail = read(&bare, &slug, mail_id).await?;
    let headers: [(HeaderName, HeaderValue); 3] = [
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(MAIL_POLICY)),
        (X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, Html(mail.html)).into_response())
}

async fn read(bare: &Bare, slug: &str, mail_id: String) -> Result<Mail, PageError> {
    let tenant = tenants(bare).await?.into_iter().find(|tenant| tenant.slug == slug).ok_or_else(not_here)?;
    let answer = messaging(bare, &tenant)?.get_mail(GetMailRequest { mail_id }).await?.into_inner();
    answer.mail.ok_or_else(not_here)
}

/// The firms whose mails are kept here. On a firm's own host, and where real mail goes out, there is no mailbox.
async fn tenants(bare: &Bare) -> Result<Vec<Tenant>, PageError> {
    if bare.site.is_some() || !bare.web.config().shows_mailbox() {
        return Err(not_here());
    }
    let asked = ListTenantsRequest { page_size: 500, page_token: String::new() };
    Ok(bare.tenancy("web.mailbox").list_tenants(asked).await?.into_inner().tenants)
}

fn messaging(bare: &Bare, tenant: &Tenant) -> Result<MessagingClient<CallerChannel>, PageError> {
    let id: TenantId = tenant.id.parse().map_err(|_| not_here())?;
    Ok(MessagingClient::new(bare.web.channel("messaging", Auth::system(id, "web.mailbox"))))
}

fn row(s: &Shell, slug: &str, mail: &Mail) -> Row {
    let when = mail.created_at.as_ref().and_then(moment).map(|at| s.ago(&at)).unwrap_or_default();
    Row::new(mail.subject.clone(), format!("/mailbox/{slug}/{}", mail.id), format!("{} · {when}", mail.to))
}

impl<'a> One<'a> {
    fn new(s: &'a Shell, slug: &str, mail: &'a Mail) -> Self {
        Self {
            s,
            mail,
            when: mail.created_at.as_ref().and_then(moment).map(|at| s.date_time(&at)).unwrap_or_default(),
            pieces: pieces(&mail.text),
            frame: if mail.html.is_empty() {
                String::new()
            } else {
                format!("/mailbox/{slug}/{}/html", mail.id)
            },
        }
    }
}

/// A text with its addresses found, so that one can follow them.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = [rest.find("http://"), rest.find("https://")].into_iter().flatten().min() {
        let (before, from) = rest.split_at(start);
        let end = from
            .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | ')'))
            .unwrap_or(from.len());
        let link = from[..end].trim_end_matches(['.', ',', ';', '!', '?']);
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        pieces.push(Piece::Link(link.to_owned()));
        rest = &from[link.len()..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Locale;

    #[test]
    fn links_in_a_text_can_be_followed_and_nothing_else_becomes_one() {
        let text =
            "Open https://n.localhost:8080/link/abc. Or write\njavascript:alert(1) <http://x.example/?a=1>";
        let links: Vec<_> = pieces(text)
            .into_iter()
            .filter_map(|piece| match piece {
                Piece::Link(link) => Some(link),
                Piece::Text(_) => None,
            })
            .collect();
        assert_eq!(links, ["https://n.localhost:8080/link/abc", "http://x.example/?a=1"]);
        assert_eq!(pieces("no link"), [Piece::Text("no link".to_owned())]);
        assert!(pieces("").is_empty());
    }

    #[test]
    fn a_mails_html_stays_in_its_sandbox() {
        let s = crate::walk::shell(Area::Plain, Locale::En);
        let mail = Mail {
            id: "m".to_owned(),
            subject: "Hello <b>".to_owned(),
            text: "See http://a.example/x".to_owned(),
            html: "<script>alert(1)</script>".to_owned(),
            source: "Subject: Hello".to_owned(),
            ..Mail::default()
        };
        let html = Page::new("x", One::new(&s, "northwind", &mail)).framed(Area::Plain).whole(&s).unwrap();
        assert!(
            html.contains("<iframe")
                && html.contains("sandbox")
                && html.contains("src=\"/mailbox/northwind/m/html\"")
        );
        assert!(!html.contains("<script>alert") && html.contains("href=\"http://a.example/x\""));
        assert!(html.matches("<h1").count() == 1 && !html.contains("console-"));
        assert!(MAIL_POLICY.starts_with("sandbox;") && !MAIL_POLICY.contains("script"));
    }
}
