//! A request for documents: what, why, which types; each row for itself.

use askama::Template;
use portico_proto::documents::v1::{GetRequestRequest, Item, ItemState, Request, ScanState, Version};

use super::{Body, Task, Tried};
use crate::{
    ask::Ask,
    components::{Tag, Tone},
    error::PageError,
    form::Errors,
    layout::Shell,
    wording::{accept_attribute, file_meta, html, scan_note},
};

#[derive(Template)]
#[template(path = "pages/task/request.html")]
struct View<'a> {
    s: &'a Shell,
    step: &'a str,
    progress: String,
    unscanned: bool,
    rows: Vec<Row<'a>>,
    errors: &'a Errors,
}

struct Row<'a> {
    item: &'a Item,
    tag: Tag,
    accept: String,
    field: String,
    can_add: bool,
    can_give_up: bool,
    returned: bool,
    files: Vec<File<'a>>,
    count: String,
}

struct File<'a> {
    version: &'a Version,
    meta: String,
    /// What the virus scanner said, where that has to be known.
    note: String,
    can_remove: bool,
}

/// The name of a row's file input, by which its errors are found.
pub(super) fn field_of(item: &str) -> String {
    format!("file-{item}")
}

fn tag(s: &Shell, state: ItemState) -> Tag {
    match state {
        ItemState::Needed | ItemState::Unspecified => Tag::new(Tone::Info, s.t("item-needed")),
        ItemState::Checking => Tag::new(Tone::Neutral, s.t("item-checking")),
        ItemState::Accepted => Tag::new(Tone::Plain, s.t("item-accepted")),
        ItemState::Returned => Tag::new(Tone::Warn, s.t("item-returned")),
        ItemState::NotAvailable => Tag::new(Tone::Neutral, s.t("item-missing")),
    }
}

impl<'a> Row<'a> {
    fn of(s: &Shell, request: &Request, item: &'a Item) -> Self {
        let state = item.state();
        let settled = state == ItemState::Accepted;
        let room = item.max <= 0 || item.files.len() < usize::try_from(item.max).unwrap_or(usize::MAX);
        let count = if item.max > 1 {
            s.say("item-count").arg("count", item.files.len()).arg("max", item.max).to_string()
        } else {
            String::new()
        };
        let file = |version: &'a Version| File {
            version,
            meta: file_meta(s, version),
            note: scan_note(s, version),
            can_remove: request.can_upload && !settled,
        };
        Self {
            item,
            tag: tag(s, state),
            accept: accept_attribute(&item.accept),
            field: field_of(&item.id),
            can_add: request.can_upload && !settled && room,
            can_give_up: request.can_upload && matches!(state, ItemState::Needed | ItemState::Returned),
            returned: state == ItemState::Returned,
            files: item.files.iter().map(file).collect(),
            count,
        }
    }
}

pub(super) async fn body(ask: &Ask, task: &Task, tried: &Tried) -> Result<Body, PageError> {
    let asked = GetRequestRequest { step_id: task.step.id.clone() };
    let request = ask.documents().get_request(asked).await?.into_inner().request.unwrap_or_default();
    let view = View::new(&ask.shell, &task.step.id, &request, &tried.errors);
    Ok(Body { html: html(&view)?, script: None, live: false })
}

impl<'a> View<'a> {
    fn new(s: &'a Shell, step: &'a str, request: &'a Request, errors: &'a Errors) -> Self {
        let unscanned = |item: &Item| item.files.iter().any(|file| file.scan() == ScanState::NotScanned);
        Self {
            s,
            step,
            progress: s
                .say("request-progress")
                .arg("done", request.accepted)
                .arg("all", request.items.len())
                .to_string(),
            unscanned: request.unscanned_allowed && request.items.iter().any(unscanned),
            rows: request.items.iter().map(|item| Row::of(s, request, item)).collect(),
            errors,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, render::Page, text::Locale};

    fn request(state: ItemState, can_upload: bool) -> Request {
        Request {
            items: vec![Item {
                id: "i1".to_owned(),
                name: "Current system documentation".to_owned(),
                accept: ["pdf", "image"].map(str::to_owned).into(),
                accept_text: "PDF or image, up to 100 MB each".to_owned(),
                max: 20,
                max_bytes: 104_857_600,
                reason: "Page 2 is missing.".to_owned(),
                state: state.into(),
                files: vec![Version {
                    id: "v1".to_owned(),
                    file_name: "scan <1>.pdf".to_owned(),
                    openable: true,
                    ..Version::default()
                }],
                ..Item::default()
            }],
            can_upload,
            ..Request::default()
        }
    }

    #[test]
    fn a_row_says_what_it_takes_before_one_chooses() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Portal, locale);
            let request = request(ItemState::Returned, true);
            let errors = Errors::none();
            let html = Page::new("x", View::new(&s, "1", &request, &errors)).whole(&s).unwrap();
            let accept = html.find("PDF or image, up to 100 MB each").unwrap();
            assert!(accept < html.find("type=\"file\"").unwrap());
            assert!(html.contains("accept=\".pdf,application/pdf,image/*,.heic,.heif,.tif,.tiff\""));
            assert!(html.contains("data-max-bytes=\"104857600\"") && html.contains("Page 2 is missing."));
            assert!(
                html.contains("action=\"/tasks/1/items/i1/files\"")
                    && html.contains("action=\"/tasks/1/items/i1/missing\"")
            );
            assert!(html.contains("action=\"/tasks/1/items/i1/remove\""));
            assert!(html.contains("scan &#60;1&#62;.pdf"));
        }
    }

    #[test]
    fn what_is_settled_or_another_sides_has_no_controls() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let errors = Errors::none();
        let checking = request(ItemState::Checking, false);
        let html = View::new(&s, "1", &checking, &errors).render().unwrap();
        assert!(!html.contains("<form"), "the firm's people review in the console");
        let accepted = request(ItemState::Accepted, true);
        let html = View::new(&s, "1", &accepted, &errors).render().unwrap();
        assert!(!html.contains("<form"), "what is accepted stays");
    }
}
