//! The firm's portals, and the gallery to begin with.

use askama::Template;
use axum::response::Response;
use portico_definition::{GalleryEntry, gallery};
use portico_proto::{
    documents::v1::ListTemplatesRequest,
    tenancy::v1::{Finding, Portal, PublishPortalRequest},
    time::moment,
};

use super::{attempt::Sent, definition};
use crate::{
    ask::{AdminAsk, not_here},
    components::Row,
    error::PageError,
    layout::Shell,
    render::{Page, see_other},
    sending::put_template,
};

#[derive(Template)]
#[template(path = "pages/console/portals.html")]
struct Portals<'a> {
    s: &'a Shell,
    rows: Vec<Row>,
}

struct Offer {
    entry: GalleryEntry,
    taken: bool,
}

#[derive(Template)]
#[template(path = "pages/console/gallery.html")]
struct Gallery<'a> {
    s: &'a Shell,
    offers: Vec<Offer>,
}

pub(super) async fn list(ask: AdminAsk) -> Result<Response, PageError> {
    let portals = ask.web.portals(ask.tenant()).await?;
    let s = &*ask.shell;
    let rows = portals.iter().map(|published| row(s, &published.portal)).collect();
    Page::new(s.t("nav-portals"), Portals { s, rows }).at("portals").respond(s, &ask.headers)
}

pub(super) async fn show_gallery(ask: AdminAsk) -> Result<Response, PageError> {
    let portals = ask.web.portals(ask.tenant()).await?;
    let s = &*ask.shell;
    let names: Vec<_> = portals.iter().map(|published| published.portal.name.clone()).collect();
    let view = Gallery { s, offers: offers(&names) };
    Page::new(s.t("console-gallery"), view)
        .at("portals")
        .under(s.t("nav-portals"), "/console/portals")
        .respond(s, &ask.headers)
}

/// Publishes an entry of the gallery as it is. What stands in the way, such as a template file that is missing, is
/// shown on the definition's own page, where it can be mended.
pub(super) async fn take(ask: AdminAsk, sent: Sent) -> Result<Response, PageError> {
    let entry = gallery().iter().find(|entry| entry.name == sent.of("name")).ok_or_else(not_here)?;
    bring_papers(&ask, entry).await?;
    let asked = PublishPortalRequest { yaml: entry.yaml.to_owned(), base_version: 0, dry_run: false };
    let answer = ask.tenancy().publish_portal(asked).await?.into_inner();
    ask.web.forget_portals(ask.tenant()).await;
    let findings: Vec<Finding> = answer.findings;
    if findings.is_empty() {
        return Ok(see_other(&format!("/console/definitions/{}?done=published", entry.name)));
    }
    definition::with_findings(&ask, entry, &findings).await
}

/// Keeps the papers that come with an entry, except where the firm has one under the same path already.
async fn bring_papers(ask: &AdminAsk, entry: &GalleryEntry) -> Result<(), PageError> {
    let kept = ask.documents().list_templates(ListTemplatesRequest {}).await?.into_inner().templates;
    for (path, bytes) in entry.papers.iter().filter(|(path, _)| kept.iter().all(|one| one.path != *path)) {
        put_template(ask, path, bytes).await?;
    }
    Ok(())
}

fn row(s: &Shell, portal: &Portal) -> Row {
    let at = portal.published_at.as_ref().and_then(moment).map(|at| s.ago(&at)).unwrap_or_default();
    let meta = s.say("console-portal-meta").arg("version", portal.version).arg("date", at).to_string();
    Row::new(portal.title.clone(), format!("/console/definitions/{}", portal.name), meta)
}

fn offers(taken: &[String]) -> Vec<Offer> {
    gallery()
        .iter()
        .map(|entry| Offer { entry: *entry, taken: taken.iter().any(|name| name == entry.name) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn the_gallery_offers_what_is_not_there_yet() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let view = Gallery { s: &s, offers: offers(&["client-onboarding".to_owned()]) };
        let html = Page::new("x", view).whole(&s).unwrap();
        assert_eq!(html.matches("action=\"/console/gallery\"").count(), gallery().len() - 1);
        assert!(
            html.contains("href=\"/console/definitions/client-onboarding\"")
                && html.contains("value=\"vendor-invoices\"")
        );
        assert!(html.matches("<h1").count() == 1 && !html.contains("console-"));
    }

    #[test]
    fn a_portal_says_its_version_and_without_any_the_page_says_what_to_do() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let portal =
            Portal { name: "x".to_owned(), title: "Onboarding".to_owned(), version: 3, ..Portal::default() };
        assert!(row(&s, &portal).meta.starts_with("Version 3"));
        let html = Portals { s: &s, rows: Vec::new() }.render().unwrap();
        assert!(html.contains("href=\"/console/gallery\"") && html.contains("No portal yet"));
    }
}
