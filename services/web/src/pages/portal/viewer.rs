//! A document to read in the browser: the picture of each page, and its text for whom the picture is no use.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use futures_util::future::join_all;
use portico_core::{DocumentId, VersionId};
use portico_proto::documents::v1::{GetDocumentRequest, GetPageTextRequest, Version};
use portico_rpc::problem_from;

use crate::{
    ask::{Ask, not_here},
    error::PageError,
    layout::Shell,
    render::Page,
    wording::file_meta,
};

/// Pages on one page.
const AT_ONCE: i32 = 10;

#[derive(Template)]
#[template(path = "pages/portal/viewer.html")]
struct Viewer<'a> {
    s: &'a Shell,
    id: &'a str,
    title: &'a str,
    meta: String,
    pages: Vec<(i32, String)>,
    newer: String,
    older: String,
    /// Other versions of the same document.
    versions: Vec<(String, String)>,
}

pub(super) async fn view(
    ask: Ask,
    Path(version): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, PageError> {
    version.parse::<VersionId>().map_err(|_| not_here())?;
    let of = query.get("of").filter(|of| of.parse::<DocumentId>().is_ok());
    let versions = match of {
        Some(document) => {
            let asked = GetDocumentRequest { document_id: document.clone() };
            ask.documents().get_document(asked).await?.into_inner().versions
        }
        None => Vec::new(),
    };
    let this = versions.iter().find(|each| each.id == version);
    let from = query.get("page").and_then(|page| page.parse().ok()).unwrap_or(1_i32).clamp(1, 100_000);
    let pages = pages(&ask, &version, from, this).await?;
    let s = &*ask.shell;
    let title = this.map_or_else(|| s.t("viewer-title"), |version| version.file_name.clone());
    let kept = of.map(|of| format!("&of={of}")).unwrap_or_default();
    let more = pages.len() == usize::try_from(AT_ONCE).unwrap_or(0)
        && this.is_none_or(|this| this.pages >= from + AT_ONCE);
    let view = Viewer {
        s,
        id: &version,
        title: &title,
        meta: this.map(|this| file_meta(s, this)).unwrap_or_default(),
        newer: if from > 1 { format!("?page={}{kept}", (from - AT_ONCE).max(1)) } else { String::new() },
        older: if more { format!("?page={}{kept}", from + AT_ONCE) } else { String::new() },
        versions: others(s, &versions, &version, of),
        pages,
    };
    Page::new(title.clone(), view).at("files").under(s.t("files-title"), "/files").respond(s, &ask.headers)
}

fn others(s: &Shell, versions: &[Version], this: &str, of: Option<&String>) -> Vec<(String, String)> {
    let of = of.map(|of| format!("?of={of}")).unwrap_or_default();
    let label =
        |each: &Version| format!("{} · {}", s.say("version").arg("number", each.number), file_meta(s, each));
    versions
        .iter()
        .filter(|each| each.id != this)
        .map(|each| (format!("/files/{}/view{of}", each.id), label(each)))
        .collect()
}

/// The pages from `from` on, up to the first that is not there. A version that is not shared is not there at all.
async fn pages(
    ask: &Ask,
    version: &str,
    from: i32,
    this: Option<&Version>,
) -> Result<Vec<(i32, String)>, PageError> {
    let asked = (from..from + AT_ONCE).map(|page| async move {
        let asked = GetPageTextRequest { version_id: version.to_owned(), page };
        (page, ask.documents().get_page_text(asked).await)
    });
    let mut found = Vec::new();
    for (page, answer) in join_all(asked).await {
        match answer {
            Ok(answer) => found.push((page, answer.into_inner().text)),
            Err(status) if found.is_empty() && from == 1 && this.is_none() => {
                let problem = problem_from(&status);
                // A file without pages is offered for download; what is not shared stays hidden.
                if !matches!(
                    problem.code,
                    portico_core::ErrorCode::FailedPrecondition | portico_core::ErrorCode::InvalidArgument
                ) {
                    return Err(problem.into());
                }
                break;
            }
            Err(_) => break,
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn every_page_has_its_picture_and_its_text() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let view = Viewer {
            s: &s,
            id: "v1",
            title: "plan <1>.pdf",
            meta: String::new(),
            pages: vec![(1, "First & foremost".to_owned()), (2, String::new())],
            newer: String::new(),
            older: "?page=11".to_owned(),
            versions: Vec::new(),
        };
        let html = view.render().unwrap();
        assert_eq!(html.matches("<img").count(), 2);
        assert!(
            html.contains("First &#38; foremost")
                && html.contains("alt=\"Page 1\"")
                && html.matches("<h1").count() == 1
        );
        let empty = Viewer { pages: Vec::new(), older: String::new(), ..view };
        assert!(empty.render().unwrap().contains("href=\"/files/v1\""));
    }
}
