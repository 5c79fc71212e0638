//! What people are told about an envelope by mail and in the portal.

use portico_db::{StoreError, Tx};
use portico_proto::events::v1::NoticeRequested;

use super::publish::say;
use crate::{
    domain::{
        document::Version,
        signature::{Envelope, Part, Side, Signer},
    },
    service::Service,
};

/// Asks somebody to act on an envelope: the person who is expected, or else whoever has the role.
pub(crate) async fn ask_signer(
    service: &Service,
    tx: &mut Tx,
    envelope: &Envelope,
    signer: &Signer,
) -> Result<(), StoreError> {
    let act = if signer.part == Part::Approver { "approve" } else { "sign" };
    let notice = NoticeRequested {
        dedupe_key: format!("envelope-turn:{}", signer.id),
        person_ids: signer.expected.iter().map(|expected| expected.person.to_string()).collect(),
        role: if signer.expected.is_none() { signer.role.clone() } else { String::new() },
        account_id: envelope.account_id.to_string(),
        subject: format!("Please {act}: {}", envelope.title),
        body: format!("It is your turn to {act} {}.", envelope.title),
        link: format!("/tasks/{}", envelope.step_id),
        link_text: "Open it".to_owned(),
        by: vec!["mail".to_owned(), "app".to_owned()],
        kind: "task".to_owned(),
        ..NoticeRequested::default()
    };
    say(service, tx, "notice", envelope.id.0, Some(envelope.account_id), &notice).await?;
    Ok(())
}

/// Tells those who may read along that a document has gone out.
pub(crate) async fn tell_viewers(
    service: &Service,
    tx: &mut Tx,
    envelope: &Envelope,
) -> Result<(), StoreError> {
    let viewers = envelope.signers.iter().filter(|signer| signer.part == Part::Viewer);
    let people: Vec<_> =
        viewers.filter_map(|signer| Some(signer.expected.as_ref()?.person.to_string())).collect();
    if people.is_empty() {
        return Ok(());
    }
    let notice = NoticeRequested {
        dedupe_key: format!("envelope-viewers:{}", envelope.id),
        person_ids: people,
        account_id: envelope.account_id.to_string(),
        subject: format!("Out for signature: {}", envelope.title),
        body: format!(
            "{} has gone out for signature. You need not do anything; you can read along.",
            envelope.title
        ),
        link: format!("/tasks/{}", envelope.step_id),
        link_text: "Read it".to_owned(),
        by: vec!["mail".to_owned(), "app".to_owned()],
        kind: "notice".to_owned(),
        ..NoticeRequested::default()
    };
    say(service, tx, "notice", envelope.id.0, Some(envelope.account_id), &notice).await?;
    Ok(())
}

/// Tells everybody who signed, and who gets a copy, where the signed file is.
pub(crate) async fn tell_envelope_completed(
    service: &Service,
    tx: &mut Tx,
    envelope: &Envelope,
    signed: &Version,
) -> Result<(), StoreError> {
    let people = |side: Side| {
        let theirs = envelope.signers.iter().filter(move |signer| signer.side == side);
        let person = |signer: &Signer| match (signer.person, &signer.expected) {
            (None, Some(expected)) if signer.part == Part::Copy => Some(expected.person),
            (person, _) => person,
        };
        theirs.filter_map(person).map(|id| id.to_string()).collect::<Vec<_>>()
    };
    let internal = people(Side::Internal);
    let notice = NoticeRequested {
        dedupe_key: format!("envelope-completed:{}", envelope.id),
        person_ids: people(Side::External).into_iter().chain(internal.clone()).collect(),
        account_id: envelope.account_id.to_string(),
        subject: format!("Signed by everybody: {}", envelope.title),
        body: format!("{} has been signed by everybody. The signed file is ready for you.", envelope.title),
        link: format!("/files/{}/view", signed.id),
        link_text: "Open the signed file".to_owned(),
        by: vec!["mail".to_owned(), "app".to_owned()],
        kind: "notice".to_owned(),
        reply_to_person_id: internal.first().cloned().unwrap_or_default(),
        ..NoticeRequested::default()
    };
    say(service, tx, "notice", envelope.id.0, Some(envelope.account_id), &notice).await?;
    Ok(())
}
