//! A document to read in the browser: the picture of each page, and its text for whom the picture is no use.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query},
    response::{IntoResponse as _, Response},
};
use futures_util::future::join_all;
use http::StatusCode;
use portico_core::VersionId;
use portico_proto::documents::v1::{
    GetDocumentRequest, GetPageTextRequest, GetPageTextResponse, RecordReadingRequest, Version,
};

use super::comments::Talk;
use crate::{
    ask::{Ask, not_here},
    error::PageError,
    form::Errors,
    layout::Shell,
    library::may_add,
    readings::{self, Read},
    render::Page,
    wording::{file_meta, scan_note, upload_limit},
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
    /// What the virus scanner said, where that has to be known.
    note: String,
    pages: Vec<Sheet>,
    /// Whether the words are shown instead of the pictures: on a phone they fit the screen.
    as_text: bool,
    /// Whether the file may be downloaded, and its words marked and copied.
    download: bool,
    /// Whether it is for the screen only: its words are for assistive technology alone.
    shown_only: bool,
    /// The largest file that it takes, in bytes, and in words.
    max_bytes: i64,
    limit: String,
    /// The document, where the reader may add versions to it; empty where not.
    add: &'a str,
    /// Where the same is shown in the other way.
    other_way: String,
    newer: String,
    older: String,
    /// Other versions of the same document.
    versions: Vec<Other>,
    /// Who has read it, as far as its reader may know.
    readings: Vec<Read>,
    /// What people say about it; nothing where it is not in the library.
    talk: Option<Talk>,
    errors: &'a Errors,
}

/// Another version.
struct Other {
    id: String,
    label: String,
    /// Whether it can be made the newest again.
    restore: bool,
}

/// One page: its picture, and over it the words in their places, so that they can be marked and copied.
struct Sheet {
    number: i32,
    paragraphs: Vec<String>,
    lines: Vec<Words>,
    /// The page's height where its width is 1000; 0 where it is unknown.
    height: i64,
}

/// A line of words, measured where the page is 1000 wide.
struct Words {
    text: String,
    x: i64,
    y: i64,
    width: i64,
    size: i64,
}

impl Sheet {
    fn of(number: i32, page: GetPageTextResponse) -> Self {
        let paragraphs = page.blocks.iter().map(|block| block.text.clone()).collect();
        let height = if page.aspect > 0.0 { 1000.0 / page.aspect } else { 0.0 };
        let lines = page.blocks.iter().flat_map(|block| &block.lines).filter(|line| line.width > 0.0);
        let lines = lines.map(|line| Words {
            text: line.text.clone(),
            x: whole(line.x * 1000.0),
            // Letters stand on a line about a fifth above the lower edge of their box.
            y: whole((line.y + line.height * 0.8) * height),
            width: whole(line.width * 1000.0).max(1),
            size: whole(line.height * height).max(1),
        });
        Self { number, paragraphs, lines: lines.collect(), height: whole(height) }
    }
}

/// A measure without its fraction.
#[expect(clippy::cast_possible_truncation, reason = "measures of a page are small")]
fn whole(measure: f64) -> i64 {
    measure.clamp(0.0, 1_000_000.0).round() as i64
}

pub(super) async fn view(
    ask: Ask,
    Path(version): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, PageError> {
    show(&ask, version, &query, &[], &Errors::none(), StatusCode::OK).await
}

/// The page, with a comment that was refused where there is one.
pub(super) async fn show(
    ask: &Ask,
    version: String,
    query: &HashMap<String, String>,
    typed: &[(String, String)],
    errors: &Errors,
    status: StatusCode,
) -> Result<Response, PageError> {
    version.parse::<VersionId>().map_err(|_| not_here())?;
    // What is not shared is not there at all.
    let asked = GetDocumentRequest { version_id: version.clone(), ..GetDocumentRequest::default() };
    let found = ask.documents().get_document(asked).await?.into_inner();
    let (document, versions) = (found.document.unwrap_or_default(), found.versions);
    let shown_only = found.may == "view_only";
    let add = document.kind == "library" && may_add(&found.may);
    let this = versions.iter().find(|each| each.id == version).ok_or_else(not_here)?;
    let from = query.get("page").and_then(|page| page.parse().ok()).unwrap_or(1_i32).clamp(1, 100_000);
    let pages = if shown_only { pictures(ask, this, from).await } else { pages(ask, this, from).await };
    let s = &*ask.shell;
    let as_text = !shown_only && query.get("as").is_some_and(|way| way == "text");
    let way = if as_text { "&as=text" } else { "" };
    let more = pages.len() == usize::try_from(AT_ONCE).unwrap_or(0)
        && (this.pages == 0 || this.pages >= from + AT_ONCE);
    let view = Viewer {
        s,
        id: &version,
        title: &this.file_name,
        meta: file_meta(s, this),
        note: if shown_only { s.t("viewer-only") } else { scan_note(s, this) },
        download: this.openable && !shown_only,
        shown_only,
        max_bytes: found.max_bytes,
        limit: upload_limit(s, found.max_bytes),
        add: if add { &document.id } else { "" },
        newer: if from > 1 { format!("?page={}{way}", (from - AT_ONCE).max(1)) } else { String::new() },
        older: if more { format!("?page={}{way}", from + AT_ONCE) } else { String::new() },
        other_way: other_way(as_text, from),
        as_text,
        versions: others(s, &versions, &version, add),
        readings: readings::of(ask, &document.id).await?,
        pages,
        talk: if document.kind == "library" { Talk::of(ask, &document.id, this, typed).await? } else { None },
        errors,
    };
    let page = Page::new(this.file_name.clone(), view)
        .at("files")
        .under(s.t("files-title"), "/files")
        .script("js/reading.js")
        .status(status);
    let page = if document.kind == "library" { page.script("js/pins.js") } else { page };
    page.respond(s, &ask.headers)
}

/// What the browser tells of its reader.
pub(super) async fn reading(
    ask: Ask,
    Path(version): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    version.parse::<VersionId>().map_err(|_| not_here())?;
    let printed = pairs.iter().any(|(name, value)| name == "printed" && value == "yes");
    let asked = RecordReadingRequest { version_id: version, pages: readings::told(&pairs), printed };
    ask.library().record_reading(asked).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The address of the same pages, shown in the other way.
fn other_way(as_text: bool, from: i32) -> String {
    let way = if as_text { "" } else { "&as=text" };
    format!("?page={from}{way}")
}

fn others(s: &Shell, versions: &[Version], this: &str, add: bool) -> Vec<Other> {
    let label =
        |each: &Version| format!("{} · {}", s.say("version").arg("number", each.number), file_meta(s, each));
    versions
        .iter()
        .enumerate()
        .filter(|(_, each)| each.id != this)
        .map(|(place, each)| Other {
            id: each.id.clone(),
            label: label(each),
            restore: add && place > 0 && each.openable,
        })
        .collect()
}

/// The pages of what is for reading on the screen only. A page whose words cannot be had is a picture all the same.
async fn pictures(ask: &Ask, this: &Version, from: i32) -> Vec<Sheet> {
    if !this.openable {
        return Vec::new();
    }
    if this.media_type.starts_with("image/") {
        return sheets(this, from);
    }
    let pages = from..from.saturating_add(AT_ONCE).min(this.pages.saturating_add(1));
    let answers = join_all(pages.clone().map(|page| words(ask, this, page))).await;
    pages.zip(answers).map(|(page, answer)| Sheet::of(page, answer.unwrap_or_default())).collect()
}

/// The pages of a picture: one, or as many as a scan has.
fn sheets(this: &Version, from: i32) -> Vec<Sheet> {
    let until = from.saturating_add(AT_ONCE).min(this.pages.max(1).saturating_add(1));
    (from..until).map(|page| Sheet::of(page, GetPageTextResponse::default())).collect()
}

/// The words of a page, where it has any that the caller may read.
async fn words(ask: &Ask, this: &Version, page: i32) -> Option<GetPageTextResponse> {
    let asked = GetPageTextRequest { version_id: this.id.clone(), page };
    Some(ask.documents().get_page_text(asked).await.ok()?.into_inner())
}

/// The pages from `from` on, up to the first that is not there. A picture has the pages that were counted, and a file without pages is
/// offered for download.
async fn pages(ask: &Ask, this: &Version, from: i32) -> Vec<Sheet> {
    if !this.openable {
        return Vec::new();
    }
    if this.media_type.starts_with("image/") {
        return sheets(this, from);
    }
    let answers = join_all((from..from + AT_ONCE).map(|page| words(ask, this, page))).await;
    (from..).zip(answers).map_while(|(page, answer)| Some(Sheet::of(page, answer?))).collect()
}

#[cfg(test)]
mod tests {
    use portico_proto::documents::v1::{TextBlock, TextLine};

    use super::*;
    use crate::{layout::Area, text::Locale};

    fn said() -> GetPageTextResponse {
        let text = "First & foremost".to_owned();
        let line = TextLine { text: text.clone(), x: 0.1, y: 0.1, width: 0.5, height: 0.01 };
        let block = TextBlock { text: text.clone(), lines: vec![line] };
        GetPageTextResponse { text, blocks: vec![block], aspect: 0.76 }
    }

    #[test]
    fn a_scan_has_all_its_pages_and_a_photo_one() {
        let numbers = |pages, from| {
            let file = Version { pages, media_type: "image/tiff".to_owned(), ..Version::default() };
            sheets(&file, from).iter().map(|sheet| sheet.number).collect::<Vec<_>>()
        };
        assert_eq!((numbers(0, 1), numbers(3, 1), numbers(3, 3)), (vec![1], vec![1, 2, 3], vec![3]));
        assert_eq!(numbers(500, 1).len(), usize::try_from(AT_ONCE).unwrap());
        assert!(numbers(3, 4).is_empty());
    }

    #[test]
    fn every_page_has_its_picture_and_its_text() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let view = Viewer {
            s: &s,
            id: "v1",
            title: "plan <1>.pdf",
            meta: String::new(),
            note: String::new(),
            pages: vec![Sheet::of(1, said()), Sheet::of(2, GetPageTextResponse::default())],
            as_text: false,
            download: true,
            shown_only: false,
            max_bytes: 0,
            limit: String::new(),
            add: "d1",
            other_way: "?page=1&as=text".to_owned(),
            newer: String::new(),
            older: "?page=11".to_owned(),
            readings: Vec::new(),
            talk: None,
            errors: &Errors::none(),
            versions: vec![Other { id: "v0".to_owned(), label: "Version 1".to_owned(), restore: true }],
        };
        let html = view.render().unwrap();
        assert_eq!(html.matches("<img").count(), 2);
        assert!(
            html.contains("First &#38; foremost")
                && html.contains("alt=\"Page 1\"")
                && html.matches("<h1").count() == 1
        );
        assert!(html.contains("<text x=\"100\" y=\"142\" textLength=\"500\" font-size=\"13\""), "{html}");
        assert!(html.contains("?page=1&#38;as=text"));
        assert!(html.contains("/documents/d1/versions") && html.contains("/files/v0/restore"));
        assert!(!html.contains("unmarked"));
        let shown = Viewer { shown_only: true, download: false, ..view };
        let html = shown.render().unwrap();
        assert!(
            html.contains("class=\"away unmarked\"") && html.contains("aria-label=\"Text of page 1\""),
            "{html}"
        );
        assert!(html.contains("<p>First &#38; foremost</p>") && html.contains("alt=\"Page 1\""));
        assert!(
            !html.contains("<details") && !html.contains("<svg class=\"words\"") && !html.contains("as=text")
        );
        assert_eq!(html.matches("unmarked").count(), 1, "a page without words has none to read out");
        let read = Viewer { as_text: true, shown_only: false, download: true, ..shown };
        let html = read.render().unwrap();
        assert!(!html.contains("<img") && html.contains("First &#38; foremost"));
        assert!(html.contains("has no words"), "a scan says that it is one");
        let empty = Viewer { pages: Vec::new(), older: String::new(), ..read };
        assert!(empty.render().unwrap().contains("href=\"/files/v1\""));
    }
}
