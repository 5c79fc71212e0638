//! What the service says about drop links.

use portico_db::{StoreError, Tx};
use portico_events::AuditDraft;
use portico_proto::events::v1::{NoticeRequested, NoticeWords, Touched};
use serde_json::{Value, json};

use super::publish::{EventTag, log, say};
use crate::{
    domain::{
        document::{Document, Version},
        drop_link::{DropLink, Sender},
        library::Folder,
    },
    service::Service,
};

/// Something was done with a link. People of accounts are told nothing of it.
pub(crate) async fn changed(
    service: &Service,
    tx: &mut Tx,
    action: &'static str,
    link: &DropLink,
    details: Value,
) -> Result<EventTag, StoreError> {
    let draft = AuditDraft {
        action,
        object_kind: "drop_link",
        object_id: link.id.0,
        object_label: &link.title,
        version: "",
        account: Some(link.account_id),
        details,
        internal: true,
    };
    log(service, tx, draft).await?;
    let event =
        Touched { object_kind: "drop_link".to_owned(), object_id: link.id.to_string(), ..Touched::default() };
    say(service, tx, "document", link.id.0, None, &event).await
}

/// A file came by a link; whoever made the link is told when it is the first after a while.
pub(crate) async fn received(
    service: &Service,
    tx: &mut Tx,
    link: &DropLink,
    inbox: &Folder,
    (document, version): (&Document, &Version),
    sender: &Sender,
) -> Result<(), StoreError> {
    let details = json!({
        "document": document.id, "folder": inbox.id, "sender": sender.name, "email": sender.email.as_str(),
    });
    changed(service, tx, "drop_link.used", link, details).await?;
    if !link.is_news(version.added_at) {
        return Ok(());
    }
    let notice = NoticeRequested {
        dedupe_key: format!("dropped:{}:{}", link.id, version.id),
        person_ids: vec![link.created_by.to_string()],
        account_id: link.account_id.to_string(),
        subject: format!("Files came in: {}", link.title),
        body: format!(
            "{} has begun to send files by your link “{}”.\n\nThey lie in the folder {}, for your firm only. Move what the client \
             may see into another folder.",
            sender.label(),
            link.title,
            inbox.name
        ),
        link: format!("/console/folders/{}", inbox.id),
        link_text: "Open the folder".to_owned(),
        by: vec!["mail".to_owned(), "app".to_owned()],
        kind: "notice".to_owned(),
        translations: vec![NoticeWords {
            language: "de".to_owned(),
            subject: format!("Dateien sind eingegangen: {}", link.title),
            body: format!(
                "{} hat begonnen, über Ihren Link „{}“ Dateien zu senden.\n\nSie liegen im Ordner {}, nur für Ihre Firma. \
                 Verschieben Sie in einen anderen Ordner, was der Kunde sehen darf.",
                sender.label(),
                link.title,
                inbox.name
            ),
            link_text: "Ordner öffnen".to_owned(),
        }],
        ..NoticeRequested::default()
    };
    say(service, tx, "notice", document.id.0, None, &notice).await?;
    Ok(())
}
