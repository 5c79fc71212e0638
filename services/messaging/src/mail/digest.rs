//! The day's digest: everything that waited for it, as lines of one mail.

use portico_core::Ctx;

use super::{
    Office, Reason, Refused, compose,
    deliver::{AWAY, NOBODY, objection},
    write::digest,
};
use crate::{
    domain::{
        letter::Line,
        mail::{Mail, Outcome},
        notification::own_path,
        words::Words,
    },
    error::MessagingError,
    inbound::note_refusal,
    peers,
    service::Service,
    store,
};

/// Tries to send a digest of these mails once; all are one person's, and the first gives the digest its id. Answers what became of each.
pub(crate) async fn deliver_digest(service: &Service, ctx: &Ctx, mails: &mut [Mail]) -> Vec<Outcome> {
    match attempt(service, ctx, mails).await {
        Ok(outcomes) => outcomes,
        Err(error) => {
            tracing::warn!(%error, "a digest could not be written and will be tried again");
            vec![Outcome::Later(AWAY.to_owned()); mails.len()]
        }
    }
}

async fn attempt(service: &Service, ctx: &Ctx, mails: &mut [Mail]) -> Result<Vec<Outcome>, MessagingError> {
    let count = mails.len();
    let all = |outcome: Outcome| vec![outcome; count];
    let Some(person_id) = mails.first().and_then(|mail| mail.person_id) else {
        return Ok(all(Outcome::Never(NOBODY.to_owned())));
    };
    let office = Office::of(service, ctx).await?;
    let people = peers::people(service, ctx, &[person_id]).await?;
    let Some(person) = people.get(&person_id) else { return Ok(all(Outcome::Never(NOBODY.to_owned()))) };
    for mail in mails.iter_mut() {
        mail.to_address.clone_from(&person.email);
    }
    let mails = &*mails;
    let mut lines = Vec::new();
    let mut outcomes: Vec<Option<Outcome>> = Vec::with_capacity(mails.len());
    for mail in mails {
        let blank = match objection(service, ctx, mail, person_id, person).await? {
            None if is_read(service, ctx, mail).await? => Some(Outcome::Pointless),
            blank => blank.map(Outcome::from),
        };
        if blank.is_none() {
            lines.push(line(&office, Words::of(&person.language), mail));
        }
        outcomes.push(blank);
    }
    if lines.is_empty() {
        return Ok(outcomes.into_iter().map(|outcome| outcome.unwrap_or(Outcome::Pointless)).collect());
    }
    let letter = digest(&office, person, lines);
    let Some(first) = mails.first() else { return Ok(outcomes.into_iter().flatten().collect()) };
    let envelope = office.envelope(service, first.id, (person.name.clone(), person.email.clone()));
    let sent = match compose(&envelope, &letter, &office.firm.colour, "") {
        Err(reason) => Outcome::Never(reason),
        Ok(ready) => match office.send(service, ctx, ready).await {
            Ok(taken) => Outcome::Sent(taken.kept),
            Err(Refused { answer, for_good: true, reason: Reason::Recipient }) => {
                note_refusal(service, ctx, first, &answer).await?;
                Outcome::Never(answer)
            }
            Err(Refused { answer, for_good: true, .. }) => Outcome::Never(answer),
            Err(Refused { answer, for_good: false, .. }) => Outcome::Later(answer),
        },
    };
    // The development mailbox keeps the digest once.
    let mut sent = Some(sent);
    let mut of_next = || match &sent {
        Some(Outcome::Sent(_)) => sent.replace(Outcome::Sent(None)),
        other => other.clone(),
    };
    Ok(outcomes.into_iter().filter_map(|outcome| outcome.or_else(&mut of_next)).collect())
}

/// Whether the thread that a mail tells of was read in the meantime.
async fn is_read(service: &Service, ctx: &Ctx, mail: &Mail) -> Result<bool, MessagingError> {
    let (Some(thread), Some(person)) = (mail.thread_id, mail.person_id) else { return Ok(false) };
    let mut tx = service.store.begin(ctx).await?;
    let unread = store::participants::mail_state(&mut tx, thread, person).await?;
    tx.rollback().await?;
    Ok(unread.is_none_or(|(_, unread)| unread == 0))
}

fn line(office: &Office, words: Words, mail: &Mail) -> Line {
    let hidden = || words.something_new(&mail.kind).to_owned();
    let path = own_path(&mail.link);
    let url = if path.is_empty() { String::new() } else { format!("{}{path}", office.origin) };
    Line { text: if office.settings.hide_contents { hidden() } else { mail.subject.clone() }, url }
}
