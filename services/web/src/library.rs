//! Folders and what is in them, as pages of both sides show them.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode, header::ACCEPT};
use portico_core::{ErrorCode, Problem};
use portico_proto::documents::v1::{Filed, Folder};
use serde_json::Value;

use crate::{
    ask::Ask,
    blocks::documents::Listed,
    components::{Choice, Row, Tone},
    csrf::FileParts,
    error::PageError,
    layout::Shell,
    sending::{cut, send_file, text_of},
};

/// Folders as rows; `base` is what stands before their ids in addresses.
pub(crate) fn folder_rows(s: &Shell, folders: &[Folder], base: &str) -> Vec<Row> {
    let row = |folder: &Folder| {
        let row = Row::new(folder.name.clone(), format!("{base}/{}", folder.id), s.t("library-folder"));
        if folder.internal { row.tagged(Tone::Neutral, s.t("library-internal")) } else { row }
    };
    folders.iter().map(row).collect()
}

/// Documents in a folder. `base` is what stands before their ids in addresses; empty for the pages of their newest version.
pub(crate) fn filed(s: &Shell, documents: &[Filed], base: &str) -> Vec<Listed> {
    let one = |filed: &Filed| {
        let document = filed.document.as_ref()?;
        let mut listed = Listed::of(s, document)?;
        if filed.may == "view_only" {
            listed.download = String::new();
            listed.note = [listed.note, s.t("library-view-only")]
                .into_iter()
                .filter(|note| !note.is_empty())
                .collect::<Vec<_>>()
                .join(" · ");
        }
        if !base.is_empty() {
            listed.href = format!("{base}/{}", document.id);
        }
        Some(listed)
    };
    documents.iter().filter_map(one).collect()
}

/// The documents that the reader may download, to choose from.
pub(crate) fn downloads(documents: &[Filed]) -> Vec<Choice> {
    let one = |filed: &Filed| {
        let document = filed.document.as_ref()?;
        let openable = document.latest.as_ref().is_some_and(|latest| latest.openable);
        (openable && filed.may != "view_only")
            .then(|| Choice::new(document.id.clone(), document.title.clone(), ""))
    };
    documents.iter().filter_map(one).collect()
}

/// Whether somebody may add files where this is what they may do.
pub(crate) fn may_add(level: &str) -> bool {
    matches!(level, "upload" | "manage")
}

/// Sends every chosen file on to a route of documents and answers the event of the last one.
///
/// # Errors
/// The first refusal, at the field `file`; files before it are kept.
pub(crate) async fn take(ask: &Ask, route: &str, parts: FileParts) -> Result<String, Problem> {
    Ok(text_of(&take_last(ask, route, parts).await?, "event").to_owned())
}

/// The same, with all that is answered about the last one.
///
/// # Errors
/// As [`take`].
pub(crate) async fn take_last(ask: &Ask, route: &str, mut parts: FileParts) -> Result<Value, Problem> {
    let mut last = None;
    while let Some(part) = parts.next_field().await.map_err(|_| cut(&ask.shell))? {
        if part.file_name().is_none_or(str::is_empty) {
            continue;
        }
        last = Some(send_file(ask, route, part).await.map_err(at_file)?);
    }
    last.ok_or_else(|| Problem::invalid("file", ask.shell.t("upload-none")))
}

/// What is wrong with a file stands at the field it was chosen in.
fn at_file(mut problem: Problem) -> Problem {
    if matches!(problem.code, ErrorCode::InvalidArgument | ErrorCode::FailedPrecondition) {
        let text =
            problem.fields.first().map_or_else(|| problem.message.clone(), |first| first.description.clone());
        problem.fields.clear();
        problem = problem.with_field("file", text);
    }
    problem
}

/// What a script that sends one file reads; nothing where a form was sent.
pub(crate) fn for_script(headers: &HeaderMap, outcome: &Result<String, Problem>) -> Option<Response> {
    let kinds = headers.get(ACCEPT).and_then(|kinds| kinds.to_str().ok())?;
    if !kinds.starts_with("application/json") {
        return None;
    }
    Some(match outcome {
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(problem) => PageError(problem.clone()).into_response(),
    })
}

#[cfg(test)]
mod tests {
    use portico_proto::documents::v1::{Document, Version};

    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn what_is_for_viewing_only_offers_no_download_and_says_so() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let latest = Version { id: "v".to_owned(), openable: true, ..Version::default() };
        let document = Document {
            id: "d".to_owned(),
            title: "Plan".to_owned(),
            latest: Some(latest),
            ..Document::default()
        };
        let with =
            |may: &str| Filed { document: Some(document.clone()), may: may.to_owned(), ..Filed::default() };
        let listed = filed(&s, &[with("view_only"), with("view")], "");
        assert!(listed[0].download.is_empty() && listed[0].note.contains("screen"));
        assert_eq!((listed[1].href.as_str(), listed[1].download.as_str()), ("/files/v/view", "/files/v"));
        assert_eq!(filed(&s, &[with("manage")], "/console/documents")[0].href, "/console/documents/d");
        assert!(may_add("upload") && may_add("manage") && !may_add("view"));
    }

    #[test]
    fn a_refused_file_is_told_at_its_field() {
        let problem = at_file(Problem::invalid("x", "This is no PDF."));
        assert_eq!((problem.fields[0].field.as_str(), problem.fields.len()), ("file", 1));
        assert_eq!(at_file(Problem::not_found()), Problem::not_found());
    }
}
