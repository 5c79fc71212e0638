//! Documents and their versions.

use chrono::{DateTime, Utc};
use portico_core::{AccountId, DocumentId, PersonId, RecordId, StepId, TenantId, VersionId};

use crate::{
    content::{Active, Kind, ScanState},
    domain::library::Shelf,
    vault::{KeyId, Stored, WrappedKey},
};

/// What a document is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DocumentKind {
    /// Handed in for a row of a request.
    Upload,
    /// Handed over for approval.
    Deliverable,
    /// What signers read.
    Contract,
    /// What they signed.
    Signed,
    /// Part of a message.
    Attachment,
    /// The value of a record's field.
    RecordFile,
    /// Put straight into a folder of the library.
    Library,
}

impl DocumentKind {
    const ALL: [Self; 7] = [
        Self::Upload,
        Self::Deliverable,
        Self::Contract,
        Self::Signed,
        Self::Attachment,
        Self::RecordFile,
        Self::Library,
    ];

    /// The word that stands in the database and in messages.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Deliverable => "deliverable",
            Self::Contract => "contract",
            Self::Signed => "signed",
            Self::Attachment => "attachment",
            Self::RecordFile => "record_file",
            Self::Library => "library",
        }
    }

    /// The kind of this word.
    pub(crate) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) id: DocumentId,
    pub(crate) account_id: AccountId,
    pub(crate) internal: bool,
    pub(crate) kind: DocumentKind,
    pub(crate) title: String,
    pub(crate) record_id: Option<RecordId>,
    pub(crate) step_id: Option<StepId>,
    pub(crate) bound: bool,
    pub(crate) created_by: PersonId,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) shelf: Shelf,
}

/// One immutable version of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) id: VersionId,
    pub(crate) account_id: AccountId,
    pub(crate) internal: bool,
    pub(crate) document_id: DocumentId,
    pub(crate) number: i32,
    pub(crate) file: FileFacts,
    pub(crate) scan: ScanState,
    pub(crate) added_by: PersonId,
    pub(crate) added_by_name: String,
    pub(crate) added_at: DateTime<Utc>,
}

/// What is known about stored bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileFacts {
    pub(crate) name: String,
    pub(crate) media_type: String,
    /// pdf, image, office, zip, text, html, svg, program or other.
    pub(crate) kind: String,
    pub(crate) size: u64,
    pub(crate) sha256: [u8; 32],
    /// Pages of a PDF; 0 where unknown.
    pub(crate) pages: i32,
    pub(crate) key: WrappedKey,
    /// What in it acts when it is opened, as far as was looked.
    pub(crate) active: Vec<Active>,
}

impl FileFacts {
    /// The hash as people and messages write it.
    pub(crate) fn sha256_text(&self) -> String {
        hex::encode(self.sha256)
    }

    /// What the vault needs to read the bytes again.
    pub(crate) fn stored(&self, tenant: TenantId, document: DocumentId, version: VersionId) -> Stored {
        Stored { tenant, document, version, size: self.size, sha256: self.sha256, key: self.key.clone() }
    }

    /// Whether a browser may show it in a page: it cannot act there.
    pub(crate) fn is_shown_inline(&self) -> bool {
        self.active.is_empty() && matches!(self.kind.as_str(), "pdf" | "image")
    }
}

impl Version {
    /// What the vault needs to read the bytes again.
    pub(crate) fn stored(&self, tenant: TenantId) -> Stored {
        self.file.stored(tenant, self.document_id, self.id)
    }
}

/// A template file that definitions name. It has no document: its version's id stands for both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    pub(crate) path: String,
    pub(crate) version_id: VersionId,
    pub(crate) file: FileFacts,
    pub(crate) uploaded_by: PersonId,
    pub(crate) uploaded_at: DateTime<Utc>,
}

impl Template {
    /// What the vault needs to read the bytes again.
    pub(crate) fn stored(&self, tenant: TenantId) -> Stored {
        self.file.stored(tenant, DocumentId(self.version_id.0), self.version_id)
    }
}

/// A template's path as definitions write it: relative, of plain words, ending in `.pdf`.
pub(crate) fn is_template_path(path: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' '))
    };
    path.len() <= 200 && path.to_ascii_lowercase().ends_with(".pdf") && path.split('/').all(plain)
}

/// The word that is kept for a kind of content.
pub(crate) const fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Pdf => "pdf",
        Kind::Image(_) => "image",
        Kind::Office(_) => "office",
        Kind::Zip => "zip",
        Kind::Text => "text",
        Kind::Html => "html",
        Kind::Svg => "svg",
        Kind::Program => "program",
        Kind::Other => "other",
    }
}

/// A wrapped key from its columns.
pub(crate) fn wrapped(key_id: String, bytes: Vec<u8>) -> WrappedKey {
    WrappedKey { key_id: KeyId(key_id), bytes }
}

/// A size in words: `100 MB`.
pub(crate) fn size_text(bytes: u64) -> String {
    const KIB: u64 = 1024;
    match bytes {
        _ if bytes >= KIB * KIB * KIB && bytes.is_multiple_of(KIB * KIB * KIB) => {
            format!("{} GB", bytes / KIB / KIB / KIB)
        }
        _ if bytes >= KIB * KIB => format!("{} MB", bytes / KIB / KIB),
        _ if bytes >= KIB => format!("{} KB", bytes / KIB),
        _ => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_word() {
        for kind in DocumentKind::ALL {
            assert_eq!(DocumentKind::of(kind.word()), Some(kind));
        }
        assert_eq!(DocumentKind::of("secret"), None);
    }

    #[test]
    fn a_template_path_stays_beside_its_definition() {
        for fine in ["templates/data-agreement.pdf", "nda.PDF", "a b/Vertrag_2.pdf"] {
            assert!(is_template_path(fine), "{fine}");
        }
        for wrong in [
            "",
            "/etc/x.pdf",
            "../x.pdf",
            "a//b.pdf",
            "a/.hidden.pdf",
            "x.docx",
            "a\\b.pdf",
            "a/\u{202e}.pdf",
        ] {
            assert!(!is_template_path(wrong), "{wrong}");
        }
    }

    #[test]
    fn sizes_read_well() {
        let sizes =
            [(100 * 1024 * 1024, "100 MB"), (1024 * 1024 * 1024, "1 GB"), (2048, "2 KB"), (7, "7 bytes")];
        for (bytes, text) in sizes {
            assert_eq!(size_text(bytes), text);
        }
    }
}
