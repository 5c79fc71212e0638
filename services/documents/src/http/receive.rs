//! A file on its way in: streamed into the vault, then judged by what it is.

use std::{io, sync::Arc};

use axum::body::{Body, HttpBody as _};
use futures_util::TryStreamExt as _;
use http::HeaderMap;
use portico_core::{AccountId, DocumentId, ErrorCode, PersonId, RecordId, StepId, TenantId, VersionId};
use portico_db::{StoreError, Tx};
use portico_rpc::ServiceError as _;
use serde::Serialize;
use tokio_util::io::StreamReader;

use super::uploads::is_final;
use crate::{
    content::{Accept, ImageFormat, Kind, accepts, safe_file_name, sniff, unpacks_to_too_much},
    domain::{
        document::{Document, DocumentKind, FileFacts, Version, kind_word, size_text},
        library::Shelf,
        upload::Outcome,
    },
    error::DocumentsError,
    service::{Call, Service, SharedService},
    store,
    vault::{Received, Stored, VaultError},
};

/// A file whose bytes are stored, and of which no row tells yet.
pub(super) struct Landed {
    pub(super) tenant: TenantId,
    pub(super) document: DocumentId,
    pub(super) version: VersionId,
    pub(super) file: FileFacts,
    /// Whether it came in several goes: then a row keeps its bytes, and hears what came of them.
    pub(super) in_goes: bool,
}

/// What a new document is to be.
pub(super) struct Plan {
    pub(super) kind: DocumentKind,
    pub(super) account: AccountId,
    pub(super) record: Option<RecordId>,
    pub(super) step: Option<StepId>,
    pub(super) bound: bool,
}

/// The name in the header `x-file-name`: percent-encoded UTF-8.
pub(super) fn file_name(headers: &HeaderMap) -> Result<String, DocumentsError> {
    let named =
        headers.get("x-file-name").and_then(|value| value.to_str().ok()).filter(|name| !name.is_empty());
    let name = named.ok_or_else(|| {
        DocumentsError::invalid(
            "x-file-name",
            "Send the file's name, percent-encoded, in the header x-file-name.",
        )
    })?;
    Ok(safe_file_name(&decode(name)))
}

/// UTF-8, with everything but letters, digits and `-._~` as `%XX`, for a header.
pub(super) fn percent_encoded(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

/// Undoes percent-encoding; what is not encoded properly stays as it is.
pub(super) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let mut byte = [0];
        match tail.get(..2) {
            Some(digits) if *first == b'%' && hex::decode_to_slice(digits, &mut byte).is_ok() => {
                bytes.push(byte[0]);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The ids of a new version of `document`, or of the first one of a new document.
pub(super) fn ids(service: &Service, document: Option<DocumentId>) -> (DocumentId, VersionId) {
    let now = service.clock.now();
    let document = document.unwrap_or_else(|| DocumentId::new(now, &*service.entropy));
    (document, VersionId::new(now, &*service.entropy))
}

/// The person who uploads.
pub(super) fn uploader(call: &Call) -> Result<PersonId, DocumentsError> {
    call.ctx.actor.person.ok_or(DocumentsError::Forbidden)
}

/// Streams the body into the vault and looks at what came. On a refusal nothing is left behind.
pub(super) async fn receive(
    service: &Service,
    call: &Call,
    (document, version): (DocumentId, VersionId),
    name: String,
    body: Body,
    limit: u64,
    accepted: &[Accept],
) -> Result<Landed, DocumentsError> {
    let tenant = call.ctx.tenant;
    // What says of itself that it is too large need not be sent first.
    if body.size_hint().lower() > limit {
        return Err(VaultError::TooLarge { limit }.into());
    }
    let source = StreamReader::new(body.into_data_stream().map_err(io::Error::other));
    let received = service.vault.write(tenant, document, version, source, limit).await?;
    judge(service, &received, name, accepted, false).await
}

/// Looks at what is stored and says what it is; a file that is refused leaves nothing behind. What could not
/// be judged leaves nothing either, unless it came in several goes.
pub(super) async fn judge(
    service: &Service,
    received: &Received,
    name: String,
    accepted: &[Accept],
    in_goes: bool,
) -> Result<Landed, DocumentsError> {
    let Stored { tenant, document, version, .. } = received.stored;
    let sniffed = sniff(&received.head, &received.tail);
    let mut landed = Landed {
        tenant,
        document,
        version,
        file: FileFacts {
            media_type: sniffed.mime.to_owned(),
            kind: kind_word(sniffed.kind).to_owned(),
            size: received.stored.size,
            sha256: received.stored.sha256,
            pages: 0,
            key: received.stored.key.clone(),
            active: Vec::new(),
            name,
        },
        in_goes,
    };
    let checked = async {
        accepts(accepted, &sniffed, &landed.file.name)
            .map_err(|refusal| DocumentsError::File(refusal.to_string()))?;
        if matches!(sniffed.kind, Kind::Zip | Kind::Office(_))
            && let Some(unpacked) = unpacks_to_too_much(&received.tail, received.stored.size)
        {
            let text = format!(
                "This archive unpacks to {}, far more than a real one of its size. Please upload the files themselves.",
                size_text(unpacked)
            );
            return Err(DocumentsError::File(text));
        }
        let active = service.previews.look_into(&service.vault, received, sniffed.kind).await?;
        if sniffed.kind == Kind::Pdf {
            let (previews, here) = (&service.previews, service.config.checked_here);
            return Ok((previews.count_pages(&service.vault, &received.stored, here).await?, active));
        }
        if sniffed.kind == Kind::Image(ImageFormat::Tiff) {
            return Ok((service.previews.count_sheets(&service.vault, &received.stored).await?, active));
        }
        Ok((0, active))
    };
    match checked.await {
        Ok((pages, active)) => {
            (landed.file.pages, landed.file.active) = (pages, active);
            Ok(landed)
        }
        Err(error) => {
            // Of what came in several goes the sender was told that it is here: it stays for the next try, unless it is refused.
            if !in_goes || is_final(&error) {
                discard(service, tenant, version).await;
            }
            Err(error)
        }
    }
}

/// Writes the rows of a file that has landed. A caller who hangs up now does not stop it, and where it is refused the bytes go.
pub(super) async fn settle<T: Send + 'static>(
    service: &SharedService,
    landed: &Landed,
    work: impl Future<Output = Result<T, DocumentsError>> + Send + 'static,
) -> Result<T, DocumentsError> {
    let (service, tenant, version) = (Arc::clone(service), landed.tenant, landed.version);
    let settled = tokio::spawn(async move {
        let outcome = work.await;
        // A commit whose answer was lost may have gone through: then the bytes belong to a row.
        if let Err(error) = &outcome
            && error.problem().code != ErrorCode::Unavailable
        {
            discard(&service, tenant, version).await;
        }
        service.scans.notify_one();
        service.drawings.notify_one();
        outcome
    });
    settled
        .await
        .map_err(|error| DocumentsError::Unreadable(format!("an upload could not be settled: {error}")))?
}

/// Removes bytes that no row tells of. Where that fails they stay, sealed and unreachable.
pub(crate) async fn discard(service: &Service, tenant: TenantId, version: VersionId) {
    if let Err(error) = service.vault.delete(tenant, version).await {
        tracing::warn!(%version, %error, "the bytes of a refused file could not be removed");
    }
}

impl Landed {
    /// Writes the version's row.
    pub(super) async fn insert(&self, tx: &mut Tx, version: &Version) -> Result<(), DocumentsError> {
        if self.in_goes {
            store::versions::insert_kept(tx, version).await
        } else {
            store::versions::insert(tx, version).await
        }
    }

    /// Lets whoever sent it in several goes find out that it has arrived, also when this answer is lost.
    pub(super) async fn arrived(&self, tx: &mut Tx, answer: &impl Serialize) -> Result<(), DocumentsError> {
        if !self.in_goes {
            return Ok(());
        }
        let answer = serde_json::to_value(answer)
            .map_err(|error| DocumentsError::Unreadable(format!("the answer of an upload: {error}")))?;
        if store::uploads::conclude(tx, self.version, &Outcome::Landed(answer)).await? {
            return Ok(());
        }
        // Another go has come to its end first, and this one leaves nothing.
        Err(DocumentsError::Store(StoreError::Conflict))
    }

    /// The rows of the first version of a new document.
    pub(super) fn rows(
        &self,
        service: &Service,
        call: &Call,
        person: PersonId,
        plan: Plan,
        title: &str,
    ) -> (Document, Version) {
        let now = service.clock.now();
        let document = Document {
            id: self.document,
            account_id: plan.account,
            internal: false,
            kind: plan.kind,
            title: title.to_owned(),
            record_id: plan.record,
            step_id: plan.step,
            bound: plan.bound,
            created_by: person,
            created_at: now,
            shelf: Shelf::default(),
        };
        let version = self.version_row(service, call, person, &document, 1);
        (document, version)
    }

    /// The row of a further version.
    pub(super) fn version_row(
        &self,
        service: &Service,
        call: &Call,
        person: PersonId,
        document: &Document,
        number: i32,
    ) -> Version {
        Version {
            id: self.version,
            account_id: document.account_id,
            internal: document.internal,
            document_id: document.id,
            number,
            file: self.file.clone(),
            scan: service.unseen(),
            added_by: person,
            added_by_name: call.ctx.actor.name.clone(),
            added_at: service.clock.now(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_decoded_and_made_safe() {
        let named = |name: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-file-name", name.parse().unwrap());
            file_name(&headers)
        };
        assert_eq!(named("R%C3%A9sum%C3%A9%20%281%29.pdf").unwrap(), "Résumé (1).pdf");
        assert_eq!(named("..%2F..%2Fetc%2Fpasswd").unwrap(), "passwd");
        assert_eq!(named("100%.pdf").unwrap(), "100%.pdf");
        assert_eq!(named("a%0d%0ab.txt").unwrap(), "ab.txt");
        assert!(file_name(&HeaderMap::new()).is_err());
    }
}
