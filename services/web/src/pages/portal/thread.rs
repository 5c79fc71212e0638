//! One conversation, by day, with room for an answer.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use http::StatusCode;
use portico_core::RecordId;
use portico_proto::{
    documents::v1::{ListDocumentsRequest, ScanState, Version},
    messaging::v1::{Attachment, GetThreadRequest, GetThreadResponse, MarkThreadReadRequest, Message},
    time::moment,
};

use super::files::next;
use crate::{
    ask::{Ask, not_here},
    components::Choice,
    error::PageError,
    form::Errors,
    layout::Shell,
    render::Page,
    wording::{scan_note, takes},
};

/// Documents that are asked for at once.
const MOST_NAMED: usize = 200;

#[derive(Template)]
#[template(path = "pages/portal/thread.html")]
struct View<'a> {
    s: &'a Shell,
    record: &'a str,
    title: &'a str,
    account: &'a str,
    days: Vec<Day<'a>>,
    older: String,
    staff: bool,
    key: String,
    /// Files that have arrived already, each ticked.
    held: Vec<Choice>,
    /// Where files go on their own.
    resume: String,
    limit: String,
    typed: &'a Typed,
    errors: &'a Errors,
}

struct Day<'a> {
    heading: String,
    messages: Vec<Said<'a>>,
}

struct Said<'a> {
    message: &'a Message,
    time: String,
    machine: String,
    /// The first that the reader has not read.
    first_unread: bool,
    files: Vec<File<'a>>,
    /// Whether a file is being checked, so that what it says will change.
    checking: bool,
}

/// A file of a message.
struct File<'a> {
    version: &'a str,
    name: &'a str,
    /// What the scanner says; empty where that is not known.
    scan: String,
    open: bool,
    refused: bool,
}

/// The newest versions of documents, by the document.
type Scans = HashMap<String, Version>;

/// What was typed, kept when it is refused.
#[derive(Debug, Default)]
pub(super) struct Typed {
    pub(super) body: String,
    pub(super) internal: bool,
    pub(super) key: String,
    /// Ids and names of files that have arrived.
    pub(super) held: Vec<(String, String)>,
}

impl Typed {
    fn held(&self) -> Vec<Choice> {
        let choice = |(id, name): &(String, String)| Choice {
            chosen: true,
            ..Choice::new(format!("{id} {name}"), name.clone(), "")
        };
        self.held.iter().map(choice).collect()
    }
}

fn days<'a>(s: &Shell, answer: &'a GetThreadResponse, scans: &Scans) -> Vec<Day<'a>> {
    let read = answer.messages.iter().position(|message| message.id == answer.read_until);
    // Where nothing was read before, the whole thread is new and needs no line.
    let unread = read.and_then(|read| {
        answer
            .messages
            .iter()
            .enumerate()
            .skip(read + 1)
            .find(|(_, message)| !message.mine)
            .map(|(index, _)| index)
    });
    let mut days: Vec<Day<'a>> = Vec::new();
    let mut last = None;
    for (index, message) in answer.messages.iter().enumerate() {
        let Some(at) = message.at.as_ref().and_then(moment) else { continue };
        let day = s.formats.local_day(&at);
        if last.replace(day) != Some(day) {
            days.push(Day { heading: s.formats.day_heading(&day), messages: Vec::new() });
        }
        if let Some(today) = days.last_mut() {
            today.messages.push(Said {
                message,
                time: s.formats.time(&at),
                machine: s.formats.machine(&at),
                first_unread: unread == Some(index),
                checking: message
                    .attachments
                    .iter()
                    .filter_map(|file| scans.get(&file.document_id))
                    .any(|version| version.scan() == ScanState::Pending),
                files: message.attachments.iter().map(|file| of_message(s, file, scans)).collect(),
            });
        }
    }
    days
}

fn of_message<'a>(s: &Shell, file: &'a Attachment, scans: &Scans) -> File<'a> {
    let known = scans.get(&file.document_id);
    let scan = known.map(|version| match scan_note(s, version) {
        nothing if nothing.is_empty() && version.scan() == ScanState::Clean => s.t("file-clean"),
        note => note,
    });
    File {
        version: &file.version_id,
        name: &file.file_name,
        scan: scan.unwrap_or_default(),
        // Where nothing is known, opening it tells.
        open: known.is_none_or(|version| version.openable),
        refused: known.is_some_and(|version| version.scan() == ScanState::Infected),
    }
}

/// What the scanner says of the files of these messages. Where documents does not answer, the messages come all the same.
async fn scans(ask: &Ask, answer: &GetThreadResponse) -> Scans {
    let files = answer.messages.iter().flat_map(|message| &message.attachments);
    let ids: Vec<String> = files.map(|file| file.document_id.clone()).collect();
    let mut found = Scans::new();
    for some in ids.chunks(MOST_NAMED) {
        let asked = ListDocumentsRequest { document_ids: some.to_vec(), ..Default::default() };
        match ask.documents().list_documents(asked).await {
            Ok(listed) => found.extend(
                listed.into_inner().documents.into_iter().filter_map(|each| Some((each.id, each.latest?))),
            ),
            Err(status) => tracing::debug!(code = ?status.code(), "files come without what the scanner says"),
        }
    }
    found
}

pub(super) async fn thread(
    ask: Ask,
    Path(record): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, PageError> {
    let before = query.get("after").cloned().unwrap_or_default();
    show(&ask, &record, before, &Typed::default(), &Errors::none(), StatusCode::OK).await
}

pub(super) async fn show(
    ask: &Ask,
    record: &str,
    before: String,
    typed: &Typed,
    errors: &Errors,
    status: StatusCode,
) -> Result<Response, PageError> {
    record.parse::<RecordId>().map_err(|_| not_here())?;
    let newest = before.is_empty();
    let asked = GetThreadRequest { record_id: record.to_owned(), page_size: 50, page_token: before };
    let answer = ask.messaging().get_thread(asked).await?.into_inner();
    if newest {
        mark_read(ask, record, &answer).await;
    }
    let s = &*ask.shell;
    let found = answer.thread.clone().unwrap_or_default();
    let title = if found.title.is_empty() { s.t("thread-title") } else { found.title };
    let key = if typed.key.is_empty() { ask.form_key() } else { typed.key.clone() };
    let staff = ask.reader.is_staff();
    let account = if staff || ask.reader.accounts.len() > 1 { found.account_name.as_str() } else { "" };
    let older = next(&answer.next_page_token);
    let view = View {
        s,
        record,
        title: &title,
        account,
        days: days(s, &answer, &scans(ask, &answer).await),
        older,
        staff,
        key,
        held: typed.held(),
        resume: format!("/uploads?for=attachment&id={record}"),
        limit: takes(s, "", &[]),
        typed,
        errors,
    };
    let page =
        Page::new(title.clone(), view).at("messages").under(s.t("thread-title"), "/messages").status(status);
    page.respond(s, &ask.headers)
}

/// Shown is read. Where the mark fails, the thread stays unread, and the page comes all the same.
async fn mark_read(ask: &Ask, record: &str, answer: &GetThreadResponse) {
    let Some(last) = answer.messages.last().filter(|last| last.id != answer.read_until) else { return };
    let asked = MarkThreadReadRequest { record_id: record.to_owned(), message_id: last.id.clone() };
    if let Err(status) = ask.messaging().mark_thread_read(asked).await {
        tracing::debug!(code = ?status.code(), "a thread stays unread");
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_proto::time::timestamp;

    use super::*;
    use crate::{layout::Area, text::Locale};

    fn message(s: &Shell, id: &str, hours: i64, internal: bool) -> Message {
        Message {
            id: id.to_owned(),
            author_name: "Maria Lopez".to_owned(),
            body: format!("<i>{id}</i>"),
            at: Some(timestamp(s.formats.now() - TimeDelta::hours(hours))),
            internal,
            ..Message::default()
        }
    }

    fn checked() -> Scans {
        let version =
            |scan: ScanState, openable| Version { scan: scan.into(), openable, ..Version::default() };
        [
            ("pending", version(ScanState::Pending, false)),
            ("clean", version(ScanState::Clean, true)),
            ("infected", version(ScanState::Infected, false)),
            ("unscanned", version(ScanState::NotScanned, true)),
        ]
        .map(|(id, version)| (id.to_owned(), version))
        .into()
    }

    #[test]
    fn every_file_says_what_the_scanner_says() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Portal, locale);
            let with = |ids: &[&str]| {
                let mut message = message(&s, "a", 1, false);
                message.attachments = ids
                    .iter()
                    .map(|id| Attachment {
                        document_id: (*id).to_owned(),
                        version_id: format!("v-{id}"),
                        file_name: format!("{id}.pdf"),
                        size: 1,
                    })
                    .collect();
                GetThreadResponse { messages: vec![message], ..GetThreadResponse::default() }
            };
            let whole = html(
                &s,
                &with(&["pending", "clean", "infected", "unscanned", "unknown"]),
                false,
                &Errors::none(),
            );
            for key in ["file-scanning", "file-clean", "file-infected", "file-unscanned"] {
                assert!(whole.contains(&s.t(key)), "{key}: {whole}");
            }
            let linked = |id: &str| whole.contains(&format!("/files/v-{id}/view"));
            assert_eq!(
                ["pending", "clean", "infected", "unscanned", "unknown"].map(linked),
                [false, true, false, true, true]
            );
            assert!(whole.contains("id=\"files-a\" data-live=\"touched\""), "it changes by itself");
            let settled = html(&s, &with(&["clean"]), false, &Errors::none());
            assert!(!settled.contains("data-live=\"touched\""), "what is settled is not fetched again");
        }
    }

    fn html(s: &Shell, answer: &GetThreadResponse, staff: bool, errors: &Errors) -> String {
        let typed = Typed {
            body: "half <typed>".to_owned(),
            internal: false,
            key: "k".to_owned(),
            held: vec![("d1".to_owned(), "plan <1>.pdf".to_owned())],
        };
        View {
            s,
            record: "r",
            title: "Audit",
            account: "",
            days: days(s, answer, &checked()),
            older: String::new(),
            staff,
            key: "k".to_owned(),
            held: typed.held(),
            resume: "/uploads?for=attachment&id=r".to_owned(),
            limit: takes(s, "", &[]),
            typed: &typed,
            errors,
        }
        .render()
        .unwrap()
    }

    #[test]
    fn messages_stand_by_day_with_a_line_before_the_first_new_one() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let answer = GetThreadResponse {
            messages: vec![
                message(&s, "a", 30, false),
                message(&s, "b", 2, false),
                message(&s, "c", 1, false),
            ],
            read_until: "a".to_owned(),
            ..GetThreadResponse::default()
        };
        let found = days(&s, &answer, &Scans::new());
        assert_eq!(
            found.iter().map(|day| (day.heading.as_str(), day.messages.len())).collect::<Vec<_>>(),
            [("Yesterday", 1), ("Today", 2)]
        );
        assert!(found[1].messages[0].first_unread && !found[1].messages[1].first_unread);
        let html = html(&s, &answer, false, &Errors::none());
        assert!(
            html.contains("role=\"log\"")
                && html.contains("data-live-pill=\"thread-new\"")
                && html.contains("id=\"thread-new\" hidden")
        );
        assert!(html.contains("value=\"d1 plan &#60;1&#62;.pdf\" id=\"f-files-file\" checked"), "{html}");
        assert!(html.contains("Up to 100 MB a file.") && html.contains("data-hold=\"files.file\""));
        assert!(html.contains("&#60;i&#62;b&#60;/i&#62;") && html.contains("half &#60;typed&#62;"));
    }

    #[test]
    fn only_staff_can_write_a_note_and_it_looks_different() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let answer =
            GetThreadResponse { messages: vec![message(&s, "n", 1, true)], ..GetThreadResponse::default() };
        let mut errors = Errors::none();
        errors.add("body", "Write something.");
        let staff = html(&s, &answer, true, &errors);
        assert!(staff.contains("class=\"message internal\"") && staff.contains("name=\"internal\""));
        assert!(staff.contains("href=\"#f-body\"") && staff.contains("id=\"f-body-error\""));
        assert!(!html(&s, &answer, false, &errors).contains("name=\"internal\""));
    }
}
