//! A definition's pages for the firm's side, made of blocks.

use askama::Template;
use axum::{
    extract::{Path, RawQuery},
    response::Response,
};
use portico_definition::{Page as Declared, Side};

use super::record_new::portal_called;
use crate::{
    ask::{StaffAsk, not_here},
    blocks::{self, Once, Place, Rendered},
    error::PageError,
    render::Page,
    site::SignedIn,
    web::PublishedPortal,
};

#[derive(Template)]
#[template(path = "pages/console/portal_page.html")]
struct View<'a> {
    heading: &'a str,
    blocks: &'a Rendered,
}

pub(super) async fn first(
    ask: StaffAsk,
    Path(portal): Path<String>,
    query: RawQuery,
) -> Result<Response, PageError> {
    show(&ask, &portal, "/", query).await
}

pub(super) async fn at(
    ask: StaffAsk,
    Path((portal, path)): Path<(String, String)>,
    query: RawQuery,
) -> Result<Response, PageError> {
    show(&ask, &portal, &format!("/{path}"), query).await
}

async fn show(
    ask: &StaffAsk,
    portal: &str,
    path: &str,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let portal = portal_called(ask, portal).await?;
    let page = declared(&portal, path, &ask.reader).ok_or_else(not_here)?;
    let query = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
    let href = format!("/console/portals/{}{}", portal.portal.name, page.path);
    let place = Place {
        ask,
        portal: &portal,
        account: String::new(),
        href: href.clone(),
        query,
        runs_once: Once::default(),
        records_once: Once::default(),
    };
    let blocks = blocks::render_page(&place, page).await?;
    let heading = blocks.heading.as_deref().unwrap_or(&page.title);
    Page::new(page.title.clone(), View { heading, blocks: &blocks })
        .at(href)
        .respond(&ask.shell, &ask.headers)
}

/// The page at this path, where the reader may see it. Without a page of its own, `/` is the first one they may see.
fn declared<'a>(portal: &'a PublishedPortal, path: &str, reader: &SignedIn) -> Option<&'a Declared> {
    let spec = &portal.definition.spec;
    let seen = |page: &&Declared| {
        page.visible_to.iter().any(|role| {
            let internal = spec.roles.get(role).is_some_and(|role| role.side == Side::Internal);
            internal && (reader.has_role(role) || reader.has_role("admin"))
        })
    };
    let mut pages = spec.pages.iter().filter(seen);
    if path == "/" { pages.next() } else { pages.find(|page| page.path == path) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use portico_proto::{identity::v1::Person, tenancy::v1::Portal};

    use super::*;

    fn reader(role: &str) -> SignedIn {
        SignedIn {
            token: "t".into(),
            person: Arc::new(Person::default()),
            session: "s".into(),
            roles: [role.to_owned()].into(),
            accounts: [].into(),
        }
    }

    #[test]
    fn staff_see_the_firms_pages_of_their_role_and_never_the_clients() {
        let definition = portico_definition::parse(portico_definition::gallery()[0].yaml).unwrap();
        let portal = PublishedPortal { portal: Portal::default(), definition: Arc::new(definition) };
        let path = |path, role| declared(&portal, path, &reader(role)).map(|page| page.id.as_str());
        assert_eq!(path("/onboarding", "project_manager"), Some("board"));
        assert_eq!(path("/", "admin"), Some("board"));
        assert_eq!(path("/onboarding", "finance"), None);
        assert_eq!(path("/", "client"), None);
    }
}
