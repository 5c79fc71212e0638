//! Documents of the account.

use askama::Template;
use portico_definition::Documents;
use portico_proto::documents::v1::{Document, ListDocumentsRequest};

use super::{Place, Shown, shown};
use crate::{
    error::PageError,
    layout::Shell,
    wording::{file_meta, humanize, scan_note},
};

#[derive(Template)]
#[template(path = "blocks/documents.html")]
struct View<'a> {
    s: &'a Shell,
    id: &'a str,
    title: String,
    files: Vec<Listed>,
}

/// A document in a list.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) title: String,
    pub(crate) meta: String,
    /// Where it is read; empty where it cannot be opened.
    pub(crate) href: String,
    /// Where its bytes are.
    pub(crate) download: String,
    /// Why it cannot be opened, or that nobody has scanned it.
    pub(crate) note: String,
}

impl Listed {
    pub(crate) fn of(s: &Shell, document: &Document) -> Option<Self> {
        let version = document.latest.as_ref()?;
        let kind = format!("document-{}", document.kind);
        let named = s.t(&kind);
        let kind = if named == kind { humanize(&document.kind) } else { named };
        let (href, download) = if version.openable {
            (format!("/files/{}/view", version.id), format!("/files/{}", version.id))
        } else {
            (String::new(), String::new())
        };
        let note = scan_note(s, version);
        let title =
            if document.title.is_empty() { version.file_name.clone() } else { document.title.clone() };
        Some(Self { title, meta: format!("{kind} · {}", file_meta(s, version)), href, download, note })
    }
}

pub(super) async fn show(
    place: &Place<'_>,
    id: &str,
    title: Option<&str>,
    block: &Documents,
) -> Result<Shown, PageError> {
    let s = place.s();
    let asked =
        ListDocumentsRequest { account_id: place.account.clone(), page_size: 50, ..Default::default() };
    let mut found = place.ask.documents().list_documents(asked).await?.into_inner().documents;
    if let Some(kind) = &block.of {
        let records = place.records(kind, 50).await?;
        found.retain(|document| records.iter().any(|record| record.id == document.record_id));
    }
    let files = found.iter().filter_map(|document| Listed::of(s, document)).collect();
    shown(&View { s, id, title: title.map_or_else(|| s.t("files-title"), str::to_owned), files })
}

#[cfg(test)]
mod tests {
    use portico_proto::documents::v1::{ScanState, Version};

    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn what_cannot_be_opened_has_no_link_and_says_why() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let document = |scan: ScanState, openable| Document {
            title: "Plan".to_owned(),
            kind: "deliverable".to_owned(),
            latest: Some(Version {
                id: "v1".to_owned(),
                scan: scan.into(),
                openable,
                size: 812,
                file_name: "plan.pdf".to_owned(),
                ..Version::default()
            }),
            ..Document::default()
        };
        let bad = Listed::of(&s, &document(ScanState::Infected, false)).unwrap();
        assert!(bad.href.is_empty() && !bad.note.is_empty());
        let fine = Listed::of(&s, &document(ScanState::Clean, true)).unwrap();
        assert_eq!((fine.href.as_str(), fine.note.as_str()), ("/files/v1/view", ""));
        assert!(fine.meta.contains("PDF · 812 bytes"));
        assert!(!Listed::of(&s, &document(ScanState::NotScanned, true)).unwrap().note.is_empty());
        assert!(Listed::of(&s, &Document::default()).is_none());
        let html =
            View { s: &s, id: "b", title: "Files".to_owned(), files: vec![bad, fine] }.render().unwrap();
        assert_eq!(html.matches("href=\"/files/v1/view\"").count(), 1);
    }
}
