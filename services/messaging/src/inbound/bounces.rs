//! What came back from a mail, and what follows for its address.

use mail_parser::Message;
use portico_core::{Ctx, MailId};
use sha2::{Digest as _, Sha256};

use crate::{
    domain::{
        bounce::{self, Kind, Reading, Report},
        mail::Mail,
    },
    error::MessagingError,
    events::publish,
    service::Service,
    store::{self, addresses::Bounce},
};

/// Takes a report in that came to the signed address of one mail: no other mail and no other address is touched by it.
pub(super) async fn take(
    service: &Service,
    ctx: &Ctx,
    id: MailId,
    message: &Message<'_>,
    raw: &[u8],
) -> Result<&'static str, MessagingError> {
    let report = match bounce::read(message) {
        Reading::Report(report) => report,
        Reading::Nothing => return Ok("nothing_to_do"),
        // Answers of machines on holiday come here as well.
        Reading::Other => return Ok("no_report"),
    };
    let mut tx = service.store.begin(ctx).await?;
    let mail = store::mails::read(&mut tx, id).await?;
    tx.rollback().await?;
    // The mail may be long gone; its address is not guessed.
    let Some(mail) = mail else { return Ok("no_such_mail") };
    let digest = Sha256::digest(raw).to_vec();
    Ok(if note(service, ctx, &mail, report, digest).await? { "noted" } else { "known" })
}

/// Notes that a mail server has refused a mail's recipient for good, which is a bounce that came at once.
pub(crate) async fn note_refusal(
    service: &Service,
    ctx: &Ctx,
    mail: &Mail,
    answer: &str,
) -> Result<(), MessagingError> {
    let digest = Sha256::digest(format!("{}:{}:{answer}", mail.id, mail.fence)).to_vec();
    let report = Report { kind: Kind::Hard, status: String::new(), detail: answer.to_owned() };
    note(service, ctx, mail, report, digest).await?;
    Ok(())
}

async fn note(
    service: &Service,
    ctx: &Ctx,
    mail: &Mail,
    report: Report,
    digest: Vec<u8>,
) -> Result<bool, MessagingError> {
    let now = service.clock.now();
    let bounce = Bounce {
        id: service.entropy.uuid(now),
        mail_id: Some(mail.id),
        person_id: mail.person_id,
        address: mail.to_address.clone(),
        kind: report.kind.as_str().to_owned(),
        status: report.status,
        detail: report.detail,
        received_at: now,
        digest,
    };
    let mut tx = service.store.begin(ctx).await?;
    if !store::addresses::insert_bounce(&mut tx, &bounce).await? {
        return Ok(false);
    }
    store::addresses::note(&mut tx, &mail.to_address, report.kind, &bounce.detail, now).await?;
    publish::mail_bounced(service, &mut tx, mail, &bounce).await?;
    tx.commit().await?;
    Ok(true)
}

#[cfg(test)]
pub(super) mod tests;
