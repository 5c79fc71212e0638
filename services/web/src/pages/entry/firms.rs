//! The bare host: the firms that live here, or the way to the first run.

use askama::Template;
use axum::response::Response;
use portico_proto::tenancy::v1::{ListTenantsRequest, Tenant};

use crate::{
    bare::Bare,
    error::PageError,
    layout::{Area, Shell},
    render::{Page, see_other},
};

#[derive(Template)]
#[template(path = "pages/entry/firms.html")]
struct Firms<'a> {
    s: &'a Shell,
    firms: Vec<(String, String)>,
    mailbox: bool,
}

/// Lists the firms, each with its address; without any firm it leads to the first run.
pub(crate) async fn firms(bare: &Bare) -> Result<Response, PageError> {
    let asked = ListTenantsRequest { page_size: 500, page_token: String::new() };
    let found = bare.tenancy("web.firms").list_tenants(asked).await?.into_inner().tenants;
    if found.is_empty() {
        return Ok(see_other("/setup"));
    }
    let s = &*bare.shell;
    let view = Firms { s, firms: addresses(bare, found), mailbox: bare.web.config().shows_mailbox() };
    Page::new(s.t("firms-title"), view).framed(Area::Plain).wide().respond(s, &bare.headers)
}

fn addresses(bare: &Bare, firms: Vec<Tenant>) -> Vec<(String, String)> {
    firms.into_iter().map(|firm| (bare.web.origin(&firm.slug), firm.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Locale;

    #[test]
    fn every_firm_is_a_link_to_its_own_host() {
        let s = crate::walk::shell(Area::Plain, Locale::En);
        let firms = vec![("http://northwind.localhost:8080".to_owned(), "Northwind <b>".to_owned())];
        let html = Page::new("x", Firms { s: &s, firms, mailbox: true }).whole(&s).unwrap();
        assert!(
            html.contains("href=\"http://northwind.localhost:8080\"")
                && html.contains("Northwind &#60;b&#62;")
        );
        assert!(html.contains("href=\"/mailbox\"") && html.matches("<h1").count() == 1);
    }
}
