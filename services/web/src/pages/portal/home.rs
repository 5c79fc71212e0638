//! The start page, and the further pages that portals declare.

use askama::Template;
use axum::{
    extract::{FromRequestParts as _, Path, RawQuery, Request, State},
    response::Response,
};
use portico_definition::{Page as PortalPage, Side};

use crate::{
    ask::{Ask, not_here},
    bare::Bare,
    blocks::{self, Once, Place, Rendered},
    error::PageError,
    layout::Shell,
    pages::entry,
    render::{Page, see_other},
    site::SignedIn,
    web::{PublishedPortal, Web},
};

#[derive(Template)]
#[template(path = "pages/portal/home.html")]
struct Home<'a> {
    s: &'a Shell,
    title: &'a str,
    content: Rendered,
    others: Vec<Other>,
    welcome: bool,
}

/// Another page that the reader can go to from here.
struct Other {
    title: String,
    href: String,
    current: bool,
}

/// `/`: the list of firms on the bare host, the console for staff, else the reader's first portal.
pub(super) async fn home(State(web): State<Web>, request: Request) -> Result<Response, PageError> {
    let (mut parts, _) = request.into_parts();
    let bare = Bare::from_request_parts(&mut parts, &web).await?;
    if bare.site.is_none() {
        return entry::firms(&bare).await;
    }
    let ask = <Ask as axum::extract::FromRequestParts<Web>>::from_request_parts(&mut parts, &web).await?;
    if ask.reader.is_staff() {
        return Ok(see_other("/console"));
    }
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let portals = ask.web.portals(ask.tenant()).await?;
    let first = portals
        .iter()
        .find_map(|portal| Some((portal, visible(portal, &ask.reader).find(|page| page.path == "/")?)));
    match first {
        Some((portal, page)) => show(&ask, &portals, portal, page, "/", &query).await,
        None => without_portal(&ask),
    }
}

/// `/p/{portal}/{*path}`: a page that a portal declares, for the roles it names.
pub(super) async fn page(
    ask: Ask,
    Path((name, path)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let portals = ask.web.portals(ask.tenant()).await?;
    let portal = portals.iter().find(|portal| portal.portal.name == name).ok_or_else(not_here)?;
    let path = if path == "home" { "/".to_owned() } else { format!("/{path}") };
    let page = visible(portal, &ask.reader).find(|page| page.path == path).ok_or_else(not_here)?;
    let href = address(portal, page);
    show(&ask, &portals, portal, page, &href, &query.unwrap_or_default()).await
}

/// The pages of a portal that the reader's roles may see, in the order of the navigation.
fn visible<'a>(portal: &'a PublishedPortal, reader: &'a SignedIn) -> impl Iterator<Item = &'a PortalPage> {
    let spec = &portal.definition.spec;
    let external = |role: &String| spec.roles.get(role).is_some_and(|role| role.side == Side::External);
    spec.pages
        .iter()
        .filter(move |page| page.visible_to.iter().any(|role| external(role) && reader.has_role(role)))
}

/// Where a page lies under its portal's name; `home` stands for `/`, which paths here cannot end with.
fn address(portal: &PublishedPortal, page: &PortalPage) -> String {
    let path = if page.path == "/" { "/home" } else { &page.path };
    format!("/p/{}{path}", portal.portal.name)
}

/// The account that the page is about: the chosen one, or the only one.
fn account(ask: &Ask, query: &str) -> String {
    let mine = &ask.reader.accounts;
    let chosen = crate::enter::chosen_company(query)
        .filter(|chosen| mine.iter().any(|each| each.to_string() == *chosen));
    match (chosen, &**mine) {
        (Some(chosen), _) => chosen,
        (None, [only]) => only.to_string(),
        (None, _) => String::new(),
    }
}

async fn show(
    ask: &Ask,
    portals: &[PublishedPortal],
    portal: &PublishedPortal,
    page: &PortalPage,
    href: &str,
    query: &str,
) -> Result<Response, PageError> {
    let s = &*ask.shell;
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let welcome = pairs.iter().any(|(name, _)| name == "welcome");
    let place = Place {
        ask,
        portal,
        account: account(ask, query),
        href: href.to_owned(),
        query: pairs,
        runs_once: Once::default(),
        records_once: Once::default(),
    };
    let content = blocks::render_page(&place, page).await?;
    let others = others(portals, &ask.reader, portal, page);
    let title = content.heading.clone().unwrap_or_else(|| page.title.clone());
    let view = Home { s, title: &title, content, others, welcome };
    Page::new(title.clone(), view)
        .at(if href == "/" { "home" } else { "portal-page" })
        .respond(s, &ask.headers)
}

fn others(
    portals: &[PublishedPortal],
    reader: &SignedIn,
    here: &PublishedPortal,
    page: &PortalPage,
) -> Vec<Other> {
    let list: Vec<Other> = portals
        .iter()
        .flat_map(|portal| {
            visible(portal, reader).map(move |each| Other {
                title: if each.path == "/" { portal.portal.title.clone() } else { each.title.clone() },
                href: address(portal, each),
                current: portal.portal.id == here.portal.id && each.id == page.id,
            })
        })
        .collect();
    if list.len() > 1 { list } else { Vec::new() }
}

/// A person who is in no portal yet: the page says what will appear and who acts next.
fn without_portal(ask: &Ask) -> Result<Response, PageError> {
    let s = &*ask.shell;
    let title = s.t("attention-none");
    let view = Home { s, title: &title, content: Rendered::default(), others: Vec::new(), welcome: false };
    Page::new(title.clone(), view).at("home").respond(s, &ask.headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn the_page_has_one_heading_and_a_way_to_the_other_portals() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Portal, locale);
            let content = Rendered {
                heading: None,
                main: vec!["<section id=\"block-0\"></section>".to_owned()],
                aside: Vec::new(),
            };
            let other = |title: &str, current| Other {
                title: title.to_owned(),
                href: "/p/a/home".to_owned(),
                current,
            };
            let others = vec![other("Onboarding", true), other("Suppliers <b>", false)];
            let html =
                Home { s: &s, title: "4 things need you", content, others, welcome: true }.render().unwrap();
            assert_eq!(html.matches("<h1").count(), 1);
            assert!(html.contains("<section id=\"block-0\">") && html.contains("Suppliers &#60;b&#62;"));
            assert!(html.contains("aria-current=\"page\"") && html.contains("Northwind Consulting"));
        }
    }

    #[test]
    fn who_is_in_no_portal_reads_who_acts_next() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let view =
            Home { s: &s, title: "x", content: Rendered::default(), others: Vec::new(), welcome: false };
        assert!(view.render().unwrap().contains("class=\"card empty\""));
    }
}
