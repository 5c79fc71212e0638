//! What was done with the reader's own things, by whom and from where.

use std::collections::HashMap;

use askama::Template;
use axum::{extract::Query, response::Response};
use portico_proto::tenancy::v1::ListAuditRequest;

use super::files::next;
use crate::{ask::Ask, blocks::activity::Happened, error::PageError, layout::Shell, render::Page};

#[derive(Template)]
#[template(path = "pages/portal/activity.html")]
struct View<'a> {
    s: &'a Shell,
    lines: Vec<Happened>,
    older: String,
}

pub(super) async fn activity(
    ask: Ask,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, PageError> {
    let asked = ListAuditRequest {
        page_size: 50,
        page_token: query.get("after").cloned().unwrap_or_default(),
        ..ListAuditRequest::default()
    };
    let found = ask.tenancy().list_audit(asked).await?.into_inner();
    let s = &*ask.shell;
    let lines = found.lines.iter().map(|line| Happened::of(s, line)).collect();
    let view = View { s, lines, older: next(&found.next_page_token) };
    Page::new(s.t("activity-title"), view).at("me").under(s.t("nav-me"), "/me").respond(s, &ask.headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn each_line_says_from_where() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let line = |address: &str| Happened {
            text: "Ana: signed".to_owned(),
            object: String::new(),
            when: "just now".to_owned(),
            address: address.to_owned(),
        };
        let html =
            View { s: &s, lines: vec![line("192.0.2.7"), line("")], older: String::new() }.render().unwrap();
        assert!(
            html.contains("192.0.2.7")
                && html.matches("<tr>").count() == 3
                && html.matches("<h1").count() == 1
        );
    }
}
