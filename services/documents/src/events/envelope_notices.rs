//! What people are told about an envelope by mail and in the portal.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use portico_db::{StoreError, Tx};
use portico_proto::events::v1::NoticeRequested;

use super::{
    envelope_words::{self, Asked},
    publish::say,
};
use crate::{
    domain::{
        document::Version,
        nudge::Nudge,
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
    let notice = NoticeRequested {
        dedupe_key: format!("envelope-turn:{}", signer.id),
        kind: "task".to_owned(),
        ..envelope_words::ask(asked(signer), &envelope.title)
    };
    tell_signer(service, tx, envelope, signer, notice).await
}

const fn asked(signer: &Signer) -> Asked {
    if matches!(signer.part, Part::Approver) { Asked::Approval } else { Asked::Signature }
}

/// Tells the person who is expected in a place, or else whoever has the role.
async fn tell_signer(
    service: &Service,
    tx: &mut Tx,
    envelope: &Envelope,
    signer: &Signer,
    notice: NoticeRequested,
) -> Result<(), StoreError> {
    let notice = NoticeRequested {
        person_ids: signer.expected.iter().map(|expected| expected.person.to_string()).collect(),
        role: if signer.expected.is_none() { signer.role.clone() } else { String::new() },
        account_id: envelope.account_id.to_string(),
        // Whoever was named need not see the step.
        link: match signer.named {
            true => format!("/sign/{}", envelope.id),
            false => format!("/tasks/{}", envelope.step_id),
        },
        by: vec!["mail".to_owned(), "app".to_owned()],
        ..notice
    };
    say(service, tx, "notice", envelope.id.0, Some(envelope.account_id), &notice).await?;
    Ok(())
}

/// Tells somebody that they were named for a place in which it is the turn now.
pub(crate) async fn tell_named(
    service: &Service,
    tx: &mut Tx,
    envelope: &Envelope,
    signer: &Signer,
    message: &str,
) -> Result<(), StoreError> {
    let by = tx.ctx().actor.name.clone();
    let asked_at = signer.sent_at.map(|at| at.timestamp_micros()).unwrap_or_default();
    let notice = NoticeRequested {
        dedupe_key: format!("envelope-named:{}:{asked_at}", signer.id),
        kind: "task".to_owned(),
        reply_to_person_id: tx.ctx().actor.person.map(|id| id.to_string()).unwrap_or_default(),
        ..envelope_words::named(asked(signer), &envelope.title, &by, message)
    };
    tell_signer(service, tx, envelope, signer, notice).await
}

/// A day as mails in English and in German write it.
fn day(at: DateTime<Utc>, zone: Tz) -> (String, String) {
    let at = at.with_timezone(&zone);
    (at.format("%-d %B %Y").to_string(), at.format("%d.%m.%Y").to_string())
}

/// Reminds somebody whose turn it is; `nudge` is how their reminders stood before.
pub(crate) async fn remind_signer(
    service: &Service,
    tx: &mut Tx,
    envelope: &Envelope,
    signer: &Signer,
    (nudge, zone): (&Nudge, Tz),
) -> Result<(), StoreError> {
    let until = nudge.expires_at.map(|until| day(until, zone));
    let notice = NoticeRequested {
        dedupe_key: format!("envelope-reminder:{}:{}", signer.id, nudge.since.timestamp_micros()),
        kind: "reminder".to_owned(),
        ..envelope_words::remind(asked(signer), &envelope.title, until)
    };
    tell_signer(service, tx, envelope, signer, notice).await
}

/// Tells the firm's signers, or else its administrators, that somebody's time to sign is over.
pub(crate) async fn tell_expired(
    service: &Service,
    tx: &mut Tx,
    envelope: &Envelope,
    signer: &Signer,
) -> Result<(), StoreError> {
    let firms = envelope.acting().find(|one| one.side == Side::Internal);
    let person = firms.and_then(|one| Some(one.expected.as_ref()?.person.to_string()));
    let role = firms.map_or("admin", |one| one.role.as_str());
    let ended = signer.expires_at.map(|at| at.timestamp()).unwrap_or_default();
    let notice = NoticeRequested {
        dedupe_key: format!("envelope-expired:{}:{ended}", signer.id),
        role: if person.is_none() { role.to_owned() } else { String::new() },
        person_ids: person.into_iter().collect(),
        account_id: envelope.account_id.to_string(),
        link: format!("/console/steps/{}/envelope", envelope.step_id),
        by: vec!["mail".to_owned(), "app".to_owned()],
        kind: "escalation".to_owned(),
        ..envelope_words::expired(&envelope.title, signer.shown_name())
    };
    say(service, tx, "notice", envelope.id.0, Some(envelope.account_id), &notice).await?;
    Ok(())
}

/// Tells somebody whose time was over that they have time again.
pub(crate) async fn tell_extended(
    service: &Service,
    tx: &mut Tx,
    envelope: &Envelope,
    signer: &Signer,
    zone: Tz,
) -> Result<(), StoreError> {
    let Some(until) = signer.expires_at else { return Ok(()) };
    let notice = NoticeRequested {
        dedupe_key: format!("envelope-extended:{}:{}", signer.id, until.timestamp()),
        kind: "task".to_owned(),
        ..envelope_words::extended(&envelope.title, day(until, zone))
    };
    tell_signer(service, tx, envelope, signer, notice).await
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
