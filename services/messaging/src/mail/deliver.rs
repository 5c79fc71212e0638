//! One attempt to send a mail: who and what it is about is asked for now, so that what has changed since it was written counts.

use portico_core::{Ctx, PersonId};
use portico_proto::{identity::v1::Person, tenancy::v1::Tenant, time};

use super::{
    Envelope, Refused, compose,
    write::{Link, Sheet, test},
};
use crate::{
    domain::{
        letter::Letter,
        mail::{Mail, Outcome, message_id},
    },
    error::MessagingError,
    peers,
    service::Service,
    store,
};

/// Said of a mail whose link no longer lets anybody in.
const LINK_WITHDRAWN: &str = "The link was withdrawn";
/// Said of a mail to somebody who is deactivated or gone.
const NOBODY: &str = "This person is no longer active";
/// Said of a mail about an account to somebody who has no place there.
const NO_MEMBER: &str = "This person does not belong to the account";

/// A mail as it leaves, and to whom.
struct Written {
    letter: Letter,
    to: (String, String),
    reply_to: Option<(String, String)>,
}

/// What stands where a mail cannot be written.
enum Blank {
    Never(&'static str),
    Pointless,
}

/// Tries to send a mail once. `mail.subject` becomes what was sent.
pub(crate) async fn deliver(service: &Service, ctx: &Ctx, mail: &mut Mail) -> Outcome {
    match attempt(service, ctx, mail).await {
        Ok(outcome) => outcome,
        Err(error) => {
            tracing::warn!(mail = %mail.id, %error, "a mail could not be written and will be tried again");
            Outcome::Later("Part of the system was away. It will be tried again.".to_owned())
        }
    }
}

async fn attempt(service: &Service, ctx: &Ctx, mail: &mut Mail) -> Result<Outcome, MessagingError> {
    let firm = peers::tenant(service, ctx).await?;
    let written = match write(service, ctx, &firm, mail).await? {
        Ok(written) => written,
        Err(Blank::Never(reason)) => return Ok(Outcome::Never(reason.to_owned())),
        Err(Blank::Pointless) => return Ok(Outcome::Pointless),
    };
    mail.subject.clone_from(&written.letter.subject);
    let envelope = Envelope {
        message_id: message_id(mail.id, &firm.sender_address),
        from: (firm.name.clone(), firm.sender_address.clone()),
        to: written.to,
        reply_to: written.reply_to,
        at: service.clock.now(),
    };
    let ready = match compose(&envelope, &written.letter, &firm.colour, &mail.calendar) {
        Ok(ready) => ready,
        Err(reason) => return Ok(Outcome::Never(reason)),
    };
    let kept = service.carrier.keeps_mails().then_some(ready.parts);
    Ok(match service.carrier.send(ready.message).await {
        Ok(_) => Outcome::Sent(kept),
        Err(Refused { answer, for_good: true }) => Outcome::Never(answer),
        Err(Refused { answer, for_good: false }) => Outcome::Later(answer),
    })
}

async fn write(
    service: &Service,
    ctx: &Ctx,
    firm: &Tenant,
    mail: &Mail,
) -> Result<Result<Written, Blank>, MessagingError> {
    let Some(person_id) = mail.person_id else {
        let to = (String::new(), mail.to_address.clone());
        return Ok(Ok(Written { letter: test(firm), to, reply_to: None }));
    };
    let wanted: Vec<PersonId> = [Some(person_id), mail.reply_to].into_iter().flatten().collect();
    let people = peers::people(service, ctx, &wanted).await?;
    let Some(person) = people.get(&person_id) else { return Ok(Err(Blank::Never(NOBODY))) };
    // A link is its person's own; everything else is about the account, and may have waited since they left it.
    if let (None, Some(account), false) = (mail.link_id, mail.account_id, peers::is_staff(person))
        && !peers::is_member(service, ctx, account, person_id).await?
    {
        return Ok(Err(Blank::Never(NO_MEMBER)));
    }
    let reply_to = mail.reply_to.and_then(|id| people.get(&id));
    let origin = service.config.origin_of(&firm.slug);
    let sheet = Sheet { mail, firm, origin: &origin, person, reply_to };
    let letter = match (&mail.link_id, &mail.thread_id) {
        (Some(link), _) => {
            let minted = peers::mint_link(service, ctx, *link).await;
            let minted = match minted {
                Err(MessagingError::NotFound) => return Ok(Err(Blank::Never(LINK_WITHDRAWN))),
                other => other?,
            };
            if minted.secret.is_empty() {
                return Ok(Err(Blank::Never(LINK_WITHDRAWN)));
            }
            let expires_at = minted.expires_at.as_ref().and_then(time::moment);
            let link = Link { secret: minted.secret, expires_at };
            if mail.kind == "invitation" { sheet.invitation(&link) } else { sheet.sign_in(&link) }
        }
        (None, Some(thread)) => {
            let mut tx = service.store.begin(ctx).await?;
            let found = store::threads::read(&mut tx, *thread).await?;
            let unread = store::participants::mail_state(&mut tx, *thread, person_id).await?;
            tx.rollback().await?;
            match (found, unread) {
                (Some(thread), Some((_, unread))) if unread > 0 => sheet.messages(&thread.title, unread),
                // Read in the meantime.
                _ => return Ok(Err(Blank::Pointless)),
            }
        }
        (None, None) => sheet.notice(),
    };
    let named = |person: &Person| (person.name.clone(), person.email.clone());
    Ok(Ok(Written { letter, to: named(person), reply_to: reply_to.map(named) }))
}
