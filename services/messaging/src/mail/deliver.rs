//! One attempt to send a mail: who and what it is about is asked for now, so that what has changed since it was written counts.

use chrono::TimeDelta;
use portico_core::{Ctx, PersonId, ThreadId};
use portico_proto::{identity::v1::Person, time};

use super::{
    Office, Reason, Refused, compose,
    write::{Link, Sheet, test},
};
use crate::{
    domain::{
        bounce::Standing,
        letter::Letter,
        mail::{Mail, Outcome},
        preferences::{Way, optional_kind},
    },
    error::MessagingError,
    inbound::note_refusal,
    peers,
    service::Service,
    store,
};

/// How long a mail can be answered. Every further one in the same thread makes it longer.
const ANSWERABLE: TimeDelta = TimeDelta::days(90);
/// Said of a mail whose link no longer lets anybody in.
const LINK_WITHDRAWN: &str = "The link was withdrawn";
/// Said of a mail to somebody who is deactivated or gone.
pub(super) const NOBODY: &str = "This person is no longer active";
/// Said of a mail about an account to somebody who has no place there.
const NO_MEMBER: &str = "This person does not belong to the account";
/// Said of a mail to an address that mail came back from.
const UNDELIVERABLE: &str = "Mail to this address came back. Confirm the address, then try again";
/// Said of a mail to somebody who has called the firm's mail spam.
const COMPLAINED: &str = "The reader has reported mails like this as spam";
/// Said of a mail that could not be written because something was away.
pub(super) const AWAY: &str = "Part of the system was away. It will be tried again.";

/// A mail as it leaves, and to whom.
struct Written {
    letter: Letter,
    to: (String, String),
    reply_to: Option<(String, String)>,
    unsubscribe: Option<String>,
}

/// What stands where a mail cannot be written.
pub(super) enum Blank {
    Never(&'static str),
    Pointless,
}

impl From<Blank> for Outcome {
    fn from(blank: Blank) -> Self {
        match blank {
            Blank::Never(reason) => Self::Never(reason.to_owned()),
            Blank::Pointless => Self::Pointless,
        }
    }
}

/// Tries to send a mail once. `mail.subject` becomes what was sent, and `mail.to_address` to where.
pub(crate) async fn deliver(service: &Service, ctx: &Ctx, mail: &mut Mail) -> Outcome {
    match attempt(service, ctx, mail).await {
        Ok(outcome) => outcome,
        Err(error) => {
            tracing::warn!(mail = %mail.id, %error, "a mail could not be written and will be tried again");
            Outcome::Later(AWAY.to_owned())
        }
    }
}

async fn attempt(service: &Service, ctx: &Ctx, mail: &mut Mail) -> Result<Outcome, MessagingError> {
    let office = Office::of(service, ctx).await?;
    let written = match write(service, ctx, &office, mail).await? {
        Ok(written) => written,
        Err(blank) => return Ok(blank.into()),
    };
    mail.subject.clone_from(&written.letter.subject);
    let mut envelope = office.envelope(service, mail.id, written.to);
    (envelope.reply_to, envelope.unsubscribe) = (written.reply_to, written.unsubscribe);
    // A calendar's file says what a meeting is about.
    let calendar = if office.settings.hide_contents { "" } else { mail.calendar.as_str() };
    let ready = match compose(&envelope, &written.letter, &office.firm.colour, calendar) {
        Ok(ready) => ready,
        Err(reason) => return Ok(Outcome::Never(reason)),
    };
    Ok(match office.send(service, ctx, ready).await {
        Ok(taken) => Outcome::Sent(taken.kept),
        Err(Refused { answer, for_good: true, reason: Reason::Recipient }) => {
            note_refusal(service, ctx, mail, &answer).await?;
            Outcome::Never(answer)
        }
        Err(Refused { answer, for_good: true, .. }) => Outcome::Never(answer),
        Err(Refused { answer, for_good: false, .. }) => Outcome::Later(answer),
    })
}

async fn write(
    service: &Service,
    ctx: &Ctx,
    office: &Office,
    mail: &mut Mail,
) -> Result<Result<Written, Blank>, MessagingError> {
    let Some(person_id) = mail.person_id else {
        let to = (String::new(), mail.to_address.clone());
        let letter = test(&office.firm);
        return Ok(Ok(Written { letter, to, reply_to: None, unsubscribe: None }));
    };
    let wanted: Vec<PersonId> = [Some(person_id), mail.reply_to].into_iter().flatten().collect();
    let people = peers::people(service, ctx, &wanted).await?;
    let Some(person) = people.get(&person_id) else { return Ok(Err(Blank::Never(NOBODY))) };
    // Where it goes now, which is not where it would have gone when it was written: what comes back concerns this address.
    mail.to_address.clone_from(&person.email);
    let mail = &*mail;
    if let Some(blank) = objection(service, ctx, mail, person_id, person).await? {
        return Ok(Err(blank));
    }
    let of_note = match mail.thread_id {
        Some(thread) => tells_of_note(service, ctx, person_id, thread).await?,
        None => false,
    };
    let reply_to = mail.reply_to.filter(|_| !of_note).and_then(|id| people.get(&id));
    let answers = match mail.thread_id {
        Some(thread) if !of_note => answers_to(service, ctx, office, person_id, thread).await?,
        _ => None,
    };
    let code = optional_kind(&mail.kind).and_then(|kind| office.tokens.unsubscribe(person_id, kind));
    let unsubscribe = code.map(|code| format!("{}/mail/unsubscribe/{code}", office.origin));
    let sheet = Sheet {
        mail,
        office,
        person,
        reply_to,
        unsubscribe: unsubscribe.as_deref(),
        answerable: answers.is_some(),
    };
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
    let reply_to = answers.or_else(|| reply_to.map(named));
    Ok(Ok(Written { letter, to: named(person), reply_to, unsubscribe }))
}

/// Whether a mail about a thread tells this person of a note for staff. An answer by mail is posted for everybody to read, so such a
/// mail must not ask for one. Asked when the mail leaves: a note may have joined others while it waited.
async fn tells_of_note(
    service: &Service,
    ctx: &Ctx,
    person: PersonId,
    thread: ThreadId,
) -> Result<bool, MessagingError> {
    let mut tx = service.store.begin(ctx).await?;
    let found = store::participants::has_unread_note(&mut tx, thread, person).await?;
    tx.rollback().await?;
    Ok(found)
}

/// The name and address that this person's answers in a thread go to; none where the firm takes no mail in.
async fn answers_to(
    service: &Service,
    ctx: &Ctx,
    office: &Office,
    person: PersonId,
    thread: ThreadId,
) -> Result<Option<(String, String)>, MessagingError> {
    if office.settings.inbound_address.is_empty() {
        return Ok(None);
    }
    let now = service.clock.now();
    let mut tx = service.store.begin(ctx).await?;
    let fresh = service.entropy.uuid(now);
    let id = store::replies::ensure(&mut tx, person, thread, fresh, now, now + ANSWERABLE).await?;
    tx.commit().await?;
    let address = office.inbound(&office.tokens.reply(id));
    Ok(address.map(|address| (office.firm.name.clone(), address)))
}

/// What has come up against a mail since it was written: its person has left, wants no such mails, or has read it in the app.
pub(super) async fn objection(
    service: &Service,
    ctx: &Ctx,
    mail: &Mail,
    person_id: PersonId,
    person: &Person,
) -> Result<Option<Blank>, MessagingError> {
    // A link is its person's own; everything else is about the account, and may have waited since they left it.
    if let (None, Some(account), false) = (mail.link_id, mail.account_id, peers::is_staff(person))
        && !peers::is_member(service, ctx, account, person_id).await?
    {
        return Ok(Some(Blank::Never(NO_MEMBER)));
    }
    let kind = optional_kind(&mail.kind);
    let mut tx = service.store.begin(ctx).await?;
    let standing = store::addresses::read(&mut tx, &person.email).await?.standing;
    match (standing, kind) {
        (Standing::Undeliverable, _) => return Ok(Some(Blank::Never(UNDELIVERABLE))),
        (Standing::Complained, Some(_)) => return Ok(Some(Blank::Never(COMPLAINED))),
        _ => {}
    }
    let Some(kind) = kind else { return Ok(None) };
    let unwanted = store::preferences::of(&mut tx, person_id).await?.way(kind) == Way::Never;
    let read = match mail.notification_id {
        // Whoever has read of a meeting in the app still needs the file that puts it into their calendar, or takes it out.
        Some(id) if mail.calendar.is_empty() => store::notifications::is_read(&mut tx, id).await?,
        _ => false,
    };
    tx.rollback().await?;
    Ok((unwanted || read).then_some(Blank::Pointless))
}
