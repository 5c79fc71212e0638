//! What the service says about comments on documents.

use portico_core::PersonId;
use portico_db::{StoreError, Tx};
use portico_events::AuditDraft;
use portico_proto::events::v1::{NoticeRequested, NoticeWords};
use serde_json::json;

use super::{
    library::touched,
    publish::{EventTag, log, say},
};
use crate::{
    domain::{
        comment::Comment,
        document::{Document, Version},
    },
    service::Service,
};

/// A comment was written. Those whom it mentions are told, and `others`, who wrote in its thread. What it says stays out of both.
pub(crate) async fn added(
    service: &Service,
    tx: &mut Tx,
    document: &Document,
    version: &Version,
    comment: &Comment,
    others: &[PersonId],
) -> Result<EventTag, StoreError> {
    let file = &version.file.name;
    let author = &comment.author_name;
    let told = [
        (
            "mention",
            comment.mentions.as_slice(),
            format!("{author} mentioned you: {file}"),
            format!("{author} wrote a comment on {file} and asks you to look at it."),
            format!("{author} hat Sie erwähnt: {file}"),
            format!("{author} hat einen Kommentar zu {file} geschrieben und bittet Sie, ihn anzusehen."),
        ),
        (
            "answer",
            others,
            format!("New answer: {file}"),
            format!("{author} answered in a conversation about {file} in which you wrote."),
            format!("Neue Antwort: {file}"),
            format!("{author} hat in einem Gespräch über {file} geantwortet, an dem Sie beteiligt sind."),
        ),
    ];
    for (why, people, subject, body, german_subject, german_body) in told {
        if people.is_empty() {
            continue;
        }
        let notice = NoticeRequested {
            dedupe_key: format!("comment:{}:{why}", comment.id),
            person_ids: people.iter().map(ToString::to_string).collect(),
            account_id: document.account_id.to_string(),
            subject,
            body,
            link: format!("/files/{}/view#comment-{}", version.id, comment.id),
            link_text: "Open the comment".to_owned(),
            by: vec!["mail".to_owned(), "app".to_owned()],
            kind: "notice".to_owned(),
            translations: vec![NoticeWords {
                language: "de".to_owned(),
                subject: german_subject,
                body: german_body,
                link_text: "Kommentar öffnen".to_owned(),
            }],
            ..NoticeRequested::default()
        };
        say(service, tx, "notice", document.id.0, None, &notice).await?;
    }
    changed(service, tx, "comment.added", document, version, comment).await
}

/// Something was done with a comment.
pub(crate) async fn changed(
    service: &Service,
    tx: &mut Tx,
    action: &'static str,
    document: &Document,
    version: &Version,
    comment: &Comment,
) -> Result<EventTag, StoreError> {
    // Not everybody of the account sees what is in a folder: by this word the audit shows people of accounts their own acts only.
    let details = json!({ "comment": comment.id, "folder": document.shelf.folder });
    let draft = AuditDraft {
        action,
        object_kind: "document",
        object_id: document.id.0,
        object_label: &version.file.name,
        version: &version.number.to_string(),
        account: Some(document.account_id),
        details,
        internal: document.internal || comment.internal,
    };
    log(service, tx, draft).await?;
    touched(service, tx, document).await
}
